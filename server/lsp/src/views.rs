//! What is shown of the session: places, diagnostics, hovers and actions.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use engine::BoardChange;
use lsp_types::{
    CodeActionOrCommand, CodeActionParams, Diagnostic, DocumentDiagnosticParams,
    DocumentDiagnosticReport, DocumentDiagnosticReportResult, FullDocumentDiagnosticReport, Hover,
    HoverParams, Location, RelatedFullDocumentDiagnosticReport,
    RelatedUnchangedDocumentDiagnosticReport, UnchangedDocumentDiagnosticReport,
};
use model::Digest;

use crate::actions::{self, Asked};
use crate::diagnostics;
use crate::documents::Edit;
use crate::engine_thread::RootId;
use crate::hover;
use crate::main_loop::Refusal;
use crate::outbox::{Continuation, Outgoing, Question};
use crate::place_name;
use crate::placement::{self, PlacedHunk};
use crate::position;
use crate::session::Session;

/// How long the person must have stopped typing before places are found by content again.
const QUIET: Duration = Duration::from_millis(60);

/// The hunks in one document.
#[derive(Debug, Default)]
pub(crate) struct View {
    placed: Vec<PlacedHunk>,
    /// The revision of the text and the event of the board that they were placed for.
    of: (u64, u64),
}

/// What clients that ask were last answered, to know when they must ask again.
#[derive(Debug, Default)]
pub(crate) struct Pulled {
    last: BTreeMap<String, Vec<Diagnostic>>,
    asking: bool,
    again: bool,
}

impl Pulled {
    /// Forgets a document that was closed.
    pub(crate) fn forget(&mut self, uri: &str) {
        self.last.remove(uri);
    }
}

impl Session {
    /// Moves the places of a document through edits; content decides when the person pauses.
    pub(crate) fn moved(&mut self, uri: &str, edits: &[Edit], now: Instant) {
        if let Some(view) = self.views.get_mut(uri) {
            placement::shift(&mut view.placed, edits);
        }
        if self.homes.contains_key(uri) {
            self.stale = Some(now + QUIET);
        }
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
        let of = (document.revision, root.board.seq);
        if self.views.get(uri).is_some_and(|view| view.of == of) {
            return;
        }
        let placed = placement::place(path, document.text(), &root.board);
        self.views.insert(uri.to_owned(), View { placed, of });
    }

    /// Tells the client what it does not know, or has it ask.
    pub(crate) fn show_all(&mut self) {
        let uris: Vec<String> = self.documents.iter().map(|d| d.uri.as_str().to_owned()).collect();
        let mut outdated = false;
        for uri in uris {
            let items = self.diagnostics(&uri);
            if self.client.pulls {
                outdated |= self.pulled.last.get(&uri).map_or(&[][..], Vec::as_slice) != items;
            } else if let Some(document) = self.documents.get(&uri)
                && let Some(publish) = self.published.update(document, items)
            {
                self.outbox.send(Outgoing::Publish(publish));
            }
        }
        if outdated {
            self.ask_to_refresh();
        }
    }

    fn ask_to_refresh(&mut self) {
        if self.pulled.asking {
            self.pulled.again = true;
            return;
        }
        self.pulled.asking = true;
        self.outbox
            .send(Outgoing::Ask(Box::new(Question::RefreshDiagnostics), Continuation::Refresh));
    }

    /// The client asks again, or cannot be made to: then it is told instead.
    pub(crate) fn refresh_answered(&mut self, outcome: Result<(), String>) {
        self.pulled.asking = false;
        if let Err(reason) = outcome {
            tracing::info!(
                reason,
                "the client cannot refresh diagnostics: they are pushed from now on"
            );
            self.client.pulls = false;
            self.show_all();
        } else if std::mem::take(&mut self.pulled.again) {
            self.show_all();
        }
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

    /// Answers a client that asks for the diagnostics of a document.
    pub(crate) fn pull(
        &mut self,
        params: &DocumentDiagnosticParams,
    ) -> Result<DocumentDiagnosticReportResult, Refusal> {
        let uri = params.text_document.uri.as_str();
        let items = if self.client.pulls { self.diagnostics(uri) } else { Vec::new() };
        self.pulled.last.insert(uri.to_owned(), items.clone());
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

    /// Whether a document holds accepted hunks of its file, by content.
    pub(crate) fn holds_accepted(&mut self, uri: &str) -> bool {
        self.place(uri);
        self.views.get(uri).is_some_and(|view| {
            view.placed.iter().any(|hunk| {
                let state = hunk.change.state.hunks.get(&hunk.ordinal);
                matches!(state, Some(model::HunkState::Accepted { saved: false, .. }))
            })
        })
    }
}
