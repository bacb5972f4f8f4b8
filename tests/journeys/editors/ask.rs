//! Somebody asks for work in the real editors, by what they have for every server: code actions.

use std::path::Path;

use test_support::World;

use super::{RUST_FILE, helix, neovim, states, two_files, untouched, verify, wait_states};
use crate::support;

/// Writes what it was asked for before the last line of the function.
pub const SCRIBE: &str = r#"
[workers.scribe]
command = ["sh", "-euc", 'sed -i "$2i\    // $1" "$0"', "{path}", "{objective}", "{last_line}"]
kinds = ["docs"]
"#;

/// Never comes to an end.
const IDLER: &str = r#"
[workers.idler]
command = ["tail", "-f", "/dev/null"]
kinds = ["tests"]
"#;

fn employs(world: World) -> World {
    world.write("../config/countersign/config.toml", SCRIBE);
    world
}

#[test]
fn helix_asks_for_documentation_and_accepts_it() {
    let world = employs(two_files());
    let terminal = helix::start(&world, 11);
    // What waits already shows that the server is there, and it knows by then who can be asked.
    terminal.wait_for("Ask is_empty()");
    terminal.keys(&["Space", "a"]);
    terminal.wait_for("Ask scribe to document total");
    terminal.keys(&["Enter"]);
    terminal.wait("the proposal", |screen| {
        screen.lines().any(|line| line.contains("13 ") && line.contains("Document total"))
    });
    wait_states(&world, RUST_FILE, &["proposed", "proposed", "proposed"]);
    assert_eq!(world.read(RUST_FILE), support::RUST);
    helix::go_to(&terminal, 13);
    helix::choose(&terminal, "Accept Document total");
    terminal.wait_for("    // Document total");
    helix::save(&terminal);
    wait_states(&world, RUST_FILE, &["proposed", "proposed", "accepted"]);
    let documented = support::RUST.replacen("    sum\n}", "    sum\n    // Document total\n}", 1);
    assert_eq!(world.read(RUST_FILE), documented);
    verify(&world);
}

#[test]
fn neovim_oldest_asks_for_documentation_and_accepts_it() {
    neovim_asks(&neovim::oldest());
}

/// Passes where there is no newer Neovim: the setup has then said so.
#[test]
fn neovim_newest_asks_for_documentation_and_accepts_it() {
    if let Some(nvim) = neovim::newest() {
        neovim_asks(&nvim);
    }
}

fn neovim_asks(nvim: &Path) {
    let world = untouched();
    // Documentation is of all of a function; what is refactored is what somebody selected.
    let workers = SCRIBE.replace(r#"kinds = ["docs"]"#, r#"kinds = ["docs", "refactor"]"#) + IDLER;
    world.write("../config/countersign/config.toml", workers);
    neovim::drive(&world, nvim, "ask.lua");
    let documented = support::RUST.replacen("== 0\n}", "== 0\n    // Document idle\n}", 1);
    let documented = documented.replacen("    sum\n}", "    sum\n    // Say what it is for\n}", 1);
    assert_eq!(world.read(RUST_FILE), documented);
    let mut states = states(&world, RUST_FILE);
    states.sort();
    assert_eq!(states, ["accepted", "accepted", "rejected"]);
    verify(&world);
}
