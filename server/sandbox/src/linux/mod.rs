//! Confinement on Linux: who starts whom.
//!
//! ```text
//! Countersign ── supervise ── control socket ──┐
//!    └ outer stage: new namespaces             │
//!         └ inner stage = process 1: mounts, limits, Landlock, seccomp; reports and reaps
//!              └ the program, and whatever it starts
//! ```
//! Where namespaces are refused to us but not to `bwrap`, that stands in for the outer stage; the inner one finds the
//! mounts made. Where nobody may have them, a guard stands in: it ends whatever descends from it. The inner stage then
//! has no tree of files, and is not process 1.
//!
//! Both stages are this very program, started again with [`wire::STAGE`] as its first argument, because a
//! process that unshares must have one thread, and code between fork and exec would be unsafe. The control
//! socket is also the lifeline: whoever holds its other end dies, process 1 sees the end of it and ends, and with
//! process 1 the kernel ends everything in the process namespace.

pub(crate) mod apparmor;
mod attempts;
mod bubblewrap;
mod disk;
mod family;
mod guard;
mod inner;
mod loopback;
mod mounts;
mod own;
mod plan;
mod probe;
mod restrict;
mod stage;
mod supervise;
mod syscalls;
mod tree;
mod wire;

pub(crate) use probe::probe;
pub(crate) use stage::enter_stage_if_asked;
pub(crate) use supervise::run;
