//! Neovim, headless, with the plugin installed as a package. What a person does there is in `neovim/*.lua`.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use test_support::World;

use super::tmux::Terminal;
use super::{
    PYTHON, PYTHON_FILE, RUST_FILE, SECOND, SECOND_FILE, agents, in_checkout, leak, path, pictures,
    program, rust_accepted, states, two_files, untouched, verify, wait_states, world,
};
use crate::support;

#[test]
fn neovim_oldest_accepts_and_undoes() {
    review(&oldest());
}

#[test]
fn neovim_oldest_runs_the_plugin() {
    drive(&world(), &oldest(), "plugin.lua");
}

/// Passes where there is no newer Neovim: the setup has then said so.
#[test]
fn neovim_newest_accepts_and_undoes() {
    if let Some(nvim) = newest() {
        review(&nvim);
    }
}

/// As above.
#[test]
fn neovim_newest_runs_the_plugin() {
    if let Some(nvim) = newest() {
        drive(&world(), &nvim, "plugin.lua");
    }
}

/// In a folder without a repository, so that no server starts.
#[test]
fn neovim_shows_what_is_listed_without_a_server() {
    let world = World::new();
    install(&world);
    let script = in_checkout("tests/journeys/editors/neovim/pure.lua");
    let mut command = world.command(oldest());
    command.args(["--headless", "-i", "NONE", "-c"]).arg(format!("luafile {}", script.display()));
    let output = command.stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("PASS"), "{said}");
}

/// `lua/countersign/board.lua` says of each value what `editors/PROTOCOL.md` says.
#[test]
fn the_types_of_the_neovim_plugin_are_those_of_the_protocol() {
    let page = fs::read_to_string(in_checkout("editors/PROTOCOL.md")).unwrap();
    let board = in_checkout("editors/nvim/lua/countersign/board.lua");
    let types = fs::read_to_string(board).unwrap();
    for name in ["Status", "Task", "Changeset", "Proof", "File", "Hunk"] {
        let documented = page.split(&format!("### {name}\n")).nth(1).unwrap();
        let documented = documented.split("\n#").next().unwrap().lines();
        let documented = documented.filter_map(|line| line.strip_prefix("| `")?.split('`').next());
        let declared = types.split(&format!("---@class countersign.{name}\n")).nth(1).unwrap();
        let declared = declared.lines().map_while(|line| line.strip_prefix("---@field "));
        let declared = declared.filter_map(|line| line.split([' ', '?']).next());
        let (documented, declared): (BTreeSet<_>, BTreeSet<_>) =
            (documented.collect(), declared.collect());
        assert_eq!(declared, documented, "{name} in board.lua");
    }
}

#[test]
fn neovim_oldest_restores_adopts_and_states_anew_by_command() {
    let world = world();
    drive(&world, &oldest(), "commands.lua");
    verify(&world);
}

/// As above.
#[test]
fn neovim_newest_restores_adopts_and_states_anew_by_command() {
    if let Some(nvim) = newest() {
        let world = world();
        drive(&world, &nvim, "commands.lua");
        verify(&world);
    }
}

#[test]
fn neovim_oldest_accepts_over_two_files_sees_a_conflict_and_reviews_what_an_agent_changed() {
    adopt(&oldest());
}

/// As above.
#[test]
fn neovim_newest_accepts_over_two_files_sees_a_conflict_and_reviews_what_an_agent_changed() {
    if let Some(nvim) = newest() {
        adopt(&nvim);
    }
}

#[test]
fn neovim_oldest_shows_proposals_inside_the_text_and_goes_to_them() {
    preview(&oldest());
}

/// As above.
#[test]
fn neovim_newest_shows_proposals_inside_the_text_and_goes_to_them() {
    if let Some(nvim) = newest() {
        preview(&nvim);
    }
}

fn preview(nvim: &Path) {
    let world = world();
    drive(&world, nvim, "preview.lua");
    assert_eq!(world.read(RUST_FILE), support::RUST);
    assert_eq!(world.read("ends.txt"), "top\n\tof all\none\nthree\nfour\nend\n");
    verify(&world);
}

#[test]
fn neovim_oldest_decides_in_the_list_and_previews() {
    list(&oldest());
}

/// As above.
#[test]
fn neovim_newest_decides_in_the_list_and_previews() {
    if let Some(nvim) = newest() {
        list(&nvim);
    }
}

fn list(nvim: &Path) {
    let world = untouched();
    world.write("README.md", "# Queue\n");
    world.commit("A page");
    support::run(&world, &["run", "--recipe", support::RECIPE]).ok();
    leak(&world);
    drive(&world, nvim, "list.lua");
    assert_eq!((&*world.read(RUST_FILE), &*world.read(SECOND_FILE)), (support::RUST, SECOND));
    assert_eq!(world.read("README.md"), "# Queue\n");
    assert_eq!(states(&world, RUST_FILE), ["undone", "undone"]);
    assert_eq!(states(&world, SECOND_FILE), ["undone", "proposed"]);
    assert_eq!(states(&world, "README.md"), ["rejected"]);
    verify(&world);
}

