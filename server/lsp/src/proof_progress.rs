//! The progress of proofs that somebody asked for: shown where the client shows any, and ended there, too.

use lsp_types::{
    NumberOrString, ProgressParams, ProgressParamsValue, WorkDoneProgress, WorkDoneProgressBegin,
    WorkDoneProgressEnd,
};

use crate::jobs::Token;
use crate::outbox::{Continuation, Outgoing, Question};
use crate::session::Session;
use crate::work::Interrupt;

/// A proof that is followed.
#[derive(Debug)]
pub(crate) struct Followed {
    title: String,
    interrupt: Interrupt,
    /// Whether the client shows it.
    shown: bool,
}

fn name(token: Token) -> NumberOrString {
    NumberOrString::String(format!("countersign/proof/{}", token.0))
}

impl Session {
    /// Has the client show a proof that was asked for, and end it.
    pub(crate) fn follow_proof(&mut self, token: Token, title: String, interrupt: Interrupt) {
        self.followed.insert(token, Followed { title, interrupt, shown: false });
        if self.client.progress {
            let question = Box::new(Question::Progress(name(token)));
            self.outbox.send(Outgoing::Ask(question, Continuation::Progress(token)));
        }
    }

    /// The client shows it from now on, or does not want to.
    pub(crate) fn proof_shown(&mut self, token: Token, outcome: &Result<(), String>) {
        let Some(followed) = self.followed.get_mut(&token).filter(|_| outcome.is_ok()) else {
            return;
        };
        followed.shown = true;
        let begin = WorkDoneProgressBegin {
            title: followed.title.clone(),
            cancellable: Some(true),
            message: Some("the gates run in the sandbox, when it is its turn".to_owned()),
            percentage: None,
        };
        self.tell_proof(token, WorkDoneProgress::Begin(begin));
    }

    /// The client wants no more of a progress: the proof behind it ends, if it is one's.
    pub(crate) fn cancel_proof(&self, progress: &NumberOrString) {
        if let Some((_, followed)) = self.followed.iter().find(|(it, _)| name(**it) == *progress) {
            followed.interrupt.interrupt();
        }
    }

    /// A command is over, which may have been for a proof.
    pub(crate) fn proof_over(&mut self, token: Token) {
        if self.followed.remove(&token).is_some_and(|followed| followed.shown) {
            let end = WorkDoneProgressEnd { message: None };
            self.tell_proof(token, WorkDoneProgress::End(end));
        }
    }

    fn tell_proof(&self, token: Token, value: WorkDoneProgress) {
        let (token, value) = (name(token), ProgressParamsValue::WorkDone(value));
        self.outbox.send(Outgoing::Progress(ProgressParams { token, value }));
    }
}
