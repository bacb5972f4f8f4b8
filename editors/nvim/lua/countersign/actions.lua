--- Has the server do something about changes: by its code actions for what is at the cursor, by its commands for what
--- is named.
local M = {}

local board = require("countersign.board")
local client = require("countersign.client")
local hunks = require("countersign.hunks")
local proposals = require("countersign.proposals")

--- What was rejected here, the last one last: arguments of the command that did it.
---@type { changeset: string, hunks?: integer[] }[]
local rejected = {}

--- The server of the current buffer; says what to do when there is none.
---@return vim.lsp.Client?
function M.server()
  local found = client.any(0)
  if not found then
    client.say("no server is attached to this buffer; see :checkhealth countersign", vim.log.levels.WARN)
  end
  return found
end

--- The servers that something concerns as a whole: the current buffer's, and for a buffer that belongs to none, as the
--- list does, all of them. Says what to do when there is none.
---@return vim.lsp.Client[]
function M.servers()
  local own = client.of(0)
  local all = own and { own } or client.all()
  if #all == 0 then
    M.server()
  end
  return all
end

---@param contents any what a command answered with
---@param focus_id string a second answer of the same kind moves into the window
local function float(contents, focus_id)
  local lines = vim.lsp.util.convert_input_to_markdown_lines(contents)
  if vim.iter(lines):any(function(line)
    return line:match("%S")
  end) then
    vim.lsp.util.open_floating_preview(lines, "markdown", { focus_id = focus_id })
  end
end

--- Keeps what was rejected, and forgets what was restored: only once the server did it.
---@param command string
---@param argument table
local function remember(command, argument)
  if command == "countersign.reject" then
    rejected[#rejected + 1] = { changeset = argument.changeset, hunks = argument.hunks }
  elseif command == "countersign.restore" then
    rejected = vim.tbl_filter(function(one)
      return not hunks.covers(argument, one)
    end, rejected)
  end
end

--- Runs a command of the server's. How it went, the server says itself.
---@param found vim.lsp.Client
---@param command string
---@param argument? table
function M.execute(found, command, argument)
  local params = { command = command, arguments = argument and { argument } or nil }
  client.request(found, "workspace/executeCommand", params, vim.api.nvim_get_current_buf(), function(result)
    remember(command, argument or {})
    if type(result) == "string" then
      float(result, "countersign-answer")
    end
  end)
end

--- What was rejected here last and is not restored yet.
---@return { changeset: string, hunks?: integer[] }?
function M.last_rejected()
  return rejected[#rejected]
end

--- Runs a command on a change, and on some of its hunks where they are named.
---@param command string
---@param changeset string its id or the beginning of it
---@param hunks? integer[]
---@param reason? string
function M.decide(command, changeset, hunks, reason)
  local _, found = board.named(changeset)
  found = found or M.server()
  if found then
    M.execute(found, command, { changeset = changeset, hunks = hunks, reason = reason })
  end
end

--- What a code action's command is about: how many hunks of which ChangeSet.
---@param action table
---@return string changeset
---@return integer hunks as many as there are when the command names none
local function subject(action)
  local argument = (action.command.arguments or {})[1] or {}
  return argument.changeset or "", argument.hunks and #argument.hunks or math.huge
end

--- The actions that act on one hunk.
---@param actions table[]
---@return table[]
function M.single(actions)
  return vim.tbl_filter(function(action)
    return select(2, subject(action)) == 1
  end, actions)
end

--- Of each ChangeSet the action that acts on most of it.
---@param actions table[]
---@return table[]
function M.widest(actions)
  local order, best = {}, {}
  for _, action in ipairs(actions) do
    local changeset, hunks = subject(action)
    if not best[changeset] then
      order[#order + 1] = changeset
    end
    if not best[changeset] or hunks > select(2, subject(best[changeset])) then
      best[changeset] = action
    end
  end
  return vim.tbl_map(function(changeset)
    return best[changeset]
  end, order)
end

--- Where a line ends, in the server's units.
---@param line string
---@param encoding string
---@return integer
local function length(line, encoding)
  if encoding == "utf-8" then
    return #line
  elseif vim.fn.has("nvim-0.11") == 1 then
    return vim.str_utfindex(line, encoding)
  end
  local utf32, utf16 = vim.str_utfindex(line)
  return encoding == "utf-16" and utf16 or utf32
end

--- Runs the code action with `command` on lines of the current buffer; asks which, where several fit.
---@param command string
---@param choose fun(actions: table[]): table[]
---@param first integer from 1
---@param last integer
---@param word string the command in words
---@param reason? string
function M.on_lines(command, choose, first, last, word, reason)
  local found, buf = M.server(), vim.api.nvim_get_current_buf()
  if not found then
    return
  end
  local text = vim.api.nvim_buf_get_lines(buf, last - 1, last, false)[1] or ""
  local params = {
    textDocument = { uri = vim.uri_from_bufnr(buf) },
    range = {
      start = { line = first - 1, character = 0 },
      ["end"] = { line = last - 1, character = length(text, found.offset_encoding) },
    },
    context = { diagnostics = proposals.on_lines(buf, first - 1, last - 1), triggerKind = 1 },
  }
  local function run(action)
    local argument = vim.deepcopy((action.command.arguments or {})[1] or {})
    argument.reason = reason
    M.execute(found, command, argument)
  end
  client.request(found, "textDocument/codeAction", params, buf, function(actions)
    local fitting = choose(vim.tbl_filter(function(action)
      return type(action.command) == "table" and action.command.command == command
    end, type(actions) == "table" and actions or {}))
    if #fitting == 0 then
      client.say(("no change to %s here"):format(word), vim.log.levels.WARN)
    elseif #fitting == 1 then
      run(fitting[1])
    else
      vim.ui.select(fitting, {
        prompt = "Countersign:",
        kind = "codeaction",
        format_item = function(action)
          return action.title
        end,
      }, function(chosen)
        if chosen then
          run(chosen)
        end
      end)
    end
  end)
end

--- Ends work that was asked for, of whichever server's it is.
---@param task string its id
function M.cancel(task)
  local _, clients = board.tasks()
  local of_task = vim.lsp.get_client_by_id(clients[task] or -1)
  for _, found in ipairs(of_task and { of_task } or M.servers()) do
    M.execute(found, "countersign.cancel", { task = task })
  end
end

--- Decides all hunks on lines of the current buffer that may be decided so, change by change.
---@param decision countersign.Decision
---@param first integer from 1
---@param last integer
---@param reason? string
function M.on_range(decision, first, last, reason)
  local found, buf = M.server(), vim.api.nvim_get_current_buf()
  if not found then
    return
  end
  board.fresh(found, buf, function(listing)
    local decisions = hunks.on_lines(listing.changesets, vim.uri_from_bufnr(buf), first - 1, last - 1, decision)
    if #decisions == 0 then
      client.say(("no change to %s here"):format(decision), vim.log.levels.WARN)
    end
    for _, one in ipairs(decisions) do
      M.execute(found, "countersign." .. decision, { changeset = one.changeset.id, hunks = one.hunks, reason = reason })
    end
  end)
end

--- A command about the repository's files as a whole.
---@param command string
---@param argument table
function M.of_files(command, argument)
  local found = M.server()
  if found then
    if vim.bo.buftype == "" then
      argument.uri = vim.uri_from_bufnr(0)
    end
    -- An empty table would be sent as a list.
    M.execute(found, command, next(argument) ~= nil and argument or nil)
  end
end

return M
