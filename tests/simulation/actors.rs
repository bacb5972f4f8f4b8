//! Who acts in a simulation: editors with buffers and a language server's engine, and a terminal with an engine
//! only. Each takes one step at a time, and can be crashed between any two.
//!
//! The steps are those of `lsp::conduct` and of `countersign accept`: plan and intent, each edit of a buffer, the
//! files on disk, putting back what cannot be whole, the outcome.

use std::collections::{BTreeMap, BTreeSet};

use engine::{
    Clock, Engine, Error, OpenText, OpenTexts, Operation, PlanFile, Report, RulesFrom, Selection,
};
use model::{Actor as Person, ActorKind, ChangeSetId, HunkState, RelPath, Surface, Timestamp};

use crate::seeds::Disk;
use crate::texts::{Held, reading};

/// The moment at which everything happens.
const NOW: Timestamp = Timestamp(1_735_700_000_000);

/// A document open in an editor.
#[derive(Debug, Clone)]
pub struct Buffer {
    pub text: String,
    /// What the disk had when it was opened or saved last.
    pub clean: String,
    history: Vec<String>,
    /// Hunks that the editor's own undo took out or brought back.
    pub by_hand: Held,
}

/// What to do with hunks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    Accept,
    Undo,
}

/// An operation under way.
#[derive(Debug)]
pub struct Pending {
    operation: Operation,
    in_editor: Vec<PlanFile>,
    results: Vec<(RelPath, Result<(), String>)>,
    wrote: bool,
}

/// An editor or a terminal.
#[derive(Debug)]
pub struct Actor {
    pub name: &'static str,
    pub is_editor: bool,
    pub engine: Option<Engine>,
    pub buffers: BTreeMap<String, Buffer>,
    pub pending: Option<Pending>,
    /// What other processes were told to be unsaved here.
    pub published: BTreeSet<String>,
}

/// What a step came to.
#[derive(Debug)]
pub enum Step {
    Went(String),
    Settled(Report),
}

fn rel(path: &str) -> RelPath {
    path.parse().unwrap()
}

impl Actor {
    pub fn new(name: &'static str, is_editor: bool) -> Self {
        Self {
            name,
            is_editor,
            engine: None,
            buffers: BTreeMap::new(),
            pending: None,
            published: BTreeSet::new(),
        }
    }

    /// Opens the engine, as a process that starts does, and settles what the dead left.
    pub fn start(&mut self, disk: &Disk) -> Result<usize, Error> {
        let surface = if self.is_editor { Surface::Editor } else { Surface::Terminal };
        let person = Person { kind: ActorKind::Person, name: self.name.to_owned(), surface };
        let mut engine =
            Engine::open(disk.root(), Clock::Fixed(NOW), person, RulesFrom::default())?;
        let open = self.open_texts(disk);
        let recovered = engine.recover(&open)?.len();
        self.engine = Some(engine);
        Ok(recovered)
    }

    /// The process ends without a word. An editor may outlive its language server.
    pub fn crash(&mut self, with_buffers: bool) {
        self.engine = None;
        self.pending = None;
        self.published.clear();
        if with_buffers {
            self.buffers.clear();
        }
    }

    pub fn open_texts(&self, disk: &Disk) -> OpenTexts {
        let open = |(path, buffer): (&String, &Buffer)| {
            let unsaved = disk.read(path).as_ref() != Some(&buffer.text);
            (rel(path), OpenText { text: buffer.text.as_str().into(), unsaved })
        };
        OpenTexts(self.buffers.iter().map(open).collect())
    }

    pub fn open(&mut self, path: &str, text: String) {
        let buffer =
            Buffer { clean: text.clone(), text, history: Vec::new(), by_hand: Held::new() };
        self.buffers.insert(path.to_owned(), buffer);
    }

    /// The buffer gets another text, which the editor's undo can take back.
    pub fn change(&mut self, path: &str, text: String) {
        if let Some(buffer) = self.buffers.get_mut(path) {
            buffer.history.push(std::mem::replace(&mut buffer.text, text));
        }
    }

    /// The editor's own undo. What it took out of what was accepted is told to the ledger.
    pub fn take_back(&mut self, path: &str) -> Result<bool, Error> {
        let Some(buffer) = self.buffers.get_mut(path) else { return Ok(false) };
        let Some(earlier) = buffer.history.pop() else { return Ok(false) };
        let before = reading(path, &buffer.text).unwrap();
        let after = reading(path, &earlier).unwrap();
        buffer.by_hand.extend(before.symmetric_difference(&after));
        buffer.text = earlier;
        self.withdraw_gone(path, "the editor's own undo took it back")?;
        Ok(true)
    }

