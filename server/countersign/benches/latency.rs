//! What a person at an editor waits for: the language server's answers, by its real binary over its standard streams.
//!
//! One file of 5,000 lines in which 500 hunks wait. By turns with it, a trivial server (this program once more: it reads
//! frames and answers the same) is the floor, and the language servers of Python and TypeScript that are found on the
//! `PATH` are the peers, on a file of that length with 500 findings of their own kind. Then typing, while nothing happens
//! and while much does (`typing`).
//!
//! `cargo bench -p countersign --bench latency`, with names behind `--` for some of them only, and `--typing` for the last part. The peers:
//! `npm install --global pyright typescript typescript-language-server` and `pip install ruff 'python-lsp-server[pyflakes]'`.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run has nothing to report")]
#![expect(clippy::print_stdout, reason = "the figures are its output")]
#![expect(clippy::indexing_slicing, reason = "a JSON value without the field is null")]
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock and starts programs")]

#[path = "latency/client.rs"]
mod client;
#[path = "latency/trivial.rs"]
mod trivial;
#[path = "latency/typing.rs"]
mod typing;

use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use test_support::{World, uri_from_path};

use client::Client;

const LINES: usize = 5_000;
const HUNKS: usize = 500;
const HOVER: &str = "textDocument/hover";
/// How many diagnostics of a file Countersign shows at once; the trivial server tells as many.
const SHOWN: usize = 200;
/// Requests of each kind, and edits that are waited for: enough that two of them may be slower than the 99th percentile.
const REQUESTS: usize = 300;
const EDITS: usize = 200;

/// Figures of one thing that was measured often.
struct Times(Vec<Duration>);

impl Times {
    /// The smallest figure that so many percent are not above, in milliseconds.
    fn at(&mut self, percent: usize) -> f64 {
        self.0.sort_unstable();
        let rank = (self.0.len() * percent).div_ceil(100);
        self.0.get(rank.saturating_sub(1)).map_or(f64::NAN, |time| time.as_secs_f64() * 1e3)
    }

    fn shown(&mut self) -> String {
        if self.0.is_empty() {
            return "-".to_owned();
        }
        format!("{:.2} / {:.2}", self.at(50), self.at(99))
    }
}

/// A file, and how a server of its language is started.
struct Subject {
    name: &'static str,
    command: Command,
    file: &'static str,
    language: &'static str,
}

fn line(at: usize, language: &str, changed: bool) -> String {
    let nth = at / (LINES / HUNKS);
    let word = if changed { "after" } else { "before" };
    match (at % (LINES / HUNKS), language) {
        (0, "python") => format!("def step_{nth}(count):\n"),
        (0, _) => format!("export function step_{nth}(count: number) {{\n"),
        // One finding for each function: a name that is not there.
        (1, "python") => format!("    value = missing_{nth} + count\n"),
        (1, _) => format!("  const value = missing_{nth} + count;\n"),
        (5, "python") => format!("    note = \"{word} {nth}\"\n"),
        (5, _) => format!("  const note = \"{word} {nth}\";\n"),
        (8, "python") => "    return value, note\n".to_owned(),
        (8, _) => "  return [value, note];\n".to_owned(),
        (9, "python") => "\n".to_owned(),
        (9, _) => "}\n".to_owned(),
        (other, "python") => format!("    # {other} of {nth}\n"),
        (other, _) => format!("  // {other} of {nth}\n"),
    }
}

fn text(language: &str, changed: bool) -> String {
    (0..LINES).map(|at| line(at, language, changed)).collect()
}

/// A repository with the file in both languages, a ChangeSet of 500 hunks for one of them, and a branch.
fn world() -> World {
    let world = World::new();
    world.write("../config/countersign/config.toml", typing::WORKERS);
    world.write("long.py", text("python", false));
    world.write("long.ts", text("typescript", false));
    world.commit("Two long files");
    world.write("long.py", text("python", true));
    world.write("../long.patch", world.git(&["diff", "--no-color", "--unified=3"]));
    world.git(&["checkout", "--quiet", "--", "."]);
    world.run(env!("CARGO_BIN_EXE_countersign"), &["import", "--patch", "../long.patch"]).ok();
    world.git(&["checkout", "--quiet", "-b", "other"]);
    world.write("long.ts", text("typescript", true));
    world.commit("Another long file");
    world.git(&["checkout", "--quiet", "main"]);
    world
}

/// The program, if it is on the `PATH` and starts.
fn found(world: &World, name: &str, arguments: &[&str]) -> Option<Command> {
    let path = std::env::var_os("PATH")?;
    let program = std::env::split_paths(&path).map(|folder| folder.join(name));
    let program = program.into_iter().find(|program| program.is_file())?;
    let mut command = world.command(program);
    command.args(arguments);
    Some(command)
}

fn subjects(world: &World) -> (Vec<Subject>, Vec<&'static str>) {
    let of = |name, command, file, language| Subject { name, command, file, language };
    let mut trivial = world.command(std::env::current_exe().unwrap());
    trivial.arg("--trivial").env("TRIVIAL_DIAGNOSTICS", SHOWN.to_string());
    let mut ours = world.command(env!("CARGO_BIN_EXE_countersign"));
    ours.arg("lsp");
    let mut subjects = vec![
        of("trivial", trivial, "long.py", "python"),
        of("countersign", ours, "long.py", "python"),
    ];
    let mut absent = Vec::new();
    for (name, arguments, file, language) in [
        ("ruff", &["server"][..], "long.py", "python"),
        ("pylsp", &[], "long.py", "python"),
        ("pyright-langserver", &["--stdio"], "long.py", "python"),
        ("typescript-language-server", &["--stdio"], "long.ts", "typescript"),
    ] {
        match found(world, name, arguments) {
            Some(command) => subjects.push(of(name, command, file, language)),
            None => absent.push(name),
        }
    }
    (subjects, absent)
}

