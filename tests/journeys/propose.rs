//! Journey A at the terminal: propose, show, accept, undo, reject.

use test_support::World;

use crate::support::{RUST, event_kinds, hunk_states, id, propose, run, world};

#[test]
fn a_recipe_proposes_and_the_tree_is_untouched() {
    let world = world();
    let proposal = propose(&world);
    assert_eq!(world.read("src/queue.rs"), RUST);
    assert_eq!(world.git(&["status", "--porcelain"]), "");
    assert_eq!(proposal["review"]["stats"]["hunks"], 2);
    assert_eq!(hunk_states(&world, &id(&proposal)), ["proposed", "proposed"]);
    let again = run(&world, &["run", "--recipe", crate::support::RECIPE, "--format", "json"]).ok();
    assert_eq!(again.json()["proposals"][0]["new"], false, "the same edits are one ChangeSet");
    assert_eq!(event_kinds(&world), ["change_set_proposed", "change_set_judged"]);
}

#[test]
fn one_hunk_is_accepted_and_undone_and_the_rest_stays() {
    let world = world();
    let id = id(&propose(&world));
    run(&world, &["accept", &id, "--hunk", "2", "--by", "Ada"]).ok();
    let second = RUST.replace("right.len() == 0", "right.is_empty()");
    assert_eq!(world.read("src/queue.rs"), second);
    assert_eq!(hunk_states(&world, &id), ["proposed", "accepted"]);
    run(&world, &["accept", &id, "--by", "Ada"]).ok();
    assert_eq!(hunk_states(&world, &id), ["accepted", "accepted"]);
    run(&world, &["undo", &format!("{id}/2"), "--by", "Ada"]).ok();
    let first = RUST.replace("queue.len() == 0", "queue.is_empty()");
    assert_eq!(world.read("src/queue.rs"), first);
    run(&world, &["undo", &id, "--by", "Ada"]).ok();
    assert_eq!(world.read("src/queue.rs"), RUST);
    assert_eq!(hunk_states(&world, &id), ["undone", "undone"]);
    run(&world, &["ledger", "verify"]).ok();
}

#[test]
fn undo_of_two_acceptances_in_one_file_is_one_step() {
    let world = world();
    let id = id(&propose(&world));
    run(&world, &["accept", &id, "--hunk", "1", "--by", "Ada"]).ok();
    run(&world, &["accept", &id, "--hunk", "2", "--by", "Ada"]).ok();
    run(&world, &["undo", &id, "--by", "Ada"]).ok();
    assert_eq!(world.read("src/queue.rs"), RUST);
}

#[test]
fn a_hunk_follows_its_text_and_refuses_when_the_text_changed() {
    let world = world();
    let id = id(&propose(&world));
    let edited = format!("//! A queue.\n\n{}", RUST.replace("right.len() == 0", "right.len() < 1"));
    world.write("src/queue.rs", &edited);
    let output = run(&world, &["accept", &id, "--by", "Ada", "--format", "json"]).exited(2);
    let report = output.json();
    assert_eq!(report["hunks"], serde_json::json!([1]));
    assert_eq!(report["shifted"], 1);
    assert_eq!(report["refused"][0]["hunk"], 2);
    assert_eq!(
        world.read("src/queue.rs"),
        edited.replace("queue.len() == 0", "queue.is_empty()"),
        "only the hunk that has its place landed"
    );
    assert_eq!(hunk_states(&world, &id), ["accepted", "proposed"]);
}

#[test]
fn later_edits_survive_an_undo() {
    let world = world();
    let id = id(&propose(&world));
    run(&world, &["accept", &id, "--by", "Ada"]).ok();
    let accepted = world.read("src/queue.rs");
    world.write("src/queue.rs", accepted.replace("let mut sum = 0;", "let mut sum = 0_u32;"));
    run(&world, &["undo", &id, "--by", "Ada"]).ok();
    assert_eq!(
        world.read("src/queue.rs"),
        RUST.replace("let mut sum = 0;", "let mut sum = 0_u32;")
    );
}

