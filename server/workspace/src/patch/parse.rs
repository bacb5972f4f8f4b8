//! Reading a patch, line by line. Hunks are as long as their `@@` says, neither more nor less.

use model::{FileMode, RelPath};

use super::mail::{self, Mail};
use super::paths;
use super::{
    PATCH_BYTES_MAX, PATCH_FILES_MAX, PATCH_LINES_MAX, Patch, PatchAction, PatchError, PatchFile,
    PatchHunk, PatchLine,
};

/// Reads a patch: mails of `git format-patch` (several in a row), `git diff`, plain unified diffs.
///
/// # Errors
/// [`PatchError`] with the line. Paths that could leave the tree or are no plain names everywhere are
/// refused before anything is applied; so are binary and submodule changes.
///
/// # Cost
/// One pass; memory a small multiple of the patch.
pub fn parse_patch(bytes: &[u8]) -> Result<Patch, PatchError> {
    if bytes.len() > PATCH_BYTES_MAX {
        return Err(PatchError::Limit { what: "bytes", limit: PATCH_BYTES_MAX });
    }
    if bytes.iter().filter(|byte| **byte == b'\n').count() > PATCH_LINES_MAX {
        return Err(PatchError::Limit { what: "lines", limit: PATCH_LINES_MAX });
    }
    let mut reader = Reader { lines: bytes.split_inclusive(|b| *b == b'\n').collect(), at: 0 };
    let mut files = Vec::new();
    let mut mails = Vec::new();
    while let Some(line) = reader.peek() {
        if starts_mail(line, reader.at) {
            mails.push(read_mail(&mut reader)?);
        } else if line.starts_with(b"diff --git ") {
            files.push(read_git_file(&mut reader)?);
        } else if line.starts_with(b"diff --cc ") || line.starts_with(b"diff --combined ") {
            return Err(reader
                .fail("a combined diff of a merge cannot be applied: compare with one parent"));
        } else if reader.at_plain_header() {
            files.push(read_plain_file(&mut reader)?);
        } else if let Some(path) = binary_name(line) {
            return Err(PatchError::Binary { line: reader.number(), path });
        } else if let Some((folder, name)) = only_in(line) {
            return Err(reader.fail(format!(
                "{name} is only in {folder}, and its text is not here: make the patch with `diff -ruN`"
            )));
        } else if line.starts_with(b"@@ -") {
            return Err(
                reader.fail("this hunk belongs to no file: `---` and `+++` lines are needed")
            );
        } else {
            reader.at += 1;
        }
        if files.len() > PATCH_FILES_MAX {
            return Err(PatchError::Limit { what: "files", limit: PATCH_FILES_MAX });
        }
    }
    if files.is_empty() {
        return Err(PatchError::Nothing);
    }
    paths::refuse_unportable(&files)?;
    let (title, rationale) = mail::words(&mails);
    Ok(Patch { title, rationale, files })
}

/// The file that a line says is binary: `Binary files a/x and b/x differ`, or `Files ...` of other programs.
fn binary_name(line: &[u8]) -> Option<String> {
    let rest = line.strip_prefix(b"Binary files ").or_else(|| line.strip_prefix(b"Files "))?;
    let names = String::from_utf8_lossy(rest.strip_suffix(b" differ")?).into_owned();
    let (old, new) = names.split_once(" and ")?;
    let name = if new == "/dev/null" { old } else { new };
    let short =
        paths::prefixed(old.as_bytes(), new.as_bytes()) || old == "/dev/null" || old == name;
    let bare = name.strip_prefix("a/").or_else(|| name.strip_prefix("b/")).filter(|_| short);
    Some(bare.unwrap_or(name).to_owned())
}

/// `Only in folder: name` of `diff -r`.
fn only_in(line: &[u8]) -> Option<(String, String)> {
    let rest = String::from_utf8_lossy(line.strip_prefix(b"Only in ")?).into_owned();
    let (folder, name) = rest.split_once(": ")?;
    Some((folder.to_owned(), name.to_owned()))
}

struct Reader<'p> {
    lines: Vec<&'p [u8]>,
    at: usize,
}

