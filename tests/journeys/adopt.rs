//! An agent has edited the working tree itself: adopt, review where it is, take out.

use serde_json::Value;
use test_support::World;

use crate::support::{RUST, hunk_states, run, world};

const IDLE: &str = "    queue.len() == 0\n";
const BOTH: &str = "    left.is_empty() && right.len() == 0\n";
const TOTAL: &str = "    let mut sum = 0;\n";

/// What an agent makes of [`RUST`]: a hunk at the top and one at the bottom.
fn agents(text: &str) -> String {
    text.replace(IDLE, "    queue.is_empty()\n")
        .replace(BOTH, "    left.is_empty() && right.is_empty()\n")
}

/// Adopts, and answers the new ChangeSet.
fn adopt(world: &World) -> Value {
    let output = run(world, &["adopt", "--agent", "claude", "--format", "json"]).ok().json();
    assert_eq!(output["proposal"]["new"], true, "{output:#}");
    output["proposal"].clone()
}

fn id(proposal: &Value) -> String {
    proposal["changeset"]["id"].as_str().unwrap().to_owned()
}

#[test]
fn what_an_agent_did_is_reviewed_where_it_is_and_taken_out_where_it_is_not_wanted() {
    let world = world();
    world.write("notes.txt", "mine, not committed\n");
    run(&world, &["snapshot", "--label", "before the turn"]).ok();
    world.write("src/queue.rs", agents(RUST));
    world.write("src/new.rs", "pub fn added() {}\n");
    let proposal = adopt(&world);
    let id = id(&proposal);
    assert_eq!(proposal["changeset"]["origin"]["name"], "claude");
    assert_eq!(hunk_states(&world, &id), ["adopted", "adopted", "adopted"]);
    // Hunk 1 is the new file, 2 and 3 lie in the old one.
    run(&world, &["accept", &format!("{id}/2"), "--by", "Ada"]).ok();
    assert_eq!(world.read("src/queue.rs"), agents(RUST), "a review writes nothing");
    run(&world, &["reject", &id, "--by", "Ada", "--reason", "not asked for"]).ok();
    assert_eq!(hunk_states(&world, &id), ["rejected", "accepted", "rejected"]);
    assert_eq!(world.read("src/queue.rs"), RUST.replace(IDLE, "    queue.is_empty()\n"));
    assert!(!world.path("src/new.rs").exists());
    assert_eq!(world.read("notes.txt"), "mine, not committed\n");
    // Nothing is left to review, and what was taken out can be put back.
    let again = run(&world, &["adopt", "--format", "json"]).ok().json();
    assert_eq!(again["proposal"], Value::Null, "{again:#}");
    run(&world, &["restore", &format!("{id}/3"), "--by", "Ada"]).ok();
    run(&world, &["accept", &format!("{id}/3"), "--by", "Ada"]).ok();
    assert_eq!(world.read("src/queue.rs"), agents(RUST));
    // An undo takes back what was done: the review of one, the writing of the other.
    run(&world, &["undo", &id, "--by", "Ada"]).ok();
    assert_eq!(hunk_states(&world, &id), ["rejected", "adopted", "undone"]);
    assert_eq!(world.read("src/queue.rs"), RUST.replace(IDLE, "    queue.is_empty()\n"));
    run(&world, &["ledger", "verify"]).ok();
}

#[test]
fn later_edits_survive_a_rejection_and_text_edited_since_is_refused() {
    let world = world();
    run(&world, &["snapshot"]).ok();
    world.write("src/queue.rs", agents(RUST));
    let id = id(&adopt(&world));
    let edited = agents(RUST)
        .replace(TOTAL, "    let mut sum = 0_u32;\n")
        .replace("right.is_empty()", "right.is_empty() // why?");
    world.write("src/queue.rs", &edited);
    let report = run(&world, &["reject", &id, "--by", "Ada", "--format", "json"]).exited(2).json();
    assert_eq!(report["hunks"], serde_json::json!([1]));
    assert_eq!(report["refused"][0]["hunk"], 2);
    assert_eq!(world.read("src/queue.rs"), edited.replace("    queue.is_empty()\n", IDLE));
    assert_eq!(hunk_states(&world, &id), ["rejected", "adopted"]);
    let report = run(&world, &["accept", &id, "--by", "Ada", "--format", "json"]).exited(2).json();
    let reason = report["refused"][0]["reason"].as_str().unwrap();
    assert!(reason.contains("adopt it again"), "{reason}");
}

