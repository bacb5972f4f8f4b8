//! Tasks that somebody asks for: what is at the place they are about, whether they were asked for before, what the
//! ledger keeps of them, and the recipes' way of carrying them out. Programs carry theirs out in `command`.

use model::{
    Actor, EntityKind, Event, OperationId, RelPath, StoredEvent, Task, TaskEnd, TaskId, TaskPlace,
    Timestamp,
};

use crate::Error;
use crate::board::{Board, BoardChange};
use crate::engine::Engine;
use crate::propose::RecipeRun;
use crate::workers::answering;

/// A named thing of a file, as what a task is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Around {
    /// What kind of thing.
    pub kind: EntityKind,
    /// What it is called, with what it is in.
    pub name: String,
    /// First line, from 0, with its docs.
    pub first_line: u32,
    /// How many lines.
    pub lines: u32,
    /// Whether it is code for tests.
    pub in_test: bool,
}

impl Around {
    /// Whether it does something, so that there can be tests for it.
    pub fn is_tested(&self) -> bool {
        !self.in_test && matches!(self.kind, EntityKind::Function | EntityKind::Method)
    }
}

/// The named things of a text, the shortest first; none where the text is of no language whose structure is known.
///
/// # Cost
/// One parse.
pub fn named(path: &RelPath, text: &[u8]) -> Vec<Around> {
    let outline = || {
        let language = syntax::language_of(path, text)?;
        syntax::outline(&syntax::parse(language, text).ok()?).ok()
    };
    let mut outline = outline().unwrap_or_default();
    outline.sort_by_key(|entity| entity.range.len());
    let named = outline.into_iter().map(|entity| Around {
        kind: entity.kind,
        name: entity.name,
        first_line: entity.first_line,
        lines: entity.lines,
        in_test: entity.in_test,
    });
    named.collect()
}

/// The innermost of the [`named`] things that holds all of these lines.
pub fn innermost(named: &[Around], first_line: u32, lines: u32) -> Option<&Around> {
    let end = |first: u32, lines: u32| first.saturating_add(lines.max(1));
    named.iter().find(|around| {
        around.first_line <= first_line
            && end(first_line, lines) <= end(around.first_line, around.lines)
    })
}

impl Board {
    /// The change that waits and was made for this task.
    pub fn answering(&self, task: TaskId) -> Option<&BoardChange> {
        let answers = |change: &&std::sync::Arc<BoardChange>| {
            change.changeset.task.as_ref().is_some_and(|asked| asked.id() == task)
                && !change.state.waiting().is_empty()
        };
        self.changes.iter().rev().find(answers).map(|change| &**change)
    }
}

/// A task that somebody asked for, as the ledger has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskRecord {
    /// The number of the event that asked for it.
    pub queued: OperationId,
    /// When that was.
    pub asked_at: Timestamp,
    /// Who asked.
    pub actor: Actor,
    /// What is to be done.
    pub task: Task,
    /// What it came to, and when; `None` while it waits or is under way.
    pub end: Option<(Timestamp, TaskEnd)>,
}

impl TaskRecord {
    fn of((queued, ended): (StoredEvent, Option<StoredEvent>)) -> Option<Self> {
        let end = |ended: StoredEvent| match ended.event {
            Event::TaskEnded { end, .. } => Some((ended.at, end)),
            _ => None,
        };
        let Event::TaskQueued { task, .. } = queued.event else { return None };
        Some(Self {
            queued: OperationId(queued.seq),
            asked_at: queued.at,
            actor: queued.actor,
            task: *task,
            end: ended.and_then(end),
        })
    }
}

impl Engine {
    /// Records that somebody asked for a task, and answers what to end it by.
    ///
    /// # Errors
    /// The ledger did not take it.
    pub fn queue_task(&mut self, task: &Task) -> Result<OperationId, Error> {
        let (task, holder) = (Box::new(task.clone()), self.ledger.holder()?.clone());
        Ok(OperationId(self.append(&Event::TaskQueued { task, holder })?))
    }

    /// Records what a task came to.
    ///
    /// # Errors
    /// It is over already, or the ledger did not take it.
    pub fn end_task(
        &mut self,
        queued: OperationId,
        task: TaskId,
        end: TaskEnd,
    ) -> Result<(), Error> {
        self.append(&Event::TaskEnded { queued, task, end })?;
        Ok(())
    }

