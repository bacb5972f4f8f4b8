//! The side of Countersign: starts a sandbox, carries its input and output, watches its limits, and answers only when
//! all of it is gone.
//!
//! One thread does everything by `poll`, so that hundreds of sandboxes cost hundreds of threads and no more.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::pipe::PipeFlags;

use super::disk::Disk;
use super::family::{LOOK_MIN, Tree};
use super::own::Own;
use super::wire::{self, Bait, Plan, Report, Wrapping};
use super::{apparmor, bubblewrap, plan, restrict, stage};
use crate::confined::{Attempt, Bound, Confined, End, Ended, Input, Means, Refusal, Stream};
use crate::stop::Stop;

/// How much is read from a pipe at a time.
const CHUNK_BYTES: usize = 64 * 1024;

/// How much is kept of what `bwrap` says, in bytes.
const WORDS_BYTES_MAX: usize = 64 * 1024;

/// Runs `confined` to its end; the outputs go to `pass`, each up to its limit.
pub fn run(
    stage: &Path,
    means: Means,
    confined: &Confined,
    stop: &Stop,
    pass: &mut dyn FnMut(Stream, &[u8]),
) -> Result<Ended, Refusal> {
    let started = Instant::now();
    let start = Start::of(stage, means, confined, None)?;
    let (stopped, run) = carry_out(stage, confined, &start, stop, pass)?;
    let end = match (stopped, run.heard) {
        (_, Heard::NotStarted(reason)) => {
            let program = confined.argv.first().cloned().unwrap_or_default();
            let program = program.to_string_lossy().into_owned();
            return Err(Refusal::Program { program, reason });
        }
        (Some(bound), _) => End::Stopped(bound),
        (None, Heard::Ended(end)) => end,
        (None, _) => return Err(following(io::ErrorKind::UnexpectedEof.into())),
    };
    Ok(Ended {
        end,
        stdout: Vec::new(),
        stderr: Vec::new(),
        truncated: run.outputs.iter().any(|output| output.truncated),
        duration: started.elapsed(),
        tier: means.tier(),
    })
}

/// What a sandbox is started with.
struct Start {
    plan: Plan,
    wrapping: Option<Wrapping>,
    /// Folders outside that are gone with it.
    _kept: Option<bubblewrap::Kept>,
    _own: Option<Own>,
}

impl Start {
    fn of(
        stage: &Path,
        means: Means,
        confined: &Confined,
        bait: Option<Bait>,
    ) -> Result<Self, Refusal> {
        let (mut wrapping, mut kept, mut own) = (None, None, None);
        let mut plan = match means {
            Means::Own => plan::of(confined, means, None)?,
            Means::Landlock => {
                // A try keeps nothing.
                if bait.is_none() {
                    own = Some(Own::furnished().map_err(starting)?);
                }
                plan::of(confined, means, own.as_ref().map(Own::path))?
            }
            Means::Bubblewrap => {
                let program = bubblewrap::find()?;
                let folders = bubblewrap::Kept::of(&confined.mounts)?;
                let stage = bubblewrap::bindable(stage, &folders.own).map_err(starting)?;
                let mounts = folders.mounts.clone();
                let mut plan = plan::of(&Confined { mounts, ..confined.clone() }, means, None)?;
                plan.fills.push(folders.own.path().to_owned());
                wrapping = Some(bubblewrap::wrapping(program, &stage, &folders.own, &plan)?);
                kept = Some(folders);
                plan
            }
        };
        plan.bait = bait;
        Ok(Self { plan, wrapping, _kept: kept, _own: own })
    }
}

/// Has a sandbox tried on `bait` instead of running a program in it. Answers what it attempted, and the version of Landlock.
pub fn attempt(
    stage: &Path,
    means: Means,
    confined: &Confined,
    bait: Bait,
) -> Result<(Vec<Attempt>, i32), Refusal> {
    let stop = Stop::new().map_err(starting)?;
    let start = Start::of(stage, means, confined, Some(bait))?;
    match carry_out(stage, confined, &start, &stop, &mut |_, _| ())?.1.heard {
        Heard::Probed { attempts, landlock_abi } => Ok((attempts, landlock_abi)),
        _ => Err(following(io::ErrorKind::UnexpectedEof.into())),
    }
}

