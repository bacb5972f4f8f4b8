//! Somebody asks for work: from the terminal, and in an editor. Who carries it out is theirs to say, and trusted before
//! it runs.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use test_support::{ClientOptions, LspClient, World};

use crate::support::{countersign, event_kinds, hunk_states, run};

pub const QUEUE: &str = "import os\n\n\ndef first(queue):\n    return queue[0]\n\n\ndef last(queue):\n    return queue[-1]\n";

/// Writes what it was asked for behind the place where it was asked, and says what it was told.
pub const SCRIBE: &str = r#"
[workers.scribe]
command = ["sh", "-euc", 'sed -i "$2i\    # $1" "$0"; cat; echo "$COUNTERSIGN_TASK" | grep -c scribe', "{path}", "{objective}", "{last_line}"]
kinds = ["docs", "fix"]
languages = ["python"]
stdin = "prompt"
"#;

/// A repository with a queue, and a person with workers.
pub fn project(workers: &str) -> World {
    let world = World::new();
    world.write("queue.py", QUEUE);
    world.commit("A queue");
    world.write("../config/countersign/config.toml", workers);
    world
}

fn asked(world: &World, args: &[&str]) -> Value {
    run(world, &[&["ask", "--format", "json"], args].concat()).ok().json()
}

#[test]
fn a_program_of_the_persons_is_told_its_task_and_what_it_does_is_accepted() {
    let world = project(SCRIBE);
    let told = asked(&world, &["docs", "queue.py:5"]);
    assert_eq!(told["task"]["objective"], "Document first", "{told:#}");
    assert_eq!(told["task"]["place"]["first_line"], 3, "all of the function is meant: {told:#}");
    let output = told["command"]["output"].as_str().unwrap();
    assert!(output.contains("Place: queue.py, lines 4 to 5") && output.ends_with('1'), "{output}");
    let id = told["proposals"][0]["id"].as_str().unwrap();
    let shown = run(&world, &["show", id, "--format", "json"]).ok().json();
    assert_eq!(shown["changeset"]["task"], told["task"]);
    assert_eq!(shown["changeset"]["origin"]["name"], "scribe");
    let text = run(&world, &["show", id]).ok().stdout;
    assert!(text.contains("asked for: docs, task "), "{text}");
    // Asking for the same while it waits is asking once.
    assert_eq!(asked(&world, &["docs", "queue.py:4-5"])["waits"], id);
    assert_eq!(world.read("queue.py"), QUEUE);
    run(&world, &["accept", id, "--by", "Ada"]).ok();
    let documented =
        QUEUE.replace("    return queue[0]", "    # Document first\n    return queue[0]");
    assert_eq!(world.read("queue.py"), documented);
    assert_eq!(hunk_states(&world, id), ["accepted"]);
    run(&world, &["ledger", "verify"]).ok();
}

#[test]
fn recipes_fix_the_diagnostics_that_they_know() {
    let world = project("");
    world.write("queue.py", QUEUE.replace("return queue[0]", "return not 0 in queue"));
    let told = asked(&world, &["fix", "queue.py:5", "--source", "Ruff", "--code", "E713"]);
    let id = told["proposals"][0]["id"].as_str().unwrap();
    let shown = run(&world, &["show", id, "--format", "json"]).ok().json();
    assert_eq!(shown["changeset"]["origin"]["name"], "python/not-in");
    assert_eq!(shown["changeset"]["task"]["diagnostic"]["code"], "E713");
}

#[test]
fn who_cannot_be_asked_is_said_with_the_way_out() {
    let world = project(SCRIBE);
    let refused = |args: &[&str]| run(&world, &[&["ask"], args].concat()).exited(2).stderr;
    for (args, says) in [
        (&["tests", "queue.py:5"][..], "no worker is configured for `tests` here"),
        (&["docs", "queue.py", "--worker", "nobody"], "there are: scribe, recipes"),
        (&["tests", "queue.py", "--worker", "scribe"], "its kinds are fix, docs"),
        (&["docs", "queue.py:9-4"], "lines count from 1"),
        (&["docs", "absent.py:1"], "no such file"),
    ] {
        let said = refused(args);
        assert!(said.contains(says), "{args:?}: {said}");
    }
    world.write("../config/countersign/config.toml", SCRIBE.replace("kinds", "kind"));
    let said = refused(&["docs", "queue.py"]);
    assert!(said.contains("config.toml:4:1: unknown field `kind`"), "{said}");
}

