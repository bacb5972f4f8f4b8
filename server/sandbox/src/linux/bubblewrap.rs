//! Namespaces that the system's `bwrap` makes, where the system lets it and nobody else.
//!
//! It puts the file tree together that [`super::mounts`] would, and starts the inner stage as process 1 of it, which
//! then does all else. What is bound is opened first by a stage of ours, without following any symbolic link, and
//! handed over as open files; `bwrap` refuses what is another file by the time it binds it. The folders of overlays, which
//! are ours or whole projects, it takes by name. That stage stays beside it as a guard: killed in the wrong moment, `bwrap`
//! leaves a process behind that waits for it for ever.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs::{File, Permissions};
use std::io::{self, Seek, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::MemfdFlags;
use rustix::io::FdFlags;

use super::guard;
use super::mounts;
use super::own::Own;
use super::stage::{Failure, INSIDE_ID, Step};
use super::wire::{self, Placed, Plan, Word, Wrapping};
use crate::confined::{HOME, Mount, Refusal};

const PROGRAM: &str = "bwrap";

/// Where process 1 finds the program of its stage.
const STAGE_AT: &str = "/run/countersign/stage";

/// The bits of a mode that let others write, and the one that keeps them from exchanging what is not theirs.
const WRITABLE_BY_OTHERS: u32 = 0o022;
const STICKY: u32 = 0o1000;

/// The system's `bwrap`: the first in `PATH` that is [`of_the_system`].
pub fn find() -> Result<PathBuf, Refusal> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let name = OsStr::new(PROGRAM);
    let found = std::env::split_paths(&path)
        .filter_map(|folder| crate::program::find_executable(name, folder.as_os_str()));
    let found: Vec<PathBuf> = found.collect();
    if let Some(file) = found.iter().find_map(|file| of_the_system(file)) {
        return Ok(file);
    }
    Err(match found.first() {
        None => Refusal::Missing { program: PROGRAM },
        Some(file) => Refusal::Setup {
            step: format!("use {}", file.display()),
            reason: "others than the system's root could have put it there".to_owned(),
            hint: "install bubblewrap as a package of the system",
        },
    })
}

/// The file that `named` leads to, if only the system's root can have put it there, and put it there for the system: a
/// folder of `PATH` may be a project's, and would have us run what it likes.
#[expect(clippy::disallowed_methods, reason = "a program of the system is no source tree")]
fn of_the_system(named: &Path) -> Option<PathBuf> {
    let file = named.canonicalize().ok()?;
    let of_root = |path: &Path| {
        let Ok(found) = std::fs::symlink_metadata(path) else { return false };
        let held = found.mode() & WRITABLE_BY_OTHERS == 0
            || found.is_dir() && found.mode() & STICKY != 0
            || found.is_symlink();
        // Root has projects, too.
        found.uid() == 0 && held && !path.join(".git").exists()
    };
    let all = file.ancestors().chain(named.ancestors());
    all.into_iter().all(of_root).then_some(file)
}

/// Why there is no sandbox, after `bwrap` ended with these words and no stage of ours had begun.
pub fn refused(said: &[u8]) -> Refusal {
    let said = String::from_utf8_lossy(said);
    let last = said.lines().rfind(|line| !line.trim().is_empty());
    Refusal::Setup {
        step: "have `bwrap` make it".to_owned(),
        reason: last.unwrap_or("it ended without a word").to_owned(),
        hint: match said.contains("Unknown option") {
            true => "bubblewrap 0.11 or later is needed",
            false => "`countersign doctor` tells what this system allows",
        },
    }
}

/// `stage`, the program of the stages, as a file that can be bound.
///
/// One that was exchanged since it was started has no name any more: it is copied to `own`.
#[expect(clippy::disallowed_methods, reason = "our own program is no source tree")]
pub fn bindable(stage: &Path, own: &Own) -> io::Result<PathBuf> {
    let running = std::fs::metadata(stage)?;
    if let Ok(file) = stage.canonicalize()
        && std::fs::metadata(&file)
            .is_ok_and(|found| (found.dev(), found.ino()) == (running.dev(), running.ino()))
    {
        return Ok(file);
    }
    let copy = own.path().join("stage");
    std::fs::copy(stage, &copy)?;
    Ok(copy)
}

