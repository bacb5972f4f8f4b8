//! The file tree of a sandbox: what is in it, and how it is put together.
//!
//! Everything that comes from outside is opened before the old root is left, without following any symbolic link
//! (the paths were resolved once, by whoever asked): a folder that a confined program could change in an earlier
//! run cannot make a later mount lead elsewhere. Nothing is writable but what the plan says.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Mode, OFlags, ResolveFlags};
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, MountFlags, MountPropagationFlags, MoveMountFlags,
    OpenTreeFlags, UnmountFlags,
};

use super::stage::{Failure, Step};
use super::wire::{Placed, Plan};
use crate::confined::HOME;

/// Where the new root is put together. Its contents are hidden by that, in the sandbox only.
const PLACE: &str = "/tmp";
/// Where the old root hangs until it is let go.
const OUTSIDE: &str = "/.outside";

/// Folders of the system that programs live in.
const SYSTEM: &[&str] =
    &["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store", "/gnu/store"];

/// The part of `/etc` that programs need and that holds nothing of the person's.
const ETC: &[&str] = &[
    "/etc/alternatives",
    "/etc/ca-certificates",
    "/etc/ca-certificates.conf",
    "/etc/debian_version",
    "/etc/java",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/localtime",
    "/etc/lsb-release",
    "/etc/magic",
    "/etc/mime.types",
    "/etc/os-release",
    "/etc/pki/ca-trust/extracted",
    "/etc/pki/tls/certs",
    "/etc/protocols",
    "/etc/services",
    "/etc/ssl/certs",
    "/etc/ssl/openssl.cnf",
    "/etc/static",
    "/etc/timezone",
];

/// Who the program is, in words; the same for everyone.
const TEXTS: &[(&str, &str)] = &[
    (
        "/etc/passwd",
        "root:x:0:0:root:/nonexistent:/bin/sh\n\
         countersign:x:1000:1000:countersign:/home/countersign:/bin/sh\n\
         nobody:x:65534:65534:nobody:/nonexistent:/bin/sh\n",
    ),
    ("/etc/group", "root:x:0:\ncountersign:x:1000:\nnogroup:x:65534:\n"),
    ("/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\n"),
    ("/etc/hosts", "127.0.0.1 localhost sandbox\n::1 localhost sandbox\n"),
    ("/etc/resolv.conf", ""),
];

/// The devices without which programs do not run, and that do no harm.
const DEVICES: &[&str] = &["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"];

/// Parts of `/proc` that speak for the whole machine: they may be read where anyone may, never written. A program
/// that is the system's own root outside would be allowed to by their owner and mode.
pub const PROC_READ_ONLY: &[&str] =
    &["/proc/sys", "/proc/sysrq-trigger", "/proc/irq", "/proc/bus", "/proc/fs", "/proc/acpi"];
/// Parts of `/proc` that nobody in here has to read.
pub const PROC_HIDDEN: &[&str] = &[
    "/proc/kcore",
    "/proc/keys",
    "/proc/key-users",
    "/proc/kmsg",
    "/proc/kallsyms",
    "/proc/timer_list",
    "/proc/latency_stats",
];

/// What every sandbox sees of the system.
pub fn system() -> Vec<Placed> {
    let mut placed = Vec::new();
    for path in SYSTEM.iter().chain(ETC) {
        let at = Path::new(path);
        if let Ok(to) = at.read_link() {
            // The last step of the way only: what it leads to is in the list, or not to be seen.
            if SYSTEM.contains(path) {
                placed.push(Placed::Link { to: to.into_os_string(), at: at.into() });
                continue;
            }
        }
        if let Ok(from) = at.canonicalize() {
            placed.push(Placed::Bind { from: from.into(), at: at.into(), writable: false });
        }
    }
    placed.extend(
        TEXTS.iter().map(|(at, text)| Placed::Text { at: at.into(), text: (*text).to_owned() }),
    );
    placed
}

