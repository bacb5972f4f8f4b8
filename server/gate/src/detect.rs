//! Which gates a project has, read off its files: what builds it, tests it, lints it.
//!
//! A tool counts as the project's if a file says so (a manifest, a configuration file, a script), never
//! because it exists. Nothing is run or looked up; whether a program is installed is for those who run it.
//! Commands never fetch anything where the tool has a way to say so. Start at [`detect`], then [`gates`],
//! which lets `countersign.toml` have the last word.

mod cargo;
mod node;
mod other;
mod python;

use std::collections::{BTreeMap, BTreeSet};

use model::{
    Config, GATE_TIME_LIMIT_S, GateDefinition, GateId, GateKind, GateSource, REPORTS_PLACEHOLDER,
    RelPath, ReportDefinition, ReportFormat,
};
use syntax::is_outside_interface;

/// How many folders with a manifest are looked at, those nearest to the root first.
pub const PROJECTS_MAX: usize = 64;

/// Manifests longer than this are not read.
const MANIFEST_LIMIT_BYTES: usize = 1024 * 1024;

/// Folders whose manifests belong to somebody else, or are written by a program.
const FOREIGN: &[&str] = &[
    "node_modules",
    "vendor",
    "third_party",
    "third-party",
    "target",
    "dist",
    "build",
    ".venv",
    "venv",
    "site-packages",
    ".tox",
    "templates",
    "template",
];

/// The files of a tree, as detection asks for them.
pub(crate) struct Tree<'t> {
    /// The names in each folder; the root is the empty path.
    folders: BTreeMap<&'t str, BTreeSet<&'t str>>,
    read: &'t dyn Fn(&RelPath) -> Option<Vec<u8>>,
}

/// A folder with a manifest, and the gates found for it so far.
pub(crate) struct Project<'t> {
    /// Its path; empty for the root.
    pub(crate) folder: &'t str,
    pub(crate) tree: &'t Tree<'t>,
}

/// Which gates the project with the files `paths` has; `read` gives a file's bytes.
///
/// Ordered by folder, then kind, then id; ids are unique. Manifests of tests, fixtures, examples and
/// vendored code do not count, nor do paths that are no text. `read` is asked for manifests and
/// configuration files, and for a few test files of Python.
/// # Cost
/// One pass over the paths, and at most [`PROJECTS_MAX`] folders looked into.
pub fn detect(
    paths: &[RelPath],
    read: &dyn Fn(&RelPath) -> Option<Vec<u8>>,
) -> Vec<GateDefinition> {
    let tree = Tree::new(paths, read);
    let mut gates = Vec::new();
    gates.extend(cargo::detect(&tree));
    gates.extend(node::detect(&tree));
    gates.extend(python::detect(&tree));
    gates.extend(other::detect(&tree));
    // A Makefile mostly calls what was found already.
    let make = other::detect_make(&tree, &gates);
    gates.extend(make);
    settled(gates)
}

/// The gates in force: the detected ones that `config` does not leave out or replace, and its own.
pub fn gates(config: &Config, detected: Vec<GateDefinition>) -> Vec<GateDefinition> {
    let own: Vec<GateDefinition> = config.gate.iter().map(model::GateConfig::definition).collect();
    let replaced = |id: &GateId| own.iter().any(|gate| gate.id == *id);
    let mut gates: Vec<GateDefinition> = detected
        .into_iter()
        .filter(|gate| config.gates.detect && !config.gates.skip.contains(&gate.id))
        .filter(|gate| !replaced(&gate.id))
        .collect();
    gates.extend(own.iter().cloned());
    ordered(&mut gates);
    gates
}

fn ordered(gates: &mut [GateDefinition]) {
    gates.sort_by(|a, b| {
        let place = |gate: &GateDefinition| (gate.folder.clone(), gate.kind, gate.id.clone());
        place(a).cmp(&place(b))
    });
}

/// Ordered, and of two folders that give one id the second gets a number.
fn settled(mut gates: Vec<GateDefinition>) -> Vec<GateDefinition> {
    ordered(&mut gates);
    let mut taken: BTreeSet<GateId> = BTreeSet::new();
    for gate in &mut gates {
        let mut number = 2;
        while !taken.insert(gate.id.clone()) {
            let stem: String = gate.id.as_str().chars().take(120).collect();
            if let Ok(id) = format!("{stem}+{number}").parse() {
                gate.id = id;
            }
            number += 1;
        }
    }
    gates
}

impl<'t> Tree<'t> {
    fn new(paths: &'t [RelPath], read: &'t dyn Fn(&RelPath) -> Option<Vec<u8>>) -> Self {
        let mut folders: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for path in paths.iter().filter_map(RelPath::as_str) {
            let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
            folders.entry(folder).or_default().insert(name);
        }
        Self { folders, read }
    }

