//! One acceptance or undo on its way through the editor, as data.
//!
//! Pure: it is told what happened and answers what to do next. It knows no client, no engine and no
//! clock; moments are handed in. A file has landed when its buffer reads as planned, whatever the client
//! answered: clients were seen to answer `applied: true` for an edit they had skipped.
//!
//! Open documents come first, one after the other, so that the first that fails stops the rest; then the
//! files on disk. When something fails, what landed is taken back where it still is exactly ours.

use std::sync::Arc;
use std::time::{Duration, Instant};

use model::RelPath;

/// How long a client may take to answer an edit.
pub(crate) const ANSWER_WAIT: Duration = Duration::from_secs(30);
/// How long, after the client said that it applied an edit, the buffer may take to read so.
pub(crate) const CONTENT_WAIT: Duration = Duration::from_secs(5);

/// One open document that takes part.
#[derive(Debug, Clone)]
pub(crate) struct EditorFile {
    /// Which.
    pub path: RelPath,
    /// The buffer before.
    pub before: Arc<str>,
    /// The buffer as planned.
    pub after: Arc<str>,
    state: FileState,
    /// Whether its edit went out.
    sent: bool,
    /// Whether it was saved with the planned text in it.
    saved: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum FileState {
    Waiting,
    /// Sent to the client; to be confirmed until then.
    Sent(Instant),
    Landed,
    /// Sent back to the client; to be confirmed until then.
    Reversing(Instant),
    Failed(String),
}

/// What happened.
#[derive(Debug)]
pub(crate) enum Input<'a> {
    /// The intent is in the ledger.
    Begun,
    /// The client answered the edit of these files; `Err` says why it did not apply it.
    Answered { files: &'a [usize], applied: Result<(), String> },
    /// A document that may take part has this text now.
    Text { path: &'a RelPath, text: &'a str },
    /// A document was saved as it is now.
    Saved { path: &'a RelPath },
    /// A document was closed.
    Closed { path: &'a RelPath },
    /// The files on disk were written, or the first that failed says why.
    DiskWritten(Result<(), String>),
    /// The files on disk were put back.
    DiskReversed,
    /// Time passed.
    Tick,
}

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// Send the planned edit of these files in one request.
    Edit(Vec<usize>),
    /// Send the inverse edit of this file, if its buffer still is as planned.
    Reverse(usize),
    /// Write the files that no editor holds.
    WriteDisk,
    /// Put them back.
    ReverseDisk,
    /// Append the outcome: what became of each open document.
    Settle(Vec<(RelPath, Result<(), String>)>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Editing,
    Writing,
    ReversingDisk,
    Reversing,
    Settled,
}

/// An acceptance or an undo under way.
#[derive(Debug)]
pub(crate) struct Acceptance {
    files: Vec<EditorFile>,
    /// Whether the client applies a request over several documents as a whole or not at all.
    transactional: bool,
    on_disk: bool,
    phase: Phase,
}

impl EditorFile {
    /// A document that is to read `after` instead of `before`.
    pub(crate) fn new(path: RelPath, before: Arc<str>, after: Arc<str>) -> Self {
        Self { path, before, after, state: FileState::Waiting, sent: false, saved: false }
    }

    /// Whether its edit went out, so that it may land even after it failed.
    pub(crate) fn was_sent(&self) -> bool {
        self.sent
    }

    /// Whether it was saved with the planned text in it, so that the disk has it.
    pub(crate) fn was_saved(&self) -> bool {
        self.saved
    }

    /// Whether `text` is as planned, allowing for a client that gives new lines the document's endings.
    pub(crate) fn reached(&self, text: &str) -> bool {
        if text == &*self.after {
            return true;
        }
        let Some(ending) = sole_ending(&self.before) else { return false };
        let normalised = with_ending(&self.after, ending);
        normalised != *self.before && text == normalised
    }
}

impl Acceptance {
    /// An acceptance that was not begun yet. `on_disk`: files that no editor holds take part as well.
    pub(crate) fn new(files: Vec<EditorFile>, transactional: bool, on_disk: bool) -> Self {
        Self { files, transactional, on_disk, phase: Phase::Editing }
    }

    /// The open documents that take part.
    pub(crate) fn files(&self) -> &[EditorFile] {
        &self.files
    }

    /// When to be woken at the latest.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let deadline = |file: &EditorFile| match file.state {
            FileState::Sent(until) | FileState::Reversing(until) => Some(until),
            _ => None,
        };
        self.files.iter().filter_map(deadline).min()
    }

    /// Takes in what happened.
    pub(crate) fn step(&mut self, input: Input<'_>, now: Instant) -> Vec<Step> {
        match input {
            Input::Begun => {}
            Input::Answered { files, applied } => self.answered(files, &applied, now),
            Input::Text { path, text } => self.text(path, text),
            Input::Saved { path } => self.saved(path),
            Input::Closed { path } => self.closed(path),
            Input::DiskWritten(Ok(())) => return self.settle(),
            Input::DiskWritten(Err(_)) => {
                self.phase = Phase::ReversingDisk;
                return vec![Step::ReverseDisk];
            }
            Input::DiskReversed => return self.reverse(now),
            Input::Tick => self.expire(now),
        }
        self.advance(now)
    }

    fn answered(&mut self, files: &[usize], applied: &Result<(), String>, now: Instant) {
        for index in files {
            let Some(file) = self.files.get_mut(*index) else { continue };
            file.state = match (&file.state, applied) {
                (FileState::Sent(_), Ok(())) => FileState::Sent(now + CONTENT_WAIT),
                (FileState::Sent(_), Err(reason)) => FileState::Failed(reason.clone()),
                (FileState::Reversing(_), Ok(())) => FileState::Reversing(now + CONTENT_WAIT),
                // It could not be taken back: it is in the buffer, and the outcome says so.
                (FileState::Reversing(_), Err(_)) => FileState::Landed,
                (state, _) => state.clone(),
            };
        }
    }

    fn text(&mut self, path: &RelPath, text: &str) {
        for file in self.files.iter_mut().filter(|file| file.path == *path) {
            match file.state {
                FileState::Sent(_) if file.reached(text) => file.state = FileState::Landed,
                // The disk has it: it landed, and the buffer is taken back from there.
                FileState::Reversing(_) if text == &*file.before && file.saved => {
                    file.state = FileState::Landed;
                }
                FileState::Reversing(_) if text == &*file.before => {
                    file.state = FileState::Failed(TAKEN_BACK.to_owned());
                }
                _ => {}
            }
        }
    }

    fn saved(&mut self, path: &RelPath) {
        for file in self.files.iter_mut().filter(|file| file.path == *path) {
            file.saved |= matches!(file.state, FileState::Landed | FileState::Reversing(_));
        }
    }

    fn closed(&mut self, path: &RelPath) {
        for file in self.files.iter_mut().filter(|file| file.path == *path) {
            if !matches!(file.state, FileState::Failed(_)) {
                file.state = FileState::Failed("it was closed in the editor".to_owned());
            }
        }
    }

    fn expire(&mut self, now: Instant) {
        for file in &mut self.files {
            file.state = match &file.state {
                FileState::Sent(until) if *until <= now => FileState::Failed(
                    "its text in the editor did not become the planned text".to_owned(),
                ),
                FileState::Reversing(until) if *until <= now => FileState::Landed,
                state => state.clone(),
            };
        }
    }

    fn advance(&mut self, now: Instant) -> Vec<Step> {
        match self.phase {
            Phase::Editing => self.edit(now),
            Phase::Reversing if !self.any(|state| matches!(state, FileState::Reversing(_))) => {
                self.settle()
            }
            _ => Vec::new(),
        }
    }

    fn edit(&mut self, now: Instant) -> Vec<Step> {
        let failed = self.files.iter().find(|file| matches!(file.state, FileState::Failed(_)));
        if let Some(failed) = failed {
            let because = format!("not attempted, because {} failed", failed.path);
            for file in &mut self.files {
                if file.state == FileState::Waiting {
                    file.state = FileState::Failed(because.clone());
                }
            }
            if self.any(|state| matches!(state, FileState::Sent(_))) {
                return Vec::new();
            }
            return self.reverse(now);
        }
        if self.any(|state| matches!(state, FileState::Sent(_))) {
            return Vec::new();
        }
        let limit = if self.transactional { usize::MAX } else { 1 };
        let waiting = self.files.iter_mut().enumerate();
        let next: Vec<usize> = waiting
            .filter(|(_, file)| file.state == FileState::Waiting)
            .take(limit)
            .map(|(index, file)| {
                file.state = FileState::Sent(now + ANSWER_WAIT);
                file.sent = true;
                index
            })
            .collect();
        if !next.is_empty() {
            return vec![Step::Edit(next)];
        }
        if self.on_disk {
            self.phase = Phase::Writing;
            return vec![Step::WriteDisk];
        }
        self.settle()
    }

    fn reverse(&mut self, now: Instant) -> Vec<Step> {
        self.phase = Phase::Reversing;
        let mut steps = Vec::new();
        for (index, file) in self.files.iter_mut().enumerate() {
            // What the disk has already stays: taking it out of the buffer would not take it back.
            if file.state == FileState::Landed && !file.saved {
                file.state = FileState::Reversing(now + ANSWER_WAIT);
                steps.push(Step::Reverse(index));
            }
        }
        if steps.is_empty() { self.settle() } else { steps }
    }

    fn settle(&mut self) -> Vec<Step> {
        if self.phase == Phase::Settled {
            return Vec::new();
        }
        self.phase = Phase::Settled;
        let outcome = |file: &EditorFile| {
            let outcome = match &file.state {
                FileState::Landed => Ok(()),
                FileState::Failed(reason) => Err(reason.clone()),
                FileState::Waiting | FileState::Sent(_) | FileState::Reversing(_) => {
                    Err("it was not finished".to_owned())
                }
            };
            (file.path.clone(), outcome)
        };
        vec![Step::Settle(self.files.iter().map(outcome).collect())]
    }

    fn any(&self, test: impl Fn(&FileState) -> bool) -> bool {
        self.files.iter().any(|file| test(&file.state))
    }
}

const TAKEN_BACK: &str = "taken back, because another file failed";

/// The line ending that every line of `text` has; `None` when there are none, or several kinds.
fn sole_ending(text: &str) -> Option<&'static str> {
    let breaks = text.matches('\n').count();
    let windows = text.matches("\r\n").count();
    match (breaks, windows) {
        (0, _) => None,
        (_, 0) => Some("\n"),
        (breaks, windows) if breaks == windows => Some("\r\n"),
        _ => None,
    }
}

