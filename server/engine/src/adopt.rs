//! Adopting: an agent has changed the person's files already, and what it did is captured afterwards.
//!
//! A snapshot is the starting point. What Countersign observed since then and what was not the agent's doing
//! (saves in an editor, acceptances, undos) is kept apart, see `apart`. The hunks of an adopted ChangeSet
//! are in the text: accepting marks them reviewed, rejecting takes them out.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::{
    Adoption, ChangeKind, ChangeSet, ChangeSetId, Digest, Event, HunkState, Origin, Outcome,
    Purpose, RelPath, Snapshot,
};
use workspace::SideContent;

use crate::Error;
use crate::apart::{Touch, keep_apart};
use crate::check::read;
use crate::committed::Committed;
use crate::earlier::{self, RejectedBefore};
use crate::engine::Engine;
use crate::examine::{ChangedFile, Side, examine_all};
use crate::project::ProjectAt;
use crate::propose::Proposal;

/// How many of the last events are looked through for what was observed since a commit.
const EVENTS_SINCE_COMMIT_MAX: u64 = 2_000;

/// How many events are read at once.
const EVENTS_PER_READ: usize = 500;

/// From where on an adopted change is captured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Since {
    /// The last snapshot of this working tree; HEAD if there is none.
    Snapshot,
    /// A revision.
    Revision(String),
}

/// What was adopted.
#[derive(Debug, Clone)]
pub struct AdoptedRun {
    /// The ChangeSet; `None`: nothing changed since.
    pub proposal: Option<Proposal>,
    /// Since when, in words.
    pub since: String,
    /// Changed files that could not be captured, each with its reason.
    pub left_out: Vec<(RelPath, String)>,
    /// What else the person should know, a sentence each.
    pub notices: Vec<String>,
}

/// A snapshot that was taken.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct SnapshotReport {
    /// Its event.
    pub seq: u64,
    /// How many files were not as the last commit has them.
    pub files: usize,
    /// Whether it is the last one again, because nothing happened since.
    pub again: bool,
}

/// The starting point, resolved.
struct Start {
    /// The event of the snapshot.
    snapshot: Option<u64>,
    /// The first event that may say what was not the agent's doing.
    first_event: u64,
    words: String,
    files: Vec<ChangedFile>,
    committed: Option<Committed>,
}

pub(crate) type Touches = BTreeMap<RelPath, Vec<Touch>>;

impl Engine {
    /// Records the saved files as they are: the starting point of the next adoption.
    ///
    /// # Errors
    /// The files cannot be read, or the ledger takes nothing.
    /// # Cost
    /// A scan of the working tree; reads and stores the files that differ from the last commit.
    pub fn take_snapshot(&mut self, label: Option<String>) -> Result<SnapshotReport, Error> {
        let taken = self.repository.take_snapshot()?;
        let files = taken.manifest.files.len();
        if let Some((seq, last)) = self.ledger.last_snapshot(&self.worktree())?
            && last == taken.manifest
            && seq == self.ledger.last_seq()?
        {
            return Ok(SnapshotReport { seq, files, again: true });
        }
        self.ledger.blobs().put_all(taken.contents.iter().map(Vec::as_slice))?;
        let seq = self.append(&Event::SnapshotTaken { snapshot: taken.manifest, label })?;
        Ok(SnapshotReport { seq, files, again: false })
    }

