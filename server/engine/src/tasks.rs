//! Tasks that somebody asks for: what is at the place they are about, whether they were asked for before, and the
//! recipes' way of carrying them out. Programs carry theirs out in `command`.

use model::{EntityKind, RelPath, Task, TaskId, TaskPlace};

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

/// The innermost named thing of a text that holds all of these lines; `None` where there is none, or the text is
/// of no language whose structure is known.
///
/// # Cost
/// One parse.
pub fn around(path: &RelPath, text: &[u8], first_line: u32, lines: u32) -> Option<Around> {
    let language = syntax::language_of(path, text)?;
    let parsed = syntax::parse(language, text).ok()?;
    let outline = syntax::outline(&parsed).ok()?;
    let end = |first: u32, lines: u32| first.saturating_add(lines.max(1));
    let holds = |entity: &&syntax::Entity| {
        entity.first_line <= first_line
            && end(first_line, lines) <= end(entity.first_line, entity.lines)
    };
    let entity = outline.iter().filter(holds).min_by_key(|entity| entity.range.len())?;
    Some(Around {
        kind: entity.kind,
        name: entity.name.clone(),
        first_line: entity.first_line,
        lines: entity.lines,
        in_test: entity.in_test,
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

impl Engine {
    /// The innermost named thing of a saved file that holds all of these lines.
    ///
    /// # Errors
    /// The file is not there or cannot be read.
    pub fn around(&self, place: &TaskPlace) -> Result<Option<Around>, Error> {
        let Some(saved) = self.repository.saved(&place.path)? else {
            return Err(Error::NoSuchPath(place.path.clone()));
        };
        Ok(around(&place.path, &saved.bytes, place.first_line, place.lines))
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
            around(&path, TEXT.as_bytes(), first, lines).map(|it| (it.is_tested(), it.name))
        };
        assert_eq!(at(5, 1), Some((true, "Queue::first".to_owned())));
        assert_eq!(at(1, 0), Some((false, "Queue".to_owned())));
        assert_eq!(at(10, 1), Some((false, "it_works".to_owned())));
        assert_eq!(at(2, 1), None);
        assert_eq!(at(0, 11), None);
        assert_eq!(around(&"a.txt".parse().unwrap(), TEXT.as_bytes(), 5, 1), None);
    }
}