/// What one server was measured at.
struct Row {
    name: &'static str,
    start: Duration,
    open: Option<Duration>,
    shown: usize,
    hover: Times,
    action: Times,
    keystroke: Times,
    diagnostics: Times,
    idle_bytes: usize,
    end_bytes: usize,
}

/// A place in a hunk, or in a finding, of many.
fn place(nth: usize) -> (usize, usize) {
    let function = (nth * 7) % HUNKS;
    (function, function * (LINES / HUNKS))
}

fn measure(subject: Subject, world: &World) -> Row {
    let Subject { name, command, file, language } = subject;
    let uri = uri_from_path(&world.path(file));
    let begun = Instant::now();
    let mut client = Client::start(command, world);
    let start = begun.elapsed();
    let idle_bytes = client.resident();
    let text = text(language, false);
    let open = client.open(&uri, language, &text);
    let shown = client.diagnostics.len();
    // Some look at a project first: an answer to a question is the sign that they are through.
    client.ask(HOVER, at(&uri, 5, 6));
    let ask = |client: &mut Client, method: &str, params: &dyn Fn(usize) -> Value| {
        Times((0..REQUESTS).map(|nth| client.ask(method, params(nth))).collect())
    };
    let hover = ask(&mut client, HOVER, &|nth| at(&uri, place(nth).1 + 5, 6));
    let known = client.diagnostics.clone();
    let action = ask(&mut client, "textDocument/codeAction", &|nth| {
        let diagnostic = known.get(nth * 7 % known.len().max(1)).cloned();
        let range = match &diagnostic {
            Some(diagnostic) => diagnostic["range"].clone(),
            None => {
                json!({ "start": { "line": 5, "character": 0 }, "end": { "line": 5, "character": 0 } })
            }
        };
        let context = json!({ "diagnostics": diagnostic.into_iter().collect::<Vec<_>>() });
        json!({ "textDocument": { "uri": uri }, "range": range, "context": context })
    });
    let keystroke = type_and_ask(&mut client, &uri, HOVER, REQUESTS, |_, _| {});
    // A line more above everything, and a line less: what is shown moves.
    let diagnostics = (0..EDITS).map_while(|nth| client.line_above(&uri, nth % 2 == 0)).collect();
    let end_bytes = client.resident();
    client.leave();
    let diagnostics = Times(diagnostics);
    Row { name, start, open, shown, hover, action, keystroke, diagnostics, idle_bytes, end_bytes }
}

fn at(uri: &str, line: usize, character: usize) -> Value {
    json!({ "textDocument": { "uri": uri }, "position": { "line": line, "character": character } })
}

/// Types a letter and asks something, again and again: the answer has to wait for the keystroke before it.
fn type_and_ask(
    client: &mut Client,
    uri: &str,
    method: &str,
    times: usize,
    mut between: impl FnMut(&mut Client, usize),
) -> Times {
    let mut taken = Vec::new();
    for nth in 0..times {
        let line = place(nth).1 + 2;
        let params = if method == HOVER { at(uri, line + 3, 6) } else { json!({}) };
        let begun = Instant::now();
        client.letter(uri, line);
        taken.push(client.answered(method, params) - begun);
        between(client, nth);
    }
    Times(taken)
}

fn megabytes(bytes: usize) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

fn main() {
    if std::env::args().any(|argument| argument == "--trivial") {
        return trivial::serve();
    }
    if std::env::args().any(|argument| argument == "--loop") {
        loop {
            std::hint::black_box(0);
        }
    }
    let world = world();
    let (subjects, absent) = subjects(&world);
    let named: Vec<String> =
        std::env::args().skip(1).filter(|name| !name.starts_with('-')).collect();
    let asked = |name: &str| named.is_empty() || named.iter().any(|one| one == name);
    println!(
        "{LINES} lines, {HUNKS} hunks or findings, of which as many are told as `open` says; p50 / p99 in ms"
    );
    if std::env::args().any(|argument| argument == "--typing") {
        return typing::print(&asked);
    }
    println!(
        "| server | start | open to diagnostics | hover | code action | keystroke, then hover | line above to diagnostics | MB idle, at the end |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    for subject in subjects.into_iter().filter(|subject| asked(subject.name)) {
        let mut row = measure(subject, &world);
        let open =
            row.open.map_or("-".to_owned(), |open| format!("{:.0}", open.as_secs_f64() * 1e3));
        println!(
            "| {} | {:.1} | {open} ({} shown) | {} | {} | {} | {} | {:.0}, {:.0} |",
            row.name,
            row.start.as_secs_f64() * 1e3,
            row.shown,
            row.hover.shown(),
            row.action.shown(),
            row.keystroke.shown(),
            row.diagnostics.shown(),
            megabytes(row.idle_bytes),
            megabytes(row.end_bytes),
        );
    }
    for name in absent.into_iter().filter(|name| asked(name)) {
        println!("| {name} | absent | | | | | | |");
    }
    println!();
    typing::print(&asked);
}
