//! The processes of a sandbox as a whole: what they use, and their end.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::Child;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::process::{Pid, PidfdFlags, Signal};

use super::disk::Disk;
use super::tree;
use crate::confined::{Bound, Confined, Means};

/// The shortest and the longest time between two looks at what a sandbox uses.
pub const LOOK_MIN: Duration = Duration::from_millis(5);
const LOOK_MAX: Duration = Duration::from_millis(250);
/// How fast memory is assumed to grow at most, in bytes a millisecond: twice what one core writes here.
const GROWTH_BYTES_MS: u64 = 8 << 20;
/// How fast processes are assumed to grow at most, a millisecond.
const GROWTH_PROCESSES_MS: u64 = 20;
/// How long a killed sandbox may take to be gone. The kernel takes milliseconds; a process that waits for a dead
/// disk takes for ever.
const GONE_MAX: Duration = Duration::from_secs(10);

/// The processes of a sandbox. They do not outlive it.
pub struct Tree {
    child: Child,
    pub control: Option<UnixStream>,
    means: Means,
    disk: Disk,
    /// The process that ends all others with it, or ends them: process 1, or the guard.
    first: Option<(u32, OwnedFd)>,
}

impl Tree {
    /// What `child`, an outer stage, is the beginning of.
    pub fn of(child: Child, control: UnixStream, means: Means, disk: Disk) -> Self {
        Self { child, control: Some(control), means, disk, first: None }
    }

    fn first(&mut self) -> Option<&(u32, OwnedFd)> {
        if self.first.is_none() {
            let own = self.child.id();
            self.first = match self.means {
                // It is the only child of the outer stage.
                Means::Own => {
                    let [pid] = *tree::children(own) else { return None };
                    // Still the same: nobody else has reused its number meanwhile.
                    held(pid).filter(|_| tree::children(own) == [pid])
                }
                Means::Bubblewrap | Means::Landlock => held(own),
            };
        }
        self.first.as_ref()
    }

    /// Looks at what the sandbox uses. Answers when to look again, or which limit it has passed.
    pub fn look(&mut self, confined: &Confined) -> Result<Duration, Bound> {
        let bounds = confined.bounds;
        let Some((first, _)) = self.first() else { return Ok(LOOK_MIN) };
        let usage = tree::usage(*first, bounds.processes);
        if usage.processes > bounds.processes {
            return Err(Bound::Processes);
        }
        let mut resident = usage.resident_bytes;
        if resident > bounds.memory_bytes {
            resident = tree::proportional_bytes(*first);
            if resident > bounds.memory_bytes {
                return Err(Bound::Memory);
            }
        }
        if !self.disk.within(bounds.disk_bytes) {
            return Err(Bound::Disk);
        }
        let memory = (bounds.memory_bytes - resident) / GROWTH_BYTES_MS;
        let processes = (bounds.processes - usage.processes) / GROWTH_PROCESSES_MS;
        Ok(Duration::from_millis(memory.min(processes)).clamp(LOOK_MIN, LOOK_MAX))
    }

    /// Ends whatever is left and waits until it is gone. `false` if that took too long.
    pub fn end(&mut self) -> io::Result<bool> {
        if let Some(control) = &self.control {
            // Process 1 ends when it sees this, and all others with it; a guard ends all others.
            control.shutdown(std::net::Shutdown::Write).ok();
        }
        let means = self.means;
        if self.first().is_none() {
            // There is no process 1 yet, or no more; if it comes, it finds nobody to ask.
            self.child.kill().ok();
        }
        if let Some((_, first)) = &self.first {
            if means == Means::Own {
                // Gone already is as good.
                rustix::process::pidfd_send_signal(first, Signal::KILL).ok();
            }
            if !gone(first, GONE_MAX)? {
                return Ok(false);
            }
        }
        self.child.wait()?;
        Ok(true)
    }
}

/// A process by its number, and by a name that is never used again.
fn held(number: u32) -> Option<(u32, OwnedFd)> {
    let pid = Pid::from_raw(number.cast_signed())?;
    Some((number, rustix::process::pidfd_open(pid, PidfdFlags::empty()).ok()?))
}

/// Waits until a process has ended.
fn gone(process: &OwnedFd, most: Duration) -> io::Result<bool> {
    let deadline = Instant::now() + most;
    let mut fds = [PollFd::new(process, PollFlags::IN)];
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let left =
            Timespec { tv_sec: left.as_secs().cast_signed(), tv_nsec: left.subsec_nanos().into() };
        match rustix::event::poll(&mut fds, Some(&left)) {
            Ok(0) => return Ok(false),
            Ok(_) => return Ok(true),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        // Only after a panic or an error is there something left to do.
        if !matches!(self.child.try_wait(), Ok(Some(_))) {
            self.end().ok();
        }
    }
}
