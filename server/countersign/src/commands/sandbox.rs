//! `countersign sandbox`: one command in the sandbox, on this folder, as workers and gates run.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sandbox::{
    Bound, Bounds, Confined, End, Input, Means, Mount, Network, Refusal, Sandbox, Scratch, Stop,
    Stream, Tier, Worked,
};

use crate::args::{AllowTier, Arguments, SandboxArgs};
use crate::exit::{Exit, Failure};
use crate::output::Terminal;
use crate::{session, signals};

/// A limit ended the command.
const STOPPED: u8 = 124;
/// The command did not run.
const REFUSED: u8 = 125;
/// The command ended by a signal, whose number is added.
const SIGNALLED: u8 = 128;

pub fn sandbox(
    arguments: &Arguments,
    args: &SandboxArgs,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    match confine(arguments, args, terminal) {
        Ok(exit) => Ok(exit),
        Err(failure) => {
            terminal.fail(&failure);
            Ok(Exit::Of(REFUSED))
        }
    }
}

fn confine(
    arguments: &Arguments,
    args: &SandboxArgs,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let sandbox = Sandbox::enforce(match args.allow_tier {
        AllowTier::Namespaces => Tier::Namespaces,
        AllowTier::Landlock => Tier::Landlock,
    })?;
    let folder = resolved(&arguments.directory)?;
    not_a_home(&folder)?;
    // Held until the end: with it go the changes.
    let (_scratch, mount) = match sandbox.tier() {
        Tier::Namespaces => {
            let scratch = scratch(&folder)?;
            let failed =
                |error| Failure::new(format!("{}: {error}", folder.display()), "try again");
            let mount = scratch.over(vec![folder.clone()], folder.clone()).map_err(failed)?;
            (Some(scratch), mount)
        }
        Tier::Landlock => (None, bind(&folder, false)),
    };
    let mut mounts = vec![mount];
    for path in &args.writable {
        let path = resolved(path)?;
        not_a_home(&path)?;
        mounts.push(bind(&path, true));
    }
    let env: Vec<_> = std::env::vars_os().collect();
    let worked = Worked { root: Some(&folder), environments: &[] };
    let toolchains = ::sandbox::toolchains(&env, sandbox.tier(), worked);
    mounts.extend(toolchains.mounts);
    let confined = Confined {
        argv: args.command.clone(),
        cwd: folder.clone(),
        env: toolchains.env,
        stdin: input()?,
        mounts,
        network: Network::None,
        one_output: false,
        bounds: Bounds {
            time: Duration::from_secs(args.time),
            memory_bytes: args.memory << 20,
            processes: args.processes,
            output_bytes: usize::try_from(args.output << 20).unwrap_or(usize::MAX),
            disk_bytes: args.disk << 20,
            scratch_bytes: Bounds::default().scratch_bytes.min(args.disk << 20),
            ..Bounds::default()
        },
    };
    if let Some(refusal) = sandbox.passed_over() {
        terminal.notice(&format!("sandbox: not the strongest tier: {refusal}"));
    }
    let changes = match sandbox.tier() {
        Tier::Namespaces => "what it changes in it is thrown away",
        Tier::Landlock => "it cannot change it",
    };
    let by = match sandbox.means() {
        Means::Bubblewrap => " (by bubblewrap)",
        Means::Own | Means::Landlock => "",
    };
    terminal.notice(&format!(
        "sandbox: {}{by}; no network; it sees {}, and {changes}; at most {} s, {} processes, {} MiB of memory, \
         {} MiB of disk",
        sandbox.tier().name(),
        folder.display(),
        args.time,
        args.processes,
        args.memory,
        args.disk,
    ));
    let stop = Stop::new().map_err(|error| Failure::new(error.to_string(), "try again"))?;
    signals::stop_by_signals(&stop);
    let ended = sandbox.pass(&confined, &stop, &mut |stream, bytes| {
        let written = match stream {
            Stream::Out => std::io::stdout().write_all(bytes),
            Stream::Err => std::io::stderr().write_all(bytes),
        };
        if written.is_err() {
            // Nobody reads any more (`| head`).
            stop.stop();
        }
    })?;
    if ended.truncated {
        terminal.notice("sandbox: its output was cut");
    }
    Ok(Exit::Of(match ended.end {
        End::Exited(code) => code.to_le_bytes()[0],
        End::Signalled(signal) => SIGNALLED.saturating_add(signal.to_le_bytes()[0]),
        // We asked for it, with a signal or a closed pipe.
        End::Stopped(Bound::Cancelled) => STOPPED,
        End::Stopped(bound) => {
            terminal.notice(&format!("sandbox: ended, because it reached {}", bound.name()));
            STOPPED
        }
    }))
}

/// Where the changes to `folder` go until they are thrown away. An overlay's upper folder cannot lie in its lower one.
fn scratch(folder: &Path) -> Result<Scratch, Failure> {
    let homes = [session::cache_home(), Some(std::env::temp_dir())];
    let homes = homes.into_iter().flatten().filter(|home| !home.starts_with(folder));
    let mut failure = Failure::new(
        format!("{} holds every folder its changes could go to", folder.display()),
        "run it in a folder of a project",
    );
    for home in homes {
        let home = home.join("countersign").join("sandbox");
        match Scratch::new(&home) {
            Ok(scratch) => return Ok(scratch),
            Err(error) => {
                let message = format!("{}: {error}", home.display());
                failure = Failure::new(message, "set XDG_CACHE_HOME to a folder of yours");
            }
        }
    }
    Err(failure)
}

fn bind(path: &Path, writable: bool) -> Mount {
    Mount::Bind { from: path.to_owned(), at: path.to_owned(), writable }
}

fn resolved(path: &Path) -> Result<PathBuf, Failure> {
    let failed = |error| Failure::new(format!("{}: {error}", path.display()), "name what exists");
    path.canonicalize().map_err(failed)
}

/// A home folder, or one around it, holds keys and passwords, which nothing in the sandbox may see.
fn not_a_home(path: &Path) -> Result<(), Failure> {
    let home = std::env::home_dir().and_then(|home| home.canonicalize().ok());
    match home {
        Some(home) if home.starts_with(path) => Err(Failure::new(
            format!("{} holds your home folder, with your keys and passwords", path.display()),
            "run it in the folder of a project, or name a folder of one",
        )),
        _ => Ok(()),
    }
}

/// Our standard input as a pipe: a terminal, or whatever else it is, is not handed on itself.
#[cfg(unix)]
fn input() -> Result<Input, Failure> {
    let pipe = std::io::pipe();
    let (end, mut ours) = pipe.map_err(|error| Failure::new(error.to_string(), "try again"))?;
    std::thread::spawn(move || {
        let mut chunk = [0; 4096];
        let mut stdin = std::io::stdin().lock();
        while let Ok(count @ 1..) = stdin.read(&mut chunk) {
            if ours.write_all(chunk.get(..count).unwrap_or_default()).is_err() {
                break;
            }
        }
    });
    Ok(Input::Pipe(end.into()))
}

#[cfg(not(unix))]
fn input() -> Result<Input, Failure> {
    Ok(Input::Bytes(Vec::new()))
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        let mut message = refusal.to_string();
        if let Some(cause) = std::error::Error::source(&refusal) {
            message.push_str(&format!(": {cause}"));
        }
        Self { message, hint: None }
    }
}
