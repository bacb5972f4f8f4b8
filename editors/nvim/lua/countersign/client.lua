--- Starts, finds and restarts the language server. Where `vim.lsp.config` exists (Neovim 0.11) it goes through it, so
--- that `vim.lsp.config("countersign", …)` works as for any server.
local M = {}

local settings = require("countersign.settings")

local NAME = "countersign"
local managed = vim.lsp.config ~= nil and vim.lsp.enable ~= nil

local enabled = false ---@type boolean whether vim.lsp.enable was called
local told = false ---@type boolean whether the missing program was reported
local ending = {} ---@type table<integer, vim.lsp.Client> servers that were asked to end before they all start again
local by_hand = false ---@type boolean whether somebody started the server, whatever the settings say
---@type table<integer, table<integer, integer>> by client and buffer, its change count when all of it was told
local told_until = {}
local restarted = false ---@type boolean whether a crash was already answered with a restart

--- How long a server is waited for that was asked to end, and after each of the means to have it end then.
local END_MS = 3000
local FORCE_MS = 1000

--- Two errors that say the same within this time are one.
local SAME_ERROR_MS = 1000
local last_error ---@type { line: string, at: integer }?

--- Says something to the person. What is longer than the line for messages would ask for a key each time: of what is
--- no trouble, the beginning is shown, and `:messages` has all of it.
---@param text string
---@param level? integer
function M.say(text, level)
  local line = "countersign: " .. text
  if level == vim.log.levels.ERROR then
    -- What the server says it also answers a command with.
    local before = last_error
    last_error = { line = line, at = vim.uv.now() }
    if before and before.line == line and last_error.at - before.at < SAME_ERROR_MS then
      return
    end
  end
  if (level or vim.log.levels.INFO) >= vim.log.levels.WARN or vim.fn.strdisplaywidth(line) <= vim.v.echospace then
    vim.notify(line, level or vim.log.levels.INFO)
    return
  end
  line = line:gsub("%s+", " ")
  vim.cmd("silent echomsg " .. vim.fn.string(line))
  vim.api.nvim_echo({ { vim.fn.strcharpart(line, 0, vim.v.echospace - 1) .. "…" } }, false, {})
end

---@type table<integer, integer> LSP's message types as levels
local LEVELS = { vim.log.levels.ERROR, vim.log.levels.WARN, vim.log.levels.INFO, vim.log.levels.DEBUG, vim.log.levels.DEBUG }

--- The command line in force: a `vim.lsp.config` of the user's may replace ours.
---@return string[]
function M.cmd()
  local cmd = managed and (vim.lsp.config[NAME] or {}).cmd or nil
  return type(cmd) == "table" and cmd or settings.cmd()
end

--- The program that would run; nil with the reason when it cannot.
---@return string? path
---@return string? reason
function M.program()
  local name = M.cmd()[1]
  local path = vim.fn.exepath(name)
  if path ~= "" then
    return path
  end
  local reason = name:find("/", 1, true) and "%s is not an executable file" or "%s is not on PATH"
  return nil, reason:format(name) .. '; install it, or say where it is: setup({ cmd = { "/path/to/countersign", "lsp" } })'
end

--- The git work tree of a buffer that shows a file; nil when there is none.
---@param buf integer
---@return string?
function M.root(buf)
  local name = vim.api.nvim_buf_get_name(buf)
  if vim.bo[buf].buftype ~= "" or name == "" or name:match("^%a[%w+.-]+://") then
    return nil
  end
  -- What git keeps for itself, such as the message of a commit, is no file of the work tree.
  if vim.fs.normalize(name):find("/.git/", 1, true) then
    return nil
  end
  return vim.fs.root(buf, ".git")
end

--- Hands the work tree on: elsewhere the server is not started.
---@param buf integer
---@param on_dir fun(root: string)
local function root_dir(buf, on_dir)
  local root = M.root(buf)
  if root then
    on_dir(root)
  end
end

--- Whether the server belongs to a buffer and can run; says once when its program is missing.
---@param buf integer
---@return boolean
local function can_start(buf)
  if not M.root(buf) then
    return false
  end
  local program, reason = M.program()
  if not program and not told then
    told = true
    M.say(reason or "", vim.log.levels.WARN)
  end
  return program ~= nil
end

