//! What a client sends that knows the protocol and does not keep to it, and what has to come back.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use test_support::{Dice, Encoding, Position, frame};

/// How a request ends: well, or with one of the protocol's codes.
pub const WELL: i64 = 0;
pub const PARSE_ERROR: i64 = -32700;
pub const INVALID_REQUEST: i64 = -32600;
pub const METHOD_NOT_FOUND: i64 = -32601;
pub const INVALID_PARAMS: i64 = -32602;
pub const NOT_INITIALIZED: i64 = -32002;
pub const CONTENT_MODIFIED: i64 = -32801;
pub const REQUEST_FAILED: i64 = -32803;
pub const REQUEST_CANCELLED: i64 = -32800;

/// One thing sent.
pub struct Sent {
    pub bytes: Vec<u8>,
    pub expect: Expect,
}

/// What has to come back.
#[derive(Debug, Clone, PartialEq)]
pub enum Expect {
    Nothing,
    /// One answer, which ends in one of these ways.
    Answer(Value, Vec<i64>),
    /// One answer without an id.
    Unnamed(i64),
    /// The answer to an earlier request may say that it was cancelled.
    Cancelled(Value),
}

/// Where a session is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    New,
    Greeted,
    Over,
}

/// The repository that is played with.
#[derive(Debug, Clone)]
pub struct Place {
    pub root: String,
    /// The ChangeSet whose hunks nobody may touch, of `src/queue.rs`.
    pub kept: String,
    /// The ChangeSet that commands may name, of `src/spare.rs`.
    pub spare: String,
    /// The two files: their URIs, and what they hold.
    pub files: [(String, String); 2],
}

/// Makes up what is sent.
pub struct Script {
    pub dice: Dice,
    pub phase: Phase,
    place: Place,
    next: i64,
    recent: Vec<Value>,
    /// Everything that may be open.
    pub touched: BTreeSet<String>,
    /// What the two files hold, where they are open, by URI.
    pub held: BTreeMap<String, Held>,
}

/// A buffer, as the protocol says it is after what was sent.
#[derive(Debug, Clone)]
pub struct Held {
    pub version: i64,
    pub text: String,
}

/// Which type a field has that must be there.
#[derive(Clone, Copy)]
enum Kind {
    Number,
    Text,
    Object,
    List,
}

/// Applies a change of a document the slow way: past the end is the end, within a character is before it.
fn apply(text: &mut String, change: &Value) {
    let new = change["text"].as_str().unwrap();
    if change["range"].is_null() {
        new.clone_into(text);
        return;
    }
    let offset = |at: &Value| {
        let at = Position::from_json(at).unwrap();
        let before = Position { character: at.character.saturating_sub(1), ..at };
        let offset = |at: Position| at.offset(text, Encoding::Utf16);
        offset(at).or_else(|| offset(before)).unwrap_or(text.len())
    };
    let (start, end) = (offset(&change["range"]["start"]), offset(&change["range"]["end"]));
    text.replace_range(start..end.max(start), new);
}

const AT: &[(&str, Kind)] = &[
    ("/textDocument", Kind::Object),
    ("/textDocument/uri", Kind::Text),
    ("/position", Kind::Object),
    ("/position/line", Kind::Number),
    ("/position/character", Kind::Number),
];
const DOCUMENT: &[(&str, Kind)] =
    &[("/textDocument", Kind::Object), ("/textDocument/uri", Kind::Text)];
const RANGE: &[(&str, Kind)] = &[
    ("/textDocument/uri", Kind::Text),
    ("/range", Kind::Object),
    ("/range/start/line", Kind::Number),
    ("/range/end/character", Kind::Number),
    ("/context", Kind::Object),
    ("/context/diagnostics", Kind::List),
];
const COMMAND: &[(&str, Kind)] = &[("/command", Kind::Text)];
const SIDE: &[(&str, Kind)] = &[("/changeset", Kind::Text), ("/side", Kind::Text)];
/// Requests of the protocol that are not offered.
const NOT_OFFERED: [&str; 7] = [
    "textDocument/definition",
    "textDocument/completion",
    "textDocument/rename",
    "codeAction/resolve",
    "codeLens/resolve",
    "workspace/symbol",
    "workspace/diagnostic",
];
const ABOUT_CHANGES: [&str; 7] =
    ["accept", "reject", "undo", "why", "restore", "repropose", "prove"];

