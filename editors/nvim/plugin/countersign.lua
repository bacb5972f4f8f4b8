-- Registers one command and one autocommand; everything else is loaded when one of them is used.
if vim.g.loaded_countersign then
  return
end
vim.g.loaded_countersign = true

if vim.fn.has("nvim-0.10") == 0 then
  vim.api.nvim_echo({ { "countersign: Neovim 0.10 or newer is needed", "WarningMsg" } }, true, {})
  return
end

vim.api.nvim_create_user_command("Countersign", function(args)
  require("countersign.command").run(args)
end, {
  nargs = "*",
  range = true,
  complete = function(lead, line, position)
    return require("countersign.command").complete(lead, line, position)
  end,
  desc = "Review proposed changes",
})

local group = vim.api.nvim_create_augroup("countersign", {})
vim.api.nvim_create_autocmd({ "BufReadPost", "BufNewFile", "FileType" }, {
  group = group,
  desc = "Start the Countersign language server in git repositories",
  callback = function(args)
    if vim.bo[args.buf].buftype == "" and vim.api.nvim_buf_get_name(args.buf) ~= "" then
      require("countersign.client").attach(args.buf)
    end
  end,
})

vim.api.nvim_create_autocmd("LspAttach", {
  group = group,
  desc = "Show what the Countersign language server says",
  callback = function(args)
    local client = vim.lsp.get_client_by_id(args.data.client_id)
    if client and client.name == "countersign" then
      require("countersign.follow").attached(args.buf, client.id)
    end
  end,
})

-- Mappings to map to. None has a key of its own.
for _, plug in ipairs(require("countersign.plugs")) do
  vim.keymap.set(plug.modes, ("<Plug>(countersign-%s)"):format(plug.name), function()
    require("countersign.motions")[plug.motion]()
  end, { desc = "Countersign: " .. plug.what })
end

-- A plugin manager may load this after files were opened.
if vim.v.vim_did_enter == 1 then
  require("countersign.client").attach_all()
end
