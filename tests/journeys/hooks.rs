//! What agents' programs are given so that their turns are adopted, run as they would run it.
#![cfg(unix)]

use std::ffi::OsString;

use serde_json::Value;
use test_support::{Output, World};

use crate::support::{RUST, countersign, hunk_states, run, world};

/// Runs a command line as an agent's program does: with a shell, `countersign` on the path.
fn shell(world: &World, line: &str) -> Output {
    let mut path = OsString::from(countersign().parent().unwrap());
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap());
    world.run_with_env("sh", &["-c", line], &[("PATH", &path)])
}

fn changes(world: &World) -> Vec<Value> {
    let list = run(world, &["list", "--format", "json"]).ok().json();
    list["changes"].as_array().unwrap().clone()
}

fn hook(agent: &str, event: &str) -> String {
    let world = World::without_git();
    let printed = run(&world, &["hooks", agent]).ok();
    assert!(printed.stderr.contains("merge this into"), "{}", printed.stderr);
    let hook = &printed.json()["hooks"][event][0]["hooks"][0];
    assert_eq!(hook["type"], "command");
    hook["command"].as_str().unwrap().to_owned()
}

#[test]
fn what_an_agent_did_between_its_hooks_is_adopted() {
    for (agent, before, after) in [
        ("claude", "UserPromptSubmit", "Stop"),
        ("codex", "UserPromptSubmit", "Stop"),
        ("gemini", "BeforeAgent", "AfterAgent"),
    ] {
        let world = world();
        world.write("mine.txt", "written before the turn\n");
        let silent = |event: &str| {
            let output = shell(&world, &hook(agent, event)).ok();
            assert_eq!((output.stdout.as_str(), output.stderr.as_str()), ("", ""), "{event}");
        };
        silent(before);
        world.write("src/queue.rs", RUST.replace("queue.len() == 0", "queue.is_empty()"));
        silent(after);
        silent(after);
        let changes = changes(&world);
        assert_eq!(changes.len(), 1, "{changes:#?}");
        assert_eq!(changes[0]["origin"]["name"], agent);
        assert_eq!(hunk_states(&world, changes[0]["id"].as_str().unwrap()), ["adopted"]);
        // A turn that did nothing leaves nothing to review.
        silent(before);
        silent(after);
        assert_eq!(self::changes(&world).len(), 1);
    }
}

#[test]
fn a_hook_never_fails_a_turn() {
    let world = World::without_git();
    for event in ["UserPromptSubmit", "Stop"] {
        let output = shell(&world, &hook("claude", event)).ok();
        assert_eq!(output.stdout, "");
        assert!(output.stderr.contains("not inside a git repository"), "{}", output.stderr);
        // Nor where the program is missing, or too old to know of hooks.
        world.run("sh", &["-c", &hook("claude", event)]).ok();
        shell(&world, &hook("claude", event).replace("--hook", "--unknown")).ok();
    }
}

#[test]
fn an_agent_without_hooks_is_started_by_a_script() {
    let world = world();
    let script = run(&world, &["hooks", "generic"]).ok().stdout;
    world.write("../countersign-turn", script);
    let turn = "sh ../countersign-turn robot sh -c 'echo \"by a robot\" >> README.md; exit 7'";
    let output = shell(&world, turn).exited(7);
    assert_eq!((output.stdout.as_str(), output.stderr.as_str()), ("", ""));
    let changes = changes(&world);
    assert_eq!(changes[0]["origin"]["name"], "robot");
    assert_eq!(hunk_states(&world, changes[0]["id"].as_str().unwrap()), ["adopted"]);
}
