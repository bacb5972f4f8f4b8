//! Confined runs of real programs, with the stages of this crate's own stage program.
#![cfg(target_os = "linux")]
#![allow(clippy::disallowed_methods, reason = "tests build their own worlds")]
#![allow(clippy::unwrap_used, reason = "tests say what failed by failing")]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sandbox::{Bound, Bounds, Confined, End, Ended, Input, Means, Mount, Network, Sandbox, Tier};

fn sandbox() -> Sandbox {
    let stage = Path::new(env!("CARGO_BIN_EXE_sandbox-stage"));
    let means = if std::env::var_os(BUBBLEWRAP).is_some() { Means::Bubblewrap } else { Means::Own };
    Sandbox::by_with(stage, means).unwrap()
}

/// Set where these tests are started once more.
const BUBBLEWRAP: &str = "SANDBOX_TEST_BUBBLEWRAP";

#[test]
fn all_of_it_holds_by_bubblewrap_too() {
    if std::env::var_os(BUBBLEWRAP).is_some() {
        return;
    }
    let program = std::env::var_os("COUNTERSIGN_TEST_BWRAP").map(PathBuf::from);
    let program = program.expect("COUNTERSIGN_TEST_BWRAP: run ./tests/run");
    let path =
        format!("{}:{}", program.parent().unwrap().display(), std::env::var("PATH").unwrap());
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    let output = command.env("PATH", path).env(BUBBLEWRAP, "yes").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

fn shell(script: &str) -> Confined {
    Confined {
        argv: ["sh", "-c", script].map(Into::into).into(),
        cwd: "/tmp".into(),
        env: Vec::new(),
        stdin: Input::Bytes(Vec::new()),
        mounts: Vec::new(),
        network: Network::None,
        one_output: false,
        bounds: Bounds { time: Duration::from_secs(60), ..Bounds::default() },
    }
}

fn run(confined: &Confined) -> Ended {
    sandbox().run(confined).unwrap()
}

fn says(confined: &Confined) -> String {
    let ended = run(confined);
    assert_eq!(ended.end, End::Exited(0), "{}", String::from_utf8_lossy(&ended.stderr));
    String::from_utf8(ended.stdout).unwrap()
}

#[test]
fn arguments_input_output_environment_and_exit_code_go_through() {
    let mut confined = shell("echo \"$#:$2:$GIVEN:$HOME:$LANG\"; cat; echo sorry >&2; exit 3");
    confined.argv.extend(["zero", "one", "two words"].map(Into::into));
    confined.env.push(("GIVEN".into(), "yes".into()));
    confined.stdin = Input::Bytes(vec![b'x'; 300_000]);
    let ended = run(&confined);
    assert_eq!(ended.end, End::Exited(3));
    assert_eq!(ended.stderr, b"sorry\n");
    assert!(ended.stdout.starts_with(b"2:two words:yes:/home/countersign:C.UTF-8\nxxx"));
    assert_eq!(ended.stdout.len(), 300_000 + 42);
    assert_eq!(ended.tier, Tier::Namespaces);
}

#[test]
fn it_is_alone_with_the_system() {
    let seen = says(&shell("id -un; hostname; echo /*; ls /home /tmp; ls -d /proc/[0-9]* | wc -l"));
    let (who, rest) = seen.split_once("\n/").unwrap();
    assert_eq!(who, "countersign\nsandbox");
    for hidden in ["/root", "/mnt", "/opt", "/srv", "/sys", ".outside"] {
        assert!(!rest.contains(hidden), "{seen}");
    }
    // Process 1, the shell, `ls` and, if it has started by then, `wc`.
    let processes = rest.split_once("/home:\ncountersign\n\n/tmp:\n").unwrap().1;
    assert!(["3\n", "4\n"].contains(&processes), "{seen}");
}

#[test]
fn what_is_mounted_can_be_used_as_it_was_mounted() {
    let world = tempfile::tempdir().unwrap();
    let at = |name: &str| world.path().join(name);
    for folder in ["seen", "kept", "below", "upper", "work"] {
        fs::create_dir(at(folder)).unwrap();
        fs::write(at(folder).join("file"), folder).unwrap();
    }
    fs::remove_file(at("work/file")).unwrap();
    fs::remove_file(at("upper/file")).unwrap();
    let mut confined = shell(
        "cat /seen/file /kept/file /odd,:name/file; echo; echo new > /kept/new; echo over > /odd,:name/file; \
         rm -r /odd,:name/sub; mkdir /odd,:name/sub; echo data > /empty/data; cat /odd,:name/file; \
         touch /seen/new && echo wrong; exit 0",
    );
    fs::create_dir(at("below/sub")).unwrap();
    let bind = |name: &str, writable| Mount::Bind {
        from: at(name),
        at: Path::new("/").join(name),
        writable,
    };
    confined.mounts = vec![
        bind("seen", false),
        bind("kept", true),
        Mount::Overlay {
            lower: vec![at("below")],
            upper: at("upper"),
            work: at("work"),
            at: "/odd,:name".into(),
        },
        Mount::Scratch { at: "/empty".into(), size_bytes: 1 << 20 },
    ];
    assert_eq!(says(&confined), "seenkeptbelow\nover\n");
    assert_eq!(fs::read_to_string(at("kept/new")).unwrap(), "new\n");
    assert_eq!(fs::read_to_string(at("below/file")).unwrap(), "below");
    assert_eq!(fs::read_to_string(at("upper/file")).unwrap(), "over\n");
    assert!(!at("seen/new").exists());
}

#[test]
fn a_refusal_says_what_cannot_be_placed_or_started() {
    let refusal = |confined: &Confined| sandbox().run(confined).unwrap_err().to_string();
    let mut confined = shell("");
    confined.argv = vec!["no-such-program".into()];
    assert_eq!(
        refusal(&confined),
        "`no-such-program` could not be started in the sandbox: it is in no folder of PATH inside the sandbox"
    );
    confined.argv = vec!["/etc/passwd".into()];
    assert!(refusal(&confined).contains("Permission denied"));
}

#[test]
fn no_place_to_mount_on_is_made_in_the_persons_folders() {
    let world = tempfile::tempdir().unwrap();
    for writable in [false, true] {
        let mut confined = shell("true");
        let scratch = |at: &str| Mount::Scratch { at: at.into(), size_bytes: 1 << 20 };
        let bind = Mount::Bind { from: world.path().into(), at: "/kept".into(), writable };
        confined.mounts = vec![bind, scratch("/kept/new")];
        let refusal = sandbox().run(&confined).unwrap_err();
        let message = refusal.to_string();
        assert!(message.contains("make a place to mount on at /kept/new: read-only"), "{message}");
        assert!(!world.path().join("new").exists());
        fs::create_dir(world.path().join("there"))
            .or_else(|_| fs::read_dir(world.path()).map(drop))
            .unwrap();
        confined.mounts[1] = scratch("/kept/there");
        assert_eq!(run(&confined).end, End::Exited(0));
    }
}

#[test]
fn each_limit_ends_it_and_is_named() {
    let end = |script: &str, bounds: Bounds| {
        let confined = Confined { bounds, ..shell(script) };
        run(&confined).end
    };
    let bounds = Bounds { time: Duration::from_secs(60), ..Bounds::default() };
    let time = Bounds { time: Duration::from_millis(100), ..bounds };
    // It ignores what asks it to end, and so do those that left its session.
    let deaf = "trap '' TERM HUP INT; (setsid sleep 1000 &) ; sleep 1000 & wait; sleep 1000";
    assert_eq!(end(deaf, time), End::Stopped(Bound::Time));
    let memory = Bounds { memory_bytes: 64 << 20, ..bounds };
    assert_eq!(end("tail /dev/zero", memory), End::Stopped(Bound::Memory));
    let cpu = Bounds { cpu: Duration::from_secs(1), ..bounds };
    assert_eq!(end("exec sha256sum /dev/zero", cpu), End::Stopped(Bound::Cpu));
    let file = Bounds { file_bytes: 1 << 20, ..bounds };
    assert_eq!(end("exec head -c 9M /dev/zero > big", file), End::Stopped(Bound::FileSize));
    let scratch = Bounds { scratch_bytes: 1 << 20, disk_bytes: 1 << 20, ..bounds };
    let full = end("head -c 9M /dev/zero > big || exit 1; sleep 1000", scratch);
    match sandbox().means() {
        // There it lies on the disk, which is watched.
        Means::Bubblewrap => assert_eq!(full, End::Stopped(Bound::Disk)),
        _ => assert_eq!(full, End::Exited(1)),
    }
    let files = Bounds { open_files: 10, ..bounds };
    assert_ne!(end("exec 20</dev/null", files), End::Exited(0));
    let processes = Bounds { processes: 20, ..bounds };
    let bomb = end("while :; do sleep 1000 & done", processes);
    // The system's own root is stopped from outside, all others cannot fork.
    assert!(matches!(bomb, End::Stopped(Bound::Processes) | End::Exited(2)), "{bomb:?}");
}

#[test]
fn a_flood_of_output_is_cut_and_said() {
    let bounds = Bounds { output_bytes: 1000, ..Bounds::default() };
    let ended = run(&Confined { bounds, ..shell("head -c 50M /dev/zero; echo end >&2") });
    assert_eq!((ended.end, ended.stdout.len()), (End::Exited(0), 1000));
    assert!(ended.truncated && ended.stderr == b"end\n");
}

#[test]
fn what_goes_to_one_output_keeps_its_order() {
    let script = "for i in 1 2 3 4 5 6 7 8 9; do echo out $i; echo err $i >&2; done";
    let ended = run(&Confined { one_output: true, ..shell(script) });
    let expected: String = (1..=9).map(|i| format!("out {i}\nerr {i}\n")).collect();
    assert_eq!(String::from_utf8(ended.stdout).unwrap(), expected);
    assert_eq!(ended.stderr, b"");
}

#[test]
fn what_outlives_the_program_is_ended_with_it() {
    // Its output does not delay the answer either.
    let ended = run(&shell("(setsid sleep 1000 &); sleep 1000 & echo gone"));
    assert_eq!((ended.end, ended.stdout.as_slice()), (End::Exited(0), &b"gone\n"[..]));
}

#[test]
fn another_thread_ends_it() {
    let stop = sandbox::Stop::new().unwrap();
    let mut heard = Vec::new();
    let ended = sandbox()
        .pass(&shell("echo here; sleep 1000"), &stop.clone(), &mut |_, bytes| {
            heard.extend_from_slice(bytes);
            stop.stop();
        })
        .unwrap();
    assert_eq!((ended.end, heard.as_slice()), (End::Stopped(Bound::Cancelled), &b"here\n"[..]));
}

#[test]
fn a_conversation_is_held_over_a_pipe() {
    let (end, mut voice) = std::io::pipe().unwrap();
    let confined = Confined {
        stdin: Input::Pipe(end.into()),
        ..shell("while read word; do echo \"$word?\"; done")
    };
    let stop = sandbox::Stop::new().unwrap();
    let mut heard = String::new();
    std::io::Write::write_all(&mut voice, b"one\n").unwrap();
    let mut voice = Some(voice);
    // The program sees the end when the last writer is gone.
    let ended = sandbox()
        .pass(&confined, &stop, &mut |_, bytes| {
            heard.push_str(std::str::from_utf8(bytes).unwrap());
            match heard.as_str() {
                "one?\n" => std::io::Write::write_all(voice.as_mut().unwrap(), b"two\n").unwrap(),
                _ => drop(voice.take()),
            }
        })
        .unwrap();
    assert_eq!((ended.end, heard.as_str()), (End::Exited(0), "one?\ntwo?\n"));
}

#[test]
fn two_hundred_at_once_all_run_and_leave_nothing() {
    let sandbox = sandbox();
    let marker = format!("{}.{}", 7_000_000 + std::process::id(), 25);
    let script = format!("sleep {marker} & echo $0");
    let all: Vec<Ended> = std::thread::scope(|scope| {
        let one = || sandbox.run(&shell(&script)).unwrap();
        let threads: Vec<_> = (0..200).map(|_| scope.spawn(one)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(all.iter().all(|ended| ended.end == End::Exited(0) && ended.stdout == b"sh\n"));
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
