//! Proposals: something edits a copy of the tree, the difference is captured, reviewed, judged and recorded.

use std::collections::BTreeMap;
use std::ops::Range;

use model::{
    ChangeSet, ChangeSetId, Content, Dependency, Event, FileChange, Origin, PolicyAction, RelPath,
    Review, Stage, Task, Verdict,
};
use workspace::{Copied, HistoryLimits, ProposedFile, Repository};

use agent::recipe::{Recipe, Skipped, Source};

use crate::Error;
use crate::assess::{assess, judge};
use crate::check::{captured_file, patched, read};
use crate::earlier::{self, RejectedBefore, rejected_from_the_start};
use crate::engine::Engine;
use crate::examine::{ChangedFile, Examination, Side, examine_all};
use crate::project::ProjectAt;
use crate::rules::Rules;

/// What became of something proposed.
#[derive(Debug, Clone)]
pub enum Proposal {
    /// It is in the ledger now.
    New(Box<Captured>),
    /// The same edits are in the ledger already.
    Known {
        /// Under this name.
        id: ChangeSetId,
        /// And this became of them.
        stage: Stage,
    },
    /// All of it was rejected before, and what surrounds it is as it was. Nothing was recorded.
    Rejected(Vec<RejectedBefore>),
}

impl Proposal {
    /// The ChangeSet in the ledger, if there is one.
    pub fn id(&self) -> Option<ChangeSetId> {
        match self {
            Self::New(captured) => Some(captured.changeset.id),
            Self::Known { id, .. } => Some(*id),
            Self::Rejected(_) => None,
        }
    }
}

/// A ChangeSet that was captured, reviewed and judged.
#[derive(Debug, Clone)]
pub struct Captured {
    /// The change.
    pub changeset: ChangeSet,
    /// What the review found.
    pub review: Review,
    /// What policy says.
    pub verdict: Verdict,
}

/// What a run of recipes came to.
#[derive(Debug, Clone, Default)]
pub struct RecipeRun {
    /// One for each recipe that found something, in the recipes' order.
    pub proposals: Vec<Proposal>,
    /// How many files were looked at.
    pub files: u32,
    /// Files that could not be looked at, each with its reason.
    pub skipped: Vec<(RelPath, String)>,
}

/// What to import.
#[derive(Debug, Clone)]
pub enum Import {
    /// A patch, applied to the saved files.
    Patch {
        /// Its name.
        name: String,
        /// Its bytes.
        bytes: Vec<u8>,
        /// Why, instead of what the patch says.
        rationale: Option<String>,
    },
    /// What a branch did since it left the checked-out one.
    Branch(String),
    /// What one commit did.
    Commit(String),
    /// What an edited copy of the repository in another folder changes.
    Worktree {
        /// The folder's name.
        name: String,
        /// The folder.
        folder: std::path::PathBuf,
    },
}

/// Every embedded recipe.
///
/// # Errors
/// A recipe that does not load, with its place.
pub fn recipes() -> Result<Vec<Recipe>, Error> {
    Ok(agent::recipe::recipes()?)
}

impl Engine {
    /// Has the recipe worker propose: one ChangeSet for each recipe that finds something in `paths`
    /// (everything when empty). Nothing outside the ledger is written.
    ///
    /// # Errors
    /// An unknown recipe or path, broken rules, or a ledger that takes nothing.
    /// # Cost
    /// Reads and parses each file of the recipes' languages once per recipe.
    pub fn run_recipes(&mut self, names: &[String], paths: &[RelPath]) -> Result<RecipeRun, Error> {
        self.recipes_propose(names, paths, None)
    }

