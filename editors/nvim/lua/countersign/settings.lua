--- The settings and their defaults.
local M = {}

---@class countersign.Settings
---@field cmd? string[] the server's command line; default `{ "countersign", "lsp" }`, found on PATH
---@field filetypes? string[] attach to buffers of these file types only; default: every file in a git repository
---@field autostart? boolean start the server when a file of a git repository is opened; default true

---@type table<string, fun(value: any): boolean>
local valid = {
  cmd = function(value)
    return vim.islist(value) and #value > 0 and vim.iter(value):all(function(part)
      return type(part) == "string"
    end)
  end,
  filetypes = function(value)
    return vim.islist(value) and vim.iter(value):all(function(part)
      return type(part) == "string"
    end)
  end,
  autostart = function(value)
    return type(value) == "boolean"
  end,
}

---@type table<string, string>
local wanted = {
  cmd = 'a list of strings such as { "countersign", "lsp" }',
  filetypes = 'a list of strings such as { "rust", "python" }',
  autostart = "true or false",
}

---@type countersign.Settings
local current = {}

---@param settings countersign.Settings
function M.set(settings)
  for name, value in pairs(settings) do
    if not valid[name] then
      local known = vim.tbl_keys(valid)
      table.sort(known)
      error(("countersign: no setting %s; there are: %s"):format(name, table.concat(known, ", ")), 0)
    end
    if not valid[name](value) then
      error(("countersign: %s must be %s"):format(name, wanted[name]), 0)
    end
  end
  current = vim.deepcopy(settings)
end

---@return string[]
function M.cmd()
  return current.cmd or { "countersign", "lsp" }
end

---@return string[]?
function M.filetypes()
  return current.filetypes
end

---@return boolean
function M.autostart()
  return current.autostart ~= false
end

return M
