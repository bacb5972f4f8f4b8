//! The server over a pair of streams, with a client that is as small as can be.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{
    AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, DuplexStream, ReadHalf, WriteHalf,
    duplex, split,
};
use tokio::task::JoinHandle;

use crate::engine_thread::Engines;
use crate::position::{self, Encoding};
use crate::{ServeError, transport};

/// How long to wait for a message before the test fails.
const PATIENCE: Duration = Duration::from_secs(30);

/// A client that applies every edit as it is asked to.
pub(crate) struct Editor {
    read: BufReader<ReadHalf<DuplexStream>>,
    write: WriteHalf<DuplexStream>,
    server: JoinHandle<Result<(), ServeError>>,
    next: i64,
    /// The buffers by URI: version and text.
    pub buffers: BTreeMap<String, (i32, String)>,
    /// The diagnostics by URI, as last told.
    pub diagnostics: BTreeMap<String, Vec<Value>>,
    /// What the person was told.
    pub messages: Vec<String>,
}

impl Editor {
    /// Starts a server.
    pub(crate) fn start(engines: Engines) -> Self {
        let (here, there) = duplex(1 << 16);
        let (stdin, stdout) = split(there);
        let server = tokio::spawn(transport::serve(engine::Clock::System, engines, stdin, stdout));
        let (read, write) = split(here);
        Self {
            read: BufReader::new(read),
            write,
            server,
            next: 0,
            buffers: BTreeMap::new(),
            diagnostics: BTreeMap::new(),
            messages: Vec::new(),
        }
    }

    /// Says hello.
    pub(crate) async fn initialize(&mut self, folder: &str, capabilities: Value) -> Value {
        let params = json!({ "processId": null, "rootUri": folder, "capabilities": capabilities });
        let answer = self.request("initialize", params).await;
        self.notify("initialized", json!({})).await;
        answer
    }

    /// Says goodbye, and answers how the server ended.
    pub(crate) async fn leave(mut self) -> Result<(), ServeError> {
        self.request("shutdown", Value::Null).await;
        self.notify("exit", Value::Null).await;
        tokio::time::timeout(PATIENCE, self.server).await.expect("the server ends").unwrap()
    }

    /// Hangs up, and answers how the server ended.
    pub(crate) async fn hang_up(self) -> Result<(), ServeError> {
        let Self { read, mut write, server, .. } = self;
        write.shutdown().await.unwrap();
        drop((read, write));
        tokio::time::timeout(PATIENCE, server).await.expect("the server ends").unwrap()
    }

    pub(crate) async fn open(&mut self, uri: &str, text: &str) {
        self.buffers.insert(uri.to_owned(), (1, text.to_owned()));
        let item = json!({ "uri": uri, "languageId": "x", "version": 1, "text": text });
        self.notify("textDocument/didOpen", json!({ "textDocument": item })).await;
    }

    pub(crate) async fn notify(&mut self, method: &str, params: Value) {
        let mut message = json!({ "jsonrpc": "2.0", "method": method });
        if !params.is_null() {
            message["params"] = params;
        }
        self.send(message).await;
    }

    /// Sends a request and does not wait.
    pub(crate) async fn post(&mut self, method: &str, params: Value) -> i64 {
        self.next += 1;
        let mut message = json!({ "jsonrpc": "2.0", "id": self.next, "method": method });
        if !params.is_null() {
            message["params"] = params;
        }
        self.send(message).await;
        self.next
    }

    /// Sends a request and waits for its answer: the whole message.
    pub(crate) async fn request(&mut self, method: &str, params: Value) -> Value {
        let id = self.post(method, params).await;
        self.answer(id).await
    }

    /// Waits for the answer to a request.
    pub(crate) async fn answer(&mut self, id: i64) -> Value {
        loop {
            let message = self.receive().await;
            if message["id"] == id && message.get("method").is_none() {
                return message;
            }
            self.take(message).await;
        }
    }

    /// Takes messages until `test` holds.
    pub(crate) async fn until(&mut self, test: impl Fn(&Self) -> bool) {
        while !test(self) {
            let message = self.receive().await;
            self.take(message).await;
        }
    }

    /// Answers a request that needs no more than that.
    async fn yes(&mut self, message: &Value) {
        self.send(json!({ "jsonrpc": "2.0", "id": message["id"], "result": null })).await;
    }

    async fn take(&mut self, message: Value) {
        let params = &message["params"];
        match message["method"].as_str() {
            Some("textDocument/publishDiagnostics") => {
                let uri = params["uri"].as_str().unwrap().to_owned();
                self.diagnostics.insert(uri, params["diagnostics"].as_array().unwrap().clone());
            }
            Some("window/showMessage") => {
                self.messages.push(params["message"].as_str().unwrap().to_owned());
            }
            Some("workspace/applyEdit") => {
                let edit = params["edit"].clone();
                self.apply(&edit).await;
                let result = json!({ "applied": true });
                self.send(json!({ "jsonrpc": "2.0", "id": message["id"], "result": result })).await;
            }
            other => panic!("the server said {other:?}: {message}"),
        }
    }

