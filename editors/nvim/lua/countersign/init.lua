--- What a user's own configuration calls. Requiring it does nothing by itself.
local M = {}

--- Changes settings; not calling it means the defaults. Call it before the first file is opened, or follow it with
--- `:Countersign restart`.
---@param settings? countersign.Settings
function M.setup(settings)
  local current = require("countersign.settings")
  current.set(settings or {})
  if vim.lsp.config then
    vim.lsp.config("countersign", { cmd = current.cmd(), filetypes = current.filetypes() })
  end
end

--- How many proposed hunks wait in a buffer.
---@param buf? integer the current one when nil or 0
---@return integer
function M.waiting(buf)
  return #require("countersign.proposals").diagnostics(buf or 0)
end

--- For a status line: empty where no server is attached, else `countersign`, how many hunks wait in the repository, and
--- whether the server works on something. Cheap.
---@param buf? integer the current one when nil or 0
---@return string
function M.statusline(buf)
  return require("countersign.statusline").of(buf)
end

return M