#[test]
fn an_acceptance_since_the_snapshot_is_no_part_of_what_is_adopted() {
    let world = world();
    run(&world, &["snapshot"]).ok();
    let proposed = crate::support::id(&crate::support::propose(&world));
    run(&world, &["accept", &format!("{proposed}/1"), "--by", "Ada"]).ok();
    let accepted = world.read("src/queue.rs");
    world.write("src/queue.rs", accepted.replace(TOTAL, "    let mut sum: u32 = 0;\n"));
    let adopted = id(&adopt(&world));
    assert_eq!(hunk_states(&world, &adopted), ["adopted"]);
    run(&world, &["reject", &adopted, "--by", "Ada"]).ok();
    assert_eq!(world.read("src/queue.rs"), accepted);
}

#[test]
fn a_newer_adoption_from_the_same_start_takes_the_place_of_the_older() {
    let world = world();
    run(&world, &["snapshot"]).ok();
    world.write("src/queue.rs", RUST.replace(IDLE, "    queue.is_empty()\n"));
    let first = id(&adopt(&world));
    world.write("src/queue.rs", agents(RUST));
    let second = id(&adopt(&world));
    assert_eq!(hunk_states(&world, &first), ["superseded"]);
    assert_eq!(hunk_states(&world, &second), ["adopted", "adopted"]);
    // What the agent takes back makes the older one the newest again.
    world.write("src/queue.rs", RUST.replace(IDLE, "    queue.is_empty()\n"));
    run(&world, &["adopt", "--agent", "claude"]).ok();
    assert_eq!(hunk_states(&world, &first), ["adopted"]);
    assert_eq!(hunk_states(&world, &second), ["superseded", "superseded"]);
    world.write("src/queue.rs", agents(RUST));
    run(&world, &["adopt", "--agent", "claude"]).ok();
    assert_eq!(hunk_states(&world, &first), ["superseded"]);
    run(&world, &["accept", &format!("{second}/1"), "--by", "Ada"]).ok();
    // What was reviewed is part of the start from then on.
    world.write("src/queue.rs", agents(RUST).replace(TOTAL, "    let mut sum = 1;\n"));
    let third = id(&adopt(&world));
    assert_eq!(hunk_states(&world, &second), ["accepted", "superseded"]);
    assert_eq!(hunk_states(&world, &third), ["adopted", "adopted"]);
}

#[test]
fn what_an_agent_does_again_after_a_rejection_waits_again() {
    let world = world();
    run(&world, &["snapshot"]).ok();
    world.write("src/queue.rs", agents(RUST));
    let first = id(&adopt(&world));
    run(&world, &["reject", &first, "--by", "Ada", "--reason", "no idle"]).ok();
    assert_eq!(world.read("src/queue.rs"), RUST);
    world.write("src/queue.rs", agents(RUST));
    let again = run(&world, &["adopt", "--agent", "claude", "--format", "json"]).ok().json();
    assert_eq!(again["proposal"]["id"], first.as_str());
    let notice = format!("hunks 1, 2 were rejected before, in {}: no idle", &first[..12]);
    assert_eq!(again["notices"], serde_json::json!([notice]));
    assert_eq!(hunk_states(&world, &first), ["adopted", "adopted"]);
    run(&world, &["reject", &first, "--by", "Ada"]).ok();
    assert_eq!(world.read("src/queue.rs"), RUST);
}

#[test]
fn without_a_snapshot_it_is_what_changed_since_the_last_commit() {
    let world = world();
    world.write("src/queue.rs", agents(RUST));
    world.git(&["add", "."]);
    let adopted = id(&adopt(&world));
    assert_eq!(hunk_states(&world, &adopted), ["adopted", "adopted"]);
    run(&world, &["reject", &adopted, "--by", "Ada"]).ok();
    assert_eq!(world.read("src/queue.rs"), RUST);
    // An agent that commits its work is found by naming where it began.
    world.write("src/queue.rs", agents(RUST));
    world.commit("The agent's commit");
    let since = ["adopt", "--since", "HEAD~1", "--format", "json"];
    let output = run(&world, &since).ok().json();
    // The same change as before, and it is in the text again.
    let committed = output["proposal"]["id"].as_str().unwrap().to_owned();
    assert_eq!(committed, adopted);
    assert_eq!(hunk_states(&world, &committed), ["adopted", "adopted"]);
    run(&world, &["reject", &format!("{committed}/1"), "--by", "Ada"]).ok();
    assert!(world.read("src/queue.rs").contains(IDLE));
}

