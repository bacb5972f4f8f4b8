-- Runs inside Neovim on src/queue.rs: one change over two files, a conflict, and what an agent changed on the disk, by
-- the editor's own code actions. Compares buffers, disk and ledger at every step. Prints PASS, or FAIL with what was
-- missing. The states of a file are compared sorted.

local drive = dofile(vim.fs.joinpath(vim.fs.dirname(debug.getinfo(1, "S").source:sub(2)), "driver.lua"))
local buffer, disk, line, diagnostics, at = drive.buffer, drive.disk, drive.line, drive.diagnostics, drive.at
local until_true, waiting, code_action = drive.until_true, drive.waiting, drive.code_action

local function until_ledger(file, wanted)
  return drive.until_ledger(file, wanted, true)
end

local QUEUE, STACK = "src/queue.rs", "src/stack.rs"

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
  drive.rewrite(function(text)
    return (text:gsub("let mut sum = 0", "let mut sum: u32 = 0"):gsub("rest > 0", "rest != 0"))
  end)
  local agents = buffer()
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

drive.run(function()
  conflict()
  two_files()
  adopt()
  assert(buffer() == disk(), "the disk differs from the buffer")
  until_ledger(QUEUE, "accepted, rejected, undone, undone")
end)
