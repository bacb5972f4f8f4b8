//! A hermetic place to run programs in: folders of its own, an environment that holds nothing of the machine's but
//! `PATH`, and a git repository built by script with fixed names and dates.

use std::ffi::OsStr;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::{ClientOptions, LspClient};

/// How long a program may run before [`World::run`] ends it and fails the test. Generous: machines that test are busy.
const RUN_LIMIT: Duration = Duration::from_secs(120);

/// The date of the first commit: 2025-01-01T00:00:00Z. Each further one is a minute later.
const FIRST_COMMIT_S: u64 = 1_735_689_600;

/// A temporary folder with a home, XDG folders and a project folder. Removed on drop.
pub struct World {
    folder: TempDir,
    outer: PathBuf,
    repo: PathBuf,
    commits: AtomicU64,
}

/// What a program left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// The command line, for failure messages.
    pub command: String,
    /// The exit code; -1 when a signal ended it.
    pub status: i32,
    /// Standard output; invalid UTF-8 is replaced.
    pub stdout: String,
    /// Standard error; invalid UTF-8 is replaced.
    pub stderr: String,
}

impl Output {
    /// Itself, when the program exited with `status`.
    ///
    /// # Panics
    /// With both streams, when it exited otherwise.
    #[track_caller]
    pub fn exited(self, status: i32) -> Self {
        let Self { command, stdout, stderr, .. } = &self;
        assert!(
            self.status == status,
            "`{command}` exited with {}, not {status}\n--- stdout\n{stdout}\n--- stderr\n{stderr}",
            self.status
        );
        self
    }

    /// Itself, when the program exited with 0.
    ///
    /// # Panics
    /// With both streams, when it exited otherwise.
    #[track_caller]
    pub fn ok(self) -> Self {
        self.exited(0)
    }

    /// Standard output as JSON.
    ///
    /// # Panics
    /// When it is not JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| {
            panic!("`{}` did not print JSON: {error}\n{}", self.command, self.stdout)
        })
    }
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

impl World {
    /// A world whose project folder is an empty git repository on branch `main`.
    pub fn new() -> Self {
        let world = Self::without_git();
        world.git(&["init", "--quiet", "--initial-branch=main", "--template="]);
        world
    }

    /// A world whose project folder is empty and no repository.
    pub fn without_git() -> Self {
        Self::below(&std::env::temp_dir())
    }

    fn below(place: &Path) -> Self {
        let folder = tempfile::Builder::new().prefix("countersign-").tempdir_in(place).unwrap();
        // Resolved once, so that programs that resolve links print the same path.
        let outer = folder.path().canonicalize().unwrap();
        let repo = outer.join("repo");
        for name in ["home", "config", "cache", "data", "state", "run", "tmp", "repo"] {
            fs::create_dir(outer.join(name)).unwrap();
        }
        Self { folder, outer, repo, commits: AtomicU64::new(0) }
    }

    /// The project folder, absolute and resolved.
    pub fn root(&self) -> &Path {
        &self.repo
    }

    /// The folder around the project folder: `home`, `config`, `cache`, `data`, `state`, `run` and `tmp` lie in it.
    pub fn outer(&self) -> &Path {
        &self.outer
    }

    /// The absolute path of a file of the project, given with `/`.
    pub fn path(&self, path: &str) -> PathBuf {
        self.repo.join(path)
    }

    /// Keeps the folder after the test and says where it is, to look into a failure.
    pub fn keep(mut self) -> PathBuf {
        self.folder.disable_cleanup(true);
        self.outer.clone()
    }

