//! Open documents: the only owner of buffer texts. Knows nothing of ChangeSets, files or the client.
//!
//! The client's edits are applied in the order they came, each against the text the one before left.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock, Weak};

use engine::Around;
use lsp_types::{TextDocumentContentChangeEvent, TextDocumentItem, Uri};
use ropey::Rope;

use crate::position::{self, Encoding};

/// One open document.
#[derive(Debug)]
pub(crate) struct Document {
    /// As the client spells it.
    pub uri: Uri,
    /// The client's number for the text.
    pub version: i32,
    /// Ours: it grows with every change, and never repeats in a session.
    pub revision: u64,
    rope: Rope,
    /// The text on disk: what it was opened with or last saved as. `None`: it was opened with another.
    clean: Option<Rope>,
    /// A name for the text that is taken for the saved one: which opening or saving that was.
    clean_at: u64,
    /// The revision of that text.
    clean_revision: u64,
    /// The saved text before, where the disk was found to have the buffer's though no save was told of. A save
    /// that is told of before the next change was that one.
    saved_from: Option<Rope>,
    /// The revision that was last compared with the disk, though no save was told of.
    compared: u64,
    /// A comparison that was begun and is not over.
    comparing: Weak<()>,
    text: OnceCell<Arc<str>>,
    named: Named,
}

/// The named things in a text, as soon as somebody has looked.
pub(crate) type Named = Arc<OnceLock<Vec<Around>>>;

/// One replacement, in bytes of the text before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Edit {
    /// First byte replaced.
    pub start: usize,
    /// One past the last.
    pub end: usize,
    /// How many bytes are there now.
    pub len: usize,
}

impl Document {
    /// The text, for positions.
    pub(crate) fn rope(&self) -> &Rope {
        &self.rope
    }

    /// The whole text. Cost: one copy for each revision.
    pub(crate) fn text(&self) -> &Arc<str> {
        self.text.get_or_init(|| self.rope.to_string().into())
    }

    /// Where the named things in the text are kept: to be found elsewhere, once for each revision.
    pub(crate) fn named(&self) -> &Named {
        &self.named
    }

    /// Whether the text differs from the saved one.
    pub(crate) fn unsaved(&self) -> bool {
        self.clean.as_ref().is_none_or(|clean| self.rope != *clean)
    }

    /// The text that is taken for the saved one, and a name for it that lasts until it is saved again.
    pub(crate) fn taken_for_saved(&self) -> Option<(Arc<str>, u64)> {
        let clean = self.clean.as_ref()?;
        let text = if self.revision == self.clean_revision {
            Arc::clone(self.text())
        } else {
            clean.to_string().into()
        };
        Some((text, self.clean_at))
    }

    /// Whether the text is `other`. Cost: lengths first.
    pub(crate) fn reads(&self, other: &str) -> bool {
        self.rope.len_bytes() == other.len() && self.rope == *other
    }
}

/// How many changes of documents that are not open are kept, and how many bytes they hold together.
const EARLY_MAX: usize = 256;
const EARLY_BYTES_MAX: usize = 1 << 20;

/// The changes that make one version of a document of the one before.
type Changes = (i32, Vec<TextDocumentContentChangeEvent>);

/// A document that is to be compared with the disk.
#[derive(Debug)]
pub(crate) struct Uncompared {
    pub uri: String,
    /// The text.
    pub rope: Rope,
    /// Its revision.
    pub revision: u64,
    /// Held until it is compared, or nobody will.
    pub under_way: Arc<()>,
}

/// All open documents.
#[derive(Debug)]
pub(crate) struct Documents {
    open: BTreeMap<String, Document>,
    revision: u64,
    /// Changes of documents that were never open, in the order they came; `None` once they were too many.
    early: Option<Vec<(String, Changes)>>,
    /// Every document that was ever open.
    known: BTreeSet<String>,
}

impl Default for Documents {
    fn default() -> Self {
        Self { open: BTreeMap::new(), revision: 0, early: Some(Vec::new()), known: BTreeSet::new() }
    }
}

