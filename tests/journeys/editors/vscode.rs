//! VS Code: code-server in a browser, with the packed extension installed. What a person does there is in `vscode/journeys.js`;
//! one server and one browser do all of it, in windows of their own.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::{Value, json};
use test_support::World;

use super::{
    RUST_FILE, SECOND, SECOND_FILE, in_checkout, leak, pictures, program, rust_accepted, states,
    two_files, untouched, verify,
};
use crate::support;

/// How large a picture in the documentation may be.
const PICTURE_BYTES_MAX: u64 = 200_000;

#[test]
fn vscode_reviews_undoes_restarts_and_says_what_is_missing() {
    let review = queue();
    let two = two_files();
    let stale = queue();
    let arrives = World::new();
    arrives.write(RUST_FILE, support::RUST);
    arrives.commit("A queue");
    let denied = queue();
    leak(&denied);
    let killed = queue();
    let agent = queue();
    let missing = queue();
    missing.write(".vscode/settings.json", r#"{ "countersign.path": "/nowhere/countersign" }"#);
    let asks = queue();
    asks.write(".vscode/settings.json", r#"{ "countersign.proposals.severity": "warning" }"#);
    let restricted = queue();
    restricted.write(".vscode/settings.json", r#"{ "countersign.path": "/nowhere/countersign" }"#);
    let trusts = support::gated();
    let bare = World::new();
    fs::remove_dir_all(bare.root().join(".git")).unwrap();
    drive(&[
        ("asks", &asks),
        ("review", &review),
        ("twoFiles", &two),
        ("stale", &stale),
        ("arrives", &arrives),
        ("denied", &denied),
        ("killed", &killed),
        ("agent", &agent),
        ("missing", &missing),
        ("restricted", &restricted),
        ("trusts", &trusts),
        ("bare", &bare),
        ("pictures", &pictured()),
    ]);

    let right = |text: String| text.replace("right.len() == 0", "right.is_empty()");
    ends(&review, &format!("// typed\n{}", support::RUST), &["undone", "proposed"]);
    let documented =
        support::RUST.replacen("item;\n    }", "item;\n    // Say what it sums\n    }", 1);
    ends(&asks, &documented, &["proposed", "proposed", "accepted"]);
    ends(&two, support::RUST, &["undone", "undone"]);
    assert_eq!(two.read(SECOND_FILE), SECOND);
    assert_eq!(states(&two, SECOND_FILE), ["undone"]);
    let typed = format!("{}// one\n// two\n", "// more\n".repeat(20));
    ends(&stale, &(typed + &rust_accepted()), &["accepted", "proposed"]);
    let arrived = right(support::RUST.to_owned());
    ends(&arrives, &format!("// mine\n{arrived}"), &["proposed", "accepted"]);
    ends(&denied, support::RUST, &["proposed", "proposed"]);
    assert_eq!(
        (denied.read("README.md").as_str(), &*states(&denied, "README.md")),
        ("# Queue\n", &["rejected".to_owned()][..])
    );
    ends(&killed, &right(rust_accepted()), &["accepted", "accepted"]);
    let reviewed = support::RUST.replace("rest > 0", "rest != 0");
    ends(&agent, &reviewed, &["proposed", "proposed", "rejected", "accepted"]);
    ends(&restricted, &rust_accepted(), &["accepted", "proposed"]);
    ends(&missing, support::RUST, &["proposed", "proposed"]);
}

/// `UPDATE_PICTURES=1` has them made anew, from the real program; without it they must show what it shows.
#[test]
fn the_pictures_of_the_vscode_documentation_show_what_there_is() {
    if env::var_os("UPDATE_PICTURES").is_some() {
        drive(&[("pictures", &pictured())]);
    }
    pictures::are_linked("vscode", PICTURE_BYTES_MAX);
}

/// They notice each mistake in the lines that the recipe changes.
const TESTS: &str = "\
grep -Eq '^    queue.(is_empty|len)' src/queue.rs
grep -Eq 'left.(is_empty|len).* && right.(is_empty|len)' src/queue.rs
grep -Eq '^    stack.(is_empty|len)' src/stack.rs
";

/// What the pictures are of: a change that passes two gates, and one that policy denies.
fn pictured() -> World {
    let world = World::new();
    world.write("README.md", "# Queue\n");
    world.write(RUST_FILE, support::RUST);
    world.write(SECOND_FILE, SECOND);
    world.write("tests.sh", TESTS);
    world.write("style.sh", "grep -qv '  $' src/queue.rs\n");
    let gate = |id: &str, kind: &str| {
        format!(
            "[[gate]]\nid = \"{id}\"\nkind = \"{kind}\"\ncommand = [\"sh\", \"-e\", \"{id}.sh\"]\n"
        )
    };
    world.write("countersign.toml", [gate("tests", "test"), gate("style", "lint")].join("\n"));
    world.commit("A queue and a stack");
    support::run(&world, &["run", "--recipe", support::RECIPE]).ok();
    leak(&world);
    world
}

/// The program comes with the package of one system, and the packages of others stay as they are.
#[test]
fn a_vscode_package_brings_the_program_along() {
    let world = untouched();
    world.write("../program", "#!/bin/sh\necho 'the program'\n");
    let bytes = fs::read(world.outer().join("program")).unwrap();
    let node = program("COUNTERSIGN_TEST_NODE");
    let path = [node.parent().unwrap().to_owned(), "/usr/bin".into(), "/bin".into()];
    let any = program("COUNTERSIGN_TEST_VSIX");
    let before = fs::read(&any).unwrap();
    let mut build = world.command(in_checkout("editors/vscode/build"));
    build.arg("--bundle").arg(world.outer().join("program")).args(["--target", "linux-x64"]);
    build.env("PATH", env::join_paths(path).unwrap()).stdin(Stdio::null());
    let output = build.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(fs::read(&any).unwrap(), before);

    let extensions = world.outer().join("extensions");
    let server = program("COUNTERSIGN_TEST_CODE_SERVER");
    let mut install = world.command(&node);
    install.arg(server.join("node_modules/code-server/out/node/entry.js"));
    install.arg("--user-data-dir").arg(world.outer().join("data"));
    install.arg("--config").arg(world.outer().join("config.yaml"));
    install.arg("--extensions-dir").arg(&extensions);
    install.arg("--install-extension").arg(any.with_file_name("countersign-linux-x64.vsix"));
    let output = install.stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut installed = fs::read_dir(&extensions).unwrap().map(|entry| entry.unwrap().path());
    let installed = installed.find(|path| path.is_dir()).unwrap().join("bin/countersign");
    assert_eq!(fs::read(&installed).unwrap(), bytes);
    let output = world.command(&installed).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "the program\n", "it does not run");
}

/// A queue for which a recipe has proposed two hunks.
fn queue() -> World {
    let world = support::world();
    support::run(&world, &["run", "--recipe", support::RECIPE]).ok();
    world
}

/// What is left on the disk and in the ledger.
#[track_caller]
fn ends(world: &World, text: &str, wanted: &[&str]) {
    assert_eq!(world.read(RUST_FILE), text);
    assert_eq!(states(world, RUST_FILE), wanted);
    verify(world);
}

/// Has the journeys done in VS Code, each in its world. The editor's own files are in one that has nothing else.
fn drive(journeys: &[(&str, &World)]) {
    let outer = untouched();
    let scratch = outer.outer().join("vscode");
    let failures = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("vscode");
    fs::create_dir_all(&scratch).unwrap();
    let scribe = super::ask::SCRIBE.replace("\"docs\"", "\"docs\", \"refactor\"");
    let sleeper = "\n[workers.sleeper]\ncommand = [\"sleep\", \"600\"]\nkinds = [\"tests\"]\n";
    outer.write("../config/countersign/config.toml", scribe + sleeper);
    fs::create_dir_all(&failures).unwrap();
    let journeys: Vec<Value> = journeys
        .iter()
        .map(|(name, world)| json!({ "name": name, "folder": real(world.root()) }))
        .collect();
    let given = json!({
        "countersign": support::countersign(),
        "codeServer": program("COUNTERSIGN_TEST_CODE_SERVER"),
        "playwright": program("COUNTERSIGN_TEST_PLAYWRIGHT"),
        "chromium": program("COUNTERSIGN_TEST_CHROMIUM"),
        "vsix": program("COUNTERSIGN_TEST_VSIX"),
        "scratch": scratch,
        "failures": failures,
        "pictures": in_checkout("editors/vscode/pictures"),
        "update": env::var_os("UPDATE_PICTURES").is_some(),
        "journeys": journeys,
    });
    let file = scratch.join("given.json");
    fs::write(&file, given.to_string()).unwrap();
    let mut command = outer.command(program("COUNTERSIGN_TEST_NODE"));
    command.arg(in_checkout("tests/journeys/editors/vscode/drive.js")).arg(file);
    command.env("PATH", super::path()).stdin(Stdio::null());
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.trim_end().ends_with("PASS"), "{said}");
    // When each was done, for whoever wants to see what takes long.
    println!("{said}");
}

fn real(path: &Path) -> PathBuf {
    path.canonicalize().unwrap()
}
