//! Kill -9 between the intent and its outcome: nothing is lost, nothing is doubled.

use test_support::{ApplyEdits, ClientOptions, LspClient, World};

use crate::support::{RUST, countersign, event_kinds, hunk_states, id, propose, run, world};

const FILE: &str = "src/queue.rs";

/// An editor that was asked to apply an acceptance and never answers: the intent is open.
fn interrupted(world: &World) -> (String, LspClient) {
    let id = id(&propose(world));
    let options = ClientOptions { apply_edits: ApplyEdits::Ignore, ..ClientOptions::default() };
    let editor = world.lsp(countersign(), &["lsp"], options);
    editor.open(FILE);
    let shown = editor.wait_diagnostics(FILE, |diagnostics| diagnostics.len() == 2);
    let actions = editor.code_actions(FILE, &shown[0]["range"]);
    let accept = actions
        .iter()
        .find(|action| action["title"].as_str().unwrap().starts_with("Accept all"))
        .unwrap_or_else(|| panic!("{actions:#?}"));
    editor.start_request(
        "workspace/executeCommand",
        serde_json::json!({
            "command": accept["command"]["command"],
            "arguments": accept["command"]["arguments"],
        }),
    );
    editor.wait_server_request("workspace/applyEdit");
    (id, editor)
}

#[test]
fn killed_before_the_editor_applied_it_the_proposal_is_back() {
    let world = world();
    let (id, mut editor) = interrupted(&world);
    assert_eq!(hunk_states(&world, &id), ["accepting", "accepting"], "its process is alive");
    editor.kill();
    assert_eq!(hunk_states(&world, &id), ["proposed", "proposed"]);
    assert_eq!(world.read(FILE), RUST);
    assert_eq!(event_kinds(&world)[2..], ["accept_requested", "accept_failed"]);
    run(&world, &["accept", &id, "--by", "Ada"]).ok();
    assert_eq!(hunk_states(&world, &id), ["accepted", "accepted"]);
    assert_eq!(world.read(FILE).matches("is_empty()").count(), 3, "once each, and one was there");
    run(&world, &["ledger", "verify"]).ok();
}

#[test]
fn killed_after_the_text_reached_the_disk_it_is_accepted() {
    let world = world();
    let (id, mut editor) = interrupted(&world);
    let accepted = RUST.replace("queue.len() == 0", "queue.is_empty()");
    let accepted = accepted.replace("right.len() == 0", "right.is_empty()");
    // The editor applied and saved, and the server died before it heard of it.
    world.write(FILE, &accepted);
    editor.kill();
    assert_eq!(hunk_states(&world, &id), ["accepted", "accepted"]);
    assert_eq!(event_kinds(&world)[2..], ["accept_requested", "accepted"]);
    run(&world, &["list"]).ok();
    assert_eq!(event_kinds(&world).len(), 4, "settled once");
    run(&world, &["undo", &id, "--by", "Ada"]).ok();
    assert_eq!(world.read(FILE), RUST);
    run(&world, &["ledger", "verify"]).ok();
}

#[test]
fn killed_while_someone_else_edits_the_file_it_is_named_and_left_alone() {
    let world = world();
    let (id, mut editor) = interrupted(&world);
    let other = RUST.replace("let mut sum = 0;", "let mut sum = 1;");
    world.write(FILE, &other);
    editor.kill();
    assert_eq!(hunk_states(&world, &id), ["proposed", "proposed"]);
    assert_eq!(world.read(FILE), other);
    run(&world, &["accept", &id, "--by", "Ada"]).ok();
    assert!(world.read(FILE).contains("let mut sum = 1;"));
}

