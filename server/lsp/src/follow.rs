//! What buffers say after a command: the ledger follows the text, not what the client answered.
//!
//! Hunks that commands of this session were about are watched in their files. When the person pauses, content
//! decides: text that an accepted hunk replaced is back, because the editor's own undo took it out; or text
//! that a hunk puts in is there, because the editor carried out late what it had refused or not answered.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use engine::{BoardChange, Report, Selection};
use model::{ChangeSetId, HunkState, RelPath};

use crate::acceptance::{Acceptance, Input};
use crate::command::Verb;
use crate::conduct::Running;
use crate::jobs::{Hunks, Job, RootId, Token};
use crate::main_loop::Wake;
use crate::placement::{self, HunksThen, PLACED_BYTES_MAX, Side, Sides};
use crate::pool;
use crate::session::Session;
use crate::views::Moment;

/// How long, after a command is over, an edit that was sent for it may still come.
pub(crate) const LATE_WAIT: Duration = Duration::from_secs(300);
/// How often the ledger is asked to follow before the text is left to itself.
const TRIES_MAX: u8 = 3;
/// How many ChangeSets are watched in a file, newest first.
const WATCHED_MAX: usize = 16;

/// Hunks of one ChangeSet in one file that commands of this session were about.
#[derive(Debug)]
pub(crate) struct Watched {
    changeset: ChangeSetId,
    hunks: BTreeSet<u32>,
    /// Until when an edit that was sent, and did not land as far as is known, may still come.
    doubtful: Option<Instant>,
    tries: u8,
}

/// What the text of a watched hunk says that the ledger does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum News {
    /// Accepted in the buffer, and taken out again by the editor's own undo.
    Withdrawn,
    /// Put in, though the ledger does not say so.
    PutIn,
    /// Taken out, though the disk has it.
    TakenOut,
    /// Accepted, and the disk has it, since the buffer is as the disk.
    Saved,
    /// Rejected in the buffer, and put back by the editor's own undo.
    PutBack,
}

impl Session {
    /// Watches what a command was about from now on.
    pub(crate) fn watch_outcome(&mut self, running: &Running, report: &Report, now: Instant) {
        let (root, changeset) = (running.root, running.changeset);
        let files = running.acceptance.iter().flat_map(Acceptance::files).zip(&running.files);
        let mut closed = Vec::new();
        for (file, plan) in files {
            let landed = report.files.contains(&file.path);
            let doubtful = (!landed && file.was_sent()).then_some(now + LATE_WAIT);
            self.watch(root, &file.path, changeset, &plan.hunks, doubtful);
            let uri = self.uri_of(root, &file.path);
            match uri.and_then(|uri| self.documents.get(uri)) {
                // What happened while the command was under way, the ledger learns of now.
                Some(document) if landed && (file.was_saved() || !document.unsaved()) => {
                    self.post(root, Job::Saved(file.path.clone()));
                }
                None => {
                    self.post(root, Job::Closed(file.path.clone()));
                    closed.push(&file.path);
                }
                _ => {}
            }
        }
        // The editor may have saved what it was asked for before it closed the file.
        closed.into_iter().for_each(|path| self.follow_closed(root, path, now));
        // What was there already, or was closed, was not sent to the editor, and its file may be open by now, or
        // closed. What the ledger took for unsaved is asked of the disk.
        let Some(change) = self.change(root, changeset) else { return };
        let mut unsent = BTreeSet::new();
        for hunk in &report.hunks {
            let Some(path) = change.state.paths.get(hunk) else { continue };
            let sent = running.files.iter().any(|file| file.path == *path);
            let open = self.uri_of(root, path).is_some();
            let doubtful = (!sent && open).then_some(now + LATE_WAIT);
            self.watch(root, path, changeset, &[*hunk], doubtful);
            if !sent && unsent.insert(path.clone()) {
                let path = path.clone();
                self.post(root, if open { Job::Saved(path) } else { Job::Closed(path) });
            }
        }
        self.look_soon(now);
    }

    fn change(&self, root: RootId, changeset: ChangeSetId) -> Option<Arc<BoardChange>> {
        self.roots.get(&root)?.board.change(changeset).cloned()
    }

    fn watch(
        &mut self,
        root: RootId,
        path: &RelPath,
        changeset: ChangeSetId,
        hunks: &[u32],
        doubtful: Option<Instant>,
    ) {
        let watched = self.watched.entry((root, path.clone())).or_default();
        let at = watched.iter().position(|watched| watched.changeset == changeset);
        let known = at.map(|at| watched.remove(at));
        let mut next =
            known.unwrap_or(Watched { changeset, hunks: BTreeSet::new(), doubtful, tries: 0 });
        next.hunks.extend(hunks);
        next.doubtful = next.doubtful.max(doubtful);
        next.tries = 0;
        watched.push(next);
        if watched.len() > WATCHED_MAX {
            watched.remove(0);
        }
    }

