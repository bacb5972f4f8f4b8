//! Which sandbox a system gives, that it is tried before it is believed, and what the weaker one holds.
#![cfg(target_os = "linux")]
#![allow(clippy::disallowed_methods, reason = "tests build their own worlds")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "tests say what failed by failing"
)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sandbox::{
    Bound, Bounds, Confined, End, Ended, Input, Means, Mount, Network, Refusal, Sandbox, Tier,
};

/// The stage program; where these tests are started once more, by another user, a copy that they can reach.
fn stage() -> PathBuf {
    std::env::var_os(STAGE)
        .map_or_else(|| env!("CARGO_BIN_EXE_sandbox-stage").into(), PathBuf::from)
}

const STAGE: &str = "SANDBOX_TEST_STAGE";

fn by(means: Means) -> Sandbox {
    Sandbox::by_with(&stage(), means).unwrap()
}

fn shell(script: &str, mounts: Vec<Mount>) -> Confined {
    Confined {
        argv: ["sh", "-c", script].map(Into::into).into(),
        cwd: "/".into(),
        env: Vec::new(),
        stdin: Input::Bytes(Vec::new()),
        mounts,
        network: Network::None,
        one_output: false,
        bounds: Bounds { time: Duration::from_secs(60), ..Bounds::default() },
    }
}

fn bind(path: &Path, writable: bool) -> Mount {
    Mount::Bind { from: path.into(), at: path.into(), writable }
}

fn weak(script: &str, mounts: Vec<Mount>) -> Ended {
    by(Means::Landlock).run(&shell(script, mounts)).unwrap()
}

#[test]
fn all_means_are_tried_by_real_attempts() {
    if passes_again(&["env"], "all_means_are_tried_by_real_attempts", "") {
        return;
    }
    for means in Means::ALL {
        let probed = by(means).probed().clone();
        let tier = means.tier();
        assert_eq!(probed.means, means);
        assert!(probed.attempts.len() >= 10, "{probed:?}");
        assert!(probed.attempts.iter().all(|attempt| !attempt.got_out), "{probed:?}");
        let of = |what: &str| {
            let attempt = probed.attempts.iter().find(|attempt| attempt.what.contains(what));
            attempt.expect(what).said.clone()
        };
        // Each was stopped by what is meant to stop it, and did not just miss.
        let (gone, shut) =
            ("No such file or directory (os error 2)", "Permission denied (os error 13)");
        let file = if tier == Tier::Namespaces { gone } else { shut };
        assert_eq!(of("write a file"), file);
        assert_eq!(of("read a file"), file);
        assert_eq!(of("make a namespace"), "Operation not permitted (os error 1)");
        let port = if tier == Tier::Namespaces { "Connection refused" } else { "Address family" };
        assert!(of("connect to a port").starts_with(port), "{probed:?}");
    }
    assert_eq!(
        by(Means::Landlock).probed().attempts.last().unwrap().said,
        "Permission denied (os error 13)"
    );
}

#[test]
fn the_strongest_tier_is_taken() {
    let sandbox = Sandbox::enforce_with(&stage(), Tier::Landlock).unwrap();
    assert_eq!((sandbox.tier(), sandbox.means()), (Tier::Namespaces, Means::Own));
    assert!(sandbox.passed_over().is_none());
}

