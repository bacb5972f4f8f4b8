-- Runs inside Neovim on src/queue.rs, for which nothing is proposed yet: a session from the first proposal to the last
-- decision, with a server that is killed in between. Prints PASS, or FAIL with what was missing.

local drive = dofile(vim.fs.joinpath(vim.fs.dirname(debug.getinfo(1, "S").source:sub(2)), "driver.lua"))
local until_true, until_ledger, waiting = drive.until_true, drive.until_ledger, drive.waiting
local buffer, disk, same, at = drive.buffer, drive.disk, drive.same, drive.at

local QUEUE, STACK = "src/queue.rs", "src/stack.rs"

local function attached()
  local clients = vim.lsp.get_clients({ name = "countersign", bufnr = 0 })
  return #clients == 1 and clients[1].initialized and clients[1].id or nil
end

local function in_stack()
  return table.concat(vim.fn.readfile(STACK), "\n") .. "\n"
end

--- It arrives while the file is open and has text that is not saved.
local function arrives(before)
  drive.await("the server", attached)
  same(drive.diagnostics(), {})
  vim.api.nvim_buf_set_lines(0, 0, 0, false, { "// mine" })
  drive.countersign("run", "--recipe", "rust/len-zero")
  until_true("both hunks below what was typed", function()
    local shown = drive.diagnostics()
    return #shown == 2 and shown[1].lnum == 3
  end)
  until_true("the status line says so", function()
    return require("countersign").statusline() == "countersign: 3 to review"
  end)
  same({ buffer(), disk() }, { "// mine\n" .. before, before })
end

local function reads_why()
  at(4)
  vim.cmd("Countersign why")
  until_true("the page that says why", function()
    return vim.bo.filetype == "markdown" and buffer():find("## Verdict: allow", 1, true) ~= nil
  end)
  drive.keys("q")
  same(vim.fn.expand("%"), QUEUE)
end

--- The server is killed between two decisions, and started again: nothing is lost.
local function killed(before)
  at(4)
  vim.cmd("Countersign accept")
  local first = (("// mine\n" .. before):gsub("queue.len%(%) == 0", "queue.is_empty()"))
  until_true("hunk 1 in the buffer", function()
    return buffer() == first
  end)
  until_ledger(QUEUE, "accepted (unsaved), proposed")
  local server = attached()
  for _, child in ipairs(vim.api.nvim_get_proc_children(vim.fn.getpid())) do
    vim.uv.kill(child, "sigkill")
  end
  until_true("another server", function()
    return attached() ~= nil and attached() ~= server
  end)
  assert(drive.said("signal 9: started again"), vim.inspect(drive.messages))
  assert(drive.said("Client countersign quit"), vim.inspect(drive.messages))
  -- The ledger is asked by the server only: another program that asked before that has said what the buffer holds
  -- would take the buffer for lost.
  until_true("the new server knows both hunks", function()
    local listing = require("countersign.board").listing(attached() or 0)
    local states = {}
    for _, hunk in ipairs(listing and listing.changesets[1] and listing.changesets[1].files[1].hunks or {}) do
      states[#states + 1] = hunk.state .. (hunk.range and " placed" or "")
    end
    return states[1] == "accepted (unsaved) placed" and states[2] == "proposed placed"
  end)
  waiting(1)
  same({ buffer(), disk() }, { first, before })
  return first
end

--- Accepts the rest, of which one file is not open; takes everything out again.
local function over_two_files(before, first)
  local stack = in_stack()
  vim.fn.search("right.len()")
  vim.cmd("Countersign accept-all")
  local all = (first:gsub("right.len%(%) == 0", "right.is_empty()"))
  until_true("the rest in the buffer", function()
    return buffer() == all
  end)
  until_ledger(QUEUE, "accepted (unsaved), accepted (unsaved)")
  until_ledger(STACK, "accepted")
  same(in_stack(), (stack:gsub("stack.len%(%) == 0", "stack.is_empty()")))
  same(disk(), before)
  vim.cmd("silent write")
  until_ledger(QUEUE, "accepted, accepted")
  same(disk(), all)
  waiting(0)

  vim.cmd("Countersign undo")
  until_true("all of it out of the buffer", function()
    return buffer() == "// mine\n" .. before
  end)
  vim.cmd("silent write")
  until_ledger(QUEUE, "undone, undone")
  until_ledger(STACK, "undone")
  same({ disk(), in_stack() }, { "// mine\n" .. before, stack })
end

drive.run(function()
  local before = buffer()
  arrives(before)
  reads_why()
  over_two_files(before, killed(before))
end)
