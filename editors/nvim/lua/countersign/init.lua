--- What a user's own configuration calls. Requiring it does nothing by itself.
local M = {}

--- Changes settings; not calling it means the defaults. What is about the server counts from its next start:
--- `:Countersign restart`.
---@param settings? countersign.Settings
function M.setup(settings)
  require("countersign.settings").set(settings or {})
  if vim.lsp.config then
    -- Neovim reads lsp/countersign.lua again after this; what vim.lsp.config() was told elsewhere stays laid over it.
    vim.lsp.config("countersign", {})
  end
  if package.loaded["countersign.marks"] then
    require("countersign.marks").show(nil)
  end
end

--- How many hunks wait in a buffer, those included that have no place in it any more.
---@param buf? integer the current one when nil or 0
---@return integer
function M.waiting(buf)
  local uri, hunks = vim.uri_from_bufnr(buf or 0), require("countersign.hunks")
  local waiting = 0
  for _, changeset in ipairs((require("countersign.board").changesets())) do
    for _, file in ipairs(changeset.group ~= "parked" and changeset.files or {}) do
      waiting = waiting + (file.uri == uri and #vim.tbl_filter(hunks.waits, file.hunks) or 0)
    end
  end
  return waiting
end

--- For a status line: empty where no server is attached, else `countersign`, how many hunks wait in the repository, and
--- whether the server works on something. Cheap.
---@param buf? integer the current one when nil or 0
---@return string
function M.statusline(buf)
  return require("countersign.statusline").of(buf)
end

return M
