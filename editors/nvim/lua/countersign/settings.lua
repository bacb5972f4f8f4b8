--- The settings and their defaults. The help is generated from them.
local M = {}

---@class countersign.Settings
---@field cmd? string[] the server's command line, found on PATH
---@field filetypes? string[] attach to buffers of these file types only; nil: every file in a git repository
---@field autostart? boolean start the server when a file of a git repository is opened
---@field preview? boolean show proposals inside the text; `:Countersign inline` changes it
---@field proposals? countersign.ProposalSettings what the server is told about proposals
---@field reasons? string[] what completion offers as the reason of a rejection

---@class countersign.ProposalSettings the server says what of it does not hold
---@field severity? "hint"|"information"|"warning"
---@field maximumShown? integer
---@field quietHours? string[]
---@field prove? "automatically"|"whenAsked"

---@class countersign.Setting
---@field name string
---@field default any nil where there is none
---@field shown? string the default in words
---@field what string for the help
---@field wanted string for the message about a value that does not fit
---@field fits fun(value: any): boolean

---@param value any
---@return boolean
local function is_strings(value)
  return vim.islist(value) and vim.iter(value):all(function(part)
    return type(part) == "string"
  end)
end

---@param value any
---@return boolean
local function is_boolean(value)
  return type(value) == "boolean"
end

---@type countersign.Setting[]
M.all = {
  {
    name = "cmd",
    default = { "countersign", "lsp" },
    what = "The server's command line.",
    wanted = 'a list of strings such as { "countersign", "lsp" }',
    fits = function(value)
      return is_strings(value) and #value > 0
    end,
  },
  {
    name = "filetypes",
    shown = "every file in a git repository",
    what = "Attach to these file types only.",
    wanted = 'a list of strings such as { "rust", "python" }',
    fits = is_strings,
  },
  {
    name = "autostart",
    default = true,
    what = "Start the server when such a file is opened. When false, `:Countersign restart` starts it, from then on for what "
      .. "is opened later, too.",
    wanted = "true or false",
    fits = is_boolean,
  },
  {
    name = "preview",
    default = true,
    what = "Show proposals inside the text, see |countersign-preview|. `:Countersign inline` changes it for now.",
    wanted = "true or false",
    fits = is_boolean,
  },
  {
    name = "proposals",
    default = {},
    what = "What the server is told about proposals, see |countersign-proposals|.",
    wanted = 'a table such as { severity = "hint" }',
    fits = function(value)
      return type(value) == "table" and (next(value) == nil or not vim.islist(value))
    end,
  },
  {
    name = "reasons",
    default = { "wrong", "not needed", "not now", "out of scope", "too large", "needs tests" },
    what = "What completion offers as the reason of a rejection. Any other text will do as well.",
    wanted = 'a list of strings such as { "wrong", "not now" }',
    fits = is_strings,
  },
}

---@type countersign.Settings
local current = {}

---@param name string
---@return any
local function value(name)
  if current[name] ~= nil then
    return current[name]
  end
  for _, setting in ipairs(M.all) do
    if setting.name == name then
      return setting.default
    end
  end
end

---@param settings countersign.Settings
function M.set(settings)
  for name, given in pairs(settings) do
    local known, setting = {}, nil
    for _, one in ipairs(M.all) do
      known[#known + 1] = one.name
      setting = one.name == name and one or setting
    end
    table.sort(known)
    if not setting then
      error(("countersign: no setting %s; there are: %s"):format(name, table.concat(known, ", ")), 0)
    end
    if not setting.fits(given) then
      error(("countersign: %s must be %s"):format(name, setting.wanted), 0)
    end
  end
  current = vim.deepcopy(settings)
end

---@return string[]
function M.cmd()
  return value("cmd")
end

---@return string[]?
function M.filetypes()
  return value("filetypes")
end

---@return boolean
function M.autostart()
  return value("autostart")
end

---@return boolean
function M.preview()
  return value("preview")
end

--- What the server is told, as its section of the settings; nil where that is nothing.
---@return { countersign: { proposals: countersign.ProposalSettings } }?
function M.for_server()
  local proposals = value("proposals")
  return next(proposals) ~= nil and { countersign = { proposals = vim.deepcopy(proposals) } } or nil
end

---@return string[]
function M.reasons()
  return value("reasons")
end

return M
