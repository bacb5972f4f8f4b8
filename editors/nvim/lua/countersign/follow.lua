--- What begins with the first server that is attached: everything that shows what servers say.
local M = {}

local started = false

---@param buf integer
---@param client_id integer
function M.attached(buf, client_id)
  local statusline = require("countersign.statusline")
  if not started then
    started = true
    local highlights = require("countersign.highlights")
    highlights.link()
    vim.api.nvim_create_autocmd("ColorScheme", {
      group = vim.api.nvim_create_augroup("countersign-highlights", {}),
      desc = "Link Countersign's highlight groups again",
      callback = highlights.link,
    })
    require("countersign.marks").start()
    statusline.start()
  end
  statusline.attach(buf, client_id)
  require("countersign.board").refresh(client_id)
end

return M
