//! What the client is shown: made on the pool, of values as they were at one moment.
//!
//! Hundreds of diagnostics take milliseconds to make, to compare with what the client knows and to write down. The main
//! loop hands over what they are made of, and sends what came of it unless somebody typed since: then a pause follows,
//! and with it the next ones.

use std::collections::{BTreeMap, BTreeSet};
use std::mem::{Discriminant, discriminant};
use std::path::PathBuf;
use std::sync::Arc;

use engine::{Board, BoardChange};
use lsp_types::{
    CodeLens, CodeLensParams, Diagnostic, DocumentDiagnosticParams, DocumentDiagnosticReport,
    DocumentDiagnosticReportResult, FullDocumentDiagnosticReport, Location, Range,
    RelatedFullDocumentDiagnosticReport, RelatedUnchangedDocumentDiagnosticReport,
    UnchangedDocumentDiagnosticReport, Uri,
};
use model::{ChangeSetId, Digest, ProposalSeverity, RelPath};
use ropey::Rope;

use crate::command;
use crate::delivery::{Known, News};
use crate::diagnostics::{self, Proofs};
use crate::extension::{self, ChangesetRow};
use crate::jobs::RootId;
use crate::lenses;
use crate::main_loop::{Reply, Wake};
use crate::place_name;
use crate::placement::{Place, PlacedHunk, Unread};
use crate::pool;
use crate::position::{self, Encoding};
use crate::session::{Session, answer};
use crate::settings::Hidden;

/// An open document, with the hunks in it.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    /// As the client spells it.
    pub uri: Uri,
    /// The client's number for the text.
    pub version: i32,
    /// Ours.
    pub revision: u64,
    /// The text.
    pub rope: Rope,
    /// In which repository it is, and where.
    home: Option<(RootId, RelPath)>,
    placed: Arc<Vec<PlacedHunk>>,
    /// Why no hunk is looked for in it, and how many wait.
    unread: Option<(Unread, usize)>,
}

#[cfg(test)]
impl Page {
    /// A page outside of any repository.
    pub(crate) fn new(uri: Uri, revision: u64, rope: Rope) -> Self {
        Self { uri, version: 1, revision, rope, home: None, placed: Arc::default(), unread: None }
    }
}

/// Everything that what is shown is made of.
#[derive(Debug, Clone)]
pub(crate) struct Scene {
    /// The open documents, by URI.
    pages: BTreeMap<String, Page>,
    /// Where the repositories are.
    folders: BTreeMap<RootId, PathBuf>,
    /// What is known of proofs in them.
    proofs: BTreeMap<RootId, Proofs>,
    hidden: Hidden,
    encoding: Encoding,
    severity: ProposalSeverity,
    /// Whether diagnostics point to each other.
    related: bool,
    /// Whether the client is told when places are others.
    follows_places: bool,
    /// Whether the client lists what is proposed, so that nothing is lost on it that is not shown in the text.
    lists: bool,
}

/// Where a hunk is shown, and how it stands.
pub(crate) type Seen = (ChangeSetId, u32, Discriminant<Place>, Range);

/// What was made for a document.
#[derive(Debug)]
pub(crate) struct Made {
    uri: String,
    revision: u64,
    /// What the client is to learn, if it does not know.
    news: Option<News>,
    seen: Arc<Vec<Seen>>,
}

/// What is being made.
#[derive(Debug, Default)]
pub(crate) struct Showing {
    under_way: bool,
    /// The documents to be shown when that is over.
    next: BTreeSet<String>,
    /// Where the hunks were when they were last shown, by document.
    pub(crate) seen: BTreeMap<String, Arc<Vec<Seen>>>,
}

impl Showing {
    /// Whether something is to come.
    pub(crate) fn is_busy(&self) -> bool {
        self.under_way
    }
}

/// The open documents of a scene by where they are, and their hunks by name.
type Index<'s> =
    BTreeMap<&'s (RootId, RelPath), (&'s Page, BTreeMap<(ChangeSetId, u32), &'s Place>)>;

