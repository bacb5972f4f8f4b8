//! The stages of a sandbox as a program of their own, for this crate's tests and benchmarks.

fn main() {
    sandbox::enter_stage_if_asked();
}
