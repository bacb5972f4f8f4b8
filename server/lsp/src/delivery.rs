//! How diagnostics reach the client: it is told them, or it asks for them, and never both.
//!
//! Pure: it is told what happened and answers what to send; moments are handed in. Most clients are told. One
//! that can begin to ask later is first probed with a refresh, because clients were seen to ask and not to
//! know that request: their lists would go stale. Only one that answers it is registered. Until that is
//! settled it is neither told nor answered, so that nothing is shown twice, or shown and taken away again;
//! it is settled once, since a list that was asked for cannot be taken away from outside.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use lsp_types::request::{DocumentDiagnosticRequest, Request};
use lsp_types::{
    Diagnostic, DiagnosticOptions, DiagnosticRegistrationOptions, Registration, RegistrationParams,
    StaticRegistrationOptions, TextDocumentRegistrationOptions, Uri,
};

use crate::diagnostics::{Published, SOURCE};
use crate::documents::Document;
use crate::outbox::{Continuation, Outgoing, Question};

/// How long a client may take to show that it can be made to ask. After that it is told.
pub(crate) const SETTLE_WAIT: Duration = Duration::from_secs(2);

/// What the client knows, and how it came to know it.
#[derive(Debug, Default)]
pub(crate) struct Delivery {
    way: Way,
    published: Published,
    /// What a client that asks was last answered, or will be when it asks as it was asked to; by URI.
    /// A document that it leaves alone, as some do with hidden ones, is no reason to ask it twice.
    known: BTreeMap<String, Vec<Diagnostic>>,
    /// Whether the client must ask again.
    outdated: bool,
    /// Whether it was asked to, and did not say yet that it will.
    refreshing: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Way {
    /// The client is told.
    #[default]
    Told,
    /// It is not known until then whether it can be made to ask again.
    Probing(Instant),
    /// It has not agreed until then to ask.
    Registering(Instant),
    /// It asks.
    Asks,
}

impl Delivery {
    /// The question that shows whether the client can be made to ask.
    pub(crate) fn probe(&mut self, now: Instant) -> Outgoing {
        self.way = Way::Probing(now + SETTLE_WAIT);
        refresh()
    }

    /// When to be woken at the latest.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        match self.way {
            Way::Probing(until) | Way::Registering(until) => Some(until),
            Way::Told | Way::Asks => None,
        }
    }

    /// Gives up on a client that does not answer, and answers whether it is told from now on.
    pub(crate) fn expire(&mut self, now: Instant) -> bool {
        let late = self.deadline().is_some_and(|until| until <= now);
        if late {
            tracing::info!(
                "the client does not say whether it asks for diagnostics: it is told them"
            );
            self.way = Way::Told;
        }
        late
    }

    /// What to tell about a document now, if the client is told and does not know.
    pub(crate) fn show(&mut self, document: &Document, items: Vec<Diagnostic>) -> Option<Outgoing> {
        match self.way {
            Way::Told => return self.published.update(document, items).map(Outgoing::Publish),
            Way::Probing(_) | Way::Registering(_) => {}
            Way::Asks => {
                let known = self.known.get(document.uri.as_str());
                if known.map_or(&[][..], Vec::as_slice) != items {
                    self.known.insert(document.uri.as_str().to_owned(), items);
                    self.outdated = true;
                }
            }
        }
        None
    }

    /// The question to ask again, if something was shown since that the client does not know.
    pub(crate) fn ask_again(&mut self) -> Option<Outgoing> {
        if !self.outdated || self.refreshing {
            return None;
        }
        (self.outdated, self.refreshing) = (false, true);
        Some(refresh())
    }

    /// The client will ask again, or cannot. All must be shown again after it.
    pub(crate) fn refresh_answered(&mut self, outcome: Result<(), String>) -> Option<Outgoing> {
        match (self.way, outcome) {
            (Way::Probing(until), Ok(())) => {
                self.way = Way::Registering(until);
                let question = Question::Register(registration());
                return Some(Outgoing::Ask(Box::new(question), Continuation::Registration));
            }
            (Way::Probing(_), Err(reason)) => {
                tracing::info!(reason, "the client cannot refresh diagnostics: it is told them");
                self.way = Way::Told;
            }
            (Way::Asks, Err(reason)) => {
                tracing::warn!(reason, "the client did not refresh diagnostics: they may be stale");
                self.refreshing = false;
            }
            (Way::Asks, Ok(())) => self.refreshing = false,
            // Too late.
            (Way::Told | Way::Registering(_), _) => {}
        }
        None
    }

    /// The client asks from now on, or does not want to. All must be shown again after it.
    pub(crate) fn registration_answered(&mut self, outcome: Result<(), String>) {
        self.way = match (self.way, outcome) {
            (Way::Registering(_), Ok(())) => Way::Asks,
            (Way::Registering(_), Err(reason)) => {
                tracing::info!(reason, "the client does not ask for diagnostics: it is told them");
                Way::Told
            }
            (way, _) => way,
        };
    }

    /// The answer to a client that asks: nothing, unless that was settled.
    pub(crate) fn answer(&mut self, uri: &str, items: Vec<Diagnostic>) -> Vec<Diagnostic> {
        if self.way != Way::Asks {
            return Vec::new();
        }
        self.known.insert(uri.to_owned(), items.clone());
        items
    }

    /// Forgets a document that was closed, and answers the empty list that it owes.
    pub(crate) fn forget(&mut self, uri: &Uri) -> Option<Outgoing> {
        self.known.remove(uri.as_str());
        self.published.clear(uri).map(Outgoing::Publish)
    }
}

fn refresh() -> Outgoing {
    Outgoing::Ask(Box::new(Question::RefreshDiagnostics), Continuation::Refresh)
}

/// The client asks for every document that it tells us of.
fn registration() -> RegistrationParams {
    let options = DiagnosticRegistrationOptions {
        text_document_registration_options: TextDocumentRegistrationOptions {
            document_selector: None,
        },
        diagnostic_options: DiagnosticOptions {
            identifier: Some(SOURCE.to_owned()),
            inter_file_dependencies: true,
            workspace_diagnostics: false,
            ..DiagnosticOptions::default()
        },
        static_registration_options: StaticRegistrationOptions::default(),
    };
    let registration = Registration {
        id: "countersign-diagnostics".to_owned(),
        method: DocumentDiagnosticRequest::METHOD.to_owned(),
        register_options: serde_json::to_value(options).ok(),
    };
    RegistrationParams { registrations: vec![registration] }
}
