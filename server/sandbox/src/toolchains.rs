//! The person's compilers, interpreters and the packages they have fetched, as a sandbox may see them.
//!
//! Real builds need them, and they lie in the person's home beside keys and tokens. So nothing is found by looking
//! around: each folder that may be shown is named here, below what the environment says, and what holds
//! credentials is never one of them. What tools write into is covered, everything else can only be read.

use std::ffi::{OsStr, OsString};
use std::path::{Component, Path, PathBuf};

use crate::confined::{Mount, Tier};
use crate::program;

/// What a sandbox gets to see of the person's toolchains.
#[derive(Debug, Clone, Default)]
pub struct Toolchains {
    /// For [`Confined::mounts`](crate::Confined::mounts), after all others.
    pub mounts: Vec<Mount>,
    /// For [`Confined::env`](crate::Confined::env): a `PATH` of what is visible inside, where caches are, and that
    /// nothing is fetched.
    pub env: Vec<(OsString, OsString)>,
    /// What was looked for.
    pub tools: Vec<Tool>,
    /// The virtual environment of Python that is in force and lies outside the project.
    pub active: Option<PathBuf>,
    /// The interpreters of virtual environments: another text when one is another.
    pub interpreters: Vec<String>,
}

/// A program that builds and tests use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tool {
    /// What it is called by.
    pub name: &'static str,
    /// The file that the person's `PATH` leads to, if any.
    pub file: Option<PathBuf>,
    /// Whether it is visible in the sandbox.
    pub inside: bool,
}

/// What is looked for in `PATH`, to be shown and reported.
const TOOLS: &[&str] =
    &["cargo", "rustc", "node", "npm", "python3", "go", "java", "mvn", "git", "make", "cc"];

/// Those whose installation is a folder of its own, with the program in its `bin`.
const INSTALLED: &[&str] = &["node", "python3", "go", "java", "mvn"];

/// What every sandbox sees anyway (read-only).
const SYSTEM: &[&str] = &["/usr", "/bin", "/sbin", "/nix/store", "/gnu/store"];

/// Below the home folder: where a folder that holds one of these, or lies in one of them, is never shown.
const PRIVATE: &[&str] = &[
    ".ssh",
    ".gnupg",
    ".aws",
    ".azure",
    ".kube",
    ".docker",
    ".netrc",
    ".npmrc",
    ".pypirc",
    ".git-credentials",
    ".cargo/credentials",
    ".cargo/credentials.toml",
    ".m2/settings.xml",
    ".m2/settings-security.xml",
    ".config/gcloud",
    ".config/gh",
    ".config/git",
    ".local/share/keyrings",
];

/// How many links are followed from an environment to its interpreter.
const LINKS_MAX: usize = 8;

/// How much a folder that only holds mount points may hold beside them, in bytes: lock files.
const FOLDER_BYTES: u64 = 16 << 20;

/// A project that is worked on, which is seen elsewhere inside, and what is installed in it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Worked<'a> {
    /// Where it lies. Nothing that holds it is shown, or its files could be taken for those that are judged.
    pub root: Option<&'a Path>,
    /// Its virtual environments of Python: their interpreters are shown.
    pub environments: &'a [PathBuf],
}

/// What of the toolchains of the person whose environment is `env` can be shown at `tier`, for work on a project.
///
/// Folders are shown where they are, so that what has their paths written into it works.
///
/// # Cost
/// A few dozen looks at the file system.
pub fn toolchains(env: &[(OsString, OsString)], tier: Tier, worked: Worked<'_>) -> Toolchains {
    let root = worked.root.and_then(|root| root.canonicalize().ok());
    let mut found =
        Found { env, tier, home: None, root, shown: Vec::new(), result: Toolchains::default() };
    found.home = found.folder("HOME", None);
    found.rust();
    found.node();
    found.python();
    found.go();
    found.java();
    let path = found.variable("PATH").unwrap_or_default().to_owned();
    for name in INSTALLED {
        found.installed(name, &path);
    }
    for environment in worked.environments {
        found.interpreter(environment);
    }
    found.path(&path);
    found.result
}

