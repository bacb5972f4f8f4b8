//! A few threads for what takes its time and only needs values, so that the main loop does none of it.
//!
//! A piece of work holds an immutable snapshot and ends in a [`Wake`], unless it answered somebody itself. Whether that
//! is still wanted when it comes is for the session to say, by what it was made of.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use crate::background;
use crate::main_loop::{Inbox, Wake};

/// How many pieces of work are under way at once, at most; fewer where that would take every processor from whoever types.
const THREADS: usize = 2;

/// A piece of work.
pub(crate) type Work = Box<dyn FnOnce() -> Option<Wake> + Send>;

/// Where work goes. Threads end with it, each after what it is at: nobody waits for them.
#[derive(Debug)]
pub(crate) struct Pool(Sender<Work>);

impl Pool {
    /// Starts the threads; they wake the main loop through `inbox`.
    ///
    /// # Errors
    /// The system gave no thread.
    pub(crate) fn start(inbox: &Inbox) -> std::io::Result<Self> {
        let (work, queue) = channel();
        let queue = Arc::new(Mutex::new(queue));
        let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        for nth in 0..THREADS.min(processors - 1).max(1) {
            let (queue, inbox) = (Arc::clone(&queue), inbox.clone());
            background::spawn(format!("pool-{nth}"), move || run(&queue, &inbox))?;
        }
        Ok(Self(work))
    }

    /// A pool without threads, whose work somebody else does.
    #[cfg(test)]
    pub(crate) fn played_by(work: Sender<Work>) -> Self {
        Self(work)
    }

    /// Has work done at some time.
    pub(crate) fn post(&self, work: Work) {
        if self.0.send(work).is_err() {
            tracing::error!("the pool is gone: work dropped");
        }
    }
}

fn run(queue: &Mutex<Receiver<Work>>, inbox: &Inbox) {
    loop {
        // The lock is held while waiting only: taking one piece is all that happens under it.
        let next = queue.lock().map(|queue| queue.recv());
        let Ok(Ok(work)) = next else { return };
        if work().is_some_and(|wake| inbox.send(wake).is_err()) {
            return;
        }
    }
}

/// What work gives, or what it gives when it panics, which is our bug and must not cost the thread.
pub(crate) fn caught<T>(work: impl FnOnce() -> T, otherwise: T) -> T {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        tracing::error!("work on the pool panicked");
        otherwise
    })
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc::unbounded_channel;

    use super::*;

    #[test]
    fn work_is_done_elsewhere_and_comes_back() {
        let (inbox, mut wakes) = unbounded_channel();
        let pool = Pool::start(&inbox).unwrap();
        let here = std::thread::current().id();
        pool.post(Box::new(move || match std::thread::current().id() == here {
            true => Some(Wake::Timer),
            false => Some(Wake::Initialized),
        }));
        assert!(matches!(wakes.blocking_recv(), Some(Wake::Initialized)));
    }

    #[test]
    fn a_panic_is_answered_and_costs_no_thread() {
        let (inbox, mut wakes) = unbounded_channel();
        let pool = Pool::start(&inbox).unwrap();
        for _ in 0..=THREADS {
            pool.post(Box::new(|| caught(|| panic!("the test says so"), Some(Wake::Timer))));
            assert!(matches!(wakes.blocking_recv(), Some(Wake::Timer)));
        }
    }
}
