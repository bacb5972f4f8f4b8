//! Adopted hunks in the server, over a real repository: what an agent changed is reviewed in the editor.

use engine::Since;
use model::ChangeSetId;
use serde_json::json;
use test_support::World;

use crate::duplex::{Editor, line_of};
use crate::journey::{BEFORE, engine, lines, run, start, states, uri, world};

/// What an agent makes of [`BEFORE`]: a hunk on line 4, and one at the end.
const AGENTS: &str = "fn one() {}\n\nfn two() {\n    2;\n}\n\nfn three() {}\n\nfn four() {}\n";

/// An agent changes `a.rs`, and what it did is adopted.
fn adopt(world: &World) -> ChangeSetId {
    engine(world).take_snapshot(None).unwrap();
    world.write("a.rs", AGENTS);
    adopted(world)
}

fn adopted(world: &World) -> ChangeSetId {
    let run = engine(world).adopt(&Since::Snapshot, Some("claude")).unwrap();
    match run.proposal.unwrap() {
        engine::Proposal::New(captured) => captured.changeset.id,
        known => panic!("{known:?}"),
    }
}

async fn opened(world: &World, text: &str) -> (Editor, String) {
    let mut editor = start(world.root()).await;
    let file = uri(world, "a.rs");
    editor.open(&file, text).await;
    editor.until(|editor| lines(editor, &file).len() == 2).await;
    (editor, file)
}