#[test]
fn a_worker_of_the_repository_runs_once_it_is_trusted_as_it_is() {
    let world = project("");
    world.write("countersign.toml", SCRIBE);
    world.commit("A worker");
    let said = run(&world, &["ask", "docs", "queue.py:5"]).exited(2).stderr;
    assert!(said.contains("this repository states scribe"), "{said}");
    let named = run(&world, &["ask", "docs", "queue.py:5", "--worker", "scribe"]).exited(2);
    assert!(named.stderr.contains("nobody trusts the worker `scribe`"), "{}", named.stderr);
    run(&world, &["trust", "--show"]).exited(3);
    let trusted = run(&world, &["trust", "--by", "Ada"]).ok().stdout;
    assert!(trusted.contains("scribe") && trusted.contains("sed -i"), "it is shown: {trusted}");
    assert_eq!(asked(&world, &["docs", "queue.py:5"])["proposals"].as_array().unwrap().len(), 1);
    world.write("countersign.toml", SCRIBE.replace("cat;", "cat; true;"));
    world.commit("Another worker");
    let again = run(&world, &["ask", "docs", "queue.py:9"]).exited(2).stderr;
    assert!(again.contains("which `countersign trust` allows"), "{again}");
    // What the person states takes its place, and needs no trust.
    world.write("../config/countersign/config.toml", SCRIBE);
    assert_eq!(asked(&world, &["docs", "queue.py:9"])["proposals"].as_array().unwrap().len(), 1);
}

#[test]
fn a_worker_that_fails_proposes_nothing() {
    let world = project(
        "[workers.broken]\ncommand = [\"sh\", \"-c\", \"echo no such luck; echo x > queue.py; exit 3\"]\nkinds = [\"docs\"]\n",
    );
    let refused = run(&world, &["ask", "docs", "queue.py"]).exited(2);
    assert!(refused.stderr.contains("it said: no such luck"), "{}", refused.stderr);
    assert!(refused.stderr.contains("exit code 3: nothing of what it did"), "{}", refused.stderr);
    let list = run(&world, &["list", "--format", "json"]).ok().json();
    assert_eq!(list["changes"], Value::Array(vec![]));
    let list = run(&world, &["ask", "--list"]).ok().stdout;
    assert!(list.contains("broken docs") && list.contains("recipes fix"), "{list}");
}

const FILE: &str = "queue.py";

fn editor(world: &World, options: ClientOptions) -> LspClient {
    let editor = world.lsp(countersign(), &["lsp"], options);
    editor.open(FILE);
    editor
}

/// The lines of the first function, as an editor's selection.
pub fn selection() -> Value {
    json!({ "start": { "line": 3, "character": 0 }, "end": { "line": 5, "character": 0 } })
}

/// The code action that starts with `title`, once it is offered.
pub fn offered(editor: &LspClient, title: &str) -> Value {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let actions = editor.code_actions(FILE, &selection());
        let found = actions.iter().find(|a| a["title"].as_str().unwrap().starts_with(title));
        if let Some(found) = found {
            return found.clone();
        }
        assert!(Instant::now() < deadline, "{title} is not offered: {actions:#?}");
        std::thread::yield_now();
    }
}

fn progress(editor: &LspClient, kind: &str) -> Value {
    editor.wait_notification("$/progress", |params| params["value"]["kind"] == kind)
}

fn hears(editor: &LspClient, text: &str) {
    editor.wait_notification("window/showMessage", |params| {
        params["message"].as_str().unwrap().contains(text)
    });
}

