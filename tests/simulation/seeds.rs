//! Two editors, a terminal, a formatter and git at once, one step at a time, in an order that a seed decides; any
//! of them crashes between any two steps. After every step the laws are checked.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use engine::{ErrorKind, Selection};
use ledger::Ledger;
use model::{ChangeSetId, ChangeSetState, HunkState};
use test_support::{Dice, World};

use crate::actors::{Actor, Step, Verb};
use crate::texts::{CREATED, DELETED, Held, PATHS, PIECES, is_touched, reading, text_of, typed};

/// How many seeds a run takes by default.
const SEEDS: u64 = 4;
/// Those that are played in any case, since they found something once.
const FOUND_SOMETHING: [u64; 2] = [15, 76];
/// How many it takes when every step is asked for.
const SEEDS_ALL: u64 = 1_000;
/// How many steps one simulation takes before it is brought to rest.
const STEPS: usize = 70;
/// How often an operation may be stepped before it must be over.
const ADVANCES_MAX: usize = 20;

/// The saved files.
pub struct Disk(PathBuf);

impl Disk {
    pub fn root(&self) -> &Path {
        &self.0
    }

    pub fn read(&self, path: &str) -> Option<String> {
        std::fs::read_to_string(self.0.join(path)).ok()
    }

    pub fn write(&self, path: &str, text: &str) {
        std::fs::write(self.0.join(path), text).unwrap();
    }
}

/// Which of [`PIECES`] a hunk is; `None` for one that is a whole file.
pub fn index_of(change: usize, ordinal: u32) -> Option<usize> {
    PIECES.iter().position(|piece| (piece.change, piece.ordinal) == (change, ordinal))
}

/// One hunk, as (ChangeSet, ordinal).
type Name = (usize, u32);

struct Simulation<'w> {
    world: &'w World,
    disk: Disk,
    ids: [ChangeSetId; 2],
    reader: Ledger,
    dice: Dice,
    actors: Vec<Actor>,
    /// What the disk has of the person's typing.
    saved: BTreeMap<&'static str, BTreeSet<String>>,
    /// Hunks whose text the person moved in or out behind the ledger's back: with git, or an editor's own undo.
    moved: BTreeSet<Name>,
    marks: u32,
    stashed: bool,
    story: Vec<String>,
}

/// What a simulation left.
#[derive(Debug, PartialEq, Eq)]
struct Log {
    story: Vec<String>,
    events: Vec<String>,
}

/// A repository with two ChangeSets in its ledger.
fn start() -> (World, [ChangeSetId; 2]) {
    let world = World::new();
    for path in PATHS {
        world.write(path, text_of(path, &Held::new()));
    }
    world.write(DELETED.0, DELETED.2);
    world.commit("Before");
    for (change, branch) in ["a", "b"].iter().enumerate() {
        world.git(&["checkout", "--quiet", "-b", branch, "main"]);
        for path in PATHS {
            let of = |(_, piece): &(usize, &crate::texts::Piece)| {
                piece.change == change && piece.path == path
            };
            let held = PIECES.iter().enumerate().filter(of).map(|(index, _)| index).collect();
            world.write(path, text_of(path, &held));
        }
        if change == 0 {
            world.write(CREATED.0, CREATED.2);
        } else {
            world.remove(DELETED.0);
        }
        world.commit(branch);
    }
    world.git(&["checkout", "--quiet", "main"]);
    let ids = ["a", "b"].map(|branch| {
        let imported = world
            .run(
                env!("CARGO_BIN_EXE_countersign"),
                &["import", "--branch", branch, "--format", "json"],
            )
            .ok()
            .json();
        imported["changeset"]["id"].as_str().unwrap().parse().unwrap()
    });
    (world, ids)
}

impl<'w> Simulation<'w> {
    fn new(world: &'w World, ids: [ChangeSetId; 2], seed: u64) -> Self {
        let reader = Ledger::open_existing(&world.path(".git/countersign")).unwrap().unwrap();
        let mut states = reader.states().unwrap();
        states.sort_by_key(|state| state.proposed_seq);
        // The table of pieces says what the ledger says.
        for (change, state) in states.iter().enumerate() {
            let pieces = PIECES.iter().filter(|piece| piece.change == change);
            let mut hunks: Vec<(u32, String)> =
                pieces.map(|piece| (piece.ordinal, piece.path.to_owned())).collect();
            let whole = if change == 0 { CREATED } else { DELETED };
            hunks.push((whole.1, whole.0.to_owned()));
            hunks.sort();
            let found = state.paths.iter().map(|(hunk, path)| (*hunk, path.to_string()));
            assert_eq!(found.collect::<Vec<_>>(), hunks);
        }
        Self {
            disk: Disk(world.root().to_owned()),
            world,
            ids,
            reader,
            dice: Dice::new(seed),
            actors: vec![Actor::new("Ada", true), Actor::new("Bo", true), Actor::new("Cy", false)],
            saved: PATHS.iter().map(|path| (*path, BTreeSet::new())).collect(),
            moved: BTreeSet::new(),
            marks: 0,
            stashed: false,
            story: Vec::new(),
        }
    }

