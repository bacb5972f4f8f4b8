//! What a program in a room sees beside the files: the person's toolchains, and what is installed for the project.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use model::{Digest, RelPath};
use sandbox::{Mount, Tier, Toolchains, Worked, toolchains};
use workspace::{CHECKOUT_AT, Caches, Room, installed_digest};

/// Programs that belong to no environment of Python: one of that name in it is not meant, or worse. What these start is
/// looked for in the person's toolchains first, too.
const ELSEWHERE: &[&str] = &[
    "bun", "cargo", "git", "go", "gradle", "java", "mvn", "node", "npm", "npx", "pnpm", "rustc",
    "yarn",
];

/// What every program in a room sees.
pub(crate) struct Surroundings {
    toolchains: Toolchains,
    /// The checkout by the name of the person's folder.
    alias: Option<Mount>,
}

impl Surroundings {
    /// Those of the person whose environment is `env`, where `caches` are installed; every program gets `settings`, too.
    pub(crate) fn of(
        env: &[(OsString, OsString)],
        tier: Tier,
        caches: &Caches,
        settings: &[(&str, &str)],
    ) -> Self {
        let environments = caches.environments();
        let worked = Worked { root: Some(caches.root()), environments: &environments };
        let mut toolchains = toolchains(env, tier, worked);
        toolchains.env.extend(settings.iter().map(|(name, value)| (name.into(), value.into())));
        // An environment of Python knows the project by where the person has it: packages that are being worked on,
        // scripts that name their interpreter.
        let knows = !environments.is_empty() || toolchains.active.is_some();
        let alias = || Mount::Link { to: CHECKOUT_AT.into(), at: caches.root().to_owned() };
        Self { toolchains, alias: knows.then(alias) }
    }

    /// The environment of all programs, but for what is installed in a room.
    pub(crate) fn common(&self) -> &[(OsString, OsString)] {
        &self.toolchains.env
    }

    /// Another one when the interpreters of environments are others, or what is installed in the one that is in force.
    pub(crate) fn environments_digest(&self) -> Digest {
        let active = self.toolchains.active.as_deref().map(installed_digest);
        Digest::of_json(&(&self.toolchains.interpreters, active))
    }

    /// The environment of `program` in `folder` of `room`: what the virtual environment there holds comes before the
    /// person's own, but for programs that belong to none; packages of Node come last, since `npm` puts them first itself.
    pub(crate) fn env(
        &self,
        room: &Room,
        program: &OsStr,
        folder: Option<&RelPath>,
    ) -> Vec<(OsString, OsString)> {
        let mut env = self.toolchains.env.clone();
        let environment = room.environment(folder);
        let programs = environment.as_ref().map(|environment| environment.join("bin"));
        let (mut first, mut last) = (Vec::<PathBuf>::new(), Vec::new());
        let name = Path::new(program).file_name().unwrap_or_default();
        if ELSEWHERE.iter().any(|other| name == *other) {
            last.extend(programs);
        } else {
            first.extend(programs);
        }
        last.extend(room.node_modules(folder).map(|packages| packages.join(".bin")));
        if let Some((_, own)) = env.iter_mut().find(|(name, _)| name == "PATH") {
            first.extend(std::env::split_paths(own));
            first.extend(last);
            *own = std::env::join_paths(first).unwrap_or_else(|_| own.clone());
        }
        env.extend(environment.map(|environment| ("VIRTUAL_ENV".into(), environment.into())));
        env
    }

    /// What is placed in the sandbox of `room`, and `others`.
    pub(crate) fn mounts(&self, room: &Room, others: &[&Mount]) -> Vec<Mount> {
        let others = others.iter().copied().chain(&self.alias);
        room.mounts().iter().chain(others).chain(&self.toolchains.mounts).cloned().collect()
    }
}
