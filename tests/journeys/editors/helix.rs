//! Helix in a terminal, with the configuration that `editors/helix` hands to users and nothing else.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use test_support::World;

use super::tmux::Terminal;
use super::{
    PYTHON, PYTHON_ACCEPTED, PYTHON_FILE, RUST_FILE, SECOND, SECOND_FILE, agents, in_checkout,
    leak, path, pictures, program, rust_accepted, states, two_files, untouched, verify,
    wait_states, world,
};
use crate::support;

/// How every title in the menu of code actions begins.
const TITLES: [&str; 5] = ["Accept ", "Reject ", "Undo ", "Why", "Ask scribe "];

#[test]
fn helix_oldest_accepts_and_undoes() {
    accepts_and_undoes(&oldest());
}

/// Passes where there is no newer Helix: the setup has then said so.
#[test]
fn helix_newest_accepts_and_undoes() {
    newest().iter().for_each(|helix| accepts_and_undoes(helix));
}

#[test]
fn helix_oldest_accepts_over_two_files_undoes_and_sees_a_conflict() {
    accepts_over_two_files(&oldest());
}

/// As above.
#[test]
fn helix_newest_accepts_over_two_files_undoes_and_sees_a_conflict() {
    newest().iter().for_each(|helix| accepts_over_two_files(helix));
}

#[test]
fn helix_oldest_reviews_what_an_agent_changed_where_it_is() {
    reviews_an_agent(&oldest());
}

/// As above.
#[test]
fn helix_newest_reviews_what_an_agent_changed_where_it_is() {
    newest().iter().for_each(|helix| reviews_an_agent(helix));
}

#[test]
fn helix_oldest_reads_why_rejects_and_is_told_why_not() {
    reads_why(&oldest());
}

/// As above.
#[test]
fn helix_newest_reads_why_rejects_and_is_told_why_not() {
    newest().iter().for_each(|helix| reads_why(helix));
}

#[test]
fn helix_oldest_takes_what_arrives_drifts_and_outlives_its_server() {
    outlives_its_server(&oldest());
}

/// As above.
#[test]
fn helix_newest_takes_what_arrives_drifts_and_outlives_its_server() {
    newest().iter().for_each(|helix| outlives_its_server(helix));
}

#[test]
fn helix_oldest_accepts_in_a_file_with_brackets_in_its_path() {
    accepts_in_a_file_with_brackets(&oldest());
}

/// As above.
#[test]
fn helix_newest_accepts_in_a_file_with_brackets_in_its_path() {
    newest().iter().for_each(|helix| accepts_in_a_file_with_brackets(helix));
}

fn accepts_and_undoes(helix: &Path) {
    let world = world();
    let terminal = start(&world, helix, 3);

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
    at_rest(&terminal, &world, &[(PYTHON_FILE, PYTHON_ACCEPTED), (RUST_FILE, support::RUST)]);
    verify(&world);
}

fn accepts_over_two_files(helix: &Path) {
    let world = two_files();
    let terminal = start(&world, helix, 3);
    terminal.wait_for("Ask is_empty()");
    command_line(&terminal, &format!(":open {SECOND_FILE}"));
    terminal.wait("the proposal in the second file", |screen| {
        screen.lines().any(|line| line.contains("stack.len() == 0") && line.contains("is_empty()"))
    });
    command_line(&terminal, &format!(":open {RUST_FILE}"));
    terminal.wait_for("Whether nothing waits");

    // Text of the second hunk is changed: it is listed at the top, and the others stay where they are.
    go_to(&terminal, 23);
    terminal.keys(&["A"]);
    terminal.text(" // why?");
    terminal.wait_for("right.len() == 0 // why?");
    terminal.keys(&["Escape"]);
    terminal.wait_for(" NOR ");
    go_to(&terminal, 1);
    terminal.wait_for("1 proposed hunk no longer fits");
    terminal.keys(&["u"]);
    terminal.wait("the conflict gone", |screen| {
        !screen.contains("no longer fits") && !screen.contains("// why?")
    });

    go_to(&terminal, 3);
    choose(&terminal, "Accept all 3 hunks");
    terminal.wait("both hunks in the buffer", |screen| {
        !screen.contains("queue.len() == 0") && !screen.contains("right.len() == 0")
    });
    let unsaved = "accepted (unsaved)";
    wait_states(&world, RUST_FILE, &[unsaved, unsaved]);
    wait_states(&world, SECOND_FILE, &[unsaved]);
    assert_eq!((&*world.read(RUST_FILE), &*world.read(SECOND_FILE)), (support::RUST, SECOND));
    command_line(&terminal, ":write-all");
    wait_states(&world, RUST_FILE, &["accepted", "accepted"]);
    wait_states(&world, SECOND_FILE, &["accepted"]);
    assert_eq!(world.read(SECOND_FILE), SECOND.replace("stack.len() == 0", "stack.is_empty()"));

    choose(&terminal, "Undo ");
    terminal.wait_for("    queue.len() == 0");
    wait_states(&world, RUST_FILE, &["undone (unsaved)", "undone (unsaved)"]);
    wait_states(&world, SECOND_FILE, &["undone (unsaved)"]);
    command_line(&terminal, ":write-all");
    wait_states(&world, RUST_FILE, &["undone", "undone"]);
    wait_states(&world, SECOND_FILE, &["undone"]);
    at_rest(&terminal, &world, &[(RUST_FILE, support::RUST), (SECOND_FILE, SECOND)]);
    verify(&world);
}