    /// Tells the ledger of accepted, unsaved hunks that are not in the buffer any more.
    fn withdraw_gone(&mut self, path: &str, reason: &str) -> Result<(), Error> {
        let Some(buffer) = self.buffers.get(path) else { return Ok(()) };
        let held = reading(path, &buffer.text).unwrap();
        let gone = self.unsaved(path, |index| !held.contains(&index))?;
        match (&mut self.engine, gone.is_empty()) {
            (Some(engine), false) => engine.withdrawn(&rel(path), &gone, reason),
            _ => Ok(()),
        }
    }

    /// The hunks of a file that were accepted here and are not saved.
    fn unsaved(
        &mut self,
        path: &str,
        test: impl Fn(usize) -> bool,
    ) -> Result<BTreeMap<ChangeSetId, BTreeSet<u32>>, Error> {
        let mut found: BTreeMap<ChangeSetId, BTreeSet<u32>> = BTreeMap::new();
        let Some(engine) = &mut self.engine else { return Ok(found) };
        let own = engine.ledger().holder()?.clone();
        let board = engine.board()?;
        for (change, board_change) in board.changes.iter().enumerate() {
            for (hunk, state) in &board_change.state.hunks {
                let HunkState::Accepted { operation, saved: false, .. } = state else { continue };
                let Some(index) = crate::seeds::index_of(change, *hunk) else { continue };
                let here = crate::texts::PIECES[index].path == path;
                let asked = engine.ledger().operation(*operation)?;
                let ours = asked.is_some_and(|asked| asked.intent.holder == own);
                if here && ours && test(index) {
                    found.entry(board_change.changeset.id).or_default().insert(*hunk);
                }
            }
        }
        Ok(found)
    }

    /// Whether an undo of hunks in this file waits to be saved.
    fn undone_unsaved(&mut self, path: &str) -> Result<bool, Error> {
        let Some(engine) = &mut self.engine else { return Ok(false) };
        let board = engine.board()?;
        Ok(board.changes.iter().any(|change| {
            change.state.hunks.iter().any(|(hunk, state)| {
                matches!(state, HunkState::Undone { saved: false, .. })
                    && change.state.paths.get(hunk) == Some(&rel(path))
            })
        }))
    }

    fn takes_part(&self, path: &str) -> bool {
        let files = self.pending.iter().flat_map(|pending| &pending.in_editor);
        files.into_iter().any(|file| file.path == rel(path))
    }

    /// Saves a buffer. An editor does not write over what it has not seen: then `false`.
    pub fn save(&mut self, path: &str, disk: &Disk) -> Result<bool, Error> {
        let taking_part = self.takes_part(path);
        let Some(buffer) = self.buffers.get_mut(path) else { return Ok(false) };
        if disk.read(path).as_ref() != Some(&buffer.clean) {
            return Ok(false);
        }
        disk.write(path, &buffer.text);
        buffer.clean.clone_from(&buffer.text);
        buffer.by_hand.clear();
        if !taking_part {
            self.was_saved(path)?;
        }
        Ok(true)
    }

    fn was_saved(&mut self, path: &str) -> Result<(), Error> {
        self.withdraw_gone(path, "the editor's own undo took it back")?;
        let held = !self.unsaved(path, |_| true)?.is_empty() || self.undone_unsaved(path)?;
        match &mut self.engine {
            Some(engine) if held => engine.saved(&rel(path)),
            _ => Ok(()),
        }
    }

    /// Closes a buffer without saving it.
    pub fn close(&mut self, path: &str, disk: &Disk) -> Result<(), Error> {
        self.withdraw_gone(path, "the editor's own undo took it back")?;
        let accepted = self.unsaved(path, |_| true)?;
        let concerned = !accepted.is_empty() || self.undone_unsaved(path)?;
        let Some(buffer) = self.buffers.remove(path) else { return Ok(()) };
        let Some(engine) = self.engine.as_mut().filter(|_| concerned) else { return Ok(()) };
        if disk.read(path).as_ref() == Some(&buffer.text) {
            return engine.saved(&rel(path));
        }
        engine.withdrawn(&rel(path), &accepted, "the buffer was closed unsaved")?;
        engine.closed(&rel(path), "the buffer was closed unsaved")
    }

