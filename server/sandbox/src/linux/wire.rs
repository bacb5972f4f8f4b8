//! What is said over the control socket: the plan in one message (before it, what `bwrap` is told), then reports, one JSON document a line.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::confined::{Attempt, Means};

/// The first argument that makes this program a stage. Nobody types it.
pub const STAGE: &str = "__sandbox-stage";
/// The second argument of the stage that unshares.
pub const OUTER: &str = "outer";
/// The second argument of the stage that starts `bwrap` and stands beside it.
pub const BUBBLEWRAP: &str = "bubblewrap";
/// The second argument of the stage that stands in for the namespaces where there are none.
pub const GUARD: &str = "guard";
/// The second argument of the stage that starts the program.
pub const INNER: &str = "inner";

/// The largest message, in bytes. It holds paths, arguments and an environment.
const MESSAGE_BYTES_MAX: u64 = 16 << 20;

/// Everything the inner stage needs to know.
#[derive(Debug, Serialize, Deserialize)]
pub struct Plan {
    pub means: Means,
    pub argv: Vec<OsString>,
    pub cwd: OsString,
    pub env: Vec<(OsString, OsString)>,
    pub mounts: Vec<Placed>,
    pub rlimits: Rlimits,
    pub scratch_bytes: u64,
    /// The folders outside that it fills. The stages have no use for them.
    #[serde(skip)]
    pub fills: Vec<PathBuf>,
    /// Instead of starting a program, try to reach this.
    pub bait: Option<Bait>,
}

/// What `bwrap` is told, and where it is.
#[derive(Debug, Serialize, Deserialize)]
pub struct Wrapping {
    pub program: OsString,
    pub words: Vec<Word>,
}

/// A word of a command line.
#[derive(Debug, Serialize, Deserialize)]
pub enum Word {
    Plain(OsString),
    /// The number of an open file: this one.
    Open(OsString),
    /// The number of an open file that holds this.
    Text(String),
}

/// What lies outside for a sandbox to be tried on.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Bait {
    /// A folder with [`SECRET`] and [`SOCKET`] in it.
    pub folder: OsString,
    /// Somebody listens here, on the loopback.
    pub port: u16,
    /// And to this name, which lies in no file system.
    pub name: String,
    /// A process of the same person.
    pub process: i32,
}

/// A file in the folder of a [`Bait`].
pub const SECRET: &str = "secret";
/// A listening socket in the folder of a [`Bait`].
pub const SOCKET: &str = "socket";

/// A mount, its sources resolved.
#[derive(Debug, Serialize, Deserialize)]
pub enum Placed {
    Bind { from: OsString, at: OsString, writable: bool },
    Overlay { lower: Vec<OsString>, upper: OsString, work: OsString, at: OsString },
    Cover { from: OsString, at: OsString },
    Scratch { at: OsString, size_bytes: u64 },
    Link { to: OsString, at: OsString },
    Text { at: OsString, text: String },
}

impl Placed {
    /// Where it is seen inside.
    pub fn at(&self) -> &OsStr {
        match self {
            Self::Bind { at, .. }
            | Self::Overlay { at, .. }
            | Self::Cover { at, .. }
            | Self::Scratch { at, .. }
            | Self::Link { at, .. }
            | Self::Text { at, .. } => at,
        }
    }
}

/// The limits that the kernel keeps for each process.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Rlimits {
    pub cpu_s: u64,
    pub file_bytes: u64,
    pub open_files: u64,
    pub processes: u64,
}

/// What the stages say.
#[derive(Debug, Serialize, Deserialize)]
pub enum Report {
    /// The program has been started.
    Started,
    /// The program could not be started.
    NotStarted { errno: Option<i32>, reason: String },
    /// The sandbox could not be made.
    Failed { step: String, errno: Option<i32>, reason: String },
    /// The program has ended.
    Ended { code: Option<i32>, signal: Option<i32> },
    /// The sandbox was tried.
    Probed { attempts: Vec<Attempt>, landlock_abi: i32 },
}

/// Sends a message, and an open file with it. The other side has read nothing yet, so this may block until it does.
pub fn send(
    socket: impl AsFd + Write,
    message: &impl Serialize,
    file: Option<BorrowedFd<'_>>,
) -> io::Result<()> {
    let body = serde_json::to_vec(message)?;
    let length = (body.len() as u64).to_le_bytes();
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    let files = file.map(|file| [file]);
    if let Some(files) = &files {
        ancillary.push(SendAncillaryMessage::ScmRights(files));
    }
    let sent = sendmsg(&socket, &[IoSlice::new(&length)], &mut ancillary, SendFlags::NOSIGNAL)?;
    if sent != length.len() {
        return Err(io::ErrorKind::WriteZero.into());
    }
    let mut socket = socket;
    socket.write_all(&body)
}

/// Receives what [`send`] sent, and no byte more.
pub fn receive<T: DeserializeOwned>(mut socket: &File) -> io::Result<(T, Option<OwnedFd>)> {
    let mut length = [0; 8];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let received = recvmsg(
        socket,
        &mut [IoSliceMut::new(&mut length)],
        &mut ancillary,
        RecvFlags::CMSG_CLOEXEC,
    )?;
    if received.bytes != length.len() {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let file = ancillary.drain().find_map(|message| match message {
        RecvAncillaryMessage::ScmRights(mut files) => files.next(),
        _ => None,
    });
    let length = u64::from_le_bytes(length);
    if length > MESSAGE_BYTES_MAX {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut body = Vec::new();
    Read::take(&mut socket, length).read_to_end(&mut body)?;
    Ok((serde_json::from_slice(&body)?, file))
}

/// Sends one report. Nobody may be there to read it any more, and that is no failure of the sender.
pub fn report(mut socket: impl Write, report: &Report) {
    if let Ok(mut line) = serde_json::to_vec(report) {
        line.push(b'\n');
        socket.write_all(&line).ok();
    }
}
