//! Laws that hold for any text; what is found in texts that mean something is in `fixtures/findings`.

use proptest::prelude::*;

use super::*;
use crate::tests::changes::{TestsOnly, case, with_files};

/// One name for each format.
const NAMES: &[&str] = &[
    "Cargo.toml",
    "Cargo.lock",
    "package.json",
    "package-lock.json",
    "yarn.lock",
    "pnpm-lock.yaml",
    "requirements.txt",
    "pyproject.toml",
    "Pipfile",
    "poetry.lock",
    "Pipfile.lock",
    "go.mod",
    "go.sum",
    "Gemfile",
    "Gemfile.lock",
    "pom.xml",
    "build.gradle",
    "libs.versions.toml",
    "gradle.lockfile",
    "App.csproj",
    "packages.config",
    "packages.lock.json",
    "composer.json",
    "composer.lock",
];

fn of_change(name: &str, before: Option<&[u8]>, after: &[u8]) -> Vec<Finding> {
    with_files(&[case(name, before, Some(after))], |files| {
        let files: Vec<File<'_>> = files.iter().map(File::new).collect();
        check(&files, &TestsOnly(&[]))
    })
}

/// Pieces that the readers look for, so that a text made of them gets far.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "[",
        "]",
        "{",
        "}",
        "(",
        ")",
        "\"",
        "'",
        ":",
        ",",
        "=",
        "@",
        "/",
        "#",
        "\\",
        "\n",
        "\n  ",
        "\n    ",
        " ",
        "*",
        "&a",
        "*a",
        "dependencies",
        "packages",
        "[[package]]\n",
        "name = ",
        "version = ",
        "source = ",
        "\"1.2.3\"",
        "node_modules/",
        "resolved",
        "integrity",
        "require",
        "replace",
        "=>",
        "v1.0.0",
        "GEM",
        "specs:",
        "--hash=sha256:ab",
        "git+https://x/y.git@z",
        "lockfileVersion: 9\n",
        "__metadata:\n",
        "\u{430}",
        "npm:",
        "scripts",
        "postinstall",
        "<project>",
        "</project>",
        "<dependency>",
        "</dependency>",
        "<artifactId>a</artifactId>",
        "<version>${v}</version>",
        "<PackageReference Include=\"A\" Version=\"1.0\"/>",
        "a:b:1.0=c",
        "gem 'a', '1.0'",
        "\"require\"",
    ]);
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn no_text_is_too_strange(
        name in prop::sample::select(NAMES),
        before in pieces(),
        after in prop_oneof![
            pieces().prop_map(String::into_bytes),
            prop::collection::vec(any::<u8>(), 0..200),
        ],
    ) {
        of_change(name, Some(before.as_bytes()), &after);
    }

    #[test]
    fn what_cannot_be_read_is_told(name in prop::sample::select(NAMES), after in pieces()) {
        let format = Format::of(&name.parse().unwrap()).unwrap();
        let told = of_change(name, None, after.as_bytes());
        let told = told.iter().any(|finding| finding.rule == "dependency.unread");
        prop_assert_eq!(told, format.read(after.as_bytes()).is_err());
    }
}

#[test]
fn every_format_is_tried() {
    let mut formats: Vec<String> = Vec::new();
    for name in NAMES {
        formats.push(format!("{:?}", Format::of(&name.parse().unwrap()).unwrap()));
    }
    formats.sort();
    formats.dedup();
    assert_eq!(formats.len(), NAMES.len());
}

#[test]
fn large_files_are_read_in_time_that_grows_with_them() {
    let package = |at: u32, version: &str| {
        format!("[[package]]\nname = \"p{at}\"\nversion = \"{version}\"\nsource = \"registry+x\"\n")
    };
    let all = |version: &str| (0..5000).map(|at| package(at, version)).collect::<String>();
    let findings = of_change("Cargo.lock", Some(all("2.0.0").as_bytes()), all("1.0.0").as_bytes());
    let older = findings.iter().filter(|finding| finding.rule == "dependency.downgraded").count();
    assert_eq!(older, 5000);
}
