//! The ledger is never lost, and says when it was changed.

use crate::support::{event_kinds, id, propose, run, world};

#[test]
fn an_export_verifies_offline_and_a_changed_one_does_not() {
    let world = world();
    let id = id(&propose(&world));
    run(&world, &["accept", &id, "--by", "Ada"]).ok();
    let export = run(&world, &["ledger", "export"]).ok().stdout;
    assert_eq!(
        event_kinds(&world),
        ["change_set_proposed", "change_set_judged", "accept_requested", "accepted"]
    );
    assert!(export.contains("\"Ada\""), "who acted is recorded");
    world.write("../ledger.jsonl", &export);
    run(&world, &["ledger", "verify", "--file", "../ledger.jsonl"]).ok();
    world.write(
        "../ledger.jsonl",
        export.replace("\"kind\":\"accepted\"", "\"kind\":\"accept_failed\""),
    );
    let output = run(&world, &["ledger", "verify", "--file", "../ledger.jsonl"]).exited(2);
    assert!(output.stderr.contains("event 4"), "{}", output.stderr);
}

#[test]
fn a_ledger_that_was_cut_off_or_put_back_is_noticed() {
    let world = world();
    let id = id(&propose(&world));
    let folder = world.path(".git/countersign");
    let earlier = world.outer().join("earlier");
    let copy = |from: &std::path::Path, to: &std::path::Path| {
        world.run("cp", &["-r", from.to_str().unwrap(), to.to_str().unwrap()]).ok();
    };
    run(&world, &["ledger", "verify"]).ok();
    copy(&folder, &earlier);
    run(&world, &["accept", &id, "--by", "Ada"]).ok();
    run(&world, &["ledger", "verify"]).ok();
    // Sound by itself, and a statement of nothing that came after.
    std::fs::remove_dir_all(&folder).unwrap();
    copy(&earlier, &folder);
    let cut = run(&world, &["ledger", "verify"]).exited(2);
    assert!(cut.stderr.contains("it has 2 events and had 4"), "{}", cut.stderr);
    // As long as before, and another.
    run(&world, &["reject", &id, "--by", "Eve"]).ok();
    run(&world, &["restore", &id, "--by", "Eve"]).ok();
    let anew = run(&world, &["ledger", "verify"]).exited(2);
    assert!(anew.stderr.contains("event 4 was another"), "{}", anew.stderr);
    std::fs::remove_dir_all(&folder).unwrap();
    let gone = run(&world, &["ledger", "verify"]).exited(2);
    assert!(gone.stderr.contains("it is gone"), "{}", gone.stderr);
}

#[test]
fn a_corrupt_ledger_is_named_and_left_alone() {
    let world = world();
    propose(&world);
    let path = ".git/countersign/ledger.db";
    world.write(path, b"this is not a database, but it is somebody's");
    let output = run(&world, &["list"]).exited(2);
    assert!(output.stderr.contains("ledger.db"), "{}", output.stderr);
    assert_eq!(world.read(path), "this is not a database, but it is somebody's");
}

#[test]
fn a_repository_without_a_ledger_gets_none_by_looking() {
    let world = world();
    run(&world, &["list"]).ok();
    run(&world, &["ledger", "verify"]).ok();
    run(&world, &["check"]).ok();
    assert!(!world.path(".git/countersign").exists());
}

#[test]
fn two_processes_accept_one_hunk_once() {
    let world = world();
    let id = id(&propose(&world));
    let outcomes: Vec<i32> = std::thread::scope(|scope| {
        let accept = || run(&world, &["accept", &id, "--hunk", "1", "--by", "Ada"]).status;
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(accept)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(outcomes.iter().filter(|status| **status == 0).count(), 1, "{outcomes:?}");
    assert_eq!(world.read("src/queue.rs").matches("queue.is_empty()").count(), 1);
    run(&world, &["ledger", "verify"]).ok();
}
