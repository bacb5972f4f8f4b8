//! The rules of the house as tests: layers, doors, sizes, and what must stand beside what.

#![cfg(test)]
#![allow(clippy::disallowed_methods, reason = "tests read the tree they stand in")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The table of `ARCHITECTURE.md`: each crate and the crates it may use. `countersign` may use all.
const LAYERS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("syntax", &["model"]),
    ("semdiff", &["model", "syntax"]),
    ("risk", &["model"]),
    ("policy", &["model"]),
    ("gate", &["model", "syntax", "semdiff"]),
    ("ledger", &["model"]),
    ("sandbox", &["model"]),
    ("workspace", &["model", "sandbox"]),
    ("attest", &["model"]),
    ("agent", &["model", "syntax", "sandbox"]),
    (
        "engine",
        &[
            "model",
            "syntax",
            "semdiff",
            "risk",
            "policy",
            "gate",
            "ledger",
            "sandbox",
            "workspace",
            "attest",
            "agent",
        ],
    ),
    ("lsp", &["engine", "model", "syntax", "semdiff", "risk", "policy", "gate"]),
    (
        "countersign",
        &[
            "model",
            "syntax",
            "semdiff",
            "risk",
            "policy",
            "gate",
            "ledger",
            "sandbox",
            "workspace",
            "attest",
            "agent",
            "engine",
            "lsp",
        ],
    ),
    ("test-support", &["model"]),
    ("fuzz", &["model", "semdiff", "workspace"]),
];

/// Crates with the pure floor: no IO, clock, environment or threads.
const PURE: &[&str] = &["model", "syntax", "semdiff", "risk", "policy", "gate"];

/// Libraries that only one crate may name, so that each kind of IO has one door.
const DOORS: &[(&str, &str)] = &[
    ("rusqlite", "ledger"),
    ("git2", "workspace"),
    ("regorus", "policy"),
    ("ropey", "lsp"),
    ("tower-lsp-server", "lsp"),
    ("tree-sitter", "syntax"),
    ("ast-grep-core", "agent"),
    ("ed25519-dalek", "attest"),
    ("clap", "countersign"),
];

/// Source lines of one file, tests excluded.
const FILE_LINES_MAX: usize = 800;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn crates() -> Vec<cargo_metadata::Package> {
    let manifest = root().join("Cargo.toml");
    let metadata =
        cargo_metadata::MetadataCommand::new().manifest_path(manifest).no_deps().exec().unwrap();
    metadata.packages
}

