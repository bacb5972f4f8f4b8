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

--- What commands on lines are about: all hunks there that may be decided so, and nothing that is hidden.
local function on_lines()
  local function placed(number, first, last, state)
    local range = { start = { line = first, character = 0 }, ["end"] = { line = last, character = 0 } }
    return vim.tbl_extend("force", hunk(number, first, 1, 1, state), { range = range })
  end
  local files = { { uri = "file:///f", hunks = { placed(1, 2, 2), placed(2, 5, 7), placed(3, 9, 9, "undone") } } }
  local one = change("abcd", files, { accept = { 1, 2, 3 } })
  local other = change("beef", { { uri = "file:///f", hunks = { placed(1, 6, 6) } } }, { accept = { 1 } })
  local hidden = change("cafe", { { uri = "file:///f", hunks = { placed(1, 6, 6) } } }, { accept = { 1 }, shown = false })
  local function about(first, last, uri)
    return vim.tbl_map(function(decision)
      return decision.changeset.id .. " " .. table.concat(decision.hunks, ",")
    end, hunks.on_lines({ one, other, hidden }, uri or "file:///f", first, last, "accept"))
  end
  same(about(0, 9), { "abcd 1,2", "beef 1" })
  same(about(2, 4), { "abcd 1" })
  same(about(7, 8), { "abcd 2" })
  same(about(8, 9), { "abcd 3" })
  same(about(0, 9, "file:///g"), {})
  assert(hunks.covers({ changeset = "abcd" }, { changeset = "abcdef", hunks = { 1 } }))
  assert(hunks.covers({ changeset = "abcdef", hunks = { 1, 2 } }, { changeset = "abcdef", hunks = { 2 } }))
  assert(not hunks.covers({ changeset = "abcdef", hunks = { 1 } }, { changeset = "abcdef", hunks = { 1, 2 } }))
  assert(not hunks.covers({ changeset = "abcdef", hunks = { 1 } }, { changeset = "abcdef" }))
  assert(not hunks.covers({ changeset = "beef" }, { changeset = "abcdef" }))
end

--- A hunk that puts more lines there than a window has says so at its end.
local function tall()
  local buf = vim.api.nvim_create_buf(false, true)
  local after = {}
  for number = 1, 50 do
    after[number] = "line " .. number
  end
  local one = vim.tbl_extend("force", hunk(1, 0, 0, 50), { range = { start = { line = 0 }, ["end"] = { line = 0 } } })
  local file = { path = "f", hunks = { one } }
  local about = { changeset = change("abcd", { file }), file = file, hunk = one }
  local function shown(height)
    local drawn = require("countersign.look").of(buf, about, { before = {}, after = after }, { tabstop = 8, height = height })
    local last = drawn.virtual[#drawn.virtual][1][1]:gsub("%s+$", "")
    return { #drawn.virtual, last }
  end
  same(shown(60), { 50, "line 50" })
  same(shown(51), { 50, "line 50" })
  same(shown(50), { 49, "… 2 more lines: :Countersign preview" })
  same(shown(11), { 10, "… 41 more lines: :Countersign preview" })
  same(shown(1), { 1, "… 50 more lines: :Countersign preview" })
end

--- What a listener runs into is said, and the others hear of the change.
local function listeners()
  local board = require("countersign.board")
  local heard = false
  board.on_change(function()
    error("a listener that fails")
  end)
  board.on_change(function()
    heard = true
  end)
  board.forget(1)
  assert(heard and drive.said("a listener that fails"), vim.inspect(drive.messages))
  board.refresh_all()
  assert(drive.said("no server runs"), vim.inspect(drive.messages))
end

--- What is written behind the command, in all the ways in which it can be.
local function command_line()
  local function completes(line, wanted)
    same(vim.fn.getcompletion(line, "cmdline"), wanted)
  end
  completes("Cou acc", { "accept", "accept-all" })
  completes("'<,'>Cou pau", { "pause" })
  completes("'C,'DCountersign pau", { "pause" })
  completes("vertical Countersign lis", { "list" })
  completes("Countersign next | Countersign sno", { "snooze" })
  completes("Countersign reject a|", {})
  local command = require("countersign.command")
  same(command.complete("acc", "Countersign acc -all", #"Countersign acc"), { "accept", "accept-all" })
  same(command.complete("o", "Countersign pause o on", #"Countersign pause o"), { "on", "off" })

  vim.g.after = 0
  vim.cmd("Countersign list | let g:after += 1")
  same({ vim.bo.filetype, vim.g.after }, { "countersign", 1 })
  vim.cmd("Countersign | let g:after += 1")
  vim.cmd("Countersign|let g:after += 1")
  same(vim.g.after, 3)
  vim.cmd("bwipeout!")
  vim.cmd("Countersign run docs | let g:after += 1")
  assert(drive.said("ask for work in a file"), vim.inspect(drive.messages))
  same(vim.g.after, 3)
end

--- Whatever the help points to is there: in the help itself or in Neovim's.
local function help()
  local file = vim.api.nvim_get_runtime_file("doc/countersign.txt", false)[1]
  local text = table.concat(vim.fn.readfile(file), "\n")
  local known = {}
  for _, tags in ipairs({ vim.fs.joinpath(vim.env.VIMRUNTIME, "doc/tags") }) do
    for _, line in ipairs(vim.fn.readfile(tags)) do
      known[line:match("^[^\t]+")] = true
    end
  end
  for target in text:gmatch("%*([^%s*|]+)%*") do
    known[target] = true
  end
  local found = 0
  -- A bar between spaces is none of a link.
  for link in text:gmatch("|([^%s|]+)|") do
    found = found + 1
    assert(known[link], ("|%s| points nowhere"):format(link))
  end
  assert(found > 20, "no links were found")
  for _, one in ipairs(require("countersign.command").subcommands) do
    assert(known[":Countersign-" .. one.name], one.name)
  end
  for _, plug in ipairs(require("countersign.plugs")) do
    assert(known[("<Plug>(countersign-%s)"):format(plug.name)], plug.name)
  end
  for _, group in ipairs(require("countersign.highlights").groups) do
    assert(known["hl-" .. group.name], group.name)
  end
  for _, setting in ipairs(require("countersign.settings").all) do
    assert(known["countersign-setting-" .. setting.name], setting.name)
  end
  for name in pairs(require("countersign")) do
    assert(known[("countersign.%s()"):format(name)], name)
  end
end

drive.run(function()
  sides()
  on_lines()
  tall()
  listeners()
  command_line()
  help()
  decisions()
  neighbours()
  cursor()
  listed()
end)