/// Where what [`super::mounts`] keeps in memory lies on the disk: `bwrap` cannot say how many files a place in memory
/// may hold, and each takes memory that the size of the place does not count.
const PLACES: &[(&str, &str, u32)] =
    &[("/tmp", "tmp", 0o1777), (HOME, "home", 0o1777), ("/dev/shm", "shm", 0o1777)];

/// Folders outside for all that a sandbox would keep in memory; gone when this is dropped.
pub struct Kept {
    /// The mounts, with what lies in these folders in the place of covers and of empty folders in memory.
    pub mounts: Vec<Mount>,
    pub own: Own,
    _covers: Vec<Own>,
}

impl Kept {
    pub fn of(mounts: &[Mount]) -> Result<Self, Refusal> {
        let own = Own::on_disk()?;
        Self::within(own, mounts).map_err(|source| Refusal::Io { doing: "started", source })
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "these folders are ours: no source tree is reached"
    )]
    fn within(own: Own, mounts: &[Mount]) -> io::Result<Self> {
        for (_, name, mode) in PLACES {
            let folder = own.path().join(name);
            std::fs::create_dir(&folder)?;
            std::fs::set_permissions(&folder, Permissions::from_mode(*mode))?;
        }
        let (mut shown, mut covers) = (Vec::new(), Vec::new());
        for (number, mount) in mounts.iter().enumerate() {
            shown.push(match mount {
                Mount::Cover { from, at } => {
                    let cover = own.beside()?;
                    let overlay = cover.over(from.clone(), at.clone())?;
                    covers.push(cover);
                    overlay
                }
                Mount::Scratch { at, .. } => {
                    let from = own.path().join(format!("scratch{number}"));
                    std::fs::create_dir(&from)?;
                    Mount::Bind { from, at: at.clone(), writable: true }
                }
                other => other.clone(),
            });
        }
        Ok(Self { mounts: shown, own, _covers: covers })
    }
}

/// What `program`, a `bwrap`, is to be told so that `stage` becomes process 1 of a sandbox with the file tree of `plan`.
///
/// # Errors
/// [`Refusal::Setup`]: `bwrap` would have to make a folder to mount on in what is not the sandbox's own.
pub fn wrapping(
    program: PathBuf,
    stage: &Path,
    own: &Own,
    plan: &Plan,
) -> Result<Wrapping, Refusal> {
    let mut words = Words(Vec::new());
    for word in [
        "--unshare-user",
        "--unshare-ipc",
        "--unshare-pid",
        "--unshare-net",
        "--unshare-uts",
        "--unshare-cgroup",
        "--die-with-parent",
        "--as-pid-1",
        "--hostname",
        "sandbox",
        "--cap-drop",
        "ALL",
    ] {
        words.plain(word);
    }
    for option in ["--uid", "--gid"] {
        words.plain(option).plain(INSIDE_ID.to_string());
    }
    words.plain("--proc").plain("/proc").plain("--dev").plain("/dev");
    // It leaves those open itself that whoever starts it could not write.
    for shut in mounts::PROC_READ_ONLY.iter().filter(|path| Path::new(path).exists()) {
        words.plain("--ro-bind").plain(shut).plain(shut);
    }
    for hidden in mounts::PROC_HIDDEN.iter().filter(|path| Path::new(path).exists()) {
        words.plain("--ro-bind").plain("/dev/null").plain(hidden);
    }
    let folders = Folders::of(plan);
    folders.make(&mut words, |at| !is_in_place(at));
    for (at, name, _) in PLACES {
        words.plain("--bind-fd").open(own.path().join(name)).plain(at);
    }
    folders.make(&mut words, is_in_place);
    words.plain("--symlink").plain("/tmp").plain("/var/tmp");
    for placed in &plan.mounts {
        match placed {
            Placed::Link { to, at } => words.plain("--symlink").plain(to).plain(at),
            Placed::Text { at, text } => {
                words.plain("--perms").plain("0644").plain("--ro-bind-data");
                words.text(text).plain(at)
            }
            _ => continue,
        };
    }
    for (nth, placed) in plan.mounts.iter().enumerate() {
        let before = plan.mounts.get(..nth).unwrap_or_default();
        match placed {
            Placed::Bind { from, at, writable } => {
                standing(Path::new(at), before, own)?;
                words.plain(if *writable { "--bind-fd" } else { "--ro-bind-fd" });
                words.open(from).plain(at);
            }
            Placed::Overlay { lower, upper, work, at } => {
                standing(Path::new(at), before, own)?;
                // The lowest comes first.
                for lower in lower.iter().rev() {
                    words.plain("--overlay-src").plain(lower);
                }
                words.plain("--overlay").plain(upper).plain(work).plain(at);
            }
            // The first two have others in their place, and the rest came before.
            Placed::Cover { .. }
            | Placed::Scratch { .. }
            | Placed::Link { .. }
            | Placed::Text { .. } => {}
        }
    }
    standing(Path::new(STAGE_AT), &plan.mounts, own)?;
    words.plain("--ro-bind-fd").open(stage).plain(STAGE_AT);
    for at in ["/dev", "/"] {
        words.plain("--remount-ro").plain(at);
    }
    words.plain("--").plain(STAGE_AT).plain(wire::STAGE).plain(wire::INNER);
    Ok(Wrapping { program: program.into(), words: words.0 })
}

