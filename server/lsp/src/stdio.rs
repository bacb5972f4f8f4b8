//! Standard input and output.
//!
//! Where they are pipes or sockets, as of every editor, they are waited for by the thread that handles messages. The usual
//! way has one thread read and another write, and under load each message waits twice more until a thread gets its turn.

use tokio::io::{AsyncRead, AsyncWrite};

/// What the client says.
pub(crate) type Input = Box<dyn AsyncRead + Unpin>;
/// What is said to it.
pub(crate) type Output = Box<dyn AsyncWrite + Unpin>;

/// Both ends; to be called in a runtime.
pub(crate) fn streams() -> (Input, Output) {
    let input = ready::input().unwrap_or_else(|| Box::new(tokio::io::stdin()));
    let output = ready::output().unwrap_or_else(|| Box::new(tokio::io::stdout()));
    (input, output)
}

#[cfg(unix)]
mod ready {
    use std::io;
    use std::os::fd::{AsFd, OwnedFd};

    use tokio::net::UnixStream;
    use tokio::net::unix::pipe;

    use super::{Input, Output};

    /// How much the output holds where it is a pipe, in bytes: more than what is said of a file with hundreds of hunks. What does not fit
    /// waits until the client reads, and what is said next behind it.
    #[cfg(target_os = "linux")]
    const PIPE_BYTES: usize = 1 << 20;

    pub(super) fn input() -> Option<Input> {
        let end = || io::stdin().as_fd().try_clone_to_owned().ok();
        match pipe::Receiver::from_owned_fd(end()?) {
            Ok(pipe) => Some(Box::new(pipe)),
            Err(_) => Some(Box::new(socket(end()?)?)),
        }
    }

    pub(super) fn output() -> Option<Output> {
        let end = || io::stdout().as_fd().try_clone_to_owned().ok();
        #[cfg(target_os = "linux")]
        if let Err(error) = rustix::pipe::fcntl_setpipe_size(io::stdout(), PIPE_BYTES) {
            tracing::debug!(%error, "the output is no pipe, or stays as small as it is");
        }
        match pipe::Sender::from_owned_fd(end()?) {
            Ok(pipe) => Some(Box::new(pipe)),
            Err(_) => Some(Box::new(socket(end()?)?)),
        }
    }

    fn socket(end: OwnedFd) -> Option<UnixStream> {
        let socket = std::os::unix::net::UnixStream::from(end);
        // What is no socket has no address.
        socket.local_addr().ok()?;
        socket.set_nonblocking(true).ok()?;
        UnixStream::from_std(socket).ok()
    }
}

#[cfg(not(unix))]
mod ready {
    use super::{Input, Output};

    pub(super) fn input() -> Option<Input> {
        None
    }

    pub(super) fn output() -> Option<Output> {
        None
    }
}
