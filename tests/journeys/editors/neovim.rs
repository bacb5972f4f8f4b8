//! Neovim, headless, with the plugin installed as a package. The drivers are `nvim_*.lua`.

use std::env;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use test_support::World;

use super::{
    PYTHON, PYTHON_FILE, RUST_FILE, SECOND, SECOND_FILE, agents, in_checkout, path, program,
    states, two_files, verify, world,
};
use crate::support;

#[test]
fn neovim_oldest_accepts_and_undoes() {
    review(&oldest());
}

#[test]
fn neovim_oldest_runs_the_plugin() {
    drive(&world(), &oldest(), "nvim_plugin.lua");
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
        drive(&world(), &nvim, "nvim_plugin.lua");
    }
}

#[test]
fn neovim_oldest_restores_adopts_and_states_anew_by_command() {
    let world = world();
    drive(&world, &oldest(), "nvim_commands.lua");
    verify(&world);
}

/// As above.
#[test]
fn neovim_newest_restores_adopts_and_states_anew_by_command() {
    if let Some(nvim) = newest() {
        let world = world();
        drive(&world, &nvim, "nvim_commands.lua");
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

fn adopt(nvim: &Path) {
    let world = two_files();
    drive(&world, nvim, "nvim_adopt.lua");
    // The first of the agent's hunks was taken out, the second stayed.
    assert_eq!(world.read(RUST_FILE), agents().replace("sum: u32 = 0", "sum = 0"));
    assert_eq!(world.read(SECOND_FILE), SECOND);
    let mut states = states(&world, RUST_FILE);
    states.sort();
    assert_eq!(states, ["accepted", "rejected", "undone", "undone"]);
    verify(&world);
}

fn oldest() -> PathBuf {
    program("COUNTERSIGN_TEST_NVIM")
}

fn newest() -> Option<PathBuf> {
    env::var_os("COUNTERSIGN_TEST_NVIM_NEW").map(PathBuf::from)
}

fn review(nvim: &Path) {
    let world = world();
    drive(&world, nvim, "nvim_review.lua");
    // The driver saved after it undid, so everything is as it was, and the ledger knows why.
    assert_eq!(world.read(RUST_FILE), support::RUST);
    assert_eq!(world.read(PYTHON_FILE), PYTHON);
    assert_eq!(states(&world, RUST_FILE), ["undone", "rejected"]);
    assert_eq!(states(&world, PYTHON_FILE), ["undone"]);
    verify(&world);
}

/// Runs a driver in Neovim, on the Rust file of `world`.
fn drive(world: &World, nvim: &Path, driver: &str) {
    let packages = world.outer().join("data/nvim/site/pack/countersign/start");
    fs::create_dir_all(&packages).unwrap();
    symlink(in_checkout("editors/nvim"), packages.join("countersign")).unwrap();

    let driver = in_checkout("tests/journeys/editors").join(driver);
    let mut command = world.command(nvim);
    command.args(["--headless", "-i", "NONE", RUST_FILE]);
    command.arg("-c").arg(format!("luafile {}", driver.display()));
    command.env("PATH", path()).stdin(Stdio::null());
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    let log = fs::read_to_string(world.outer().join("state/nvim/lsp.log")).unwrap_or_default();
    assert!(output.status.success() && said.contains("PASS"), "{said}\n--- lsp.log\n{log}");
}
