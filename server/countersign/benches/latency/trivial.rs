//! The least that a server may do and still be one: read a frame, look at its method, write an answer of the same size.

use std::io::Write;

use serde_json::{Value, json};
use test_support::{frame, read_frame};

/// Serves until `exit`.
pub fn serve() {
    let count: usize = std::env::var("TRIVIAL_DIAGNOSTICS").unwrap().parse().unwrap();
    let (mut from, mut to) = (std::io::stdin().lock(), std::io::stdout().lock());
    while let Some(body) = read_frame(&mut from).unwrap() {
        let message: Value = serde_json::from_slice(&body).unwrap();
        let result = match message["method"].as_str().unwrap_or_default() {
            "exit" => return,
            // A letter moves nothing.
            "textDocument/didChange" if message["params"]["contentChanges"][0]["text"] == "x" => {
                continue;
            }
            "textDocument/didOpen" | "textDocument/didChange" => {
                let params = json!({
                    "uri": message["params"]["textDocument"]["uri"],
                    "diagnostics": (0..count).map(diagnostic).collect::<Vec<_>>(),
                });
                let publish = "textDocument/publishDiagnostics";
                write(&mut to, &json!({ "jsonrpc": "2.0", "method": publish, "params": params }));
                continue;
            }
            "initialize" => {
                json!({ "capabilities": { "textDocumentSync": 2, "hoverProvider": true, "codeActionProvider": true } })
            }
            "textDocument/hover" => json!({ "contents": "x".repeat(400) }),
            "textDocument/codeAction" => {
                json!([{ "title": "Accept", "command": { "title": "Accept", "command": "x" } }])
            }
            _ => Value::Null,
        };
        if !message["id"].is_null() {
            write(&mut to, &json!({ "jsonrpc": "2.0", "id": message["id"], "result": result }));
        }
    }
}

fn diagnostic(nth: usize) -> Value {
    let at = |character: usize| json!({ "line": nth * 10 + 5, "character": character });
    let range = json!({ "start": at(0), "end": at(20) });
    json!({ "range": range, "severity": 3, "source": "trivial", "code": nth, "message": "x".repeat(80) })
}

fn write(to: &mut impl Write, message: &Value) {
    to.write_all(&frame(message)).unwrap();
    to.flush().unwrap();
}
