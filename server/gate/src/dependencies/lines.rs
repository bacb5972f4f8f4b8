//! Where in a text a package is spoken of.

use std::collections::HashMap;

use super::package::Ecosystem;
use crate::place::{File, lines_in};

/// The first line that names each package: an added one, if there is any.
pub(crate) struct Lines {
    ecosystem: Ecosystem,
    added: HashMap<String, u32>,
    all: HashMap<String, u32>,
    first_added: u32,
}

impl Lines {
    /// Cost: one pass over the text.
    pub(crate) fn new(ecosystem: Ecosystem, file: &File<'_>) -> Self {
        let mut added = HashMap::new();
        for (span, text) in file.added_texts() {
            index(ecosystem, span.first_line, text, &mut added);
        }
        let mut all = HashMap::new();
        index(ecosystem, 0, file.of.after.unwrap_or_default(), &mut all);
        Self { ecosystem, added, all, first_added: file.first_added() }
    }

    /// The line of a package, from 0.
    pub(crate) fn of(&self, name: &str) -> u32 {
        let key = self.ecosystem.key(name);
        // Maven's names have two parts, which stand apart in a file.
        let tail = key.rsplit(':').next().unwrap_or_default();
        let within =
            |lines: &HashMap<String, u32>| lines.get(&key).or_else(|| lines.get(tail)).copied();
        within(&self.added).or_else(|| within(&self.all)).unwrap_or(self.first_added)
    }
}

fn index(ecosystem: Ecosystem, first: u32, text: &[u8], lines: &mut HashMap<String, u32>) {
    let text = String::from_utf8_lossy(text);
    for (number, line) in (first..).zip(text.lines()) {
        for word in line.split(|c: char| !(c.is_alphanumeric() || "-_.@/+".contains(c))) {
            for name in names_in(word) {
                lines.entry(ecosystem.key(name)).or_insert(number);
            }
        }
    }
}

/// The names that a word can stand for: `node_modules/a`, `/a@1.0.0`, `dependencies.a`, `a.workspace`.
fn names_in(word: &str) -> impl Iterator<Item = &str> {
    let path = word.rsplit_once("node_modules/").map_or(word, |(_, name)| name);
    let path = path.trim_matches('/');
    let name = super::npm::name_of(path);
    let table = name.rsplit_once('.').map(|(_, name)| name);
    let dotted = name.split_once('.').map(|(name, _)| name);
    [Some(name), table, dotted].into_iter().flatten().filter(|name| !name.is_empty())
}

/// The line, from 0, of what begins at a place in a text.
pub(crate) fn line_of(text: &str, needle: &str) -> u32 {
    let before = text.find(needle).and_then(|at| text.get(..at)).unwrap_or_default();
    lines_in(before.as_bytes())
}