    /// Tells other processes what is unsaved here.
    pub fn publish(&mut self, disk: &Disk) -> Result<(), Error> {
        let unsaved: BTreeSet<String> = self
            .buffers
            .iter()
            .filter(|(path, buffer)| disk.read(path).as_ref() != Some(&buffer.text))
            .map(|(path, _)| path.clone())
            .collect();
        let paths: Vec<RelPath> = unsaved.iter().map(|path| rel(path)).collect();
        if let Some(engine) = &mut self.engine {
            engine.publish_presence(&paths)?;
            self.published = unsaved;
        }
        Ok(())
    }

    /// Plans and appends the intent. Nothing is written yet.
    pub fn begin(
        &mut self,
        verb: Verb,
        id: ChangeSetId,
        selection: &Selection,
        disk: &Disk,
    ) -> Result<Step, Error> {
        let open = self.open_texts(disk);
        let Some(engine) = &mut self.engine else { return Ok(Step::Went("is not there".into())) };
        let plan = match verb {
            Verb::Accept => engine.plan_accept(id, selection, &open)?,
            Verb::Undo => engine.plan_undo(id, selection, &open)?,
        };
        if plan.hunks.is_empty() {
            return Ok(Step::Settled(Report::nothing(plan)));
        }
        let in_editor = plan.files.iter().filter(|file| file.in_editor).cloned().collect();
        let said = format!("begins {:?}, refused {:?}", plan.hunks, plan.refused);
        let operation = engine.begin(plan)?;
        self.pending = Some(Pending { operation, in_editor, results: Vec::new(), wrote: false });
        Ok(Step::Went(said))
    }

    /// The next step of what is under way.
    pub fn advance(&mut self, disk: &Disk) -> Result<Step, Error> {
        let Some(mut pending) = self.pending.take() else { return Ok(Step::Went("idles".into())) };
        let next = pending.in_editor.get(pending.results.len()).cloned();
        if let Some(file) = next {
            let outcome = self.edit(&file);
            let said = format!("edits {}: {outcome:?}", file.path);
            pending.results.push((file.path, outcome));
            self.pending = Some(pending);
            return Ok(Step::Went(said));
        }
        let failed = pending.results.iter().any(|(_, outcome)| outcome.is_err());
        let Some(engine) = &mut self.engine else { return Ok(Step::Went("is not there".into())) };
        if !failed && !pending.wrote {
            engine.write_closed_files(&mut pending.operation);
            pending.wrote = true;
            let said = format!("writes: {:?}", pending.operation.failed());
            self.pending = Some(pending);
            return Ok(Step::Went(said));
        }
        let disk_failed = !pending.operation.failed().is_empty();
        if disk_failed {
            engine.reverse(&mut pending.operation);
        }
        if failed || disk_failed {
            self.reverse(&mut pending, disk);
        }
        let Some(engine) = &mut self.engine else { return Ok(Step::Went("is not there".into())) };
        let report = engine.settle(pending.operation, &pending.results)?;
        for file in &pending.in_editor {
            let path = file.path.to_string();
            let saved =
                self.buffers.get(&path).map(|buffer| &buffer.text) == disk.read(&path).as_ref();
            if saved {
                self.was_saved(&path)?;
            }
            self.withdraw_gone(&path, "it was taken out while it was under way")?;
        }
        Ok(Step::Settled(report))
    }

    /// One buffer gets its planned text, if it reads as it was planned for.
    fn edit(&mut self, file: &PlanFile) -> Result<(), String> {
        let path = file.path.to_string();
        let buffer = self.buffers.get(&path).ok_or("it is not open any more")?;
        if buffer.text != text(&file.before) {
            return Err("it was changed meanwhile".to_owned());
        }
        self.change(&path, text(&file.after));
        Ok(())
    }

    /// Puts buffers back that still read as they were made to. One that was saved meanwhile has landed.
    fn reverse(&mut self, pending: &mut Pending, disk: &Disk) {
        for (file, (_, outcome)) in pending.in_editor.iter().zip(&mut pending.results) {
            let path = file.path.to_string();
            let left = text(&file.after);
            let as_left = self.buffers.get(&path).is_some_and(|buffer| buffer.text == left);
            if outcome.is_ok() && as_left && disk.read(&path).as_ref() != Some(&left) {
                self.change(&path, text(&file.before));
                *outcome = Err("put back, because another file failed".to_owned());
            }
        }
    }
}

fn text(side: &Option<(model::FileMode, std::sync::Arc<[u8]>)>) -> String {
    let bytes = side.as_ref().map(|(_, bytes)| bytes.to_vec()).unwrap_or_default();
    String::from_utf8(bytes).unwrap()
}
