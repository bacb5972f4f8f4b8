//! The review at a terminal: line by line over a pipe, and on the whole screen of a real terminal.

use std::fs;
use std::time::Instant;

use test_support::{Output, World};

use crate::editors::tmux::Terminal;
use crate::editors::{
    PYTHON, PYTHON_ACCEPTED, PYTHON_FILE, RUST_FILE, TIMEOUT, path, rust_accepted, states, verify,
    wait_states, world,
};
use crate::support::{RUST, countersign, event_kinds, run};

/// Answers the questions of the plain mode.
fn answer(world: &World, answers: &str) -> Output {
    world.run_with_stdin(countersign(), &["review", "--by", "Ada"], answers)
}

#[test]
fn answers_that_are_none_are_no_success_where_they_are_the_last() {
    let world = world();
    let output = answer(&world, "accept\n").exited(2);
    assert!(output.stdout.contains("`accept` is no answer; ? lists them"), "{}", output.stdout);
    // Put right, or at the end of what is answered, nothing is wrong.
    answer(&world, "accept\ns\n").ok();
    answer(&world, "").ok();
}

#[test]
fn by_lines_a_hunk_is_accepted_undone_rejected_and_skipped() {
    let world = world();
    // Hunk 1 in, out and in again; hunk 2 rejected, waiting again and rejected; the other change skipped.
    let answers = "y\nu\ny\nn\nu\nn too clever\ns\n";
    let output = answer(&world, answers).ok();
    for line in [
        "hunk 1 accepted\n",
        "hunk 1 undone\n",
        "hunk 2 rejected\n",
        "hunk 2 restored\n",
        "accepted 1, rejected 1, skipped 1, refused 0; 1 still waiting\n",
    ] {
        assert!(output.stdout.contains(line), "{line}{}", output.stdout);
    }
    assert!(!output.stdout.contains('\x1b'), "a pipe is not coloured");
    assert_eq!(world.read(RUST_FILE), rust_accepted());
    assert_eq!(world.read(PYTHON_FILE), PYTHON);
    assert_eq!(states(&world, RUST_FILE), ["accepted", "rejected"]);
    assert_eq!(states(&world, PYTHON_FILE), ["proposed"]);
    assert_eq!(
        event_kinds(&world)[4..],
        [
            "accept_requested",
            "accepted",
            "undo_requested",
            "undone",
            "accept_requested",
            "accepted",
            "rejected",
            "restored",
            "rejected"
        ]
    );
    let export = run(&world, &["ledger", "export"]).ok().stdout;
    assert!(export.contains("\"reason\":\"too clever\""), "{export}");
    verify(&world);
    // The same answers in another world give the same output, to the byte.
    let again = answer(&crate::editors::world(), answers).ok();
    assert_eq!(again.stdout, output.stdout);
}

#[test]
fn by_lines_the_rest_of_a_file_is_decided_at_once_and_quitting_keeps_the_others() {
    let world = world();
    let output = answer(&world, "/none\nq\n").ok();
    assert!(output.stdout.contains("name is None"), "{}", output.stdout);
    assert_eq!(states(&world, PYTHON_FILE), ["proposed"]);
    let output = answer(&world, "a\n").ok();
    assert!(output.stdout.ends_with("1 still waiting\n"), "{}", output.stdout);
    assert_eq!(states(&world, RUST_FILE), ["accepted", "accepted"]);
    answer(&world, "d no\n").ok();
    assert_eq!(states(&world, PYTHON_FILE), ["rejected"]);
    let output = answer(&world, "y\n").ok();
    assert_eq!(output.stdout, "nothing waits for a decision\n");
    verify(&world);
}

#[test]
fn by_lines_a_hunk_is_edited_before_it_is_accepted() {
    let world = world();
    let program = countersign().to_str().unwrap();
    let edit = |editor: &str, answers: &str| {
        let editor = format!("EDITOR={editor}");
        let args = ["-u", "VISUAL", &editor, program, "review", "--by", "Ada"];
        world.run_with_stdin("env", &args, answers)
    };
    // An editor that fails, and one that changes nothing, take nothing over.
    edit("false", "e\n").exited(2);
    let output = edit("true", "e\n").exited(2);
    assert!(output.stdout.contains("the text is as it was"), "{}", output.stdout);
    assert_eq!(states(&world, RUST_FILE), ["proposed", "proposed"]);
    edit("sed -i 's/queue.is_empty()/queue.first().is_none()/'", "e\nq\n").ok();
    let edited = RUST.replacen("queue.len() == 0", "queue.first().is_none()", 1);
    assert_eq!(world.read(RUST_FILE), edited);
    let states = states(&world, RUST_FILE);
    assert_eq!((&states[1], &states[2]), (&"proposed".to_owned(), &"accepted".to_owned()));
    assert_eq!(states[0], "superseded");
    let list = run(&world, &["list", "--state", "accepted"]).ok().stdout;
    assert!(list.contains("edited Ada"), "{list}");
    verify(&world);
}