    /// As [`Engine::run_recipes`], for a task that somebody asked for.
    pub(crate) fn recipes_propose(
        &mut self,
        names: &[String],
        paths: &[RelPath],
        task: Option<&Task>,
    ) -> Result<RecipeRun, Error> {
        let all = recipes()?;
        let known =
            || all.iter().map(|recipe| recipe.card().id.as_str()).collect::<Vec<_>>().join(", ");
        if let Some(name) =
            names.iter().find(|n| all.iter().all(|recipe| recipe.card().id.as_str() != **n))
        {
            return Err(Error::NoSuchRecipe { name: name.clone(), known: known() });
        }
        let wanted = |recipe: &&Recipe| names.is_empty() || names.contains(&recipe.card().id);
        let rules = self.rules()?;
        let mut run = RecipeRun::default();
        let texts = self.texts_for_recipes(paths, &rules, &mut run)?;
        let recipes: Vec<&Recipe> = all.iter().filter(wanted).collect();
        let mut proposed: Vec<(Vec<ProposedFile>, Places)> =
            recipes.iter().map(|_| Default::default()).collect();
        for found in rewrite_all(&recipes, &texts) {
            run.skipped.extend(found.skipped);
            for (at, file, places) in found.rewritten {
                if let Some((files, together)) = proposed.get_mut(at) {
                    together.insert(file.path.clone(), places);
                    files.push(file);
                }
            }
        }
        let base = self.repository.base()?;
        for (recipe, (proposed, mut together)) in recipes.into_iter().zip(proposed) {
            if proposed.is_empty() {
                continue;
            }
            let captured = self.repository.capture(proposed)?;
            let files: Vec<ChangedFile> = captured
                .into_iter()
                .map(|file| {
                    let together = together.remove(&file.path).unwrap_or_default();
                    ChangedFile { together, ..captured_file(file) }
                })
                .collect();
            let origin =
                Origin { worker: "recipe".to_owned(), name: recipe.card().id.as_str().to_owned() };
            let (title, rationale) = (recipe.card().title.clone(), recipe.card().rationale.clone());
            let (base, repository) = (base.clone(), &self.repository);
            let (changeset, examined) =
                stated(repository, base, origin, title, rationale, &files, &rules)?;
            let changeset = ChangeSet { task: task.cloned().map(Box::new), ..changeset };
            run.proposals.push(self.record(changeset, examined, &files, &rules, None)?);
        }
        Ok(run)
    }

    /// The saved texts below `paths` that recipes may look at: of a known language, and not generated.
    fn texts_for_recipes(
        &self,
        paths: &[RelPath],
        rules: &Rules,
        run: &mut RecipeRun,
    ) -> Result<Vec<Saved>, Error> {
        let mut texts = Vec::new();
        let listed = self.repository.list_files(&[])?;
        if let Some(path) = paths.iter().find(|path| !listed.iter().any(|file| within(file, path)))
        {
            return Err(Error::NoSuchPath(path.clone()));
        }
        let wanted = |file: &RelPath| {
            // What tests read is left alone unless it is named: it is as it is for a reason.
            let meant = match paths {
                [] => !syntax::is_test_data(file),
                paths => paths.iter().any(|path| within(file, path)),
            };
            meant && syntax::language_of(file, b"").is_some()
        };
        for path in listed.into_iter().filter(wanted) {
            run.files += 1;
            match self.repository.saved(&path) {
                Ok(Some(saved)) if saved.mode == model::FileMode::Symlink => {}
                Ok(Some(saved)) if gate::is_generated(&path, &saved.bytes, rules.generated()) => {}
                Ok(Some(saved)) => texts.push((path, saved.mode, saved.bytes)),
                Ok(None) => {}
                Err(error) => run.skipped.push((path, error.to_string())),
            }
        }
        Ok(texts)
    }

    /// Captures a change that something else made.
    ///
    /// # Errors
    /// A patch that does not parse or apply, an unknown revision, a file that cannot be read, a change
    /// that changes nothing.
    pub fn import(&mut self, import: &Import) -> Result<Proposal, Error> {
        let rules = self.rules()?;
        let huge = rules.config().review.huge_file_bytes;
        let mut base = self.repository.base()?;
        let (origin, title, rationale, files) = match import {
            Import::Patch { name, bytes, rationale: stated } => {
                let ((title, said), files) = patched(&self.repository, bytes)?;
                let rationale = stated.clone().unwrap_or(said);
                let title = title.unwrap_or_else(|| format!("patch {name}"));
                (("patch", name), title, rationale, files)
            }
            Import::Worktree { name, folder } => {
                let (commit, files) = copied(&self.repository, folder, huge)?;
                base.commit = commit.or(base.commit);
                (("worktree", name), format!("worktree {name}"), String::new(), files)
            }
            Import::Branch(name) | Import::Commit(name) => {
                let branch = matches!(import, Import::Branch(_));
                let scope = if branch {
                    self.repository.branch_scope(name)?
                } else {
                    self.repository.commit_scope(name)?
                };
                if let workspace::Scope::Range { base: from, .. } = &scope {
                    base.commit = Some(from.clone()).filter(|commit| !commit.is_empty());
                }
                let message = self.repository.commit_message(name)?;
                let deltas = self.repository.deltas(&scope)?;
                self.repository.check_added(&deltas)?;
                let deltas = self.repository.as_checked_out(deltas)?;
                let files: Vec<ChangedFile> =
                    deltas.into_iter().map(|delta| read(&self.repository, delta, huge)).collect();
                let worker = if branch { "branch" } else { "commit" };
                ((worker, name), message.title, message.body, files)
            }
        };
        let (worker, name) = origin;
        let origin = Origin { worker: worker.to_owned(), name: name.clone() };
        if files.is_empty() {
            return Err(Error::Empty(origin.to_string()));
        }
        self.propose(base, origin, title, rationale, &files, &rules)
    }

