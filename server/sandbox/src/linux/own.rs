//! A folder outside that belongs to one sandbox: what it keeps for itself where it has no file tree of its own, the
//! changes to what it covers where they cannot lie in memory, and what it is tried on.

use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::StatVfsMountFlags;

use super::plan::{OWN_HOME, OWN_SCRATCH};
use crate::confined::{Mount, Refusal};
use crate::scratch::Scratch;

/// The longest path of a folder for temporary files that leaves room for names of sockets.
const PLACE_LENGTH_MAX: usize = 48;

/// The folder; gone when this is dropped, or swept later.
pub struct Own {
    scratch: Scratch,
    folder: PathBuf,
    place: PathBuf,
}

impl Own {
    /// Makes one among the person's temporary files.
    pub fn new() -> io::Result<Self> {
        // The name of a socket has room for 108 bytes, and one lies further down.
        let place = std::env::temp_dir();
        let place = if place.as_os_str().len() > PLACE_LENGTH_MAX { "/tmp".into() } else { place };
        Self::within(&place)
    }

    /// Makes one where programs can be run and files do not lie in memory, if there is such a place: among what is
    /// cached for the person, or among their temporary files.
    ///
    /// # Errors
    /// [`Refusal`]: in none of them programs can be run, or nothing can be made.
    #[expect(
        clippy::disallowed_methods,
        reason = "these folders are ours: no source tree is reached"
    )]
    pub fn on_disk() -> Result<Self, Refusal> {
        let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
        let cache = cache.filter(|path| path.is_absolute());
        let cache = cache.or_else(|| Some(std::env::home_dir()?.join(".cache")));
        let cache = cache.map(|cache| cache.join("countersign"));
        let places = [cache, Some(std::env::temp_dir())].into_iter().flatten();
        let places = places.filter(|place| std::fs::create_dir_all(place).is_ok());
        // Where programs run, those on a disk first.
        let mut places: Vec<(bool, PathBuf)> = places
            .filter_map(|place| {
                let system = rustix::fs::statfs(&place).ok()?;
                let runs =
                    !rustix::fs::statvfs(&place).ok()?.f_flag.contains(StatVfsMountFlags::NOEXEC);
                let writes = rustix::fs::access(&place, rustix::fs::Access::WRITE_OK).is_ok();
                (runs && writes).then_some((system.f_type == libc::TMPFS_MAGIC, place))
            })
            .collect();
        places.sort_by_key(|(in_memory, _)| *in_memory);
        let Some((_, place)) = places.first() else {
            return Err(Refusal::Setup {
                step: "make a place for its files".to_owned(),
                reason: "programs cannot be run in any".to_owned(),
                hint: "set XDG_CACHE_HOME to a folder of yours in which programs can be run",
            });
        };
        Self::within(place).map_err(|source| Refusal::Io { doing: "started", source })
    }

    /// Another one, in the same place.
    pub fn beside(&self) -> io::Result<Self> {
        Self::within(&self.place)
    }

    fn within(place: &Path) -> io::Result<Self> {
        let user = rustix::process::geteuid();
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
        Ok(Self { scratch, folder, place: place.to_owned() })
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
