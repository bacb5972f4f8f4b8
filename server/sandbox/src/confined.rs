//! What a confined run is asked for, and what comes back: plain values, the same on every system.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How strongly a program is shut in. The order is from weak to strong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// Landlock and a seccomp filter, in the person's own namespaces. It reads the system and what is placed, writes
    /// what is placed writable and folders of its own for `HOME` and `TMPDIR`, and reaches nobody else's processes.
    /// Beside what [`Tier::Namespaces`] has it lacks: nothing can be shown elsewhere than where it is, so only
    /// [`Mount::Bind`] and [`Mount::Cover`] at their own places are carried out; it sees which processes there are, and which files exist; it
    /// has no sockets at all, not even a loopback; it cannot change the mode, the times or the attributes of any
    /// file; `/tmp` and `/dev/shm` are shut; and the number of its processes is watched, not kept by the kernel.
    Landlock,
    /// Its own user, process, mount, network, IPC, host name and cgroup namespaces, and inside them Landlock
    /// and a seccomp filter.
    Namespaces,
}

impl Tier {
    /// The word for it in options, messages and records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Landlock => "landlock",
            Self::Namespaces => "namespaces",
        }
    }
}

/// By what a program is shut in. The first that works is taken of those that come to the tier that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Means {
    /// [`Tier::Namespaces`], made by this very program.
    Own,
    /// [`Tier::Namespaces`], made by the system's `bwrap` (bubblewrap, 0.11 or later): some systems let it make
    /// namespaces and nobody else. Landlock, the seccomp filter, the limits and the end of all processes are ours as
    /// ever. What otherwise lies in memory ([`Bounds::scratch_bytes`], [`Mount::Scratch`]) lies on the disk here, within
    /// [`Bounds::disk_bytes`], and starting it takes longer.
    Bubblewrap,
    /// [`Tier::Landlock`].
    Landlock,
}

impl Means {
    /// All of them, in the order in which they are tried.
    pub const ALL: [Self; 3] = [Self::Own, Self::Bubblewrap, Self::Landlock];

    /// How strongly it shuts in.
    pub fn tier(self) -> Tier {
        match self {
            Self::Own | Self::Bubblewrap => Tier::Namespaces,
            Self::Landlock => Tier::Landlock,
        }
    }

    /// The word for it in messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Own => "namespaces",
            Self::Bubblewrap => "bubblewrap",
            Self::Landlock => "landlock",
        }
    }
}

/// One program to run confined, with everything it gets to see.
///
/// Beside the [`mounts`](Self::mounts) it finds the system's programs and libraries (read-only), its own
/// `/proc`, a `/dev` with the harmless devices, an empty `/tmp`, and an empty home folder. All else is absent.
#[derive(Debug, Clone)]
pub struct Confined {
    /// The program and its arguments. A name without `/` is looked up in the `PATH` it is given.
    pub argv: Vec<OsString>,
    /// The folder it starts in, as seen from inside. Absolute.
    pub cwd: PathBuf,
    /// Its environment beside `HOME`, `PATH`, `TMPDIR` and `LANG`, which are set here; one that is listed again
    /// takes the place of ours.
    pub env: Vec<(OsString, OsString)>,
    /// What it reads from its standard input.
    pub stdin: Input,
    /// What it sees of the person's files, in this order.
    pub mounts: Vec<Mount>,
    /// What it reaches outside.
    pub network: Network,
    /// Whether its standard error goes where its standard output goes, so that what it writes to both keeps its order. It
    /// is then passed on as [`Stream::Out`].
    pub one_output: bool,
    /// When it is stopped or cut.
    pub bounds: Bounds,
}

/// Where the standard input of a confined program comes from.
#[derive(Debug)]
pub enum Input {
    /// These bytes, then the end.
    Bytes(Vec<u8>),
    /// The reading end of a pipe, for a conversation. The program gets it as it is; anything but a pipe is refused.
    #[cfg(unix)]
    Pipe(std::os::fd::OwnedFd),
}

#[cfg(unix)]
impl Clone for Input {
    /// A pipe that cannot be shared once more (too many open files) becomes an empty input.
    fn clone(&self) -> Self {
        match self {
            Self::Bytes(bytes) => Self::Bytes(bytes.clone()),
            Self::Pipe(end) => end.try_clone().map_or(Self::Bytes(Vec::new()), Self::Pipe),
        }
    }
}

