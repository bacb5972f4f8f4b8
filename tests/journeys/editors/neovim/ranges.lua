-- Runs inside Neovim on src/queue.rs: commands on ranges, in the text and in the list, are about all hunks on their lines.
-- Prints PASS, or FAIL with what was missing.

local drive = dofile(vim.fs.joinpath(vim.fs.dirname(debug.getinfo(1, "S").source:sub(2)), "driver.lua"))
local until_true, same = drive.until_true, drive.same

--- The states are compared sorted.
local function until_ledger(wanted)
  return drive.until_ledger("src/queue.rs", wanted, true)
end

drive.run(function()
  local before = drive.buffer()
  drive.waiting(2)
  vim.cmd("5,10Countersign accept")
  until_true("nothing is there", function()
    return drive.said("no change to accept here")
  end)
  vim.cmd("1,$Countersign accept")
  until_ledger("accepted (unsaved), accepted (unsaved)")
  vim.cmd("2,4Countersign undo")
  until_ledger("accepted (unsaved), undone (unsaved)")
  vim.cmd("1,$Countersign undo")
  until_ledger("undone, undone")
  same({ drive.buffer(), drive.disk() }, { before, before })
  vim.cmd("silent write")
  vim.cmd("1,$Countersign accept")
  until_ledger("accepted (unsaved), accepted (unsaved)")
  vim.cmd("Countersign")
  until_true("the change is decided", function()
    return vim.fn.search("^▸ .*Ask is_empty.*accepted$", "cw") > 0
  end)
  drive.keys("=")
  local first = drive.await("the list", function()
    local line = vim.fn.search("1 line 3 in idle  accepted", "cw")
    return line > 0 and line
  end)
  vim.cmd(("1 | %d,%dCountersign undo"):format(first, first + 1))
  until_ledger("undone, undone")
  drive.keys("q")
  until_true("the text is as before", function()
    return drive.buffer() == before
  end)
  same(drive.disk(), before)
  vim.cmd("silent write")
end)
