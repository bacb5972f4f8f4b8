--- Hunks and what may be decided of them, read off a listing. Knows no buffer and no server.
local M = {}

---@alias countersign.Decision "accept"|"reject"|"undo"|"restore"

--- Whether a person still has to decide it.
---@param hunk countersign.Hunk
---@return boolean
function M.waits(hunk)
  return hunk.state == "proposed" or hunk.state == "adopted"
end

--- All hunks of a change, in the order of its files.
---@param changeset countersign.Changeset
---@return countersign.Hunk[]
function M.of(changeset)
  local all = {}
  for _, file in ipairs(changeset.files) do
    vim.list_extend(all, file.hunks)
  end
  return all
end

--- Those of `hunks` that may be decided so. What was undone before is not accepted along with what waits.
---@param changeset countersign.Changeset
---@param hunks countersign.Hunk[]
---@param decision countersign.Decision
---@return integer[]
function M.decidable(changeset, hunks, decision)
  local may, waiting = {}, {}
  for _, hunk in ipairs(hunks) do
    if vim.tbl_contains(changeset[decision], hunk.hunk) then
      may[#may + 1] = hunk.hunk
      if M.waits(hunk) then
        waiting[#waiting + 1] = hunk.hunk
      end
    end
  end
  local waits_first = decision == "accept" or decision == "reject"
  return waits_first and #waiting > 0 and waiting or may
end

--- Adds what of `hunks` may be decided so, if any of it may.
---@param decisions { changeset: countersign.Changeset, hunks: integer[] }[]
---@param changeset countersign.Changeset
---@param hunks countersign.Hunk[]
---@param decision countersign.Decision
function M.decide(decisions, changeset, hunks, decision)
  local may = M.decidable(changeset, hunks, decision)
  if #may > 0 then
    decisions[#decisions + 1] = { changeset = changeset, hunks = may }
  end
end

--- What of a file's hunks on lines may be decided so, change by change. What is hidden from the text is not meant.
---@param changesets countersign.Changeset[]
---@param uri string of the file
---@param first integer from 0
---@param last integer
---@param decision countersign.Decision
---@return { changeset: countersign.Changeset, hunks: integer[] }[]
function M.on_lines(changesets, uri, first, last, decision)
  local decisions = {}
  for _, changeset in ipairs(changesets) do
    local there = {}
    for _, file in ipairs(changeset.shown ~= false and changeset.files or {}) do
      for _, hunk in ipairs(file.uri == uri and file.hunks or {}) do
        if hunk.range and hunk.range.start.line <= last and hunk.range["end"].line >= first then
          there[#there + 1] = hunk
        end
      end
    end
    M.decide(decisions, changeset, there, decision)
  end
  return decisions
end

--- Whether a command with these arguments was about all that another one was about.
---@param by { changeset: string, hunks?: integer[] }
---@param other { changeset: string, hunks?: integer[] }
---@return boolean
function M.covers(by, other)
  if not vim.startswith(other.changeset, by.changeset) and not vim.startswith(by.changeset, other.changeset) then
    return false
  end
  return by.hunks == nil
    or other.hunks ~= nil and vim.iter(other.hunks):all(function(hunk)
      return vim.tbl_contains(by.hunks, hunk)
    end)
end

---@param changeset countersign.Changeset
---@param number integer
---@return countersign.File? file
---@return countersign.Hunk? hunk
function M.find(changeset, number)
  for _, file in ipairs(changeset.files) do
    for _, hunk in ipairs(file.hunks) do
      if hunk.hunk == number then
        return file, hunk
      end
    end
  end
end

--- A text as lines, without their breaks.
---@param text? string
---@return string[]
function M.lines(text)
  if not text or text == "" then
    return {}
  end
  local lines = vim.split(text, "\n", { plain = true })
  if lines[#lines] == "" then
    lines[#lines] = nil
  end
  return vim.tbl_map(function(line)
    return (line:gsub("\r$", ""))
  end, lines)
end

--- The lines that a hunk takes away and those it puts there, from the two sides as they were captured.
---@param file countersign.File
---@param hunk countersign.Hunk
---@param before string[]
---@param after string[]
---@return string[] removed
---@return string[] added
function M.sides(file, hunk, before, after)
  if hunk.whole then
    return before, after
  end
  -- The hunks before it say how far its line moved.
  local moved = 0
  for _, other in ipairs(file.hunks) do
    if other.line < hunk.line or (other.line == hunk.line and other.hunk < hunk.hunk) then
      moved = moved + other.added - other.removed
    end
  end
  local first = hunk.line + moved
  return vim.list_slice(before, hunk.line + 1, hunk.line + hunk.removed), vim.list_slice(after, first + 1, first + hunk.added)
end

--- The change and its hunks by the names that commands take, of what may be decided so.
---@param changesets countersign.Changeset[]
---@param decision? countersign.Decision any that waits when nil
---@return string[]
function M.names(changesets, decision)
  local names = {}
  for _, changeset in ipairs(changesets) do
    local numbers = {}
    for _, hunk in ipairs(M.of(changeset)) do
      if decision and vim.tbl_contains(changeset[decision], hunk.hunk) or not decision and M.waits(hunk) then
        numbers[#numbers + 1] = hunk.hunk
      end
    end
    if #numbers > 0 then
      names[#names + 1] = changeset.short
      for _, number in ipairs(numbers) do
        names[#names + 1] = ("%s/%d"):format(changeset.short, number)
      end
    end
  end
  return names
end

return M