impl Documents {
    /// Takes a document; one that is open already is replaced.
    pub(crate) fn open(&mut self, item: TextDocumentItem) -> &Document {
        self.revision += 1;
        let rope = Rope::from_str(&item.text);
        let document = Document {
            version: item.version,
            revision: self.revision,
            clean: Some(rope.clone()),
            clean_at: self.revision,
            clean_revision: self.revision,
            saved_from: None,
            compared: self.revision,
            comparing: Weak::new(),
            rope,
            text: OnceCell::from(Arc::from(item.text)),
            named: Named::default(),
            uri: item.uri,
        };
        let key = document.uri.as_str().to_owned();
        self.known.insert(key.clone());
        self.open.entry(key).insert_entry(document).into_mut()
    }

    /// Applies the client's changes. `None`: nothing was applied, because the document is not open or
    /// the version goes backwards.
    pub(crate) fn change(
        &mut self,
        uri: &Uri,
        version: i32,
        changes: Vec<TextDocumentContentChangeEvent>,
        encoding: Encoding,
    ) -> Option<Vec<Edit>> {
        let Some(document) = self.open.get_mut(uri.as_str()) else {
            tracing::warn!(uri = uri.as_str(), version, "change of a document that is not open");
            self.keep_early(uri, version, changes);
            return None;
        };
        if version < document.version {
            let (now, uri) = (document.version, uri.as_str());
            tracing::warn!(uri, version, now, "change of an older version: ignored");
            return None;
        }
        self.revision += 1;
        document.version = version;
        document.revision = self.revision;
        document.text = OnceCell::new();
        document.named = Named::default();
        document.saved_from = None;
        Some(
            changes.into_iter().map(|change| apply(&mut document.rope, change, encoding)).collect(),
        )
    }

    /// The changes that came before their document was opened, with `version`, if they follow upon that. Helix sends them
    /// in this order when somebody types while the server starts, and takes the document for changed from then on.
    pub(crate) fn take_early(&mut self, uri: &Uri, version: i32) -> Vec<Changes> {
        let of = |(other, _): &mut (String, Changes)| other == uri.as_str();
        let early = self.early.as_mut().map(|early| early.extract_if(.., of).collect::<Vec<_>>());
        let mut changes: Vec<Changes> =
            early.unwrap_or_default().into_iter().map(|(_, changes)| changes).collect();
        changes.retain(|(of, _)| *of > version);
        // With one missing, those behind it are about another text.
        let follow =
            (i64::from(version) + 1..).zip(&changes).all(|(next, (of, _))| i64::from(*of) == next);
        if follow { changes } else { Vec::new() }
    }

    fn keep_early(
        &mut self,
        uri: &Uri,
        version: i32,
        changes: Vec<TextDocumentContentChangeEvent>,
    ) {
        let Some(early) = self.early.as_mut().filter(|_| !self.known.contains(uri.as_str())) else {
            return;
        };
        early.push((uri.as_str().to_owned(), (version, changes)));
        let bytes: usize = early.iter().flat_map(|(_, (_, of))| of).map(|one| one.text.len()).sum();
        if early.len() > EARLY_MAX || bytes > EARLY_BYTES_MAX {
            self.early = None;
        }
    }

    /// The text is on disk now. Answers what was saved: the text before, if it is known, and the text.
    pub(crate) fn save(&mut self, uri: &Uri) -> Option<(Arc<str>, Arc<str>)> {
        let document = self.open.get_mut(uri.as_str())?;
        let before = document.saved_from.take().or_else(|| document.clean.take());
        document.clean = Some(document.rope.clone());
        self.revision += 1;
        document.clean_at = self.revision;
        document.clean_revision = document.revision;
        let before = before.filter(|before| *before != document.rope)?;
        Some((before.to_string().into(), Arc::clone(document.text())))
    }

