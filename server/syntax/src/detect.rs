//! Which language a file is in, and what its place says that it is for. Looks at names and first lines only.

use model::{Language, RelPath};

/// The language of a file, from its extension or else from the `#!` of its first line.
///
/// `first_line` may be longer than a line; only its start is read. `None` for a language whose structure is
/// not read. A `.ts` file that starts like XML is a Qt translation, not TypeScript.
pub fn language_of(path: &RelPath, first_line: &[u8]) -> Option<Language> {
    let first_line = first_line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(first_line);
    match path.extension().as_deref() {
        Some("rs") => Some(Language::Rust),
        Some("py" | "pyi" | "pyw") => Some(Language::Python),
        Some("ts") if first_line.trim_ascii_start().starts_with(b"<") => None,
        Some("ts" | "mts" | "cts") => Some(Language::TypeScript),
        Some("tsx") => Some(Language::Tsx),
        Some("js" | "mjs" | "cjs" | "jsx") => Some(Language::JavaScript),
        Some("go") => Some(Language::Go),
        Some(_) => None,
        None => language_of_shebang(first_line),
    }
}

/// Whether a file's place says that it holds tests: its folder (`tests`, `__tests__`, `spec`...) or its name
/// (`test_x.py`, `x_test.py`, `x.test.ts`, `x.spec.ts`, `conftest.py`, `tests.rs`).
pub fn is_test_path(path: &RelPath) -> bool {
    let folders = ["test", "tests", "__tests__", "spec", "specs", "e2e", "testing"];
    if folders_of(path).any(|folder| is_one_of(folder, &folders)) {
        return true;
    }
    let file = path.as_bytes().rsplit(|b| *b == b'/').next().unwrap_or_default();
    let file = file.to_ascii_lowercase();
    let mut pieces = file.split(|b| *b == b'.');
    let stem = pieces.next().unwrap_or_default();
    let marked = pieces.clone().count() > 1
        && pieces.any(|piece| matches!(piece, b"test" | b"spec" | b"tests" | b"cy" | b"e2e"));
    marked
        || matches!(stem, b"test" | b"tests" | b"conftest")
        || stem.starts_with(b"test_")
        || stem.ends_with(b"_test")
        || stem.ends_with(b"_tests")
        || stem.ends_with(b"_spec")
}

/// Whether a file's folder says that it holds what tests read or compare with: `fixtures`, `snapshots`,
/// `testdata`...
///
/// Such files say what they say on purpose, broken source included, so a program should not tidy them. Letter
/// case does not count; the file's own name does not either.
pub fn is_test_data(path: &RelPath) -> bool {
    let folders = [
        "test_data",
        "test-data",
        "testdata",
        "fixtures",
        "__fixtures__",
        "snapshots",
        "__snapshots__",
        "golden",
        "corpus",
    ];
    folders_of(path).any(|folder| is_one_of(folder, &folders))
}

/// Whether nothing in a file can be part of what its package offers to others: tests and test data, and
/// folders of documentation, examples and benchmarks.
///
/// Below a `src` folder the latter are modules like any other: `src/docs/mod.rs` is part of the package.
pub fn is_outside_interface(path: &RelPath) -> bool {
    let beside = ["doc", "docs", "example", "examples", "bench", "benches", "benchmarks"];
    is_test_path(path)
        || is_test_data(path)
        || folders_of(path)
            .take_while(|folder| !folder.eq_ignore_ascii_case(b"src"))
            .any(|folder| is_one_of(folder, &beside))
}

/// The folders of a path, outermost first.
fn folders_of(path: &RelPath) -> impl Iterator<Item = &[u8]> {
    let bytes = path.as_bytes();
    let past = bytes.iter().rposition(|b| *b == b'/').unwrap_or_default();
    bytes.get(..past).unwrap_or_default().split(|b| *b == b'/')
}

