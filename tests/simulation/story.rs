//! One proposal that holds every kind of change, and the law that any crash must leave intact: each file is what
//! the ledger says hunk by hunk, and there is a way forward and a way back.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use test_support::{Output, World};

use crate::faults;

/// Every file and link below the project folder but `.git`; folders only where nothing is in them.
pub type Tree = BTreeMap<String, Entry>;

/// What lies at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    File { text: String, executable: bool },
    Link { target: String },
    EmptyFolder,
}

/// How what was done in the tree is captured.
pub const ADOPT: [&str; 5] = ["adopt", "--agent", "claude", "--format", "json"];

/// A world with a ChangeSet in its ledger.
pub struct Story {
    pub world: World,
    pub id: String,
    /// The tree with nothing accepted.
    pub before: Tree,
}

fn file(text: impl Into<String>) -> Entry {
    Entry::File { text: text.into(), executable: false }
}

fn lines(prefix: &str) -> String {
    (1..=12).map(|line| format!("{prefix} {line}\n")).collect()
}

fn replace(tree: &mut Tree, path: &str, from: &str, to: &str) {
    let Some(Entry::File { text, .. }) = tree.get_mut(path) else { panic!("{path} is no file") };
    assert_eq!(text.matches(from).count(), 1);
    *text = text.replace(from, to);
}

/// What each hunk does to the tree, in the order of their numbers.
const HUNKS: [fn(&mut Tree); 8] = [
    |tree| replace(tree, "a.txt", "line 2\n", "LINE 2\nand one more\n"),
    |tree| replace(tree, "a.txt", "line 10\n", ""),
    |tree| drop(tree.remove("gone/d.txt")),
    |tree| drop(tree.insert("link".into(), Entry::Link { target: "src/b.txt".into() })),
    |tree| {
        let file = tree.remove("e.txt").unwrap();
        tree.insert("moved/e.txt".into(), file);
        replace(tree, "moved/e.txt", "moving 6\n", "moved 6\n");
    },
    |tree| drop(tree.insert("new/deep/c.txt".into(), file("new\n"))),
    |tree| {
        drop(tree.insert("run.sh".into(), Entry::File { text: "true\n".into(), executable: true }))
    },
    |tree| replace(tree, "src/b.txt", "other 5\n", "OTHER 5\n"),
];

impl Story {
    /// A repository in which `work` changes lines, creates, deletes, renames, makes executable and re-links.
    pub fn told() -> Self {
        let world = World::new();
        let before = Tree::from([
            ("a.txt".into(), file(lines("line"))),
            ("e.txt".into(), file(lines("moving"))),
            ("gone/d.txt".into(), file("gone\n")),
            ("link".into(), Entry::Link { target: "a.txt".into() }),
            ("run.sh".into(), file("true\n")),
            ("src/b.txt".into(), file(lines("other"))),
        ]);
        lay_out(&world, &before);
        world.commit("Before");
        world.git(&["checkout", "--quiet", "-b", "work"]);
        lay_out(&world, &applied(&before, |_| true));
        world.commit("All of it");
        world.git(&["checkout", "--quiet", "main"]);
        assert_eq!(tree_of(world.root()), before);
        Self { world, id: String::new(), before }
    }

    /// The same, with the branch taken in.
    pub fn proposed() -> Self {
        let mut story = Self::told();
        let imported = story.run(&story.world, &["import", "--branch", "work", "--format", "json"]);
        imported.json()["changeset"]["id"].as_str().unwrap().clone_into(&mut story.id);
        assert_eq!(story.states(&story.world), ["proposed"; HUNKS.len()]);
        story
    }

    /// The same, with all hunks accepted.
    pub fn accepted() -> Self {
        let story = Self::proposed();
        story.run(&story.world, &["accept", &story.id, "--by", "Ada"]);
        assert_eq!(tree_of(story.world.root()), story.after());
        story
    }

    /// An agent did all of it in the tree, after a snapshot, and nobody has captured it yet.
    pub fn done() -> Self {
        let story = Self::told();
        story.run(&story.world, &["snapshot"]);
        lay_out(&story.world, &story.after());
        story
    }

    /// The same, adopted.
    pub fn adopted() -> Self {
        let mut story = Self::done();
        story.id = story.adopt(&story.world);
        assert_eq!(story.states(&story.world), ["adopted"; HUNKS.len()]);
        story
    }

    /// Adopts what was done and gives the ChangeSet, whether it is new or known.
    #[track_caller]
    pub fn adopt(&self, world: &World) -> String {
        let adopted = self.run(world, &ADOPT).json();
        let proposal = &adopted["proposal"];
        let id = proposal.get("id").unwrap_or_else(|| &proposal["changeset"]["id"]);
        id.as_str().unwrap_or_else(|| panic!("{adopted:#}")).to_owned()
    }

    /// The tree with all hunks accepted.
    pub fn after(&self) -> Tree {
        applied(&self.before, |_| true)
    }

    /// Runs the binary, which must succeed.
    #[track_caller]
    pub fn run(&self, world: &World, args: &[&str]) -> Output {
        faults::run(world, args).ok()
    }

    /// Accepts, undoes or rejects what can be.
    #[track_caller]
    pub fn decide(&self, world: &World, verb: &str) {
        self.run(world, &[verb, &self.id, "--by", "Ada"]);
    }

    /// The state of each hunk. Asking settles what a crash left.
    #[track_caller]
    pub fn states(&self, world: &World) -> Vec<String> {
        let list = self.run(world, &["list", "--format", "json"]).json();
        let changes = list["changes"].as_array().unwrap();
        let [change] = changes.as_slice() else { panic!("{list:#}") };
        let hunks = change["hunks"].as_array().unwrap();
        hunks.iter().map(|hunk| hunk["state"].as_str().unwrap().to_owned()).collect()
    }

