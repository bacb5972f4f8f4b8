//! Killed at every step: before each call that changes files, and in the middle of each write.
//!
//! A kill before one call is a kill after the one before it. Calls that only wait for the disk are left out,
//! since a killed process loses nothing that the system took.

use test_support::World;

use crate::faults::{Call, Fault, calls_of, chosen, run_at, run_with, steady_calls_of};
use crate::story::{ADOPT, Story, Told, tree_of};
use crate::thorough;

/// How many steps within git's folder are taken of one command by default.
const STEPS_MAX: usize = 10;

/// Every step at which a run can be killed with another effect.
fn steps(calls: Vec<Call>) -> Vec<(Fault, Call)> {
    let mut steps = Vec::new();
    for call in calls {
        if call.changes_files() || thorough() {
            steps.push((Fault::Kill(call.clone()), call.clone()));
        }
        // Half a page of the shared memory index is no other state than none of it: it is made anew.
        if call.writes() && (!call.path.ends_with("-shm") || thorough()) {
            steps.push((Fault::Torn(call.clone()), call));
        }
    }
    chosen(steps, STEPS_MAX, |(_, call)| call)
}

/// Kills `args` at every step in a replica of `start`, and hands each to `then`, with its turn.
#[track_caller]
fn killed(start: &World, args: &[&str], then: impl Fn(&World, usize)) {
    let calls = steady_calls_of(start, args);
    for (turn, (fault, call)) in steps(calls).into_iter().enumerate() {
        let (world, output) = run_at(start, args, &fault, &call);
        let step = format!("{} {}", call.name, call.path);
        assert_eq!(output.status, -1, "{fault:?} at {step} took hold");
        let told = Told(format!("`{}` with {fault:?} at {step}", args.join(" ")));
        then(&world, turn);
        drop(told);
    }
}

#[test]
fn killed_at_every_step_of_an_acceptance() {
    let story = Story::proposed();
    killed(&story.world, &["accept", &story.id, "--by", "Ada"], |world, turn| {
        let states = story.settled(world);
        story.there_and_back(world, &states, turn);
    });
}

#[test]
fn killed_at_every_step_of_an_undo() {
    let story = Story::accepted();
    killed(&story.world, &["undo", &story.id, "--by", "Ada"], |world, turn| {
        let mut states = story.settled(world);
        if states.iter().any(|state| state == "accepted") {
            story.decide(world, "undo");
            states = story.settled(world);
        }
        assert_eq!(tree_of(world.root()), story.before);
        story.there_and_back(world, &states, turn);
    });
}

#[test]
fn killed_at_every_step_of_a_rejection() {
    let story = Story::proposed();
    killed(&story.world, &["reject", &story.id, "--by", "Ada"], |world, _| {
        story.decided_at_once(world, "reject", "proposed", "rejected");
    });
}

#[test]
fn killed_at_every_step_of_an_adoption() {
    let story = Story::done();
    killed(&story.world, &ADOPT, |world, _| {
        let list = story.run(world, &["list", "--format", "json"]).json();
        let recorded = list["changes"].as_array().unwrap().len();
        assert!(recorded <= 1, "{list:#}");
        assert_eq!(tree_of(world.root()), story.after(), "an adoption writes nothing");
        let id = story.adopt(world);
        if recorded == 1 {
            assert_eq!(list["changes"][0]["id"], id.as_str(), "it is the same one");
        }
        assert!(story.check(world).iter().all(|state| state == "adopted"));
    });
}

#[test]
fn killed_at_every_step_of_the_rejection_of_what_was_adopted() {
    let story = Story::adopted();
    killed(&story.world, &["reject", &story.id, "--by", "Ada"], |world, turn| {
        let states = story.settled(world);
        if states.iter().any(|state| state == "adopted") {
            story.decide(world, "reject");
            assert!(story.settled(world).iter().all(|state| state == "rejected"));
        }
        assert_eq!(tree_of(world.root()), story.before);
        // What was taken out by half comes back as well as what was taken out at once.
        if states.windows(2).any(|pair| pair[0] != pair[1]) || turn.is_multiple_of(8) {
            story.decide(world, "restore");
            let states = story.states(world);
            story.there_and_back(world, &states, 0);
        } else {
            story.run(world, &["ledger", "verify"]);
        }
    });
}

