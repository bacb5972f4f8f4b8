//! Names in patches: reading them, and refusing what another system would take for something else.

use std::collections::BTreeMap;

use model::RelPath;

use super::{PatchAction, PatchError, PatchFile};

/// Names that Windows gives to devices, whatever their extension.
const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "conin$", "conout$"];

/// The longest name of a file or folder that common file systems hold.
const NAME_BYTES_MAX: usize = 255;

/// The longest path that is created.
const PATH_BYTES_MAX: usize = 4000;

/// Refuses created names that are no plain names everywhere, names that differ only in case, and a name that
/// is to be both a file and a folder.
///
/// A file that is already there may be changed under any name it has.
pub(crate) fn refuse_unportable(files: &[PatchFile]) -> Result<(), PatchError> {
    // What the patch leaves behind, each with the line that last spoke of it.
    let mut left: BTreeMap<&RelPath, usize> = BTreeMap::new();
    for file in files {
        let (path, line) = (&file.path, file.line);
        match &file.action {
            PatchAction::Delete => {
                left.remove(path);
                continue;
            }
            PatchAction::Rename(source) => {
                left.remove(source);
            }
            PatchAction::Copy(source) => {
                left.entry(source).or_insert(line);
            }
            PatchAction::Modify | PatchAction::Add => {}
        }
        if file.action != PatchAction::Modify
            && let Some(reason) = unportable(path)
        {
            return Err(PatchError::Unportable { line, path: path.clone(), reason });
        }
        left.insert(path, line);
    }
    let mut left: Vec<(&RelPath, usize)> = left.into_iter().collect();
    left.sort_by_key(|(_, line)| *line);
    let mut names = Names::default();
    for (path, line) in left {
        if let Some(reason) = names.taken(path) {
            return Err(PatchError::Unportable { line, path: path.clone(), reason });
        }
    }
    Ok(())
}

/// Names as systems see them that ignore case, each in the spelling it came with first.
#[derive(Default)]
pub(crate) struct Names(BTreeMap<String, (RelPath, bool)>);

impl Names {
    /// Adds a file and the folders it lies in; says, as a predicate, what stands against it.
    pub(crate) fn taken(&mut self, path: &RelPath) -> Option<String> {
        let mut at = Some(path.clone());
        while let Some(here) = at {
            at = here.parent();
            let folder = &here != path;
            let (other, other_folder) =
                self.0.entry(fold(&here)).or_insert_with(|| (here.clone(), folder));
            if *other != here {
                let differs = format!("differs only in case from `{other}`");
                return Some(if folder {
                    format!("lies in `{here}`, which {differs}")
                } else {
                    differs
                });
            }
            if *other_folder != folder {
                return Some(format!("cannot be there while `{here}` is both a file and a folder"));
            }
        }
        None
    }
}

/// The name as systems see it that ignore case.
pub(crate) fn fold(path: &RelPath) -> String {
    fold_name(path.as_bytes())
}

/// As [`fold`]. Through capitals, so that letters with several small forms meet.
pub(crate) fn fold_name(name: &[u8]) -> String {
    String::from_utf8_lossy(name).to_uppercase().to_lowercase()
}

/// Why some system would take a name for another one or could not hold it, as a predicate.
pub(crate) fn unportable(path: &RelPath) -> Option<String> {
    if path.as_bytes().len() > PATH_BYTES_MAX {
        return Some(format!("is longer than {PATH_BYTES_MAX} bytes"));
    }
    for part in path.as_bytes().split(|byte| *byte == b'/') {
        if part.len() > NAME_BYTES_MAX {
            return Some(format!("has a name longer than {NAME_BYTES_MAX} bytes"));
        }
        let part = String::from_utf8_lossy(part).to_lowercase();
        if part.contains('\\') {
            return Some("has a backslash, which separates folders on Windows".to_owned());
        }
        if part.contains(':') {
            return Some("has a colon, which names a hidden stream on Windows".to_owned());
        }
        if part.ends_with(['.', ' ']) {
            return Some("ends in a dot or a space, which Windows drops".to_owned());
        }
        if let Some(sign) = part.chars().find(|sign| "<>|?*\"".contains(*sign)) {
            return Some(format!("has a `{sign}`, which no name holds on Windows"));
        }
        if part.chars().any(char::is_control) {
            return Some("has a control character".to_owned());
        }
        let stem = part.split('.').next().unwrap_or_default().trim_end();
        let numbered = |word: &str| {
            let number = stem.strip_prefix(word);
            number.is_some_and(|rest| {
                let mut rest = rest.chars();
                matches!(rest.next(), Some('1'..='9' | '¹' | '²' | '³')) && rest.next().is_none()
            })
        };
        if DEVICES.contains(&stem) || numbered("com") || numbered("lpt") {
            return Some(format!("is a device on Windows (`{stem}`)"));
        }
    }
    None
}

