-- Runs inside Neovim on src/queue.rs, with one change over two files, of which one is not open: windows on files that
-- the list, the quickfix list and previews open, and what becomes of them. Prints PASS, or FAIL with what was missing.

local drive = dofile(vim.fs.joinpath(vim.fs.dirname(debug.getinfo(1, "S").source:sub(2)), "driver.lua"))
local until_true, same, keys = drive.until_true, drive.same, drive.keys

local QUEUE, STACK = "src/queue.rs", "src/stack.rs"

--- Puts the cursor on the line of the list that has this, once it is there.
local function on(wanted)
  until_true(wanted .. " is listed", function()
    return vim.fn.search("\\V" .. wanted, "cw") > 0
  end)
end

local function list_at(wanted)
  vim.cmd("Countersign")
  on(wanted)
end

local function until_listed(wanted)
  until_true(wanted .. " is listed", function()
    local lines = vim.api.nvim_buf_get_lines(vim.fn.bufnr("countersign://list"), 0, -1, false)
    return table.concat(lines, "\n"):find(wanted, 1, true) ~= nil
  end)
end

local function in_stack()
  return table.concat(vim.fn.readfile(STACK), "\n") .. "\n"
end

--- Waits for the preview, and returns its windows.
local function preview(key)
  keys(key)
  until_true("two windows that are compared", function()
    local windows = vim.api.nvim_tabpage_list_wins(0)
    return #vim.api.nvim_list_tabpages() == 2 and #windows == 2 and vim.wo[windows[1]].diff and vim.wo[windows[2]].diff
  end)
  return unpack(vim.api.nvim_tabpage_list_wins(0))
end

