-- Runs inside Neovim on src/queue.rs: asks a worker for documentation by a code action, hears of its progress, accepts
-- what comes. Prints PASS, or FAIL with what was missing.

local TIMEOUT_MS = 30000
local progress = {} ---@type string[] the kinds of progress that the server told of

vim.lsp.handlers["$/progress"] = function(_, params)
  progress[#progress + 1] = params.value.kind
end

local function buffer()
  return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), "\n") .. "\n"
end

local function until_true(what, condition)
  if not vim.wait(TIMEOUT_MS, condition, 20) then
    error("never: " .. what .. "\n" .. buffer())
  end
end

--- Runs the code action on a line whose title begins so; answers whether it is offered.
local function act(line, title)
  vim.api.nvim_win_set_cursor(0, { line, 0 })
  local offered = false
  vim.lsp.buf.code_action({
    apply = true,
    filter = function(action)
      local fits = vim.startswith(action.title, title) and not offered
      offered = offered or fits
      return fits
    end,
  })
  vim.wait(200, function()
    return offered
  end, 10)
  return offered
end

local function review()
  -- Until the server knows who can be asked, nothing is offered.
  until_true("asked", function()
    return act(3, "Ask scribe to document idle")
  end)
  until_true("a proposal", function()
    return #vim.diagnostic.get(0) == 1
  end)
  until_true("the end of the progress", function()
    return vim.list_contains(progress, "begin") and vim.list_contains(progress, "end")
  end)
  local line = vim.diagnostic.get(0)[1].lnum + 1
  until_true("accepted", function()
    return act(line, "Accept Document idle")
  end)
  until_true("the text", function()
    return buffer():find("    // Document idle\n", 1, true) ~= nil
  end)
  vim.cmd("silent write")
  until_true("nothing waits", function()
    return #vim.diagnostic.get(0) == 0
  end)
  until_true("the ledger", function()
    local ran = vim.system({ "countersign", "list", "--format", "json" }, { text = true }):wait()
    local hunk = vim.json.decode(ran.stdout).changes[1].hunks[1]
    return hunk.state == "accepted"
  end)
end

local ok, failure = pcall(review)
io.stdout:write(ok and "PASS\n" or ("FAIL " .. tostring(failure) .. "\n"))
vim.cmd(ok and "qall!" or "cquit!")