#[test]
fn neovim_oldest_goes_to_files_and_leaves_them_as_they_are() {
    windows(&oldest());
}

/// As above.
#[test]
fn neovim_newest_goes_to_files_and_leaves_them_as_they_are() {
    if let Some(nvim) = newest() {
        windows(&nvim);
    }
}

fn windows(nvim: &Path) {
    let world = two_files();
    drive(&world, nvim, "windows.lua");
    assert_eq!((&*world.read(RUST_FILE), &*world.read(SECOND_FILE)), (support::RUST, SECOND));
    verify(&world);
}

#[test]
fn neovim_oldest_decides_what_is_on_selected_lines() {
    ranges(&oldest());
}

/// As above.
#[test]
fn neovim_newest_decides_what_is_on_selected_lines() {
    if let Some(nvim) = newest() {
        ranges(&nvim);
    }
}

fn ranges(nvim: &Path) {
    let world = world();
    drive(&world, nvim, "ranges.lua");
    assert_eq!(world.read(RUST_FILE), support::RUST);
    assert_eq!(states(&world, RUST_FILE), ["undone", "undone"]);
    verify(&world);
}

#[test]
fn neovim_oldest_starts_and_ends_the_server_as_it_is_told() {
    server(&oldest());
}

/// As above.
#[test]
fn neovim_newest_starts_and_ends_the_server_as_it_is_told() {
    if let Some(nvim) = newest() {
        server(&nvim);
    }
}

fn server(nvim: &Path) {
    let world = world();
    configure(
        &world,
        r#"require("countersign").setup({ autostart = false, proposals = { severity = "warning" } })"#,
    );
    drive(&world, nvim, "server.lua");
    assert_eq!((&*world.read(RUST_FILE), &*world.read(PYTHON_FILE)), (support::RUST, PYTHON));
    assert_eq!(states(&world, RUST_FILE), ["proposed", "proposed"]);
    verify(&world);
}

#[test]
fn neovim_oldest_is_asked_whether_gates_may_run_and_the_proof_goes_on() {
    trust(&oldest());
}

/// As above.
#[test]
fn neovim_newest_is_asked_whether_gates_may_run_and_the_proof_goes_on() {
    if let Some(nvim) = newest() {
        trust(&nvim);
    }
}

fn trust(nvim: &Path) {
    let world = support::gated();
    drive(&world, nvim, "trust.lua");
    assert_eq!(world.read(RUST_FILE), rust_accepted());
    assert_eq!(states(&world, RUST_FILE), ["accepted", "proposed"]);
    verify(&world);
}

#[test]
fn neovim_oldest_goes_on_after_its_server_was_killed() {
    session(&oldest());
}

/// As above.
#[test]
fn neovim_newest_goes_on_after_its_server_was_killed() {
    if let Some(nvim) = newest() {
        session(&nvim);
    }
}

fn session(nvim: &Path) {
    let world = untouched();
    drive(&world, nvim, "session.lua");
    assert_eq!(world.read(RUST_FILE), format!("// mine\n{}", support::RUST));
    assert_eq!(world.read(SECOND_FILE), SECOND);
    assert_eq!(states(&world, RUST_FILE), ["undone", "undone"]);
    assert_eq!(states(&world, SECOND_FILE), ["undone"]);
    verify(&world);
}

#[test]
fn neovim_oldest_moves_nothing_while_somebody_types_into_a_hunk() {
    types(&oldest());
}

/// As above.
#[test]
fn neovim_newest_moves_nothing_while_somebody_types_into_a_hunk() {
    if let Some(nvim) = newest() {
        types(&nvim);
    }
}

