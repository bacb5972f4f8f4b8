-- Read by vim.lsp.config() where it exists (Neovim 0.11); what is set there is laid over these.
return require("countersign.client").config()