#[test]
fn by_lines_a_refusal_says_why_and_the_review_goes_on() {
    let world = world();
    let mine = RUST.replacen("queue.len() == 0", "queue.len() < 1", 1);
    world.write(RUST_FILE, &mine);
    let output = answer(&world, "y\ny\nq\n").exited(2);
    assert!(output.stdout.contains("  conflict: "), "{}", output.stdout);
    assert!(output.stdout.contains("hunk 1 refused: "), "{}", output.stdout);
    assert!(output.stdout.contains("hunk 2 accepted, found again"), "{}", output.stdout);
    assert_eq!(world.read(RUST_FILE), mine.replace("right.len() == 0", "right.is_empty()"));
    let output = world.run_with_stdin(countersign(), &["review"], "y\n").exited(2);
    assert!(output.stderr.contains("--by NAME"), "{}", output.stderr);
}

#[test]
fn by_lines_what_an_agent_did_in_the_tree_is_marked_reviewed_or_taken_out() {
    let world = crate::support::world();
    run(&world, &["snapshot"]).ok();
    let first = RUST.replacen("queue.len() == 0", "queue.is_empty()", 1);
    let both = first.replace("right.len() == 0", "right.is_empty()");
    world.write(RUST_FILE, &both);
    run(&world, &["adopt", "--agent", "claude"]).ok();
    let output = answer(&world, "y\nn\n").ok();
    assert!(output.stdout.contains("in the text: y marks it reviewed"), "{}", output.stdout);
    assert!(output.stdout.contains("hunk 1 accepted"), "{}", output.stdout);
    assert!(output.stdout.contains("hunk 2 rejected"), "{}", output.stdout);
    assert_eq!(world.read(RUST_FILE), first);
    assert_eq!(states(&world, RUST_FILE), ["accepted", "rejected"]);
    verify(&world);
}

#[test]
fn by_lines_a_hunk_that_needs_another_says_so() {
    let world = World::new();
    world.write("app.py", "\"\"\"Paths.\"\"\"\n\nHERE = 1\n\n\n\ndef home():\n    return \"/\"\n");
    world.commit("Paths");
    world.git(&["checkout", "--quiet", "-b", "agent"]);
    let text =
        "\"\"\"Paths.\"\"\"\nimport os\n\nHERE = 1\n\n\n\ndef home():\n    return os.getcwd()\n";
    world.write("app.py", text);
    world.commit("Use the working directory");
    world.git(&["checkout", "--quiet", "main"]);
    run(&world, &["import", "--branch", "agent"]).ok();
    let output = answer(&world, "s\ny\nc\nq\n").ok();
    assert!(output.stdout.contains("hunk 2 uses `os`, which hunk 1 imports"), "{}", output.stdout);
    assert!(output.stdout.contains("accept [b]oth (1, 2), [o]nly this, [c]ancel?"));
    assert_eq!(states(&world, "app.py"), ["proposed", "proposed"]);
    answer(&world, "s\ny\nb\n").ok();
    assert_eq!(world.read("app.py"), text);
    assert_eq!(states(&world, "app.py"), ["accepted", "accepted"]);
    verify(&world);
}

/// Starts the review on a screen of its own, behind a line of input: what it leaves behind is seen, too.
fn start<'w>(world: &'w World, args: &str) -> Terminal<'w> {
    let script = world.outer().join("review.sh");
    let pid = world.outer().join("pid");
    let review = format!(
        "export EDITOR='sed -i s/right.is_empty/right.first().is_none/'\nread go\nsh -c 'echo $$ > {}; exec countersign review {args}'\necho \"left with $?\"\nread line\n",
        pid.display()
    );
    fs::write(&script, review).unwrap();
    Terminal::start(world, &path(), &format!("env -u NO_COLOR sh {}", script.display()))
}

/// Waits until the program gave the terminal back, which then shows what is typed.
#[track_caller]
fn gave_back(terminal: &Terminal<'_>, status: u32) {
    terminal.wait_for(&format!("left with {status}"));
    terminal.text("typed afterwards");
    let screen = terminal.wait_for("typed afterwards");
    assert!(!screen.contains('│'), "the screen before is back:\n{screen}");
}

