//! The command worker's proposals: any program runs in the sandbox on a throwaway checkout of the saved files, and
//! what it changed there is captured, reviewed, judged and recorded like any other proposal.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use agent::command::{self, CommandEnded};
use model::{ChangeSet, Origin, Ran, RelPath, Task, WorkerName};
use sandbox::{Bound, Bounds, Confined, End, Input, Network, Sandbox, Stop, Tier};
use workspace::{CHECKOUT_AT, LeftOut, Start, Trees};

use crate::Error;
use crate::check::captured_file;
use crate::engine::Engine;
use crate::examine::ChangedFile;
use crate::propose::{Proposal, stated};
use crate::surroundings::Surroundings;

/// What a program is to do, and within which limits.
#[derive(Debug, Clone)]
pub struct CommandTask {
    /// What it is for, in a few words: the title of the proposal.
    pub objective: String,
    /// The program and its arguments.
    pub argv: Vec<OsString>,
    /// The folder it starts in, from the top of the tree.
    pub folder: PathBuf,
    /// The person's environment: it says where their toolchains are, and is not passed on.
    pub env: Vec<(OsString, OsString)>,
    /// What it finds in its environment beside that of its toolchains.
    pub given: Vec<(OsString, OsString)>,
    /// What it reads on standard input.
    pub input: Vec<u8>,
    /// When it is stopped.
    pub bounds: Bounds,
    /// Whether what it changed is proposed although it ended with an exit code other than 0.
    pub any_exit: bool,
    /// The task that it carries out, and the worker that it is; `None` if it was started by name of the program.
    pub task: Option<(Task, WorkerName)>,
}

/// How a run is ended from outside: both are to be used together.
#[derive(Debug, Clone, Copy)]
pub struct Cancel<'a> {
    /// Ends the program.
    pub stop: &'a Stop,
    /// Raised, it keeps from recording what the program did.
    pub asked: &'a AtomicBool,
}

/// What a run of a program came to.
#[derive(Debug, Clone)]
pub struct CommandRun {
    /// The program and its arguments, as they are told.
    pub argv: Vec<String>,
    /// How it ended.
    pub end: End,
    /// How long it took.
    pub duration: Duration,
    /// What it was confined by.
    pub tier: Tier,
    /// The last of what it wrote.
    pub tail: String,
    /// Saved files that it was not shown, each with the reason.
    pub unseen: BTreeMap<RelPath, String>,
    /// What it wrote and no proposal can hold: it was thrown away.
    pub left_out: Vec<LeftOut>,
    /// What became of what it changed.
    pub outcome: CommandOutcome,
}

/// What became of what a program changed.
#[derive(Debug, Clone)]
pub enum CommandOutcome {
    /// It was proposed.
    Proposed(Box<Proposal>),
    /// It changed nothing.
    Unchanged,
    /// It did not end well, so what it did is thrown away.
    ThrownAway,
}

impl Engine {
    /// Has a program propose: it runs in `sandbox` on a checkout of the saved files, which is thrown away. Nothing
    /// outside the ledger and the cache `trees` is written. The difference is from the files as they were when it began.
    ///
    /// # Errors
    /// The program could not be confined or started, the files cannot be checked out, or what it left cannot be
    /// proposed: then none of it is.
    /// # Cost
    /// A scan of the working tree, and the program's own time; a file is written for each that differs from the
    /// commit.
    pub fn run_command(
        &mut self,
        task: &CommandTask,
        sandbox: &Sandbox,
        trees: &Trees,
        cancel: Cancel<'_>,
    ) -> Result<CommandRun, Error> {
        let (rules, base) = (self.rules()?, self.repository.base()?);
        let checkout = self.repository.checkout(trees, Start::Saved)?;
        let caches = self.repository.caches()?;
        let room = checkout.room(&caches)?;
        let surroundings = Surroundings::of(&task.env, sandbox.tier(), &caches, &[]);
        let folder = task.folder.to_str().and_then(|folder| folder.parse().ok());
        let confined = Confined {
            argv: task.argv.clone(),
            cwd: Path::new(CHECKOUT_AT).join(&task.folder),
            env: surroundings
                .env(
                    &room,
                    task.argv.first().map_or("".as_ref(), OsString::as_os_str),
                    folder.as_ref(),
                )
                .into_iter()
                .chain(task.given.iter().cloned())
                .collect(),
            stdin: Input::Bytes(task.input.clone()),
            mounts: surroundings.mounts(&room, &[]),
            network: Network::None,
            one_output: false,
            bounds: task.bounds,
        };
        let CommandEnded { end, duration, tier, tail } =
            command::run(sandbox, &confined, cancel.stop)?;
        let mut run = CommandRun {
            argv: command::told(&task.argv),
            end,
            duration,
            tier,
            tail,
            unseen: checkout.unknown().clone(),
            left_out: Vec::new(),
            outcome: CommandOutcome::ThrownAway,
        };
        let exit_code = match end {
            End::Exited(code) if code == 0 || task.any_exit => code,
            _ => return Ok(run),
        };
        let left = room.left(&self.repository)?;
        run.left_out = left.left_out;
        if left.files.is_empty() {
            run.outcome = CommandOutcome::Unchanged;
            return Ok(run);
        }
        let files: Vec<ChangedFile> = left.files.into_iter().map(captured_file).collect();
        let name = match &task.task {
            Some((_, worker)) => worker.to_string(),
            None => command::name(&task.argv),
        };
        let origin = Origin { worker: "command".to_owned(), name };
        let (title, rationale) = (task.objective.clone(), run.tail.clone());
        let (changeset, examined) =
            stated(&self.repository, base, origin, title, rationale, &files, &rules)?;
        let duration_ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        let (argv, tier) = (run.argv.clone(), tier.name().to_owned());
        let ran = Some(Ran { argv, exit_code, tier, duration_ms });
        if cancel.asked.load(Ordering::Relaxed) {
            run.end = End::Stopped(Bound::Cancelled);
            return Ok(run);
        }
        let asked = task.task.as_ref().map(|(task, _)| Box::new(task.clone()));
        let changeset = ChangeSet { ran, task: asked, ..changeset };
        let proposal = self.record(changeset, examined, &files, &rules, None)?;
        run.outcome = CommandOutcome::Proposed(Box::new(proposal));
        Ok(run)
    }
}