---@param code integer
---@param signal integer
---@param client_id integer
local function after_exit(code, signal, client_id)
  if vim.v.exiting ~= vim.NIL then
    return
  end
  local crashed = code ~= 0 or signal ~= 0
  if ending[client_id] then
    ending[client_id] = nil
    if next(ending) == nil then
      M.start_all()
    end
  elseif crashed and not restarted then
    restarted = true
    M.say(("the server ended with code %d, signal %d: started again"):format(code, signal), vim.log.levels.WARN)
    M.start_all()
  elseif crashed then
    M.say("the server ended again; see :Countersign log, then :Countersign restart", vim.log.levels.ERROR)
  end
end

--- A server that died is started again once; the ledger holds everything it knew.
---@param code integer
---@param signal integer
---@param client_id integer
local function on_exit(code, signal, client_id)
  -- Twice, because Neovim 0.10 forgets the client in a callback it schedules after this one, and would hand it out
  -- again until then.
  vim.schedule(function()
    vim.schedule(function()
      if vim.v.exiting == vim.NIL then
        told_until[client_id] = nil
        require("countersign.board").forget(client_id)
      end
      after_exit(code, signal, client_id)
    end)
  end)
end

--- Neovim also asks a server for diagnostics that takes no questions any more, and would show the refusal for each buffer.
---@return lsp.Handler?
local function on_diagnostics()
  local handle = vim.lsp.handlers["textDocument/diagnostic"]
  return handle
    and function(err, result, context, config)
      if not (err and ending[context.client_id]) then
        return handle(err, result, context, config)
      end
    end
end

--- The client's configuration, as `vim.lsp.config` wants it.
---@return table
function M.config()
  local capabilities = vim.lsp.protocol.make_client_capabilities()
  capabilities.experimental = { countersign = { changed = true } }
  return {
    name = NAME,
    cmd = settings.cmd(),
    filetypes = settings.filetypes(),
    settings = settings.for_server(),
    init_options = settings.for_server(),
    root_dir = root_dir,
    capabilities = capabilities,
    handlers = {
      ["countersign/changed"] = function(_, status, context)
        require("countersign.board").changed(context.client_id, status)
      end,
      ["window/showMessage"] = function(_, said)
        M.say(said.message, LEVELS[said.type])
      end,
      ["textDocument/diagnostic"] = on_diagnostics(),
      ["workspace/applyEdit"] = function(err, params, context)
        -- Neovim would print the label, and the server says what came of it anyway.
        params.label = nil
        return vim.lsp.handlers["workspace/applyEdit"](err, params, context)
      end,
    },
    on_exit = on_exit,
  }
end

---@param buf integer
local function start(buf)
  local config = vim.deepcopy(managed and vim.lsp.config[NAME] or M.config())
  if config.filetypes and not vim.tbl_contains(config.filetypes, vim.bo[buf].filetype) then
    return
  end
  local function on_dir(root)
    config.root_dir = root
    vim.lsp.start(config, { bufnr = buf })
  end
  if type(config.root_dir) == "function" then
    config.root_dir(buf, on_dir)
  else
    root_dir(buf, on_dir)
  end
end

--- Attaches the server to a buffer, if that shows a file of a git repository and the settings say so.
---@param buf integer
function M.attach(buf)
  if not (settings.autostart() or by_hand) or not can_start(buf) then
    return
  end
  if managed and not enabled then
    enabled = true
    vim.lsp.enable(NAME)
  end
  -- vim.lsp.enable() acts on FileType only, and a proposal may change a file without one.
  if not managed or (vim.bo[buf].filetype == "" and (not vim.lsp.is_enabled or vim.lsp.is_enabled(NAME))) then
    start(buf)
  end
end

---@param act fun(buf: integer)
local function each_buffer(act)
  for _, buf in ipairs(vim.api.nvim_list_bufs()) do
    if vim.api.nvim_buf_is_loaded(buf) then
      act(buf)
    end
  end
end

--- As M.attach(), for every loaded buffer.
function M.attach_all()
  each_buffer(M.attach)
end

--- Starts the server for every loaded buffer it belongs to, because someone asked or it died.
function M.start_all()
  each_buffer(function(buf)
    if can_start(buf) then
      start(buf)
    end
  end)
end

--- The server's client of a buffer.
---@param buf integer 0 for the current one
---@return vim.lsp.Client?
function M.of(buf)
  return vim.lsp.get_clients({ name = NAME, bufnr = buf == 0 and vim.api.nvim_get_current_buf() or buf })[1]
end

--- The clients of all servers.
---@return vim.lsp.Client[]
function M.all()
  return vim.lsp.get_clients({ name = NAME })
end

