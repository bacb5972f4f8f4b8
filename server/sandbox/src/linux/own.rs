//! A folder outside that belongs to one sandbox: what it keeps for itself where it has no file tree of its own, the
//! changes to what it covers where they cannot lie in memory, and what it is tried on.

use std::io;
use std::path::{Path, PathBuf};

use super::plan::{OWN_HOME, OWN_SCRATCH};
use crate::confined::Mount;
use crate::scratch::Scratch;

/// The longest path of a folder for temporary files that leaves room for names of sockets.
const PLACE_LENGTH_MAX: usize = 48;

/// The folder; gone when this is dropped, or swept later.
pub struct Own {
    scratch: Scratch,
    folder: PathBuf,
}

impl Own {
    /// Makes one among the person's temporary files.
    pub fn new() -> io::Result<Self> {
        let user = rustix::process::geteuid();
        // The name of a socket has room for 108 bytes, and one lies further down.
        let place = std::env::temp_dir();
        let place = if place.as_os_str().len() > PLACE_LENGTH_MAX { "/tmp".into() } else { place };
        let home = place.join(format!("countersign-{}", user.as_raw()));
        let scratch = Scratch::new(&home)?;
        // Everybody may make that name where everybody has their temporary files.
        let found = rustix::fs::lstat(&home)?;
        let folder = rustix::fs::FileType::from_raw_mode(found.st_mode);
        if found.st_uid != user.as_raw()
            || found.st_mode & 0o077 != 0
            || folder != rustix::fs::FileType::Directory
        {
            let reason = format!("{} is not a folder of yours alone", home.display());
            return Err(io::Error::other(reason));
        }
        // As the kernel will see it.
        let folder = scratch.upper().canonicalize()?;
        Ok(Self { scratch, folder })
    }

    /// As [`Own::new`], with folders in it for `HOME` and `TMPDIR`.
    #[expect(
        clippy::disallowed_methods,
        reason = "these folders are ours: no source tree is reached"
    )]
    pub fn furnished() -> io::Result<Self> {
        let own = Self::new()?;
        std::fs::create_dir(own.folder.join(OWN_HOME))?;
        std::fs::create_dir(own.folder.join(OWN_SCRATCH))?;
        Ok(own)
    }

    /// `lower` shown at `at`, with its changes going here.
    pub fn over(&self, lower: PathBuf, at: PathBuf) -> io::Result<Mount> {
        self.scratch.over(vec![lower], at)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.folder
    }
}
