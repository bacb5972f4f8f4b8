//! From a description to a plan: checks it, resolves the paths outside, adds what every sandbox has.

use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

use super::mounts;
use super::wire::{Placed, Plan, Rlimits};
use crate::confined::{Confined, GATEWAY_SOCKET, HOME, Means, Mount, Network, Refusal, Tier};

/// Where nothing of the person's can be placed: it would hide what makes a sandbox one.
const RESERVED: &[&str] = &["/proc", "/dev", "/etc", "/.outside", "/run/countersign"];

/// Where programs are looked up, if the caller names nothing else.
const PATH: &str = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin";

/// Where `HOME` leads in a folder for what a program keeps for itself.
pub const OWN_HOME: &str = "home";
/// Where `TMPDIR` leads there.
pub const OWN_SCRATCH: &str = "tmp";

/// The plan for `confined` by these means. `own` is the folder outside for what the program keeps for itself, where there is
/// no file tree of its own.
pub fn of(confined: &Confined, means: Means, own: Option<&Path>) -> Result<Plan, Refusal> {
    let tier = means.tier();
    if confined.argv.is_empty() {
        return Err(Refusal::Description { reason: "no program is named".to_owned() });
    }
    inside(&confined.cwd)?;
    let mut mounts = match tier {
        Tier::Namespaces => mounts::system(),
        Tier::Landlock => Vec::new(),
    };
    for mount in &confined.mounts {
        if let Mount::Link { at, .. } = mount
            && (tier == Tier::Landlock || !is_free(at, mount, &confined.mounts))
        {
            continue;
        }
        let placed = placed(mount)?;
        match (tier, &placed) {
            (Tier::Landlock, Placed::Bind { from, at, .. } | Placed::Cover { from, at })
                if from == at => {}
            (Tier::Landlock, _) => {
                return Err(weaker(&format!(
                    "show {} as anything but itself",
                    mount.at().display()
                )));
            }
            (Tier::Namespaces, _) => {}
        }
        mounts.push(placed);
    }
    if let Network::Socket(socket) = &confined.network {
        if tier == Tier::Landlock {
            return Err(weaker("reach a single socket"));
        }
        let (from, at) = (resolved(socket)?.into(), GATEWAY_SOCKET.into());
        mounts.push(Placed::Bind { from, at, writable: false });
    }
    let (mut home, mut scratch) = (OsString::from(HOME), OsString::from("/tmp"));
    if let Some(own) = own {
        (home, scratch) = (own.join(OWN_HOME).into(), own.join(OWN_SCRATCH).into());
        for folder in [&home, &scratch] {
            mounts.push(Placed::Bind { from: folder.clone(), at: folder.clone(), writable: true });
        }
    }
    let mut env: Vec<_> =
        [("HOME", home), ("PATH", PATH.into()), ("TMPDIR", scratch), ("LANG", "C.UTF-8".into())]
            .map(|(name, value)| (name.into(), value))
            .into();
    env.extend(confined.env.iter().cloned());
    let bounds = confined.bounds;
    let uppers = mounts.iter().filter_map(|placed| match placed {
        Placed::Overlay { upper, .. } => Some(PathBuf::from(upper)),
        _ => None,
    });
    let fills = uppers.chain(own.map(Path::to_owned)).collect();
    Ok(Plan {
        means,
        argv: confined.argv.clone(),
        cwd: confined.cwd.clone().into(),
        env,
        mounts,
        rlimits: Rlimits {
            cpu_s: bounds.cpu.as_secs().max(1),
            file_bytes: bounds.file_bytes,
            open_files: bounds.open_files,
            processes: bounds.processes,
        },
        scratch_bytes: bounds.scratch_bytes,
        fills,
        bait: None,
    })
}

fn weaker(what: &str) -> Refusal {
    let tier = Tier::Landlock.name();
    Refusal::Description { reason: format!("{what} at the tier `{tier}`") }
}

