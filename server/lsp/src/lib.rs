//! The language server: proposals as diagnostics, hovers and code actions, accepted through the editor.
//!
//! This is the only crate that knows LSP: its types, UTF-16 and URIs stay here. It holds no truth of its
//! own but the open buffers; everything else is the ledger's, followed through `engine`. Start at
//! `main_loop` for what can happen, `session` for what is known, and `acceptance` for how an acceptance
//! goes through an editor without believing it.

#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "tests build their own worlds"))]

mod acceptance;
mod actions;
mod approval;
mod asks;
mod background;
mod budget;
mod client;
mod command;
mod conduct;
mod delivery;
mod diagnostics;
mod difference;
mod documents;
#[cfg(test)]
mod duplex;
mod edits;
mod engine_thread;
mod extension;
#[cfg(test)]
mod fixture;
mod follow;
mod hover;
mod jobs;
#[cfg(test)]
mod journey;
#[cfg(test)]
mod journey_adopted;
mod lenses;
mod listing;
mod main_loop;
mod outbox;
mod pause;
mod place_name;
mod placement;
mod pool;
mod position;
mod proof;
mod proof_progress;
mod proofs;
mod prose;
mod proving;
mod repositories;
#[cfg(test)]
mod rig;
mod session;
mod settings;
mod showing;
#[cfg(test)]
mod simulation;
mod stdio;
mod tasks;
mod told;
mod transport;
mod views;
mod wire;
mod work;

use std::panic::RefUnwindSafe;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use engine::{Clock, RulesFrom};
use model::{Actor, ChangeSetId};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};

pub use crate::approval::{Approval, Approves};
pub use crate::proving::Occasion;
pub use crate::work::{Interrupt, Unworked, Worked, Works};

/// How to serve.
#[derive(Clone)]
pub struct Options {
    /// What time it is for what is appended.
    pub clock: Clock,
    /// Who acts through the editor.
    pub actor: Actor,
    /// Where rules come from, beside the built-in ones.
    pub rules_from: RulesFrom,
    /// What proves a change when somebody asks for it; `None`: nothing does here.
    pub prover: Option<Prover>,
    /// Whether what is proposed while an editor is open is proved without being asked for.
    pub proves_unasked: bool,
    /// How long it must have been quiet before what was proved and would land in other files by now is proved again.
    pub proves_again_after: Duration,
    /// Who can be asked for work; `None`: nobody can here.
    pub works: Option<Arc<dyn Works>>,
    /// What knows which commands of a repository the person trusts; `None`: nothing can be trusted from here.
    pub approves: Option<Arc<dyn Approves>>,
}

/// Proves a change of the repository at a folder and answers, when that is done, with a sentence and what a program
/// reads; or why not.
#[derive(Clone)]
pub struct Prover(Arc<Proves>);

type Proves = dyn Fn(&Path, ChangeSetId, Occasion, &Interrupt) -> Result<(String, Value), String>
    + Send
    + Sync
    + RefUnwindSafe;

impl Prover {
    /// One that does it like this; the third argument says why, the last one ends it. It is called on a thread that
    /// waits for it, and once at a time.
    pub fn new(
        proves: impl Fn(&Path, ChangeSetId, Occasion, &Interrupt) -> Result<(String, Value), String>
        + Send
        + Sync
        + RefUnwindSafe
        + 'static,
    ) -> Self {
        Self(Arc::new(proves))
    }

    pub(crate) fn prove(
        &self,
        root: &Path,
        id: ChangeSetId,
        occasion: Occasion,
        interrupt: &Interrupt,
    ) -> Result<(String, Value), String> {
        (self.0)(root, id, occasion, interrupt)
    }
}

impl std::fmt::Debug for Prover {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Prover")
    }
}

/// Why serving did not end as the protocol wants.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The system gave no runtime.
    #[error("the runtime did not start")]
    Runtime(#[source] std::io::Error),
    /// The system gave no thread.
    #[error("a thread did not start")]
    Thread(#[source] std::io::Error),
    /// The main loop ended before the client did: our bug. The ledger is safe.
    #[error("the main loop ended early: the log on stderr says more")]
    MainLoop,
    /// The connection ended without `shutdown`; the protocol wants exit code 1.
    #[error("the client left without `shutdown`")]
    NoShutdown,
}

/// Serves one client over standard input and output until it leaves. Blocks; standard output is the
/// protocol's, so nothing else may print there.
///
/// # Errors
/// [`ServeError`]; [`ServeError::NoShutdown`] is the client's fault, and still exit code 1.
pub fn serve_stdio(options: Options) -> Result<(), ServeError> {
    // One thread: what comes from the client and what goes to it are handed to nobody else on the way.
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_all().build().map_err(ServeError::Runtime)?;
    let served = runtime.block_on(async {
        let (input, output) = stdio::streams();
        serve(options, input, output).await
    });
    // Where a thread reads standard input, that cannot be cancelled: waiting for it would outlive a client that keeps it open.
    runtime.shutdown_background();
    served
}

/// Serves one client over any pair of streams until it leaves.
///
/// # Errors
/// As [`serve_stdio`], but [`ServeError::Runtime`].
pub async fn serve<I, O>(options: Options, stdin: I, stdout: O) -> Result<(), ServeError>
where
    I: AsyncRead + Unpin,
    O: AsyncWrite,
{
    let clock = options.clock;
    transport::serve(clock, engine_thread::engines(options), stdin, stdout).await
}
