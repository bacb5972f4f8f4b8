//! The review at a terminal: a person goes through what waits, hunk by hunk, and decides.
//!
//! A model without IO stands in the middle. `state` says what is on show, `update` what a key or a look at
//! the world makes of it and which [`command`](command::Command)s follow, `view` how it is drawn. `screen`
//! owns the terminal and `plain` speaks by lines where there is none; both have `carry` do what was decided.
//! Nothing here decides anything about a change: the engine does, and what it refuses is shown with its reason.

mod carry;
mod command;
mod edit;
mod help;
mod key;
mod needs;
mod plain;
mod rows;
mod screen;
mod search;
mod state;
mod update;
mod view;
mod visible;

#[cfg(test)]
mod fixture;

pub use carry::Desk;
pub use plain::plain;
pub use screen::full;
