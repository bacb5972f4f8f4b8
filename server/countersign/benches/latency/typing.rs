//! How long until a keystroke is taken in: while nothing else happens, and while the server works in the background.
//!
//! The trivial server has the same beside it, as other processes: what is left to it is what the machine takes.

use std::process::{Child, Command};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::json;
use test_support::{World, uri_from_path};

use crate::client::Client;
use crate::{HOVER, Subject, Times, subjects, text, type_and_ask, world};

const KEYSTROKES: usize = 600;
/// How often that is measured.
const TURNS: usize = 5;
/// How much longer a keystroke may take at the 99th percentile while everything else happens.
const BUDGET: f64 = 2.0;
/// The pause between two keystrokes: more than ten times as fast as people type.
const PAUSE: Duration = Duration::from_millis(4);
/// What is answered at once, when all that came before it has been taken in.
const STATUS: &str = "countersign/status";
/// How many keystrokes lie between two switches: about as long as it takes to place all hunks anew.
const SWITCH_EVERY: usize = 40;
/// How many keystrokes lie between two tasks that are asked for: fewer than are done meanwhile, so that one always runs.
const TASK_EVERY: usize = 20;
/// Who is asked: one that is not done before it is ended, and one that is at once.
pub const WORKERS: &str = r#"
[workers.miller]
command = ["sh", "-c", "while :; do :; done"]
kinds = ["refactor"]

[workers.scribe]
command = ["sh", "-euc", 'echo "$0" > note.txt', "{objective}"]
kinds = ["docs"]
"#;

/// What goes on beside the keystrokes that are measured while much does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Beside {
    /// A task that uses a processor all the while, and branches that are switched as soon as the last switch was digested.
    Work,
    /// Tasks that begin and end one after the other, and branches that are switched without pause.
    Bustle,
}

impl Beside {
    fn words(self) -> &'static str {
        match self {
            Self::Work => "a task and placing anew",
            Self::Bustle => "tasks and switches without pause",
        }
    }
}

/// Another process that uses a processor until it is dropped.
struct Loop(Child);

impl Loop {
    /// It stands as far back as asked for (nice(2)).
    fn start(back: u32) -> Self {
        let mut command = Command::new("nice");
        command.args(["-n", &back.to_string()]).arg(std::env::current_exe().unwrap());
        Self(command.arg("--loop").spawn().unwrap())
    }
}

impl Drop for Loop {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// Switches to the one branch or the other. Git is not the server's, and stands back behind it.
fn switch(world: &World, nth: usize) -> Child {
    let branch = if nth.is_multiple_of(2) { "other" } else { "main" };
    let mut git = world.command("nice");
    git.args(["-n", "19", "git", "checkout", "--quiet", branch]);
    git.spawn().unwrap()
}

/// What of the background is seen from outside: programs that use a processor as far back as those do that a server runs.
fn programs(subject: &str) -> Vec<Loop> {
    // A task stands back by 15, what places hunks by 5.
    if subject == "trivial" { [15, 5].map(Loop::start).into() } else { Vec::new() }
}

/// Asks for work, and goes on.
fn ask(client: &mut Client, uri: &str, kind: &str, objective: &str) {
    let wanted = json!({ "kind": kind, "uri": uri, "objective": objective });
    let params = json!({ "command": "countersign.ask", "arguments": [wanted] });
    client.request("workspace/executeCommand", params);
}

/// Keystrokes while nothing else happens, and while everything does.
fn typing(world: &World, subject: Subject, method: &str, beside: Beside) -> (Times, Times) {
    let uri = uri_from_path(&world.path(subject.file));
    let mut client = Client::start(subject.command, world);
    client.open(&uri, subject.language, &text(subject.language, false));
    let pause = |_: &mut Client, _| std::thread::sleep(PAUSE);
    let idle = type_and_ask(&mut client, &uri, method, KEYSTROKES, pause);
    let programs = programs(subject.name);
    let busy = match beside {
        Beside::Work => {
            ask(&mut client, &uri, "refactor", "use a processor");
            let mut switches = Vec::new();
            let busy = type_and_ask(&mut client, &uri, method, KEYSTROKES, |_, nth| {
                if nth % SWITCH_EVERY == 0 {
                    switches.push(switch(world, nth / SWITCH_EVERY));
                }
                std::thread::sleep(PAUSE);
            });
            let failed = |mut switch: Child| !switch.wait().unwrap().success();
            assert!(!switches.into_iter().any(failed), "a branch was not switched");
            busy
        }
        Beside::Bustle => {
            let stop = AtomicBool::new(false);
            std::thread::scope(|scope| {
                scope.spawn(|| {
                    for nth in (0..).take_while(|_| !stop.load(Ordering::Relaxed)) {
                        assert!(switch(world, nth).wait().unwrap().success());
                    }
                });
                let busy = type_and_ask(&mut client, &uri, method, KEYSTROKES, |client, nth| {
                    if nth % TASK_EVERY == 0 {
                        ask(client, &uri, "docs", &format!("note {nth}"));
                    }
                    std::thread::sleep(PAUSE);
                });
                stop.store(true, Ordering::Relaxed);
                busy
            })
        }
    };
    drop(programs);
    client.leave();
    world.git(&["checkout", "--quiet", "main"]);
    (idle, busy)
}

/// The middle one.
fn median(mut of: Vec<f64>) -> f64 {
    of.sort_by(f64::total_cmp);
    of.get(of.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Takes turns, since what others do on a machine changes from minute to minute, and shows the medians.
pub fn print(asked: &dyn Fn(&str) -> bool) {
    println!("| a keystroke, medians of {TURNS} turns | idle | busy | p99, busy to idle |");
    println!("|---|---|---|---|");
    let rows: Vec<_> = [(STATUS, Beside::Work), (STATUS, Beside::Bustle), (HOVER, Beside::Work)]
        .into_iter()
        .flat_map(|(method, beside)| ["trivial", "countersign"].map(|name| (name, method, beside)))
        .collect();
    let mut figures = vec![Vec::new(); rows.len()];
    for _ in 0..TURNS {
        let world = world();
        for ((name, method, beside), figures) in rows.iter().zip(&mut figures) {
            let subject = subjects(&world).0.into_iter().find(|one| one.name == *name);
            let Some(subject) = subject.filter(|_| asked(name)) else { continue };
            let (mut idle, mut busy) = typing(&world, subject, method, *beside);
            let ratio = busy.at(99) / idle.at(99);
            figures.push([idle.at(50), idle.at(99), busy.at(50), busy.at(99), ratio]);
        }
    }
    for ((name, method, beside), figures) in rows.iter().zip(&figures) {
        if figures.is_empty() {
            continue;
        }
        let [idle, idle_p99, busy, busy_p99, ratio] =
            [0, 1, 2, 3, 4].map(|nth| median(figures.iter().map(|one| one[nth]).collect()));
        let within = if ratio <= BUDGET { "within" } else { "over" };
        println!(
            "| {name}, {method}, beside {} | {idle:.2} / {idle_p99:.2} | {busy:.2} / {busy_p99:.2} | {ratio:.1}, {within} {BUDGET} |",
            beside.words()
        );
    }
}