impl Script {
    pub fn new(seed: u64, place: Place) -> Self {
        let (recent, touched, held) = (Vec::new(), BTreeSet::new(), BTreeMap::new());
        Self { dice: Dice::new(seed), phase: Phase::New, place, next: 0, recent, touched, held }
    }

    /// The next thing to send.
    pub fn next(&mut self) -> Sent {
        match self.dice.roll(100) {
            0..30 => self.notification(),
            30..55 => self.request(),
            55..70 => self.command(),
            70..80 => self.wrong_method(),
            80..88 => self.cancel(),
            88..94 => self.answer_to_nothing(),
            _ => self.malformed(),
        }
    }

    /// A request that ends in one of these ways, if it may come now.
    pub fn call(&mut self, method: &str, params: Value, ends: &[i64]) -> Sent {
        self.next += 1;
        let id =
            if self.dice.chance(20) { json!(format!("n-{}", self.next)) } else { json!(self.next) };
        self.recent.push(id.clone());
        let ends = match self.phase {
            Phase::New => &[NOT_INITIALIZED],
            Phase::Greeted => ends,
            Phase::Over => &[INVALID_REQUEST],
        };
        let message = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
        Sent { bytes: frame(&message), expect: Expect::Answer(id, ends.to_vec()) }
    }

    /// Opens the file that nobody may touch, as it is saved.
    pub fn open_kept(&mut self) -> Sent {
        let (uri, text) = self.place.files[0].clone();
        let item = json!({ "uri": uri, "languageId": "rust", "version": 1, "text": text });
        let params = json!({ "textDocument": item });
        self.touched.insert(uri);
        self.hold("textDocument/didOpen", &params);
        self.tell("textDocument/didOpen", params)
    }

    pub fn tell(&mut self, method: &str, params: Value) -> Sent {
        let message = json!({ "jsonrpc": "2.0", "method": method, "params": params });
        Sent { bytes: frame(&message), expect: Expect::Nothing }
    }

    /// The URI of something, and whether it is one in any case.
    fn some_uri(&mut self) -> (String, bool) {
        let here = |path: &str| format!("{}/{path}", self.place.root);
        let good = [
            here("src/spare.rs"),
            here("src/spare.rs"),
            here("src/spare.rs"),
            here("README.md"),
            here("not/there.rs"),
            here("src"),
            "untitled:Untitled-1".to_owned(),
            "http://example.invalid/a.rs".to_owned(),
        ];
        let odd = [
            here("src/../src/spare.rs"),
            here("%73rc/spare.rs"),
            here("src%2fspare.rs"),
            here("src/%00"),
            here("src/%ff%FE.rs"),
            here("src/%zz"),
            here("a b.rs"),
            here("ü.rs"),
            here("app/[id]/page.rs"),
            here("src/spare.rs?q#f"),
            here(".git/config"),
            here(&"x/".repeat(3000)),
            self.place.root.clone(),
            "file:///".to_owned(),
            "file://".to_owned(),
            "file://elsewhere/share/a.rs".to_owned(),
            "file:///etc/../proc/self/mem".to_owned(),
            "FILE:///tmp/a".to_owned(),
            "vscode-notebook-cell:/a#b".to_owned(),
            "git:/a?%7B%7D".to_owned(),
            "/tmp/a".to_owned(),
            "a".to_owned(),
            String::new(),
            "🧮:a".to_owned(),
        ];
        if self.dice.chance(40) {
            (self.place.files[0].0.clone(), true)
        } else if self.dice.chance(60) {
            (self.dice.pick(&good).clone(), true)
        } else {
            (self.dice.pick(&odd).clone(), false)
        }
    }

