//! The protocol, from its worst side: a client that sends anything, in any order, and hangs up when it likes.
//!
//! `PROTOCOL_SEED=7` plays one seed and tells it, `PROTOCOL_RUNS=1000` plays so many.

mod script;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::LazyLock;

use serde_json::{Value, json};
use test_support::{Dice, Ended, RawServer, World, frame, uri_from_path};

use self::script::{
    Expect, INVALID_PARAMS, INVALID_REQUEST, Phase, Place, REQUEST_CANCELLED, REQUEST_FAILED,
    Script, Sent, WELL,
};
use crate::support::{RUST, countersign, id, propose, run};

const FILE: &str = "src/queue.rs";
const SPARE: &str = "src/spare.rs";
const SPARE_TEXT: &str = "one 🧮\ntwo\nthree\nfour\nfive\nsix\nseven\neight\n";
/// Text in which columns differ between encodings.
static QUEUE: LazyLock<String> = LazyLock::new(|| RUST.replace("/// ", "/// 🧮 "));
/// How many seeds a plain test run takes.
const RUNS: u64 = 8;
/// How many things are sent before and after a session, and in it.
const AROUND: usize = 6;
const WITHIN: usize = 150;
/// How many tasks are asked for, one after the other.
const TASKS: usize = 8;
/// How much is sent before the buffer is looked at.
const BETWEEN: usize = 10;

/// A repository with a ChangeSet that stays as it is, and one that is there to be named.
fn world() -> (World, Place) {
    let world = World::new();
    world.write(FILE, &*QUEUE);
    world.write(SPARE, SPARE_TEXT);
    world.write("README.md", "# Queue\n");
    world.commit("A queue");
    let kept = id(&propose(&world));
    world.write(SPARE, spare_text(true, true));
    let patch = world.git(&["diff", "--no-color", "--", SPARE]);
    world.git(&["checkout", "--quiet", "--", SPARE]);
    world.write("../spare.patch", patch);
    let spare =
        run(&world, &["import", "--patch", "../spare.patch", "--format", "json"]).ok().json();
    let place = place(&world, kept, id(&spare));
    (world, place)
}

fn place(world: &World, kept: String, spare: String) -> Place {
    let file = |path: &str, text: &str| (uri_from_path(&world.path(path)), text.to_owned());
    let files = [file(FILE, &QUEUE), file(SPARE, SPARE_TEXT)];
    Place { root: uri_from_path(world.root()), kept, spare, files }
}

fn spare_text(first: bool, second: bool) -> String {
    let text =
        if first { SPARE_TEXT.replace("one 🧮", "One 🧮") } else { SPARE_TEXT.to_owned() };
    if second { text.replace("eight", "Eight") } else { text }
}

/// What a client says that it can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    /// Nothing: it is told diagnostics.
    Plain,
    /// Everything: it asks for diagnostics, and is asked itself to register, to refresh, for settings and for progress.
    /// It may refuse to ask for diagnostics after all, and is told them then.
    Capable { asks: bool },
}

impl Manner {
    /// That of a seed: all of them come up.
    fn of(seed: u64) -> Self {
        match seed % 4 {
            0 | 1 => Self::Plain,
            nth => Self::Capable { asks: nth == 2 },
        }
    }

    fn capabilities(self) -> Value {
        if self == Self::Plain {
            return json!({});
        }
        json!({
            "workspace": {
                "configuration": true,
                "didChangeConfiguration": { "dynamicRegistration": true },
                "codeLens": { "refreshSupport": true },
                "diagnostics": { "refreshSupport": true },
                "workspaceEdit": { "documentChanges": true, "failureHandling": "transactional" },
            },
            "textDocument": {
                "codeAction": { "codeActionLiteralSupport": { "codeActionKind": { "valueSet": [] } } },
                "diagnostic": { "dynamicRegistration": true },
                "hover": { "contentFormat": ["markdown", "plaintext"] },
                "publishDiagnostics": { "relatedInformation": true },
            },
            "window": { "workDoneProgress": true },
            "experimental": { "countersign": { "changed": true } },
        })
    }
}