#[test]
fn crlf_and_mode_are_kept() {
    let world = World::new();
    let crlf = RUST.replace('\n', "\r\n");
    world.write("src/queue.rs", &crlf);
    world.git(&["config", "core.autocrlf", "false"]);
    set_mode(&world, 0o750);
    world.commit("A queue");
    let id = id(&propose(&world));
    run(&world, &["accept", &id, "--by", "Ada"]).ok();
    let wanted = crlf
        .replace("queue.len() == 0", "queue.is_empty()")
        .replace("right.len() == 0", "right.is_empty()");
    assert_eq!(world.read("src/queue.rs"), wanted);
    assert_eq!(mode(&world), 0o750);
}

fn set_mode(world: &World, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    let permissions = std::fs::Permissions::from_mode(mode);
    std::fs::set_permissions(world.path("src/queue.rs"), permissions).unwrap();
}

fn mode(world: &World) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(world.path("src/queue.rs")).unwrap().permissions().mode() & 0o7777
}

#[test]
fn a_rejected_change_stays_readable_and_is_not_offered_again() {
    let world = world();
    let id = id(&propose(&world));
    run(&world, &["reject", &id, "--by", "Ada", "--reason", "not now"]).ok();
    assert_eq!(hunk_states(&world, &id), ["rejected", "rejected"]);
    assert_eq!(world.read("src/queue.rs"), RUST);
    let rejected = run(&world, &["list", "--state", "rejected", "--format", "json"]).ok().json();
    assert_eq!(rejected["changes"][0]["id"], id.as_str());
    let again = run(&world, &["run", "--recipe", crate::support::RECIPE]).ok();
    assert!(again.stdout.contains("0 new proposals"), "{}", again.stdout);
    run(&world, &["accept", &id, "--by", "Ada"]).exited(2);
    assert_eq!(world.read("src/queue.rs"), RUST);
}

#[test]
fn a_decision_without_a_terminal_needs_a_name() {
    let world = world();
    let id = id(&propose(&world));
    let output = run(&world, &["accept", &id]).exited(2);
    assert!(output.stderr.contains("--by NAME"), "{}", output.stderr);
    assert_eq!(world.read("src/queue.rs"), RUST);
}

#[test]
fn a_patch_a_branch_and_a_commit_become_the_same_change() {
    let world = world();
    world.git(&["checkout", "--quiet", "-b", "agent"]);
    world.write("src/queue.rs", RUST.replace("sum += item;", "sum = sum.saturating_add(*item);"));
    world.write("NOTES.md", "Saturates.\n");
    world.commit("Saturate instead of wrapping\n\nA long queue must not panic.");
    let patch = world.git(&["format-patch", "--stdout", "main..agent"]);
    world.git(&["checkout", "--quiet", "main"]);
    let import =
        |args: &[&str]| run(&world, &[&["import", "--format", "json"], args].concat()).ok().json();
    let branch = import(&["--branch", "agent"]);
    assert_eq!(branch["changeset"]["title"], "Saturate instead of wrapping");
    assert_eq!(branch["changeset"]["rationale"], "A long queue must not panic.");
    let commit = import(&["--commit", "agent"]);
    assert_eq!((&commit["new"], &commit["id"]), (&false.into(), &branch["changeset"]["id"]));
    let stdin = world.run_with_stdin(
        crate::support::countersign(),
        &["import", "--format", "json", "--patch", "-"],
        &patch,
    );
    assert_eq!(stdin.ok().json()["id"], branch["changeset"]["id"]);
    let id = id(&branch);
    run(&world, &["accept", &id, "--by", "Ada"]).ok();
    assert_eq!(world.read("NOTES.md"), "Saturates.\n");
    assert!(world.read("src/queue.rs").contains("saturating_add"));
    run(&world, &["undo", &id, "--by", "Ada"]).ok();
    assert_eq!(world.read("src/queue.rs"), RUST);
    assert!(!world.path("NOTES.md").exists());
}