impl Scene {
    /// Where a hunk is in an open document, and how it stands there.
    pub(crate) fn place(
        index: &Index<'_>,
        home: &(RootId, RelPath),
        hunk: (ChangeSetId, u32),
        encoding: Encoding,
    ) -> Option<(Uri, Place, Range)> {
        let (page, hunks) = index.get(home)?;
        let place = *hunks.get(&hunk)?;
        let range = position::shown(&page.rope, &place.bytes(), encoding);
        Some((page.uri.clone(), place.clone(), range))
    }

    /// By where documents are, and by name.
    pub(crate) fn index(&self) -> Index<'_> {
        let mut index = Index::new();
        for page in self.pages.values() {
            let Some(home) = &page.home else { continue };
            index.entry(home).or_insert_with(|| {
                let name = |hunk: &PlacedHunk| (hunk.change.changeset.id, hunk.ordinal);
                let mut hunks = BTreeMap::new();
                for hunk in page.placed.iter() {
                    hunks.entry(name(hunk)).or_insert(&hunk.place);
                }
                (page, hunks)
            });
        }
        index
    }

    /// Where another hunk is: in its buffer, or in the text it was captured against.
    fn location(
        &self,
        index: &Index<'_>,
        root: RootId,
        change: &BoardChange,
        hunk: u32,
    ) -> Option<Location> {
        let path = change.state.paths.get(&hunk)?;
        let home = (root, path.clone());
        if index.contains_key(&home) {
            let name = (change.changeset.id, hunk);
            let (uri, _, range) = Self::place(index, &home, name, self.encoding)?;
            return Some(Location { uri, range });
        }
        let uri = place_name::to_uri(&place_name::absolute(self.folders.get(&root)?, path)?)?;
        Some(Location { uri, range: diagnostics::captured_range(change, hunk)? })
    }

    /// The hunks of a document whose changes are not hidden.
    fn shown<'p>(&self, page: &'p Page) -> Vec<&'p PlacedHunk> {
        page.placed.iter().filter(|hunk| self.hidden.shows(hunk.change.changeset.id)).collect()
    }

    fn diagnostics(&self, page: &Page, index: &Index<'_>) -> Vec<Diagnostic> {
        let Some((root, _)) = page.home else { return Vec::new() };
        let places = |change: &BoardChange, hunk| self.location(index, root, change, hunk);
        let related: Option<diagnostics::Places<'_>> =
            if self.related { Some(&places) } else { None };
        let shown = self.shown(page);
        let none = Proofs::default();
        diagnostics::of(&diagnostics::Shown {
            text: &page.rope,
            placed: &shown,
            encoding: self.encoding,
            severity: self.severity,
            proofs: self.proofs.get(&root).unwrap_or(&none),
            unseen: self.unseen(page),
            related,
        })
    }

    /// How many hunks wait in a document and are not shown, and why; not where somebody wants to see none.
    fn unseen(&self, page: &Page) -> Vec<(usize, &'static str)> {
        if self.hidden.is_all() {
            return Vec::new();
        }
        let mut unseen: Vec<_> =
            page.unread.iter().map(|(unread, count)| (*count, unread.why())).collect();
        if !self.lists {
            let too_many = |hunk: &&PlacedHunk| {
                hunk.place.waits() && !self.hidden.shows(hunk.change.changeset.id)
            };
            let count = page.placed.iter().filter(too_many).count();
            unseen.extend((count > 0).then_some((count, "no more changes are shown at once")));
        }
        unseen
    }

    fn seen(&self, page: &Page) -> Vec<Seen> {
        let seen = |hunk: &PlacedHunk| {
            let range = position::shown(&page.rope, &hunk.place.bytes(), self.encoding);
            (hunk.change.changeset.id, hunk.ordinal, discriminant(&hunk.place), range)
        };
        let of = if self.follows_places { page.placed.as_slice() } else { &[] };
        of.iter().map(seen).collect()
    }

    fn make(&self, documents: Vec<(String, Known)>) -> Vec<Made> {
        let index = self.index();
        let make = |(uri, known): (String, Known)| {
            let page = self.pages.get(&uri)?;
            let news = match known {
                Known::Unsettled => None,
                known => known.news(page, self.diagnostics(page, &index)),
            };
            let (revision, seen) = (page.revision, Arc::new(self.seen(page)));
            Some(Made { uri, revision, news, seen })
        };
        documents.into_iter().filter_map(make).collect()
    }

    /// What is proposed, of each repository: where it is, under which URI, and what its ledger says.
    pub(crate) fn rows(
        &self,
        boards: &[(RootId, PathBuf, Uri, Arc<Board>)],
        proving: &BTreeSet<ChangeSetId>,
    ) -> Vec<ChangesetRow> {
        let index = self.index();
        let of = |(root, folder, at, board): &(RootId, PathBuf, Uri, Arc<Board>)| {
            let home = |path: &RelPath| (*root, path.clone());
            // The client's own spelling of an open file, so that it knows it again.
            let uri = |path: &RelPath| match index.get(&home(path)) {
                Some((page, _)) => Some(page.uri.clone()),
                None => place_name::to_uri(&place_name::absolute(folder, path)?),
            };
            let placed = |change: &BoardChange, hunk: u32| {
                let home = home(change.state.paths.get(&hunk)?);
                let name = (change.changeset.id, hunk);
                let (_, place, range) = Self::place(&index, &home, name, self.encoding)?;
                Some((place, range))
            };
            let shows = |id| self.hidden.shows(id);
            extension::rows(board, at, &uri, &shows, proving, &placed)
        };
        boards.iter().flat_map(of).collect()
    }
}

