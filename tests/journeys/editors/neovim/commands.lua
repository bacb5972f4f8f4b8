-- Runs inside Neovim on src/queue.rs: the subcommands that are not about the hunk at the cursor. Prints PASS, or FAIL
-- with what was missing. The states of a file are compared sorted.

local drive = dofile(vim.fs.joinpath(vim.fs.dirname(debug.getinfo(1, "S").source:sub(2)), "driver.lua"))
local until_true, countersign, same = drive.until_true, drive.countersign, drive.same

local QUEUE = "src/queue.rs"

local function until_ledger(wanted)
  return drive.until_ledger(QUEUE, wanted, true)
end

local function completes(line, wanted)
  drive.same(vim.fn.getcompletion("Countersign " .. line, "cmdline"), wanted)
end

--- An agent writes the file, and the editor reads it again.
local function agent(old, new)
  drive.rewrite(function(text)
    return (text:gsub(vim.pesc(old), new))
  end)
end

local function rejected_and_restored(id)
  completes("restore ", {})
  vim.api.nvim_win_set_cursor(0, { 3, 0 })
  vim.cmd("Countersign reject not needed")
  until_ledger("proposed, rejected")
  assert(countersign("ledger", "export"):find('"reason":"not needed"', 1, true), "the ledger has no reason")
  until_true("the rejection can be taken back", function()
    return vim.deep_equal(vim.fn.getcompletion("Countersign restore ", "cmdline"), { id, id .. "/1" })
  end)
  vim.cmd("Countersign restore")
  until_ledger("proposed, proposed")
  vim.cmd(("Countersign reject %s/1 needs tests"):format(id))
  until_ledger("proposed, rejected")
  assert(countersign("ledger", "export"):find('"reason":"needs tests"', 1, true), "the ledger has no reason")
  vim.cmd("Countersign restore " .. id .. "/1")
  until_ledger("proposed, proposed")
end

--- A rejection that the server did not do is none that can be taken back, and one stays until it is.
local function only_what_was_done(id)
  until_true("what was restored is rejected no more", function()
    return require("countersign.actions").last_rejected() == nil
  end)
  vim.cmd("Countersign restore")
  assert(drive.said("nothing was rejected here"), vim.inspect(drive.messages))
  vim.cmd(("Countersign reject %s/9"):format(id))
  until_true("the refusal", function()
    return drive.said("hunk 9")
  end)
  same(require("countersign.actions").last_rejected(), nil)
  vim.api.nvim_win_set_cursor(0, { 3, 0 })
  vim.cmd("Countersign reject I/O is wrong")
  until_ledger("proposed, rejected")
  assert(countersign("ledger", "export"):find('"reason":"I/O is wrong"', 1, true), "the ledger has no reason")
  -- Somebody else was faster: restoring fails, and what was rejected here last still is that.
  until_true("the rejection is known", function()
    return vim.deep_equal((require("countersign.actions").last_rejected() or {}).hunks, { 1 })
  end)
  countersign("restore", id, "--hunk", "1", "--by", "Ada")
  vim.cmd("Countersign restore")
  until_true("the refusal", function()
    return drive.said("no such hunk of change")
  end)
  countersign("reject", id, "--hunk", "1", "--by", "Ada")
  vim.cmd("Countersign restore")
  until_ledger("proposed, proposed")
end

local function adopted_and_stated_anew()
  vim.cmd("Countersign snapshot before the turn")
  until_true("a snapshot with its label", function()
    return countersign("ledger", "export"):find('"label":"before the turn"', 1, true) ~= nil
  end)
  agent("let mut sum = 0", "let mut sum: u32 = 0")
  vim.cmd("Countersign adopt")
  local ids = until_ledger("adopted, proposed, proposed")
  agent("rest > 0", "rest != 0")
  vim.cmd("Countersign repropose " .. ids.adopted)
  until_ledger("adopted, adopted, proposed, proposed, superseded")
end

drive.run(function()
  completes("re", { "reject", "repropose", "restart", "restore", "review" })
  completes("sn", { "snapshot", "snooze" })
  completes("adopt ", { "HEAD" })
  completes("pause ", { "on", "off" })
  until_true("the proposals are shown", function()
    return require("countersign").waiting() == 2
  end)
  vim.cmd("Countersign pause")
  until_true("the status line says that work is paused", function()
    return require("countersign").statusline() == "countersign: 3 to review (paused)"
  end)
  vim.cmd("Countersign pause off")
  until_true("and that it goes on", function()
    return require("countersign").statusline() == "countersign: 3 to review"
  end)
  local id = until_ledger("proposed, proposed").proposed
  until_true("the change completes", function()
    return vim.tbl_contains(vim.fn.getcompletion("Countersign repropose ", "cmdline"), id)
  end)
  completes("repropose " .. id, { id, id .. "/1", id .. "/2" })
  completes("reject " .. id .. " not ", { "needed", "now" })
  completes("reject " .. id .. "/2 sc", {})
  completes("reject out of s", { "scope" })
  completes("pro", { "prove" })
  completes("inline ", { "on", "off" })
  vim.cmd("Countersign prove " .. id)
  until_true("the proof is recorded", function()
    return countersign("ledger", "export"):find('"kind":"proved"', 1, true) ~= nil
  end)
  rejected_and_restored(id)
  only_what_was_done(id)
  adopted_and_stated_anew()
  same(drive.disk(), drive.buffer())
  for _, refused in ipairs({ "has no hunk 9", "no such hunk of change" }) do
    assert(drive.said(refused), vim.inspect(drive.messages))
  end
  vim.cmd("Countersign restore nonsense!")
  assert(drive.said("is no change: write its id"), vim.inspect(drive.messages))
end)
