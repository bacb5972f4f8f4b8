//! An editor's half of the language server protocol, over a server's standard streams.
//!
//! It keeps open documents as an editor does, applies what the server asks for, and announces it; how it behaves where
//! real editors differ is chosen by [`ClientOptions`].

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::documents::language_id;
use crate::session::Shared;
use crate::{Encoding, OpenDocument, Position, uri_from_path};

/// What the client does with `workspace/applyEdit`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApplyEdits {
    /// Applies it whole, or answers `applied: false` when a version is stale, a file not open or a range bad.
    Apply,
    /// Answers `applied: false`.
    Refuse,
    /// Answers `applied: true` and changes nothing, as some editors do with stale edits.
    Pretend,
    /// Never answers.
    Ignore,
}

/// Whether an editor announces an applied edit before or after it answers; both exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeOrder {
    /// `didChange`, then the answer.
    ChangeFirst,
    /// The answer, then `didChange`.
    AnswerFirst,
}

/// What the client does with `window/showMessageRequest`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MessageRequests {
    /// Answers that the method does not exist, as Helix 25.01.
    Unknown,
    /// Answers that the person closed it.
    Dismiss,
    /// Answers with the action of this title; one that is not offered counts as an error.
    Choose(String),
}

/// How the client behaves. The default is a capable editor that only knows UTF-16.
#[derive(Debug, Clone)]
pub struct ClientOptions {
    /// Offered position encodings, best first; empty: none are named, which means UTF-16.
    pub encodings: Vec<Encoding>,
    /// Client capabilities laid over the default ones; `null` removes one.
    pub capabilities: Value,
    /// `initializationOptions`.
    pub initialization_options: Value,
    /// Answers to `workspace/configuration`, by section.
    pub settings: Map<String, Value>,
    /// What happens to `workspace/applyEdit`.
    pub apply_edits: ApplyEdits,
    /// When an applied edit is announced.
    pub change_order: ChangeOrder,
    /// What happens to `window/showMessageRequest`.
    pub message_requests: MessageRequests,
    /// Whether `window/showDocument` succeeds.
    pub show_documents: bool,
    /// Sends whole documents even where the server takes parts.
    pub full_sync: bool,
    /// How long anything is waited for before the test fails.
    pub timeout: Duration,
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self {
            encodings: Vec::new(),
            capabilities: json!({}),
            initialization_options: Value::Null,
            settings: Map::new(),
            apply_edits: ApplyEdits::Apply,
            change_order: ChangeOrder::ChangeFirst,
            message_requests: MessageRequests::Dismiss,
            show_documents: true,
            full_sync: false,
            timeout: Duration::from_secs(30),
        }
    }
}

/// A running language server and the editor it talks to.
///
/// # Panics
/// Every method fails the test with the last messages and the server's standard error when what it waits for does
/// not come. So does dropping it with an error no one took (see [`LspClient::take_errors`]).
pub struct LspClient {
    child: Child,
    shared: Arc<Shared>,
    readers: Vec<JoinHandle<()>>,
    root: PathBuf,
    timeout: Duration,
    /// What the server answered to `initialize`.
    pub initialize_result: Value,
}

