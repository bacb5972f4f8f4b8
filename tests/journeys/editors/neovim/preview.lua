-- Runs inside Neovim on src/queue.rs: proposals inside the text, going from one to the next, hunks as text objects.
-- Prints PASS, or FAIL with what was missing.

local drive = dofile(vim.fs.joinpath(vim.fs.dirname(debug.getinfo(1, "S").source:sub(2)), "driver.lua"))
local until_true, same, at = drive.until_true, drive.same, drive.at

local QUEUE = "src/queue.rs"

--- What is shown in the text, by line from 1: how its lines are highlighted, and the virtual ones beside them.
local function shown()
  local namespace = vim.api.nvim_create_namespace("countersign")
  local found = {}
  for _, mark in ipairs(vim.api.nvim_buf_get_extmarks(0, namespace, 0, -1, { details = true })) do
    local row, details = mark[2] + 1, mark[4]
    if details.hl_group then
      found[#found + 1] = ("%d-%d %s"):format(row, details.end_row, details.hl_group)
    end
    for _, line in ipairs(details.virt_lines or {}) do
      local where = details.virt_lines_above and "above" or "below"
      found[#found + 1] = ("%s %d %s:%s"):format(where, row, line[1][2], line[1][1]:gsub("%s+$", ""))
    end
  end
  table.sort(found)
  return found
end

local function until_shown(wanted)
  table.sort(wanted)
  local now
  local ok = vim.wait(30000, function()
    now = shown()
    return vim.deep_equal(now, wanted)
  end, 10)
  assert(ok, ("%s is shown, not %s; %s"):format(vim.inspect(now), vim.inspect(wanted), vim.inspect(drive.messages)))
end

local function marks()
  local namespace = vim.api.nvim_create_namespace("countersign")
  return vim.tbl_map(function(mark)
    return mark[1]
  end, vim.api.nvim_buf_get_extmarks(0, namespace, 0, -1, {}))
end

local function proposals(moved)
  return {
    ("%d-%d CountersignRemoved"):format(3 + moved, 3 + moved),
    ("below %d CountersignAdded:    queue.is_empty()"):format(3 + moved),
    ("%d-%d CountersignRemoved"):format(23 + moved, 23 + moved),
    ("below %d CountersignAdded:    left.is_empty() && right.is_empty()"):format(23 + moved),
  }
end

local function inside_the_text()
  until_shown(proposals(0))
  for _, group in ipairs(require("countersign.highlights").groups) do
    same(vim.api.nvim_get_hl(0, { name = group.name }).link, group.link)
  end

  -- Text above moves them, before the server has said anything, and nothing is drawn anew when it has.
  local before, listings = marks(), 0
  vim.api.nvim_create_autocmd("User", {
    pattern = "CountersignChanged",
    callback = function()
      listings = listings + 1
    end,
  })
  vim.api.nvim_buf_set_lines(0, 0, 0, false, { "// one", "// two" })
  same(shown(), vim.fn.sort(proposals(2)))
  until_true("the server listed them there", function()
    local changesets = require("countersign.board").changesets()
    local hunk = require("countersign.hunks").find
    local _, first = hunk(changesets[#changesets], 1)
    return listings > 0 and first and first.range.start.line == 4
  end)
  same(shown(), vim.fn.sort(proposals(2)))
  same(marks(), before)
  vim.cmd("silent undo")
  until_shown(proposals(0))

  vim.cmd("Countersign inline off")
  until_shown({})
  vim.cmd("Countersign inline")
  until_shown(proposals(0))
  require("countersign").setup({ preview = false })
  until_shown({})
  require("countersign").setup()
  until_shown(proposals(0))
  vim.cmd("Countersign snooze 60")
  until_shown({})
  -- What is not shown waits all the same.
  same(require("countersign").waiting(), 2)
  vim.cmd("Countersign snooze 0")
  until_shown(proposals(0))
end

local function motions()
  for key, plug in pairs({ gn = "next-hunk", gp = "prev-hunk", gi = "inner-hunk", ga = "a-hunk" }) do
    vim.keymap.set({ "n", "x", "o" }, "<Space>" .. key, ("<Plug>(countersign-%s)"):format(plug))
  end
  local function goes(keys, from, to)
    at(from)
    drive.keys(keys)
    same(vim.api.nvim_win_get_cursor(0)[1], to)
  end
  goes("<Space>gn", 1, 3)
  goes("<Space>gn", 3, 23)
  goes("<Space>gn", 23, 3)
  goes("2<Space>gn", 1, 23)
  goes("<Space>gp", 10, 3)
  goes("<Space>gp", 3, 23)
  goes("<Space>gp", 23, 3)
  goes("3<Space>gp", 23, 3)
  vim.cmd("Countersign next")
  same(vim.api.nvim_win_get_cursor(0), { 23, 4 })
  vim.cmd("Countersign next | Countersign prev | Countersign next | normal! 0")
  same(vim.api.nvim_win_get_cursor(0), { 3, 0 })
  vim.cmd("Countersign next")
  vim.cmd("Countersign prev")
  same(vim.api.nvim_win_get_cursor(0), { 3, 4 })

  local before = drive.buffer()
  local function yanks(keys, from, wanted)
    at(from)
    drive.keys(keys)
    same(vim.fn.getreg('"'), wanted)
  end
  vim.cmd.clearjumps()
  yanks("y<Space>gi", 3, "    queue.len() == 0\n")
  yanks("v<Space>giy", 23, "    left.is_empty() && right.len() == 0\n")
  same(vim.fn.getjumplist()[1], {})
  vim.api.nvim_buf_set_lines(0, 3, 3, false, { "" })
  yanks("y<Space>ga", 3, "    queue.len() == 0\n\n")
  vim.cmd("silent undo")
  at(10)
  drive.keys("d<Space>gi")
  drive.keys("c<Space>gi")
  same(vim.api.nvim_get_mode().mode, "n")
  same(drive.buffer(), before)
  vim.keymap.del({ "n", "x", "o" }, "<Space>gi")
end

--- What the help suggests is free: no mapping of Neovim's own and no key that it describes.
local function suggestions()
  for _, plug in ipairs(require("countersign.plugs")) do
    for _, mode in ipairs(plug.modes) do
      same(vim.fn.maparg(plug.key, mode), "")
      assert(vim.fn.maparg(("<Plug>(countersign-%s)"):format(plug.name), mode, false, true).callback, plug.name)
    end
    for _, prefix in ipairs({ "", "v_", "o_" }) do
      local known = vim.fn.getcompletion(prefix .. plug.key, "help")
      assert(not vim.tbl_contains(known, prefix .. plug.key), prefix .. plug.key .. " is a key of Neovim's")
    end
  end
  assert(vim.tbl_contains(vim.fn.getcompletion("]p", "help"), "]p"), "the help has no index")
end

--- Insertions at both ends, a deletion and tabs, of which some are in a file that is not open yet.
local function every_kind()
  vim.fn.writefile({ "one", "two", "three", "four" }, "ends.txt")
  vim.cmd("silent !git add -A && git commit -qm ends")
  local patch = vim.fn.tempname()
  vim.fn.writefile({
    "--- a/ends.txt",
    "+++ b/ends.txt",
    "@@ -1,4 +1,6 @@",
    "+top",
    "+\tof all",
    " one",
    "-two",
    " three",
    " four",
    "+end",
  }, patch)
  drive.countersign("import", "--patch", patch)
  vim.cmd.edit("ends.txt")
  until_shown({
    "above 1 CountersignAdded:top",
    "above 1 CountersignAdded:        of all",
    "2-2 CountersignRemoved",
    "below 4 CountersignAdded:end",
  })
  vim.cmd("Countersign accept-all")
  until_true("everything in the buffer", function()
    return drive.buffer() == "top\n\tof all\none\nthree\nfour\nend\n"
  end)
  until_shown({})
  vim.cmd("silent write")
  drive.until_ledger("ends.txt", "accepted, accepted, accepted")
end

--- What an agent changed already stands in the text, and what was there before it above.
local function adopted()
  vim.cmd.buffer(QUEUE)
  drive.countersign("snapshot")
  drive.rewrite(function(text)
    return (text:gsub("let mut sum = 0", "let mut sum: u32 = 0"))
  end)
  drive.countersign("adopt", "--agent", "claude")
  until_shown(vim.list_extend(proposals(0), {
    "8-8 CountersignAdopted",
    "above 8 CountersignRemoved:    let mut sum = 0;",
  }))
  at(8)
  vim.cmd("Countersign reject")
  until_true("it is out of the buffer", function()
    return drive.line(8) == "    let mut sum = 0;"
  end)
  until_shown(proposals(0))
  vim.cmd("silent write")
  drive.until_ledger(QUEUE, "proposed, proposed, rejected", true)
  assert(drive.disk() == drive.buffer())
end

drive.run(function()
  local before = drive.buffer()
  inside_the_text()
  motions()
  suggestions()
  every_kind()
  adopted()
  same({ drive.buffer(), drive.disk() }, { before, before })
  drive.until_ledger(QUEUE, "proposed, proposed, rejected", true)
end)
