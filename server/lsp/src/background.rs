//! Threads that nobody waits for at the keyboard: they stand back behind the one that takes keystrokes in.

use std::io;
use std::thread::{Builder, JoinHandle};

/// How far they stand back (nice(2)); what they start does so, too.
#[cfg(target_os = "linux")]
const NICE: i32 = 5;

/// Starts a thread that stands back, where the system lets a single thread do so.
///
/// # Errors
/// The system gave no thread.
pub(crate) fn spawn<T: Send + 'static>(
    name: impl Into<String>,
    body: impl FnOnce() -> T + Send + 'static,
) -> io::Result<JoinHandle<T>> {
    Builder::new().name(name.into()).spawn(move || {
        stand_back();
        body()
    })
}

/// On Linux it is of one thread; elsewhere it would be of the process.
fn stand_back() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::nice(NICE) {
        tracing::debug!(%error, "a background thread runs like any other");
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn only_that_thread_stands_back() {
        let nice = || rustix::process::getpriority_process(None).unwrap();
        let before = nice();
        let inside = spawn("test", move || rustix::process::getpriority_process(None).unwrap());
        let inside = inside.unwrap().join().unwrap();
        assert_eq!((inside, nice()), ((before + NICE).min(19), before));
    }
}