#[test]
fn on_the_screen_hunks_are_accepted_rejected_and_undone() {
    let world = world();
    let terminal = start(&world, "");
    terminal.keys(&["Enter"]);
    terminal.wait_for("+    queue.is_empty()");
    terminal.wait_for("lands where it was made, at line 3");
    terminal.keys(&["a"]);
    terminal.wait_for("hunk 1 accepted");
    assert_eq!(world.read(RUST_FILE), rust_accepted());
    terminal.keys(&["u"]);
    terminal.wait_for("hunk 1 undone");
    assert_eq!(world.read(RUST_FILE), RUST);
    terminal.keys(&["a"]);
    terminal.wait_for("hunk 1 accepted");
    terminal.wait_for("right.is_empty()");

    terminal.keys(&["r"]);
    terminal.wait_for("why reject");
    terminal.text("not now");
    terminal.wait_for("not now");
    terminal.keys(&["Enter"]);
    terminal.wait_for("hunk 2 rejected");
    terminal.keys(&["u"]);
    terminal.wait_for("hunk 2 restored");
    terminal.keys(&["r"]);
    terminal.text("not now");
    terminal.wait_for("not now");
    terminal.keys(&["Enter"]);
    terminal.wait_for("hunk 2 rejected");

    terminal.keys(&["/"]);
    terminal.text("queue.is_empty");
    terminal.wait_for("/queue.is_empty");
    terminal.keys(&["Enter"]);
    terminal.wait_for("`queue.is_empty`: 1 of 1");
    terminal.keys(&["Escape"]);
    terminal.wait_for("search ended");
    terminal.keys(&["?"]);
    terminal.wait_for("any key closes");
    terminal.keys(&["x"]);
    terminal.wait("the keys closed", |screen| !screen.contains("any key closes"));

    terminal.resize(40, 12);
    terminal.wait("one pane", |screen| screen.contains("changes 1/2") && !screen.contains(" why "));
    terminal.keys(&["j"]);
    terminal.wait_for("changes 2/2");
    terminal.resize(110, 30);
    terminal.wait_for("name is None");

    // What another process does is seen without a key.
    let list = run(&world, &["list", "--state", "judged", "--format", "json"]).ok().json();
    let id = list["changes"][0]["id"].as_str().unwrap();
    run(&world, &["accept", id, "--by", "Bob"]).ok();
    terminal.wait_for("hunk 1/1 accepted");
    terminal.keys(&["q"]);
    gave_back(&terminal, 0);

    wait_states(&world, RUST_FILE, &["accepted", "rejected"]);
    assert_eq!(world.read(RUST_FILE), rust_accepted());
    assert_eq!(world.read(PYTHON_FILE), PYTHON_ACCEPTED);
    let export = run(&world, &["ledger", "export"]).ok().stdout;
    assert!(export.contains("\"reason\":\"not now\""), "{export}");
    verify(&world);
}

#[test]
fn on_the_screen_one_conflict_holds_nothing_up_and_a_signal_gives_the_terminal_back() {
    let world = world();
    let terminal = start(&world, "--color never");
    terminal.keys(&["Enter"]);
    terminal.wait_for("lands where it was made, at line 3");
    world.write(RUST_FILE, RUST.replacen("queue.len() == 0", "queue.len() < 1", 1));
    terminal.keys(&["a"]);
    terminal.wait_for("hunk 1 refused: ");
    terminal.wait_for("conflict: ");
    assert_eq!(states(&world, RUST_FILE), ["proposed", "proposed"]);
    // The other hunk is not held up, and the screen comes back after the editor.
    terminal.keys(&["n"]);
    terminal.wait_for("+    left.is_empty() && right.is_empty()");
    terminal.keys(&["e"]);
    terminal.wait_for("hunk 2 accepted as you edited it");
    assert!(world.read(RUST_FILE).contains("left.is_empty() && right.first().is_none()"));
    let pid = fs::read_to_string(world.outer().join("pid")).unwrap();
    world.run("sh", &["-c", &format!("kill -TERM {pid}")]).ok();
    terminal.wait_for("ended by a signal");
    gave_back(&terminal, 2);
    verify(&world);
}

#[test]
fn what_is_proposed_cannot_steer_the_terminal() {
    let hostile = "\x1b]0;stolen\x07\x1b[2J\x1b[1;1Hnothing to see\u{202e}";
    let world = World::new();
    world.write("notes.txt", "one\n");
    world.commit("Notes");
    world.git(&["checkout", "--quiet", "-b", "agent"]);
    world.write("notes.txt", format!("one\n{hostile}\n"));
    world.commit(&format!("Add {hostile} a note\n\nBecause {hostile}."));
    world.git(&["checkout", "--quiet", "main"]);
    run(&world, &["import", "--branch", "agent"]).ok();

    let output = answer(&world, "q\n").ok();
    assert!(output.stdout.contains("+\\u{1b}]0;stolen\\u{7}"), "{}", output.stdout);
    assert!(!output.stdout.contains(['\x1b', '\x07', '\u{202e}']), "{:?}", output.stdout);

    let terminal = start(&world, "");
    let written = world.outer().join("written");
    terminal.record(&written);
    terminal.keys(&["Enter"]);
    terminal.wait_for("+\\u{1b}]0;stolen\\u{7}\\u{1b}[2J");
    terminal.wait_for("  Because");
    terminal.keys(&["a"]);
    terminal.wait_for("hunk 1 accepted");
    terminal.keys(&["q"]);
    terminal.wait_for("left with 0");
    let deadline = Instant::now() + TIMEOUT;
    let bytes = loop {
        let bytes = fs::read(&written).unwrap_or_default();
        if String::from_utf8_lossy(&bytes).contains("left with 0") {
            break String::from_utf8_lossy(&bytes).into_owned();
        }
        assert!(Instant::now() < deadline, "what the program wrote was never recorded");
    };
    for raw in ["\x07", "\x1b]", "\x1b[1;1Hnothing", "\u{202e}"] {
        assert!(!bytes.contains(raw), "{raw:?} reached the terminal: {bytes:?}");
    }
    assert_eq!(world.read("notes.txt"), format!("one\n{hostile}\n"));
}