fn reviews_an_agent(helix: &Path) {
    let world = untouched();
    let terminal = start(&world, helix, 8);
    terminal.wait_for("let mut sum = 0;");
    until_served(&terminal, &world);
    // By the keys of editors/helix/config.toml.
    terminal.keys(&["Space", "v", "s"]);
    terminal.wait_for("what changes in the files from here on can be adopted");
    // An agent changes the file, and the editor reads it again.
    world.write(RUST_FILE, agents());
    command_line(&terminal, ":reload-all");
    terminal.wait_for("let mut sum: u32 = 0;");
    terminal.keys(&["Space", "v", "a"]);
    terminal.wait_for("not reviewed");
    choose(&terminal, "Reject and take out hunk 1");
    terminal.wait_for("let mut sum = 0;");
    wait_states(&world, RUST_FILE, &["rejected (unsaved)", "adopted"]);
    assert_eq!(world.read(RUST_FILE), agents(), "rejecting wrote beneath the buffer");
    save(&terminal);
    wait_states(&world, RUST_FILE, &["rejected", "adopted"]);
    let left = agents().replace("sum: u32 = 0", "sum = 0");
    assert_eq!(world.read(RUST_FILE), left);
    go_to(&terminal, 18);
    choose(&terminal, "Accept as reviewed hunk 2");
    wait_states(&world, RUST_FILE, &["rejected", "accepted"]);
    terminal.wait("nothing left to review", |screen| !screen.contains("not reviewed"));
    assert_eq!(world.read(RUST_FILE), left, "a review wrote");
    at_rest(&terminal, &world, &[(RUST_FILE, &left), (SECOND_FILE, SECOND)]);
    verify(&world);
}

/// With proposals of a recipe, and one that is denied.
fn proposed_and_denied() -> World {
    let world = untouched();
    world.write("README.md", "# Queue\n");
    world.commit("A page");
    support::run(&world, &["run", "--recipe", support::RECIPE]).ok();
    leak(&world);
    world
}

fn reads_why(helix: &Path) {
    let world = proposed_and_denied();
    let terminal = start(&world, helix, 3);
    terminal.wait_for("Ask is_empty()");
    choose(&terminal, "Why: ");
    terminal.wait("why, in the status line", |screen| {
        screen.lines().any(|line| line.contains("with zero: risk ") && line.contains("(+"))
    });
    choose(&terminal, "Reject hunk 1");
    wait_states(&world, RUST_FILE, &["rejected", "proposed"]);
    terminal.wait("hunk 1 is not shown", |screen| {
        !screen.lines().any(|line| line.contains("queue.len() == 0") && line.contains("Ask is"))
    });

    command_line(&terminal, ":open README.md");
    terminal.wait_for("risk 22 low, denied: an AWS");
    terminal.keys(&["Space", "a"]);
    let menu = terminal
        .wait("the menu", |screen| offered(screen).iter().any(|o| o.starts_with("Why not")));
    assert!(!offered(&menu).iter().any(|offer| offer.starts_with("Accept")), "{menu}");
    terminal.keys(&["Escape"]);
    terminal.wait("the menu closed", |screen| offered(screen).is_empty());
    choose(&terminal, "Why not");
    terminal.wait_for("patch leak.patch: risk ");
    choose(&terminal, "Reject ");
    wait_states(&world, "README.md", &["rejected"]);
    terminal.wait("nothing is denied", |screen| !screen.contains("low, denied"));

    let untouched = [("README.md", "# Queue\n"), (RUST_FILE, support::RUST), (SECOND_FILE, SECOND)];
    at_rest(&terminal, &world, &untouched);
    assert_eq!(states(&world, RUST_FILE), ["rejected", "proposed"]);
    assert_eq!(states(&world, SECOND_FILE), ["proposed"]);
    verify(&world);
}