#[tokio::test(flavor = "multi_thread")]
async fn adopted_hunks_are_shown_where_they_are_and_say_who_changed_them() {
    let world = world();
    adopt(&world);
    let (mut editor, file) = opened(&world, AGENTS).await;
    let shown = &editor.diagnostics[&file];
    assert_eq!(shown.iter().map(line_of).collect::<Vec<_>>(), [3, 7]);
    let message = shown[0]["message"].as_str().unwrap();
    assert!(message.starts_with("changed by claude, not reviewed"), "{message}");
    // They follow what the person types above, and one whose text they edit is not shown as it was captured.
    editor.change(&file, &format!("// mine\n{AGENTS}")).await;
    editor.until(|editor| lines(editor, &file) == [4, 8]).await;
    let at = json!({ "line": 4, "character": 4 });
    let params = json!({ "textDocument": { "uri": file }, "position": at });
    let hover = editor.request("textDocument/hover", params).await;
    let text = hover["result"]["contents"]["value"].as_str().unwrap();
    assert!(text.contains("-    1;") && text.contains("in the text already"), "{text}");
    editor.leave().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn accepting_an_adopted_hunk_writes_nothing() {
    let world = world();
    let id = adopt(&world);
    let (mut editor, file) = opened(&world, AGENTS).await;
    let answer = run(&mut editor, "accept", json!({ "changeset": id, "hunks": [1] })).await;
    assert_eq!(answer["result"]["hunks"], json!([1]), "{answer}");
    assert_eq!(editor.buffers[&file], (1, AGENTS.to_owned()));
    assert_eq!((&*world.read("a.rs"), states(&world, id)), (AGENTS, vec!["accepted", "adopted"]));
    editor.until(|editor| lines(editor, &file) == [7]).await;
    // Undoing a review is no more than that.
    let answer = run(&mut editor, "undo", json!({ "changeset": id })).await;
    assert_eq!(answer["result"]["hunks"], json!([1]), "{answer}");
    assert_eq!(editor.buffers[&file], (1, AGENTS.to_owned()));
    assert_eq!(states(&world, id), ["adopted", "adopted"]);
    editor.leave().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn rejecting_an_adopted_hunk_takes_it_out_of_the_buffer_and_never_writes_beneath_it() {
    let world = world();
    let id = adopt(&world);
    let (mut editor, file) = opened(&world, AGENTS).await;
    let typed = format!("// mine\n{AGENTS}");
    editor.change(&file, &typed).await;
    let answer = run(&mut editor, "reject", json!({ "changeset": id, "hunks": [1] })).await;
    assert_eq!(answer["result"]["hunks"], json!([1]), "{answer}");
    let without = typed.replace("    2;", "    1;");
    assert_eq!((&*editor.buffers[&file].1, &*world.read("a.rs")), (&*without, AGENTS));
    assert_eq!(states(&world, id), ["rejected (unsaved)", "adopted"]);
    world.write("a.rs", &without);
    let saved = json!({ "textDocument": { "uri": file } });
    editor.notify("textDocument/didSave", saved).await;
    // A job behind the save.
    run(&mut editor, "accept", json!({ "changeset": id, "hunks": [2] })).await;
    assert_eq!(states(&world, id), ["rejected", "accepted"]);
    editor.leave().await.unwrap();
    engine(&world).ledger().verify().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_editors_own_undo_of_a_rejection_and_a_buffer_closed_unsaved_give_the_hunk_back() {
    let world = world();
    let id = adopt(&world);
    let (mut editor, file) = opened(&world, AGENTS).await;
    let reject = json!({ "changeset": id, "hunks": [1] });
    run(&mut editor, "reject", reject.clone()).await;
    editor.until(|editor| lines(editor, &file) == [7]).await;
    editor.change(&file, AGENTS).await;
    editor.until(|editor| lines(editor, &file) == [3, 7]).await;
    assert_eq!(states(&world, id), ["adopted", "adopted"]);
    run(&mut editor, "reject", reject).await;
    let closed = json!({ "textDocument": { "uri": file } });
    editor.notify("textDocument/didClose", closed).await;
    editor.leave().await.unwrap();
    assert_eq!((states(&world, id), &*world.read("a.rs")), (vec!["adopted", "adopted"], AGENTS));
}

#[tokio::test(flavor = "multi_thread")]
async fn rejecting_all_takes_out_of_open_and_of_closed_files() {
    let world = world();
    engine(&world).take_snapshot(None).unwrap();
    world.write("a.rs", AGENTS);
    world.write("b.txt", "y\n");
    let id = adopted(&world);
    let (mut editor, file) = opened(&world, AGENTS).await;
    let answer = run(&mut editor, "reject", json!({ "changeset": id })).await;
    assert_eq!(answer["result"]["hunks"], json!([1, 2, 3]), "{answer}");
    assert_eq!(&*editor.buffers[&file].1, BEFORE);
    assert_eq!((&*world.read("a.rs"), &*world.read("b.txt")), (AGENTS, "x\n"));
    assert_eq!(states(&world, id), ["rejected (unsaved)", "rejected (unsaved)", "rejected"]);
    editor.leave().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_is_taken_and_what_an_agent_changed_is_adopted_without_what_the_person_saved() {
    let world = world();
    let mut editor = start(world.root()).await;
    let file = uri(&world, "a.rs");
    editor.open(&file, BEFORE).await;
    // Nothing was recorded in this repository so far: the snapshot is the first.
    let answer = run(&mut editor, "snapshot", json!({ "label": "before the turn" })).await;
    assert!(answer["result"]["seq"].is_number(), "{answer}");
    // A job behind the comparison of what is open with the disk.
    let again = run(&mut editor, "snapshot", json!({})).await;
    assert_eq!(again["result"]["again"], true, "{again}");
    let mine = BEFORE.replace("fn one() {}", "fn first() {}");
    editor.change(&file, &mine).await;
    world.write("a.rs", &mine);
    let saved = json!({ "textDocument": { "uri": file } });
    editor.notify("textDocument/didSave", saved).await;
    // An agent changes the file, and the editor reads it again.
    let theirs = mine.replace("1;", "2;");
    world.write("a.rs", &theirs);
    editor.change(&file, &theirs).await;
    let params = json!({ "textDocument": { "uri": file },
        "range": { "start": { "line": 0, "character": 0 }, "end": { "line": 0, "character": 0 } },
        "context": { "diagnostics": [], "only": ["source"] } });
    let offered = editor.request("textDocument/codeAction", params).await;
    let adopt = &offered["result"][0];
    assert_eq!(adopt["command"], "countersign.adopt", "{offered}");
    let answer = run(&mut editor, "adopt", adopt["arguments"][0].clone()).await;
    let id: ChangeSetId = answer["result"]["changeset"].as_str().unwrap().parse().unwrap();
    editor.until(|editor| lines(editor, &file) == [3]).await;
    run(&mut editor, "reject", json!({ "changeset": id })).await;
    assert_eq!(editor.buffers[&file].1, mine);
    world.write("a.rs", &mine);
    editor.notify("textDocument/didSave", json!({ "textDocument": { "uri": file } })).await;
    let answer = run(&mut editor, "restore", json!({ "changeset": id })).await;
    assert_eq!(answer["result"]["hunks"], json!([1]), "{answer}");
    assert_eq!(states(&world, id), ["proposed"]);
    let answer = run(&mut editor, "restore", json!({ "changeset": id })).await;
    assert!(answer["error"]["message"].is_string(), "{answer}");
    editor.leave().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_is_stated_anew_against_the_files_as_they_are() {
    let world = world();
    let id = adopt(&world);
    let (mut editor, file) = opened(&world, AGENTS).await;
    let edited = AGENTS.replace("    2;", "    3;");
    world.write("a.rs", &edited);
    editor.change(&file, &edited).await;
    let answer = run(&mut editor, "repropose", json!({ "changeset": id })).await;
    let again: ChangeSetId = answer["result"]["changeset"].as_str().unwrap().parse().unwrap();
    editor.until(|editor| lines(editor, &file) == [3, 7]).await;
    assert_eq!(states(&world, id), ["superseded", "superseded"]);
    assert_eq!(states(&world, again), ["adopted", "adopted"]);
    editor.leave().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_belongs_to_another_branch_is_not_shown_until_that_branch_is_there() {
    let world = world();
    world.git(&["switch", "--quiet", "-c", "other"]);
    world.write("c.txt", "c\n");
    world.commit("Elsewhere");
    adopt(&world);
    let (mut editor, file) = opened(&world, AGENTS).await;
    world.git(&["stash", "--quiet"]);
    world.git(&["switch", "--quiet", "-"]);
    editor.until(|editor| lines(editor, &file).is_empty()).await;
    world.git(&["switch", "--quiet", "other"]);
    editor.until(|editor| lines(editor, &file) == [3, 7]).await;
    editor.leave().await.unwrap();
}
