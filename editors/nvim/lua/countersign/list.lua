--- The list of all changes as lines: what each says, how it is highlighted, what it is about. Knows no buffer and no
--- server.
local M = {}

local hunks = require("countersign.hunks")
local words = require("countersign.words")

---@class countersign.Row
---@field text string
---@field key? string what it is known by from one listing to the next; none for what cannot be acted on
---@field kind "head"|"group"|"task"|"change"|"file"|"hunk"|"diff"
---@field changeset? countersign.Changeset
---@field file? countersign.File
---@field hunk? countersign.Hunk
---@field task? countersign.Task
---@field spans [integer, integer, string][] from and to which byte it is highlighted how

---@class countersign.Row.Builder
---@field text string
---@field spans [integer, integer, string][]

---@param ... [string, string?] pieces and their highlight groups
---@return countersign.Row.Builder
local function line(...)
  local text, spans = "", {}
  for _, piece in ipairs({ ... }) do
    local from = #text
    text = text .. piece[1]
    if piece[2] and #piece[1] > 0 then
      spans[#spans + 1] = { from, #text, piece[2] }
    end
  end
  return { text = text, spans = spans }
end

---@param open boolean
---@return string
local function arrow(open)
  return open and "▾ " or "▸ "
end

---@param changeset countersign.Changeset
---@return string
function M.key(changeset)
  return changeset.id
end

---@param changeset countersign.Changeset
---@param file countersign.File
---@return string
function M.file_key(changeset, file)
  return changeset.id .. ":" .. file.path
end

---@param changeset countersign.Changeset
---@param hunk countersign.Hunk
---@return string
function M.hunk_key(changeset, hunk)
  return changeset.id .. "/" .. hunk.hunk
end

--- Whether what a key stands for shows what is in it. Unless somebody said otherwise, changes that wait do.
---@param open table<string, boolean> by key
---@param key string
---@param default boolean
---@return boolean
local function is_open(open, key, default)
  if open[key] == nil then
    return default
  end
  return open[key]
end

---@param rows countersign.Row[]
---@param built countersign.Row.Builder
---@param about table
local function push(rows, built, about)
  rows[#rows + 1] = vim.tbl_extend("error", built, about)
end

---@param rows countersign.Row[]
---@param about { changeset: countersign.Changeset, file: countersign.File, hunk: countersign.Hunk }
---@param sides? countersign.Sides
local function push_difference(rows, about, sides)
  if not sides then
    return
  end
  local removed, added = hunks.sides(about.file, about.hunk, sides.before, sides.after)
  local number = 0
  for _, sign in ipairs({ "-", "+" }) do
    for _, text in ipairs(sign == "-" and removed or added) do
      number = number + 1
      local group = sign == "-" and "CountersignRemoved" or "CountersignAdded"
      push(rows, line({ sign .. text, group }), {
        kind = "diff",
        key = M.hunk_key(about.changeset, about.hunk) .. "#" .. number,
        changeset = about.changeset,
        file = about.file,
        hunk = about.hunk,
      })
    end
  end
end

---@param rows countersign.Row[]
---@param changeset countersign.Changeset
---@param file countersign.File
---@param open table<string, boolean>
---@param sides fun(changeset: countersign.Changeset, path: string): countersign.Sides?
local function push_file(rows, changeset, file, open, sides)
  local key = M.file_key(changeset, file)
  local shows = is_open(open, key, true)
  local change = words.change(file)
  push(
    rows,
    line({ "  " .. arrow(shows) }, { words.line(file.path), "CountersignPath" }, { change ~= "" and "  " .. change or "", "CountersignNote" }),
    { kind = "file", key = key, changeset = changeset, file = file }
  )
  for _, hunk in ipairs(shows and file.hunks or {}) do
    local hunk_key = M.hunk_key(changeset, hunk)
    local unfolded = is_open(open, hunk_key, false)
    local conflict = hunk.standing == "conflict" and hunks.waits(hunk)
    local place = words.place(hunk) .. (hunk.entity and " in " .. words.line(hunk.entity) or "")
    local text = vim.trim(words.line(hunk.text))
    push(
      rows,
      line(
        { "    " .. arrow(unfolded) },
        { ("%d "):format(hunk.hunk), "CountersignId" },
        { place .. "  " },
        { words.state(changeset, hunk), conflict and "CountersignConflict" or "CountersignNote" },
        { text ~= "" and "  " .. text or "" }
      ),
      { kind = "hunk", key = hunk_key, changeset = changeset, file = file, hunk = hunk }
    )
    if unfolded then
      push_difference(rows, { changeset = changeset, file = file, hunk = hunk }, sides(changeset, file.path))
    end
  end
end

---@param rows countersign.Row[]
---@param tasks countersign.Task[]
local function push_tasks(rows, tasks)
  if #tasks == 0 then
    return
  end
  push(rows, line(), { kind = "head" })
  push(rows, line({ "Asked for", "CountersignHeading" }, { (" (%d)"):format(#tasks) }), { kind = "group", key = "=tasks" })
  for _, task in ipairs(tasks) do
    local failed = task.state == "failed" and "CountersignConflict" or "CountersignNote"
    local said = task.said and task.said ~= "" and ": " .. words.line(task.said) or ""
    push(
      rows,
      line({ "  " .. words.line(task.title) .. "  " }, { words.line(task.worker) .. "  ", "CountersignNote" }, { task.state .. said, failed }),
      { kind = "task", key = "!" .. task.id, task = task }
    )
  end
end

--- The rows of the list.
---@param tasks countersign.Task[]
---@param changesets countersign.Changeset[]
---@param waiting integer how many hunks wait here
---@param open table<string, boolean> by key, whether it shows what is in it
---@param sides fun(changeset: countersign.Changeset, path: string): countersign.Sides?
---@return countersign.Row[]
function M.rows(tasks, changesets, waiting, open, sides)
  local rows = {}
  local head = waiting == 0 and "nothing to review" or words.count(waiting, "hunk") .. " to review"
  push(rows, line({ "Countersign", "CountersignHeading" }, { "  " .. head }), { kind = "head" })
  push(rows, line({ "Help: g?", "CountersignNote" }), { kind = "head" })
  push_tasks(rows, tasks)
  for _, group in ipairs(words.groups) do
    local members = vim.tbl_filter(function(changeset)
      return changeset.group == group.group
    end, changesets)
    if #members > 0 then
      push(rows, line(), { kind = "head" })
      push(rows, line({ group.name, "CountersignHeading" }, { (" (%d)"):format(#members) }), { kind = "group", key = "=" .. group.group })
    end
    for _, changeset in ipairs(members) do
      local key = M.key(changeset)
      local shows = is_open(open, key, group.group == "waiting" or group.group == "denied")
      push(
        rows,
        line(
          { arrow(shows) },
          { changeset.short, "CountersignId" },
          { " " .. words.line(changeset.title) },
          { ("  %s · %s · %s"):format(words.line(changeset.origin), words.judged(changeset), words.progress(changeset)), "CountersignNote" }
        ),
        { kind = "change", key = key, changeset = changeset }
      )
      if shows and changeset.denied then
        push(rows, line({ "  " .. words.line(changeset.denied), "CountersignConflict" }), { kind = "head", changeset = changeset })
      end
      for _, file in ipairs(shows and changeset.files or {}) do
        push_file(rows, changeset, file, open, sides)
      end
    end
  end
  return rows
end

--- Where the cursor goes in new rows: to what it was on, else to what came after that and still is there.
---@param before countersign.Row[]
---@param line_before integer from 1
---@param now countersign.Row[]
---@return integer line from 1
function M.same(before, line_before, now)
  local lines = {}
  for number, row in ipairs(now) do
    if row.key then
      lines[row.key] = number
    end
  end
  for number = line_before, #before do
    local key = before[number].key
    if key and lines[key] then
      return lines[key]
    elseif number == line_before and not key then
      break
    end
  end
  return math.max(1, math.min(line_before, #now))
end

--- The next line of one of these kinds.
---@param rows countersign.Row[]
---@param from integer from 1
---@param step 1|-1
---@param kinds string[]
---@return integer? line
function M.next(rows, from, step, kinds)
  local number = from + step
  while rows[number] do
    if vim.tbl_contains(kinds, rows[number].kind) then
      return number
    end
    number = number + step
  end
end

--- What lines are about, change by change: which of its hunks may be decided so.
---@param rows countersign.Row[]
---@param first integer from 1
---@param last integer
---@param decision countersign.Decision
---@return { changeset: countersign.Changeset, hunks: integer[] }[]
function M.decisions(rows, first, last, decision)
  local order, chosen = {}, {}
  for number = first, last do
    local row = rows[number]
    local changeset = row and row.key and row.changeset
    if changeset and not chosen[changeset.id] then
      order[#order + 1] = changeset
      chosen[changeset.id] = {}
    end
    if changeset then
      for _, hunk in ipairs(row.hunk and { row.hunk } or row.file and row.file.hunks or hunks.of(changeset)) do
        chosen[changeset.id][hunk.hunk] = hunk
      end
    end
  end
  local decisions = {}
  for _, changeset in ipairs(order) do
    local of = vim.tbl_filter(function(hunk)
      return chosen[changeset.id][hunk.hunk] ~= nil
    end, hunks.of(changeset))
    hunks.decide(decisions, changeset, of, decision)
  end
  return decisions
end

return M
