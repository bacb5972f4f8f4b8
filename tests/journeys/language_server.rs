//! Journey A through the protocol: a scripted editor on standard input and output.

use serde_json::{Value, json};
use test_support::{ApplyEdits, ChangeOrder, ClientOptions, Encoding, LspClient, World};

use crate::support::{RUST, countersign, hunk_states, id, propose, run, world};

const FILE: &str = "src/queue.rs";

fn editor(world: &World, options: ClientOptions) -> LspClient {
    let editor = world.lsp(countersign(), &["lsp"], options);
    editor.open(FILE);
    editor
}

/// The diagnostics of hunks, once there are `count`; those that have no place any more are not counted.
fn hunks(editor: &LspClient, count: usize) -> Vec<Value> {
    let inline = |diagnostic: &&Value| diagnostic["data"]["hunk"].is_number();
    let shown = editor.wait_diagnostics(FILE, |all| all.iter().filter(inline).count() == count);
    shown.iter().filter(inline).cloned().collect()
}

fn accept(editor: &LspClient, diagnostic: &Value) {
    editor.run_action_titled(FILE, &diagnostic["range"], "Accept hunk").unwrap();
}

#[test]
fn see_read_accept_save_and_undo_in_every_encoding() {
    for encodings in [vec![], vec![Encoding::Utf8], vec![Encoding::Utf32], vec![Encoding::Utf16]] {
        let world = World::new();
        // Above the hunk, and on its line, text whose length differs in each encoding.
        let text = RUST
            .replace("The sum of all", "The sum 🧮 of all")
            .replace("queue.len() == 0", "/* 🧮 é */ queue.len() == 0");
        world.write(FILE, &text);
        world.commit("A queue");
        let id = id(&propose(&world));
        let mut editor = editor(&world, ClientOptions { encodings, ..ClientOptions::default() });
        let shown = hunks(&editor, 2);
        assert_eq!(shown[0]["source"], "countersign");
        let hover = editor.hover(FILE, &shown[0]["range"]["start"]).unwrap();
        assert!(hover.contains("is_empty()") && hover.contains("Risk"), "{hover}");
        accept(&editor, &shown[1]);
        let accepted = text.replace("right.len() == 0", "right.is_empty()");
        editor.wait_text(FILE, |now| now == accepted);
        hunks(&editor, 1);
        assert_eq!(world.read(FILE), text, "the buffer has it, the disk not yet");
        assert_eq!(hunk_states(&world, &id), ["proposed", "accepted (unsaved)"]);
        editor.save(FILE);
        wait_states(&world, &id, &["proposed", "accepted"]);
        assert_eq!(world.read(FILE), accepted);
        editor.run_action_titled(FILE, &shown[0]["range"], "Undo").unwrap();
        editor.wait_text(FILE, |now| now == text);
        wait_states(&world, &id, &["proposed", "undone (unsaved)"]);
        editor.save(FILE);
        wait_states(&world, &id, &["proposed", "undone"]);
        assert_eq!(world.read(FILE), text);
        assert!(editor.shutdown().success());
        run(&world, &["ledger", "verify"]).ok();
    }
}

/// Waits until the ledger says so: the server records what it learns after the editor told it.
fn wait_states(world: &World, id: &str, wanted: &[&str]) {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    loop {
        let states = hunk_states(world, id);
        if states == wanted {
            return;
        }
        assert!(std::time::Instant::now() < deadline, "{states:?}, not {wanted:?}");
        std::thread::yield_now();
    }
}

#[test]
fn a_proposal_arrives_while_the_editor_is_open_and_leaves_when_another_process_decides() {
    let world = world();
    let mut editor = editor(&world, ClientOptions::default());
    let id = id(&propose(&world));
    hunks(&editor, 2);
    run(&world, &["reject", &format!("{id}/1"), "--by", "Ada"]).ok();
    hunks(&editor, 1);
    run(&world, &["reject", &format!("{id}/2"), "--by", "Ada"]).ok();
    hunks(&editor, 0);
    assert!(editor.shutdown().success());
}

