//! Features to an explained score.
//!
//! How likely is it that a change does harm? [`score`] answers with a number from 0 to 100 and the reasons
//! that make it up. Pure, and in whole numbers, so the same features give the same score on every machine.
//! It knows nothing of files, texts or policies: what a score permits is decided elsewhere.
//!
//! The one model is `additive-1`; its points, and why they are what they are, stand in [`score`].

mod additive;
mod spread;

pub use additive::score;
pub use spread::entropy;
