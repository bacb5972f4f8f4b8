--- Previews in windows of their own: the difference that a decision would make, and the page that says why.
local M = {}

local board = require("countersign.board")
local client = require("countersign.client")
local hunks = require("countersign.hunks")
local places = require("countersign.places")
local texts = require("countersign.texts")

---@class countersign.Side
---@field params { changeset: string, side: string, path?: string, hunks?: integer[] }

---@type table<integer, countersign.Side> what is shown, by buffer
local shown = {}

---@param buf integer
---@param text string
local function fill(buf, text)
  local lines = hunks.lines(text)
  if vim.deep_equal(vim.api.nvim_buf_get_lines(buf, 0, -1, false), #lines > 0 and lines or { "" }) then
    return
  end
  vim.bo[buf].modifiable = true
  vim.api.nvim_buf_set_lines(buf, 0, -1, false, lines)
  vim.bo[buf].modifiable = false
  vim.bo[buf].modified = false
end

--- A buffer with one text, read again when the server lists something new.
---@param name string
---@param side countersign.Side
---@param text string
---@param filetype string
---@return integer
local function buffer(name, side, text, filetype)
  local buf = vim.fn.bufnr("^" .. vim.fn.escape(name, "\\*?[]{}^$") .. "$")
  if buf < 0 then
    buf = vim.api.nvim_create_buf(false, true)
    vim.api.nvim_buf_set_name(buf, name)
  end
  vim.bo[buf].bufhidden = "wipe"
  fill(buf, text)
  vim.bo[buf].filetype = filetype
  vim.b[buf].countersign = { changeset = side.params.changeset, hunks = side.params.hunks }
  shown[buf] = side
  return buf
end

--- Asks for a text that is shown, again. Where there is none any more, since it was decided, it stays as it was.
---@param buf integer
---@param side countersign.Side
local function again(buf, side)
  local _, found = board.named(side.params.changeset)
  if found then
    texts.ask(found, side.params, function(text)
      if text and shown[buf] == side and vim.api.nvim_buf_is_valid(buf) then
        fill(buf, text)
      end
    end)
  end
end

board.on_change(function()
  for buf, side in pairs(shown) do
    if vim.api.nvim_buf_is_valid(buf) then
      again(buf, side)
    else
      shown[buf] = nil
    end
  end
end)

--- Closes the tab that a difference is in, or the window if it is the last tab.
local function close()
  if #vim.api.nvim_list_tabpages() > 1 then
    -- What somebody did in the file stays in its buffer, whatever 'hidden' says.
    vim.cmd("hide tabclose")
  else
    places.leave()
  end
end

--- Once one of the windows is closed, by whatever means, the other one is a window on a file as any other.
---@param windows integer[]
local function part(windows)
  vim.api.nvim_create_autocmd("WinClosed", {
    pattern = vim.tbl_map(tostring, windows),
    once = true,
    callback = function()
      for _, window in ipairs(vim.tbl_filter(vim.api.nvim_win_is_valid, windows)) do
        vim.api.nvim_win_call(window, function()
          vim.cmd.diffoff()
        end)
      end
    end,
  })
end

---@param buf integer
---@param rhs fun()
local function map_close(buf, rhs)
  vim.keymap.set("n", "q", rhs, { buffer = buf, nowait = true, desc = "Countersign: close the preview" })
end

--- What to compare: the side the server makes, and whether it stands for the text as it was.
---@param changeset countersign.Changeset
---@param file countersign.File
---@param of? integer[]
---@return { changeset: string, side: string, path: string, hunks?: integer[] } params
---@return boolean is_before
local function comparison(changeset, file, of)
  local waiting, accepted, adopted = {}, {}, false
  for _, hunk in ipairs(file.hunks) do
    if not of or vim.tbl_contains(of, hunk.hunk) then
      if hunks.waits(hunk) then
        waiting[#waiting + 1] = hunk.hunk
        adopted = adopted or hunk.state == "adopted"
      elseif vim.tbl_contains(changeset.undo, hunk.hunk) then
        accepted[#accepted + 1] = hunk.hunk
      end
    end
  end
  local params = { changeset = changeset.id, path = file.path }
  if #waiting > 0 then
    params.side, params.hunks = adopted and "taken_out" or "accepted", waiting
    return params, adopted
  end
  params.side, params.hunks = "taken_out", accepted
  return params, true
end

---@param file countersign.File
---@param path string
---@param side countersign.Side
---@param text string
---@param is_before boolean
---@param split string
local function compare(file, path, side, text, is_before, split)
  local filetype = vim.filetype.match({ filename = path }) or ""
  if vim.uv.fs_stat(path) or vim.fn.bufloaded(path) == 1 then
    vim.cmd.tabedit(vim.fn.fnameescape(vim.fn.fnamemodify(path, ":.")))
  else
    -- Nothing to compare with: only this empty text goes with the preview, never a file with what somebody did in it.
    vim.cmd.tabnew()
    vim.bo.buftype = "nofile"
    vim.bo.bufhidden = "wipe"
  end
  local now, window_now = vim.api.nvim_get_current_buf(), vim.api.nvim_get_current_win()
  local numbers = table.concat(side.params.hunks or {}, ",")
  local short = side.params.changeset:sub(1, 12)
  local name = ("countersign://%s/%s/%s/%s"):format(side.params.side, short, numbers, file.path)
  local buf = buffer(name, side, text, filetype)
  local where = split == "horizontal" and (is_before and "above" or "below") or (is_before and "left" or "right")
  local window = vim.api.nvim_open_win(buf, true, { split = where })
  vim.wo[window].wrap = false
  for _, one in ipairs({ window_now, window }) do
    vim.api.nvim_win_call(one, function()
      vim.cmd.diffthis()
    end)
  end
  part({ window_now, window })
  map_close(buf, close)
  -- What the right side shows would stand on the left a second time.
  require("countersign.marks").quieten(now, true)
  vim.api.nvim_create_autocmd("BufWipeout", {
    buffer = buf,
    once = true,
    callback = function()
      require("countersign.marks").quieten(now, false)
    end,
  })
  vim.cmd("silent! normal! gg]c")
end

--- Opens the difference that deciding about hunks would make, or made: in this file if it has any of them, else in the
--- first that has.
---@param name string the change
---@param of? integer[] all of its hunks when nil
---@param path? string of this file
---@param split? "vertical"|"horizontal"
function M.open(name, of, path, split)
  local changeset, found = board.named(name)
  if not changeset or not found then
    return client.say(("no change named %s is listed"):format(name), vim.log.levels.WARN)
  end
  local file
  for _, one in ipairs(changeset.files) do
    local has = not of or vim.iter(one.hunks):any(function(hunk)
      return vim.tbl_contains(of, hunk.hunk)
    end)
    local here = one.uri == vim.uri_from_bufnr(0)
    if has and (not path or path == one.path) and (not file or here) then
      file = one
    end
  end
  if not file or not file.uri then
    return client.say("no file of the change can be shown", vim.log.levels.WARN)
  end
  local params, is_before = comparison(changeset, file, of)
  texts.ask(found, params, function(text, refused)
    if refused or (not text and file.change ~= "deleted") then
      client.say("no preview: " .. (refused or "it is no text"), vim.log.levels.WARN)
    else
      compare(file, vim.uri_to_fname(file.uri), { params = params }, text or "", is_before, split or "vertical")
    end
  end)
end

--- Opens everything that speaks for and against a change.
---@param name string the change
---@param smods? table
function M.why(name, smods)
  local changeset, found = board.named(name)
  if not changeset or not found then
    return client.say(("no change named %s is listed"):format(name), vim.log.levels.WARN)
  end
  local params = { changeset = changeset.id, side = "proof" }
  texts.ask(found, params, function(text, refused)
    if not text then
      return client.say(refused or "there is no page", vim.log.levels.WARN)
    end
    local buf = buffer("countersign://why/" .. changeset.short, { params = params }, text, "markdown")
    local window = vim.fn.bufwinid(buf)
    if window > 0 then
      vim.api.nvim_set_current_win(window)
    else
      vim.cmd({ cmd = "sbuffer", args = { tostring(buf) }, mods = smods })
    end
    vim.wo[0][0].wrap = true
    vim.wo[0][0].linebreak = true
    -- An underscore inside a word is no error.
    vim.cmd("silent! syntax clear markdownError")
    map_close(buf, places.leave)
  end)
end

return M
