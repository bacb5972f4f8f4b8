//! A terminal of its own: tmux with a private socket, one window, keys in and screen out.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use test_support::World;

use super::{TIMEOUT, program};

/// Between two looks at the screen; what is waited for is always something on it.
const LOOK: Duration = Duration::from_millis(20);

/// A running program in a terminal of 120 by 40. Ended on drop.
pub struct Terminal<'w> {
    world: &'w World,
}

impl<'w> Terminal<'w> {
    /// Starts `command`, a shell command line, in the project folder of `world`.
    pub fn start(world: &'w World, path: &str, command: &str) -> Self {
        let terminal = Self { world };
        terminal.tmux(&["-f", "/dev/null", "start-server", ";", "set", "-g", "exit-empty", "off"]);
        // Otherwise Escape and the next key are read as one.
        terminal.tmux(&["set", "-g", "escape-time", "0"]);
        let line = format!("env PATH='{path}' TERM=xterm-256color COLORTERM=truecolor {command}");
        terminal.tmux(&["new-session", "-d", "-s", "s", "-x", "120", "-y", "40", &line]);
        terminal
    }

    /// Sends keys by tmux's names, such as `Space` and `Enter`; each only after the one before.
    pub fn keys(&self, keys: &[&str]) {
        for key in keys {
            self.tmux(&["send-keys", "-t", "s", key]);
        }
    }

    /// Types text as it is.
    pub fn text(&self, text: &str) {
        self.tmux(&["send-keys", "-t", "s", "-l", text]);
    }

    /// Makes the terminal another size.
    pub fn resize(&self, columns: u16, rows: u16) {
        let (columns, rows) = (columns.to_string(), rows.to_string());
        self.tmux(&["resize-window", "-t", "s", "-x", &columns, "-y", &rows]);
    }

    /// Copies everything that the program writes from now on into `file`, as it is.
    pub fn record(&self, file: &Path) {
        self.tmux(&["pipe-pane", "-t", "s", &format!("cat > '{}'", file.display())]);
    }

    /// What is on the screen, line by line.
    pub fn screen(&self) -> String {
        self.tmux(&["capture-pane", "-p", "-t", "s"])
    }

    /// The same with colours, as escape sequences.
    pub fn styled(&self) -> String {
        self.tmux(&["capture-pane", "-p", "-e", "-N", "-t", "s"])
    }

    /// Looks at the screen until `wanted` is true of it, and returns it.
    #[track_caller]
    pub fn wait(&self, what: &str, wanted: impl Fn(&str) -> bool) -> String {
        let deadline = Instant::now() + TIMEOUT;
        loop {
            let screen = self.screen();
            if wanted(&screen) {
                return screen;
            }
            let log = self.world.outer().join("cache/helix/helix.log");
            assert!(
                Instant::now() < deadline,
                "never on the screen: {what}\n{screen}\n--- log\n{}",
                tail(&log)
            );
            std::thread::park_timeout(LOOK);
        }
    }

    /// Waits until `text` is on the screen.
    #[track_caller]
    pub fn wait_for(&self, text: &str) -> String {
        self.wait(text, |screen| screen.contains(text))
    }

    fn tmux(&self, args: &[&str]) -> String {
        let output = self.command(args).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "tmux {args:?}: {said}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = self.world.command(program("COUNTERSIGN_TEST_TMUX"));
        // A socket's path may have 107 bytes at most, so it lies in the world's outermost folder.
        command.arg("-S").arg(self.world.outer().join("tmux")).args(args).stdin(Stdio::null());
        command
    }
}

impl Drop for Terminal<'_> {
    fn drop(&mut self) {
        // It may have ended already.
        self.command(&["kill-server"]).output().ok();
    }
}

fn tail(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}
