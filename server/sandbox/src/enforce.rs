//! The one way to a confined run: a [`Sandbox`] that is known to be enforced here.

use std::path::{Path, PathBuf};
use std::sync::Arc;
#[cfg(target_os = "linux")]
use std::sync::Mutex;

use crate::confined::{Confined, Ended, Means, Probed, Refusal, Stream, Tier};
use crate::stop::Stop;

/// This very program, also when its file has been replaced meanwhile.
const OWN_PROGRAM: &str = "/proc/self/exe";

/// The means of this system to confine programs, at a tier that was asked for or a stronger one, and tried.
#[derive(Debug, Clone)]
pub struct Sandbox {
    stage: PathBuf,
    probed: Arc<Probed>,
    passed_over: Option<Arc<Refusal>>,
}

impl Sandbox {
    /// The strongest sandbox of this system, if it is no weaker than `weakest`.
    ///
    /// It is tried first, once in the life of this process: real attempts to get out, of which each must fail. This
    /// very program is started again for its stages, so its `main` begins with [`enter_stage_if_asked`].
    ///
    /// # Errors
    /// [`Refusal`]: what is missing or got out, and the way out. Nothing weaker is ever used instead.
    /// # Cost
    /// The first time, that of a run with nothing in it.
    pub fn enforce(weakest: Tier) -> Result<Self, Refusal> {
        Self::enforce_with(Path::new(OWN_PROGRAM), weakest)
    }

    /// As [`Sandbox::enforce`], with another program for its stages: one whose `main` begins with
    /// [`enter_stage_if_asked`]. For tests, whose own program does not.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn enforce_with(stage: &Path, weakest: Tier) -> Result<Self, Refusal> {
        let strongest = match Self::in_namespaces(stage) {
            Err(refusal) if weakest < Tier::Namespaces => refusal,
            other => return other,
        };
        match Self::by_with(stage, Means::Landlock) {
            Ok(sandbox) => Ok(Self { passed_over: Some(Arc::new(strongest)), ..sandbox }),
            Err(weaker) => {
                Err(Refusal::Tiers { strongest: Box::new(strongest), weaker: Box::new(weaker) })
            }
        }
    }

    /// Our own namespaces, or where the system refuses them those of `bwrap`. What let something out is not passed over.
    fn in_namespaces(stage: &Path) -> Result<Self, Refusal> {
        let own = match Self::by_with(stage, Means::Own) {
            Err(refusal @ Refusal::Setup { .. }) => refusal,
            other => return other,
        };
        match Self::by_with(stage, Means::Bubblewrap) {
            Err(Refusal::Missing { .. }) => Err(own),
            Err(bubblewrap) => {
                Err(Refusal::Namespaces { own: own.into(), bubblewrap: bubblewrap.into() })
            }
            sandbox => sandbox,
        }
    }

    /// A sandbox by these very means, tried as [`Sandbox::enforce`] does.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn by(means: Means) -> Result<Self, Refusal> {
        Self::by_with(Path::new(OWN_PROGRAM), means)
    }

    /// As [`Sandbox::by`], with another program for its stages.
    ///
    /// # Errors
    /// [`Refusal`].
    #[cfg(target_os = "linux")]
    pub fn by_with(stage: &Path, means: Means) -> Result<Self, Refusal> {
        /// What withstood. A refusal is not kept: the person may mend what it names.
        static TRIED: Mutex<Vec<(PathBuf, Arc<Probed>)>> = Mutex::new(Vec::new());
        let mut tried = TRIED.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let known = tried.iter().find(|(of, probed)| of == stage && probed.means == means);
        let probed = match known {
            Some((_, probed)) => probed.clone(),
            None => {
                let probed = Arc::new(crate::linux::probe(stage, means)?);
                tried.push((stage.to_owned(), probed.clone()));
                probed
            }
        };
        Ok(Self { stage: stage.to_owned(), probed, passed_over: None })
    }

    /// The AppArmor profile without which this program is not let have namespaces of its own here; `None` if nothing of
    /// the kind is in its way.
    #[cfg(target_os = "linux")]
    pub fn missing_profile() -> Option<String> {
        use crate::linux::apparmor;
        let refused = Self::by(Means::Own).is_err();
        let program = std::env::current_exe().ok().filter(|_| refused && apparmor::restricts())?;
        Some(apparmor::profile(&program))
    }

    /// There is none on this system.
    #[cfg(not(target_os = "linux"))]
    pub fn missing_profile() -> Option<String> {
        None
    }

    /// There is none on this system.
    ///
    /// # Errors
    /// [`Refusal::System`].
    #[cfg(not(target_os = "linux"))]
    pub fn by_with(_stage: &Path, _means: Means) -> Result<Self, Refusal> {
        Err(Refusal::System)
    }

    /// What was attempted against it in vain.
    pub fn probed(&self) -> &Probed {
        &self.probed
    }

    /// Why it is not a stronger one, if it is not the strongest.
    pub fn passed_over(&self) -> Option<&Refusal> {
        self.passed_over.as_deref()
    }

    /// What it confines by.
    pub fn means(&self) -> Means {
        self.probed.means
    }

    /// How strongly it confines.
    pub fn tier(&self) -> Tier {
        self.means().tier()
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
        crate::linux::run(&self.stage, self.means(), confined, stop, pass)
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
