use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;

fn spans(text: &str, hunks: &[(u32, u32)]) -> Vec<LineSpan> {
    let at = |line: u32| text.split_inclusive('\n').take(line as usize).map(str::len).sum();
    let span = |(first_line, lines): &(u32, u32)| LineSpan {
        start: at(*first_line),
        end: at(first_line + lines),
        first_line: *first_line,
        lines: *lines,
    };
    hunks.iter().map(span).collect()
}

fn of(path: &str, text: &str, hunks: &[(u32, u32)], budget: usize) -> Mutants {
    let path: RelPath = path.parse().unwrap();
    let language = syntax::language_of(&path, b"").unwrap();
    let hunks = spans(text, hunks);
    let file = MutationFile { path: &path, language, text: text.as_bytes(), hunks: &hunks };
    mutants(&[file], budget)
}

fn check(path: &str, text: &str, expected: Expect) {
    let lines = u32::try_from(text.lines().count()).unwrap();
    let found = of(path, text, &[(0, lines)], usize::MAX);
    assert_eq!(found.possible as usize, found.chosen.len());
    let shown: String = found
        .chosen
        .iter()
        .map(|mutant| {
            let survivor = mutant.survivor(text.as_bytes());
            format!(
                "{} {}: {} -> {}\n",
                mutant.line + 1,
                mutant.operator.word(),
                survivor.original,
                survivor.replacement
            )
        })
        .collect();
    expected.assert_eq(&shown);
}