/// In a terminal, where there is a screen on which something could move.
fn types(nvim: &Path) {
    let world = support::world();
    support::propose(&world);
    let terminal = open(&world, nvim, RUST_FILE, "vim.o.signcolumn = 'no'");
    let second = "    left.is_empty() && right.is_empty()";
    terminal.wait("both hunks, placed", |screen| {
        screen.contains("\n    queue.is_empty()") && status(screen, "clean clean")
    });
    terminal.text(":23\n");
    terminal.text("A // why?");
    let typed = terminal.wait_for("right.len() == 0 // why?");
    let known = terminal.wait("that the server knows", |screen| status(screen, "clean conflict"));
    // The oldest Neovim hides what it shows of diagnostics at the end of lines.
    let rows = |screen: &str| -> Vec<String> {
        let still = |row: &&str| !row.contains("// why?") && !row.contains("countersign");
        let text = |row: &str| row.split("   ■").next().unwrap().trim_end().to_owned();
        screen.lines().filter(still).map(text).collect()
    };
    assert!(known.contains(second), "{known}");
    assert_eq!(rows(&typed), rows(&known), "something moved");
    terminal.keys(&["Escape"]);
    let after = terminal.wait("the hunk that fits no more is gone", |screen| {
        !screen.lines().any(|row| row.starts_with(second))
    });
    assert!(after.contains("\n    queue.is_empty()"), "{after}");
    terminal.text("u");
    terminal.wait("it is back", |screen| {
        screen.lines().any(|row| row.starts_with(second)) && status(screen, "clean clean")
    });

    // Another way to leave insert mode, which not every one of Neovim's events is told of.
    terminal.text(":23\n");
    terminal.text("A // why?");
    terminal.wait("that the server knows", |screen| status(screen, "clean conflict"));
    terminal.keys(&["C-c"]);
    terminal.wait("the hunk that fits no more is gone", |screen| {
        !screen.lines().any(|row| row.starts_with(second))
    });
    terminal.text("u");
    terminal.wait("it is back", |screen| {
        screen.lines().any(|row| row.starts_with(second)) && status(screen, "clean clean")
    });

    terminal.text(":0put ='// one'\n");
    terminal.wait("both hunks a line further", |screen| status(screen, "drifted drifted"));
    terminal.text(":Countersign next\n");
    terminal.wait("the cursor at the hunk", |screen| status(screen, " 4:"));
    terminal.text(":Countersign accept\n");
    wait_states(&world, RUST_FILE, &["accepted (unsaved)", "proposed"]);
    terminal.wait("it is in the text, once", |screen| {
        screen.matches("\n    queue.is_empty()").count() == 1 && !screen.contains("queue.len()")
    });
    assert_eq!(world.read(RUST_FILE), support::RUST, "accepting wrote to disk");
    terminal.text(":write\n");
    wait_states(&world, RUST_FILE, &["accepted", "proposed"]);
    assert_eq!(world.read(RUST_FILE), format!("// one\n{}", rust_accepted()));
    verify(&world);
}

/// Whether the status line, as [`open`] sets it, has this.
fn status(screen: &str, wanted: &str) -> bool {
    screen.lines().any(|row| row.contains("countersign") && row.contains(wanted))
}

/// Neovim in a terminal, with the plugin and nothing else but a status line that says how hunks stand.
fn open<'w>(world: &'w World, nvim: &Path, file: &str, further: &str) -> Terminal<'w> {
    install(world);
    let init = r#"
        vim.o.swapfile = false
        vim.opt.shortmess:append("I")
        function Standing()
          local found = {}
          for _, changeset in ipairs((require("countersign.board").changesets())) do
            for _, file in ipairs(changeset.files) do
              for _, hunk in ipairs(file.hunks) do
                found[#found + 1] = hunk.standing
              end
            end
          end
          return table.concat(found, " ")
        end
        vim.o.statusline = "%f %m %l:%c %=%{v:lua.require'countersign'.statusline()} %{v:lua.Standing()}"
        vim.api.nvim_create_autocmd("User", { pattern = "CountersignChanged", command = "redrawstatus!" })
    "#;
    configure(world, &format!("{init}\n{further}"));
    Terminal::start(world, &path(), &format!("'{}' -i NONE {file}", nvim.display()))
}

fn adopt(nvim: &Path) {
    let world = two_files();
    drive(&world, nvim, "adopt.lua");
    // The first of the agent's hunks was taken out, the second stayed.
    assert_eq!(world.read(RUST_FILE), agents().replace("sum: u32 = 0", "sum = 0"));
    assert_eq!(world.read(SECOND_FILE), SECOND);
    let mut states = states(&world, RUST_FILE);
    states.sort();
    assert_eq!(states, ["accepted", "rejected", "undone", "undone"]);
    verify(&world);
}