#[test]
fn bubblewrap_makes_nothing_in_files_of_others_and_says_what_it_could_not() {
    if passes_again(
        &["env"],
        "bubblewrap_makes_nothing_in_files_of_others_and_says_what_it_could_not",
        "",
    ) {
        return;
    }
    let sandbox = by(Means::Bubblewrap);
    let world = tempfile::tempdir().unwrap();
    let path = world.path().canonicalize().unwrap();
    fs::create_dir(path.join("project")).unwrap();
    fs::write(path.join("file"), "content").unwrap();
    let mounts = |at: &str| {
        let project =
            Mount::Bind { from: path.join("project"), at: "/there".into(), writable: true };
        let file = Mount::Bind { from: path.join("file"), at: at.into(), writable: false };
        shell("cat /there/*", vec![project, file])
    };
    let refusal = sandbox.run(&mounts("/there/file")).unwrap_err().to_string();
    assert!(refusal.contains("make a place to mount on at /there/file"), "{refusal}");
    assert_eq!(fs::read_dir(path.join("project")).unwrap().count(), 0);
    fs::write(path.join("project/file"), "").unwrap();
    let ended = sandbox.run(&mounts("/there/file")).unwrap();
    assert_eq!(ended.stdout, b"content", "{ended:?}");
    std::os::unix::fs::symlink("/oldroot", path.join("project/link")).unwrap();
    for at in ["/there/link", "/there/link/tmp"] {
        let refusal = sandbox.run(&mounts(at)).unwrap_err().to_string();
        assert!(refusal.contains("a symbolic link on the way"), "{refusal}");
    }
    let (at, work) = ("/laid".into(), path.join("missing"));
    fs::create_dir(&work).unwrap();
    fs::write(work.join("work"), "in the way").unwrap();
    let overlay =
        Mount::Overlay { lower: vec![path.join("project")], upper: path.join("file"), work, at };
    let refusal = sandbox.run(&shell("true", vec![overlay])).unwrap_err();
    let Refusal::Setup { step, reason, .. } = &refusal else { panic!("{refusal:?}") };
    assert_eq!(step, "have `bwrap` make it");
    assert!(reason.starts_with("bwrap: Can't make overlay mount"), "{refusal}");
}

#[test]
fn a_stage_that_confines_nothing_is_no_sandbox() {
    let refusal = Sandbox::enforce_with(Path::new("/bin/true"), Tier::Landlock).unwrap_err();
    assert!(matches!(refusal, Refusal::Tiers { .. }), "{refusal}");
}

#[test]
fn the_weaker_tier_reads_the_system_and_what_is_placed_and_writes_what_is_placed_so() {
    let world = tempfile::tempdir().unwrap();
    let place = |name: &str| world.path().canonicalize().unwrap().join(name);
    for name in ["seen", "kept", "hidden"] {
        fs::create_dir(place(name)).unwrap();
        fs::write(place(name).join("file"), name).unwrap();
    }
    let (seen, kept, hidden) = (place("seen"), place("kept"), place("hidden"));
    let script = format!(
        "cat {seen}/file {kept}/file; echo new > {kept}/new; mkdir {kept}/sub; mv {kept}/new {kept}/sub/; \
         echo private > $HOME/x; cat $HOME/x > $TMPDIR/y; cat $TMPDIR/y; exec 2>/dev/null; \
         cat {hidden}/file && echo BAD1; ls {hidden} && echo BAD2; echo x > {seen}/new && echo BAD3; \
         ln {seen}/file {kept}/link && echo BAD4; mv {seen}/file {kept}/ && echo BAD5; \
         chmod 777 {seen}/file && echo BAD6; touch {seen}/file && echo BAD7; rm -f {seen}/file && echo BAD8; \
         echo x > /tmp/countersign-bad && echo BAD9; truncate -s 0 {seen}/file && echo BAD10; \
         kill -0 {own} && echo BAD11; cat /proc/{own}/environ && echo BAD12; echo end",
        seen = seen.display(),
        kept = kept.display(),
        hidden = hidden.display(),
        own = std::process::id(),
    );
    let ended = weak(&script, vec![bind(&seen, false), bind(&kept, true)]);
    let (stdout, stderr) =
        (String::from_utf8(ended.stdout).unwrap(), String::from_utf8(ended.stderr).unwrap());
    assert_eq!((stdout.as_str(), stderr.as_str()), ("seenkeptprivate\nend\n", ""));
    assert_eq!((ended.tier, ended.end), (Tier::Landlock, End::Exited(0)));
    assert_eq!(fs::read_to_string(kept.join("sub/new")).unwrap(), "new\n");
    assert_eq!(fs::metadata(seen.join("file")).unwrap().permissions().mode() & 0o777, 0o644);
}