#[test]
fn an_edited_copy_is_taken_in_whether_it_has_a_history_or_not() {
    let world = world();
    world.write(".gitignore", "target/\n");
    world.commit("Ignore");
    let at = |name: &str| format!("../{name}");
    world.git(&["worktree", "add", "--quiet", "-b", "agent", &at("linked")]);
    world.git(&["clone", "--quiet", ".", &at("clone")]);
    for file in ["src/queue.rs", "README.md", ".gitignore"] {
        world.write(&at(&format!("plain/{file}")), world.read(file));
    }
    let edited = RUST.replace("sum += item;", "sum = sum.saturating_add(*item);");
    for copy in ["linked", "clone", "plain"] {
        world.write(&at(&format!("{copy}/src/queue.rs")), &edited);
        world.write(&at(&format!("{copy}/NOTES.md")), "Saturates.\n");
        world.write(&at(&format!("{copy}/target/out")), "built\n");
    }
    // What the agent commits in its copy, and what happens here meanwhile, is the same to a review.
    world.git(&["-C", &at("clone"), "commit", "--quiet", "--all", "--message", "Saturate"]);
    world.write("README.md", "# The queue\n");
    world.write(&at("plain/README.md"), "# The queue\n");
    world.commit("Reword");
    let import = |copy: &str| {
        run(&world, &["import", "--worktree", &at(copy), "--format", "json"]).ok().json()
    };
    let linked = import("linked");
    let origin = serde_json::json!({ "worker": "worktree", "name": "linked" });
    assert_eq!(linked["changeset"]["origin"], origin);
    let files: Vec<_> = linked["changeset"]["files"].as_array().unwrap().iter().collect();
    assert_eq!(
        files.iter().map(|file| &file["path"]).collect::<Vec<_>>(),
        ["NOTES.md", "src/queue.rs"]
    );
    for copy in ["clone", "plain"] {
        assert_eq!(import(copy)["id"], linked["changeset"]["id"], "{copy}");
    }
    run(&world, &["accept", &id(&linked), "--by", "Ada"]).ok();
    assert_eq!(world.read("src/queue.rs"), edited);
    assert_eq!(world.read("NOTES.md"), "Saturates.\n");
    let refused = |copy: &str| run(&world, &["import", "--worktree", copy]).exited(2).stderr;
    assert!(refused("src").contains("lies inside this repository"), "{}", refused("src"));
    assert!(refused("../nowhere").contains("is no folder"));
    world.write("../other/file", "x\n");
    assert!(refused("../other").contains("holds none of this repository's files"));
}

#[test]
fn files_are_deleted_renamed_and_changed_in_mode_as_a_whole() {
    let world = world();
    world.write("old.txt", "one\ntwo\nthree\nfour\nfive\n");
    world.write("gone.txt", "gone\n");
    world.write("tool.sh", "#!/bin/sh\n");
    world.commit("More files");
    world.git(&["checkout", "--quiet", "-b", "agent"]);
    world.git(&["mv", "old.txt", "new.txt"]);
    world.git(&["rm", "--quiet", "gone.txt"]);
    world.git(&["update-index", "--chmod=+x", "tool.sh"]);
    world.git(&["commit", "--quiet", "-m", "Move things"]);
    world.git(&["checkout", "--quiet", "--force", "main"]);
    let proposal = run(&world, &["import", "--branch", "agent", "--format", "json"]).ok().json();
    let id = id(&proposal);
    run(&world, &["accept", &id, "--by", "Ada"]).ok();
    assert_eq!(world.read("new.txt"), "one\ntwo\nthree\nfour\nfive\n");
    assert!(!world.path("old.txt").exists() && !world.path("gone.txt").exists());
    world.git(&["add", "--all"]);
    assert_eq!(world.git(&["diff", "--cached", "agent"]), "", "what landed is the branch");
    run(&world, &["undo", &id, "--by", "Ada"]).ok();
    world.git(&["add", "--all"]);
    assert_eq!(world.git(&["status", "--porcelain"]), "");
}

