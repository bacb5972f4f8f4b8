//! Names in patches: reading them, and refusing what another system would take for something else.

use std::collections::BTreeMap;

use model::RelPath;

use super::{PatchAction, PatchError, PatchFile};

/// Names that Windows gives to devices, whatever their extension.
const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "conin$", "conout$"];

/// Refuses created names that are no plain names everywhere, and names that differ only in case.
///
/// A file that is already there may be changed under any name it has.
pub(crate) fn refuse_unportable(files: &[PatchFile]) -> Result<(), PatchError> {
    let mut folded: BTreeMap<String, &RelPath> = BTreeMap::new();
    for file in files {
        let source = match &file.action {
            PatchAction::Modify => None,
            PatchAction::Delete => {
                folded.remove(&fold(&file.path));
                continue;
            }
            PatchAction::Add => None,
            PatchAction::Rename(source) => {
                folded.remove(&fold(source));
                Some(source)
            }
            PatchAction::Copy(source) => Some(source),
        };
        let refuse = |reason: String| PatchError::Unportable {
            line: file.line,
            path: file.path.clone(),
            reason,
        };
        if file.action != PatchAction::Modify {
            if let Some(reason) = unportable(&file.path) {
                return Err(refuse(reason));
            }
            if let (PatchAction::Copy(_), Some(source)) = (&file.action, source)
                && source != &file.path
                && fold(source) == fold(&file.path)
            {
                return Err(refuse(format!("differs only in case from `{source}`")));
            }
        }
        if let Some(other) = folded.insert(fold(&file.path), &file.path)
            && other != &file.path
        {
            return Err(refuse(format!("differs only in case from `{other}`")));
        }
    }
    Ok(())
}

/// The name as systems see it that ignore case.
pub(crate) fn fold(path: &RelPath) -> String {
    String::from_utf8_lossy(path.as_bytes()).to_lowercase()
}

fn unportable(path: &RelPath) -> Option<String> {
    for part in path.as_bytes().split(|byte| *byte == b'/') {
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
