--- The highlight groups, each linked by default to one that every colour scheme has.
local M = {}

---@type { name: string, link: string, what: string }[]
M.groups = {
  { name = "CountersignAdded", link = "DiffAdd", what = "lines that a proposal puts there" },
  { name = "CountersignRemoved", link = "DiffDelete", what = "lines that a proposal takes away" },
  { name = "CountersignAdopted", link = "DiffChange", what = "lines that an agent changed, in the text and not reviewed" },
  { name = "CountersignDenied", link = "DiffText", what = "lines of a proposal that policy denies" },
  { name = "CountersignHeading", link = "Title", what = "headings of the list" },
  { name = "CountersignId", link = "Identifier", what = "an id in the list" },
  { name = "CountersignPath", link = "Directory", what = "a file in the list" },
  { name = "CountersignNote", link = "Comment", what = "what is said beside them: risk, verdict, state" },
  { name = "CountersignConflict", link = "WarningMsg", what = "a hunk that has no place any more, a denial" },
}

--- Links those that nobody has set. A colour scheme clears links, so this is done again after one.
function M.link()
  for _, group in ipairs(M.groups) do
    vim.api.nvim_set_hl(0, group.name, { default = true, link = group.link })
  end
end

return M