#[test]
fn rejected_files_are_as_they_were() {
    for images in [false, true] {
        let world = world();
        let binary: Vec<u8> = (0..=255).cycle().take(2000).collect();
        world.write("old.txt", "one\ntwo\nthree\nfour\nfive\n");
        world.write("edited.txt", "six\nseven\neight\nnine\nten\n");
        world.write("gone.txt", "gone\r\nwithout an end");
        world.write("image", &binary);
        world.write("image.gone", [0, 1, 2]);
        world.write("tool.sh", "#!/bin/sh\n");
        world.commit("Files of all kinds");
        run(&world, &["snapshot"]).ok();
        world.git(&["mv", "old.txt", "folder.txt"]);
        world.git(&["mv", "edited.txt", "renamed.txt"]);
        world.write("renamed.txt", "six\nseven\n8\nnine\nten\n");
        world.remove("gone.txt");
        world.run("chmod", &["+x", "tool.sh"]).ok();
        if images {
            world.remove("image.gone");
            world.write("image", &binary[1..]);
            world.write("image.new", &binary[2..]);
        }
        let id = id(&adopt(&world));
        assert_eq!(hunk_states(&world, &id), vec!["adopted"; if images { 7 } else { 4 }]);
        run(&world, &["reject", &id, "--by", "Ada"]).ok();
        world.git(&["add", "--all"]);
        assert_eq!(world.git(&["status", "--porcelain"]), "");
        assert_eq!(world.read_bytes("gone.txt").unwrap(), b"gone\r\nwithout an end");
        run(&world, &["restore", &id, "--by", "Ada"]).ok();
        // And back again: what was rejected can be had after all, also what nobody could examine.
        run(&world, &["accept", &id, "--by", "Ada"]).ok();
        if images {
            assert_eq!(world.read_bytes("image").unwrap(), binary[1..]);
            assert_eq!(world.read_bytes("image.new").unwrap(), binary[2..]);
            assert!(!world.path("image.gone").exists());
            continue;
        }
        assert_eq!(world.read("renamed.txt"), "six\nseven\n8\nnine\nten\n");
        world.git(&["add", "--all"]);
        let status = world.git(&["status", "--porcelain"]);
        let lines: Vec<&str> = status.lines().collect();
        let expected = [
            "R  old.txt -> folder.txt",
            "D  gone.txt",
            "R  edited.txt -> renamed.txt",
            "M  tool.sh",
        ];
        assert_eq!(lines, expected);
    }
}

#[test]
fn files_that_were_edited_since_are_not_taken_out() {
    let world = world();
    world.write("old.txt", "one\ntwo\nthree\nfour\nfive\n");
    world.write("image", [0, 1, 2]);
    world.write("gone.txt", "gone\n");
    world.commit("Files of all kinds");
    run(&world, &["snapshot"]).ok();
    world.git(&["mv", "old.txt", "renamed.txt"]);
    world.write("image", [0, 1, 2, 3]);
    world.write("new.txt", "by an agent\n");
    world.remove("gone.txt");
    let id = id(&adopt(&world));
    let edited: [(&str, &[u8]); 4] = [
        ("renamed.txt", b"one\ntwo\nthree\nfour\nfive\nsix by me\n"),
        ("image", &[0, 9]),
        ("new.txt", b"by an agent\nand me\n"),
        ("gone.txt", b"mine now\n"),
    ];
    edited.iter().for_each(|(path, bytes)| world.write(path, bytes));
    let report = run(&world, &["reject", &id, "--by", "Ada", "--format", "json"]).exited(2).json();
    let refused = report["refused"].as_array().unwrap();
    let reasons: Vec<_> = refused.iter().map(|r| r["reason"].as_str().unwrap()).collect();
    let expected = [
        "gone.txt is there already",
        "image has changed since",
        "new.txt has changed since",
        "renamed.txt has changed since",
    ];
    assert_eq!(reasons, expected);
    assert_eq!(report["hunks"], serde_json::json!([]));
    edited.iter().for_each(|(path, bytes)| assert_eq!(world.read_bytes(path).unwrap(), *bytes));
    assert!(!world.path("old.txt").exists());
    assert_eq!(hunk_states(&world, &id), ["adopted"; 4]);
}