    /// A buffer has another text: it may be what an acceptance waits for.
    pub(crate) fn text_changed(&mut self, uri: &str, now: Instant) {
        let tokens = self.taking_part(uri);
        if tokens.is_empty() {
            return;
        }
        let Some(text) = self.documents.get(uri).map(|document| Arc::clone(document.text())) else {
            return;
        };
        if let Some((_, path)) = self.homes.get(uri).cloned() {
            for token in tokens {
                self.advance(token, Input::Text { path: &path, text: &text }, now);
            }
        }
    }

    /// The commands under way that change this document.
    fn taking_part(&self, uri: &str) -> Vec<Token> {
        let Some((id, path)) = self.homes.get(uri) else { return Vec::new() };
        let part = |running: &Running| {
            let files = running.acceptance.iter().flat_map(Acceptance::files);
            running.root == *id && files.into_iter().any(|file| file.path == *path)
        };
        self.running.iter().filter(|(_, running)| part(running)).map(|(token, _)| *token).collect()
    }

    /// The documents in which something is watched.
    fn watched_uris(&self) -> Vec<String> {
        let homes = self.homes.iter();
        homes
            .filter(|(_, home)| self.watched.contains_key(home))
            .map(|(uri, _)| uri.clone())
            .collect()
    }

    /// Has the pool look what the texts of watched hunks say. The person has paused.
    pub(crate) fn follow_texts(&mut self) {
        for uri in self.watched_uris() {
            // One look at a time for each document; when it is over, the next.
            if let Some(again) = self.looking.get_mut(&uri) {
                *again = true;
                continue;
            }
            let (Some(of), Some((_, path))) = (self.moment(&uri), self.homes.get(&uri).cloned())
            else {
                continue;
            };
            let (hunks, Some(document)) = (self.followed(&uri), self.documents.get(&uri)) else {
                continue;
            };
            if document.rope().len_bytes() > PLACED_BYTES_MAX {
                continue;
            }
            let text = Arc::clone(document.text());
            self.looking.insert(uri.clone(), false);
            self.pool.post(Box::new(move || {
                let sides = pool::caught(|| placement::all_sides(&path, &text, &hunks), Vec::new());
                Some(Wake::Sided { uri, of, sides })
            }));
        }
    }

    /// Has the ledger follow what a text said, unless that is not the text any more.
    pub(crate) fn sided(&mut self, uri: &str, of: Moment, sides: &Sides, now: Instant) {
        let again = self.looking.remove(uri).unwrap_or(false);
        match self.moment(uri) {
            None => {}
            Some(_) if again && self.stale.is_none() => self.look_soon(now),
            Some(moment) if moment == of => {
                for (changeset, sides) in sides {
                    for (news, hunks) in self.news(uri, *changeset, sides, now) {
                        self.follow(uri, *changeset, news, hunks);
                    }
                }
            }
            Some(_) if self.stale.is_none() => self.look_soon(now),
            Some(_) => {}
        }
    }

    fn follow(&mut self, uri: &str, changeset: ChangeSetId, news: News, hunks: BTreeSet<u32>) {
        let Some((id, path)) = self.homes.get(uri).cloned() else { return };
        let verb = match news {
            News::Withdrawn => {
                let change = self.change(id, changeset);
                return self
                    .withdraw(uri, change.map(|change| (change, hunks)).into_iter().collect());
            }
            News::Saved => return self.post(id, Job::Saved(path)),
            News::PutBack => {
                let back = Hunks::from([(changeset, hunks)]);
                return self.post(id, Job::PutBack { path, back });
            }
            News::PutIn => Verb::Accept,
            News::TakenOut => Verb::Undo,
        };
        let tried = self.watched.get_mut(&(id, path)).into_iter().flatten();
        tried.filter(|w| w.changeset == changeset).for_each(|w| w.tries += 1);
        if let Some(change) = self.change(id, changeset) {
            let selection = Selection::Hunks(hunks.into_iter().collect());
            self.begin(id, &change, verb, selection, None);
        }
    }
    /// The hunks that are watched in a document, but those of a command under way.
    fn followed(&self, uri: &str) -> HunksThen {
        let Some(home) = self.homes.get(uri) else { return Vec::new() };
        let busy =
            |of: &Watched| self.running.values().any(|running| running.changeset == of.changeset);
        let watched = self.watched.get(home).into_iter().flatten().filter(|of| !busy(of));
        watched
            .filter_map(|of| Some((self.change(home.0, of.changeset)?, of.hunks.clone())))
            .collect()
    }

    /// Has the ledger learn what the editor's own undo took out, before something is built on it.
    pub(crate) fn follow_withdrawals(&self) {
        self.watched_uris().iter().for_each(|uri| self.follow_withdrawal(uri));
    }

