-- Runs inside Neovim on src/queue.rs: what the plugin adds around the review itself. Prints PASS or FAIL.

local drive = dofile(vim.fs.joinpath(vim.fs.dirname(debug.getinfo(1, "S").source:sub(2)), "driver.lua"))
local until_true, said, same = drive.until_true, drive.said, drive.same

local function fails(text, settings)
  local ok, reason = pcall(require("countersign").setup, settings)
  assert(not ok and tostring(reason):find(text, 1, true), tostring(reason))
end

local function servers()
  return vim.tbl_map(function(client)
    return client.id
  end, vim.lsp.get_clients({ name = "countersign" }))
end

--- Waits until one server other than `before` is attached and shows the proposals.
local function until_new_server(before)
  until_true("a new server", function()
    local now = vim.lsp.get_clients({ name = "countersign", bufnr = 0 })
    return #now == 1 and now[1].id ~= before and require("countersign").waiting() == 2
  end)
  same(#servers(), 1)
  return servers()[1]
end

local function health()
  vim.cmd("checkhealth countersign")
  local report = table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), "\n")
  vim.cmd("bwipeout!")
  return report
end

drive.run(function()
  local file, before = vim.api.nvim_get_current_buf(), drive.buffer()
  same(vim.fn.maparg("<Leader>ca", "n"), "")
  local server = until_new_server(nil)

  same(vim.fn.getcompletion("Countersign acc", "cmdline"), { "accept", "accept-all" })
  same(vim.fn.getcompletion("Countersign quickfix ", "cmdline"), { "buffer" })
  same(vim.fn.getcompletion("Countersign log ", "cmdline"), {})
  vim.cmd("Countersign approve")
  assert(said("no subcommand `approve`"), vim.inspect(drive.messages))
  vim.cmd("1 | Countersign accept")
  until_true("an answer where no proposal is", function()
    return said("no change to accept here")
  end)

  until_true("the status line", function()
    return require("countersign").statusline() == "countersign: 3 to review"
  end)
  local budget = { exhausted = true, waiting = 1 }
  same(
    require("countersign.statusline").text({ waiting = 2, working = true, paused = false, budget = budget }),
    "countersign: 2 to review (budget spent)"
  )
  vim.cmd("Countersign quickfix buffer")
  same(#vim.fn.getloclist(0), 2)
  vim.cmd.lclose()
  vim.cmd("Countersign quickfix")
  same(#vim.fn.getqflist(), 3)
  vim.cmd.cclose()

  vim.cmd("Countersign restart")
  server = until_new_server(server)

  -- One crash is answered with a restart, the next one is reported. The server is Neovim's only child process.
  for _, child in ipairs(vim.api.nvim_get_proc_children(vim.fn.getpid())) do
    vim.uv.kill(child, "sigkill")
  end
  server = until_new_server(server)
  assert(said("signal 9: started again"), vim.inspect(drive.messages))
  for _, child in ipairs(vim.api.nvim_get_proc_children(vim.fn.getpid())) do
    vim.uv.kill(child, "sigkill")
  end
  until_true("the second crash is reported", function()
    return said("the server ended again") and #servers() == 0
  end)
  assert(said("Client countersign quit with exit code"), vim.inspect(drive.messages))
  same(require("countersign").statusline(file), "")
  vim.cmd("Countersign restart")
  server = until_new_server(server)

  local report = health()
  for _, line in ipairs({
    "OK git repository: ",
    "OK server attached",
    "hunks waiting here: 2",
    ": countersign ",
    "OK protocol: the server is ",
    "OK git: git version ",
    "sandbox: ",
    "ledger: ",
    "trust: not trusted",
  }) do
    assert(report:find(line, 1, true), line .. " is not in\n" .. report)
  end

  fails("no setting command; there are: autostart, cmd, filetypes, preview, proposals, reasons", { command = "x" })
  fails("cmd must be a list of strings", { cmd = "countersign lsp" })
  require("countersign").setup({ cmd = { "/nowhere/countersign", "lsp" } })
  vim.cmd("Countersign restart")
  until_true("the missing program is named", function()
    return said("/nowhere/countersign is not an executable file") and #servers() == 0
  end)
  report = health()
  assert(report:find("ERROR /nowhere/countersign is not an executable file", 1, true), report)

  -- A file without a file type belongs to a repository, too; one outside of any does not.
  require("countersign").setup()
  vim.cmd("Countersign restart")
  until_new_server(server)
  vim.fn.writefile({ "text" }, "NOTICE-1")
  vim.cmd.edit("NOTICE-1")
  same(vim.bo.filetype, "")
  until_true("attached without a file type", function()
    return require("countersign").statusline() == "countersign: 3 to review"
  end)
  vim.cmd.edit(vim.fn.tempname() .. ".rs")
  assert(not require("countersign.client").root(0), "a root outside of any repository")
  same(require("countersign").statusline(), "")
  vim.cmd.buffer(file)
  same({ drive.buffer(), drive.disk() }, { before, before })
  drive.until_ledger("src/queue.rs", "proposed, proposed")
end)