#[cfg(not(unix))]
impl Clone for Input {
    fn clone(&self) -> Self {
        let Self::Bytes(bytes) = self;
        Self::Bytes(bytes.clone())
    }
}

/// A part of the person's files, placed inside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mount {
    /// A file or folder as it is, with what is mounted below it.
    Bind {
        /// Outside. Absolute; symbolic links are followed once, before the sandbox exists.
        from: PathBuf,
        /// Inside. Absolute.
        at: PathBuf,
        /// Whether it may be changed, for good.
        writable: bool,
    },
    /// Folders shown as one that can be changed: the changes go to `upper`, and nothing below is touched.
    Overlay {
        /// Outside, the topmost first.
        lower: Vec<PathBuf>,
        /// Outside: where the changes go. Not within a lower folder.
        upper: PathBuf,
        /// Outside: an empty folder beside `upper`, on the same file system.
        work: PathBuf,
        /// Inside. Absolute.
        at: PathBuf,
    },
    /// A folder shown as one that can be changed: the changes lie in memory and are gone with the sandbox. All covers
    /// of a sandbox together hold [`Bounds::scratch_bytes`]. At [`Tier::Landlock`] it can only be read.
    Cover {
        /// Outside. Absolute.
        from: PathBuf,
        /// Inside. Absolute.
        at: PathBuf,
    },
    /// An empty folder in memory, gone with the sandbox.
    Scratch {
        /// Inside. Absolute.
        at: PathBuf,
        /// How much it holds, in bytes.
        size_bytes: u64,
    },
    /// Another name for what is seen elsewhere inside. Left out where something else has that name already or nothing
    /// can be placed, and at [`Tier::Landlock`].
    Link {
        /// Inside, absolute: what it leads to.
        to: PathBuf,
        /// Inside. Absolute.
        at: PathBuf,
    },
}

impl Mount {
    /// Where it is seen inside.
    pub fn at(&self) -> &std::path::Path {
        match self {
            Self::Bind { at, .. }
            | Self::Overlay { at, .. }
            | Self::Cover { at, .. }
            | Self::Scratch { at, .. }
            | Self::Link { at, .. } => at,
        }
    }
}

/// What a confined program reaches outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Network {
    /// Nothing. In its own network namespace it has a loopback of its own, so that tests which serve to
    /// themselves work; nobody else is on it.
    None,
    /// As [`Network::None`], and this Unix socket of ours, seen inside at [`GATEWAY_SOCKET`].
    Socket(PathBuf),
}

/// Where the socket of [`Network::Socket`] is seen inside.
pub const GATEWAY_SOCKET: &str = "/run/countersign/gateway.sock";

/// The home folder inside: the same for everyone, so that nothing depends on whose it is.
pub const HOME: &str = "/home/countersign";

/// When a confined run is stopped or cut. There is always a limit; [`Bounds::default`] suits a test suite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Wall-clock time from start to end.
    pub time: Duration,
    /// Processor time of any one of its processes.
    pub cpu: Duration,
    /// Bytes passed on of each of standard output and standard error; the rest is drained and dropped.
    pub output_bytes: usize,
    /// Processes and threads, together.
    pub processes: u64,
    /// Memory of all its processes together, in bytes. What lies in [`Mount::Scratch`] and `/tmp` is not in it.
    pub memory_bytes: u64,
    /// The size of any file it writes.
    pub file_bytes: u64,
    /// Open files of any one process.
    pub open_files: u64,
    /// What each of `/tmp`, the home folder, `/dev/shm` and all of [`Mount::Cover`] together hold, in bytes.
    /// By [`Means::Bubblewrap`] all of it counts below instead.
    pub scratch_bytes: u64,
    /// What the `upper` folders of all its [`Mount::Overlay`] hold together, in bytes; at [`Tier::Landlock`], its `HOME`
    /// and `TMPDIR`. Looked at from outside, so a fast writer gets further before it ends. Before the disk itself is
    /// full it ends in any case. What is bound writable is not counted.
    pub disk_bytes: u64,
}

impl Default for Bounds {
    fn default() -> Self {
        const GIB: u64 = 1 << 30;
        Self {
            time: Duration::from_secs(600),
            cpu: Duration::from_secs(3600),
            output_bytes: 4 << 20,
            processes: 1024,
            memory_bytes: 4 * GIB,
            file_bytes: 4 * GIB,
            open_files: 4096,
            scratch_bytes: GIB,
            disk_bytes: 16 * GIB,
        }
    }
}

