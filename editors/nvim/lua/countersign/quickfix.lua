--- Everything that waits, as a quickfix list.
local M = {}

local board = require("countersign.board")
local client = require("countersign.client")
local hunks = require("countersign.hunks")
local words = require("countersign.words")

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
    vim.cmd.copen()
  end
end

return M
