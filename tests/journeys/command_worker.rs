//! Any program proposes, from the sandbox: what it changes there becomes a change to decide about, and nothing else does.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;
use test_support::{Output, World};

use crate::sandbox::{NO_NAMESPACES, run_after};
use crate::support::{countersign, hunk_states, id, run};

const QUEUE: &str = "import sys\nimport os\n\n\ndef first(queue):\n    return queue[0]\n\n\ndef last(queue):\n    return queue[-1]\n";

/// A repository with a script, a hook, a stash, a branch, what git ignores, and saved changes.
fn project() -> World {
    let world = World::new();
    world.write("queue.py", QUEUE);
    world.write("docs/guide.md", "# Guide\n");
    world.write(".gitignore", "node_modules/\n*.log\n");
    world.write("tidy.sh", TIDY);
    world.commit("A queue");
    world.git(&["branch", "other"]);
    world.write("docs/guide.md", "# Guide, stashed\n");
    world.git(&["stash", "push", "--quiet"]);
    world.write(".git/hooks/post-checkout", "#!/bin/sh\ntouch ran-a-hook\n");
    world.write("node_modules/left/pad.js", "pad\n");
    world.write("docs/draft.md", "a draft\n");
    world
}

const TIDY: &str = "\
for file in *.py; do
    { grep '^import ' \"$file\" | sort; grep -v '^import ' \"$file\"; } > tidied
    cat tidied > \"$file\"
    echo tidied \"$file\"
done
rm tidied
";

/// Has `argv` propose.
fn work(world: &World, argv: &[&str]) -> Output {
    let args = ["run", "do it", "--worker", "command", "--format", "json", "--"];
    run(world, &[&args[..], argv].concat())
}

fn shell(world: &World, script: &str) -> Output {
    work(world, &["sh", "-euc", script])
}

/// What is proposed of what a shell script does: each file with what happens to it.
fn proposed(output: &Output) -> Vec<String> {
    let json = output.json();
    let Some(proposal) = json["proposals"].get(0) else { return Vec::new() };
    let files = proposal["changeset"]["files"].as_array().unwrap();
    let word = |value: &Value| value.as_str().unwrap().to_owned();
    files.iter().map(|file| format!("{} {}", word(&file["change"]), word(&file["path"]))).collect()
}

/// Every name below a folder with its bytes, target and mode. What Countersign keeps for itself is left out.
fn everything(folder: &Path) -> Vec<String> {
    use std::os::unix::fs::PermissionsExt;
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(at) = open.pop() {
        for entry in fs::read_dir(at).unwrap() {
            let path = entry.unwrap().path();
            let metadata = path.symlink_metadata().unwrap();
            if path.ends_with(".git/countersign") {
                continue;
            }
            if metadata.is_dir() {
                open.push(path.clone());
            }
            let bytes = metadata.is_file().then(|| fs::read(&path).unwrap());
            let (target, mode) = (fs::read_link(&path).ok(), metadata.permissions().mode());
            let bytes = bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
            found.push(format!("{} {mode:o} {target:?} {bytes:?}", path.display()));
        }
    }
    found.sort();
    found
}

/// The throwaway folders that are there.
fn rooms(world: &World) -> Vec<String> {
    let mut names = Vec::new();
    for place in ["sandbox", "making"] {
        let folder = world.outer().join("cache/countersign").join(place);
        let Ok(entries) = fs::read_dir(folder) else { continue };
        let entries = entries.map(|entry| entry.unwrap());
        let folders = entries.filter(|entry| entry.file_type().unwrap().is_dir());
        names.extend(folders.map(|entry| entry.file_name().to_string_lossy().into_owned()));
    }
    names
}

#[test]
fn a_script_tidies_and_what_it_changed_is_accepted_hunk_by_hunk() {
    let world = project();
    let before = everything(world.root());
    let args = ["run", "tidy imports", "--worker", "command", "--", "sh", "tidy.sh"];
    let text = run(&world, &args).ok();
    assert!(text.stdout.contains("tidy imports"), "{}", text.stdout);
    assert!(text.stdout.contains("command sh tidy.sh"), "{}", text.stdout);
    assert!(text.stdout.contains("tidied queue.py"), "what it said: {}", text.stdout);
    assert!(text.stdout.contains("ran in the sandbox (namespaces)"), "{}", text.stdout);
    assert_eq!(everything(world.root()), before, "tree, index, branches, stash and hooks");
    assert_eq!(rooms(&world), [""; 0]);
    let again = work(&world, &["sh", "tidy.sh"]).ok().json();
    assert_eq!(again["proposals"][0]["new"], false, "{again:#}");
    let id = again["proposals"][0]["id"].as_str().unwrap().to_owned();
    let shown = run(&world, &["show", &id, "--format", "json"]).ok().json();
    let ran = &shown["changeset"]["ran"];
    assert_eq!(ran["argv"], serde_json::json!(["sh", "tidy.sh"]), "{shown:#}");
    assert_eq!((&ran["exit_code"], &ran["tier"]), (&0.into(), &"namespaces".into()));
    run(&world, &["accept", &id, "--by", "Ada"]).ok();
    assert!(world.read("queue.py").starts_with("import os\nimport sys\n"));
    let settled = work(&world, &["sh", "tidy.sh"]).ok().json();
    assert_eq!(settled["proposals"], serde_json::json!([]), "nothing is left to tidy");
    run(&world, &["ledger", "verify"]).ok();
}

#[test]
fn what_it_proposes_is_known_again_and_a_newer_one_takes_its_place() {
    let world = project();
    let script = "sed -i 's/queue.0./queue.peek()/' queue.py";
    let first = id(&shell(&world, script).ok().json()["proposals"][0]);
    world.write("queue.py", format!("# Queues.\n{QUEUE}"));
    let second = id(&shell(&world, script).ok().json()["proposals"][0]);
    assert_ne!(first, second);
    assert_eq!(hunk_states(&world, &first), ["superseded"]);
    run(&world, &["reject", &second, "--by", "Ada"]).ok();
    world.write("queue.py", format!("# Queues of things.\n{QUEUE}"));
    let third = shell(&world, script).ok().json();
    assert_eq!(third["proposals"][0]["rejected_before"].as_array().unwrap().len(), 1, "{third:#}");
}

#[test]
fn it_sees_the_saved_files_and_starts_where_the_person_stands() {
    let world = project();
    let script = "test \"$(cat draft.md)\" = 'a draft'; test ! -e ../run.log; rm draft.md; pwd";
    world.write("run.log", "ignored\n");
    let args = ["-C", "docs", "run", "do it", "--worker", "command", "--format", "json", "--"];
    let output = run(&world, &[&args[..], &["sh", "-euc", script]].concat()).ok();
    assert_eq!(proposed(&output), ["deleted docs/draft.md"]);
    assert_eq!(output.json()["command"]["output"], "/workspace/docs");
}

#[test]
fn deleted_renamed_and_added_files_are_proposed_and_ignored_ones_are_not() {
    let world = project();
    let script = "rm tidy.sh; mkdir lib; mv queue.py lib/queue.py; echo new > new.txt; chmod +x new.txt; echo x > x.log";
    let output = shell(&world, script).ok();
    let expected = ["renamed lib/queue.py", "added new.txt", "deleted tidy.sh"];
    assert_eq!(proposed(&output), expected);
    run(&world, &["accept", &id(&output.json()["proposals"][0]), "--by", "Ada"]).ok();
    assert_eq!(world.read("lib/queue.py"), QUEUE);
    assert!(!world.path("queue.py").exists() && !world.path("x.log").exists());
}

#[test]
fn outside_of_the_checkout_nothing_is_changed_and_no_key_is_found() {
    let world = project();
    world.write("../home/.ssh/id_ed25519", "the key");
    let home = world.outer().join("home");
    let before = [everything(world.root()), everything(&home)];
    let repo = world.root().display();
    let ssh = home.join(".ssh/id_ed25519");
    let ssh = ssh.display();
    let script = format!(
        "! touch {repo}/made; ! echo x > {repo}/queue.py; ! touch /usr/made; \
         ! cat {ssh}; ! cat ~/.ssh/id_ed25519; echo done > done.txt"
    );
    let output = shell(&world, &script).ok();
    assert_eq!(proposed(&output), ["added done.txt"]);
    assert!(!output.stdout.contains("the key"));
    assert_eq!([everything(world.root()), everything(&home)], before);
}

#[test]
fn a_link_that_leads_out_keeps_all_of_it_from_being_proposed() {
    let world = project();
    let output = shell(&world, "echo fine > fine.txt; ln -s /etc/passwd docs/out").exited(2);
    assert!(output.stderr.contains("docs/out is a link to `/etc/passwd`"), "{}", output.stderr);
    assert_eq!(
        run(&world, &["list", "--format", "json"]).ok().json()["changes"],
        Value::Array(vec![])
    );
}

#[test]
fn what_it_writes_for_git_is_thrown_away_and_said() {
    let world = project();
    let before = everything(&world.path(".git"));
    let script = "mkdir -p .git/hooks; echo evil > .git/hooks/pre-commit; echo fine > fine.txt";
    let output = shell(&world, script).ok();
    assert_eq!(proposed(&output), ["added fine.txt"]);
    let left_out = output.json()["left_out"].to_string();
    assert!(left_out.contains(".git"), "{left_out}");
    assert_eq!(everything(&world.path(".git")), before);
}

#[test]
fn installed_dependencies_can_be_used_and_stay_as_they_are() {
    let world = project();
    let script = "cat node_modules/left/pad.js > used.txt; echo more >> node_modules/left/pad.js";
    let output = shell(&world, script).ok();
    assert_eq!(proposed(&output), ["added used.txt"]);
    assert_eq!(world.read("node_modules/left/pad.js"), "pad\n");
}

/// How long something may take that happens by itself.
const PATIENCE: Duration = Duration::from_secs(60);

/// A run whose command waits for us.
struct Waiting {
    child: Child,
    /// The arguments of the process that it waits for, and no other process has.
    sleeper: [String; 2],
}

/// Starts a run of `script`, in which `wait` is a program that lasts until we end it, and waits until it is there.
fn started(world: &World, script: &str) -> Waiting {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let sleeper = ["sleep".to_owned(), format!("1000{}{count}", std::process::id())];
    let script = script.replace("wait", &sleeper.join(" "));
    let mut command = world.command(countersign());
    command.args(["run", "do it", "--worker", "command", "--format", "json"]);
    // A test that forgets it does not wait for ever.
    command.args(["--time", "100", "--"]);
    command.args(["sh", "-uc", &script]).stdin(Stdio::null());
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let waiting = Waiting { child, sleeper };
    until(|| !waiting.sleepers().is_empty());
    waiting
}

impl Waiting {
    fn sleepers(&self) -> Vec<String> {
        let line = self.sleeper.concat();
        let processes = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
        let ours = processes.filter(|entry| {
            let read = fs::read_to_string(entry.path().join("cmdline")).unwrap_or_default();
            read.replace('\0', "") == line
        });
        ours.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
    }

    /// Lets the script go on behind `wait`, and answers what the run came to.
    fn carry_on(self) -> Output {
        self.sleepers().iter().for_each(|pid| signal("TERM", pid));
        self.ended()
    }

    fn ended(self) -> Output {
        let output = self.child.wait_with_output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let status = output.status.code().unwrap_or(-1);
        let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
        Output { command: self.sleeper.join(" "), status, stdout, stderr }
    }
}

fn signal(name: &str, pid: &str) {
    assert!(Command::new("kill").args(["-s", name, pid]).status().unwrap().success());
}

#[track_caller]
fn until(condition: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < deadline, "it did not come to be within {PATIENCE:?}");
        std::thread::yield_now();
    }
}

