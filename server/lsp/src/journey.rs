//! The server over a real repository: real git, real ledger, real files.

use std::path::Path;

use engine::{Clock, Engine, Import, Proposal, RulesFrom};
use model::{Actor, ActorKind, ChangeSetId, Surface, Timestamp};
use serde_json::{Value, json};
use test_support::{World, uri_from_path};

use crate::duplex::{Editor, line_of};
use crate::{Options, engine_thread};

pub(crate) const BEFORE: &str = "fn one() {}\n\nfn two() {\n    1;\n}\n\nfn three() {}\n";
const AFTER: &str = "fn one() {}\n\nfn two() {\n    2;\n}\n\nfn three() {}\n\nfn four() {}\n";

fn actor() -> Actor {
    Actor { kind: ActorKind::Person, name: "Ada".into(), surface: Surface::Editor }
}

fn clock() -> Clock {
    Clock::Fixed(Timestamp(1_735_689_600_000))
}

pub(crate) fn engine(world: &World) -> Engine {
    Engine::open(world.root(), clock(), actor(), RulesFrom::default()).unwrap()
}

/// A repository with `a.rs` and `b.txt`.
pub(crate) fn world() -> World {
    let world = World::new();
    world.write("a.rs", BEFORE);
    world.write("b.txt", "x\n");
    world.commit("Start");
    world
}

/// Proposes what `edit` does to the files, and leaves the files as they were.
fn propose(world: &World, edit: impl Fn(&World)) -> ChangeSetId {
    edit(world);
    let patch = world.git(&["diff", "--no-color"]);
    world.git(&["checkout", "--quiet", "--", "."]);
    let import =
        Import::Patch { name: "test.patch".into(), bytes: patch.into_bytes(), rationale: None };
    match engine(world).import(&import).unwrap() {
        Proposal::New(captured) => captured.changeset.id,
        known => panic!("{known:?}"),
    }
}

pub(crate) fn uri(world: &World, path: &str) -> String {
    uri_from_path(&world.path(path))
}

pub(crate) async fn start(root: &Path) -> Editor {
    let options = Options {
        clock: clock(),
        actor: actor(),
        rules_from: RulesFrom::default(),
        prover: None,
        proves_unasked: false,
        proves_again_after: std::time::Duration::MAX,
        works: None,
        approves: None,
    };
    let mut editor = Editor::start(engine_thread::engines(options));
    editor.initialize(&uri_from_path(root), json!({})).await;
    editor
}

pub(crate) async fn run(editor: &mut Editor, verb: &str, argument: Value) -> Value {
    let command = format!("countersign.{verb}");
    let params = json!({ "command": command, "arguments": [argument] });
    editor.request("workspace/executeCommand", params).await
}

pub(crate) fn lines(editor: &Editor, uri: &str) -> Vec<u64> {
    let inline = |diagnostic: &&Value| diagnostic["data"]["hunk"].is_number();
    let shown = editor.diagnostics.get(uri).into_iter().flatten().filter(inline);
    shown.map(line_of).collect()
}