#[test]
fn two_editors_and_a_terminal_come_to_the_same_reviewed_state() {
    let world = world();
    let mut first = editor(&world, ClientOptions::default());
    let mut second = editor(&world, ClientOptions::default());
    let id = id(&propose(&world));
    let shown = hunks(&first, 2);
    hunks(&second, 2);
    accept(&first, &shown[0]);
    hunks(&first, 1);
    hunks(&second, 1);
    first.save(FILE);
    wait_states(&world, &id, &["accepted", "proposed"]);
    run(&world, &["reject", &format!("{id}/2"), "--by", "Ada"]).ok();
    hunks(&first, 0);
    hunks(&second, 0);
    run(&world, &["restore", &format!("{id}/2"), "--by", "Ada"]).ok();
    let shown = hunks(&second, 1);
    hunks(&first, 1);
    second.run_action_titled(FILE, &shown[0]["range"], "Reject hunk").unwrap();
    hunks(&first, 0);
    wait_states(&world, &id, &["accepted", "rejected"]);
    assert!(first.shutdown().success() && second.shutdown().success());
    assert_eq!(world.read(FILE), RUST.replacen("queue.len() == 0", "queue.is_empty()", 1));
    run(&world, &["ledger", "verify"]).ok();
}

#[test]
fn typing_moves_a_hunk_and_changing_its_text_withholds_it() {
    let world = world();
    let id = id(&propose(&world));
    let mut editor = editor(&world, ClientOptions::default());
    hunks(&editor, 2);
    editor.edit(FILE, 0..0, "//! A queue 🧮.\n\n");
    let moved =
        editor.wait_diagnostics(FILE, |d| d.len() == 2 && d[0]["range"]["start"]["line"] == 4);
    editor.replace(FILE, "right.len() == 0", "right.len() < 1");
    hunks(&editor, 1);
    accept(&editor, &moved[0]);
    let text = editor.text(FILE);
    assert!(text.contains("queue.is_empty()") && text.contains("right.len() < 1"), "{text}");
    assert!(text.starts_with("//! A queue 🧮.\n\n/// Whether nothing waits."));
    wait_states(&world, &id, &["accepted (unsaved)", "proposed"]);
    // Closing without saving: what was accepted is gone, and proposed again.
    editor.close(FILE);
    wait_states(&world, &id, &["proposed", "proposed"]);
    assert_eq!(world.read(FILE), RUST);
    assert!(editor.shutdown().success());
}

#[test]
fn an_editors_word_is_not_taken_for_the_deed() {
    for apply_edits in [ApplyEdits::Refuse, ApplyEdits::Pretend] {
        let world = world();
        let id = id(&propose(&world));
        let mut editor = editor(&world, ClientOptions { apply_edits, ..ClientOptions::default() });
        let shown = hunks(&editor, 2);
        // Whether the command is answered with an error or a message is the server's choice.
        drop(editor.run_action_titled(FILE, &shown[0]["range"], "Accept hunk"));
        wait_states(&world, &id, &["proposed", "proposed"]);
        assert_eq!(editor.text(FILE), RUST);
        let export = run(&world, &["ledger", "export"]).ok().stdout;
        assert!(export.contains("accept_failed"), "{apply_edits:?} is recorded as failed");
        drop(editor.take_errors());
        editor.shutdown();
    }
}

#[test]
fn the_answer_may_come_before_the_change() {
    let world = world();
    let id = id(&propose(&world));
    let change_order = ChangeOrder::AnswerFirst;
    let mut editor = editor(&world, ClientOptions { change_order, ..ClientOptions::default() });
    let shown = hunks(&editor, 2);
    editor.run_action_titled(FILE, &shown[0]["range"], "Accept all").unwrap();
    wait_states(&world, &id, &["accepted (unsaved)", "accepted (unsaved)"]);
    assert!(!editor.text(FILE).contains("len() == 0"));
    assert!(editor.shutdown().success());
}

