//! What a confined start costs above a bare one of the same program, and what trying a tier costs.
//!
//! The floor is a bare spawn in the same run and by turns, so the ratios hold on any machine.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run has nothing to report")]
#![expect(clippy::print_stdout, reason = "the ratios are its output")]
#![expect(clippy::disallowed_methods, reason = "the floor is a program without the sandbox")]

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use criterion::Criterion;
use sandbox::{Bounds, Confined, End, Input, Means, Network, Refusal, Sandbox};

/// Starts that a ratio is taken from.
const STARTS: usize = 100;
/// Tries that their cost is taken from.
const TRIES: usize = 20;

fn stage() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_sandbox-stage"))
}

fn nothing() -> Confined {
    Confined {
        argv: vec!["/bin/true".into()],
        cwd: "/".into(),
        env: Vec::new(),
        stdin: Input::Bytes(Vec::new()),
        mounts: Vec::new(),
        network: Network::None,
        one_output: false,
        bounds: Bounds::default(),
    }
}

fn bare() {
    let mut command = std::process::Command::new("/bin/true");
    command.env_clear().stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    assert!(command.output().unwrap().status.success());
}

fn timed(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

fn percentile(times: &mut [Duration], percent: usize) -> Duration {
    times.sort();
    times.get(times.len() * percent / 100).copied().unwrap_or_default()
}

fn start(criterion: &mut Criterion, means: Means) {
    let sandbox = Sandbox::by_with(stage(), means).unwrap();
    let confined = nothing();
    let run = || assert_eq!(sandbox.run(&confined).unwrap().end, End::Exited(0));
    let (mut own, mut floor) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        own.push(timed(run));
        floor.push(timed(bare));
    }
    let (own_50, floor_50) = (percentile(&mut own, 50), percentile(&mut floor, 50));
    println!(
        "start by {}: p50 {own_50:.2?}, bare {floor_50:.2?}, ratio {:.2}; p99 {:.2?}",
        means.name(),
        own_50.as_secs_f64() / floor_50.as_secs_f64(),
        percentile(&mut own, 99),
    );
    criterion.bench_function(&format!("start by {}", means.name()), |bencher| bencher.iter(run));
}

/// What withstood is remembered by the program of its stages, so each try has a name of its own.
fn try_out(means: Means) {
    let folder = tempfile::tempdir().unwrap();
    let mut times = Vec::new();
    for number in 0..TRIES {
        let stage = folder.path().join(number.to_string());
        std::fs::copy(self::stage(), &stage).unwrap();
        times.push(timed(|| drop(Sandbox::by_with(&stage, means).unwrap())));
    }
    println!("try {}: p50 {:.2?}", means.name(), percentile(&mut times, 50));
}

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(20)
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    for means in Means::ALL {
        // Not everybody has bubblewrap.
        if let Err(Refusal::Missing { program }) = Sandbox::by_with(stage(), means) {
            println!("start by {}: `{program}` is not installed", means.name());
            continue;
        }
        start(&mut criterion, means);
        try_out(means);
    }
    criterion.final_summary();
}
