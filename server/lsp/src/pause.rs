//! Work in the background that is held until somebody has it go on: tasks that wait their turn, and proofs that nobody asks
//! for. What is under way comes to its end, and what somebody asks to be proved is. The ledger keeps it, so that it outlives
//! the server, and holds for all of them.

use lsp_types::MessageType;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::command::Verb;
use crate::jobs::{Job, RootId};
use crate::main_loop::Reply;
use crate::prose;
use crate::session::{Session, answer};

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
    Some(match arguments {
        [] | [Value::Null] => Ok(PauseArguments::default()),
        [argument] => serde_json::from_value(argument.clone()).map_err(|it| wrong(it.to_string())),
        many => Err(wrong(format!("{} arguments were given", many.len()))),
    })
}

impl Session {
    /// Holds work in the background, or has it go on.
    pub(crate) fn pause(&mut self, given: PauseArguments, reply: Reply<Option<Value>>) {
        let paused = given.paused.unwrap_or(!self.paused);
        if paused != self.paused {
            self.paused = paused;
            let roots: Vec<_> = self.roots.keys().copied().collect();
            roots.into_iter().for_each(|root| self.post(root, Job::Pause(paused)));
            self.start_tasks();
        }
        self.outbox.say(MessageType::INFO, self.told_pause());
        answer(reply, Ok(Some(json!({ "paused": paused }))));
    }

    /// A board came: what its ledger says of pausing counts when it says something new, whoever had it say so. An older board
    /// than what was just asked for says nothing new.
    pub(crate) fn ledger_paused(&mut self, id: RootId) {
        let Some(root) = self.roots.get_mut(&id) else { return };
        let (said, says) = (root.paused, root.board.paused);
        root.paused = Some(says);
        if said == Some(says) || said.is_none() && !says {
            return;
        }
        let paused = self.roots.values().any(|root| root.paused == Some(true));
        if paused == self.paused {
            return;
        }
        self.paused = paused;
        self.outbox.say(MessageType::INFO, self.told_pause());
        self.start_tasks();
    }

    fn told_pause(&self) -> String {
        match (self.paused, self.queued_tasks()) {
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
    fn what_is_wrong_with_an_argument_is_named() {
        let read = |arguments: &[Value]| read("countersign.pause", arguments).unwrap();
        assert_eq!(read(&[]), Ok(PauseArguments::default()));
        assert_eq!(read(&[json!({ "paused": true })]), Ok(PauseArguments { paused: Some(true) }));
        assert!(read(&[json!({ "pause": true })]).unwrap_err().contains("unknown field"));
        assert!(read(&[json!(1), json!(2)]).unwrap_err().contains("2 arguments were given"));
        assert_eq!(super::read("countersign.snooze", &[]), None);
    }
}
