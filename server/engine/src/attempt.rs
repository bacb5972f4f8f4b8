//! A worker's run at a task, within what workers may spend: its time is set aside before it begins, and settled by what it
//! took. The ledger has both, so that a crash spends nothing twice and hides nothing.

use std::time::Duration;

use ledger::{Attempt, AttemptError};
use model::{Actor, Budget, Event, OperationId, Spending, TaskId, Timestamp};
use sandbox::{Bound, End, Sandbox};
use workspace::Trees;

use crate::Error;
use crate::command::{Cancel, CommandRun, CommandTask};
use crate::engine::Engine;

/// What a program that was asked for work came to.
#[derive(Debug, Clone)]
pub struct Attempted {
    /// What it did.
    pub run: CommandRun,
    /// Why it had less time than its own limit, if that is what ended it.
    pub cut_short: Option<String>,
}

impl Engine {
    /// What workers spent in this repository within a day, and what is left of `budget`.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub fn spending(&self, budget: Budget) -> Result<Spending, Error> {
        Ok(self.ledger.spending(limit_ms(budget), self.clock.now())?)
    }

    /// What [`Engine::spending`] tells, once what is set aside for processes that are dead is free again.
    ///
    /// # Errors
    /// The ledger cannot be read, or took no end of an attempt.
    pub fn settled_spending(&mut self, budget: Budget) -> Result<Spending, Error> {
        self.end_lost_attempts(&crate::recover::recovery())?;
        self.spending(budget)
    }

    /// Records that the person lets workers spend more than is configured, for a day; answers what is left then.
    ///
    /// # Errors
    /// The ledger did not take it.
    pub fn raise_budget(&mut self, by: Duration, budget: Budget) -> Result<Spending, Error> {
        self.append(&Event::BudgetRaised { by_ms: ms(by) })?;
        self.spending(budget)
    }

    /// Has a program carry out a task, as [`Engine::run_command`] does, if there is time left for it in `budget`: at most
    /// that much of it.
    ///
    /// # Errors
    /// [`Error::Exhausted`]: there is none, and nothing was run. Else as [`Engine::run_command`].
    pub fn attempt(
        &mut self,
        task: TaskId,
        mut command: CommandTask,
        budget: Budget,
        sandbox: &Sandbox,
        trees: &Trees,
        cancel: Cancel<'_>,
    ) -> Result<Attempted, Error> {
        let worker = command.task.as_ref().map_or_else(String::new, |(_, name)| name.to_string());
        let wanted_ms = ms(command.bounds.time);
        let holder = self.ledger.holder()?.clone();
        self.end_lost_attempts(&crate::recover::recovery())?;
        let attempt = Attempt { task, worker, wanted_ms, holder };
        let (now, limit) = (self.clock.now(), limit_ms(budget));
        let started = self.ledger.start_attempt(now, &self.actor, &attempt, limit);
        let (started, given_ms) = started.map_err(refused)?;
        command.bounds.time = Duration::from_millis(given_ms);
        let ran = self.run_command(&command, sandbox, trees, cancel);
        let spent_ms = match &ran {
            Ok(run) => ms(run.duration),
            // How long it ran is not known then; the clock is not kinder.
            Err(_) => self.since(now, given_ms),
        };
        // What a program takes to end is its, too, but nobody can be charged with more than was set aside.
        let spent_ms = spent_ms.min(given_ms);
        self.append(&Event::AttemptEnded { attempt: started, spent_ms })?;
        let run = ran?;
        let cut = given_ms < wanted_ms && run.end == End::Stopped(Bound::Time);
        let cut_short = if cut { Some(self.spending(budget)?.to_string()) } else { None };
        Ok(Attempted { run, cut_short })
    }

    /// The time since then, and at most `reserved_ms`: that, too, where the clock was set back.
    fn since(&self, then: Timestamp, reserved_ms: u64) -> u64 {
        self.clock.now().0.checked_sub(then.0).unwrap_or(u64::MAX).min(reserved_ms)
    }

    /// Ends the attempts whose process is dead: they are charged with the time since they began, and at most with what was
    /// set aside for them.
    pub(crate) fn end_lost_attempts(&mut self, actor: &Actor) -> Result<(), Error> {
        for open in self.ledger.open_attempts()? {
            let Event::AttemptStarted { reserved_ms, holder, .. } = open.event else { continue };
            if self.ledger.is_alive(&holder) {
                continue;
            }
            let (now, spent_ms) = (self.clock.now(), self.since(open.at, reserved_ms));
            let event = Event::AttemptEnded { attempt: OperationId(open.seq), spent_ms };
            match self.ledger.append(now, actor, &event) {
                // Another process was faster.
                Ok(_) | Err(ledger::AppendError::NoAttempt(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

fn refused(error: AttemptError) -> Error {
    match error {
        AttemptError::Exhausted(exhausted) => exhausted.into(),
        AttemptError::Append(error) => error.into(),
    }
}

fn limit_ms(budget: Budget) -> Option<u64> {
    budget.time_s_per_day.map(|seconds| u64::from(seconds) * 1000)
}

fn ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