    /// The law, and that the ledger is whole, which is asked once for all that happened in a world: at the end.
    #[track_caller]
    pub fn check(&self, world: &World) -> Vec<String> {
        let states = self.settled(world);
        self.run(world, &["ledger", "verify"]);
        states
    }

    /// The law: text and ledger agree, and nothing is left lying about. Gives the states.
    #[track_caller]
    pub fn settled(&self, world: &World) -> Vec<String> {
        let states = self.states(world);
        let at_rest = ["proposed", "accepted", "undone", "rejected", "adopted"];
        assert!(
            states.iter().all(|state| at_rest.contains(&state.as_str())),
            "nobody acts, so nothing is under way: {states:?}"
        );
        let in_text = |state: &str| ["accepted", "adopted"].contains(&state);
        let expected = applied(&self.before, |index| in_text(&states[index]));
        let found = tree_of(world.root());
        assert_eq!(found, expected, "the tree is not what the ledger says: {states:?}");
        let left = leftovers(&world.path(".git"));
        assert!(left.is_empty(), "left lying about: {left:?}");
        states
    }

    /// The law for a decision about all of it that writes nothing: it is made as a whole or not, and is made then.
    #[track_caller]
    pub fn decided_at_once(&self, world: &World, verb: &str, from: &str, to: &str) {
        let states = self.settled(world);
        assert!(states.windows(2).all(|pair| pair[0] == pair[1]), "all or none: {states:?}");
        assert!([from, to].contains(&states[0].as_str()), "{states:?}");
        if states[0] == from {
            self.decide(world, verb);
            assert_eq!(self.settled(world)[0], to);
        }
        self.run(world, &["ledger", "verify"]);
    }

    /// From whatever state: all of it can be accepted, and taken out again, to the byte. Tried at every eighth turn
    /// by default, and wherever only a part is accepted.
    #[track_caller]
    pub fn there_and_back(&self, world: &World, states: &[String], turn: usize) {
        let mixed = states.windows(2).any(|pair| pair[0] != pair[1]);
        if !mixed && !turn.is_multiple_of(8) && !crate::thorough() {
            return drop(self.run(world, &["ledger", "verify"]));
        }
        if states.iter().any(|state| state != "accepted") {
            self.decide(world, "accept");
        }
        assert_eq!(tree_of(world.root()), self.after());
        self.decide(world, "undo");
        assert_eq!(self.check(world), ["undone"; HUNKS.len()]);
    }
}

/// Says which step it was when the test fails in it.
pub struct Told(pub String);

impl Drop for Told {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("after {}", self.0);
        }
    }
}

/// The tree with the hunks that `accepted` names, by index.
fn applied(before: &Tree, accepted: impl Fn(usize) -> bool) -> Tree {
    let mut tree = before.clone();
    let chosen = HUNKS.iter().enumerate().filter(|(index, _)| accepted(*index));
    chosen.for_each(|(_, apply)| apply(&mut tree));
    tree
}

/// Makes the project folder hold exactly `tree`.
fn lay_out(world: &World, tree: &Tree) {
    for path in tree_of(world.root()).keys() {
        world.remove(path);
    }
    for (path, entry) in tree {
        match entry {
            Entry::File { text, executable } => {
                world.write(path, text);
                let mode = if *executable { 0o755 } else { 0o644 };
                let permissions = std::fs::Permissions::from_mode(mode);
                std::fs::set_permissions(world.path(path), permissions).unwrap();
            }
            Entry::Link { target } => {
                std::os::unix::fs::symlink(target, world.path(path)).unwrap();
            }
            Entry::EmptyFolder => std::fs::create_dir_all(world.path(path)).unwrap(),
        }
    }
    for folder in ["gone", "moved", "new/deep", "new"] {
        std::fs::remove_dir(world.path(folder)).ok();
    }
}

/// What lies below a folder, without `.git`.
pub fn tree_of(root: &Path) -> Tree {
    let mut tree = Tree::new();
    let mut folders = vec![String::new()];
    while let Some(folder) = folders.pop() {
        let mut empty = true;
        for entry in std::fs::read_dir(root.join(&folder)).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            if folder.is_empty() && name == ".git" {
                continue;
            }
            empty = false;
            let path = if folder.is_empty() { name } else { format!("{folder}/{name}") };
            let metadata = entry.metadata().unwrap();
            if metadata.is_dir() {
                folders.push(path);
            } else if metadata.is_symlink() {
                let target = std::fs::read_link(entry.path()).unwrap();
                tree.insert(path, Entry::Link { target: target.to_str().unwrap().to_owned() });
            } else {
                let text = String::from_utf8(std::fs::read(entry.path()).unwrap()).unwrap();
                let executable = metadata.permissions().mode() & 0o111 != 0;
                tree.insert(path, Entry::File { text, executable });
            }
        }
        if empty && !folder.is_empty() {
            tree.insert(folder, Entry::EmptyFolder);
        }
    }
    tree
}

/// What only lies below git's folder while someone is at work, or was killed.
fn leftovers(git: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let ledger = git.join("countersign");
    for folder in ["holders", "blobs/incoming"] {
        let Ok(entries) = std::fs::read_dir(ledger.join(folder)) else { continue };
        found.extend(entries.map(|entry| entry.unwrap().path().display().to_string()));
    }
    for name in ["new.db", "new.db-wal", "new.db-shm", "new.db-journal", "ledger.db-wal"] {
        if ledger.join(name).exists() {
            found.insert(name.to_owned());
        }
    }
    found
}
