//! Work that somebody asked for, seen from the engine's thread: who can be asked, and the thread of its own on which
//! a task is carried out. What a worker is, this crate does not know: the binary hands that in as [`Works`].

use std::panic::{AssertUnwindSafe, RefUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use engine::WorkerSet;
use model::{Budget, ChangeSetId, Exhausted, Task};

use crate::Options;
use crate::background;
use crate::jobs::{Done, RootId, Token};
use crate::main_loop::{Inbox, Wake};

/// How often it is looked who can be asked: the person may state somebody at any time.
const RENEWAL: Duration = Duration::from_secs(2);

/// Who can be asked for work, and how it is carried out.
pub trait Works: Send + Sync + RefUnwindSafe {
    /// Who can be asked in the repository around a folder; or, in one sentence, why nobody knows.
    ///
    /// # Errors
    /// What is configured does not load.
    fn offered(&self, folder: &Path) -> Result<WorkerSet, String>;

    /// Carries a task out, on a thread that waits for it, until `interrupt` ends it.
    ///
    /// # Errors
    /// [`Unworked`].
    fn work(&self, folder: &Path, task: &Task, interrupt: &Interrupt) -> Result<Worked, Unworked>;
}

/// Why nothing is proposed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unworked {
    /// One sentence: why, and the way out.
    Failed(String),
    /// Workers spent what they may: it did not begin, and can be asked for again.
    Exhausted(Exhausted),
}

impl From<String> for Unworked {
    fn from(message: String) -> Self {
        Self::Failed(message)
    }
}

/// What a task came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worked {
    /// One sentence.
    pub said: String,
    /// The changes that wait because of it.
    pub changesets: Vec<ChangeSetId>,
}

/// How a task is ended from outside. Clones end the same task.
#[derive(Clone, Default)]
pub struct Interrupt(Arc<Inner>);

#[derive(Default)]
struct Inner {
    asked: AtomicBool,
    ends: Mutex<Option<Ends>>,
}

type Ends = Box<dyn Fn() + Send>;

impl Interrupt {
    /// Whether it was asked for; raised, nothing is to be recorded any more.
    pub fn asked(&self) -> &AtomicBool {
        &self.0.asked
    }

    /// Whether it was asked for.
    pub(crate) fn is_asked(&self) -> bool {
        self.0.asked.load(Ordering::SeqCst)
    }

    /// What ends that which runs: called once it is asked for, which may be now. It must not wait.
    pub fn ends(&self, end: impl Fn() + Send + 'static) {
        let mut ends = self.0.ends.lock().unwrap_or_else(PoisonError::into_inner);
        if self.0.asked.load(Ordering::SeqCst) {
            end();
        } else {
            *ends = Some(Box::new(end));
        }
    }

    /// Asks for it.
    pub(crate) fn interrupt(&self) {
        let ends = self.0.ends.lock().unwrap_or_else(PoisonError::into_inner);
        self.0.asked.store(true, Ordering::SeqCst);
        if let Some(end) = &*ends {
            end();
        }
    }
}

impl std::fmt::Debug for Interrupt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Interrupt").field(&self.0.asked).finish()
    }
}

/// Looks who can be asked, and tells when that is another.
#[derive(Default)]
pub(crate) struct Offered {
    due: Option<Instant>,
    last: Option<Result<WorkerSet, String>>,
    budget: Budget,
}

impl Offered {
    /// What workers may spend: what was configured when that last loaded.
    pub(crate) fn budget(&self) -> Budget {
        self.budget
    }

    /// Who can be asked around a folder, if it is not as it was told: whatever the time.
    pub(crate) fn renew_now(&mut self, options: &Options, folder: &Path) -> Option<Done> {
        self.due = None;
        self.renew(options, folder)
    }

    /// Who can be asked around a folder, if it is time to look and it is not as it was told.
    pub(crate) fn renew(&mut self, options: &Options, folder: &Path) -> Option<Done> {
        let works = options.works.as_ref()?;
        let now = Instant::now();
        if self.due.is_some_and(|due| now < due) {
            return None;
        }
        self.due = Some(now + RENEWAL);
        let caught = catch_unwind(AssertUnwindSafe(|| works.offered(folder)));
        let offered = caught.unwrap_or_else(|_| Err("internal error: see the log".to_owned()));
        if self.last.as_ref() == Some(&offered) {
            return None;
        }
        self.last = Some(offered.clone());
        self.budget = offered.as_ref().map_or(self.budget, |set| set.budget);
        Some(Done::Offered(Box::new(offered)))
    }
}

/// Carries a task out on a thread of its own, since that takes as long as the worker wants; other jobs go on meanwhile.
/// What is recorded shows like any other process's work.
pub(crate) fn start(
    root: RootId,
    folder: &Path,
    options: &Options,
    (token, task, interrupt): (Token, Box<Task>, Interrupt),
    inbox: &Inbox,
) {
    let (works, folder) = (options.works.clone(), folder.to_owned());
    let work = move || match works {
        Some(works) => works.work(&folder, &task, &interrupt),
        None => Err("nobody can be asked from here: use `countersign ask`".to_owned().into()),
    };
    let tell = {
        let inbox = inbox.clone();
        move |result: Result<Worked, Unworked>| {
            let done = Box::new(Done::Worked { token, result });
            if inbox.send(Wake::Engine(root, done)).is_err() {
                tracing::debug!("the main loop is gone");
            }
        }
    };
    let answer = tell.clone();
    let body = move || {
        let result = catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
            tracing::error!("a task panicked");
            Err("internal error: the log on stderr says more".to_owned().into())
        });
        answer(result);
    };
    if let Err(error) = background::spawn("task", body) {
        tell(Err(format!("the system gave no thread: {error}").into()));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU32;

    use super::*;

    #[test]
    fn what_runs_is_ended_whether_it_began_before_or_after() {
        let ended = Arc::new(AtomicU32::new(0));
        let counts = || {
            let ended = Arc::clone(&ended);
            move || {
                ended.fetch_add(1, Ordering::SeqCst);
            }
        };
        let early = Interrupt::default();
        early.ends(counts());
        assert_eq!(
            (ended.load(Ordering::SeqCst), early.asked().load(Ordering::SeqCst)),
            (0, false)
        );
        early.interrupt();
        let late = Interrupt::default();
        late.interrupt();
        late.ends(counts());
        assert_eq!(ended.load(Ordering::SeqCst), 2);
        assert!(late.asked().load(Ordering::SeqCst));
    }
}