/// Carries out what is planned until none of its processes is left.
fn carry_out(
    stage: &Path,
    confined: &Confined,
    start: &Start,
    stop: &Stop,
    pass: &mut dyn FnMut(Stream, &[u8]),
) -> Result<(Option<Bound>, Run), Refusal> {
    let started = Instant::now();
    let mut run = Run::start(stage, confined, start).map_err(starting)?;
    let stopped = run.follow(confined, started, stop, pass).map_err(following)?;
    let gone = run.tree.end().map_err(following)?;
    run.drain(confined, pass).map_err(following)?;
    if !gone {
        return Err(following(io::ErrorKind::TimedOut.into()));
    }
    if let Heard::Failed { step, reason, errno } = run.heard {
        return Err(Refusal::Setup { hint: hint(&step, errno), step, reason });
    }
    if start.wrapping.is_some() && stopped.is_none() && matches!(run.heard, Heard::Nothing) {
        // No stage of ours has begun.
        return Err(bubblewrap::refused(&run.words));
    }
    Ok((stopped, run))
}

fn starting(source: io::Error) -> Refusal {
    Refusal::Io { doing: "started", source }
}

fn following(source: io::Error) -> Refusal {
    Refusal::Io { doing: "followed to its end", source }
}

/// What the person can do about a step that the system refused.
fn hint(step: &str, errno: Option<i32>) -> &'static str {
    match errno {
        _ if step == restrict::STEP => {
            "landlock is needed: Linux 5.13 or later with `landlock` in its list of security modules (lsm= at boot), \
             and Linux 6.12 or later where there are no namespaces"
        }
        Some(libc::EPERM | libc::EACCES) if step.starts_with("open /") => {
            "what is placed in a sandbox must belong to you, or be open to all"
        }
        // A namespace can be made there, and nothing be done in it.
        Some(libc::EPERM | libc::EACCES) if apparmor::restricts() => {
            "AppArmor lets only programs with a profile use namespaces here: install bubblewrap (0.11 or later), which has \
             one, or add what `countersign doctor` prints"
        }
        Some(libc::EPERM | libc::EACCES) if step == stage::LEAVE || step.starts_with("map ") => {
            "this system does not let people make namespaces: allow it (kernel.unprivileged_userns_clone=1; in a \
             container, its own seccomp profile)"
        }
        Some(libc::ENOSPC) if step == stage::LEAVE => {
            "the limit of namespaces is reached: raise user.max_user_namespaces"
        }
        Some(libc::ENOSYS | libc::EINVAL | libc::ENODEV) => {
            "this kernel is too old for it: Linux 5.11 or later is needed"
        }
        _ => "`countersign doctor` tells what this system allows",
    }
}

/// What the stages said last.
enum Heard {
    Nothing,
    Started,
    NotStarted(String),
    Failed { step: String, reason: String, errno: Option<i32> },
    Ended(End),
    Probed { attempts: Vec<Attempt>, landlock_abi: i32 },
}

/// One output of the program.
struct Output {
    stream: Stream,
    pipe: Option<File>,
    passed: usize,
    truncated: bool,
}

struct Run {
    tree: Tree,
    outputs: [Output; 2],
    stdin: Option<File>,
    input: Vec<u8>,
    written: usize,
    line: Vec<u8>,
    heard: Heard,
    /// Whether what is written may not be the program's yet.
    wrapped: bool,
    /// That.
    words: Vec<u8>,
}