/// A client that counts.
struct Driver {
    server: RawServer,
    manner: Manner,
    /// Whether the server agreed that diagnostics are asked for.
    asks: bool,
    dice: Dice,
    /// What is still to be answered, by id, and how it may end.
    owed: BTreeMap<String, Vec<i64>>,
    /// The errors without an id that are still to come, in their order.
    unnamed: VecDeque<i64>,
    diagnostics: BTreeMap<String, Vec<Value>>,
    /// What the server asked for.
    asked_for: BTreeSet<String>,
    /// The last answer: a result, or an error's message.
    last: Value,
    asked: i64,
    aloud: bool,
}

impl Driver {
    fn start(world: &World, manner: Manner, seed: u64) -> Self {
        let mut command = world.command(countersign());
        // One heap for all threads: what each would keep for itself is no leak.
        command.arg("lsp").env("MALLOC_ARENA_MAX", "1");
        Self {
            server: RawServer::start(command),
            manner,
            asks: false,
            dice: Dice::new(!seed),
            owed: BTreeMap::new(),
            unnamed: VecDeque::new(),
            diagnostics: BTreeMap::new(),
            asked_for: BTreeSet::new(),
            last: Value::Null,
            asked: 1_000_000,
            aloud: false,
        }
    }

    fn send(&mut self, sent: Sent) {
        if self.aloud {
            let shown: String = String::from_utf8_lossy(&sent.bytes).chars().take(300).collect();
            println!("-> {shown}\n   {:?}", sent.expect);
        }
        match sent.expect {
            Expect::Nothing => {}
            Expect::Unnamed(code) => self.unnamed.push_back(code),
            Expect::Answer(id, ends) => {
                assert!(self.owed.insert(id.to_string(), ends).is_none(), "{id} is asked twice");
            }
            Expect::Cancelled(id) => {
                if let Some(ends) = self.owed.get_mut(&id.to_string()) {
                    ends.push(REQUEST_CANCELLED);
                }
            }
        }
        self.server.send_bytes(&sent.bytes).expect("the server reads on");
        while let Some(message) = self.server.try_receive() {
            self.take(message);
        }
    }

    fn take(&mut self, message: Value) {
        if self.aloud {
            println!("<- {}", message.to_string().chars().take(300).collect::<String>());
        }
        let id = message.get("id").cloned();
        match (message["method"].as_str(), id) {
            (Some(method), Some(id)) => {
                self.asked_for.insert(method.to_owned());
                self.answer(&id, method, &message["params"]);
            }
            (Some("textDocument/publishDiagnostics"), None) => {
                let params = &message["params"];
                let all = params["diagnostics"].as_array().unwrap().clone();
                self.diagnostics.insert(params["uri"].as_str().unwrap().to_owned(), all);
            }
            (Some(_), None) => {}
            (None, Some(Value::Null)) => {
                let code = self.unnamed.pop_front();
                assert_eq!(message["error"]["code"].as_i64(), code, "{message}");
            }
            (None, Some(id)) => {
                let ends = self.owed.remove(&id.to_string());
                let ends =
                    ends.unwrap_or_else(|| panic!("an answer that nobody waits for: {message}"));
                let end = message["error"]["code"].as_i64().unwrap_or(WELL);
                assert!(ends.contains(&end), "{ends:?} was to come: {message}");
                assert_eq!(message.get("result").is_some(), end == WELL, "{message}");
                self.last = message.get("result").unwrap_or(&message["error"]["message"]).clone();
            }
            (None, None) => panic!("no message: {message}"),
        }
    }

