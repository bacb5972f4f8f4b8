//! What an [`LspClient`](crate::LspClient) knows between messages, and how it answers the server's requests.
//!
//! One lock guards all of it, the server's input included: a message and the change of state it announces are one step,
//! so versions reach the server in order whichever thread speaks.

use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, ChildStdout};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::documents::{self, OpenDocument};
use crate::lsp_client::{ApplyEdits, ChangeOrder, ClientOptions, MessageRequests};
use crate::{Encoding, uri_from_path, wire};

/// How many messages a failure shows.
const TRAFFIC_SHOWN: usize = 30;

/// How long a failure waits for the rest of standard error: a grandchild may hold it open for ever.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// State behind a lock, with a signal for each change of it.
pub(crate) struct Shared {
    session: Mutex<Session>,
    changed: Condvar,
}

/// Everything the client knows.
pub(crate) struct Session {
    pub options: ClientOptions,
    pub encoding: Encoding,
    pub incremental: bool,
    pub documents: BTreeMap<PathBuf, OpenDocument>,
    /// The newest diagnostics of each file, with the version they speak of.
    pub diagnostics: BTreeMap<PathBuf, (Option<i64>, Vec<Value>)>,
    /// Notifications no one waited for yet.
    pub notifications: VecDeque<Value>,
    /// Requests of the server no one waited for yet; they are answered already.
    pub requests: VecDeque<Value>,
    /// Responses no one waited for yet, by id.
    pub responses: BTreeMap<i64, Value>,
    /// What went wrong on the stream or was shown as an error.
    pub errors: Vec<String>,
    pub stderr: String,
    /// Whether all of standard error is in `stderr`.
    pub stderr_ended: bool,
    /// Whether the server closed its output.
    pub ended: bool,
    stdin: Option<ChildStdin>,
    next_id: i64,
    traffic: VecDeque<String>,
}

impl Shared {
    pub(crate) fn new(stdin: ChildStdin, options: ClientOptions) -> Arc<Self> {
        let session = Session {
            options,
            encoding: Encoding::Utf16,
            incremental: false,
            documents: BTreeMap::new(),
            diagnostics: BTreeMap::new(),
            notifications: VecDeque::new(),
            requests: VecDeque::new(),
            responses: BTreeMap::new(),
            errors: Vec::new(),
            stderr: String::new(),
            stderr_ended: false,
            ended: false,
            stdin: Some(stdin),
            next_id: 0,
            traffic: VecDeque::new(),
        };
        Arc::new(Self { session: Mutex::new(session), changed: Condvar::new() })
    }

    /// The session, also after a test panicked while it held it: the failure then shows the state as it was.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Session> {
        self.session.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Waits until `take` yields something, the server ends or the deadline passes; `None` in the last two cases.
    pub(crate) fn wait<T>(
        &self,
        timeout: Duration,
        mut take: impl FnMut(&mut Session) -> Option<T>,
    ) -> Option<T> {
        let deadline = Instant::now() + timeout;
        let mut session = self.lock();
        loop {
            if let Some(taken) = take(&mut session) {
                return Some(taken);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || session.ended {
                return None;
            }
            session = self
                .changed
                .wait_timeout(session, left)
                .unwrap_or_else(|poisoned| poisoned.into_inner())
                .0;
        }
    }

    /// Reads the server's output to its end.
    pub(crate) fn read_output(&self, stdout: ChildStdout) {
        let mut from = BufReader::new(stdout);
        loop {
            let message = wire::read_message(&mut from);
            let mut session = self.lock();
            match message {
                Ok(Some(message)) => session.receive(message),
                Ok(None) => session.ended = true,
                Err(error) => {
                    session.errors.push(format!("on the server's output: {error}"));
                    session.ended = true;
                }
            }
            let ended = session.ended;
            drop(session);
            self.changed.notify_all();
            if ended {
                return;
            }
        }
    }

    /// Reads the server's standard error to its end.
    pub(crate) fn read_stderr(&self, stderr: impl Read) {
        let mut from = BufReader::new(stderr);
        let mut line = Vec::new();
        while from.read_until(b'\n', &mut line).is_ok_and(|count| count > 0) {
            self.lock().stderr.push_str(&String::from_utf8_lossy(&line));
            self.changed.notify_all();
            line.clear();
        }
        self.lock().stderr_ended = true;
        self.changed.notify_all();
    }

    /// The last messages, for failures. When the server has ended, with all that it said on the way out.
    pub(crate) fn traffic(&self) -> String {
        let session = self.lock();
        self.changed
            .wait_timeout_while(session, LAST_WORDS, |s| s.ended && !s.stderr_ended)
            .unwrap_or_else(|poisoned| poisoned.into_inner())
            .0
            .traffic()
    }
}

impl Session {
    /// Sends a message. A server that is gone is no error here: whoever waits for its answer fails.
    pub(crate) fn send(&mut self, message: Value) {
        self.note("->", &message);
        if let Some(stdin) = &mut self.stdin
            && wire::write_message(stdin, &message).is_err()
        {
            self.stdin = None;
        }
    }