#[test]
fn the_terminal_leaves_a_file_alone_that_an_editor_holds_unsaved() {
    let world = world();
    let id = id(&propose(&world));
    let mut editor = editor(&world, ClientOptions::default());
    hunks(&editor, 2);
    editor.edit(FILE, 0..0, "// unsaved\n");
    editor.wait_diagnostics(FILE, |d| d.len() == 2 && d[0]["range"]["start"]["line"] == 3);
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    loop {
        // The presence is published behind the keystroke; until then the disk is what there is.
        let output = run(&world, &["accept", &format!("{id}/1"), "--by", "Ada"]);
        if output.stdout.contains("unsaved changes in an editor") {
            assert_eq!(output.status, 2);
            break;
        }
        run(&world, &["undo", &format!("{id}/1"), "--by", "Ada"]).ok();
        assert!(std::time::Instant::now() < deadline, "{}{}", output.stdout, output.stderr);
    }
    assert_eq!(world.read(FILE), RUST);
    assert!(editor.shutdown().success());
}

#[cfg(target_os = "linux")]
#[test]
fn a_change_is_proved_from_the_editor_and_the_hover_tells_it() {
    let world = world();
    world.write("check.sh", "grep -q 'queue.is_empty()' src/queue.rs\n");
    let gate = "[[gate]]\nid = \"mine\"\nkind = \"test\"\ncommand = [\"sh\", \"check.sh\"]\n";
    world.write("countersign.toml", gate);
    world.commit("A gate of our own");
    let id = id(&propose(&world));
    let program = countersign().to_str().unwrap();
    let quiet = ["COUNTERSIGN_PROVE_AFTER=0", program, "lsp"];
    let mut editor = world.lsp("env", &quiet, ClientOptions::default());
    editor.open(FILE);
    let shown = hunks(&editor, 2);
    let (range, start) = (&shown[0]["range"], &shown[0]["range"]["start"]);
    let hover = editor.hover(FILE, start).unwrap();
    assert!(hover.contains("Unproven"), "{hover}");
    run(&world, &["trust", "--by", "Ada"]).ok();
    let proved = editor.run_action_titled(FILE, range, "Prove in the sandbox").unwrap();
    assert_eq!(
        (&proved["changeset"], &proved["verdict"]["decision"]),
        (&id.into(), &"allow".into())
    );
    let hover = editor.hover(FILE, start).unwrap();
    assert!(hover.contains("`mine`: passed on the proposal"), "{hover}");
    editor.run_action_titled(FILE, range, "Prove again in the sandbox").unwrap();
    // What comes while the editor is open is proved by itself.
    let patch = "--- a/README.md\n+++ b/README.md\n@@ -1 +1 @@\n-# Queue\n+# Queues\n";
    world.write("../words.patch", patch);
    let words = run(&world, &["import", "--patch", "../words.patch", "--format", "json"]).ok();
    let words = words.json()["changeset"]["id"].as_str().unwrap().to_owned();
    wait_proof(&world, &words, |proof| !proof.is_null());
    // With a further file saved, it would land in other files: it is proved again once it is quiet.
    let digest = show(&world, &words)["proof"]["digest"].clone();
    editor.edit(FILE, 0..0, "// Further.\n");
    editor.save(FILE);
    wait_proof(&world, &words, |proof| proof["current"] == true && proof["digest"] != digest);
    assert!(editor.shutdown().success());
}

fn show(world: &World, id: &str) -> Value {
    run(world, &["show", id, "--format", "json"]).ok().json()
}

fn wait_proof(world: &World, id: &str, is: impl Fn(&Value) -> bool) {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while !is(&show(world, id)["proof"]) {
        assert!(std::time::Instant::now() < deadline, "it was not proved");
        std::thread::yield_now();
    }
}

