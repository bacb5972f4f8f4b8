//! Somebody asks for work in the real editors, by what they have for every server: code actions.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Stdio;

use test_support::World;

use super::{
    RUST_FILE, helix, in_checkout, path, program, states, two_files, untouched, verify, wait_states,
};
use crate::support;

/// Writes what it was asked for before the last line of the function.
const SCRIBE: &str = r#"
[workers.scribe]
command = ["sh", "-euc", 'sed -i "$2i\    // $1" "$0"', "{path}", "{objective}", "{last_line}"]
kinds = ["docs"]
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
fn neovim_asks_for_documentation_and_accepts_it() {
    let world = employs(untouched());
    drive(&world, &program("COUNTERSIGN_TEST_NVIM"));
    let documented = support::RUST.replacen("== 0\n}", "== 0\n    // Document idle\n}", 1);
    assert_eq!(world.read(RUST_FILE), documented);
    assert_eq!(states(&world, RUST_FILE), ["accepted"]);
    verify(&world);
}

/// Runs the driver in Neovim.
fn drive(world: &World, nvim: &Path) {
    let packages = world.outer().join("data/nvim/site/pack/countersign/start");
    fs::create_dir_all(&packages).unwrap();
    symlink(in_checkout("editors/nvim"), packages.join("countersign")).unwrap();
    let driver = in_checkout("tests/journeys/editors/nvim_ask.lua");
    let mut command = world.command(nvim);
    command.args(["--headless", "-i", "NONE", RUST_FILE]);
    command.arg("-c").arg(format!("luafile {}", driver.display()));
    let output = command.env("PATH", path()).stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("PASS"), "{said}");
}