/// `UPDATE_PICTURES=1` has them made anew. They are of the oldest Neovim, and do without what later ones show otherwise.
#[test]
fn the_pictures_of_the_neovim_documentation_are_what_it_shows() {
    let world = untouched();
    world.write("README.md", "# Queue\n");
    world.commit("A page");
    let change = support::id(&support::propose(&world));
    leak(&world);
    let config = "vim.diagnostic.config({ virtual_text = false, signs = false })\n\
                  vim.o.statusline = \"%f %m%=%{v:lua.require'countersign'.statusline()} \"";
    let terminal = open(&world, &oldest(), RUST_FILE, config);
    terminal.resize(110, 26);
    let picture = |name: &str, title: &str, wanted: &[&str]| {
        pictures::shows(&terminal, "nvim", name, title, |screen| {
            wanted.iter().all(|part| screen.contains(part))
        });
    };
    let waits = "countersign: 4 to review";
    terminal.wait_for(waits);
    terminal.text(&format!(":Countersign review {}\n:echo\n", &change[..12]));
    let inline = ["    queue.is_empty()\n", "    left.is_empty() && right.is_empty()\n"];
    picture(
        "review",
        "A proposal inside the text of src/queue.rs, and the list of everything proposed",
        &[inline[0], "Denied by policy (1)", waits],
    );
    terminal.text(":only\n:23\n:Countersign preview\n");
    terminal.wait("the preview", |screen| screen.contains("│") && screen.contains(inline[1]));
    terminal.text(":echo\n");
    picture(
        "preview",
        "The text as it is now beside the text as if the hunk were accepted",
        &["countersign://accepted/", "│"],
    );
    terminal.text("q:Countersign why\n");
    terminal.wait_for("## What the proposer says");
    terminal.text(":only\n:echo\n");
    let page = ["## What the proposer says", "## Risk"];
    picture("why", "What speaks for and against the change", &page);
    picture_adopted(config);
    pictures::are_linked("nvim", 100_000);
}

/// What an agent changed, in the text and in the list.
fn picture_adopted(config: &str) {
    let world = untouched();
    support::run(&world, &["snapshot"]).ok();
    world.write(RUST_FILE, agents());
    support::run(&world, &["adopt", "--agent", "claude"]).ok();
    let terminal = open(&world, &oldest(), RUST_FILE, config);
    terminal.resize(110, 26);
    let waits = "countersign: 2 to review";
    terminal.wait_for(waits);
    terminal.text(":Countersign list\n:echo\n");
    let title = "What an agent changed, to be reviewed where it is";
    pictures::shows(&terminal, "nvim", "adopted", title, |screen| {
        screen.contains(waits)
            && screen.contains("let mut sum: u32 = 0")
            && screen.contains("claude")
    });
}

/// `UPDATE_EXPECT=1` writes it.
#[test]
fn the_help_of_the_neovim_plugin_says_what_there_is() {
    let world = World::new();
    let plugin = in_checkout("editors/nvim");
    let mut command = world.command(oldest());
    command.args(["--clean", "--headless", "--cmd"]);
    command.arg(format!("set runtimepath+={}", plugin.display()));
    command.arg("-l").arg(plugin.join("doc/generate.lua")).env("PATH", path());
    let output = command.stdin(Stdio::null()).output().unwrap();
    let generated = String::from_utf8(output.stdout).unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{said}");
    let file = plugin.join("doc/countersign.txt");
    if env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(&file, &generated).unwrap();
    }
    let help = fs::read_to_string(&file).unwrap();
    assert!(help == generated, "the help is not what doc/generate.lua prints: UPDATE_EXPECT=1");
    let wide = help.lines().filter(|line| line.chars().count() > 78).collect::<Vec<_>>();
    assert_eq!(wide, [""; 0], "lines that are too long");
}

pub fn oldest() -> PathBuf {
    program("COUNTERSIGN_TEST_NVIM")
}

pub fn newest() -> Option<PathBuf> {
    env::var_os("COUNTERSIGN_TEST_NVIM_NEW").map(PathBuf::from)
}

fn review(nvim: &Path) {
    let world = world();
    drive(&world, nvim, "review.lua");
    // The driver saved after it undid, so everything is as it was, and the ledger knows why.
    assert_eq!(world.read(RUST_FILE), support::RUST);
    assert_eq!(world.read(PYTHON_FILE), PYTHON);
    assert_eq!(states(&world, RUST_FILE), ["undone", "rejected"]);
    assert_eq!(states(&world, PYTHON_FILE), ["undone"]);
    verify(&world);
}

/// Runs a driver in Neovim, on the Rust file of `world`.
pub fn drive(world: &World, nvim: &Path, driver: &str) {
    install(world);
    let driver = in_checkout("tests/journeys/editors/neovim").join(driver);
    let mut command = world.command(nvim);
    command.args(["--headless", "-i", "NONE", RUST_FILE]);
    command.arg("-c").arg(format!("luafile {}", driver.display()));
    command.env("PATH", path()).stdin(Stdio::null());
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    let log = fs::read_to_string(world.outer().join("state/nvim/lsp.log")).unwrap_or_default();
    assert!(output.status.success() && said.contains("PASS"), "{said}\n--- lsp.log\n{log}");
}

/// What a person has in their `init.lua`.
fn configure(world: &World, init: &str) {
    let config = world.outer().join("config/nvim");
    fs::create_dir_all(&config).unwrap();
    fs::write(config.join("init.lua"), init).unwrap();
}

/// Installs the plugin as a package, as its README says.
fn install(world: &World) {
    let packages = world.outer().join("data/nvim/site/pack/countersign/start");
    fs::create_dir_all(&packages).unwrap();
    symlink(in_checkout("editors/nvim"), packages.join("countersign")).unwrap();
}
