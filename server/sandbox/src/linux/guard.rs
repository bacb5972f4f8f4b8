//! Stands in for the namespaces where there are none, and beside `bwrap` until it has made some: whatever it starts ends with
//! it.
//!
//! It is not confined itself, so nothing inside can end it: Landlock keeps signals in.

use std::collections::BTreeSet;
use std::fs::File;
use std::os::fd::AsFd;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::process::{DumpableBehavior, Pid, PidfdFlags, Signal, WaitOptions};

use super::stage::{Failure, Step};
use super::{tree, wire};

/// Between two rounds of ending what is left.
const PAUSE: Duration = Duration::from_millis(1);

/// How long the inner stage may take to end by itself. One that was stopped from inside never does.
const OWN_END_MAX: Timespec = Timespec { tv_sec: 1, tv_nsec: 0 };

/// Starts the inner stage, or what begins with it; see [`stand`].
#[expect(clippy::disallowed_methods, reason = "this crate is the door for starting processes")]
pub fn run(control: &File) -> Result<i32, Failure> {
    let mut inner = std::process::Command::new("/proc/self/exe");
    inner.args([wire::STAGE, wire::INNER]);
    stand(control, inner, "start the inner stage")
}

/// Starts a program, waits until it has ended or nobody waits for it any more, and ends all below.
pub fn stand(
    control: &File,
    mut program: std::process::Command,
    step: &str,
) -> Result<i32, Failure> {
    // Only the system's root may.
    rustix::thread::set_thread_groups(&[]).ok();
    // Whoever loses its parent becomes a child of this process.
    rustix::process::set_child_subreaper(Some(rustix::process::getpid()))
        .step("take in what is left behind")?;
    rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable)
        .step("be closed to others")?;
    let child = program.env_clear().stdin(Stdio::inherit()).spawn().step(step)?;
    drop(program);
    let waited = wait(control, child.id()).step("wait for the inner stage");
    end_all();
    waited.map(|()| 0)
}

fn wait(control: &File, child: u32) -> rustix::io::Result<()> {
    let pid = Pid::from_raw(child.cast_signed()).ok_or(rustix::io::Errno::SRCH)?;
    let child = rustix::process::pidfd_open(pid, PidfdFlags::empty())?;
    let mut fds = [
        PollFd::from_borrowed_fd(child.as_fd(), PollFlags::IN),
        // The plan on it is not ours to read.
        PollFd::from_borrowed_fd(control.as_fd(), PollFlags::RDHUP),
    ];
    loop {
        match rustix::event::poll(&mut fds, None) {
            // The inner stage sees the same, and ends faster than anyone could from here what it has started.
            Ok(_) => {
                let [child, _] = fds;
                return rustix::event::poll(&mut [child], Some(&OWN_END_MAX)).map(drop);
            }
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error),
        }
    }
}

/// Ends everything that descends from this process.
fn end_all() {
    loop {
        // All are stopped before one is killed, so that none starts another meanwhile.
        let mut stopped = BTreeSet::new();
        while stop_new(&mut stopped) {}
        stopped.into_iter().for_each(|pid| send(pid, Signal::KILL));
        loop {
            match rustix::process::wait(WaitOptions::NOHANG) {
                Ok(Some(_)) | Err(rustix::io::Errno::INTR) => {}
                Ok(None) => break,
                // There is nobody left.
                Err(_) => return,
            }
        }
        thread::sleep(PAUSE);
    }
}

/// Stops everything below this process that is not in `stopped`. Answers whether there was something.
///
/// Each is stopped before its children are looked for: somebody who starts ever more is not to be outrun by looking at
/// all first.
fn stop_new(stopped: &mut BTreeSet<u32>) -> bool {
    let before = stopped.len();
    let mut open = tree::children(std::process::id());
    let mut seen = BTreeSet::new();
    while let Some(pid) = open.pop() {
        if stopped.insert(pid) {
            send(pid, Signal::STOP);
        }
        if seen.insert(pid) {
            open.extend(tree::children(pid));
        }
    }
    stopped.len() > before
}

fn send(pid: u32, signal: Signal) {
    if let Some(pid) = Pid::from_raw(pid.cast_signed()) {
        // Gone already is as good.
        rustix::process::kill_process(pid, signal).ok();
    }
}
