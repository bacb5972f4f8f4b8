--- The buffer that shows the list of all changes, and its keys.
local M = {}

local actions = require("countersign.actions")
local board = require("countersign.board")
local client = require("countersign.client")
local list = require("countersign.list")
local places = require("countersign.places")
local texts = require("countersign.texts")
local words = require("countersign.words")

local NAME = "countersign://list"
local namespace = vim.api.nvim_create_namespace("countersign-list")

local buffer ---@type integer?
local rows = {} ---@type countersign.Row[]
local open = {} ---@type table<string, boolean> by key, what somebody opened or closed

---@return boolean
local function exists()
  return buffer ~= nil and vim.api.nvim_buf_is_valid(buffer)
end

--- Puts the list into its buffer anew; every window keeps its cursor on what it was on.
local function draw()
  if not exists() then
    return
  end
  local changesets, clients = board.changesets()
  local waiting, counted = 0, {}
  for _, id in pairs(clients) do
    local status = not counted[id] and board.status(id)
    counted[id] = true
    waiting = waiting + (status and status.waiting or 0)
  end
  local before = rows
  rows = list.rows(board.tasks(), changesets, waiting, open, texts.known)
  local lines = vim.tbl_map(function(row)
    -- What was open while it waited stays open once it is decided: it is what somebody just looked at.
    if row.kind == "change" and row.changeset.group ~= "decided" and open[row.key] == nil then
      open[row.key] = row.changeset.group ~= "parked" or nil
    end
    return row.text
  end, rows)
  local cursors = {}
  for _, window in ipairs(vim.fn.win_findbuf(buffer)) do
    local cursor = vim.api.nvim_win_get_cursor(window)
    cursors[window] = { list.same(before, math.min(cursor[1], math.max(#before, 1)), rows), cursor[2] }
  end
  if not vim.deep_equal(lines, vim.api.nvim_buf_get_lines(buffer, 0, -1, false)) then
    vim.bo[buffer].modifiable = true
    vim.api.nvim_buf_set_lines(buffer, 0, -1, false, lines)
    vim.bo[buffer].modifiable = false
    vim.bo[buffer].modified = false
  end
  vim.api.nvim_buf_clear_namespace(buffer, namespace, 0, -1)
  for number, row in ipairs(rows) do
    for _, span in ipairs(row.spans) do
      vim.api.nvim_buf_set_extmark(buffer, namespace, number - 1, span[1], { end_col = span[2], hl_group = span[3] })
    end
  end
  for window, cursor in pairs(cursors) do
    vim.api.nvim_win_set_cursor(window, cursor)
  end
end

---@return countersign.Row?
local function here()
  return rows[vim.api.nvim_win_get_cursor(0)[1]]
end

--- What the cursor's line is about.
---@return countersign.Named?
function M.subject()
  local row = here()
  if not row or not row.changeset then
    return nil
  end
  local hunks = row.hunk and { row.hunk }
    or row.file and row.file.hunks
    or require("countersign.hunks").of(row.changeset)
  return {
    changeset = row.changeset.id,
    hunks = vim.tbl_map(function(hunk)
      return hunk.hunk
    end, hunks),
  }
end

--- What may be decided so on lines of the list; says it when that is nothing.
---@param decision countersign.Decision
---@param first integer
---@param last integer
---@return { changeset: countersign.Changeset, hunks: integer[] }[]?
local function decisions_on(decision, first, last)
  local decisions = list.decisions(rows, first, last, decision)
  if #decisions == 0 then
    return client.say(("nothing to %s here"):format(decision), vim.log.levels.WARN)
  end
  return decisions
end

---@param decision countersign.Decision
---@param decisions { changeset: countersign.Changeset, hunks: integer[] }[]
---@param reason? string
local function carry_out(decision, decisions, reason)
  for _, one in ipairs(decisions) do
    actions.decide("countersign." .. decision, one.changeset.id, one.hunks, reason)
  end
end

--- Cancels the work that lines of the list are about and that is not over.
---@param first integer
---@param last integer
---@return boolean whether there was any
local function cancel(first, last)
  local under_way = vim.tbl_filter(function(row)
    return row.task ~= nil and words.is_under_way(row.task)
  end, vim.list_slice(rows, first, last))
  for _, row in ipairs(under_way) do
    actions.cancel(row.task.id)
  end
  return #under_way > 0
end

--- Decides what lines of the list are about, change by change. Work that is not wanted is cancelled.
---@param decision countersign.Decision
---@param first integer from 1
---@param last integer
---@param reason? string
function M.decide(decision, first, last, reason)
  if decision == "reject" and cancel(first, last) and #list.decisions(rows, first, last, decision) == 0 then
    return
  end
  local decisions = decisions_on(decision, first, last)
  if decisions then
    carry_out(decision, decisions, reason)
  end
end

--- On the cursor's line, or on the selected ones.
---@param decision countersign.Decision
---@return fun()
local function key_for(decision)
  return function()
    local first, last = vim.fn.line("v"), vim.fn.line(".")
    if vim.api.nvim_get_mode().mode:match("^[vV\22]") then
      vim.cmd("normal! \27")
    else
      first = last
    end
    M.decide(decision, math.min(first, last), math.max(first, last))
  end
end

--- What is rejected is what the cursor was on when somebody pressed the key: the list may be another once they have
--- said why.
local function reject_with_reason()
  local line = vim.fn.line(".")
  local decisions = decisions_on("reject", line, line)
  if decisions then
    vim.ui.input({ prompt = "Reject, because: " }, function(reason)
      if reason then
        carry_out("reject", decisions, reason ~= "" and reason or nil)
      end
    end)
  end
end

local function toggle()
  local row = here()
  local key = row and row.key
  if not row or not row.changeset or not key then
    return
  end
  if row.kind == "diff" then
    key = list.hunk_key(row.changeset, row.hunk)
  end
  local number = vim.fn.line(".")
  local shows = rows[number].text:find("▾", 1, true) ~= nil or row.kind == "diff"
  open[key] = not shows
  if row.kind == "diff" then
    -- Its lines go away: the cursor goes to the hunk's.
    vim.fn.search("^    ▾", "bcW")
  end
  if row.hunk and not shows then
    texts.fetch(row.changeset, row.file.path, draw)
  end
  draw()
end

---@param path string
---@param how? "split"|"vsplit"|"tabedit"
local function go_to_file(path, how)
  if not how then
    places.go_to_window(path)
  end
  places.open(path, how)
end

--- Opens the file of a row at its hunk.
---@param row countersign.Row
---@param how? "split"|"vsplit"|"tabedit"
local function visit(row, how)
  local file = row.file or row.changeset.files[1]
  if not file or not file.uri then
    return client.say("the file has no name that can be opened", vim.log.levels.WARN)
  end
  local hunks = require("countersign.hunks")
  local hunk = row.hunk or vim.iter(file.hunks):find(hunks.waits) or file.hunks[1]
  go_to_file(vim.uri_to_fname(file.uri), how)
  places.arrive(row.changeset, hunk)
end

--- Goes to what came of work that was asked for, or to the file that it is about.
---@param task countersign.Task
---@param how? "split"|"vsplit"|"tabedit"
local function visit_task(task, how)
  for _, id in ipairs(task.changesets) do
    local changeset = board.named(id)
    if changeset then
      return visit({ changeset = changeset }, how)
    end
  end
  if task.uri then
    go_to_file(vim.uri_to_fname(task.uri), how)
  else
    client.say("it is about no file", vim.log.levels.WARN)
  end
end

---@param how? "split"|"vsplit"|"tabedit"
---@return fun()
local function visit_here(how)
  return function()
    local row = here()
    if row and row.task then
      visit_task(row.task, how)
    elseif row and row.changeset then
      visit(row, how)
    end
  end
end

---@param split "vertical"|"horizontal"
---@return fun()
local function difference(split)
  return function()
    local row = here()
    if row and row.changeset then
      local path = row.file and row.file.path
      require("countersign.diff").open(row.changeset.id, row.hunk and { row.hunk.hunk }, path, split)
    end
  end
end

---@param step 1|-1
---@param kinds string[]
---@return fun()
local function go(step, kinds)
  return function()
    for _ = 1, vim.v.count1 do
      local line = list.next(rows, vim.fn.line("."), step, kinds)
      if line then
        vim.api.nvim_win_set_cursor(0, { line, 0 })
      end
    end
  end
end

---@param run fun(changeset: countersign.Changeset)
---@return fun()
local function on_change(run)
  return function()
    local row = here()
    if row and row.changeset then
      run(row.changeset)
    end
  end
end

local STEPS = { "hunk", "file", "change" }

---@class countersign.Key
---@field key string
---@field modes string[]
---@field what string
---@field run fun()

---@type countersign.Key[]
M.keys = {
  { key = "a", modes = { "n", "x" }, what = "accept the hunk, the file's hunks or all of the change; a selection, too", run = key_for("accept") },
  { key = "x", modes = { "n", "x" }, what = "reject them; of what was asked for: cancel it", run = key_for("reject") },
  { key = "X", modes = { "n" }, what = "reject them and say why", run = reject_with_reason },
  { key = "u", modes = { "n", "x" }, what = "undo: take them out again", run = key_for("undo") },
  { key = "r", modes = { "n", "x" }, what = "restore: let what was rejected wait again", run = key_for("restore") },
  { key = "=", modes = { "n" }, what = "show or hide what is in it: files, hunks, the lines of a hunk", run = toggle },
  { key = "<CR>", modes = { "n" }, what = "go to the hunk in its file; of what was asked for: to what came of it, else to its file", run = visit_here() },
  { key = "o", modes = { "n" }, what = "the same in a split", run = visit_here("split") },
  { key = "gO", modes = { "n" }, what = "the same in a vertical split", run = visit_here("vsplit") },
  { key = "O", modes = { "n" }, what = "the same in a tab", run = visit_here("tabedit") },
  { key = "dd", modes = { "n" }, what = "preview in a split, one above the other", run = difference("horizontal") },
  { key = "dv", modes = { "n" }, what = "preview in a vertical split", run = difference("vertical") },
  { key = "K", modes = { "n" }, what = "why: all that speaks for and against the change", run = on_change(function(changeset)
    require("countersign.diff").why(changeset.id)
  end) },
  { key = "p", modes = { "n" }, what = "prove the change in the sandbox", run = on_change(function(changeset)
    actions.decide("countersign.prove", changeset.id)
  end) },
  { key = ")", modes = { "n" }, what = "to the next hunk, file or change", run = go(1, STEPS) },
  { key = "(", modes = { "n" }, what = "to the one before", run = go(-1, STEPS) },
  { key = "]]", modes = { "n" }, what = "to the next change", run = go(1, { "change" }) },
  { key = "[[", modes = { "n" }, what = "to the one before", run = go(-1, { "change" }) },
  { key = "R", modes = { "n" }, what = "ask the server again", run = board.refresh_all },
  { key = "g?", modes = { "n" }, what = "these keys", run = function()
    M.help()
  end },
  { key = "q", modes = { "n" }, what = "close the list", run = places.leave },
}

--- Shows the keys in a window of its own; `q` closes it.
function M.help()
  local lines, width = {}, 0
  for _, one in ipairs(M.keys) do
    lines[#lines + 1] = (" %-5s %s "):format(one.key, one.what)
    width = math.max(width, vim.fn.strdisplaywidth(lines[#lines]))
  end
  local buf = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_buf_set_lines(buf, 0, -1, false, lines)
  vim.bo[buf].bufhidden = "wipe"
  vim.bo[buf].modifiable = false
  local height = math.min(#lines, math.max(vim.o.lines - 4, 1))
  width = math.min(width, math.max(vim.o.columns - 4, 1))
  local window = vim.api.nvim_open_win(buf, true, {
    relative = "editor",
    row = math.max(math.floor((vim.o.lines - height) / 2) - 1, 0),
    col = math.floor((vim.o.columns - width) / 2),
    width = width,
    height = height,
    border = "rounded",
    style = "minimal",
    title = " Countersign ",
  })
  vim.wo[window].wrap = false
  for _, key in ipairs({ "q", "<Esc>", "g?" }) do
    vim.keymap.set("n", key, function()
      vim.api.nvim_win_close(window, true)
    end, { buffer = buf, nowait = true, desc = "Countersign: close the help" })
  end
end

local function make()
  buffer = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_buf_set_name(buffer, NAME)
  vim.bo[buffer].bufhidden = "hide"
  vim.bo[buffer].swapfile = false
  vim.bo[buffer].modifiable = false
  for _, one in ipairs(M.keys) do
    vim.keymap.set(one.modes, one.key, one.run, { buffer = buffer, nowait = true, desc = "Countersign: " .. one.what })
  end
  vim.bo[buffer].filetype = "countersign"
end

board.on_change(draw)

--- Opens the list, or goes to the window that shows it.
---@param smods? table where the window opens
function M.open(smods)
  if not exists() then
    make()
  end
  draw()
  local window = vim.fn.bufwinid(buffer)
  if window > 0 then
    vim.api.nvim_set_current_win(window)
    return
  end
  vim.cmd({ cmd = "sbuffer", args = { tostring(buffer) }, mods = smods })
  vim.wo[0][0].wrap = false
  vim.wo[0][0].number = false
  vim.wo[0][0].relativenumber = false
  vim.wo[0][0].signcolumn = "no"
  vim.wo[0][0].cursorline = true
  local first = list.next(rows, 1, 1, { "change" })
  vim.api.nvim_win_set_cursor(0, { first or 1, 0 })
end

--- Reviews a change: its first hunk that waits in one window, the list at it in another, proposals inside the text.
---@param name string
---@param smods? table
function M.review(name, smods)
  local changeset = board.named(name)
  if not changeset then
    return client.say(("no change named %s is listed"):format(name), vim.log.levels.WARN)
  end
  if not require("countersign.marks").is_shown() then
    require("countersign.marks").show(true)
  end
  open[list.key(changeset)] = true
  for _, file in ipairs(changeset.files) do
    if vim.iter(file.hunks):any(require("countersign.hunks").waits) then
      -- The review begins at a hunk, also where somebody folded its file.
      open[list.file_key(changeset, file)] = true
    end
  end
  M.open(smods)
  for number, row in ipairs(rows) do
    if row.changeset and row.changeset.id == changeset.id and row.hunk and require("countersign.hunks").waits(row.hunk) then
      vim.api.nvim_win_set_cursor(0, { number, 0 })
      return visit(row)
    end
  end
  client.say("nothing of the change waits")
end

return M
