//! What this system can confine, as a person sees it. How it holds is tested in the `sandbox` crate.

use std::path::Path;
use std::time::{Duration, Instant};

use test_support::{Output, World};

use crate::escapes::{Means, confined_by, output_of};
use crate::support::{countersign, run};

/// Runs the binary where `before` has been done to the system that it sees.
pub fn run_after(world: &World, before: &str, args: &[&str]) -> Output {
    let script = format!("{before} && exec \"$@\"");
    let wrapper = ["-Urm", "sh", "-c", &script, "sh", countersign().to_str().unwrap()];
    world.run("unshare", &[&wrapper[..], args].concat())
}

const PATIENCE: Duration = Duration::from_secs(30);

/// A limit that counts from the namespace in which it is set.
pub const NO_NAMESPACES: &str = "echo 0 > /proc/sys/user/max_user_namespaces";

#[test]
fn doctor_says_what_was_tried_and_what_is_visible() {
    let world = World::new();
    world.write("../home/.cargo/bin/cargo", "");
    world.write("../home/.ssh/id", "");
    let told = run(&world, &["doctor", "--format", "json"]).ok().json();
    assert_eq!(told["sandbox"]["tier"], "namespaces", "{told:#}");
    let tiers = told["sandbox"]["tiers"].as_array().unwrap();
    let by: Vec<_> = tiers.iter().map(|tier| tier["by"].as_str().unwrap()).collect();
    assert_eq!(by, ["namespaces", "landlock"], "{told:#}");
    assert!(tiers.iter().all(|tier| tier["enforced"] == true), "{told:#}");
    assert!(tiers.iter().all(|tier| tier["attempts"].as_array().unwrap().len() >= 10), "{told:#}");
    let shown = told["shown"].to_string();
    assert!(shown.contains(".cargo/bin") && !shown.contains(".ssh"), "{told:#}");
    let git = told["tools"].as_array().unwrap().iter().find(|tool| tool["name"] == "git").unwrap();
    assert_eq!(git["inside"], true, "{told:#}");
    assert_eq!(told["ledger"]["state"], "none");
    let text = run(&world, &["doctor"]).ok().stdout;
    assert!(text.contains("to read a file outside: No such file or directory"), "{text}");
}

#[test]
fn an_environment_around_the_folder_is_not_shown_over_it() {
    let world = World::new();
    world.write("pyvenv.cfg", "");
    world.write("secret", "of another project\n");
    world.write("queue/a", "as it is\n");
    let script = "! cat ../secret && echo changed > a && cat a";
    let env = [("VIRTUAL_ENV", world.root().as_os_str())];
    let args = ["-C", "queue", "sandbox", "--", "sh", "-c", script];
    let output = world.run_with_env(countersign(), &args, &env).ok();
    assert_eq!(output.stdout, "changed\n");
    assert_eq!(world.read("queue/a"), "as it is\n");
}

#[test]
fn its_session_stands_back_too() {
    let how = std::fs::read_to_string("/proc/sys/kernel/sched_autogroup_enabled");
    if how.is_ok_and(|how| how.trim() != "1") || !Path::new("/proc/self/autogroup").exists() {
        // This system does not share out between sessions.
        return;
    }
    let world = World::new();
    let session = || run(&world, &["sandbox", "--", "cat", "/proc/self/autogroup"]).ok().stdout;
    // The kernel takes one in 100 ms from whoever is not root outside: others start sandboxes here meanwhile.
    let until = Instant::now() + PATIENCE;
    while !session().ends_with(" nice 10\n") {
        assert!(Instant::now() < until, "{}", session());
    }
}

#[test]
fn where_namespaces_are_refused_a_person_may_allow_the_weaker_tier() {
    let world = World::new();
    let text = run_after(&world, NO_NAMESPACES, &["doctor"]).ok().stdout;
    assert!(text.contains("raise user.max_user_namespaces"), "{text}");
    assert!(text.contains("--allow-tier landlock"), "{text}");
    world.write("file", "seen");
    let refused = run_after(&world, NO_NAMESPACES, &["sandbox", "--", "cat", "file"]).exited(125);
    assert_eq!(refused.stdout, "");
    assert!(refused.stderr.contains("leave the namespaces"), "{}", refused.stderr);
    let weaker =
        ["sandbox", "--allow-tier", "landlock", "--", "sh", "-c", "cat file; echo x > file"];
    let weaker = run_after(&world, NO_NAMESPACES, &weaker).exited(2);
    assert_eq!((weaker.stdout.as_str(), world.read("file").as_str()), ("seen", "seen"));
    assert!(weaker.stderr.contains("not the strongest tier"), "{}", weaker.stderr);
}

#[test]
fn where_only_bubblewrap_is_let_make_namespaces_it_makes_them_all_the_same() {
    let world = World::new();
    world.write("file", "as it was\n");
    let run = |args: &[&str]| {
        let mut command = confined_by(&world, Means::Bubblewrap, "true");
        command.args(args);
        output_of(command)
    };
    let told = run(&["doctor", "--format", "json"]).ok().json();
    assert_eq!(told["sandbox"]["tier"], "namespaces", "{told:#}");
    assert_eq!(told["sandbox"]["by"], "bubblewrap", "{told:#}");
    let text = run(&["doctor"]).ok().stdout;
    assert!(
        text.contains("namespaces   the sandbox cannot be enforced: leave the namespaces"),
        "{text}"
    );
    assert!(text.contains("bubblewrap   holds, with version"), "{text}");
    assert!(!text.contains("the weaker tier is used"), "{text}");
    let script = "echo changed > file; cat file; id -un; hostname; ls ~ /run/countersign";
    let ran = run(&["sandbox", "--", "sh", "-c", script]).ok();
    assert_eq!(
        ran.stdout,
        "changed\ncountersign\nsandbox\n/home/countersign:\n\n/run/countersign:\nstage\n"
    );
    assert!(
        ran.stderr.contains("sandbox: namespaces (by bubblewrap); no network"),
        "{}",
        ran.stderr
    );
    assert_eq!(world.read("file"), "as it was\n");
}

#[test]
fn where_nothing_can_be_confined_nothing_runs() {
    let world = World::new();
    let blind = "mount -t tmpfs none /proc";
    let text = run_after(&world, blind, &["doctor"]).exited(2).stdout;
    assert!(text.contains("nothing can be confined here"), "{text}");
    let ran = ["sandbox", "--allow-tier", "landlock", "--", "touch", "made"];
    let refused = run_after(&world, blind, &ran).exited(125);
    assert!(refused.stderr.contains("a mounted /proc"), "{}", refused.stderr);
    assert!(!world.path("made").exists());
}
