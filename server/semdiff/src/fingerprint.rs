//! By what a hunk is known again: the same work in the same surroundings, wherever it has moved to.
//!
//! Indentation, trailing white space, blank lines and line endings are layout and do not count, unless they
//! are all that a hunk changes. Knows nothing of rejections; the caller compares. To take a new hunk for an
//! old one hides work from a person, to miss an old one only asks again: so where no named thing tells two
//! places apart, the file's path does. Start at [`FilePrints`].

use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::Range;

use model::{ChangeKind, Digest, FileChange, FileSide, Fingerprint, Hunk, HunkKind, HunkPrint};
use syntax::{Entity, outline, parse};

/// How many lines with text on each side of a hunk are its surroundings where no named thing is around it.
pub const NEIGHBOUR_LINES: usize = 3;

/// One changed file, read once to print its hunks.
#[derive(Debug)]
pub struct FilePrints<'t> {
    file: &'t FileChange,
    base: &'t [u8],
    proposal: &'t [u8],
    base_entities: Vec<Entity>,
    proposal_entities: Vec<Entity>,
    /// The lines of the base that hold text, trimmed, with where each starts.
    base_lines: Vec<(usize, &'t [u8])>,
    /// What the text of an entity of the base comes to. A class is around many hunks and read once.
    entity_prints: RefCell<HashMap<usize, Fingerprint>>,
}

impl<'t> FilePrints<'t> {
    /// Reads both sides of `file`. A text whose structure cannot be read has no entities.
    ///
    /// `base` and `proposal` are the texts that the file's hunks are about; a side that does not exist, or
    /// is no text, is empty.
    /// # Cost
    /// Two parses, unless the file is one whole hunk.
    pub fn new(file: &'t FileChange, base: &'t [u8], proposal: &'t [u8]) -> Self {
        let by_lines = file.hunks.iter().any(|hunk| hunk.kind == HunkKind::Lines);
        let entities = |text| {
            let parsed = file.language.filter(|_| by_lines).map(|language| parse(language, text));
            parsed.and_then(|parsed| outline(&parsed.ok()?).ok()).unwrap_or_default()
        };
        Self {
            file,
            base,
            proposal,
            base_entities: entities(base),
            proposal_entities: entities(proposal),
            base_lines: if by_lines { lines_with_text(base).collect() } else { Vec::new() },
            entity_prints: RefCell::default(),
        }
    }

    /// By what `hunk`, one of the file's, is known again.
    ///
    /// Lines: `work` is what they say before and after, and the qualified name of the entity around them in
    /// the base; `surroundings` is that entity's whole text in the base, or else the [`NEIGHBOUR_LINES`]
    /// above and below. A hunk that is its file as a whole is known by its path, what happened, and the
    /// digests of both sides; its surroundings are the side before.
    /// # Cost
    /// Linear in the hunk, and once in the entity around it.
    pub fn of(&self, hunk: &Hunk) -> HunkPrint {
        match hunk.kind {
            HunkKind::Whole => self.whole(),
            HunkKind::Lines => self.lines(hunk),
        }
    }

    fn whole(&self) -> HunkPrint {
        let kind = match self.file.change {
            ChangeKind::Added => "added",
            ChangeKind::Deleted => "deleted",
            ChangeKind::Modified => "modified",
            ChangeKind::Renamed => "renamed",
            ChangeKind::ModeChanged => "mode changed",
            ChangeKind::TypeChanged => "type changed",
        };
        let old_path = self.file.old_path.as_ref().map_or(b"".as_slice(), |path| path.as_bytes());
        let mut work = Canon::new("whole");
        work.part(kind.as_bytes()).part(self.file.path.as_bytes()).part(old_path);
        work.side(self.file.before.as_ref()).side(self.file.after.as_ref());
        let mut surroundings = Canon::new("side");
        surroundings.side(self.file.before.as_ref());
        HunkPrint { work: work.print(), surroundings: surroundings.print() }
    }

    fn lines(&self, hunk: &Hunk) -> HunkPrint {
        let (removed, added) = (hunk.before.of(self.base), hunk.after.of(self.proposal));
        let around = self.around(hunk);
        let mut work = Canon::new("lines");
        match around {
            Some((_, entity)) => work.part(b"entity").part(entity.name.as_bytes()),
            None => work.part(b"file").part(self.file.path.as_bytes()),
        };
        let same = lines_with_text(removed)
            .map(|(_, line)| line)
            .eq(lines_with_text(added).map(|(_, line)| line));
        if same {
            work.part(b"layout").part(removed).part(added);
        } else {
            work.part(b"text").text(removed).text(added);
        }
        let surroundings = match around {
            Some((at, entity)) => self.entity_print(at, entity),
            None => self.neighbours(hunk),
        };
        HunkPrint { work: work.print(), surroundings }
    }