    fn position(&mut self) -> Value {
        let numbers = [0, 1, 2, 5, 13, 21, 22, 40, 1000, i64::from(i32::MAX), i64::from(u32::MAX)];
        let (line, character) = (*self.dice.pick(&numbers), *self.dice.pick(&numbers));
        json!({ "line": line, "character": character })
    }

    fn range(&mut self) -> Value {
        json!({ "start": self.position(), "end": self.position() })
    }

    fn text(&mut self) -> String {
        let pieces = [
            "a",
            "\n",
            "\r\n",
            "\r",
            "🧮",
            "é",
            "e\u{301}",
            "\u{2028}",
            "\0",
            "",
            "fn f() {}\n",
            "\u{feff}",
        ];
        let count = self.dice.roll(12);
        (0..count).map(|_| *self.dice.pick(&pieces)).collect()
    }

    /// A question about a document or about what is proposed.
    fn request(&mut self) -> Sent {
        let (uri, good) = self.some_uri();
        let document = json!({ "uri": uri });
        let well: &[i64] = if good { &[WELL] } else { &[WELL, INVALID_PARAMS] };
        let (method, mut params, fields, ends): (_, _, &[(&str, Kind)], &[i64]) = match self
            .dice
            .roll(8)
        {
            0 | 1 => {
                let params = json!({ "textDocument": document, "position": self.position() });
                ("textDocument/hover", params, AT, well)
            }
            2 | 3 => {
                let context = json!({ "diagnostics": [], "only": ["quickfix", "", "no.such"] });
                let params =
                    json!({ "textDocument": document, "range": self.range(), "context": context });
                ("textDocument/codeAction", params, RANGE, well)
            }
            4 => ("textDocument/codeLens", json!({ "textDocument": document }), DOCUMENT, well),
            5 => {
                let params = json!({ "textDocument": document, "previousResultId": "x" });
                ("textDocument/diagnostic", params, DOCUMENT, well)
            }
            6 => {
                let side = *self.dice.pick(&[
                    "before",
                    "after",
                    "accepted",
                    "taken_out",
                    "proof",
                    "no_such",
                ]);
                let id = [
                    self.place.spare.clone(),
                    self.place.kept.clone(),
                    "0".repeat(64),
                    "..".to_owned(),
                ];
                let path = *self.dice.pick(&[
                    "src/spare.rs",
                    "src/queue.rs",
                    "no.rs",
                    "../x",
                    "/etc/passwd",
                    "",
                ]);
                let hunks = *self.dice.pick(&[1, 2, 0, 4_000_000_000_u32]);
                let id = self.dice.pick(&id).clone();
                let params =
                    json!({ "changeset": id, "side": side, "path": path, "hunks": [hunks] });
                (
                    "countersign/document",
                    params,
                    SIDE,
                    &[WELL, INVALID_PARAMS, REQUEST_FAILED, CONTENT_MODIFIED],
                )
            }
            _ => {
                let method = *self.dice.pick(&["countersign/changesets", "countersign/status"]);
                (method, json!({}), &[], &[WELL])
            }
        };
        if self.dice.chance(30) {
            if fields.is_empty() || self.dice.chance(20) {
                // Where nothing is asked for, an empty list is as good as nothing.
                let wrong = [json!(null), json!(7), json!("x"), json!(true), json!([[], 1])];
                let wrong = self.dice.pick(&wrong).clone();
                return self.call(method, wrong, &[INVALID_PARAMS]);
            }
            let (field, kind) = *self.dice.pick(fields);
            self.spoil(&mut params, field, kind);
            return self.call(method, params, &[INVALID_PARAMS]);
        }
        if self.dice.chance(10) {
            params["unheardOf"] = json!({ "a": [1] });
        }
        self.call(method, params, ends)
    }

