--- How a hunk looks inside the text: which lines are highlighted, and which virtual lines stand beside them. Changes
--- nothing.
local M = {}

local hunks = require("countersign.hunks")
local words = require("countersign.words")

---@class countersign.Drawn
---@field first integer the first line that it is about, from 0
---@field last integer the last one; less than the first where there is none
---@field empty boolean whether no line is its own
---@field group? string how those lines are highlighted
---@field beside integer the line that the virtual lines are beside, from 0
---@field above boolean whether they are above it
---@field virtual [string, string][][] virtual lines

---@class countersign.View
---@field tabstop integer
---@field height integer of the smallest window on the buffer

--- As far as a virtual line is highlighted.
local WIDTH = 300

--- A line of the text as a virtual one. Tabs in virtual text are no tabs.
---@param line string
---@param group string
---@param tabstop integer
---@return [string, string][]
local function virtual(line, group, tabstop)
  local text, column = {}, 0
  for before, tab in line:gmatch("([^\t]*)(\t?)") do
    column = column + vim.fn.strdisplaywidth(before)
    text[#text + 1] = before
    if tab ~= "" then
      local width = tabstop - column % tabstop
      text[#text + 1] = (" "):rep(width)
      column = column + width
    end
  end
  return { { table.concat(text) .. (" "):rep(math.max(WIDTH - column, 1)), group } }
end

---@param one { changeset: countersign.Changeset, file: countersign.File, hunk: countersign.Hunk }
---@return string
local function whole(one)
  local change = words.change(one.file)
  return ("%s: %s as a whole, see :Countersign preview"):format(words.line(one.changeset.title), change == "" and "changed" or change)
end

--- Lines as virtual ones, as many as a window can show beside a line of the text: nobody can scroll within them.
---@param lines string[]
---@param group string
---@param view countersign.View
---@return [string, string][][]
local function all_virtual(lines, group, view)
  local most = math.max(view.height - 1, 1)
  local shown = #lines <= most and #lines or most - 1
  local drawn = {}
  for number = 1, shown do
    drawn[number] = virtual(lines[number], group, view.tabstop)
  end
  if shown < #lines then
    local more = words.count(#lines - shown, "more line")
    drawn[shown + 1] = { { ("… %s: :Countersign preview"):format(more), "CountersignNote" } }
  end
  return drawn
end

--- How a hunk with a range looks in a buffer. With no `sides`, it is a place and not seen.
---@param buf integer
---@param one { changeset: countersign.Changeset, file: countersign.File, hunk: countersign.Hunk }
---@param sides? countersign.Sides
---@param view countersign.View
---@return countersign.Drawn
function M.of(buf, one, sides, view)
  local hunk = one.hunk
  local adopted = hunk.state == "adopted"
  local lines = vim.api.nvim_buf_line_count(buf)
  local own = adopted and hunk.added or hunk.removed
  local first = math.min(hunk.range.start.line, lines - 1)
  local last = math.min(hunk.range["end"].line, lines - 1)
  local drawn = { first = first, last = last, empty = own == 0, beside = last, above = false, virtual = {} }
  if hunk.whole then
    drawn.last, drawn.beside, drawn.above, drawn.empty = first, first, true, true
  elseif own == 0 then
    drawn.last, drawn.beside = first, first
    -- Behind the last line, the server shows it at the last line.
    local at_end = sides and hunk.line + hunk.removed >= #sides.before and first == lines - 1
    drawn.above = not at_end
  end
  if not sides then
    return drawn
  end
  local denied = one.changeset.group == "denied"
  if hunk.whole then
    drawn.virtual = { { { whole(one), denied and "CountersignDenied" or "CountersignNote" } } }
    return drawn
  end
  local removed, added = hunks.sides(one.file, hunk, sides.before, sides.after)
  local group = adopted and "CountersignRemoved" or (denied and "CountersignDenied" or "CountersignAdded")
  if own > 0 then
    drawn.group = adopted and "CountersignAdopted" or "CountersignRemoved"
    -- What was there before an agent changed it stands above, as in any difference.
    drawn.above = adopted
    drawn.beside = adopted and first or last
  end
  drawn.virtual = all_virtual(adopted and removed or added, group, view)
  return drawn
end

return M
