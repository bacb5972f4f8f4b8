//! An editor as editors are: what it holds, how it types, saves and closes, and the many ways in which it
//! carries out, or does not carry out, what the server asks of it.

use std::collections::{BTreeMap, BTreeSet};

use lsp_types::{
    DidChangeTextDocumentParams, Range, TextDocumentContentChangeEvent, TextDocumentItem, TextEdit,
    VersionedTextDocumentIdentifier,
};
use ropey::Rope;
use serde_json::{Value, json};

use super::random::Random;
use super::tokens::{Mark, Marked, marks};
use crate::main_loop::Wake;
use crate::position::{self, Encoding};
use crate::rig::uri;

/// What a client is like; drawn once in a run.
#[derive(Debug, Clone)]
pub(crate) struct Character {
    pub encoding: Encoding,
    /// Whether it takes edits with versions.
    pub versioned: bool,
    /// Whether it says that it applies all documents of a request or none.
    pub transactional: bool,
    /// What it does with an edit for a version that it is past.
    pub stale: Stale,
    /// How often it sends a whole text instead of what changed, in percent.
    pub full_percent: usize,
    /// Whether a document that is opened again starts at version 1 again.
    pub restarts_versions: bool,
    /// Whether its version numbers skip and repeat.
    pub sloppy_versions: bool,
    /// What it does to a text that it saves.
    pub on_save: OnSave,
    /// Whether new lines get the endings of the document.
    pub normalises: bool,
    /// Whether it opens a file to carry out an edit of one that is closed.
    pub opens_for_edits: bool,
    /// How often it does not do as it is asked, in percent.
    pub wrong_percent: usize,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Stale {
    SkipsAndSaysYes,
    SkipsAndSaysNo,
    AppliesAnyway,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum OnSave {
    Nothing,
    /// The buffer and the file get a final line feed.
    FinalNewline,
    /// The file gets one and the buffer is not told.
    FinalNewlineOnDisk,
    /// All line endings become those of the first line.
    OneEnding,
}

impl Character {
    pub(crate) fn draw(random: &mut Random) -> Self {
        let versioned = random.chance(75);
        Self {
            encoding: [Encoding::Utf8, Encoding::Utf16, Encoding::Utf32][random.below(3)],
            versioned,
            transactional: versioned && random.chance(40),
            stale: random.weighted(&[
                (4, Stale::SkipsAndSaysYes),
                (4, Stale::SkipsAndSaysNo),
                (1, Stale::AppliesAnyway),
            ]),
            full_percent: [0, 0, 20, 100][random.below(4)],
            restarts_versions: random.chance(70),
            sloppy_versions: random.chance(20),
            on_save: random.weighted(&[
                (6, OnSave::Nothing),
                (2, OnSave::FinalNewline),
                (1, OnSave::FinalNewlineOnDisk),
                (1, OnSave::OneEnding),
            ]),
            normalises: random.chance(30),
            opens_for_edits: random.chance(30),
            wrong_percent: [0, 10, 50][random.below(3)],
        }
    }

    pub(crate) fn capabilities(&self) -> Value {
        let encoding = match self.encoding {
            Encoding::Utf8 => json!(["utf-8", "utf-16"]),
            Encoding::Utf16 => json!(["utf-16"]),
            Encoding::Utf32 => json!(["utf-32"]),
        };
        let mut edit = json!({ "documentChanges": self.versioned });
        if self.transactional {
            edit["failureHandling"] = json!("textOnlyTransactional");
        }
        json!({
            "general": { "positionEncodings": encoding },
            "workspace": { "workspaceEdit": edit },
        })
    }
}

/// A text and which hunks in it the person has touched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Held {
    pub text: String,
    pub touched: BTreeSet<Mark>,
}

/// An open document.
#[derive(Debug, Clone)]
pub(crate) struct Buffer {
    pub held: Held,
    pub version: i32,
    /// What it was before each change, oldest first.
    pub undo: Vec<Held>,
}

/// The editor.
#[derive(Debug)]
pub(crate) struct Client {
    pub character: Character,
    pub open: BTreeMap<String, Buffer>,
    /// What it has told the server, oldest first, and was not heard yet.
    pub said: std::collections::VecDeque<Wake>,
}

impl Client {
    pub(crate) fn new(character: Character) -> Self {
        Self { character, open: BTreeMap::new(), said: std::collections::VecDeque::new() }
    }

