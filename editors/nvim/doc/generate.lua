-- Prints `countersign.txt`: the prose below, and what settings, commands, keys and highlight groups say of themselves.
-- What can be set about proposals it has from `countersign schema settings`. A test compares the two; `UPDATE_EXPECT=1`
-- has it write the file.

local command = require("countersign.command")
local highlights = require("countersign.highlights")
local plugs = require("countersign.plugs")
local settings = require("countersign.settings")
local window = require("countersign.window")

local WIDTH = 78
local out = {}

local function put(...)
  vim.list_extend(out, { ... })
end

--- Words in lines that begin at a column.
local function wrap(text, column, first)
  local lines, line = {}, first or ""
  line = line .. (" "):rep(column - vim.fn.strdisplaywidth(line))
  if first and vim.fn.strdisplaywidth(first) >= column then
    lines[1], line = first, (" "):rep(column)
  end
  local empty = true
  for word in text:gmatch("%S+") do
    if not empty and vim.fn.strdisplaywidth(line) + 1 + #word > WIDTH then
      lines[#lines + 1], line, empty = line, (" "):rep(column), true
    end
    line, empty = line .. (empty and "" or " ") .. word, false
  end
  lines[#lines + 1] = line
  put(unpack(lines))
end

--- A line that targets stand at the end of, as many as they are.
local function targets(...)
  local line = table.concat(vim.tbl_map(function(tag)
    return "*" .. tag .. "*"
  end, { ... }), " ")
  put((" "):rep(WIDTH - #line) .. line)
end

local sections = {} ---@type [string, string][]

local function section(title, tag)
  sections[#sections + 1] = { title, tag }
  local heading = ("%d. %s"):format(#sections, title:upper())
  local target = "*" .. tag .. "*"
  put("", ("="):rep(WIDTH), heading .. (" "):rep(WIDTH - #heading - #target) .. target, "")
end

local function paragraphs(text)
  put(unpack(vim.split((text:gsub("\n$", "")), "\n")))
end

section("Introduction", "countersign")
paragraphs([[
Countersign shows proposed changes where they would land: as diagnostics, and
inside the text. Each carries its risk and the verdict of the policy; the
hover (|K|) has the reasons. You accept or reject a hunk by a code action or a
command, and may undo an accepted one later, even after other edits.

An accepted hunk is in the buffer, not yet on disk: |:write| saves it as any
other change, and |u| takes it back.

The plugin starts the language server `countersign lsp` for files of a git
repository and adds one command. It maps no key and needs no other plugin.
]])

section("Set-up", "countersign-setup")
paragraphs([[
Neovim 0.10 or newer and the program `countersign` on your PATH. Install the
folder `editors/nvim` as any plugin; there is nothing to call. For example,
as a package: >sh
    ln -s /path/to/countersign/editors/nvim \
      ~/.local/share/nvim/site/pack/countersign/start/countersign
<
Then run `:helptags ALL` once, and |:checkhealth| countersign.
]])

section("Commands", ":Countersign")
paragraphs([[
All complete, ids and reasons included. {id} is the beginning of a change's
id, or {id}/{hunk} for one of its hunks. Without it, a command is about what
is at the cursor, or on the lines of a range such as
`:'<,'>Countersign accept`, all of them; in the list and in a preview, about
what that shows. When several changes are at the cursor, you are asked.

A bar begins another command, as in `:Countersign next | normal! zz`; only
`reject`, `run` and `snapshot` take all of the line for themselves.
]])
put("")
for _, one in ipairs(command.subcommands) do
  targets(":Countersign-" .. one.name)
  local usage = ":Countersign " .. one.name .. (one.arguments ~= "" and " " .. one.arguments or "")
  wrap(one.what, 32, usage)
end
put("")
paragraphs([[
Nothing of this is special to the command: |vim.lsp.buf.code_action()| and
|vim.lsp.buf.hover()| offer the same for what is at the cursor.
]])

section("The list", "countersign-list")
paragraphs([[
`:Countersign` opens a buffer of the file type `countersign` with all changes:
those to review, those that policy denies, those of other branches, and what
was decided. A line is about a change, one of its files or one of its hunks,
and so are the keys. It follows what happens; the cursor stays on what it is
on.
]])
put("")
for _, one in ipairs(window.keys) do
  wrap(one.what, 16, "    " .. one.key)
end

section("Inside the text", "countersign-preview")
paragraphs([[
A proposal shows where it would land: the lines that it takes away are
highlighted, those that it puts there stand below them as virtual lines. What
an agent changed already is highlighted, with what was there before above it.
`:Countersign inline` turns this off and on. While you type, nothing of it is
changed in that buffer.

The highlight groups, and what they are linked to by default:
]])
put("")
for _, group in ipairs(highlights.groups) do
  targets("hl-" .. group.name)
  wrap(("`%s`: %s"):format(group.link, group.what), 32, "    " .. group.name)
end

section("Keys", "countersign-keys")
paragraphs([[
None are mapped. There are mappings to map to, and this is a suggestion that
takes no key of Neovim's own: >lua
]])
for _, plug in ipairs(plugs) do
  local modes = table.concat(vim.tbl_map(function(mode)
    return ("%q"):format(mode)
  end, plug.modes), ", ")
  put(('    vim.keymap.set({ %s }, "%s", "<Plug>(countersign-%s)")'):format(modes, plug.key, plug.name))
end
paragraphs([[
    vim.keymap.set({ "n", "x" }, "<Leader>ca", ":Countersign accept<CR>")
    vim.keymap.set({ "n", "x" }, "<Leader>cx", ":Countersign reject<CR>")
    vim.keymap.set("n", "<Leader>cu", "<Cmd>Countersign undo<CR>")
    vim.keymap.set("n", "<Leader>cp", "<Cmd>Countersign preview<CR>")
    vim.keymap.set("n", "<Leader>cl", "<Cmd>Countersign list<CR>")
]])
put("<")
for _, plug in ipairs(plugs) do
  targets(("<Plug>(countersign-%s)"):format(plug.name))
  wrap(plug.what, 32, ("<Plug>(countersign-%s)"):format(plug.name))
end
put("")
paragraphs([[
`require("countersign.motions")` has them as functions: `next(count)`,
`previous(count)`, `inner()` and `around()`. `]d` and `[d` go from diagnostic
to diagnostic, proposals included.
]])

section("Settings", "countersign-settings")
paragraphs([[
Only if you want other than the defaults: >lua
    require("countersign").setup({
      cmd = { "/opt/countersign/bin/countersign", "lsp" },
      filetypes = { "rust", "python" },
      proposals = { severity = "hint", maximumShown = 20 },
    })
<
What is not given has its default. Call it whenever you like: what is about
the server counts from its next start, `:Countersign restart`.

]])
targets("countersign.setup()")
paragraphs([[
`require("countersign").setup({settings})` takes these:

]])
for _, setting in ipairs(settings.all) do
  targets("countersign-setting-" .. setting.name)
  local default = setting.shown or "`" .. vim.inspect(setting.default) .. "`"
  wrap(setting.what, 16, setting.name)
  wrap("Default: " .. default .. ".", 16)
end
put("")
paragraphs([[
From Neovim 0.11 on, `vim.lsp.config()` with the name `countersign` works too,
and is laid over these. To have no server started, say `autostart = false`:
`vim.lsp.enable("countersign", false)` in your configuration comes before the
plugin enables it, and has no effect; once a server runs, it ends it.
]])

section("What is shown of proposals", "countersign-proposals")
paragraphs([[
The setting `proposals` is a table of these, which the server is told. What
does not hold keeps its default, and one message names it.

]])
local schema = vim.json.decode(vim.system({ "countersign", "schema", "settings" }, { text = true }):wait().stdout)
local names = vim.tbl_keys(schema.properties)
table.sort(names)
for _, name in ipairs(names) do
  local about = schema.properties[name]
  targets("countersign-setting-proposals." .. name)
  -- What is null in JSON is left out in Lua.
  wrap((about.description:gsub("null for", "left out for")), 16, name)
  local values = vim.tbl_map(function(value)
    return ("`%q`"):format(value)
  end, vim.tbl_filter(function(value)
    return value ~= vim.NIL
  end, about.enum or {}))
  if #values > 0 then
    wrap("One of " .. table.concat(values, ", ") .. ".", 16)
  elseif about.minimum then
    wrap(("A number from %d to %d."):format(about.minimum, about.maximum), 16)
  end
  if about.default ~= vim.NIL then
    wrap("Default: `" .. vim.inspect(about.default) .. "`.", 16)
  end
end

section("Status line", "countersign-statusline")
targets("countersign.statusline()")
paragraphs([[
`require("countersign").statusline([buf])` is empty where no server is
attached, else `countersign`, with how many hunks wait in the repository, and
whether the server works on something, is paused, or has tasks that wait since
workers spent their time. It is made when the server says
something new, and costs nothing to show: >lua
    vim.o.statusline = "%f %m%=%{v:lua.require'countersign'.statusline()}"
<
]])
targets("countersign.waiting()")
paragraphs([[
`require("countersign").waiting([buf])` is how many wait in the buffer, those
included that are not shown or fit no more. The autocommand |User|
`CountersignChanged` runs when something changed.
]])

section("Health", "countersign-health")
paragraphs([[
`:checkhealth countersign` says which program is used and its version, whether
the file you came from is in a git repository, whether the server is attached
to it and speaks the same protocol, and how the sandbox, the ledger and your
trust in the repository's gates stand.
]])

section("Trust", "countersign-trust")
paragraphs([[
The gates and workers that a repository states run commands. They run in the
sandbox only, and not before you trusted exactly them: when a proof or a
worker needs that, you are shown the commands and asked, by |vim.ui.select()|.
What waited for it goes on once you agree, and you are asked again when they
change. |:Countersign-trust| asks without an occasion; `countersign trust` in
a terminal does the same, and `countersign trust --show` tells what is
trusted.
]])

local head = {
  "*countersign.txt*  Review what agents propose, hunk by hunk",
  "",
  "Author:   the Countersign authors",
  "License:  MIT or Apache-2.0",
  "          Generated by generate.lua beside it.",
  "",
  ("="):rep(WIDTH),
  "CONTENTS" .. (" "):rep(WIDTH - 8 - 22) .. "*countersign-contents*",
  "",
}
for number, one in ipairs(sections) do
  local entry = ("    %d. %s "):format(number, one[1])
  head[#head + 1] = entry .. ("."):rep(38 - #entry) .. " |" .. one[2] .. "|"
end
local text = table.concat(vim.list_extend(head, out), "\n") .. "\n\nvim:tw=78:ts=8:noet:ft=help:norl:\n"
io.stdout:write(text)