#[test]
fn the_weaker_tier_refuses_what_it_cannot_show() {
    let world = tempfile::tempdir().unwrap();
    let path = world.path().canonicalize().unwrap();
    let refused = |mount: Mount| {
        by(Means::Landlock).run(&shell("true", vec![mount])).unwrap_err().to_string()
    };
    let elsewhere = Mount::Bind { from: path.clone(), at: "/there".into(), writable: false };
    assert_eq!(
        refused(elsewhere),
        "the sandbox was asked for what it cannot do: show /there as anything but itself at the tier `landlock`"
    );
    assert!(refused(Mount::Scratch { at: "/there".into(), size_bytes: 1 }).contains("at the tier"));
    let overlay = Mount::Overlay {
        lower: vec![path.clone()],
        upper: path.clone(),
        work: path.clone(),
        at: path,
    };
    assert!(refused(overlay).contains("at the tier"));
}

#[test]
fn the_weaker_tier_ends_all_that_was_started() {
    let marker = format!("{}.{}", 8_000_000 + std::process::id(), 5);
    // Left its session, deaf, a child of nobody, and gone on while its parent has ended.
    let script = format!(
        "(trap '' TERM HUP INT; setsid sleep {marker} & setsid sh -c 'sleep {marker} & sleep {marker}' &) ; sleep {marker} & echo up"
    );
    let ended = weak(&script, Vec::new());
    assert_eq!((ended.end, ended.stdout.as_slice()), (End::Exited(0), &b"up\n"[..]));
    assert_eq!(processes_with(&marker), Vec::<PathBuf>::new());
    // The inner stage can be killed from inside; nothing outlives that either.
    let refusal = by(Means::Landlock)
        .run(&shell(&format!("sleep {marker} & kill -9 $PPID; sleep {marker}"), Vec::new()));
    assert!(matches!(refusal, Err(Refusal::Io { .. })), "{refusal:?}");
    assert_eq!(processes_with(&marker), Vec::<PathBuf>::new());
    let bounds = Bounds { time: Duration::from_secs(60), processes: 50, ..Bounds::default() };
    let bomb =
        Confined { bounds, ..shell(&format!("while :; do sleep {marker} & done"), Vec::new()) };
    let ended = by(Means::Landlock).run(&bomb).unwrap();
    assert_eq!(ended.end, End::Stopped(Bound::Processes));
    assert_eq!(processes_with(&marker), Vec::<PathBuf>::new());
}

/// The processes of this machine whose command line holds `marker`.
fn processes_with(marker: &str) -> Vec<PathBuf> {
    let holds = |path: &PathBuf| {
        let line = fs::read(path.join("cmdline")).unwrap_or_default();
        line.split(|byte| *byte == 0).any(|word| word == marker.as_bytes())
    };
    let entries = fs::read_dir("/proc").unwrap().map(|entry| entry.unwrap().path());
    entries.filter(holds).collect()
}

/// The command that runs these tests again, by `wrapper` and with what it adds, or nothing if that is what runs now.
fn again(folder: &Path, wrapper: &[&str], rest: &[&str]) -> Option<std::process::Command> {
    if std::env::var_os(STAGE).is_some() {
        return None;
    }
    let (program, copy, bin) = (folder.join("tests"), folder.join("stage"), folder.join("bin"));
    bubblewrap_for_all(&folder.join("bubblewrap"), &bin);
    let path = std::env::var("PATH").unwrap();
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    fs::copy(stage(), &copy).unwrap();
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = std::process::Command::new(wrapper[0]);
    command.args(&wrapper[1..]).arg(program).args(rest).env(STAGE, copy).env("TMPDIR", "/tmp");
    command.env("PATH", format!("{}:{path}", bin.display()));
    Some(command)
}