impl LspClient {
    /// Starts `command` as a language server for the folder `root` and initializes it.
    #[track_caller]
    pub fn start(mut command: Command, root: &Path, options: ClientOptions) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?} cannot be started: {error}"));
        let (stdout, stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let timeout = options.timeout;
        let params = initialize_params(root, &options);
        let full_sync = options.full_sync;
        let shared = Shared::new(child.stdin.take().unwrap(), options);
        let (for_output, for_stderr) = (Arc::clone(&shared), Arc::clone(&shared));
        let readers = vec![
            thread::spawn(move || for_output.read_output(stdout)),
            thread::spawn(move || for_stderr.read_stderr(stderr)),
        ];
        let initialize_result = Value::Null;
        let mut client =
            Self { child, shared, readers, root: root.to_owned(), timeout, initialize_result };
        client.initialize_result = client.request("initialize", params);
        let capabilities = &client.initialize_result["capabilities"];
        let sync = &capabilities["textDocumentSync"];
        let kind = sync.as_i64().or_else(|| sync["change"].as_i64());
        let encoding = match capabilities["positionEncoding"].as_str() {
            None => Encoding::Utf16,
            Some(name) => Encoding::from_name(name).unwrap_or_else(|| panic!("encoding {name}")),
        };
        {
            let mut session = client.shared.lock();
            session.incremental = kind == Some(2) && !full_sync;
            session.encoding = encoding;
        }
        client.notify("initialized", json!({}));
        client
    }

    /// Sends a request and returns its result.
    #[track_caller]
    pub fn request(&self, method: &str, params: Value) -> Value {
        match self.try_request(method, params) {
            Ok(result) => result,
            Err(error) => self.fail(&format!("`{method}` was answered with {error}")),
        }
    }

    /// Sends a request and returns its result, or the error object it was answered with.
    ///
    /// # Errors
    /// The JSON-RPC error: `code`, `message`, perhaps `data`.
    #[track_caller]
    pub fn try_request(&self, method: &str, params: Value) -> Result<Value, Value> {
        let id = self.start_request(method, params);
        self.wait_response(id)
    }

    /// Sends a request and returns its id, for [`LspClient::wait_response`] or [`LspClient::cancel`].
    pub fn start_request(&self, method: &str, params: Value) -> i64 {
        self.shared.lock().send_request(method, &params)
    }

    /// Waits for the answer to a request.
    ///
    /// # Errors
    /// The JSON-RPC error it was answered with.
    #[track_caller]
    pub fn wait_response(&self, id: i64) -> Result<Value, Value> {
        let response = self.shared.wait(self.timeout, |session| session.responses.remove(&id));
        let Some(mut response) = response else {
            self.fail(&format!("request {id} was not answered"))
        };
        match response.get_mut("error").map(Value::take) {
            Some(error) => Err(error),
            None => Ok(response["result"].take()),
        }
    }

    /// Asks the server to give up on a request; its answer must still be waited for.
    pub fn cancel(&self, id: i64) {
        self.notify("$/cancelRequest", json!({"id": id}));
    }

    /// Sends a notification.
    pub fn notify(&self, method: &str, params: Value) {
        self.shared.lock().send_notification(method, &params);
    }

    /// Waits for a notification of `method` whose `params` satisfy `wanted`, and takes it; earlier others stay.
    #[track_caller]
    pub fn wait_notification(&self, method: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let found = self.shared.wait(self.timeout, |session| {
            let is_it = |m: &Value| m["method"] == json!(method) && wanted(&m["params"]);
            let at = session.notifications.iter().position(is_it)?;
            session.notifications.remove(at)
        });
        match found {
            Some(mut message) => message["params"].take(),
            None => self.fail(&format!("no `{method}` as wanted came")),
        }
    }

    /// Waits for a request of the server, which is answered already, and takes its `params`.
    #[track_caller]
    pub fn wait_server_request(&self, method: &str) -> Value {
        let found = self.shared.wait(self.timeout, |session| {
            let at = session.requests.iter().position(|m| m["method"] == json!(method))?;
            session.requests.remove(at)
        });
        match found {
            Some(mut message) => message["params"].take(),
            None => self.fail(&format!("the server did not request `{method}`")),
        }
    }

    /// The `params` of the server's requests of `method` so far that no one waited for.
    pub fn server_requests(&self, method: &str) -> Vec<Value> {
        let session = self.shared.lock();
        let of_method = session.requests.iter().filter(|m| m["method"] == json!(method));
        of_method.map(|m| m["params"].clone()).collect()
    }

    /// Waits until the newest pushed diagnostics of a file satisfy `wanted`, and returns them.
    #[track_caller]
    pub fn wait_diagnostics(&self, path: &str, wanted: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        let absolute = self.root.join(path);
        let found = self.shared.wait(self.timeout, |session| {
            session
                .diagnostics
                .get(&absolute)
                .map(|(_, list)| list)
                .filter(|list| wanted(list))
                .cloned()
        });
        found.unwrap_or_else(|| self.fail(&format!("{path} never had the diagnostics wanted")))
    }

    /// The newest pushed diagnostics of a file; empty when none came.
    pub fn diagnostics(&self, path: &str) -> Vec<Value> {
        let session = self.shared.lock();
        session
            .diagnostics
            .get(&self.root.join(path))
            .map(|(_, list)| list.clone())
            .unwrap_or_default()
    }

    /// Opens a file of the project with the text on disk.
    #[track_caller]
    pub fn open(&self, path: &str) {
        let absolute = self.root.join(path);
        let text = std::fs::read_to_string(&absolute)
            .unwrap_or_else(|error| panic!("{path} cannot be opened: {error}"));
        self.open_with(path, &text);
    }

    /// Opens a file of the project with a text that may differ from the disk's, as a restored buffer's does.
    #[track_caller]
    pub fn open_with(&self, path: &str, text: &str) {
        let absolute = self.root.join(path);
        let mut session = self.shared.lock();
        let document = OpenDocument { text: text.to_owned(), version: 1 };
        assert!(
            session.documents.insert(absolute.clone(), document).is_none(),
            "{path} is open already"
        );
        let params = json!({"textDocument": {
            "uri": uri_from_path(&absolute),
            "languageId": language_id(&absolute),
            "version": 1,
            "text": text,
        }});
        session.send_notification("textDocument/didOpen", &params);
    }

    /// Types: replaces the byte range of an open document.
    #[track_caller]
    pub fn edit(&self, path: &str, range: Range<usize>, new: &str) {
        let absolute = self.root.join(path);
        let mut session = self.shared.lock();
        let Some(document) = session.documents.get(&absolute) else { panic!("{path} is not open") };
        let mut text = document.text.clone();
        text.replace_range(range, new);
        session.change(&absolute, text);
    }

    /// Types: replaces the only occurrence of `old` in an open document.
    #[track_caller]
    pub fn replace(&self, path: &str, old: &str, new: &str) {
        let text = self.text(path);
        assert!(text.matches(old).count() == 1, "{old:?} is not in {path} exactly once:\n{text}");
        let at = text.find(old).unwrap();
        self.edit(path, at..at + old.len(), new);
    }

    /// Writes an open document to disk and announces it.
    #[track_caller]
    pub fn save(&self, path: &str) {
        let absolute = self.root.join(path);
        let text = self.text(path);
        std::fs::write(&absolute, &text)
            .unwrap_or_else(|error| panic!("{path} cannot be saved: {error}"));
        let mut params = json!({"textDocument": {"uri": uri_from_path(&absolute)}});
        let save = &self.initialize_result["capabilities"]["textDocumentSync"]["save"];
        if save["includeText"] == json!(true) {
            params["text"] = json!(text);
        }
        self.notify("textDocument/didSave", params);
    }

    /// Closes an open document; what was not saved is lost.
    #[track_caller]
    pub fn close(&self, path: &str) {
        let absolute = self.root.join(path);
        let mut session = self.shared.lock();
        assert!(session.documents.remove(&absolute).is_some(), "{path} is not open");
        let params = json!({"textDocument": {"uri": uri_from_path(&absolute)}});
        session.send_notification("textDocument/didClose", &params);
    }

    /// Says that a file was changed on disk by another program.
    pub fn changed_on_disk(&self, path: &str) {
        let uri = self.uri(path);
        self.notify(
            "workspace/didChangeWatchedFiles",
            json!({"changes": [{"uri": uri, "type": 2}]}),
        );
    }

    /// The buffer of an open document.
    #[track_caller]
    pub fn text(&self, path: &str) -> String {
        let session = self.shared.lock();
        let Some(document) = session.documents.get(&self.root.join(path)) else {
            panic!("{path} is not open")
        };
        document.text.clone()
    }

    /// Waits until the buffer of an open document satisfies `wanted`, and returns it.
    #[track_caller]
    pub fn wait_text(&self, path: &str, wanted: impl Fn(&str) -> bool) -> String {
        let absolute = self.root.join(path);
        let found = self.shared.wait(self.timeout, |session| {
            let document = session.documents.get(&absolute)?;
            wanted(&document.text).then(|| document.text.clone())
        });
        found.unwrap_or_else(|| {
            let now = self.text(path);
            self.fail(&format!("the buffer of {path} did not become what was wanted; it is\n{now}"))
        })
    }

    /// The URI of a file of the project.
    pub fn uri(&self, path: &str) -> String {
        uri_from_path(&self.root.join(path))
    }

    /// The encoding agreed upon.
    pub fn encoding(&self) -> Encoding {
        self.shared.lock().encoding
    }

    /// The protocol's range for a byte range of an open document.
    #[track_caller]
    pub fn range(&self, path: &str, range: Range<usize>) -> Value {
        let (text, encoding) = (self.text(path), self.encoding());
        let position = |offset| Position::of(&text, offset, encoding).json();
        json!({"start": position(range.start), "end": position(range.end)})
    }

    /// The code actions at a protocol range of an open document, asked with the pushed diagnostics that touch it.
    #[track_caller]
    pub fn code_actions(&self, path: &str, range: &Value) -> Vec<Value> {
        let at = |value: &Value| {
            Position::from_json(value).unwrap_or_else(|| panic!("no position: {value}"))
        };
        let touches = |diagnostic: &Value| {
            at(&diagnostic["range"]["start"]) <= at(&range["end"])
                && at(&range["start"]) <= at(&diagnostic["range"]["end"])
        };
        let context: Vec<_> = self.diagnostics(path).into_iter().filter(touches).collect();
        let params = json!({
            "textDocument": {"uri": self.uri(path)},
            "range": range,
            "context": {"diagnostics": context, "triggerKind": 1},
        });
        match self.request("textDocument/codeAction", params) {
            Value::Null => Vec::new(),
            Value::Array(actions) => actions,
            other => self.fail(&format!("code actions are not a list: {other}")),
        }
    }

    /// Does what an editor does when the person picks a code action: resolves it where the server wants that, applies
    /// its edit, then executes its command. Returns the command's result.
    ///
    /// # Errors
    /// The JSON-RPC error its command was answered with.
    #[track_caller]
    pub fn run_action(&self, action: &Value) -> Result<Value, Value> {
        let provider = &self.initialize_result["capabilities"]["codeActionProvider"];
        let resolves = provider["resolveProvider"] == json!(true);
        let mut action = action.clone();
        // A bare command is an action too.
        if action["command"].is_string() {
            return self.execute(&action);
        }
        if resolves && action["edit"].is_null() && !action["data"].is_null() {
            action = self.try_request("codeAction/resolve", action)?;
        }
        if !action["edit"].is_null() {
            let mut session = self.shared.lock();
            let planned =
                crate::documents::plan(&session.documents, &action["edit"], session.encoding);
            let planned =
                planned.unwrap_or_else(|reason| panic!("an edit that cannot be applied: {reason}"));
            for (path, text) in planned {
                session.change(&path, text);
            }
        }
        if action["command"].is_null() { Ok(Value::Null) } else { self.execute(&action["command"]) }
    }

    /// Runs the one code action at `range` whose title starts with `title`.
    ///
    /// # Errors
    /// The JSON-RPC error its command was answered with.
    #[track_caller]
    pub fn run_action_titled(
        &self,
        path: &str,
        range: &Value,
        title: &str,
    ) -> Result<Value, Value> {
        let actions = self.code_actions(path, range);
        let titles: Vec<_> = actions.iter().filter_map(|action| action["title"].as_str()).collect();
        let mut fitting =
            actions.iter().filter(|a| a["title"].as_str().is_some_and(|t| t.starts_with(title)));
        match (fitting.next(), fitting.next()) {
            (Some(action), None) => self.run_action(action),
            (None, _) => self.fail(&format!("no code action `{title}` at {range}: {titles:?}")),
            (Some(_), Some(_)) => self.fail(&format!("several code actions `{title}`: {titles:?}")),
        }
    }

    /// The hover at a protocol position as text; `None` when there is none.
    #[track_caller]
    pub fn hover(&self, path: &str, position: &Value) -> Option<String> {
        let params = json!({"textDocument": {"uri": self.uri(path)}, "position": position});
        let hover = self.request("textDocument/hover", params);
        let contents = &hover["contents"];
        contents["value"].as_str().or_else(|| contents.as_str()).map(str::to_owned)
    }

    /// Changes what happens to `workspace/applyEdit` from now on.
    pub fn set_apply_edits(&self, apply_edits: ApplyEdits) {
        self.shared.lock().options.apply_edits = apply_edits;
    }

    /// Changes when applied edits are announced from now on.
    pub fn set_change_order(&self, change_order: ChangeOrder) {
        self.shared.lock().options.change_order = change_order;
    }

    /// Changes what happens to `window/showMessageRequest` from now on.
    pub fn set_message_requests(&self, message_requests: MessageRequests) {
        self.shared.lock().options.message_requests = message_requests;
    }

    /// Takes the errors so far: messages shown or logged as errors, and anything wrong on the stream.
    pub fn take_errors(&self) -> Vec<String> {
        std::mem::take(&mut self.shared.lock().errors)
    }

    /// Waits until the server has shown or logged an error that contains `text`, and takes it.
    #[track_caller]
    pub fn wait_error(&self, text: &str) -> String {
        let found = self.shared.wait(self.timeout, |session| {
            let at = session.errors.iter().position(|error| error.contains(text))?;
            Some(session.errors.remove(at))
        });
        found.unwrap_or_else(|| self.fail(&format!("no error with {text:?} came")))
    }

    /// The server's standard error so far.
    pub fn stderr(&self) -> String {
        self.shared.lock().stderr.clone()
    }

    /// The server's process id.
    pub fn process_id(&self) -> u32 {
        self.child.id()
    }

    /// Ends the server at once, as a crash does (SIGKILL on Unix).
    ///
    /// A message that was cut short by that is no error of the server.
    pub fn kill(&mut self) {
        let before = self.shared.lock().errors.len();
        self.child.kill().ok();
        self.child.wait().unwrap();
        self.join();
        let mut session = self.shared.lock();
        let cut_short = |error: &String| error.starts_with("on the server's output:");
        let told = session.errors.split_off(before);
        session.errors.extend(told.into_iter().filter(|error| !cut_short(error)));
    }

    /// Ends the server as the protocol says and returns how it exited.
    #[track_caller]
    pub fn shutdown(&mut self) -> ExitStatus {
        self.request("shutdown", Value::Null);
        self.notify("exit", Value::Null);
        self.shared.lock().close_stdin();
        // `wait` only yields early when the server closes its output, which is what is waited for.
        let closed = self.shared.wait(self.timeout, |session| session.ended.then_some(()));
        if closed.is_none() {
            self.child.kill().ok();
            self.fail("the server did not end after `exit`");
        }
        let status = self.child.wait().unwrap();
        self.join();
        status
    }

    #[track_caller]
    fn execute(&self, command: &Value) -> Result<Value, Value> {
        let arguments = command.get("arguments").cloned().unwrap_or_else(|| json!([]));
        let params = json!({"command": command["command"], "arguments": arguments});
        self.try_request("workspace/executeCommand", params)
    }

    fn join(&mut self) {
        for reader in self.readers.drain(..) {
            reader.join().ok();
        }
    }

    #[track_caller]
    fn fail(&self, what: &str) -> ! {
        let ended = if self.shared.lock().ended { " (the server has ended)" } else { "" };
        let traffic = self.shared.traffic();
        panic!("{what}{ended}\n--- last messages\n{traffic}");
    }
}

