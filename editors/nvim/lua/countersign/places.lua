--- Windows on files: going to a hunk's place in one, and leaving one of ours.
local M = {}

local board = require("countersign.board")
local client = require("countersign.client")
local hunks = require("countersign.hunks")

---@class countersign.Arrival
---@field window integer
---@field buf integer
---@field cursor [integer, integer] where somebody was put before the server had placed the hunk
---@field changeset string
---@field hunk integer

---@type countersign.Arrival? the last one that was put where a hunk was captured
local arrival

---@param one countersign.Arrival
---@return boolean
local function is_still_there(one)
  return vim.api.nvim_win_is_valid(one.window)
    and vim.api.nvim_win_get_buf(one.window) == one.buf
    and vim.deep_equal(vim.api.nvim_win_get_cursor(one.window), one.cursor)
end

--- Puts the cursor of a window on a line, and opens the folds that hide it.
---@param window integer
---@param line integer from 1
local function put(window, line)
  local last = vim.api.nvim_buf_line_count(vim.api.nvim_win_get_buf(window))
  vim.api.nvim_win_set_cursor(window, { math.min(line, last), 0 })
  vim.api.nvim_win_call(window, function()
    vim.cmd("silent! normal! zv")
  end)
end

--- Goes to a hunk in the current window, which shows its file. Where the server has not placed it yet, since the file was
--- closed, that is done again once it has, unless somebody moved the cursor meanwhile.
---@param changeset countersign.Changeset
---@param hunk? countersign.Hunk the beginning of the file when nil
function M.arrive(changeset, hunk)
  vim.cmd("normal! m'")
  local window = vim.api.nvim_get_current_win()
  put(window, hunk and (hunk.range and hunk.range.start.line or hunk.line) + 1 or 1)
  if hunk and not hunk.range and not hunk.standing then
    M.expect(window, changeset.id, hunk.hunk)
  end
end

--- The cursor of a window is where a hunk was captured: it goes to the hunk's place once that is known.
---@param window integer
---@param changeset string
---@param hunk integer
function M.expect(window, changeset, hunk)
  local buf, cursor = vim.api.nvim_win_get_buf(window), vim.api.nvim_win_get_cursor(window)
  arrival = { window = window, buf = buf, cursor = cursor, changeset = changeset, hunk = hunk }
end

--- Windows on a buffer whose cursor still is where a jump to a line put it go to another line.
---@param buf integer
---@param from integer from 1
---@param to integer
function M.follow(buf, from, to)
  local text = vim.api.nvim_buf_is_loaded(buf) and vim.api.nvim_buf_get_lines(buf, from - 1, from, false)[1] or ""
  for _, window in ipairs(vim.fn.win_findbuf(buf)) do
    -- A jump to a line goes to its first character that is no blank.
    if vim.deep_equal(vim.api.nvim_win_get_cursor(window), { from, #text:match("^%s*") }) then
      put(window, to)
    end
  end
end

board.on_change(function()
  local one = arrival
  if not one then
    return
  elseif not is_still_there(one) then
    arrival = nil
    return
  end
  local changeset = board.named(one.changeset)
  local _, hunk = hunks.find(changeset or { files = {} }, one.hunk)
  if hunk and hunk.range then
    arrival = nil
    put(one.window, hunk.range.start.line + 1)
  end
end)

--- A window for a file: the one that shows it, else one that shows some file, else a new one.
---@param path string
function M.go_to_window(path)
  local best
  for _, window in ipairs(vim.api.nvim_tabpage_list_wins(0)) do
    local buf = vim.api.nvim_win_get_buf(window)
    if vim.api.nvim_buf_get_name(buf) == path then
      best = window
      break
    elseif vim.bo[buf].buftype == "" and vim.api.nvim_win_get_config(window).relative == "" then
      best = best or window
    end
  end
  if best then
    vim.api.nvim_set_current_win(best)
  else
    vim.cmd("aboveleft split")
  end
end

--- Opens a file in the current window, or as it is said how.
---@param path string
---@param how? "split"|"vsplit"|"tabedit"
function M.open(path, how)
  if how or vim.api.nvim_buf_get_name(0) ~= path then
    vim.cmd({ cmd = how or "edit", args = { vim.fn.fnameescape(vim.fn.fnamemodify(path, ":.")) } })
  end
end

--- Closes the current window. The only one there is shows what it showed before, if that was a file.
function M.leave()
  if pcall(vim.cmd.close) then
    return
  end
  local before = vim.fn.bufnr("#")
  if before > 0 and before ~= vim.api.nvim_get_current_buf() and vim.bo[before].buflisted then
    vim.cmd.buffer(before)
  else
    client.say("this is the only window: `:quit` ends Neovim, `:edit` goes to a file", vim.log.levels.WARN)
  end
end

return M