    pub(crate) fn open(&mut self, name: &str, held: Held, random: &mut Random) {
        let version =
            if self.character.restarts_versions { 1 } else { 1 + random.below(90) as i32 };
        let text = held.text.clone();
        self.open.insert(name.to_owned(), Buffer { held, version, undo: Vec::new() });
        let language_id = String::new();
        self.said.push_back(Wake::Opened(TextDocumentItem {
            uri: uri(name),
            language_id,
            version,
            text,
        }));
    }

    pub(crate) fn close(&mut self, name: &str) {
        self.open.remove(name);
        self.said.push_back(Wake::Closed(uri(name)));
    }

    /// Gives a buffer another text and tells the server in one of the ways that there are.
    pub(crate) fn change(&mut self, name: &str, held: Held, random: &mut Random) {
        let steps = if self.character.sloppy_versions { random.below(4) as i32 } else { 1 };
        let full = random.chance(self.character.full_percent);
        let encoding = self.character.encoding;
        let Some(buffer) = self.open.get_mut(name) else { return };
        if buffer.held.text == held.text {
            return;
        }
        buffer.version += steps;
        let before = std::mem::replace(&mut buffer.held, held);
        let change = if full {
            TextDocumentContentChangeEvent {
                range: None,
                range_length: None,
                text: buffer.held.text.clone(),
            }
        } else {
            difference(&before.text, &buffer.held.text, encoding)
        };
        let params = DidChangeTextDocumentParams {
            text_document: VersionedTextDocumentIdentifier {
                uri: uri(name),
                version: buffer.version,
            },
            content_changes: vec![change],
        };
        buffer.undo.push(before);
        self.said.push_back(Wake::Changed(params));
    }

    /// What the text of a document becomes with these edits.
    pub(crate) fn edited(&self, text: &str, edits: &[TextEdit]) -> String {
        let edits: Vec<TextEdit> = edits
            .iter()
            .map(|edit| {
                let mut edit = edit.clone();
                if self.character.normalises {
                    let plain = edit.new_text.replace("\r\n", "\n");
                    edit.new_text = with_ending(&plain, ending(text));
                }
                edit
            })
            .collect();
        applied(text, &edits, self.character.encoding)
    }

    /// The person's next edit: the new text, where only one place differs.
    pub(crate) fn typed(&self, text: &str, number: &mut u32, random: &mut Random) -> String {
        *number += 1;
        let ending = ending(text);
        let starts: Vec<usize> =
            std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        let line = starts[random.below(starts.len())];
        let rest = &text[line..];
        let end = line + rest.find('\n').map_or(rest.len(), |at| at + 1);
        let mut text = text.to_owned();
        let what = random.below(10);
        if what < 5 {
            let unended = line > 0 && !text[..line].ends_with('\n');
            let before = if unended { ending } else { "" };
            text.insert_str(line, &format!("{before}K{number} new{ending}"));
        } else if what < 8 {
            // At the end of the line, or behind its first word.
            let bare = text[line..end].trim_end_matches(['\r', '\n']).len();
            let word = text[line..end].find(' ').unwrap_or(bare).min(bare);
            let at = line + if random.chance(50) { bare } else { word };
            text.insert_str(at, &format!(" k{number} "));
        } else if what < 9 {
            text.replace_range(line..end, "");
        } else {
            text.replace_range(line..end, &format!("K{number} instead{ending}"));
        }
        text
    }

