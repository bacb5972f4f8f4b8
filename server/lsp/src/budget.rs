//! The time that workers may take: what is left of it, tasks that wait because nothing is, and the person's word for more.
//!
//! Whether a task has time left is decided where it begins, by the ledger. Here is what is known of that, so that nobody is
//! started in vain, and everybody sees why a task waits.

use std::time::{Duration, Instant};

use engine::Engine;
use lsp_types::{MessageType, ShowMessageRequestParams, Uri};
use model::{Budget, Exhausted, Spending, span};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::approval::{Choice, DECLINE, action};
use crate::command::{self, Verb};
use crate::extension::BudgetRow;
use crate::jobs::{Done, Job, RootId, Token};
use crate::main_loop::{Refusal, Reply};
use crate::outbox::{Continuation, Outgoing, Question};
use crate::prose;
use crate::session::{Session, answer};

/// How much more is offered.
const MINUTES: u32 = 30;
const MINUTES_MAX: u32 = 24 * 60;
/// How often it is looked what counts no more.
const RENEWAL: Duration = Duration::from_secs(2);

/// The argument of `countersign.allow`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AllowArguments {
    /// How many minutes more, within 24 hours; 30 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minutes: Option<u32>,
    /// A file or folder of the repository that is meant; not needed where one is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uri: Option<Uri>,
}

/// Reads the command; `None`: it is another.
pub(crate) fn read(name: &str, arguments: &[Value]) -> Option<Result<AllowArguments, String>> {
    if name != Verb::Allow.name() {
        return None;
    }
    let shape = format!("give {{\"minutes\": {MINUTES}, \"uri\": \"<file>\"}} or nothing");
    let given = command::argument(arguments).and_then(|given: AllowArguments| {
        match given.minutes.is_none_or(|it| (1..=MINUTES_MAX).contains(&it)) {
            true => Ok(given),
            false => Err(format!("minutes: 1 to {MINUTES_MAX} are allowed")),
        }
    });
    Some(given.map_err(|what| format!("{name}: {what}: {shape}")))
}

/// What is known of the time that workers may take in a repository.
#[derive(Debug, Default)]
pub(crate) struct Purse {
    /// What the ledger said last; `None`: nothing yet.
    spending: Option<Spending>,
    /// What it said when it gave a task no time: until it says something else, none is asked for.
    refused: Option<Spending>,
    /// Whether the person was asked for more.
    asked: bool,
}

impl Purse {
    /// Whether no program begins.
    pub(crate) fn holds(&self) -> bool {
        self.spending.is_some_and(|it| it.is_exhausted() || self.refused == Some(it))
    }

    /// Whether only a word of the person's, or a day, has one begin.
    fn is_empty(&self) -> bool {
        self.spending.is_some_and(|it| it.is_exhausted())
    }
}

/// Looks what workers spent, and tells when that is another.
#[derive(Default)]
pub(crate) struct Metered {
    due: Option<Instant>,
    last: Option<Spending>,
    /// Whether somebody is to be told though there is no limit.
    told: bool,
}

impl Metered {
    /// Has it told anew, whatever was told.
    pub(crate) fn forget(&mut self) {
        *self = Self { due: None, told: true, last: None };
    }

    /// What they spent of `budget`, if the ledger `moved` or it is time to look, and it is not as it was told. `None` as well
    /// where there is no limit and never was.
    pub(crate) fn renew(
        &mut self,
        engine: &mut Engine,
        budget: Budget,
        moved: bool,
    ) -> Option<Done> {
        let unlimited = budget == Budget::default();
        if unlimited && !self.told && self.last.is_none_or(|last| last.limit_ms.is_none()) {
            return None;
        }
        let now = Instant::now();
        if !moved && self.due.is_some_and(|due| now < due) {
            return None;
        }
        self.due = Some(now + RENEWAL);
        // Of what is set aside for a process that died, nobody else tells.
        let reserved = self.last.is_some_and(|last| last.reserved_ms > 0);
        let spending =
            if reserved { engine.settled_spending(budget) } else { engine.spending(budget) };
        let spending = spending
            .map_err(|error| tracing::warn!(%error, "what workers spent is not known"))
            .ok()?;
        if self.last == Some(spending) {
            return None;
        }
        (self.last, self.told) = (Some(spending), false);
        Some(Done::Spending(spending))
    }
}

impl Session {
    /// Lets workers take more time than is configured.
    pub(crate) fn allow(&mut self, given: &AllowArguments, reply: Reply<Option<Value>>) {
        let Some(root) = self.root_meant(given.uri.as_ref()) else {
            let message = "no repository, or several, are open here: name one by `uri`".to_owned();
            self.outbox.say(MessageType::ERROR, message.clone());
            return answer(reply, Err(Refusal::Failed(message)));
        };
        self.allow_more(root, given.minutes.unwrap_or(MINUTES), Some(reply));
    }

    fn allow_more(&mut self, root: RootId, minutes: u32, reply: Option<Reply<Option<Value>>>) {
        let token = self.token();
        let reply = reply.unwrap_or_else(|| tokio::sync::oneshot::channel().0);
        self.of_files.insert(token, (root, Verb::Allow, reply));
        let by = Duration::from_secs(u64::from(minutes) * 60);
        self.post(root, Job::Allow { token, by });
    }

    /// The ledger says what workers spent.
    pub(crate) fn spending_told(&mut self, id: RootId, spending: Spending) {
        let Some(root) = self.roots.get_mut(&id) else { return };
        if root.purse.spending.is_some_and(|known| known.as_of > spending.as_of) {
            return;
        }
        root.purse.spending = Some(spending);
        root.purse.asked &= spending.is_exhausted();
        self.start_tasks();
    }

