-- Runs inside Neovim without a server: what of the plugin needs none. Prints PASS, or FAIL with what was missing.

local drive = dofile(vim.fs.joinpath(vim.fs.dirname(debug.getinfo(1, "S").source:sub(2)), "driver.lua"))
local same = drive.same

local hunks = require("countersign.hunks")
local list = require("countersign.list")
local motions = require("countersign.motions")
local words = require("countersign.words")

local function hunk(number, line, removed, added, state)
  return { hunk = number, line = line, removed = removed, added = added, state = state or "proposed", text = "", whole = false }
end

local function change(id, files, more)
  local changeset = { id = id, short = id, title = "t", origin = "o", root = "", group = "waiting", stage = "judged", files = files }
  for _, decision in ipairs({ "accept", "reject", "undo", "restore" }) do
    changeset[decision] = {}
  end
  return vim.tbl_extend("force", changeset, more or {})
end

--- The lines of a hunk are found behind hunks that made the file longer or shorter.
local function sides()
  local before = { "a", "b", "c", "d", "e" }
  local after = { "new", "a", "B", "d", "e", "f", "g" }
  local file = { path = "f", hunks = { hunk(1, 0, 0, 1), hunk(2, 1, 2, 1), hunk(3, 5, 0, 2) } }
  local function of(number)
    return { hunks.sides(file, file.hunks[number], before, after) }
  end
  same(of(1), { {}, { "new" } })
  same(of(2), { { "b", "c" }, { "B" } })
  same(of(3), { {}, { "f", "g" } })
  local whole = vim.tbl_extend("force", hunk(1, 0, 5, 7), { whole = true })
  same({ hunks.sides(file, whole, before, after) }, { before, after })
  same(hunks.lines("a\r\n\nb"), { "a", "", "b" })
  same(hunks.lines(nil), {})
end

local function decisions()
  local waiting, undone, accepted = hunk(1, 0, 1, 1), hunk(2, 3, 1, 1, "undone"), hunk(3, 6, 1, 1, "accepted")
  local changeset = change("abcd", { { path = "f", hunks = { waiting, undone, accepted } } }, { accept = { 1, 2 }, undo = { 3 } })
  local all = hunks.of(changeset)
  same(hunks.decidable(changeset, all, "accept"), { 1 })
  same(hunks.decidable(changeset, { undone }, "accept"), { 2 })
  same(hunks.decidable(changeset, all, "undo"), { 3 })
  same(hunks.names({ changeset }), { "abcd", "abcd/1" })
  same(hunks.names({ changeset }, "undo"), { "abcd", "abcd/3" })
  same(words.progress(changeset), "1 of 3 hunks left")
  same(words.state(changeset, vim.tbl_extend("force", waiting, { standing = "conflict", conflict = "gone\n" })), "conflict: gone ")
  same(words.state(changeset, vim.tbl_extend("force", waiting, { standing = "landed" })), "proposed, in the text already")
end

local function neighbours()
  local spots = { { first = 3, last = 4 }, { first = 3, last = 3 }, { first = 9, last = 9 } }
  local function to(line, steps)
    local spot = motions.neighbour(spots, line, steps)
    return spot and spot.first
  end
  same({ to(1, 1), to(3, 1), to(4, 1), to(9, 1), to(1, 2), to(1, 5) }, { 3, 9, 9, 3, 9, 3 })
  same({ to(10, -1), to(9, -1), to(5, -1), to(3, -1), to(1, -1), to(10, -2) }, { 9, 3, 3, 9, 9, 3 })
  same(motions.neighbour({}, 1, 1), nil)
end

--- The cursor stays on what it was on; when that is gone, it goes to what came after it.
local function cursor()
  local function rows(...)
    local made = {}
    for _, key in ipairs({ ... }) do
      made[#made + 1] = { key = key ~= "" and key or nil, kind = "hunk", text = "", spans = {} }
    end
    return made
  end
  local before = rows("", "a", "b", "c")
  same(list.same(before, 3, rows("", "x", "a", "b", "c")), 4)
  same(list.same(before, 3, rows("", "a", "c")), 3)
  same(list.same(before, 4, rows("", "a")), 2)
  same(list.same(before, 1, rows("", "a")), 1)
  same(list.same({}, 7, rows("")), 1)
end

--- Text of others cannot break the list into lines, and what is closed shows nothing of what is in it.
local function listed()
  local denied = change("beef", { { path = "a\nb", hunks = { hunk(1, 0, 1, 1) } } }, { group = "denied", title = "x\ny", denied = "no" })
  local parked = change("cafe", { { path = "f", hunks = { hunk(1, 0, 1, 1) } } }, { group = "parked" })
  local function texts(open)
    return vim.tbl_map(function(row)
      assert(not row.text:find("\n", 1, true), row.text)
      return row.text
    end, list.rows({}, { denied, parked }, 1, open, function() end))
  end
  same(texts({}), {
    "Countersign  1 hunk to review",
    "Help: g?",
    "",
    "Denied by policy (1)",
    "▾ beef x y  o · not judged yet · 1 hunk",
    "  no",
    "  ▾ a b",
    "    ▸ 1 line 1  denied",
    "",
    "On another branch (1)",
    "▸ cafe t  o · not judged yet · 1 hunk",
  })
  same(#texts({ beef = false }), 8)
  local task = { id = "1", title = "Write\nit", worker = "scribe", state = "failed", said = "no\nroom", changesets = {} }
  local with = list.rows({ task }, {}, 0, {}, function() end)
  same(with[#with].text, "  Write it  scribe  failed: no room")
end

drive.run(function()
  sides()
  decisions()
  neighbours()
  cursor()
  listed()
end)
