//! Landlock: which files may be written, and, where there is no file tree of our own, which may be read at all.

use std::io;
use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access, AccessFs, BitFlags, CompatLevel, Compatible, LandlockStatus, PathBeneath, PathFd,
    RestrictionStatus, Ruleset, RulesetAttr, RulesetCreated, RulesetCreatedAttr, RulesetError,
    RulesetStatus, Scope,
};

use super::mounts;
use super::wire::Placed;

/// What a stage does here, for refusals.
pub const STEP: &str = "restrict itself by landlock";

/// The newest Landlock we know how to use (Linux 6.12).
const LANDLOCK: ABI = ABI::V6;

/// The devices that may be written.
const DEVICES: &[&str] = &["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"];

/// The inner stage in a file tree of its own: everything may be read, nothing but `writable` and the devices
/// written; no signal and no abstract socket reaches outside, where the kernel knows how.
///
/// Answers the version of Landlock's interface.
pub fn writing(writable: &[PathBuf]) -> io::Result<i32> {
    let restrict = || -> Result<RestrictionStatus, RulesetError> {
        let mut rules = handled(CompatLevel::BestEffort)?;
        rules = add(rules, Path::new("/"), AccessFs::from_read(LANDLOCK))?;
        for folder in writable {
            rules = add(rules, folder, all_in())?;
        }
        devices(rules)?.restrict_self()
    };
    enforced(restrict())
}

/// All that confines the files of a program in the person's own file tree: only the system and `placed` may be
/// read, and written what is placed so. Needs a Landlock that keeps signals in.
///
/// Answers the version of Landlock's interface.
pub fn all(placed: &[Placed]) -> io::Result<i32> {
    let restrict = || -> Result<RestrictionStatus, RulesetError> {
        let mut rules = handled(CompatLevel::HardRequirement)?;
        let read = AccessFs::from_read(LANDLOCK);
        for path in mounts::readable() {
            rules = add(rules, &path, read)?;
        }
        for placed in placed {
            let (from, rights) = match placed {
                Placed::Bind { from, writable: true, .. } => (from, all_in()),
                Placed::Bind { from, .. } | Placed::Cover { from, .. } => (from, read),
                // The plan refuses them.
                _ => continue,
            };
            rules = add(rules, Path::new(from), rights)?;
        }
        devices(rules)?.restrict_self()
    };
    enforced(restrict())
}

fn handled(level: CompatLevel) -> Result<RulesetCreated, RulesetError> {
    Ruleset::default()
        .set_compatibility(level)
        .handle_access(AccessFs::from_all(LANDLOCK))?
        .scope(Scope::from_all(LANDLOCK))?
        .create()
}

/// Everything but making devices.
fn all_in() -> BitFlags<AccessFs> {
    AccessFs::from_all(LANDLOCK) & !(AccessFs::MakeChar | AccessFs::MakeBlock)
}

fn devices(mut rules: RulesetCreated) -> Result<RulesetCreated, RulesetError> {
    for device in DEVICES {
        let rights = AccessFs::ReadFile | AccessFs::WriteFile | AccessFs::Truncate;
        rules = add(rules, Path::new(device), rights)?;
    }
    Ok(rules)
}

/// What is not there gets no rule, and stays shut.
fn add(
    rules: RulesetCreated,
    path: &Path,
    rights: BitFlags<AccessFs>,
) -> Result<RulesetCreated, RulesetError> {
    let Ok(file) = PathFd::new(path) else { return Ok(rules) };
    let rights = if path.is_dir() { rights } else { rights & AccessFs::from_file(LANDLOCK) };
    rules.add_rule(PathBeneath::new(file, rights))
}

fn enforced(status: Result<RestrictionStatus, RulesetError>) -> io::Result<i32> {
    let missing = || io::Error::from_raw_os_error(libc::EOPNOTSUPP);
    let status = status.map_err(io::Error::other)?;
    match (status.ruleset, status.landlock) {
        (RulesetStatus::NotEnforced, _) => Err(missing()),
        (_, LandlockStatus::Available { effective_abi, kernel_abi }) => {
            Ok(kernel_abi.unwrap_or(effective_abi as i32))
        }
        _ => Err(missing()),
    }
}
