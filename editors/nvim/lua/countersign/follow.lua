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
    vim.api.nvim_create_autocmd("LspDetach", {
      group = vim.api.nvim_create_augroup("countersign-follow", {}),
      desc = "Ask again what is listed: nothing has a place in a file that is closed",
      callback = function(args)
        local id = args.data.client_id
        local found = vim.lsp.get_client_by_id(id)
        if found and found.name == "countersign" then
          -- The server is told of it after this.
          vim.schedule(function()
            require("countersign.board").refresh(id)
          end)
        end
      end,
    })
  end
  statusline.attach(buf, client_id)
  require("countersign.board").refresh(client_id)
end

return M