#[test]
fn a_denied_change_says_why_and_offers_no_acceptance() {
    let world = world();
    let key = ["AKIA", "Q3EGWLJ5X7TZR2MP"].concat();
    let patch = format!(
        "--- a/src/queue.rs\n+++ b/src/queue.rs\n@@ -1,3 +1,4 @@\n+const KEY: &str = \"{key}\";\n /// Whether nothing waits.\n pub fn idle(queue: &[u32]) -> bool {{\n     queue.len() == 0\n"
    );
    world.write("../leak.patch", patch);
    run(&world, &["import", "--patch", "../leak.patch"]).ok();
    let mut editor = editor(&world, ClientOptions::default());
    let shown = hunks(&editor, 1);
    let actions = editor.code_actions(FILE, &shown[0]["range"]);
    let titles: Vec<&str> = actions.iter().map(|a| a["title"].as_str().unwrap()).collect();
    assert!(titles.iter().any(|title| title.starts_with("Why not")), "{titles:?}");
    assert!(titles.iter().all(|title| !title.starts_with("Accept")), "{titles:?}");
    assert!(actions.iter().all(|action| action["disabled"].is_null()), "Helix hides disabled ones");
    assert!(editor.shutdown().success());
}

#[test]
fn a_folder_that_is_no_repository_is_served_quietly() {
    let world = World::without_git();
    world.write(FILE, RUST);
    let mut editor = world.lsp(countersign(), &["lsp"], ClientOptions::default());
    editor.open(FILE);
    let range = editor.range(FILE, 0..1);
    assert_eq!(editor.code_actions(FILE, &range), Vec::<Value>::new());
    assert!(editor.shutdown().success());
}

#[test]
fn repositories_in_the_folder_that_is_open_are_served_also_those_that_come_later() {
    let world = World::without_git();
    let repository = |name: &str| {
        world.write(&format!("{name}/{FILE}"), format!("// {name}\n{RUST}"));
        let git = |args: &[&str]| {
            world.run("git", &[&["-C", name], args].concat()).ok();
        };
        git(&["init", "--quiet"]);
        git(&["add", "."]);
        git(&["commit", "--quiet", "--message", "A queue"]);
        run(&world, &["--directory", name, "run"]).ok();
    };
    let file = |name: &str| format!("{name}/{FILE}");
    repository("one");
    repository("two");
    world.write(&file("later"), RUST);
    let mut editor = world.lsp(countersign(), &["lsp"], ClientOptions::default());
    for name in ["one", "two"] {
        editor.open(&file(name));
        editor.wait_diagnostics(&file(name), |all| all.len() == 2);
    }
    editor.open(&file("later"));
    editor.close(&file("later"));
    repository("later");
    editor.open(&file("later"));
    let shown = editor.wait_diagnostics(&file("later"), |all| all.len() == 2);
    editor.run_action_titled(&file("later"), &shown[0]["range"], "Accept hunk 1").unwrap();
    editor.wait_text(&file("later"), |text| text.contains("queue.is_empty()"));
    assert!(editor.shutdown().success());
}

#[test]
fn a_repository_in_one_that_is_open_is_served_by_its_files() {
    let world = world();
    propose(&world);
    let (inner, file) = ("vendor/queue", format!("vendor/queue/{FILE}"));
    world.write(&file, format!("// inner\n{RUST}"));
    let git = |args: &[&str]| {
        world.run("git", &[&["-C", inner], args].concat()).ok();
    };
    git(&["init", "--quiet"]);
    git(&["add", "."]);
    git(&["commit", "--quiet", "--message", "A queue"]);
    let mut editor = world.lsp(countersign(), &["lsp"], ClientOptions::default());
    editor.open(FILE);
    hunks(&editor, 2);
    // It has no ledger yet.
    editor.open(&file);
    run(&world, &["--directory", inner, "run"]).ok();
    let shown = editor.wait_diagnostics(&file, |all| all.len() == 2);
    editor.run_action_titled(&file, &shown[0]["range"], "Accept hunk 1").unwrap();
    editor.wait_text(&file, |text| text.contains("queue.is_empty()"));
    // Without a word of a file, the repository is meant that the folder is.
    let command = json!({ "command": "countersign.snapshot", "arguments": [] });
    editor.request("workspace/executeCommand", command);
    let watches = |folder: &str| {
        let all = run(&world, &["--directory", folder, "ledger", "export"]).ok();
        all.stdout.contains("snapshot")
    };
    assert!(watches(".") && !watches(inner));
    // It goes with its last file, and the one around it stays.
    let roots = || {
        let status = editor.request("countersign/status", json!({}));
        status["roots"].as_array().unwrap().len()
    };
    assert_eq!(roots(), 2);
    editor.save(&file);
    editor.close(&file);
    assert_eq!(roots(), 1);
    assert!(editor.shutdown().success());
}

