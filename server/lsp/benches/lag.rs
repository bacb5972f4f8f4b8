//! How long after a rejection in a terminal the editors know: from the append to the diagnostics of two
//! language servers that follow the same ledger. And what following costs while nothing happens.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run has nothing to report")]
#![expect(clippy::print_stdout, reason = "the figures are its output")]
#![expect(clippy::indexing_slicing, reason = "a JSON value without the field is null")]
#![expect(clippy::disallowed_methods, reason = "a benchmark builds its own world and may wait")]

use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use engine::{Clock, Engine, Import, RulesFrom, Selection};
use model::{Actor, ActorKind, Surface, Timestamp};
use serde_json::{Value, json};
use test_support::{World, uri_from_path};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, duplex, split};

/// How many hunks are rejected, one after the other.
const HUNKS: u32 = 100;
/// Lines from one hunk to the next.
const GAP: u32 = 12;
/// The 99th percentile, in milliseconds.
const BUDGET_MS: u128 = 100;
/// How long nothing happens.
const IDLE: Duration = Duration::from_secs(5);

fn text(changed: bool) -> String {
    let line = |at: u32| {
        let word = if changed && at % GAP == GAP / 2 { "after" } else { "before" };
        format!("line {at}, {word}\n")
    };
    (0..GAP * HUNKS).map(line).collect()
}

fn actor(surface: Surface) -> Actor {
    Actor { kind: ActorKind::Person, name: "Ada".into(), surface }
}

fn clock() -> Clock {
    Clock::Fixed(Timestamp(1_735_689_600_000))
}

/// A server with the file open, on a thread of its own; tells how many diagnostics it shows, and when.
fn serve(root: String, uri: String) -> Receiver<(Instant, usize)> {
    let (shown, receiver) = channel();
    std::thread::spawn(move || {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        builder.worker_threads(1).enable_all().build().unwrap().block_on(client(root, uri, shown));
    });
    receiver
}

async fn client(root: String, uri: String, shown: Sender<(Instant, usize)>) {
    let (here, there) = duplex(1 << 20);
    let (stdin, stdout) = split(there);
    let rules_from = RulesFrom::default();
    let options = lsp::Options {
        clock: clock(),
        actor: actor(Surface::Editor),
        rules_from,
        prover: None,
        proves_unasked: false,
        proves_again_after: std::time::Duration::MAX,
        works: None,
        approves: None,
    };
    tokio::spawn(async move { lsp::serve(options, stdin, stdout).await });
    let (read, mut write) = split(here);
    let item = json!({ "uri": uri, "languageId": "x", "version": 1, "text": text(false) });
    let say = [
        json!({ "id": 1, "method": "initialize", "params": { "processId": null, "rootUri": root, "capabilities": {} } }),
        json!({ "method": "initialized", "params": {} }),
        json!({ "method": "textDocument/didOpen", "params": { "textDocument": item } }),
    ];
    let mut say = say.into_iter();
    let mut read = BufReader::new(read);
    let mut said = 1;
    loop {
        // What is said before the server has answered the first message is lost.
        for mut message in say.by_ref().take(said) {
            message["jsonrpc"] = json!("2.0");
            let body = message.to_string();
            let framed = format!("Content-Length: {}\r\n\r\n{body}", body.len());
            write.write_all(framed.as_bytes()).await.unwrap();
        }
        said = usize::MAX;
        let (mut length, mut line) = (0, String::new());
        loop {
            line.clear();
            if read.read_line(&mut line).await.unwrap() == 0 {
                return;
            }
            match line.trim_end().split_once(": ") {
                Some(("Content-Length", bytes)) => length = bytes.parse().unwrap(),
                Some(_) => {}
                None => break,
            }
        }
        let mut body = vec![0; length];
        read.read_exact(&mut body).await.unwrap();
        let message: Value = serde_json::from_slice(&body).unwrap();
        if message["method"] == "textDocument/publishDiagnostics" {
            let count = message["params"]["diagnostics"].as_array().unwrap().len();
            if shown.send((Instant::now(), count)).is_err() {
                return;
            }
        }
    }
}

/// Waits until a server shows as many, and answers when it did.
fn until(shown: &Receiver<(Instant, usize)>, wanted: u32) -> Instant {
    loop {
        let (at, count) = shown.recv_timeout(Duration::from_secs(20)).unwrap();
        if count == wanted as usize {
            return at;
        }
    }
}

/// The processor time of this process so far, in hundredths of a second; 0 where the system does not say.
fn processor_time() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    fields.skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum()
}

fn main() {
    let world = World::new();
    world.write("a.txt", text(false));
    world.commit("Start");
    world.write("a.txt", text(true));
    let patch = world.git(&["diff", "--no-color"]).into_bytes();
    world.git(&["checkout", "--quiet", "--", "."]);
    let terminal = actor(Surface::Terminal);
    let mut engine = Engine::open(world.root(), clock(), terminal, RulesFrom::default()).unwrap();
    engine
        .import(&Import::Patch { name: "lag.patch".into(), bytes: patch, rationale: None })
        .unwrap();
    let id = engine.board().unwrap().changes.first().unwrap().changeset.id;
    let (root, uri) = (uri_from_path(world.root()), uri_from_path(&world.path("a.txt")));
    let servers = [serve(root.clone(), uri.clone()), serve(root, uri)];
    servers.iter().for_each(|server| {
        until(server, HUNKS);
    });
    let mut lags = Vec::new();
    for hunk in 1..=HUNKS {
        engine.reject(id, &Selection::Hunks(vec![hunk]), None).unwrap();
        let appended = Instant::now();
        let seen = servers.iter().map(|server| until(server, HUNKS - hunk)).max().unwrap();
        lags.push(seen.saturating_duration_since(appended));
    }
    lags.sort();
    let at = |percent: usize| lags.get(lags.len() * percent / 100).copied().unwrap_or_default();
    let slowest = at(99);
    let within = if slowest.as_millis() <= BUDGET_MS { "within" } else { "over" };
    println!(
        "from the terminal to two editors: p50 {:.1?}, p99 {slowest:.1?}, {within} the budget of {BUDGET_MS} ms",
        at(50)
    );
    let before = processor_time();
    std::thread::sleep(IDLE);
    let used_ms = (processor_time() - before) * 10;
    println!("two servers that follow, idle for {IDLE:?}: {used_ms} ms of processor time");
}