#[test]
fn killed_with_accepted_text_unsaved_it_is_proposed_again() {
    let world = world();
    let id = id(&propose(&world));
    let mut editor = world.lsp(countersign(), &["lsp"], ClientOptions::default());
    editor.open(FILE);
    let shown = editor.wait_diagnostics(FILE, |diagnostics| diagnostics.len() == 2);
    editor.run_action_titled(FILE, &shown[0]["range"], "Accept all").unwrap();
    assert_eq!(hunk_states(&world, &id), ["accepted (unsaved)", "accepted (unsaved)"]);
    editor.kill();
    assert_eq!(hunk_states(&world, &id), ["proposed", "proposed"], "the buffer died with it");
    assert_eq!(world.read(FILE), RUST);
    run(&world, &["accept", &id, "--by", "Ada"]).ok();
    run(&world, &["ledger", "verify"]).ok();
}

#[test]
fn recovery_in_one_working_tree_leaves_the_others_alone() {
    let world = world();
    world.write("src/other.rs", RUST);
    world.commit("Another queue");
    world.git(&["worktree", "add", "--quiet", "-b", "linked", "../linked"]);
    let id = id(&propose(&world));
    let options = ClientOptions { apply_edits: ApplyEdits::Ignore, ..ClientOptions::default() };
    let mut editor = world.lsp(countersign(), &["lsp"], options);
    editor.open(FILE);
    let shown = editor.wait_diagnostics(FILE, |diagnostics| diagnostics.len() == 2);
    let actions = editor.code_actions(FILE, &shown[0]["range"]);
    let accept = actions
        .iter()
        .find(|action| action["title"].as_str().unwrap().starts_with("Accept all"))
        .unwrap();
    editor.start_request(
        "workspace/executeCommand",
        serde_json::json!({
            "command": accept["command"]["command"],
            "arguments": accept["command"]["arguments"],
        }),
    );
    editor.wait_server_request("workspace/applyEdit");
    editor.kill();
    // In the linked tree one of the files happens to hold the accepted text.
    let accepted = RUST.replace("queue.len() == 0", "queue.is_empty()");
    let accepted = accepted.replace("right.len() == 0", "right.is_empty()");
    world.write("../linked/src/queue.rs", &accepted);
    let linked = world.outer().join("linked");
    run(&world, &["-C", linked.to_str().unwrap(), "list"]).ok();
    assert_eq!(world.read("../linked/src/other.rs"), RUST, "not ours to write from there");
    assert_eq!(event_kinds(&world).last().unwrap(), "accept_requested", "nor to settle");
    assert_eq!(hunk_states(&world, &id)[0], "proposed", "its own tree settles it");
    run(&world, &["ledger", "verify"]).ok();
}

#[test]
fn what_was_under_way_in_a_removed_working_tree_waits_again() {
    for with_git in [true, false] {
        let world = world();
        world.git(&["worktree", "add", "--quiet", "-b", "linked", "../linked"]);
        let linked = world.outer().join("linked");
        let id = id(&propose(&world));
        let options = ClientOptions { apply_edits: ApplyEdits::Ignore, ..ClientOptions::default() };
        let mut command = world.command(countersign());
        command.current_dir(&linked).arg("lsp");
        let mut editor = LspClient::start(command, &linked, options);
        editor.open(FILE);
        editor.wait_diagnostics(FILE, |shown| shown.len() == 2);
        editor.start_request(
            "workspace/executeCommand",
            serde_json::json!({
                "command": "countersign.accept", "arguments": [{ "changeset": id }],
            }),
        );
        editor.wait_server_request("workspace/applyEdit");
        editor.kill();
        assert_eq!(
            hunk_states(&world, &id),
            ["accepting", "accepting"],
            "it may be carried on there"
        );
        if with_git {
            world.git(&["worktree", "remove", "--force", "../linked"]);
        } else {
            std::fs::remove_dir_all(&linked).unwrap();
        }
        assert_eq!(hunk_states(&world, &id), ["proposed", "proposed"]);
        let ledger = run(&world, &["ledger", "export"]).ok().stdout;
        assert!(ledger.contains("its working tree linked was removed"), "{ledger}");
        run(&world, &["accept", &id, "--by", "Ada"]).ok();
        run(&world, &["ledger", "verify"]).ok();
    }
}
