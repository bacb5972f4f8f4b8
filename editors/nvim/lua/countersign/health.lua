--- `:checkhealth countersign`.
local M = {}

local client = require("countersign.client")

local function check_program()
  local program, reason = client.program()
  if not program then
    vim.health.error(reason or "")
    return
  end
  local ran, result = pcall(function()
    return vim.system({ program, "--version" }, { text = true, timeout = 5000 }):wait()
  end)
  if ran and result.code == 0 then
    vim.health.ok(("%s: %s"):format(program, vim.trim(result.stdout)))
  else
    local said = ran and vim.trim(result.stderr or "") or tostring(result)
    vim.health.error(("%s does not run: %s"):format(program, said))
  end
end

---@param buf integer
local function check_buffer(buf)
  local root = client.root(buf)
  if root then
    vim.health.ok("git repository: " .. root)
  else
    vim.health.warn("the buffer is no file of a git repository: the server is not started for it")
  end
  local found = client.of(buf)
  if found then
    local waiting = require("countersign").waiting(buf)
    vim.health.ok(("server attached (client %d, %s), hunks waiting here: %d"):format(found.id, found.offset_encoding, waiting))
  elseif root then
    vim.health.error("no server is attached", { "Try :Countersign restart, then :Countersign log" })
  end
end

function M.check()
  vim.health.start("countersign: program")
  if vim.fn.has("nvim-0.10") == 1 then
    vim.health.ok("Neovim " .. tostring(vim.version()))
  else
    vim.health.error("Neovim 0.10 or newer is needed")
  end
  check_program()

  vim.health.start("countersign: buffer")
  -- The report is a buffer of its own; the one it was asked from is the alternate one.
  local buf = vim.fn.bufnr("#")
  if buf > 0 and vim.api.nvim_buf_is_loaded(buf) then
    vim.health.info(vim.api.nvim_buf_get_name(buf))
    check_buffer(buf)
  else
    vim.health.info("no file was open")
  end
end

return M