    /// The innermost entity of the base around a hunk.
    ///
    /// What is inserted behind the last line of a Python function is in it only according to the proposal.
    fn around(&self, hunk: &Hunk) -> Option<(usize, &Entity)> {
        let entities = self.base_entities.as_slice();
        if hunk.before.lines > 0 {
            return innermost(entities, &trimmed(self.base, hunk.before.bytes()));
        }
        let after = trimmed(self.proposal, hunk.after.bytes());
        let mut outer = innermost(&self.proposal_entities, &after).map(|(_, entity)| entity);
        while let Some(entity) = outer {
            let known = |other: &&Entity| other.kind == entity.kind && other.name == entity.name;
            // Two of the same name cannot be told apart, and one that is new is not around anything.
            let mut found = entities.iter().filter(known);
            let twin = found.next().filter(|_| found.next().is_none());
            if let Some(twin) = twin {
                return entities.iter().position(|other| std::ptr::eq(other, twin)).zip(Some(twin));
            }
            outer = entity.parent.and_then(|at| self.proposal_entities.get(at));
        }
        innermost(entities, &hunk.before.bytes())
    }

    fn entity_print(&self, at: usize, entity: &Entity) -> Fingerprint {
        *self.entity_prints.borrow_mut().entry(at).or_insert_with(|| {
            let text = self.base.get(entity.range.clone()).unwrap_or_default();
            Canon::new("entity").text(text).print()
        })
    }

    fn neighbours(&self, hunk: &Hunk) -> Fingerprint {
        let first = self.base_lines.partition_point(|(start, _)| *start < hunk.before.start);
        let past = self.base_lines.partition_point(|(start, _)| *start < hunk.before.end);
        let past = past.max(first);
        let above = self.base_lines.get(first.saturating_sub(NEIGHBOUR_LINES)..first);
        let below = self.base_lines.get(past..).unwrap_or_default().iter().take(NEIGHBOUR_LINES);
        let mut canon = Canon::new("neighbours");
        canon.list(above.unwrap_or_default().iter().map(|(_, line)| *line));
        canon.list(below.map(|(_, line)| *line));
        canon.print()
    }
}

/// What is digested: parts with their lengths before them, so that no two lists of parts look alike.
struct Canon(Vec<u8>);

impl Canon {
    fn new(kind: &str) -> Self {
        let mut canon = Self(Vec::new());
        canon.part(kind.as_bytes());
        canon
    }

    fn part(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.extend((bytes.len() as u64).to_le_bytes());
        self.0.extend(bytes);
        self
    }

    fn list<'l>(&mut self, lines: impl Iterator<Item = &'l [u8]>) -> &mut Self {
        let mut inner = Self(Vec::new());
        lines.for_each(|line| {
            inner.part(line);
        });
        self.part(&inner.0)
    }

    /// A text without its layout.
    fn text(&mut self, text: &[u8]) -> &mut Self {
        self.list(lines_with_text(text).map(|(_, line)| line))
    }

    fn side(&mut self, side: Option<&FileSide>) -> &mut Self {
        match side {
            Some(side) => {
                self.part(side.blob.as_bytes()).part(&side.mode.octal().to_le_bytes());
            }
            None => {
                self.part(b"").part(b"");
            }
        }
        self
    }

    fn print(&self) -> Fingerprint {
        Fingerprint(Digest::of(&self.0))
    }
}

/// The lines of `text` that hold more than white space, trimmed, with where each starts.
fn lines_with_text(text: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut next = 0;
    let lines = text.split_inclusive(|&byte| byte == b'\n').map(move |line| {
        let start = next;
        next += line.len();
        (start, line.trim_ascii())
    });
    lines.filter(|(_, line)| !line.is_empty())
}

/// `range` without the white space at its ends; as it is when it holds nothing else.
fn trimmed(text: &[u8], range: Range<usize>) -> Range<usize> {
    let own = text.get(range.clone()).unwrap_or_default();
    let start = range.start + (own.len() - own.trim_ascii_start().len());
    let end = start + own.trim_ascii().len();
    if start < end { start..end } else { range }
}