pub(crate) fn states(world: &World, id: ChangeSetId) -> Vec<&'static str> {
    let change = engine(world).change(id).unwrap();
    change.state.hunks.values().map(|state| state.word()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proposal_is_shown_accepted_saved_and_undone() {
    let world = world();
    let id = propose(&world, |world| world.write("a.rs", AFTER));
    let mut editor = start(world.root()).await;
    let file = uri(&world, "a.rs");
    editor.open(&file, BEFORE).await;
    editor.until(|editor| lines(editor, &file) == [3, 6]).await;
    let answer = run(&mut editor, "accept", json!({ "changeset": id, "hunks": [1] })).await;
    assert_eq!(answer["result"]["hunks"], json!([1]), "{answer}");
    assert_eq!(editor.buffers[&file].1, BEFORE.replace('1', "2"));
    assert_eq!(states(&world, id), ["accepted (unsaved)", "proposed"]);
    assert_eq!(world.read("a.rs"), BEFORE);
    world.write("a.rs", &editor.buffers[&file].1);
    let saved = json!({ "textDocument": { "uri": file } });
    editor.notify("textDocument/didSave", saved).await;
    // The undo is a job behind the save, so its answer comes when both are done.
    let answer = run(&mut editor, "undo", json!({ "changeset": id })).await;
    assert_eq!(answer["result"]["hunks"], json!([1]), "{answer}");
    assert_eq!(editor.buffers[&file].1, BEFORE);
    assert_eq!(states(&world, id), ["undone (unsaved)", "proposed"]);
    editor.leave().await.unwrap();
    let ledger = engine(&world);
    let events = ledger.ledger().events(1, 100).unwrap();
    let kinds: Vec<&str> = events.iter().map(|event| event.event.kind()).collect();
    assert_eq!(
        kinds,
        [
            "change_set_proposed",
            "change_set_judged",
            "accept_requested",
            "accepted",
            "saved",
            "undo_requested",
            "undone"
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_process_proposes_and_rejects_is_followed() {
    let world = world();
    let mut editor = start(world.root()).await;
    let file = uri(&world, "a.rs");
    editor.open(&file, BEFORE).await;
    let id = propose(&world, |world| world.write("a.rs", AFTER));
    editor.until(|editor| lines(editor, &file) == [3, 6]).await;
    engine(&world).reject(id, &engine::Selection::Hunks(vec![1]), None).unwrap();
    editor.until(|editor| lines(editor, &file) == [6]).await;
    editor.leave().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_no_editor_holds_are_written_on_disk() {
    let world = world();
    let id = propose(&world, |world| {
        world.write("a.rs", AFTER);
        world.write("b.txt", "y\n");
    });
    let mut editor = start(world.root()).await;
    let file = uri(&world, "a.rs");
    editor.open(&file, BEFORE).await;
    editor.until(|editor| lines(editor, &file) == [3, 6]).await;
    let answer = run(&mut editor, "accept", json!({ "changeset": id })).await;
    assert_eq!(answer["result"]["hunks"], json!([1, 2, 3]), "{answer}");
    assert_eq!((&*editor.buffers[&file].1, &*world.read("a.rs")), (AFTER, BEFORE));
    assert_eq!(world.read("b.txt"), "y\n");
    editor.leave().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_unsaved_gives_the_proposal_back() {
    let world = world();
    let id = propose(&world, |world| world.write("a.rs", AFTER));
    let mut editor = start(world.root()).await;
    let file = uri(&world, "a.rs");
    editor.open(&file, BEFORE).await;
    editor.until(|editor| !lines(editor, &file).is_empty()).await;
    run(&mut editor, "accept", json!({ "changeset": id })).await;
    let closed = json!({ "textDocument": { "uri": file } });
    editor.notify("textDocument/didClose", closed).await;
    editor.leave().await.unwrap();
    assert_eq!(states(&world, id), ["proposed", "proposed"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_editors_own_undo_gives_back_only_what_it_took_out() {
    let world = world();
    let id = propose(&world, |world| world.write("a.rs", AFTER));
    let mut editor = start(world.root()).await;
    let file = uri(&world, "a.rs");
    editor.open(&file, BEFORE).await;
    editor.until(|editor| !lines(editor, &file).is_empty()).await;
    run(&mut editor, "accept", json!({ "changeset": id, "hunks": [1] })).await;
    let between = editor.buffers[&file].1.clone();
    run(&mut editor, "accept", json!({ "changeset": id, "hunks": [2] })).await;
    assert_eq!(editor.buffers[&file].1, AFTER);
    assert_eq!(states(&world, id), ["accepted (unsaved)", "accepted (unsaved)"]);
    editor.until(|editor| lines(editor, &file).is_empty()).await;
    editor.change(&file, &between).await;
    editor.until(|editor| lines(editor, &file) == [6]).await;
    assert_eq!(states(&world, id), ["accepted (unsaved)", "proposed"]);
    editor.leave().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_buffer_that_is_closed_is_compared_with_the_disk() {
    let world = world();
    let id = propose(&world, |world| world.write("a.rs", AFTER));
    let mut editor = start(world.root()).await;
    let file = uri(&world, "a.rs");
    editor.open(&file, BEFORE).await;
    editor.until(|editor| !lines(editor, &file).is_empty()).await;
    run(&mut editor, "accept", json!({ "changeset": id })).await;
    world.write("a.rs", AFTER);
    let closed = json!({ "textDocument": { "uri": file } });
    editor.notify("textDocument/didClose", closed).await;
    editor.leave().await.unwrap();
    assert_eq!(states(&world, id), ["accepted", "accepted"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_buffer_that_is_unsaved_when_it_is_opened_is_known_to_others() {
    let world = world();
    world.write("marked.txt", "\u{feff}x\n");
    let id = propose(&world, |world| world.write("a.rs", AFTER));
    let mut editor = start(world.root()).await;
    let (file, clean) = (uri(&world, "a.rs"), uri(&world, "b.txt"));
    editor.open(&clean, "x\n").await;
    editor.open(&uri(&world, "marked.txt"), "x\n").await;
    editor.open(&uri(&world, "new.txt"), "").await;
    editor.open(&file, &format!("// unsaved\n{BEFORE}")).await;
    editor.until(|editor| lines(editor, &file) == [4, 7]).await;
    // The comparison is a job before the first command, and the presence it leads to one before the second.
    for hunk in [1, 2] {
        run(&mut editor, "reject", json!({ "changeset": id, "hunks": [hunk] })).await;
    }
    let presences = engine(&world).ledger().presences(clock().now()).unwrap();
    let paths: Vec<String> = presences.into_iter().map(|(path, _)| path.to_string()).collect();
    assert_eq!(paths, ["a.rs"]);
    editor.leave().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn looking_at_a_repository_leaves_nothing_in_it() {
    let world = world();
    let mut editor = start(world.root()).await;
    let file = uri(&world, "a.rs");
    editor.open(&file, BEFORE).await;
    editor.change(&file, AFTER).await;
    editor.leave().await.unwrap();
    assert!(!engine::ledger_folder(world.root()).unwrap().exists());
    // Once there is something to show, what is open is known.
    let mut editor = start(world.root()).await;
    editor.open(&file, BEFORE).await;
    let id = propose(&world, |world| world.write("a.rs", AFTER));
    editor.until(|editor| lines(editor, &file) == [3, 6]).await;
    run(&mut editor, "accept", json!({ "changeset": id })).await;
    assert_eq!(editor.buffers[&file].1, AFTER);
    editor.leave().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_person_typed_over_is_refused_by_name() {
    let world = world();
    let id = propose(&world, |world| world.write("a.rs", AFTER));
    let mut editor = start(world.root()).await;
    let file = uri(&world, "a.rs");
    editor.open(&file, BEFORE).await;
    editor.until(|editor| !lines(editor, &file).is_empty()).await;
    let mine = BEFORE.replace("1;", "mine;");
    editor.change(&file, &mine).await;
    // It is listed with its file, and does not keep the other one from being accepted.
    editor.until(|editor| editor.diagnostics[&file][0]["data"]["conflicts"].is_array()).await;
    let listed = editor.diagnostics[&file][0].clone();
    assert_eq!((line_of(&listed), &listed["data"]["conflicts"]), (0, &json!([1])));
    let message = listed["message"].as_str().unwrap();
    assert!(message.starts_with("1 proposed hunk no longer fits: "), "{message}");
    let params = json!({ "textDocument": { "uri": file }, "range": listed["range"],
        "context": { "diagnostics": [listed] } });
    let offered = editor.request("textDocument/codeAction", params).await;
    let titles: Vec<&str> =
        offered["result"].as_array().unwrap().iter().filter_map(|a| a["title"].as_str()).collect();
    assert!(titles[0].starts_with("Why not here: hunk 1 of "), "{titles:?}");
    assert!(titles[1].starts_with("State anew"), "{titles:?}");
    let why = json!({ "changeset": id, "hunks": [1] });
    let why = run(&mut editor, "why", why).await["result"].as_str().unwrap().to_owned();
    assert!(why.contains("Hunk 1 has no place any more"), "{why}");
    let answer = run(&mut editor, "accept", json!({ "changeset": id })).await;
    assert_eq!(answer["result"]["hunks"], json!([2]), "{answer}");
    assert_eq!(answer["result"]["refused"][0]["hunk"], 1);
    assert!(editor.buffers[&file].1.starts_with(&mine));
    editor.leave().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_undo_that_cannot_be_is_offered_and_refused_with_the_reason() {
    let world = world();
    let id = propose(&world, |world| world.write("a.rs", AFTER));
    let mut editor = start(world.root()).await;
    let file = uri(&world, "a.rs");
    editor.open(&file, BEFORE).await;
    editor.until(|editor| !lines(editor, &file).is_empty()).await;
    run(&mut editor, "accept", json!({ "changeset": id, "hunks": [1] })).await;
    // Every line around the hunk and the hunk itself is another one now.
    let mine = "fn mine() {}\n".repeat(8);
    editor.change(&file, &mine).await;
    editor.until(|editor| lines(editor, &file).is_empty()).await;
    let at = json!({ "line": 0, "character": 0 });
    let params = json!({
        "textDocument": { "uri": file },
        "range": { "start": at, "end": at },
        "context": { "diagnostics": [] },
    });
    let offered = editor.request("textDocument/codeAction", params).await;
    let mut commands = offered["result"].as_array().unwrap().iter();
    let command = commands.find(|offer| offer["command"] == "countersign.undo").unwrap();
    let answer = run(&mut editor, "undo", command["arguments"][0].clone()).await;
    assert_eq!(answer["result"]["hunks"], json!([]), "{answer}");
    assert!(answer["result"]["refused"][0]["reason"].is_string(), "{answer}");
    let refused = |said: &String| said.contains("nothing of") && said.contains("not hunk 1: ");
    editor.until(|editor| editor.messages.iter().any(refused)).await;
    assert_eq!(editor.buffers[&file].1, mine);
    editor.leave().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_repository_it_is_quiet() {
    let world = World::without_git();
    world.write("a.rs", BEFORE);
    let mut editor = start(world.root()).await;
    let file = uri(&world, "a.rs");
    editor.open(&file, BEFORE).await;
    let at = json!({ "line": 0, "character": 0 });
    let params = json!({ "textDocument": { "uri": file }, "position": at });
    assert_eq!(editor.request("textDocument/hover", params).await["result"], Value::Null);
    assert!(editor.messages.is_empty() && editor.diagnostics.is_empty());
    editor.leave().await.unwrap();
}