    fn run(&mut self) -> Result<(), String> {
        for _ in 0..STEPS {
            match self.dice.roll(10) {
                0..=3 => self.editor(0)?,
                4..=6 => self.editor(1)?,
                7..=8 => self.terminal()?,
                _ => self.outside()?,
            }
            self.check()?;
        }
        self.rest()?;
        self.way_forward()
    }

    fn tell(&mut self, who: &str, what: impl std::fmt::Display) {
        let what = what.to_string().replace(&*self.disk.0.to_string_lossy(), "[ROOT]");
        self.story.push(format!("{who} {what}"));
    }

    /// What an engine answered: a refusal is part of the story, our own fault is not.
    fn heard<T>(
        &mut self,
        who: usize,
        result: Result<T, engine::Error>,
    ) -> Result<Option<T>, String> {
        match result {
            Ok(done) => Ok(Some(done)),
            Err(error) if error.kind() == ErrorKind::Internal => Err(format!("internal: {error}")),
            Err(error) => {
                self.tell(self.actors[who].name, format!("hears: {error}"));
                Ok(None)
            }
        }
    }

    fn editor(&mut self, who: usize) -> Result<(), String> {
        let name = self.actors[who].name;
        self.reload(who);
        if self.actors[who].engine.is_none() {
            return self.start(who);
        }
        if self.actors[who].pending.is_some() && self.dice.roll(10) < 6 {
            return self.advance(who);
        }
        let path = *self.dice.pick(&PATHS);
        let open = self.actors[who].buffers.contains_key(path);
        let busy = self.actors[who].pending.is_some();
        match self.dice.roll(24) {
            0..=7 if open => self.type_in(who, path),
            0..=7 => {
                let text = self.disk.read(path).unwrap();
                self.actors[who].open(path, text);
                self.tell(name, format!("opens {path}"));
            }
            8..=10 if open => self.save(who, path)?,
            11 if open && !busy => self.close(who, path)?,
            12 if open => {
                let took = self.actors[who].take_back(path);
                let took = self.heard(who, took)?;
                self.tell(name, format!("takes back in {path}: {took:?}"));
            }
            13..=15 => {
                let published = self.actors[who].publish(&self.disk);
                self.heard(who, published)?;
                let unsaved = format!("{:?}", self.actors[who].published);
                self.tell(name, format!("publishes {unsaved}"));
            }
            16 => {
                let with_buffers = self.dice.roll(2) == 0;
                if !with_buffers {
                    // What was accepted and not saved goes on in the buffers, and nobody knows.
                    let disk = &self.disk;
                    for (path, buffer) in &mut self.actors[who].buffers {
                        let now = reading(path, &buffer.text)?;
                        let there = reading(path, &disk.read(path).unwrap())?;
                        buffer.by_hand.extend(now.symmetric_difference(&there));
                    }
                }
                self.actors[who].crash(with_buffers);
                self.tell(name, format!("crashes, buffers too: {with_buffers}"));
            }
            _ if !busy => self.decide(who)?,
            _ => {}
        }
        Ok(())
    }

    fn terminal(&mut self) -> Result<(), String> {
        let who = 2;
        if self.actors[who].engine.is_none() {
            return self.start(who);
        }
        let busy = self.actors[who].pending.is_some();
        match self.dice.roll(8) {
            0 => {
                self.actors[who].crash(true);
                self.tell(self.actors[who].name, "crashes");
                Ok(())
            }
            _ if busy => self.advance(who),
            1 => {
                // A command ends, the next one begins.
                self.actors[who].crash(true);
                self.start(who)
            }
            _ => self.decide(who),
        }
    }