impl Session {
    /// Everything that what is shown is made of, as it is now. Cost: no text and no hunk is copied.
    pub(crate) fn scene(&self) -> Scene {
        let page = |document: &crate::documents::Document| {
            let uri = document.uri.as_str();
            let home = self.homes.get(uri).cloned();
            let view = self.views.get(uri);
            let placed = view.map(|view| Arc::clone(&view.placed));
            let page = Page {
                uri: document.uri.clone(),
                version: document.version,
                revision: document.revision,
                rope: document.rope().clone(),
                home,
                placed: placed.unwrap_or_default(),
                unread: view.and_then(|view| view.unread),
            };
            (uri.to_owned(), page)
        };
        let folders = self.roots.keys().filter_map(|id| Some((*id, self.folder(*id)?.to_owned())));
        let proofs = self.roots.iter().map(|(id, root)| (*id, root.proofs())).collect();
        Scene {
            proofs,
            pages: self.documents.iter().map(page).collect(),
            folders: folders.collect(),
            hidden: self.preferences.hidden(),
            encoding: self.client.encoding,
            severity: self.preferences.settings.severity,
            related: self.client.related,
            lists: self.client.hears_changes,
            follows_places: self.client.hears_changes || self.client.lenses,
        }
    }

    /// Tells the client what it does not know, or has it ask.
    pub(crate) fn show_all(&mut self) {
        let uris = self.documents.iter().map(|document| document.uri.as_str().to_owned());
        self.showing.next.extend(uris);
        self.show_next();
    }

    /// As [`Session::show_all`], of one document.
    pub(crate) fn show(&mut self, uri: &str) {
        self.showing.next.insert(uri.to_owned());
        self.show_next();
    }

    /// Has the pool make what is to be shown next; one after the other, so that what comes is never older.
    fn show_next(&mut self) {
        if self.showing.under_way {
            return;
        }
        let next = std::mem::take(&mut self.showing.next);
        let documents: Vec<(String, Known)> = next
            .into_iter()
            .filter(|uri| {
                let known = self.delivery.knows_of(uri) || self.showing.seen.contains_key(uri);
                known || self.views.contains_key(uri)
            })
            .map(|uri| {
                let known = self.delivery.known(&uri);
                (uri, known)
            })
            .collect();
        if documents.is_empty() {
            return self.ask_again();
        }
        self.showing.under_way = true;
        let scene = self.scene();
        self.pool.post(Box::new(move || {
            Some(Wake::Shown(pool::caught(|| scene.make(documents), Vec::new())))
        }));
    }