    /// The documents with unsaved text that were not compared with the disk since they changed; each only when the comparison
    /// before is over, which is when what was answered for it is dropped.
    pub(crate) fn take_uncompared(&mut self) -> Vec<Uncompared> {
        let due = |document: &&mut Document| {
            document.compared != document.revision
                && document.comparing.strong_count() == 0
                && document.unsaved()
        };
        let due = self.open.values_mut().filter(due);
        let compare = |document: &mut Document| {
            let under_way = Arc::new(());
            document.compared = document.revision;
            document.comparing = Arc::downgrade(&under_way);
            let (uri, rope) = (document.uri.as_str().to_owned(), document.rope.clone());
            Uncompared { uri, rope, revision: document.revision, under_way }
        };
        due.map(compare).collect()
    }

    /// The disk has the text of a revision. Answers whether that is news.
    pub(crate) fn is_saved(&mut self, uri: &str, revision: u64) -> bool {
        let Some(document) = self.open.get_mut(uri) else { return false };
        if document.revision != revision || !document.unsaved() {
            return false;
        }
        document.saved_from = document.clean.replace(document.rope.clone());
        self.revision += 1;
        document.clean_at = self.revision;
        document.clean_revision = document.revision;
        true
    }

    /// The text that was taken for the saved one under this name is not: the editor opened the document
    /// with unsaved text of an earlier session. Until it is saved, it counts as unsaved.
    pub(crate) fn differs(&mut self, uri: &str, clean_at: u64) {
        if let Some(document) = self.open.get_mut(uri)
            && document.clean_at == clean_at
        {
            document.clean = None;
        }
    }

    /// Lets go of a document and answers what it was.
    pub(crate) fn close(&mut self, uri: &Uri) -> Option<Document> {
        self.open.remove(uri.as_str())
    }

    /// The open document `uri`.
    pub(crate) fn get(&self, uri: &str) -> Option<&Document> {
        self.open.get(uri)
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Document> {
        self.open.values()
    }
}

fn apply(rope: &mut Rope, change: TextDocumentContentChangeEvent, encoding: Encoding) -> Edit {
    let len = change.text.len();
    let Some(range) = change.range else {
        let edit = difference(rope, &change.text);
        *rope = Rope::from_str(&change.text);
        return edit;
    };
    let start = position::to_byte(rope, range.start, encoding);
    let end = position::to_byte(rope, range.end, encoding).max(start);
    let (first, last) = (rope.byte_to_char(start), rope.byte_to_char(end));
    rope.remove(first..last);
    rope.insert(first, &change.text);
    Edit { start, end, len }
}

/// What makes a text of another, as one replacement: what both begin and end with is left alone, so that who is told whole texts
/// knows where somebody types.
fn difference(before: &Rope, after: &str) -> Edit {
    let most = before.len_bytes().min(after.len());
    let same = |pair: &(u8, u8)| pair.0 == pair.1;
    let start = before.bytes().zip(after.bytes()).take_while(same).count();
    let backwards = before.bytes_at(before.len_bytes()).reversed();
    let rest = most - start;
    let left = backwards.zip(after.bytes().rev()).take(rest).take_while(same).count();
    Edit { start, end: before.len_bytes() - left, len: after.len() - left - start }
}

#[cfg(test)]
mod tests {
    use lsp_types::{Position, Range};
    use proptest::prelude::*;

    use super::*;
    use crate::position::model;

    fn item(text: &str) -> TextDocumentItem {
        TextDocumentItem {
            uri: "file:///a".parse().unwrap(),
            language_id: "x".into(),
            version: 1,
            text: text.into(),
        }
    }

    fn change(range: Option<Range>, text: &str) -> TextDocumentContentChangeEvent {
        TextDocumentContentChangeEvent { range, range_length: None, text: text.into() }
    }

    #[test]
    fn several_changes_apply_one_after_the_other() {
        let mut documents = Documents::default();
        let uri = documents.open(item("one\ntwo\n")).uri.clone();
        let at =
            |line, from, to| Some(Range::new(Position::new(line, from), Position::new(line, to)));
        let changes =
            vec![change(at(0, 0, 3), "1\n1b"), change(at(1, 0, 2), "x"), change(at(2, 3, 9), "!")];
        documents.change(&uri, 2, changes, Encoding::Utf16).unwrap();
        assert_eq!(&**documents.get("file:///a").unwrap().text(), "1\nx\ntwo!\n");
    }