fn outlives_its_server(helix: &Path) {
    let world = untouched();
    let terminal = start(&world, helix, 1);
    terminal.wait_for("queue.len() == 0");
    // Text that is not saved, and below it a proposal that arrives while the file is open.
    command_line(&terminal, ":insert-output echo // mine; echo");
    terminal.wait_for("   2  /// Whether nothing waits.");
    support::run(&world, &["run", "--recipe", support::RECIPE]).ok();
    let proposed = |screen: &str, text: &str| {
        screen.lines().any(|line| line.contains(text) && line.contains("Ask is_empty()"))
    };
    terminal.wait("both hunks, a line further", |screen| {
        proposed(screen, "queue.len() == 0") && proposed(screen, "right.len() == 0")
    });
    let mine = format!("// mine\n{}", support::RUST);
    go_to(&terminal, 4);
    choose(&terminal, "Accept hunk 1");
    terminal.wait("hunk 1 in the buffer", |screen| screen.contains("    queue.is_empty()"));
    wait_states(&world, RUST_FILE, &["accepted (unsaved)", "proposed"]);
    assert_eq!(world.read(RUST_FILE), support::RUST, "accepting wrote to disk");

    let server = server(&world).expect("no server runs");
    let killed = Command::new("kill").args(["-9", &server.to_string()]).status().unwrap();
    assert!(killed.success());
    terminal
        .wait("nothing, since no server is there", |screen| !proposed(screen, "right.len() == 0"));
    // `:lsp-restart` of Helix 25.01 gives up at the first server that is not installed, and here is no rust-analyzer.
    let restart = match helix == oldest() {
        true => ":set-language rust",
        false => ":lsp-restart countersign",
    };
    command_line(&terminal, restart);
    terminal.wait("hunk 2 again", |screen| proposed(screen, "right.len() == 0"));
    go_to(&terminal, 24);
    choose(&terminal, "Accept all 2 hunks");
    terminal.wait("hunk 2 in the buffer", |screen| screen.contains("right.is_empty()"));
    wait_states(&world, SECOND_FILE, &["accepted"]);
    wait_states(&world, RUST_FILE, &["accepted (unsaved)", "accepted (unsaved)"]);
    assert_eq!(world.read(SECOND_FILE), SECOND.replace("stack.len() == 0", "stack.is_empty()"));
    assert_eq!(world.read(RUST_FILE), support::RUST, "accepting wrote beneath the buffer");
    save(&terminal);
    wait_states(&world, RUST_FILE, &["accepted", "accepted"]);
    let accepted = rust_accepted().replace("right.len() == 0", "right.is_empty()");
    assert_eq!(world.read(RUST_FILE), format!("// mine\n{accepted}"));

    choose(&terminal, "Undo ");
    terminal.wait_for("    queue.len() == 0");
    save(&terminal);
    wait_states(&world, RUST_FILE, &["undone", "undone"]);
    wait_states(&world, SECOND_FILE, &["undone"]);
    at_rest(&terminal, &world, &[(RUST_FILE, &mine), (SECOND_FILE, SECOND)]);
    verify(&world);
}