fn with_ending(text: &str, ending: &str) -> String {
    let plain = text.replace("\r\n", "\n");
    if ending == "\n" { plain } else { plain.replace('\n', ending) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str) -> EditorFile {
        EditorFile::new(path.parse().unwrap(), "old\n".into(), "new\n".into())
    }

    fn path(path: &str) -> RelPath {
        path.parse().unwrap()
    }

    /// Plays a script and writes down every step taken.
    fn check(mut acceptance: Acceptance, script: &str, expected: expect_test::Expect) {
        let mut now = Instant::now();
        let mut log = String::new();
        for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let words: Vec<&str> = line.split(' ').collect();
            let index = |word: &str| word.parse::<usize>().unwrap();
            let steps = match words[..] {
                ["begun"] => acceptance.step(Input::Begun, now),
                ["yes", file] => {
                    let files = [index(file)];
                    acceptance.step(Input::Answered { files: &files, applied: Ok(()) }, now)
                }
                ["yes-to-all"] => {
                    let files: Vec<usize> = (0..acceptance.files.len()).collect();
                    acceptance.step(Input::Answered { files: &files, applied: Ok(()) }, now)
                }
                ["no", file] => {
                    let (files, applied) = ([index(file)], Err("the client refused".to_owned()));
                    acceptance.step(Input::Answered { files: &files, applied }, now)
                }
                ["text", file, text] => {
                    let (path, text) = (path(file), format!("{text}\n"));
                    acceptance.step(Input::Text { path: &path, text: &text }, now)
                }
                ["closed", file] => acceptance.step(Input::Closed { path: &path(file) }, now),
                ["disk", "ok"] => acceptance.step(Input::DiskWritten(Ok(())), now),
                ["disk", "bad"] => acceptance.step(Input::DiskWritten(Err("full".into())), now),
                ["disk", "back"] => acceptance.step(Input::DiskReversed, now),
                ["later"] => {
                    now = acceptance.deadline().expect("there is a deadline to wait for");
                    acceptance.step(Input::Tick, now)
                }
                _ => panic!("no such line: {line}"),
            };
            log.push_str(&format!("{line} -> {steps:?}\n"));
        }
        expected.assert_eq(&log);
    }

    #[test]
    fn documents_go_one_by_one_and_then_the_disk() {
        check(
            Acceptance::new(vec![file("a"), file("b")], false, true),
            "begun
             yes 0
             text a new
             text b new
             disk ok
             later-answers-do-not-matter"
                .trim_end_matches("later-answers-do-not-matter"),
            expect_test::expect![[r#"
                begun -> [Edit([0])]
                yes 0 -> []
                text a new -> [Edit([1])]
                text b new -> [WriteDisk]
                disk ok -> [Settle([("a", Ok(())), ("b", Ok(()))])]
            "#]],
        );
    }

    #[test]
    fn a_transactional_client_gets_one_request() {
        check(
            Acceptance::new(vec![file("a"), file("b")], true, false),
            "begun
             text a new
             yes-to-all
             text b new",
            expect_test::expect![[r#"
                begun -> [Edit([0, 1])]
                text a new -> []
                yes-to-all -> []
                text b new -> [Settle([("a", Ok(())), ("b", Ok(()))])]
            "#]],
        );
    }

    #[test]
    fn a_refusal_stops_the_rest_and_takes_back_what_landed() {
        check(
            Acceptance::new(vec![file("a"), file("b"), file("c")], false, true),
            "begun
             text a new
             no 1
             yes 0
             text a old",
            expect_test::expect![[r#"
                begun -> [Edit([0])]
                text a new -> [Edit([1])]
                no 1 -> [Reverse(0)]
                yes 0 -> []
                text a old -> [Settle([("a", Err("taken back, because another file failed")), ("b", Err("the client refused")), ("c", Err("not attempted, because b failed"))])]
            "#]],
        );
    }

    #[test]
    fn yes_without_the_text_is_a_failure() {
        check(
            Acceptance::new(vec![file("a")], false, false),
            "begun
             yes 0
             text a neww
             later",
            expect_test::expect![[r#"
                begun -> [Edit([0])]
                yes 0 -> []
                text a neww -> []
                later -> [Settle([("a", Err("its text in the editor did not become the planned text"))])]
            "#]],
        );
    }

    #[test]
    fn what_cannot_be_taken_back_stays_landed() {
        check(
            Acceptance::new(vec![file("a"), file("b")], false, false),
            "begun
             text a new
             closed b
             no 0",
            expect_test::expect![[r#"
                begun -> [Edit([0])]
                text a new -> [Edit([1])]
                closed b -> [Reverse(0)]
                no 0 -> [Settle([("a", Ok(())), ("b", Err("it was closed in the editor"))])]
            "#]],
        );
    }

    #[test]
    fn a_disk_that_fails_takes_the_buffers_back() {
        check(
            Acceptance::new(vec![file("a")], false, true),
            "begun
             text a new
             disk bad
             disk back
             text a old",
            expect_test::expect![[r#"
                begun -> [Edit([0])]
                text a new -> [WriteDisk]
                disk bad -> [ReverseDisk]
                disk back -> [Reverse(0)]
                text a old -> [Settle([("a", Err("taken back, because another file failed"))])]
            "#]],
        );
    }

    #[test]
    fn without_documents_the_disk_comes_at_once() {
        check(
            Acceptance::new(Vec::new(), false, true),
            "begun
             disk ok",
            expect_test::expect![[r#"
                begun -> [WriteDisk]
                disk ok -> [Settle([])]
            "#]],
        );
    }

    #[test]
    fn new_lines_may_get_the_endings_of_the_document() {
        let file = EditorFile::new(path("a"), "one\r\n".into(), "one\r\ntwo\n".into());
        assert!(file.reached("one\r\ntwo\r\n"));
        assert!(file.reached("one\r\ntwo\n"));
        assert!(!file.reached("one\ntwo\n"));
        // A change of nothing but line endings is not there before it is.
        let endings = EditorFile::new(path("a"), "one\r\n".into(), "one\n".into());
        assert!(!endings.reached("one\r\n"));
        assert!(endings.reached("one\n"));
    }
}
