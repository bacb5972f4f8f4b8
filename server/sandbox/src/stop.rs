//! How another thread ends a confined run.

use std::io;

#[cfg(unix)]
use std::os::unix::net::UnixStream;

/// Ends the run that it was given to. Clones end the same run.
#[derive(Debug, Clone)]
#[cfg(unix)]
pub struct Stop {
    asking: std::sync::Arc<UnixStream>,
    asked: std::sync::Arc<UnixStream>,
}

#[cfg(unix)]
impl Stop {
    /// For a run that is still to come.
    ///
    /// # Errors
    /// What the system says, if too many files are open.
    pub fn new() -> io::Result<Self> {
        let (asking, asked) = UnixStream::pair()?;
        Ok(Self { asking: asking.into(), asked: asked.into() })
    }

    /// Ends it, now or as soon as it starts. Returns at once; the run answers with [`Bound::Cancelled`](crate::Bound).
    pub fn stop(&self) {
        // It can only have been closed already.
        self.asking.shutdown(std::net::Shutdown::Write).ok();
    }

    /// An end of a socket: a byte written to it stops the run, too. For handlers of signals.
    ///
    /// # Errors
    /// What the system says, if too many files are open.
    pub fn waker(&self) -> io::Result<UnixStream> {
        self.asking.try_clone()
    }

    #[cfg(target_os = "linux")]
    pub(crate) fn asked(&self) -> std::os::fd::BorrowedFd<'_> {
        std::os::fd::AsFd::as_fd(&*self.asked)
    }
}

/// Ends the run that it was given to. There are none on this system.
#[derive(Debug, Clone)]
#[cfg(not(unix))]
pub struct Stop {}

#[cfg(not(unix))]
impl Stop {
    /// For a run that is still to come.
    ///
    /// # Errors
    /// None.
    pub fn new() -> io::Result<Self> {
        Ok(Self {})
    }

    /// Does nothing.
    pub fn stop(&self) {}
}
