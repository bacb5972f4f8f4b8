-- Runs inside Neovim on src/queue.rs: asks a worker for documentation, by code actions and by :Countersign, hears of its
-- progress, accepts what comes; asks one that never ends for tests, and cancels that. Prints PASS, or FAIL with what was
-- missing.

local drive = dofile(vim.fs.joinpath(vim.fs.dirname(debug.getinfo(1, "S").source:sub(2)), "driver.lua"))
local until_true, at, same = drive.until_true, drive.at, drive.same

local QUEUE = "src/queue.rs"
local progress = {} ---@type string[] the kinds of progress that the server told of

local tell = vim.lsp.handlers["$/progress"]
vim.lsp.handlers["$/progress"] = function(err, params, context)
  progress[#progress + 1] = params.value.kind
  return tell(err, params, context)
end

--- Waits until a code action is offered on the cursor's line: until the server knows who can be asked, it is not.
local function until_offered(title)
  local server = require("countersign.client")
  local titles, asked = {}, false
  until_true(title .. " is offered", function()
    local client = server.of(0)
    if client and client.initialized and not asked then
      local here = { line = vim.fn.line(".") - 1, character = 0 }
      asked = server.ask(client, "textDocument/codeAction", {
        textDocument = { uri = vim.uri_from_bufnr(0) },
        range = { start = here, ["end"] = here },
        context = { diagnostics = {} },
      }, vim.api.nvim_get_current_buf(), function(_, actions)
        asked = false
        titles = vim.tbl_map(function(action)
          return action.title
        end, type(actions) == "table" and actions or {})
      end)
    end
    return vim.tbl_contains(titles, title)
  end)
end

local function by_code_action()
  at(3)
  until_offered("Ask scribe to document idle")
  drive.code_action("Ask scribe to document idle")
  drive.waiting(1)
  until_true("the end of the progress", function()
    return vim.list_contains(progress, "begin") and vim.list_contains(progress, "end")
  end)
  at(drive.diagnostics()[1].lnum + 1)
  vim.cmd("Countersign accept")
  until_true("the text", function()
    return drive.buffer():find("    // Document idle\n", 1, true) ~= nil
  end)
  vim.cmd("silent write")
  drive.until_ledger(QUEUE, "accepted")
  drive.waiting(0)
end

local function by_command()
  drive.same(vim.fn.getcompletion("Countersign run d", "cmdline"), { "docs", "dependencies" })
  vim.cmd("Countersign run")
  assert(drive.said("say what for: fix, feature"), vim.inspect(drive.messages))
  vim.cmd("8,14Countersign run docs Say what it is for")
  drive.waiting(1)
  vim.cmd("Countersign")
  until_true("the list says what became of it", function()
    return drive.buffer():find("\nAsked for (2)\n", 1, true) ~= nil
      and drive.buffer():find("\n  Say what it is for  [^\n]*proposed") ~= nil
  end)
  drive.keys("q")
  until_true("its place is known", function()
    return #require("countersign.marks").spots(0) == 1
  end)
  vim.cmd("Countersign next")
  vim.cmd("Countersign accept")
  until_true("the text", function()
    return drive.buffer():find("    // Say what it is for\n", 1, true) ~= nil
  end)
  vim.cmd("silent write")
  drive.until_ledger(QUEUE, "accepted, accepted")
end

--- The task of the ledger that was asked for last.
local function last_task()
  return vim.json.decode(drive.countersign("list", "--tasks", "--format", "json")).tasks[1]
end

--- What is selected is what is meant.
local function by_selection()
  local before = drive.buffer()
  -- What was accepted is still shown for a moment.
  drive.waiting(0)
  vim.cmd("normal! 8GVjj")
  same(vim.api.nvim_get_mode().mode, "V")
  drive.code_action("Ask scribe to refactor lines 8 to 10")
  drive.waiting(1)
  same(last_task().task.place, { path = QUEUE, first_line = 7, lines = 3 })
  vim.cmd("normal! \27")
  at(drive.diagnostics()[1].lnum + 1)
  vim.cmd("Countersign reject not now")
  drive.until_ledger(QUEUE, "accepted, accepted, rejected", true)
  same({ drive.buffer(), drive.disk() }, { before, before })
end

--- Work that does not end is cancelled in the list, and its line leads to where it was asked for.
local function cancelled_in_the_list()
  local before = drive.buffer()
  vim.cmd("8,10Countersign run tests Find everything")
  vim.cmd("Countersign")
  until_true("it is under way", function()
    return vim.fn.search("Find everything .*running", "cw") > 0
  end)
  drive.keys("<CR>")
  same(vim.fn.expand("%"), QUEUE)
  vim.cmd("Countersign")
  vim.fn.search("Find everything", "cw")
  drive.keys("x")
  until_true("it is cancelled", function()
    return vim.fn.search("Find everything .*cancelled", "cw") > 0
  end)
  drive.keys("x")
  assert(drive.said("nothing to reject here"), vim.inspect(drive.messages))
  until_true("the ledger knows that", function()
    local ended = last_task().ended
    return ended ~= vim.NIL and vim.inspect(ended):lower():find("cancelled", 1, true) ~= nil
  end)
  -- What came of the work before is where its line leads to.
  vim.fn.search("Say what it is for", "cw")
  drive.keys("<CR>")
  same(vim.fn.expand("%"), QUEUE)
  same({ drive.buffer(), drive.disk() }, { before, before })
  drive.until_ledger(QUEUE, "accepted, accepted, rejected", true)
end

drive.run(function()
  by_code_action()
  by_command()
  by_selection()
  cancelled_in_the_list()
end)
