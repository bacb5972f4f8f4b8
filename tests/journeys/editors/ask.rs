//! Somebody asks for work in the real editors, by what they have for every server: code actions.

use std::path::Path;

use serde_json::json;

use super::{
    RUST_FILE, SECOND, SECOND_FILE, helix, neovim, states, two_files, untouched, verify,
    wait_states,
};
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

#[test]
fn helix_oldest_asks_for_documentation_and_of_a_selection_and_accepts_it() {
    helix_asks(&helix::oldest());
}

/// Passes where there is no newer Helix: the setup has then said so.
#[test]
fn helix_newest_asks_for_documentation_and_of_a_selection_and_accepts_it() {
    helix::newest().iter().for_each(|helix| helix_asks(helix));
}

fn helix_asks(helix: &Path) {
    let world = two_files();
    let scribe = SCRIBE.replace(r#"["docs"]"#, r#"["docs", "refactor"]"#);
    world.write("../config/countersign/config.toml", scribe);
    let terminal = helix::start(&world, helix, 11);
    // What waits already shows that the server is there, and it knows by then who can be asked.
    terminal.wait_for("Ask is_empty()");
    helix::choose(&terminal, "Ask scribe to document total");
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

    // The loop is selected: it is what is meant, and not the function around it.
    helix::go_to(&terminal, 9);
    terminal.keys(&["x", "x", "x"]);
    helix::choose(&terminal, "Ask scribe to refactor lines 9 to 11");
    wait_states(&world, RUST_FILE, &["proposed", "proposed", "accepted", "proposed"]);
    let tasks = support::run(&world, &["list", "--tasks", "--format", "json"]).ok().json();
    let asked = &tasks["tasks"][0]["task"];
    assert_eq!(asked["kind"], "refactor", "{tasks:#}");
    assert_eq!(asked["place"], json!({ "path": RUST_FILE, "first_line": 8, "lines": 3 }));
    terminal.wait_for("Refactor lines 9 to 11, risk ");
    helix::go_to(&terminal, 11);
    helix::choose(&terminal, "Accept Refactor lines");
    terminal.wait_for("    // Refactor lines 9 to 11");
    helix::save(&terminal);
    wait_states(&world, RUST_FILE, &["proposed", "proposed", "accepted", "accepted"]);
    let both =
        documented.replacen("sum += item;\n", "sum += item;\n    // Refactor lines 9 to 11\n", 1);
    helix::at_rest(&terminal, &world, &[(RUST_FILE, &both), (SECOND_FILE, SECOND)]);
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