    #[test]
    fn of_a_whole_text_only_what_differs_is_an_edit() {
        let edit = |before: &str, after: &str| {
            let Edit { start, end, len } = difference(&Rope::from_str(before), after);
            (start, end, len)
        };
        assert_eq!(edit("one\ntwo\n", "one\n2two\n"), (4, 4, 1));
        assert_eq!(edit("one\ntwo\n", "one\n\n"), (4, 7, 0));
        assert_eq!(edit("aa", "aaa"), (2, 2, 1));
        assert_eq!(edit("aaa", "aa"), (2, 3, 0));
        assert_eq!(edit("", "x"), (0, 0, 1));
        assert_eq!(edit("abc", "abc"), (3, 3, 0));
        assert_eq!(edit("abc", "xyz"), (0, 3, 3));
    }

    #[test]
    fn what_came_before_a_document_was_opened_is_kept_if_it_follows_upon_it() {
        let mut documents = Documents::default();
        let uri = item("").uri;
        let early = |documents: &mut Documents, versions: &[i32], opened: i32| {
            for version in versions {
                let change = vec![change(None, "x")];
                assert!(documents.change(&uri, *version, change, Encoding::Utf16).is_none());
            }
            let taken = documents.take_early(&uri, opened);
            taken.into_iter().map(|(version, _)| version).collect::<Vec<_>>()
        };
        assert_eq!(early(&mut documents, &[1, 2, 3], 0), [1, 2, 3]);
        assert_eq!(early(&mut documents, &[], 0), [0; 0], "they are taken once");
        assert_eq!(early(&mut documents, &[1, 3], 0), [0; 0], "what is missing is not made up");
        assert_eq!(early(&mut documents, &[1, 2, 3], 2), [3], "the text has the others");
        documents.open(item(""));
        documents.close(&uri);
        assert_eq!(early(&mut documents, &[1], 0), [0; 0], "it comes late, not early");
        let mut documents = Documents::default();
        assert_eq!(early(&mut documents, &[i32::MAX], i32::MAX - 1), [i32::MAX]);
        let many: Vec<i32> = (1..1000).collect();
        assert_eq!(early(&mut documents, &many, 0), [0; 0], "all of it or nothing");
        assert_eq!(early(&mut documents, &[1], 0), [0; 0]);
    }

    #[test]
    fn what_was_found_in_a_text_is_not_of_the_next() {
        let mut documents = Documents::default();
        let document = documents.open(item("a"));
        let (uri, before) = (document.uri.clone(), document.named().clone());
        before.set(Vec::new()).unwrap();
        documents.change(&uri, 2, vec![change(None, "b")], Encoding::Utf16).unwrap();
        let after = documents.get("file:///a").unwrap().named();
        assert!(before.get().is_some() && after.get().is_none());
    }

    #[test]
    fn a_save_says_what_was_there_and_a_file_read_again_was_not_saved() {
        let mut documents = Documents::default();
        let uri = documents.open(item("a")).uri.clone();
        let edit = |documents: &mut Documents, version, text: &str| {
            documents.change(&uri, version, vec![change(None, text)], Encoding::Utf16).unwrap();
            documents.take_uncompared().into_iter().next().map(|one| one.revision)
        };
        let saved = |documents: &mut Documents| {
            documents.save(&"file:///a".parse().unwrap()).map(|(b, a)| format!("{b} to {a}"))
        };
        edit(&mut documents, 2, "b").unwrap();
        assert!(documents.take_uncompared().is_empty(), "it is compared once");
        assert_eq!(saved(&mut documents).as_deref(), Some("a to b"));
        assert_eq!(saved(&mut documents), None);
        // An agent wrote `c`, and the editor read it again.
        let revision = edit(&mut documents, 3, "c").unwrap();
        assert!(documents.is_saved("file:///a", revision));
        assert!(!documents.get("file:///a").unwrap().unsaved());
        edit(&mut documents, 4, "d").unwrap();
        assert_eq!(saved(&mut documents).as_deref(), Some("c to d"));
        // The disk is found to have it before the editor tells of the save.
        let revision = edit(&mut documents, 5, "e").unwrap();
        assert!(documents.is_saved("file:///a", revision));
        assert_eq!(saved(&mut documents).as_deref(), Some("d to e"));
    }

