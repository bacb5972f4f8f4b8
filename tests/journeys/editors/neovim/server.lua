-- Runs inside Neovim on src/queue.rs, whose configuration says `autostart = false` and that proposals are warnings: how
-- the server starts and ends, and what it is told. Prints PASS, or FAIL with what was missing.

local drive = dofile(vim.fs.joinpath(vim.fs.dirname(debug.getinfo(1, "S").source:sub(2)), "driver.lua"))
local until_true, said, same = drive.until_true, drive.said, drive.same

local function server()
  local clients = vim.lsp.get_clients({ name = "countersign", bufnr = 0 })
  return #clients == 1 and clients[1].initialized and clients[1].id or nil
end

local function until_new_server(before)
  return drive.await("a new server", function()
    local now = server()
    return now ~= before and now or nil
  end)
end

--- Starts nothing until somebody says so; from then on for files that are opened later, too.
local function starts_by_hand()
  local client = require("countersign.client")
  vim.cmd.edit("app.py")
  vim.cmd.buffer("src/queue.rs")
  assert(client.root(0) and client.program(), "the server could run")
  same(#vim.lsp.get_clients({ _uninitialized = true }), 0)
  vim.cmd("Countersign restart")
  until_new_server(nil)
  vim.cmd.edit("src/later.rs")
  until_new_server(nil)
  vim.cmd.buffer("src/queue.rs")
end

--- `setup({ proposals = … })` reaches it.
local function is_told_settings()
  drive.waiting(2)
  same(drive.diagnostics()[1].severity, vim.diagnostic.severity.WARN)
  require("countersign").setup({ proposals = { severity = "hint", prove = "whenAsked" } })
  local before = server()
  vim.cmd("Countersign restart")
  until_new_server(before)
  until_true("hints", function()
    local shown = drive.diagnostics()
    return #shown == 2 and shown[1].severity == vim.diagnostic.severity.HINT
  end)
  local ok, reason = pcall(require("countersign").setup, { proposals = { "hint" } })
  assert(not ok and tostring(reason):find("proposals must be a table", 1, true), tostring(reason))
end

--- What was said by vim.lsp.config() stays where setup() says nothing about it.
local function keeps_what_it_was_not_given()
  if not vim.lsp.config then
    return
  end
  local client = require("countersign.client")
  vim.lsp.config("countersign", { cmd = { "countersign", "lsp", "--" }, filetypes = { "rust" } })
  require("countersign").setup({ reasons = { "no" } })
  same(client.cmd(), { "countersign", "lsp", "--" })
  same(vim.lsp.config.countersign.filetypes, { "rust" })
  vim.lsp.config("countersign", { cmd = { "countersign", "lsp" } })
  require("countersign").setup()
  same(client.cmd(), { "countersign", "lsp" })
  vim.lsp.config("countersign", { filetypes = { "rust", "python" } })
end

--- One that does not answer is made to end; a second request does not wait for it.
local function ends_by_force()
  local before = server()
  for _, child in ipairs(vim.api.nvim_get_proc_children(vim.fn.getpid())) do
    vim.uv.kill(child, "sigstop")
  end
  vim.cmd("Countersign restart")
  before = until_new_server(before)
  assert(said("signal 9"), vim.inspect(drive.messages))

  -- Answers one request, the first, and no other.
  local answer = '{"jsonrpc":"2.0","id":1,"result":{"capabilities":{}}}'
  local hangs = ("printf 'Content-Length: %d\\r\\n\\r\\n%%s' '%s'; exec cat > /dev/null"):format(#answer, answer)
  local function runs(cmd)
    require("countersign").setup({ cmd = cmd })
    if vim.lsp.config then
      vim.lsp.config("countersign", { cmd = cmd })
    end
  end
  runs({ "sh", "-c", hangs })
  vim.cmd("Countersign restart")
  before = until_new_server(before)
  runs({ "countersign", "lsp" })
  local defer = vim.defer_fn
  ---@diagnostic disable-next-line: duplicate-set-field
  vim.defer_fn = function() end
  vim.cmd("Countersign restart")
  same(server(), before)
  vim.cmd("Countersign restart")
  vim.defer_fn = defer
  until_new_server(before)
  drive.waiting(2)
end

--- What git keeps for itself is no file of the work tree.
local function leaves_git_alone()
  local client = require("countersign.client")
  for _, name in ipairs({ ".git/COMMIT_EDITMSG", ".git/config" }) do
    vim.cmd.edit(name)
    same(client.root(0), nil)
    same(require("countersign").statusline(), "")
  end
  vim.cmd.buffer("src/queue.rs")
end

--- What the server refuses is said to who pressed `R`.
local function refuses()
  local client = require("countersign.client")
  local ask = client.ask
  client.ask = function(_, _, _, _, on_answer)
    on_answer({ code = -32803, message = "no room for a list" })
    return true
  end
  until_true("the refusal", function()
    -- While an earlier question is under way, the next one comes after it.
    require("countersign.board").refresh_all()
    return said("no room for a list")
  end)
  client.ask = ask
end

--- Another repository has a server of its own. What is said in the list is said to both.
local function another_repository()
  local folder = vim.fn.tempname()
  vim.fn.mkdir(folder, "p")
  local function git(...)
    local ran = vim.system({ "git", "-C", folder, ... }, { text = true }):wait()
    assert(ran.code == 0, ran.stderr)
  end
  git("init", "--quiet")
  vim.fn.writefile({ "pub fn none(stack: &[u32]) -> bool {", "    stack.len() == 0", "}" }, folder .. "/stack.rs")
  git("add", "-A")
  git("commit", "-qm", "A stack")
  drive.countersign("-C", folder, "run", "--recipe", "rust/len-zero")
  vim.cmd.edit(folder .. "/stack.rs")
  until_new_server(nil)
  drive.waiting(1)
  local function all(what)
    local board = require("countersign.board")
    return vim.iter(vim.lsp.get_clients({ name = "countersign" })):all(function(client)
      local status = board.status(client.id)
      return status and what(status)
    end)
  end
  same(#vim.lsp.get_clients({ name = "countersign" }), 2)
  until_true("both are known", function()
    return all(function()
      return true
    end)
  end)
  vim.cmd("Countersign")
  local function says(command, what)
    vim.cmd("Countersign " .. command)
    until_true(command .. " for both", function()
      return all(what)
    end)
  end
  says("pause", function(status)
    return status.paused
  end)
  says("pause", function(status)
    return not status.paused
  end)
  says("snooze", function(status)
    return status.snoozed_until ~= nil
  end)
  says("snooze", function(status)
    return status.snoozed_until == nil
  end)
  vim.cmd("Countersign cancel")
  drive.keys("q")
end

drive.run(function()
  local before = drive.buffer()
  starts_by_hand()
  is_told_settings()
  keeps_what_it_was_not_given()
  ends_by_force()
  leaves_git_alone()
  refuses()
  another_repository()
  vim.cmd.buffer("src/queue.rs")
  same({ drive.buffer(), drive.disk() }, { before, before })
  drive.until_ledger("src/queue.rs", "proposed, proposed")
end)
