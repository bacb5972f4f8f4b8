//! What a sandbox tries in order to get out, before anything runs in it: from inside, confined as a program would be.

use std::io::{self, Read};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use nix::sched::CloneFlags;
use rustix::fs::{AtFlags, CWD, Mode, OFlags};
use rustix::process::Pid;

use super::tree;
use super::wire::{Bait, SECRET, SOCKET};
use crate::confined::{Attempt, Tier};

/// How long a connection is waited for. On the loopback it takes microseconds.
const CONNECT_MAX: Duration = Duration::from_secs(1);

/// Tries all of it.
pub fn all(bait: &Bait, tier: Tier) -> Vec<Attempt> {
    let folder = Path::new(&bait.folder);
    let port = SocketAddr::from((Ipv4Addr::LOCALHOST, bait.port));
    let name = std::os::unix::net::SocketAddr::from_abstract_name(&bait.name);
    let name = name.and_then(|name| UnixStream::connect_addr(&name));
    let mut attempts = vec![
        attempt("write a file outside", write(&folder.join("written"))),
        attempt("read a file outside", read(&folder.join(SECRET))),
        attempt("change the mode of a file outside", open_up(folder)),
        attempt("connect to a port outside", TcpStream::connect_timeout(&port, CONNECT_MAX)),
        attempt("connect to a socket outside", UnixStream::connect(folder.join(SOCKET))),
        attempt("connect to an abstract socket outside", name),
        attempt("make a namespace", nix::sched::unshare(CloneFlags::CLONE_NEWUSER)),
        stated("use a right of the system's root", has_rights()),
        stated("gain rights from a program", !rustix::thread::no_new_privs().unwrap_or(false)),
    ];
    match tier {
        Tier::Namespaces => attempts.push(stated("see a process outside", sees_others())),
        Tier::Landlock => {
            let environment = format!("/proc/{}/environ", bait.process);
            let environment = read(Path::new(&environment));
            attempts.push(attempt("signal a process outside", signal(bait.process)));
            attempts.push(attempt("read the environment of a process outside", environment));
        }
    }
    attempts
}

fn attempt<T, E: Into<io::Error>>(what: &str, result: Result<T, E>) -> Attempt {
    let (got_out, said) = match result {
        Ok(_) => (true, "done".to_owned()),
        Err(error) => (false, error.into().to_string()),
    };
    Attempt { what: what.to_owned(), got_out, said }
}

fn stated(what: &str, got_out: bool) -> Attempt {
    let said = if got_out { "it can" } else { "it cannot" };
    Attempt { what: what.to_owned(), got_out, said: said.to_owned() }
}

fn write(path: &Path) -> rustix::io::Result<()> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::CLOEXEC;
    rustix::fs::open(path, flags, Mode::from_raw_mode(0o600)).map(drop)
}

fn open_up(path: &Path) -> rustix::io::Result<()> {
    rustix::fs::chmodat(CWD, path, Mode::from_raw_mode(0o777), AtFlags::empty())
}

fn read(path: &Path) -> io::Result<()> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC;
    let file = rustix::fs::open(path, flags, Mode::empty())?;
    std::fs::File::from(file).read_exact(&mut [0])
}

/// Process 1 may see itself and nobody else.
fn sees_others() -> bool {
    tree::processes().map_or(true, |seen| seen != [1])
}

fn signal(process: i32) -> rustix::io::Result<()> {
    Pid::from_raw(process).map_or(Err(rustix::io::Errno::SRCH), rustix::process::test_kill_process)
}

fn has_rights() -> bool {
    rustix::thread::capabilities(None).map_or(true, |sets| {
        !(sets.effective.is_empty() && sets.permitted.is_empty() && sets.inheritable.is_empty())
    })
}
