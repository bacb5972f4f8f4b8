//! Git through the person's own `git` program, for repositories that the library cannot read.
//!
//! Only plumbing that reads storage is called: no command here looks at the content of a working file, so
//! clean filters have no occasion to run. What a repository could configure besides is switched off for
//! every call (see [`FIXED`] and [`environment`]), lazy fetching of a partial clone included.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::time::Duration;

use model::{FileMode, RelPath};
use sandbox::{Command, Limits, Program};

use super::{
    ATTRIBUTES, Attribute, Attributes, Blob, CommitRecord, Head, Indexed, Recorded, Sizes, Store,
    Touch, TreeChange, Walk, checked,
};
use crate::RepositoryError;
use crate::os::{self, Stamp};
use crate::repository::hook_index;

/// How long one question to git may take.
const TIME_MAX: Duration = Duration::from_secs(60);

/// How many bytes of an answer are taken; a longer one is an error.
const ANSWER_BYTES_MAX: usize = 512 * 1024 * 1024;

/// Git 2.39 ends at each object that a partial clone left out (2.47 goes on). It is started anew this often; what
/// it was not asked for by then counts as missing, which is a denial and no pass.
const MISSING_ENDS_MAX: usize = 200;

/// Options in front of every subcommand.
const FIXED: [&str; 13] = [
    "--no-pager",
    "--literal-pathspecs",
    "--no-optional-locks",
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "core.fsmonitor=false",
    "-c",
    "core.pager=cat",
    "-c",
    "log.showSignature=false",
    "-c",
    "protocol.allow=never",
];

/// Variables of ours that git needs to find itself and the person's own configuration.
const PASSED_ON: [&str; 10] = [
    "PATH",
    "HOME",
    "XDG_CONFIG_HOME",
    "USERPROFILE",
    "SYSTEMROOT",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_SYSTEM",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_CEILING_DIRECTORIES",
    "SUDO_UID",
];

/// A repository as the program sees it.
pub(crate) struct Cli {
    folder: PathBuf,
    environment: Vec<(OsString, OsString)>,
    index_file: PathBuf,
}

/// Where things lie, as the program found them.
pub(crate) struct Found {
    pub(crate) store: Cli,
    pub(crate) root: Option<PathBuf>,
    pub(crate) git_dir: PathBuf,
    pub(crate) common_dir: PathBuf,
}

/// The whole environment of every call.
fn environment() -> Vec<(OsString, OsString)> {
    let mut variables: Vec<(OsString, OsString)> = PASSED_ON
        .iter()
        .filter_map(|name| Some((OsString::from(name), std::env::var_os(name)?)))
        .collect();
    for (name, value) in [
        ("LC_ALL", "C"),
        ("GIT_TERMINAL_PROMPT", "0"),
        ("GIT_OPTIONAL_LOCKS", "0"),
        ("GIT_NO_LAZY_FETCH", "1"),
        // Older git does not know the line above; it can still not open any connection.
        ("GIT_ALLOW_PROTOCOL", "none"),
        ("GIT_NO_REPLACE_OBJECTS", "1"),
        ("GIT_PAGER", "cat"),
        ("GIT_EDITOR", "false"),
        ("GIT_ASKPASS", "false"),
        ("GIT_SSH_COMMAND", "false"),
    ] {
        variables.push((name.into(), value.into()));
    }
    variables
}

/// Opens the repository around `start`.
///
/// # Errors
/// The program's own words, for the caller to tell apart.
pub(crate) fn open(start: &Path, index_file: Option<PathBuf>) -> Result<Found, RepositoryError> {
    let mut cli =
        Cli { folder: start.to_owned(), environment: environment(), index_file: PathBuf::new() };
    let git_dir = cli.path_line(&["rev-parse", "--absolute-git-dir"])?;
    let common_dir = cli.path_line(&["rev-parse", "--path-format=absolute", "--git-common-dir"])?;
    let bare = cli.path_line(&["rev-parse", "--is-bare-repository"])?;
    let root = if bare == Path::new("true") {
        None
    } else {
        Some(cli.path_line(&["rev-parse", "--show-toplevel"])?)
    };
    cli.folder = root.clone().unwrap_or_else(|| git_dir.clone());
    cli.index_file = match hook_index(index_file, &git_dir) {
        Some(file) => {
            cli.environment.push(("GIT_INDEX_FILE".into(), file.clone().into()));
            file
        }
        None => git_dir.join("index"),
    };
    Ok(Found { store: cli, root, git_dir, common_dir })
}