#[test]
fn killed_at_every_step_of_the_review_of_what_was_adopted() {
    let story = Story::adopted();
    killed(&story.world, &["accept", &story.id, "--by", "Ada"], |world, turn| {
        story.decided_at_once(world, "accept", "adopted", "accepted");
        if turn.is_multiple_of(8) {
            // It was a review, and so is taking it back.
            story.decide(world, "undo");
            assert!(story.check(world).iter().all(|state| state == "adopted"));
        }
    });
}

#[test]
fn killed_at_every_step_of_a_restoration() {
    let story = Story::adopted();
    story.decide(&story.world, "reject");
    killed(&story.world, &["restore", &story.id, "--by", "Ada"], |world, turn| {
        story.decided_at_once(world, "restore", "rejected", "proposed");
        if turn.is_multiple_of(8) {
            story.decide(world, "accept");
            assert_eq!(tree_of(world.root()), story.after());
        }
    });
}

/// The state of each hunk of each ChangeSet, the oldest first.
fn all_states(story: &Story, world: &World) -> Vec<(String, Vec<String>)> {
    let list = story.run(world, &["list", "--format", "json"]).json();
    let word = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let states = |change: &serde_json::Value| {
        let hunks = change["hunks"].as_array().unwrap();
        (word(&change["id"]), hunks.iter().map(|hunk| word(&hunk["state"])).collect())
    };
    list["changes"].as_array().unwrap().iter().map(states).collect()
}

/// What is stated anew has moved: into a file that it is found in again, and by lines.
#[test]
fn killed_at_every_step_of_a_repeated_proposal() {
    let idle = "pub fn idle(queue: &[u32]) -> bool {\n    queue.len() == 0\n}\n";
    let total = "pub fn total(queue: &[u32]) -> u32 {\n    let sum = 0;\n    sum\n}\n";
    let text = format!("{idle}\n{total}");
    let world = World::new();
    world.write("src/queue.rs", &text);
    world.commit("Before");
    world.git(&["checkout", "--quiet", "-b", "work"]);
    world.write("src/queue.rs", text.replace("len() == 0", "is_empty()").replace("= 0", "= 1"));
    world.commit("All of it");
    world.git(&["checkout", "--quiet", "main"]);
    let mut story = Story { id: String::new(), before: tree_of(world.root()), world };
    let imported = story.run(&story.world, &["import", "--branch", "work", "--format", "json"]);
    imported.json()["changeset"]["id"].as_str().unwrap().clone_into(&mut story.id);
    let indented: String = idle.lines().map(|line| format!("    {line}\n")).collect();
    let moved = format!("//! A queue.\n\n{total}\npub mod waiting {{\n{indented}}}\n");
    story.world.write("src/queue.rs", &moved);
    let repropose = ["repropose", &story.id, "--format", "json"];
    killed(&story.world, &repropose, |world, _| {
        assert!(all_states(&story, world).len() <= 2);
        assert_eq!(world.read("src/queue.rs"), moved, "stating it anew writes nothing");
        // What is superseded already is not stated anew again, and need not be.
        if all_states(&story, world)
            .iter()
            .any(|(id, states)| *id == story.id && states.iter().any(|state| state == "proposed"))
        {
            story.run(world, &repropose);
        }
        let states = all_states(&story, world);
        assert_eq!(states.len(), 2, "{states:?}");
        for (id, states) in &states {
            let expected = if *id == story.id { "superseded" } else { "proposed" };
            assert_eq!(*states, [expected; 2]);
        }
        let anew = states.iter().find(|(id, _)| *id != story.id).map(|(id, _)| id.as_str());
        story.run(world, &["accept", anew.unwrap(), "--by", "Ada"]);
        let wanted = moved.replace("len() == 0", "is_empty()").replace("= 0", "= 1");
        assert_eq!(world.read("src/queue.rs"), wanted);
        story.run(world, &["ledger", "verify"]);
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
        assert_eq!(taken.settled(world)[0], "proposed");
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
    let moments = [landing.len() / 3, 0, landing.len() - 1].map(|index| landing[index]);
    for moment in moments.into_iter().take(if thorough() { 3 } else { 1 }) {
        let crashed = story.world.replica();
        assert_eq!(run_with(&crashed, &accept, &Fault::Kill(moment.clone())).0.status, -1);
        killed(&crashed, &["list"], |world, _| {
            let states = story.settled(world);
            if states[0] != "accepted" {
                story.decide(world, "accept");
            }
            story.check(world);
            assert_eq!(tree_of(world.root()), story.after());
        });
    }
}
