//! Work in the background that is held until somebody has it go on: tasks that wait their turn, and proofs that nobody asks
//! for. What is under way comes to its end, and what somebody asks to be proved is. The ledger keeps it, so that it outlives
//! the server, and holds for all of them.

use std::collections::BTreeSet;

use lsp_types::MessageType;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::command::{self, Verb};
use crate::jobs::{Job, RootId};
use crate::main_loop::Reply;
use crate::prose;
use crate::session::{Root, Session, answer};

/// The argument of `countersign.pause`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PauseArguments {
    /// Whether it is held from now on; the other way round when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused: Option<bool>,
}

/// Reads the command; `None`: it is another.
pub(crate) fn read(name: &str, arguments: &[Value]) -> Option<Result<PauseArguments, String>> {
    if name != Verb::Pause.name() {
        return None;
    }
    let wrong = |what: String| {
        format!(
            "{name}: {what}: give {{\"paused\": true}}, false to go on, or nothing for the other"
        )
    };
    Some(command::argument(arguments).map_err(wrong))
}

/// What is known of the pause of one repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Hold {
    /// What was asked here, until the ledger says so, too: boards that were made before it are behind.
    asked: Option<bool>,
    /// What the ledger said last; `None`: nothing yet.
    said: Option<bool>,
}

impl Hold {
    /// Whether nothing begins.
    pub(crate) fn holds(self) -> bool {
        self.asked.or(self.said).unwrap_or_default()
    }

    fn hear(&mut self, says: bool) {
        if self.asked.is_none_or(|asked| asked == says) {
            *self = Self { asked: None, said: Some(says) };
        }
    }
}

impl Session {
    /// Holds work in the background, or has it go on: in every repository.
    pub(crate) fn pause(&mut self, given: PauseArguments, reply: Reply<Option<Value>>) {
        let paused = given.paused.unwrap_or(!self.is_paused());
        let mut asked = Vec::new();
        for (id, root) in &mut self.roots {
            // Where there is no ledger nothing can be paused yet.
            let nothing = !paused && root.folders.is_empty() && root.hold == Hold::default();
            if !nothing && root.hold.asked.or(root.hold.said) != Some(paused) {
                root.hold.asked = Some(paused);
                asked.push(*id);
            }
        }
        asked.into_iter().for_each(|root| self.post(root, Job::Pause(paused)));
        self.start_tasks();
        self.outbox.say(MessageType::INFO, self.told_pause());
        answer(reply, Ok(Some(json!({ "paused": self.is_paused() }))));
    }

    /// A board came, and says what its ledger does, whoever had it say so.
    pub(crate) fn hear_pause(&mut self, id: RootId) {
        self.changing_pause(|session| {
            if let Some(root) = session.roots.get_mut(&id) {
                root.hold.hear(root.board.paused);
            }
        });
    }

    /// The ledger did not take it.
    pub(crate) fn pause_failed(&mut self, id: RootId, reason: &str) {
        self.outbox.say(MessageType::ERROR, format!("that was not recorded: {reason}"));
        self.changing_pause(|session| {
            if let Some(root) = session.roots.get_mut(&id) {
                root.hold.asked = None;
            }
        });
    }

    fn changing_pause(&mut self, change: impl FnOnce(&mut Self)) {
        let before = self.is_paused();
        change(self);
        if self.is_paused() != before {
            self.outbox.say(MessageType::INFO, self.told_pause());
        }
        self.start_tasks();
    }

    /// Whether nothing begins in some repository.
    pub(crate) fn is_paused(&self) -> bool {
        !self.paused_roots().is_empty()
    }

    /// Whether no task of a repository begins: while it is paused, and until its ledger said whether it is.
    pub(crate) fn is_held(&self, id: RootId) -> bool {
        let unheard = |root: &Root| !root.folders.is_empty() && root.boards == 0;
        let held = |root: &Root| root.hold.holds() || unheard(root);
        self.ending || self.roots.get(&id).is_some_and(held)
    }

    /// The repositories that are paused.
    pub(crate) fn paused_roots(&self) -> BTreeSet<RootId> {
        self.roots.iter().filter(|(_, root)| root.hold.holds()).map(|(id, _)| *id).collect()
    }

    fn told_pause(&self) -> String {
        match (self.is_paused(), self.queued_tasks()) {
            (true, 0) => "paused: nothing begins in the background".to_owned(),
            (true, tasks) => {
                let tasks = prose::count(tasks, "task");
                format!("paused: nothing begins in the background, with {tasks} waiting")
            }
            (false, _) => "work in the background goes on".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_board_from_before_it_was_asked_is_behind() {
        let mut hold = Hold { asked: Some(true), said: Some(true) };
        // Asked to go on and to pause again: the board between says that it goes on.
        hold.hear(false);
        assert!(hold.holds());
        hold.hear(true);
        assert_eq!(hold, Hold { asked: None, said: Some(true) });
        hold.hear(false);
        assert!(!hold.holds(), "somebody else had it go on");
    }

    #[test]
    fn what_is_wrong_with_an_argument_is_named() {
        let read = |arguments: &[Value]| read("countersign.pause", arguments).unwrap();
        assert_eq!(read(&[]), Ok(PauseArguments::default()));
        assert_eq!(read(&[json!({ "paused": true })]), Ok(PauseArguments { paused: Some(true) }));
        assert!(read(&[json!({ "pause": true })]).unwrap_err().contains("unknown field"));
        assert!(read(&[json!(1), json!(2)]).unwrap_err().contains("2 arguments were given"));
        assert_eq!(super::read("countersign.snooze", &[]), None);
    }
}