    /// There was no time for a task: it waits on.
    pub(crate) fn exhausted(&mut self, token: Token, exhausted: &Exhausted) {
        let Some(id) = self.task_waits(token) else { return };
        if let Some(root) = self.roots.get_mut(&id) {
            let spending = exhausted.spending;
            if root.purse.spending.is_none_or(|known| known.as_of <= spending.as_of) {
                root.purse.spending = Some(spending);
                root.purse.refused = Some(spending);
            }
        }
        // The refusal came from another thread, and may be behind what the engine told.
        self.post(id, Job::Meter);
        self.start_tasks();
    }

    /// The ledger did not take that workers may take more: the person is asked again.
    pub(crate) fn allow_failed(&mut self, id: RootId) {
        if let Some(root) = self.roots.get_mut(&id) {
            root.purse.asked = false;
        }
    }

    /// Asks the person for more time where tasks wait for it, once.
    pub(crate) fn ask_for_time(&mut self) {
        let waiting = self.waiting_for_time();
        for (id, tasks) in waiting {
            let Some(root) = self.roots.get_mut(&id) else { continue };
            if root.purse.asked || !root.purse.is_empty() {
                continue;
            }
            let Some(spending) = root.purse.spending else { continue };
            root.purse.asked = true;
            let message = format!("{}. Let workers take more?", told(&spending, tasks));
            let params = ShowMessageRequestParams {
                typ: MessageType::WARNING,
                message,
                actions: Some(vec![action(&agree()), action(DECLINE)]),
            };
            let question = Question::Allow { root: id, params };
            self.outbox.send(Outgoing::Ask(Box::new(question), Continuation::Nothing));
        }
    }

    /// The person answered, or the client asks no questions.
    pub(crate) fn allowed(&mut self, id: RootId, choice: Choice) {
        let tasks = self.waiting_for_time().get(&id).copied().unwrap_or_default();
        let spending = self.roots.get(&id).and_then(|root| root.purse.spending);
        let Some(spending) = spending else { return };
        match choice {
            Choice::Agreed => self.allow_more(id, MINUTES, None),
            Choice::Declined => {
                let waits = prose::count(tasks, "task");
                let message =
                    format!("{waits} waits until time is left; `countersign budget` says when");
                self.outbox.say(MessageType::INFO, message);
            }
            Choice::Unasked(why) => {
                tracing::info!(why, "the client asks no questions");
                let message = format!(
                    "{}; the action \"{}\" has it go on, or `countersign budget --allow {MINUTES}` does in a terminal",
                    told(&spending, tasks),
                    agree()
                );
                self.outbox.say(MessageType::WARNING, message);
            }
        }
    }

    /// How the action is called that gives the tasks of a repository more time, if some wait for it.
    pub(crate) fn to_allow(&self, id: RootId) -> Option<String> {
        let empty = self.roots.get(&id).is_some_and(|root| root.purse.is_empty());
        (empty && self.waiting_for_time().contains_key(&id)).then(agree)
    }

    /// What workers spent, where there is a limit; of several repositories, the one that has least left.
    pub(crate) fn budget_row(&self) -> Option<BudgetRow> {
        let waiting = self.waiting_for_time();
        let of = |id: &RootId| waiting.get(id).copied().unwrap_or_default();
        let limited = self.roots.iter().filter_map(|(id, root)| {
            let spending = root.purse.spending?;
            Some((of(id), spending.left_ms()?, *id, spending))
        });
        let (waiting, _, id, spending) =
            limited.min_by_key(|(waiting, left_ms, ..)| (*waiting == 0, *left_ms))?;
        Some(BudgetRow {
            root: self.root_uri(id),
            whole_s: spending.whole_ms()? / 1000,
            spent_s: spending.spent_ms / 1000,
            reserved_s: spending.reserved_ms / 1000,
            exhausted: spending.is_exhausted(),
            waiting,
            easier_at: spending.easier_at,
            told: spending.to_string(),
        })
    }
}

fn agree() -> String {
    format!("Allow {MINUTES} More Minutes")
}

/// That it is spent, in one sentence.
fn told(spending: &Spending, tasks: usize) -> String {
    let exhausted = Exhausted { spending: *spending, by_others: false };
    let verb = if tasks == 1 { "waits" } else { "wait" };
    format!("{exhausted}; {} {verb}", prose::count(tasks, "task"))
}

/// What the person is told once there is more.
pub(crate) fn raised(by: Duration, spending: &Spending) -> String {
    let by = span(u64::try_from(by.as_millis()).unwrap_or(u64::MAX));
    format!("workers may take {by} more: {spending}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_wrong_with_an_argument_is_named() {
        let read = |arguments: &[Value]| read("countersign.allow", arguments).unwrap();
        assert_eq!(read(&[]), Ok(AllowArguments::default()));
        assert_eq!(read(&[json!({ "minutes": 5 })]).unwrap().minutes, Some(5));
        for (given, says) in [
            (json!({ "minutes": 0 }), "1 to 1440"),
            (json!({ "minutes": 1441 }), "1 to 1440"),
            (json!({ "hours": 1 }), "unknown field"),
        ] {
            let error = read(&[given]).unwrap_err();
            assert!(error.contains(says), "{error}");
        }
        assert_eq!(super::read("countersign.pause", &[]), None);
    }
}