    /// Records the difference `files` as a ChangeSet.
    pub(crate) fn propose(
        &mut self,
        base: model::Base,
        origin: Origin,
        title: String,
        rationale: String,
        files: &[ChangedFile],
        rules: &Rules,
    ) -> Result<Proposal, Error> {
        let (changeset, examined) =
            stated(&self.repository, base, origin, title, rationale, files, rules)?;
        self.record(changeset, examined, files, rules, None)
    }

    /// Reviews, judges and records a ChangeSet: blobs first, then the events in one transaction. Hunks that
    /// were rejected before are rejected from the start, unless they are in the text; older statements of the
    /// same work give way, and so do the hunks `instead_of` of another ChangeSet, should they wait.
    pub(crate) fn record(
        &mut self,
        changeset: ChangeSet,
        examined: Examination,
        files: &[ChangedFile],
        rules: &Rules,
        instead_of: Option<(ChangeSetId, &[u32])>,
    ) -> Result<Proposal, Error> {
        if let Some(state) = self.ledger.state(changeset.id)? {
            return Ok(Proposal::Known { id: changeset.id, stage: state.stage() });
        }
        let prints = earlier::prints(&changeset, files);
        let rejected = match changeset.adopted {
            Some(_) => Vec::new(),
            None => self.rejected_before(&changeset, &prints)?,
        };
        if rejected.len() == prints.len() && !rejected.is_empty() {
            return Ok(Proposal::Rejected(rejected));
        }
        let sides = files.iter().flat_map(|file| file.before.iter().chain(&file.after));
        self.ledger.blobs().put_all(sides.filter_map(Side::bytes))?;
        let history = self.repository.history(
            &changeset.paths_before(),
            changeset.base.commit.as_deref(),
            HistoryLimits::default(),
        )?;
        let dependencies = dependencies(&examined, &changeset, files);
        let review = Review { dependencies, ..assess(examined, history) };
        let verdict = judge(&changeset, &review, None, rules, PolicyAction::Propose, &self.actor);
        let judged = Event::ChangeSetJudged {
            changeset: changeset.id,
            review: review.clone(),
            verdict: verdict.clone(),
        };
        let proposed = Event::ChangeSetProposed { changeset: changeset.clone() };
        let rejected = rejected_from_the_start(&changeset, &rejected, &prints);
        let mut superseded = self.superseding(&changeset, &prints)?;
        superseded.extend(instead_of.and_then(|older| giving_way(older, &changeset, &superseded)));
        let events = [proposed, judged].into_iter().chain(rejected).chain(superseded);
        let events: Vec<Event> = events.collect();
        self.ledger.append_all(self.clock.now(), &self.actor, &events)?;
        Ok(Proposal::New(Box::new(Captured { changeset, review, verdict })))
    }
}

/// The difference `files` as a ChangeSet.
pub(crate) fn stated(
    repository: &Repository,
    base: model::Base,
    origin: Origin,
    title: String,
    rationale: String,
    files: &[ChangedFile],
    rules: &Rules,
) -> Result<(ChangeSet, Examination), Error> {
    let project = ProjectAt::new(repository, base.commit.as_deref());
    let examined = examine_all(files.iter().cloned(), rules, &project);
    for file in &examined.files {
        if matches!(file.change.content, Content::Unreadable | Content::Huge) {
            let reason = file.unexamined.as_ref().map(|u| u.reason.clone()).unwrap_or_default();
            return Err(Error::Uncapturable { path: file.change.path.clone(), reason });
        }
    }
    let changes = examined.files.iter().map(|file| file.change.clone()).collect();
    Ok((ChangeSet::new(base, origin, title, rationale, changes), examined))
}

/// The event by which the hunks of an older ChangeSet give way that do not already.
fn giving_way(
    (changeset, hunks): (ChangeSetId, &[u32]),
    by: &ChangeSet,
    superseded: &[Event],
) -> Option<Event> {
    let already = |hunk: &u32| {
        superseded.iter().any(|event| {
            matches!(event, Event::Superseded { changeset: older, hunks, .. }
                if *older == changeset && hunks.contains(hunk))
        })
    };
    let hunks: Vec<u32> = hunks.iter().copied().filter(|hunk| !already(hunk)).collect();
    (!hunks.is_empty()).then_some(Event::Superseded { changeset, hunks, by: by.id })
}