fn changes(world: &World) -> Value {
    run(world, &["list", "--format", "json"]).ok().json()["changes"].clone()
}

#[test]
fn processes_in_the_background_end_with_it() {
    let world = project();
    let waiting = started(&world, "wait; setsid wait >/dev/null 2>&1 & echo made > made.txt");
    let sleeper = waiting.sleeper.clone();
    assert_eq!(proposed(&waiting.carry_on().ok()), ["added made.txt"]);
    let gone = Waiting { child: Command::new("true").spawn().unwrap(), sleeper };
    assert_eq!(gone.sleepers(), [""; 0]);
    gone.ended();
}

#[test]
fn what_the_person_writes_meanwhile_stays() {
    let world = project();
    let script =
        "wait; sed -i -e 's/queue.0./queue.peek()/' -e 's/queue.-1./queue.end()/' queue.py";
    let waiting = started(&world, script);
    let edited = QUEUE.replace("queue[-1]", "queue[-1]  # the end").replace("import os\n", "");
    world.write("queue.py", &edited);
    let output = waiting.carry_on().ok().json();
    assert_eq!(world.read("queue.py"), edited);
    let id = id(&output["proposals"][0]);
    assert_eq!(hunk_states(&world, &id), ["proposed", "proposed"]);
    run(&world, &["accept", &format!("{id}/1"), "--by", "Ada"]).ok();
    let refused = run(&world, &["accept", &format!("{id}/2"), "--by", "Ada"]);
    assert_ne!(refused.status, 0, "{}", refused.stdout);
    assert_eq!(world.read("queue.py"), edited.replace("queue[0]", "queue.peek()"));
}

