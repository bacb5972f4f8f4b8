//! The disk fills up at every step, breaks once at every step, takes half of each write, or takes nothing at all:
//! what was asked for is done, or it is said why not and how to go on, and text and ledger agree.

use test_support::{Output, World};

use crate::faults::{Call, Fault, chosen, run_at, run_with, steady_calls_of};
use crate::story::{Story, Told, tree_of};
use crate::thorough;

/// How many steps within git's folder are taken of one command by default.
const STEPS_MAX: usize = 8;

/// Runs `args` in replicas of `start` with the fault that `at` makes of each of its calls, and hands each to `then`.
#[track_caller]
fn faulted(
    start: &World,
    args: &[&str],
    worth: fn(&Call) -> bool,
    at: fn(Call) -> Fault,
    then: impl Fn(&World, Output, usize),
) {
    let calls = steady_calls_of(start, args);
    let calls: Vec<Call> = calls.into_iter().filter(worth).collect();
    for (turn, call) in chosen(calls, STEPS_MAX, |call| call).into_iter().enumerate() {
        // The kills take each step; here it is each second one by default.
        if !turn.is_multiple_of(2) && !thorough() {
            continue;
        }
        let fault = at(call.clone());
        let (world, output) = run_at(start, args, &fault, &call);
        let told = Told(format!("{fault:?} at {} {}: {output:#?}", call.name, call.path));
        then(&world, output, turn);
        drop(told);
    }
}

/// A command that could not do its work ended by itself, with the exit code for that, and says why.
#[track_caller]
fn refused(output: &Output, reasons: &[&str]) {
    assert_eq!(output.status, 2, "{output:#?}");
    let said = format!("{}{}", output.stdout, output.stderr);
    assert!(reasons.iter().any(|reason| said.contains(reason)), "no reason in: {said}");
    assert!(!said.contains("panicked"), "{said}");
}

#[test]
fn a_disk_that_fills_up_during_an_acceptance_leaves_nothing_half_written() {
    let story = Story::proposed();
    let args = ["accept", &story.id, "--by", "Ada"];
    faulted(&story.world, &args, Call::grows, Fault::Full, |world, output, turn| {
        if output.status != 0 {
            refused(&output, &["full", "space"]);
        }
        let states = story.settled(world);
        let done = states.iter().filter(|state| *state == "accepted").count();
        assert!(output.status != 0 || done == states.len(), "what is reported done is done");
        // There is space again.
        story.there_and_back(world, &states, turn);
    });
}

#[test]
fn a_disk_that_fills_up_during_an_undo_leaves_nothing_half_written() {
    let story = Story::accepted();
    let args = ["undo", &story.id, "--by", "Ada"];
    faulted(&story.world, &args, Call::grows, Fault::Full, |world, output, _| {
        if output.status != 0 {
            refused(&output, &["full", "space"]);
        }
        let states = story.settled(world);
        if states.iter().any(|state| state == "accepted") {
            story.decide(world, "undo");
        }
        story.check(world);
        assert_eq!(tree_of(world.root()), story.before);
    });
}

#[test]
fn a_disk_that_breaks_once_during_an_acceptance_is_survived() {
    // A folder that could not be removed is left empty, which git does not see either.
    let story = Story::proposed();
    let args = ["accept", &story.id, "--by", "Ada"];
    faulted(
        &story.world,
        &args,
        |call| !call.name.contains("rmdir"),
        Fault::Broken,
        |world, output, turn| {
            if output.status != 0 {
                assert_eq!(output.status, 2);
                assert!(!output.stderr.contains("panicked"));
            }
            let states = story.settled(world);
            let done = states.iter().filter(|state| *state == "accepted").count();
            assert!(output.status != 0 || done == states.len(), "what is reported done is done");
            story.there_and_back(world, &states, turn);
        },
    );
}

