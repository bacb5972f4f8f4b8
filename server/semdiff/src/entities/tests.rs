//! What holds for every comparison of entities. The single cases are in `fixtures/semdiff`.

use model::{EntityChangeKind, Language, RelPath};
use proptest::prelude::*;

use super::*;

const SAMPLES: [(Language, &str); 3] = [
    (
        Language::Rust,
        "/// A.\n#[cfg(x)]\npub fn a(x: u8) -> u8 { a(x) }\nimpl T { fn m(&self) {} fn n() {} }\nmod z { const C: u8 = 1; }\n",
    ),
    (
        Language::Python,
        "@d\ndef f(x):\n    '''D.'''\n    return x\nclass A(B):\n    y = 1\n    def g(self):\n        pass\nX = 1\n",
    ),
    (
        Language::Tsx,
        "export class A { private x = 1; m(): void {} }\nexport const f = (a: B) => <p>{a}</p>;\nit('t', () => { expect(1); });\n",
    ),
];

fn path() -> RelPath {
    "a".parse().unwrap()
}

fn diff(language: Language, before: &[u8], after: &[u8]) -> EntityDiff {
    entity_changes(&path(), language, Some(before), Some(after))
}

#[test]
fn a_file_that_cannot_be_read_says_so() {
    let large = vec![b' '; syntax::TEXT_LIMIT_BYTES + 1];
    let diff = diff(Language::Rust, b"fn a() {}", &large);
    assert!(matches!(diff.unexamined, Some(ParseError::TooLarge { .. })));
    assert!(diff.changes.is_empty() && !diff.cosmetic);
}

#[test]
fn a_file_that_is_nested_too_deep_says_so_whichever_side_it_is() {
    let text = format!("x={}eval(x){}", "f({a:".repeat(2000), "})".repeat(2000));
    for (before, after) in [(b"x=1".as_slice(), text.as_bytes()), (text.as_bytes(), b"x=1")] {
        let diff = diff(Language::JavaScript, before, after);
        assert_eq!(diff.unexamined, Some(ParseError::TooDeep { first_line: 0 }));
        assert!(diff.changes.is_empty() && !diff.cosmetic);
    }
}

#[test]
fn a_file_that_takes_too_much_to_search_says_so() {
    // For each test in the class, all of its bases are looked at.
    let text = format!("class A({}):\n{}", "B,".repeat(20_000), "  def test():pass\n".repeat(2000));
    let diff = diff(Language::Python, b"", text.as_bytes());
    assert!(matches!(diff.unexamined, Some(ParseError::TooMuchSearch { .. })));
    assert!(diff.changes.is_empty() && !diff.cosmetic);
}

#[test]
fn the_innermost_entity_encloses() {
    let text = b"mod m {\n    fn a() {\n        x();\n    }\n\n    fn b() {}\n}\n";
    let parsed = parse(Language::Rust, text).unwrap();
    let entities = syntax::outline(&parsed).unwrap();
    let check = |part: &[u8], expected: Option<&str>| {
        let at = text.windows(part.len()).position(|window| window == part).unwrap();
        assert_eq!(enclosing(&entities, text, &(at..at + part.len())), expected);
    };
    check(b"        x();\n", Some("m::a"));
    check(b"    fn b() {}\n", Some("m::b"));
    check(b"    }\n\n    fn b() {}\n", Some("m"));
    check(b"\n\n", Some("m"));
    assert_eq!(enclosing(&entities, text, &(text.len()..text.len())), None);
    assert_eq!(enclosing(&entities, text, &(text.len()..text.len() + 9)), None);
}

#[test]
fn many_leftovers_are_matched_only_when_equal() {
    let file = |prefix: &str, extra: &str| -> String {
        let one = |n: u32| {
            format!("fn {prefix}{n}(x: u32) -> u32 {{ let y = x + {n}; {extra} call(y, y, x) }}\n")
        };
        (0..500).map(one).collect()
    };
    let kinds = |before: &str, after: &str| {
        let diff = diff(Language::Rust, before.as_bytes(), after.as_bytes());
        let count = |kind| diff.changes.iter().filter(|change| change.change == kind).count();
        (
            count(EntityChangeKind::Renamed),
            count(EntityChangeKind::Added),
            count(EntityChangeKind::Removed),
        )
    };
    assert_eq!(kinds(&file("a", ""), &file("b", "")), (500, 0, 0));
    assert_eq!(kinds(&file("a", ""), &file("b", "log(y);")), (0, 500, 500));
}