/// The folders that lead to what is placed, but those within other mounts: `bwrap` would make them for their owner alone.
struct Folders<'p>(BTreeSet<&'p Path>);

impl<'p> Folders<'p> {
    fn of(plan: &'p Plan) -> Self {
        let mut all: BTreeSet<_> = ["/run", "/var"].map(Path::new).into();
        let places = PLACES.iter().map(|(at, ..)| Path::new(at));
        let placed = plan.mounts.iter().map(|placed| Path::new(placed.at()));
        for at in places.chain(placed.clone()).chain([Path::new(STAGE_AT)]) {
            if !placed.clone().any(|above| at != above && at.starts_with(above)) {
                all.extend(at.ancestors().skip(1));
            }
        }
        for made in ["/", "/dev", "/proc"] {
            all.remove(Path::new(made));
        }
        Self(all)
    }

    /// Makes those that `are` so.
    fn make(&self, words: &mut Words, are: fn(&Path) -> bool) {
        for folder in self.0.iter().filter(|folder| are(folder)) {
            words.plain("--perms").plain("0755").plain("--dir").plain(folder);
        }
    }
}

/// Whether something lies in one of [`PLACES`].
fn is_in_place(at: &Path) -> bool {
    PLACES.iter().any(|(place, ..)| at.starts_with(place))
}

/// Whether `at` is there, or lies in what is the sandbox's own, so that nothing is made outside.
fn standing(at: &Path, before: &[Placed], own: &Own) -> Result<(), Refusal> {
    for placed in before.iter().rev() {
        let (above, folders) = match placed {
            Placed::Bind { at, from, .. } if Path::new(from).starts_with(own.path()) => {
                (at, Vec::new())
            }
            Placed::Bind { at, from, .. } => (at, vec![from]),
            Placed::Overlay { at, lower, upper, .. } => {
                (at, std::iter::once(upper).chain(lower).collect())
            }
            _ => continue,
        };
        let Ok(below) = at.strip_prefix(above) else { continue };
        if folders.is_empty() || below.as_os_str().is_empty() {
            return Ok(());
        }
        let found = |part: &Path| {
            let of = |folder: &&OsString| Path::new(folder).join(part).symlink_metadata().ok();
            folders.iter().find_map(of)
        };
        // `bwrap` follows links while it still sees everything.
        let linked = below.ancestors().any(|part| found(part).is_some_and(|of| of.is_symlink()));
        let (reason, hint) = match found(below) {
            _ if linked => (io::ErrorKind::NotADirectory, "there is a symbolic link on the way"),
            // It is made where changes go.
            None if matches!(placed, Placed::Overlay { .. }) => return Ok(()),
            None => (
                io::ErrorKind::ReadOnlyFilesystem,
                "nothing is made in files of others: make it before",
            ),
            Some(_) => return Ok(()),
        };
        return Err(Refusal::Setup {
            step: format!("make a place to mount on at {}", at.display()),
            reason: io::Error::from(reason).to_string(),
            hint,
        });
    }
    Ok(())
}

