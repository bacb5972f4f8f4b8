//! Helix in a terminal, with the configuration that `editors/helix` hands to users and nothing else.

use std::fs;

use super::tmux::Terminal;
use super::{
    PYTHON, PYTHON_ACCEPTED, PYTHON_FILE, RUST_FILE, in_checkout, path, program, rust_accepted,
    verify, wait_states, world,
};
use crate::support;

/// How every title in the menu of code actions begins.
const TITLES: [&str; 4] = ["Accept ", "Reject ", "Undo ", "Why"];

#[test]
fn helix_accepts_and_undoes() {
    let world = world();
    let config = world.outer().join("config/helix");
    fs::create_dir_all(&config).unwrap();
    for file in ["languages.toml", "config.toml"] {
        fs::copy(in_checkout("editors/helix").join(file), config.join(file)).unwrap();
    }
    let helix = program("COUNTERSIGN_TEST_HELIX");
    let command = format!("'{}' -v {RUST_FILE}:3", helix.display());
    let terminal = Terminal::start(&world, &path(), &command);

    // The recipe's message at the end of its line, from editors/helix/config.toml.
    terminal.wait("the proposal at line 3", |screen| {
        screen.lines().any(|line| line.contains("queue.len() == 0") && line.contains("is_empty()"))
    });
    terminal.keys(&["Space", "k"]);
    terminal.wait("the hover with the diff", |screen| screen.contains("+    queue.is_empty()"));
    // A key of its own closes the hover; Escape before the next key would be read as Alt.
    terminal.keys(&["Escape"]);
    terminal.wait("the hover closed", |screen| !screen.contains("+    queue.is_empty()"));

    choose(&terminal, "Accept hunk 1");
    terminal.wait("hunk 1 in the buffer", |screen| screen.contains("    queue.is_empty()"));
    wait_states(&world, RUST_FILE, &["accepted (unsaved)", "proposed"]);
    assert_eq!(world.read(RUST_FILE), support::RUST, "accepting wrote to disk");
    save(&terminal);
    wait_states(&world, RUST_FILE, &["accepted", "proposed"]);
    assert_eq!(world.read(RUST_FILE), rust_accepted());

    go_to(&terminal, 8);
    choose(&terminal, "Undo ");
    terminal.wait("hunk 1 out of the buffer", |screen| screen.contains("    queue.len() == 0"));
    wait_states(&world, RUST_FILE, &["undone (unsaved)", "proposed"]);
    save(&terminal);
    terminal.wait("saved", |screen| !screen.contains("[+]"));
    wait_states(&world, RUST_FILE, &["undone", "proposed"]);
    assert_eq!(world.read(RUST_FILE), support::RUST);

    command_line(&terminal, &format!(":open {PYTHON_FILE}"));
    terminal.wait("the Python proposal", |screen| {
        screen.lines().any(|line| line.contains("name == None") && line.contains("identity"))
    });
    go_to(&terminal, 2);
    choose(&terminal, "Accept ");
    terminal.wait("the hunk in the buffer", |screen| screen.contains("if name is None else"));
    save(&terminal);
    wait_states(&world, PYTHON_FILE, &["accepted"]);
    assert_eq!(world.read(PYTHON_FILE), PYTHON_ACCEPTED);
    go_to(&terminal, 1);
    choose(&terminal, "Undo ");
    terminal.wait("the hunk out of the buffer", |screen| screen.contains("if name == None else"));
    save(&terminal);
    wait_states(&world, PYTHON_FILE, &["undone"]);
    assert_eq!(world.read(PYTHON_FILE), PYTHON);
    go_to(&terminal, 2);
    choose(&terminal, "Accept again");
    terminal.wait("the hunk in the buffer again", |screen| screen.contains("if name is None else"));
    save(&terminal);
    wait_states(&world, PYTHON_FILE, &["accepted"]);
    assert_eq!(world.read(PYTHON_FILE), PYTHON_ACCEPTED);
    verify(&world);
}

/// Opens the code actions of the cursor's line and runs the first whose title begins with `title`.
#[track_caller]
fn choose(terminal: &Terminal<'_>, title: &str) {
    terminal.keys(&["Space", "a"]);
    let screen = terminal.wait(&format!("the action `{title}`"), |screen| {
        offered(screen).iter().any(|offer| offer.starts_with(title))
    });
    let steps = offered(&screen).iter().position(|offer| offer.starts_with(title)).unwrap();
    for _ in 0..steps {
        terminal.keys(&["Down"]);
    }
    terminal.keys(&["Enter"]);
    terminal.wait("the menu closed", |screen| offered(screen).is_empty());
}

/// The titles in the open menu, from the top.
fn offered(screen: &str) -> Vec<&str> {
    let in_menu = |line: &&str| TITLES.iter().any(|title| line.contains(title));
    let from_title = |line: &'_ str| TITLES.iter().filter_map(|title| line.find(title)).min();
    screen.lines().filter(in_menu).filter_map(|line| Some(&line[from_title(line)?..])).collect()
}

#[track_caller]
fn go_to(terminal: &Terminal<'_>, line: u32) {
    command_line(terminal, &format!(":{line}"));
    terminal.wait(&format!("the cursor on line {line}"), |screen| {
        screen
            .lines()
            .any(|status| status.contains(" NOR ") && status.contains(&format!(" {line}:")))
    });
}

#[track_caller]
fn save(terminal: &Terminal<'_>) {
    command_line(terminal, ":write");
    terminal.wait_for("written");
}

/// Types a command and waits until it is on the screen, before it is sent off.
#[track_caller]
fn command_line(terminal: &Terminal<'_>, line: &str) {
    terminal.text(line);
    terminal.wait_for(line);
    terminal.keys(&["Enter"]);
    terminal
        .wait("the prompt closed", |screen| !screen.lines().any(|shown| shown.trim_end() == line));
}
