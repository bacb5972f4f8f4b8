--- What the servers list as proposed: kept here, asked for again when one says that it changed.
local M = {}

---@class countersign.Task
---@field id string
---@field kind string
---@field title string
---@field worker string
---@field uri? string
---@field state "queued"|"running"|"proposed"|"unchanged"|"failed"|"cancelled"
---@field said? string
---@field changesets string[]

---@class countersign.Budget what workers took of their time within 24 hours
---@field root? string
---@field whole_s integer
---@field spent_s integer
---@field reserved_s integer
---@field exhausted boolean whether no other begins
---@field waiting integer how many tasks wait for time
---@field easier_at? integer
---@field told string

---@class countersign.Status
---@field version string
---@field working boolean
---@field waiting integer
---@field hidden integer
---@field paused boolean
---@field snoozed_until? integer
---@field roots string[]
---@field budget? countersign.Budget
---@field tasks countersign.Task[]

---@class countersign.Range
---@field start { line: integer, character: integer }
---@field end { line: integer, character: integer }

---@class countersign.Hunk
---@field hunk integer its number in the ChangeSet, from 1
---@field state string
---@field whole boolean
---@field entity? string
---@field text string
---@field line integer where it was captured, from 0
---@field added integer
---@field removed integer
---@field range? countersign.Range
---@field standing? "clean"|"drifted"|"landed"|"conflict"
---@field conflict? string

---@class countersign.File
---@field path string
---@field uri? string
---@field change string
---@field hunks countersign.Hunk[]

---@class countersign.Proof
---@field standing "none"|"running"|"passed"|"failed"|"stale"
---@field passed integer how many gates the change did not make worse
---@field gates integer

---@class countersign.Changeset
---@field id string
---@field short string
---@field title string
---@field origin string
---@field root string
---@field shown boolean whether it is to be shown in the text
---@field group "waiting"|"denied"|"parked"|"decided"
---@field stage string
---@field adopted boolean
---@field verdict? "allow"|"review"|"deny"
---@field denied? string
---@field risk? { score: integer, level: string }
---@field proof countersign.Proof
---@field accept integer[]
---@field reject integer[]
---@field undo integer[]
---@field restore integer[]
---@field files countersign.File[]

---@class countersign.Listing
---@field status countersign.Status
---@field changesets countersign.Changeset[]
---@field ticks table<integer, integer> the change count of each buffer when it was asked for

local client = require("countersign.client")

---@type table<integer, countersign.Listing> by client
local listings = {}
---@type table<integer, countersign.Status> by client
local statuses = {}
---@type table<integer, boolean> whether to ask again, for the clients that are being asked
local asking = {}
---@type table<integer, boolean> the clients whose answer somebody waits for, and is told when it is none
local awaited = {}
---@type (fun(client_id: integer))[]
local listeners = {}

--- `vim.NIL` is nil here, at every depth.
---@generic T
---@param value T
---@return T
local function without_nil(value)
  if type(value) ~= "table" then
    return value
  end
  for key, inner in pairs(value) do
    if inner == vim.NIL then
      value[key] = nil
    else
      without_nil(inner)
    end
  end
  return value
end