    async fn apply(&mut self, edit: &Value) {
        let changes = edit["changes"].as_object().expect("this client takes plain changes");
        for (uri, edits) in changes.clone() {
            let edits = serde_json::from_value::<Vec<lsp_types::TextEdit>>(edits).unwrap();
            let (_, text) = &self.buffers[&uri];
            let text = crate::rig::applied(text, &edits);
            self.change(&uri, &text).await;
        }
    }

    /// Gives a buffer another text.
    pub(crate) async fn change(&mut self, uri: &str, text: &str) {
        let (version, buffer) = self.buffers.get_mut(uri).unwrap();
        *version += 1;
        text.clone_into(buffer);
        let document = json!({ "uri": uri, "version": *version });
        let params = json!({ "textDocument": document, "contentChanges": [{ "text": text }] });
        self.notify("textDocument/didChange", params).await;
    }

    async fn send(&mut self, message: Value) {
        let body = message.to_string();
        let framed = format!("Content-Length: {}\r\n\r\n{body}", body.len());
        self.write.write_all(framed.as_bytes()).await.unwrap();
    }

    async fn receive(&mut self) -> Value {
        let message = tokio::time::timeout(PATIENCE, self.read_message()).await;
        message.expect("a message in time")
    }

    async fn read_message(&mut self) -> Value {
        let mut length = 0;
        loop {
            let mut line = String::new();
            let read = self.read.read_line(&mut line).await.unwrap();
            assert!(read > 0, "the server hung up");
            match line.trim_end().split_once(": ") {
                Some(("Content-Length", bytes)) => length = bytes.parse().unwrap(),
                Some(_) => {}
                None => break,
            }
        }
        let mut body = vec![0; length];
        self.read.read_exact(&mut body).await.unwrap();
        serde_json::from_slice(&body).unwrap()
    }
}

/// The bytes of a position, for tests that check what the client would do.
pub(crate) fn line_of(diagnostic: &Value) -> u64 {
    diagnostic["range"]["start"]["line"].as_u64().unwrap()
}

mod tests {
    use std::path::PathBuf;
    use std::sync::mpsc::{Receiver, channel};
    use std::sync::{Arc, Mutex};

    use engine::Board;

    use super::*;
    use crate::engine_thread::EngineThread;
    use crate::fixture::Sketch;
    use crate::jobs::{Done, Job};
    use crate::main_loop::Wake;

    const FILE: &str = "file:///r/a.rs";

    /// No repository anywhere.
    fn nothing() -> Engines {
        Box::new(|root, _, inbox| {
            inbox.send(Wake::Engine(root, Box::new(Done::Unavailable(None)))).unwrap();
            EngineThread::played_by(channel().0)
        })
    }

    /// A repository at `/r` with one ChangeSet, and an engine that takes jobs and never answers.
    fn mute() -> (Engines, Arc<Mutex<Vec<Receiver<Job>>>>, String) {
        let change = Sketch::new("a.rs", "a\n", "b\n").on_board();
        let id = change.changeset.id.to_string();
        let jobs = Arc::new(Mutex::new(Vec::new()));
        let held = Arc::clone(&jobs);
        let engines: Engines = Box::new(move |root, _, inbox| {
            let board = Board { seq: 1, changes: vec![Arc::clone(&change)], ..Board::default() };
            let opened = Done::Opened(PathBuf::from("/r"));
            for done in [opened, Done::Board(board)] {
                inbox.send(Wake::Engine(root, Box::new(done))).unwrap();
            }
            let (sender, receiver) = channel();
            held.lock().unwrap().push(receiver);
            EngineThread::played_by(sender)
        });
        (engines, jobs, id)
    }

    #[tokio::test]
    async fn a_client_is_greeted_and_leaves() {
        let mut editor = Editor::start(nothing());
        let general = json!({ "general": { "positionEncodings": ["utf-8", "utf-16"] } });
        let answer = editor.initialize("file:///nowhere", general).await;
        let capabilities = &answer["result"]["capabilities"];
        assert_eq!(capabilities["positionEncoding"], "utf-8");
        assert_eq!(capabilities["textDocumentSync"]["change"], 2);
        assert!(capabilities["diagnosticProvider"].is_null());
        assert_eq!(answer["result"]["serverInfo"]["name"], "countersign");
        editor.open("file:///nowhere/a", "a\n").await;
        let at = json!({ "textDocument": { "uri": "file:///nowhere/a" }, "position": { "line": 0, "character": 0 } });
        assert_eq!(editor.request("textDocument/hover", at).await["result"], Value::Null);
        assert!(editor.messages.is_empty());
        editor.leave().await.unwrap();
    }

