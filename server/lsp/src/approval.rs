//! The person's word for the commands that a repository would have run: asked for where it is needed, by a question in
//! the editor, and where the editor asks no questions, by an action that names what was told.
//!
//! What is trusted is always what was shown: the word names its digest, and whoever has it recorded compares that with
//! what would run by then.

use std::panic::{AssertUnwindSafe, RefUnwindSafe, catch_unwind};
use std::path::Path;

use lsp_types::{MessageActionItem, MessageType, ShowMessageRequestParams};
use model::{ChangeSetId, Digest};
use serde_json::Value;

use crate::Options;
use crate::command::Verb;
use crate::engine_thread::told;
use crate::jobs::{Done, Failure, Job, RootId, Token};
use crate::main_loop::{Refusal, Reply};
use crate::outbox::{Continuation, Outgoing, Question};
use crate::prose;
use crate::session::{Session, answer};

/// How many commands a question names.
const COMMANDS_MAX: usize = 6;
const COMMAND_MAX: usize = 100;

const AGREE: &str = "Trust until It Changes";
pub(crate) const DECLINE: &str = "Not Now";

/// Commands of a repository that nobody trusts yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// Names them all together.
    pub digest: Digest,
    /// How many gates.
    pub gates: usize,
    /// How many workers.
    pub workers: usize,
    /// Each with its name, for people.
    pub commands: Vec<String>,
}

impl Approval {
    fn called(&self) -> String {
        let counted = |count, what| (count > 0).then(|| prose::count(count, what));
        let parts = [counted(self.gates, "gate"), counted(self.workers, "worker")];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" and ")
    }

    /// What would run, in one sentence.
    fn told(&self) -> String {
        let shown = self.commands.iter().take(COMMANDS_MAX);
        let mut commands: Vec<String> =
            shown.map(|command| prose::one_line(command, COMMAND_MAX)).collect();
        if let left @ 1.. = self.commands.len().saturating_sub(COMMANDS_MAX) {
            commands.push(format!("and {left} more, which `countersign gates` lists"));
        }
        let commands = commands.join("; ");
        format!("{} of this repository would run in the sandbox: {commands}", self.called())
    }

    fn title(&self) -> String {
        format!("Trust what this repository would run until it changes: {}", self.called())
    }
}

/// Knows what nobody trusts yet, and records the person's word.
pub trait Approves: Send + Sync + RefUnwindSafe {
    /// What the repository around a folder would have run and nobody trusts; `None`: nothing.
    ///
    /// # Errors
    /// One sentence: what does not load.
    fn wanted(&self, folder: &Path) -> Result<Option<Approval>, String>;

    /// Records that the person trusts just this; answers with a sentence.
    ///
    /// # Errors
    /// One sentence: it is another by now, or cannot be recorded.
    fn approve(&self, folder: &Path, digest: Digest) -> Result<String, String>;
}

/// What the person chose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Choice {
    /// What agrees.
    Agreed,
    /// Anything else, or nothing.
    Declined,
    /// The client asks no questions; why, as it says.
    Unasked(String),
}

/// An approval that was asked for.
#[derive(Debug)]
pub(crate) struct Asked {
    approval: Approval,
    /// What is to be proved once it is given.
    prove: Option<ChangeSetId>,
    /// Who waits for it.
    reply: Option<Reply<Option<Value>>>,
}

/// What nobody trusts yet around a folder, if `options` know.
pub(crate) fn wanted(options: &Options, folder: &Path) -> Result<Option<Approval>, String> {
    let Some(approves) = &options.approves else { return Ok(None) };
    catch_unwind(AssertUnwindSafe(|| approves.wanted(folder))).unwrap_or_else(|_| internal())
}

/// Looks what is to be trusted, or records that it is.
pub(crate) fn carry_out(
    options: &Options,
    folder: &Path,
    token: Token,
    digest: Option<Digest>,
) -> Done {
    let Some(digest) = digest else {
        return match wanted(options, folder) {
            Ok(Some(approval)) => Done::Approval { token, approval },
            Ok(None) => told(token, Ok(("nothing is left to trust".to_owned(), Value::Null))),
            Err(message) => told(token, Err(Failure::user(message))),
        };
    };
    let approve = || match &options.approves {
        Some(approves) => approves.approve(folder, digest),
        None => Err("nothing can be trusted from here: use `countersign trust`".to_owned()),
    };
    match catch_unwind(AssertUnwindSafe(approve)).unwrap_or_else(|_| internal()) {
        Ok(said) => Done::Trusted { token, said },
        Err(message) => told(token, Err(Failure::user(message))),
    }
}

fn internal<T>() -> Result<T, String> {
    Err("internal error: the log on stderr says more".to_owned())
}

