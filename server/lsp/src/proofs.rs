//! Proofs that wait their turn. One is made at a time in this process, since each has the machine for itself; those that
//! somebody asked for come first, and those that nobody did are looked at again before they begin.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use model::ChangeSetId;

use crate::jobs::Token;
use crate::proving::{Occasion, Unasked};
use crate::work::Interrupt;

/// Whose turn it is, of all repositories of this process.
#[derive(Debug, Clone, Default)]
pub(crate) struct Turn(Arc<Mutex<Waiting>>);

#[derive(Debug, Default)]
struct Waiting {
    busy: bool,
    /// How many wait that somebody asked for.
    asked: usize,
}

/// The turn, until it is dropped.
#[derive(Debug)]
pub(crate) struct Taken(Turn);

impl Drop for Taken {
    fn drop(&mut self) {
        self.0.state().busy = false;
    }
}

impl Turn {
    fn state(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, asked: bool) -> Option<Taken> {
        let mut state = self.state();
        if state.busy || (!asked && state.asked > 0) {
            return None;
        }
        state.busy = true;
        Some(Taken(self.clone()))
    }
}

/// A proof that is to begin.
#[derive(Debug)]
pub(crate) struct Due {
    /// The command that waits for it; `None`: nobody asked.
    pub token: Option<Token>,
    pub changeset: ChangeSetId,
    pub occasion: Occasion,
    pub interrupt: Interrupt,
}

/// The proofs of one repository that wait.
#[derive(Debug)]
pub(crate) struct Proofs {
    turn: Turn,
    asked: VecDeque<Due>,
    unasked: VecDeque<Due>,
    /// What ends the one that is under way.
    running: Interrupt,
}

impl Proofs {
    pub(crate) fn new(turn: Turn) -> Self {
        let (asked, unasked) = (VecDeque::new(), VecDeque::new());
        Self { turn, asked, unasked, running: Interrupt::default() }
    }

    /// Somebody asks for one: what nobody asked for of the same change is not due any more.
    pub(crate) fn ask(&mut self, token: Token, changeset: ChangeSetId, interrupt: Interrupt) {
        self.unasked.retain(|due| due.changeset != changeset);
        let (token, occasion) = (Some(token), Occasion::Asked);
        self.asked.push_back(Due { token, changeset, occasion, interrupt });
        self.turn.state().asked += 1;
    }

    /// These are due though nobody asked.
    pub(crate) fn add(&mut self, changes: Vec<ChangeSetId>, occasion: Occasion) {
        for changeset in changes {
            let known = |due: &Due| due.changeset == changeset;
            if !self.asked.iter().any(known) && !self.unasked.iter().any(known) {
                let interrupt = Interrupt::default();
                self.unasked.push_back(Due { token: None, changeset, occasion, interrupt });
            }
        }
    }

    /// Those that somebody asked for, and wants no more before they began.
    pub(crate) fn cancelled(&mut self) -> Vec<Token> {
        let (gone, left): (VecDeque<Due>, VecDeque<Due>) =
            std::mem::take(&mut self.asked).into_iter().partition(|due| due.interrupt.is_asked());
        self.asked = left;
        self.turn.state().asked -= gone.len();
        gone.into_iter().filter_map(|due| due.token).collect()
    }

    /// The next one, if it is its turn.
    pub(crate) fn next(&mut self, unasked: &Unasked) -> Option<(Taken, Due)> {
        self.unasked.retain(|due| unasked.wants(due.changeset, due.occasion));
        let asked = !self.asked.is_empty();
        if !asked && (unasked.is_held() || self.unasked.is_empty()) {
            return None;
        }
        let taken = self.turn.take(asked)?;
        let due = if asked { self.asked.pop_front() } else { self.unasked.pop_front() }?;
        if asked {
            self.turn.state().asked -= 1;
        }
        self.running = due.interrupt.clone();
        Some((taken, due))
    }
}

impl Drop for Proofs {
    /// The repository goes, and what is proved of it is for nobody.
    fn drop(&mut self) {
        self.turn.state().asked -= self.asked.len();
        self.running.interrupt();
    }
}

#[cfg(test)]
mod tests {
    use model::Digest;

    use super::*;

    fn id(name: &str) -> ChangeSetId {
        ChangeSetId(Digest::of(name.as_bytes()))
    }

    fn begins(proofs: &mut Proofs, unasked: &Unasked) -> Option<(Taken, ChangeSetId)> {
        proofs.next(unasked).map(|(taken, due)| (taken, due.changeset))
    }

    #[test]
    fn one_at_a_time_and_what_somebody_asked_for_first_wherever_that_is() {
        let turn = Turn::default();
        let (mut here, mut there) = (Proofs::new(turn.clone()), Proofs::new(turn));
        let unasked = Unasked::wanting(&[id("a"), id("b"), id("c")]);
        here.add(vec![id("a"), id("b")], Occasion::New);
        let (first, a) = begins(&mut here, &unasked).unwrap();
        assert_eq!(a, id("a"));
        there.ask(Token(1), id("c"), Interrupt::default());
        assert!(begins(&mut here, &unasked).is_none() && begins(&mut there, &unasked).is_none());
        drop(first);
        assert!(begins(&mut here, &unasked).is_none(), "somebody waits there");
        let (second, c) = begins(&mut there, &unasked).unwrap();
        assert_eq!(c, id("c"));
        drop(second);
        assert_eq!(begins(&mut here, &unasked).unwrap().1, id("b"));
    }

    #[test]
    fn what_is_wanted_no_more_does_not_begin() {
        let mut proofs = Proofs::new(Turn::default());
        let mut unasked = Unasked::wanting(&[id("a"), id("b")]);
        proofs.add(vec![id("a"), id("b"), id("gone")], Occasion::New);
        // Somebody asks for one of them, and thinks better of it.
        let interrupt = Interrupt::default();
        proofs.ask(Token(7), id("a"), interrupt.clone());
        interrupt.interrupt();
        assert_eq!(proofs.cancelled(), [Token(7)]);
        assert_eq!(proofs.cancelled(), []);
        unasked.hold(true);
        assert!(proofs.next(&unasked).is_none(), "it is paused");
        unasked.hold(false);
        let (taken, due) = proofs.next(&unasked).unwrap();
        assert_eq!(due.changeset, id("b"));
        drop(taken);
        assert!(proofs.next(&unasked).is_none(), "nobody knows the other");
    }

    #[test]
    fn a_repository_that_goes_ends_what_is_proved_of_it_and_lets_others_go_on() {
        let turn = Turn::default();
        let (mut here, mut there) = (Proofs::new(turn.clone()), Proofs::new(turn));
        let unasked = Unasked::wanting(&[id("a"), id("b")]);
        here.ask(Token(1), id("a"), Interrupt::default());
        here.ask(Token(2), id("a"), Interrupt::default());
        let (taken, due) = here.next(&unasked).unwrap();
        drop(here);
        assert!(due.interrupt.is_asked());
        drop(taken);
        there.add(vec![id("b")], Occasion::Again);
        assert!(there.next(&unasked).is_some());
    }
}
