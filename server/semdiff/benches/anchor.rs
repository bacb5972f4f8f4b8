//! What it costs to find 100 pending hunks again after a keystroke in a file of 5,000 lines, against the
//! least that anyone must do: number the lines of both texts.
//!
//! Keystrokes walk through the file: above the hunks, between them, in a line beside one, and in one. The
//! budget in milliseconds is what an editor may wait; the ratio holds on any machine.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run has nothing to report")]
#![expect(clippy::print_stdout, reason = "the figures are its output")]
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

use std::collections::HashMap;
use std::hint::black_box;
use std::time::{Duration, Instant};

use semdiff::{Anchor, anchor_all, hunks};

const LINES: usize = 5_000;
const HUNKS: usize = 100;
const KEYSTROKES: usize = 200;
const BUDGET: Duration = Duration::from_millis(5);
const RATIO_BUDGET: f64 = 6.0;

/// Code of short functions: one line in three repeats all over the file.
fn text() -> Vec<String> {
    let line = |nth: usize| match nth % 6 {
        0 => format!("fn step_{nth}(input: &str) -> usize {{\n"),
        1 => format!("    let count = input.len() + {nth};\n"),
        2 => "    if count == 0 {\n".to_owned(),
        3 => format!("        return {nth};\n"),
        4 => "    }\n".to_owned(),
        _ => "}\n".to_owned(),
    };
    (0..LINES).map(line).collect()
}

/// The least: every line of both texts gets a number that equal lines share.
fn floor(base: &[u8], current: &[u8]) -> usize {
    let mut numbers = HashMap::new();
    for text in [base, current] {
        for line in text.split_inclusive(|&byte| byte == b'\n') {
            let next = numbers.len();
            numbers.entry(line).or_insert(next);
        }
    }
    numbers.len()
}

fn percentile(times: &mut [Duration], percent: usize) -> Duration {
    times.sort_unstable();
    *times.get((times.len() - 1) * percent / 100).unwrap()
}

fn main() {
    let lines = text();
    let base = lines.concat();
    let mut proposal = lines.clone();
    for (nth, line) in proposal.iter_mut().enumerate().filter(|(nth, _)| nth % (LINES / HUNKS) == 1)
    {
        match nth % 3 {
            0 => line.push_str("// explained\n"),
            1 => line.insert_str(0, "// changed\n"),
            _ => line.clear(),
        }
    }
    let proposal = proposal.concat();
    let spans = hunks(base.as_bytes(), proposal.as_bytes());
    let stated: Vec<_> =
        spans.iter().map(|(before, after)| (*before, after.of(proposal.as_bytes()))).collect();
    assert_eq!(stated.len(), HUNKS);

    let (mut anchoring, mut floors, mut placed) = (Vec::new(), Vec::new(), 0);
    for nth in 0..KEYSTROKES {
        let mut typed = lines.clone();
        let line = typed.get_mut(nth * LINES / KEYSTROKES + nth % 7).unwrap();
        line.insert(line.len() / 2, 'x');
        let typed = typed.concat();
        let start = Instant::now();
        black_box(floor(base.as_bytes(), typed.as_bytes()));
        floors.push(start.elapsed());
        let start = Instant::now();
        let anchors = black_box(anchor_all(base.as_bytes(), &stated, typed.as_bytes()));
        anchoring.push(start.elapsed());
        placed += anchors.iter().filter(|anchor: &&Anchor| anchor.target().is_some()).count();
    }
    let (half, most) = (percentile(&mut anchoring, 50), percentile(&mut anchoring, 99));
    let (floor, floor_most) = (percentile(&mut floors, 50), percentile(&mut floors, 99));
    let ratio = half.as_secs_f64() / floor.as_secs_f64();
    println!("{HUNKS} hunks in {LINES} lines after a keystroke, {KEYSTROKES} times:");
    println!("  p50 {half:.2?}, p99 {most:.2?} (budget {BUDGET:.2?})");
    println!(
        "  floor p50 {floor:.2?}, p99 {floor_most:.2?}: ratio {ratio:.1} (budget {RATIO_BUDGET:.1})"
    );
    println!("  placed {placed} of {}", HUNKS * KEYSTROKES);
}