/// What of the system may be read where it cannot be shown in a file tree of its own.
pub fn readable() -> Vec<PathBuf> {
    let texts = TEXTS.iter().map(|(at, _)| at);
    let all = SYSTEM.iter().chain(ETC).chain(texts).map(PathBuf::from);
    all.chain(["/proc", "/dev/fd"].map(PathBuf::from)).collect()
}

/// A mount that is ready and hangs nowhere yet.
struct Ready {
    tree: OwnedFd,
    at: PathBuf,
    folder: bool,
    /// Whether it is made for this sandbox, so that folders to mount on may be made in it.
    own: bool,
}

/// The file systems that are made for this sandbox. Nothing is ever made in any other, not even a folder to mount on.
struct Own {
    devices: Vec<u64>,
}

/// Makes the file tree of `plan` the root of this process and lets go of the old one.
///
/// Answers the folders that may be written.
pub fn build(plan: &Plan) -> Result<Vec<PathBuf>, Failure> {
    rustix::mount::mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC)
        .step("keep mounts to itself")?;
    let mut ready = Vec::new();
    for device in DEVICES {
        ready.push(Waiting::Ready(bind(Path::new(device), Path::new(device))?));
    }
    let writable = writable(plan);
    for placed in &plan.mounts {
        ready.extend(taken_in(placed)?);
    }
    let mut own = change_root()?;
    basics(plan, &mut own)?;
    for placed in &plan.mounts {
        match placed {
            Placed::Link { to, at } => {
                let parent = Path::new(at).parent().unwrap_or(Path::new("/"));
                own.folders(parent)?;
                match rustix::fs::symlink(to, at) {
                    Err(rustix::io::Errno::EXIST) => {}
                    made => made.step_at("place", Path::new(at))?,
                }
            }
            Placed::Text { at, text } => own.text(Path::new(at), text)?,
            _ => {}
        }
    }
    let mut memory = Memory::new(plan.scratch_bytes);
    for mount in ready {
        match mount {
            Waiting::Ready(mount) => place(&mount, &mut own)?,
            Waiting::Cover { lower, at } => place(&memory.cover(&lower, at)?, &mut own)?,
        }
    }
    memory.hide()?;
    proc(&own)?;
    count_processes(plan.rlimits.processes)?;
    rustix::mount::unmount(OUTSIDE, UnmountFlags::DETACH).step("let go of the old root")?;
    rustix::fs::rmdir(OUTSIDE).step("let go of the old root")?;
    seal(&writable)?;
    Ok(writable)
}

/// The folders of `plan` that may be written.
pub fn writable(plan: &Plan) -> Vec<PathBuf> {
    let placed = plan.mounts.iter().filter_map(|placed| match placed {
        Placed::Bind { writable: false, .. } | Placed::Link { .. } | Placed::Text { .. } => None,
        Placed::Bind { at, .. }
        | Placed::Overlay { at, .. }
        | Placed::Cover { at, .. }
        | Placed::Scratch { at, .. } => Some(at.into()),
    });
    ["/tmp", HOME, "/dev/shm", "/dev/pts"].map(PathBuf::from).into_iter().chain(placed).collect()
}

/// What is taken in from outside before the old root is left.
enum Waiting {
    Ready(Ready),
    /// A folder to be covered, once there is a place for the changes.
    Cover {
        lower: OwnedFd,
        at: PathBuf,
    },
}

fn taken_in(placed: &Placed) -> Result<Option<Waiting>, Failure> {
    let ready = match placed {
        Placed::Bind { from, at, .. } => bind(Path::new(from), Path::new(at))?,
        Placed::Overlay { lower, upper, work, at } => overlay(lower, upper, work, Path::new(at))?,
        Placed::Cover { from, at } => {
            return Ok(Some(Waiting::Cover { lower: open(Path::new(from))?, at: at.into() }));
        }
        Placed::Scratch { at, size_bytes } => {
            Ready { tree: tmpfs(*size_bytes, at)?, at: at.into(), folder: true, own: true }
        }
        Placed::Link { .. } | Placed::Text { .. } => return Ok(None),
    };
    Ok(Some(Waiting::Ready(ready)))
}

/// The place in memory for what is changed in covered folders. It hangs in the new root while it is needed.
struct Memory {
    size_bytes: u64,
    count: u32,
}

