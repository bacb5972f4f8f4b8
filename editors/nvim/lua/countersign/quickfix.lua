--- Everything that waits, as a quickfix list.
local M = {}

local board = require("countersign.board")
local client = require("countersign.client")
local hunks = require("countersign.hunks")
local places = require("countersign.places")
local words = require("countersign.words")

local filled ---@type integer? the quickfix list that was filled last

--- The entries of the list: the hunks that wait here and have a file with a name.
---@param changesets countersign.Changeset[]
---@param uri? string of this file only
---@return table[] items as setqflist() takes them
function M.items(changesets, uri)
  local items = {}
  for _, changeset in ipairs(changesets) do
    for _, file in ipairs(changeset.group ~= "parked" and changeset.files or {}) do
      for _, hunk in ipairs(file.uri and (not uri or uri == file.uri) and file.hunks or {}) do
        if hunks.waits(hunk) then
          local title, state = words.line(changeset.title), words.state(changeset, hunk)
          items[#items + 1] = {
            filename = vim.uri_to_fname(file.uri),
            lnum = (hunk.range and hunk.range.start.line or hunk.line) + 1,
            type = (hunk.standing == "conflict" or changeset.group == "denied") and "W" or "I",
            text = ("%s/%d %s (%s)"):format(changeset.short, hunk.hunk, title, state),
            user_data = { changeset = changeset.id, hunk = hunk.hunk, placed = hunk.range ~= nil },
          }
        end
      end
    end
  end
  return items
end

---@param here boolean those of the current buffer, in its window's location list
function M.fill(here)
  local items = M.items(board.changesets(), here and vim.uri_from_bufnr(0) or nil)
  local what = { title = "Countersign: what waits", items = items }
  if #items == 0 then
    client.say("no change waits")
  elseif here then
    vim.fn.setloclist(0, {}, " ", what)
    vim.cmd.lopen()
  else
    vim.fn.setqflist({}, " ", what)
    filled = vim.fn.getqflist({ id = 0 }).id
    vim.cmd.copen()
  end
end

--- The line of an entry that the server has placed since the list was made: its file was closed then.
---@param item table
---@return integer? line from 1
local function placed(item)
  local about = item.user_data
  if type(about) ~= "table" or about.placed ~= false then
    return nil
  end
  local changeset = board.named(about.changeset)
  local _, hunk = hunks.find(changeset or { files = {} }, about.hunk)
  return hunk and hunk.range and hunk.range.start.line + 1 or nil
end

--- Entries go to where their hunks are, and so does a cursor that the list put where one was captured.
board.on_change(function()
  local kept = filled and vim.fn.getqflist({ id = filled, idx = 0, items = true })
  if not kept or kept.id == 0 then
    filled = nil
    return
  end
  local changed = false
  for number, item in ipairs(kept.items) do
    local line = placed(item)
    if line then
      if number == kept.idx then
        places.follow(item.bufnr, item.lnum, line)
      end
      item.lnum, item.user_data.placed, changed = line, true, true
    end
  end
  if changed then
    vim.fn.setqflist({}, "r", { id = filled, idx = kept.idx, items = kept.items })
  end
end)

return M
