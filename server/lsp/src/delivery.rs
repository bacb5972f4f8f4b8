//! How diagnostics reach the client: it is told them, or it asks for them, and never both.
//!
//! Pure: it is told what happened and answers what to send; moments are handed in. Most clients are told. One
//! that can begin to ask later is first probed with a refresh, because clients were seen to ask and not to
//! know that request: their lists would go stale. Only one that answers it is registered. Until that is
//! settled it is neither told nor answered, so that nothing is shown twice, or shown and taken away again;
//! it is settled once, since a list that was asked for cannot be taken away from outside.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lsp_types::notification::{Notification, PublishDiagnostics};
use lsp_types::request::{DocumentDiagnosticRequest, Request};
use lsp_types::{
    Diagnostic, DiagnosticOptions, DiagnosticRegistrationOptions, Registration, RegistrationParams,
    StaticRegistrationOptions, TextDocumentRegistrationOptions, Uri,
};

use crate::diagnostics::SOURCE;
use crate::outbox::{Continuation, Notice, Outgoing, Question};
use crate::showing::Page;

/// How long a client may take to show that it can be made to ask. After that it is told.
pub(crate) const SETTLE_WAIT: Duration = Duration::from_secs(2);

/// What the client knows, and how it came to know it.
#[derive(Debug, Default)]
pub(crate) struct Delivery {
    way: Way,
    /// What it was last told, and of the text with which revision; by URI.
    told: BTreeMap<String, (u64, Arc<Vec<Diagnostic>>)>,
    /// What a client that asks was last answered, or will be when it asks as it was asked to; by URI.
    /// A document that it leaves alone, as some do with hidden ones, is no reason to ask it twice.
    answered: BTreeMap<String, Arc<Vec<Diagnostic>>>,
    /// Whether the client must ask again.
    outdated: bool,
    /// Whether it was asked to, and did not say yet that it will.
    refreshing: bool,
}

/// What a client knows of the diagnostics of one document.
#[derive(Debug)]
pub(crate) enum Known {
    /// It is neither told nor answered until that is settled.
    Unsettled,
    /// It was told these, of the text with this revision.
    Told(Option<(u64, Arc<Vec<Diagnostic>>)>),
    /// It was answered these, or will be.
    Answered(Option<Arc<Vec<Diagnostic>>>),
}

/// What a client is to learn of one document.
#[derive(Debug)]
pub(crate) struct News {
    uri: Uri,
    revision: u64,
    items: Arc<Vec<Diagnostic>>,
    /// How it is told, where it is not asked to ask.
    message: Option<Notice>,
}

impl Known {
    /// What is news, if these are the diagnostics of a page. Cost: they are compared and written down.
    pub(crate) fn news(&self, page: &Page, items: Vec<Diagnostic>) -> Option<News> {
        let (uri, revision) = (page.uri.clone(), page.revision);
        let message = match self {
            Self::Unsettled => return None,
            // The client moves diagnostics through edits in its own way, so a new text is told anew.
            Self::Told(Some((of, last))) if **last == items && *of == revision => return None,
            Self::Told(None) if items.is_empty() => return None,
            Self::Told(_) => Some(publish(&uri, Some(page.version), &items)?),
            Self::Answered(last) if last.as_deref().map_or(&[][..], Vec::as_slice) == items => {
                return None;
            }
            Self::Answered(_) => None,
        };
        Some(News { uri, revision, items: Arc::new(items), message })
    }
}

fn publish(uri: &Uri, version: Option<i32>, diagnostics: &[Diagnostic]) -> Option<Notice> {
    #[derive(serde::Serialize)]
    struct Publish<'a> {
        uri: &'a Uri,
        diagnostics: &'a [Diagnostic],
        #[serde(skip_serializing_if = "Option::is_none")]
        version: Option<i32>,
    }
    Notice::of(PublishDiagnostics::METHOD, &Publish { uri, diagnostics, version })
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

    /// What the client knows of a document.
    pub(crate) fn known(&self, uri: &str) -> Known {
        match self.way {
            Way::Told => Known::Told(self.told.get(uri).cloned()),
            Way::Probing(_) | Way::Registering(_) => Known::Unsettled,
            Way::Asks => Known::Answered(self.answered.get(uri).cloned()),
        }
    }

    /// Whether it knows of any diagnostics of a document.
    pub(crate) fn knows_of(&self, uri: &str) -> bool {
        self.told.contains_key(uri) || self.answered.contains_key(uri)
    }

    /// The client learns what is news: what to tell it, if it is told.
    pub(crate) fn learns(&mut self, news: News) -> Option<Outgoing> {
        let News { uri, revision, items, message } = news;
        let key = uri.as_str().to_owned();
        match (self.way, message) {
            (Way::Told, Some(message)) => {
                if items.is_empty() {
                    self.told.remove(&key);
                } else {
                    self.told.insert(key, (revision, items));
                }
                return Some(Outgoing::Publish(uri, message));
            }
            (Way::Asks, None) => {
                self.answered.insert(key, items);
                self.outdated = true;
            }
            // It was settled otherwise meanwhile, and all is shown again.
            _ => {}
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

    /// Whether the client asks, so that it is to be answered.
    pub(crate) fn is_asked(&self) -> bool {
        self.way == Way::Asks
    }

    /// The client asked, and these are answered.
    pub(crate) fn answered(&mut self, uri: &str, items: Arc<Vec<Diagnostic>>) {
        self.answered.insert(uri.to_owned(), items);
    }

    /// Forgets a document that was closed, and answers the empty list that it owes.
    pub(crate) fn forget(&mut self, uri: &Uri) -> Option<Outgoing> {
        self.answered.remove(uri.as_str());
        self.told.remove(uri.as_str())?;
        publish(uri, None, &[]).map(|notice| Outgoing::Publish(uri.clone(), notice))
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

#[cfg(test)]
mod tests {
    use ropey::Rope;

    use super::*;

    #[test]
    fn the_client_is_told_once_and_owed_an_empty_list() {
        let page = |revision| Page::new("file:///r/a.rs".parse().unwrap(), revision, Rope::new());
        let uri = &page(1).uri;
        let mut delivery = Delivery::default();
        let told = |delivery: &mut Delivery, revision, items: &[&str]| {
            let item =
                |text: &&str| Diagnostic { message: (*text).into(), ..Diagnostic::default() };
            let items = items.iter().map(item).collect();
            let news = delivery.known(uri.as_str()).news(&page(revision), items);
            news.and_then(|news| delivery.learns(news)).is_some()
        };
        assert!(!told(&mut delivery, 1, &[]));
        assert!(told(&mut delivery, 1, &["x"]) && !told(&mut delivery, 1, &["x"]));
        assert!(told(&mut delivery, 2, &["x"]), "of another text");
        assert!(told(&mut delivery, 2, &[]) && delivery.forget(uri).is_none());
        assert!(told(&mut delivery, 2, &["x"]));
        assert!(delivery.forget(uri).is_some() && delivery.forget(uri).is_none());
    }
}
