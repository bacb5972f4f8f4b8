//! One run of one program, start to end.

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::process::{Child, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::Program;

/// How long the pipes of a killed program may stay open before they are abandoned. A grandchild that
/// inherited them can hold them for as long as it lives.
const ABANDON_AFTER: Duration = Duration::from_millis(500);

/// How often a program that closed its output without ending is looked at.
const EXIT_POLL: Duration = Duration::from_millis(2);

/// How much is read from a pipe at a time.
const CHUNK_BYTES: usize = 64 * 1024;

/// What to start, with everything it gets to see.
#[derive(Debug, Clone)]
pub struct Command {
    /// Which program.
    pub program: Program,
    /// Its arguments, without its name.
    pub args: Vec<OsString>,
    /// The folder it starts in. Absolute.
    pub cwd: PathBuf,
    /// Its whole environment. `PATH` in it decides where the program is found.
    pub env: Vec<(OsString, OsString)>,
    /// What it reads from its standard input.
    pub stdin: Vec<u8>,
    /// When it is stopped.
    pub limits: Limits,
}

/// When a run is stopped or cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Wall-clock time from start to end.
    pub time: Duration,
    /// Bytes kept of each of standard output and standard error; the rest is drained and dropped.
    pub output_bytes: usize,
}

/// A run that ended by itself.
#[derive(Debug)]
pub struct Finished {
    /// How it ended.
    pub status: ExitStatus,
    /// Its standard output, up to the limit.
    pub stdout: Vec<u8>,
    /// Its standard error, up to the limit.
    pub stderr: Vec<u8>,
    /// Whether either of them was longer than the limit.
    pub truncated: bool,
}

/// Why a run has no result.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// No absolute folder of `PATH` holds the program.
    #[error("`{program}` is not in any absolute folder of PATH: install it or extend PATH")]
    NotFound {
        /// The program's name.
        program: &'static str,
    },
    /// The system would not start it.
    #[error("`{program}` could not be started in {cwd}")]
    Start {
        /// The program's name.
        program: &'static str,
        /// Where it should have started.
        cwd: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// It ran longer than its limit and was killed.
    #[error("`{program}` was stopped after {limit_ms} ms")]
    TimedOut {
        /// The program's name.
        program: &'static str,
        /// The limit.
        limit_ms: u128,
    },
    /// Its end could not be observed.
    #[error("`{program}` was started but its end could not be observed")]
    Wait {
        /// The program's name.
        program: &'static str,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

/// Which pipe a reader thread reports of.
enum Drained {
    Out(Vec<u8>, bool),
    Err(Vec<u8>, bool),
}

/// Runs a program to its end and returns what it wrote. A non-zero exit is a result, not an error.
///
/// The program leads its own process group, so a Ctrl-C in the person's terminal is answered by us, not
/// by it. On a time-out the program itself is killed; programs that it started are not (the standard
/// library cannot signal a group without unsafe code), but their hold on the pipes does not delay the
/// answer by more than [half a second](ABANDON_AFTER).
///
/// # Errors
/// [`SandboxError`]; in every case the program is no longer running or never was.
///
/// # Cost
/// One process and up to three threads; memory up to twice `limits.output_bytes`.
pub fn run(command: Command) -> Result<Finished, SandboxError> {
    let program = command.program.name();
    let path = command.env.iter().find(|(name, _)| name == "PATH").map(|(_, value)| value);
    let file = path
        .and_then(|path| command.program.find(path))
        .ok_or(SandboxError::NotFound { program })?;
    let deadline = Instant::now() + command.limits.time;
    let mut child = spawn(&command, file).map_err(|source| SandboxError::Start {
        program,
        cwd: command.cwd.clone(),
        source,
    })?;
    let drained = connect(&mut child, command.stdin, command.limits.output_bytes);

    let mut finished =
        Outputs { stdout: Vec::new(), stderr: Vec::new(), truncated: false, open: 2 };
    finished.collect(&drained, deadline);
    match wait_until(&mut child, deadline) {
        Ok(Some(status)) => {
            // Ended with the pipes still open: something it started holds them.
            finished.collect(&drained, Instant::now() + ABANDON_AFTER);
            Ok(Finished {
                status,
                stdout: finished.stdout,
                stderr: finished.stderr,
                truncated: finished.truncated,
            })
        }
        Ok(None) => {
            end(&mut child);
            Err(SandboxError::TimedOut { program, limit_ms: command.limits.time.as_millis() })
        }
        Err(source) => {
            end(&mut child);
            Err(SandboxError::Wait { program, source })
        }
    }
}

/// What has been collected of the two pipes, and how many are still open.
struct Outputs {
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    truncated: bool,
    open: u8,
}

impl Outputs {
    /// Takes what the readers report until both pipes are closed or `deadline` has passed.
    fn collect(&mut self, drained: &Receiver<Drained>, deadline: Instant) {
        while self.open > 0 {
            let left = deadline.saturating_duration_since(Instant::now());
            match drained.recv_timeout(left) {
                Ok(Drained::Out(bytes, cut)) => {
                    self.stdout = bytes;
                    self.truncated |= cut;
                }
                Ok(Drained::Err(bytes, cut)) => {
                    self.stderr = bytes;
                    self.truncated |= cut;
                }
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return,
            }
            self.open -= 1;
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "this crate is the door for starting processes")]
fn spawn(command: &Command, file: PathBuf) -> io::Result<Child> {
    let mut process = std::process::Command::new(file);
    process
        .args(&command.args)
        .current_dir(&command.cwd)
        .env_clear()
        .envs(command.env.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut process, 0);
    process.spawn()
}

/// Gives each pipe its thread, so that a full one never stops another.
fn connect(child: &mut Child, input: Vec<u8>, limit: usize) -> Receiver<Drained> {
    let (sender, receiver) = channel();
    if let Some(mut stdin) = child.stdin.take() {
        // A program may end without reading its input; that is its business.
        thread::spawn(move || stdin.write_all(&input).ok());
    }
    if let Some(stdout) = child.stdout.take() {
        drain(stdout, limit, sender.clone(), Drained::Out);
    }
    if let Some(stderr) = child.stderr.take() {
        drain(stderr, limit, sender, Drained::Err);
    }
    receiver
}

fn drain(
    mut pipe: impl Read + Send + 'static,
    limit: usize,
    sender: Sender<Drained>,
    report: fn(Vec<u8>, bool) -> Drained,
) {
    thread::spawn(move || {
        let mut kept = Vec::new();
        let mut cut = false;
        let mut chunk = vec![0; CHUNK_BYTES];
        loop {
            match pipe.read(&mut chunk) {
                Ok(0) => break,
                Ok(count) => {
                    let room = limit.saturating_sub(kept.len());
                    cut |= count > room;
                    kept.extend(chunk.iter().take(count.min(room)));
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => {
                    // What is missing must not look complete.
                    cut = true;
                    break;
                }
            }
        }
        // The receiver is gone when the run was given up; then nobody wants the bytes.
        sender.send(report(kept, cut)).ok();
    });
}

fn wait_until(child: &mut Child, deadline: Instant) -> io::Result<Option<ExitStatus>> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() >= deadline {
            return Ok(None);
        }
        thread::sleep(EXIT_POLL);
    }
}

/// Kills and reaps. Both fail only when the program has already ended.
fn end(child: &mut Child) {
    child.kill().ok();
    child.wait().ok();
}