impl Drop for LspClient {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
        self.join();
        if thread::panicking() {
            return;
        }
        let session = self.shared.lock();
        let unclaimed: Vec<_> =
            session.responses.values().filter(|r| r.get("error").is_some()).collect();
        let panicked = session.stderr.contains("panicked at");
        assert!(
            session.errors.is_empty() && unclaimed.is_empty() && !panicked,
            "errors no one took: {:?} {unclaimed:?}\n--- last messages\n{}",
            session.errors,
            session.traffic()
        );
    }
}

fn initialize_params(root: &Path, options: &ClientOptions) -> Value {
    let uri = uri_from_path(root);
    let mut capabilities = json!({
        "workspace": {
            "applyEdit": true,
            "workspaceEdit": {"documentChanges": true, "failureHandling": "abort"},
            "configuration": true,
            "workspaceFolders": true,
            "didChangeWatchedFiles": {"dynamicRegistration": true},
            "executeCommand": {},
        },
        "textDocument": {
            "synchronization": {"didSave": true},
            "publishDiagnostics": {
                "relatedInformation": true, "versionSupport": true, "codeDescriptionSupport": true,
                "dataSupport": true,
            },
            "hover": {"contentFormat": ["markdown", "plaintext"]},
            "codeAction": {
                "codeActionLiteralSupport": {"codeActionKind": {"valueSet": [
                    "", "quickfix", "refactor", "source",
                ]}},
                "isPreferredSupport": true, "disabledSupport": true, "dataSupport": true,
                "resolveSupport": {"properties": ["edit", "command"]},
            },
        },
        "window": {"workDoneProgress": true, "showMessage": {}, "showDocument": {"support": true}},
        "general": {},
    });
    if !options.encodings.is_empty() {
        let names: Vec<_> = options.encodings.iter().map(|encoding| encoding.name()).collect();
        capabilities["general"]["positionEncodings"] = json!(names);
    }
    merge(&mut capabilities, &options.capabilities);
    json!({
        "processId": std::process::id(),
        "clientInfo": {"name": "test-support", "version": "0"},
        "rootUri": uri,
        "workspaceFolders": [{"uri": uri, "name": "repo"}],
        "capabilities": capabilities,
        "initializationOptions": options.initialization_options,
    })
}

/// Lays `over` on `base`: objects merge, `null` removes, anything else replaces.
fn merge(base: &mut Value, over: &Value) {
    let (Some(base), Some(over)) = (base.as_object_mut(), over.as_object()) else {
        *base = over.clone();
        return;
    };
    for (name, value) in over {
        if value.is_null() {
            base.remove(name);
        } else {
            merge(base.entry(name).or_insert(Value::Null), value);
        }
    }
}