impl<'p> Reader<'p> {
    /// The line without its end.
    fn peek(&self) -> Option<&'p [u8]> {
        self.lines.get(self.at).map(|line| trimmed(line))
    }

    fn ahead(&self, by: usize) -> Option<&'p [u8]> {
        self.lines.get(self.at + by).map(|line| trimmed(line))
    }

    fn number(&self) -> usize {
        self.at + 1
    }

    fn fail(&self, reason: impl Into<String>) -> PatchError {
        PatchError::Syntax { line: self.number(), reason: reason.into() }
    }

    fn ends_in_crlf(&self) -> bool {
        self.lines.get(self.at).is_some_and(|line| line.ends_with(b"\r\n"))
    }

    /// `---`, `+++` and a hunk: anything less is prose.
    fn at_plain_header(&self) -> bool {
        self.peek().is_some_and(|line| line.starts_with(b"--- "))
            && self.ahead(1).is_some_and(|line| line.starts_with(b"+++ "))
            && self.ahead(2).is_some_and(|line| line.starts_with(b"@@ -"))
    }
}

fn trimmed(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// The separator of mails, or a mail without one at the very start.
fn starts_mail(line: &[u8], at: usize) -> bool {
    if let Some(rest) = line.strip_prefix(b"From ") {
        let id = rest.split(|byte| *byte == b' ').next().unwrap_or_default();
        return matches!(id.len(), 40 | 64) && id.iter().all(u8::is_ascii_hexdigit);
    }
    at == 0 && (line.starts_with(b"From: ") || line.starts_with(b"Subject: "))
}

/// A mail's words. One whose text is encoded is refused: what it adds would be taken as it is not meant.
fn read_mail(reader: &mut Reader<'_>) -> Result<Mail, PatchError> {
    if reader.peek().is_some_and(|line| line.starts_with(b"From ")) {
        reader.at += 1;
    }
    let mut headers = Vec::new();
    while let Some(line) = reader.peek().filter(|line| !line.is_empty()) {
        let header = String::from_utf8_lossy(line).into_owned();
        if let Some(encoding) = mail::transfer_encoding(&header) {
            return Err(reader.fail(format!(
                "the mail is encoded as {encoding}: take the output of `git format-patch` or decode it first"
            )));
        }
        headers.push(header);
        reader.at += 1;
    }
    let mut body = String::new();
    while let Some(line) = reader.peek() {
        let over = line == b"---" || line == b"-- " || line.starts_with(b"diff --git ");
        if over || starts_mail(line, reader.at) || reader.at_plain_header() {
            break;
        }
        body.push_str(&String::from_utf8_lossy(line));
        body.push('\n');
        reader.at += 1;
    }
    Ok(Mail { subject: mail::subject(&headers), body })
}

/// What the lines between `diff --git` and the first hunk say.
#[derive(Default)]
struct Header {
    old: Option<Vec<u8>>,
    new: Option<Vec<u8>>,
    old_mode: Option<FileMode>,
    new_mode: Option<FileMode>,
    added: bool,
    deleted: bool,
    renamed: bool,
    copied: bool,
}

fn read_git_file(reader: &mut Reader<'_>) -> Result<PatchFile, PatchError> {
    let line = reader.number();
    let rest = reader.peek().and_then(|line| line.strip_prefix(b"diff --git ")).unwrap_or_default();
    let mut header = Header::default();
    // Whether the names of the sides carry `a/` and `b/`; without a readable first line they do.
    let mut strip = true;
    if let Some((old, new)) = paths::git_header(rest) {
        strip = paths::prefixed(&old, &new);
        header.old = stripped(old, strip);
        header.new = stripped(new, strip);
    }
    reader.at += 1;
    let (mut crlf, mut sides) = (false, false);
    while let Some(text) = reader.peek() {
        if text.starts_with(b"@@ -") || text.starts_with(b"diff --git ") {
            break;
        }
        if text == b"GIT binary patch" || text.starts_with(b"Binary files ") {
            let name = header.new.or(header.old).unwrap_or_default();
            let path = String::from_utf8_lossy(&name).into_owned();
            return Err(PatchError::Binary { line: reader.number(), path });
        }
        if let Some(name) = text.strip_prefix(b"--- ") {
            let name = side(reader, name)?;
            header.old = name.and_then(|name| stripped(name, strip)).or(header.old);
        } else if let Some(name) = text.strip_prefix(b"+++ ") {
            (crlf, sides) = (reader.ends_in_crlf(), true);
            let name = side(reader, name)?;
            header.new = name.and_then(|name| stripped(name, strip)).or(header.new);
        } else if !extended(reader, text, &mut header)? {
            break;
        }
        reader.at += 1;
    }
    let hunks = read_hunks(reader, crlf)?;
    if hunks.is_empty() && sides {
        return Err(reader.fail("a `@@` line is expected after `+++`"));
    }
    let missing =
        || PatchError::Syntax { line, reason: "the file has no readable name".to_owned() };
    let path = |name: Option<Vec<u8>>| {
        let name = name.ok_or_else(missing)?;
        RelPath::from_bytes(&name).map_err(|source| PatchError::Path { line, source })
    };
    if [header.added, header.deleted, header.renamed, header.copied]
        .iter()
        .filter(|is| **is)
        .count()
        > 1
    {
        let reason = "the file is said to be new, deleted, renamed or copied at once".to_owned();
        return Err(PatchError::Syntax { line, reason });
    }
    let (action, path) = if header.added {
        (PatchAction::Add, path(header.new.or(header.old))?)
    } else if header.deleted {
        (PatchAction::Delete, path(header.old.or(header.new))?)
    } else {
        let old = path(header.old)?;
        let new = path(header.new)?;
        match (header.renamed, header.copied) {
            (true, _) => (PatchAction::Rename(old), new),
            (_, true) => (PatchAction::Copy(old), new),
            _ if old != new => {
                let reason = format!("the sides are named {old} and {new} without a rename");
                return Err(PatchError::Syntax { line, reason });
            }
            _ => (PatchAction::Modify, new),
        }
    };
    if [header.old_mode, header.new_mode].contains(&Some(FileMode::Submodule)) {
        return Err(PatchError::Submodule { line, path });
    }
    Ok(PatchFile {
        path,
        action,
        old_mode: header.old_mode,
        new_mode: header.new_mode,
        hunks,
        crlf,
        line,
    })
}

/// The name on a `---` or `+++` line; `None` for `/dev/null`.
fn side(reader: &Reader<'_>, name: &[u8]) -> Result<Option<Vec<u8>>, PatchError> {
    let name = paths::side_name(name).ok_or_else(|| reader.fail("the quoted name is broken"))?;
    Ok((name != b"/dev/null").then_some(name))
}

fn stripped(name: Vec<u8>, strip: bool) -> Option<Vec<u8>> {
    if strip && name.get(1) == Some(&b'/') && name.first() != Some(&b'/') {
        return name.get(2..).map(<[u8]>::to_vec);
    }
    Some(name)
}

/// Takes one extended header line; `false` when it is none.
fn extended(reader: &Reader<'_>, text: &[u8], header: &mut Header) -> Result<bool, PatchError> {
    let value = |prefix: &str| text.strip_prefix(prefix.as_bytes());
    let mode = |digits: &[u8]| {
        std::str::from_utf8(digits)
            .ok()
            .and_then(|digits| u32::from_str_radix(digits.trim(), 8).ok())
            .and_then(FileMode::from_octal)
            .map(Some)
            .ok_or_else(|| reader.fail("git knows no such file mode"))
    };
    let name = |text: &[u8]| {
        let name = paths::plain_or_quoted(text);
        name.map(Some).ok_or_else(|| reader.fail("the quoted name is broken"))
    };
    if let Some(digits) = value("old mode ") {
        header.old_mode = mode(digits)?;
    } else if let Some(digits) = value("new mode ") {
        header.new_mode = mode(digits)?;
    } else if let Some(digits) = value("new file mode ") {
        (header.added, header.new_mode) = (true, mode(digits)?);
    } else if let Some(digits) = value("deleted file mode ") {
        (header.deleted, header.old_mode) = (true, mode(digits)?);
    } else if let Some(text) = value("rename from ") {
        (header.renamed, header.old) = (true, name(text)?);
    } else if let Some(text) = value("rename to ") {
        (header.renamed, header.new) = (true, name(text)?);
    } else if let Some(text) = value("copy from ") {
        (header.copied, header.old) = (true, name(text)?);
    } else if let Some(text) = value("copy to ") {
        (header.copied, header.new) = (true, name(text)?);
    } else if let Some(ids) = value("index ") {
        if let Some(space) = ids.iter().position(|byte| *byte == b' ') {
            let mode = mode(ids.get(space + 1..).unwrap_or_default())?;
            (header.old_mode, header.new_mode) = (mode, mode);
        }
    } else {
        return Ok(value("similarity index ").or(value("dissimilarity index ")).is_some());
    }
    Ok(true)
}

fn read_plain_file(reader: &mut Reader<'_>) -> Result<PatchFile, PatchError> {
    let line = reader.number();
    let old_line = reader.peek().and_then(|text| text.strip_prefix(b"--- ")).unwrap_or_default();
    let old = side(reader, old_line)?.filter(|_| !never_was(old_line));
    let crlf = reader.ends_in_crlf();
    reader.at += 1;
    let new_line = reader.peek().and_then(|text| text.strip_prefix(b"+++ ")).unwrap_or_default();
    let new = side(reader, new_line)?.filter(|_| !never_was(new_line));
    let crlf = crlf && reader.ends_in_crlf();
    reader.at += 1;
    let hunks = read_hunks(reader, crlf)?;
    let (action, name) = match (old, new) {
        (None, None) => {
            let reason = "neither side names a file".to_owned();
            return Err(PatchError::Syntax { line, reason });
        }
        (None, Some(new)) => {
            let strip = new.starts_with(b"b/");
            (PatchAction::Add, stripped(new, strip))
        }
        (Some(old), None) => {
            let strip = old.starts_with(b"a/");
            (PatchAction::Delete, stripped(old, strip))
        }
        // Plain diffs have no renames: `--- x.orig` beside `+++ x` means x.
        (Some(old), Some(new)) => {
            let strip = paths::prefixed(&old, &new);
            (PatchAction::Modify, stripped(new, strip))
        }
    };
    let path = RelPath::from_bytes(&name.unwrap_or_default())
        .map_err(|source| PatchError::Path { line, source })?;
    Ok(PatchFile { path, action, old_mode: None, new_mode: None, hunks, crlf, line })
}

/// `diff -N` dates a side that is not there at the beginning of time.
fn never_was(line: &[u8]) -> bool {
    let stamp = line.iter().position(|byte| *byte == b'\t').and_then(|at| line.get(at + 1..));
    stamp.is_some_and(|stamp| {
        stamp.starts_with(b"1970-01-01 00:00:00") || stamp.starts_with(b"1969-12-31 ")
    })
}

fn read_hunks(reader: &mut Reader<'_>, crlf: bool) -> Result<Vec<PatchHunk>, PatchError> {
    let mut hunks = Vec::new();
    while reader.peek().is_some_and(|line| line.starts_with(b"@@ -")) {
        hunks.push(read_hunk(reader, crlf)?);
    }
    if !hunks.is_empty()
        && let Some(line) = reader.peek()
    {
        let signature = line == b"-- " || line == b"--" || reader.at_plain_header();
        if !signature && line.first().is_some_and(|byte| b" +-\\".contains(byte)) {
            return Err(reader.fail("the hunk before has more lines than its `@@` says"));
        }
    }
    Ok(hunks)
}

fn read_hunk(reader: &mut Reader<'_>, crlf: bool) -> Result<PatchHunk, PatchError> {
    let line = reader.number();
    let head = reader.peek().unwrap_or_default();
    let (old_start, mut old_left, mut new_left) =
        ranges(head).ok_or_else(|| reader.fail("the `@@` line is broken"))?;
    reader.at += 1;
    let mut lines: Vec<PatchLine> = Vec::new();
    while old_left > 0 || new_left > 0 {
        let Some(raw) = reader.lines.get(reader.at) else {
            let reason =
                format!("the hunk ends early: {} more lines are expected", old_left.max(new_left));
            return Err(PatchError::Syntax { line, reason });
        };
        let (sign, text) = match raw {
            // Editors strip the blank that marks an empty context line.
            [b'\n'] | [b'\r', b'\n'] => (b' ', *raw),
            [sign, ..] => (*sign, raw.get(1..).unwrap_or_default()),
            [] => break,
        };
        let mut text = text.to_vec();
        if crlf && text.ends_with(b"\r\n") {
            text.truncate(text.len() - 2);
            text.push(b'\n');
        }
        if !text.ends_with(b"\n") {
            // The patch itself ends without a line end; the file's line has one unless `\` follows.
            text.push(b'\n');
        }
        let overrun = || reader.fail("the hunk has more lines than its `@@` says");
        match sign {
            b' ' => {
                old_left = old_left.checked_sub(1).ok_or_else(overrun)?;
                new_left = new_left.checked_sub(1).ok_or_else(overrun)?;
                lines.push(PatchLine::Context(text));
            }
            b'-' => {
                old_left = old_left.checked_sub(1).ok_or_else(overrun)?;
                lines.push(PatchLine::Removed(text));
            }
            b'+' => {
                new_left = new_left.checked_sub(1).ok_or_else(overrun)?;
                lines.push(PatchLine::Added(text));
            }
            b'\\' => without_line_end(reader, lines.last_mut())?,
            _ => return Err(reader.fail("a line of a hunk begins with ` `, `+`, `-` or `\\`")),
        }
        reader.at += 1;
    }
    if reader.peek().is_some_and(|line| line.starts_with(b"\\")) {
        without_line_end(reader, lines.last_mut())?;
        reader.at += 1;
    }
    check_line_ends(&lines, line)?;
    Ok(PatchHunk { old_start, lines, line })
}

/// Only the last line of a side may lack its end: any other would be joined with the next one.
fn check_line_ends(lines: &[PatchLine], line: usize) -> Result<(), PatchError> {
    let open = |text: &[u8]| !text.ends_with(b"\n");
    let (mut old_over, mut new_over) = (false, false);
    for text in lines {
        let (old, new, text) = match text {
            PatchLine::Context(text) => (true, true, text),
            PatchLine::Removed(text) => (true, false, text),
            PatchLine::Added(text) => (false, true, text),
        };
        if (old && old_over) || (new && new_over) {
            let reason = "a line of the hunk follows one without a line end".to_owned();
            return Err(PatchError::Syntax { line, reason });
        }
        old_over |= old && open(text);
        new_over |= new && open(text);
    }
    Ok(())
}

/// `\ No newline at end of file`
fn without_line_end(reader: &Reader<'_>, last: Option<&mut PatchLine>) -> Result<(), PatchError> {
    let Some(PatchLine::Context(text) | PatchLine::Removed(text) | PatchLine::Added(text)) = last
    else {
        return Err(reader.fail("nothing stands before this line"));
    };
    if text.ends_with(b"\n") {
        text.pop();
    }
    Ok(())
}

/// The start and count before, and the count after, of `@@ -1,2 +1,3 @@`.
fn ranges(head: &[u8]) -> Option<(usize, usize, usize)> {
    let text = std::str::from_utf8(head.get(..head.len().min(100))?)
        .or_else(|error| std::str::from_utf8(head.get(..error.valid_up_to()).unwrap_or_default()))
        .ok()?;
    let (old, rest) = text.strip_prefix("@@ -")?.split_once(" +")?;
    let (new, _) = rest.split_once(" @@")?;
    let pair = |range: &str| -> Option<(usize, usize)> {
        let (start, count) = range.split_once(',').unwrap_or((range, "1"));
        Some((start.parse().ok()?, count.parse().ok()?))
    };
    let ((old_start, old_count), (_, new_count)) = (pair(old)?, pair(new)?);
    Some((old_start, old_count, new_count))
}