#[test]
fn an_interrupted_run_proposes_nothing_and_leaves_nothing() {
    let world = project();
    let before = everything(world.root());
    let waiting = started(&world, "echo x > made.txt; wait; wait");
    signal("INT", &waiting.child.id().to_string());
    let sleeper = waiting.sleeper.clone();
    let output = waiting.ended().exited(2);
    assert!(output.stderr.contains("interrupted"), "{}", output.stderr);
    assert_eq!(output.json()["proposals"], serde_json::json!([]));
    let gone = Waiting { child: Command::new("true").spawn().unwrap(), sleeper };
    assert_eq!(gone.sleepers(), [""; 0]);
    gone.ended();
    assert_eq!((changes(&world), rooms(&world)), (serde_json::json!([]), Vec::new()));
    assert_eq!(everything(world.root()), before);
}

#[test]
fn a_killed_run_is_cleaned_up_by_the_next() {
    let world = project();
    let mut waiting = started(&world, "echo x > made.txt; wait");
    waiting.child.kill().unwrap();
    until(|| waiting.sleepers().is_empty());
    waiting.ended();
    assert!(!rooms(&world).is_empty(), "there is something to clean up");
    assert_eq!(changes(&world), serde_json::json!([]));
    assert_eq!(proposed(&shell(&world, "echo fine > fine.txt").ok()), ["added fine.txt"]);
    assert_eq!(rooms(&world), [""; 0]);
}

