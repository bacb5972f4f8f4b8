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
    if let Err(error) = linux::stand_back() {
        tracing::debug!(%error, "a background thread runs like any other");
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use rustix::io;
    use rustix::process::{getpriority_process, setpriority_process};
    use thread_priority::{
        NormalThreadSchedulePolicy, ThreadPriority, ThreadPriorityValue, ThreadSchedulePolicy,
        set_thread_priority_and_policy, thread_native_id,
    };

    use super::NICE;

    /// What this library takes for `nice` 5, on its scale from 0 to 99.
    const PRIORITY: u8 = 34;

    pub(super) fn stand_back() -> io::Result<()> {
        let nice = getpriority_process(None)?;
        // One that wakes up takes the processor from whoever woke it, in the middle of a keystroke: not one of this policy.
        let policy = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Batch);
        let priority = ThreadPriorityValue::try_from(PRIORITY);
        let priority = priority.map_or(ThreadPriority::Min, ThreadPriority::Crossplatform);
        // Policy and priority are set one after the other: a failure may be of the priority alone, which is set below.
        if let Err(error) = set_thread_priority_and_policy(thread_native_id(), priority, policy) {
            tracing::debug!(%error, "a background thread may have another policy");
        }
        setpriority_process(None, (nice + NICE).min(19))
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    use thread_priority::{
        NormalThreadSchedulePolicy, ThreadSchedulePolicy, thread_schedule_policy,
    };

    #[test]
    fn only_that_thread_stands_back() {
        let how = || {
            let nice = rustix::process::getpriority_process(None).unwrap();
            (nice, thread_schedule_policy().unwrap())
        };
        let before = how();
        let inside = spawn("test", how).unwrap().join().unwrap();
        let batch = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Batch);
        assert_eq!((inside, how()), (((before.0 + NICE).min(19), batch), before));
    }
}
