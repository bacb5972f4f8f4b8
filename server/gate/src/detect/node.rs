//! JavaScript and TypeScript: the scripts of `package.json`, run by the package manager that the lock file
//! or the manifest names.

use model::{GateDefinition, GateKind, RelPath, ReportFormat};
use serde_json::{Map, Value};

use super::{Gate, Project, Tree, is_below};
use crate::paths::Globs;

/// Scripts that are gates, by their name. Of several names for one kind the first that is there counts.
const SCRIPTS: &[(GateKind, &[&str])] = &[
    (GateKind::Build, &["build"]),
    (
        GateKind::TypeCheck,
        &["typecheck", "type-check", "check-types", "check:types", "tsc", "types"],
    ),
    (GateKind::Lint, &["lint", "lint:check", "eslint"]),
    (
        GateKind::Format,
        &[
            "format:check",
            "format-check",
            "fmt:check",
            "check:format",
            "check-format",
            "prettier:check",
        ],
    ),
    (GateKind::Test, &["test", "test:ci", "test:unit", "tests"]),
];

/// The gates of every package, those of a workspace's members only where the workspace has no such script.
pub(crate) fn detect(tree: &Tree<'_>) -> Vec<GateDefinition> {
    let projects = tree.projects(|name| name == "package.json");
    let mut roots: Vec<Root<'_>> = Vec::new();
    let mut gates = Vec::new();
    for project in &projects {
        let Some(manifest) = manifest(project) else { continue };
        let root = roots.iter().find(|root| root.holds(project.folder));
        let manager =
            manager(project, &manifest).or(root.map(|root| root.manager)).unwrap_or(Manager::Npm);
        let kinds = root.map(|root| root.kinds.as_slice()).unwrap_or_default();
        let found = of_project(project, &manifest, manager, kinds);
        if let Some(members) = members(project, &manifest) {
            let kinds = found.iter().map(|gate| gate.kind).collect();
            roots.push(Root { folder: project.folder, members, manager, kinds });
        }
        gates.extend(found);
    }
    gates
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Manager {
    Npm,
    Pnpm,
    Yarn,
    Bun,
}

impl Manager {
    fn word(self) -> &'static str {
        match self {
            Self::Npm => "npm",
            Self::Pnpm => "pnpm",
            Self::Yarn => "yarn",
            Self::Bun => "bun",
        }
    }
}

struct Root<'t> {
    folder: &'t str,
    members: Globs,
    manager: Manager,
    kinds: Vec<GateKind>,
}

impl Root<'_> {
    fn holds(&self, folder: &str) -> bool {
        let inside = folder.get(self.folder.len()..).unwrap_or_default().trim_start_matches('/');
        let path = RelPath::from_bytes(inside.as_bytes());
        is_below(folder, self.folder) && path.is_ok_and(|path| self.members.matches(&path))
    }
}

fn manifest(project: &Project<'_>) -> Option<Map<String, Value>> {
    match serde_json::from_str(&project.text("package.json")?) {
        Ok(Value::Object(manifest)) => Some(manifest),
        _ => None,
    }
}

fn manager(project: &Project<'_>, manifest: &Map<String, Value>) -> Option<Manager> {
    let named = manifest.get("packageManager").and_then(Value::as_str).unwrap_or_default();
    let named = named.split('@').next().unwrap_or_default();
    let by_name = [Manager::Npm, Manager::Pnpm, Manager::Yarn, Manager::Bun]
        .into_iter()
        .find(|manager| manager.word() == named);
    let locks = [
        ("package-lock.json", Manager::Npm),
        ("npm-shrinkwrap.json", Manager::Npm),
        ("pnpm-lock.yaml", Manager::Pnpm),
        ("yarn.lock", Manager::Yarn),
        ("bun.lock", Manager::Bun),
        ("bun.lockb", Manager::Bun),
    ];
    let by_lock = locks.into_iter().find(|(lock, _)| project.has(lock)).map(|(_, manager)| manager);
    by_name.or(by_lock)
}

/// Which packages below are members of a workspace here; `None` if there is no workspace.
fn members(project: &Project<'_>, manifest: &Map<String, Value>) -> Option<Globs> {
    let listed = manifest.get("workspaces");
    let listed = listed.and_then(|value| value.get("packages")).or(listed);
    let mut patterns: Vec<String> = listed
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect();
    if let Some(text) = project.listed_text("pnpm-workspace.yaml") {
        patterns.extend(yaml_list(&text, "packages"));
    }
    if patterns.is_empty() {
        return None;
    }
    // `!packages/old` takes out again; a member too many costs nothing but a gate that finds no script.
    let tidy = |pattern: &String| {
        let pattern = pattern.trim_start_matches("./").trim_end_matches('/');
        (!pattern.starts_with('!')).then(|| format!("/{pattern}"))
    };
    Globs::compile(&patterns.iter().filter_map(tidy).collect::<Vec<_>>()).ok()
}