    /// Git and the formatter, which know nothing of us.
    fn outside(&mut self) -> Result<(), String> {
        let before = self.on_disk()?;
        let path = *self.dice.pick(&PATHS);
        match self.dice.roll(6) {
            0 => {
                self.world.git(&["add", "--all"]);
                self.world.git(&["commit", "--quiet", "--allow-empty", "--no-verify", "-m", "wip"]);
                self.tell("git", "commits");
            }
            1 => {
                self.world.git(&["checkout", "--quiet", "HEAD", "--", path]);
                self.tell("git", format!("checks out {path}"));
            }
            2 if !self.stashed => {
                let kept = self.world.git(&["stash", "list"]);
                self.world.git(&["stash", "push", "--quiet", "--include-untracked"]);
                self.stashed = self.world.git(&["stash", "list"]) != kept;
                self.tell("git", format!("stashes: {}", self.stashed));
            }
            2 | 3 if self.stashed => {
                // One that does not apply is thrown away, by the person.
                let popped = self.world.run("git", &["stash", "pop", "--quiet"]);
                if popped.status != 0 {
                    self.world.git(&["reset", "--quiet", "--hard"]);
                    self.world.git(&["clean", "--quiet", "-fd"]);
                    self.world.git(&["stash", "drop", "--quiet"]);
                }
                self.stashed = false;
                self.tell("git", format!("pops: {}", popped.status));
            }
            _ => {
                let text = self.disk.read(path).unwrap();
                let third = self.dice.roll(3);
                self.marks += 1;
                let format = |(index, line): (usize, &str)| {
                    if index % 9 == third {
                        format!("{line} ~{}\n", self.marks)
                    } else {
                        format!("{line}\n")
                    }
                };
                let text: String = text.lines().enumerate().map(format).collect();
                self.disk.write(path, &text);
                self.tell("formatter", format!("formats {path} ~{}", self.marks));
            }
        }
        let after = self.on_disk()?;
        self.moved.extend(before.symmetric_difference(&after));
        for (path, saved) in &mut self.saved {
            *saved = typed(&self.disk.read(path).unwrap());
        }
        Ok(())
    }

    fn start(&mut self, who: usize) -> Result<(), String> {
        // Lines of a hunk, or next to it, that were changed between a crash and its recovery leave nobody who can
        // tell whether the hunk was written.
        for path in PATHS {
            let text = self.disk.read(path).unwrap();
            let there = reading(path, &text)?;
            let touched = there.into_iter().filter(|index| is_touched(*index, &text));
            self.moved.extend(touched.map(name_of));
        }
        self.undisturbed(who, |actor, disk| {
            let recovered = actor.start(disk)?;
            Ok(Step::Went(format!("starts, recovered {recovered}")))
        })
    }

    fn advance(&mut self, who: usize) -> Result<(), String> {
        self.undisturbed(who, |actor, disk| actor.advance(disk))
    }

    fn decide(&mut self, who: usize) -> Result<(), String> {
        let change = self.dice.roll(2);
        let id = self.ids[change];
        let selection = match self.dice.roll(4) {
            0 => Selection::All,
            1 => Selection::File(self.dice.pick(&PATHS).parse().unwrap()),
            _ => {
                let state = self.reader.state(id).unwrap().unwrap();
                let hunks: Vec<u32> = state.hunks.keys().copied().collect();
                Selection::Hunks(vec![*self.dice.pick(&hunks)])
            }
        };
        let roll = self.dice.roll(20);
        self.tell(self.actors[who].name, format!("wants ({roll}) {selection:?} of {change}"));
        self.undisturbed(who, |actor, disk| match roll {
            0..=11 => actor.begin(Verb::Accept, id, &selection, disk),
            12..=18 => actor.begin(Verb::Undo, id, &selection, disk),
            _ => {
                let Some(engine) = &mut actor.engine else { return Ok(Step::Went(String::new())) };
                Ok(Step::Settled(engine.reject(id, &selection, None)?))
            }
        })
    }

