//! The processes of a sandbox, seen from outside through `/proc`, and the few files of the kernel that stages need.
//!
//! All processes of a sandbox descend from its process 1: whoever loses its parent becomes a child of that.

use std::io;
use std::path::Path;

/// What a tree of processes uses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Processes and threads.
    pub processes: u64,
    /// Resident memory in bytes; a page that several share counts for each.
    pub resident_bytes: u64,
}

/// Follows the tree below `root`, which is not counted itself.
///
/// A process that ends meanwhile is passed over. No more than `processes_max` and one are looked at.
pub fn usage(root: u32, processes_max: u64) -> Usage {
    let mut usage = Usage::default();
    let mut open = children(root);
    while let Some(pid) = open.pop() {
        let status = read(Path::new(&format!("/proc/{pid}/status"))).unwrap_or_default();
        usage.processes += field(&status, "Threads:").unwrap_or(1).max(1);
        usage.resident_bytes += field(&status, "VmRSS:").unwrap_or(0) * 1024;
        if usage.processes > processes_max {
            return usage;
        }
        open.extend(children(pid));
    }
    usage
}

/// The memory of the tree below `root` in bytes, a page that several share counted once altogether.
pub fn proportional_bytes(root: u32) -> u64 {
    let mut sum = 0;
    let mut open = children(root);
    while let Some(pid) = open.pop() {
        let rollup = read(Path::new(&format!("/proc/{pid}/smaps_rollup"))).unwrap_or_default();
        // One that hides itself counts in full.
        let bytes = field(&rollup, "Pss:").or_else(|| {
            let status = read(Path::new(&format!("/proc/{pid}/status"))).unwrap_or_default();
            field(&status, "VmRSS:")
        });
        sum += bytes.unwrap_or(0) * 1024;
        open.extend(children(pid));
    }
    sum
}

/// The children of a process, in no order.
pub fn children(pid: u32) -> Vec<u32> {
    let Ok(threads) = list(Path::new(&format!("/proc/{pid}/task"))) else {
        return Vec::new();
    };
    let of = |thread: &u32| {
        let text = read(Path::new(&format!("/proc/{pid}/task/{thread}/children")));
        text.unwrap_or_default().split_whitespace().filter_map(|word| word.parse().ok()).collect()
    };
    threads.iter().flat_map(|thread| -> Vec<u32> { of(thread) }).collect()
}

/// The processes there are, as this one sees them.
pub fn processes() -> io::Result<Vec<u32>> {
    list(Path::new("/proc"))
}

/// Whether this kernel tells the children of a process.
pub fn tells() -> bool {
    read(Path::new("/proc/thread-self/children")).is_ok()
}

/// The numbers of the files that this process has open.
pub fn open_files() -> io::Result<Vec<i32>> {
    let numbers = list(Path::new("/proc/self/fd"))?;
    Ok(numbers.into_iter().filter_map(|number| i32::try_from(number).ok()).collect())
}

fn field(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

#[expect(clippy::disallowed_methods, reason = "the kernel's own files are no source tree")]
fn list(folder: &Path) -> io::Result<Vec<u32>> {
    let entries = std::fs::read_dir(folder)?;
    let number =
        |entry: io::Result<std::fs::DirEntry>| entry.ok()?.file_name().to_str()?.parse().ok();
    Ok(entries.filter_map(number).collect())
}

/// Reads a file of the kernel.
#[expect(clippy::disallowed_methods, reason = "the kernel's own files are no source tree")]
pub fn read(path: &Path) -> io::Result<String> {
    std::fs::read_to_string(path)
}

/// Writes a file of the kernel, in one piece.
#[expect(clippy::disallowed_methods, reason = "the kernel's own files are no source tree")]
pub fn write(path: &Path, text: &str) -> io::Result<()> {
    std::fs::write(path, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_is_counted_without_its_root() {
        let mut child = std::process::Command::new("/bin/cat")
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let own = std::process::id();
        assert!(children(own).contains(&child.id()));
        let usage = usage(own, 1000);
        assert!(usage.processes >= 1 && usage.resident_bytes > 0, "{usage:?}");
        assert!(proportional_bytes(own) > 0);
        assert_eq!(super::usage(child.id(), 1000), Usage::default());
        drop(child.stdin.take());
        child.wait().unwrap();
    }
}