/// The texts of a top-level list of YAML in block form, which is how such files are written.
fn yaml_list(text: &str, key: &str) -> Vec<String> {
    let mut lines = text.lines().skip_while(|line| line.trim_end() != format!("{key}:"));
    lines.next();
    lines
        .map(|line| line.split(" #").next().unwrap_or_default().trim())
        .take_while(|line| line.is_empty() || line.starts_with('-') || line.starts_with('#'))
        .filter_map(|line| line.strip_prefix('-'))
        .map(|item| item.trim().trim_matches(['"', '\'']).to_owned())
        .collect()
}

fn of_project(
    project: &Project<'_>,
    manifest: &Map<String, Value>,
    manager: Manager,
    covered: &[GateKind],
) -> Vec<GateDefinition> {
    let scripts = manifest.get("scripts").and_then(Value::as_object);
    let script = |name: &str| scripts.and_then(|s| s.get(name)).and_then(Value::as_str);
    let mut gates = Vec::new();
    for (kind, names) in SCRIPTS.iter().filter(|(kind, _)| !covered.contains(kind)) {
        let named = names.iter().find_map(|name| Some((*name, script(name)?)));
        // Many projects call their type check just `check`.
        let check =
            || script("check").filter(|text| text.contains("tsc")).map(|text| ("check", text));
        let type_check = *kind == GateKind::TypeCheck;
        let found = named.or_else(|| if type_check { check() } else { None });
        match found {
            Some((name, text)) if !is_placeholder(text) => {
                gates.extend(of_script(project, manager, *kind, name, text).done());
            }
            None if type_check
                && project.has("tsconfig.json")
                && depends_on_typescript(manifest) =>
            {
                let command = ["npx", "--no-install", "tsc", "--noEmit"];
                let gate = project.gate("tsc", *kind, "tsconfig.json", &command);
                gates.extend(gate.prints(ReportFormat::Diagnostics).done());
            }
            _ => {}
        }
    }
    gates
}

/// What `npm init` writes where there are no tests.
fn is_placeholder(script: &str) -> bool {
    script.trim().is_empty() || script.contains("no test specified")
}

fn depends_on_typescript(manifest: &Map<String, Value>) -> bool {
    ["dependencies", "devDependencies"]
        .iter()
        .any(|table| manifest.get(*table).is_some_and(|table| table.get("typescript").is_some()))
}

fn of_script(
    project: &Project<'_>,
    manager: Manager,
    kind: GateKind,
    name: &str,
    text: &str,
) -> Gate {
    let id = format!("{}.{}", manager.word(), kind.word());
    let gate = project.gate(&id, kind, "package.json", &[manager.word(), "run", name]);
    if kind != GateKind::Test {
        let compiles = |word: &str| matches!(word.rsplit('/').next(), Some("tsc" | "vue-tsc"));
        return match text.split_whitespace().any(compiles) {
            true => gate.prints(ReportFormat::Diagnostics),
            false => gate,
        };
    }
    // Only a script that is one command hands on arguments to it.
    let single = !text.contains(['&', '|', ';', '>']);
    let mut words = text.split_whitespace().skip_while(|word| {
        word.contains('=') || matches!(*word, "cross-env" | "npx" | "node" | "c8" | "nyc")
    });
    let runner = words.next().unwrap_or_default().rsplit('/').next().unwrap_or_default();
    let separator = if manager == Manager::Npm { ["--"].as_slice() } else { &[] };
    let gate_with =
        |gate: Gate, arguments: [&str; 2]| gate.with(separator.iter().copied()).with(arguments);
    match runner {
        "jest" if single => gate_with(gate, ["--json", "--outputFile={reports}/jest.json"])
            .writes(ReportFormat::JestJson, "jest.json"),
        "vitest" if single => {
            gate_with(gate, ["--reporter=json", "--outputFile={reports}/vitest.json"])
                .writes(ReportFormat::JestJson, "vitest.json")
        }
        "tape" => gate.prints(ReportFormat::Tap),
        _ if text.contains("--test-reporter=tap") => gate.prints(ReportFormat::Tap),
        _ if text.split_whitespace().any(|word| word == "--test") => {
            gate.prints(ReportFormat::NodeSpec)
        }
        _ => gate,
    }
}