    /// Takes a field away, or gives it another type.
    fn spoil(&mut self, params: &mut Value, field: &str, kind: Kind) {
        let any = [json!(null), json!(true)];
        let wrong = match kind {
            Kind::Number => vec![
                json!("1"),
                json!([]),
                json!({}),
                json!(-1),
                json!(1.5),
                json!(1e300),
                json!(1_u64 << 32),
            ],
            Kind::Text => vec![json!(7), json!([]), json!({})],
            Kind::Object => vec![json!(7), json!("x"), json!([[]])],
            Kind::List => vec![json!(7), json!("x"), json!({})],
        };
        let wrong = [&any[..], &wrong].concat();
        let (parent, name) = field.rsplit_once('/').unwrap();
        let parent = params.pointer_mut(parent).unwrap().as_object_mut().unwrap();
        if self.dice.chance(30) {
            parent.remove(name);
        } else {
            parent.insert(name.to_owned(), self.dice.pick(&wrong).clone());
        }
    }

    /// A command: one that exists or not, with arguments of all kinds.
    fn command(&mut self) -> Sent {
        let done = &[WELL, REQUEST_FAILED, CONTENT_MODIFIED];
        let verb = *self.dice.pick(&ABOUT_CHANGES);
        let name = format!("countersign.{verb}");
        let (spare, nobody) = (self.place.spare.clone(), "0".repeat(64));
        let hunk = *self.dice.pick(&[1, 2]);
        let (name, arguments, ends): (String, Value, &[i64]) = match self.dice.roll(12) {
            0 | 1 => (name, json!([{ "changeset": spare, "hunks": [hunk] }]), done),
            2 => (name, json!([{ "changeset": spare, "path": "src/spare.rs" }]), done),
            3 => {
                let odd =
                    [json!([0]), json!([4_000_000_000_u32]), json!((1..2000).collect::<Vec<_>>())];
                let hunks = self.dice.pick(&odd).clone();
                (
                    name,
                    json!([{ "changeset": spare, "hunks": hunks, "reason": "r".repeat(50_000) }]),
                    done,
                )
            }
            4 => (name, json!([{ "changeset": nobody }]), &[REQUEST_FAILED]),
            5 | 6 => {
                let wrong = [
                    json!([]),
                    json!([{}, {}]),
                    json!(["x"]),
                    json!([null]),
                    json!([{ "changeset": "zz" }]),
                    json!([{ "changeset": 7 }]),
                    json!([{ "changeset": spare, "hunks": [] }]),
                    json!([{ "changeset": spare, "hunks": [-1] }]),
                    json!([{ "changeset": spare, "hunks": "1" }]),
                    json!([{ "changeset": spare, "hunks": (0..20_000).collect::<Vec<_>>() }]),
                    json!([{ "changeset": spare, "hunks": [1], "path": "src/spare.rs" }]),
                    json!([{ "changeset": spare, "path": "../queue.rs" }]),
                    json!([{ "changeset": spare, "path": "/etc/passwd" }]),
                    json!([{ "changeset": spare, "path": ".git/config" }]),
                    json!([{ "changeset": spare, "hunk": 1 }]),
                    json!([{ "changeset": spare, "reason": 1 }]),
                    json!("x"),
                    json!({}),
                ];
                (name, self.dice.pick(&wrong).clone(), &[INVALID_PARAMS])
            }
            7 => {
                let name =
                    *self.dice.pick(&["countersign.no", "", "rm -rf", "countersign.accept\0"]);
                (name.to_owned(), json!([{ "changeset": spare }]), &[INVALID_PARAMS])
            }
            8 => {
                let wrong =
                    [json!([7]), json!([{ "uri": 7 }]), json!([{}, {}]), json!([{ "no": 1 }])];
                (
                    "countersign.snapshot".to_owned(),
                    self.dice.pick(&wrong).clone(),
                    &[INVALID_PARAMS],
                )
            }
            9 => self.asking(),
            10 => {
                let wrong = [
                    json!([7]),
                    json!([{ "task": 7 }]),
                    json!([{ "task": "zz" }]),
                    json!([{}, {}]),
                ];
                ("countersign.cancel".to_owned(), self.dice.pick(&wrong).clone(), &[INVALID_PARAMS])
            }
            _ => {
                let (uri, _) = self.some_uri();
                let of = [
                    ("countersign.snapshot", json!([{ "label": "🧮\n" }])),
                    ("countersign.snapshot", json!([{ "uri": uri }])),
                    ("countersign.adopt", json!([{ "since": "--help" }])),
                    ("countersign.adopt", json!([{ "since": "no such revision" }])),
                    ("countersign.adopt", json!([{ "uri": uri, "agent": "x".repeat(5000) }])),
                ];
                let (name, arguments) = self.dice.pick(&of).clone();
                (
                    name.to_owned(),
                    arguments,
                    &[WELL, REQUEST_FAILED, CONTENT_MODIFIED, INVALID_PARAMS],
                )
            }
        };
        let mut params = json!({ "command": name, "arguments": arguments });
        if self.dice.chance(10) {
            self.spoil(&mut params, COMMAND[0].0, COMMAND[0].1);
            return self.call("workspace/executeCommand", params, &[INVALID_PARAMS]);
        }
        self.call("workspace/executeCommand", params, ends)
    }