    /// Answers a request of the server: that it did nothing, in some way.
    fn answer(&mut self, id: &Value, method: &str, params: &Value) {
        let diagnostics = "textDocument/diagnostic";
        let settles = match method {
            // As long as it is not settled who says what diagnostics there are, what is answered decides.
            "workspace/diagnostic/refresh" => !self.asks,
            _ => params.pointer("/registrations/0/method").is_some_and(|it| it == diagnostics),
        };
        if settles {
            self.asks = self.manner == (Manner::Capable { asks: true })
                && method == "client/registerCapability";
            let refuses = method == "client/registerCapability" && !self.asks;
            let error = json!({ "code": -32803, "message": "no" });
            let answer = match refuses {
                true => json!({ "jsonrpc": "2.0", "id": id, "error": error }),
                false => json!({ "jsonrpc": "2.0", "id": id, "result": null }),
            };
            self.server.send_bytes(&frame(&answer)).ok();
            return;
        }
        // Settings that are none leave those that hold by default.
        let settings =
            json!({ "severity": 7, "maximumShown": "x", "quietHours": [7], "prove": {} });
        let answers = [
            json!({ "result": [null] }),
            json!({ "result": [7, {}] }),
            json!({ "result": ["x"] }),
            json!({ "result": [{ "proposals": 7 }] }),
            json!({ "result": [{ "proposals": settings }] }),
            json!({ "result": { "title": "no such" } }),
            json!({ "result": { "title": 7 } }),
            json!({ "result": { "applied": false } }),
            json!({ "result": { "applied": false, "failureReason": "no\n🧮" } }),
            json!({ "result": null }),
            json!({ "result": 7 }),
            json!({ "result": [{}] }),
            json!({ "error": { "code": -32601, "message": "no" } }),
            json!({ "error": "no" }),
            json!({ "result": null, "error": { "code": 1, "message": "no", "data": {} } }),
        ];
        let mut answer = self.dice.pick(&answers).clone();
        (answer["jsonrpc"], answer["id"]) = ("2.0".into(), id.clone());
        let twice = if self.dice.chance(20) { 2 } else { 1 };
        for _ in 0..twice {
            // A server that left meanwhile does not hear it.
            self.server.send_bytes(&frame(&answer)).ok();
        }
        if self.dice.chance(20) {
            let ids = [json!("0"), json!(-1), json!(i64::MAX), json!(null), json!({}), json!(1.5)];
            answer["id"] = self.dice.pick(&ids).clone();
            self.server.send_bytes(&frame(&answer)).ok();
        }
    }

    /// Waits for the next message.
    #[track_caller]
    fn step(&mut self) {
        match self.server.receive() {
            Some(message) => self.take(message),
            None => panic!("the server has left; it owes {:?} {:?}", self.owed, self.unnamed),
        }
    }

    /// Asks for something that has an answer, and waits for it and all others.
    #[track_caller]
    fn ask(&mut self, method: &str, params: Value) -> Value {
        self.ask_for(method, params, vec![WELL])
    }

    #[track_caller]
    fn ask_for(&mut self, method: &str, params: Value, ends: Vec<i64>) -> Value {
        self.asked += 1;
        let message =
            json!({ "jsonrpc": "2.0", "id": self.asked, "method": method, "params": params });
        let expect = Expect::Answer(self.asked.into(), ends);
        while !self.owed.is_empty() {
            self.step();
        }
        self.send(Sent { bytes: frame(&message), expect });
        while !self.owed.is_empty() || !self.unnamed.is_empty() {
            self.step();
        }
        self.last.take()
    }