impl Memory {
    const AT: &str = "/.memory";

    fn new(size_bytes: u64) -> Self {
        Self { size_bytes, count: 0 }
    }

    fn cover(&mut self, lower: &OwnedFd, at: PathBuf) -> Result<Ready, Failure> {
        if self.count == 0 {
            rustix::fs::mkdir(Self::AT, Mode::RWXU).step("make a place for changes")?;
            let options = format!(
                "mode=700,size={},nr_inodes={}",
                self.size_bytes,
                names_in(self.size_bytes)
            );
            let options = std::ffi::CString::new(options).unwrap_or_default();
            let flags = MountFlags::NOSUID | MountFlags::NODEV;
            rustix::mount::mount("tmpfs", Self::AT, "tmpfs", flags, options.as_c_str())
                .step("make a place for changes")?;
        }
        let mode = rustix::fs::fstat(lower).step_at("look at", &at)?.st_mode & 0o777;
        let folder = |kind: &str, mode: u32| -> Result<OwnedFd, Failure> {
            let path = PathBuf::from(format!("{}/{kind}{}", Self::AT, self.count));
            // Its owner may always change what only they will see.
            rustix::fs::mkdir(&path, Mode::from_raw_mode(mode | 0o700))
                .step_at("make a place for changes to", &at)?;
            open(&path)
        };
        let (upper, work) = (folder("upper", mode)?, folder("work", 0o700)?);
        self.count += 1;
        // There is no `/proc` of our own yet.
        let named = |file: &OwnedFd| format!("{OUTSIDE}/proc/self/fd/{}", file.as_raw_fd());
        laid_over(&named(lower), &named(&upper), &named(&work), &at)
    }

    /// What covers use of it stays theirs; nothing else is seen of it.
    fn hide(&self) -> Result<(), Failure> {
        if self.count == 0 {
            return Ok(());
        }
        rustix::mount::unmount(Self::AT, UnmountFlags::DETACH).step("hide the changes")?;
        rustix::fs::rmdir(Self::AT).step("hide the changes")
    }
}

fn change_root() -> Result<Own, Failure> {
    rustix::mount::mount(
        "tmpfs",
        PLACE,
        "tmpfs",
        MountFlags::NOSUID | MountFlags::NODEV,
        c"mode=755,size=16m",
    )
    .step("make a new root")?;
    rustix::process::chdir(PLACE).step("make a new root")?;
    let outside = OUTSIDE.trim_start_matches('/');
    rustix::fs::mkdir(outside, Mode::RWXU).step("make a new root")?;
    rustix::process::pivot_root(".", outside).step("change the root")?;
    rustix::process::chdir("/").step("change the root")?;
    let mut own = Own { devices: Vec::new() };
    own.count(Path::new("/"))?;
    Ok(own)
}

/// What is in every sandbox and comes from nowhere.
fn basics(plan: &Plan, own: &mut Own) -> Result<(), Failure> {
    for (at, folder) in [("/tmp", false), (HOME, false), ("/dev/shm", false), ("/dev/pts", true)] {
        own.folders(Path::new(at))?;
        if folder {
            continue;
        }
        let options = format!(
            "mode=1777,size={},nr_inodes={}",
            plan.scratch_bytes,
            names_in(plan.scratch_bytes)
        );
        let options = std::ffi::CString::new(options).unwrap_or_default();
        rustix::mount::mount(
            "tmpfs",
            at,
            "tmpfs",
            MountFlags::NOSUID | MountFlags::NODEV,
            options.as_c_str(),
        )
        .step_at("place an empty folder", Path::new(at))?;
        own.count(Path::new(at))?;
    }
    rustix::mount::mount(
        "devpts",
        "/dev/pts",
        "devpts",
        MountFlags::NOSUID | MountFlags::NOEXEC,
        c"newinstance,ptmxmode=0666,mode=620",
    )
    .step("make terminals of its own")?;
    for (to, at) in [
        ("pts/ptmx", "/dev/ptmx"),
        ("/proc/self/fd", "/dev/fd"),
        ("/proc/self/fd/0", "/dev/stdin"),
        ("/proc/self/fd/1", "/dev/stdout"),
        ("/proc/self/fd/2", "/dev/stderr"),
    ] {
        rustix::fs::symlink(to, at).step_at("place", Path::new(at))?;
    }
    own.folders(Path::new("/var"))?;
    rustix::fs::symlink("/tmp", "/var/tmp").step("place /var/tmp")?;
    own.folders(Path::new("/run"))
}

