//! What a path and a mode say of a file by themselves.

use globset::{Candidate, GlobBuilder, GlobSet, GlobSetBuilder};
use model::{ChangeKind, FileMode, Finding, RelPath};

use crate::place::{File, finding};

/// How many bytes of a text [`is_generated`] looks at.
pub const HEAD_BYTES: usize = 2048;

/// What a file is for, by its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PathClass {
    /// It configures what CI, hooks or update bots run.
    Ci,
    /// It names the exact dependencies that are downloaded.
    Lockfile,
    /// It is part of the rules that judge a change.
    Rules,
    /// It asks for dependencies.
    Dependencies,
}

/// Why a pattern is not a glob.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{pattern}` is not a glob pattern: {reason}")]
pub struct GlobError {
    /// The pattern.
    pub pattern: String,
    /// What is wrong with it.
    pub reason: String,
}

/// Compiled glob patterns over paths.
///
/// `*` and `?` stay within one part of a path, `**` spans parts. A pattern without a `/` in front of its last
/// character matches at any depth; a leading `/` ties it to the root; a trailing `/` means all below.
#[derive(Debug, Clone)]
pub struct Globs(GlobSet);

impl Globs {
    /// Compiles `patterns`.
    ///
    /// # Errors
    /// [`GlobError`] for the first that is broken, or for all together when they are too large.
    pub fn compile(patterns: &[String]) -> Result<Self, GlobError> {
        let mut set = GlobSetBuilder::new();
        for pattern in patterns {
            let below = if pattern.ends_with('/') { "**" } else { "" };
            let anchored = pattern.trim_end_matches('/').contains('/');
            let prefix = if anchored { "" } else { "**/" };
            let text = format!("{prefix}{}{below}", pattern.strip_prefix('/').unwrap_or(pattern));
            let glob = GlobBuilder::new(&text)
                .literal_separator(true)
                .backslash_escape(true)
                .build()
                .map_err(|error| GlobError {
                    pattern: pattern.clone(),
                    reason: error.kind().to_string(),
                })?;
            set.add(glob);
        }
        let set = set.build().map_err(|error| GlobError {
            pattern: patterns.join(", "),
            reason: error.kind().to_string(),
        })?;
        Ok(Self(set))
    }

    /// No patterns.
    pub(crate) fn none() -> Self {
        Self(GlobSet::empty())
    }

    /// Whether any pattern matches `path`.
    pub fn matches(&self, path: &RelPath) -> bool {
        self.0.is_match_candidate(&Candidate::from_bytes(path.as_bytes()))
    }
}

/// Files that lock dependencies, in lower case.
const LOCKFILES: &[&str] = &[
    "bun.lock",
    "bun.lockb",
    "cargo.lock",
    "composer.lock",
    "conan.lock",
    "deno.lock",
    "flake.lock",
    "gemfile.lock",
    "go.sum",
    "go.work.sum",
    "gradle.lockfile",
    "mix.lock",
    "module.bazel.lock",
    "npm-shrinkwrap.json",
    "package-lock.json",
    "package.resolved",
    "packages.lock.json",
    "pdm.lock",
    "pipfile.lock",
    "pixi.lock",
    "pnpm-lock.yaml",
    "podfile.lock",
    "poetry.lock",
    "pubspec.lock",
    "pylock.toml",
    "rebar.lock",
    "renv.lock",
    "stack.yaml.lock",
    "uv.lock",
    "yarn.lock",
    ".terraform.lock.hcl",
];

/// Files that ask for dependencies, in lower case.
const MANIFESTS: &[&str] = &[
    "build.gradle",
    "build.gradle.kts",
    "build.sbt",
    "cargo.toml",
    "composer.json",
    "conanfile.py",
    "conanfile.txt",
    "deno.json",
    "deno.jsonc",
    "directory.packages.props",
    "environment.yml",
    "flake.nix",
    "gemfile",
    "go.mod",
    "go.work",
    "jsr.json",
    "libs.versions.toml",
    "mix.exs",
    "module.bazel",
    "package.json",
    "package.swift",
    "packages.config",
    "pipfile",
    "pixi.toml",
    "pnpm-workspace.yaml",
    "podfile",
    "pom.xml",
    "pubspec.yaml",
    "pyproject.toml",
    "setup.cfg",
    "setup.py",
    "vcpkg.json",
    ".npmrc",
    ".yarnrc",
    ".yarnrc.yml",
    "nuget.config",
    "pip.conf",
];

