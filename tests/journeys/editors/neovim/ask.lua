-- Runs inside Neovim on src/queue.rs: asks a worker for documentation, by a code action and by :Countersign, hears of its
-- progress, accepts what comes. Prints PASS, or FAIL with what was missing.

local drive = dofile(vim.fs.joinpath(vim.fs.dirname(debug.getinfo(1, "S").source:sub(2)), "driver.lua"))
local until_true, at = drive.until_true, drive.at

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

drive.run(function()
  by_code_action()
  by_command()
end)
