--- `:Countersign`. Each subcommand is a standard request to the server or a view of its diagnostics.
local M = {}

local client = require("countersign.client")
local proposals = require("countersign.proposals")

---@class countersign.Subcommand
---@field run fun(args: countersign.CommandArgs)
---@field arguments? fun(): string[] completions of its first argument

---@class countersign.CommandArgs
---@field fargs string[] subcommand and arguments
---@field line1 integer first line, from 1
---@field line2 integer last line, from 1

--- The server of the current buffer; says what to do when there is none.
---@return vim.lsp.Client?
local function server()
  local found = client.of(0)
  if not found then
    client.say("no server is attached to this buffer; see :checkhealth countersign", vim.log.levels.WARN)
  end
  return found
end

---@param contents any what a hover or a command answered with
---@param focus_id string a second request of the same kind moves into the window
---@return boolean shown
local function float(contents, focus_id)
  local lines = vim.lsp.util.convert_input_to_markdown_lines(contents)
  if vim.iter(lines):any(function(line)
    return line:match("%S")
  end) then
    vim.lsp.util.open_floating_preview(lines, "markdown", { focus_id = focus_id })
    return true
  end
  return false
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

--- What was rejected here, the last one last: arguments of the command that restores it.
---@type table[]
local rejected = {}

