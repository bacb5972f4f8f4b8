--- Where hunks are in buffers: marks that move with the text, set by what the server lists. The inline preview is how
--- they look.
local M = {}

local board = require("countersign.board")
local hunks = require("countersign.hunks")
local look = require("countersign.look")
local texts = require("countersign.texts")

---@class countersign.Mark
---@field changeset countersign.Changeset
---@field file countersign.File
---@field hunk countersign.Hunk
---@field id integer the extmark over its lines
---@field virtual? integer the extmark that its virtual lines hang on
---@field drawn? countersign.Drawn
---@field client integer

---@class countersign.Spot
---@field changeset countersign.Changeset
---@field file countersign.File
---@field hunk countersign.Hunk
---@field first integer its first line, from 1
---@field last integer its last line, or the line it goes in beside
---@field empty boolean whether no line of the text is its own

local namespace = vim.api.nvim_create_namespace("countersign")
local asked_for ---@type boolean? whether somebody wants proposals inside the text for now; else the settings say it

---@type table<integer, boolean> buffers in which proposals are places and not seen, since a preview beside shows them
local quiet = {}
---@type table<integer, table<string, countersign.Mark>> by buffer, then by change and hunk
local marks = {}
---@type table<integer, boolean> buffers of which what is shown is not what was listed last
local behind = {}

---@param changeset countersign.Changeset
---@param hunk countersign.Hunk
---@return string
local function key(changeset, hunk)
  return changeset.id .. "/" .. hunk.hunk
end

--- Whether somebody is typing into it: then nothing there moves.
---@param buf integer
---@return boolean
local function is_typed_into(buf)
  return buf == vim.api.nvim_get_current_buf() and vim.api.nvim_get_mode().mode:match("^[iR]") ~= nil
end

---@param buf integer
---@param id? integer
---@return vim.api.keyset.get_extmark_item_by_id?
local function at(buf, id)
  local found = id and vim.api.nvim_buf_get_extmark_by_id(buf, namespace, id, { details = true }) or {}
  return #found > 0 and found or nil
end

---@param buf integer
---@param mark countersign.Mark
local function erase(buf, mark)
  for _, id in ipairs({ mark.id, mark.virtual }) do
    vim.api.nvim_buf_del_extmark(buf, namespace, id)
  end
end