    /// One step of ours. Whatever it is, what the person typed stays, in files and in buffers, and a file that a
    /// live editor holds unsaved is written by nobody else.
    fn undisturbed(
        &mut self,
        who: usize,
        step: impl FnOnce(&mut Actor, &Disk) -> Result<Step, engine::Error>,
    ) -> Result<(), String> {
        let marks = |actors: &[Actor], disk: &Disk| -> Vec<BTreeSet<String>> {
            let files = PATHS.iter().map(|path| typed(&disk.read(path).unwrap()));
            let buffers = actors.iter().flat_map(|actor| actor.buffers.values());
            files.chain(buffers.map(|buffer| typed(&buffer.text))).collect()
        };
        let before = marks(&self.actors, &self.disk);
        let held: Vec<(String, String, Option<String>)> = self
            .actors
            .iter()
            .enumerate()
            .filter(|(index, actor)| *index != who && actor.engine.is_some())
            .flat_map(|(_, actor)| {
                actor.published.iter().map(|path| (actor.name.to_owned(), path.clone()))
            })
            .map(|(name, path)| (name, path.clone(), self.disk.read(&path)))
            .collect();
        let result = step(&mut self.actors[who], &self.disk);
        let name = self.actors[who].name;
        match self.heard(who, result)? {
            Some(Step::Went(said)) => self.tell(name, said),
            Some(Step::Settled(report)) => {
                let (done, hunks) = (report.done, &report.hunks);
                let told = format!(
                    "{done} {hunks:?}, failed {:?}, refused {:?}",
                    report.failed, report.refused
                );
                self.tell(name, told);
            }
            None => {}
        }
        if marks(&self.actors, &self.disk) != before {
            return Err("what the person typed is gone".to_owned());
        }
        for (owner, path, text) in held {
            if self.disk.read(&path) != text {
                return Err(format!("{name} wrote {path}, which {owner} holds unsaved"));
            }
        }
        Ok(())
    }

    /// A buffer without changes of its own follows the disk.
    fn reload(&mut self, who: usize) {
        let disk = &self.disk;
        let mut reloaded = Vec::new();
        for (path, buffer) in &self.actors[who].buffers {
            let now = disk.read(path).unwrap();
            if buffer.text == buffer.clean && buffer.clean != now {
                reloaded.push((path.clone(), now));
            }
        }
        for (path, now) in reloaded {
            self.actors[who].open(&path, now);
            self.tell(self.actors[who].name, format!("reloads {path}"));
        }
    }

    fn type_in(&mut self, who: usize, path: &str) {
        let text = self.actors[who].buffers[path].text.clone();
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        self.marks += 1;
        let mark = self.marks;
        let at = self.dice.roll(lines.len() + 1);
        if at < lines.len() && self.dice.roll(3) == 0 {
            lines[at].push_str(&format!(" ~{mark}"));
        } else {
            lines.insert(at, format!("P{mark}"));
        }
        let text = lines.iter().map(|line| format!("{line}\n")).collect();
        self.actors[who].change(path, text);
        self.tell(self.actors[who].name, format!("types {mark} in {path} at {at}"));
    }

    fn save(&mut self, who: usize, path: &'static str) -> Result<(), String> {
        let before = self.on_disk()?;
        let by_hand: BTreeSet<Name> =
            self.actors[who].buffers[path].by_hand.iter().map(|index| name_of(*index)).collect();
        let saved = self.actors[who].save(path, &self.disk);
        let name = self.actors[who].name;
        match self.heard(who, saved)? {
            Some(false) => {
                self.tell(name, format!("does not save {path} over what is newer"));
                self.close(who, path)?;
            }
            _ => {
                self.tell(name, format!("saves {path}"));
                let after = self.on_disk()?;
                let turned: BTreeSet<Name> = before.symmetric_difference(&after).copied().collect();
                self.moved.extend(turned.intersection(&by_hand));
                self.saved.insert(path, typed(&self.disk.read(path).unwrap()));
            }
        }
        Ok(())
    }

    fn close(&mut self, who: usize, path: &str) -> Result<(), String> {
        let closed = self.actors[who].close(path, &self.disk);
        self.heard(who, closed)?;
        self.tell(self.actors[who].name, format!("closes {path}"));
        Ok(())
    }

    /// The hunks that the saved files hold.
    fn on_disk(&self) -> Result<BTreeSet<Name>, String> {
        let mut found = BTreeSet::new();
        for path in PATHS {
            let text = self.disk.read(path).ok_or_else(|| format!("{path} is gone"))?;
            found.extend(reading(path, &text)?.into_iter().map(name_of));
        }
        match self.disk.read(CREATED.0) {
            Some(text) if text == CREATED.2 => drop(found.insert((0, CREATED.1))),
            Some(text) => return Err(format!("{} holds {text:?}", CREATED.0)),
            None => {}
        }
        match self.disk.read(DELETED.0) {
            Some(text) if text == DELETED.2 => {}
            Some(text) => return Err(format!("{} holds {text:?}", DELETED.0)),
            None => drop(found.insert((1, DELETED.1))),
        }
        Ok(found)
    }