#[test]
fn a_repository_is_served_as_long_as_a_folder_or_a_file_of_it_is_open() {
    let world = world();
    let mut editor = world.lsp(countersign(), &["lsp"], ClientOptions::default());
    let folders = |added: &[&str], removed: &[&str]| {
        let all = |of: &[&str]| {
            of.iter().map(|at| json!({ "uri": editor.uri(at), "name": "x" })).collect::<Vec<_>>()
        };
        let event = json!({ "event": { "added": all(added), "removed": all(removed) } });
        editor.notify("workspace/didChangeWorkspaceFolders", event);
    };
    // Two folders of one repository that has no ledger yet; the one that it was found by goes.
    folders(&["src"], &[]);
    editor.request("countersign/status", json!({}));
    folders(&[], &[""]);
    propose(&world);
    editor.open(FILE);
    hunks(&editor, 2);
    // Without any folder it goes with its last file, and comes with the next.
    folders(&[], &["src"]);
    editor.close(FILE);
    let roots = || editor.request("countersign/status", json!({}))["roots"].clone();
    assert_eq!(roots(), json!([]));
    editor.open(FILE);
    hunks(&editor, 2);
    // A folder comes and goes around it.
    folders(&[""], &[]);
    folders(&[], &[""]);
    editor.wait_diagnostics(FILE, |all| all.len() == 2);
    editor.close(FILE);
    assert_eq!(roots(), json!([]));
    assert!(editor.shutdown().success());
}

#[test]
fn of_two_working_trees_of_one_repository_each_has_its_own_changes() {
    let world = world();
    world.git(&["worktree", "add", "--quiet", "../linked"]);
    let id = id(&propose(&world));
    let mut editor = world.lsp(countersign(), &["lsp"], ClientOptions::default());
    let linked = json!({ "uri": editor.uri("../linked"), "name": "linked" });
    let event = json!({ "event": { "added": [linked], "removed": [] } });
    editor.notify("workspace/didChangeWorkspaceFolders", event);
    editor.open(&format!("../linked/{FILE}"));
    editor.open(FILE);
    let shown = hunks(&editor, 2);
    editor.run_action_titled(FILE, &shown[0]["range"], "Accept hunk 1").unwrap();
    wait_states(&world, &id, &["accepted (unsaved)", "proposed"]);
    assert!(editor.shutdown().success());
}

#[test]
fn a_ledger_that_does_not_open_is_said_with_the_reason() {
    let world = world();
    propose(&world);
    world.write(".git/countersign/ledger.db", "no database");
    let mut editor = world.lsp(countersign(), &["lsp"], ClientOptions::default());
    editor.open(FILE);
    let said = editor.wait_error("nothing is shown or recorded in ");
    assert!(said.contains("ledger.db"), "{said}");
    let adopt = json!({ "command": "countersign.adopt" });
    let refused = editor.try_request("workspace/executeCommand", adopt).unwrap_err();
    let message = refused["message"].as_str().unwrap().to_owned();
    assert!(message.contains("is not served") && message.contains("ledger.db"), "{message}");
    editor.take_errors();
    assert!(editor.shutdown().success());
}

#[test]
fn an_undo_that_was_never_saved_is_lost_with_its_buffer() {
    for kill in [false, true] {
        let world = world();
        let id = id(&propose(&world));
        let mut editor = editor(&world, ClientOptions::default());
        let shown = hunks(&editor, 2);
        editor.run_action_titled(FILE, &shown[0]["range"], "Accept all").unwrap();
        editor.save(FILE);
        wait_states(&world, &id, &["accepted", "accepted"]);
        editor.run_action_titled(FILE, &shown[0]["range"], "Undo").unwrap();
        wait_states(&world, &id, &["undone (unsaved)", "undone (unsaved)"]);
        if kill {
            editor.kill();
        } else {
            editor.close(FILE);
        }
        wait_states(&world, &id, &["accepted", "accepted"]);
        assert!(!world.read(FILE).contains("len() == 0"), "the disk still has what was accepted");
        run(&world, &["undo", &id, "--by", "Ada"]).ok();
        assert_eq!(world.read(FILE), RUST);
        if !kill {
            assert!(editor.shutdown().success());
        }
    }
}