/// Which hunks should land together.
fn dependencies(
    examined: &Examination,
    changeset: &ChangeSet,
    files: &[ChangedFile],
) -> Vec<Dependency> {
    let names = |change: &FileChange| {
        let file = files.iter().find(|file| file.path == change.path)?;
        let examined = examined.files.iter().find(|file| file.change.path == change.path)?;
        let bytes = |side: Option<&Side>| side.and_then(Side::bytes).map(<[u8]>::to_vec);
        let (before, after) = (bytes(file.before.as_ref()), bytes(file.after.as_ref()));
        Some(semdiff::changed_names(&semdiff::DependencyFile {
            change,
            before: before.as_deref().unwrap_or_default(),
            after: after.as_deref().unwrap_or_default(),
            entities: &examined.entities,
        }))
    };
    let named: Vec<_> =
        changeset.files.iter().filter_map(|change| Some((change, names(change)?))).collect();
    let named: Vec<_> = named.iter().map(|(change, names)| (*change, names)).collect();
    semdiff::dependencies(&named)
}

/// What an edited copy changes, and the commit it is compared with, where there is one.
fn copied(
    repository: &workspace::Repository,
    folder: &std::path::Path,
    huge_bytes: u64,
) -> Result<(Option<String>, Vec<ChangedFile>), Error> {
    Ok(match repository.copied(folder)? {
        Copied::Repository { copy, base, deltas } => {
            let files = deltas.into_iter().map(|delta| read(&copy, delta, huge_bytes));
            (Some(base), files.collect())
        }
        Copied::Folder(files) => (None, files.into_iter().map(captured_file).collect()),
    })
}

/// Whether `file` is `path` or lies below it.
fn within(file: &RelPath, path: &RelPath) -> bool {
    let rest = file.as_bytes().strip_prefix(path.as_bytes());
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
}

/// A saved file of a language that recipes know.
type Saved = (RelPath, model::FileMode, Vec<u8>);

/// What one recipe replaced, by file, in the texts after: each is one change, however many lines lie between.
type Places = BTreeMap<RelPath, Vec<Range<usize>>>;

/// What the recipes make of one file: each rewriting with the place of its recipe, and what was left alone.
#[derive(Debug, Default)]
struct Found {
    rewritten: Vec<(usize, ProposedFile, Vec<Range<usize>>)>,
    skipped: Vec<(RelPath, String)>,
}

/// Runs every recipe over every text, in the order of the texts, on as many threads as there are cores.
fn rewrite_all(recipes: &[&Recipe], texts: &[Saved]) -> Vec<Found> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let share = texts.len().div_ceil(threads).max(1);
    std::thread::scope(|scope| {
        let mut shares = Vec::new();
        for share in texts.chunks(share) {
            let run = move || share.iter().map(|text| rewrite_one(recipes, text)).collect();
            shares.push((share, scope.spawn(run)));
        }
        let ended = |(share, thread): (&[Saved], std::thread::ScopedJoinHandle<'_, Vec<Found>>)| {
            thread.join().unwrap_or_else(|_| share.iter().map(lost).collect())
        };
        shares.into_iter().flat_map(ended).collect()
    })
}

/// What is said of a text whose thread ended early, which is a defect of ours and must not pass for "nothing found".
fn lost((path, ..): &Saved) -> Found {
    let reason = "the recipe worker failed on this part of the files: this is a defect".to_owned();
    Found { skipped: vec![(path.clone(), reason)], ..Found::default() }
}

/// The innermost entity around each place; the place itself where there is none.
fn entities_around(
    language: model::Language,
    text: &[u8],
    places: Vec<Range<usize>>,
) -> Vec<Range<usize>> {
    let parsed = syntax::parse(language, text).ok();
    let outline = parsed.and_then(|parsed| syntax::outline(&parsed).ok()).unwrap_or_default();
    let around = |place: Range<usize>| {
        let holds = |range: &&Range<usize>| range.start <= place.start && place.end <= range.end;
        let entities = outline.iter().map(|entity| &entity.range);
        entities.filter(holds).min_by_key(|range| range.len()).cloned().unwrap_or(place)
    };
    places.into_iter().map(around).collect()
}

fn rewrite_one(recipes: &[&Recipe], (path, mode, text): &Saved) -> Found {
    let mut found = Found::default();
    let mut skip = |reason: Skipped| found.skipped.push((path.clone(), reason.to_string()));
    let source = match Source::read(path, text) {
        Ok(Some(source)) => source,
        Ok(None) => return found,
        Err(reason) => {
            skip(reason);
            return found;
        }
    };
    for (at, recipe) in recipes.iter().enumerate() {
        match recipe.propose_for(&source) {
            Ok(Some(rewritten)) => {
                let mut places = rewritten.places.into_iter().map(|place| place.after).collect();
                if recipe.card().together {
                    places = entities_around(source.language(), &rewritten.text, places);
                }
                let bytes = Some(rewritten.text);
                let file = ProposedFile { path: path.clone(), old_path: None, mode: *mode, bytes };
                found.rewritten.push((at, file, places));
            }
            Ok(None) => {}
            Err(reason) => skip(reason),
        }
    }
    found
}