#[test]
fn a_denied_change_cannot_be_accepted() {
    let world = world();
    let key = ["AKIA", "Q3EGWLJ5X7TZR2MP"].concat();
    let patch = format!(
        "--- a/README.md\n+++ b/README.md\n@@ -1 +1,2 @@\n # Queue\n+aws_access_key_id = {key}\n"
    );
    world.write("../leak.patch", patch);
    let proposal =
        run(&world, &["import", "--patch", "../leak.patch", "--format", "json"]).ok().json();
    assert_eq!(proposal["verdict"]["decision"], "deny");
    assert!(!proposal["review"]["findings"].to_string().contains(&key), "the secret is not quoted");
    let output = run(&world, &["accept", &id(&proposal), "--by", "Ada"]).exited(1);
    assert!(output.stderr.contains("denied by policy"), "{}", output.stderr);
    assert_eq!(world.read("README.md"), "# Queue\n");
}

#[test]
fn what_is_denied_of_a_change_can_be_rejected_and_the_rest_stated_anew() {
    let world = world();
    let key = ["AKIA", "Q3EGWLJ5X7TZR2MP"].concat();
    world.write("notes.txt", "one\ntwo\n");
    world.commit("Notes");
    let leak = format!(
        "--- a/README.md\n+++ b/README.md\n@@ -1 +1,2 @@\n # Queue\n+aws_access_key_id = {key}\n\
         --- a/notes.txt\n+++ b/notes.txt\n@@ -1,2 +1,2 @@\n one\n-two\n+2\n"
    );
    world.write("../leak.patch", leak);
    let import = ["import", "--patch", "../leak.patch", "--format", "json"];
    let proposal = run(&world, &import).ok().json();
    let id = id(&proposal);
    // What it is called twice in the list says nothing more.
    let list = run(&world, &["list"]).ok().stdout;
    assert_eq!(list.matches("patch leak.patch").count(), 1, "{list}");
    assert!(list.ends_with("patch leak.patch\n"), "{list:?}");
    // Known or new, its id is in the same place.
    let again = run(&world, &import).ok().json();
    assert_eq!((&again["changeset"]["id"], &again["new"]), (&proposal["id"], &false.into()));
    let accept = run(&world, &["accept", &id, "--file", "./notes.txt", "--by", "Ada"]).exited(1);
    let way = format!(
        "countersign reject {0} --hunk N` for what is denied, then `countersign repropose {0}`",
        &id[..12]
    );
    assert!(accept.stderr.contains(&way), "{}", accept.stderr);
    run(&world, &["reject", &id, "--hunk", "1", "--by", "Ada"]).ok();
    let rest = run(&world, &["repropose", &id, "--format", "json"]).ok().json();
    let rest = rest["proposal"]["id"].as_str().unwrap();
    run(&world, &["accept", rest, "--file", "././notes.txt", "--by", "Ada"]).ok();
    assert_eq!((&*world.read("notes.txt"), &*world.read("README.md")), ("one\n2\n", "# Queue\n"));
}

#[test]
fn hostile_patches_are_refused_and_nothing_is_written() {
    let world = world();
    let outside = world.outer().join("outside.txt");
    for path in
        ["../outside.txt", "/tmp/outside.txt", ".git/hooks/pre-commit", "a/../../outside.txt"]
    {
        let patch = format!("--- /dev/null\n+++ b/{path}\n@@ -0,0 +1 @@\n+owned\n");
        let output = world.run_with_stdin(
            crate::support::countersign(),
            &["import", "--patch", "-"],
            &patch,
        );
        let output = output.exited(2);
        assert!(output.stderr.starts_with("error: "), "{}", output.stderr);
        assert!(!output.stderr.contains("panicked"));
    }
    std::os::unix::fs::symlink(world.outer(), world.path("link")).unwrap();
    let patch = "--- /dev/null\n+++ b/link/outside.txt\n@@ -0,0 +1 @@\n+owned\n";
    world
        .run_with_stdin(crate::support::countersign(), &["import", "--patch", "-"], patch)
        .exited(2);
    assert!(!outside.exists());
    assert!(!world.path(".git/hooks/pre-commit").exists());
    assert_eq!(
        run(&world, &["list", "--format", "json"]).ok().json()["changes"],
        serde_json::json!([])
    );
}

