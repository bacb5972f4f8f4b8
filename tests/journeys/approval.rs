//! What a repository would have run needs the person's word first: asked for in the editor, where it is needed.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use test_support::{ClientOptions, LspClient, MessageRequests, World};

use crate::ask::{SCRIBE, project};
use crate::support::{countersign, gated, run};

const FILE: &str = "src/queue.rs";

const AGREE: &str = "Trust until It Changes";

/// An editor that does this when it is to ask the person.
fn editor(world: &World, message_requests: MessageRequests) -> LspClient {
    let options = ClientOptions { message_requests, ..ClientOptions::default() };
    let editor = world.lsp(countersign().to_str().unwrap(), &["lsp"], options);
    editor.open(FILE);
    editor
}

/// Asks for a proof at the first proposal.
fn prove(editor: &LspClient) -> Result<Value, Value> {
    let shown = editor.wait_diagnostics(FILE, |all| all.len() == 2);
    editor.run_action_titled(FILE, &shown[0]["range"], "Prove in the sandbox")
}

fn trusted(world: &World) -> Value {
    run(world, &["trust", "--show", "--format", "json"]).json()
}

#[test]
fn who_asks_for_a_proof_is_asked_whether_the_gates_may_run_and_it_goes_on() {
    let world = gated();
    let mut editor = editor(&world, MessageRequests::Choose(AGREE.to_owned()));
    let proved = prove(&editor).unwrap();
    assert_eq!(proved["verdict"]["decision"], "allow", "{proved:#}");
    let [asked] = &editor.server_requests("window/showMessageRequest")[..] else {
        panic!("asked once");
    };
    let told = asked["message"].as_str().unwrap();
    assert!(
        told.contains("1 gate of this repository") && told.contains("mine: sh check.sh"),
        "{told}"
    );
    assert_eq!(trusted(&world)["trusted"], true);
    // Nothing is left to ask about.
    let command = json!({ "command": "countersign.trust" });
    editor.try_request("workspace/executeCommand", command).unwrap();
    assert_eq!(editor.server_requests("window/showMessageRequest").len(), 1);
    assert!(editor.shutdown().success());
}

#[test]
fn who_does_not_agree_runs_nothing() {
    let world = gated();
    let mut editor = editor(&world, MessageRequests::Dismiss);
    let refused = prove(&editor).unwrap_err();
    assert!(refused["message"].as_str().unwrap().contains("nothing was run"), "{refused}");
    assert_eq!(trusted(&world)["trusted"], false);
    assert!(editor.shutdown().success());
}

#[test]
fn where_the_editor_asks_no_questions_an_action_agrees_to_what_was_told_and_to_nothing_else() {
    let world = gated();
    let mut editor = editor(&world, MessageRequests::Unknown);
    let title = "Trust what this repository would run until it changes: 1 gate";
    let range =
        json!({ "start": { "line": 2, "character": 0 }, "end": { "line": 2, "character": 0 } });
    let agree = || {
        let actions = editor.code_actions(FILE, &range);
        actions.into_iter().find(|action| action["title"] == title)
    };
    assert_eq!(agree(), None);
    let refused = prove(&editor).unwrap_err();
    let told = refused["message"].as_str().unwrap();
    assert!(told.contains("mine: sh check.sh") && told.contains(title), "{told}");
    let first = agree().unwrap();
    // What would run is another by now.
    world.write(
        "countersign.toml",
        world.read("countersign.toml").replace("check.sh", "./check.sh"),
    );
    world.commit("Another command");
    let refused = editor.run_action(&first).unwrap_err();
    assert!(refused["message"].as_str().unwrap().contains("is not what was shown"), "{refused}");
    editor.wait_error("is not what was shown");
    assert_eq!(trusted(&world)["trusted"], false);
    prove(&editor).unwrap_err();
    let proved = editor.run_action(&agree().unwrap()).unwrap();
    assert_eq!(proved["verdict"]["decision"], "allow", "{proved:#}");
    assert_eq!(trusted(&world)["by"], "Ada");
    assert_eq!(agree(), None);
    assert!(editor.shutdown().success());
}

#[test]
fn who_asks_a_worker_of_the_repository_is_asked_whether_it_may_run() {
    let world = project("");
    world.write("countersign.toml", SCRIBE);
    world.commit("A worker");
    let message_requests = MessageRequests::Choose(AGREE.to_owned());
    let options = ClientOptions { message_requests, ..ClientOptions::default() };
    let mut editor = world.lsp(countersign().to_str().unwrap(), &["lsp"], options);
    editor.open("queue.py");
    let ask = json!({ "kind": "docs", "uri": editor.uri("queue.py"), "worker": "scribe" });
    let ask = json!({ "command": "countersign.ask", "arguments": [ask] });
    let deadline = Instant::now() + Duration::from_secs(30);
    // Until it is known who can be asked, nobody can.
    let answered = loop {
        match editor.try_request("workspace/executeCommand", ask.clone()) {
            Ok(answered) => break answered,
            Err(refused) => {
                let message = refused["message"].as_str().unwrap();
                assert!(Instant::now() < deadline, "{message}");
                editor.wait_error(message);
            }
        }
    };
    // It goes on with what was asked for, and is answered with that.
    assert!(answered["task"].is_string(), "{answered:#}");
    let asked = editor.wait_server_request("window/showMessageRequest");
    let told = asked["message"].as_str().unwrap();
    assert!(
        told.contains("1 worker of this repository") && told.contains("scribe: sh -euc"),
        "{told}"
    );
    assert_eq!(trusted(&world)["trusted"], true);
    editor.wait_diagnostics("queue.py", |all| all.len() == 1);
    assert!(editor.shutdown().success());
}

#[test]
fn a_proof_is_followed_and_ended_where_the_editor_shows_its_progress() {
    let world = gated();
    // It never comes to an end by itself.
    world.write("check.sh", "exec tail -f /dev/null\n");
    world.commit("A gate that takes its time");
    run(&world, &["trust", "--by", "Ada"]).ok();
    let mut editor = editor(&world, MessageRequests::Dismiss);
    let shown = editor.wait_diagnostics(FILE, |all| all.len() == 2);
    let arguments = json!([{ "changeset": shown[0]["data"]["changeset"] }]);
    let command = json!({ "command": "countersign.prove", "arguments": arguments });
    let asked = [0, 1].map(|_| editor.start_request("workspace/executeCommand", command.clone()));
    let mut begun: Vec<Value> = Vec::new();
    for _ in asked {
        let begin = editor.wait_notification("$/progress", |params| {
            params["value"]["kind"] == "begin" && !begun.contains(&params["token"])
        });
        assert!(begin["value"]["title"].as_str().unwrap().starts_with("Proving "), "{begin:#}");
        assert_eq!(begin["value"]["cancellable"], true);
        begun.push(begin["token"].clone());
    }
    // The second waits its turn, and ends at once; the first once its gate is ended.
    for (request, token) in asked.into_iter().zip(&begun).rev() {
        editor.notify("window/workDoneProgress/cancel", json!({ "token": token }));
        let refused = editor.wait_response(request).unwrap_err();
        let message = refused["message"].as_str().unwrap();
        assert!(message.contains("cancelled") || message.contains("interrupted"), "{message}");
        editor.wait_notification("$/progress", |params| {
            params["value"]["kind"] == "end" && params["token"] == *token
        });
    }
    editor.take_errors();
    assert!(editor.shutdown().success());
}
