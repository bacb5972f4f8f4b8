#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "tests build their own worlds"))]
//! Starts, confines, limits and ends processes: the only place that spawns.
//!
//! A program that is not the person's own choice runs confined: [`Sandbox::enforce`] answers what this system can
//! enforce or refuses, [`Sandbox::run`] takes a [`Confined`] description and answers how it [`Ended`], when no
//! process of it is left. It sees the system's programs read-only, what the description mounts, and no network.
//! Nothing weaker than what was asked for is ever used instead. What a change, a gate or a worker is, this crate
//! does not know.
//!
//! Two programs run with the person's own rights, because they are the person's own:
//! - their `git`, which the `workspace` crate asks about repositories that its library cannot read: [`run`]. Nothing
//!   that a repository configures can be named here: [`Program`] has no variant for it, and relative entries of
//!   `PATH` are not searched, so a file called `git` in a checkout is never found. The environment is only what the
//!   caller lists, output and time are bounded;
//! - the editor that they set in their environment, on their terminal, for as long as they like: [`edit`].

mod confined;
mod editor;
mod enforce;
#[cfg(target_os = "linux")]
mod linux;
mod process;
mod program;
mod scratch;
mod stop;
mod toolchains;

pub use confined::{
    Attempt, Bound, Bounds, Confined, End, Ended, GATEWAY_SOCKET, HOME, Input, Means, Mount,
    Network, Probed, Refusal, Stream, Tier,
};
pub use editor::{EditorError, edit};
pub use enforce::{Sandbox, enter_stage_if_asked};
pub use process::{Command, Finished, Limits, SandboxError, run};
pub use program::Program;
pub use scratch::Scratch;
pub use stop::Stop;
pub use toolchains::{Tool, Toolchains, Worked, toolchains};
