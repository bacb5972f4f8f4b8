-- Runs inside Neovim on src/queue.rs, with one change over two files and one that is denied: the list of all changes,
-- by its keys, and the previews. Prints PASS, or FAIL with what was missing.

local drive = dofile(vim.fs.joinpath(vim.fs.dirname(debug.getinfo(1, "S").source:sub(2)), "driver.lua"))
local until_true, same, keys = drive.until_true, drive.same, drive.keys

local QUEUE, STACK = "src/queue.rs", "src/stack.rs"

local function text()
  return table.concat(vim.api.nvim_buf_get_lines(vim.fn.bufnr("countersign://list"), 0, -1, false), "\n")
end

local function until_listed(wanted)
  until_true(wanted .. " is listed in\n" .. text(), function()
    return text():find(wanted, 1, true) ~= nil
  end)
end

--- Puts the cursor on the line of the list that has this.
local function on(wanted)
  local number = vim.fn.search("\\V" .. wanted, "cw")
  assert(number > 0, wanted .. " is not in\n" .. text())
end

local function opens()
  until_true("everything is known", function()
    return #require("countersign.board").changesets() == 2
  end)
  vim.cmd("Countersign")
  same({ vim.bo.filetype, vim.bo.buftype, vim.bo.modifiable }, { "countersign", "nofile", false })
  assert(vim.api.nvim_get_current_line():find("▾ %x+ "), vim.api.nvim_get_current_line())
  local shape = text():gsub("%x%x%x%x%x%x%x%x%x%x%x%x", "ID"):gsub("  [^\n]*risk %d+ %l+", "  FROM · RISK")
  same(vim.split(shape, "\n"), {
    "Countersign  4 hunks to review",
    "Help: g?",
    "",
    "To review (1)",
    "▾ ID Ask is_empty() instead of comparing len() with zero  FROM · RISK, allowed by policy · 3 hunks",
    "  ▾ src/queue.rs",
    "    ▸ 1 line 3 in idle  proposed  queue.is_empty()",
    "    ▸ 2 line 23 in both  proposed  left.is_empty() && right.is_empty()",
    "  ▾ src/stack.rs",
    "    ▸ 3 line 2 in none  proposed  stack.is_empty()",
    "",
    "Denied by policy (1)",
    "▾ ID patch leak.patch  FROM · RISK, denied by policy · 1 hunk",
    "  an AWS access key id is added: take it out, and revoke it if it was ever shared",
    "  ▾ README.md",
    "    ▸ 1 line 2  denied  aws_access_key_id = AKIAQ3EGWLJ5X7TZR2MP",
  })
  -- A second time, it is the same window.
  local window = vim.api.nvim_get_current_win()
  vim.cmd.wincmd("p")
  vim.cmd("Countersign list")
  same(vim.api.nvim_get_current_win(), window)
end