    /// The event of the last snapshot of this working tree; `None` if there is none.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub fn last_snapshot(&self) -> Result<Option<u64>, Error> {
        Ok(self.ledger.last_snapshot(&self.worktree())?.map(|(seq, _)| seq))
    }

    /// Records that the person saved a file in an editor, if a snapshot is the starting point of an adoption:
    /// what they changed is theirs. Else nothing is recorded.
    ///
    /// # Errors
    /// The ledger takes nothing.
    pub fn edited(
        &mut self,
        path: &RelPath,
        before: Option<&[u8]>,
        after: Option<&[u8]>,
    ) -> Result<(), Error> {
        let worktree = self.worktree();
        if before == after || self.ledger.last_snapshot(&worktree)?.is_none() {
            return Ok(());
        }
        let put = |bytes: Option<&[u8]>| bytes.map(|bytes| self.ledger.put_blob(bytes)).transpose();
        let (before, after) = (put(before)?, put(after)?);
        self.append(&Event::Edited { worktree, path: path.clone(), before, after })?;
        Ok(())
    }

    /// Captures what changed in the saved files since `since` as a ChangeSet whose hunks are in the text.
    /// `agent` is the name of who did it, if known.
    ///
    /// # Errors
    /// An unknown revision, a snapshot whose commit is gone, files that cannot be read, or a ledger that
    /// takes nothing.
    pub fn adopt(&mut self, since: &Since, agent: Option<&str>) -> Result<AdoptedRun, Error> {
        let rules = self.rules()?;
        let Start { snapshot, first_event, words, mut files, committed } =
            self.start(since, &rules)?;
        let mut left_out = Vec::new();
        let mut touches = self.touches(first_event)?;
        if let Some(committed) = &committed {
            committed.keep_apart(&mut files, &mut touches);
        }
        let mut notices: Vec<String> = committed.map(kept_apart).into_iter().collect();
        let (files, mixed_bytes) = told_apart(files, &touches, &mut left_out);
        if files.is_empty() {
            return Ok(AdoptedRun { proposal: None, since: words, left_out, notices });
        }
        let base = self.repository.base()?;
        let project = ProjectAt::new(&self.repository, base.commit.as_deref());
        let examined = examine_all(files.iter().cloned(), &rules, &project);
        let changes = examined.files.iter().map(|file| file.change.clone()).collect();
        let title = title(files.len(), &words);
        let name = agent.unwrap_or("agent").to_owned();
        let origin = Origin { worker: "adopted".to_owned(), name };
        let mut changeset = ChangeSet::new(base, origin, title, String::new(), changes);
        let mixed = mixed_hunks(&changeset, &mixed_bytes);
        changeset.adopted = Some(Adoption { snapshot, worktree: self.worktree(), mixed });
        let stated = changeset.clone();
        let prints = earlier::prints(&stated, &files);
        notices.extend(rejected_before(&self.rejected_before(&stated, &prints)?));
        let proposal = self.record(changeset, examined, &files, &rules, None)?;
        if let Proposal::Known { id, .. } = &proposal {
            self.found_in_text(*id)?;
            // It says all of what happened again, as a new one would.
            for event in self.superseding(&ChangeSet { id: *id, ..stated }, &prints)? {
                self.append(&event)?;
            }
        }
        Ok(AdoptedRun { proposal: Some(proposal), since: words, left_out, notices })
    }

    /// What is known under the same name, e.g. because it was rejected before, is in the text now.
    fn found_in_text(&mut self, changeset: ChangeSetId) -> Result<(), Error> {
        let state = self.change(changeset)?.state.clone();
        let decided = |state: &HunkState| {
            matches!(
                state,
                HunkState::Proposed
                    | HunkState::Undone { .. }
                    | HunkState::Rejected { .. }
                    | HunkState::Superseded { .. }
            )
        };
        let hunks: Vec<u32> =
            state.hunks.iter().filter(|(_, state)| decided(state)).map(|(h, _)| *h).collect();
        if !hunks.is_empty() {
            self.append(&Event::Adopted { changeset, hunks })?;
        }
        Ok(())
    }

    fn start(&self, since: &Since, rules: &crate::rules::Rules) -> Result<Start, Error> {
        let huge = rules.config().review.huge_file_bytes;
        let last = match since {
            Since::Snapshot => self.ledger.last_snapshot(&self.worktree())?,
            Since::Revision(_) => None,
        };
        match (since, last) {
            (Since::Snapshot, Some((seq, snapshot))) => {
                let files = self.read_all(self.since_snapshot(&snapshot)?, huge);
                let committed = self.committed(&snapshot, &files, huge)?;
                let apart = if committed.is_some() { " and the commits since" } else { "" };
                let words = format!("snapshot {seq}{apart}");
                let snapshot = Some(seq);
                Ok(Start { snapshot, first_event: seq + 1, words, files, committed })
            }
            (since, _) => {
                let revision = match since {
                    Since::Revision(revision) => revision.as_str(),
                    Since::Snapshot => "HEAD",
                };
                let base = self.repository.commit_id(revision)?;
                let deltas = self.repository.deltas(&workspace::Scope::Since { base })?;
                let deltas = self.repository.as_checked_out(deltas)?;
                let first = self.ledger.last_seq()?.saturating_sub(EVENTS_SINCE_COMMIT_MAX) + 1;
                let (words, files) = (revision.to_owned(), self.read_all(deltas, huge));
                Ok(Start { snapshot: None, first_event: first, words, files, committed: None })
            }
        }
    }

    fn read_all(&self, deltas: Vec<workspace::Delta>, huge_bytes: u64) -> Vec<ChangedFile> {
        deltas.into_iter().map(|delta| read(&self.repository, delta, huge_bytes)).collect()
    }

    fn since_snapshot(&self, snapshot: &Snapshot) -> Result<Vec<workspace::Delta>, Error> {
        let kept = |blob: &Digest| self.ledger.blob(blob).ok();
        Ok(self.repository.deltas_since(snapshot, &kept)?)
    }

    /// What was observed in this working tree from event `first` on and was not an agent's doing, by file.
    pub(crate) fn touches(&self, first: u64) -> Result<Touches, Error> {
        let mut touches = Touches::new();
        let mut next = first;
        loop {
            let events = self.ledger.events(next, EVENTS_PER_READ)?;
            let Some(last) = events.last() else { return Ok(touches) };
            next = last.seq + 1;
            for stored in &events {
                match &stored.event {
                    Event::Edited { worktree, path, before, after }
                        if *worktree == self.worktree() =>
                    {
                        let touch = self.touch(before.as_ref(), after.as_ref());
                        touches.entry(path.clone()).or_default().push(touch);
                    }
                    event => {
                        if let Some((purpose, outcome)) = event.outcome() {
                            self.touched_by(purpose, outcome, &mut touches)?;
                        }
                    }
                }
            }
        }
    }

    fn touch(&self, before: Option<&Digest>, after: Option<&Digest>) -> Touch {
        let bytes =
            |blob: Option<&Digest>| blob.and_then(|b| self.ledger.blob(b).ok()).map(Arc::from);
        Touch { before: bytes(before), after: bytes(after) }
    }

    /// What an acceptance, an undo or a rejection did to the files; and what was reviewed where it was.
    fn touched_by(
        &self,
        purpose: Purpose,
        outcome: &Outcome,
        touches: &mut Touches,
    ) -> Result<(), Error> {
        let Some(operation) = self.ledger.operation(outcome.operation)? else { return Ok(()) };
        if operation.intent.worktree != self.worktree() {
            return Ok(());
        }
        for file in &operation.intent.files {
            if outcome.landed.iter().all(|landed| landed.path != file.path) {
                continue;
            }
            let side = |side: &Option<model::PlannedSide>| side.map(|side| side.blob);
            let (before, after) = (side(&file.before), side(&file.after));
            if before != after {
                let touch = self.touch(before.as_ref(), after.as_ref());
                touches.entry(file.path.clone()).or_default().push(touch);
            } else if purpose == Purpose::Accept
                && let Some(changeset) = self.ledger.changeset(outcome.changeset)?
            {
                // A review that was undone since says nothing any more.
                let state = self.ledger.state(outcome.changeset)?;
                let accepted = state.map(|state| state.accepted()).unwrap_or_default();
                let hunks: Vec<u32> =
                    outcome.hunks.iter().filter(|hunk| accepted.contains(hunk)).copied().collect();
                if hunks.is_empty() {
                    continue;
                }
                let reviewed = self.reviewed(&changeset, &file.path, &hunks);
                touches.entry(file.path.clone()).or_default().extend(reviewed);
            }
        }
        Ok(())
    }

    /// Hunks that were accepted where they were found, as if they had been written.
    fn reviewed(&self, changeset: &ChangeSet, path: &RelPath, hunks: &[u32]) -> Option<Touch> {
        let file = changeset.files.iter().find(|file| file.path == *path)?;
        let blob = |side: &Option<model::FileSide>| side.as_ref().map(|side| side.blob);
        let touch = self.touch(blob(&file.before).as_ref(), blob(&file.after).as_ref());
        let whole = file.hunks.iter().all(|hunk| hunks.contains(&hunk.ordinal));
        let (Some(before), Some(after), false) = (&touch.before, &touch.after, whole) else {
            return Some(touch);
        };
        let accepted: Vec<_> = file
            .hunks
            .iter()
            .filter(|hunk| hunks.contains(&hunk.ordinal))
            .map(|hunk| (hunk.before, hunk.after.of(after)))
            .collect();
        let with = semdiff::apply(before, &accepted).ok()?;
        Some(Touch { before: touch.before, after: Some(with.into()) })
    }
}

