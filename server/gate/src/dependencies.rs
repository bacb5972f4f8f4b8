//! What a change does to the code of others that a project brings in, and to what runs when it is installed.
//!
//! Manifests and lock files are read into lists of packages ([`package`]) and compared. What the texts do not say
//! is not known here: there is no network, so the age of a package never is, and its licence seldom. A text that
//! cannot be read has a finding that says so. Start at [`check`].

mod cargo;
mod compare;
pub(crate) mod document;
mod dotnet;
mod elements;
mod go;
mod install;
mod lines;
mod locks;
mod lookalike;
mod maven;
mod npm;
mod package;
mod php;
mod pnpm;
mod python;
mod python_locks;
mod ruby;
mod sources;
mod tables;
mod version;
mod yarn;

use model::{ChangeKind, Finding, RelPath, Severity};
use syntax::is_test_data;

use compare::{Around, Compared};
use document::{Unreadable, text, text_of};
pub(crate) use document::{json, toml};
use lines::Lines;
use locks::Locks;
pub(crate) use package::shown;
use package::{Ecosystem, Kind, Listing};

use crate::place::{File, finding};
use crate::project::Project;

/// The line, from 0, of the first `needle` in a text.
pub(crate) fn line_of(text: &[u8], needle: &str) -> u32 {
    lines::line_of(&String::from_utf8_lossy(text), needle)
}

/// How the names of project files of .NET end.
const DOTNET: &[&str] = &[".csproj", ".fsproj", ".vbproj"];

/// A kind of file that names packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    CargoToml,
    CargoLock,
    PackageJson,
    PackageLock,
    YarnLock,
    PnpmLock,
    Requirements,
    Pyproject,
    Pipfile,
    PythonLock,
    PipfileLock,
    GoMod,
    GoSum,
    Gemfile,
    GemfileLock,
    PomXml,
    GradleScript,
    GradleCatalog,
    GradleLock,
    DotnetProject,
    PackagesConfig,
    DotnetLock,
    ComposerJson,
    ComposerLock,
}

impl Format {
    /// `None` for files that are not read; a change to those is told by their place alone.
    fn of(path: &RelPath) -> Option<Self> {
        let text = path.to_string().to_lowercase();
        let name = text.rsplit('/').next().unwrap_or_default();
        let requirements = name.starts_with("requirements") || text.contains("requirements/");
        Some(match name {
            "cargo.toml" => Self::CargoToml,
            "cargo.lock" => Self::CargoLock,
            "package.json" => Self::PackageJson,
            "package-lock.json" | "npm-shrinkwrap.json" => Self::PackageLock,
            "yarn.lock" => Self::YarnLock,
            "pnpm-lock.yaml" => Self::PnpmLock,
            "pyproject.toml" => Self::Pyproject,
            "pipfile" => Self::Pipfile,
            "poetry.lock" | "pdm.lock" | "uv.lock" | "pylock.toml" => Self::PythonLock,
            "pipfile.lock" => Self::PipfileLock,
            "go.mod" => Self::GoMod,
            "go.sum" => Self::GoSum,
            "gemfile" => Self::Gemfile,
            "gemfile.lock" => Self::GemfileLock,
            "pom.xml" => Self::PomXml,
            "build.gradle" | "build.gradle.kts" => Self::GradleScript,
            "libs.versions.toml" => Self::GradleCatalog,
            "gradle.lockfile" => Self::GradleLock,
            "packages.config" => Self::PackagesConfig,
            "packages.lock.json" => Self::DotnetLock,
            "composer.json" => Self::ComposerJson,
            "composer.lock" => Self::ComposerLock,
            "directory.packages.props" | "directory.build.props" => Self::DotnetProject,
            _ if DOTNET.iter().any(|end| name.ends_with(end)) => Self::DotnetProject,
            _ if requirements && name.ends_with(".txt") => Self::Requirements,
            _ => return None,
        })
    }

    fn ecosystem(self) -> Ecosystem {
        match self {
            Self::CargoToml | Self::CargoLock => Ecosystem::Cargo,
            Self::PackageJson | Self::PackageLock | Self::YarnLock | Self::PnpmLock => {
                Ecosystem::Npm
            }
            Self::Requirements | Self::Pyproject | Self::Pipfile => Ecosystem::PyPi,
            Self::PythonLock | Self::PipfileLock => Ecosystem::PyPi,
            Self::GoMod | Self::GoSum => Ecosystem::Go,
            Self::Gemfile | Self::GemfileLock => Ecosystem::Ruby,
            Self::PomXml | Self::GradleScript | Self::GradleCatalog | Self::GradleLock => {
                Ecosystem::Maven
            }
            Self::DotnetProject | Self::PackagesConfig | Self::DotnetLock => Ecosystem::NuGet,
            Self::ComposerJson | Self::ComposerLock => Ecosystem::Packagist,
        }
    }

    fn kind(self) -> Kind {
        match self {
            Self::CargoToml | Self::PackageJson | Self::Requirements | Self::Pyproject => {
                Kind::Asked
            }
            Self::Pipfile | Self::GoMod | Self::Gemfile | Self::ComposerJson => Kind::Asked,
            Self::PomXml | Self::GradleScript | Self::GradleCatalog => Kind::Asked,
            Self::DotnetProject | Self::PackagesConfig => Kind::Asked,
            Self::GoSum => Kind::Sums,
            _ => Kind::Locked,
        }
    }

