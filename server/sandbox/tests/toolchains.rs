//! Real builds and tests of small projects, offline, with the person's own toolchains and nothing else of theirs.
#![cfg(target_os = "linux")]
#![allow(clippy::disallowed_methods, reason = "tests build their own worlds")]
#![allow(clippy::unwrap_used, reason = "tests say what failed by failing")]

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sandbox::{
    Bounds, Confined, End, Input, Means, Mount, Network, Sandbox, Scratch, Tier, Toolchains,
    Worked, toolchains,
};

fn sandbox(tier: Tier) -> Sandbox {
    let means = Means::ALL.into_iter().find(|means| means.tier() == tier).unwrap();
    Sandbox::by_with(Path::new(env!("CARGO_BIN_EXE_sandbox-stage")), means).unwrap()
}

fn found(tier: Tier) -> Toolchains {
    let env: Vec<(OsString, OsString)> = std::env::vars_os().collect();
    toolchains(&env, tier, Worked::default())
}

/// A project with these files, in a folder that is gone afterwards.
fn project(files: &[(&str, &str)]) -> (tempfile::TempDir, PathBuf) {
    let world = tempfile::tempdir().unwrap();
    let folder = world.path().canonicalize().unwrap().join("project");
    for (name, text) in files {
        let file = folder.join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
    (world, folder)
}

/// What a command says, run on a throwaway view of `folder`; it must succeed.
fn says(world: &Path, folder: &Path, argv: &[&str]) -> String {
    let scratch = Scratch::new(&world.join("scratch")).unwrap();
    let found = found(Tier::Namespaces);
    let mut mounts = vec![scratch.over(vec![folder.into()], folder.into()).unwrap()];
    mounts.extend(found.mounts);
    let confined = confined(argv, folder, mounts, found.env);
    let ended = sandbox(Tier::Namespaces).run(&confined).unwrap();
    let said = String::from_utf8_lossy(&ended.stdout).into_owned()
        + &String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.end, End::Exited(0), "{said}");
    said
}

fn confined(
    argv: &[&str],
    cwd: &Path,
    mounts: Vec<Mount>,
    env: Vec<(OsString, OsString)>,
) -> Confined {
    Confined {
        argv: argv.iter().map(Into::into).collect(),
        cwd: cwd.into(),
        env,
        stdin: Input::Bytes(Vec::new()),
        mounts,
        network: Network::None,
        one_output: false,
        bounds: Bounds { time: Duration::from_secs(300), ..Bounds::default() },
    }
}

#[test]
fn a_rust_project_with_a_fetched_dependency_is_built_and_tested() {
    let (world, folder) = project(&[
        (
            "Cargo.toml",
            "[package]\nname = \"small\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[dependencies]\ncfg-if = \"1\"\n[workspace]\n",
        ),
        (
            "src/lib.rs",
            "cfg_if::cfg_if! { if #[cfg(unix)] { pub fn one() -> u8 { 1 } } }\n#[test]\nfn one_is_one() { assert_eq!(one(), 1); }\n",
        ),
    ]);
    let said = says(world.path(), &folder, &["cargo", "test", "--offline"]);
    assert!(said.contains("test one_is_one ... ok"), "{said}");
    assert!(!folder.join("Cargo.lock").exists() && !folder.join("target").exists());
}

#[test]
fn javascript_python_and_git_run() {
    let (world, folder) = project(&[
        (
            "one.test.mjs",
            "import test from 'node:test'; import assert from 'node:assert'; import http from 'node:http';\ntest('one', async () => { const s = http.createServer((q, r) => r.end('1')); await new Promise(d => s.listen(0, '127.0.0.1', d)); const r = await fetch(`http://127.0.0.1:${s.address().port}`); assert.equal(await r.text(), '1'); s.close(); s.closeAllConnections(); });\n",
        ),
        (
            "test_one.py",
            "import unittest, tempfile, multiprocessing\nclass One(unittest.TestCase):\n    def test_one(self):\n        with tempfile.TemporaryDirectory(), multiprocessing.Pool(2) as pool: self.assertEqual(pool.map(abs, [-1]), [1])\n",
        ),
        ("package.json", "{}"),
    ]);
    let says = |argv: &[&str]| says(world.path(), &folder, argv);
    let node = says(&["node", "--test"]);
    assert!(node.contains("# pass 1"), "{node}");
    let python = says(&["python3", "-m", "unittest"]);
    assert!(python.contains("OK"), "{python}");
    says(&["npm", "install", "--offline"]);
    let git = says(&[
        "sh",
        "-c",
        "git init -q . && git add . && git -c user.name=a -c user.email=a@b commit -qm one && git log --format=%s",
    ]);
    assert!(git.ends_with("one\n"), "{git}");
}

#[test]
fn a_cover_is_changed_inside_and_never_outside() {
    let (world, folder) = project(&[("cache/kept", "kept"), ("cache/sub/gone", "gone")]);
    let cache = folder.join("cache");
    let cover = || Mount::Cover { from: cache.clone(), at: cache.clone() };
    let other = || Mount::Cover { from: cache.clone(), at: "/other".into() };
    let script = "echo new > new && echo more >> kept && rm -r sub && mkdir sub && cat kept new && ls sub /other/sub && ls -a / | grep memory";
    let confined_ =
        |script: &str| confined(&["sh", "-c", script], &cache, vec![cover(), other()], Vec::new());
    let ended = sandbox(Tier::Namespaces).run(&confined_(script)).unwrap();
    assert_eq!(
        String::from_utf8_lossy(&ended.stdout),
        "keptmore\nnew\n/other/sub:\ngone\n\nsub:\n"
    );
    let flood = Confined {
        bounds: Bounds { scratch_bytes: 1 << 20, ..Bounds::default() },
        ..confined_("head -c 9M /dev/zero > big")
    };
    let ended = sandbox(Tier::Namespaces).run(&flood).unwrap();
    assert!(String::from_utf8_lossy(&ended.stderr).contains("No space left"), "{ended:?}");
    assert_eq!(fs::read_dir(&cache).unwrap().count(), 2);
    assert_eq!(fs::read_to_string(cache.join("kept")).unwrap(), "kept");
    // The weaker tier has nothing to cover with.
    let weak = confined(&["sh", "-c", "cat kept; echo x > new"], &cache, vec![cover()], Vec::new());
    let ended = sandbox(Tier::Landlock).run(&weak).unwrap();
    assert_eq!((ended.end, ended.stdout.as_slice()), (End::Exited(2), &b"kept"[..]));
    drop(world);
}

#[test]
fn the_weaker_tier_runs_interpreters_too() {
    let (_world, folder) = project(&[(
        "test_one.py",
        "import unittest\nclass One(unittest.TestCase):\n    def test_one(self): pass\n",
    )]);
    let found = found(Tier::Landlock);
    let mut mounts = vec![Mount::Bind { from: folder.clone(), at: folder.clone(), writable: true }];
    mounts.extend(found.mounts);
    for argv in [
        &["python3", "-m", "unittest"][..],
        &["node", "-e", "process.exit(0)"],
        &["cargo", "--version"],
    ] {
        let ended = sandbox(Tier::Landlock)
            .run(&confined(argv, &folder, mounts.clone(), found.env.clone()))
            .unwrap();
        assert_eq!(ended.end, End::Exited(0), "{}", String::from_utf8_lossy(&ended.stderr));
    }
}
