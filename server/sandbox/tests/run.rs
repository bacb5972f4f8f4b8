//! Runs of a stand-in `git`, a script in a folder of its own, so that the tests decide what it does.
#![cfg(unix)]
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "tests build their own worlds and stop at the first surprise"
)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use sandbox::{Command, Finished, Limits, Program, SandboxError, run};
use tempfile::TempDir;

const LIMITS: Limits = Limits { time: Duration::from_secs(20), output_bytes: 1024 * 1024 };

fn play(
    script: &str,
    env: &[(&str, &str)],
    stdin: &[u8],
    limits: Limits,
) -> Result<Finished, SandboxError> {
    // One stand-in for all tests, written before anything is started: a file that is being written
    // while another thread forks cannot be executed ("text file busy").
    static STAND_IN: LazyLock<TempDir> = LazyLock::new(|| {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("git");
        fs::write(&file, "#!/bin/sh\neval \"$SCRIPT\"\n").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
        folder
    });
    let folder = &*STAND_IN;
    let path = folder.path().as_os_str().to_owned();
    let mut variables = vec![("PATH".into(), path), ("SCRIPT".into(), script.into())];
    variables.extend(env.iter().map(|(name, value)| ((*name).into(), (*value).into())));
    run(Command {
        program: Program::Git,
        args: vec!["one".into(), "two words".into()],
        cwd: folder.path().to_owned(),
        env: variables,
        stdin: stdin.to_vec(),
        limits,
    })
}

#[test]
fn arguments_input_output_and_exit_code_go_through() {
    let finished =
        play("echo \"$#:$2\"; /bin/cat; echo sorry >&2; exit 3", &[], b"in", LIMITS).unwrap();
    assert_eq!(finished.stdout, b"2:two words\nin");
    assert_eq!(finished.stderr, b"sorry\n");
    assert_eq!(finished.status.code(), Some(3));
    assert!(!finished.truncated);
}

#[test]
fn the_environment_is_only_what_was_listed() {
    assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some(), "there is something to scrub");
    let finished =
        play("echo \"[$GIVEN][$CARGO_MANIFEST_DIR][$HOME]\"", &[("GIVEN", "yes")], b"", LIMITS)
            .unwrap();
    assert_eq!(String::from_utf8_lossy(&finished.stdout), "[yes][][]\n");
}

#[test]
fn full_pipes_in_both_directions_do_not_block() {
    let input = vec![b'x'; 900_000];
    let finished = play("/bin/cat; /bin/cat </dev/null; exit 0", &[], &input, LIMITS).unwrap();
    assert_eq!(finished.stdout.len(), input.len());
    // Input that nobody reads is no failure.
    assert!(play("exit 0", &[], &input, LIMITS).unwrap().status.success());
}

#[test]
fn output_over_the_limit_is_cut_and_said() {
    let limits = Limits { output_bytes: 10, ..LIMITS };
    let finished = play("/bin/cat", &[], &[b'y'; 200_000], limits).unwrap();
    assert_eq!((finished.stdout.len(), finished.truncated), (10, true));
}

#[test]
fn a_program_that_outlives_its_time_is_killed() {
    let limits = Limits { time: Duration::from_millis(100), ..LIMITS };
    let started = Instant::now();
    let error = play("exec /bin/sleep 30", &[], b"", limits).unwrap_err();
    assert_eq!(error.to_string(), "`git` was stopped after 100 ms");
    // Even when something it started holds the pipes.
    let error = play("/bin/sleep 30 & exec /bin/sleep 30", &[], b"", limits).unwrap_err();
    assert!(matches!(error, SandboxError::TimedOut { .. }), "{error}");
    assert!(started.elapsed() < Duration::from_secs(15), "it waited for the sleeper");
}

#[test]
fn a_program_that_is_not_there_says_so() {
    let error = run(Command {
        program: Program::Git,
        args: Vec::new(),
        cwd: "/".into(),
        env: vec![("PATH".into(), "/nonexistent".into())],
        stdin: Vec::new(),
        limits: LIMITS,
    })
    .unwrap_err();
    assert!(error.to_string().contains("not in any absolute folder of PATH"), "{error}");
}