    /// The command that asks for work, of kinds that nobody here can be asked for.
    fn asking(&mut self) -> (String, Value, &'static [i64]) {
        let name = "countersign.ask".to_owned();
        let (uri, good) = self.some_uri();
        if self.dice.chance(40) {
            let wrong = [
                json!([]),
                json!([null]),
                json!([{}, {}]),
                json!([{ "kind": "docs" }]),
                json!([{ "kind": "no such", "uri": uri }]),
                json!([{ "kind": 7, "uri": uri }]),
                json!([{ "kind": "docs", "uri": 7 }]),
                json!([{ "kind": "docs", "uri": uri, "range": { "start": 7 } }]),
                json!([{ "kind": "docs", "uri": uri, "worker": 7 }]),
                json!([{ "kind": "docs", "uri": uri, "diagnostic": "x" }]),
                json!([{ "kind": "docs", "uri": uri, "objective": "x".repeat(100_000) }]),
                json!([{ "kind": "docs", "uri": uri, "unheardOf": 1 }]),
            ];
            return (name, self.dice.pick(&wrong).clone(), &[INVALID_PARAMS]);
        }
        let kind = *self.dice.pick(&["docs", "tests", "review", "refactor", "feature"]);
        let mut argument = json!({ "kind": kind, "uri": uri });
        if self.dice.chance(80) {
            let end = json!({ "line": u32::MAX, "character": u32::MAX });
            let whole = json!({ "start": { "line": 0, "character": 0 }, "end": end });
            let last = json!({ "start": end, "end": end });
            let ranges = [whole, last, self.range()];
            argument["range"] = self.dice.pick(&ranges).clone();
        }
        if self.dice.chance(20) {
            argument["worker"] = "nobody".into();
        }
        let refused: &[i64] =
            if good { &[REQUEST_FAILED] } else { &[REQUEST_FAILED, INVALID_PARAMS] };
        (name, json!([argument]), refused)
    }

