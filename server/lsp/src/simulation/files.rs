//! The files of a run with the texts that proposals give them, and the patches that make them so.

use std::collections::BTreeSet;

use super::random::Random;
use super::tokens::{Mark, Marked, lines, marks};

/// The lines of a hunk; `None` where two of the simulation's became one.
pub(crate) fn marked(before: &[u8], after: &[u8]) -> Option<Marked> {
    let side = |bytes: &[u8]| -> Vec<String> {
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        lines(&text).map(str::to_owned).collect()
    };
    let (before, after) = (side(before), side(after));
    let own = before.iter().chain(&after).flat_map(|line| marks(line));
    let own: BTreeSet<Mark> = own.collect();
    let mark = *own.first().filter(|_| own.len() == 1)?;
    Some(Marked { mark, before, after })
}

/// A patch that replaces whole files.
pub(crate) fn patch<'t>(sides: impl Iterator<Item = (&'t str, &'t str, &'t str)>) -> Vec<u8> {
    let mut patch = String::new();
    for (name, before, after) in sides.filter(|(_, before, after)| before != after) {
        let count = |text: &str| text.split_inclusive('\n').count();
        let start = |text: &str| usize::from(!text.is_empty());
        patch.push_str(&format!(
            "--- a/{name}\n+++ b/{name}\n@@ -{},{} +{},{} @@\n",
            start(before),
            count(before),
            start(after),
            count(after)
        ));
        for (sign, text) in [('-', before), ('+', after)] {
            for line in text.split_inclusive('\n') {
                patch.push(sign);
                patch.push_str(line);
                if !line.ends_with('\n') {
                    patch.push_str("\n\\ No newline at end of file\n");
                }
            }
        }
    }
    patch.into_bytes()
}

/// Files with the texts that up to two proposals give them.
pub(crate) type Texts = (String, Vec<String>);

pub(crate) fn texts(random: &mut Random) -> (Vec<String>, Vec<Texts>) {
    let proposals = 1 + random.below(2);
    let files = 1 + random.below(3);
    let mut mark = 0;
    let mut texts = Vec::new();
    for _ in 0..files {
        let ending = if random.chance(25) { "\r\n" } else { "\n" };
        let strange = if random.chance(50) { " 🧮é" } else { "" };
        let mut base: Vec<String> = Vec::new();
        let mut after = vec![Vec::new(); proposals];
        let blocks = 2 + random.below(3);
        for block in 0..=blocks {
            for line in 0..1 + random.below(4) {
                let plain = if random.chance(15) {
                    "}".to_owned()
                } else {
                    format!("L{block}-{line}{strange}")
                };
                base.push(plain.clone());
                after.iter_mut().for_each(|after| after.push(plain.clone()));
            }
            if block == blocks && random.chance(70) {
                break;
            }
            mark += 1;
            let whose = if block < proposals { block } else { random.below(proposals) };
            let (mut old, mut new) = (random.below(3), random.below(3));
            if old + new == 0 {
                (old, new) = (1, 1);
            }
            let line = |letter: char, nth| format!("{letter}{mark} x{nth}{strange}");
            for (proposal, after) in after.iter_mut().enumerate() {
                let count = if proposal == whose { new } else { old };
                let letter = if proposal == whose { 'A' } else { 'B' };
                after.extend((0..count).map(|nth| line(letter, nth)));
            }
            base.extend((0..old).map(|nth| line('B', nth)));
        }
        let last = if random.chance(80) { ending } else { "" };
        let join = |lines: &[String]| {
            if lines.is_empty() { String::new() } else { lines.join(ending) + last }
        };
        texts.push((join(&base), after.iter().map(|after| join(after)).collect()));
    }
    let names = ["a.txt", "b.txt", "c.txt"];
    (names[..files].iter().map(|name| (*name).to_owned()).collect(), texts)
}