    fn follow_withdrawal(&self, uri: &str) {
        self.withdraw(uri, self.followed(uri));
    }

    /// Has the ledger learn which of these hunks, as far as they are accepted and not saved, are not in the text of a
    /// document any more.
    fn withdraw(&self, uri: &str, mut accepted: HunksThen) {
        for (change, hunks) in &mut accepted {
            let unsaved =
                |state: &HunkState| matches!(state, HunkState::Accepted { saved: false, .. });
            hunks.retain(|hunk| change.state.hunks.get(hunk).is_some_and(unsaved));
        }
        accepted.retain(|(_, hunks)| !hunks.is_empty());
        let (Some(document), Some((id, path))) = (self.documents.get(uri), self.homes.get(uri))
        else {
            return;
        };
        if !accepted.is_empty() {
            let (path, text) = (path.clone(), Arc::clone(document.text()));
            self.post(*id, Job::Withdrawn { path, text, accepted });
        }
    }

    /// What a document says of the watched hunks of a ChangeSet that the ledger does not.
    fn news(
        &self,
        uri: &str,
        changeset: ChangeSetId,
        sides: &BTreeMap<u32, Side>,
        now: Instant,
    ) -> Vec<(News, BTreeSet<u32>)> {
        let (Some(home), Some(document)) = (self.homes.get(uri), self.documents.get(uri)) else {
            return Vec::new();
        };
        let busy = self.running.values().any(|running| running.changeset == changeset);
        let mut watched = self.watched.get(home).into_iter().flatten();
        let (Some(change), Some(watched)) = (
            self.change(home.0, changeset).filter(|_| !busy),
            watched.find(|watched| watched.changeset == changeset),
        ) else {
            return Vec::new();
        };
        let late = watched.doubtful.is_some_and(|until| now < until);
        let clean = !document.unsaved();
        let follows = (late || !clean) && watched.tries < TRIES_MAX;
        let mut all = BTreeMap::<News, BTreeSet<u32>>::new();
        for (hunk, side) in sides {
            let news = match (change.state.hunks.get(hunk), side) {
                (Some(HunkState::Accepted { saved: false, .. }), Side::Before) => News::Withdrawn,
                (Some(HunkState::Accepted { saved: false, .. }), Side::After) if clean => {
                    News::Saved
                }
                (Some(HunkState::Accepted { .. }), Side::Before) if follows => News::TakenOut,
                (Some(HunkState::Rejected { saved: false, .. }), Side::After) => News::PutBack,
                (Some(HunkState::Proposed | HunkState::Undone { .. }), Side::After) if follows => {
                    News::PutIn
                }
                _ => continue,
            };
            all.entry(news).or_default().insert(*hunk);
        }
        all.into_iter().collect()
    }

    /// A buffer was saved: so is what was accepted in it.
    pub(crate) fn text_saved(&mut self, uri: &str, now: Instant) {
        let Some((id, path)) = self.homes.get(uri).cloned() else { return };
        for token in self.taking_part(uri) {
            self.advance(token, Input::Saved { path: &path }, now);
        }
        self.follow_withdrawal(uri);
        if self.holds_unsaved(uri) {
            self.post(id, Job::Saved(path));
        }
    }

    /// A buffer is about to be closed: what was accepted in it and is not saved is gone.
    pub(crate) fn text_closed(&mut self, uri: &str, now: Instant) {
        let Some((id, path)) = self.homes.get(uri).cloned() else { return };
        for token in self.taking_part(uri) {
            self.advance(token, Input::Closed { path: &path }, now);
        }
        self.follow_withdrawal(uri);
        if self.holds_unsaved(uri) {
            self.post(id, Job::Closed(path));
        }
    }

    /// A file is closed: what an editor did late in it, and saved, is on the disk all the same.
    pub(crate) fn follow_closed(&mut self, root: RootId, path: &RelPath, now: Instant) {
        let watched = self.watched.get(&(root, path.clone())).into_iter().flatten();
        let doubtful: Vec<(ChangeSetId, BTreeSet<u32>)> = watched
            .filter(|watched| watched.doubtful.is_some_and(|until| now < until))
            .map(|watched| (watched.changeset, watched.hunks.clone()))
            .collect();
        for (changeset, hunks) in doubtful {
            let busy = self.running.values().any(|running| running.changeset == changeset);
            let Some(change) = self.change(root, changeset).filter(|_| !busy) else { continue };
            let acceptable = change.state.acceptable();
            let hunks: Vec<u32> = hunks.into_iter().filter(|h| acceptable.contains(h)).collect();
            if !hunks.is_empty() {
                self.begin(root, &change, Verb::Accept, Selection::Hunks(hunks), None);
            }
        }
    }
}