/// The innermost entity that holds all of `range`; an empty range at its very start is before it.
fn innermost<'e>(entities: &'e [Entity], range: &Range<usize>) -> Option<(usize, &'e Entity)> {
    let reached = entities.partition_point(|entity| entity.range.start <= range.start);
    let candidates = entities.get(..reached).unwrap_or_default();
    candidates.iter().enumerate().rev().find(|(_, entity)| {
        range.end <= entity.range.end
            && (!range.is_empty()
                || entity.range.start < range.start && range.start < entity.range.end)
    })
}

#[cfg(test)]
mod tests {
    use model::{Content, FileMode, Language, RelPath};
    use proptest::prelude::*;

    use super::*;

    fn file(path: &str, language: Option<Language>, before: &str, after: &str) -> FileChange {
        let kind = HunkKind::Lines;
        let hunks = crate::hunks(before.as_bytes(), after.as_bytes());
        let hunks = hunks.into_iter().enumerate().map(|(nth, (before, after))| {
            let ordinal = u32::try_from(nth).unwrap() + 1;
            Hunk { ordinal, kind, before, after, entity: None }
        });
        let side = |text: &str| {
            let (blob, size_bytes) = (Digest::of(text.as_bytes()), text.len() as u64);
            Some(FileSide { blob, mode: FileMode::File, size_bytes })
        };
        FileChange {
            path: path.parse::<RelPath>().unwrap(),
            old_path: None,
            change: ChangeKind::Modified,
            content: Content::Text,
            language,
            generated: false,
            before: side(before),
            after: side(after),
            hunks: hunks.collect(),
        }
    }

    fn prints(path: &str, before: &str, after: &str) -> Vec<HunkPrint> {
        let language = syntax::language_of(&path.parse().unwrap(), before.as_bytes());
        let file = file(path, language, before, after);
        let prints = FilePrints::new(&file, before.as_bytes(), after.as_bytes());
        file.hunks.iter().map(|hunk| prints.of(hunk)).collect()
    }

    /// The print of the only hunk.
    fn print(path: &str, before: &str, after: &str) -> HunkPrint {
        let prints = prints(path, before, after);
        assert_eq!(prints.len(), 1, "{before}{after}");
        prints[0]
    }

    const BEFORE: &str = "fn a() {\n    one();\n    two();\n}\n\nfn b() {\n    one();\n}\n";

    #[test]
    fn the_same_edit_is_known_again_wherever_it_has_moved() {
        let first = print("a.rs", BEFORE, &BEFORE.replacen("one()", "uno()", 1));
        let lower = format!("use x::y;\n\n{BEFORE}fn c() {{}}\n");
        let lower_after = lower.replacen("one()", "uno()", 1);
        assert_eq!(print("a.rs", &lower, &lower_after), first);
        assert_eq!(print("elsewhere.rs", &lower, &lower_after), first);
        let indented = BEFORE.replace("    ", "\t\t").replace('\n', "  \r\n");
        assert_eq!(print("a.rs", &indented, &indented.replacen("one()", "uno()", 1)), first);
        let spaced = BEFORE.replace("two", "\n\ntwo");
        assert_eq!(print("a.rs", &spaced, &spaced.replacen("one()", "uno()", 1)), first);
    }

    #[test]
    fn another_edit_is_another_work() {
        let first = print("a.rs", BEFORE, &BEFORE.replacen("one()", "uno()", 1));
        let other_text = print("a.rs", BEFORE, &BEFORE.replacen("one()", "un()", 1));
        assert_ne!(other_text.work, first.work);
        assert_eq!(other_text.surroundings, first.surroundings);
        let (head, tail) = BEFORE.split_at(BEFORE.find("fn b").unwrap());
        let other_place = print("a.rs", BEFORE, &format!("{head}{}", tail.replace("one", "uno")));
        assert_ne!(other_place.work, first.work);
        let undone = print("a.rs", &BEFORE.replacen("one()", "uno()", 1), BEFORE);
        assert_ne!(undone.work, first.work);
        let spaced = print("a.rs", BEFORE, &BEFORE.replacen("one()", "one( )", 1));
        assert_ne!(spaced.work, first.work, "white space within a line may be content");
    }

    #[test]
    fn a_change_of_the_entity_changes_the_surroundings_alone() {
        let first = print("a.rs", BEFORE, &BEFORE.replacen("one()", "uno()", 1));
        let edited = BEFORE.replace("two()", "three()");
        let again = print("a.rs", &edited, &edited.replacen("one()", "uno()", 1));
        assert_eq!(again.work, first.work);
        assert_ne!(again.surroundings, first.surroundings);
    }