--- The lines that are drawn there now, if what is there is what was drawn.
---@param buf integer
---@param mark countersign.Mark
---@param drawn countersign.Drawn
---@return boolean
local function is_drawn(buf, mark, drawn)
  local over, hangs = at(buf, mark.id), at(buf, mark.virtual)
  return over ~= nil
    and over[1] == drawn.first
    and over[3].end_row == drawn.last + 1
    and (hangs ~= nil) == (#drawn.virtual > 0)
    and (not hangs or hangs[1] == drawn.beside)
    and vim.deep_equal(mark.drawn, drawn)
end

---@param buf integer
---@param mark countersign.Mark
---@param drawn countersign.Drawn
local function draw(buf, mark, drawn)
  if is_drawn(buf, mark, drawn) then
    return
  end
  mark.drawn = drawn
  mark.id = vim.api.nvim_buf_set_extmark(buf, namespace, drawn.first, 0, {
    id = mark.id,
    end_row = drawn.last + 1,
    end_col = 0,
    hl_group = drawn.group,
    hl_eol = drawn.group ~= nil,
    strict = false,
  })
  if #drawn.virtual == 0 then
    if mark.virtual then
      vim.api.nvim_buf_del_extmark(buf, namespace, mark.virtual)
      mark.virtual = nil
    end
    return
  end
  local line = vim.api.nvim_buf_get_lines(buf, drawn.beside, drawn.beside + 1, false)[1] or ""
  mark.virtual = vim.api.nvim_buf_set_extmark(buf, namespace, drawn.beside, drawn.above and 0 or #line, {
    id = mark.virtual,
    right_gravity = drawn.above,
    virt_lines = drawn.virtual,
    virt_lines_above = drawn.above,
    strict = false,
  })
  if drawn.above and drawn.beside == 0 then
    -- Neovim keeps what is above the first line out of sight until somebody scrolls.
    for _, window in ipairs(vim.fn.win_findbuf(buf)) do
      vim.api.nvim_win_call(window, function()
        if vim.fn.line("w0") == 1 then
          vim.fn.winrestview({ topfill = #drawn.virtual })
        end
      end)
    end
  end
end

--- How many lines the smallest window on a buffer has.
---@param buf integer
---@return integer
local function height(buf)
  local least = vim.o.lines
  for _, window in ipairs(vim.fn.win_findbuf(buf)) do
    least = math.min(least, vim.api.nvim_win_get_height(window))
  end
  return least
end

---@param buf integer
---@param client_id integer
---@param listed { changeset: countersign.Changeset, file: countersign.File, hunk: countersign.Hunk }[]
local function set(buf, client_id, listed)
  local before = marks[buf] or {}
  local now, seen = {}, M.is_shown() and not quiet[buf]
  for _, one in ipairs(listed) do
    local name = key(one.changeset, one.hunk)
    local old = before[name] or {}
    local mark = { id = old.id, virtual = old.virtual, drawn = old.drawn, client = client_id }
    mark.changeset, mark.file, mark.hunk = one.changeset, one.file, one.hunk
    local sides = texts.known(one.changeset, one.file.path)
    if seen and not sides then
      texts.fetch(one.changeset, one.file.path, function()
        behind[buf] = true
        board.refresh(client_id)
      end)
    end
    draw(buf, mark, look.of(buf, one, seen and sides or nil, { tabstop = vim.bo[buf].tabstop, height = height(buf) }))
    now[name] = mark
  end
  for name, mark in pairs(before) do
    if not now[name] and mark.client == client_id then
      erase(buf, mark)
    elseif not now[name] then
      now[name] = mark
    end
  end
  marks[buf] = next(now) and now or nil
end

--- The hunks of a listing that wait and have a place, by the file that they are in.
---@param listing countersign.Listing
---@return table<string, { changeset: countersign.Changeset, file: countersign.File, hunk: countersign.Hunk }[]>
local function placed(listing)
  local by_uri = {}
  for _, changeset in ipairs(listing.changesets) do
    for _, file in ipairs(changeset.files) do
      for _, hunk in ipairs(file.uri and file.hunks or {}) do
        if changeset.shown ~= false and hunk.range and hunks.waits(hunk) then
          by_uri[file.uri] = by_uri[file.uri] or {}
          table.insert(by_uri[file.uri], { changeset = changeset, file = file, hunk = hunk })
        end
      end
    end
  end
  return by_uri
end

--- Shows what a server lists now. A buffer that was changed since it was asked is left as it is, and asked for again.
---@param client_id integer
local function follow(client_id)
  local listing = board.listing(client_id)
  if not listing then
    for buf, of_buffer in pairs(marks) do
      for name, mark in pairs(of_buffer) do
        if mark.client == client_id then
          erase(buf, mark)
          of_buffer[name] = nil
        end
      end
    end
    return
  end
  local by_uri, again = placed(listing), false
  for buf, tick in pairs(listing.ticks) do
    if vim.api.nvim_buf_is_loaded(buf) and vim.bo[buf].buftype == "" then
      local listed = by_uri[vim.uri_from_bufnr(buf)] or {}
      if #listed == 0 and not marks[buf] then
        behind[buf] = nil
      elseif is_typed_into(buf) then
        behind[buf] = true
      elseif vim.api.nvim_buf_get_changedtick(buf) ~= tick then
        again = true
      else
        behind[buf] = nil
        set(buf, client_id, listed)
      end
    end
  end
  if again then
    board.refresh(client_id)
  end
end

--- Draws everything anew, in all buffers.
local function redraw()
  for _, found in ipairs(require("countersign.client").all()) do
    board.refresh(found.id)
  end
end

--- Whether proposals are shown inside the text.
---@return boolean
function M.is_shown()
  if asked_for == nil then
    return require("countersign.settings").preview()
  end
  return asked_for
end

--- Shows proposals inside the text, or no longer.
---@param wanted? boolean as the settings say when nil
function M.show(wanted)
  asked_for = wanted
  redraw()
end

--- Shows nothing inside the text of a buffer, or again.
---@param buf integer
---@param wanted boolean
function M.quieten(buf, wanted)
  quiet[buf] = wanted or nil
  redraw()
end

--- The hunks of a buffer where they are now, in the order of the text.
---@param buf integer 0 for the current one
---@return countersign.Spot[]
function M.spots(buf)
  local found = {}
  buf = buf ~= 0 and buf or vim.api.nvim_get_current_buf()
  for _, mark in pairs(marks[buf] or {}) do
    local place = at(buf, mark.id)
    if place then
      local first, last = place[1] + 1, math.max(place[3].end_row, place[1] + 1)
      local spot = { first = first, last = last, empty = mark.drawn.empty }
      spot.changeset, spot.file, spot.hunk = mark.changeset, mark.file, mark.hunk
      found[#found + 1] = spot
    end
  end
  table.sort(found, function(a, b)
    if a.first ~= b.first then
      return a.first < b.first
    elseif a.changeset.id ~= b.changeset.id then
      return a.changeset.id < b.changeset.id
    end
    return a.hunk.hunk < b.hunk.hunk
  end)
  return found
end

--- Follows what the servers list, from now on.
function M.start()
  board.on_change(follow)
  local group = vim.api.nvim_create_augroup("countersign-marks", {})
  local function catch_up(args)
    local found = behind[args.buf] and require("countersign.client").of(args.buf)
    if found then
      board.refresh(found.id)
    end
  end
  local desc = "Show what was held back while somebody typed"
  vim.api.nvim_create_autocmd("BufEnter", { group = group, desc = desc, callback = catch_up })
  -- Not InsertLeave, which <C-C> leaves out.
  vim.api.nvim_create_autocmd("ModeChanged", { group = group, pattern = "[iR]*:[^iR]*", desc = desc, callback = catch_up })
  vim.api.nvim_create_autocmd({ "BufUnload" }, {
    group = group,
    desc = "Forget what was shown there",
    callback = function(args)
      marks[args.buf], behind[args.buf], quiet[args.buf] = nil, nil, nil
    end,
  })
end

return M
