//! Process 1 of a sandbox: builds it, gives up every right, starts the program and reaps.
//!
//! It is confined as the program is before it starts it, so taking it over gains nothing; and it cannot be traced
//! from inside, nor, in namespaces of its own, killed.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::thread;

use rustix::process::{DumpableBehavior, Resource, Rlimit, Signal, WaitOptions};
use rustix::thread::{CapabilitySet, CapabilitySets};

use super::stage::{Failure, Step};
use super::wire::{self, Plan, Report, report};
use super::{attempts, loopback, mounts, restrict, syscalls};
use crate::confined::{Means, Tier};

/// How far it stands back (nice(2)).
const NICE: i32 = 10;

/// One more than the highest capability there can be (capability.h counts to 40 today).
const CAPABILITIES_MAX: u32 = 64;

/// Where the kernel shares processors out between sessions first, how far back a process stands counts only within its own:
/// the session of the sandbox stands back as far. Where it does not, or not now (it lets nobody write that often), this is
/// as before.
#[expect(clippy::disallowed_methods, reason = "a setting of the kernel, no file of a source tree")]
fn stand_back_as_session() {
    std::fs::write("/proc/self/autogroup", NICE.to_string()).ok();
}

/// Runs the plan that arrives over `control`. Answers the exit code of this process.
pub fn run(control: &File) -> Result<i32, Failure> {
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))
        .step("end with whoever started it")?;
    let (plan, stdin): (Plan, _) = wire::receive(control).step("learn what to run")?;
    let stdin = stdin.ok_or(io::ErrorKind::InvalidData).step("learn what to run")?;
    let tier = plan.means.tier();
    rustix::process::setsid().step("leave the terminal")?;
    // Whoever watches it, and the person's own programs, come first: also when it starts more than it may.
    rustix::process::nice(NICE).step("take the second place")?;
    // A probe is over at once, and would use up what may be written for a while.
    if plan.bait.is_none() {
        stand_back_as_session();
    }
    let writable = match plan.means {
        Means::Own => {
            rustix::system::sethostname(b"sandbox").step("name the host")?;
            loopback::bring_up().step("bring up a loopback of its own")?;
            Some(mounts::build(&plan)?)
        }
        Means::Bubblewrap => Some(mounts::writable(&plan)),
        Means::Landlock => None,
    };
    limit(&plan)?;
    give_up_rights().step("give up all rights")?;
    let landlock = match writable {
        Some(writable) => restrict::writing(&writable),
        None => restrict::all(&plan.mounts),
    };
    let landlock_abi = landlock.step(restrict::STEP)?;
    syscalls::filter(tier).map_err(io::Error::other).step("filter system calls")?;
    rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable)
        .step("be closed to others")?;
    if let Some(bait) = &plan.bait {
        let attempts = attempts::all(bait, tier);
        report(control, &Report::Probed { attempts, landlock_abi });
        return Ok(0);
    }
    let lifeline = control.try_clone().step("watch its lifeline")?;
    thread::Builder::new().spawn(move || end_with(lifeline, tier)).step("watch its lifeline")?;
    let code = start_and_reap(&plan, stdin, control);
    end_all_others(tier);
    code
}

/// Ends this process, and by that all others in here, when nobody waits for them any more.
fn end_with(mut lifeline: File, tier: Tier) {
    let mut byte = [0];
    loop {
        match lifeline.read(&mut byte) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            _ => {
                end_all_others(tier);
                std::process::exit(0)
            }
        }
    }
}

/// Ends at once whatever this process may signal: where Landlock keeps signals in, all that it has started and nobody
/// else. Whoever starts ever more cannot outrun one call of the kernel. What is left ends by the guard.
fn end_all_others(tier: Tier) {
    let guard = rustix::process::getppid();
    let kept_in = guard.is_some_and(|guard| {
        rustix::process::test_kill_process(guard) == Err(rustix::io::Errno::PERM)
    });
    // In namespaces of its own the kernel does it.
    if tier == Tier::Landlock && kept_in {
        // There may be nobody left.
        kill_all().ok();
    }
}

/// As `kill(-1, SIGKILL)` (kill(2)): everybody that this process may signal, but not itself.
fn kill_all() -> nix::Result<()> {
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(-1), nix::sys::signal::Signal::SIGKILL)
}