    fn notification(&mut self) -> Sent {
        let (uri, _) = self.some_uri();
        self.touched.insert(uri.clone());
        let (method, mut params, field) = match self.dice.roll(12) {
            0 | 1 => {
                let version = *self.dice.pick(&[1, 1, 1, 0, -5, i32::MAX]);
                let saved = self.place.files.iter().find(|(file, _)| *file == uri);
                let text = match saved.map(|(_, text)| text.clone()) {
                    Some(text) if self.dice.chance(80) => text,
                    _ => self.text(),
                };
                let item =
                    json!({ "uri": uri, "languageId": "rust", "version": version, "text": text });
                ("textDocument/didOpen", json!({ "textDocument": item }), "/textDocument/text")
            }
            2..8 => ("textDocument/didChange", self.change(&uri), "/contentChanges"),
            8 | 9 => {
                let method = match self.dice.chance(50) {
                    true => "textDocument/didSave",
                    false => "textDocument/didClose",
                };
                (method, json!({ "textDocument": { "uri": uri } }), "/textDocument")
            }
            10 => {
                // The repository's own folder stays: without it nothing is shown.
                let folder = json!({ "uri": uri, "name": "x" });
                let event = match self.dice.roll(2) {
                    _ if uri == self.place.root => json!({ "added": [], "removed": [] }),
                    0 => json!({ "added": [folder, folder], "removed": [] }),
                    _ => json!({ "added": [], "removed": [folder] }),
                };
                ("workspace/didChangeWorkspaceFolders", json!({ "event": event }), "/event")
            }
            _ => {
                let method = *self.dice.pick(&[
                    "workspace/didChangeConfiguration",
                    "workspace/didChangeWatchedFiles",
                    "initialized",
                    "$/setTrace",
                    "$/nothing",
                    "no/such",
                    "textDocument/willSave",
                    "window/workDoneProgress/cancel",
                    "",
                ]);
                (method, json!({ "settings": null, "changes": [], "value": "off" }), "/settings")
            }
        };
        if self.dice.chance(15) {
            self.spoil(&mut params, field, Kind::Object);
            return self.tell(method, params);
        }
        if self.dice.chance(5) {
            // With an id it is a request that nobody knows, or one that is none.
            return self.call(method, params, &[INVALID_REQUEST, METHOD_NOT_FOUND]);
        }
        if self.phase == Phase::Greeted {
            self.hold(method, &params);
        }
        self.tell(method, params)
    }

    fn change(&mut self, uri: &str) -> Value {
        let known = self.held.get(uri).map_or(1, |held| held.version);
        let version = known + *self.dice.pick(&[1, 1, 1, 1, 2, 0, -1, -100]);
        let count = self.dice.roll(4);
        let changes: Vec<Value> = (0..count)
            .map(|_| match self.dice.roll(20) {
                0 => json!({ "text": self.text() }),
                1 => json!({ "range": null, "rangeLength": 7, "text": self.text() }),
                2 => json!({ "range": self.range(), "text": self.text() }),
                _ => {
                    let (line, first) = (self.dice.roll(30), self.dice.roll(20));
                    let end = json!({ "line": line, "character": first + self.dice.roll(4) });
                    let range =
                        json!({ "start": { "line": line, "character": first }, "end": end });
                    json!({ "range": range, "text": self.text() })
                }
            })
            .collect();
        json!({ "textDocument": { "uri": uri, "version": version }, "contentChanges": changes })
    }

    /// Does to the buffers what a notification says.
    fn hold(&mut self, method: &str, params: &Value) {
        let document = &params["textDocument"];
        let uri = document["uri"].as_str().unwrap_or_default();
        let version = document["version"].as_i64().unwrap_or_default();
        if !self.place.files.iter().any(|(file, _)| file == uri) {
            return;
        }
        match method {
            "textDocument/didOpen" => {
                let text = document["text"].as_str().unwrap().to_owned();
                self.held.insert(uri.to_owned(), Held { version, text });
            }
            "textDocument/didChange" => {
                // Versions of the protocol have 32 bits; what is older than the buffer is not for it.
                let held = self.held.get_mut(uri);
                let Some(held) =
                    held.filter(|held| held.version <= version && i32::try_from(version).is_ok())
                else {
                    return;
                };
                held.version = version;
                for change in params["contentChanges"].as_array().unwrap() {
                    apply(&mut held.text, change);
                }
            }
            "textDocument/didClose" => {
                self.held.remove(uri);
            }
            _ => {}
        }
    }

    fn wrong_method(&mut self) -> Sent {
        match self.dice.roll(4) {
            0 => {
                let method = *self.dice.pick(&[
                    "no/such",
                    "$/nothing",
                    "",
                    "textDocument",
                    "TextDocument/hover",
                    "🧮",
                ]);
                let params = [json!({}), json!(null), json!([1]), json!(7)];
                let params = self.dice.pick(&params).clone();
                self.call(method, params, &[METHOD_NOT_FOUND])
            }
            1 => {
                let method = *self.dice.pick(&NOT_OFFERED);
                self.call(method, json!({}), &[METHOD_NOT_FOUND, INVALID_PARAMS])
            }
            2 if self.phase != Phase::New => {
                let params = json!({ "processId": null, "rootUri": null, "capabilities": {} });
                self.call("initialize", params, &[INVALID_REQUEST])
            }
            // Without an id, nobody waits for it.
            _ => self.tell("textDocument/hover", json!({})),
        }
    }