#[test]
fn work_asked_for_from_a_selection_arrives_in_place_and_is_accepted() {
    let world = project(SCRIBE);
    let mut editor = editor(&world, ClientOptions::default());
    let action = offered(&editor, "Ask scribe to document first");
    assert!(!world.root().join(".git/countersign").exists(), "looking leaves nothing behind");
    let asked = editor.run_action(&action).unwrap();
    assert_eq!(asked["state"], "running", "it is answered before it is done: {asked}");
    let begin = progress(&editor, "begin");
    assert_eq!(begin["value"]["title"], "Asked scribe, Document first");
    assert_eq!(begin["value"]["cancellable"], true);
    progress(&editor, "end");
    hears(&editor, "scribe proposes 1 hunk: Document first");
    let shown = editor.wait_diagnostics(FILE, |all| all.len() == 1);
    let status = editor.request("countersign/status", json!({}));
    let task = &status["tasks"][0];
    assert_eq!((&task["state"], &task["id"]), (&"proposed".into(), &asked["task"]), "{status:#}");
    let id = shown[0]["data"]["changeset"].as_str().unwrap();
    assert_eq!(task["changesets"][0], id);
    // Asking for the same while it waits is asking once.
    assert_eq!(editor.run_action(&action).unwrap()["changesets"][0], id);
    editor.run_action_titled(FILE, &shown[0]["range"], "Accept Document first").unwrap();
    let documented =
        QUEUE.replace("    return queue[0]", "    # Document first\n    return queue[0]");
    editor.wait_text(FILE, |text| text == documented);
    assert_eq!(world.read(FILE), QUEUE);
    editor.save(FILE);
    let deadline = Instant::now() + Duration::from_secs(30);
    while hunk_states(&world, id) != ["accepted"] {
        assert!(Instant::now() < deadline, "{:?}", hunk_states(&world, id));
        std::thread::yield_now();
    }
    assert_eq!(world.read(FILE), documented);
    let told = run(&world, &["show", id, "--format", "json"]).ok().json();
    assert_eq!(told["changeset"]["task"]["kind"], "docs");
    run(&world, &["ledger", "verify"]).ok();
    assert!(editor.shutdown().success());
}

#[test]
fn another_servers_diagnostic_is_fixed_by_the_recipe_that_knows_it() {
    let world = project("");
    let text = QUEUE.replace("return queue[0]", "return not 0 in queue");
    world.write(FILE, &text);
    let mut editor = editor(&world, ClientOptions::default());
    let range =
        json!({ "start": { "line": 4, "character": 11 }, "end": { "line": 4, "character": 25 } });
    let diagnostic = json!({ "range": range, "source": "Ruff", "code": "E713", "message": "Test for membership should be `not in`" });
    let deadline = Instant::now() + Duration::from_secs(30);
    let action = loop {
        let params = json!({
            "textDocument": { "uri": editor.uri(FILE) },
            "range": range,
            "context": { "diagnostics": [diagnostic] },
        });
        let actions = editor.request("textDocument/codeAction", params);
        match actions.as_array().and_then(|actions| actions.first()) {
            Some(action) => break action.clone(),
            None => assert!(Instant::now() < deadline, "nothing is offered"),
        }
    };
    assert_eq!(action["title"], "Ask the recipes to fix: Test for membership should be `not in`");
    assert_eq!((&action["kind"], &action["diagnostics"][0]), (&"quickfix".into(), &diagnostic));
    editor.run_action(&action).unwrap();
    let shown = editor.wait_diagnostics(FILE, |all| all.len() == 1);
    editor.run_action_titled(FILE, &shown[0]["range"], "Accept ").unwrap();
    editor.wait_text(FILE, |now| now == text.replace("not 0 in", "0 not in"));
    assert!(editor.shutdown().success());
}

/// Works until it is ended.
const ENDLESS: &str = "[workers.endless]\ncommand = [\"sh\", \"-c\", \"mkfifo p; cat p\"]\nkinds = [\"docs\", \"refactor\"]\n";