    /// Sends a request and returns its id.
    pub(crate) fn send_request(&mut self, method: &str, params: &Value) -> i64 {
        self.next_id += 1;
        let id = self.next_id;
        self.send(json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}));
        id
    }

    /// Sends a notification.
    pub(crate) fn send_notification(&mut self, method: &str, params: &Value) {
        self.send(json!({"jsonrpc": "2.0", "method": method, "params": params}));
    }

    /// Closes the server's input.
    pub(crate) fn close_stdin(&mut self) {
        self.stdin = None;
    }

    /// Replaces an open document's text and announces it, as the part that differs or whole, as the server takes it.
    pub(crate) fn change(&mut self, path: &Path, text: String) {
        let (incremental, encoding) = (self.incremental, self.encoding);
        let Some(document) = self.documents.get_mut(path) else { return };
        let change = if incremental {
            documents::difference(&document.text, &text, encoding)
        } else {
            json!({"text": text})
        };
        document.text = text;
        document.version += 1;
        let version = document.version;
        let params = json!({
            "textDocument": {"uri": uri_from_path(path), "version": version},
            "contentChanges": [change],
        });
        self.send_notification("textDocument/didChange", &params);
    }

    /// The last messages, for failures.
    pub(crate) fn traffic(&self) -> String {
        let mut lines: Vec<_> = self.traffic.iter().map(String::as_str).collect();
        lines.push("--- the server's standard error");
        lines.push(&self.stderr);
        lines.join("\n")
    }

    fn note(&mut self, direction: &str, message: &Value) {
        let shown: String = message.to_string().chars().take(2000).collect();
        self.traffic.push_back(format!("{direction} {shown}"));
        if self.traffic.len() > TRAFFIC_SHOWN {
            self.traffic.pop_front();
        }
    }

    fn receive(&mut self, message: Value) {
        self.note("<-", &message);
        match (message["method"].as_str(), message.get("id")) {
            (Some(method), Some(id)) => {
                let (method, id) = (method.to_owned(), id.clone());
                self.answer(&method, &id, &message["params"]);
                self.requests.push_back(message);
            }
            (Some(method), None) => {
                match method {
                    "textDocument/publishDiagnostics" => self.keep_diagnostics(&message["params"]),
                    "window/showMessage" | "window/logMessage"
                        if message["params"]["type"] == json!(1) =>
                    {
                        let text = message["params"]["message"].as_str().unwrap_or_default();
                        self.errors.push(format!("{method}: {text}"));
                    }
                    _ => {}
                }
                self.notifications.push_back(message);
            }
            (None, Some(id)) => match id.as_i64() {
                Some(id) if id >= 1 && id <= self.next_id => {
                    if self.responses.insert(id, message).is_some() {
                        self.errors.push(format!("request {id} was answered twice"));
                    }
                }
                _ => self.errors.push(format!("an answer to no request: {message}")),
            },
            (None, None) => self.errors.push(format!("neither request nor answer: {message}")),
        }
    }

    fn keep_diagnostics(&mut self, params: &Value) {
        let path = params["uri"].as_str().and_then(crate::path_from_uri);
        let (Some(path), Some(list)) = (path, params["diagnostics"].as_array()) else {
            self.errors.push(format!("diagnostics without file or list: {params}"));
            return;
        };
        self.diagnostics.insert(path, (params["version"].as_i64(), list.clone()));
    }

    fn answer(&mut self, method: &str, id: &Value, params: &Value) {
        let result = match method {
            "workspace/applyEdit" => return self.apply_edit(id, params),
            "client/registerCapability" | "client/unregisterCapability" => Ok(Value::Null),
            "window/workDoneProgress/create" => Ok(Value::Null),
            "workspace/codeLens/refresh"
            | "workspace/diagnostic/refresh"
            | "workspace/inlayHint/refresh"
            | "workspace/semanticTokens/refresh" => Ok(Value::Null),
            "workspace/workspaceFolders" => Ok(Value::Null),
            "workspace/configuration" => {
                let items = params["items"].as_array().cloned().unwrap_or_default();
                Ok(items
                    .iter()
                    .map(|item| {
                        let section = item["section"].as_str().unwrap_or_default();
                        self.options.settings.get(section).cloned().unwrap_or(Value::Null)
                    })
                    .collect())
            }
            "window/showDocument" => Ok(json!({"success": self.options.show_documents})),
            "window/showMessageRequest" => match &self.options.message_requests {
                MessageRequests::Unknown => Err("method not found"),
                MessageRequests::Dismiss => Ok(Value::Null),
                MessageRequests::Choose(title) => {
                    let actions = params["actions"].as_array().cloned().unwrap_or_default();
                    let chosen = actions.into_iter().find(|action| action["title"] == json!(title));
                    if chosen.is_none() {
                        self.errors.push(format!("`{title}` is not offered: {params}"));
                    }
                    Ok(chosen.unwrap_or(Value::Null))
                }
            },
            _ => Err("method not found"),
        };
        self.send(match result {
            Ok(result) => json!({"jsonrpc": "2.0", "id": id, "result": result}),
            Err(message) => json!({
                "jsonrpc": "2.0", "id": id, "error": {"code": -32601, "message": message},
            }),
        });
    }

    fn apply_edit(&mut self, id: &Value, params: &Value) {
        let refuse = |reason: &str| json!({"applied": false, "failureReason": reason});
        let (result, planned) = match self.options.apply_edits {
            ApplyEdits::Ignore => return,
            ApplyEdits::Refuse => (refuse("the person is typing"), Vec::new()),
            ApplyEdits::Pretend => (json!({"applied": true}), Vec::new()),
            ApplyEdits::Apply => {
                match documents::plan(&self.documents, &params["edit"], self.encoding) {
                    Ok(planned) => (json!({"applied": true}), planned),
                    Err(reason) => (refuse(&reason), Vec::new()),
                }
            }
        };
        let response = json!({"jsonrpc": "2.0", "id": id, "result": result});
        if self.options.change_order == ChangeOrder::AnswerFirst {
            self.send(response.clone());
        }
        for (path, text) in planned {
            self.change(&path, text);
        }
        if self.options.change_order == ChangeOrder::ChangeFirst {
            self.send(response);
        }
    }
}