/// Files that say what CI, hooks and bots run, in lower case.
const CI_NAMES: &[&str] = &[
    ".appveyor.yml",
    ".cirrus.star",
    ".cirrus.yml",
    ".drone.yml",
    ".gitlab-ci.yml",
    ".pre-commit-config.yaml",
    ".travis.yml",
    ".woodpecker.yml",
    "appveyor.yml",
    "bitbucket-pipelines.yml",
    "cloudbuild.yaml",
    "cloudbuild.yml",
    "codefresh.yml",
    "codeowners",
    "jenkinsfile",
    "lefthook.yml",
    "renovate.json",
    "renovate.json5",
    "wercker.yml",
];

/// Folders of the same, from the root.
const CI_FOLDERS: &[&str] = &[
    ".azure-pipelines/",
    ".buildkite/",
    ".ci/",
    ".circleci/",
    ".forgejo/workflows/",
    ".gitea/workflows/",
    ".github/actions/",
    ".github/workflows/",
    ".gitlab/ci/",
    ".husky/",
    ".semaphore/",
    ".teamcity/",
    ".woodpecker/",
];

/// What a file is for, in the order of [`PathClass`]; empty for most.
///
/// Letter case does not count, because on some systems it does not matter there either.
pub fn classify(path: &RelPath) -> Vec<PathClass> {
    let text = path.to_string().to_lowercase();
    let name = text.rsplit('/').next().unwrap_or_default();
    let mut classes = Vec::new();
    let pipelines = name.starts_with("azure-pipelines") || name.starts_with("jenkinsfile.");
    if CI_NAMES.contains(&name)
        || CI_FOLDERS.iter().any(|folder| text.starts_with(folder))
        || text.starts_with(".github/dependabot.")
        || pipelines
    {
        classes.push(PathClass::Ci);
    }
    if LOCKFILES.contains(&name) {
        classes.push(PathClass::Lockfile);
    }
    if text == "countersign.toml" || text.starts_with(".countersign/") {
        classes.push(PathClass::Rules);
    }
    let requirements = name.starts_with("requirements") && name.ends_with(".txt");
    let project = [".csproj", ".fsproj", ".vbproj", ".gemspec", ".podspec", ".cabal"];
    let project = project.iter().any(|end| name.ends_with(end));
    let in_requirements = name.ends_with(".txt") && text.contains("requirements/");
    if MANIFESTS.contains(&name) || requirements || in_requirements || project {
        classes.push(PathClass::Dependencies);
    }
    classes
}

/// Whether a file locks dependencies.
pub fn is_lockfile(path: &RelPath) -> bool {
    classify(path).contains(&PathClass::Lockfile)
}

/// Whether a program writes the file: by its place, by `more` patterns, or by a comment in its first
/// [`HEAD_BYTES`]. `head` may be longer.
///
/// For a file that exists before the change, hand in the text before: a change cannot declare itself
/// generated.
pub fn is_generated(path: &RelPath, head: &[u8], more: &Globs) -> bool {
    let text = path.to_string().to_lowercase();
    let mut parts = text.rsplit('/');
    let name = parts.next().unwrap_or_default();
    let folder = parts.any(|part| matches!(part, "node_modules" | "vendor" | "dist"));
    let ends = [
        ".min.js",
        ".min.css",
        ".min.mjs",
        ".js.map",
        ".css.map",
        ".pb.go",
        ".pb.cc",
        ".pb.h",
        "_pb2.py",
        "_pb2.pyi",
        "_pb2_grpc.py",
        ".g.dart",
        ".freezed.dart",
        ".g.cs",
        ".designer.cs",
        "_generated.go",
        ".generated.ts",
        ".generated.js",
        ".gen.go",
        ".gen.ts",
    ];
    folder
        || is_lockfile(path)
        || ends.iter().any(|end| name.ends_with(end))
        || more.matches(path)
        || says_generated(head)
}

