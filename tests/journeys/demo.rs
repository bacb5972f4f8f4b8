//! The main job, as a newcomer meets it.

use test_support::World;

use crate::support::run;

#[test]
fn the_demo_goes_the_whole_way() {
    let world = World::without_git();
    let output = run(&world, &["demo", "--keep", "demo"]).ok();
    let text = &output.stdout;
    for said in [
        "verdict allow",
        "verdict review",
        "verdict deny",
        "accepted hunk",
        "found moved, by content",
        "refused hunk",
        "denied by policy",
        "undone hunk",
        "risk ",
        "whole: ",
        "nvim",
        "hx",
    ] {
        assert!(text.contains(said), "the demo does not say `{said}`:\n{text}");
    }
    let status = world.run("git", &["-C", "demo", "status", "--porcelain"]).ok().stdout;
    assert!(!status.is_empty(), "the dirty file and the accepted hunks are there");
    run(&world, &["-C", "demo", "ledger", "verify"]).ok();
    // A second demo in the same place would overwrite somebody's work.
    let again = run(&world, &["demo", "--keep", "demo"]).exited(2);
    assert!(again.stderr.contains("not empty"), "{}", again.stderr);
}