#[test]
fn a_disk_that_breaks_once_during_an_undo_is_survived() {
    let story = Story::accepted();
    let args = ["undo", &story.id, "--by", "Ada"];
    faulted(
        &story.world,
        &args,
        |call| !call.name.contains("rmdir"),
        Fault::Broken,
        |world, _, _| {
            let states = story.settled(world);
            if states.iter().any(|state| state == "accepted") {
                story.decide(world, "undo");
            }
            story.check(world);
            assert_eq!(tree_of(world.root()), story.before);
        },
    );
}

/// Taking out what an agent did either is done as a whole, or put back, or carried on when there is space again.
#[track_caller]
fn a_rejection_of_what_was_adopted_survives(worth: fn(&Call) -> bool, at: fn(Call) -> Fault) {
    let story = Story::adopted();
    let args = ["reject", &story.id, "--by", "Ada"];
    faulted(&story.world, &args, worth, at, |world, output, _| {
        if output.status != 0 {
            assert_eq!(output.status, 2);
            assert!(!output.stderr.contains("panicked"));
        }
        let states = story.settled(world);
        let done = states.iter().filter(|state| *state == "rejected").count();
        assert!(output.status != 0 || done == states.len(), "what is reported done is done");
        if done < states.len() {
            story.decide(world, "reject");
        }
        story.check(world);
        assert_eq!(tree_of(world.root()), story.before);
    });
}

#[test]
fn a_disk_that_fills_up_while_what_was_adopted_is_taken_out_leaves_nothing_half_written() {
    a_rejection_of_what_was_adopted_survives(Call::grows, Fault::Full);
}

#[test]
fn a_disk_that_breaks_once_while_what_was_adopted_is_taken_out_is_survived() {
    a_rejection_of_what_was_adopted_survives(|call| !call.name.contains("rmdir"), Fault::Broken);
}

#[test]
fn writes_that_take_half_of_what_they_are_given_are_carried_on() {
    let story = Story::proposed();
    let world = story.world.replica();
    run_with(&world, &["accept", &story.id, "--by", "Ada"], &Fault::Short).0.ok();
    assert_eq!(story.check(&world)[0], "accepted");
    assert_eq!(tree_of(world.root()), story.after());
    run_with(&world, &["undo", &story.id, "--by", "Ada"], &Fault::Short).0.ok();
    story.check(&world);
    assert_eq!(tree_of(world.root()), story.before);
}

/// Each file in turn, and each folder, may not be changed.
#[test]
fn what_may_not_be_written_is_named_and_everything_else_is_put_back() {
    let story = Story::proposed();
    let paths = ["a.txt", "gone", "link", "e.txt", "moved", "new/deep/c.txt", "run.sh", "src"];
    for path in paths {
        let world = story.world.replica();
        let denied = Fault::Denied(world.path(path));
        let (output, _) = run_with(&world, &["accept", &story.id, "--by", "Ada"], &denied);
        let told = Told(format!("{denied:?}: {output:#?}"));
        refused(&output, &["read-only"]);
        let said = format!("{}{}", output.stdout, output.stderr);
        assert!(said.contains(path), "{said}");
        let states = story.check(&world);
        assert_eq!(tree_of(world.root()), story.before, "put back as a whole");
        story.there_and_back(&world, &states, 0);
        drop(told);
    }
}

#[test]
fn where_nothing_may_be_written_nothing_is_and_the_reason_is_said() {
    let story = Story::proposed();
    let world = story.world.replica();
    let accept = ["accept", &story.id, "--by", "Ada"];
    let (output, _) = run_with(&world, &accept, &Fault::ReadOnly);
    refused(&output, &["read-only", "Read-only"]);
    assert_eq!(tree_of(world.root()), story.before);
    // It can be read all the same.
    run_with(&world, &["list"], &Fault::ReadOnly).0.ok();
    run_with(&world, &["show", &story.id], &Fault::ReadOnly).0.ok();
    let states = story.check(&world);
    story.there_and_back(&world, &states, 0);
}
