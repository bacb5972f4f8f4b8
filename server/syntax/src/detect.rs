//! Which language a file is in, and whether its place says that it holds tests. Looks at names and first
//! lines only.

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
        Some(_) => None,
        None => language_of_shebang(first_line),
    }
}

/// Whether a file's place says that it holds tests: its folder (`tests`, `__tests__`, `spec`...) or its name
/// (`test_x.py`, `x_test.py`, `x.test.ts`, `x.spec.ts`, `conftest.py`, `tests.rs`).
pub fn is_test_path(path: &RelPath) -> bool {
    let mut parts = path.as_bytes().rsplit(|b| *b == b'/');
    let file = parts.next().unwrap_or_default().to_ascii_lowercase();
    let folders = ["test", "tests", "__tests__", "spec", "specs", "e2e", "testing"];
    if parts.any(|part| folders.iter().any(|folder| part.eq_ignore_ascii_case(folder.as_bytes()))) {
        return true;
    }
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
}
