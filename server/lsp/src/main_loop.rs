//! The main loop: it owns the [`Session`] and does one thing after the other.
//!
//! It never waits for the client, the ledger, git or files, and compares no texts: it waits for the next [`Wake`]. So it
//! shares a thread with what reads and writes messages: a keystroke that passed from thread to thread would wait each time
//! until that one gets its turn.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lsp_types::{
    CodeActionOrCommand, CodeActionParams, CodeLens, CodeLensParams, Diagnostic,
    DidChangeTextDocumentParams, DocumentDiagnosticParams, DocumentDiagnosticReportResult,
    ExecuteCommandParams, Hover, HoverParams, InitializeParams, InitializeResult, NumberOrString,
    TextDocumentItem, Uri, WorkspaceFoldersChangeEvent,
};
use model::Digest;
use serde_json::Value;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::sync::oneshot;
use tokio::time::timeout_at;

use crate::approval::Choice;
use crate::extension::{Changesets, DocumentParams, DocumentText, Status};
use crate::jobs::{Done, RootId};
use crate::outbox::Continuation;
use crate::placement::Sides;
use crate::session::Session;
use crate::showing::Made;
use crate::tasks::Placed;
use crate::views::{Found, Moment};

/// Where an answer goes. One that the client cancelled goes nowhere.
pub(crate) type Reply<T> = oneshot::Sender<Result<T, Refusal>>;

/// Where what wakes the main loop is put, from any thread.
pub(crate) type Inbox = UnboundedSender<Wake>;

/// How long what was asked for may take to end when the connection is over.
const LEAVE_WAIT: Duration = Duration::from_secs(3);

/// Everything that can wake the main loop.
#[derive(Debug)]
pub(crate) enum Wake {
    /// `initialize`
    Initialize(Box<InitializeParams>, Reply<InitializeResult>),
    /// `initialized`
    Initialized,
    /// `textDocument/didOpen`
    Opened(TextDocumentItem),
    /// `textDocument/didChange`
    Changed(DidChangeTextDocumentParams),
    /// `textDocument/didSave`
    Saved(Uri),
    /// `textDocument/didClose`
    Closed(Uri),
    /// `workspace/didChangeWorkspaceFolders`
    Folders(WorkspaceFoldersChangeEvent),
    /// `textDocument/diagnostic`
    Diagnostic(DocumentDiagnosticParams, Reply<DocumentDiagnosticReportResult>),
    /// `textDocument/hover`
    Hover(HoverParams, Reply<Option<Hover>>),
    /// `textDocument/codeAction`
    Actions(CodeActionParams, Reply<Option<Vec<CodeActionOrCommand>>>),
    /// `textDocument/codeLens`
    Lenses(CodeLensParams, Reply<Option<Vec<CodeLens>>>),
    /// `countersign/changesets`
    Changesets(Reply<Changesets>),
    /// `countersign/document`
    Document(DocumentParams, Reply<DocumentText>),
    /// `countersign/status`
    Status(Reply<Status>),
    /// `workspace/executeCommand`
    Command(ExecuteCommandParams, Reply<Option<Value>>),
    /// `workspace/didChangeConfiguration`
    SettingsChanged(Value),
    /// The client said what is set.
    Settings(Value),
    /// `window/workDoneProgress/cancel`
    ProgressCancelled(NumberOrString),
    /// The person chose what becomes of these commands of a repository.
    Chosen { root: RootId, digest: Digest, choice: Choice },
    /// The person chose whether workers may take more time.
    Allowed { root: RootId, choice: Choice },
    /// The client answered a question; `Err` says why it did not do it.
    Answered(Continuation, Result<(), String>),
    /// An engine is done with something, or its ledger moved.
    Engine(RootId, Box<Done>),
    /// The pool has found where the hunks are in a document.
    Placed { uri: String, of: Moment, found: Found },
    /// The pool has found that a folder is in a repository that lies in the one that is served.
    Innermost { folder: PathBuf, inner: PathBuf },
    /// The pool has made what is to be shown.
    Shown(Vec<Made>),
    /// The pool has made what a client asked for.
    Pulled {
        uri: String,
        items: Arc<Vec<Diagnostic>>,
        report: Box<DocumentDiagnosticReportResult>,
        reply: Reply<DocumentDiagnosticReportResult>,
    },
    /// The pool has found which sides of the watched hunks of a document are in it.
    Sided { uri: String, of: Moment, sides: Sides },
    /// The pool has found what can be done at a place.
    Offered { actions: Vec<CodeActionOrCommand>, reply: Reply<Option<Vec<CodeActionOrCommand>>> },
    /// The pool has found what the place is that work is asked for at.
    AskedFor(Box<Placed>),
    /// A deadline of the session has come.
    Timer,
    /// `shutdown`
    Shutdown(Reply<()>),
    /// The connection is over.
    Exit,
}

/// Why a request is not answered as asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The parameters are wrong; the message names which.
    InvalidParams(String),
    /// It cannot be done.
    Failed(String),
    /// The world moved since; ask again.
    Moved(String),
    /// Our bug.
    Internal(String),
}

impl Refusal {
    /// Nobody is left to answer.
    pub(crate) fn lost() -> Self {
        Self::Internal("the server lost the request".to_owned())
    }
}

/// Runs until the connection is over, and gives back the session, whose end waits for its engines.
pub(crate) async fn run(mut session: Session, mut inbox: UnboundedReceiver<Wake>) -> Session {
    loop {
        let wake = match session.deadline() {
            None => inbox.recv().await,
            Some(at) => timeout_at(at.into(), inbox.recv()).await.unwrap_or(Some(Wake::Timer)),
        };
        match wake {
            Some(Wake::Exit) | None => {
                leave(&mut session, &mut inbox).await;
                return session;
            }
            Some(wake) => session.handle(wake, Instant::now()),
        }
    }
}

/// Ends what was asked for, and waits a little for it, so that its end is recorded and nothing is left of it. What takes longer ends
/// with this process, and is settled by the next.
async fn leave(session: &mut Session, inbox: &mut UnboundedReceiver<Wake>) {
    session.end_tasks();
    let until = Instant::now() + LEAVE_WAIT;
    while session.has_tasks() {
        match timeout_at(until.into(), inbox.recv()).await {
            Ok(Some(wake @ Wake::Engine(..))) => session.handle(wake, Instant::now()),
            Ok(Some(_)) => {}
            Ok(None) | Err(_) => return,
        }
    }
}