local function folds_and_moves()
  on("1 line 3 in")
  keys("=")
  until_listed("\n-    queue.len() == 0\n+    queue.is_empty()\n")
  keys("jj")
  same(vim.api.nvim_get_current_line(), "+    queue.is_empty()")
  keys("=")
  assert(vim.api.nvim_get_current_line():find("▸ 1 line 3"), vim.api.nvim_get_current_line())
  on("src/queue.rs")
  keys("=")
  assert(not text():find("line 3 in", 1, true), text())
  keys(")")
  assert(vim.api.nvim_get_current_line():find("src/stack.rs", 1, true))
  keys("(=")
  keys("2)")
  assert(vim.api.nvim_get_current_line():find("2 line 23", 1, true), vim.api.nvim_get_current_line())
  keys("]]")
  assert(vim.api.nvim_get_current_line():find("leak.patch", 1, true))
  keys("[[")
  assert(vim.api.nvim_get_current_line():find("Ask is_empty", 1, true))
  keys("g?")
  assert(vim.api.nvim_win_get_config(0).relative ~= "" and drive.buffer():find("dv    preview", 1, true), drive.buffer())
  same(vim.api.nvim_buf_line_count(0), #require("countersign.window").keys)
  keys("q")
  same(vim.bo.filetype, "countersign")
end

--- Neither a command nor an action at its place accepts what policy denies, and both say why.
local function denied_in_its_file(page)
  keys("<CR>")
  same(vim.fn.expand("%"), "README.md")
  drive.waiting(1)
  drive.at(drive.diagnostics()[1].lnum + 1)
  vim.cmd("Countersign accept")
  until_true("an answer", function()
    return drive.said("no change to accept here")
  end)
  local client, told = require("countersign.client"), nil
  local say = client.say
  client.say = function(text)
    told = text
  end
  drive.code_action("Why not")
  until_true("the reasons", function()
    return told and told:find("policy: deny; deny: an AWS access key", 1, true) ~= nil
  end)
  client.say = say
  same({ drive.buffer(), drive.disk() }, { page, page })
  drive.until_ledger("README.md", "proposed")
  vim.cmd.buffer(QUEUE)
  vim.cmd("Countersign")
  on("denied  aws")
end

local function denied(page)
  on("denied  aws")
  keys("a")
  assert(drive.said("nothing to accept here"), vim.inspect(drive.messages))
  denied_in_its_file(page)
  keys("K")
  until_true("the page that says why", function()
    return drive.buffer():find("## Verdict: deny", 1, true) ~= nil
  end)
  keys("q")
  same(vim.bo.filetype, "countersign")
  on("denied  aws")
  vim.ui.input = function(_, answer)
    answer("a secret")
  end
  keys("X")
  drive.until_ledger("README.md", "rejected")
  assert(drive.countersign("ledger", "export"):find('"reason":"a secret"', 1, true))
  until_listed("Decided (1)")
end

--- Hunk by hunk, a file, and a selection; the cursor stays on what it was on.
local function decides(before)
  on("2 line 23")
  keys("x")
  drive.until_ledger(QUEUE, "proposed, rejected")
  until_listed("2 line 23 in both  rejected")
  assert(vim.api.nvim_get_current_line():find("2 line 23", 1, true), vim.api.nvim_get_current_line())
  keys("r")
  drive.until_ledger(QUEUE, "proposed, proposed")
  until_listed("2 line 23 in both  proposed")

  on("src/queue.rs")
  keys("a")
  drive.until_ledger(QUEUE, "accepted (unsaved), accepted (unsaved)")
  drive.until_ledger(STACK, "proposed")
  until_listed("1 line 3 in idle  accepted (unsaved)")
  assert(vim.api.nvim_get_current_line():find("src/queue.rs", 1, true), vim.api.nvim_get_current_line())
  on("1 line 3 in")
  keys("Vju")
  drive.until_ledger(QUEUE, "undone, undone")
  -- What was typed a moment ago is known when the list decides.
  until_listed("1 line 3 in idle  undone")
  local queue = vim.fn.bufnr(QUEUE)
  vim.api.nvim_buf_set_lines(queue, 0, 0, false, { "// typed" })
  on("1 line 3 in")
  keys("a")
  drive.until_ledger(QUEUE, "accepted (unsaved), undone")
  same(vim.api.nvim_buf_get_lines(queue, 0, 4, false)[4], "    queue.is_empty()")
  vim.api.nvim_buf_set_lines(queue, 0, 1, false, {})
  until_listed("1 line 3 in idle  accepted (unsaved)")
  on("src/queue.rs")
  keys("u")
  drive.until_ledger(QUEUE, "undone, undone")
  on("src/queue.rs")
  keys("<CR>")
  until_true("as before", function()
    return vim.fn.expand("%") == QUEUE and drive.buffer() == before
  end)
  assert(drive.disk() == before)
  vim.cmd("Countersign")
end

--- A file that is not open is visited at its hunk, previewed, and accepted from its preview.
local function previews(before)
  on("3 line 2 in")
  keys("<CR>")
  same({ vim.fn.expand("%"), vim.fn.line(".") }, { STACK, 2 })
  vim.cmd("Countersign")
  on("3 line 2 in")
  keys("dv")
  until_true("two windows side by side", function()
    return #vim.api.nvim_list_tabpages() == 2 and #vim.api.nvim_tabpage_list_wins(0) == 2
  end)
  local windows = vim.api.nvim_tabpage_list_wins(0)
  same({ vim.wo[windows[1]].diff, vim.wo[windows[2]].diff }, { true, true })
  local left, right = vim.api.nvim_win_get_buf(windows[1]), vim.api.nvim_win_get_buf(windows[2])
  same(vim.fn.fnamemodify(vim.api.nvim_buf_get_name(left), ":."), STACK)
  same(vim.api.nvim_buf_get_lines(right, 1, 2, false)[1], "    stack.is_empty()")
  -- It follows what is typed on the left.
  vim.api.nvim_buf_set_lines(left, 0, 0, false, { "// typed" })
  until_true("the right has it, too", function()
    return vim.api.nvim_buf_get_lines(right, 0, 1, false)[1] == "// typed"
  end)
  local shown = vim.api.nvim_buf_get_lines(right, 0, -1, false)
  vim.cmd("Countersign accept")
  until_true("what was shown is what landed", function()
    return vim.deep_equal(vim.api.nvim_buf_get_lines(left, 0, -1, false), shown)
  end)
  drive.until_ledger(STACK, "accepted (unsaved)")
  keys("q")
  same(#vim.api.nvim_list_tabpages(), 1)
  same(vim.bo.filetype, "countersign")
  until_listed("accepted (unsaved)")
  on("src/stack.rs")
  keys("u")
  drive.until_ledger(STACK, "undone (unsaved)")
  vim.cmd.buffer(STACK)
  same(drive.buffer(), "// typed\n" .. before)
  vim.api.nvim_buf_set_lines(0, 0, 1, false, {})
  vim.cmd("silent write")
  drive.until_ledger(STACK, "undone")
end

--- Something new in the list leaves the cursor where it is, and a review begins at its first hunk.
local function arrives()
  vim.cmd("Countersign")
  on("src/queue.rs")
  local line = vim.fn.line(".")
  local patch = vim.fs.joinpath(vim.fn.fnamemodify(vim.fn.tempname(), ":h"), "page.patch")
  vim.fn.writefile({ "--- a/src/stack.rs", "+++ b/src/stack.rs", "@@ -1 +1,2 @@", "+//! Stacks.", " " .. vim.fn.readfile(STACK)[1] }, patch)
  drive.countersign("import", "--patch", patch)
  until_listed("patch page.patch")
  assert(vim.fn.line(".") > line, "the list grew below")
  assert(vim.api.nvim_get_current_line():find("src/queue.rs", 1, true), vim.api.nvim_get_current_line())
  keys("R")
  keys("q")
  same(vim.bo.filetype, "rust")
  vim.cmd("Countersign review")
  same({ vim.fn.expand("%"), vim.fn.line(".") }, { STACK, 1 })
  vim.cmd("Countersign inline off")
  vim.cmd("Countersign")
  assert(vim.api.nvim_get_current_line():find("line 1  proposed", 1, true), vim.api.nvim_get_current_line())
end

drive.run(function()
  local queue, stack = drive.buffer(), table.concat(vim.fn.readfile(STACK), "\n") .. "\n"
  opens()
  folds_and_moves()
  denied("# Queue\n")
  decides(queue)
  previews(stack)
  arrives()
  for file, text in pairs({ [QUEUE] = queue, [STACK] = stack }) do
    vim.cmd.buffer(file)
    same({ drive.buffer(), drive.disk() }, { text, text })
  end
  drive.until_ledger(QUEUE, "undone, undone")
end)
