//! The wire: the only module that names tower-lsp.
//!
//! Messages are read and written by `wire`; what the protocol says of their order in a session is decided here,
//! since the library reads no further after a message it cannot read, and leaves some requests without an answer.
//! Every handler posts to the main loop synchronously, before it first waits, which keeps messages in the order
//! they came; then it awaits the answer. A request that the client cancels drops its future, and the answer goes
//! nowhere. Questions to the client are spawned, so that nothing waits for it.

use std::collections::VecDeque;
use std::future::{poll_fn, ready};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use engine::Clock;
use futures::channel::mpsc;
use futures::{FutureExt, SinkExt, Stream, StreamExt, join, stream, stream_select};
use lsp_types::notification::{Notification, Progress, ShowMessage, WorkDoneProgressCancel};
use lsp_types::request::{
    ApplyWorkspaceEdit, CodeLensRefresh, RegisterCapability, ShowMessageRequest,
    WorkDoneProgressCreate, WorkspaceConfiguration, WorkspaceDiagnosticRefresh,
};
use lsp_types::*;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::sync::oneshot;
use tower_lsp::jsonrpc::{Error, ErrorCode, Id, Request, Response, Result};
use tower_lsp::{Client, ClientSocket, LanguageServer, LspService};
use tower_service::Service;

use crate::ServeError;
use crate::approval;
use crate::approval::Choice;
use crate::engine_thread::Engines;
use crate::extension::{self, Changed, Changesets, DocumentParams, DocumentText, Nothing, Status};
use crate::main_loop::{self, Inbox, Refusal, Reply, Wake};
use crate::outbox::{Continuation, Notice, Outbox, Outgoing, Question};
use crate::place_name;
use crate::pool::Pool;
use crate::session::Session;
use crate::wire::{self, Frames, Incoming};

/// How many requests may wait for their answers: few would keep even `didChange` and cancellation from being read.
const CONCURRENCY: usize = 1024;
/// How many messages may wait to be handled.
const QUEUE: usize = 100;
/// How much is written at once, in bytes, but for a message that is longer.
const WRITTEN_MAX: usize = 64 << 10;
/// The protocol's code for a request that is valid and cannot be done; lsp-types has no name for it.
const REQUEST_FAILED: i64 = -32803;
/// The protocol's code for a request before `initialize`.
const NOT_INITIALIZED: i64 = -32002;

/// Serves one client until the connection is over.
pub(crate) async fn serve<I, O>(
    clock: Clock,
    engines: Engines,
    stdin: I,
    stdout: O,
) -> std::result::Result<(), ServeError>
where
    I: AsyncRead + Unpin,
    O: AsyncWrite,
{
    let (inbox, wakes) = unbounded_channel();
    let (outbox, outgoing) = unbounded_channel();
    let over = OverOnDrop(inbox.clone());
    let session_inbox = inbox.clone();
    let pool = Pool::start(&inbox).map_err(ServeError::Thread)?;
    let session = Session::new(clock, engines, pool, Outbox(outbox), session_inbox);
    let main_loop = tokio::spawn(main_loop::run(session, wakes));
    let shut_down = Arc::new(AtomicBool::new(false));
    let mut client = None;
    let service = LspService::build(|handle| {
        client = Some(handle);
        Shims { inbox: inbox.clone(), shut_down: Arc::clone(&shut_down) }
    });
    let (service, socket) = service
        .custom_method(extension::CHANGESETS, Shims::changesets)
        .custom_method(extension::DOCUMENT, Shims::document)
        .custom_method(extension::STATUS, Shims::status)
        .custom_method(WorkDoneProgressCancel::METHOD, Shims::progress_cancelled)
        .finish();
    let Some(client) = client else { return Err(ServeError::MainLoop) };
    let (notify, notices) = mpsc::channel(QUEUE);
    let mut speaking = tokio::spawn(speak(client, outgoing, notify, inbox));
    let serving = exchange(service, socket, notices, stdin, stdout);
    let crashed = tokio::select! {
        () = serving => false,
        // Only the main loop holds the other end, so this ends before the client does only if it died.
        _ = &mut speaking => true,
    };
    speaking.abort();
    drop(over);
    let Ok(session) = main_loop.await else { return Err(ServeError::MainLoop) };
    let ended = tokio::task::spawn_blocking(move || drop(session));
    if crashed || ended.await.is_err() {
        return Err(ServeError::MainLoop);
    }
    if shut_down.load(Ordering::SeqCst) { Ok(()) } else { Err(ServeError::NoShutdown) }
}