    /// A command in the project folder with the hermetic environment. `program` is looked up on `PATH`.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let at = |name: &str| self.outer.join(name);
        let mut command = Command::new(program);
        command.current_dir(&self.repo).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into()));
        command.env("HOME", at("home")).env("TMPDIR", at("tmp"));
        command.env("XDG_CONFIG_HOME", at("config")).env("XDG_CACHE_HOME", at("cache"));
        command.env("XDG_DATA_HOME", at("data")).env("XDG_STATE_HOME", at("state"));
        command.env("XDG_RUNTIME_DIR", at("run"));
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
        // The folders above the world are not part of it, even when they are a repository.
        command.env("GIT_CEILING_DIRECTORIES", &self.outer).env("GIT_TERMINAL_PROMPT", "0");
        command.env("GIT_AUTHOR_NAME", "Ada").env("GIT_AUTHOR_EMAIL", "ada@example.invalid");
        command.env("GIT_COMMITTER_NAME", "Ada").env("GIT_COMMITTER_EMAIL", "ada@example.invalid");
        let now_s = FIRST_COMMIT_S + 60 * self.commits.load(Ordering::Relaxed);
        command.env("GIT_AUTHOR_DATE", format!("{now_s} +0000"));
        command.env("GIT_COMMITTER_DATE", format!("{now_s} +0000"));
        command.env("TZ", "UTC").env("LC_ALL", "C.UTF-8").env("LANG", "C.UTF-8");
        command.env("NO_COLOR", "1").env("TERM", "dumb");
        command
    }

    /// Runs a program in the project folder with nothing on standard input.
    ///
    /// # Panics
    /// When it cannot be started, or runs longer than two minutes: then it is ended.
    #[track_caller]
    pub fn run(&self, program: impl AsRef<OsStr>, args: &[&str]) -> Output {
        self.run_with_stdin(program, args, "")
    }

    /// Runs a program in the project folder with `stdin` on standard input.
    ///
    /// # Panics
    /// As [`World::run`].
    #[track_caller]
    pub fn run_with_stdin(&self, program: impl AsRef<OsStr>, args: &[&str], stdin: &str) -> Output {
        let mut command = self.command(program);
        command.args(args);
        run_command(command, stdin)
    }

    /// Runs a program in the project folder with these variables in its environment as well.
    ///
    /// # Panics
    /// As [`World::run`].
    #[track_caller]
    pub fn run_with_env(
        &self,
        program: impl AsRef<OsStr>,
        args: &[&str],
        variables: &[(&str, &OsStr)],
    ) -> Output {
        let mut command = self.command(program);
        command.args(args).envs(variables.iter().copied());
        run_command(command, "")
    }

    /// Another world whose project folder is a copy of this one's as it is now, `.git` included, with modes, times
    /// and links as they are. It lies in memory where the system offers that, since replicas come by the hundred
    /// and nothing waits for a disk there.
    ///
    /// # Panics
    /// When it cannot be copied.
    #[track_caller]
    pub fn replica(&self) -> Self {
        let memory = Path::new("/dev/shm");
        let probe = tempfile::tempfile_in(memory);
        let copy = if probe.is_ok() { Self::below(memory) } else { Self::without_git() };
        fs::remove_dir(&copy.repo).unwrap();
        let (from, to) = (self.repo.as_os_str(), copy.repo.as_os_str());
        let status = Command::new("cp").arg("-a").args([from, to]).status().unwrap();
        assert!(status.success(), "{} could not be copied", self.repo.display());
        copy.commits.store(self.commits.load(Ordering::Relaxed), Ordering::Relaxed);
        copy
    }

    /// Runs git in the project folder and returns its output.
    ///
    /// # Panics
    /// When git fails.
    #[track_caller]
    pub fn git(&self, args: &[&str]) -> String {
        self.run("git", args).ok().stdout
    }

    /// Commits everything that is there and returns the commit's id. Each commit is a minute after the one before.
    ///
    /// # Panics
    /// When git fails, or there is nothing to commit.
    #[track_caller]
    pub fn commit(&self, message: &str) -> String {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--no-verify", "--no-gpg-sign", "--message", message]);
        self.commits.fetch_add(1, Ordering::Relaxed);
        self.git(&["rev-parse", "HEAD"]).trim().to_owned()
    }

    /// Writes a file of the project, with the folders it needs.
    ///
    /// # Panics
    /// When it cannot.
    #[track_caller]
    pub fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }

    /// The text of a file of the project.
    ///
    /// # Panics
    /// When it is not there or not UTF-8.
    #[track_caller]
    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// The bytes of a file of the project; `None` when it is not there.
    pub fn read_bytes(&self, path: &str) -> Option<Vec<u8>> {
        fs::read(self.path(path)).ok()
    }

    /// Removes a file of the project.
    ///
    /// # Panics
    /// When it cannot.
    #[track_caller]
    pub fn remove(&self, path: &str) {
        fs::remove_file(self.path(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    }

    /// Starts a language server in the project folder and initializes it.
    ///
    /// # Panics
    /// When it cannot be started or does not answer `initialize`.
    #[track_caller]
    pub fn lsp(
        &self,
        program: impl AsRef<OsStr>,
        args: &[&str],
        options: ClientOptions,
    ) -> LspClient {
        let mut command = self.command(program);
        command.args(args);
        LspClient::start(command, &self.repo, options)
    }

    /// `text` with the paths of this world as `[ROOT]` (the project) and `[WORLD]` (around it).
    pub fn normalise(&self, text: &str) -> String {
        let as_given = self.folder.path().to_string_lossy().into_owned();
        let resolved = self.outer.to_string_lossy().into_owned();
        let repo = self.repo.to_string_lossy().into_owned();
        text.replace(&repo, "[ROOT]")
            .replace(&format!("{as_given}/repo"), "[ROOT]")
            .replace(&resolved, "[WORLD]")
            .replace(&as_given, "[WORLD]")
    }
}

#[track_caller]
fn run_command(mut command: Command, stdin: &str) -> Output {
    let shown = std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(OsStr::to_string_lossy)
        .collect::<Vec<_>>()
        .join(" ");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child =
        command.spawn().unwrap_or_else(|error| panic!("`{shown}` cannot be started: {error}"));

    let mut input = child.stdin.take().unwrap();
    let stdin = stdin.to_owned();
    // A program that ends without reading its input is no failure of the test.
    thread::spawn(move || input.write_all(stdin.as_bytes()).ok());
    let (done, streams) = mpsc::channel();
    let outputs: [Box<dyn Read + Send>; 2] =
        [Box::new(child.stdout.take().unwrap()), Box::new(child.stderr.take().unwrap())];
    for (index, mut stream) in outputs.into_iter().enumerate() {
        let done = done.clone();
        thread::spawn(move || {
            let mut bytes = Vec::new();
            stream.read_to_end(&mut bytes).ok();
            done.send((index, bytes)).ok();
        });
    }
    drop(done);

    let deadline = Instant::now() + RUN_LIMIT;
    let mut texts = [String::new(), String::new()];
    for _ in 0..2 {
        match streams.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok((index, bytes)) => texts[index] = String::from_utf8_lossy(&bytes).into_owned(),
            Err(RecvTimeoutError::Timeout) => {
                child.kill().ok();
                panic!(
                    "`{shown}` was still running after {RUN_LIMIT:?}\n{}\n{}",
                    texts[0], texts[1]
                );
            }
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    let status = child.wait().unwrap().code().unwrap_or(-1);
    let [stdout, stderr] = texts;
    Output { command: shown, status, stdout, stderr }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_holds_nothing_of_the_machine_but_path() {
        let world = World::without_git();
        let output = world.run("env", &[]).ok();
        let mut names: Vec<_> =
            output.stdout.lines().filter_map(|line| line.split_once('=')).map(|(n, _)| n).collect();
        names.sort_unstable();
        expect_test::expect![[r#"
            [
                "GIT_AUTHOR_DATE",
                "GIT_AUTHOR_EMAIL",
                "GIT_AUTHOR_NAME",
                "GIT_CEILING_DIRECTORIES",
                "GIT_COMMITTER_DATE",
                "GIT_COMMITTER_EMAIL",
                "GIT_COMMITTER_NAME",
                "GIT_CONFIG_GLOBAL",
                "GIT_CONFIG_NOSYSTEM",
                "GIT_TERMINAL_PROMPT",
                "HOME",
                "LANG",
                "LC_ALL",
                "NO_COLOR",
                "PATH",
                "TERM",
                "TMPDIR",
                "TZ",
                "XDG_CACHE_HOME",
                "XDG_CONFIG_HOME",
                "XDG_DATA_HOME",
                "XDG_RUNTIME_DIR",
                "XDG_STATE_HOME",
            ]
        "#]]
        .assert_debug_eq(&names);
        let home = output.stdout.lines().find(|line| line.starts_with("HOME=")).unwrap();
        assert_eq!(world.normalise(home), "HOME=[WORLD]/home");
    }

    #[test]
    fn the_same_commits_have_the_same_ids_everywhere() {
        let build = || {
            let world = World::new();
            world.write("src/a.txt", "one\n");
            world.commit("first");
            world.write("src/a.txt", "two\n");
            world.commit("second")
        };
        let id = build();
        assert_eq!(id, build());
        assert_eq!(id.len(), 40);
    }

    #[test]
    fn a_replica_is_the_same_and_apart() {
        let world = World::new();
        world.write("src/a.txt", "one\n");
        let first = world.commit("first");
        let replica = world.replica();
        replica.write("src/a.txt", "two\n");
        assert_eq!(
            (world.read("src/a.txt").as_str(), first),
            ("one\n", { replica.git(&["rev-parse", "HEAD"]).trim().to_owned() })
        );
        let output = replica.run_with_env("sh", &["-c", "echo $X"], &[("X", OsStr::new("y"))]);
        assert_eq!(output.ok().stdout, "y\n");
    }

    #[test]
    fn output_carries_both_streams_and_the_status() {
        let world = World::without_git();
        let output =
            world.run_with_stdin("sh", &["-c", "cat; pwd; echo oops >&2; exit 3"], "hello ");
        assert_eq!((output.status, output.stderr.as_str()), (3, "oops\n"));
        assert_eq!(world.normalise(&output.stdout), "hello [ROOT]\n");
    }

    #[test]
    fn a_large_output_does_not_block() {
        let world = World::without_git();
        let output =
            world.run("sh", &["-c", "head -c 1000000 /dev/zero; head -c 1000000 /dev/zero >&2"]);
        assert_eq!((output.stdout.len(), output.stderr.len()), (1_000_000, 1_000_000));
    }

    #[test]
    fn a_repository_around_the_world_is_not_seen() {
        let world = World::without_git();
        let output = world.run("git", &["rev-parse", "--show-toplevel"]);
        assert_eq!(output.status, 128, "{output:?}");
    }
}