impl Run {
    #[expect(clippy::disallowed_methods, reason = "this crate is the door for starting processes")]
    fn start(stage: &Path, confined: &Confined, start: &Start) -> io::Result<Self> {
        let plan = &start.plan;
        let (control, other) = UnixStream::pair()?;
        let (out, out_end) = rustix::pipe::pipe_with(PipeFlags::CLOEXEC)?;
        let (err, err_end) = rustix::pipe::pipe_with(PipeFlags::CLOEXEC)?;
        let (stdin, input, stdin_end) = match &confined.stdin {
            Input::Bytes(bytes) => {
                let (end, stdin) = rustix::pipe::pipe_with(PipeFlags::CLOEXEC)?;
                rustix::io::ioctl_fionbio(&stdin, true)?;
                (Some(File::from(stdin)), bytes.clone(), end)
            }
            Input::Pipe(end) => {
                // An open folder, or a terminal, would be a way out.
                let mode = rustix::fs::fstat(end)?.st_mode;
                let kind = rustix::fs::FileType::from_raw_mode(mode);
                if kind != rustix::fs::FileType::Fifo {
                    return Err(io::Error::new(
                        io::ErrorKind::InvalidInput,
                        "the input is no pipe",
                    ));
                }
                (None, Vec::new(), end.try_clone()?)
            }
        };
        for end in [&out, &err] {
            rustix::io::ioctl_fionbio(end, true)?;
        }
        let err_end = if confined.one_output { out_end.try_clone()? } else { err_end };
        let outer = match plan.means {
            Means::Own => wire::OUTER,
            Means::Bubblewrap => wire::BUBBLEWRAP,
            Means::Landlock => wire::GUARD,
        };
        let child = std::process::Command::new(stage)
            .args([wire::STAGE, outer])
            .env_clear()
            .stdin(Stdio::from(OwnedFd::from(other)))
            .stdout(Stdio::from(out_end))
            .stderr(Stdio::from(err_end))
            // A Ctrl-C in the person's terminal is answered by us.
            .process_group(0)
            .spawn()?;
        let tree = Tree::of(child, control, plan.means, Disk::of(&plan.fills));
        let output = |stream, pipe| Output {
            stream,
            pipe: Some(File::from(pipe)),
            passed: 0,
            truncated: false,
        };
        let run = Self {
            tree,
            outputs: [output(Stream::Out, out), output(Stream::Err, err)],
            stdin,
            input,
            written: 0,
            line: Vec::new(),
            heard: Heard::Nothing,
            wrapped: start.wrapping.is_some(),
            words: Vec::new(),
        };
        if let Some(control) = &run.tree.control {
            // A stage that died takes no plan; what it had to say is read below.
            if let Some(wrapping) = &start.wrapping {
                wire::send(control, wrapping, None).ok();
            }
            wire::send(control, plan, Some(stdin_end.as_fd())).ok();
            control.set_nonblocking(true)?;
        }
        Ok(run)
    }

    /// Serves the pipes until the program has ended or must be stopped.
    fn follow(
        &mut self,
        confined: &Confined,
        started: Instant,
        stop: &Stop,
        pass: &mut dyn FnMut(Stream, &[u8]),
    ) -> io::Result<Option<Bound>> {
        let deadline = started + confined.bounds.time;
        let mut look = started + LOOK_MIN;
        loop {
            let now = Instant::now();
            if now >= deadline {
                return Ok(Some(Bound::Time));
            }
            if now >= look {
                match self.tree.look(confined) {
                    Ok(pause) => look = Instant::now() + pause,
                    Err(bound) => return Ok(Some(bound)),
                }
            }
            let ready = self.wait(stop, deadline.min(look).saturating_duration_since(now))?;
            if ready.stop {
                return Ok(Some(Bound::Cancelled));
            }
            if ready.stdin {
                self.feed();
            }
            for (output, ready) in self.outputs.iter_mut().zip(ready.outputs) {
                if ready {
                    output.pass(confined.bounds.output_bytes, pass)?;
                }
            }
            if ready.control && self.hear()? {
                return Ok(self.bound());
            }
        }
    }

    /// The limit behind a signal that the kernel sends for one.
    fn bound(&self) -> Option<Bound> {
        match self.heard {
            Heard::Ended(End::Signalled(libc::SIGXCPU)) => Some(Bound::Cpu),
            Heard::Ended(End::Signalled(libc::SIGXFSZ)) => Some(Bound::FileSize),
            _ => None,
        }
    }

    /// Whether what is written is not the program's yet.
    fn is_before(&self) -> bool {
        self.wrapped && matches!(self.heard, Heard::Nothing)
    }

