//! The one way to a confined run: a [`Sandbox`] that is known to be enforced here.

use std::path::{Path, PathBuf};

use crate::confined::{Confined, Ended, Refusal, Stream, Tier};
use crate::stop::Stop;

/// The means of this system to confine programs, at a tier that was asked for or a stronger one.
#[derive(Debug, Clone)]
pub struct Sandbox {
    stage: PathBuf,
    tier: Tier,
}

impl Sandbox {
    /// The strongest sandbox of this system, if it is no weaker than `weakest`.
    ///
    /// This very program is started again for its stages, so its `main` begins with [`enter_stage_if_asked`].
    ///
    /// # Errors
    /// [`Refusal`]: what is missing, and the way out. Nothing weaker is ever used instead.
    pub fn enforce(weakest: Tier) -> Result<Self, Refusal> {
        Self::enforce_with(Path::new("/proc/self/exe"), weakest)
    }

    /// As [`Sandbox::enforce`], with another program for its stages: one whose `main` begins with
    /// [`enter_stage_if_asked`]. For tests, whose own program does not.
    ///
    /// # Errors
    /// [`Refusal`].
    #[cfg(target_os = "linux")]
    pub fn enforce_with(stage: &Path, weakest: Tier) -> Result<Self, Refusal> {
        let sandbox = Self { stage: stage.to_owned(), tier: Tier::Namespaces };
        debug_assert!(sandbox.tier >= weakest, "there is no stronger tier to ask for");
        Ok(sandbox)
    }

    /// There is none on this system.
    ///
    /// # Errors
    /// [`Refusal::System`].
    #[cfg(not(target_os = "linux"))]
    pub fn enforce_with(_stage: &Path, _weakest: Tier) -> Result<Self, Refusal> {
        Err(Refusal::System)
    }

    /// What it confines by.
    pub fn tier(&self) -> Tier {
        self.tier
    }

    /// Runs a program to its end and returns what it wrote. A non-zero exit is a result, not an error.
    ///
    /// # Errors
    /// [`Refusal`]: the program did not run, or nobody knows how it ended; either way it is gone.
    /// # Cost
    /// Three processes and milliseconds beside the program's own; memory up to twice `bounds.output_bytes`.
    pub fn run(&self, confined: &Confined) -> Result<Ended, Refusal> {
        let stop = Stop::new().map_err(|source| Refusal::Io { doing: "started", source })?;
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let ended = self.pass(confined, &stop, &mut |stream, bytes| match stream {
            Stream::Out => stdout.extend_from_slice(bytes),
            Stream::Err => stderr.extend_from_slice(bytes),
        })?;
        Ok(Ended { stdout, stderr, ..ended })
    }

    /// Runs a program to its end and passes on what it writes, when it writes it, until `stop` or its end.
    ///
    /// `pass` is called on this thread; while it works, nothing is drained and no limit is watched.
    ///
    /// # Errors
    /// As [`Sandbox::run`].
    #[cfg(target_os = "linux")]
    pub fn pass(
        &self,
        confined: &Confined,
        stop: &Stop,
        pass: &mut dyn FnMut(Stream, &[u8]),
    ) -> Result<Ended, Refusal> {
        crate::linux::run(&self.stage, confined, stop, pass)
    }

    /// There is none on this system.
    ///
    /// # Errors
    /// [`Refusal::System`].
    #[cfg(not(target_os = "linux"))]
    pub fn pass(
        &self,
        _confined: &Confined,
        _stop: &Stop,
        _pass: &mut dyn FnMut(Stream, &[u8]),
    ) -> Result<Ended, Refusal> {
        Err(Refusal::System)
    }
}

/// Becomes a stage of a sandbox, if this process was started as one; does not return then.
///
/// First thing in `main`, while the process has one thread.
pub fn enter_stage_if_asked() {
    #[cfg(target_os = "linux")]
    crate::linux::enter_stage_if_asked();
}