    /// What it writes, and what its buffer is then.
    pub(crate) fn as_saved(&self, text: &str) -> (String, String) {
        let fed = |text: &str| {
            let lacks = !text.is_empty() && !text.ends_with('\n');
            if lacks { format!("{text}{}", ending(text)) } else { text.to_owned() }
        };
        match self.character.on_save {
            OnSave::Nothing => (text.to_owned(), text.to_owned()),
            OnSave::FinalNewline => (fed(text), fed(text)),
            OnSave::FinalNewlineOnDisk => (fed(text), text.to_owned()),
            OnSave::OneEnding => {
                let text = with_ending(&text.replace("\r\n", "\n"), ending(text));
                (text.clone(), text)
            }
        }
    }
}

/// The hunks that another text shows changed, as far as somebody changed their lines.
pub(crate) fn touched(before: &str, after: &str, hunks: &[Marked]) -> BTreeSet<Mark> {
    let changed = |hunk: &&Marked| {
        let mark = hunk.mark;
        hunk.side(before) != hunk.side(after) || around(before, mark) != around(after, mark)
    };
    hunks.iter().filter(changed).map(|hunk| hunk.mark).collect()
}

/// The lines of a hunk with the line above and the line below: what tells its place.
fn around(text: &str, mark: Mark) -> Vec<&str> {
    let lines: Vec<&str> = super::tokens::lines(text).collect();
    let own = |line: &&str| marks(line).contains(&mark);
    let first = lines.iter().position(own).unwrap_or(0);
    let last = lines.iter().rposition(own).unwrap_or(0);
    lines
        .get(first.saturating_sub(1)..=(last + 1).min(lines.len().saturating_sub(1)))
        .unwrap_or_default()
        .to_vec()
}

pub(crate) fn ending(text: &str) -> &'static str {
    let first = text.find('\n');
    if first.is_some_and(|at| text[..at].ends_with('\r')) { "\r\n" } else { "\n" }
}

fn with_ending(plain: &str, ending: &str) -> String {
    plain.replace('\n', ending)
}

/// Applies edits as the protocol says: all of them against the text before. Those that overlap, because they
/// are not for this text, are applied from the last to the first as they come.
pub(crate) fn applied(text: &str, edits: &[TextEdit], encoding: Encoding) -> String {
    let byte = |at| position::model::to_byte(text, at, encoding);
    let mut edits: Vec<_> = edits
        .iter()
        .map(|edit| (byte(edit.range.start), byte(edit.range.end), &edit.new_text))
        .collect();
    edits.sort_by_key(|(start, end, _)| (*start, *end));
    let (mut out, mut limit) = (text.to_owned(), text.len());
    for (start, end, new) in edits.into_iter().rev() {
        let end = end.min(limit);
        let start = start.min(end);
        out.replace_range(start..end, new);
        limit = start;
    }
    out
}

/// The one change between two texts.
fn difference(before: &str, after: &str, encoding: Encoding) -> TextDocumentContentChangeEvent {
    let (old, new) = (before.as_bytes(), after.as_bytes());
    let mut start = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    while !before.is_char_boundary(start)
        || !after.is_char_boundary(start)
        || before[..start].ends_with('\r')
    {
        start -= 1;
    }
    let rest = old.len().min(new.len()) - start;
    let mut same =
        old.iter().rev().zip(new.iter().rev()).take(rest).take_while(|(a, b)| a == b).count();
    while !before.is_char_boundary(old.len() - same)
        || !after.is_char_boundary(new.len() - same)
        || before[old.len() - same..].starts_with('\n')
    {
        same -= 1;
    }
    let rope = Rope::from_str(before);
    let at = |byte| position::from_byte(&rope, byte, encoding);
    TextDocumentContentChangeEvent {
        range: Some(Range::new(at(start), at(old.len() - same))),
        range_length: None,
        text: after[start..new.len() - same].to_owned(),
    }
}
