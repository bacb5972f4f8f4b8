--- `:Countersign`: what there is, with what it completes. The help is generated from it.
local M = {}

local actions = require("countersign.actions")
local board = require("countersign.board")
local client = require("countersign.client")
local hunks = require("countersign.hunks")

---@class countersign.CommandArgs
---@field args string all that was written after the command
---@field fargs string[] subcommand and arguments
---@field line1 integer first line, from 1
---@field line2 integer last line, from 1
---@field range integer whether lines were given
---@field smods table where a window opens

---@class countersign.Subcommand
---@field name string
---@field arguments string as the help writes them
---@field what string for the help
---@field free? boolean whether it takes any text, bars included
---@field run fun(args: countersign.CommandArgs)
---@field complete? fun(words: string[], lead: string): string[] of the argument after `words`

---@class countersign.Named
---@field changeset string
---@field hunks? integer[]

--- A change, or a hunk of one, as a person names it.
---@param text string `ID` or `ID/HUNK`
---@return countersign.Named?
local function named(text)
  local changeset, hunk = text:match("^(%x%x%x%x+)/?(%d*)$")
  if not changeset then
    client.say(("`%s` is no change: write its id, or ID/HUNK"):format(text), vim.log.levels.ERROR)
    return nil
  end
  return { changeset = changeset, hunks = hunk ~= "" and { tonumber(hunk) } or nil }
end

--- What the current buffer is about, where it is a list or a preview.
---@return boolean is_about_changes
---@return countersign.Named?
local function subject()
  if vim.bo.filetype == "countersign" then
    return true, require("countersign.window").subject()
  end
  return vim.b.countersign ~= nil, vim.b.countersign
end

--- A decision on what is named, on what the list or the preview is about, or on the lines of the text.
---@param decision countersign.Decision
---@param choose fun(actions: table[]): table[]
---@param all? boolean whether it is about all of a change that has anything on the lines
---@return fun(args: countersign.CommandArgs)
local function decision_on(decision, choose, all)
  return function(args)
    local command, first = "countersign." .. decision, 2
    local name, reason = args.fargs[2], nil
    if decision == "reject" then
      -- A first word that names no change begins the reason.
      if name and not name:match("^%x%x%x%x+/%d+$") and not (name:match("^%x%x%x%x+$") and board.named(name)) then
        name = nil
      end
      first = name and 3 or 2
      reason = #args.fargs >= first and table.concat(args.fargs, " ", first) or nil
    end
    if name then
      local target = named(name)
      if target then
        actions.decide(command, target.changeset, target.hunks, reason)
      end
      return
    end
    if vim.bo.filetype == "countersign" and args.range > 0 then
      return require("countersign.window").decide(decision, args.line1, args.line2, reason)
    end
    local elsewhere, target = subject()
    if not elsewhere and args.line2 > args.line1 and not all then
      actions.on_range(decision, args.line1, args.line2, reason)
    elseif not elsewhere then
      actions.on_lines(command, choose, args.line1, args.line2, args.fargs[1], reason)
    elseif target then
      local changeset = board.named(target.changeset)
      local of_target = vim.tbl_filter(function(hunk)
        return not target.hunks or vim.tbl_contains(target.hunks, hunk.hunk)
      end, changeset and hunks.of(changeset) or {})
      local may = changeset and hunks.decidable(changeset, of_target, decision) or {}
      if #may == 0 then
        client.say(("nothing to %s here"):format(decision), vim.log.levels.WARN)
      else
        actions.decide(command, target.changeset, may, reason)
      end
    else
      client.say("no change here", vim.log.levels.WARN)
    end
  end
end

--- A command on the change that is named, on the one here, or on the one of the list or the preview.
---@param command string
---@return fun(args: countersign.CommandArgs)
local function on_change(command)
  return function(args)
    local elsewhere, target = subject()
    if args.fargs[2] then
      elsewhere, target = true, named(args.fargs[2])
    end
    if not elsewhere then
      actions.on_lines(command, actions.widest, args.line1, args.line2, args.fargs[1])
    elseif target then
      actions.decide(command, target.changeset)
    end
  end
end

--- The change that is named, else the one here, else the newest that waits.
---@param args countersign.CommandArgs
---@return countersign.Named?
local function meant(args)
  if args.fargs[2] then
    return named(args.fargs[2])
  end
  local elsewhere, target = subject()
  if elsewhere and target then
    return target
  end
  local spot = not elsewhere and require("countersign.motions").spot_at(0, args.line1)
  if spot then
    return { changeset = spot.changeset.id, hunks = { spot.hunk.hunk } }
  end
  for _, changeset in ipairs((board.changesets())) do
    if changeset.group == "waiting" or changeset.group == "denied" then
      return { changeset = changeset.id }
    end
  end
  client.say("no change waits")
