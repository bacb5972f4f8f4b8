//! What workers may take of their time: metered, hard, and more of it only by a person's word.

use serde_json::{Value, json};
use test_support::{ClientOptions, LspClient, MessageRequests, World};

use crate::ask::{SCRIBE, offered, project, selection};
use crate::support::{countersign, run};

const PLENTY: &str = "[budget]\ntime_s_per_day = 600\n";
/// Any run spends more than nothing of it, and less than a second is given to nobody.
const ONE_SECOND: &str = "[budget]\ntime_s_per_day = 1\n";
const FILE: &str = "queue.py";
const MORE: &str = "Allow 30 More Minutes";

fn spending(world: &World) -> Value {
    run(world, &["budget", "--format", "json"]).ok().json()
}

/// What was spent is all that there is.
fn tighten(world: &World) {
    world.write("../config/countersign/config.toml", format!("{ONE_SECOND}{SCRIBE}"));
}

#[test]
fn what_is_spent_is_spent_until_a_person_allows_more() {
    let world = project(&format!("{PLENTY}{SCRIBE}"));
    assert_eq!(spending(&world)["left_ms"], 600_000);
    run(&world, &["ask", "docs", "queue.py:5"]).ok();
    let after = spending(&world);
    assert!(after["spending"]["spent_ms"].as_u64().unwrap() > 0, "{after:#}");
    assert_eq!(after["spending"]["reserved_ms"], 0, "{after:#}");
    tighten(&world);
    let refused = run(&world, &["ask", "docs", "queue.py:9"]).exited(2).stderr;
    assert!(refused.contains("the time for workers is spent"), "{refused}");
    assert!(refused.contains("countersign budget"), "{refused}");
    let tasks = run(&world, &["list", "--tasks"]).ok().stdout;
    assert!(tasks.contains("the time for workers is spent"), "{tasks}");
    // Recipes take no time of a program's.
    run(&world, &["ask", "chore", "queue.py", "--worker", "recipes"]).ok();

    let nobody = run(&world, &["budget", "--allow", "5"]).exited(2).stderr;
    assert!(nobody.contains("needs a person"), "an agent is none: {nobody}");
    let said = run(&world, &["budget", "--allow", "5", "--by", "Ada"]).ok().stdout;
    assert!(said.contains("of 5 min 1 s within 24 hours"), "{said}");
    run(&world, &["ask", "docs", "queue.py:9"]).ok();
    run(&world, &["ledger", "verify"]).ok();
}

#[test]
fn a_program_is_ended_when_its_time_is_over_and_that_is_said() {
    let endless = "[workers.endless]\ncommand = [\"sleep\", \"600\"]\nkinds = [\"docs\"]\n";
    let world = project(&format!("{ONE_SECOND}{endless}"));
    let ended = run(&world, &["ask", "docs", FILE]).exited(2).stderr;
    assert!(ended.contains("because the time for workers is spent"), "{ended}");
    assert!(ended.contains("1 s of 1 s within 24 hours"), "{ended}");
    assert_eq!(spending(&world)["left_ms"], 0);
}

#[test]
fn without_a_limit_there_is_nothing_to_allow() {
    let world = project(SCRIBE);
    let refused = run(&world, &["budget", "--allow", "5", "--by", "Ada"]).exited(2).stderr;
    assert!(refused.contains("[budget] time_s_per_day in "), "{refused}");
    let said = run(&world, &["budget"]).ok().stdout;
    assert_eq!(said, "workers took 0 s within 24 hours; there is no limit\n");
    world.write(
        "../config/countersign/config.toml",
        format!("[budget]\ntime_s_per_day = 0\n{SCRIBE}"),
    );
    let refused = run(&world, &["budget"]).exited(2).stderr;
    assert!(refused.contains("config.toml:2:") && refused.contains("no limit"), "{refused}");
}

/// An editor in which the first task took the time, and the second waits for more.
fn waiting(world: &World, message_requests: MessageRequests) -> LspClient {
    let options = ClientOptions { message_requests, ..ClientOptions::default() };
    let editor = world.lsp(countersign(), &["lsp"], options);
    editor.open(FILE);
    editor.run_action(&offered(&editor, "Ask scribe to document first")).unwrap();
    editor.wait_diagnostics(FILE, |all| all.len() == 1);
    tighten(world);
    let at = json!({ "line": 8, "character": 0 });
    let ask =
        json!({ "kind": "docs", "uri": editor.uri(FILE), "range": { "start": at, "end": at } });
    let ask = json!({ "command": "countersign.ask", "arguments": [ask] });
    editor.try_request("workspace/executeCommand", ask).unwrap();
    editor
}

#[test]
fn the_person_is_asked_for_more_time_and_the_task_that_waited_goes_on() {
    let world = project(&format!("{PLENTY}{SCRIBE}"));
    let mut editor = waiting(&world, MessageRequests::Choose(MORE.to_owned()));
    editor.wait_diagnostics(FILE, |all| all.len() == 2);
    let [asked] = &editor.server_requests("window/showMessageRequest")[..] else {
        panic!("asked once");
    };
    let told = asked["message"].as_str().unwrap();
    assert!(
        told.contains("the time for workers is spent") && told.contains("1 task waits"),
        "{told}"
    );
    assert_eq!(spending(&world)["spending"]["allowed_ms"], 30 * 60 * 1000);
    assert!(editor.shutdown().success());
    run(&world, &["ledger", "verify"]).ok();
}

#[test]
fn where_the_editor_asks_no_questions_an_action_gives_the_time() {
    let world = project(&format!("{PLENTY}{SCRIBE}"));
    let mut editor = waiting(&world, MessageRequests::Unknown);
    editor.wait_notification("window/showMessage", |params| {
        params["message"].as_str().unwrap().contains(&format!("the action \"{MORE}\""))
    });
    let status = editor.request("countersign/status", json!({}));
    assert_eq!(status["budget"]["exhausted"], true, "{status:#}");
    assert_eq!(status["budget"]["waiting"], 1, "{status:#}");
    let actions = editor.code_actions(FILE, &selection());
    let more = actions.iter().find(|action| action["title"] == MORE).unwrap();
    editor.run_action(more).unwrap();
    editor.wait_diagnostics(FILE, |all| all.len() == 2);
    assert!(editor.shutdown().success());
}
