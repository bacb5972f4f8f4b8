//! Killed at every step: before each call that changes files, and in the middle of each write.
//!
//! A kill before one call is a kill after the one before it. Calls that only wait for the disk are left out,
//! since a killed process loses nothing that the system took.

use test_support::World;

use crate::faults::{Call, Fault, calls_of, chosen, run_with};
use crate::story::{Story, Told, tree_of};
use crate::thorough;

/// How many steps within git's folder are taken of one command by default.
const STEPS_MAX: usize = 40;

/// Every step at which a run can be killed with another effect.
fn steps(calls: Vec<Call>) -> Vec<(Fault, Call)> {
    let mut steps = Vec::new();
    for call in calls {
        if call.changes_files() || thorough() {
            steps.push((Fault::Kill(call.number), call.clone()));
        }
        // Half a page of the shared memory index is no other state than none of it: it is made anew.
        if call.writes() && (!call.path.ends_with("-shm") || thorough()) {
            steps.push((Fault::Torn(call.number), call));
        }
    }
    chosen(steps, STEPS_MAX, |(_, call)| call)
}

/// Kills `args` at every step in a replica of `start`, and hands each to `then`, with its turn.
#[track_caller]
fn killed(start: &World, args: &[&str], then: impl Fn(&World, usize)) {
    let calls = calls_of(&start.replica(), args);
    for (turn, (fault, call)) in steps(calls).into_iter().enumerate() {
        let world = start.replica();
        let (output, _) = run_with(&world, args, &fault);
        let step = format!("{} {}", call.name, call.path);
        assert_eq!(output.status, -1, "{fault:?} at {step}: the same run makes the same calls");
        let told = Told(format!("`{}` with {fault:?} at {step}", args.join(" ")));
        then(&world, turn);
        drop(told);
    }
}

#[test]
fn killed_at_every_step_of_an_acceptance() {
    let story = Story::proposed();
    killed(&story.world, &["accept", &story.id, "--by", "Ada"], |world, turn| {
        let states = story.check(world);
        story.there_and_back(world, &states, turn);
    });
}

#[test]
fn killed_at_every_step_of_an_undo() {
    let story = Story::accepted();
    killed(&story.world, &["undo", &story.id, "--by", "Ada"], |world, turn| {
        let states = story.check(world);
        if states.iter().any(|state| state == "accepted") {
            story.decide(world, "undo");
        }
        let states = story.check(world);
        assert_eq!(tree_of(world.root()), story.before);
        story.there_and_back(world, &states, turn);
    });
}

#[test]
fn killed_at_every_step_of_a_rejection() {
    let story = Story::proposed();
    killed(&story.world, &["reject", &story.id, "--by", "Ada"], |world, _| {
        let states = story.check(world);
        assert_eq!(tree_of(world.root()), story.before, "a rejection writes nothing");
        assert!(states.windows(2).all(|pair| pair[0] == pair[1]), "all or none: {states:?}");
        if states[0] == "proposed" {
            story.decide(world, "reject");
        }
        assert_eq!(story.check(world)[0], "rejected");
    });
}

#[test]
fn killed_while_the_ledger_is_made() {
    let story = Story::told();
    let import = ["import", "--branch", "work", "--format", "json"];
    killed(&story.world, &import, |world, _| {
        // A look, which must not be in the way of what comes.
        story.run(world, &["list"]);
        let imported = story.run(world, &import).json();
        let id = imported.get("id").unwrap_or_else(|| &imported["changeset"]["id"]);
        let id = id.as_str().unwrap().to_owned();
        let taken = Story { id, world: World::without_git(), before: story.before.clone() };
        assert_eq!(taken.check(world)[0], "proposed");
        taken.decide(world, "accept");
        assert_eq!(taken.check(world)[0], "accepted");
    });
}

/// The recovery is killed at every step as well, after crashes that leave it something to do.
#[test]
fn killed_at_every_step_of_the_recovery() {
    let story = Story::proposed();
    let accept = ["accept", &story.id, "--by", "Ada"];
    let calls = calls_of(&story.world.replica(), &accept);
    let landing: Vec<&Call> = calls.iter().filter(|call| !call.path.starts_with(".git")).collect();
    let moments = [0, landing.len() / 3, landing.len() - 1].map(|index| landing[index].number);
    for moment in moments {
        let crashed = story.world.replica();
        assert_eq!(run_with(&crashed, &accept, &Fault::Kill(moment)).0.status, -1);
        killed(&crashed, &["list"], |world, _| {
            let states = story.check(world);
            if states[0] != "accepted" {
                story.decide(world, "accept");
            }
            story.check(world);
            assert_eq!(tree_of(world.root()), story.after());
        });
    }
}