/// The words of a command line of `bwrap`.
struct Words(Vec<Word>);

impl Words {
    fn plain(&mut self, word: impl AsRef<OsStr>) -> &mut Self {
        self.0.push(Word::Plain(word.as_ref().to_owned()));
        self
    }

    fn open(&mut self, path: impl AsRef<OsStr>) -> &mut Self {
        self.0.push(Word::Open(path.as_ref().to_owned()));
        self
    }

    fn text(&mut self, text: &str) -> &mut Self {
        self.0.push(Word::Text(text.to_owned()));
        self
    }
}

/// Starts `bwrap`, told what arrives over `control`, and guards it; what it starts reads the plan from there.
#[expect(clippy::disallowed_methods, reason = "this crate is the door for starting processes")]
pub fn run(control: &File) -> Result<i32, Failure> {
    let (Wrapping { program, words }, _) = wire::receive(control).step("learn what to mount")?;
    // Open for whatever this process starts, which is nothing else.
    let mut held = Vec::new();
    let mut handed = |file: OwnedFd| {
        let number = file.as_raw_fd().to_string();
        held.push(file);
        OsString::from(number)
    };
    let mut arguments = Vec::new();
    for word in words {
        arguments.push(match word {
            Word::Plain(word) => word,
            Word::Open(path) => handed(open(Path::new(&path))?),
            Word::Text(text) => handed(holding(&text).step("hold a text")?),
        });
    }
    let mut bwrap = std::process::Command::new(program);
    // Some programs read settings where they are started.
    bwrap.args(arguments).current_dir("/");
    guard::stand(control, bwrap, "start `bwrap`")
}

fn open(path: &Path) -> Result<OwnedFd, Failure> {
    let file = mounts::open(path)?;
    rustix::io::fcntl_setfd(&file, FdFlags::empty()).step_at("hand on", path)?;
    Ok(file)
}

/// A file in memory that holds `text`, to be read from its beginning.
fn holding(text: &str) -> io::Result<OwnedFd> {
    let mut file = File::from(rustix::fs::memfd_create("text", MemfdFlags::empty())?);
    file.write_all(text.as_bytes())?;
    file.rewind()?;
    Ok(file.into())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{chown, symlink};

    use super::*;

    #[test]
    fn only_what_the_systems_root_put_there_for_the_system_is_started() {
        let env = Path::new("/usr/bin/env");
        assert!(of_the_system(env).is_some());
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().canonicalize().unwrap();
        let (bin, other) = (path.join("bin"), path.join("other"));
        fs::create_dir(&bin).unwrap();
        let file = bin.join("bwrap");
        fs::write(&file, "").unwrap();
        let mode =
            |path: &Path, mode| fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
        mode(&file, 0o755);
        if !rustix::process::geteuid().is_root() {
            assert!(of_the_system(&file).is_none(), "a person's own is no program of the system");
            return;
        }
        assert_eq!(of_the_system(&file), Some(file.clone()));
        symlink(&file, path.join("link")).unwrap();
        assert_eq!(of_the_system(&path.join("link")), Some(file.clone()));
        for (of, was) in [(&file, 0o755), (&bin, 0o755), (&path, 0o700)] {
            mode(of, 0o777);
            assert!(of_the_system(&file).is_none(), "others could write {}", of.display());
            mode(of, was);
            chown(of, Some(12345), None).unwrap();
            assert!(of_the_system(&file).is_none(), "somebody has {}", of.display());
            chown(of, Some(0), None).unwrap();
        }
        assert!(of_the_system(&file).is_some());
        // A link in a folder of somebody.
        fs::create_dir(&other).unwrap();
        symlink(env, other.join("bwrap")).unwrap();
        assert!(of_the_system(&other.join("bwrap")).is_some());
        chown(&other, Some(12345), None).unwrap();
        assert!(of_the_system(&other.join("bwrap")).is_none());
        // A project of root's.
        fs::create_dir(path.join(".git")).unwrap();
        assert!(of_the_system(&file).is_none());
    }
}
