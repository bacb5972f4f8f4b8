//! Go, Maven, Gradle and Make.

use model::{GateDefinition, GateKind, ReportFormat};

use super::{Gate, Project, Tree, is_below};

/// The gates of Go modules and of Maven and Gradle builds.
pub(crate) fn detect(tree: &Tree<'_>) -> Vec<GateDefinition> {
    let mut gates = Vec::new();
    for project in tree.projects(|name| name == "go.mod") {
        gates.extend(go(&project));
    }
    for project in outermost(tree.projects(|name| name == "pom.xml")) {
        gates.extend(maven(&project));
    }
    let gradle = ["settings.gradle", "settings.gradle.kts", "build.gradle", "build.gradle.kts"];
    for project in outermost(tree.projects(|name| gradle.contains(&name))) {
        gates.extend(project.first_of(&gradle).map(|file| of_gradle(&project, file)));
    }
    gates.into_iter().filter_map(Gate::done).collect()
}

/// A build that lies below another is one of its modules.
fn outermost(projects: Vec<Project<'_>>) -> Vec<Project<'_>> {
    let mut kept: Vec<Project<'_>> = Vec::new();
    for project in projects {
        if !kept.iter().any(|outer| is_below(project.folder, outer.folder)) {
            kept.push(project);
        }
    }
    kept
}

fn go(project: &Project<'_>) -> Vec<Gate> {
    let go = |id: &str, kind, command: &[&str]| project.gate(id, kind, "go.mod", command);
    let mut gates = vec![
        go("go.build", GateKind::Build, &["go", "build", "./..."])
            .prints(ReportFormat::Diagnostics),
        go("go.vet", GateKind::Lint, &["go", "vet", "./..."]).prints(ReportFormat::Diagnostics),
        // Without a count, a run tells what an earlier one found out.
        go("go.test", GateKind::Test, &["go", "test", "-json", "-count=1", "./..."])
            .prints(ReportFormat::GoJson),
    ];
    let files = [".golangci.yml", ".golangci.yaml", ".golangci.toml", ".golangci.json"];
    if let Some(file) = project.first_of(&files) {
        gates.push(project.gate("golangci", GateKind::Lint, file, &["golangci-lint", "run"]));
    }
    gates
}

fn maven(project: &Project<'_>) -> Vec<Gate> {
    let program = if project.has("mvnw") { "./mvnw" } else { "mvn" };
    let mvn = |id: &str, kind, goals: &[&str]| {
        project.gate(id, kind, "pom.xml", &[program, "-B", "-o"]).with(goals.iter().copied())
    };
    vec![
        mvn("maven.build", GateKind::Build, &["-DskipTests", "test-compile"]),
        mvn("maven.test", GateKind::Test, &["-fae", "test"])
            .leaves(ReportFormat::Junit, "**/target/surefire-reports/TEST-*.xml"),
    ]
}

fn of_gradle(project: &Project<'_>, file: &str) -> Gate {
    let program = if project.has("gradlew") { "./gradlew" } else { "gradle" };
    let command = [program, "--offline", "--no-daemon", "--continue", "test"];
    project
        .gate("gradle.test", GateKind::Test, file, &command)
        .leaves(ReportFormat::Junit, "**/build/test-results/test/TEST-*.xml")
}

/// Targets that are gates.
const TARGETS: &[(GateKind, &[&str])] = &[
    (GateKind::Build, &["build"]),
    (GateKind::TypeCheck, &["typecheck", "type-check", "types"]),
    (GateKind::Lint, &["lint", "vet"]),
    (GateKind::Format, &["format-check", "fmt-check", "check-format", "check-fmt"]),
    (GateKind::Test, &["test", "tests", "check"]),
];

/// The targets of Makefiles, for the kinds that `found` does not have in the same folder.
pub(crate) fn detect_make(tree: &Tree<'_>, found: &[GateDefinition]) -> Vec<GateDefinition> {
    let files = ["GNUmakefile", "makefile", "Makefile"];
    let mut gates = Vec::new();
    for project in tree.projects(|name| files.contains(&name)) {
        let Some(file) = project.first_of(&files) else { continue };
        let targets = targets(&project.text(file).unwrap_or_default());
        let here = |gate: &GateDefinition| {
            let folder = gate.folder.as_ref().and_then(|folder| folder.as_str());
            folder.unwrap_or_default() == project.folder
        };
        for (kind, names) in TARGETS {
            let covered = found.iter().any(|gate| here(gate) && gate.kind == *kind);
            let name = names.iter().find(|name| targets.iter().any(|target| target == *name));
            if let (false, Some(name)) = (covered, name) {
                let id = format!("make.{}", kind.word());
                gates.extend(project.gate(&id, *kind, file, &["make", name]).done());
            }
        }
    }
    gates
}

/// The names on the left of rules; variables, patterns and recipes are none.
fn targets(makefile: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in makefile.lines() {
        let Some((left, right)) = line.split_once(':') else { continue };
        let assigns = right.starts_with('=') || right.starts_with(":=") || left.contains('=');
        if assigns || line.starts_with(['\t', '#', ' ', '.']) {
            continue;
        }
        found.extend(left.split_whitespace().map(str::to_owned));
    }
    found
}
