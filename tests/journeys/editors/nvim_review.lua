-- Runs inside Neovim on src/queue.rs: reviews two files by the editor's own code actions and by :Countersign, and
-- compares buffer, disk and ledger at every step. Prints PASS, or FAIL with what was missing.

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

-- An editor that can both be told diagnostics and ask for them must not show them twice.
local function each_once()
  local seen = {}
  for _, diagnostic in ipairs(diagnostics()) do
    assert(not seen[diagnostic.code], ("proposal %s is shown twice"):format(tostring(diagnostic.code)))
    seen[diagnostic.code] = true
  end
end

local function line(number)
  return vim.api.nvim_buf_get_lines(0, number - 1, number, false)[1]
end

-- The editor's own way: no plugin code is part of it but the attached server.
local function code_action(title)
  vim.lsp.buf.code_action({
    apply = true,
    filter = function(action)
      return vim.startswith(action.title, title)
    end,
  })
end

local function rust()
  local before = buffer()
  waiting(2)
  local first = diagnostics()[1]
  assert(first.lnum == 2, "the first proposal is on line " .. first.lnum + 1)
  assert(first.message:find("is_empty"), first.message)
  assert(tostring(first.code):match("^%x+/1$"), "code " .. tostring(first.code))
  assert(require("countersign").status() == "countersign: 2", require("countersign").status())

  vim.api.nvim_win_set_cursor(0, { 3, 4 })
  vim.cmd("Countersign preview")
  until_true("the hover shows", function()
    return vim.iter(vim.api.nvim_list_wins()):any(function(window)
      local text = vim.api.nvim_buf_get_lines(vim.api.nvim_win_get_buf(window), 0, -1, false)
      return vim.api.nvim_win_get_config(window).relative ~= "" and table.concat(text, "\n"):find("is_empty", 1, true)
    end)
  end)

  each_once()
  code_action("Accept hunk 1")
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
  code_action("Undo")
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
  vim.cmd("Countersign list")
  assert(#vim.fn.getqflist() >= 1, "the quickfix list is empty")
  vim.cmd.cclose()
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

local ok, reason = xpcall(function()
  rust()
  python()
  assert(#messages == 0, "unexpected messages: " .. vim.inspect(messages))
end, debug.traceback)
if not ok then
  say("FAIL " .. tostring(reason))
  vim.cmd("cquit 1")
end
say("PASS " .. tostring(vim.version()))
vim.cmd("qall!")