#[test]
fn a_command_that_fails_proposes_nothing_unless_that_is_allowed() {
    let world = project();
    let script = "echo made > made.txt; echo 'found 3 problems' >&2; exit 3";
    let run_with = |option: &[&str]| {
        let (args, command) = (["run", "do it", "--worker", "command"], ["--", "sh", "-c", script]);
        run(&world, &[&args[..], option, &command].concat())
    };
    let failed = run_with(&[]).exited(2);
    for part in ["found 3 problems", "exit code 3", "--any-exit"] {
        assert!(failed.stderr.contains(part), "{part}: {}", failed.stderr);
    }
    assert_eq!(changes(&world), serde_json::json!([]));
    let allowed = run_with(&["--any-exit"]).ok();
    assert!(allowed.stdout.contains("exit code 3"), "{}", allowed.stdout);
    let killed = run(
        &world,
        &["run", "x", "--worker", "command", "--any-exit", "--", "sh", "-c", "kill -9 $$"],
    );
    assert!(killed.exited(2).stderr.contains("signal 9"));
}

#[test]
fn a_limit_that_is_reached_is_named() {
    let world = project();
    let args = ["run", "x", "--worker", "command", "--time", "1", "--any-exit", "--"];
    let script = ["sh", "-c", "echo x > made.txt; sleep 1000"];
    let output = run(&world, &[&args[..], &script].concat()).exited(2);
    assert!(output.stderr.contains("reached its time"), "{}", output.stderr);
    assert!(output.stderr.contains("--time"), "{}", output.stderr);
    assert_eq!(changes(&world), serde_json::json!([]));
}

#[test]
fn where_nothing_can_be_confined_nothing_runs() {
    let world = project();
    let before = everything(world.root());
    let args = ["run", "x", "--worker", "command", "--", "touch", "made.txt"];
    let output = run_after(&world, NO_NAMESPACES, &args).exited(2);
    assert!(output.stderr.contains("the sandbox cannot be enforced"), "{}", output.stderr);
    assert_eq!(everything(world.root()), before);
    assert_eq!(changes(&world), serde_json::json!([]));
    let missing = run(&world, &["run", "x", "--worker", "command", "--", "no-such-program"]);
    assert!(missing.exited(2).stderr.contains("`no-such-program` could not be started"));
}

#[test]
fn nothing_to_change_is_said_and_what_is_asked_wrongly_too() {
    let world = project();
    let nothing = run(&world, &["run", "x", "--worker", "command", "--", "true"]).ok();
    assert_eq!(nothing.stdout, "the command changed nothing\n");
    for (args, said) in [
        (&["run", "x", "--worker", "command"][..], "no command is named"),
        (&["run", "--worker", "command", "--", "true"], "what the command is for"),
        (&["run", "x", "y", "--worker", "command", "--", "true"], "more than one argument"),
        (&["run", "--", "true"], "--worker command"),
        (&["run", "--any-exit"], "--worker command"),
    ] {
        let output = run(&world, args).exited(2);
        assert!(output.stderr.contains(said), "{args:?}: {}", output.stderr);
    }
}