    #[test]
    fn one_comparison_at_a_time_is_begun_for_a_document() {
        let mut documents = Documents::default();
        let uri = documents.open(item("a")).uri.clone();
        let mut edit = |version, text| {
            documents.change(&uri, version, vec![change(None, text)], Encoding::Utf16).unwrap();
            documents.take_uncompared()
        };
        let first = edit(2, "b");
        assert_eq!((first.len(), first[0].rope.to_string()), (1, "b".to_owned()));
        assert!(edit(3, "c").is_empty() && edit(4, "d").is_empty());
        drop(first);
        assert_eq!(edit(5, "e").len(), 1);
    }

    #[test]
    fn an_older_version_is_ignored() {
        let mut documents = Documents::default();
        let uri = documents.open(item("a")).uri.clone();
        assert!(documents.change(&uri, 5, vec![change(None, "b")], Encoding::Utf16).is_some());
        assert!(documents.change(&uri, 4, vec![change(None, "c")], Encoding::Utf16).is_none());
        let document = documents.get("file:///a").unwrap();
        assert_eq!((document.version, &**document.text()), (5, "b"));
    }

    #[test]
    fn back_to_the_saved_text_is_not_unsaved() {
        let mut documents = Documents::default();
        let uri = documents.open(item("a")).uri.clone();
        let mut unsaved = |version, text| {
            documents.change(&uri, version, vec![change(None, text)], Encoding::Utf16);
            documents.get("file:///a").unwrap().unsaved()
        };
        assert!(unsaved(2, "b"));
        assert!(!unsaved(3, "a"));
        unsaved(4, "c");
        documents.save(&uri);
        assert!(!documents.get("file:///a").unwrap().unsaved());
    }

    #[test]
    fn a_document_opened_with_unsaved_text_is_unsaved_until_it_is_saved() {
        let mut documents = Documents::default();
        let uri = documents.open(item("a")).uri.clone();
        let (text, named) = documents.get("file:///a").unwrap().taken_for_saved().unwrap();
        documents.change(&uri, 2, vec![change(None, "b")], Encoding::Utf16);
        documents.differs("file:///a", named);
        documents.change(&uri, 3, vec![change(None, "a")], Encoding::Utf16);
        assert_eq!((&*text, documents.get("file:///a").unwrap().unsaved()), ("a", true));
        documents.save(&uri);
        // What is found out late is about a text that is not the saved one any more.
        documents.differs("file:///a", named);
        assert!(!documents.get("file:///a").unwrap().unsaved());
    }

    proptest! {
        #[test]
        fn edits_give_the_text_the_slow_way_gives(
            start in "[a😀é\r\n]{0,30}",
            edits in proptest::collection::vec(
                (0_u32..6, 0_u32..9, 0_u32..6, 0_u32..9, "[b😀\r\n]{0,4}", any::<bool>()), 0..12),
            encoding in prop_oneof![
                Just(Encoding::Utf8), Just(Encoding::Utf16), Just(Encoding::Utf32)],
        ) {
            let mut documents = Documents::default();
            let uri = documents.open(item(&start)).uri.clone();
            let mut naive = start;
            let mut changes = Vec::new();
            for (l1, c1, l2, c2, text, whole) in edits {
                if whole && l1 == 0 {
                    naive = text.clone();
                    changes.push(change(None, &text));
                    continue;
                }
                let (from, to) = (Position::new(l1, c1), Position::new(l2, c2));
                let first = model::to_byte(&naive, from, encoding);
                let last = model::to_byte(&naive, to, encoding).max(first);
                naive.replace_range(first..last, &text);
                changes.push(change(Some(Range::new(from, to)), &text));
            }
            documents.change(&uri, 2, changes, encoding).unwrap();
            prop_assert_eq!(&**documents.get("file:///a").unwrap().text(), &naive);
        }
    }
}