/// Where a session is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Nobody was greeted yet.
    New,
    /// `initialize` was answered.
    Greeted,
    /// `shutdown` came.
    Over,
}

/// A message to the client.
enum Said {
    Request(Request),
    Response(Response),
    Notice(Notice),
}

impl Said {
    fn frame(&self, to: &mut Vec<u8>) {
        match self {
            Self::Request(request) => wire::frame(request, to),
            Self::Response(response) => wire::frame(response, to),
            Self::Notice(Notice(bytes)) => to.extend_from_slice(bytes),
        }
    }
}

/// Reads, handles and writes messages until the client leaves or hears nothing any more.
async fn exchange<I, O>(
    service: LspService<Shims>,
    socket: ClientSocket,
    notices: mpsc::Receiver<Notice>,
    stdin: I,
    stdout: O,
) where
    I: AsyncRead + Unpin,
    O: AsyncWrite,
{
    let (requests, answers) = socket.split();
    let ours = stream::select(requests.map(Said::Request), notices.map(Said::Notice));
    let (ours, no_more_of_ours) = stream::abortable(ours);
    let (calls, called) = mpsc::channel(QUEUE);
    let (say, said) = mpsc::channel(0);
    let handled = called.buffer_unordered(CONCURRENCY).filter_map(ready);
    let handling = handled.map(|answer| Ok(Said::Response(answer))).forward(say.clone());
    let writing = write(stdout, stream_select!(said, ours)).fuse();
    let reading = async move {
        let mut reader = Reader { service, phase: Phase::New, calls, say };
        reader.read(Frames::new(stdin), answers).await;
        // What still waits is answered before the channels close.
        no_more_of_ours.abort();
    };
    let working = async { join!(handling, reading) }.fuse();
    futures::pin_mut!(writing, working);
    futures::select_biased! {
        () = writing => tracing::warn!("the client does not listen any more"),
        _ = working => writing.await,
    }
}

type Handled = futures::future::BoxFuture<'static, Option<Response>>;

struct Reader {
    service: LspService<Shims>,
    phase: Phase,
    calls: mpsc::Sender<Handled>,
    say: mpsc::Sender<Said>,
}

impl Reader {
    /// Takes in messages until the client leaves.
    async fn read<I: AsyncRead + Unpin>(
        &mut self,
        mut frames: Frames<I>,
        mut answers: impl futures::Sink<Response> + Unpin,
    ) {
        while let Some(incoming) = frames.next().await {
            match incoming {
                Incoming::Call { id, method, mut params } => {
                    if let Some(params) = &mut params {
                        place_name::spell_uris(params);
                    }
                    let leaves = method == "exit" && id.is_none();
                    let call = Request::build(method);
                    let call = if let Some(params) = params { call.params(params) } else { call };
                    let call = if let Some(id) = id { call.id(named(id)) } else { call };
                    self.take_in(call.finish()).await;
                    if leaves {
                        return;
                    }
                }
                Incoming::Answer { id: None, outcome } => {
                    tracing::warn!(?outcome, "the client could not read something");
                }
                Incoming::Answer { id: Some(id), outcome } => {
                    let outcome = outcome.map_err(|error| {
                        serde_json::from_value(error).unwrap_or_else(|_| Error::internal_error())
                    });
                    if answers.send(Response::from_parts(named(id), outcome)).await.is_err() {
                        tracing::debug!("an answer after the end");
                    }
                }
                Incoming::Misshapen { id, why } => {
                    tracing::warn!(why, "no message");
                    self.refuse(id.map_or(Id::Null, named), ErrorCode::InvalidRequest, why).await;
                }
                Incoming::Illegible(why) => {
                    tracing::warn!(why, "not understood");
                    self.refuse(Id::Null, ErrorCode::ParseError, &why).await;
                }
            }
        }
    }