    fn states(&self) -> Vec<ChangeSetState> {
        self.ids.iter().map(|id| self.reader.state(*id).unwrap().unwrap()).collect()
    }

    /// What holds at every moment.
    fn check(&mut self) -> Result<(), String> {
        for (path, saved) in &self.saved {
            let there = typed(&self.disk.read(path).unwrap());
            if there != *saved {
                return Err(format!(
                    "{path} holds {there:?} of the person's, and {saved:?} was saved"
                ));
            }
        }
        for actor in &self.actors {
            for (path, buffer) in &actor.buffers {
                reading(path, &buffer.text).map_err(|error| format!("{}: {error}", actor.name))?;
            }
        }
        let on_disk = self.on_disk()?;
        for (change, state) in self.states().into_iter().enumerate() {
            for (hunk, hunk_state) in &state.hunks {
                let name = (change, *hunk);
                let there = on_disk.contains(&name);
                let agreed = match hunk_state {
                    HunkState::Accepted { saved: true, .. } => there,
                    HunkState::Proposed
                    | HunkState::Rejected { saved: true, .. }
                    | HunkState::Undone { saved: true, .. } => !there,
                    HunkState::Accepted { operation, saved: false, .. } => {
                        self.in_buffer(name, operation.0).unwrap_or(true)
                    }
                    HunkState::Undone { operation: Some(operation), saved: false, .. } => {
                        !self.in_buffer(name, operation.0).unwrap_or(false)
                    }
                    _ => continue,
                };
                if agreed {
                    self.moved.remove(&name);
                } else if !self.moved.contains(&name) {
                    return Err(format!(
                        "hunk {hunk} of {change} is {}, and on disk: {there}",
                        hunk_state.word()
                    ));
                }
            }
        }
        Ok(())
    }

    /// Whether the buffer of the editor that carried out an operation holds a hunk; `None` when its editor is
    /// gone, or its own undo was at work.
    fn in_buffer(&self, name: Name, operation: u64) -> Option<bool> {
        let index = index_of(name.0, name.1)?;
        let asked = self.reader.operation(model::OperationId(operation)).unwrap()?;
        let holds = |actor: &&Actor| {
            let engine = actor.engine.as_ref();
            engine.is_some_and(|e| *e.ledger().holder().unwrap() == asked.intent.holder)
        };
        let buffer = self.actors.iter().find(holds)?.buffers.get(PIECES[index].path)?;
        let by_hand = buffer.by_hand.contains(&index);
        (!by_hand).then(|| reading(PIECES[index].path, &buffer.text).unwrap().contains(&index))
    }

    /// Everyone ends what is under way, saves, closes and goes.
    fn rest(&mut self) -> Result<(), String> {
        self.tell("everyone", "comes to rest");
        for who in 0..self.actors.len() {
            if self.actors[who].engine.is_none() {
                self.start(who)?;
            }
            self.finish(who)?;
        }
        for who in [0, 1] {
            for path in PATHS {
                self.reload(who);
                if self.actors[who].buffers.contains_key(path) {
                    self.save(who, path)?;
                    self.check()?;
                    if self.actors[who].buffers.contains_key(path) {
                        self.close(who, path)?;
                    }
                }
            }
            self.actors[who].crash(true);
        }
        self.actors[2].crash(true);
        self.start(2)?;
        self.check()?;
        for state in self.states() {
            let settled = |hunk: &HunkState| {
                matches!(
                    hunk,
                    HunkState::Proposed
                        | HunkState::Rejected { saved: true, .. }
                        | HunkState::Accepted { saved: true, .. }
                        | HunkState::Undone { saved: true, .. }
                )
            };
            if state.open.is_some() || !state.hunks.values().all(settled) {
                return Err(format!("at rest, and yet: {:?}", state.hunks));
            }
        }
        self.reader.verify().map(drop).map_err(|error| format!("the ledger does not hold: {error}"))
    }

    fn finish(&mut self, who: usize) -> Result<(), String> {
        for _ in 0..ADVANCES_MAX {
            if self.actors[who].pending.is_none() {
                return Ok(());
            }
            self.advance(who)?;
            self.check()?;
        }
        Err("an operation does not end".to_owned())
    }