--- Has `listener` called whenever a listing or a status is another.
---@param listener fun(client_id: integer)
function M.on_change(listener)
  listeners[#listeners + 1] = listener
end

---@param client_id integer
local function tell(client_id)
  for _, listener in ipairs(listeners) do
    local ran, reason = xpcall(listener, debug.traceback, client_id)
    if not ran then
      client.say(tostring(reason), vim.log.levels.ERROR)
    end
  end
  vim.api.nvim_exec_autocmds("User", { pattern = "CountersignChanged", modeline = false })
end

---@return table<integer, integer>
local function ticks()
  local now = {}
  for _, buf in ipairs(vim.api.nvim_list_bufs()) do
    if vim.api.nvim_buf_is_loaded(buf) then
      now[buf] = vim.api.nvim_buf_get_changedtick(buf)
    end
  end
  return now
end

--- Asks a server for everything again. At most one question is under way; another one meanwhile is asked after it.
---@param client_id integer
function M.refresh(client_id)
  local found = vim.lsp.get_client_by_id(client_id)
  if not found then
    return
  elseif asking[client_id] ~= nil then
    asking[client_id] = true
    return
  end
  asking[client_id] = false
  local before = ticks()
  local sent = client.ask(found, "countersign/changesets", vim.empty_dict(), vim.api.nvim_get_current_buf(), function(err, result)
    local again = asking[client_id]
    asking[client_id] = nil
    if err and awaited[client_id] then
      client.say(err.message or vim.inspect(err), vim.log.levels.ERROR)
    end
    awaited[client_id] = nil
    if not err and type(result) == "table" and vim.lsp.get_client_by_id(client_id) then
      local listing = without_nil(result)
      listings[client_id] = { status = listing.status, changesets = listing.changesets, ticks = before }
      statuses[client_id] = listing.status
      tell(client_id)
    end
    if again then
      M.refresh(client_id)
    end
  end)
  if not sent then
    asking[client_id] = nil
  end
end

--- What a server lists now, after all that was typed until now; tells the person where it cannot say.
---@param found vim.lsp.Client
---@param buf integer
---@param on_listing fun(listing: { changesets: countersign.Changeset[] })
function M.fresh(found, buf, on_listing)
  client.request(found, "countersign/changesets", vim.empty_dict(), buf, function(result)
    on_listing(without_nil(result))
  end)
end

--- Asks every server again, because somebody wants to know.
function M.refresh_all()
  local all = client.all()
  if #all == 0 then
    client.say("no server runs: open a file of the repository, or see :checkhealth countersign", vim.log.levels.WARN)
  end
  for _, found in ipairs(all) do
    awaited[found.id] = true
    M.refresh(found.id)
  end
end

--- `countersign/changed`.
---@param client_id integer
---@param status countersign.Status
function M.changed(client_id, status)
  statuses[client_id] = without_nil(status)
  M.refresh(client_id)
end

--- The server is gone, and what it listed with it.
---@param client_id integer
function M.forget(client_id)
  listings[client_id], statuses[client_id] = nil, nil
  asking[client_id], awaited[client_id] = nil, nil
  tell(client_id)
end

--- What a server said last about itself.
---@param client_id integer
---@return countersign.Status?
function M.status(client_id)
  return statuses[client_id]
end

--- What was asked for, of all servers, in the order in which it was asked for, and whose it is.
---@return countersign.Task[] tasks
---@return table<string, integer> clients by the task's id
function M.tasks()
  local all, clients = {}, {}
  local ids = vim.tbl_keys(statuses)
  table.sort(ids)
  for _, id in ipairs(ids) do
    for _, task in ipairs(statuses[id].tasks or {}) do
      all[#all + 1] = task
      clients[task.id] = id
    end
  end
  return all, clients
end

---@param client_id integer
---@return countersign.Listing?
function M.listing(client_id)
  return listings[client_id]
end

--- What all servers list, the newest of each first, and whose it is.
---@return countersign.Changeset[] changesets
---@return table<string, integer> clients by the ChangeSet's id
function M.changesets()
  local all, clients = {}, {}
  local ids = vim.tbl_keys(listings)
  table.sort(ids)
  for _, id in ipairs(ids) do
    for _, changeset in ipairs(listings[id].changesets) do
      all[#all + 1] = changeset
      clients[changeset.id] = id
    end
  end
  return all, clients
end

--- The change that is named by its id or the beginning of it, if only one is.
---@param name string
---@return countersign.Changeset?
---@return vim.lsp.Client? client
function M.named(name)
  local all, clients = M.changesets()
  local fitting = vim.tbl_filter(function(changeset)
    return vim.startswith(changeset.id, name:lower())
  end, all)
  if #fitting ~= 1 then
    return nil
  end
  return fitting[1], vim.lsp.get_client_by_id(clients[fitting[1].id])
end

return M
