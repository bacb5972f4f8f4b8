//! Rust: packages and workspaces.

use model::{GateDefinition, GateKind, ReportFormat};
use toml::{Table, Value};

use super::{Project, Tree, is_below};

/// The gates of every package or workspace that no workspace above it holds.
pub(crate) fn detect(tree: &Tree<'_>) -> Vec<GateDefinition> {
    let projects = tree.projects(|name| name == "Cargo.toml");
    let mut workspaces: Vec<(&str, Vec<String>)> = Vec::new();
    let mut gates = Vec::new();
    for project in &projects {
        let manifest = project.toml("Cargo.toml").unwrap_or_default();
        let own = manifest.get("workspace").and_then(Value::as_table);
        let held = workspaces.iter().any(|(outer, excluded)| {
            let out = |path: &String| {
                let path = if outer.is_empty() { path.clone() } else { format!("{outer}/{path}") };
                project.folder == path || is_below(project.folder, &path)
            };
            is_below(project.folder, outer) && !excluded.iter().any(out)
        });
        if held {
            continue;
        }
        if let Some(workspace) = own {
            workspaces.push((project.folder, excluded(workspace)));
        }
        gates.extend(of_project(project, &manifest));
    }
    gates
}

fn excluded(workspace: &Table) -> Vec<String> {
    let list = workspace.get("exclude").and_then(Value::as_array);
    let paths = list.into_iter().flatten().filter_map(Value::as_str);
    paths.map(|path| path.trim_start_matches("./").trim_end_matches('/').to_owned()).collect()
}

fn of_project(project: &Project<'_>, manifest: &Table) -> Vec<GateDefinition> {
    let mut fixed = vec!["--offline"];
    if project.has("Cargo.lock") {
        fixed.push("--locked");
    }
    let cargo = |id: &str, kind, command: &[&str]| {
        project.gate(id, kind, "Cargo.toml", command).with(fixed.iter().copied())
    };
    let json = ["--message-format", "json"];
    let mut gates = vec![
        cargo("cargo.build", GateKind::Build, &["cargo", "build", "--workspace", "--all-targets"])
            .with(json)
            .prints(ReportFormat::CargoJson),
        cargo("cargo.test", GateKind::Test, &["cargo", "test", "--workspace", "--no-fail-fast"])
            .prints(ReportFormat::CargoTest),
    ];
    let lints = manifest.get("lints").is_some_and(|lints| lints.get("workspace").is_none())
        || manifest.get("workspace").is_some_and(|workspace| workspace.get("lints").is_some());
    if lints || project.first_of(&["clippy.toml", ".clippy.toml"]).is_some() {
        let command = ["cargo", "clippy", "--workspace", "--all-targets"];
        gates.push(
            cargo("cargo.lint", GateKind::Lint, &command)
                .with(json)
                .prints(ReportFormat::CargoJson),
        );
    }
    if let Some(file) = project.first_of(&["rustfmt.toml", ".rustfmt.toml"]) {
        let command = ["cargo", "fmt", "--all", "--", "--check"];
        gates.push(project.gate("cargo.format", GateKind::Format, file, &command));
    }
    if project.has("deny.toml") {
        let command = ["cargo", "deny", "--offline", "check"];
        gates.push(project.gate("cargo.deny", GateKind::Security, "deny.toml", &command));
    }
    gates.into_iter().filter_map(super::Gate::done).collect()
}
