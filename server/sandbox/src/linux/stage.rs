//! The two stages between Countersign and a confined program. They run with one thread, in a process that was
//! started for nothing else, and say what went wrong over the control socket.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::path::Path;
use std::process::Stdio;

use nix::sched::CloneFlags;
use rustix::thread::CapabilitySet;

use super::{bubblewrap, guard, inner, tree, wire};

/// The user and group that a confined program is, inside.
pub const INSIDE_ID: u32 = 1000;

/// What a system that allows no namespaces refuses.
pub const LEAVE: &str = "leave the namespaces";

/// How a stage ends when it could not do its work; why is on the control socket.
const FAILED: i32 = 70;

/// What could not be done, and what the system said.
#[derive(Debug)]
pub struct Failure {
    pub step: String,
    pub errno: Option<i32>,
    pub reason: String,
}

/// Gives an error the name of what was attempted.
pub trait Step<T> {
    fn step(self, step: &str) -> Result<T, Failure>;
    fn step_at(self, step: &str, path: &Path) -> Result<T, Failure>;
}

impl<T, E: Into<io::Error>> Step<T> for Result<T, E> {
    fn step(self, step: &str) -> Result<T, Failure> {
        self.map_err(|error| {
            let error = error.into();
            Failure {
                step: step.to_owned(),
                errno: error.raw_os_error(),
                reason: error.to_string(),
            }
        })
    }

    fn step_at(self, step: &str, path: &Path) -> Result<T, Failure> {
        self.step(&format!("{step} {}", path.display()))
    }
}

/// Becomes a stage of a sandbox if that is what this process was started for, and does not return then.
pub fn enter_stage_if_asked() {
    let mut words = std::env::args_os().skip(1);
    if words.next().is_none_or(|word| word != wire::STAGE) {
        return;
    }
    let stage = words.next().unwrap_or_default();
    // Before anything is opened: an inherited folder is a way out of any root.
    let shut = close_inherited();
    let Ok(control) = std::io::stdin().as_fd().try_clone_to_owned() else {
        std::process::exit(FAILED);
    };
    let control = File::from(control);
    let done = shut.and_then(|()| match stage.to_str() {
        Some(wire::OUTER) => outer(),
        Some(wire::BUBBLEWRAP) => bubblewrap::run(&control),
        Some(wire::GUARD) => guard::run(&control),
        Some(wire::INNER) => inner::run(&control),
        _ => Ok(FAILED),
    });
    let code = done.unwrap_or_else(|Failure { step, errno, reason }| {
        wire::report(&control, &wire::Report::Failed { step, errno, reason });
        FAILED
    });
    std::process::exit(code);
}

/// Leaves the person's namespaces, then starts process 1 of the new ones and waits for it.
#[expect(clippy::disallowed_methods, reason = "this crate is the door for starting processes")]
fn outer() -> Result<i32, Failure> {
    // Only the system's root may; for all others the groups stay, and open nothing that is not mounted.
    rustix::thread::set_thread_groups(&[]).ok();
    let (user, group) = (rustix::process::geteuid(), rustix::process::getegid());
    let spaces = CloneFlags::CLONE_NEWUSER
        | CloneFlags::CLONE_NEWNS
        | CloneFlags::CLONE_NEWPID
        | CloneFlags::CLONE_NEWNET
        | CloneFlags::CLONE_NEWIPC
        | CloneFlags::CLONE_NEWUTS
        | CloneFlags::CLONE_NEWCGROUP;
    nix::sched::unshare(spaces).step(LEAVE)?;
    tree::write(Path::new("/proc/self/setgroups"), "deny").step("fix the groups")?;
    let map = |id: u32| format!("{INSIDE_ID} {id} 1\n");
    tree::write(Path::new("/proc/self/uid_map"), &map(user.as_raw())).step("map the user")?;
    tree::write(Path::new("/proc/self/gid_map"), &map(group.as_raw())).step("map the group")?;
    keep_capabilities().step("keep its rights over the new namespaces")?;
    let mut child = std::process::Command::new("/proc/self/exe")
        .args([wire::STAGE, wire::INNER])
        .env_clear()
        .stdin(Stdio::inherit())
        .spawn()
        .step("start process 1")?;
    child.wait().step("wait for process 1")?;
    Ok(0)
}

/// Closes what this process inherited beyond its three streams.
fn close_inherited() -> Result<(), Failure> {
    for number in tree::open_files().step("list the open files")? {
        if number > 2 {
            // The list itself was one of them, and is closed already.
            nix::unistd::close(number).ok();
        }
    }
    Ok(())
}

/// Lets the rights over the new namespaces outlive the start of process 1, which is no root there.
fn keep_capabilities() -> rustix::io::Result<()> {
    let mut sets = rustix::thread::capabilities(None)?;
    sets.inheritable = sets.permitted;
    rustix::thread::set_capabilities(None, sets)?;
    for capability in [
        CapabilitySet::SYS_ADMIN,
        CapabilitySet::NET_ADMIN,
        CapabilitySet::SETPCAP,
        // What a file outside forbids even its owner to do can still be made a mount point.
        CapabilitySet::DAC_OVERRIDE,
    ] {
        rustix::thread::configure_capability_in_ambient_set(capability, true)?;
    }
    Ok(())
}
