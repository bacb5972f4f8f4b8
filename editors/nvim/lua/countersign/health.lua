--- `:checkhealth countersign`.
local M = {}

local client = require("countersign.client")

--- `countersign doctor` tries to get out of its own sandbox.
local PATIENCE_MS = 20000

---@param ... string
---@return vim.SystemCompleted? completed
---@return string? reason
local function run(...)
  local command = { ... }
  local ran, completed = pcall(function()
    return vim.system(command, { text = true, timeout = PATIENCE_MS }):wait()
  end)
  return ran and completed or nil, not ran and tostring(completed) or nil
end

---@return string? program that runs
---@return string? version
local function check_program()
  local program, reason = client.program()
  if not program then
    vim.health.error(reason or "")
    return
  end
  local completed, failed = run(program, "--version")
  if completed and completed.code == 0 then
    local version = vim.trim(completed.stdout)
    vim.health.ok(("%s: %s"):format(program, version))
    return program, version:match("%S+$")
  end
  vim.health.error(("%s does not run: %s"):format(program, failed or vim.trim(completed and completed.stderr or "")))
end

--- Whether the server that runs is the program that is installed, and speaks the protocol of this plugin.
---@param found vim.lsp.Client
---@param version? string of the program
local function check_protocol(found, version)
  local answered, err
  client.ask(found, "countersign/status", vim.empty_dict(), 0, function(reason, status)
    answered, err = status, reason
  end)
  vim.wait(PATIENCE_MS, function()
    return answered ~= nil or err ~= nil
  end, 10)
  if not answered or type(answered.version) ~= "string" or type(answered.waiting) ~= "number" then
    local said = err and err.message or "no answer that is understood"
    vim.health.error("the server does not speak this plugin's protocol: " .. said, { "Install the two in the same version" })
  elseif version and answered.version ~= version then
    local text = "the server that runs is %s, the installed one %s"
    vim.health.warn(text:format(answered.version, version), { ":Countersign restart" })
  else
    vim.health.ok(("protocol: the server is %s and answers, hunks waiting: %d"):format(answered.version, answered.waiting))
  end
end

---@param buf integer
---@param version? string
---@return string? root
local function check_buffer(buf, version)
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
    check_protocol(found, version)
  elseif root then
    vim.health.error("no server is attached", { "Try :Countersign restart, then :Countersign log" })
  end
  return root
end

---@param doctor table what `countersign doctor --format json` says
local function tell(doctor)
  local sandbox = doctor.sandbox or {}
  if sandbox.tier and sandbox.tier ~= vim.NIL then
    vim.health.ok("sandbox: " .. tostring(sandbox.tier))
  else
    vim.health.warn("sandbox: none that holds, so nothing is proved here", { "countersign doctor" })
  end
  vim.health.ok("git: " .. tostring(doctor.git))
  local ledger = doctor.ledger or {}
  local said = type(ledger.said) == "string" and ", " .. ledger.said or ""
  vim.health.info(("ledger: %s%s"):format(tostring(ledger.state), said))
end

---@param program string
---@param root string
local function check_repository(program, root)
  local completed, failed = run(program, "-C", root, "doctor", "--format", "json")
  local ok, doctor = pcall(vim.json.decode, completed and completed.stdout or "")
  if ok and type(doctor) == "table" then
    tell(doctor)
  else
    vim.health.error("countersign doctor: " .. (failed or vim.trim(completed and completed.stderr or "")))
  end
  local trust = run(program, "-C", root, "trust", "--show", "--color", "never")
  local said = trust and vim.trim(trust.stdout .. trust.stderr) or ""
  vim.health.info("trust: " .. (said:match("[^\n]*$")))
end

function M.check()
  vim.health.start("countersign: program")
  if vim.fn.has("nvim-0.10") == 1 then
    vim.health.ok("Neovim " .. tostring(vim.version()))
  else
    vim.health.error("Neovim 0.10 or newer is needed")
  end
  local program, version = check_program()

  vim.health.start("countersign: buffer")
  -- The report is a buffer of its own; the one it was asked from is the alternate one.
  local buf = vim.fn.bufnr("#")
  local root
  if buf > 0 and vim.api.nvim_buf_is_loaded(buf) then
    vim.health.info(vim.api.nvim_buf_get_name(buf))
    root = check_buffer(buf, version)
  else
    vim.health.info("no file was open")
  end
  if program and root then
    vim.health.start("countersign: repository")
    check_repository(program, root)
  end
end

return M
