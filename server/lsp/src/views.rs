//! What is shown of the session: places, diagnostics, hovers and actions.

use std::time::{Duration, Instant};

use engine::BoardChange;
use lsp_types::{
    CodeActionOrCommand, CodeActionParams, Diagnostic, DocumentDiagnosticParams,
    DocumentDiagnosticReport, DocumentDiagnosticReportResult, FullDocumentDiagnosticReport, Hover,
    HoverParams, Location, RelatedFullDocumentDiagnosticReport,
    RelatedUnchangedDocumentDiagnosticReport, UnchangedDocumentDiagnosticReport,
};
use model::{Digest, HunkState};

use crate::actions::{self, Asked};
use crate::diagnostics;
use crate::documents::Edit;
use crate::engine_thread::RootId;
use crate::hover;
use crate::main_loop::Refusal;
use crate::place_name;
use crate::placement::{self, Place, PlacedHunk};
use crate::position;
use crate::session::Session;

/// How long the person must have stopped typing before places are found by content again.
const QUIET: Duration = Duration::from_millis(60);

/// The hunks in one document.
#[derive(Debug, Default)]
pub(crate) struct View {
    placed: Vec<PlacedHunk>,
    /// The revision of the text and the number of the board that they were placed for.
    of: (u64, u64),
}

impl Session {
    /// Moves the places of a document through edits; content decides when the person pauses.
    pub(crate) fn moved(&mut self, uri: &str, edits: &[Edit], now: Instant) {
        if let Some(view) = self.views.get_mut(uri) {
            placement::shift(&mut view.placed, edits);
        }
        if self.homes.contains_key(uri) {
            self.look_soon(now);
        }
    }

    /// Has content decide again when all was quiet for a while.
    pub(crate) fn look_soon(&mut self, now: Instant) {
        self.stale = Some(now + QUIET);
    }

    /// Places and shows again what is out of date: one document, or all.
    pub(crate) fn refresh(&mut self, only: Option<&str>) {
        let uris = self.homes.keys().filter(|uri| only.is_none_or(|only| *uri == only));
        for uri in uris.cloned().collect::<Vec<_>>() {
            self.place(&uri);
        }
        self.show_all();
    }

    /// Places and shows again the documents of a repository.
    pub(crate) fn refresh_root(&mut self, id: RootId) {
        let uris = self.homes.iter().filter(|(_, (root, _))| *root == id).map(|(uri, _)| uri);
        for uri in uris.cloned().collect::<Vec<_>>() {
            self.place(&uri);
        }
        self.show_all();
    }

    fn place(&mut self, uri: &str) {
        let Some(document) = self.documents.get(uri) else { return };
        let Some((id, path)) = self.homes.get(uri) else { return };
        let Some(root) = self.roots.get(id) else { return };
        let of = (document.revision, root.boards);
        if self.views.get(uri).is_some_and(|view| view.of == of) {
            return;
        }
        let placed = placement::place(path, document.text(), &root.board);
        self.views.insert(uri.to_owned(), View { placed, of });
    }

    /// Tells the client what it does not know, or has it ask.
    pub(crate) fn show_all(&mut self) {
        let uris: Vec<String> = self.documents.iter().map(|d| d.uri.as_str().to_owned()).collect();
        for uri in uris {
            let items = self.diagnostics(&uri);
            if let Some(document) = self.documents.get(&uri)
                && let Some(publish) = self.delivery.show(document, items)
            {
                self.outbox.send(publish);
            }
        }
        if let Some(question) = self.delivery.ask_again() {
            self.outbox.send(question);
        }
    }

    /// The client will ask for diagnostics again, or cannot be made to.
    pub(crate) fn refresh_answered(&mut self, outcome: Result<(), String>) {
        if let Some(question) = self.delivery.refresh_answered(outcome) {
            self.outbox.send(question);
        }
        self.show_all();
    }

    /// The client asks for diagnostics from now on, or does not want to.
    pub(crate) fn registration_answered(&mut self, outcome: Result<(), String>) {
        self.delivery.registration_answered(outcome);
        self.show_all();
    }

    fn diagnostics(&self, uri: &str) -> Vec<Diagnostic> {
        let (Some(document), Some(view), Some((id, _))) =
            (self.documents.get(uri), self.views.get(uri), self.homes.get(uri))
        else {
            return Vec::new();
        };
        let places = |change: &BoardChange, hunk: u32| self.location(*id, change, hunk);
        let related: Option<diagnostics::Places<'_>> =
            if self.client.related { Some(&places) } else { None };
        diagnostics::of(document, &view.placed, self.client.encoding, related)
    }

