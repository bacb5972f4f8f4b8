-- What the scripts that drive Neovim on src/queue.rs share: watching buffer, disk and ledger, waiting for them, and
-- telling how it went. Loading it collects warnings and errors, of which a review that works has none.

local M = { messages = {} }

local expected = {} -- messages that somebody asked for

local TIMEOUT_MS = 30000

---@diagnostic disable-next-line: duplicate-set-field
vim.notify = function(message, level)
  if (level or vim.log.levels.INFO) >= vim.log.levels.WARN then
    M.messages[#M.messages + 1] = message
  end
end

function M.buffer()
  return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), "\n") .. "\n"
end

function M.disk()
  local file = assert(io.open(vim.api.nvim_buf_get_name(0), "rb"))
  local text = file:read("*a")
  file:close()
  return text
end

function M.line(number)
  return vim.api.nvim_buf_get_lines(0, number - 1, number, false)[1]
end

function M.diagnostics()
  return vim.tbl_filter(function(diagnostic)
    return diagnostic.source == "countersign"
  end, vim.diagnostic.get(0))
end

function M.until_true(what, condition)
  if not vim.wait(TIMEOUT_MS, condition, 10) then
    error(("never: %s\nbuffer:\n%s\ndiagnostics: %s\nmessages: %s"):format(
      what,
      M.buffer(),
      vim.inspect(vim.tbl_map(function(d)
        return ("%d %s"):format(d.lnum + 1, d.message)
      end, M.diagnostics())),
      vim.inspect(M.messages)
    ))
  end
end

--- Waits until `condition` gives something, and returns that.
function M.await(what, condition)
  local got
  M.until_true(what, function()
    got = condition()
    return got
  end)
  return got
end

function M.same(actual, expected)
  assert(vim.deep_equal(actual, expected), vim.inspect(actual) .. " is not " .. vim.inspect(expected))
end

--- Whether a warning or an error says this. It is none of those that must not be there at the end.
function M.said(text)
  local found = false
  for _, message in ipairs(M.messages) do
    if message:find(text, 1, true) then
      expected[message], found = true, true
    end
  end
  return found
end

--- Types keys as somebody would, mappings included, and waits until they are done.
function M.keys(keys)
  vim.api.nvim_feedkeys(vim.keycode(keys), "mx", false)
end

function M.at(number)
  vim.api.nvim_win_set_cursor(0, { number, 0 })
end

--- A program writes the file of the current buffer, and the editor reads it again.
function M.rewrite(change)
  local text = change(M.buffer())
  local file = assert(io.open(vim.api.nvim_buf_get_name(0), "wb"))
  file:write(text)
  file:close()
  M.until_true("the editor read the file again", function()
    vim.cmd("silent checktime")
    return M.buffer() == text
  end)
end

--- Runs the editor's own code action: no plugin code is part of it but the attached server.
function M.code_action(title, only)
  vim.lsp.buf.code_action({
    apply = true,
    context = only and { only = { only }, diagnostics = {} } or nil,
    filter = function(action)
      return vim.startswith(action.title, title)
    end,
  })
end

function M.waiting(count)
  M.until_true(("%d proposals shown"):format(count), function()
    return #M.diagnostics() == count
  end)
end

function M.countersign(...)
  local ran = vim.system({ "countersign", ... }, { text = true }):wait()
  assert(ran.code == 0, ran.stderr)
  return ran.stdout
end

--- The states of the file's hunks in the order of the list, and the last change that has a hunk in each state.
function M.states(file)
  local states, ids = {}, {}
  for _, change in ipairs(vim.json.decode(M.countersign("list", "--format", "json")).changes) do
    for _, hunk in ipairs(change.hunks) do
      if hunk.path == file then
        states[#states + 1] = hunk.state
        ids[hunk.state] = change.short
      end
    end
  end
  return states, ids
end

--- Waits until the states are `wanted`, which is sorted if `sorted`; returns the changes by state.
function M.until_ledger(file, wanted, sorted)
  local now, ids
  local ok = vim.wait(TIMEOUT_MS, function()
    local states
    states, ids = M.states(file)
    if sorted then
      table.sort(states)
    end
    now = table.concat(states, ", ")
    return now == wanted
  end, 50)
  assert(ok, ("the hunks of %s are %s, not %s; messages: %s"):format(file, now, wanted, vim.inspect(M.messages)))
  return ids
end

--- Runs `journey`, prints PASS, or FAIL with what was missing, and ends Neovim.
function M.run(journey)
  local ok, reason = xpcall(function()
    journey()
    local others = vim.tbl_filter(function(message)
      return not expected[message]
    end, M.messages)
    assert(#others == 0, "unexpected messages: " .. vim.inspect(others))
  end, debug.traceback)
  io.stdout:write((ok and "PASS " .. tostring(vim.version()) or "FAIL " .. tostring(reason)) .. "\n")
  vim.cmd(ok and "qall!" or "cquit 1")
end

return M