/// Has one of these tests pass in a process of its own, by `wrapper` and with a variable `set` if that has a name. `false` if
/// this is that process.
fn passes_again(wrapper: &[&str], test: &str, set: &str) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let Some(mut command) = again(folder.path(), wrapper, &[test, "--exact"]) else { return false };
    if !set.is_empty() {
        command.env(set, "yes");
    }
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
    true
}

/// Makes a `bwrap` in `bin` that every user may start, with its libraries in `folder`.
fn bubblewrap_for_all(folder: &Path, bin: &Path) {
    let program = std::env::var_os("COUNTERSIGN_TEST_BWRAP");
    let program = PathBuf::from(program.expect("COUNTERSIGN_TEST_BWRAP: run ./tests/run"));
    let output = std::process::Command::new("ldd").arg(&program).output().unwrap();
    let listed = String::from_utf8(output.stdout).unwrap();
    fs::create_dir(folder).unwrap();
    let mut loader = String::new();
    for file in listed.split_whitespace().filter(|word| word.starts_with('/')) {
        let copy = folder.join(Path::new(file).file_name().unwrap());
        // The loader comes first by the name it is started by.
        if copy.exists() {
            continue;
        }
        fs::copy(file, &copy).unwrap();
        if file.contains("/ld-linux") {
            loader = copy.display().to_string();
        }
    }
    fs::copy(program, folder.join("bwrap")).unwrap();
    fs::create_dir(bin).unwrap();
    let script = format!(
        "#!/bin/sh\nexec {loader} --library-path {folder} {folder}/bwrap \"$@\"\n",
        folder = folder.display()
    );
    fs::write(bin.join("bwrap"), script).unwrap();
    fs::set_permissions(bin.join("bwrap"), fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn all_of_it_holds_for_who_is_not_root() {
    let folder = tempfile::tempdir().unwrap();
    let nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    // Anybody else runs them unprivileged already.
    if fs::metadata(folder.path()).map(|of| std::os::unix::fs::MetadataExt::uid(&of)).unwrap() == 0
        && let Some(mut command) = again(folder.path(), &nobody, &[])
    {
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
}

#[test]
fn where_namespaces_are_refused_only_who_allows_it_gets_the_weaker_tier() {
    // A person's limit of namespaces counts from the namespace they are in.
    let none = "echo 0 > /proc/sys/user/max_user_namespaces && exec \"$@\"";
    let wrapper = ["unshare", "-Ur", "sh", "-c", none, "sh"];
    passes_again(&wrapper, "refused", REFUSED);
}

const REFUSED: &str = "SANDBOX_TEST_REFUSED";

/// What the test above starts where namespaces are refused; elsewhere there is nothing to see.
#[test]
fn refused() {
    if std::env::var_os(REFUSED).is_none() {
        return;
    }
    let refusal = Sandbox::enforce_with(&stage(), Tier::Namespaces).unwrap_err().to_string();
    let own = "the sandbox cannot be enforced: leave the namespaces: No space left on device (os error 28); the limit of \
         namespaces is reached: raise user.max_user_namespaces; and by `bwrap`: ";
    assert!(refusal.starts_with(own), "{refusal}");
    assert!(
        refusal.contains("have `bwrap` make it: bwrap: Creating new namespace failed"),
        "{refusal}"
    );
    let sandbox = Sandbox::enforce_with(&stage(), Tier::Landlock).unwrap();
    assert_eq!(sandbox.tier(), Tier::Landlock);
    assert_eq!(sandbox.passed_over().unwrap().to_string(), refusal);
    let ended = sandbox.run(&shell("echo $HOME", Vec::new())).unwrap();
    assert_eq!((ended.tier, ended.end), (Tier::Landlock, End::Exited(0)));
}
