//! What a program in a room sees beside the files: the person's toolchains, and what is installed for the project.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use model::RelPath;
use sandbox::{Mount, Tier, Toolchains, toolchains};
use workspace::{Caches, Room};

/// What every program in a room sees.
pub(crate) struct Surroundings {
    toolchains: Toolchains,
}

impl Surroundings {
    /// Those of the person whose environment is `env`, where `caches` are installed; every program gets `settings`, too.
    pub(crate) fn of(
        env: &[(OsString, OsString)],
        tier: Tier,
        caches: &Caches,
        settings: &[(&str, &str)],
    ) -> Self {
        let (mut env, mut path) = (env.to_vec(), caches.programs());
        // An environment that is in force and lies among the files is seen there.
        let root = caches.root().canonicalize().ok();
        let among = |value: &OsString| {
            let resolved = Path::new(value).canonicalize().ok();
            root.as_ref().zip(resolved).is_some_and(|(root, at)| at.starts_with(root))
        };
        env.retain(|(name, value)| name != "VIRTUAL_ENV" || !among(value));
        // Installed programs lead to interpreters, which have to be seen as well.
        if let Some((_, own)) = env.iter_mut().rev().find(|(name, _)| name == "PATH") {
            path.extend(std::env::split_paths(own));
            *own = std::env::join_paths(path).unwrap_or_else(|_| own.clone());
        }
        let mut toolchains = toolchains(&env, tier);
        toolchains.env.extend(settings.iter().map(|(name, value)| (name.into(), value.into())));
        Self { toolchains }
    }

    /// The environment of all programs, but for what is installed in a room.
    pub(crate) fn common(&self) -> &[(OsString, OsString)] {
        &self.toolchains.env
    }

    /// The environment of a program that runs in `folder` of `room`: what is installed there, the nearest first, comes
    /// before the person's own.
    pub(crate) fn env(&self, room: &Room, folder: Option<&RelPath>) -> Vec<(OsString, OsString)> {
        let mut env = self.toolchains.env.clone();
        let mut path: Vec<PathBuf> = room.programs(folder);
        let active = path.iter().find(|programs| programs.ends_with("bin"));
        if let Some(active) = active.and_then(|programs| programs.parent()) {
            env.push(("VIRTUAL_ENV".into(), active.into()));
        }
        if let Some((_, own)) = env.iter_mut().find(|(name, _)| name == "PATH") {
            path.extend(std::env::split_paths(own));
            *own = std::env::join_paths(path).unwrap_or_else(|_| own.clone());
        }
        env
    }

    /// What is placed in the sandbox of `room`, and `others`.
    pub(crate) fn mounts(&self, room: &Room, others: &[&Mount]) -> Vec<Mount> {
        let others = others.iter().copied();
        room.mounts().iter().chain(others).chain(&self.toolchains.mounts).cloned().collect()
    }
}
