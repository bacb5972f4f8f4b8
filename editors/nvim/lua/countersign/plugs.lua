--- The <Plug> mappings: which motion each runs, in which modes, and the key that the help suggests for it.

---@class countersign.Plug
---@field name string
---@field modes string[]
---@field motion string
---@field key string
---@field what string

---@type countersign.Plug[]
return {
  { name = "next-hunk", modes = { "n", "x", "o" }, motion = "next", key = "]h", what = "to the next hunk that waits; takes a count" },
  { name = "prev-hunk", modes = { "n", "x", "o" }, motion = "previous", key = "[h", what = "to the one before; takes a count" },
  { name = "inner-hunk", modes = { "x", "o" }, motion = "inner", key = "ih", what = "the lines of the text that a hunk is about" },
  { name = "a-hunk", modes = { "x", "o" }, motion = "around", key = "ah", what = "those, and the empty lines behind them" },
}
