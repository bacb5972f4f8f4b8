--- The text for a status line. It is made when a server says something new; reading it costs a look into a table.
local M = {}

local board = require("countersign.board")

---@type table<integer, string> by client
local texts = {}
---@type table<integer, integer> the client of each buffer
local attached = {}

--- What stands for a server in the status line.
---@param status? countersign.Status
---@return string
function M.text(status)
  if not status then
    return "countersign"
  end
  local waiting = status.waiting > 0 and (": %d to review"):format(status.waiting) or ""
  local budget = status.budget
  local spent = budget and budget.exhausted and budget.waiting > 0
  local how = status.paused and " (paused)" or spent and " (budget spent)" or status.working and " (working)" or ""
  return "countersign" .. waiting .. how
end

--- Empty where no server is attached.
---@param buf? integer the current one when nil or 0
---@return string
function M.of(buf)
  local id = attached[buf and buf ~= 0 and buf or vim.api.nvim_get_current_buf()]
  return id and (texts[id] or "countersign") or ""
end

---@param client_id integer
local function follow(client_id)
  local text = vim.lsp.get_client_by_id(client_id) and M.text(board.status(client_id)) or nil
  if not text then
    for buf, id in pairs(attached) do
      attached[buf] = id ~= client_id and id or nil
    end
  end
  if text ~= texts[client_id] then
    texts[client_id] = text
    vim.cmd.redrawstatus({ bang = true })
  end
end

--- Follows the servers from now on.
function M.start()
  board.on_change(follow)
  local group = vim.api.nvim_create_augroup("countersign-statusline", {})
  vim.api.nvim_create_autocmd("LspDetach", {
    group = group,
    desc = "The buffer has no server any more",
    callback = function(args)
      if attached[args.buf] == args.data.client_id then
        attached[args.buf] = nil
      end
    end,
  })
end

---@param buf integer
---@param client_id integer
function M.attach(buf, client_id)
  attached[buf] = client_id
end

return M