#[test]
fn bad_input_gets_one_clear_error() {
    let world = world();
    let errors = |args: &[&str], wanted: &str| {
        let output = run(&world, args).exited(2);
        assert!(output.stderr.contains(wanted), "{args:?}: {}", output.stderr);
        assert!(!output.stderr.contains("panicked"), "{}", output.stderr);
    };
    errors(&["run", "--recipe", "no-such"], "there is no recipe `no-such`");
    errors(&["run", "src/no-such.rs"], "src/no-such.rs");
    errors(&["run", "/"], "outside");
    errors(&["import", "--branch", "no-such"], "no-such");
    errors(&["import", "--patch", "no-such.patch"], "no-such.patch");
    errors(&["list", "--state", "wrong"], "not a state");
    let id = id(&propose(&world));
    errors(&["show", "ffffffff"], "ffffffff");
    errors(&["accept", &id, "--hunk", "9", "--by", "Ada"], "no hunk 9");
    errors(&["accept", &id, "--file", "src/other.rs", "--by", "Ada"], "no file src/other.rs");
    errors(&["undo", &id, "--by", "Ada"], "no hunk");
    let bare = World::without_git();
    let output = run(&bare, &["run"]).exited(2);
    assert!(output.stderr.contains("repository"), "{}", output.stderr);
}

#[test]
fn todays_rules_decide_not_those_of_the_proposal() {
    let world = world();
    let id = id(&propose(&world));
    world.write("countersign.toml", "[policy]\ndeny_lines = 1\n");
    world.commit("Only small changes");
    let output = run(&world, &["accept", &id, "--by", "Ada"]).exited(1);
    assert!(output.stderr.contains("size.limit"), "{}", output.stderr);
    assert_eq!(world.read("src/queue.rs"), RUST);
    world.write("countersign.toml", "");
    world.commit("Any change");
    run(&world, &["accept", &id, "--by", "Ada"]).ok();
}

#[test]
fn a_change_made_by_one_rewrite_is_one_hunk() {
    let world = World::new();
    let text = "def merge(parts, into=[]):\n    \"\"\"Merges.\"\"\"\n    into.extend(parts)\n    return into\n";
    world.write("merge.py", text);
    world.commit("Merge");
    let output = run(&world, &["run", "--recipe", "python/mutable-default", "--format", "json"]);
    let proposals = output.ok().json();
    let proposal = &proposals["proposals"][0];
    assert_eq!(proposal["review"]["stats"]["hunks"], 1, "{proposal:#}");
    let id = id(proposal);
    run(&world, &["accept", &id, "--by", "Ada"]).ok();
    assert!(
        world.read("merge.py").contains("into=None")
            && world.read("merge.py").contains("if into is None")
    );
    run(&world, &["undo", &id, "--by", "Ada"]).ok();
    assert_eq!(world.read("merge.py"), text);
}

#[test]
fn output_that_is_lost_is_an_error() {
    let world = world();
    propose(&world);
    let program = crate::support::countersign().to_str().unwrap();
    for command in ["ledger export", "check --format json", "list"] {
        let line = format!("'{program}' {command} > /dev/full");
        let output = world.run("sh", &["-c", &line]).exited(2);
        assert!(output.stderr.contains("standard output"), "{}", output.stderr);
        let line = format!("'{program}' {command} | true");
        world.run("sh", &["-c", &line]).ok();
    }
}

/// What became of the one proposal of a new run of the recipe.
fn proposed_again(world: &World) -> serde_json::Value {
    let again = run(world, &["run", "--recipe", crate::support::RECIPE, "--format", "json"]).ok();
    let proposals = again.json()["proposals"].clone();
    assert_eq!(proposals.as_array().unwrap().len(), 1, "{proposals:#}");
    proposals[0].clone()
}