/// The two names of `diff --git`, as written there; `None` where they cannot be told apart.
pub(crate) fn git_header(rest: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    if rest.starts_with(b"\"") {
        let (old, used) = unquote(rest)?;
        let rest = rest.get(used..)?.strip_prefix(b" ")?;
        let new = if rest.starts_with(b"\"") { unquote(rest)?.0 } else { rest.to_vec() };
        return Some((old, new));
    }
    if let Some(at) = rest.windows(2).position(|pair| pair == b" \"") {
        return Some((rest.get(..at)?.to_vec(), unquote(rest.get(at + 1..)?)?.0));
    }
    // Unquoted names may hold spaces: take the cut that makes both the same file.
    let mut cuts = rest.iter().enumerate().filter(|(_, byte)| **byte == b' ').map(|(at, _)| at);
    cuts.find_map(|at| {
        let (old, new) = (rest.get(..at)?, rest.get(at + 1..)?);
        let same = old == new || (prefixed(old, new) && old.get(2..) == new.get(2..));
        same.then(|| (old.to_vec(), new.to_vec()))
    })
}

/// Whether both names carry the short prefixes that git puts before the sides (`a/` and `b/`, or by
/// `diff.mnemonicPrefix` two of `c/`, `i/`, `o/`, `w/`).
pub(crate) fn prefixed(old: &[u8], new: &[u8]) -> bool {
    match (old, new) {
        ([old, b'/', ..], [new, b'/', ..]) => {
            matches!((old, new), (b'a', b'b') | (b'b', b'a'))
                || (old != new && b"ciow12".contains(old) && b"ciow12".contains(new))
        }
        _ => false,
    }
}

/// The name on a `---` or `+++` line, without the time stamp after a tab.
pub(crate) fn side_name(rest: &[u8]) -> Option<Vec<u8>> {
    if rest.starts_with(b"\"") {
        return unquote(rest).map(|(name, _)| name);
    }
    let end = rest.iter().position(|byte| *byte == b'\t').unwrap_or(rest.len());
    rest.get(..end).map(<[u8]>::to_vec)
}

/// A name that may be quoted as in C.
pub(crate) fn plain_or_quoted(text: &[u8]) -> Option<Vec<u8>> {
    if text.starts_with(b"\"") { unquote(text).map(|(name, _)| name) } else { Some(text.to_vec()) }
}

/// Reads a C string; gives the bytes and how many of `text` it took.
fn unquote(text: &[u8]) -> Option<(Vec<u8>, usize)> {
    let mut out = Vec::new();
    let mut at = 1;
    loop {
        let byte = *text.get(at)?;
        at += 1;
        match byte {
            b'"' => return Some((out, at)),
            b'\\' => {
                let escape = *text.get(at)?;
                at += 1;
                out.push(match escape {
                    b'a' => 7,
                    b'b' => 8,
                    b't' => b'\t',
                    b'n' => b'\n',
                    b'v' => 11,
                    b'f' => 12,
                    b'r' => b'\r',
                    b'"' | b'\\' => escape,
                    b'0'..=b'3' => {
                        let digits = [escape, *text.get(at)?, *text.get(at + 1)?];
                        at += 2;
                        u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 8).ok()?
                    }
                    _ => return None,
                });
            }
            byte => out.push(byte),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_a_git_header() {
        let check = |text: &str, old: &str, new: &str| {
            let (found_old, found_new) = git_header(text.as_bytes()).unwrap();
            assert_eq!(String::from_utf8_lossy(&found_old), old);
            assert_eq!(String::from_utf8_lossy(&found_new), new);
        };
        check("a/x b/x", "a/x", "b/x");
        check("a/x y b/x y", "a/x y", "b/x y");
        check("x x", "x", "x");
        check(r#""a/caf\303\251" "b/caf\303\251""#, "a/café", "b/café");
        check(r#"a/x "b/\t""#, "a/x", "b/\t");
        assert_eq!(git_header(b"a/x b/y"), None, "a rename says its names elsewhere");
    }

    #[test]
    fn devices_and_aliases_are_unportable() {
        for bad in
            ["con", "src/aux.txt", "COM1", "lpt9.log", "a./x", "x ", "a\\\\b", "x/a:b", "nul .txt"]
        {
            assert!(unportable(&bad.parse().unwrap()).is_some(), "{bad}");
        }
        for good in ["console", "com", "com10", "auxiliary.c", ".x", "a b", "lpt"] {
            assert_eq!(unportable(&good.parse().unwrap()), None, "{good}");
        }
    }
}