#[test]
fn rust() {
    check(
        "src/lib.rs",
        r##"fn f(a: u32, b: &str) -> Option<u32> {
    if a < 3 && !b.is_empty() {
        log(b);
        return None;
    }
    let c = a * 2 + 0x1f - 7_000u32;
    while c != 1 { step(""); }
    Some(c) == g(r#"raw"#)
}
"##,
        expect![[r##"
            2 condition: a < 3 && !b.is_empty() -> false
            2 condition: a < 3 && !b.is_empty() -> true
            2 relational: < -> <=
            2 relational: < -> >=
            2 literal: 3 -> 4
            2 boolean: && -> ||
            2 boolean: !b.is_empty() -> b.is_empty()
            3 statement: log(b); -> 
            6 arithmetic: * -> /
            6 literal: 2 -> 3
            6 arithmetic: + -> -
            6 arithmetic: - -> +
            6 literal: 7_000u32 -> 7001u32
            7 condition: c != 1 -> false
            7 relational: != -> ==
            7 literal: 1 -> 2
            7 statement: step(""); -> 
            7 text: "" -> "mutant"
            8 return: Some(c) == g(r#"raw"#) -> Default::default()
            8 relational: == -> !=
            8 text: r#"raw"# -> r#""#
        "##]],
    );
}

#[test]
fn python() {
    check(
        "a.py",
        r#"def f(a, b):
    """Documented."""
    if a <= 3 and not b or a in b:
        log("x", 'y')
        return True
    total = a // 2 % 5
    self.x += 1
    return f"{total}" if b is None else ''
"#,
        expect![[r#"
            3 condition: a <= 3 and not b or a in b -> False
            3 condition: a <= 3 and not b or a in b -> True
            3 relational: <= -> <
            3 relational: <= -> >
            3 literal: 3 -> 4
            3 boolean: and -> or
            3 boolean: not b -> b
            3 boolean: or -> and
            3 relational: in -> not in
            4 statement: log("x", 'y') -> pass
            4 text: "x" -> ""
            4 text: 'y' -> ''
            5 boolean: True -> False
            6 arithmetic: // -> *
            6 literal: 2 -> 3
            6 arithmetic: % -> *
            6 literal: 5 -> 6
            7 statement: self.x += 1 -> pass
            7 arithmetic: += -> -=
            7 literal: 1 -> 2
            8 text: f"{total}" -> f""
            8 return: f"{total}" if b is None else '' -> None
            8 condition: b is None -> False
            8 condition: b is None -> True
            8 relational: is -> is not
            8 text: '' -> 'mutant'
        "#]],
    );
}

#[test]
fn typescript() {
    check(
        "src/a.ts",
        r#"export function f(a: number, b?: 'x' | 3): string {
  if (a === 3 || !b) { log(`t`); }
  for (let i = 0; i < 9; i++) {}
  const g = (c: number) => c - 1;
  return a > 0 ? "yes" : "";
}
"#,
        expect![[r#"
            2 condition: a === 3 || !b -> false
            2 condition: a === 3 || !b -> true
            2 relational: === -> !==
            2 literal: 3 -> 4
            2 boolean: || -> &&
            2 boolean: !b -> b
            2 statement: log(`t`); -> 
            2 text: `t` -> ``
            3 literal: 0 -> 1
            3 condition: i < 9 -> false
            3 relational: < -> <=
            3 relational: < -> >=
            3 literal: 9 -> 10
            3 arithmetic: ++ -> --
            4 return: c - 1 -> undefined as never
            4 arithmetic: - -> +
            4 literal: 1 -> 2
            5 condition: a > 0 -> false
            5 condition: a > 0 -> true
            5 return: a > 0 ? "yes" : "" -> undefined as never
            5 relational: > -> <=
            5 relational: > -> >=
            5 literal: 0 -> 1
            5 text: "yes" -> ""
            5 text: "" -> "mutant"
        "#]],
    );
}

#[test]
fn go() {
    check(
        "queue.go",
        r#"package queue

func Fill(q []int, n int) (string, bool) {
	for i := 0; i < n; i++ {
		q[i] += 2
	}
	if n > 3 && !open {
		log("full")
		return "no", false
	}
	return "yes" + name, n%2 == 0
}
"#,
        expect![[r#"
            4 literal: 0 -> 1
            4 condition: i < n -> false
            4 relational: < -> <=
            4 relational: < -> >=
            4 arithmetic: ++ -> --
            5 statement: q[i] += 2 -> 
            5 arithmetic: += -> -=
            5 literal: 2 -> 3
            7 condition: n > 3 && !open -> false
            7 condition: n > 3 && !open -> true
            7 relational: > -> <=
            7 relational: > -> >=
            7 literal: 3 -> 4
            7 boolean: && -> ||
            7 boolean: !open -> open
            8 statement: log("full") -> 
            8 text: "full" -> ""
            9 text: "no" -> ""
            9 boolean: false -> true
            11 text: "yes" -> ""
            11 arithmetic: + -> -
            11 arithmetic: % -> *
            11 literal: 2 -> 3
            11 relational: == -> !=
            11 literal: 0 -> 1
        "#]],
    );
}

#[test]
fn tests_and_unchanged_lines_are_left_alone() {
    let text = "fn f() -> u8 { 1 }\nfn g() -> u8 { 2 }\n#[cfg(test)]\nmod tests {\n    #[test]\n    fn a() { if f() == 1 { g(); } }\n}\n";
    let found = of("src/lib.rs", text, &[(1, 6)], 100);
    let lines: Vec<_> = found.chosen.iter().map(|mutant| mutant.line).collect();
    assert_eq!(lines, [1]);
    assert_eq!(found.chosen[0].replacement, "3");
}

#[test]
fn a_small_budget_looks_at_every_hunk() {
    let text = "def f(a):\n".to_owned()
        + &"    if a < 1 and a > 2 or a == 3: g(a, 4, 5, 6)\n".repeat(5)
        + "    x = 1\n    y = 2\n"
        + "    z = a + 7\n";
    let hunks = [(1, 5), (6, 1), (8, 1)];
    let lines = |budget: usize| -> Vec<u32> {
        of("a.py", &text, &hunks, budget).chosen.iter().map(|mutant| mutant.line).collect()
    };
    assert_eq!(lines(1), [1]);
    assert_eq!(lines(3), [1, 6, 8]);
    assert_eq!(lines(5), [1, 2, 6, 8, 8], "a hunk that is spent leaves its turns to the others");
    assert_eq!(lines(8), [1, 2, 3, 4, 5, 6, 8, 8], "each line of a hunk comes before any twice");
    let operators: BTreeSet<_> =
        of("a.py", &text, &[(1, 1)], 4).chosen.iter().map(|mutant| mutant.operator).collect();
    assert_eq!(operators.len(), 4, "{operators:?}");
    assert_eq!(lines(0), Vec::<u32>::new());
}

#[test]
fn the_same_change_gives_the_same_mistakes() {
    let text = "def f(a):\n    return a < 1 and a > 2\n";
    assert_eq!(of("a.py", text, &[(0, 2)], 3), of("a.py", text, &[(0, 2)], 3));
    let (all, some) = (of("a.py", text, &[(0, 2)], 99), of("a.py", text, &[(0, 2)], 3));
    assert!(some.chosen.iter().all(|mutant| all.chosen.contains(mutant)));
    assert!(some.possible as usize > some.chosen.len());
}

#[test]
fn what_cannot_be_read_is_named() {
    let text = format!("{}1{}", "(".repeat(3000), ")".repeat(3000));
    let found = of("a.py", &text, &[(0, 1)], 3);
    assert_eq!(found.unread.len(), 1);
    assert!(found.chosen.is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_mistake_parses_and_changes_the_text(pieces in proptest::collection::vec(0_usize..8, 1..12), which in 0_usize..3) {
        let lines = [
            ["    if a < 1 && !b { g(a); }", "    if a < 1 and not b: g(a)", "  if (a < 1 && !b) { g(a); }"],
            ["    x += a * 2;", "    x += a * 2", "  x += a * 2;"],
            ["    h(\"t\", r#\"u\"#);", "    h('t', \"\"\"u\"\"\")", "  h('t', `u`);"],
            ["    return a == 3;", "    return a == 3", "  return a === 3;"],
            ["    while a != 0 { a -= 1; }", "    while a != 0: a -= 1", "  while (a !== 0) { a -= 1; }"],
            ["    let y = if b { true } else { false };", "    y = True if b else False", "  const y = b ? true : false;"],
            ["    z(a - 1, -a, a % 7);", "    z(a - 1, -a, a // 7)", "  z(a - 1, -a, a % 7);"],
            ["    k(&m[a + 1], a as u8);", "    k(m[a + 1:], **n)", "  k(m?.[a + 1] ?? n);"],
        ];
        let body: Vec<&str> = pieces.iter().map(|piece| lines[*piece][which]).collect();
        let (path, head, foot) = [
            ("src/lib.rs", "fn f(mut a: i32, b: bool) -> bool {\n", "\n    b\n}\n"),
            ("a.py", "def f(a, b):\n", "\n"),
            ("a.ts", "function f(a: number, b: boolean) {\n", "\n}\n"),
        ][which];
        let text = format!("{head}{}{foot}", body.join("\n"));
        let count = u32::try_from(text.lines().count()).unwrap();
        let found = of(path, &text, &[(0, count)], 40);
        prop_assert!(!found.chosen.is_empty());
        let language = syntax::language_of(&path.parse().unwrap(), b"").unwrap();
        for mutant in &found.chosen {
            let applied = mutant.applied(text.as_bytes());
            prop_assert_ne!(&applied, text.as_bytes());
            prop_assert!(parse(language, &applied).unwrap().errors().is_empty(), "{:?}", mutant);
        }
    }
}