/// Helix names such a file as a URL does, with its brackets.
fn accepts_in_a_file_with_brackets(helix: &Path) {
    const PAGE: &str = "app/[id]/page.py";
    let world = untouched();
    world.write(PAGE, PYTHON);
    world.commit("A page");
    support::run(&world, &["run", "--recipe", "python/none-comparison"]).ok();
    let terminal = start(&world, helix, 1);
    terminal.wait_for("queue.len() == 0");
    command_line(&terminal, &format!(":open {PAGE}"));
    terminal.wait("the proposal", |screen| {
        screen.lines().any(|line| line.contains("name == None") && line.contains("identity"))
    });
    go_to(&terminal, 2);
    choose(&terminal, "Accept ");
    terminal.wait_for("if name is None else");
    save(&terminal);
    wait_states(&world, PAGE, &["accepted"]);
    at_rest(&terminal, &world, &[(PAGE, PYTHON_ACCEPTED)]);
    verify(&world);
}

/// `UPDATE_PICTURES=1` has them made anew.
#[test]
fn the_pictures_of_the_helix_documentation_are_what_it_shows() {
    let world = proposed_and_denied();
    let terminal = start(&world, &oldest(), 3);
    terminal.resize(110, 26);
    let picture = |name: &str, title: &str, wanted: &dyn Fn(&str) -> bool| {
        pictures::shows(&terminal, "helix", name, title, wanted);
    };
    terminal.wait("both hunks", |screen| screen.matches("Ask is_empty()").count() > 1);
    // What is said of the cursor's line is shown in full once the cursor rests there after it was said.
    terminal.keys(&["j", "k"]);
    picture("proposal", "Two hunks that a recipe proposes, where they would land", &|screen| {
        screen.contains("└─Ask is_empty()")
    });
    terminal.keys(&["Space", "k"]);
    picture("hover", "What the hover says of a hunk", &|screen| {
        screen.contains("+    queue.is_empty()")
    });
    terminal.keys(&["Escape"]);
    terminal.wait("the hover closed", |screen| !screen.contains("+    queue.is_empty()"));
    terminal.keys(&["Space", "a"]);
    picture("actions", "What can be done about a hunk", &|screen| offered(screen).len() > 4);
    terminal.keys(&["Enter"]);
    terminal.wait("the menu closed", |screen| offered(screen).is_empty());
    wait_states(&world, RUST_FILE, &["accepted (unsaved)", "proposed"]);
    picture("accepted", "An accepted hunk, in the buffer and not saved yet", &|screen| {
        screen.contains("    queue.is_empty()") && screen.contains("accepted hunk 1")
    });
    command_line(&terminal, ":open README.md");
    terminal.wait_for("low, denied: an AWS");
    terminal.keys(&["Space", "a"]);
    picture("denied", "A proposal that policy denies: it cannot be accepted", &|screen| {
        offered(screen).iter().any(|offer| offer.starts_with("Why not"))
    });
    terminal.keys(&["Escape"]);
    terminal.wait("the menu closed", |screen| offered(screen).is_empty());
    picture_conflict(&terminal);
    picture_adopted();
    pictures::are_linked("helix", 100_000);
}

/// Text of a proposed hunk is changed.
fn picture_conflict(terminal: &Terminal<'_>) {
    command_line(terminal, &format!(":open {SECOND_FILE}"));
    terminal.wait_for("Ask is_empty()");
    go_to(terminal, 2);
    terminal.keys(&["A"]);
    terminal.text(" // why?");
    terminal.wait_for("stack.len() == 0 // why?");
    terminal.keys(&["Escape"]);
    terminal.wait_for(" NOR ");
    go_to(terminal, 1);
    terminal.wait_for("1 proposed hunk no longer fits");
    terminal.keys(&["j", "k"]);
    let title = "A hunk that no longer fits, after its line was typed into";
    pictures::shows(terminal, "helix", "conflict", title, |screen| {
        screen.contains("└─1 proposed hunk no longer fits")
    });
}

fn picture_adopted() {
    let world = untouched();
    support::run(&world, &["snapshot"]).ok();
    world.write(RUST_FILE, agents());
    support::run(&world, &["adopt", "--agent", "claude"]).ok();
    let terminal = start(&world, &oldest(), 8);
    terminal.resize(110, 26);
    terminal.wait("both hunks", |screen| screen.matches("not reviewed").count() > 1);
    terminal.keys(&["j", "k"]);
    let title = "What an agent changed, to be reviewed where it is";
    pictures::shows(&terminal, "helix", "adopted", title, |screen| {
        screen.contains("└─changed by claude, not reviewed")
    });
}