    fn wait(&self, stop: &Stop, most: Duration) -> io::Result<Ready> {
        let before = self.is_before();
        // What `bwrap` says stays in the pipe until it is known whose it is.
        let [out, err] = self
            .outputs
            .each_ref()
            .map(|output| output.pipe.as_ref().filter(|_| !before).map(AsFd::as_fd));
        let watched = [
            (self.tree.control.as_ref().map(AsFd::as_fd), PollFlags::IN),
            (out, PollFlags::IN),
            (err, PollFlags::IN),
            (self.stdin.as_ref().map(AsFd::as_fd), PollFlags::OUT),
            (Some(stop.asked()), PollFlags::IN),
        ];
        let open = watched.iter().filter_map(|(file, flags)| Some((file.as_ref()?, *flags)));
        let mut fds: Vec<PollFd<'_>> = open.map(|(file, flags)| PollFd::new(file, flags)).collect();
        let most = Timespec {
            tv_sec: i64::try_from(most.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: most.subsec_nanos().into(),
        };
        match rustix::event::poll(&mut fds, Some(&most)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let mut results = fds.iter().map(|fd| !fd.revents().is_empty());
        let happened =
            watched.map(|(file, _)| file.is_some() && results.next().unwrap_or_default());
        let [control, out, err, stdin, stop] = happened;
        Ok(Ready { control, outputs: [out, err], stdin, stop })
    }

    /// Writes what the program takes of its input. One that reads no more is none of our business.
    fn feed(&mut self) {
        let Some(stdin) = &mut self.stdin else { return };
        let rest = self.input.get(self.written..).unwrap_or_default();
        let rest = rest.get(..rest.len().min(CHUNK_BYTES)).unwrap_or_default();
        match stdin.write(rest) {
            Ok(count) if !rest.is_empty() => self.written += count,
            Err(error) if again(&error) => {}
            _ => self.stdin = None,
        }
    }

    /// Takes in what the stages say. Answers whether that was their last word.
    fn hear(&mut self) -> io::Result<bool> {
        let Some(control) = &mut self.tree.control else { return Ok(true) };
        let mut chunk = [0; 4096];
        let count = match control.read(&mut chunk) {
            Ok(count) => count,
            Err(error) if again(&error) => return Ok(false),
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => 0,
            Err(error) => return Err(error),
        };
        self.line.extend(chunk.iter().take(count));
        while let Some(end) = self.line.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.line.drain(..=end).collect();
            self.heard = match serde_json::from_slice(&line)? {
                Report::Started => Heard::Started,
                Report::NotStarted { reason, .. } => Heard::NotStarted(reason),
                Report::Failed { step, errno, reason } => Heard::Failed { step, reason, errno },
                Report::Probed { attempts, landlock_abi } => {
                    Heard::Probed { attempts, landlock_abi }
                }
                Report::Ended { code: Some(code), .. } => Heard::Ended(End::Exited(code)),
                Report::Ended { signal, .. } => {
                    Heard::Ended(End::Signalled(signal.unwrap_or_default()))
                }
            };
        }
        Ok(count == 0 || !matches!(self.heard, Heard::Nothing | Heard::Started))
    }

    /// Reads what is left in the pipes; nobody holds their other ends any more.
    fn drain(
        &mut self,
        confined: &Confined,
        pass: &mut dyn FnMut(Stream, &[u8]),
    ) -> io::Result<()> {
        // A stage that ended early may have said why.
        while !self.hear()? {}
        let before = self.is_before();
        let words = &mut self.words;
        for output in &mut self.outputs {
            let most = if before { WORDS_BYTES_MAX } else { confined.bounds.output_bytes };
            let mut pass = |stream, bytes: &[u8]| match before {
                true => words.extend(bytes),
                false => pass(stream, bytes),
            };
            while output.pipe.is_some() && output.pass(most, &mut pass)? {}
        }
        Ok(())
    }
}

/// What [`Run::wait`] found to have happened.
struct Ready {
    control: bool,
    outputs: [bool; 2],
    stdin: bool,
    stop: bool,
}

impl Output {
    /// Passes one chunk on. Answers whether there may be more at once.
    fn pass(&mut self, most: usize, pass: &mut dyn FnMut(Stream, &[u8])) -> io::Result<bool> {
        let Some(pipe) = &mut self.pipe else { return Ok(false) };
        let mut chunk = [0; CHUNK_BYTES];
        match pipe.read(&mut chunk) {
            Ok(0) => self.pipe = None,
            Ok(count) => {
                let kept = count.min(most.saturating_sub(self.passed));
                self.truncated |= kept < count;
                self.passed += kept;
                if kept > 0 {
                    pass(self.stream, chunk.get(..kept).unwrap_or_default());
                }
                return Ok(true);
            }
            Err(error) if again(&error) => return Ok(false),
            Err(error) => return Err(error),
        }
        Ok(false)
    }
}

fn again(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}