#[test]
fn many_twins_are_matched_in_order() {
    let file = |last: u32| "fn f() { 1; }\n".repeat(200) + &format!("fn f() {{ {last}; }}\n");
    let diff = diff(Language::Rust, file(1).as_bytes(), file(2).as_bytes());
    let lines: Vec<_> = diff.changes.iter().map(|change| change.first_line).collect();
    assert_eq!(lines, [200]);
}

/// A text near a sample: some bytes taken out or put in.
fn edited() -> impl Strategy<Value = (Language, Vec<u8>, Vec<u8>)> {
    let piece = prop::sample::select(vec![
        "",
        " ",
        "\n",
        "{",
        "}",
        "(",
        ")",
        "fn b() {}\n",
        "// c\n",
        "# c\n",
        "pub ",
        "x",
        "\"",
        ",",
        ";",
        "\u{fc}",
    ]);
    let edits = prop::collection::vec((any::<prop::sample::Index>(), 0..6_usize, piece), 0..4);
    (prop::sample::select(SAMPLES.to_vec()), edits).prop_map(|((language, sample), edits)| {
        let mut after = sample.as_bytes().to_vec();
        for (at, removed, piece) in edits {
            let at = at.index(after.len() + 1);
            let end = (at + removed).min(after.len());
            after.splice(at..end, piece.bytes());
        }
        (language, sample.as_bytes().to_vec(), after)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_same_text_changes_nothing((language, _, text) in edited()) {
        prop_assert_eq!(diff(language, &text, &text), EntityDiff::default());
    }

    #[test]
    fn line_endings_change_no_entity((language, text, _) in edited()) {
        let crlf = String::from_utf8_lossy(&text).replace('\n', "\r\n");
        let diff = diff(language, &text, crlf.as_bytes());
        prop_assert_eq!(diff.changes, Vec::new());
        prop_assert!(diff.cosmetic);
    }

    #[test]
    fn backwards_is_the_mirror_image((language, before, after) in edited()) {
        let forth = diff(language, &before, &after);
        let back = diff(language, &after, &before);
        let names = |diff: &EntityDiff, kind| -> Vec<String> {
            let of_kind = diff.changes.iter().filter(|change| change.change == kind);
            let mut names: Vec<String> = of_kind.map(|change| change.name.clone()).collect();
            names.sort();
            names
        };
        prop_assert_eq!(names(&forth, EntityChangeKind::Added), names(&back, EntityChangeKind::Removed));
        prop_assert_eq!(forth.cosmetic, back.cosmetic);
        prop_assert_eq!(forth.changes.len(), back.changes.len());
    }

    #[test]
    fn every_text_change_in_code_is_seen((language, before, after) in edited()) {
        // With no entity changed and nothing cosmetic, the difference is outside of entities or layout.
        let diff = diff(language, &before, &after);
        let solid = |text: &[u8]| -> Vec<u8> { text.iter().copied().filter(|b| !b.is_ascii_whitespace()).collect() };
        let inside = |text: &[u8]| {
            let parsed = parse(language, text).unwrap();
            let outline = syntax::outline(&parsed).unwrap();
            outline.iter().filter(|e| e.parent.is_none()).map(|e| solid(&text[e.range.clone()])).collect::<Vec<_>>()
        };
        let (mut old, mut new) = (inside(&before), inside(&after));
        old.sort();
        new.sort();
        if diff.changes.is_empty() && diff.errors_before + diff.errors_after == 0 {
            let free = |texts: Vec<Vec<u8>>| -> Vec<Vec<u8>> {
                texts.into_iter().map(|t| t.into_iter().filter(|b| !b",;".contains(b)).collect()).collect()
            };
            prop_assert_eq!(free(old), free(new));
        }
    }
}