#[test]
fn a_rejection_is_taken_back() {
    let world = world();
    let id = id(&propose(&world));
    run(&world, &["reject", &id, "--by", "Ada"]).ok();
    run(&world, &["restore", &format!("{id}/2"), "--by", "Ada"]).ok();
    assert_eq!(hunk_states(&world, &id), ["rejected", "proposed"]);
    run(&world, &["restore", &format!("{id}/2"), "--by", "Ada"]).exited(2);
    run(&world, &["accept", &id, "--by", "Ada"]).ok();
    assert_eq!(
        world.read("src/queue.rs"),
        RUST.replace("right.len() == 0", "right.is_empty()"),
        "what stayed rejected did not land"
    );
}

#[test]
fn rejected_work_is_not_offered_again_until_what_surrounds_it_changes() {
    let world = world();
    let first = id(&propose(&world));
    run(&world, &["reject", &first, "--by", "Ada", "--reason", "clear enough"]).ok();
    // Elsewhere in the file, and the function moved: the same work.
    world.write("src/queue.rs", format!("//! A queue.\n\n{RUST}"));
    let again = proposed_again(&world);
    assert_eq!(again["new"], false);
    assert_eq!(again["rejected_before"][0]["changeset"], first.as_str());
    assert_eq!(again["rejected_before"][0]["reason"], "clear enough");
    // In the function around one of them: that one deserves another look.
    let edited = RUST.replace("pub fn idle(queue: &[u32])", "pub fn idle(queue: &[u64])");
    world.write("src/queue.rs", &edited);
    let again = proposed_again(&world);
    assert_eq!(again["new"], true);
    assert_eq!(hunk_states(&world, &id(&again)), ["proposed", "rejected"]);
    let shown = run(&world, &["ledger", "export"]).ok().stdout;
    let reason = format!("rejected before, in {}: clear enough", &first[..12]);
    assert!(shown.contains(&reason), "{shown}");
}

#[test]
fn a_newer_statement_of_waiting_work_takes_the_place_of_the_older() {
    let world = world();
    let first = id(&propose(&world));
    run(&world, &["reject", &format!("{first}/1"), "--by", "Ada"]).ok();
    world.write("src/queue.rs", format!("//! A queue.\n\n{RUST}"));
    let second = id(&proposed_again(&world));
    assert_eq!(hunk_states(&world, &first), ["rejected", "superseded"]);
    assert_eq!(hunk_states(&world, &second), ["rejected", "proposed"]);
    run(&world, &["accept", &format!("{first}/2"), "--by", "Ada"]).exited(2);
    run(&world, &["ledger", "verify"]).ok();
}

#[test]
fn hunks_that_need_one_another_are_named_and_can_be_accepted_together() {
    let world = world();
    let limit = "/// The sum of all.\n";
    let edited = RUST
        .replace(
            limit,
            &format!("/// The most that are summed.\nconst LIMIT: usize = 8;\n\n{limit}"),
        )
        .replace("queue.iter().skip(1)", "queue.iter().take(LIMIT)");
    world.write("src/queue.rs", &edited);
    let patch = world.git(&["diff", "--no-color"]);
    world.git(&["checkout", "--quiet", "."]);
    world.write("limit.patch", patch);
    let imported = run(&world, &["import", "--patch", "limit.patch", "--format", "json"]).ok();
    let id = id(&imported.json());
    let shown = run(&world, &["show", &id]).ok().stdout;
    assert!(shown.contains("hunk 2 uses `LIMIT`, which hunk 1 defines"), "{shown}");
    // Alone, with a warning; the one that is needed warns of nothing.
    let alone = run(&world, &["accept", &format!("{id}/2"), "--by", "Ada"]).ok().stdout;
    assert!(alone.contains("hunk 1 is not in the text"), "{alone}");
    run(&world, &["undo", &id, "--by", "Ada"]).ok();
    let together = ["accept", &format!("{id}/2"), "--with-needed", "--by", "Ada"];
    let together = run(&world, &together).ok().stdout;
    assert!(!together.contains("warning"), "{together}");
    assert_eq!(world.read("src/queue.rs"), edited);
    let undone = run(&world, &["undo", &format!("{id}/1"), "--by", "Ada"]).ok().stdout;
    assert!(undone.contains("hunk 1 is not in the text"), "{undone}");
}