    /// Whether somebody wants nothing to begin in the background.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub fn is_paused(&self) -> Result<bool, Error> {
        let last = self.ledger.last_pause()?;
        Ok(last.is_some_and(|last| last.event == Event::Paused {}))
    }

    /// Records that nothing is to begin in the background, or that it goes on: tasks that wait, and proofs that nobody asks
    /// for, of every editor. Answers whether that is news.
    ///
    /// # Errors
    /// The ledger did not take it.
    pub fn pause(&mut self, paused: bool) -> Result<bool, Error> {
        let news = self.is_paused()? != paused;
        if news {
            self.append(&if paused { Event::Paused {} } else { Event::Resumed {} })?;
        }
        Ok(news)
    }

    /// The newest tasks that somebody asked for, at most so many, the newest first.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub fn tasks(&self, most: usize) -> Result<Vec<TaskRecord>, Error> {
        Ok(self.ledger.tasks(most)?.into_iter().filter_map(TaskRecord::of).collect())
    }

    /// Ends the tasks whose process is dead: what they proposed before is there, and else nothing came of them.
    pub(crate) fn end_lost_tasks(&mut self, actor: &Actor) -> Result<(), Error> {
        for open in self.ledger.open_tasks()? {
            let Event::TaskQueued { task, holder } = open.event else { continue };
            if self.ledger.is_alive(&holder) {
                continue;
            }
            let task = task.id();
            let mut changesets = Vec::new();
            for state in self.ledger.states()?.into_iter().filter(|it| it.proposed_seq > open.seq) {
                let of = self.ledger.changeset(state.id)?.and_then(|changeset| changeset.task);
                if of.is_some_and(|of| of.id() == task) {
                    changesets.push(state.id);
                }
            }
            let end = if changesets.is_empty() {
                TaskEnd::Failed { reason: "the process that had it carried out ended".to_owned() }
            } else {
                TaskEnd::Proposed { changesets }
            };
            let event = Event::TaskEnded { queued: OperationId(open.seq), task, end };
            match self.ledger.append(self.clock.now(), actor, &event) {
                // Another process was faster.
                Ok(_) | Err(ledger::AppendError::NoTask(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// The innermost named thing of a saved file that holds all of these lines.
    ///
    /// # Errors
    /// The file is not there or cannot be read.
    pub fn around(&self, place: &TaskPlace) -> Result<Option<Around>, Error> {
        let Some(saved) = self.repository.saved(&place.path)? else {
            return Err(Error::NoSuchPath(place.path.clone()));
        };
        let named = named(&place.path, &saved.bytes);
        Ok(innermost(&named, place.first_line, place.lines).cloned())
    }

    /// Has the recipes carry out a task: those that put right what its diagnostic says, or all, in its file.
    ///
    /// # Errors
    /// As [`Engine::run_recipes`].
    /// # Cost
    /// As [`Engine::run_recipes`].
    pub fn run_recipe_task(&mut self, task: &Task) -> Result<RecipeRun, Error> {
        let place = task.place.as_ref();
        let language = place.and_then(|place| syntax::language_of(&place.path, b""));
        let names = task.diagnostic.as_ref().map(|it| answering(it, language)).unwrap_or_default();
        let paths: Vec<RelPath> = place.map(|place| place.path.clone()).into_iter().collect();
        self.recipes_propose(&names, &paths, Some(task))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "/// Docs.\nstruct Queue;\n\nimpl Queue {\n    fn first(&self) -> u8 {\n        0\n    }\n}\n\n#[test]\nfn it_works() {}\n";

    #[test]
    fn the_innermost_thing_is_what_a_task_is_about() {
        let at = |first, lines| {
            let path = "a.rs".parse().unwrap();
            let named = named(&path, TEXT.as_bytes());
            innermost(&named, first, lines).map(|it| (it.is_tested(), it.name.clone()))
        };
        assert_eq!(at(5, 1), Some((true, "Queue::first".to_owned())));
        assert_eq!(at(1, 0), Some((false, "Queue".to_owned())));
        assert_eq!(at(10, 1), Some((false, "it_works".to_owned())));
        assert_eq!(at(2, 1), None);
        assert_eq!(at(0, 11), None);
        assert_eq!(named(&"a.txt".parse().unwrap(), TEXT.as_bytes()), []);
    }
}
