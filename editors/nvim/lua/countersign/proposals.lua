--- What the server shows of its proposals: diagnostics with its source.
local M = {}

---@param buf? integer nil for all buffers
---@return vim.Diagnostic[]
function M.diagnostics(buf)
  return vim.tbl_filter(function(diagnostic)
    return diagnostic.source == "countersign"
  end, vim.diagnostic.get(buf))
end

--- The protocol's form of the diagnostics that touch lines `first` to `last`, both from 0.
---@param buf integer
---@param first integer
---@param last integer
---@return table[]
function M.on_lines(buf, first, last)
  local found = {}
  for _, diagnostic in ipairs(M.diagnostics(buf)) do
    local lsp = (diagnostic.user_data or {}).lsp
    if lsp and diagnostic.lnum <= last and (diagnostic.end_lnum or diagnostic.lnum) >= first then
      found[#found + 1] = lsp
    end
  end
  return found
end

return M
