-- Runs inside Neovim on src/queue.rs: the subcommands that are not about the hunk at the cursor. Prints PASS, or FAIL
-- with what was missing. The states of a file are compared sorted.

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

local function until_true(what, condition)
  local ok = vim.wait(TIMEOUT_MS, condition, 10)
  assert(ok, ("never: %s\nbuffer:\n%s\nmessages: %s"):format(what, buffer(), vim.inspect(messages)))
end

local function countersign(...)
  local ran = vim.system({ "countersign", ... }, { text = true }):wait()
  assert(ran.code == 0, ran.stderr)
  return ran.stdout
end

--- The states of the file's hunks, and the changes that have such a hunk, by state.
local function ledger(file)
  local states, ids = {}, {}
  for _, change in ipairs(vim.json.decode(countersign("list", "--format", "json")).changes) do
    for _, hunk in ipairs(change.hunks) do
      if hunk.path == file then
        states[#states + 1] = hunk.state
        ids[hunk.state] = change.short
      end
    end
  end
  table.sort(states)
  return table.concat(states, ", "), ids
end

local QUEUE = "src/queue.rs"

local function until_ledger(wanted)
  local now, ids
  local ok = vim.wait(TIMEOUT_MS, function()
    now, ids = ledger(QUEUE)
    return now == wanted
  end, 50)
  assert(ok, ("the hunks are %s, not %s; messages: %s"):format(now, wanted, vim.inspect(messages)))
  return ids
end

local function completes(line, wanted)
  local found = vim.fn.getcompletion(line, "cmdline")
  assert(vim.deep_equal(found, wanted), vim.inspect(found) .. " is not " .. vim.inspect(wanted))
end

--- An agent writes the file, and the editor reads it again.
local function agent(old, new)
  local text = buffer():gsub(vim.pesc(old), new)
  local file = assert(io.open(vim.api.nvim_buf_get_name(0), "wb"))
  file:write(text)
  file:close()
  until_true("the editor read the file again", function()
    vim.cmd("silent checktime")
    return buffer() == text
  end)
end

local function rejected_and_restored(id)
  completes("Countersign restore ", {})
  vim.api.nvim_win_set_cursor(0, { 3, 0 })
  vim.cmd("Countersign reject")
  until_ledger("proposed, rejected")
  completes("Countersign restore ", { id })
  vim.cmd("Countersign restore")
  until_ledger("proposed, proposed")
  vim.cmd("Countersign reject")
  until_ledger("proposed, rejected")
  vim.cmd("Countersign restore " .. id .. "/1")
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

local ok, reason = xpcall(function()
  completes("Countersign re", { "reject", "repropose", "restart", "restore" })
  completes("Countersign sn", { "snapshot" })
  completes("Countersign adopt ", { "HEAD" })
  until_true("the proposals are shown", function()
    return require("countersign").waiting() == 2
  end)
  local id = until_ledger("proposed, proposed").proposed
  completes("Countersign repropose ", { id })
  completes("Countersign pro", { "prove" })
  vim.cmd("Countersign prove " .. id)
  until_true("the proof is recorded", function()
    return countersign("ledger", "export"):find('"kind":"proved"', 1, true) ~= nil
  end)
  rejected_and_restored(id)
  adopted_and_stated_anew()
  assert(#messages == 0, "unexpected messages: " .. vim.inspect(messages))
  vim.cmd("Countersign restore nonsense!")
  assert(messages[1]:find("is no change: write its id", 1, true), vim.inspect(messages))
end, debug.traceback)
if not ok then
  say("FAIL " .. tostring(reason))
  vim.cmd("cquit 1")
end
say("PASS " .. tostring(vim.version()))
vim.cmd("qall!")
