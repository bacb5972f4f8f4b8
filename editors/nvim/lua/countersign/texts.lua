--- The texts of changes, as the server has them. What was captured never changes and is asked for once.
local M = {}

local board = require("countersign.board")
local client = require("countersign.client")
local hunks = require("countersign.hunks")

---@class countersign.Sides
---@field before string[]
---@field after string[]

---@type table<string, countersign.Sides|(fun()[])> by change and path; while they are asked for, who waits for them
local captured = {}

---@param changeset countersign.Changeset
---@param path string
---@return string
local function key(changeset, path)
  return changeset.id .. ":" .. path
end

--- Asks for one text. Whoever asks hears of a refusal, and it is not told to the person.
---@param found vim.lsp.Client
---@param params { changeset: string, side: string, path?: string, hunks?: integer[] }
---@param on_text fun(text?: string, refused?: string)
function M.ask(found, params, on_text)
  client.ask(found, "countersign/document", params, vim.api.nvim_get_current_buf(), function(err, result)
    if err then
      on_text(nil, err.message or vim.inspect(err))
    elseif #(result.refused or {}) > 0 then
      on_text(nil, table.concat(result.refused, "; "))
    else
      on_text(result.text ~= vim.NIL and result.text or nil)
    end
  end)
end

--- Both sides as they were captured, if they are known.
---@param changeset countersign.Changeset
---@param path string
---@return countersign.Sides?
function M.known(changeset, path)
  local sides = captured[key(changeset, path)]
  return sides and sides.before and sides --[[@as countersign.Sides]] or nil
end

--- Both sides as they were captured; `on_sides` is called at once where they are known.
---@param changeset countersign.Changeset
---@param path string
---@param on_sides fun()
function M.fetch(changeset, path, on_sides)
  local name = key(changeset, path)
  local waiting = captured[name]
  if waiting and waiting.before then
    return on_sides()
  elseif waiting then
    waiting[#waiting + 1] = on_sides
    return
  end
  local _, found = board.named(changeset.id)
  if not found then
    return
  end
  captured[name] = { on_sides }
  local sides, failed = {}, false
  local function took(side, text, refused)
    sides[side], failed = hunks.lines(text), failed or refused ~= nil
    if not (sides.before and sides.after) then
      return
    end
    local callbacks = captured[name] or {}
    captured[name] = not failed and sides or nil
    for _, callback in ipairs(not failed and callbacks or {}) do
      callback()
    end
  end
  for _, side in ipairs({ "before", "after" }) do
    M.ask(found, { changeset = changeset.id, side = side, path = path }, function(text, refused)
      took(side, text, refused)
    end)
  end
end

board.on_change(function()
  local listed = {}
  for _, changeset in ipairs((board.changesets())) do
    for _, file in ipairs(changeset.files) do
      listed[key(changeset, file.path)] = true
    end
  end
  for name in pairs(captured) do
    captured[name] = listed[name] and captured[name] or nil
  end
end)

return M