---@param found vim.lsp.Client
---@param action table
---@param buf integer
local function run_action(found, action, buf)
  local params = { command = action.command.command, arguments = action.command.arguments }
  if params.command == "countersign.reject" then
    rejected[#rejected + 1] = (params.arguments or {})[1]
  end
  client.request(found, "workspace/executeCommand", params, buf, function(result)
    if result ~= nil and result ~= vim.NIL then
      float(result, "countersign-answer")
    end
  end)
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
local function single(actions)
  return vim.tbl_filter(function(action)
    return select(2, subject(action)) == 1
  end, actions)
end

--- Of each ChangeSet the action that acts on most of it.
---@param actions table[]
---@return table[]
local function widest(actions)
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

--- A subcommand that runs the code action with `command` on the cursor's line, or on the given range.
---@param command string
---@param choose fun(actions: table[]): table[]
---@return fun(args: countersign.CommandArgs)
local function action_with(command, choose)
  return function(args)
    local found, buf = server(), vim.api.nvim_get_current_buf()
    if not found then
      return
    end
    local first, last = args.line1 - 1, args.line2 - 1
    local text = vim.api.nvim_buf_get_lines(buf, last, last + 1, false)[1] or ""
    local params = {
      textDocument = { uri = vim.uri_from_bufnr(buf) },
      range = {
        start = { line = first, character = 0 },
        ["end"] = { line = last, character = length(text, found.offset_encoding) },
      },
      context = { diagnostics = proposals.on_lines(buf, first, last), triggerKind = 1 },
    }
    client.request(found, "textDocument/codeAction", params, buf, function(actions)
      local fitting = choose(vim.tbl_filter(function(action)
        return type(action.command) == "table" and action.command.command == command
      end, actions or {}))
      if #fitting == 0 then
        client.say(("no change to %s here"):format(args.fargs[1]), vim.log.levels.WARN)
      elseif #fitting == 1 then
        run_action(found, fitting[1], buf)
      else
        vim.ui.select(fitting, {
          prompt = "Countersign:",
          kind = "codeaction",
          format_item = function(action)
            return action.title
          end,
        }, function(chosen)
          if chosen then
            run_action(found, chosen, buf)
          end
        end)
      end
    end)
  end
end

--- A subcommand about the repository's files as a whole. What comes of it, the server says.
---@param command string
---@param name string what the server calls its argument
---@return fun(args: countersign.CommandArgs)
local function of_files(command, name)
  return function(args)
    local found, buf = server(), vim.api.nvim_get_current_buf()
    if not found then
      return
    end
    local given = table.concat(args.fargs, " ", 2)
    local argument = { uri = vim.uri_from_bufnr(buf), [name] = given ~= "" and given or nil }
    local params = { command = command, arguments = { argument } }
    client.request(found, "workspace/executeCommand", params, buf, function() end)
  end
end

--- A change, or a hunk of one, as a person names it.
---@param text string `ID` or `ID/HUNK`
---@return table? argument
local function named(text)
  local changeset, hunk = text:match("^(%x+)/?(%d*)$")
  if not changeset then
    client.say(("`%s` is no change: write its id, or ID/HUNK"):format(text), vim.log.levels.ERROR)
    return nil
  end
  return { changeset = changeset, hunks = hunk ~= "" and { tonumber(hunk) } or nil }
end

---@param command string
---@param argument table
local function run_named(command, argument)
  local found, buf = server(), vim.api.nvim_get_current_buf()
  if found then
    local params = { command = command, arguments = { argument } }
    client.request(found, "workspace/executeCommand", params, buf, function() end)
  end
end

---@param args countersign.CommandArgs
local function restore(args)
  local argument
  if args.fargs[2] then
    argument = named(args.fargs[2])
  elseif #rejected == 0 then
    client.say("nothing was rejected here: name the change", vim.log.levels.WARN)
  else
    local last = table.remove(rejected)
    argument = { changeset = last.changeset, hunks = last.hunks, path = last.path }
  end
  if argument then
    run_named("countersign.restore", argument)
  end
end

--- Runs a command on the change that is named, or on the one here.
---@param command string
---@return fun(args: countersign.CommandArgs)
local function of_change(command)
  return function(args)
    if not args.fargs[2] then
      return action_with(command, widest)(args)
    end
    local argument = named(args.fargs[2])
    if argument then
      run_named(command, argument)
    end
  end
end

--- The changes that were rejected here, by their short names.
---@return string[]
local function restorable()
  local names = {}
  for _, argument in ipairs(rejected) do
    local name = argument.changeset:sub(1, 12)
    if not vim.tbl_contains(names, name) then
      names[#names + 1] = name
    end
  end
  return names
end

local function preview()
  local found, buf = server(), vim.api.nvim_get_current_buf()
  if not found then
    return
  end
  local params = vim.lsp.util.make_position_params(0, found.offset_encoding)
  client.request(found, "textDocument/hover", params, buf, function(hover)
    if not (hover and float(hover.contents, "countersign-preview")) then
      client.say("no proposal here", vim.log.levels.WARN)
    end
  end)
end

---@param args countersign.CommandArgs
local function list(args)
  local here = args.fargs[2] == "buffer"
  local items = vim.diagnostic.toqflist(proposals.diagnostics(here and 0 or nil))
  local what = { title = "Countersign: proposed changes", items = items }
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

local function log()
  local get = vim.lsp.log and vim.lsp.log.get_filename or vim.lsp.get_log_path
  vim.cmd.tabedit(vim.fn.fnameescape(get()))
end

---@type table<string, countersign.Subcommand>
local subcommands = {
  accept = { run = action_with("countersign.accept", single) },
  ["accept-all"] = { run = action_with("countersign.accept", widest) },
  reject = { run = action_with("countersign.reject", single) },
  undo = { run = action_with("countersign.undo", widest) },
  why = { run = action_with("countersign.why", widest) },
  preview = { run = preview },
  snapshot = { run = of_files("countersign.snapshot", "label") },
  adopt = {
    run = of_files("countersign.adopt", "since"),
    arguments = function()
      return { "HEAD" }
    end,
  },
  restore = { run = restore, arguments = restorable },
  repropose = { run = of_change("countersign.repropose"), arguments = proposals.changesets },
  prove = { run = of_change("countersign.prove"), arguments = proposals.changesets },
  list = {
    run = list,
    arguments = function()
      return { "buffer" }
    end,
  },
  restart = { run = client.restart },
  log = { run = log },
}

---@return string[]
local function names()
  local sorted = vim.tbl_keys(subcommands)
  table.sort(sorted)
  return sorted
end

---@param args countersign.CommandArgs
function M.run(args)
  local name = args.fargs[1] or "list"
  local subcommand = subcommands[name]
  if not subcommand then
    client.say(("no subcommand `%s`; there are: %s"):format(name, table.concat(names(), ", ")), vim.log.levels.ERROR)
    return
  end
  subcommand.run(args)
end

---@param lead string
---@param line string the command line so far
---@return string[]
function M.complete(lead, line)
  local before = line:gsub("^.-Countersign!?", "", 1):sub(1, -#lead - 1)
  local words = vim.split(vim.trim(before), "%s+", { trimempty = true })
  local candidates = {}
  if #words == 0 then
    candidates = names()
  elseif #words == 1 then
    local arguments = (subcommands[words[1]] or {}).arguments
    candidates = arguments and arguments() or {}
  end
  return vim.tbl_filter(function(candidate)
    return vim.startswith(candidate, lead)
  end, candidates)
end

return M
