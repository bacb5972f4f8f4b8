-- Runs inside Neovim on src/queue.rs: reviews two files by the editor's own code actions and by :Countersign, and
-- compares buffer, disk and ledger at every step. Prints PASS, or FAIL with what was missing.

local drive = dofile(vim.fs.joinpath(vim.fs.dirname(debug.getinfo(1, "S").source:sub(2)), "driver.lua"))
local buffer, disk, line, diagnostics = drive.buffer, drive.disk, drive.line, drive.diagnostics
local until_true, until_ledger, waiting = drive.until_true, drive.until_ledger, drive.waiting

-- An editor that can both be told diagnostics and ask for them must not show them twice.
local function each_once()
  local seen = {}
  for _, diagnostic in ipairs(diagnostics()) do
    assert(not seen[diagnostic.code], ("proposal %s is shown twice"):format(tostring(diagnostic.code)))
    seen[diagnostic.code] = true
  end
end

local function rust()
  local before = buffer()
  waiting(2)
  local first = diagnostics()[1]
  assert(first.lnum == 2, "the first proposal is on line " .. first.lnum + 1)
  assert(first.message:find("is_empty"), first.message)
  assert(tostring(first.code):match("^%x+/1$"), "code " .. tostring(first.code))
  until_true("both are listed", function()
    return require("countersign").waiting() == 2
  end)

  vim.api.nvim_win_set_cursor(0, { 3, 4 })
  vim.lsp.buf.hover()
  until_true("the hover shows", function()
    return vim.iter(vim.api.nvim_list_wins()):any(function(window)
      local text = vim.api.nvim_buf_get_lines(vim.api.nvim_win_get_buf(window), 0, -1, false)
      return vim.api.nvim_win_get_config(window).relative ~= "" and table.concat(text, "\n"):find("is_empty", 1, true)
    end)
  end)

  each_once()
  drive.code_action("Accept hunk 1")
  until_true("hunk 1 in the buffer", function()
    return line(3) == "    queue.is_empty()"
  end)
  waiting(1)
  until_ledger("src/queue.rs", "accepted (unsaved), proposed")
  assert(disk() == before, "accepting wrote to disk")
  vim.cmd.write()
  until_ledger("src/queue.rs", "accepted, proposed")
  assert(disk() == buffer(), "the disk differs from the buffer")

  each_once()

  -- Undo keeps what was typed in between.
  vim.api.nvim_buf_set_lines(0, 0, 0, false, { "// typed" })
  vim.api.nvim_win_set_cursor(0, { 8, 0 })
  drive.code_action("Undo")
  until_true("hunk 1 out of the buffer", function()
    return buffer() == "// typed\n" .. before
  end)
  until_ledger("src/queue.rs", "undone (unsaved), proposed")
  vim.api.nvim_buf_set_lines(0, 0, 1, false, {})
  vim.cmd.write()

  vim.fn.search("right.len()")
  vim.cmd("Countersign reject")
  until_ledger("src/queue.rs", "undone, rejected")
  waiting(0)
  assert(buffer() == before and disk() == before, "rejecting changed the text")
end

local function python()
  vim.cmd.edit("app.py")
  local before = buffer()
  waiting(1)
  vim.api.nvim_win_set_cursor(0, { 2, 0 })
  each_once()
  vim.cmd("Countersign accept")
  until_true("the hunk in the buffer", function()
    return line(2) == '    return "😀ü" if name is None else name'
  end)
  vim.cmd.write()
  until_ledger("app.py", "accepted")
  waiting(0)
  vim.api.nvim_win_set_cursor(0, { 1, 0 })
  vim.cmd("Countersign undo")
  until_true("the hunk out of the buffer", function()
    return buffer() == before
  end)
  vim.cmd.write()
  until_ledger("app.py", "undone")
  assert(disk() == before, "the disk differs from the text before")
end

drive.run(function()
  rust()
  python()
  assert(buffer() == disk(), "the disk differs from the buffer")
  until_ledger("src/queue.rs", "undone, rejected")
end)