    #[test]
    fn what_is_appended_to_a_function_is_in_it() {
        let before = "def a():\n    x()\n\n\ndef b():\n    x()\n";
        let a = print("a.py", before, &before.replacen("x()\n", "x()\n    y()\n", 1));
        let b = print("a.py", before, &format!("{before}    y()\n"));
        assert_ne!(a.work, b.work);
        assert_eq!(print("b.py", before, &format!("{before}    y()\n")), b, "the name tells");
        let more = format!("import z\n{before}");
        assert_eq!(print("a.py", &more, &format!("{more}    y()\n")), b);
    }

    #[test]
    fn what_is_put_before_a_function_is_not_in_it() {
        let before = "fn a() {}\nfn b() {\n    x();\n}\n";
        let new = |before: &str| before.replace("fn b()", "fn n() {}\nfn b()");
        let first = print("a.rs", before, &new(before));
        let later = before.replace("x();\n", "x();\n    y();\n    z();\n    w();\n");
        assert_eq!(print("a.rs", &later, &new(&later)).work, first.work);
        let far = format!("fn far() {{}}\n{before}");
        assert_ne!(print("a.rs", &far, &new(&far)).surroundings, first.surroundings);
    }

    #[test]
    fn without_entities_the_lines_around_and_the_path_tell() {
        let before = "a = 1\n\nb = 2\nc = 3\nd = 4\ne = 5\nf = 6\ng = 7\nh = 8\ni = 9\n";
        let after = before.replace("e = 5", "e = 50");
        let first = print("a.toml", before, &after);
        let far = |text: &str| text.replace("a = 1", "z = 0\n\na = 1").replace("i = 9", "i = 10");
        assert_eq!(print("a.toml", &far(before), &far(&after)), first);
        let near = |text: &str| text.replace("c = 3", "c = 30");
        let again = print("a.toml", &near(before), &near(&after));
        assert_eq!(again.work, first.work);
        assert_ne!(again.surroundings, first.surroundings);
        assert_ne!(print("b.toml", before, &after).work, first.work);
    }

    #[test]
    fn layout_counts_where_it_is_all_that_changes() {
        let before = "def a():\n    if x:\n        y()\n        z()\n";
        let one = print("a.py", before, &before.replace("        z", "    z"));
        let two = print("a.py", before, &before.replace("        z", "            z"));
        assert_ne!(one.work, two.work);
        let blank = print("a.py", before, &before.replace("        z", "\n        z"));
        assert_ne!(blank.work, one.work);
    }

    #[test]
    fn a_whole_file_is_known_by_its_sides() {
        let whole = |path: &str, before: &str, after: &str| {
            let mut file = file(path, None, before, after);
            let span = model::LineSpan::default();
            let hunk =
                Hunk { ordinal: 1, kind: HunkKind::Whole, before: span, after: span, entity: None };
            file.hunks = vec![hunk.clone()];
            FilePrints::new(&file, before.as_bytes(), after.as_bytes()).of(&hunk)
        };
        let first = whole("a", "x", "y");
        assert_eq!(whole("a", "x", "y"), first);
        assert_ne!(whole("a", "x", "z").work, first.work);
        assert_eq!(whole("a", "x", "z").surroundings, first.surroundings);
        assert_ne!(whole("a", "w", "y").surroundings, first.surroundings);
        assert_ne!(whole("b", "x", "y").work, first.work, "an empty file is where it is");
    }

    proptest! {
        #[test]
        fn edits_outside_the_entity_do_not_matter(
            above in "(fn [p-r]\\(\\) \\{\n    [a-z]{1,9}\\(\\);\n\\}\n|use [a-z]{1,9};\n|\n){0,6}",
            below in "(fn [s-u]\\(\\) \\{\n    [a-z]{1,9}\\(\\);\n\\}\n|\n){0,6}",
            body in prop::collection::vec("    [a-z]{1,6}\\(\\);\n", 1..6),
            at in any::<prop::sample::Index>(),
        ) {
            let within = |line: Option<&str>| {
                let mut body = body.clone();
                if let Some(line) = line {
                    let at = at.index(body.len());
                    body[at] = line.to_owned();
                }
                format!("fn entity() {{\n{}}}\n", body.concat())
            };
            let (before, after) = (within(None), within(Some("    NEW;\n")));
            let alone = print("a.rs", &before, &after);
            let with = |text: &str| format!("{above}\n{text}\n{below}");
            prop_assert_eq!(print("b.rs", &with(&before), &with(&after)), alone);
        }
    }
}