    /// The folders that are the project's own and hold a file that `is_manifest`, nearest to the root first.
    pub(crate) fn projects(&'t self, is_manifest: impl Fn(&str) -> bool) -> Vec<Project<'t>> {
        let own = |folder: &str| {
            let foreign = folder.split('/').any(|part| FOREIGN.contains(&part));
            let inside: Option<RelPath> = format!("{folder}/x").parse().ok();
            folder.is_empty() || !foreign && !inside.as_ref().is_some_and(is_outside_interface)
        };
        let mut folders: Vec<&str> = self
            .folders
            .iter()
            .filter(|(folder, names)| own(folder) && names.iter().any(|name| is_manifest(name)))
            .map(|(folder, _)| *folder)
            .collect();
        folders.sort_by_key(|folder| (depth(folder), *folder));
        folders.truncate(PROJECTS_MAX);
        folders.into_iter().map(|folder| Project { folder, tree: self }).collect()
    }
}

fn depth(folder: &str) -> usize {
    if folder.is_empty() { 0 } else { folder.matches('/').count() + 1 }
}

/// Whether `folder` lies below `outer`; the root is above all others.
pub(crate) fn is_below(folder: &str, outer: &str) -> bool {
    folder != outer
        && (outer.is_empty()
            || folder.strip_prefix(outer).is_some_and(|rest| rest.starts_with('/')))
}

impl<'t> Project<'t> {
    fn path(&self, name: &str) -> Option<RelPath> {
        let path = if self.folder.is_empty() {
            name.to_owned()
        } else {
            format!("{}/{name}", self.folder)
        };
        // A path with a backslash is one in its text form only.
        RelPath::from_bytes(path.as_bytes()).ok()
    }

    /// Whether the folder has a file of that name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.names().any(|other| other == name)
    }

    /// The first of `names` that the folder has.
    pub(crate) fn first_of<'n>(&self, names: &[&'n str]) -> Option<&'n str> {
        names.iter().find(|name| self.has(name)).copied()
    }

    /// The names in the folder.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'t str> {
        self.tree.folders.get(self.folder).into_iter().flatten().copied()
    }

    /// The folders below, with the path from here.
    pub(crate) fn below(&self) -> impl Iterator<Item = (&'t str, &'t BTreeSet<&'t str>)> {
        let folder = self.folder;
        self.tree.folders.iter().filter_map(move |(other, names)| {
            let rest = if is_below(other, folder) {
                other.get(folder.len()..)?.trim_start_matches('/')
            } else {
                return None;
            };
            Some((rest, names))
        })
    }

    /// The text of a file of the folder; `None` if it is not there, no text or too long.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        let bytes = (self.tree.read)(&self.path(name)?)?;
        if bytes.len() > MANIFEST_LIMIT_BYTES {
            return None;
        }
        let text = String::from_utf8(bytes).ok()?;
        Some(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
    }

    /// The text of a file that the folder lists; see [`Project::text`].
    pub(crate) fn listed_text(&self, name: &str) -> Option<String> {
        if self.has(name) { self.text(name) } else { None }
    }

    /// A file of the folder as TOML.
    pub(crate) fn toml(&self, name: &str) -> Option<toml::Table> {
        self.listed_text(name)?.parse().ok()
    }

    /// A gate of this folder, declared by its file `file`.
    pub(crate) fn gate(&self, id: &str, kind: GateKind, file: &str, command: &[&str]) -> Gate {
        let plain =
            |c: char| if c.is_ascii_alphanumeric() || "._-/+".contains(c) { c } else { '_' };
        let id = if self.folder.is_empty() {
            id.to_owned()
        } else {
            format!("{id}@{}", self.folder.chars().map(plain).take(96).collect::<String>())
        };
        Gate {
            id,
            kind,
            command: command.iter().map(|part| (*part).to_owned()).collect(),
            folder: RelPath::from_bytes(self.folder.as_bytes()).ok(),
            reports: Vec::new(),
            file: self.path(file),
        }
    }
}

/// A gate that is being put together.
pub(crate) struct Gate {
    id: String,
    kind: GateKind,
    command: Vec<String>,
    folder: Option<RelPath>,
    reports: Vec<ReportDefinition>,
    file: Option<RelPath>,
}

impl Gate {
    /// With further arguments.
    pub(crate) fn with<'a>(mut self, arguments: impl IntoIterator<Item = &'a str>) -> Self {
        self.command.extend(arguments.into_iter().map(str::to_owned));
        self
    }

    /// What the command prints is a report.
    pub(crate) fn prints(mut self, format: ReportFormat) -> Self {
        self.reports.push(ReportDefinition { format, path: None });
        self
    }

    /// The command writes a report to a file of the run's own folder.
    pub(crate) fn writes(self, format: ReportFormat, name: &str) -> Self {
        self.leaves(format, &format!("{REPORTS_PLACEHOLDER}/{name}"))
    }

    /// The command leaves reports where a glob says.
    pub(crate) fn leaves(mut self, format: ReportFormat, path: &str) -> Self {
        self.reports.push(ReportDefinition { format, path: Some(path.to_owned()) });
        self
    }

    /// The finished gate; `None` only if a name is not one, which the folder's name cannot bring about.
    pub(crate) fn done(self) -> Option<GateDefinition> {
        Some(GateDefinition {
            id: self.id.parse().ok()?,
            kind: self.kind,
            command: self.command,
            folder: self.folder,
            reports: self.reports,
            time_limit_s: GATE_TIME_LIMIT_S,
            source: GateSource::Detected { file: self.file? },
        })
    }
}
