//! Crash simulation: what must hold holds after a crash at any step, a full disk, a read-only file, and whatever
//! two editors, a terminal and git do at once.
//!
//! Two rings. `kills` and `refusals` run the real binary and make one of its system calls go wrong, each in turn.
//! `seeds` plays editors, a terminal and git in one process, one step at a time in an order that a seed decides,
//! and crashes them between any two steps.
//!
//! `COUNTERSIGN_SIMULATION=all` takes every step where a run by default takes a sample, and more seeds;
//! `COUNTERSIGN_SIMULATION_SEEDS=N` says how many, `COUNTERSIGN_SEED=N` runs that one alone and tells its story.

#![cfg(test)]
#![allow(clippy::disallowed_methods, reason = "simulations build and damage their own worlds")]

mod actors;
#[cfg(target_os = "linux")]
mod faults;
#[cfg(target_os = "linux")]
mod kills;
#[cfg(target_os = "linux")]
mod refusals;
mod seeds;
#[cfg(target_os = "linux")]
mod story;
mod texts;

/// Whether every step is to be taken.
fn thorough() -> bool {
    std::env::var_os("COUNTERSIGN_SIMULATION").is_some_and(|value| value == "all")
}