struct Found<'a> {
    env: &'a [(OsString, OsString)],
    tier: Tier,
    home: Option<PathBuf>,
    /// The project, resolved.
    root: Option<PathBuf>,
    /// What is visible inside, beside the system.
    shown: Vec<PathBuf>,
    result: Toolchains,
}

impl Found<'_> {
    fn variable(&self, name: &str) -> Option<&OsStr> {
        let found = self.env.iter().rev().find(|(variable, _)| variable == name);
        found.map(|(_, value)| value.as_os_str()).filter(|value| !value.is_empty())
    }

    /// The folder that a variable names, or one below the home folder; resolved, and only if it is there.
    fn folder(&self, variable: &str, otherwise: Option<&str>) -> Option<PathBuf> {
        let named = self.variable(variable).map(PathBuf::from);
        let below = || Some(self.home.as_ref()?.join(otherwise?));
        let path = named.or_else(below).filter(|path| path.is_absolute())?;
        path.canonicalize().ok().filter(|path| path.is_dir())
    }

    fn set(&mut self, name: &str, value: impl Into<OsString>) {
        self.result.env.push((name.into(), value.into()));
    }

    /// Cargo's programs and what it has fetched. Its folder also holds its credentials and settings, so only parts
    /// are shown.
    fn rust(&mut self) {
        if let Some(rustup) = self.folder("RUSTUP_HOME", Some(".rustup")) {
            let settings = self.show(&rustup.join("settings.toml"));
            if self.show(&rustup.join("toolchains")) || settings {
                self.set("RUSTUP_HOME", rustup);
                // What is not there cannot be fetched.
                self.set("RUSTUP_AUTO_INSTALL", "0");
                if let Some(toolchain) = self.variable("RUSTUP_TOOLCHAIN").map(OsStr::to_owned) {
                    self.set("RUSTUP_TOOLCHAIN", toolchain);
                }
            }
        }
        if let Some(cargo) = self.folder("CARGO_HOME", Some(".cargo")) {
            self.place_for(&cargo);
            self.show(&cargo.join("bin"));
            self.cover(&cargo.join("registry"));
            self.cover(&cargo.join("git"));
            self.set("CARGO_HOME", cargo);
            self.set("CARGO_NET_OFFLINE", "true");
        }
    }

    fn node(&mut self) {
        if let Some(npm) = self.folder("npm_config_cache", Some(".npm")) {
            self.place_for(&npm);
            self.cover(&npm.join("_cacache"));
            self.set("npm_config_cache", npm);
        }
        self.set("npm_config_offline", "true");
        self.set("npm_config_update_notifier", "false");
    }

    fn python(&mut self) {
        if let Some(pyenv) = self.folder("PYENV_ROOT", Some(".pyenv"))
            && self.show(&pyenv)
        {
            self.set("PYENV_ROOT", pyenv);
            if let Some(version) = self.variable("PYENV_VERSION").map(OsStr::to_owned) {
                self.set("PYENV_VERSION", version);
            }
        }
        // An environment that is in force and lies elsewhere than the files.
        if let Some(active) = self.folder("VIRTUAL_ENV", None)
            && active.join("pyvenv.cfg").is_file()
            && !self.lies_in_project(&active)
            && self.show(&active)
        {
            self.interpreter(&active);
            self.set("VIRTUAL_ENV", active.clone());
            self.result.active = Some(active);
        }
        if let Some(pip) = self.folder("PIP_CACHE_DIR", Some(".cache/pip"))
            && self.cover(&pip)
        {
            self.set("PIP_CACHE_DIR", pip);
        }
        self.set("PIP_DISABLE_PIP_VERSION_CHECK", "1");
    }

    fn go(&mut self) {
        let modules = self.folder("GOMODCACHE", None).or_else(|| {
            let path = self.variable("GOPATH").and_then(|path| std::env::split_paths(path).next());
            let path = path.or_else(|| Some(self.home.as_ref()?.join("go")))?;
            path.join("pkg").join("mod").canonicalize().ok()
        });
        if let Some(modules) = modules
            && self.cover(&modules)
        {
            self.set("GOMODCACHE", modules);
        }
        // Since Go 1.20 the standard library is nowhere but in here: without, every run compiles it first.
        let built = self.folder("GOCACHE", None).or_else(|| {
            let caches = self.folder("XDG_CACHE_HOME", Some(".cache"))?;
            caches.join("go-build").canonicalize().ok()
        });
        if let Some(built) = built
            && self.cover(&built)
        {
            self.set("GOCACHE", built);
        }
        if let Some(root) = self.folder("GOROOT", None)
            && self.show(&root)
        {
            self.set("GOROOT", root);
        }
        self.set("GOPROXY", "off");
        self.set("GOTOOLCHAIN", "local");
        // The checkout looks like a repository and is none: a program would not be linked for want of its commit.
        self.set("GOFLAGS", "-buildvcs=false");
    }

    fn java(&mut self) {
        if let Some(java) = self.folder("JAVA_HOME", None)
            && self.show(&java)
        {
            self.set("JAVA_HOME", java);
        }
        if let Some(maven) = self.folder("", Some(".m2/repository"))
            && self.cover(&maven)
        {
            let mut arguments = OsString::from("-o -Dmaven.repo.local=");
            arguments.push(maven);
            self.set("MAVEN_ARGS", arguments);
        }
    }

    /// The installation of the program `name` that `path` leads to.
    fn installed(&mut self, name: &str, path: &OsStr) {
        let Some(file) = program::find(name, path).and_then(|file| file.canonicalize().ok()) else {
            return;
        };
        // What lies in the project is seen as the checkout has it.
        if self.lies_in_project(&file) {
            return;
        }
        let Some(folder) = file.parent() else { return };
        let prefix = folder.parent().filter(|_| folder.ends_with("bin"));
        // A program on its own, perhaps among others of the person.
        if !prefix.is_some_and(|prefix| self.show(prefix)) {
            self.show(&file);
        }
    }

    /// The interpreter of a virtual environment: the installation that its `python3` leads to, by the names it has on
    /// the way there (a folder for all releases of a version is one of links). What leads anywhere else is not followed:
    /// environments are written by many.
    fn interpreter(&mut self, environment: &Path) {
        let mut names = vec![environment.join("bin").join("python3")];
        while let Some(named) = names.last().filter(|_| names.len() <= LINKS_MAX)
            && let Ok(to) = named.read_link()
        {
            names.push(named.parent().unwrap_or(Path::new("/")).join(to));
        }
        let prefix = |file: &Path| Some(file.parent()?.parent()?.to_owned());
        let file = names.last().and_then(|named| named.canonicalize().ok());
        let Some((file, installed)) = file.and_then(|file| Some((file.clone(), prefix(&file)?)))
        else {
            return;
        };
        let library = file.file_name().map(|name| installed.join("lib").join(name));
        let is_python = file.parent() == Some(&installed.join("bin"))
            && library.is_some_and(|library| library.is_dir())
            && file.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"python"));
        if !is_python || self.lies_in_project(&installed) || !self.show(&installed) {
            return;
        }
        if let Ok(metadata) = file.metadata() {
            let modified = metadata.modified().ok();
            let interpreter = format!("{} {} {modified:?}", file.display(), metadata.len());
            self.result.interpreters.push(interpreter);
        }
        let is_plain =
            |part: Component<'_>| matches!(part, Component::RootDir | Component::Normal(_));
        for at in names.iter().filter_map(|named| prefix(named)) {
            let leads = at.canonicalize().is_ok_and(|resolved| resolved == installed);
            if leads && at != installed && !self.visible(&at) && at.components().all(is_plain) {
                let link = Mount::Link { to: installed.clone(), at };
                if !self.result.mounts.contains(&link) {
                    self.result.mounts.push(link);
                }
            }
        }
    }

    /// The folders of `path` that are visible inside, and what is found in them.
    fn path(&mut self, path: &OsStr) {
        let mut folders: Vec<PathBuf> = Vec::new();
        for folder in std::env::split_paths(path).filter(|folder| folder.is_absolute()) {
            let Ok(folder) = folder.canonicalize() else { continue };
            // A folder of links, one for each shell, leads to where the programs are.
            let leads = INSTALLED.iter().filter_map(|name| folder.join(name).canonicalize().ok());
            let leads = leads.filter_map(|file| file.parent().map(Path::to_owned));
            for folder in std::iter::once(folder.clone()).chain(leads) {
                let holds = self.shown.iter().any(|shown| shown.parent() == Some(&folder));
                if (self.visible(&folder) || holds) && !folders.contains(&folder) {
                    folders.push(folder);
                }
            }
        }
        for folder in ["/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin"] {
            if !folders.iter().any(|known| known == Path::new(folder)) {
                folders.push(folder.into());
            }
        }
        let inside = std::env::join_paths(&folders).unwrap_or_default();
        for name in TOOLS {
            let file = program::find(name, path);
            let inside = program::find(name, &inside)
                .and_then(|file| file.canonicalize().ok())
                .is_some_and(|file| self.visible(&file));
            self.result.tools.push(Tool { name, file, inside });
        }
        self.set("PATH", inside);
    }

    fn visible(&self, path: &Path) -> bool {
        let system = SYSTEM.iter().any(|system| path.starts_with(system));
        system || self.shown.iter().any(|shown| path.starts_with(shown))
    }

    /// A folder of its own for mount points and lock files, where there can be one.
    fn place_for(&mut self, folder: &Path) {
        let shut = self.too_wide(folder) || self.holds_project(folder);
        if self.tier == Tier::Namespaces && !self.visible(folder) && !shut {
            self.result.mounts.push(Mount::Scratch { at: folder.into(), size_bytes: FOLDER_BYTES });
        }
    }

    /// Shows a file or folder read-only. Answers whether it is visible.
    fn show(&mut self, path: &Path) -> bool {
        self.add(path, |path| Mount::Bind { from: path.clone(), at: path, writable: false })
    }

    /// Shows a folder that can be changed for as long as the sandbox lives. Answers whether it is visible.
    fn cover(&mut self, path: &Path) -> bool {
        self.add(path, |path| Mount::Cover { from: path.clone(), at: path })
    }

    fn add(&mut self, path: &Path, mount: impl Fn(PathBuf) -> Mount) -> bool {
        let Ok(path) = path.canonicalize() else { return false };
        if self.visible(&path) {
            return true;
        }
        if self.private(&path) || self.holds_project(&path) {
            return false;
        }
        self.result.mounts.push(mount(path.clone()));
        self.shown.push(path);
        true
    }

    fn holds_project(&self, path: &Path) -> bool {
        self.root.as_ref().is_some_and(|root| root.starts_with(path))
    }

    fn lies_in_project(&self, path: &Path) -> bool {
        self.root.as_ref().is_some_and(|root| path.starts_with(root))
    }

    /// Whether `path` holds or is something that nobody in a sandbox may see.
    fn private(&self, path: &Path) -> bool {
        let own = self.home.as_ref().is_some_and(|home| {
            PRIVATE.iter().any(|name| {
                let private = home.join(name);
                path.starts_with(&private) || private.starts_with(path)
            })
        });
        own || self.too_wide(path)
    }

    /// Whether `path` holds much that is none of a toolchain's: the whole system, or a folder of many homes.
    fn too_wide(&self, path: &Path) -> bool {
        let holds_home = self.home.as_ref().is_some_and(|home| home.starts_with(path));
        let shared = ["/etc", "/proc", "/dev", "/sys", "/run", "/var", "/tmp", "/opt", "/home"];
        holds_home
            || path.parent().is_none()
            || shared.iter().any(|folder| path == Path::new(folder))
            || ["/etc", "/proc", "/dev", "/sys", "/run"]
                .iter()
                .any(|folder| path.starts_with(folder))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A home with keys, tokens and toolchains in it.
    fn home() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().canonicalize().unwrap().join("ada");
        for file in [
            ".ssh/id_ed25519",
            ".aws/credentials",
            ".netrc",
            ".npmrc",
            ".config/gh/hosts.yml",
            ".cargo/credentials.toml",
            ".cargo/config.toml",
            ".cargo/bin/cargo",
            ".cargo/registry/index/x",
            ".rustup/settings.toml",
            ".rustup/toolchains/stable/bin/rustc",
            ".npm/_cacache/x",
            ".npm/_logs/x",
            ".nvm/versions/node/v20/bin/node",
            ".nvm/versions/node/v20/lib/x",
            ".pyenv/shims/python3",
            ".cache/pip/x",
            ".cache/browser/x",
            ".cache/go-build/00/x",
            "go/pkg/mod/x",
            "go/src/private/x",
            ".m2/settings.xml",
            ".m2/repository/x",
            ".local/bin/go",
            ".local/share/keyrings/login",
            "bin/mine",
        ] {
            let file = home.join(file);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, "x").unwrap();
        }
        (folder, home)
    }

    fn of(home: &Path, path: &[&str], tier: Tier) -> Toolchains {
        let path = path.iter().map(|folder| home.join(folder));
        let path = std::env::join_paths(path).unwrap();
        toolchains(&[("HOME".into(), home.into()), ("PATH".into(), path)], tier, Worked::default())
    }

    const PATH: [&str; 7] = [
        ".local/bin",
        "bin",
        ".cargo/bin",
        ".nvm/versions/node/v20/bin",
        ".pyenv/shims",
        "/usr/bin",
        "relative/..",
    ];

    #[test]
    fn toolchains_and_caches_are_shown_and_nothing_beside_them() {
        let (_folder, home) = home();
        let found = of(&home, &PATH, Tier::Landlock);
        let shown = |mount: &Mount| match mount {
            Mount::Bind { from, at, writable: false } if from == at => {
                format!("r {}", at.strip_prefix(&home).unwrap().display())
            }
            Mount::Cover { from, at } if from == at => {
                format!("c {}", at.strip_prefix(&home).unwrap().display())
            }
            other => panic!("{other:?}"),
        };
        let shown: Vec<String> = found.mounts.iter().map(shown).collect();
        assert_eq!(
            shown,
            [
                "r .rustup/settings.toml",
                "r .rustup/toolchains",
                "r .cargo/bin",
                "c .cargo/registry",
                "c .npm/_cacache",
                "r .pyenv",
                "c .cache/pip",
                "c go/pkg/mod",
                "c .cache/go-build",
                "c .m2/repository",
                "r .nvm/versions/node/v20",
                "r .local/bin/go",
            ]
        );
        let path = found.env.iter().find(|(name, _)| name == "PATH").unwrap().1.clone();
        let path: Vec<PathBuf> = std::env::split_paths(&path).collect();
        assert!(!path.contains(&home.join("bin")), "{path:?}");
        let first = [".local/bin", ".cargo/bin", ".nvm/versions/node/v20/bin", ".pyenv/shims"];
        assert_eq!(path[..4], first.map(|folder| home.join(folder)));
        let inside = |name: &str| found.tools.iter().find(|tool| tool.name == name).unwrap().inside;
        assert!(["cargo", "node", "python3", "go"].map(inside).iter().all(|inside| *inside));
    }

    #[cfg(unix)]
    #[test]
    fn the_interpreter_of_an_environment_is_shown_by_all_its_names_and_nothing_else_that_is_led_to()
    {
        use std::os::unix::fs::symlink;
        let (_folder, home) = home();
        let make = |file: &str| {
            let file = home.join(file);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, "x").unwrap();
        };
        make(".local/share/uv/python/3.12.4/bin/python3.12");
        make(".local/share/uv/python/3.12.4/lib/python3.12/os.py");
        make("work/queue/bin/python3.12");
        make("work/queue/lib/python3.12/os.py");
        make("other/bin/python3.12");
        make("work/pyvenv.cfg");
        make("work/queue/bin/go");
        let python = home.join(".local/share/uv/python");
        symlink(python.join("3.12.4"), python.join("3.12")).unwrap();
        let root = home.join("work/queue");
        let shown = |to: &Path| {
            let environment = root.join(".venv");
            std::fs::create_dir_all(environment.join("bin")).unwrap();
            let (named, first) = (environment.join("bin/python3"), environment.join("bin/python"));
            std::fs::remove_file(&named).ok();
            std::fs::remove_file(&first).ok();
            symlink("python", &named).unwrap();
            symlink(to, &first).unwrap();
            let worked = Worked { root: Some(&root), environments: &[environment] };
            let env = [
                ("HOME".into(), home.clone().into()),
                // An environment that holds the project would show its files where they are.
                ("VIRTUAL_ENV".into(), home.join("work").into()),
                // The project is the toolchain that is worked on.
                ("GOROOT".into(), root.clone().into()),
                ("PATH".into(), root.join("bin").into()),
            ];
            let found = toolchains(&env, Tier::Namespaces, worked);
            assert_eq!(found.active, None);
            let shows = |mount: &Mount| mount.at().starts_with(home.join("work"));
            assert!(!found.mounts.iter().any(shows), "{:?}", found.mounts);
            let path = found.env.iter().find(|(name, _)| name == "PATH").unwrap().1.clone();
            assert!(!path.to_string_lossy().contains(".venv"), "{path:?}");
            found.mounts
        };
        let of_person = shown(Path::new("/nonexistent"));
        let mut mounts = shown(&python.join("3.12/bin/python3.12"));
        mounts.retain(|mount| !of_person.contains(mount));
        let installed = python.join("3.12.4");
        let bind = Mount::Bind { from: installed.clone(), at: installed.clone(), writable: false };
        assert_eq!(mounts, [bind, Mount::Link { to: installed, at: python.join("3.12") }]);
        // No installation, the project itself, and no interpreter.
        for to in ["other/bin/python3.12", "work/queue/bin/python3.12", ".ssh/id_ed25519"] {
            assert_eq!(shown(&home.join(to)), of_person, "{to}");
        }
    }

    #[test]
    fn a_folder_that_holds_keys_is_never_shown_whatever_the_environment_says() {
        let (_folder, home) = home();
        for hostile in
            [home.clone(), home.join(".."), home.join(".ssh"), home.join(".aws"), "/".into()]
        {
            let env: Vec<(OsString, OsString)> =
                ["PYENV_ROOT", "GOROOT", "JAVA_HOME", "GOMODCACHE", "GOCACHE", "PIP_CACHE_DIR"]
                    .map(|name| (name.into(), hostile.clone().into_os_string()))
                    .into_iter()
                    .chain([("HOME".into(), home.clone().into())])
                    .collect();
            let found = toolchains(&env, Tier::Namespaces, Worked::default());
            for mount in &found.mounts {
                let at = mount.at();
                assert!(
                    !home.join(".ssh").starts_with(at) && !at.starts_with(home.join(".ssh")),
                    "{mount:?}"
                );
                assert!(
                    !home.join(".aws").starts_with(at) && !at.starts_with(home.join(".aws")),
                    "{mount:?}"
                );
            }
        }
    }
}
