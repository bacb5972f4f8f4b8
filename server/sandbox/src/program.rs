//! Which programs may be started, and where they are found.

use std::ffi::OsStr;
use std::path::PathBuf;

/// The programs that may be started. A closed list on purpose: see the crate's head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Program {
    /// The person's own git.
    Git,
}

impl Program {
    /// The name it is started and shown by.
    pub fn name(self) -> &'static str {
        match self {
            Self::Git => "git",
        }
    }

    /// Finds the program in the absolute folders of `path` (the form of the `PATH` variable).
    ///
    /// `None` when no folder holds it. An entry that is empty or relative is passed over: it would mean
    /// the folder of whoever calls, and that may be a hostile checkout.
    pub fn find(self, path: &OsStr) -> Option<PathBuf> {
        find(&format!("{}{}", self.name(), std::env::consts::EXE_SUFFIX), path)
    }
}

/// The file called `name` in the absolute folders of `path`.
pub(crate) fn find(name: &str, path: &OsStr) -> Option<PathBuf> {
    std::env::split_paths(path)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

/// The first file called `name` in the absolute folders of `path` that may be executed.
#[cfg(target_os = "linux")]
pub(crate) fn find_executable(name: &OsStr, path: &OsStr) -> Option<PathBuf> {
    std::env::split_paths(path)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(name))
        .find(|file| {
            let may = rustix::fs::access(file, rustix::fs::Access::EXEC_OK).is_ok();
            may && file.is_file()
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relative_folder_of_the_path_is_never_searched() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(format!("git{}", std::env::consts::EXE_SUFFIX));
        std::fs::write(&file, b"").unwrap();
        assert_eq!(Program::Git.find(folder.path().as_os_str()), Some(file.clone()));

        // The same folder, written relative to the working directory of this test.
        let here = std::env::current_dir().unwrap();
        let up: PathBuf = here.components().skip(1).map(|_| "..").collect();
        let relative = up.join(folder.path().strip_prefix("/").unwrap());
        assert!(relative.join("git").is_file(), "the relative path does name the file");
        assert_eq!(Program::Git.find(relative.as_os_str()), None);
        assert_eq!(Program::Git.find(OsStr::new("")), None);
    }
}