    fn tell(&mut self, method: &str, params: Value) {
        self.server.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    fn greet(&mut self, place: &Place) {
        let folder = json!([{ "uri": place.root, "name": "repo" }]);
        let capabilities = self.manner.capabilities();
        let params =
            json!({ "processId": null, "workspaceFolders": folder, "capabilities": capabilities });
        self.ask("initialize", params);
        self.tell("initialized", json!({}));
    }

    /// The server holds in its buffer of the file that nobody may touch what was sent to it, as far as hunks that have
    /// a place there show it.
    fn compare_buffer(&mut self, script: &Script, place: &Place) {
        let uri = &place.files[0].0;
        let Some(held) = script.held.get(uri) else { return };
        let params = json!({ "changeset": place.kept, "side": "accepted", "path": FILE });
        let before = self.outcome("countersign/document", params.clone());
        let document = json!({ "uri": uri, "version": held.version });
        let whole = json!({ "textDocument": document, "contentChanges": [{ "text": held.text }] });
        self.tell("textDocument/didChange", whole);
        let after = self.outcome("countersign/document", params);
        assert_eq!(before, after, "the buffer is not {:?}", held.text);
    }

    /// Asks for something that may also be refused, and waits for the answer.
    #[track_caller]
    fn outcome(&mut self, method: &str, params: Value) -> Value {
        self.ask_for(method, params, vec![WELL, REQUEST_FAILED])
    }

    /// What a person sees of the ChangeSet that nobody may touch.
    fn observe(&mut self, place: &Place) -> Value {
        let uri = format!("{}/{FILE}", place.root);
        let item = json!({ "uri": uri, "languageId": "rust", "version": 1, "text": *QUEUE });
        self.tell("textDocument/didOpen", json!({ "textDocument": item }));
        let short = &place.kept[..12];
        let kept = |driver: &Self| {
            let of = driver.diagnostics.get(&uri).cloned().unwrap_or_default();
            let is_kept =
                |one: &Value| one["code"].as_str().is_some_and(|code| code.starts_with(short));
            of.into_iter().filter(is_kept).collect::<Vec<_>>()
        };
        let document = json!({ "uri": uri });
        while kept(self).len() != 2 {
            self.step();
            if self.asks {
                let report =
                    self.ask("textDocument/diagnostic", json!({ "textDocument": document }));
                // A server that gave up on an answer that came too late tells after all, and has nothing to say here.
                let all = report["items"].as_array().cloned().unwrap_or_default();
                if !all.is_empty() {
                    self.diagnostics.insert(uri.clone(), all);
                }
            }
        }
        let shown = kept(self);
        let mut seen = vec![json!(shown)];
        for diagnostic in &shown {
            let range = &diagnostic["range"];
            let at = json!({ "textDocument": document, "position": range["start"] });
            seen.push(self.ask("textDocument/hover", at));
            let context = json!({ "diagnostics": [diagnostic] });
            let at = json!({ "textDocument": document, "range": range, "context": context });
            seen.push(self.ask("textDocument/codeAction", at));
        }
        self.tell("textDocument/didClose", json!({ "textDocument": document }));
        json!(seen)
    }
}

/// How a client leaves.
#[derive(Debug, Clone, Copy)]
enum Leaves {
    /// As it should.
    Well,
    /// With `shutdown`, and then by hanging up.
    ShutDown,
    /// With `exit` only.
    Exits,
    HangsUp,
    /// In the middle of a header, or of a message.
    WithinHeader,
    WithinMessage,
}

const WAYS: [Leaves; 6] = [
    Leaves::Well,
    Leaves::ShutDown,
    Leaves::Exits,
    Leaves::HangsUp,
    Leaves::WithinHeader,
    Leaves::WithinMessage,
];

/// Plays a seed in a copy of `world`; `expected` is what is seen where nothing was played.
fn play(seed: u64, world: &World, place: &Place, expected: &Value, aloud: bool) {
    let world = world.replica();
    let place = self::place(&world, place.kept.clone(), place.spare.clone());
    let mut driver = Driver::start(&world, Manner::of(seed), seed);
    driver.aloud = aloud;
    let mut script = Script::new(seed, place.clone());
    for _ in 0..AROUND {
        driver.send(script.next());
    }
    script.phase = Phase::Greeted;
    driver.send(script.call("initialize", json!({ "capabilities": 7 }), &[INVALID_PARAMS]));
    driver.greet(&place);
    for _ in 0..AROUND {
        driver.send(script.next());
    }
    // Only what is shown can be named.
    driver.observe(&place);
    script.held.remove(&place.files[0].0);
    for _ in 0..WITHIN / BETWEEN {
        driver.send(script.open_kept());
        for _ in 0..BETWEEN {
            driver.send(script.next());
        }
        driver.compare_buffer(&script, &place);
    }
    for uri in &script.touched {
        driver.tell("textDocument/didClose", json!({ "textDocument": { "uri": uri } }));
    }
    driver.diagnostics.clear();
    let seen = driver.observe(&place);
    let way = WAYS[usize::try_from(seed).unwrap() % WAYS.len()];
    let same = |seen: &Value| seen.to_string().replace(&place.root, "");
    assert_eq!(same(&seen), same(expected), "what is proposed is not shown as before");
    let Ended { code, rest, stderr } = leave(driver, script, way);
    for message in rest {
        assert!(
            message.get("id").is_none() || message.get("method").is_some(),
            "{way:?}: {message}"
        );
    }
    let wanted = if matches!(way, Leaves::Well | Leaves::ShutDown) { 0 } else { 1 };
    assert_eq!(code, Some(wanted), "{way:?}\n{stderr}");
    assert!(!stderr.contains("panicked"), "{stderr}");
    nothing_was_harmed(&world);
}

/// Leaves a server, and says what it should not wait for.
fn leave(mut driver: Driver, mut script: Script, way: Leaves) -> Ended {
    // What was asked and not answered yet may be cancelled, or not be answered at all.
    match way {
        Leaves::Well | Leaves::ShutDown => {
            driver.ask("shutdown", Value::Null);
            script.phase = Phase::Over;
            for _ in 0..AROUND {
                driver.send(script.next());
            }
            while !driver.owed.is_empty() || !driver.unnamed.is_empty() {
                driver.step();
            }
            if matches!(way, Leaves::Well) {
                driver.tell("exit", Value::Null);
            } else {
                driver.server.close_input();
            }
        }
        Leaves::Exits => driver.tell("exit", Value::Null),
        Leaves::HangsUp => driver.server.close_input(),
        Leaves::WithinHeader | Leaves::WithinMessage => {
            let message = script.call("countersign/status", json!({}), &[]).bytes;
            let end = if matches!(way, Leaves::WithinHeader) { 9 } else { message.len() - 1 };
            driver.server.send_bytes(&message[..end]).unwrap();
            driver.server.close_input();
        }
    }
    driver.server.wait()
}

/// Nothing is changed but what commands could change, and the ledger is whole.
fn nothing_was_harmed(world: &World) {
    assert_eq!(world.read(FILE), *QUEUE);
    assert_eq!(world.read("README.md"), "# Queue\n");
    let spare = world.read(SPARE);
    let ways = [(false, false), (true, false), (false, true), (true, true)];
    assert!(ways.iter().any(|(first, second)| spare == spare_text(*first, *second)), "{spare}");
    let status = world.git(&["status", "--porcelain", "--ignored"]);
    assert!(["", " M src/spare.rs\n"].contains(&status.as_str()), "{status}");
    run(world, &["ledger", "verify"]).ok();
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

#[test]
fn whatever_a_client_sends_it_is_answered_once_and_served_on() {
    let (world, place) = world();
    let unplayed = |manner| {
        let mut driver = Driver::start(&world, manner, 0);
        driver.greet(&place);
        let seen = driver.observe(&place);
        assert!(seen.to_string().contains("is_empty()"), "{seen}");
        for method in ["client/registerCapability", "workspace/configuration"] {
            assert_eq!(driver.asked_for.contains(method), manner != Manner::Plain, "{method}");
        }
        serde_json::from_str::<Value>(&seen.to_string().replace(&place.root, "")).unwrap()
    };
    let plain = unplayed(Manner::Plain);
    let capable = unplayed(Manner::Capable { asks: true });
    assert_eq!(capable, unplayed(Manner::Capable { asks: false }));
    let expected = |seed| if Manner::of(seed) == Manner::Plain { &plain } else { &capable };
    if let Some(seed) = number("PROTOCOL_SEED") {
        return play(seed, &world, &place, expected(seed), true);
    }
    let mut failed = Vec::new();
    for seed in 1..=number("PROTOCOL_RUNS").unwrap_or(RUNS) {
        let played =
            std::panic::AssertUnwindSafe(|| play(seed, &world, &place, expected(seed), false));
        if let Err(panic) = std::panic::catch_unwind(played) {
            let why = panic.downcast_ref::<String>().map_or("?", String::as_str);
            failed.push(format!("PROTOCOL_SEED={seed}: {why}"));
        }
    }
    assert!(failed.is_empty(), "{} failed:\n{}", failed.len(), failed.join("\n"));
}

#[test]
fn work_that_is_asked_for_comes_to_its_end_however_progress_is_answered() {
    let (world, place) = world();
    let idle = "[workers.idle]\ncommand = [\"true\"]\nkinds = [\"docs\"]\n";
    world.write("../config/countersign/config.toml", idle);
    let mut driver = Driver::start(&world, Manner::Capable { asks: true }, 3);
    driver.greet(&place);
    let ask = |driver: &mut Driver, line: usize| {
        let at = json!({ "line": line, "character": 0 });
        let argument =
            json!({ "kind": "docs", "uri": place.files[1].0, "range": { "start": at, "end": at } });
        let params = json!({ "command": "countersign.ask", "arguments": [argument] });
        driver.outcome("workspace/executeCommand", params)["task"].is_string()
    };
    // Until it has read who can be asked, it refuses.
    while !ask(&mut driver, 0) {}
    for line in 1..TASKS {
        assert!(ask(&mut driver, line), "{line}");
        let tokens = [json!("no such"), json!(7), json!(null), json!({}), json!([1])];
        let token = driver.dice.pick(&tokens).clone();
        driver.tell("window/workDoneProgress/cancel", json!({ "token": token }));
    }
    let ended = loop {
        let status = driver.ask("countersign/status", json!({}));
        let states = status["tasks"].as_array().unwrap().iter().map(|task| task["state"].clone());
        let states: Vec<Value> = states.collect();
        if !states.iter().any(|state| ["queued", "running"].iter().any(|under| state == under)) {
            break states;
        }
        driver.step();
    };
    assert!(ended.iter().all(|state| state == "unchanged"), "{ended:?}");
    for method in ["window/workDoneProgress/create", "client/registerCapability"] {
        assert!(driver.asked_for.contains(method), "{method}: {:?}", driver.asked_for);
    }
    driver.ask("shutdown", Value::Null);
    driver.tell("exit", Value::Null);
    assert_eq!(driver.server.wait().code, Some(0));
    nothing_was_harmed(&world);
}

#[test]
fn texts_of_megabytes_and_lines_of_one_are_served() {
    let (world, place) = world();
    let mut driver = Driver::start(&world, Manner::Plain, 0);
    driver.greet(&place);
    let expected = driver.observe(&place);
    let (uri, text) = &place.files[0];
    let long = "long 🧮 ".repeat(100_000);
    let lines = "// a line of many\n".repeat(150_000);
    let item = json!({ "uri": uri, "languageId": "rust", "version": 1, "text": format!("{lines}{long}\n{text}") });
    driver.diagnostics.clear();
    driver.tell("textDocument/didOpen", json!({ "textDocument": item }));
    let shown_at = |driver: &mut Driver, wanted: u64| loop {
        let all = driver.diagnostics.get(uri).map(Vec::as_slice).unwrap_or_default();
        if all.len() == 2 && all[0]["range"]["start"]["line"] == wanted {
            return all[0]["range"].clone();
        }
        driver.step();
    };
    shown_at(&mut driver, 150_003);
    // Within a character of the long line, and behind the end of everything.
    let change = |line: u64, character: u64, text: &str| {
        let at = json!({ "line": line, "character": character });
        json!({ "range": { "start": at, "end": at }, "text": text })
    };
    let changes =
        json!([change(150_000, 500_006, "\n"), change(u32::MAX.into(), 7, "// The end\n")]);
    let document = json!({ "uri": uri, "version": 2 });
    driver.tell(
        "textDocument/didChange",
        json!({ "textDocument": document, "contentChanges": changes }),
    );
    let range = shown_at(&mut driver, 150_004);
    let params = json!({ "textDocument": { "uri": uri }, "position": range["start"] });
    let hover = driver.ask("textDocument/hover", params);
    assert!(hover.to_string().contains("is_empty()"), "{hover}");
    let params = json!({ "changeset": place.kept, "side": "accepted", "path": FILE });
    let accepted = driver.ask("countersign/document", params)["text"].as_str().unwrap().to_owned();
    // Each word has 8 units and 10 bytes: 500,006 is within a character, and means where that begins.
    let mut edited = long.clone();
    edited.insert(62_500 * 10 + 5, '\n');
    let wanted = text
        .replace("queue.len() == 0", "queue.is_empty()")
        .replace("right.len() == 0", "right.is_empty()");
    assert_eq!(accepted, format!("{lines}{edited}\n{wanted}// The end\n"));
    driver.tell("textDocument/didClose", json!({ "textDocument": { "uri": uri } }));
    driver.diagnostics.clear();
    assert_eq!(driver.observe(&place), expected);
    nothing_was_harmed(&world);
}

#[test]
fn requests_that_share_an_id_are_answered_each() {
    let (world, place) = world();
    let mut driver = Driver::start(&world, Manner::Plain, 0);
    driver.greet(&place);
    let ask =
        json!({ "jsonrpc": "2.0", "id": 7, "method": "countersign/changesets", "params": {} });
    driver.server.send_bytes(&frame(&ask).repeat(50)).unwrap();
    let ends: Vec<i64> = std::iter::repeat_with(|| driver.server.receive().unwrap())
        .filter(|message| message["id"] == 7)
        .map(|message| message["error"]["code"].as_i64().unwrap_or(WELL))
        .take(50)
        .collect();
    assert!(
        ends.contains(&WELL) && ends.iter().all(|end| [WELL, INVALID_REQUEST].contains(end)),
        "{ends:?}"
    );
    driver.ask("countersign/status", json!({}));
}

#[test]
fn a_server_that_nobody_hears_ends_though_its_input_stays_open() {
    let (world, _) = world();
    let mut command = world.command(countersign());
    command.arg("lsp");
    let mut server = RawServer::start_deaf_after(command, 1);
    let params = json!({ "processId": null, "rootUri": null, "capabilities": {} });
    server.send(&json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params }));
    server.receive();
    // The pipe is closed when the message was read, which may be a moment later: until then answers fit into it.
    let ask = json!({ "jsonrpc": "2.0", "id": 2, "method": "countersign/status", "params": {} });
    while server.send_bytes(&frame(&ask)).is_ok() {}
    let Ended { code, stderr, .. } = server.wait();
    assert_eq!(code, Some(1), "{stderr}");
    assert!(!stderr.contains("panicked"), "{stderr}");
}