    /// Where another hunk is: in its buffer, or in the text it was captured against.
    fn location(&self, id: RootId, change: &BoardChange, ordinal: u32) -> Option<Location> {
        let path = change.state.paths.get(&ordinal)?;
        if let Some(uri) = self.uri_of(id, path) {
            let (document, view) = (self.documents.get(uri)?, self.views.get(uri)?);
            let same = |p: &&PlacedHunk| {
                p.ordinal == ordinal && p.change.changeset.id == change.changeset.id
            };
            let bytes = view.placed.iter().find(same)?.place.bytes();
            let range = position::shown(document.rope(), &bytes, self.client.encoding);
            return Some(Location { uri: document.uri.clone(), range });
        }
        let uri = place_name::to_uri(&place_name::absolute(self.folder(id)?, path)?)?;
        Some(Location { uri, range: diagnostics::captured_range(change, ordinal)? })
    }

    /// Why these hunks of a ChangeSet have no place in the documents that are open, in words.
    pub(crate) fn why_nowhere(&self, changeset: model::ChangeSetId, hunks: &[u32]) -> String {
        let placed = self.views.values().flat_map(|view| &view.placed);
        let of =
            placed.filter(|p| p.change.changeset.id == changeset && hunks.contains(&p.ordinal));
        of.filter_map(|placed| match &placed.place {
            Place::Nowhere { reason } => {
                Some(format!("\nHunk {} has no place any more: {reason}.", placed.ordinal))
            }
            _ => None,
        })
        .collect()
    }

    /// Answers a client that asks for the diagnostics of a document.
    pub(crate) fn pull(
        &mut self,
        params: &DocumentDiagnosticParams,
    ) -> Result<DocumentDiagnosticReportResult, Refusal> {
        let uri = params.text_document.uri.as_str();
        let items = self.diagnostics(uri);
        let items = self.delivery.answer(uri, items);
        let result_id = Digest::of_json(&items).short();
        let report = if params.previous_result_id.as_ref() == Some(&result_id) {
            DocumentDiagnosticReport::Unchanged(RelatedUnchangedDocumentDiagnosticReport {
                related_documents: None,
                unchanged_document_diagnostic_report: UnchangedDocumentDiagnosticReport {
                    result_id,
                },
            })
        } else {
            let result_id = Some(result_id);
            DocumentDiagnosticReport::Full(RelatedFullDocumentDiagnosticReport {
                related_documents: None,
                full_document_diagnostic_report: FullDocumentDiagnosticReport { result_id, items },
            })
        };
        Ok(DocumentDiagnosticReportResult::Report(report))
    }

    /// What a person reads at a place.
    pub(crate) fn hover(&self, params: &HoverParams) -> Option<Hover> {
        let at = &params.text_document_position_params;
        let uri = at.text_document.uri.as_str();
        let (document, view) = (self.documents.get(uri)?, self.views.get(uri)?);
        let (encoding, markup) = (self.client.encoding, self.client.markup.clone());
        hover::at(document, &view.placed, at.position, encoding, markup)
    }

    /// What a person can do at a place.
    pub(crate) fn actions(&self, params: &CodeActionParams) -> Option<Vec<CodeActionOrCommand>> {
        let uri = params.text_document.uri.as_str();
        let (document, view) = (self.documents.get(uri)?, self.views.get(uri)?);
        let (_, path) = self.homes.get(uri)?;
        Some(actions::at(&Asked {
            document,
            path,
            placed: &view.placed,
            range: params.range,
            only: params.context.only.as_deref(),
            diagnostics: &params.context.diagnostics,
            encoding: self.client.encoding,
            literals: self.client.literals,
        }))
    }

    /// Whether the buffer of a document may hold an acceptance, an undo or a rejection that the disk does not know of.
    pub(crate) fn holds_unsaved(&self, uri: &str) -> bool {
        let Some(home) = self.homes.get(uri) else { return false };
        let Some(root) = self.roots.get(&home.0) else { return false };
        let unsaved = |state: &HunkState| {
            matches!(
                state,
                HunkState::Accepted { saved: false, .. }
                    | HunkState::Undone { saved: false, .. }
                    | HunkState::Rejected { saved: false, .. }
            )
        };
        root.board.changes.iter().any(|change| {
            let state = &change.state;
            state.hunks.iter().any(|(h, s)| unsaved(s) && state.paths.get(h) == Some(&home.1))
        })
    }
}
