-- Runs inside Neovim on src/queue.rs: what the plugin adds around the review itself. Prints PASS or FAIL.

local TIMEOUT_MS = 30000
local messages = {}

---@diagnostic disable-next-line: duplicate-set-field
vim.notify = function(message)
  messages[#messages + 1] = message
end

local function until_true(what, condition)
  local ok = vim.wait(TIMEOUT_MS, condition, 10)
  assert(ok, ("never: %s; messages: %s"):format(what, vim.inspect(messages)))
end

local function said(text)
  return vim.iter(messages):any(function(message)
    return message:find(text, 1, true) ~= nil
  end)
end

local function same(actual, expected)
  assert(vim.deep_equal(actual, expected), vim.inspect(actual) .. " is not " .. vim.inspect(expected))
end

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

local ok, reason = xpcall(function()
  local file = vim.api.nvim_get_current_buf()
  same(vim.fn.maparg("<Leader>ca", "n"), "")
  local server = until_new_server(nil)

  same(vim.fn.getcompletion("Countersign acc", "cmdline"), { "accept", "accept-all" })
  same(vim.fn.getcompletion("Countersign list ", "cmdline"), { "buffer" })
  same(vim.fn.getcompletion("Countersign accept ", "cmdline"), {})
  vim.cmd("Countersign approve")
  assert(said("no subcommand `approve`"), vim.inspect(messages))
  vim.cmd("1 | Countersign accept")
  until_true("an answer where no proposal is", function()
    return said("no change to accept here")
  end)

  vim.cmd("Countersign list buffer")
  same(#vim.fn.getloclist(0), 2)
  vim.cmd.lclose()

  vim.cmd("Countersign restart")
  server = until_new_server(server)

  -- One crash is answered with a restart, the next one is reported. The server is Neovim's only child process.
  for _, child in ipairs(vim.api.nvim_get_proc_children(vim.fn.getpid())) do
    vim.uv.kill(child, "sigkill")
  end
  server = until_new_server(server)
  assert(said("signal 9: started again"), vim.inspect(messages))
  for _, child in ipairs(vim.api.nvim_get_proc_children(vim.fn.getpid())) do
    vim.uv.kill(child, "sigkill")
  end
  until_true("the second crash is reported", function()
    return said("the server ended again") and #servers() == 0
  end)
  same(require("countersign").status(file), "")
  vim.cmd("Countersign restart")
  server = until_new_server(server)

  local report = health()
  for _, line in ipairs({ "OK git repository: ", "OK server attached", "hunks waiting here: 2", ": countersign " }) do
    assert(report:find(line, 1, true), report)
  end

  fails("no setting command; there are: autostart, cmd, filetypes", { command = "x" })
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
    return require("countersign").status() == "countersign"
  end)
  vim.cmd.edit(vim.fn.tempname() .. ".rs")
  assert(not require("countersign.client").root(0), "a root outside of any repository")
  same(require("countersign").status(), "")
end, debug.traceback)
if not ok then
  io.stdout:write("FAIL " .. tostring(reason) .. "\n")
  vim.cmd("cquit 1")
end
io.stdout:write("PASS " .. tostring(vim.version()) .. "\n")
vim.cmd("qall!")