/// What a question to git brought.
struct Answer {
    code: Option<i32>,
    output: Vec<u8>,
    complaint: String,
}

impl Cli {
    fn ask<S: AsRef<OsStr>>(&self, args: &[S], stdin: Vec<u8>) -> Result<Answer, RepositoryError> {
        let command = || {
            args.first().map(|arg| arg.as_ref().to_string_lossy().into_owned()).unwrap_or_default()
        };
        let fixed = FIXED.iter().map(OsString::from);
        let finished = sandbox::run(Command {
            program: Program::Git,
            args: fixed.chain(args.iter().map(|arg| arg.as_ref().to_owned())).collect(),
            cwd: self.folder.clone(),
            env: self.environment.clone(),
            stdin,
            limits: Limits { time: TIME_MAX, output_bytes: ANSWER_BYTES_MAX },
        })
        .map_err(|source| RepositoryError::Spawn { command: command(), source })?;
        if finished.truncated {
            return Err(RepositoryError::Limit {
                what: format!("the answer of `git {}`, in bytes,", command()),
                limit: ANSWER_BYTES_MAX,
            });
        }
        let complaint = String::from_utf8_lossy(&finished.stderr).trim().to_owned();
        Ok(Answer { code: finished.status.code(), output: finished.stdout, complaint })
    }

    /// The output of a question that must succeed.
    fn told<S: AsRef<OsStr>>(
        &self,
        args: &[S],
        stdin: Vec<u8>,
    ) -> Result<Vec<u8>, RepositoryError> {
        let answer = self.ask(args, stdin)?;
        if answer.code == Some(0) {
            return Ok(answer.output);
        }
        Err(complained(args, &answer))
    }

    /// One line that is a path; only the line's own end is cut off.
    fn path_line(&self, args: &[&str]) -> Result<PathBuf, RepositoryError> {
        let output = self.told(args, Vec::new())?;
        let line = output.strip_suffix(b"\n").unwrap_or(&output);
        os::from_bytes(line).map_err(|error| garbled(args, &error.to_string()))
    }

    /// One line of text, or `None` where git has no answer.
    fn line(&self, args: &[&str]) -> Result<Option<String>, RepositoryError> {
        let answer = self.ask(args, Vec::new())?;
        let text = String::from_utf8_lossy(&answer.output).trim_end_matches('\n').to_owned();
        Ok((answer.code == Some(0) && !text.is_empty()).then_some(text))
    }
}

fn complained<S: AsRef<OsStr>>(args: &[S], answer: &Answer) -> RepositoryError {
    let command = args.first().map(|arg| arg.as_ref().to_string_lossy().into_owned());
    let said = answer.complaint.lines();
    // Warnings come first and explain nothing.
    let message = said.clone().find(|line| !line.starts_with("warning:")).or(said.clone().next());
    let message = message.unwrap_or("no reason given").to_owned();
    RepositoryError::Program { command: command.unwrap_or_default(), message }
}