#[test]
fn a_hunk_that_holds_the_persons_edits_too_says_so() {
    let world = world();
    run(&world, &["snapshot"]).ok();
    // An agent writes, and a person accepts a change of what it wrote: nothing of that was there at the start.
    world.write("README.md", "# Queue\nBy an agent\nAlso by it\n");
    let patch = "--- a/README.md\n+++ b/README.md\n@@ -1,3 +1,3 @@\n # Queue\n By an agent\n-Also by it\n+Mine now\n";
    world.write("../mine.patch", patch);
    let import = ["import", "--patch", "../mine.patch", "--format", "json"];
    let mine = id(&run(&world, &import).ok().json());
    run(&world, &["accept", &mine, "--by", "Ada"]).ok();
    world.write("src/queue.rs", agents(RUST));
    let adopted = id(&adopt(&world));
    let shown = run(&world, &["show", &adopted, "--format", "json"]).ok().json();
    let mixed: Vec<_> = shown["hunks"].as_array().unwrap().iter().map(|h| &h["mixed"]).collect();
    assert_eq!(mixed, [true, false, false]);
    let shown = run(&world, &["show", &adopted]).ok().stdout;
    assert_eq!(shown.matches("holds your own edits too").count(), 1, "{shown}");
}

#[test]
fn what_an_agent_makes_of_accepted_text_goes_back_to_that() {
    let world = world();
    run(&world, &["snapshot"]).ok();
    let patch = "--- a/README.md\n+++ b/README.md\n@@ -1 +1,3 @@\n # Queue\n+First of mine\n+Second of mine\n";
    world.write("../mine.patch", patch);
    let import = ["import", "--patch", "../mine.patch", "--format", "json"];
    let mine = id(&run(&world, &import).ok().json());
    run(&world, &["accept", &mine, "--by", "Ada"]).ok();
    world.write("README.md", "# Queue\nFirst by an agent\nSecond of mine\n");
    let adopted = id(&adopt(&world));
    run(&world, &["reject", &adopted, "--by", "Ada"]).ok();
    assert_eq!(world.read("README.md"), "# Queue\nFirst of mine\nSecond of mine\n");
}

#[test]
fn a_restored_hunk_and_a_review_taken_back_are_not_lost_by_the_next_adoption() {
    let world = world();
    run(&world, &["snapshot"]).ok();
    world.write("src/queue.rs", agents(RUST));
    world.write("src/new.rs", "pub fn added() {}\n");
    let first = id(&adopt(&world));
    run(&world, &["reject", &format!("{first}/1"), "--by", "Ada"]).ok();
    run(&world, &["restore", &format!("{first}/1"), "--by", "Ada"]).ok();
    run(&world, &["accept", &format!("{first}/2"), "--by", "Ada"]).ok();
    run(&world, &["undo", &format!("{first}/2"), "--by", "Ada"]).ok();
    world.write("src/queue.rs", agents(RUST).replace(TOTAL, "    let mut sum = 1;\n"));
    let second = id(&adopt(&world));
    assert_eq!(hunk_states(&world, &first), ["proposed", "superseded", "superseded"]);
    assert_eq!(hunk_states(&world, &second), ["adopted", "adopted", "adopted"]);
    run(&world, &["accept", &format!("{first}/1"), "--by", "Ada"]).ok();
    assert_eq!(world.read("src/new.rs"), "pub fn added() {}\n");
    // What gave way can be had back as well.
    run(&world, &["restore", &format!("{first}/3"), "--by", "Ada"]).ok();
    assert_eq!(hunk_states(&world, &first), ["accepted", "superseded", "proposed"]);
}

/// A program that watches, with its lines as they come. Ended on drop, should a test fail.
#[cfg(unix)]
struct Watching {
    process: std::process::Child,
    lines: std::sync::mpsc::Receiver<String>,
}

