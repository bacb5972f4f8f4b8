//! Search over what is proposed: titles, paths and the changed lines. Small letters find capitals too.

use std::ops::Range;

use engine::BoardChange;
use model::ChangeSetId;

/// Something to look for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    text: String,
    exact: bool,
}

impl Query {
    /// `None` for nothing. A capital in `text` asks for exactly these letters.
    pub fn new(text: &str) -> Option<Self> {
        let exact = text.contains(char::is_uppercase);
        (!text.is_empty()).then(|| Self { text: text.to_owned(), exact })
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// Where it stands in `line`: bytes, ascending, not overlapping.
    pub fn find_in(&self, line: &str) -> Vec<Range<usize>> {
        // Only ASCII is folded, so offsets stay what they are.
        let folded = if self.exact { line.to_owned() } else { line.to_ascii_lowercase() };
        folded.match_indices(&self.text).map(|(at, found)| at..at + found.len()).collect()
    }

    fn is_in(&self, text: &[u8]) -> bool {
        !self.find_in(&String::from_utf8_lossy(text)).is_empty()
    }
}

/// The hunks in which `query` is found, in order: in its own lines, its path or entity, or its change's title.
pub fn found_in(query: &Query, change: &BoardChange) -> Vec<(ChangeSetId, u32)> {
    let id = change.changeset.id;
    let titled = query.is_in(change.changeset.title.as_bytes());
    let hunks = change.changeset.hunks().filter(|(file, hunk)| {
        let texts = change.texts.get(&file.path);
        let side = |side: Option<&std::sync::Arc<[u8]>>, span: &model::LineSpan| {
            side.is_some_and(|text| query.is_in(span.of(text)))
        };
        titled
            || query.is_in(file.path.to_string().as_bytes())
            || hunk.entity.as_ref().is_some_and(|entity| query.is_in(entity.as_bytes()))
            || side(texts.and_then(|texts| texts.0.as_ref()), &hunk.before)
            || side(texts.and_then(|texts| texts.1.as_ref()), &hunk.after)
    });
    hunks.map(|(_, hunk)| (id, hunk.ordinal)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::review::fixture;

    #[test]
    fn small_letters_find_capitals_and_capitals_only_themselves() {
        let find = |query: &str, line: &str| Query::new(query).unwrap().find_in(line);
        assert_eq!(find("len", "Len() == LENGTH"), [0..3, 9..12]);
        assert_eq!(find("LEN", "Len() == LENGTH LEN"), [9..12, 16..19]);
        assert_eq!(find("é", "aéé"), [1..3, 3..5]);
        assert_eq!(Query::new(""), None);
    }

    #[test]
    fn a_hunk_is_found_by_its_lines_its_path_and_its_changes_title() {
        let change = fixture::change("Tidy", "src/queue.rs", fixture::QUEUE, fixture::QUEUE_AFTER);
        let found = |query: &str| {
            let found = found_in(&Query::new(query).unwrap(), &change);
            found.into_iter().map(|(_, hunk)| hunk).collect::<Vec<_>>()
        };
        assert_eq!(found("queue.is_empty"), [1]);
        assert_eq!(found("right.len"), [2]);
        assert_eq!(found("QUEUE.RS"), Vec::<u32>::new());
        assert_eq!(found("queue.rs"), [1, 2]);
        assert_eq!(found("tidy"), [1, 2]);
        assert_eq!(found("let mut sum"), Vec::<u32>::new(), "context is not proposed");
    }
}