fn placed(mount: &Mount) -> Result<Placed, Refusal> {
    let at = mount.at();
    inside(at)?;
    if is_reserved(at) {
        let reason = format!("nothing can be placed at {}", at.display());
        return Err(Refusal::Description { reason });
    }
    let at = at.to_owned().into();
    Ok(match mount {
        Mount::Bind { from, writable, .. } => {
            Placed::Bind { from: resolved(from)?.into(), at, writable: *writable }
        }
        Mount::Overlay { lower, upper, work, .. } => {
            let lower = lower.iter().map(|path| resolved(path).map(Into::into));
            Placed::Overlay {
                lower: lower.collect::<Result<_, _>>()?,
                upper: resolved(upper)?.into(),
                work: resolved(work)?.into(),
                at,
            }
        }
        Mount::Cover { from, .. } => Placed::Cover { from: resolved(from)?.into(), at },
        Mount::Scratch { size_bytes, .. } => Placed::Scratch { at, size_bytes: *size_bytes },
        Mount::Link { to, .. } => {
            inside(to)?;
            Placed::Link { to: to.into(), at }
        }
    })
}

/// Whether nothing else is placed at `at`, below it or above it, and something can be.
fn is_free(at: &Path, own: &Mount, mounts: &[Mount]) -> bool {
    let taken = mounts
        .iter()
        .any(|mount| mount != own && (mount.at().starts_with(at) || at.starts_with(mount.at())));
    !taken && !is_reserved(at)
}

fn is_reserved(at: &Path) -> bool {
    at == Path::new("/") || RESERVED.iter().any(|reserved| at.starts_with(reserved))
}

/// A path inside must say exactly where it leads.
fn inside(path: &Path) -> Result<(), Refusal> {
    let plain = path.is_absolute()
        && path.components().all(|part| matches!(part, Component::RootDir | Component::Normal(_)));
    if plain {
        return Ok(());
    }
    let reason = format!("{} is no absolute path without `..`", path.display());
    Err(Refusal::Description { reason })
}

fn resolved(path: &Path) -> Result<PathBuf, Refusal> {
    path.canonicalize().map_err(|source| Refusal::Mount { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(confined: &Confined) -> Result<Plan, Refusal> {
        super::of(confined, Means::Own, None)
    }

    fn confined(cwd: &str, mounts: Vec<Mount>) -> Confined {
        Confined {
            argv: vec!["true".into()],
            cwd: cwd.into(),
            env: vec![("LANG".into(), "de_DE".into())],
            stdin: crate::Input::Bytes(Vec::new()),
            mounts,
            network: Network::None,
            one_output: false,
            bounds: crate::Bounds::default(),
        }
    }

    #[test]
    fn what_cannot_be_placed_is_refused_before_anything_starts() {
        let scratch = |at: &str| Mount::Scratch { at: at.into(), size_bytes: 1 };
        for at in ["/", "/proc", "/proc/sys", "/dev/shm", "relative", "/a/../etc", "/etc/passwd"] {
            let refusal = of(&confined("/tmp", vec![scratch(at)])).unwrap_err();
            assert!(matches!(refusal, Refusal::Description { .. }), "{at}: {refusal}");
        }
        assert!(of(&confined("tmp", Vec::new())).is_err());
        let gone = Mount::Bind { from: "/nonexistent".into(), at: "/a".into(), writable: false };
        assert!(matches!(of(&confined("/tmp", vec![gone])).unwrap_err(), Refusal::Mount { .. }));
        let link = |at: &str| Mount::Link { to: "/workspace".into(), at: at.into() };
        let links = |mounts: Vec<Mount>| {
            let plan = of(&confined("/tmp", mounts)).unwrap();
            let own =
                |placed: &&Placed| matches!(placed, Placed::Link { to, .. } if to == "/workspace");
            plan.mounts.iter().filter(own).count()
        };
        assert_eq!(links(vec![link("/home/ada/queue"), scratch("/home/ada/.cache")]), 1);
        for taken in [vec![link("/home/ada"), scratch("/home/ada/.cache")], vec![link("/etc/a")]] {
            assert_eq!(links(taken), 0, "another name is no reason to refuse anything");
        }
        let plan = of(&confined("/tmp", vec![scratch("/a")])).unwrap();
        assert_eq!(
            plan.env.last().unwrap(),
            &("LANG".into(), "de_DE".into()),
            "the caller's comes last"
        );
    }
}