    /// Whatever state it is: what is accepted can be undone and accepted again, or it is said why not.
    fn way_forward(&mut self) -> Result<(), String> {
        self.tell("everyone", "goes on");
        for verb in [Verb::Undo, Verb::Accept, Verb::Undo] {
            for change in [1, 0] {
                let state = self.states().swap_remove(change);
                let able = if verb == Verb::Undo { state.accepted() } else { state.acceptable() };
                if able.is_empty() {
                    continue;
                }
                let before = self.reader.last_seq().unwrap();
                let id = self.ids[change];
                let mut answered = BTreeSet::new();
                let mut said = None;
                self.undisturbed(2, |actor, disk| {
                    let mut step = actor.begin(verb, id, &Selection::All, disk)?;
                    while actor.pending.is_some() {
                        step = actor.advance(disk)?;
                    }
                    if let Step::Settled(report) = &step {
                        answered.extend(report.hunks.iter().copied());
                        answered.extend(report.refused.iter().map(|refused| refused.hunk));
                        said = Some(report.clone());
                    }
                    Ok(step)
                })?;
                self.check()?;
                let wanted: BTreeSet<u32> = able.into_iter().collect();
                if answered != wanted {
                    return Err(format!("{verb:?} of {wanted:?} after event {before}: {said:?}"));
                }
            }
        }
        Ok(())
    }

    fn log(self) -> Log {
        let mut export = Vec::new();
        self.reader.export(&mut export).unwrap();
        let mut holders: Vec<String> = Vec::new();
        let mut event = |line: &str| {
            let mut event: serde_json::Value = serde_json::from_str(line).unwrap();
            // Who holds a ledger is named at random, so that names are never used twice; the hashes follow.
            let whole = event.as_object_mut().unwrap();
            whole.remove("hash");
            whole.remove("previous");
            if let Some(holder) = event.pointer_mut("/event/holder") {
                let name = holder.as_str().unwrap().to_owned();
                let known = holders.iter().position(|known| *known == name);
                let index = known.unwrap_or(holders.len());
                if known.is_none() {
                    holders.push(name);
                }
                *holder = index.into();
            }
            event.to_string()
        };
        let events = String::from_utf8(export).unwrap().lines().map(&mut event).collect();
        Log { story: self.story, events }
    }
}

fn name_of(index: usize) -> Name {
    (PIECES[index].change, PIECES[index].ordinal)
}

/// Plays one seed.
fn play(template: &World, ids: [ChangeSetId; 2], seed: u64) -> Result<Log, String> {
    let world = template.replica();
    let mut simulation = Simulation::new(&world, ids, seed);
    let run = std::panic::AssertUnwindSafe(|| simulation.run());
    let result = std::panic::catch_unwind(run).unwrap_or_else(|_| Err("it panicked".to_owned()));
    let told = simulation.story.join("\n");
    match result {
        Ok(()) => Ok(simulation.log()),
        Err(error) => {
            Err(format!("{told}\nseed {seed}: {error}\nCOUNTERSIGN_SEED={seed} plays it again"))
        }
    }
}

fn variable(name: &str) -> Option<u64> {
    let value = std::env::var(name).ok()?;
    Some(value.parse().unwrap_or_else(|_| panic!("{name} is a number, not {value:?}")))
}

#[test]
fn two_editors_a_terminal_and_git_at_once_and_crashes_in_between() {
    let (template, ids) = start();
    if let Some(seed) = variable("COUNTERSIGN_SEED") {
        let log = play(&template, ids, seed).unwrap_or_else(|error| panic!("{error}"));
        return println!("{}", log.story.join("\n"));
    }
    let all = if crate::thorough() { SEEDS_ALL } else { SEEDS };
    let seeds = variable("COUNTERSIGN_SIMULATION_SEEDS").unwrap_or(all);
    let next = std::sync::atomic::AtomicU64::new(0);
    let failures = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let turn = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    let known = usize::try_from(turn.wrapping_sub(seeds)).unwrap();
                    let known = FOUND_SOMETHING.get(known).copied();
                    let Some(seed) = (turn < seeds).then_some(turn).or(known) else { return };
                    if failures.lock().unwrap().len() >= 5 {
                        return;
                    }
                    if let Err(failure) = play(&template, ids, seed) {
                        failures.lock().unwrap().push(failure);
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

#[test]
fn the_same_seed_is_the_same_run() {
    let (template, ids) = start();
    let run = |seed| play(&template, ids, seed).unwrap_or_else(|error| panic!("{error}"));
    let first = run(1);
    assert_eq!(first, run(1));
    assert_ne!(first, run(2));
}