#[test]
fn what_was_asked_for_is_cancelled_by_the_progress_or_by_a_command() {
    for shows_progress in [true, false] {
        let world = project(ENDLESS);
        let capabilities = json!({ "window": { "workDoneProgress": shows_progress } });
        let options = ClientOptions { capabilities, ..ClientOptions::default() };
        let mut editor = editor(&world, options);
        let first = offered(&editor, "Ask endless to document first");
        let first = editor.run_action(&first).unwrap();
        let second = offered(&editor, "Ask endless to refactor");
        let second = editor.run_action(&second).unwrap();
        assert_eq!((&second["state"], &second["ahead"]), (&"queued".into(), &1.into()));
        // Typing goes on meanwhile.
        editor.edit(FILE, 0..0, "# mine\n");
        if shows_progress {
            let token = progress(&editor, "begin")["token"].clone();
            editor.notify("window/workDoneProgress/cancel", json!({ "token": token }));
        } else {
            assert!(editor.server_requests("window/workDoneProgress/create").is_empty());
            editor.run_action(&offered(&editor, "Cancel: endless, Document first")).unwrap();
        }
        hears(&editor, "cancelled, nothing is proposed: endless, Document first");
        // The next one has begun.
        let cancel =
            json!({ "command": "countersign.cancel", "arguments": [{ "task": second["task"] }] });
        editor.request("workspace/executeCommand", cancel);
        hears(&editor, "cancelled, nothing is proposed: endless, Refactor");
        let status = editor.request("countersign/status", json!({}));
        assert_eq!(
            (&status["working"], &status["tasks"][0]["id"]),
            (&false.into(), &first["task"])
        );
        assert_eq!(status["tasks"][1]["state"], "cancelled");
        assert_eq!(editor.diagnostics(FILE), Vec::<Value>::new());
        assert_eq!(world.read(FILE), QUEUE);
        assert!(editor.shutdown().success());
    }
}

/// A process and all that it started, each with the moment of its start, so that another of that number is not taken for it.
#[cfg(target_os = "linux")]
fn family(process: u32) -> Vec<(u32, String)> {
    let Some(start) = started(process) else { return Vec::new() };
    let threads = std::fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten();
    let children = threads.filter_map(Result::ok).flat_map(|thread| {
        let children = std::fs::read_to_string(thread.path().join("children")).unwrap_or_default();
        children.split_whitespace().filter_map(|child| child.parse().ok()).collect::<Vec<u32>>()
    });
    std::iter::once((process, start)).chain(children.flat_map(family)).collect()
}

/// When a process started; `None`: it is gone, but for who waits for it.
#[cfg(target_os = "linux")]
fn started(process: u32) -> Option<String> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    if fields.next()? == "Z" {
        return None;
    }
    fields.nth(18).map(str::to_owned)
}