#[cfg(unix)]
impl Watching {
    fn start(world: &World) -> Self {
        use std::io::BufRead;
        let mut command = world.command(crate::support::countersign());
        command.args(["adopt", "--watch", "--agent", "claude", "--format", "json"]);
        let mut process = command.stdout(std::process::Stdio::piped()).spawn().unwrap();
        let stdout = std::io::BufReader::new(process.stdout.take().unwrap());
        let (sender, lines) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            stdout.lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
        Self { process, lines }
    }

    fn line(&self) -> Value {
        let line = self.lines.recv_timeout(std::time::Duration::from_secs(120)).unwrap();
        serde_json::from_str(&line).unwrap()
    }

    fn end(mut self, world: &World) {
        world.run("sh", &["-c", &format!("kill -TERM {}", self.process.id())]).ok();
        assert_eq!(self.process.wait().unwrap().code(), Some(0));
        assert_eq!(self.lines.recv().ok(), None, "nothing else was said");
    }
}

#[cfg(unix)]
impl Drop for Watching {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

#[cfg(unix)]
#[test]
fn what_changes_while_it_is_watched_is_adopted_and_the_newest_counts() {
    let world = world();
    world.write("mine.txt", "before anyone watched\n");
    let watching = Watching::start(&world);
    let began = watching.line();
    assert_eq!((&began["watching"], &began["taken"]), (&"snapshot 1".into(), &true.into()));
    world.write("src/queue.rs", RUST.replace(IDLE, "    queue.is_empty()\n"));
    let first = watching.line()["proposal"].clone();
    assert_eq!(first["changeset"]["files"].as_array().unwrap().len(), 1, "{first:#}");
    assert_eq!(hunk_states(&world, &id(&first)), ["adopted"]);
    world.write("src/new/more.rs", "pub fn more() {}\n");
    let second = id(&watching.line()["proposal"]);
    assert_eq!(hunk_states(&world, &id(&first)), ["superseded"]);
    run(&world, &["reject", &second, "--by", "Ada"]).ok();
    assert!(!world.path("src/new").exists());
    // What was taken out by a person is no work of the agent's; what comes next is found all the same.
    world.write("README.md", "# Queues\n");
    let third = watching.line()["proposal"].clone();
    assert_eq!(third["changeset"]["files"][0]["path"], "README.md", "{third:#}");
    assert_eq!(third["changeset"]["files"].as_array().unwrap().len(), 1);
    watching.end(&world);
}

#[test]
fn a_folder_that_took_the_place_of_a_file_is_reviewed_and_taken_out_at_once() {
    let world = world();
    world.write("thing", "one\ntwo\n");
    world.write("box/inner", "inner\n");
    world.commit("A file and a folder");
    run(&world, &["snapshot"]).ok();
    world.remove("thing");
    world.write("thing/part", "part\n");
    world.remove("box/inner");
    std::fs::remove_dir(world.path("box")).unwrap();
    world.write("box", "now a file\n");
    let adopted = id(&adopt(&world));
    let list = run(&world, &["list"]).ok().stdout;
    assert!(!list.contains("conflict"), "{list}");
    run(&world, &["reject", &adopted, "--by", "Ada"]).ok();
    assert_eq!(world.git(&["status", "--porcelain"]), "");
    // And all of it again, as one acceptance.
    run(&world, &["restore", &adopted, "--by", "Ada"]).ok();
    run(&world, &["accept", &adopted, "--by", "Ada"]).ok();
    assert_eq!((&*world.read("thing/part"), &*world.read("box")), ("part\n", "now a file\n"));
    run(&world, &["undo", &adopted, "--by", "Ada"]).ok();
    assert_eq!(world.git(&["status", "--porcelain"]), "");
    // What else is in the folder keeps it.
    run(&world, &["accept", &adopted, "--by", "Ada"]).ok();
    world.write("thing/mine", "mine\n");
    run(&world, &["undo", &adopted, "--by", "Ada"]).exited(2);
    assert_eq!((&*world.read("thing/part"), &*world.read("thing/mine")), ("part\n", "mine\n"));
    assert_eq!(world.read("box"), "now a file\n");
    run(&world, &["ledger", "verify"]).ok();
}

#[test]
fn what_came_with_commits_is_no_part_of_what_is_adopted() {
    let world = world();
    let lines = |marks: [&str; 3]| {
        let [a, b, c] = marks;
        format!("{a}\nkeep\nkeep too\nand this\n{b}\nstays\nas well\nto the end\n{c}\n")
    };
    world.write("clean.txt", lines(["one", "two", "three"]));
    world.write("dirty.txt", lines(["one", "two", "three"]));
    world.write("moves.txt", "it\nmoves\nwith\na commit\n");
    world.write("goes.txt", "it goes\n");
    world.commit("Start");
    world.git(&["switch", "--quiet", "-c", "upstream"]);
    world.write("clean.txt", lines(["one", "two", "three upstream"]));
    world.write("dirty.txt", lines(["one", "two", "three upstream"]));
    world.write("new.txt", "new upstream\n");
    world.git(&["mv", "moves.txt", "moved.txt"]);
    world.git(&["rm", "--quiet", "goes.txt"]);
    world.commit("Upstream");
    world.git(&["switch", "--quiet", "-"]);
    let start = world.git(&["rev-parse", "HEAD"]).trim().to_owned();
    world.write("dirty.txt", lines(["one mine", "two", "three"]));
    run(&world, &["snapshot"]).ok();
    // A pull with the person's changes put aside, as `git pull --autostash` does.
    world.git(&["stash", "--quiet"]);
    world.git(&["merge", "--quiet", "--ff-only", "upstream"]);
    world.git(&["stash", "pop", "--quiet"]);
    let pulled = run(&world, &["adopt", "--format", "json"]).ok().json();
    assert_eq!(pulled["proposal"], serde_json::Value::Null, "{pulled}");
    let notice = pulled["notices"][0].as_str().unwrap();
    assert!(notice.contains(&format!("adopt --since {}", &start[..12])), "{notice}");
    // What an agent does on top is all that is adopted.
    world.write("clean.txt", lines(["one", "two by agent", "three upstream"]));
    world.write("dirty.txt", lines(["one mine", "two by agent", "three upstream"]));
    world.write("moved.txt", "it\nmoves\nwith\na commit\nand more\n");
    let id = id(&adopt(&world));
    let shown = run(&world, &["show", &id]).ok().stdout;
    assert!(shown.contains("3 files changed since snapshot 1 and the commits since"), "{shown}");
    assert!(shown.contains("3 files, 3 hunks") && !shown.contains("+three upstream"), "{shown}");
    run(&world, &["reject", &id, "--by", "Ada"]).ok();
    assert_eq!(world.read("clean.txt"), lines(["one", "two", "three upstream"]));
    assert_eq!(world.read("dirty.txt"), lines(["one mine", "two", "three upstream"]));
    // A commit of what was there when the snapshot was taken changes nothing.
    world.commit("Mine");
    assert_eq!(
        run(&world, &["adopt", "--format", "json"]).ok().json()["proposal"],
        serde_json::Value::Null
    );
    // The way to see the commits.
    let all = run(&world, &["adopt", "--since", &start, "--format", "json"]).ok().json();
    assert_ne!(all["proposal"], serde_json::Value::Null);
}

#[test]
fn what_is_decided_of_text_that_is_there_is_said_as_such() {
    let world = world();
    run(&world, &["snapshot"]).ok();
    world.write("src/queue.rs", agents(RUST));
    world.write("src/new.rs", "pub fn added() {}\n");
    let first = id(&adopt(&world));
    let says = |id: &str, verb: &str, hunk: u32, wanted: &str| {
        let output = run(&world, &[verb, &format!("{id}/{hunk}"), "--by", "Ada"]).ok().stdout;
        assert_eq!(output, wanted.replace("ID", &id[..12]));
    };
    says(&first, "accept", 2, "reviewed hunk 2 of ID: in the text as before\n");
    says(&first, "undo", 2, "undone the review of hunk 2 of ID: in the text, and to be decided\n");
    says(&first, "reject", 1, "rejected hunk 1 of ID: taken out of the text\n");
    // What is stated anew counts its own files.
    world.write("src/queue.rs", agents(RUST).replace(TOTAL, "    let mut sum = 1;\n"));
    let again = run(&world, &["repropose", &first, "--format", "json"]).ok().json();
    let again = &again["proposal"]["changeset"];
    assert_eq!(again["title"], "1 file changed since snapshot 1");
}