    fn cancel(&mut self) -> Sent {
        let wrong = [json!(null), json!(-1), json!(1e9), json!({}), json!("n-x"), json!([1])];
        let late = self.recent.len().checked_sub(1 + self.dice.roll(4));
        let id = match late.and_then(|at| self.recent.get(at)) {
            Some(id) if self.dice.chance(80) => id.clone(),
            _ => self.dice.pick(&wrong).clone(),
        };
        let sent = self.tell("$/cancelRequest", json!({ "id": id }));
        Sent { expect: Expect::Cancelled(id), ..sent }
    }

    fn answer_to_nothing(&mut self) -> Sent {
        let answers = [
            json!({ "jsonrpc": "2.0", "id": 999_999, "result": null }),
            json!({ "jsonrpc": "2.0", "id": "x", "result": { "applied": true } }),
            json!({ "jsonrpc": "2.0", "id": null, "error": { "code": -32700, "message": "?" } }),
            json!({ "jsonrpc": "2.0", "id": 999_999, "error": 7 }),
            json!({ "jsonrpc": "1.0", "id": {}, "result": 7, "error": {} }),
            json!({ "result": 7 }),
        ];
        Sent { bytes: frame(self.dice.pick(&answers)), expect: Expect::Nothing }
    }

    fn malformed(&mut self) -> Sent {
        self.next += 1;
        let id = json!(self.next);
        let unnamed = |bytes: Vec<u8>, code| Sent { bytes, expect: Expect::Unnamed(code) };
        let call = |fields: Value| {
            let expect = Expect::Answer(id.clone(), vec![INVALID_REQUEST]);
            Sent { bytes: frame(&fields), expect }
        };
        let body = |body: &[u8]| {
            [format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes(), body].concat()
        };
        let status = "countersign/status";
        match self.dice.roll(16) {
            0 => unnamed(body(b"{\"jsonrpc\":"), PARSE_ERROR),
            1 => unnamed(body(b"not JSON"), PARSE_ERROR),
            2 => unnamed(body(b"\"\xff\xfe\""), PARSE_ERROR),
            3 => unnamed(body(&[b"[".repeat(100_000), b"]".repeat(100_000)].concat()), PARSE_ERROR),
            4 => unnamed(b"Content-Length: 0\r\n\r\n".to_vec(), PARSE_ERROR),
            5 => unnamed(b"hello\r\n\r\n".to_vec(), PARSE_ERROR),
            6 => unnamed(b"Content-Length: -1\r\n\r\n".to_vec(), PARSE_ERROR),
            7 => unnamed(b"Content-Length: 99999999999999999999\r\n\r\n".to_vec(), PARSE_ERROR),
            8 => unnamed([&[b'x'; 20_000][..], b"\r\n\r\n"].concat(), PARSE_ERROR),
            9 => unnamed(
                frame(&json!([{ "jsonrpc": "2.0", "id": 1, "method": status }])),
                INVALID_REQUEST,
            ),
            10 => unnamed(frame(&json!(7)), INVALID_REQUEST),
            11 => {
                let ids = [json!(null), json!(1.5), json!({}), json!([1]), json!(true)];
                let wrong = self.dice.pick(&ids).clone();
                unnamed(
                    frame(&json!({ "jsonrpc": "2.0", "id": wrong, "method": status })),
                    INVALID_REQUEST,
                )
            }
            12 => call(json!({ "id": id, "method": status, "params": {} })),
            13 => call(json!({ "jsonrpc": "1.0", "id": id, "method": status, "params": {} })),
            14 => call(json!({ "jsonrpc": "2.0", "id": id })),
            _ => call(json!({ "jsonrpc": "2.0", "id": id, "method": 7 })),
        }
    }
}
