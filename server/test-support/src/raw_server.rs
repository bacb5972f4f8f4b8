//! A language server to which a test may send any bytes. Unlike [`LspClient`](crate::LspClient) it answers nothing by itself
//! and expects no manners.

use std::io::{self, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::Value;

use crate::wire;

/// How long a message or the end is waited for. Generous: machines that test are busy.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running server. Dropping it ends it.
pub struct RawServer {
    child: Child,
    stdin: Option<ChildStdin>,
    heard: Receiver<Value>,
    stderr: Option<JoinHandle<String>>,
}

/// How a server ended.
#[derive(Debug)]
pub struct Ended {
    /// Its exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// What it said that was not received yet.
    pub rest: Vec<Value>,
    /// Its standard error.
    pub stderr: String,
}

/// A message as it goes over the wire.
pub fn frame(message: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    wire::write_message(&mut bytes, message).unwrap();
    bytes
}

impl RawServer {
    /// Starts a server.
    ///
    /// # Panics
    /// When it cannot be started.
    #[track_caller]
    pub fn start(command: Command) -> Self {
        Self::start_deaf_after(command, usize::MAX)
    }

    /// Starts a server whose output is closed after so many messages.
    ///
    /// # Panics
    /// When it cannot be started.
    #[track_caller]
    pub fn start_deaf_after(mut command: Command, messages: usize) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let (stdout, mut stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let (say, heard) = channel();
        thread::spawn(move || {
            let mut from = BufReader::new(stdout);
            for _ in 0..messages {
                // What cannot be read ends the stream: the test then misses what it waits for.
                let Ok(Some(message)) = wire::read_message(&mut from) else { return };
                if say.send(message).is_err() {
                    return;
                }
            }
        });
        let stderr = thread::spawn(move || {
            let mut bytes = Vec::new();
            stderr.read_to_end(&mut bytes).ok();
            String::from_utf8_lossy(&bytes).into_owned()
        });
        Self { stdin: child.stdin.take(), child, heard, stderr: Some(stderr) }
    }

    /// Sends bytes, whatever they are.
    ///
    /// # Errors
    /// The server does not read any more.
    pub fn send_bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        let Some(stdin) = &mut self.stdin else { return Err(io::ErrorKind::BrokenPipe.into()) };
        stdin.write_all(bytes)?;
        stdin.flush()
    }

    /// Sends a message.
    ///
    /// # Panics
    /// When the server does not read any more.
    #[track_caller]
    pub fn send(&mut self, message: &Value) {
        self.send_bytes(&frame(message)).unwrap_or_else(|error| panic!("{message}: {error}"));
    }

    /// The next message; `None` when the server has closed its output.
    ///
    /// # Panics
    /// When none comes in a minute.
    #[track_caller]
    pub fn receive(&mut self) -> Option<Value> {
        match self.heard.recv_timeout(PATIENCE) {
            Ok(message) => Some(message),
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => panic!("the server says nothing"),
        }
    }

    /// A message that is there already.
    pub fn try_receive(&mut self) -> Option<Value> {
        self.heard.try_recv().ok()
    }

    /// Closes the server's input.
    pub fn close_input(&mut self) {
        self.stdin = None;
    }

    /// The server's process id.
    pub fn process_id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until the server has ended by itself; its input stays as it is.
    ///
    /// # Panics
    /// When it does not end in a minute.
    #[track_caller]
    pub fn wait(mut self) -> Ended {
        let (done, ended) = channel();
        let stderr = self.stderr.take().unwrap();
        thread::spawn(move || done.send(stderr.join().unwrap_or_default()));
        // Its standard error closes when it ends.
        let Ok(stderr) = ended.recv_timeout(PATIENCE) else { panic!("the server does not end") };
        let code = self.child.wait().unwrap().code();
        Ended { code, rest: self.heard.iter().collect(), stderr }
    }
}

impl Drop for RawServer {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