end

---@param args countersign.CommandArgs
local function restore(args)
  if not args.fargs[2] then
    local elsewhere = subject()
    local last = not elsewhere and actions.last_rejected() or nil
    if last then
      return actions.decide("countersign.restore", last.changeset, last.hunks)
    elseif not elsewhere then
      return client.say("nothing was rejected here: name the change", vim.log.levels.WARN)
    end
  end
  decision_on("restore", actions.widest)(args)
end

---@param command string
---@param name? string what the server calls its argument, if it has one
---@return fun(args: countersign.CommandArgs)
local function of_files(command, name)
  return function(args)
    local given = table.concat(args.fargs, " ", 2)
    actions.of_files(command, name and given ~= "" and { [name] = given } or {})
  end
end

--- Whether one of the servers said this of itself.
---@param servers vim.lsp.Client[]
---@param what "paused"|"snoozed_until"
---@return boolean
local function is_so(servers, what)
  return vim.iter(servers):any(function(found)
    local status = board.status(found.id)
    return status and status[what]
  end)
end

local KINDS = { "fix", "feature", "refactor", "tests", "docs", "dependencies", "chore", "review" }

--- Asks for work on the buffer's file, or on the lines that were given.
---@param args countersign.CommandArgs
local function ask(args)
  if vim.bo.buftype ~= "" or vim.api.nvim_buf_get_name(0) == "" then
    return client.say("ask for work in a file", vim.log.levels.WARN)
  end
  local is_kind = vim.tbl_contains(KINDS, args.fargs[2] or "")
  local objective = table.concat(args.fargs, " ", is_kind and 3 or 2)
  if not is_kind and objective == "" then
    return client.say(("say what for: %s, or in words"):format(table.concat(KINDS, ", ")), vim.log.levels.ERROR)
  end
  actions.of_files("countersign.ask", {
    kind = is_kind and args.fargs[2] or "feature",
    objective = objective ~= "" and objective or nil,
    range = args.range > 0 and {
      start = { line = args.line1 - 1, character = 0 },
      ["end"] = { line = args.line2, character = 0 },
    } or nil,
  })
end

---@param args countersign.CommandArgs
local function inline(args)
  local marks, wanted = require("countersign.marks"), { on = true, off = false }
  local given = args.fargs[2] and wanted[args.fargs[2]]
  if args.fargs[2] and given == nil then
    return client.say("write `inline on` or `inline off`", vim.log.levels.ERROR)
  end
  if given == nil then
    given = not marks.is_shown()
  end
  marks.show(given)
end

local function log()
  local get = vim.lsp.log and vim.lsp.log.get_filename or vim.lsp.get_log_path
  vim.cmd.tabedit(vim.fn.fnameescape(get()))
end

---@param decision? countersign.Decision
---@return fun(words: string[]): string[]
local function names(decision)
  return function(words)
    return #words == 1 and hunks.names(board.changesets(), decision) or {}
  end
end

