//! What the server says to the client, and who waits for the answers. The main loop never waits itself.

use lsp_types::{
    ApplyWorkspaceEditParams, MessageType, NumberOrString, ProgressParams, RegistrationParams,
    ShowMessageRequestParams, Uri,
};
use model::Digest;
use serde::Serialize;
use tokio::sync::mpsc::UnboundedSender;

use crate::extension::Status;
use crate::jobs::{RootId, Token};
use crate::wire;

/// A notification as it goes over the wire.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Notice(pub(crate) Vec<u8>);

impl Notice {
    /// Writes it down; `None`: it is not JSON, which is our bug.
    pub(crate) fn of(method: &str, params: &impl Serialize) -> Option<Self> {
        #[derive(Serialize)]
        struct Notification<'a, P> {
            jsonrpc: &'a str,
            method: &'a str,
            params: &'a P,
        }
        let mut bytes = Vec::new();
        wire::frame(&Notification { jsonrpc: "2.0", method, params }, &mut bytes);
        (!bytes.is_empty()).then_some(Self(bytes))
    }
}

impl std::fmt::Debug for Notice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.0))
    }
}

/// A message to the client.
#[derive(Debug)]
pub(crate) enum Outgoing {
    /// The diagnostics of a document, written down where there was time for it. Until they are said, newer ones take their place.
    Publish(Uri, Notice),
    /// One line for the person.
    Say(MessageType, String),
    /// What the extension protocol lists has changed.
    Changed(Status),
    /// How something that takes its time stands.
    Progress(ProgressParams),
    /// A question; the answer comes back with the continuation.
    Ask(Box<Question>, Continuation),
}

/// A question to the client.
#[derive(Debug)]
pub(crate) enum Question {
    /// Change these texts.
    Edit(ApplyWorkspaceEditParams),
    /// Ask for the diagnostics again.
    RefreshDiagnostics,
    /// Ask for the code lenses again.
    RefreshLenses,
    /// From now on, use this of us.
    Register(RegistrationParams),
    /// What is set in this section.
    Settings(String),
    /// Show progress under this name.
    Progress(NumberOrString),
    /// What the person says to these commands of a repository.
    Choose { root: RootId, digest: Digest, params: ShowMessageRequestParams },
    /// What the person says to more time for workers.
    Allow { root: RootId, params: ShowMessageRequestParams },
}

/// What to go on with when the answer comes: plain data, so that nothing else is held meanwhile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Continuation {
    /// An edit of these files of a command.
    Edit { token: Token, files: Vec<usize> },
    /// A refresh, or the probe whether there can be any.
    Refresh,
    /// That it is to ask for diagnostics.
    Registration,
    /// Nothing hangs on the answer.
    Nothing,
    /// A place to show the progress of a task.
    Progress(Token),
}

/// Sends to the client.
#[derive(Debug, Clone)]
pub(crate) struct Outbox(pub UnboundedSender<Outgoing>);

impl Outbox {
    /// Sends without waiting. A client that is gone hears nothing.
    pub(crate) fn send(&self, outgoing: Outgoing) {
        if self.0.send(outgoing).is_err() {
            tracing::debug!("the client is gone");
        }
    }

    /// Says one line to the person.
    pub(crate) fn say(&self, kind: MessageType, text: String) {
        self.send(Outgoing::Say(kind, text));
    }
}
