//! A client that looks at the clock: when a message has come is known before it is read.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use test_support::{World, frame, read_frame, uri_from_path};

/// How long anything is waited for: some servers read a project first.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long diagnostics that may never come are waited for.
const HOPE: Duration = Duration::from_secs(20);

pub struct Client {
    child: Child,
    stdin: ChildStdin,
    heard: Receiver<(Instant, Vec<u8>)>,
    next: i64,
    version: i64,
    file: String,
    /// The diagnostics of the open file, as last told.
    pub diagnostics: Vec<Value>,
}

impl Client {
    /// Starts a server and greets it.
    pub fn start(mut command: Command, world: &World) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let stdout = child.stdout.take().unwrap();
        let (say, heard) = channel();
        std::thread::spawn(move || listen(BufReader::new(stdout), &say));
        let stdin = child.stdin.take().unwrap();
        let (file, diagnostics) = (String::new(), Vec::new());
        let (next, version) = (0, 0);
        let mut client = Self { child, stdin, heard, next, version, file, diagnostics };
        let root = uri_from_path(world.root());
        let params = json!({
            "processId": std::process::id(),
            "rootUri": root,
            "workspaceFolders": [{ "uri": root, "name": "repo" }],
            "capabilities": {
                "workspace": { "workspaceFolders": true, "configuration": true },
                "textDocument": {
                    "hover": { "contentFormat": ["markdown", "plaintext"] },
                    "publishDiagnostics": { "relatedInformation": true, "versionSupport": true },
                    "codeAction": { "codeActionLiteralSupport": { "codeActionKind": { "valueSet": [] } } },
                },
            },
        });
        client.ask("initialize", params);
        client.tell("initialized", json!({}));
        client
    }

    fn send(&mut self, message: &Value) {
        self.stdin.write_all(&frame(message)).unwrap();
        self.stdin.flush().unwrap();
    }

    pub fn tell(&mut self, method: &str, params: Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    /// Asks, and does not wait for the answer.
    pub fn request(&mut self, method: &str, params: Value) -> i64 {
        self.next += 1;
        let id = self.next;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        id
    }

    /// Asks, and answers how long that took.
    pub fn ask(&mut self, method: &str, params: Value) -> Duration {
        let begun = Instant::now();
        self.answered(method, params) - begun
    }

    /// Asks, and answers when the answer came.
    pub fn answered(&mut self, method: &str, params: Value) -> Instant {
        let id = self.request(method, params);
        loop {
            let (at, message) = self.receive(PATIENCE).unwrap();
            if message["id"] == id && message["method"].is_null() {
                return at;
            }
        }
    }

    /// The next message, taken in.
    fn receive(&mut self, patience: Duration) -> Option<(Instant, Value)> {
        let (at, body) = self.heard.recv_timeout(patience).ok()?;
        let message: Value = serde_json::from_slice(&body).unwrap();
        let params = &message["params"];
        match (message["method"].as_str(), message["id"].is_null()) {
            (Some("textDocument/publishDiagnostics"), _) if params["uri"] == *self.file => {
                params["diagnostics"].as_array().unwrap().clone_into(&mut self.diagnostics);
            }
            (Some("workspace/configuration"), false) => {
                let nothing = vec![Value::Null; params["items"].as_array().unwrap().len()];
                self.send(&json!({ "jsonrpc": "2.0", "id": message["id"], "result": nothing }));
            }
            (Some(_), false) => {
                self.send(&json!({ "jsonrpc": "2.0", "id": message["id"], "result": null }));
            }
            _ => {}
        }
        Some((at, message))
    }

    /// Waits for diagnostics of the file that are some; how long after `begun` they came.
    fn wait_diagnostics(&mut self, begun: Instant) -> Option<Duration> {
        let until = Instant::now() + HOPE;
        loop {
            let (at, message) = self.receive(until.saturating_duration_since(Instant::now()))?;
            let told = message["method"] == "textDocument/publishDiagnostics";
            if told && message["params"]["uri"] == *self.file && !self.diagnostics.is_empty() {
                return Some(at - begun);
            }
        }
    }

    /// Opens a file, and answers when the first diagnostics were there.
    pub fn open(&mut self, uri: &str, language: &str, text: &str) -> Option<Duration> {
        uri.clone_into(&mut self.file);
        self.version += 1;
        let item =
            json!({ "uri": uri, "languageId": language, "version": self.version, "text": text });
        let begun = Instant::now();
        self.tell("textDocument/didOpen", json!({ "textDocument": item }));
        self.wait_diagnostics(begun)
    }

    fn change(&mut self, uri: &str, start: (usize, usize), end: (usize, usize), text: &str) {
        self.version += 1;
        let at =
            |(line, character): (usize, usize)| json!({ "line": line, "character": character });
        let change = json!({ "range": { "start": at(start), "end": at(end) }, "text": text });
        let document = json!({ "uri": uri, "version": self.version });
        let params = json!({ "textDocument": document, "contentChanges": [change] });
        self.tell("textDocument/didChange", params);
    }

    /// Types a letter into a comment.
    pub fn letter(&mut self, uri: &str, line: usize) {
        self.change(uri, (line, 6), (line, 6), "x");
    }

    /// Puts a line above everything, or takes it away, and answers when what is shown had moved.
    pub fn line_above(&mut self, uri: &str, comes: bool) -> Option<Duration> {
        // What is still under way for an earlier edit is not for this one.
        while self.receive(Duration::from_millis(300)).is_some() {}
        let begun = Instant::now();
        if comes {
            self.change(uri, (0, 0), (0, 0), "\n");
        } else {
            self.change(uri, (0, 0), (1, 0), "");
        }
        self.wait_diagnostics(begun)
    }

    /// The resident memory of the server and what it started, in bytes; 0 where the system does not say.
    pub fn resident(&self) -> usize {
        family(self.child.id()).into_iter().map(resident).sum()
    }

    /// Leaves the server as it should be left.
    pub fn leave(mut self) {
        self.ask("shutdown", Value::Null);
        self.tell("exit", Value::Null);
        self.child.wait().unwrap();
    }
}

fn listen(mut from: impl BufRead, say: &Sender<(Instant, Vec<u8>)>) {
    while let Ok(Some(body)) = read_frame(&mut from) {
        if say.send((Instant::now(), body)).is_err() {
            return;
        }
    }
}

fn resident(process: u32) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<usize>().ok());
    kilobytes.unwrap_or_default() << 10
}

/// A process and all that it started.
fn family(process: u32) -> Vec<u32> {
    let mut all = vec![process];
    let threads = std::fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten();
    for thread in threads.filter_map(Result::ok) {
        let children = std::fs::read_to_string(thread.path().join("children")).unwrap_or_default();
        let children = children.split_whitespace().filter_map(|child| child.parse().ok());
        all.extend(children.flat_map(family));
    }
    all
}