/// The language server that runs in the project folder.
fn server(world: &World) -> Option<u32> {
    let root = world.root().canonicalize().unwrap();
    let serves = |process: &Path| {
        let words = fs::read(process.join("cmdline")).ok()?;
        let mut words = words.split(|byte| *byte == 0);
        let program = words.next()?.ends_with(b"countersign") && words.next()? == b"lsp";
        (program && fs::read_link(process.join("cwd")).ok()? == root).then_some(())
    };
    let mut processes = fs::read_dir("/proc").unwrap().map(|entry| entry.unwrap().path());
    let found = processes.find(|process| serves(process).is_some())?;
    found.file_name()?.to_str()?.parse().ok()
}

pub fn oldest() -> PathBuf {
    program("COUNTERSIGN_TEST_HELIX")
}

pub fn newest() -> Option<PathBuf> {
    env::var_os("COUNTERSIGN_TEST_HELIX_NEW").map(PathBuf::from)
}

/// Helix with the configuration that users copy, on a line of the Rust file.
pub fn start<'w>(world: &'w World, helix: &Path, line: u32) -> Terminal<'w> {
    let config = world.outer().join("config/helix");
    fs::create_dir_all(&config).unwrap();
    for file in ["languages.toml", "config.toml"] {
        fs::copy(in_checkout("editors/helix").join(file), config.join(file)).unwrap();
    }
    let command = format!("'{}' -v {RUST_FILE}:{line}", helix.display());
    Terminal::start(world, &path(), &command)
}

/// Waits until the server knows the file: with nothing proposed, only the log says so.
#[track_caller]
fn until_served(terminal: &Terminal<'_>, world: &World) {
    let log = world.outer().join("cache/helix/helix.log");
    let told = r#"countersign -> {"jsonrpc":"2.0","method":"textDocument/didOpen""#;
    terminal.wait("a server that knows the file", |_| {
        fs::read_to_string(&log).is_ok_and(|log| log.contains(told))
    });
}

/// Opens the code actions of the cursor's line and runs the first whose title begins with `title`.
#[track_caller]
pub fn choose(terminal: &Terminal<'_>, title: &str) {
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
pub fn go_to(terminal: &Terminal<'_>, line: u32) {
    command_line(terminal, &format!(":{line}"));
    terminal.wait(&format!("the cursor on line {line}"), |screen| {
        screen
            .lines()
            .any(|status| status.contains(" NOR ") && status.contains(&format!(" {line}:")))
    });
}

#[track_caller]
pub fn save(terminal: &Terminal<'_>) {
    command_line(terminal, ":write");
    terminal.wait_for("written");
}

/// Each file is in its buffer and on the disk as it should be, from its first line to its last, and saved. Ends in the
/// last of them.
#[track_caller]
pub fn at_rest(terminal: &Terminal<'_>, world: &World, files: &[(&str, &str)]) {
    for (file, text) in files {
        assert_eq!(world.read(file), *text, "{file} on the disk");
        command_line(terminal, &format!(":open {file}"));
        go_to(terminal, 1);
        terminal.wait(&format!("{file}, saved, as\n{text}"), |screen| {
            screen.lines().any(|line| line.contains(" NOR ") && line.contains(&format!(" {file} ")))
                && !screen.contains("[+]")
                && lines_shown(screen, text) == Some(text.lines().count())
        });
    }
}

/// How many lines a screen shows, if they are those of `text` from the first on. What a server says of a line is behind it.
fn lines_shown(screen: &str, text: &str) -> Option<usize> {
    let mut lines = text.lines();
    let numbered = screen.lines().filter_map(|row| {
        let row = row.trim_start_matches(|c: char| !c.is_ascii_alphanumeric() && c != '└');
        let digits = row.find(|c: char| !c.is_ascii_digit()).unwrap_or(row.len());
        let number: usize = row[..digits].parse().ok()?;
        Some((number, row[digits..].chars().skip(2).collect::<String>()))
    });
    let mut shown = 0;
    for (number, row) in numbered {
        // Behind the last line, a screen may number one more: where the next would begin.
        let Some(line) = lines.next() else { break };
        shown += 1;
        let said = row.strip_prefix(line)?;
        if number != shown || !(said.is_empty() || said.starts_with(' ')) {
            return None;
        }
    }
    Some(shown)
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