fn until(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !holds() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::yield_now();
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_task_ends_with_its_server_and_leaves_nothing_behind() {
    let rooms = |world: &World| {
        let rooms = std::fs::read_dir(world.outer().join("cache/countersign/sandbox")).unwrap();
        rooms.filter(|room| room.as_ref().unwrap().path().is_dir()).count()
    };
    let worker = |process: &u32| {
        std::fs::read_to_string(format!("/proc/{process}/comm")).is_ok_and(|it| it == "cat\n")
    };
    for killed in [false, true] {
        let world = project(&format!("{ENDLESS}{SCRIBE}"));
        let mut editor = editor(&world, ClientOptions::default());
        editor.run_action(&offered(&editor, "Ask endless to document first")).unwrap();
        let server = editor.process_id();
        until("the worker runs", || family(server).iter().any(|(process, _)| worker(process)));
        let family = family(server);
        assert!(family.len() > 3 && rooms(&world) == 1, "{family:?}");
        let (state, reason) = if killed {
            editor.kill();
            ("failed", "the process that had it carried out ended".into())
        } else {
            assert!(editor.shutdown().success());
            assert_eq!(rooms(&world), 0, "nothing waits for the next to remove it");
            ("cancelled", Value::Null)
        };
        until("a process is left", || {
            family.iter().all(|(process, start)| started(*process).as_ref() != Some(start))
        });
        let tasks = run(&world, &["list", "--tasks", "--format", "json"]).ok().json();
        let end = &tasks["tasks"][0]["ended"]["end"];
        assert_eq!((&end["state"], &end["reason"]), (&state.into(), &reason), "{tasks:#}");
        // The next that needs a room removes what is left of others.
        asked(&world, &["docs", "queue.py:5", "--worker", "scribe"]);
        assert_eq!(rooms(&world), 0);
        assert_eq!(world.read(FILE), QUEUE);
        run(&world, &["ledger", "verify"]).ok();
    }
}

#[test]
fn whatever_was_asked_for_is_in_the_ledger_with_its_end() {
    let broken = "[workers.broken]\ncommand = [\"sh\", \"-c\", \"exit 3\"]\nkinds = [\"fix\"]\n";
    let idle = "[workers.idle]\ncommand = [\"true\"]\nkinds = [\"fix\"]\n";
    let world = project(&format!("{SCRIBE}{broken}{idle}"));
    let nothing = run(&world, &["list", "--tasks"]).ok().stdout;
    assert!(nothing.contains("no work was asked for"), "{nothing}");
    let id = asked(&world, &["docs", "queue.py:5"])["proposals"][0]["id"].clone();
    asked(&world, &["fix", "queue.py", "--worker", "idle"]);
    run(&world, &["ask", "fix", "queue.py", "--worker", "broken"]).exited(2);
    let listed = run(&world, &["list", "--tasks", "--format", "json"]).ok().json();
    let ends: Vec<&Value> =
        listed["tasks"].as_array().unwrap().iter().map(|task| &task["ended"]["end"]).collect();
    assert_eq!(ends[0]["state"], "failed");
    assert!(ends[0]["reason"].as_str().unwrap().contains("exit code 3"), "{listed:#}");
    assert_eq!((&ends[1]["state"], &ends[2]["state"]), (&"unchanged".into(), &"proposed".into()));
    assert_eq!(ends[2]["changesets"][0], id);
    let text = run(&world, &["list", "--tasks"]).ok().stdout;
    let first = text.lines().next().unwrap();
    assert!(first.contains("failed") && first.contains("fix by broken"), "{text}");
    assert_eq!(event_kinds(&world).iter().filter(|kind| kind.starts_with("task_")).count(), 6);
    run(&world, &["ledger", "verify"]).ok();
}

#[test]
fn what_is_asked_for_waits_while_work_is_paused_and_then_begins() {
    let world = project(SCRIBE);
    let mut editor = editor(&world, ClientOptions::default());
    let action = offered(&editor, "Ask scribe to document first");
    let pause = |paused: bool| {
        let arguments = json!([{ "paused": paused }]);
        let params = json!({ "command": "countersign.pause", "arguments": arguments });
        assert_eq!(editor.request("workspace/executeCommand", params)["paused"], paused);
        assert_eq!(editor.request("countersign/status", json!({}))["paused"], paused);
    };
    pause(true);
    let asked = editor.run_action(&action).unwrap();
    assert_eq!(asked["state"], "queued");
    hears(&editor, "nothing begins in the background");
    until("it is recorded", || run(&world, &["list", "--tasks"]).ok().stdout.contains("under way"));
    pause(false);
    editor.wait_diagnostics(FILE, |all| all.len() == 1);
    assert!(editor.shutdown().success());
}

#[test]
fn a_pause_outlives_the_server_and_holds_for_every_other() {
    let world = project(SCRIBE);
    let mut first = editor(&world, ClientOptions::default());
    offered(&first, "Ask scribe to document first");
    let params = json!({ "command": "countersign.pause", "arguments": [{ "paused": true }] });
    first.request("workspace/executeCommand", params);
    let kept = |kind: &str| {
        let kind = format!("{{\"kind\":\"{kind}\"}}");
        run(&world, &["ledger", "export"]).stdout.contains(&kind)
    };
    until("it is recorded", || kept("paused"));
    let paused =
        |editor: &LspClient| editor.request("countersign/status", json!({}))["paused"] == true;
    let mut second = editor(&world, ClientOptions::default());
    hears(&second, "paused: nothing begins in the background");
    first.kill();
    let mut third = editor(&world, ClientOptions::default());
    let action = offered(&third, "Ask scribe to document first");
    until("the third knows", || paused(&third));
    assert_eq!(third.run_action(&action).unwrap()["state"], "queued");

    let again = run(&world, &["pause"]).ok().stdout;
    assert!(again.contains("paused already"), "{again}");
    let off = run(&world, &["pause", "--off", "--format", "json"]).ok().json();
    assert_eq!(off, json!({ "paused": false, "changed": true }));
    third.wait_diagnostics(FILE, |all| all.len() == 1);
    until("the second knows", || !paused(&second));
    assert!(kept("resumed"));
    run(&world, &["ledger", "verify"]).ok();
    assert!(second.shutdown().success());
    assert!(third.shutdown().success());
}

#[test]
fn a_worker_that_fails_is_said_once_with_the_reason() {
    let world = project(
        "[workers.broken]\ncommand = [\"sh\", \"-c\", \"echo no such luck; exit 3\"]\nkinds = [\"docs\"]\n",
    );
    let mut editor = editor(&world, ClientOptions::default());
    editor.run_action(&offered(&editor, "Ask broken to document first")).unwrap();
    let said = editor.wait_error("exit code 3");
    assert!(said.contains("broken proposed nothing") && said.contains("no such luck"), "{said}");
    progress(&editor, "end");
    assert!(editor.shutdown().success());
}

#[test]
fn a_worker_of_a_repository_that_nobody_trusts_is_not_offered_and_not_run() {
    let world = project("");
    world.write("countersign.toml", SCRIBE.replace("cat;", "touch ran; cat;"));
    world.commit("A worker");
    let mut editor = editor(&world, ClientOptions::default());
    let ask = json!({ "kind": "docs", "uri": editor.uri(FILE), "range": selection(), "worker": "scribe" });
    let ask = json!({ "command": "countersign.ask", "arguments": [ask] });
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        // Until it is known who can be asked, nobody can.
        let refused = editor.try_request("workspace/executeCommand", ask.clone()).unwrap_err();
        let message = refused["message"].as_str().unwrap();
        // Asked whether it may, this person looks away.
        if message.contains("not trusted") {
            break;
        }
        editor.wait_error(message);
        assert!(Instant::now() < deadline, "{message}");
    }
    assert_eq!(editor.code_actions(FILE, &selection()), Vec::<Value>::new());
    run(&world, &["trust", "--by", "Ada"]).ok();
    offered(&editor, "Ask scribe to document first");
    assert!(editor.shutdown().success());
}