    fn read(self, bytes: &[u8]) -> Result<Listing, Unreadable> {
        let content = text_of(bytes)?;
        match self {
            Self::CargoToml => cargo::manifest(content),
            Self::CargoLock => cargo::lock(content),
            Self::PackageJson => npm::manifest(content),
            Self::PackageLock => npm::lock(content),
            Self::YarnLock => yarn::lock(content),
            Self::PnpmLock => pnpm::lock(content),
            Self::Requirements => python::requirements(content),
            Self::Pyproject => python::pyproject(content),
            Self::Pipfile => python::pipfile(content),
            Self::PythonLock => python_locks::tables(content),
            Self::PipfileLock => python_locks::pipfile(content),
            Self::GoMod => go::module(content),
            Self::GoSum => go::sums(content),
            Self::Gemfile => Ok(ruby::gemfile(content)),
            Self::GemfileLock => ruby::lock(content),
            Self::PomXml => maven::pom(content),
            Self::GradleScript => Ok(maven::gradle_script(content)),
            Self::GradleCatalog => maven::catalog(content),
            Self::GradleLock => maven::gradle_lock(content),
            Self::DotnetProject => dotnet::project(content),
            Self::PackagesConfig => dotnet::config(content),
            Self::DotnetLock => dotnet::lock(content),
            Self::ComposerJson => php::manifest(content),
            Self::ComposerLock => php::lock(content),
        }
    }
}

/// A changed file that names packages, with what it names.
struct Read<'f> {
    file: &'f File<'f>,
    format: Format,
    before: Option<Listing>,
    after: Option<Listing>,
    /// The name of the project that a manifest is of.
    project: Option<String>,
}

/// All findings about dependencies and install scripts.
///
/// # Cost
/// Each changed manifest and lock file is parsed once a side, and the lock files of changed manifests once.
pub(crate) fn check(files: &[File<'_>], project: &dyn Project) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut read: Vec<Read<'_>> = Vec::new();
    for file in files.iter().filter(|file| file.is_text()) {
        findings.extend(tables::check(file));
        findings.extend(install::check(file, files, project));
        findings.extend(sources::check(file));
        let (listings, unread) = sides(file);
        findings.extend(unread);
        read.extend(listings);
    }
    let mut locks = Locks::new(project);
    let known_locks: Vec<Listing> = locks.around(&read).into_iter().cloned().collect();
    let around = around(&read, &known_locks);
    for file in &read {
        let Some(after) = &file.after else { continue };
        let lines = Lines::new(after.ecosystem, file.file);
        let path = file.file.of.path;
        let before = file.before.as_ref();
        findings.extend(Compared { path, before, after, lines, around: &around }.findings());
    }
    findings.extend(locks.unlocked(&read));
    findings.extend(locks::alone(&read));
    // What tests read is not installed.
    let mild = |found: Finding| match is_test_data(&found.path) && found.rule != "path.dependencies"
    {
        true => Finding { severity: Severity::Note, ..found },
        false => found,
    };
    findings.into_iter().map(mild).collect()
}

/// Both sides of a file, and a finding for one that could not be read.
fn sides<'f>(file: &'f File<'f>) -> (Option<Read<'f>>, Option<Finding>) {
    let format = Format::of(file.of.path);
    let old_format = file.of.old_path.map_or(format, Format::of);
    let (Some(format), true) = (format.or(old_format), file.of.before != file.of.after) else {
        return (None, None);
    };
    let side = |format: Option<Format>, text: Option<&[u8]>| {
        format.zip(text).map(|(format, text)| format.read(text)).transpose()
    };
    let before = side(old_format, file.of.before);
    let after = side(Format::of(file.of.path), file.of.after);
    let unread = after.as_ref().err().map(|unreadable| {
        let message = format!("what it names could not be read: {unreadable}");
        let found = finding("dependency.unread", file.of.path, unreadable.line, message);
        // It may be in a form that is not known here, if it was no other before.
        let parsed = file.of.before.is_some() && before.is_ok();
        let severity = if parsed { Severity::Error } else { Severity::Warning };
        Finding { severity, ..found }
    });
    let moved = file.of.change == ChangeKind::Renamed && old_format != Some(format);
    let read = Read {
        file,
        format,
        before: before.ok().flatten().filter(|_| !moved),
        project: project_name(format, file.of.after),
        after: after.ok().flatten(),
    };
    (Some(read), unread)
}

/// The name by which a lock file knows the project of a manifest.
fn project_name(format: Format, content: Option<&[u8]>) -> Option<String> {
    if format != Format::CargoToml {
        return None;
    }
    let document = toml(text_of(content?).ok()?).ok()?;
    text(document.get("package")?, "name").map(str::to_owned)
}

fn around<'l>(read: &'l [Read<'_>], locks: &'l [Listing]) -> Around<'l> {
    let mut around = Around::default();
    let id = |listing: &Listing, name: &str| (listing.ecosystem, listing.ecosystem.key(name));
    for listing in read.iter().filter_map(|file| file.before.as_ref()).chain(locks) {
        if listing.kind != Kind::Sums {
            around.known.extend(listing.packages.iter().map(|p| id(listing, &p.name)));
        }
    }
    for file in read {
        let Some(after) = &file.after else { continue };
        for package in &after.packages {
            let id = id(after, &package.name);
            if after.kind == Kind::Locked {
                around.locked.entry(id).or_insert(package);
            } else if after.kind == Kind::Asked && !around.known.contains(&id) {
                around.asked.insert(id);
            }
        }
    }
    around
}

#[cfg(test)]
mod tests;