--- The server's client of a buffer, else the only one there is: lists and previews belong to no server.
---@param buf integer 0 for the current one
---@return vim.lsp.Client?
function M.any(buf)
  local all = M.all()
  return M.of(buf) or (#all == 1 and all[1] or nil)
end

--- Sends a request, in both spellings Neovim has had.
---@param client vim.lsp.Client
---@param method string
---@param params table
---@param buf integer what was typed into it is told first
---@param on_answer fun(err?: lsp.ResponseError, result: any)
---@return boolean sent
local function send(client, method, params, buf, on_answer)
  local sent
  if vim.fn.has("nvim-0.11") == 1 then
    sent = client:request(method, params, on_answer, buf)
  else
    sent = client.request(method, params, on_answer, buf)
  end
  return sent == true
end

--- Has what was typed told to the server, wherever that was: Neovim holds it back for a moment, and tells it before a
--- request about the same buffer only.
---@param client vim.lsp.Client
---@param but integer the buffer of the request that comes next
local function flush(client, but)
  local until_now = told_until[client.id] or {}
  told_until[client.id] = until_now
  for buf in pairs(client.attached_buffers) do
    local tick = vim.api.nvim_buf_is_loaded(buf) and vim.api.nvim_buf_get_changedtick(buf) or nil
    if buf ~= but and tick and until_now[buf] ~= tick then
      send(client, "countersign/status", vim.empty_dict(), buf, function() end)
    end
    until_now[buf] = tick
  end
end

--- Asks a server; it knows by then all that was typed.
---@param client vim.lsp.Client
---@param method string
---@param params table
---@param buf integer what it is about
---@param on_answer fun(err?: lsp.ResponseError, result: any)
---@return boolean sent
function M.ask(client, method, params, buf, on_answer)
  flush(client, buf)
  return send(client, method, params, buf, on_answer)
end

--- As M.ask(), and tells the person what went wrong.
---@param client vim.lsp.Client
---@param method string
---@param params table
---@param buf integer
---@param on_result fun(result: any)
function M.request(client, method, params, buf, on_result)
  M.ask(client, method, params, buf, function(err, result)
    if err then
      M.say(err.message or vim.inspect(err), vim.log.levels.ERROR)
    else
      on_result(result)
    end
  end)
end

---@param client vim.lsp.Client
---@param force boolean
local function stop(client, force)
  if vim.fn.has("nvim-0.11") == 1 then
    client:stop(force)
  else
    client.stop(force)
  end
end

--- The processes of servers that are still there. Neovim tells nobody which are whose; while all servers are to end, all
--- that run the program are.
---@return integer[]
local function processes()
  local program = vim.fs.basename(M.cmd()[1])
  return vim.tbl_filter(function(pid)
    local process = vim.api.nvim_get_proc(pid)
    -- A system may know no more than the beginning of a name.
    return process ~= nil and process.name ~= "" and vim.startswith(program, process.name)
  end, vim.api.nvim_get_proc_children(vim.fn.getpid()))
end

--- The means to end servers that do not end, the mildest first. Each is for those that the one before did not end.
---@type (fun())[]
local MEANS = {
  function()
    for _, client in pairs(ending) do
      stop(client, true)
    end
  end,
  function()
    -- A program that hangs may not heed the signal of before; this one it cannot ignore.
    for _, pid in ipairs(processes()) do
      vim.uv.kill(pid, "sigkill")
    end
  end,
  function()
    ending = {}
    M.say("the server does not end: end its process, then :Countersign restart", vim.log.levels.ERROR)
  end,
}

local round = 0 ---@type integer counts the times that somebody asked for an end

--- Uses the means from one on, and waits after each.
---@param number integer
local function enforce(number)
  if next(ending) == nil then
    return
  end
  MEANS[number]()
  local of_round = round
  vim.defer_fn(function()
    if round == of_round and MEANS[number + 1] then
      enforce(number + 1)
    end
  end, FORCE_MS)
end

--- Ends the servers and starts them again once all are gone; starts them where none runs. One that does not end by
--- itself is made to, at once if somebody asks a second time.
function M.restart()
  round = round + 1
  if next(ending) ~= nil then
    return enforce(1)
  end
  told, restarted, by_hand = false, false, true
  for _, client in ipairs(vim.lsp.get_clients({ name = NAME, _uninitialized = true })) do
    ending[client.id] = client
  end
  if next(ending) == nil then
    return M.start_all()
  end
  for _, client in pairs(ending) do
    stop(client, false)
  end
  local of_round = round
  vim.defer_fn(function()
    if round == of_round then
      enforce(1)
    end
  end, END_MS)
end

return M
