//! A wait ends after a change of a file that counts.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests build their own worlds and stop at the first surprise"
)]

mod world;

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use workspace::{Watch, Woken};
use world::World;

const QUIET: Duration = Duration::from_millis(20);

fn watches(open: impl Fn(&World) -> Watch) {
    let world = World::new();
    world.write(".gitignore", "target\n");
    world.write("src/file", "old\n");
    world.write("target/made", "old\n");
    let mut watch = open(&world);
    let stop = AtomicBool::new(false);
    world.write("src/file", "newer\n");
    assert_eq!(watch.wait(&stop).unwrap(), Woken::Changed);
    // A folder that came since is watched from the moment it was told of.
    world.write("src/new/deep/file", "new\n");
    assert_eq!(watch.wait(&stop).unwrap(), Woken::Changed);
    assert!(watch.folders().is_none_or(|folders| folders == 3));
    world.write("src/new/deep/file", "changed\n");
    assert_eq!(watch.wait(&stop).unwrap(), Woken::Changed);
    std::fs::remove_file(world.root.join("src/file")).unwrap();
    assert_eq!(watch.wait(&stop).unwrap(), Woken::Changed);
    assert_eq!(watch.wait(&AtomicBool::new(true)).unwrap(), Woken::Stopped);
}

#[test]
fn a_change_is_told_by_the_system() {
    watches(|world| {
        let watch = Watch::open(&world.root, QUIET).unwrap();
        // Of all folders `src` alone: what git ignores costs no watch.
        assert_eq!(watch.folders(), Some(1));
        watch
    });
}

#[test]
fn a_change_is_seen_by_looking() {
    watches(|world| {
        let watch = Watch::looking(&world.root, QUIET).unwrap();
        assert_eq!(watch.folders(), None);
        watch
    });
}