    /// What is to be shown was made. What was typed into since is left to the pause that follows.
    pub(crate) fn was_made(&mut self, made: Vec<Made>) {
        self.showing.under_way = false;
        for Made { uri, revision, news, seen } in made {
            let now = self.documents.get(&uri).map(|document| document.revision);
            if now == Some(revision) {
                self.showing.seen.insert(uri, seen);
                if let Some(outgoing) = news.and_then(|news| self.delivery.learns(news)) {
                    self.outbox.send(outgoing);
                }
            } else if now.is_some() && self.stale.is_none() && !self.placings.contains_key(&uri) {
                self.showing.next.insert(uri);
            }
        }
        if self.showing.next.is_empty() {
            self.ask_again();
        } else {
            self.show_next();
        }
    }

    fn ask_again(&mut self) {
        if let Some(question) = self.delivery.ask_again() {
            self.outbox.send(question);
        }
    }

    /// Answers a client that asks for the diagnostics of a document.
    pub(crate) fn pull(
        &self,
        params: DocumentDiagnosticParams,
        reply: Reply<DocumentDiagnosticReportResult>,
    ) {
        let uri = params.text_document.uri.as_str().to_owned();
        if !self.delivery.is_asked() {
            return answer(reply, Ok(report(&Vec::new(), None)));
        }
        let scene = self.scene();
        self.pool.post(Box::new(move || {
            let items = || {
                let page = scene.pages.get(&uri);
                page.map(|page| scene.diagnostics(page, &scene.index())).unwrap_or_default()
            };
            let items = Arc::new(pool::caught(items, Vec::new()));
            let report = report(&items, params.previous_result_id.as_deref());
            Some(Wake::Pulled { uri, items, report: Box::new(report), reply })
        }));
    }

    /// What a client asked for is there.
    pub(crate) fn pulled(
        &mut self,
        uri: &str,
        items: Arc<Vec<Diagnostic>>,
        report: DocumentDiagnosticReportResult,
        reply: Reply<DocumentDiagnosticReportResult>,
    ) {
        if self.documents.get(uri).is_some() {
            self.delivery.answered(uri, items);
        }
        answer(reply, Ok(report));
    }

    /// Answers what a document shows above its hunks.
    pub(crate) fn lenses(&self, params: &CodeLensParams, reply: Reply<Option<Vec<CodeLens>>>) {
        let uri = params.text_document.uri.as_str().to_owned();
        if !self.views.contains_key(&uri) {
            return answer(reply, Ok(None));
        }
        let scene = self.scene();
        let meant = self.has_several().then(|| params.text_document.uri.clone());
        self.pool.post(Box::new(move || {
            let lenses = || {
                let page = scene.pages.get(&uri)?;
                let mut lenses = lenses::of(&page.rope, &scene.shown(page), scene.encoding);
                if let Some(uri) = &meant {
                    let commands = lenses.iter_mut().filter_map(|lens| lens.command.as_mut());
                    commands.for_each(|it| command::meant(it, uri));
                }
                Some(lenses)
            };
            answer(reply, Ok(pool::caught(lenses, None)));
            None
        }));
    }
}

fn report(items: &Vec<Diagnostic>, previous: Option<&str>) -> DocumentDiagnosticReportResult {
    let result_id = Digest::of_json(items).short();
    let report = if previous == Some(&*result_id) {
        DocumentDiagnosticReport::Unchanged(RelatedUnchangedDocumentDiagnosticReport {
            related_documents: None,
            unchanged_document_diagnostic_report: UnchangedDocumentDiagnosticReport { result_id },
        })
    } else {
        let (result_id, items) = (Some(result_id), items.clone());
        DocumentDiagnosticReport::Full(RelatedFullDocumentDiagnosticReport {
            related_documents: None,
            full_document_diagnostic_report: FullDocumentDiagnosticReport { result_id, items },
        })
    };
    DocumentDiagnosticReportResult::Report(report)
}
