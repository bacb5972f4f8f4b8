//! Neovim, headless, with the plugin installed as a package. What a person does there is in `neovim/*.lua`.

use std::env;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use test_support::World;

use super::{
    PYTHON, PYTHON_FILE, RUST_FILE, SECOND, SECOND_FILE, agents, in_checkout, leak, path, program,
    states, two_files, untouched, verify, world,
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

/// `UPDATE_EXPECT=1` writes it.
#[test]
fn the_help_of_the_neovim_plugin_says_what_there_is() {
    let world = World::new();
    let plugin = in_checkout("editors/nvim");
    let mut command = world.command(oldest());
    command.args(["--clean", "--headless", "--cmd"]);
    command.arg(format!("set runtimepath+={}", plugin.display()));
    command.arg("-l").arg(plugin.join("doc/generate.lua"));
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

fn oldest() -> PathBuf {
    program("COUNTERSIGN_TEST_NVIM")
}

fn newest() -> Option<PathBuf> {
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
fn drive(world: &World, nvim: &Path, driver: &str) {
    let packages = world.outer().join("data/nvim/site/pack/countersign/start");
    fs::create_dir_all(&packages).unwrap();
    symlink(in_checkout("editors/nvim"), packages.join("countersign")).unwrap();

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
