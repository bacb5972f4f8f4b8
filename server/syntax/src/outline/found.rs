//! What the queries find, before it has an order: drafts of entities, and marks of tests.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

use model::EntityKind;
use tree_sitter::Node;

use crate::parse::{ParseError, Parsed};
use crate::query::{Role, outline_query, search};

/// What the queries found, by item.
#[derive(Default)]
pub(super) struct Found {
    pub drafts: Vec<Draft>,
    pub file_docs: Vec<Range<usize>>,
    pub exports: BTreeSet<String>,
    pub tests: Vec<Range<usize>>,
    pub test_code: Vec<Range<usize>>,
    pub skips: Vec<Range<usize>>,
    pub focuses: Vec<Range<usize>>,
    pub assertions: Vec<Range<usize>>,
    pub file_skipped: bool,
}

/// An entity as its patterns describe it. Of several patterns the last in the file wins.
pub(super) struct Draft {
    pub core: Range<usize>,
    pub kind: Option<(usize, EntityKind)>,
    pub name: Option<(usize, Range<usize>, bool)>,
    pub trait_name: Option<Range<usize>>,
    pub receiver: Option<Range<usize>>,
    pub body: Option<(usize, Range<usize>)>,
    pub visibility: Option<Range<usize>>,
    pub wide: Range<usize>,
    pub docs: Vec<Range<usize>>,
}

impl Found {
    /// # Errors
    /// [`ParseError`] when a limit of the search is reached.
    pub fn search(parsed: &Parsed<'_>) -> Result<Self, ParseError> {
        let mut found = Self::default();
        let compiled = outline_query(parsed.language())?;
        let mut by_node: HashMap<usize, usize> = HashMap::new();
        search(parsed, &compiled.query, |hit| {
            let role =
                |index: u32| compiled.roles.get(index as usize).copied().unwrap_or(Role::Private);
            let item = hit.captures().iter().find(|c| matches!(role(c.index), Role::Item(_)));
            let at = item.map(|capture| {
                *by_node.entry(capture.node.id()).or_insert_with(|| {
                    found.drafts.push(Draft::new(&capture.node));
                    found.drafts.len() - 1
                })
            });
            for capture in hit.captures() {
                found.take(
                    at,
                    hit.pattern_index,
                    role(capture.index),
                    &capture.node,
                    parsed.text(),
                );
            }
        })?;
        for places in [
            &mut found.tests,
            &mut found.test_code,
            &mut found.skips,
            &mut found.focuses,
            &mut found.assertions,
        ] {
            places.sort_by_key(|place| (place.start, place.end));
            places.dedup();
        }
        Ok(found)
    }

    fn take(
        &mut self,
        at: Option<usize>,
        pattern: usize,
        role: Role,
        node: &Node<'_>,
        text: &[u8],
    ) {
        let range = node.byte_range();
        let draft = at.and_then(|at| self.drafts.get_mut(at));
        match (role, draft) {
            (Role::Test, _) => self.tests.push(range),
            (Role::TestCode, _) => self.test_code.push(range),
            (Role::Skip, _) => self.skips.push(range),
            (Role::SkipFile, _) => self.file_skipped = true,
            (Role::Focus, _) => self.focuses.push(range),
            (Role::Assertion, _) => self.assertions.push(range),
            (Role::Export, _) => {
                let name = text.get(range).unwrap_or_default();
                self.exports.insert(String::from_utf8_lossy(name).into_owned());
            }
            (Role::Docs, None) => self.file_docs.push(range),
            (_, Some(draft)) => draft.take(pattern, role, node),
            _ => {}
        }
    }
}

impl Draft {
    fn new(node: &Node<'_>) -> Self {
        Self {
            core: node.byte_range(),
            kind: None,
            name: None,
            trait_name: None,
            receiver: None,
            body: None,
            visibility: None,
            wide: node.byte_range(),
            docs: Vec::new(),
        }
    }

    fn take(&mut self, pattern: usize, role: Role, node: &Node<'_>) {
        let range = node.byte_range();
        match role {
            Role::Item(Some(kind)) if self.kind.is_none_or(|(rank, _)| rank <= pattern) => {
                self.kind = Some((pattern, kind));
            }
            Role::Name if self.name.as_ref().is_none_or(|(rank, ..)| *rank <= pattern) => {
                self.name = Some((pattern, range, node.kind().ends_with("string")));
            }
            Role::TraitName => self.trait_name = Some(range),
            Role::Receiver => self.receiver = Some(range),
            Role::Body => match &mut self.body {
                Some((rank, body)) if *rank == pattern => *body = union(body, &range),
                Some((rank, _)) if *rank > pattern => {}
                body => *body = Some((pattern, range)),
            },
            Role::Visibility => {
                let whole = self.visibility.as_ref().map_or(range.clone(), |v| union(v, &range));
                self.visibility = Some(whole);
            }
            Role::Range => self.wide = union(&self.wide, &range),
            Role::Docs => self.docs.push(range),
            _ => {}
        }
    }
}

fn union(a: &Range<usize>, b: &Range<usize>) -> Range<usize> {
    a.start.min(b.start)..a.end.max(b.end)
}
