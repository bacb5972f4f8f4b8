//! The client against the toy server: what the journeys rely on.

use serde_json::{Value, json};
use test_support::{
    ApplyEdits, ChangeOrder, ClientOptions, Encoding, LspClient, MessageRequests, World,
};

const FILE: &str = "a b.txt";

fn start(options: ClientOptions) -> (World, LspClient) {
    let world = World::without_git();
    world.write(FILE, "do: TODO!\n");
    let client = world.lsp(env!("CARGO_BIN_EXE_toy-server"), &[], options);
    client.open(FILE);
    client.wait_diagnostics(FILE, |list| list.len() == 1);
    (world, client)
}

fn run(client: &LspClient, command: &str) -> Result<Value, Value> {
    let params = json!({"command": command, "arguments": [client.uri(FILE)]});
    client.try_request("workspace/executeCommand", params)
}

#[test]
fn an_action_changes_the_buffer_and_saving_the_disk() {
    for change_order in [ChangeOrder::ChangeFirst, ChangeOrder::AnswerFirst] {
        for full_sync in [false, true] {
            let options = ClientOptions { change_order, full_sync, ..ClientOptions::default() };
            let (world, mut client) = start(options);
            let here = client.range(FILE, 4..8);
            client.run_action_titled(FILE, &here, "Finish").unwrap();
            client.wait_text(FILE, |text| text == "do: DONE!\n");
            client.wait_diagnostics(FILE, <[Value]>::is_empty);
            assert_eq!(world.read(FILE), "do: TODO!\n");
            client.save(FILE);
            assert_eq!(world.read(FILE), "do: DONE!\n");
            assert!(client.shutdown().success());
        }
    }
}

#[test]
fn edits_by_hand_are_announced() {
    let (_world, client) = start(ClientOptions::default());
    client.replace(FILE, "TODO", "done");
    client.wait_diagnostics(FILE, <[Value]>::is_empty);
    client.edit(FILE, 0..0, "TODO ");
    client.wait_diagnostics(FILE, |list| list.len() == 1);
    assert_eq!(client.text(FILE), "TODO do: done!\n");
}

#[test]
fn an_editor_may_refuse_pretend_or_say_nothing() {
    let (_world, client) = start(ClientOptions::default());
    for (apply_edits, answer) in [
        (ApplyEdits::Refuse, json!({"applied": false, "failureReason": "the person is typing"})),
        (ApplyEdits::Pretend, json!({"applied": true})),
    ] {
        client.set_apply_edits(apply_edits);
        run(&client, "finish").unwrap();
        let answered = client.wait_notification("toy/answered", |_| true);
        assert_eq!(answered["result"], answer);
        assert_eq!(client.text(FILE), "do: TODO!\n");
    }
    client.set_apply_edits(ApplyEdits::Ignore);
    run(&client, "finish").unwrap();
    for _ in 0..3 {
        client.wait_server_request("workspace/applyEdit");
    }
    // Its answer would have come before this one.
    run(&client, "configure").unwrap();
    let answered = client.wait_notification("toy/answered", |_| true);
    assert_eq!(answered["result"], json!([null]));
}

#[test]
fn a_stale_version_is_refused() {
    let (_world, client) = start(ClientOptions::default());
    run(&client, "stale").unwrap();
    let answered = client.wait_notification("toy/answered", |_| true);
    assert_eq!(answered["result"]["applied"], json!(false));
    let reason = answered["result"]["failureReason"].as_str().unwrap();
    assert!(reason.ends_with("is at version 1, not 999"), "{reason}");
}

#[test]
fn questions_are_answered_as_told() {
    let settings = json!({"toy": {"loud": true}}).as_object().unwrap().clone();
    let (_world, client) = start(ClientOptions { settings, ..ClientOptions::default() });
    run(&client, "configure").unwrap();
    let answered = client.wait_notification("toy/answered", |_| true);
    assert_eq!(answered["result"], json!([{"loud": true}]));
    for (message_requests, field, answer) in [
        (MessageRequests::Unknown, "error", json!({"code": -32601, "message": "method not found"})),
        (MessageRequests::Dismiss, "result", Value::Null),
        (MessageRequests::Choose("No".into()), "result", json!({"title": "No"})),
    ] {
        client.set_message_requests(message_requests);
        run(&client, "ask").unwrap();
        let answered = client.wait_notification("toy/answered", |_| true);
        assert_eq!(answered[field], answer);
    }
}

#[test]
fn the_first_encoding_offered_is_used() {
    let encodings = vec![Encoding::Utf32, Encoding::Utf8];
    let (_world, client) = start(ClientOptions { encodings, ..ClientOptions::default() });
    assert_eq!(client.encoding(), Encoding::Utf32);
}

#[test]
fn an_error_response_is_handed_over() {
    let (_world, client) = start(ClientOptions::default());
    let error = run(&client, "fail").unwrap_err();
    assert_eq!(error["message"], "as asked");
}

#[test]
fn errors_shown_must_be_taken() {
    let (_world, client) = start(ClientOptions::default());
    run(&client, "shout").unwrap();
    assert_eq!(client.take_errors(), ["window/showMessage: ouch"]);

    let (_world, client) = start(ClientOptions::default());
    run(&client, "shout").unwrap();
    let dropped = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(client)));
    let said = *dropped.unwrap_err().downcast::<String>().unwrap();
    assert!(said.contains("errors no one took") && said.contains("ouch"), "{said}");
}

#[test]
fn what_never_comes_fails_at_once_when_the_server_is_gone() {
    let (_world, mut client) = start(ClientOptions::default());
    client.kill();
    let waited = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| run(&client, "finish")));
    let said = *waited.unwrap_err().downcast::<String>().unwrap();
    assert!(said.contains("the server has ended"), "{said}");
}

#[test]
fn a_program_that_is_no_server_fails_with_what_it_said() {
    let world = World::without_git();
    let started = std::panic::catch_unwind(|| {
        world.lsp("sh", &["-c", "echo not a frame; echo why >&2"], ClientOptions::default())
    });
    let said = *started.err().unwrap().downcast::<String>().unwrap();
    assert!(said.contains("the server has ended") && said.contains("why"), "{said}");
}