/// The title of an adopted change.
fn title(files: usize, since: &str) -> String {
    let plural = if files == 1 { "" } else { "s" };
    format!("{files} file{plural}{SINCE}{since}")
}

const SINCE: &str = " changed since ";

/// The title of an adopted change when another number of its files is captured again.
pub(crate) fn title_again(before: &str, files: usize) -> String {
    before.split_once(SINCE).map_or_else(|| before.to_owned(), |(_, since)| title(files, since))
}

/// What to say of hunks that were rejected before, and are in the text again.
fn rejected_before(before: &[RejectedBefore]) -> Vec<String> {
    let mut all: BTreeMap<(ChangeSetId, Option<&String>), Vec<String>> = BTreeMap::new();
    for one in before {
        let said = all.entry((one.earlier, one.reason.as_ref())).or_default();
        said.push(one.hunk.to_string());
    }
    let say = |((earlier, reason), hunks): ((ChangeSetId, Option<&String>), Vec<String>)| {
        let (hunk, were) = if hunks.len() == 1 { ("hunk", "was") } else { ("hunks", "were") };
        let reason = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
        let (hunks, earlier) = (hunks.join(", "), earlier.short());
        format!("{hunk} {hunks} {were} rejected before, in {earlier}{reason}")
    };
    all.into_iter().map(say).collect()
}