    /// Has a request or notification handled, if it may come now. The library does most of that, but for the cases here.
    async fn take_in(&mut self, call: Request) {
        let (method, id) = (call.method(), call.id().cloned());
        match (self.phase, method, id) {
            (_, "exit", Some(id)) => {
                return self
                    .refuse(id, ErrorCode::InvalidRequest, "a notification has no id")
                    .await;
            }
            (Phase::New, "initialize", Some(_)) => return self.greet(call).await,
            (Phase::New, _, Some(id)) => {
                let code = ErrorCode::ServerError(NOT_INITIALIZED);
                return self.refuse(id, code, "`initialize` comes first").await;
            }
            (Phase::Over, _, Some(id)) => {
                let why = "nothing but `exit` comes after `shutdown`";
                return self.refuse(id, ErrorCode::InvalidRequest, why).await;
            }
            (_, method, Some(id)) if method.starts_with("$/") && method != "$/cancelRequest" => {
                let why = format!("there is no request `{method}`");
                return self.refuse(id, ErrorCode::MethodNotFound, &why).await;
            }
            (Phase::Greeted, "shutdown", Some(id)) => {
                self.phase = Phase::Over;
                // It has no parameters; what a client gives all the same is no reason to stay.
                return self.handle(Request::build("shutdown").id(id).finish()).await;
            }
            _ => {}
        }
        self.handle(call).await;
    }

    /// Answers `initialize` before anything else is read: what comes right behind it finds the session open.
    async fn greet(&mut self, call: Request) {
        let Some(answer) = self.call(call).await.await else { return };
        if answer.is_ok() {
            self.phase = Phase::Greeted;
        }
        self.say(Said::Response(answer)).await;
    }

    async fn handle(&mut self, call: Request) {
        let handled = self.call(call).await;
        if self.calls.send(handled).await.is_err() {
            tracing::debug!("nothing is handled any more");
        }
    }

    async fn call(&mut self, call: Request) -> Handled {
        if poll_fn(|context| self.service.poll_ready(context)).await.is_err() {
            return ready(None).boxed();
        }
        self.service.call(call).map(|answer| answer.ok().flatten()).boxed()
    }

    async fn refuse(&mut self, id: Id, code: ErrorCode, why: &str) {
        let error = Error { code, message: why.to_owned().into(), data: None };
        self.say(Said::Response(Response::from_error(id, error))).await;
    }

    async fn say(&mut self, said: Said) {
        if self.say.send(said).await.is_err() {
            tracing::debug!("nothing is written any more");
        }
    }
}

fn named(id: wire::Id) -> Id {
    match id {
        wire::Id::Number(number) => Id::Number(number),
        wire::Id::Text(text) => Id::String(text),
    }
}

/// Writes what is said until all is said or nobody listens; what is there at once goes out at once.
async fn write<O: AsyncWrite>(stdout: O, mut said: impl Stream<Item = Said> + Unpin) {
    tokio::pin!(stdout);
    let mut bytes = Vec::new();
    while let Some(message) = said.next().await {
        message.frame(&mut bytes);
        while bytes.len() < WRITTEN_MAX
            && let Some(Some(message)) = said.next().now_or_never()
        {
            message.frame(&mut bytes);
        }
        if stdout.write_all(&bytes).await.is_err() || stdout.flush().await.is_err() {
            return;
        }
        bytes.clear();
        bytes.shrink_to(WRITTEN_MAX);
    }
}

/// Ends the main loop however serving ends.
struct OverOnDrop(Inbox);

impl Drop for OverOnDrop {
    fn drop(&mut self) {
        if self.0.send(Wake::Exit).is_err() {
            tracing::debug!("the main loop has ended already");
        }
    }
}

struct Shims {
    inbox: Inbox,
    shut_down: Arc<AtomicBool>,
}

impl Shims {
    fn tell(&self, wake: Wake) {
        if self.inbox.send(wake).is_err() {
            tracing::error!("the main loop is gone");
        }
    }

    /// Posts now, and waits from then on.
    async fn ask<T>(&self, wake: impl FnOnce(Reply<T>) -> Wake) -> Result<T> {
        let (reply, answer) = oneshot::channel();
        self.tell(wake(reply));
        answer.await.unwrap_or(Err(Refusal::lost())).map_err(error)
    }

    async fn changesets(&self, _: Nothing) -> Result<Changesets> {
        self.ask(Wake::Changesets).await
    }

    async fn document(&self, params: DocumentParams) -> Result<DocumentText> {
        self.ask(|reply| Wake::Document(params, reply)).await
    }

    async fn progress_cancelled(&self, params: WorkDoneProgressCancelParams) {
        self.tell(Wake::ProgressCancelled(params.token));
    }

    async fn status(&self, _: Nothing) -> Result<Status> {
        self.ask(Wake::Status).await
    }
}

