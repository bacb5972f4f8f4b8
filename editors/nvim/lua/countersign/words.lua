--- What people read about changes. Knows no buffer and no server.
local M = {}

local hunks = require("countersign.hunks")

---@type { group: string, name: string }[] in the order of a list
M.groups = {
  { group = "waiting", name = "To review" },
  { group = "denied", name = "Denied by policy" },
  { group = "parked", name = "On another branch" },
  { group = "decided", name = "Decided" },
}

local VERDICTS = { allow = "allowed by policy", review = "needs a person", deny = "denied by policy" }

local CHANGES = {
  added = "new",
  deleted = "deleted",
  renamed = "renamed",
  mode_changed = "mode",
  type_changed = "another kind",
}

---@param number integer
---@param noun string
---@return string
function M.count(number, noun)
  return ("%d %s%s"):format(number, noun, number == 1 and "" or "s")
end

--- Text of others on one line.
---@param text string
---@return string
function M.line(text)
  return (text:gsub("%c", " "))
end

---@param changeset countersign.Changeset
---@return string
function M.judged(changeset)
  local risk = changeset.risk and ("risk %d %s, "):format(changeset.risk.score, changeset.risk.level) or ""
  return risk .. (VERDICTS[changeset.verdict or ""] or "not judged yet")
end

---@param changeset countersign.Changeset
---@return string
function M.progress(changeset)
  local all = hunks.of(changeset)
  local waiting = #vim.tbl_filter(hunks.waits, all)
  if waiting == 0 then
    return changeset.stage
  elseif waiting == #all then
    return M.count(waiting, "hunk")
  end
  return ("%d of %s left"):format(waiting, M.count(#all, "hunk"))
end

--- Whether work that was asked for may still bring something.
---@param task countersign.Task
---@return boolean
function M.is_under_way(task)
  return task.state == "queued" or task.state == "running"
end

--- Empty for a file that is only modified.
---@param file countersign.File
---@return string
function M.change(file)
  return CHANGES[file.change] or ""
end

---@param hunk countersign.Hunk
---@return string
function M.place(hunk)
  if hunk.whole then
    return "whole file"
  end
  return ("line %d"):format((hunk.range and hunk.range.start.line or hunk.line) + 1)
end

--- How a hunk stands; the reason where it has no place.
---@param changeset countersign.Changeset
---@param hunk countersign.Hunk
---@return string
function M.state(changeset, hunk)
  if not hunks.waits(hunk) then
    return hunk.state
  elseif hunk.standing == "conflict" then
    return "conflict: " .. M.line(hunk.conflict or "it has no place any more")
  end
  local moved = hunk.standing == "drifted" and ", drifted" or hunk.standing == "landed" and ", in the text already" or ""
  if changeset.group == "denied" then
    return "denied" .. moved
  end
  return (hunk.state == "adopted" and "in the text, not reviewed" or "proposed") .. moved
end

return M
