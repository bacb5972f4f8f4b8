-- Runs inside Neovim on src/queue.rs: one change over two files, a conflict, and what an agent changed on the disk, by
-- the editor's own code actions. Compares buffers, disk and ledger at every step. Prints PASS, or FAIL with what was
-- missing. The states of a file are compared sorted.

local TIMEOUT_MS = 30000
local messages = {} -- warnings and errors; a review that works has none

---@diagnostic disable-next-line: duplicate-set-field
vim.notify = function(message, level)
  if (level or vim.log.levels.INFO) >= vim.log.levels.WARN then
    messages[#messages + 1] = message
  end
end

local function say(text)
  io.stdout:write(text .. "\n")
end

local function buffer()
  return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), "\n") .. "\n"
end

local function disk()
  local file = assert(io.open(vim.api.nvim_buf_get_name(0), "rb"))
  local text = file:read("*a")
  file:close()
  return text
end

local function diagnostics()
  return vim.tbl_filter(function(diagnostic)
    return diagnostic.source == "countersign"
  end, vim.diagnostic.get(0))
end

local function until_true(what, condition)
  if not vim.wait(TIMEOUT_MS, condition, 10) then
    error(("never: %s\nbuffer:\n%s\ndiagnostics: %s\nmessages: %s"):format(
      what,
      buffer(),
      vim.inspect(vim.tbl_map(function(d)
        return ("%d %s"):format(d.lnum + 1, d.message)
      end, diagnostics())),
      vim.inspect(messages)
    ))
  end
end

local function ledger(file)
  local ran = vim.system({ "countersign", "list", "--format", "json" }, { text = true }):wait()
  assert(ran.code == 0, ran.stderr)
  local states = {}
  for _, change in ipairs(vim.json.decode(ran.stdout).changes) do
    for _, hunk in ipairs(change.hunks) do
      if hunk.path == file then
        states[#states + 1] = hunk.state
      end
    end
  end
  table.sort(states)
  return table.concat(states, ", ")
end

local function until_ledger(file, wanted)
  local now
  local ok = vim.wait(TIMEOUT_MS, function()
    now = ledger(file)
    return now == wanted
  end, 50)
  assert(ok, ("the hunks of %s are %s, not %s; messages: %s"):format(file, now, wanted, vim.inspect(messages)))
end

local function waiting(count)
  until_true(("%d proposals shown"):format(count), function()
    return #diagnostics() == count
  end)
end

local function line(number)
  return vim.api.nvim_buf_get_lines(0, number - 1, number, false)[1]
end

local function code_action(title, only)
  vim.lsp.buf.code_action({
    apply = true,
    context = only and { only = { only }, diagnostics = {} } or nil,
    filter = function(action)
      return vim.startswith(action.title, title)
    end,
  })
end

local QUEUE, STACK = "src/queue.rs", "src/stack.rs"

local function at(number)
  vim.api.nvim_win_set_cursor(0, { number, 0 })
end

local function inline()
  return #vim.tbl_filter(function(diagnostic)
    return not diagnostic.message:find("no longer fit", 1, true)
  end, diagnostics())
end

local function conflict()
  waiting(2)
  local before = buffer()
  local text = line(23)
  vim.api.nvim_buf_set_lines(0, 22, 23, false, { text .. " // why?" })
  until_true("the conflict is listed at the top", function()
    local first = diagnostics()[1]
    return inline() == 1
      and #diagnostics() == 2
      and first.lnum == 0
      and first.message:find("1 proposed hunk no longer fits", 1, true) ~= nil
  end)
  vim.cmd("silent undo")
  until_true("the conflict is gone", function()
    return buffer() == before and inline() == 2 and #diagnostics() == 2
  end)
end

local function two_files()
  local before = buffer()
  vim.cmd.edit(STACK)
  waiting(1)
  local before_stack = buffer()
  vim.cmd.buffer(QUEUE)
  at(3)
  code_action("Accept all 3 hunks")
  until_ledger(QUEUE, "accepted (unsaved), accepted (unsaved)")
  until_ledger(STACK, "accepted (unsaved)")
  assert(line(3) == "    queue.is_empty()", buffer())
  assert(disk() == before, "accepting wrote to disk")
  vim.cmd("silent wall")
  until_ledger(QUEUE, "accepted, accepted")
  until_ledger(STACK, "accepted")
  assert(disk() == buffer(), "the disk differs from the buffer")
  vim.cmd.buffer(STACK)
  assert(line(2) == "    stack.is_empty()" and disk() == buffer(), buffer())
  vim.cmd.buffer(QUEUE)
  code_action("Undo")
  until_ledger(QUEUE, "undone (unsaved), undone (unsaved)")
  until_ledger(STACK, "undone (unsaved)")
  vim.cmd("silent wall")
  until_ledger(QUEUE, "undone, undone")
  until_ledger(STACK, "undone")
  assert(buffer() == before and disk() == before, buffer())
  vim.cmd.buffer(STACK)
  assert(buffer() == before_stack and disk() == before_stack, buffer())
  vim.cmd.buffer(QUEUE)
end

local function adopt()
  local answered
  vim.lsp.buf_request(0, "workspace/executeCommand", { command = "countersign.snapshot" }, function(err, result)
    answered = err or result
  end)
  until_true("a snapshot was taken", function()
    return answered ~= nil
  end)
  assert(answered.seq, vim.inspect(answered))
  local agents = buffer():gsub("let mut sum = 0", "let mut sum: u32 = 0"):gsub("rest > 0", "rest != 0")
  local file = assert(io.open(vim.api.nvim_buf_get_name(0), "wb"))
  file:write(agents)
  file:close()
  until_true("the editor read the file again", function()
    vim.cmd("silent checktime")
    return buffer() == agents
  end)
  code_action("Adopt what changed", "source")
  waiting(2)
  until_ledger(QUEUE, "adopted, adopted, undone, undone")
  assert(diagnostics()[1].message:find("changed by agent, not reviewed", 1, true), diagnostics()[1].message)
  at(8)
  code_action("Reject and take out hunk 1")
  until_true("the hunk out of the buffer", function()
    return line(8) == "    let mut sum = 0;"
  end)
  until_ledger(QUEUE, "adopted, rejected (unsaved), undone, undone")
  assert(disk() == agents, "rejecting wrote beneath the buffer")
  vim.cmd("silent write")
  until_ledger(QUEUE, "adopted, rejected, undone, undone")
  assert(disk() == buffer(), "the disk differs from the buffer")
  local left = buffer()
  waiting(1)
  at(18)
  code_action("Accept as reviewed hunk 2")
  until_ledger(QUEUE, "accepted, rejected, undone, undone")
  waiting(0)
  assert(buffer() == left and disk() == left, "a review wrote")
end

local ok, reason = xpcall(function()
  conflict()
  two_files()
  adopt()
  assert(#messages == 0, "unexpected messages: " .. vim.inspect(messages))
end, debug.traceback)
if not ok then
  say("FAIL " .. tostring(reason))
  vim.cmd("cquit 1")
end
say("PASS " .. tostring(vim.version()))
vim.cmd("qall!")
