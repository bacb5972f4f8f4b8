//! Proofs: on threads of their own, and those that nobody asks for.
//!
//! What is proposed while an editor is open is proved, and so is, once it has been quiet for a while, what was proved
//! and would land in other files, or with other hunks, by now.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use engine::{Board, BoardChange};
use model::ChangeSetId;

use crate::Options;
use crate::approval;
use crate::background;
use crate::engine_thread::caught;
use crate::jobs::{Done, Failure, RootId};
use crate::main_loop::{Inbox, Wake};
use crate::proofs::{Due, Taken};

/// How many are looked at again at once: each takes a look at all files.
const AGAIN_MAX: usize = 8;

/// Why something is proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occasion {
    /// Somebody asked for it.
    Asked,
    /// It was just proposed.
    New,
    /// It was proved, and what would land may be something else by now. If it is not, there is nothing to do.
    Again,
}

/// Which proofs nobody asks for are due.
#[derive(Debug)]
pub(crate) struct Unasked {
    /// Whether any are.
    wanted: bool,
    /// How long it must have been quiet.
    after: Duration,
    /// What was there when the last board was made.
    known: Option<BTreeSet<ChangeSetId>>,
    /// What waits and was proved, the newest first.
    proved: Vec<ChangeSetId>,
    /// Whether none are begun, and the newcomers of that time; `None`: they are.
    paused: Option<BTreeSet<ChangeSetId>>,
    /// What waits and was never proved.
    unproved: BTreeSet<ChangeSetId>,
    /// When the board was last made: what is saved, decided or committed makes another.
    stirred: Option<Instant>,
}

impl Unasked {
    pub(crate) fn new(options: &Options) -> Self {
        let (wanted, after) = (options.proves_unasked, options.proves_again_after);
        let (known, paused, stirred) = (None, None, None);
        let (proved, unproved) = (Vec::new(), BTreeSet::new());
        Self { wanted, after, known, proved, paused, unproved, stirred }
    }

    /// What the editor's settings say of it; `None`: nothing.
    pub(crate) fn set(&mut self, unasked: Option<bool>, options: &Options) {
        self.wanted = unasked.unwrap_or(options.proves_unasked);
    }

    /// The changes that wait, were never proved, and were not there when the last board was made that was not paused; none
    /// at first, so that opening an editor starts nothing.
    pub(crate) fn newcomers(&mut self, board: &Board) -> Vec<ChangeSetId> {
        let all = board.changes.iter().map(|change| change.changeset.id).collect();
        let before = self.known.replace(all);
        let waits = |change: &&Arc<BoardChange>| {
            !change.state.acceptable().is_empty() && !board.parked.contains(&change.changeset.id)
        };
        let (proved, unproved): (Vec<_>, Vec<_>) =
            board.changes.iter().filter(waits).partition(|change| change.state.proof.is_some());
        self.proved = proved.iter().map(|change| change.changeset.id).take(AGAIN_MAX).collect();
        self.stirred = Some(Instant::now());
        let unproved: Vec<ChangeSetId> = unproved.iter().map(|it| it.changeset.id).collect();
        self.unproved = unproved.iter().copied().collect();
        let newcomers = |before: BTreeSet<ChangeSetId>| {
            unproved.into_iter().filter(move |id| !before.contains(id)).collect::<Vec<_>>()
        };
        let newcomers = before.filter(|_| self.wanted).map(newcomers).unwrap_or_default();
        if board.paused {
            self.paused.get_or_insert_default().extend(newcomers);
            return Vec::new();
        }
        // What came meanwhile is due once it goes on.
        let held = self.paused.take().unwrap_or_default();
        let held = held.into_iter().filter(|id| self.wanted && self.unproved.contains(id));
        let newcomers: BTreeSet<ChangeSetId> = newcomers.into_iter().chain(held).collect();
        newcomers.into_iter().collect()
    }

    /// Whether none begins now.
    pub(crate) fn is_held(&self) -> bool {
        self.paused.is_some()
    }

    /// Whether one that was due still is.
    pub(crate) fn wants(&self, changeset: ChangeSetId, occasion: Occasion) -> bool {
        let known = match occasion {
            Occasion::Asked => true,
            Occasion::New => self.unproved.contains(&changeset),
            Occasion::Again => self.proved.contains(&changeset),
        };
        self.wanted && known
    }

    /// What was proved and is to be looked at again; once each time that it became quiet.
    pub(crate) fn due(&mut self) -> Vec<ChangeSetId> {
        if !self.wanted
            || self.paused.is_some()
            || self.stirred.is_none_or(|since| since.elapsed() < self.after)
        {
            return Vec::new();
        }
        self.stirred = None;
        self.proved.clone()
    }
}

/// Proves on a thread of its own, since that takes as long as the project's tests; other jobs go on meanwhile. What is
/// recorded shows like any other process's work.
pub(crate) fn prove(
    root: RootId,
    folder: &Path,
    options: &Options,
    (taken, due): (Taken, Due),
    inbox: &Inbox,
) {
    let Due { token, changeset, occasion, interrupt } = due;
    // Nobody waits for what is proved by itself, and gates that nobody trusts are no news.
    let failed = move |message: &str| match token {
        Some(token) => Some(Done::Failed { token, failure: Failure::user(message.to_owned()) }),
        None => {
            tracing::debug!(message, "not proved by itself");
            None
        }
    };
    let (prover, folder, inbox) = (options.prover.clone(), folder.to_owned(), inbox.clone());
    let (all, wanted_in) = (options.clone(), folder.clone());
    // Who asks for it is asked whether what would run may.
    let untrusted = move || {
        let token = token?;
        let approval = approval::wanted(&all, &wanted_in).ok().flatten()?;
        (approval.gates > 0).then_some(Done::Approval { token, approval })
    };
    let prove = move || match prover
        .as_ref()
        .map(|prover| prover.prove(&folder, changeset, occasion, &interrupt))
    {
        Some(Ok((said, value))) => token.map(|token| Done::Told { token, said, value }),
        Some(Err(message)) => failed(&message),
        None => failed("nothing can be proved from here: use `countersign prove` in a terminal"),
    };
    let wake = move |done: Done| {
        if inbox.send(Wake::Engine(root, Box::new(done))).is_err() {
            tracing::debug!("the main loop is gone");
        }
    };
    let to = wake.clone();
    let answer = move || {
        // To look at what was proved before is mostly no work.
        let said = occasion != Occasion::Again;
        if said {
            wake(Done::Proving { changeset, under_way: true });
        }
        let done = caught(token, || untrusted().or_else(prove));
        if said {
            wake(Done::Proving { changeset, under_way: false });
        }
        done.into_iter().for_each(wake);
        drop(taken);
    };
    if let Err(error) = background::spawn("prove", answer) {
        tracing::error!(%error, "no thread for a proof");
        let message = format!("the system gave no thread: {error}");
        let failure = Failure::user(message);
        let done = token.map(|token| Done::Failed { token, failure });
        done.into_iter().for_each(to);
    }
}

#[cfg(test)]
impl Unasked {
    /// One that wants to have these proved, or looked at again.
    pub(crate) fn wanting(changes: &[ChangeSetId]) -> Self {
        Self {
            wanted: true,
            after: Duration::ZERO,
            known: None,
            proved: changes.to_vec(),
            paused: None,
            unproved: changes.iter().copied().collect(),
            stirred: None,
        }
    }

    /// Whether none begins from now on.
    pub(crate) fn hold(&mut self, held: bool) {
        self.paused = held.then(BTreeSet::new);
    }
}