impl Session {
    /// A command needs something to be trusted: the person is asked.
    pub(crate) fn needs_approval(&mut self, root: RootId, token: Token, approval: Approval) {
        self.proof_over(token);
        let (prove, reply) = match self.of_files.remove(&token) {
            Some((_, _, reply)) => (None, Some(reply)),
            None => match self.running.remove(&token) {
                Some(running) => (Some(running.changeset), running.reply),
                None => return,
            },
        };
        let message = format!("{}. Trust that?", approval.told());
        let params = ShowMessageRequestParams {
            typ: MessageType::WARNING,
            message,
            actions: Some([AGREE, DECLINE].map(action).to_vec()),
        };
        let question = Question::Choose { root, digest: approval.digest, params };
        let asked = Asked { approval, prove, reply };
        if let Some(Asked { reply: Some(earlier), .. }) = self.approvals.insert(root, asked) {
            answer(earlier, Err(Refusal::Moved("it was asked for again".to_owned())));
        }
        self.outbox.send(Outgoing::Ask(Box::new(question), Continuation::Nothing));
    }

    /// The person answered, or the client asks no questions.
    pub(crate) fn chosen(&mut self, root: RootId, digest: Digest, choice: Choice) {
        let Some(asked) = self.approvals.get_mut(&root) else { return };
        if asked.approval.digest != digest {
            return;
        }
        let reply = asked.reply.take();
        match choice {
            Choice::Agreed => self.trust(root, Some(digest), reply),
            Choice::Declined => {
                self.approvals.remove(&root);
                self.forget_wish(root);
                let message = "not trusted: nothing was run".to_owned();
                self.outbox.say(MessageType::INFO, message.clone());
                reply.into_iter().for_each(|it| answer(it, Err(Refusal::Failed(message.clone()))));
            }
            // What was told can be agreed to by an action from now on.
            Choice::Unasked(why) => {
                tracing::info!(why, "the client asks no questions");
                let (told, title) = (asked.approval.told(), asked.approval.title());
                let message = format!(
                    "nobody trusts this yet: {told}; the action \"{title}\" agrees, or `countersign trust` does in a terminal"
                );
                self.outbox.say(MessageType::WARNING, message.clone());
                reply.into_iter().for_each(|it| answer(it, Err(Refusal::Failed(message.clone()))));
            }
        }
    }

    /// Has it looked what is to be trusted, or this recorded as such.
    pub(crate) fn trust(
        &mut self,
        root: RootId,
        digest: Option<Digest>,
        reply: Option<Reply<Option<Value>>>,
    ) {
        let token = self.token();
        if let Some(reply) = reply {
            self.of_files.insert(token, (root, Verb::Trust, reply));
        }
        self.post(root, Job::Trust { token, digest });
    }

    /// It is trusted: what waited for that goes on.
    pub(crate) fn trusted(&mut self, root: RootId, token: Token, said: String) {
        let wished = self.roots.get_mut(&root).and_then(|root| root.wished.take());
        let prove = self.approvals.remove(&root).and_then(|asked| asked.prove);
        if let Some(wished) = wished {
            self.outbox.say(MessageType::INFO, said);
            let reply = self.of_files.remove(&token).map(|(_, _, reply)| reply);
            return self
                .ask_for(*wished, reply.unwrap_or_else(|| tokio::sync::oneshot::channel().0));
        }
        let change = prove.and_then(|id| {
            let root = self.roots.get(&root)?;
            root.board.changes.iter().find(|change| change.changeset.id == id).cloned()
        });
        let Some(change) = change else { return self.told(token, said, Value::Bool(true)) };
        self.outbox.say(MessageType::INFO, said);
        let reply = self.of_files.remove(&token).map(|(_, _, reply)| reply);
        self.prove(root, &change, reply);
    }

    /// What of a repository can be agreed to, and how the action is called that does.
    pub(crate) fn to_approve(&self, root: RootId) -> Option<(Digest, String)> {
        let approval = &self.approvals.get(&root)?.approval;
        Some((approval.digest, approval.title()))
    }

    fn forget_wish(&mut self, root: RootId) {
        if let Some(root) = self.roots.get_mut(&root) {
            root.wished = None;
        }
    }

    /// A repository goes: nothing waits for the person's word any more.
    pub(crate) fn abandon_approval(&mut self, root: RootId, why: &str) {
        let reply = self.approvals.remove(&root).and_then(|asked| asked.reply);
        let gone = Refusal::Failed(why.to_owned());
        reply.into_iter().for_each(|reply| answer(reply, Err(gone.clone())));
    }
}

pub(crate) fn action(title: &str) -> MessageActionItem {
    MessageActionItem { title: title.to_owned(), properties: Default::default() }
}

/// What a client's answer to a question means, of which the first action agrees.
pub(crate) fn choice(
    asked: &ShowMessageRequestParams,
    answer: Result<Option<MessageActionItem>, String>,
) -> Choice {
    let agrees = asked.actions.iter().flatten().next();
    match answer {
        Ok(Some(item)) if agrees.is_some_and(|it| it.title == item.title) => Choice::Agreed,
        Ok(_) => Choice::Declined,
        Err(why) => Choice::Unasked(why),
    }
}
