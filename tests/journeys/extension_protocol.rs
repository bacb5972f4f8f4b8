//! What `editors/PROTOCOL.md` promises, from the real server.

use serde_json::{Value, json};
use test_support::{ClientOptions, LspClient, World};

use crate::editors::wait_states;
use crate::support::{RUST, countersign, hunk_states, id, propose, run, world};

const FILE: &str = "src/queue.rs";

fn editor(world: &World) -> LspClient {
    world.lsp(countersign(), &["lsp"], ClientOptions::default())
}

pub fn document(editor: &LspClient, id: &str, side: &str, hunks: &[u32]) -> Result<Value, Value> {
    let params = json!({ "changeset": id, "side": side, "path": FILE, "hunks": hunks });
    editor.try_request("countersign/document", params)
}

fn command(editor: &LspClient, name: &str, id: &str, hunk: u32) {
    let argument = json!({ "changeset": id, "hunks": [hunk] });
    let params = json!({ "command": format!("countersign.{name}"), "arguments": [argument] });
    editor.request("workspace/executeCommand", params);
}

#[test]
fn a_preview_is_the_text_that_deciding_leaves_and_writes_nothing() {
    let world = world();
    let id = id(&propose(&world));
    let mut editor = editor(&world);
    editor.open(FILE);
    editor.wait_diagnostics(FILE, |all| all.len() == 2);
    editor.edit(FILE, 0..0, "// mine\n");
    let typed = format!("// mine\n{RUST}");

    let accepted = document(&editor, &id, "accepted", &[1]).unwrap();
    assert_eq!((editor.text(FILE), world.read(FILE)), (typed.clone(), RUST.to_owned()));
    command(&editor, "accept", &id, 1);
    assert_eq!(accepted, json!({ "text": editor.text(FILE), "refused": [] }));
    assert_eq!(editor.text(FILE), typed.replacen("queue.len() == 0", "queue.is_empty()", 1));

    let taken_out = document(&editor, &id, "taken_out", &[1]).unwrap();
    command(&editor, "undo", &id, 1);
    assert_eq!(taken_out["text"], editor.text(FILE));
    assert_eq!(taken_out["text"], typed);

    assert_eq!(document(&editor, &id, "before", &[]).unwrap()["text"], RUST);
    let proof = document(&editor, &id, "proof", &[]).unwrap();
    assert!(proof["text"].as_str().unwrap().contains("## Verdict: allow"), "{proof:#}");
    let refused = document(&editor, &id, "taken_out", &[2]).unwrap_err();
    assert!(refused["message"].as_str().unwrap().contains("2 is proposed"), "{refused:#}");
    let unknown = document(&editor, "ffff", "after", &[]).unwrap_err();
    assert!(unknown["message"].as_str().unwrap().contains("no change of that name"), "{unknown:#}");
    assert!(editor.shutdown().success());
}

/// The editor lives, so what only its buffer holds is not lost when it starts its server again, and neither does a
/// terminal take it for lost.
#[test]
fn what_a_buffer_holds_outlives_a_killed_server() {
    let world = world();
    let id = id(&propose(&world));
    let mut first = editor(&world);
    first.open(FILE);
    first.wait_diagnostics(FILE, |all| all.len() == 2);
    command(&first, "accept", &id, 1);
    let buffer = first.text(FILE);
    first.kill();

    let mut second = editor(&world);
    second.open_with(FILE, &buffer);
    second.wait_diagnostics(FILE, |all| all.len() == 1);
    command(&second, "accept", &id, 2);
    // Looking is a run of the program, which settles what the dead left.
    assert_eq!(hunk_states(&world, &id), ["accepted (unsaved)", "accepted (unsaved)"]);
    second.save(FILE);
    wait_states(&world, FILE, &["accepted", "accepted"]);
    assert_eq!(world.read(FILE), second.text(FILE));
    assert!(second.shutdown().success());
    run(&world, &["ledger", "verify"]).ok();
}