#[test]
fn what_leaves_the_disk_by_other_means_is_no_dead_end() {
    let world = world();
    let id = id(&propose(&world));
    run(&world, &["accept", &id, "--by", "Ada"]).ok();
    world.git(&["checkout", "--quiet", FILE]);
    run(&world, &["undo", &id, "--by", "Ada"]).ok();
    wait_states(&world, &id, &["undone", "undone"]);
    run(&world, &["accept", &id, "--by", "Ada"]).ok();
    wait_states(&world, &id, &["accepted", "accepted"]);
    // And what comes back by other means can be accepted, and undone.
    run(&world, &["undo", &id, "--by", "Ada"]).ok();
    let accepted = RUST.replace("queue.len() == 0", "queue.is_empty()");
    let accepted = accepted.replace("right.len() == 0", "right.is_empty()");
    world.write(FILE, &accepted);
    run(&world, &["accept", &id, "--by", "Ada"]).ok();
    assert_eq!(world.read(FILE), accepted);
    run(&world, &["undo", &id, "--by", "Ada"]).ok();
    assert_eq!(world.read(FILE), RUST);
}

#[test]
fn settings_come_from_the_editor_and_what_is_hidden_is_counted_and_comes_back() {
    let world = world();
    let id = id(&propose(&world));
    let mut options = ClientOptions::default();
    options.settings.insert(
        "countersign.proposals".to_owned(),
        json!({ "severity": "hint", "maximumShown": "many" }),
    );
    let mut editor = editor(&world, options);
    let warned = |params: &Value| {
        params["message"]
            .as_str()
            .unwrap()
            .contains("maximumShown: \"many\" is not a number from 1")
    };
    editor.wait_notification("window/showMessage", warned);
    let hinted = |all: &[Value]| all.len() == 2 && all.iter().all(|one| one["severity"] == 4);
    editor.wait_diagnostics(FILE, hinted);
    let snooze = |minutes: u32| {
        let argument = json!({ "minutes": minutes });
        let params = json!({ "command": "countersign.snooze", "arguments": [argument] });
        editor.request("workspace/executeCommand", params)
    };
    assert_eq!(snooze(30)["hidden"], 2);
    hunks(&editor, 0);
    let status = editor.request("countersign/status", json!({}));
    assert_eq!((&status["waiting"], &status["hidden"]), (&2.into(), &2.into()), "{status:#}");
    assert_eq!(hunk_states(&world, &id), ["proposed", "proposed"]);
    snooze(0);
    hunks(&editor, 2);
    assert!(editor.shutdown().success());
}

/// Helix says what was typed while its server started before it says that there is a document.
#[test]
fn what_was_typed_while_the_server_started_is_part_of_the_text() {
    let world = world();
    propose(&world);
    let mut editor = world.lsp(countersign(), &["lsp"], ClientOptions::default());
    let start = json!({ "line": 0, "character": 0 });
    let typed = json!({ "range": { "start": start, "end": start }, "text": "// mine\n" });
    let document = |version: i32| json!({ "uri": editor.uri(FILE), "version": version });
    let params = json!({ "textDocument": document(1), "contentChanges": [typed] });
    editor.notify("textDocument/didChange", params);
    let mut opened = document(0);
    opened["text"] = RUST.into();
    opened["languageId"] = "rust".into();
    editor.notify("textDocument/didOpen", json!({ "textDocument": opened }));
    let lines = |all: &[Value]| {
        all.iter().map(|one| one["range"]["start"]["line"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    editor.wait_diagnostics(FILE, |all| lines(all) == [3, 23]);
    assert!(editor.shutdown().success());
}