/// The process namespace's own `/proc`, with what concerns the machine shut.
fn proc(own: &Own) -> Result<(), Failure> {
    own.folders(Path::new("/proc"))?;
    let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    rustix::mount::mount("proc", "/proc", "proc", flags, None).step("make a /proc of its own")?;
    for path in PROC_READ_ONLY.iter().filter(|path| Path::new(path).exists()) {
        rustix::mount::mount_bind(*path, *path).step_at("shut", Path::new(path))?;
    }
    for path in PROC_HIDDEN.iter().filter(|path| Path::new(path).exists()) {
        rustix::mount::mount_bind("/dev/null", *path).step_at("hide", Path::new(path))?;
    }
    Ok(())
}

/// Has the kernel number no more processes than `most` and some, where each process namespace has numbers of its own
/// (Linux 6.14). Elsewhere this would number the whole machine's.
///
/// The other limits do not bind the system's own root.
fn count_processes(most: u64) -> Result<(), Failure> {
    let release = rustix::system::uname();
    if !release.release().to_str().is_ok_and(numbers_by_namespace) {
        return Ok(());
    }
    let most = most.saturating_add(RESERVED_NUMBERS).saturating_add(1).min(NUMBERS_MAX);
    super::tree::write(Path::new("/proc/sys/kernel/pid_max"), &most.to_string())
        .step("limit its processes")
}

/// Numbers that the kernel does not use again (RESERVED_PIDS in pid.h).
const RESERVED_NUMBERS: u64 = 300;
/// What the kernel gives at most (PID_MAX_LIMIT in threads.h).
const NUMBERS_MAX: u64 = 4 << 20;

/// Whether a kernel's release is 6.14 or later.
fn numbers_by_namespace(release: &str) -> bool {
    let mut words = release.split(|char: char| !char.is_ascii_digit());
    let mut number = || words.next().and_then(|word| word.parse::<u32>().ok());
    matches!((number(), number()), (Some(major), Some(minor)) if (major, minor) >= (6, 14))
}

/// Sets each mount to what may be done in it: nothing sets ids or makes devices, and only what is in `writable`
/// is written.
fn seal(writable: &[PathBuf]) -> Result<(), Failure> {
    let table = super::tree::read(Path::new("/proc/self/mountinfo")).step("read the mounts")?;
    for (at, options) in table.lines().filter_map(mount_line) {
        let mut flags = MountFlags::BIND | MountFlags::NOSUID;
        // What a mount forbids already cannot be allowed again, and must be said again.
        for option in options.split(',') {
            flags |= match option {
                "ro" => MountFlags::RDONLY,
                "noexec" => MountFlags::NOEXEC,
                _ => MountFlags::empty(),
            };
        }
        let device =
            at.starts_with("/dev") && at != Path::new("/dev") && at != Path::new("/dev/shm");
        let proc = at == Path::new("/proc");
        if !device || options.split(',').any(|option| option == "nodev") {
            flags |= MountFlags::NODEV;
        }
        if !device && !proc && !writable.iter().any(|folder| at.starts_with(folder)) {
            flags |= MountFlags::RDONLY;
        }
        rustix::mount::mount_remount(&at, flags, c"").step_at("seal", &at)?;
    }
    Ok(())
}

/// The place and the options of one line of `mountinfo` (proc(5)).
fn mount_line(line: &str) -> Option<(PathBuf, &str)> {
    let mut words = line.split(' ');
    let at = words.nth(4)?;
    let options = words.next()?;
    Some((PathBuf::from(unescaped(at)), options))
}