/// How many edits a session takes, and how many come before memory is looked at: by then all that is made once is there.
const EDITS: usize = 100_000;
const EDITS_BEFORE: usize = 20_000;
/// How many edits a message has, so that a build without optimisation is through in time.
const EDITS_PER_MESSAGE: usize = 4;
/// After how many messages an answer is waited for: what has not been read yet is in memory, too.
const MESSAGES_AT_ONCE: usize = 250;
/// How many documents are opened and closed each time.
const OPENED_AT_ONCE: usize = 10;
/// How much more memory may be resident at the end, in bytes: 13 for each edit in between, or 52 for each message.
/// Measured: 74 kB.
const GROWTH_MAX: usize = 1 << 20;

/// The resident memory of a process, in bytes.
#[cfg(target_os = "linux")]
fn resident(process: u32) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() << 10
}

fn said(method: &str, params: &str) -> Vec<u8> {
    let body = format!(r#"{{"jsonrpc":"2.0","method":"{method}","params":{params}}}"#);
    format!("Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

/// Edits after which a text is as it was: letters that come and go, or in every other batch lines that come in the first
/// half of the messages and go in the second.
fn batch_of_edits(uri: &str, batch: usize) -> Vec<u8> {
    let edit = |from: (usize, usize), to: (usize, usize), text: &str| {
        let at = |(line, character)| json!({ "line": line, "character": character });
        json!({ "range": { "start": at(from), "end": at(to) }, "text": text })
    };
    let letters = json!([
        edit((0, 0), (0, 0), "x"),
        edit((0, 1), (0, 1), "y"),
        edit((0, 1), (0, 2), ""),
        edit((0, 0), (0, 1), ""),
    ]);
    let line = "// a line that comes and goes\n";
    let grows = json!([(); EDITS_PER_MESSAGE].map(|()| edit((0, 0), (0, 0), line)));
    let shrinks = json!([(); EDITS_PER_MESSAGE].map(|()| edit((0, 0), (1, 0), "")));
    let [letters, grows, shrinks] = [letters, grows, shrinks].map(|edits| edits.to_string());
    let mut bytes = Vec::new();
    for message in 1..=MESSAGES_AT_ONCE {
        let edits = match (batch % 2, message > MESSAGES_AT_ONCE / 2) {
            (0, _) => &letters,
            (_, false) => &grows,
            (_, true) => &shrinks,
        };
        let version = batch * MESSAGES_AT_ONCE + message;
        let document = format!(r#"{{"uri":"{uri}","version":{version}}}"#);
        let params = format!(r#"{{"textDocument":{document},"contentChanges":{edits}}}"#);
        bytes.extend(said("textDocument/didChange", &params));
    }
    bytes
}

/// Closes a document and opens it again, and opens and closes others that nobody has seen before.
fn reopened(uri: &str, text: &str, batch: usize) -> Vec<u8> {
    let version = (batch + 1) * MESSAGES_AT_ONCE;
    let opened = |uri: &str| {
        let item = json!({ "uri": uri, "languageId": "rust", "version": version, "text": text });
        said("textDocument/didOpen", &json!({ "textDocument": item }).to_string())
    };
    let closed = |uri: &str| {
        let document = json!({ "textDocument": { "uri": uri } });
        said("textDocument/didClose", &document.to_string())
    };
    let mut bytes = [closed(uri), opened(uri)].concat();
    for nth in 0..OPENED_AT_ONCE {
        let other = format!("{uri}.{batch}.{nth}.rs");
        bytes.extend([opened(&other), closed(&other)].concat());
    }
    bytes
}

#[cfg(target_os = "linux")]
#[test]
fn a_hundred_thousand_edits_leave_nothing_behind_in_memory() {
    let (world, place) = world();
    let mut driver = Driver::start(&world, Manner::Plain, 0);
    driver.greet(&place);
    // A short text with hunks: reading it anew would be what takes the time. Half of the edits let it grow and shrink.
    let (uri, text) = &place.files[1];
    let item = json!({ "uri": uri, "languageId": "rust", "version": 0, "text": text });
    driver.tell("textDocument/didOpen", json!({ "textDocument": item }));
    let (mut batches, mut resident_before) = (0, 0);
    while batches * MESSAGES_AT_ONCE * EDITS_PER_MESSAGE < EDITS {
        let mut bytes = batch_of_edits(uri, batches);
        bytes.extend(reopened(uri, text, batches));
        driver.server.send_bytes(&bytes).unwrap();
        driver.ask("countersign/status", json!({}));
        batches += 1;
        if batches * MESSAGES_AT_ONCE * EDITS_PER_MESSAGE == EDITS_BEFORE {
            resident_before = resident(driver.server.process_id());
        }
    }
    let grown = resident(driver.server.process_id()).saturating_sub(resident_before);
    assert!(grown < GROWTH_MAX, "{grown} bytes more than {resident_before} after {EDITS} edits");
    driver.ask("shutdown", Value::Null);
    driver.tell("exit", Value::Null);
    assert_eq!(driver.server.wait().code, Some(0));
    nothing_was_harmed(&world);
}
