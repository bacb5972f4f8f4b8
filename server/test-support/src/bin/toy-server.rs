//! The smallest language server that does what a client's tests need: a diagnostic at each `TODO`, a code action that
//! turns it into `DONE` by `workspace/applyEdit`, and commands that fail, speak up, or ask.

use std::collections::BTreeMap;
use std::io::{self, BufRead, Write};

use serde_json::{Value, json};

fn main() -> io::Result<()> {
    let mut input = io::stdin().lock();
    let mut server = Server { texts: BTreeMap::new(), asked: 0 };
    while let Some(message) = read(&mut input)? {
        if message["method"] == "exit" {
            return Ok(());
        }
        for answer in server.handle(&message) {
            let body = answer.to_string();
            let mut output = io::stdout().lock();
            write!(output, "Content-Length: {}\r\n\r\n{body}", body.len())?;
            output.flush()?;
        }
    }
    Ok(())
}

fn read(input: &mut impl BufRead) -> io::Result<Option<Value>> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if input.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        if let Some(value) = line.strip_prefix("Content-Length: ") {
            length = value.trim().parse().map_err(io::Error::other)?;
        } else if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    input.read_exact(&mut body)?;
    Ok(Some(serde_json::from_slice(&body)?))
}

struct Server {
    texts: BTreeMap<String, (i64, String)>,
    asked: u32,
}

impl Server {
    fn handle(&mut self, message: &Value) -> Vec<Value> {
        let (id, params) = (&message["id"], &message["params"]);
        let answer = |result: Value| vec![json!({"jsonrpc": "2.0", "id": id, "result": result})];
        match message["method"].as_str().unwrap_or_default() {
            "initialize" => {
                let encodings = &params["capabilities"]["general"]["positionEncodings"];
                answer(json!({"capabilities": {
                    "positionEncoding": encodings.get(0).cloned().unwrap_or(json!("utf-16")),
                    "textDocumentSync": {"openClose": true, "change": 2, "save": {}},
                    "codeActionProvider": {"resolveProvider": true},
                }}))
            }
            "textDocument/didOpen" => {
                let document = &params["textDocument"];
                self.keep(document, document["text"].as_str().unwrap_or_default().to_owned())
            }
            "textDocument/didChange" => self.change(params),
            "textDocument/codeAction" => answer(json!([{
                "title": "Finish it", "data": params["textDocument"]["uri"],
            }])),
            "codeAction/resolve" => answer(json!({
                "title": "Finish it",
                "command": {"title": "", "command": "finish", "arguments": [params["data"]]},
            })),
            "workspace/executeCommand" => {
                let mut messages = self.command(params);
                let failed = params["command"] == "fail";
                messages.extend(if failed {
                    let error = json!({"code": -32803, "message": "as asked"});
                    vec![json!({"jsonrpc": "2.0", "id": id, "error": error})]
                } else {
                    answer(Value::Null)
                });
                messages
            }
            "shutdown" => answer(Value::Null),
            // An answer to one of its own requests is shown, so that tests see it.
            "" => vec![notification("toy/answered", message.clone())],
            _ => Vec::new(),
        }
    }

    fn change(&mut self, params: &Value) -> Vec<Value> {
        let document = &params["textDocument"];
        let uri = document["uri"].as_str().unwrap_or_default();
        let mut text = self.texts.get(uri).map(|(_, text)| text.clone()).unwrap_or_default();
        for change in params["contentChanges"].as_array().into_iter().flatten() {
            let new = change["text"].as_str().unwrap_or_default();
            // The tests that need ranges use one line of ASCII, where every encoding is a byte offset.
            let at = |end: &str| {
                change["range"][end]["character"].as_u64().and_then(|at| usize::try_from(at).ok())
            };
            match (at("start"), at("end")) {
                (Some(start), Some(end)) => text.replace_range(start..end, new),
                _ => text = new.to_owned(),
            }
        }
        self.keep(document, text)
    }

    fn keep(&mut self, document: &Value, text: String) -> Vec<Value> {
        let uri = document["uri"].as_str().unwrap_or_default().to_owned();
        let version = document["version"].as_i64().unwrap_or_default();
        let diagnostics: Vec<_> = text
            .find("TODO")
            .map(
                |at| json!({"range": range(at), "severity": 2, "source": "toy", "message": "TODO"}),
            )
            .into_iter()
            .collect();
        self.texts.insert(uri.clone(), (version, text));
        let params = json!({"uri": uri, "version": version, "diagnostics": diagnostics});
        vec![notification("textDocument/publishDiagnostics", params)]
    }

    fn command(&mut self, params: &Value) -> Vec<Value> {
        let argument = &params["arguments"][0];
        let (method, params) = match params["command"].as_str().unwrap_or_default() {
            "finish" => {
                let uri = argument.as_str().unwrap_or_default();
                let Some((version, text)) = self.texts.get(uri) else { return Vec::new() };
                let edit =
                    json!({"range": range(text.find("TODO").unwrap_or(0)), "newText": "DONE"});
                let document = json!({"uri": uri, "version": version});
                let change = json!({"textDocument": document, "edits": [edit]});
                ("workspace/applyEdit", json!({"edit": {"documentChanges": [change]}}))
            }
            "stale" => {
                let document = json!({"uri": argument, "version": 999});
                let change = json!({"textDocument": document, "edits": []});
                ("workspace/applyEdit", json!({"edit": {"documentChanges": [change]}}))
            }
            "ask" => (
                "window/showMessageRequest",
                json!({"type": 3, "message": "well?", "actions": [{"title": "Yes"}, {"title": "No"}]}),
            ),
            "configure" => ("workspace/configuration", json!({"items": [{"section": "toy"}]})),
            "shout" => {
                return vec![notification(
                    "window/showMessage",
                    json!({"type": 1, "message": "ouch"}),
                )];
            }
            _ => return Vec::new(),
        };
        self.asked += 1;
        vec![json!({"jsonrpc": "2.0", "id": self.asked, "method": method, "params": params})]
    }
}

fn range(at: usize) -> Value {
    json!({"start": {"line": 0, "character": at}, "end": {"line": 0, "character": at + 4}})
}

fn notification(method: &str, params: Value) -> Value {
    json!({"jsonrpc": "2.0", "method": method, "params": params})
}