--- The reasons of the settings: what is still to write of those that begin as is written.
---@param words string[]
---@param lead string
---@return string[]
local function reasons(words, lead)
  local candidates = names("reject")(words)
  local is_named = words[2] ~= nil and board.named((words[2]:gsub("/%d*$", ""))) ~= nil
  local written = table.concat(words, " ", is_named and 3 or 2)
  for _, reason in ipairs(require("countersign.settings").reasons()) do
    if written == "" then
      candidates[#candidates + 1] = reason
    elseif vim.startswith(reason, written .. " " .. lead) then
      candidates[#candidates + 1] = reason:sub(#written + 2)
    end
  end
  return candidates
end

---@param candidates string[]
---@return fun(words: string[]): string[]
local function first_of(candidates)
  return function(words)
    return #words == 1 and candidates or {}
  end
end

---@type countersign.Subcommand[]
M.subcommands = {
  {
    name = "list",
    arguments = "",
    what = "Open the list of all changes, see |countersign-list|. The same as no subcommand. `:vertical` and `:tab` work.",
    run = function(args)
      require("countersign.window").open(args.smods)
    end,
  },
  {
    name = "review",
    arguments = "[{id}]",
    what = "Review a change: go to its first hunk that waits, with the list beside it and proposals shown inside the text. "
      .. "Without {id}: the change here, or the newest that waits.",
    run = function(args)
      local target = meant(args)
      if target then
        require("countersign.window").review(target.changeset, args.smods)
      end
    end,
    complete = names(),
  },
  {
    name = "next",
    arguments = "[{count}]",
    what = "Go to the next hunk that waits, around the end of the file.",
    run = function(args)
      require("countersign.motions").next(tonumber(args.fargs[2]))
    end,
  },
  {
    name = "prev",
    arguments = "[{count}]",
    what = "Go to the one before.",
    run = function(args)
      require("countersign.motions").previous(tonumber(args.fargs[2]))
    end,
  },
  {
    name = "accept",
    arguments = "[{id}]",
    what = "Put the proposed hunk into the buffer, or one that was undone here again. With a range: all on its lines.",
    run = decision_on("accept", actions.single),
    complete = names("accept"),
  },
  {
    name = "accept-all",
    arguments = "",
    what = "Accept all hunks of the proposal here.",
    run = decision_on("accept", actions.widest, true),
  },
  {
    name = "reject",
    arguments = "[{id}] [{reason}]",
    what = "Do not want the hunk; it is not shown again.",
    free = true,
    run = decision_on("reject", actions.single),
    complete = reasons,
  },
  {
    name = "undo",
    arguments = "[{id}]",
    what = "Take an accepted hunk out again. Works anywhere in a file that has one, and says why where it cannot.",
    run = decision_on("undo", actions.widest),
    complete = names("undo"),
  },
  {
    name = "restore",
    arguments = "[{id}]",
    what = "Let what was rejected wait again; without {id}, what was rejected here last.",
    run = restore,
    complete = names("restore"),
  },
  {
    name = "preview",
    arguments = "[{id}]",
    what = "Show the difference that accepting would make in a tab of its own: on the left the text as it is now, on the "
      .. "right as if the hunk, or all of the change, were accepted. `q` on the right closes it. Of what an agent "
      .. "changed already, the left is the text without it.",
    run = function(args)
      local target = meant(args)
      if target then
        require("countersign.diff").open(target.changeset, target.hunks)
      end
    end,
    complete = names(),
  },
  {
    name = "inline",
    arguments = "[on|off]",
    what = "Show proposals inside the text, or no longer; see |countersign-preview|.",
    run = inline,
    complete = first_of({ "on", "off" }),
  },
  {
    name = "why",
    arguments = "[{id}]",
    what = "Open everything that speaks for and against the change: rationale, risk with its reasons, gates, verdict.",
    run = function(args)
      local target = meant(args)
      if target then
        require("countersign.diff").why(target.changeset, args.smods)
      end
    end,
    complete = names(),
  },
  {
    name = "prove",
    arguments = "[{id}]",
    what = "Run the gates of the project on the change, in the sandbox and in the background. While nobody trusts what "
      .. "would run, you are shown it and asked; when you agree, the proof goes on.",
    run = on_change("countersign.prove"),
    complete = names(),
  },
  {
    name = "trust",
    arguments = "",
    what = "Show what this repository would have run, gates and workers, and ask whether it may, in the sandbox, until it "
      .. "changes. What waits for that goes on. `countersign trust` in a terminal does the same.",
    run = of_files("countersign.trust"),
  },
  {
    name = "repropose",
    arguments = "[{id}]",
    what = "State anew, as a new proposal, what waits of the change and does not fit any more.",
    run = on_change("countersign.repropose"),
    complete = names(),
  },
  {
    name = "snapshot",
    arguments = "[{label}]",
    what = "Record the saved files: from here on an agent may change them.",
    free = true,
    run = of_files("countersign.snapshot", "label"),
  },
  {
    name = "adopt",
    arguments = "[{revision}]",
    what = "Show what changed in the saved files since the last snapshot, or since {revision}, as hunks that are in the text.",
    run = of_files("countersign.adopt", "since"),
    complete = first_of({ "HEAD" }),
  },
  {
    name = "run",
    arguments = "[{kind}] [{objective}]",
    what = "Ask for work on the file, or on the lines of a range: {kind} is `fix`, `feature`, `refactor`, `tests`, `docs`, "
      .. "`dependencies`, `chore` or `review`, {objective} what is to be achieved. Who can be asked is in the "
      .. "configuration of the program. The list shows what becomes of it.",
    free = true,
    run = ask,
    complete = first_of(KINDS),
  },
  {
    name = "cancel",
    arguments = "[{task}]",
    what = "End work that was asked for; without {task}, all of it.",
    run = function(args)
      if args.fargs[2] then
        actions.cancel(args.fargs[2])
      else
        for _, found in ipairs(actions.servers()) do
          actions.execute(found, "countersign.cancel", vim.empty_dict())
        end
      end
    end,
    complete = function(words)
      local under_way = vim.tbl_filter(require("countersign.words").is_under_way, board.tasks())
      return #words == 1 and vim.tbl_map(function(task)
        return task.id
      end, under_way) or {}
    end,
  },
  {
    name = "snooze",
    arguments = "[{minutes}]",
    what = "Show nothing that is proposed in the text for so long; 0 ends it. Without {minutes}: for as long as `snoozeMinutes` says, or no longer.",
    run = function(args)
      local minutes = args.fargs[2] and tonumber(args.fargs[2])
      if args.fargs[2] and not minutes then
        return client.say("write for how many minutes", vim.log.levels.ERROR)
      end
      local servers = actions.servers()
      if not minutes then
        -- Several are not to go different ways; how long is set for each.
        minutes = is_so(servers, "snoozed_until") and 0 or nil
      end
      for _, found in ipairs(servers) do
        actions.execute(found, "countersign.snooze", minutes and { minutes = minutes } or nil)
      end
    end,
    complete = first_of({ "0", "15", "60", "240" }),
  },
  {
    name = "pause",
    arguments = "[on|off]",
    what = "Begin nothing in the background, neither work that waits nor proofs that nobody asks for, until `off`. Without "
      .. "an argument: the other way round. |countersign.statusline()| says `paused` meanwhile.",
    run = function(args)
      local wanted = { on = true, off = false }
      local given = wanted[args.fargs[2]]
      if args.fargs[2] and given == nil then
        return client.say("write `pause on` or `pause off`", vim.log.levels.ERROR)
      end
      local servers = actions.servers()
      if given == nil then
        given = not is_so(servers, "paused")
      end
      for _, found in ipairs(servers) do
        actions.execute(found, "countersign.pause", { paused = given })
      end
    end,
    complete = first_of({ "on", "off" }),
  },
  {
    name = "quickfix",
    arguments = "[buffer]",
    what = "Put all hunks that wait into the |quickfix| list; with `buffer`, those of the current one into the |location-list|.",
    run = function(args)
      require("countersign.quickfix").fill(args.fargs[2] == "buffer")
    end,
    complete = first_of({ "buffer" }),
  },
  {
    name = "restart",
    arguments = "",
    what = "End the server and start it again. One that hangs is ended by force after three seconds, or at once when this "
      .. "is repeated.",
    run = client.restart,
  },
  {
    name = "log",
    arguments = "",
    what = "Open Neovim's LSP log, which holds what the server wrote to standard error.",
    run = log,
  },
}

---@param name string
---@return countersign.Subcommand?
local function subcommand(name)
  for _, one in ipairs(M.subcommands) do
    if one.name == name then
      return one
    end
  end
end

---@return string[]
local function all()
  local sorted = vim.tbl_map(function(one)
    return one.name
  end, M.subcommands)
  table.sort(sorted)
  return sorted
end

--- What was written for a subcommand, and the commands behind a bar. In free text, a bar is one of its characters.
---@param text string after `Countersign`
---@return string own
---@return string? further
local function split_at_bar(text)
  local name = text:match("^%s*([^%s|]*)")
  local bar = text:find("|", 1, true)
  if not bar or (subcommand(name) or {}).free then
    return text
  end
  return text:sub(1, bar - 1), text:sub(bar + 1)
end

---@param args countersign.CommandArgs
function M.run(args)
  local own, further = split_at_bar(args.args)
  if further then
    args.fargs = vim.split(own, "%s+", { trimempty = true })
  end
  local name = args.fargs[1] or "list"
  local found = subcommand(name)
  if not found then
    client.say(("no subcommand `%s`; there are: %s"):format(name, table.concat(all(), ", ")), vim.log.levels.ERROR)
    return
  end
  found.run(args)
  if further then
    vim.cmd(further)
  end
end

--- What was written after the command's name, which may be abbreviated.
---@param line string
---@return string
local function arguments(line)
  for before, name, after in line:gmatch("(.?)%f[%a](C%a*)!?()") do
    -- Behind a quote, it is a mark of the range.
    if before ~= "'" and vim.startswith("Countersign", name) then
      return line:sub(after --[[@as integer]])
    end
  end
  return ""
end

---@param lead string
---@param line string the command line
---@param position integer how many bytes of it are before the cursor
---@return string[]
function M.complete(lead, line, position)
  local own, further = split_at_bar(arguments(line:sub(1, position)))
  if further then
    return M.complete(lead, further, #further)
  end
  local words = vim.split(vim.trim(own:sub(1, -#lead - 1)), "%s+", { trimempty = true })
  local candidates = {}
  if #words == 0 then
    candidates = all()
  else
    local complete = (subcommand(words[1]) or {}).complete
    candidates = complete and complete(words, lead) or {}
  end
  return vim.tbl_filter(function(candidate)
    return vim.startswith(candidate, lead)
  end, candidates)
end

return M