fn garbled(args: &[&str], what: &str) -> RepositoryError {
    RepositoryError::Program {
        command: args.first().copied().unwrap_or_default().to_owned(),
        message: format!("its answer has an unknown form: {what}"),
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The parts of an answer that ends each with a NUL.
fn parts(output: &[u8]) -> impl Iterator<Item = &[u8]> {
    let output = output.strip_suffix(b"\0").unwrap_or(output);
    output.split(|byte| *byte == 0).filter(move |_| !output.is_empty())
}

fn recorded(mode: &str, id: &str) -> Option<Recorded> {
    let mode = FileMode::from_octal(u32::from_str_radix(mode, 8).ok()?)?;
    Some(Recorded { mode, id: id.to_owned() })
}

/// `100644 blob 0123...\tpath` of `ls-tree -z`.
fn tree_line(line: &[u8]) -> Result<Option<(RelPath, Recorded)>, RepositoryError> {
    let Some(tab) = line.iter().position(|byte| *byte == b'\t') else { return Ok(None) };
    let (head, path) = line.split_at(tab);
    let head = text(head);
    let mut words = head.split(' ');
    let (Some(mode), Some(_), Some(id)) = (words.next(), words.next(), words.next()) else {
        return Ok(None);
    };
    let Some(recorded) = recorded(mode, id) else { return Ok(None) };
    Ok(Some((checked(path.get(1..).unwrap_or_default())?, recorded)))
}

/// `:100644 100755 0123.. 4567.. M` of `diff-tree --raw`; a mode of zeros is an absent side.
fn raw_line(line: &str) -> Option<(Option<Recorded>, Option<Recorded>)> {
    let mut words = line.strip_prefix(':')?.split(' ');
    let (old_mode, new_mode) = (words.next()?, words.next()?);
    let (old_id, new_id) = (words.next()?, words.next()?);
    Some((recorded(old_mode, old_id), recorded(new_mode, new_id)))
}

impl Store for Cli {
    fn head(&self) -> Result<Head, RepositoryError> {
        let branch = self.line(&["symbolic-ref", "--quiet", "--short", "HEAD"])?;
        Ok(Head { commit: self.resolve("HEAD")?, branch })
    }

    fn resolve(&self, revision: &str) -> Result<Option<String>, RepositoryError> {
        if revision.contains(['\0', '\n']) {
            return Ok(None);
        }
        let peeled = format!("{revision}^{{commit}}");
        self.line(&["rev-parse", "--verify", "--quiet", "--end-of-options", &peeled])
    }

    fn merge_base(&self, left: &str, right: &str) -> Result<Option<String>, RepositoryError> {
        self.line(&["merge-base", left, right])
    }

    fn commit(&self, id: &str) -> Result<CommitRecord, RepositoryError> {
        let raw = self.told(&["cat-file", "commit", id], Vec::new())?;
        let cut = raw.windows(2).position(|pair| pair == b"\n\n").unwrap_or(raw.len());
        let (head, message) = raw.split_at(cut);
        let head = text(head);
        let parents = head
            .lines()
            .take_while(|line| line.starts_with("tree ") || line.starts_with("parent "))
            .filter_map(|line| line.strip_prefix("parent ").map(str::to_owned))
            .collect();
        let author = head.lines().find_map(|line| line.strip_prefix("author "));
        let address = author.and_then(|line| line.rsplit_once('<')?.1.split_once('>'));
        Ok(CommitRecord {
            parents,
            message: message.get(2..).unwrap_or_default().to_vec(),
            author_address: address.map(|(address, _)| address.into()).unwrap_or_default(),
        })
    }

    fn write_note(&self, reference: &str, commit: &str, text: &str) -> Result<(), RepositoryError> {
        let reference = format!("--ref={reference}");
        let args = ["notes", reference.as_str(), "add", "--force", "--file=-", commit];
        self.told(&args, text.as_bytes().to_vec()).map(drop)
    }

    fn tree_id(&self, commit: &str) -> Result<String, RepositoryError> {
        Ok(text(&self.told(&["rev-parse", "--verify", &format!("{commit}^{{tree}}")], Vec::new())?)
            .trim()
            .to_owned())
    }

    fn tree(
        &self,
        commit: &str,
        folder: Option<&RelPath>,
    ) -> Result<Vec<(RelPath, Recorded)>, RepositoryError> {
        let mut args: Vec<OsString> =
            ["ls-tree", "-r", "-z", "--full-tree", commit].iter().map(OsString::from).collect();
        if let Some(folder) = folder {
            args.push("--".into());
            args.push(os::from_bytes(folder.as_bytes()).unwrap_or_default().into());
        }
        let output = self.told(&args, Vec::new())?;
        parts(&output).filter_map(|line| tree_line(line).transpose()).collect()
    }

    fn entry(&self, commit: &str, path: &RelPath) -> Result<Option<Recorded>, RepositoryError> {
        let name = os::from_bytes(path.as_bytes()).unwrap_or_default();
        let args: [&OsStr; 6] = [
            "ls-tree".as_ref(),
            "-z".as_ref(),
            "--full-tree".as_ref(),
            commit.as_ref(),
            "--".as_ref(),
            name.as_os_str(),
        ];
        let output = self.told(&args, Vec::new())?;
        for line in parts(&output) {
            if let Some((_, found)) = tree_line(line)?.filter(|(found, _)| found == path) {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    fn changes(
        &self,
        before: Option<&str>,
        after: Option<&str>,
    ) -> Result<Vec<TreeChange>, RepositoryError> {
        let (before, after) = match (before, after) {
            (Some(before), Some(after)) => (before, after),
            // One empty side is every file of the other.
            (side @ None, Some(id)) | (side @ Some(id), None) => {
                let listed = self.tree(id, None)?.into_iter();
                return Ok(listed
                    .map(|(path, entry)| match side {
                        None => TreeChange { path, before: None, after: Some(entry) },
                        Some(_) => TreeChange { path, before: Some(entry), after: None },
                    })
                    .collect());
            }
            (None, None) => return Ok(Vec::new()),
        };
        let args = ["diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-abbrev", before, after];
        let output = self.told(&args, Vec::new())?;
        let mut found = Vec::new();
        let mut answer = parts(&output);
        while let (Some(line), Some(path)) = (answer.next(), answer.next()) {
            let (before, after) = raw_line(&text(line)).ok_or_else(|| garbled(&args, "a line"))?;
            found.push(TreeChange { path: checked(path)?, before, after });
        }
        Ok(found)
    }

    fn index(&self) -> Result<Vec<Indexed>, RepositoryError> {
        // Stage, tag (`S` for skipped) and, for people, the recorded state of the file. The last is a
        // form git does not promise: where it cannot be read, files are compared by content.
        let args = ["ls-files", "-z", "--stage", "-t", "--full-name", "--debug"];
        let output = self.told(&args, Vec::new())?;
        let mut found: Vec<Indexed> = Vec::new();
        for chunk in parts(&output) {
            // A chunk is what was said of the file before, then the head of the next one.
            let start = entry_start(chunk);
            let (said, head) = chunk.split_at(start);
            if let Some(last) = found.last_mut() {
                debug_facts(last, &text(said));
            }
            let Some(tab) = head.iter().position(|byte| *byte == b'\t') else { continue };
            let (facts, path) = head.split_at(tab);
            let facts = text(facts);
            let words: Vec<&str> = facts.split(' ').collect();
            let [tag, mode, id, stage] = words[..] else { return Err(garbled(&args, &facts)) };
            let path = checked(path.get(1..).unwrap_or_default())?;
            if let Some(last) = found.last_mut().filter(|last| last.path == path) {
                last.unmerged = true;
                continue;
            }
            let Some(recorded) = recorded(mode, id) else { continue };
            found.push(Indexed {
                path,
                recorded,
                unmerged: stage != "0",
                skipped: tag.eq_ignore_ascii_case("s"),
                announced: false,
                stamp: None,
            });
        }
        Ok(found)
    }

    fn index_written(&self) -> Option<(i64, u32)> {
        let file = os::open_plain(&self.index_file).ok()?;
        Some(Stamp::of(&file.metadata().ok()?).modified)
    }

    fn sizes(&self, ids: &BTreeSet<String>) -> Result<Sizes, RepositoryError> {
        let mut sizes = Sizes::new();
        let mut left: Vec<&String> = ids.iter().collect();
        for _ in 0..=MISSING_ENDS_MAX {
            if left.is_empty() {
                break;
            }
            let input: String = left.iter().map(|id| format!("{id}\n")).collect();
            let args = ["cat-file", "--batch-check=%(objectname) %(objectsize)"];
            let answer = self.ask(&args, input.into_bytes())?;
            let output = text(&answer.output);
            for line in output.lines() {
                if let Some((id, size)) = line.split_once(' ')
                    && let Ok(size) = size.parse()
                {
                    sizes.insert(id.to_owned(), size);
                }
            }
            if answer.code == Some(0) {
                break;
            }
            let promised = ["lazy fetching disabled", "promisor"];
            if !promised.iter().any(|words| answer.complaint.contains(words)) {
                return Err(complained(&args, &answer));
            }
            // It ended at the first object that a partial clone left out: go on behind it.
            left.drain(..left.len().min(output.lines().count() + 1));
        }
        Ok(sizes)
    }

    fn blob(&self, id: &str, max_bytes: u64) -> Result<Blob, RepositoryError> {
        let one = BTreeSet::from([id.to_owned()]);
        match self.sizes(&one)?.get(id) {
            None => Ok(Blob::Missing),
            Some(size) if *size > max_bytes => Ok(Blob::Huge(*size)),
            Some(_) => Ok(Blob::Bytes(self.told(&["cat-file", "blob", id], Vec::new())?)),
        }
    }

    fn attributes(&self, paths: &[RelPath]) -> Result<Vec<Attributes>, RepositoryError> {
        if paths.is_empty() {
            return Ok(Vec::new());
        }
        let input = paths.iter().flat_map(|path| [path.as_bytes(), b"\0"].concat()).collect();
        let mut args = vec!["check-attr", "-z", "--stdin"];
        args.extend(ATTRIBUTES);
        let output = self.told(&args, input)?;
        let fields: Vec<&[u8]> = output.split(|byte| *byte == 0).collect();
        let values: Vec<Attribute> = fields
            .chunks_exact(3)
            .filter_map(|triple| triple.get(2))
            .map(|value| match *value {
                b"unspecified" => Attribute::Unspecified,
                b"set" => Attribute::Set,
                b"unset" => Attribute::Unset,
                value => Attribute::Value(value.to_vec()),
            })
            .collect();
        if values.len() != paths.len() * ATTRIBUTES.len() {
            return Err(garbled(&args, "attributes are missing"));
        }
        Ok(values.chunks(ATTRIBUTES.len()).map(|v| Attributes::from_values(v.to_vec())).collect())
    }

    fn config(&self, key: &str) -> Option<String> {
        self.line(&["config", "--get", key]).ok()?
    }

    fn names(&self) -> Result<Vec<String>, RepositoryError> {
        let output = self.told(&["for-each-ref", "--format=%(refname:short)"], Vec::new())?;
        Ok(text(&output).lines().map(str::to_owned).collect())
    }

    fn walk(
        &self,
        start: &str,
        paths: &[RelPath],
        commits_max: usize,
        boundary: &BTreeSet<String>,
    ) -> Result<Walk, RepositoryError> {
        let count = format!("--max-count={}", commits_max.saturating_add(1));
        let listed = text(&self.told(&["rev-list", &count, start], Vec::new())?);
        let commits: Vec<&str> = listed.lines().collect();
        let usable = commits.iter().take(commits_max).filter(|id| !boundary.contains(**id));
        let input: String = usable.map(|id| format!("{id}\n")).collect();
        let truncated =
            commits.len() > commits_max || commits.iter().any(|id| boundary.contains(*id));
        let time = ["log", "-1", "--no-show-signature", "--format=%ct", start];
        let start_seconds = text(&self.told(&time, Vec::new())?).trim().parse().unwrap_or_default();

        // Each commit: its facts, then raw lines (the first after a line end) and names in turns.
        let mut args: Vec<OsString> = [
            "diff-tree",
            "--stdin",
            "--root",
            "-r",
            "-z",
            "--raw",
            "--no-renames",
            "--no-abbrev",
            "--format=%x01%ct%x02%an%x02%ae%x02%B%x01",
            "--",
        ]
        .iter()
        .map(OsString::from)
        .collect();
        args.extend(paths.iter().filter_map(|p| os::from_bytes(p.as_bytes()).ok()).map(Into::into));
        let output = self.told(&args, input.into_bytes())?;
        let numbers: BTreeMap<&[u8], usize> =
            paths.iter().enumerate().map(|(at, path)| (path.as_bytes(), at)).collect();
        let mut touches: Vec<Touch> = Vec::new();
        let mut answer = parts(&output);
        while let Some(part) = answer.next() {
            if let Some(touch) = facts(part) {
                touches.push(touch);
            } else if part.strip_prefix(b"\n").unwrap_or(part).starts_with(b":")
                && let (Some(path), Some(touch)) = (answer.next(), touches.last_mut())
                && let Some(number) = numbers.get(path)
            {
                touch.paths.push(*number);
            }
        }
        for touch in &mut touches {
            touch.paths.sort_unstable();
        }
        touches.retain(|touch| !touch.paths.is_empty());
        Ok(Walk { touches, start_seconds, truncated })
    }

    fn nested_head(&self, folder: &Path) -> Option<String> {
        let nested = open(folder, None).ok()?;
        let here = std::path::absolute(folder).ok()?;
        (nested.root? == here).then_some(nested.store.resolve("HEAD").ok()??)
    }
}

/// The facts that `--format` put between `\x01`.
fn facts(part: &[u8]) -> Option<Touch> {
    let inner = part.strip_prefix(b"\x01")?.strip_suffix(b"\x01")?;
    let mut fields = inner.splitn(4, |byte| *byte == 2);
    let seconds = text(fields.next()?).parse().ok()?;
    let author = [fields.next()?, b"\0", fields.next()?].concat();
    Some(Touch { paths: Vec::new(), author, seconds, message: fields.next()?.to_vec() })
}

/// Where the next entry's head begins in a chunk of `ls-files -z --debug`: after the last line end of
/// the indented facts of the one before.
fn entry_start(chunk: &[u8]) -> usize {
    let mut start = 0;
    while chunk.get(start..).is_some_and(|rest| rest.starts_with(b"  ")) {
        let Some(rest) = chunk.get(start..) else { break };
        let Some(end) = rest.iter().position(|byte| *byte == b'\n') else { return chunk.len() };
        start += end + 1;
    }
    start
}

/// `  ctime: 1700000000:123\n  mtime: ..\n  dev: 1\tino: 2\n  uid: 0\tgid: 0\n  size: 5\tflags: 0\n`
fn debug_facts(entry: &mut Indexed, said: &str) {
    let value = |name: &str| {
        let at = said.find(name)? + name.len();
        said.get(at..)?.split(['\t', '\n']).next().map(str::trim)
    };
    let moment = |name: &str| -> Option<(i64, u32)> {
        let (seconds, nanoseconds) = value(name)?.split_once(':')?;
        Some((seconds.parse().ok()?, nanoseconds.parse().ok()?))
    };
    let numbers = || Some((value("size:")?.parse().ok()?, value("ino:")?.parse().ok()?));
    if let (Some((size, inode)), Some(modified), Some(changed)) =
        (numbers(), moment("mtime:"), moment("ctime:"))
    {
        entry.stamp = Some(Stamp { size, modified, changed, inode });
    }
    let flags = value("flags:").and_then(|flags| u32::from_str_radix(flags, 16).ok());
    // CE_INTENT_TO_ADD of git's cache.h.
    entry.announced = flags.is_some_and(|flags| flags & (1 << 29) != 0);
}
