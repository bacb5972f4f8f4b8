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
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::pipe::PipeFlags;
use rustix::process::{Pid, PidfdFlags, Signal};

use super::wire::{self, Plan, Report};
use super::{plan, tree};
use crate::confined::{Bound, Confined, End, Ended, Input, Refusal, Stream, Tier};
use crate::stop::Stop;

/// How much is read from a pipe at a time.
const CHUNK_BYTES: usize = 64 * 1024;
/// The shortest and the longest time between two looks at what a sandbox uses.
const LOOK_MIN: Duration = Duration::from_millis(5);
const LOOK_MAX: Duration = Duration::from_millis(250);
/// How fast memory is assumed to grow at most, in bytes a millisecond: twice what one core writes here.
const GROWTH_BYTES_MS: u64 = 8 << 20;
/// How fast processes are assumed to grow at most, a millisecond.
const GROWTH_PROCESSES_MS: u64 = 20;
/// How long a killed sandbox may take to be gone. The kernel takes milliseconds; a process that waits for a dead
/// disk takes for ever.
const GONE_MAX: Duration = Duration::from_secs(10);

/// Runs `confined` to its end; the outputs go to `pass`, each up to its limit.
pub fn run(
    stage: &Path,
    confined: &Confined,
    stop: &Stop,
    pass: &mut dyn FnMut(Stream, &[u8]),
) -> Result<Ended, Refusal> {
    let started = Instant::now();
    let plan = plan::of(confined)?;
    let mut run = Run::start(stage, confined, &plan).map_err(starting)?;
    let stopped = run.follow(confined, started, stop, pass).map_err(following)?;
    let gone = run.tree.end().map_err(following)?;
    run.drain(confined, pass).map_err(following)?;
    if !gone {
        return Err(following(io::ErrorKind::TimedOut.into()));
    }
    let end = match (stopped, run.heard) {
        (_, Heard::Failed { step, reason, errno }) => {
            return Err(Refusal::Setup { hint: hint(&step, errno), step, reason });
        }
        (_, Heard::NotStarted(reason)) => {
            let program = confined.argv.first().cloned().unwrap_or_default();
            let program = program.to_string_lossy().into_owned();
            return Err(Refusal::Program { program, reason });
        }
        (Some(bound), _) => End::Stopped(bound),
        (None, Heard::Ended(end)) => end,
        (None, Heard::Nothing | Heard::Started) => {
            return Err(following(io::ErrorKind::UnexpectedEof.into()));
        }
    };
    Ok(Ended {
        end,
        stdout: Vec::new(),
        stderr: Vec::new(),
        truncated: run.outputs.iter().any(|output| output.truncated),
        duration: started.elapsed(),
        tier: Tier::Namespaces,
    })
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
        Some(libc::EPERM | libc::EACCES) if step.starts_with("open /") => {
            "what is placed in a sandbox must belong to you, or be open to all"
        }
        Some(libc::EPERM | libc::EACCES) => {
            "this system does not let people make namespaces: allow it (kernel.unprivileged_userns_clone=1, \
             kernel.apparmor_restrict_unprivileged_userns=0; in a container, its own seccomp profile)"
        }
        Some(libc::ENOSPC) => "the limit of namespaces is reached: raise user.max_user_namespaces",
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
}

impl Run {
    #[expect(clippy::disallowed_methods, reason = "this crate is the door for starting processes")]
    fn start(stage: &Path, confined: &Confined, plan: &Plan) -> io::Result<Self> {
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
        let child = std::process::Command::new(stage)
            .args([wire::STAGE, wire::OUTER])
            .env_clear()
            .stdin(Stdio::from(OwnedFd::from(other)))
            .stdout(Stdio::from(out_end))
            .stderr(Stdio::from(err_end))
            // A Ctrl-C in the person's terminal is answered by us.
            .process_group(0)
            .spawn()?;
        let tree = Tree { child, control: Some(control), first: None };
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
        };
        if let Some(control) = &run.tree.control {
            // A stage that died takes no plan; what it had to say is read below.
            wire::send_plan(control, plan, stdin_end.as_fd()).ok();
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

    fn wait(&self, stop: &Stop, most: Duration) -> io::Result<Ready> {
        let [out, err] = &self.outputs;
        let watched = [
            (self.tree.control.as_ref().map(AsFd::as_fd), PollFlags::IN),
            (out.pipe.as_ref().map(AsFd::as_fd), PollFlags::IN),
            (err.pipe.as_ref().map(AsFd::as_fd), PollFlags::IN),
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
        for output in &mut self.outputs {
            while output.pipe.is_some() && output.pass(confined.bounds.output_bytes, pass)? {}
        }
        // A stage that ended early may have said why.
        while !self.hear()? {}
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

/// The processes of a sandbox. They do not outlive it.
struct Tree {
    child: Child,
    control: Option<UnixStream>,
    first: Option<(u32, OwnedFd)>,
}

impl Tree {
    /// Finds process 1: the only child of the outer stage.
    fn first(&mut self) -> Option<&(u32, OwnedFd)> {
        if self.first.is_none() {
            let own = self.child.id();
            let [pid] = *tree::children(own) else { return None };
            let id = Pid::from_raw(pid.cast_signed())?;
            let file = rustix::process::pidfd_open(id, PidfdFlags::empty()).ok()?;
            // Still the same: nobody else has reused its number meanwhile.
            if tree::children(own) == [pid] {
                self.first = Some((pid, file));
            }
        }
        self.first.as_ref()
    }

    /// Looks at what the sandbox uses. Answers when to look again, or which limit it has passed.
    fn look(&mut self, confined: &Confined) -> Result<Duration, Bound> {
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
        let memory = (bounds.memory_bytes - resident) / GROWTH_BYTES_MS;
        let processes = (bounds.processes - usage.processes) / GROWTH_PROCESSES_MS;
        Ok(Duration::from_millis(memory.min(processes)).clamp(LOOK_MIN, LOOK_MAX))
    }

    /// Ends whatever is left and waits until it is gone. `false` if that took too long.
    fn end(&mut self) -> io::Result<bool> {
        let deadline = Instant::now() + GONE_MAX;
        if let Some(control) = &self.control {
            // Process 1 ends when it sees this, and all others with it.
            control.shutdown(std::net::Shutdown::Write).ok();
        }
        if self.first().is_none() {
            // There is no process 1 yet, or no more; if it comes, it finds nobody to ask.
            self.child.kill().ok();
        }
        if let Some((_, first)) = &self.first {
            // Gone already is as good.
            rustix::process::pidfd_send_signal(first, Signal::KILL).ok();
            let mut fds = [PollFd::new(first, PollFlags::IN)];
            loop {
                let left = deadline.saturating_duration_since(Instant::now());
                let left = Timespec {
                    tv_sec: left.as_secs().cast_signed(),
                    tv_nsec: left.subsec_nanos().into(),
                };
                match rustix::event::poll(&mut fds, Some(&left)) {
                    Ok(0) => return Ok(false),
                    Ok(_) => break,
                    Err(rustix::io::Errno::INTR) => {}
                    Err(error) => return Err(error.into()),
                }
            }
        }
        self.child.wait()?;
        Ok(true)
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