/// A limit that ended a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// [`Bounds::time`].
    Time,
    /// [`Bounds::cpu`].
    Cpu,
    /// [`Bounds::processes`].
    Processes,
    /// [`Bounds::memory_bytes`].
    Memory,
    /// [`Bounds::file_bytes`].
    FileSize,
    /// [`Bounds::disk_bytes`], or the room that is left on the disk.
    Disk,
    /// Whoever waits no longer wants it.
    Cancelled,
}

impl Bound {
    /// What was reached, as the end of a sentence.
    pub fn name(self) -> &'static str {
        match self {
            Self::Time => "its time",
            Self::Cpu => "its processor time",
            Self::Processes => "its number of processes",
            Self::Memory => "its memory",
            Self::FileSize => "the size of a file",
            Self::Disk => "its room on the disk",
            Self::Cancelled => "the end that was asked for",
        }
    }
}

/// How a confined program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// By itself, with this exit code.
    Exited(i32),
    /// By this signal, which none of our limits sent.
    Signalled(i32),
    /// By us: a limit was reached, and the whole tree was killed.
    Stopped(Bound),
}

impl End {
    /// Whether it ended by itself with exit code 0.
    pub fn success(self) -> bool {
        self == Self::Exited(0)
    }
}

/// A confined run that is over; none of its processes is left.
#[derive(Debug, Clone)]
pub struct Ended {
    /// How.
    pub end: End,
    /// Its standard output, up to the limit; empty where it was passed on instead.
    pub stdout: Vec<u8>,
    /// Its standard error, likewise.
    pub stderr: Vec<u8>,
    /// Whether either of them was longer than the limit.
    pub truncated: bool,
    /// From the request to the end of the last process.
    pub duration: Duration,
    /// What it was confined by.
    pub tier: Tier,
}

/// One of the two outputs of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}

/// One attempt of a sandbox to get out, made when it was tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// What was attempted, as in "to ...".
    pub what: String,
    /// Whether it succeeded, which it must not.
    pub got_out: bool,
    /// What the system said.
    pub said: String,
}

/// What a sandbox did when it was tried, and withstood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probed {
    /// What it was confined by.
    pub means: Means,
    /// What it attempted in vain.
    pub attempts: Vec<Attempt>,
    /// The version of Landlock's interface that this kernel has.
    pub landlock_abi: i32,
}

/// Why a confined run did not take place. Nothing of the program is running.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// This system has no means that we use.
    #[error("programs cannot be confined on this system: use Linux, or a Linux virtual machine")]
    System,
    /// Something that the tier needs was refused by the system.
    #[error("the sandbox cannot be enforced: {step}: {reason}; {hint}")]
    Setup {
        /// What was attempted.
        step: String,
        /// What the system said.
        reason: String,
        /// The way out.
        hint: &'static str,
    },
    /// The program that makes it is not there.
    #[error("`{program}` is not in any absolute folder of PATH")]
    Missing {
        /// Its name.
        program: &'static str,
    },
    /// It was tried, and something got out.
    #[error("the sandbox does not hold by `{}`: inside it was possible to {what}; {hint}", means.name())]
    Leaks {
        /// What was tried.
        means: Means,
        /// What got out.
        what: String,
        /// The way out.
        hint: &'static str,
    },
    /// Neither our own namespaces can be used, nor those that `bwrap` makes.
    #[error("{own}; and by `bwrap`: {bubblewrap}")]
    Namespaces {
        /// Why not our own.
        own: Box<Refusal>,
        /// Why not the others.
        bubblewrap: Box<Refusal>,
    },
    /// No tier that was allowed can be enforced.
    #[error("{strongest}; and the weaker tier `landlock`, which is allowed: {weaker}")]
    Tiers {
        /// Why not the strongest.
        strongest: Box<Refusal>,
        /// Why not the weaker one.
        weaker: Box<Refusal>,
    },
    /// A description that no sandbox can carry out.
    #[error("the sandbox was asked for what it cannot do: {reason}")]
    Description {
        /// What, and where.
        reason: String,
    },
    /// A part of the person's files that cannot be placed inside.
    #[error("`{}` cannot be placed in the sandbox", path.display())]
    Mount {
        /// Outside.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The program itself would not start.
    #[error("`{program}` could not be started in the sandbox: {reason}")]
    Program {
        /// As it was asked for.
        program: String,
        /// What the system said.
        reason: String,
    },
    /// The processes of the sandbox could not be started or followed.
    #[error("the sandbox could not be {doing}")]
    Io {
        /// What was attempted.
        doing: &'static str,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}