/// Whether a comment line says that the file is not for people to edit.
fn says_generated(head: &[u8]) -> bool {
    let head = String::from_utf8_lossy(head.get(..HEAD_BYTES).unwrap_or(head));
    head.lines().any(|line| {
        let line = line.trim_start_matches('\u{feff}').trim_start();
        let openers = ["//", "#", "/*", "*", "<!--", "--", ";", "%", "\"\"\"", "(*", "{-", "'"];
        let comment = openers.iter().any(|opener| line.starts_with(opener));
        let lower = line.to_lowercase();
        let tagged =
            line.split(|c: char| !c.is_alphanumeric() && c != '@').any(|w| w == "@generated");
        let said = lower.contains("generated") && lower.contains("do not edit")
            || lower.contains("code generated by")
            || lower.contains("automatically generated by")
            || lower.contains("autogenerated by");
        comment && (tagged || said)
    })
}

/// A finding for each class of a changed path, but for dependencies: those are compared.
pub(crate) fn check(file: &File<'_>) -> Vec<Finding> {
    let mut classes = classify(file.of.path);
    classes.extend(file.of.old_path.map(classify).unwrap_or_default());
    classes.sort();
    classes.dedup();
    let how = match file.of.change {
        ChangeKind::Added => "is added",
        ChangeKind::Deleted => "is deleted",
        ChangeKind::Renamed => "is moved",
        ChangeKind::Modified | ChangeKind::ModeChanged | ChangeKind::TypeChanged => "is changed",
    };
    let place = |(rule, what): (&str, &str)| {
        finding(rule, file.of.path, file.first_added(), format!("{what} {how}"))
    };
    let said = classes.into_iter().filter_map(|class| match class {
        PathClass::Ci => Some(("path.ci", "CI configuration")),
        PathClass::Lockfile => Some(("path.lockfile", "a lockfile")),
        PathClass::Rules => Some(("path.rules", "a part of the rules that judge changes")),
        PathClass::Dependencies => None,
    });
    said.map(place).collect()
}

/// Executable bits and symbolic links.
pub(crate) fn check_mode(file: &File<'_>) -> Vec<Finding> {
    let (old, new) = (file.of.old_mode, file.of.new_mode);
    let mut findings = Vec::new();
    let mut say = |rule: &str, message: String| {
        findings.push(finding(rule, file.of.path, 0, message));
    };
    if new == Some(FileMode::Executable) && old != new {
        say("mode.executable", "the file becomes executable".to_owned());
    }
    if new == Some(FileMode::Symlink) && (old != new || file.of.before != file.of.after) {
        match file.of.after {
            None => say("symlink.outside", "a link is added whose target was not read".to_owned()),
            Some(target) => {
                let shown: String =
                    String::from_utf8_lossy(target).escape_debug().take(200).collect();
                if leaves(file.of.path, target) {
                    say(
                        "symlink.outside",
                        format!("a link leads out of the repository: `{shown}`"),
                    );
                } else {
                    say("symlink.added", format!("a link to `{shown}` is added"));
                }
            }
        }
    }
    findings
}

/// Whether a link at `path` to `target` leaves the repository, by the text of both: absolute, above the
/// root, or into git's own folder.
pub(crate) fn leaves(path: &RelPath, target: &[u8]) -> bool {
    let drive = target.get(1) == Some(&b':');
    if target.is_empty() || target.starts_with(b"/") || target.starts_with(b"~") || drive {
        return true;
    }
    let parent = path.parent();
    let mut parts: Vec<&[u8]> = parent
        .as_ref()
        .map(|parent| parent.as_bytes().split(|b| *b == b'/').collect())
        .unwrap_or_default();
    for part in target.split(|b| matches!(b, b'/' | b'\\')) {
        match part {
            b"" | b"." => {}
            b".." => {
                if parts.pop().is_none() {
                    return true;
                }
            }
            part => parts.push(part),
        }
    }
    // A path that reaches into `.git` is no path of a repository; the root itself is one.
    !parts.is_empty() && RelPath::from_bytes(&parts.join(&b'/')).is_err()
}