#[expect(clippy::disallowed_methods, reason = "this crate is the door for starting processes")]
fn start_and_reap(plan: &Plan, stdin: OwnedFd, control: &File) -> Result<i32, Failure> {
    let program = plan.argv.first().map(OsString::as_os_str).unwrap_or_default();
    let Some(file) = locate(program, plan) else {
        let reason = "it is in no folder of PATH inside the sandbox".to_owned();
        report(control, &Report::NotStarted { errno: None, reason });
        return Ok(0);
    };
    let mut command = std::process::Command::new(file);
    std::os::unix::process::CommandExt::arg0(&mut command, program);
    let started = command
        .args(plan.argv.iter().skip(1))
        .env_clear()
        .envs(plan.env.iter().map(|(name, value)| (name, value)))
        .current_dir(&plan.cwd)
        .stdin(Stdio::from(stdin))
        .spawn();
    drop(command);
    let child = match started {
        Ok(child) => child,
        Err(error) => {
            let (errno, reason) = (error.raw_os_error(), error.to_string());
            report(control, &Report::NotStarted { errno, reason });
            return Ok(0);
        }
    };
    report(control, &Report::Started);
    loop {
        match rustix::process::wait(WaitOptions::empty()) {
            Ok(Some((pid, status))) if pid.as_raw_nonzero().get().cast_unsigned() == child.id() => {
                let (code, signal) = (status.exit_status(), status.terminating_signal());
                report(control, &Report::Ended { code, signal });
                return Ok(0);
            }
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error).step("wait for the program"),
        }
    }
}

/// The file that `program` means.
fn locate(program: &OsStr, plan: &Plan) -> Option<PathBuf> {
    if Path::new(program).components().count() > 1 || Path::new(program).is_absolute() {
        return Some(Path::new(&plan.cwd).join(program));
    }
    let path = plan.env.iter().rev().find(|(name, _)| name == "PATH").map(|(_, value)| value)?;
    crate::program::find_executable(program, path)
}

/// The limits that the kernel keeps for each process.
fn limit(plan: &Plan) -> Result<(), Failure> {
    let limits = plan.rlimits;
    // Counted within this user namespace, hence for this sandbox alone. It does not bind the system's own
    // root; the watch from outside does. Without a namespace it would count all that the person runs.
    let processes = (plan.means.tier() == Tier::Namespaces).then_some((
        Resource::Nproc,
        limits.processes,
        limits.processes,
    ));
    let others = [
        (Resource::Core, 0, 0),
        // A second more, so that the first signal is the one which says what was exceeded.
        (Resource::Cpu, limits.cpu_s, limits.cpu_s.saturating_add(1)),
        (Resource::Fsize, limits.file_bytes, limits.file_bytes),
        (Resource::Nofile, limits.open_files, limits.open_files),
    ];
    for (resource, soft, hard) in others.into_iter().chain(processes) {
        // What is lower already stays so.
        let now = rustix::process::getrlimit(resource);
        let lower = |limit: u64, now: Option<u64>| Some(now.map_or(limit, |now| now.min(limit)));
        let new = Rlimit { current: lower(soft, now.maximum), maximum: lower(hard, now.maximum) };
        rustix::process::setrlimit(resource, new).step("limit itself")?;
    }
    Ok(())
}

/// No capability, no way to get one.
fn give_up_rights() -> rustix::io::Result<()> {
    rustix::thread::clear_ambient_capability_set()?;
    // Who has no right to shrink the set has no other either, and gets none by `no_new_privs`.
    let sets = rustix::thread::capabilities(None)?;
    let most = if sets.effective.contains(CapabilitySet::SETPCAP) { CAPABILITIES_MAX } else { 0 };
    for number in 0..most {
        let capability = CapabilitySet::from_bits_retain(1 << number);
        match rustix::thread::remove_capability_from_bounding_set(capability) {
            // There are no more.
            Err(rustix::io::Errno::INVAL) => break,
            removed => removed?,
        }
    }
    let none = CapabilitySet::empty();
    let sets = CapabilitySets { effective: none, permitted: none, inheritable: none };
    rustix::thread::set_capabilities(None, sets)?;
    rustix::thread::set_no_new_privs(true)
}