fn error(refusal: Refusal) -> Error {
    let (code, message) = match refusal {
        Refusal::InvalidParams(message) => (ErrorCode::InvalidParams, message),
        Refusal::Failed(message) => (ErrorCode::ServerError(REQUEST_FAILED), message),
        Refusal::Moved(message) => (ErrorCode::ContentModified, message),
        Refusal::Internal(message) => (ErrorCode::InternalError, message),
    };
    Error { code, message: message.into(), data: None }
}

impl LanguageServer for Shims {
    async fn initialize(&self, params: InitializeParams) -> Result<InitializeResult> {
        self.ask(|reply| Wake::Initialize(Box::new(params), reply)).await
    }

    async fn initialized(&self, _: InitializedParams) {
        self.tell(Wake::Initialized);
    }

    async fn shutdown(&self) -> Result<()> {
        self.shut_down.store(true, Ordering::SeqCst);
        self.ask(Wake::Shutdown).await
    }

    async fn did_open(&self, params: DidOpenTextDocumentParams) {
        self.tell(Wake::Opened(params.text_document));
    }

    async fn did_change(&self, params: DidChangeTextDocumentParams) {
        self.tell(Wake::Changed(params));
    }

    async fn did_save(&self, params: DidSaveTextDocumentParams) {
        self.tell(Wake::Saved(params.text_document.uri));
    }

    async fn did_close(&self, params: DidCloseTextDocumentParams) {
        self.tell(Wake::Closed(params.text_document.uri));
    }

    async fn did_change_workspace_folders(&self, params: DidChangeWorkspaceFoldersParams) {
        self.tell(Wake::Folders(params.event));
    }

    async fn did_change_configuration(&self, params: DidChangeConfigurationParams) {
        self.tell(Wake::SettingsChanged(params.settings));
    }

    /// The ledger is followed by its own means; editors send this unasked.
    async fn did_change_watched_files(&self, _: DidChangeWatchedFilesParams) {}

    async fn diagnostic(
        &self,
        params: DocumentDiagnosticParams,
    ) -> Result<DocumentDiagnosticReportResult> {
        self.ask(|reply| Wake::Diagnostic(params, reply)).await
    }

    async fn hover(&self, params: HoverParams) -> Result<Option<Hover>> {
        self.ask(|reply| Wake::Hover(params, reply)).await
    }

    async fn code_action(&self, params: CodeActionParams) -> Result<Option<CodeActionResponse>> {
        self.ask(|reply| Wake::Actions(params, reply)).await
    }

    async fn code_lens(&self, params: CodeLensParams) -> Result<Option<Vec<CodeLens>>> {
        self.ask(|reply| Wake::Lenses(params, reply)).await
    }

    async fn execute_command(&self, params: ExecuteCommandParams) -> Result<Option<Value>> {
        self.ask(|reply| Wake::Command(params, reply)).await
    }
}

/// Sends what the main loop says, in its order, and brings back the answers.
async fn speak(
    client: Client,
    mut outgoing: UnboundedReceiver<Outgoing>,
    mut notify: mpsc::Sender<Notice>,
    inbox: Inbox,
) {
    let (mut unsaid, mut over) = (VecDeque::new(), false);
    loop {
        // What is said while the client does not read is looked at all the same, so that it can take the place of what is older.
        while let Ok(message) = outgoing.try_recv() {
            queue(&mut unsaid, message);
        }
        if let Some(Outgoing::Ask(question, continuation)) =
            unsaid.pop_front_if(|next| matches!(next, Outgoing::Ask(..)))
        {
            tokio::spawn(ask(client.clone(), *question, continuation, inbox.clone()));
            continue;
        }
        if over && unsaid.is_empty() {
            return;
        }
        tokio::select! {
            message = outgoing.recv(), if !over => match message {
                Some(message) => queue(&mut unsaid, message),
                None => over = true,
            },
            ready = poll_fn(|cx| notify.poll_ready(cx)), if !unsaid.is_empty() => {
                let notice = unsaid.pop_front().and_then(written);
                let said = ready.and_then(|()| notice.map_or(Ok(()), |notice| notify.start_send(notice)));
                if said.is_err() {
                    tracing::debug!("nothing is written any more");
                }
            }
        }
    }
}

