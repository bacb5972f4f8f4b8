-- Runs inside Neovim on src/queue.rs, in a repository with a gate that nobody trusts: asks for a proof, is asked whether
-- the gate may run, and sees the proof go on. Prints PASS, or FAIL with what was missing.

local drive = dofile(vim.fs.joinpath(vim.fs.dirname(debug.getinfo(1, "S").source:sub(2)), "driver.lua"))
local until_true, said, same = drive.until_true, drive.said, drive.same

local questions = {} ---@type string[]
local answer ---@type string what is chosen, if it is offered

---@diagnostic disable-next-line: duplicate-set-field
vim.ui.select = function(items, options, on_choice)
  questions[#questions + 1] = options.prompt
  for index, item in ipairs(items) do
    if options.format_item(item) == answer then
      return on_choice(item, index)
    end
  end
  on_choice(nil, nil)
end

local function is_trusted()
  local ran = vim.system({ "countersign", "trust", "--show", "--format", "json" }, { text = true }):wait()
  return vim.json.decode(ran.stdout).trusted
end

local function is_proved()
  return drive.countersign("ledger", "export"):find('"kind":"proved"', 1, true) ~= nil
end

local function until_asked(times)
  until_true("a question", function()
    return #questions == times
  end)
  assert(questions[times]:find("mine: sh check.sh", 1, true), questions[times])
end

drive.run(function()
  local before = drive.buffer()
  drive.waiting(2)
  drive.at(3)

  answer = "Not Now"
  vim.cmd("Countersign prove")
  until_asked(1)
  until_true("nothing is run", function()
    return said("nothing was run")
  end)
  same({ is_trusted(), is_proved() }, { false, false })

  vim.cmd("Countersign trust")
  until_asked(2)
  same(is_trusted(), false)

  answer = "Trust until It Changes"
  vim.cmd("Countersign prove")
  until_asked(3)
  until_true("the proof", is_proved)
  same(is_trusted(), true)

  -- Nothing is left to ask about, and what was proved is accepted.
  vim.cmd("Countersign trust")
  vim.cmd("Countersign accept")
  until_true("the hunk in the buffer", function()
    return drive.line(3) == "    queue.is_empty()"
  end)
  drive.until_ledger("src/queue.rs", "accepted (unsaved), proposed")
  same({ #questions, drive.disk() }, { 3, before })
  vim.cmd("silent write")
  drive.until_ledger("src/queue.rs", "accepted, proposed")
  same(drive.disk(), drive.buffer())
end)