/// What to say of commits that were kept apart.
fn kept_apart(committed: Committed) -> String {
    let from: String = committed.from.chars().take(12).collect();
    let way = match from.as_str() {
        "" => String::new(),
        from => format!(": `countersign adopt --since {from}` shows that too"),
    };
    format!("HEAD has moved since the snapshot, and what came with commits is no part of this{way}")
}

/// The files with what was not the agent's doing taken into their start, and where the person's text could
/// not be told apart, in bytes of the text now.
pub(crate) fn told_apart(
    files: Vec<ChangedFile>,
    touches: &Touches,
    left_out: &mut Vec<(RelPath, String)>,
) -> (Vec<ChangedFile>, BTreeMap<RelPath, Vec<std::ops::Range<usize>>>) {
    let mut mixed = BTreeMap::new();
    let mut kept = Vec::new();
    for mut file in files {
        if let Some(reason) = unreadable(&file) {
            left_out.push((file.path, reason));
            continue;
        }
        let of = |path: &RelPath| touches.get(path).map(Vec::as_slice).unwrap_or_default();
        // A file that somebody else moved here began here.
        let began_here =
            of(&file.path).iter().any(|touch| touch.before.is_none() && touch.after.is_some());
        if began_here && file.old_path.take().is_some() {
            file.before = None;
        }
        let old = file.old_path.as_ref().map(of).unwrap_or_default();
        let touches: Vec<Touch> = old.iter().chain(of(&file.path)).cloned().collect();
        if !touches.is_empty() {
            let bytes =
                |side: &Option<Side>| side.as_ref().and_then(|s| s.bytes().map(<[u8]>::to_vec));
            let (before, after) = (bytes(&file.before), bytes(&file.after));
            let apart = keep_apart(before.as_deref(), after.as_deref(), &touches);
            let mode = file.before.as_ref().or(file.after.as_ref()).map(|side| side.mode);
            file.before = apart
                .base
                .zip(mode)
                .map(|(bytes, mode)| Side { mode, content: SideContent::Bytes(bytes) });
            file.change = kind(&file);
            mixed.insert(file.path.clone(), apart.mixed);
        }
        let same =
            |side: &Option<Side>| side.as_ref().map(|s| (s.mode, s.bytes().map(<[u8]>::to_vec)));
        if same(&file.before) != same(&file.after) || file.old_path.is_some() {
            kept.push(file);
        }
    }
    (kept, mixed)
}

/// Why a changed file cannot be captured, if so.
fn unreadable(file: &ChangedFile) -> Option<String> {
    let reason = |side: &Side| match &side.content {
        SideContent::Bytes(_) => None,
        SideContent::Submodule { .. } => Some("a submodule is moved with git, not here".to_owned()),
        SideContent::Huge { size_bytes } => Some(format!("it has {size_bytes} bytes: too large")),
        SideContent::Unreadable { reason } => Some(reason.clone()),
    };
    file.before.iter().chain(&file.after).find_map(reason)
}

fn kind(file: &ChangedFile) -> ChangeKind {
    match (&file.before, &file.after) {
        (None, _) => ChangeKind::Added,
        (_, None) => ChangeKind::Deleted,
        (Some(_), Some(_)) if matches!(file.change, ChangeKind::Added | ChangeKind::Deleted) => {
            ChangeKind::Modified
        }
        _ => file.change,
    }
}

/// The hunks that touch bytes which could not be told apart.
pub(crate) fn mixed_hunks(
    changeset: &ChangeSet,
    mixed: &BTreeMap<RelPath, Vec<std::ops::Range<usize>>>,
) -> Vec<u32> {
    let is_mixed = |(file, hunk): &(&model::FileChange, &model::Hunk)| {
        let ranges = mixed.get(&file.path).map(Vec::as_slice).unwrap_or_default();
        let whole = hunk.kind == model::HunkKind::Whole && !ranges.is_empty();
        whole || ranges.iter().any(|r| r.start <= hunk.after.end && hunk.after.start <= r.end)
    };
    changeset.hunks().filter(is_mixed).map(|(_, hunk)| hunk.ordinal).collect()
}