fn files(below: &str, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(below)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                // What a package manager put there is not ours.
                if !path.ends_with("node_modules") {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|e| e == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

#[test]
fn crates_use_only_the_layers_below() {
    let table: BTreeMap<&str, &[&str]> = LAYERS.iter().copied().collect();
    for package in crates() {
        let name = package.name.as_str();
        let allowed = table.get(name).unwrap_or_else(|| {
            panic!("crate {name} is not in the table of layers: a new crate needs a new invariant")
        });
        for dependency in &package.dependencies {
            let normal = dependency.kind == cargo_metadata::DependencyKind::Normal;
            if normal && table.contains_key(dependency.name.as_str()) {
                assert!(
                    allowed.contains(&dependency.name.as_str()),
                    "{name} may not use {}: ARCHITECTURE.md has the table of layers",
                    dependency.name
                );
            }
        }
    }
}

#[test]
fn architecture_document_has_the_same_table() {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    for (name, allowed) in
        LAYERS.iter().filter(|(name, _)| !["engine", "lsp", "countersign"].contains(name))
    {
        let row = text
            .lines()
            .find(|line| line.starts_with('|') && line.contains(&format!("| `{name}` |")))
            .unwrap_or_else(|| panic!("ARCHITECTURE.md has no row for {name}"));
        let stated = row.trim_end_matches('|').rsplit('|').next().unwrap().trim();
        let expected = if allowed.is_empty() { "-".to_owned() } else { allowed.join(", ") };
        assert_eq!(stated, expected, "row of {name}");
    }
}

#[test]
fn each_kind_of_io_has_one_door() {
    for package in crates() {
        for dependency in
            package.dependencies.iter().filter(|d| d.kind == cargo_metadata::DependencyKind::Normal)
        {
            if let Some((library, door)) = DOORS.iter().find(|(name, _)| *name == dependency.name) {
                let also = *library == "tree-sitter" && package.name.as_str() == "agent";
                assert!(
                    package.name.as_str() == *door || also,
                    "{} names {library}, whose door is {door}",
                    package.name
                );
            }
        }
    }
}

#[test]
fn clippy_copies_agree() {
    let root_text = fs::read_to_string(root().join("clippy.toml")).unwrap();
    let (head, _) = root_text.split_once("]\n").unwrap();
    let mut pure = None;
    for name in PURE {
        let path = root().join("server").join(name).join("clippy.toml");
        let text = fs::read_to_string(&path).unwrap_or_else(|_| {
            panic!("pure crate {name} needs a clippy.toml with the pure floor")
        });
        assert!(text.starts_with(head), "{} does not carry the root's list", path.display());
        let first = pure.get_or_insert_with(|| text.clone());
        assert_eq!(*first, text, "{} differs from the other pure crates'", path.display());
    }
}

#[test]
fn files_stay_small() {
    let texts: Vec<(PathBuf, String)> = files("server", "rs")
        .into_iter()
        .map(|path| (path.clone(), fs::read_to_string(path).unwrap()))
        .collect();
    // A module that is declared for tests only is a test, wherever it lies.
    let for_tests = |path: &Path| {
        let stem = path.file_stem().unwrap().to_str().unwrap();
        let declared = format!("#[cfg(test)]\nmod {stem};");
        path.components().any(|part| part.as_os_str() == "tests")
            || texts.iter().any(|(at, text)| {
                path.starts_with(at.parent().unwrap()) && text.contains(&declared)
            })
    };
    for (path, text) in &texts {
        let source = text.split("\n#[cfg(test)]\nmod ").next().unwrap();
        let lines = source.lines().count();
        assert!(
            lines <= FILE_LINES_MAX || for_tests(path),
            "{} has {lines} lines: split it at the right joint",
            path.display()
        );
    }
}

#[test]
fn every_policy_stands_beside_its_test() {
    let all = files("policies", "rego");
    assert!(all.len() >= 12, "{} policy files", all.len());
    // What rules share is tested through the rules.
    let shared = root().join("policies/lib");
    let rules = all.iter().filter(|p| !p.starts_with(&shared));
    for path in rules.filter(|p| !p.to_str().unwrap().ends_with("_test.rego")) {
        let test = path
            .with_file_name(format!("{}_test.rego", path.file_stem().unwrap().to_str().unwrap()));
        assert!(all.contains(&test), "{} has no test beside it", path.display());
    }
}

#[test]
fn every_recipe_has_fixtures() {
    let root = root();
    for path in files("queries/recipes", "yml") {
        let below = path.strip_prefix(root.join("queries/recipes")).unwrap().with_extension("md");
        let fixture = root.join("fixtures/recipes").join(&below);
        assert!(fixture.is_file(), "{} has no {}", path.display(), fixture.display());
    }
}

#[test]
fn no_file_names_a_machine() {
    for (below, extension) in [
        ("server", "rs"),
        ("editors", "lua"),
        ("editors", "md"),
        ("editors", "ts"),
        ("policies", "rego"),
        ("tests", "js"),
        ("tests", "lua"),
    ] {
        for path in files(below, extension) {
            let text = fs::read_to_string(&path).unwrap();
            for word in ["/work/", "/root/"] {
                let own = path.ends_with("tests/tidy/main.rs");
                assert!(own || !text.contains(word), "{} names {word}", path.display());
            }
        }
    }
}