--- What is accepted from the preview of a closed file is in its buffer when the preview is gone, whatever 'hidden' says.
local function outlives_its_preview(before)
  vim.o.hidden = false
  list_at("3 line 2 in")
  local left = vim.api.nvim_win_get_buf((preview("dv")))
  same({ vim.fn.fnamemodify(vim.api.nvim_buf_get_name(left), ":."), vim.bo[left].bufhidden }, { STACK, "" })
  vim.cmd("Countersign accept")
  local after = (before:gsub("stack.len%(%) == 0", "stack.is_empty()"))
  until_true("it is in the buffer", function()
    return table.concat(vim.api.nvim_buf_get_lines(left, 0, -1, false), "\n") .. "\n" == after
  end)
  drive.until_ledger(STACK, "accepted (unsaved)")
  keys("q")
  same({ #vim.api.nvim_list_tabpages(), vim.bo.filetype, vim.bo[left].modified }, { 1, "countersign", true })
  vim.o.hidden = true
  same(in_stack(), before)
  vim.cmd.wincmd("p")
  vim.cmd.buffer(STACK)
  same(drive.buffer(), after)
  vim.cmd("Countersign undo")
  drive.until_ledger(STACK, "undone")
  vim.cmd("silent write")
  same({ drive.buffer(), in_stack() }, { before, before })
  vim.cmd.buffer(QUEUE)
  vim.cmd("silent bwipeout " .. STACK)
end

--- A preview that is closed as any window leaves a window as any other.
local function closes_as_any_window()
  list_at("1 line 3 in")
  local left, right = preview("dv")
  same(vim.api.nvim_get_current_win(), right)
  vim.cmd.quit()
  same(vim.api.nvim_tabpage_list_wins(0), { left })
  same({ vim.wo[left].diff, vim.wo[left].scrollbind, vim.wo[left].cursorbind }, { false, false, false })
  same(vim.fn.expand("%"), QUEUE)
  vim.cmd.tabclose()
end

--- While somebody says why, the list becomes another: what the cursor was on is rejected.
local function rejects_what_it_was_on()
  local patch = vim.fn.tempname()
  vim.fn.writefile({ "--- a/src/stack.rs", "+++ b/src/stack.rs", "@@ -1 +1,2 @@", "+//! Stacks.", " " .. vim.fn.readfile(STACK)[1] }, patch)
  list_at("2 line 23 in")
  local ask = vim.ui.input
  ---@diagnostic disable-next-line: duplicate-set-field
  vim.ui.input = function(_, answer)
    drive.countersign("import", "--patch", patch)
    until_listed("//! Stacks.")
    answer("not like this")
  end
  keys("X")
  vim.ui.input = ask
  drive.until_ledger(QUEUE, "proposed, rejected")
  assert(drive.countersign("ledger", "export"):find('"reason":"not like this"', 1, true))
  until_listed("2 line 23 in both  rejected")
  on("//! Stacks.")
  keys("x")
  drive.until_ledger(STACK, "rejected, undone", true)
  -- Where nothing can be rejected, nobody is asked why.
  on("To review")
  vim.ui.input = function()
    error("asked")
  end
  keys("X")
  assert(drive.said("nothing to reject here"), vim.inspect(drive.messages))
  vim.ui.input = ask
end

--- A file that grew while it was closed is visited where the hunk is now, in the fold that hides it.
local function goes_where_it_drifted(before)
  vim.fn.writefile(vim.split("// one\n// two\n// three\n// four\n" .. before, "\n"), STACK, "b")
  vim.cmd("silent! only")
  vim.cmd.edit(QUEUE)
  vim.o.foldmethod, vim.o.foldlevel = "indent", 0
  vim.cmd("Countersign")
  on("3 line 2 in")
  keys("<CR>")
  same(vim.fn.expand("%"), STACK)
  until_true("the cursor is where the hunk drifted to", function()
    return vim.fn.line(".") == 6 and vim.fn.foldclosed(6) == -1
  end)
  vim.cmd.buffer(QUEUE)
  vim.cmd("silent bwipeout " .. STACK)
  vim.o.foldmethod = "manual"
end

--- So does the quickfix list; a cursor that somebody moved stays.
local function quickfix_goes_where_it_drifted(before)
  local function unplaced()
    for _, changeset in ipairs((require("countersign.board").changesets())) do
      local _, hunk = require("countersign.hunks").find(changeset, 3)
      if hunk then
        return hunk.range == nil
      end
    end
  end
  local function jump()
    until_true("the file is closed for the server, too", unplaced)
    vim.cmd("Countersign quickfix")
    local entries = vim.fn.getqflist()
    same(entries[#entries].lnum, 2)
    vim.cmd("silent clast")
    same(vim.fn.expand("%"), STACK)
  end
  local function until_placed()
    until_true("the entry is where the hunk drifted to", function()
      local entries = vim.fn.getqflist()
      return entries[#entries].lnum == 6
    end)
  end
  jump()
  until_placed()
  same(vim.fn.line("."), 6)
  vim.cmd.cclose()
  vim.cmd.buffer(QUEUE)
  vim.cmd("silent bwipeout " .. STACK)
  jump()
  drive.at(1)
  until_placed()
  same(vim.fn.line("."), 1)
  vim.cmd.cclose()
  drive.rewrite(function()
    return before
  end)
  until_listed("3 line 2 in none  proposed")
  vim.cmd.buffer(QUEUE)
  vim.cmd("silent bwipeout " .. STACK)
end

--- A review begins at its first hunk also where somebody folded its file.
local function reviews_what_was_folded()
  list_at("src/stack.rs")
  keys("=")
  on("src/queue.rs")
  keys("=")
  assert(not drive.buffer():find("1 line 3 in", 1, true), drive.buffer())
  vim.cmd.wincmd("p")
  vim.cmd("Countersign review")
  same({ vim.fn.expand("%"), vim.fn.line(".") }, { QUEUE, 3 })
  assert(not drive.said("nothing of the change waits"), vim.inspect(drive.messages))
end

--- In the only window, `q` goes back to the file; where there is none, it says so.
local function is_left()
  vim.cmd("Countersign")
  vim.cmd.only()
  keys("q")
  same(vim.fn.expand("%"), QUEUE)
  vim.cmd("Countersign")
  vim.cmd.only()
  local list = vim.api.nvim_get_current_buf()
  vim.cmd("silent bwipeout " .. QUEUE)
  keys("q")
  assert(drive.said("this is the only window"), vim.inspect(drive.messages))
  same(vim.api.nvim_get_current_buf(), list)
end

drive.run(function()
  local queue, stack = drive.buffer(), in_stack()
  until_true("everything is known", function()
    return #require("countersign.board").changesets() == 1
  end)
  goes_where_it_drifted(stack)
  quickfix_goes_where_it_drifted(stack)
  reviews_what_was_folded()
  closes_as_any_window()
  outlives_its_preview(stack)
  rejects_what_it_was_on()
  vim.cmd.buffer(QUEUE)
  same({ drive.buffer(), drive.disk(), in_stack() }, { queue, queue, stack })
  drive.until_ledger(QUEUE, "proposed, rejected")
  drive.until_ledger(STACK, "rejected, undone", true)
  is_left()
end)