fn is_one_of(folder: &[u8], names: &[&str]) -> bool {
    names.iter().any(|name| folder.eq_ignore_ascii_case(name.as_bytes()))
}

fn language_of_shebang(first_line: &[u8]) -> Option<Language> {
    let line = first_line.split(|b| matches!(b, b'\n' | b'\r')).next().unwrap_or_default();
    let line = std::str::from_utf8(line.strip_prefix(b"#!")?).ok()?;
    let mut words = line.split_ascii_whitespace();
    let program = |word: &str| word.rsplit('/').next().unwrap_or_default().to_owned();
    let mut interpreter = program(words.next()?);
    if interpreter == "env" {
        let word = words.find(|word| !word.starts_with('-') && !word.contains('='))?;
        interpreter = program(word);
    }
    let name = interpreter.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    match name {
        "python" | "pypy" => Some(Language::Python),
        "node" | "nodejs" => Some(Language::JavaScript),
        "ts-node" | "tsx" | "deno" | "bun" => Some(Language::TypeScript),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> RelPath {
        text.parse().unwrap()
    }

    #[test]
    fn extensions_and_shebangs_name_the_language() {
        let check = |name: &str, line: &str, expected: Option<Language>| {
            assert_eq!(language_of(&path(name), line.as_bytes()), expected, "{name} {line}");
        };
        check("a/b.rs", "", Some(Language::Rust));
        check("a.PYI", "", Some(Language::Python));
        check("a.d.mts", "", Some(Language::TypeScript));
        check("a.tsx", "", Some(Language::Tsx));
        check("a.cjs", "", Some(Language::JavaScript));
        check("de.ts", "<?xml version=\"1.0\"?>", None);
        check("a.md", "#!/usr/bin/python", None);
        check("bin/run", "#!/usr/bin/env -S python3.12 -u\nx", Some(Language::Python));
        check("bin/run", "#!/usr/local/bin/node\r\n", Some(Language::JavaScript));
        check("bin/run", "#!/bin/sh", None);
        check("Makefile", "all:", None);
    }

    #[test]
    fn test_files_are_known_by_their_place() {
        for yes in [
            "tests/journeys/main.rs",
            "src/__tests__/a.ts",
            "pkg/test_parse.py",
            "pkg/parse_test.py",
            "src/a.test.tsx",
            "src/a.spec.js",
            "conftest.py",
            "src/parser/tests.rs",
        ] {
            assert!(is_test_path(&path(yes)), "{yes}");
        }
        for no in ["src/lib.rs", "src/contest.py", "src/testimony.ts", "latest/a.js", "src/spec.md"]
        {
            assert!(!is_test_path(&path(no)), "{no}");
        }
    }

    #[test]
    fn test_data_is_known_by_its_folder() {
        for yes in [
            "fixtures/a.rs",
            "crates/parser/test_data/inline/0001.rs",
            "pkg/testdata/a/b.py",
            "src/__Snapshots__/a.ts",
            "web/__fixtures__/a.tsx",
            "fuzz/corpus/x.js",
            "golden/a.py",
            "test-data/a.py",
        ] {
            assert!(is_test_data(&path(yes)), "{yes}");
        }
        for no in ["fixtures", "src/fixtures.rs", "golden.py", "src/goldenrod/a.py", "tests/a.rs"] {
            assert!(!is_test_data(&path(no)), "{no}");
        }
    }

    #[test]
    fn what_a_package_does_not_offer_is_known_by_its_folder() {
        for yes in [
            "docs/conf.py",
            "crates/a/examples/main.rs",
            "benches/parse.rs",
            "tests/common/mod.rs",
            "fixtures/a.rs",
            "src/a.test.ts",
        ] {
            assert!(is_outside_interface(&path(yes)), "{yes}");
        }
        for no in ["src/lib.rs", "src/docs/mod.rs", "crates/a/src/bench/mod.rs", "docs.py"] {
            assert!(!is_outside_interface(&path(no)), "{no}");
        }
    }
}
