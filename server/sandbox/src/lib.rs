#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "tests build their own worlds"))]
//! Starts, limits and ends processes: the only place that spawns.
//!
//! **It confines nothing yet.** A program started here runs with the person's own rights: it sees their
//! files and their network. That is why the only [`Program`] is the person's own `git`, which the
//! `workspace` crate asks about repositories that its library cannot read. Nothing that a repository
//! configures can be named here: there is no variant for it, and relative entries of `PATH` are not
//! searched, so a file called `git` in a checkout is never found.
//!
//! What it does do: the environment is only what the caller lists, output and time are bounded, the
//! pipes are drained on their own threads so that neither side can block the other, and a program that
//! outlives its time is killed. Start at [`run`].
//!
//! The one program that is not ours to name is the person's own editor: [`edit`] starts what they set in
//! their environment, on their terminal, for as long as they like.

mod editor;
mod process;
mod program;

pub use editor::{EditorError, edit};
pub use process::{Command, Finished, Limits, SandboxError, run};
pub use program::Program;