    #[tokio::test]
    async fn unknown_requests_are_refused_and_unknown_notices_ignored() {
        let mut editor = Editor::start(nothing());
        editor.initialize("file:///nowhere", json!({})).await;
        editor.notify("$/nothing", json!({})).await;
        let answer = editor.request("countersign/nothing", json!({})).await;
        assert_eq!(answer["error"]["code"], -32601);
        let params = json!({ "command": "countersign.nothing" });
        let answer = editor.request("workspace/executeCommand", params).await;
        assert_eq!(answer["error"]["code"], -32602);
        editor.leave().await.unwrap();
    }

    #[tokio::test]
    async fn leaving_without_shutdown_is_an_error() {
        let mut editor = Editor::start(nothing());
        editor.initialize("file:///nowhere", json!({})).await;
        assert!(matches!(editor.hang_up().await, Err(ServeError::NoShutdown)));
        let mut editor = Editor::start(nothing());
        editor.initialize("file:///nowhere", json!({})).await;
        editor.request("shutdown", Value::Null).await;
        editor.hang_up().await.unwrap();
    }

    #[tokio::test]
    async fn messages_keep_their_order_and_requests_can_be_cancelled() {
        let (engines, jobs, id) = mute();
        let mut editor = Editor::start(engines);
        editor.initialize("file:///r", json!({})).await;
        editor.open(FILE, "a\n").await;
        editor.until(|editor| editor.diagnostics.contains_key(FILE)).await;
        let mut expected = "a\n".to_owned();
        for version in 2..400 {
            // Each edit is right only after the one before it.
            let line = expected.lines().count() - 1;
            let at = json!({ "line": line, "character": 0 });
            let text = format!("{version}\n");
            let change = json!({ "range": { "start": at, "end": at }, "text": text });
            let offset = position::model::to_byte(
                &expected,
                lsp_types::Position::new(u32::try_from(line).unwrap(), 0),
                Encoding::Utf16,
            );
            expected.insert_str(offset, &text);
            let document = json!({ "uri": FILE, "version": version });
            let params = json!({ "textDocument": document, "contentChanges": [change] });
            editor.notify("textDocument/didChange", params).await;
        }
        let params = json!({ "command": "countersign.accept", "arguments": [{ "changeset": id }] });
        let request = editor.post("workspace/executeCommand", params).await;
        editor.notify("$/cancelRequest", json!({ "id": request })).await;
        let answer = editor.answer(request).await;
        assert_eq!(answer["error"]["code"], -32800);
        editor.leave().await.unwrap();
        let jobs: Vec<Job> = jobs.lock().unwrap().iter().flat_map(Receiver::try_iter).collect();
        let open = jobs.iter().find_map(|job| match job {
            Job::Begin { open, .. } => Some(open.0.values().next().unwrap().text.to_string()),
            _ => None,
        });
        assert_eq!(open.unwrap(), expected);
    }

    #[tokio::test]
    async fn a_main_loop_that_dies_ends_the_server() {
        let engines: Engines = Box::new(|_, _, _| panic!("the test says so"));
        let mut editor = Editor::start(engines);
        editor.initialize("file:///r", json!({})).await;
        let ended = tokio::time::timeout(PATIENCE, editor.server).await.unwrap().unwrap();
        assert!(matches!(ended, Err(ServeError::MainLoop)));
    }

    #[tokio::test]
    async fn clients_that_ask_get_reports_and_unchanged_ones() {
        let (engines, _jobs, id) = mute();
        let mut editor = Editor::start(engines);
        let asks = json!({ "textDocument": { "diagnostic": { "dynamicRegistration": true } } });
        let answer = editor.initialize("file:///r", asks).await;
        assert!(answer["result"]["capabilities"]["diagnosticProvider"].is_null());
        // This little client answers these requests itself.
        let probe = editor.receive().await;
        assert_eq!(probe["method"], "workspace/diagnostic/refresh");
        editor.yes(&probe).await;
        let registration = editor.receive().await;
        assert_eq!(registration["method"], "client/registerCapability");
        let registered = &registration["params"]["registrations"][0];
        assert_eq!(registered["method"], "textDocument/diagnostic");
        assert_eq!(registered["registerOptions"]["documentSelector"], Value::Null);
        editor.yes(&registration).await;
        let params = json!({ "textDocument": { "uri": FILE, "languageId": "x", "version": 1, "text": "a\n" } });
        editor.notify("textDocument/didOpen", params).await;
        let refresh = editor.receive().await;
        assert_eq!(refresh["method"], "workspace/diagnostic/refresh");
        editor.yes(&refresh).await;
        let params = json!({ "textDocument": { "uri": FILE } });
        let report = editor.request("textDocument/diagnostic", params).await["result"].clone();
        assert_eq!((&report["kind"], line_of(&report["items"][0])), (&json!("full"), 0));
        assert_eq!(report["items"][0]["code"], format!("{}/1", &id[..12]));
        let params =
            json!({ "textDocument": { "uri": FILE }, "previousResultId": report["resultId"] });
        let report = editor.request("textDocument/diagnostic", params).await["result"].clone();
        assert_eq!(report["kind"], "unchanged");
        editor.leave().await.unwrap();
    }
}