/// Undoes the `\040` of the kernel's tables.
fn unescaped(text: &str) -> OsString {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let code = after.get(..3).and_then(|digits| std::str::from_utf8(digits).ok());
        let code = code.and_then(|digits| u8::from_str_radix(digits, 8).ok());
        match (first, code) {
            (b'\\', Some(code)) => {
                bytes.push(code);
                rest = after.get(3..).unwrap_or_default();
            }
            _ => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    OsString::from_vec(bytes)
}

fn bind(from: &Path, at: &Path) -> Result<Ready, Failure> {
    let source = open(from)?;
    let folder = is_folder(&source).step_at("look at", from)?;
    let flags = OpenTreeFlags::OPEN_TREE_CLONE
        | OpenTreeFlags::OPEN_TREE_CLOEXEC
        | OpenTreeFlags::AT_RECURSIVE
        | OpenTreeFlags::AT_EMPTY_PATH;
    let tree = rustix::mount::open_tree(&source, "", flags).step_at("take in", from)?;
    Ok(Ready { tree, at: at.to_owned(), folder, own: false })
}

fn overlay(lower: &[OsString], upper: &OsStr, work: &OsStr, at: &Path) -> Result<Ready, Failure> {
    // Named by open file, so that no folder's name has to be quoted, and none is looked up twice.
    let mut held = Vec::new();
    let mut named = |path: &OsStr| -> Result<String, Failure> {
        let file = open(Path::new(path))?;
        let name = format!("/proc/self/fd/{}", file.as_raw_fd());
        held.push(file);
        Ok(name)
    };
    let lower = lower.iter().map(|path| named(path)).collect::<Result<Vec<_>, _>>()?.join(":");
    let (upper, work) = (named(upper)?, named(work)?);
    laid_over(&lower, &upper, &work, at)
}

fn laid_over(lower: &str, upper: &str, work: &str, at: &Path) -> Result<Ready, Failure> {
    let system = rustix::mount::fsopen("overlay", FsOpenFlags::FSOPEN_CLOEXEC)
        .step("use overlay file systems")?;
    for (key, value) in [("lowerdir", lower), ("upperdir", upper), ("workdir", work)] {
        rustix::mount::fsconfig_set_string(system.as_fd(), key, value).step_at("lay over", at)?;
    }
    rustix::mount::fsconfig_set_flag(system.as_fd(), "userxattr").step_at("lay over", at)?;
    rustix::mount::fsconfig_create(system.as_fd()).step_at("lay over", at)?;
    let tree = mounted(&system).step_at("lay over", at)?;
    Ok(Ready { tree, at: at.to_owned(), folder: true, own: true })
}

/// How many files and folders a place in memory of this size holds: as many as it has pages, and a few. Each takes memory that
/// its size does not count.
fn names_in(size_bytes: u64) -> u64 {
    (size_bytes / 4096).max(1024)
}

fn tmpfs(size_bytes: u64, at: &OsStr) -> Result<OwnedFd, Failure> {
    let make = || -> rustix::io::Result<OwnedFd> {
        let system = rustix::mount::fsopen("tmpfs", FsOpenFlags::FSOPEN_CLOEXEC)?;
        rustix::mount::fsconfig_set_string(system.as_fd(), "size", size_bytes.to_string())?;
        let names = names_in(size_bytes).to_string();
        rustix::mount::fsconfig_set_string(system.as_fd(), "nr_inodes", names)?;
        rustix::mount::fsconfig_set_string(system.as_fd(), "mode", "0755")?;
        rustix::mount::fsconfig_create(system.as_fd())?;
        mounted(&system)
    };
    make().step_at("place an empty folder", Path::new(at))
}

fn mounted(system: &OwnedFd) -> rustix::io::Result<OwnedFd> {
    rustix::mount::fsmount(
        system.as_fd(),
        FsMountFlags::FSMOUNT_CLOEXEC,
        MountAttrFlags::MOUNT_ATTR_NOSUID | MountAttrFlags::MOUNT_ATTR_NODEV,
    )
}

pub fn open(path: &Path) -> Result<OwnedFd, Failure> {
    rustix::fs::openat2(
        CWD,
        path,
        OFlags::PATH | OFlags::CLOEXEC,
        Mode::empty(),
        ResolveFlags::NO_SYMLINKS,
    )
    .step_at("open", path)
}

fn is_folder(file: &OwnedFd) -> rustix::io::Result<bool> {
    let mode = rustix::fs::fstat(file)?.st_mode;
    Ok(rustix::fs::FileType::from_raw_mode(mode) == rustix::fs::FileType::Directory)
}

fn place(mount: &Ready, own: &mut Own) -> Result<(), Failure> {
    if mount.folder {
        own.folders(&mount.at)?;
    } else {
        own.text(&mount.at, "")?;
    }
    rustix::mount::move_mount(
        mount.tree.as_fd(),
        "",
        CWD,
        &mount.at,
        MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH,
    )
    .step_at("place", &mount.at)?;
    if mount.own { own.count(&mount.at) } else { Ok(()) }
}

impl Own {
    /// Counts the file system at `path` among ours.
    fn count(&mut self, path: &Path) -> Result<(), Failure> {
        self.devices.push(rustix::fs::stat(path).step_at("look at", path)?.st_dev);
        Ok(())
    }

    /// Makes the folders down to `path`. Those that lie in what is not ours must be there.
    fn folders(&self, path: &Path) -> Result<(), Failure> {
        let mut at = PathBuf::from("/");
        for part in path.components().skip(1) {
            let parent = at.clone();
            at.push(part);
            if !at.exists() {
                self.allow(&parent, &at)?;
                rustix::fs::mkdir(&at, Mode::from_raw_mode(0o755))
                    .step_at("make the folder", &at)?;
            }
        }
        Ok(())
    }

    /// Writes a small file unless it is there.
    fn text(&self, path: &Path, text: &str) -> Result<(), Failure> {
        let parent = path.parent().unwrap_or(Path::new("/"));
        self.folders(parent)?;
        if path.exists() {
            return Ok(());
        }
        self.allow(parent, path)?;
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let file =
            rustix::fs::open(path, flags, Mode::from_raw_mode(0o644)).step_at("write", path)?;
        let written = rustix::io::write(&file, text.as_bytes()).step_at("write", path)?;
        let whole = written == text.len();
        whole.then_some(()).ok_or(io::Error::from(io::ErrorKind::WriteZero)).step_at("write", path)
    }

    fn allow(&self, parent: &Path, path: &Path) -> Result<(), Failure> {
        let device = rustix::fs::stat(parent).step_at("look at", parent)?.st_dev;
        let ours = self.devices.contains(&device);
        let refused = || io::Error::from(io::ErrorKind::ReadOnlyFilesystem);
        ours.then_some(()).ok_or_else(refused).step_at("make a place to mount on at", path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_of_the_kernel_are_read() {
        let line = r"36 35 98:0 /mnt1 /mnt/a\040b\134c rw,noatime master:1 - ext3 /dev/root rw";
        let (at, options) = mount_line(line).unwrap();
        assert_eq!((at.as_path(), options), (Path::new(r"/mnt/a b\c"), "rw,noatime"));
    }

    #[test]
    fn only_kernels_that_number_by_namespace_are_asked_to() {
        for (release, expected) in [
            ("6.14.0", true),
            ("6.18.44-fc", true),
            ("7.0-rc1", true),
            ("6.13.9", false),
            ("5.15.0-1", false),
            ("x", false),
        ] {
            assert_eq!(numbers_by_namespace(release), expected, "{release}");
        }
    }

    #[test]
    fn nothing_of_the_person_is_in_the_system_set() {
        for placed in system() {
            let (Placed::Bind { at, .. } | Placed::Link { at, .. } | Placed::Text { at, .. }) =
                &placed
            else {
                panic!("{placed:?}");
            };
            let at = at.to_str().unwrap();
            for private in ["/home", "/root", "/etc/shadow", "/run", "/var", "/etc/ssl/private"] {
                assert!(!at.starts_with(private), "{at}");
            }
            assert!(!matches!(&placed, Placed::Bind { writable: true, .. }), "{at}");
        }
    }
}
