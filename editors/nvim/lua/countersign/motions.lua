--- Going from hunk to hunk, and hunks as text objects.
local M = {}

local marks = require("countersign.marks")
local client = require("countersign.client")

--- The hunk to go to from a line, around the ends of the file.
---@param spots countersign.Spot[] in the order of the text
---@param line integer from 1
---@param steps integer forward, or backward where negative
---@return countersign.Spot?
function M.neighbour(spots, line, steps)
  local lines = {}
  for _, spot in ipairs(spots) do
    if #lines == 0 or lines[#lines].first ~= spot.first then
      lines[#lines + 1] = spot
    end
  end
  if #lines == 0 then
    return nil
  end
  local from = 0
  for index, spot in ipairs(lines) do
    if steps > 0 and spot.first <= line or steps < 0 and spot.first < line then
      from = index
    end
  end
  -- Backward from between two hunks, the first step goes to the one above.
  local to = steps > 0 and from + steps or from + steps + 1
  return lines[(to - 1) % #lines + 1]
end

---@param steps integer
local function go(steps)
  local line = vim.api.nvim_win_get_cursor(0)[1]
  local spot = M.neighbour(marks.spots(0), line, steps)
  if not spot then
    return client.say("no hunk waits in this file")
  end
  if not vim.api.nvim_get_mode().mode:match("^no") then
    vim.cmd("normal! m'")
  end
  local text = vim.api.nvim_buf_get_lines(0, spot.first - 1, spot.first, false)[1] or ""
  vim.api.nvim_win_set_cursor(0, { spot.first, #text:match("^%s*") })
  if vim.tbl_contains(vim.split(vim.o.foldopen, ","), "search") then
    vim.cmd("silent! normal! zv")
  end
end

---@param count? integer the one that was typed when nil
function M.next(count)
  go(count or vim.v.count1)
end

---@param count? integer
function M.previous(count)
  go(-(count or vim.v.count1))
end

--- The hunk at a line: the one with the fewest lines, if several are there.
---@param buf integer 0 for the current one
---@param line integer from 1
---@return countersign.Spot?
function M.spot_at(buf, line)
  local best
  for _, spot in ipairs(marks.spots(buf)) do
    if spot.first <= line and line <= spot.last and (not best or spot.last - spot.first < best.last - best.first) then
      best = spot
    end
  end
  return best
end

---@param wide boolean
local function select(wide)
  local spot = M.spot_at(0, vim.api.nvim_win_get_cursor(0)[1])
  if not spot or spot.empty then
    if vim.api.nvim_get_mode().mode:match("^no") then
      -- The operator must not act on the cursor's place instead.
      vim.api.nvim_feedkeys("\27", "n", false)
    end
    return client.say(spot and "the hunk takes no line away" or "no hunk here")
  end
  local last = spot.last
  while wide and (vim.api.nvim_buf_get_lines(0, last, last + 1, false)[1] or "."):match("^%s*$") do
    last = last + 1
  end
  if vim.api.nvim_get_mode().mode:match("^[vV\22]") then
    vim.cmd("normal! \27")
  end
  vim.cmd(("keepjumps normal! %dGV%dG"):format(spot.first, last))
end

function M.inner()
  select(false)
end

function M.around()
  select(true)
end

--- Goes to the hunk of a change in the buffer, if it has a place there.
---@param changeset string
---@param hunk? integer the first one that waits when nil
---@return boolean
function M.to(changeset, hunk)
  for _, spot in ipairs(marks.spots(0)) do
    if spot.changeset.id == changeset and (not hunk or spot.hunk.hunk == hunk) then
      vim.cmd("normal! m'")
      vim.api.nvim_win_set_cursor(0, { spot.first, 0 })
      return true
    end
  end
  return false
end

return M