#[test]
fn of_several_repositories_the_one_around_the_file_is_worked_in() {
    let world = project(SCRIBE);
    world.write("../other/queue.py", QUEUE);
    for args in [
        &["init", "--quiet"][..],
        &["add", "."],
        &[
            "-c",
            "user.name=Ada",
            "-c",
            "user.email=ada@example.org",
            "commit",
            "-qm",
            "Another queue",
        ],
    ] {
        world.git(&[&["-C", "../other"], args].concat());
    }
    let mut editor = editor(&world, ClientOptions::default());
    let folder = format!("file://{}", world.outer().join("other").display());
    let uri = format!("{folder}/queue.py");
    let added = json!([{ "uri": folder, "name": "other" }]);
    let event = json!({ "event": { "added": added, "removed": [] } });
    editor.notify("workspace/didChangeWorkspaceFolders", event);
    let item = json!({ "uri": uri, "languageId": "python", "version": 1, "text": QUEUE });
    editor.notify("textDocument/didOpen", json!({ "textDocument": item }));
    let at = json!({ "textDocument": { "uri": uri }, "range": selection(), "context": { "diagnostics": [] } });
    let deadline = Instant::now() + Duration::from_secs(30);
    let action = loop {
        let actions = editor.request("textDocument/codeAction", at.clone());
        match actions.as_array().and_then(|actions| actions.first()) {
            Some(action) => break action.clone(),
            None => assert!(Instant::now() < deadline, "nothing is offered"),
        }
    };
    editor.run_action(&action).unwrap();
    editor.wait_notification("textDocument/publishDiagnostics", |params| {
        params["uri"] == uri.as_str() && params["diagnostics"].as_array().unwrap().len() == 1
    });
    assert!(!world.root().join(".git/countersign").exists(), "the other repository was meant");
    let list = run(&world, &["-C", "../other", "list", "--format", "json"]).ok().json();
    assert_eq!(list["changes"][0]["title"], "Document first", "{list:#}");
    assert!(editor.shutdown().success());
}