/// Puts a message behind what is not said yet. Of the diagnostics of one document only the newest are said.
fn queue(unsaid: &mut VecDeque<Outgoing>, message: Outgoing) {
    if let Outgoing::Publish(newer, _) = &message {
        unsaid.retain(|other| !matches!(other, Outgoing::Publish(uri, _) if uri == newer));
    }
    unsaid.push_back(message);
}

/// A message as it goes over the wire; `None`: it is a question.
fn written(message: Outgoing) -> Option<Notice> {
    match message {
        Outgoing::Publish(_, notice) => Some(notice),
        Outgoing::Say(typ, message) => notice::<ShowMessage>(&ShowMessageParams { typ, message }),
        Outgoing::Changed(status) => notice::<Changed>(&status),
        Outgoing::Progress(params) => notice::<Progress>(&params),
        Outgoing::Ask(..) => None,
    }
}

fn notice<N: Notification>(params: &N::Params) -> Option<Notice> {
    Notice::of(N::METHOD, params)
}

async fn choose(client: &Client, params: ShowMessageRequestParams) -> Choice {
    let answer = client.send_request::<ShowMessageRequest>(params.clone()).await;
    approval::choice(&params, answer.map_err(|error| error.message.into_owned()))
}

async fn ask(client: Client, question: Question, continuation: Continuation, inbox: Inbox) {
    let mut wakes = Vec::new();
    let outcome = match question {
        Question::Choose { root, digest, params } => {
            let choice = choose(&client, params).await;
            wakes.push(Wake::Chosen { root, digest, choice });
            Ok(())
        }
        Question::Allow { root, params } => {
            let choice = choose(&client, params).await;
            wakes.push(Wake::Allowed { root, choice });
            Ok(())
        }
        Question::Settings(section) => {
            let item = ConfigurationItem { scope_uri: None, section: Some(section) };
            let params = ConfigurationParams { items: vec![item] };
            let answer = client.send_request::<WorkspaceConfiguration>(params).await;
            answer.map_err(|error| error.message.into_owned()).map(|answer| {
                wakes.push(Wake::Settings(Value::Array(answer)));
            })
        }
        Question::Edit(params) => match client.send_request::<ApplyWorkspaceEdit>(params).await {
            Ok(answer) if answer.applied => Ok(()),
            Ok(answer) => {
                let reason = answer.failure_reason.filter(|reason| !reason.trim().is_empty());
                Err(reason.unwrap_or_else(|| "the editor did not apply it".to_owned()))
            }
            Err(error) => Err(format!("the editor refused the edit: {}", error.message)),
        },
        Question::RefreshDiagnostics => {
            let answer = client.send_request::<WorkspaceDiagnosticRefresh>(()).await;
            answer.map_err(|error| error.message.into_owned())
        }
        Question::RefreshLenses => {
            let answer = client.send_request::<CodeLensRefresh>(()).await;
            answer.map_err(|error| error.message.into_owned())
        }
        Question::Progress(token) => {
            let params = WorkDoneProgressCreateParams { token };
            let answer = client.send_request::<WorkDoneProgressCreate>(params).await;
            answer.map_err(|error| error.message.into_owned())
        }
        Question::Register(params) => {
            let answer = client.send_request::<RegisterCapability>(params).await;
            answer.map_err(|error| error.message.into_owned())
        }
    };
    wakes.push(Wake::Answered(continuation, outcome));
    if wakes.into_iter().any(|wake| inbox.send(wake).is_err()) {
        tracing::debug!("the main loop is gone");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_what_is_not_said_yet_the_newest_diagnostics_of_a_document_are_kept() {
        let publish = |uri: &str, what: &str| {
            Outgoing::Publish(uri.parse().unwrap(), Notice(what.as_bytes().to_vec()))
        };
        let say = |text: &str| Outgoing::Say(MessageType::INFO, text.to_owned());
        let mut unsaid = VecDeque::new();
        let all = [
            publish("a:1", "old"),
            publish("a:2", "other"),
            say("x"),
            publish("a:1", "new"),
            say("x"),
        ];
        all.into_iter().for_each(|message| queue(&mut unsaid, message));
        let kept: Vec<String> = unsaid
            .into_iter()
            .map(|message| match message {
                Outgoing::Publish(_, notice) => String::from_utf8(notice.0).unwrap(),
                _ => "say".to_owned(),
            })
            .collect();
        assert_eq!(kept, ["other", "say", "new", "say"]);
    }
}
