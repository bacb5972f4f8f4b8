//! Things that moved or were indented, and what is suggested for a hunk in them.

use expect_test::{Expect, expect};
use model::Language;

use super::*;
use crate::{Anchor, hunks, place};

/// The suggestion for the only hunk between `base` and `proposal`, and the text it gives.
fn check(language: Language, [base, proposal, current]: [&str; 3], expected: &Expect) {
    let hunks = hunks(base.as_bytes(), proposal.as_bytes());
    let [(before, after)] = hunks.as_slice() else { panic!("one hunk, not {hunks:?}") };
    let replacement = after.of(proposal.as_bytes());
    let anchor = Anchoring::new(base.as_bytes(), current.as_bytes()).anchor(before, replacement);
    assert!(matches!(anchor, Anchor::Conflict(_)), "{anchor:?} needs no suggestion");
    let found = suggest(language, base.as_bytes(), current.as_bytes(), before, replacement);
    let Some(Suggestion { range, replacement, entity, why }) = found else {
        return expected.assert_eq("nothing\n");
    };
    assert!(why.contains(entity.rsplit(['.', ':']).next().unwrap()), "{why} names {entity}");
    let text = place(current.as_bytes(), &[(range, replacement)]).unwrap();
    expected.assert_eq(&format!("{why}\n---\n{}", String::from_utf8(text).unwrap()));
}

const RUST: &str = "fn first() {\n    one();\n}\n\nfn parse(text: &str) -> u32 {\n    let n = text.len();\n    if n > 3 {\n        n += 1;\n    }\n    n\n}\n\nfn last() {\n    two();\n}\n";

#[test]
fn a_function_that_moved_in_its_file() {
    let parse = &RUST[RUST.find("fn parse").unwrap()..RUST.find("fn last").unwrap()];
    let rest: String =
        ('a'..'h').map(|name| format!("fn {name}() {{\n    {name}{name}();\n}}\n\n")).collect();
    let base = format!("{rest}{parse}");
    let proposal = base.replace("n += 1;", "n += 2;\n        log(n);");
    let current = format!("{parse}{rest}");
    check(
        Language::Rust,
        [&base, &proposal, &current],
        &expect![[r#"
        `fn parse` moved to line 1
        ---
        fn parse(text: &str) -> u32 {
            let n = text.len();
            if n > 3 {
                n += 2;
                log(n);
            }
            n
        }

        fn a() {
            aa();
        }

        fn b() {
            bb();
        }

        fn c() {
            cc();
        }

        fn d() {
            dd();
        }

        fn e() {
            ee();
        }

        fn f() {
            ff();
        }

        fn g() {
            gg();
        }

    "#]],
    );
}

#[test]
fn a_function_that_was_put_into_a_type() {
    let proposal = RUST.replace("n += 1;", "n += 2;\n        log(n);");
    let current = "struct S;\n\nimpl S {\n    fn first() {\n        one();\n    }\n\n    fn parse(&self, text: &str) -> u32 {\n        let n = text.len();\n        if n > 3 {\n            n += 1;\n        }\n        n\n    }\n}\n";
    check(
        Language::Rust,
        [RUST, &proposal, current],
        &expect![[r#"
        `fn parse` moved to line 8, was indented by 4 columns and is `S::parse` now
        ---
        struct S;

        impl S {
            fn first() {
                one();
            }

            fn parse(&self, text: &str) -> u32 {
                let n = text.len();
                if n > 3 {
                    n += 2;
                    log(n);
                }
                n
            }
        }
    "#]],
    );
    // Two of that name are as good as none.
    let twice = format!("{current}{}", current.replace("impl S", "impl T"));
    check(
        Language::Rust,
        [RUST, &proposal, &twice],
        &expect![[r#"
        nothing
    "#]],
    );
}

#[test]
fn a_function_of_that_name_that_was_there_before_is_another_one() {
    let base = "impl A {\n    fn new() -> Self {\n        let n = start();\n        Self { n }\n    }\n}\n\nimpl B {\n    fn new() -> Self {\n        let n = start();\n        Self { n }\n    }\n}\n";
    let proposal = base.replacen("start()", "begin()", 1);
    let current = "impl B {\n    fn new() -> Self {\n        let n = start();\n        Self { n }\n    }\n}\n";
    check(
        Language::Rust,
        [base, &proposal, current],
        &expect![[r#"
        nothing
    "#]],
    );
    let moved = format!("{current}\n{}", current.replace("impl B", "impl A"));
    check(
        Language::Rust,
        [base, &proposal, &moved],
        &expect![[r#"
        `method A::new` moved to line 9
        ---
        impl B {
            fn new() -> Self {
                let n = start();
                Self { n }
            }
        }

        impl A {
            fn new() -> Self {
                let n = begin();
                Self { n }
            }
        }
    "#]],
    );
}

#[test]
fn python_indented_into_a_class_and_converted_to_tabs() {
    let base = "import os\n\n\ndef load(path):\n    \"\"\"Reads it.\"\"\"\n    with open(path) as file:\n        text = file.read()\n    return text\n";
    let proposal = base.replace(
        "        text = file.read()\n",
        "        text = file.read()\n        if not text:\n            raise Empty\n",
    );
    let body = base.split_once("def").unwrap().1;
    let indented: String =
        format!("def{body}").lines().map(|line| format!("    {line}\n")).collect();
    let current =
        format!("import os\n\n\nclass Store:\n{}", indented.replace("(path):", "(self, path):"));
    check(
        Language::Python,
        [base, &proposal, &current],
        &expect![[r#"
        `fn load` moved to line 5, was indented by 4 columns and is `Store.load` now
        ---
        import os


        class Store:
            def load(self, path):
                """Reads it."""
                with open(path) as file:
                    text = file.read()
                    if not text:
                        raise Empty
                return text
    "#]],
    );
    let tabs = current.replace("    ", "\t");
    check(
        Language::Python,
        [base, &proposal, &tabs],
        &expect![[r#"
        `fn load` moved to line 5, was indented by 1 column and is `Store.load` now
        ---
        import os


        class Store:
        	def load(self, path):
        		"""Reads it."""
        		with open(path) as file:
        			text = file.read()
        			if not text:
        				raise Empty
        		return text
    "#]],
    );
    let returns = current.replace('\n', "\r\n");
    check(
        Language::Python,
        [base, &proposal, &returns],
        &expect![[r#"
            `fn load` moved to line 5, was indented by 4 columns and is `Store.load` now
            ---
            import os


            class Store:
                def load(self, path):
                    """Reads it."""
                    with open(path) as file:
                        text = file.read()
                        if not text:
                            raise Empty
                    return text
        "#]],
    );
}

#[test]
fn typescript_taken_out_of_a_class() {
    let base = "export class A {\n  private size(items: string[]): number {\n    let sum = 0;\n    for (const item of items) {\n      sum += item.length;\n    }\n    return sum;\n  }\n}\n";
    let proposal = base.replace("      sum += item.length;\n", "");
    let current = "export class A {}\n\nfunction size(items: string[]): number {\n  let sum = 0;\n  for (const item of items) {\n    sum += item.length;\n  }\n  return sum;\n}\n";
    check(
        Language::TypeScript,
        [base, &proposal, current],
        &expect![[r#"
        `method A.size` moved to line 3, was outdented by 2 columns and is `size` now
        ---
        export class A {}

        function size(items: string[]): number {
          let sum = 0;
          for (const item of items) {
          }
          return sum;
        }
    "#]],
    );
}

#[test]
fn text_that_was_changed_is_not_suggested_away() {
    let proposal = RUST.replace("n += 1;", "n += 2;");
    let parse = &RUST[RUST.find("fn parse").unwrap()..RUST.find("fn last").unwrap()];
    let current = format!("{}{}", parse.replace("n += 1;", "n += 9;"), RUST.replace(parse, ""));
    check(
        Language::Rust,
        [RUST, &proposal, &current],
        &expect![[r#"
        nothing
    "#]],
    );
    let none = |language, base: &str, proposal: &str, current: &str| {
        let (before, after) = hunks(base.as_bytes(), proposal.as_bytes())[0];
        let replacement = after.of(proposal.as_bytes());
        let found = suggest(language, base.as_bytes(), current.as_bytes(), &before, replacement);
        assert_eq!(found, None);
    };
    // Nor what is only called the same.
    let other = "fn parse(a: &[u8]) {\n    a.sort();\n    a.dedup();\n    if n > 3 {\n        n += 1;\n    }\n    a.clear();\n    b.clear();\n    b.sort();\n    b.dedup();\n    c.sort();\n}\n";
    none(Language::Rust, RUST, &proposal, other);
    // Nor what is in no thing, or in a text that is too large to parse.
    none(
        Language::Rust,
        "use a;\nuse b;\nfn f() {}\n",
        "use a;\nuse c;\nfn f() {}\n",
        "fn f() {}\nuse b;\n",
    );
    none(Language::Rust, RUST, &proposal, &RUST.repeat(1 + syntax::TEXT_LIMIT_BYTES / RUST.len()));
}

#[test]
fn lines_of_a_literal_are_not_indented() {
    let base = "def usage():\n    print(\"\"\"\nUsage: run\n  -a  all\n\"\"\")\n    return 1\n";
    let proposal = base.replace("  -a  all\n", "  -a  all\n  -b  some\n");
    let current = "class C:\n    def usage(self):\n        print(\"\"\"\nUsage: run\n  -a  all\n\"\"\")\n        return 1\n";
    let hunks = hunks(base.as_bytes(), proposal.as_bytes());
    let (before, after) = hunks[0];
    let found = suggest(
        Language::Python,
        base.as_bytes(),
        current.as_bytes(),
        &before,
        after.of(proposal.as_bytes()),
    );
    assert_eq!(found, None);
}

#[test]
fn another_file_is_named() {
    let parse = &RUST[RUST.find("fn parse").unwrap()..RUST.find("fn last").unwrap()];
    let proposal = RUST.replace("n += 1;", "n += 2;");
    let (before, after) = hunks(RUST.as_bytes(), proposal.as_bytes())[0];
    let other = format!("use x;\n\n{parse}");
    let found = suggest_in_file(
        Language::Rust,
        RUST.as_bytes(),
        ("src/parse.rs", other.as_bytes()),
        &before,
        after.of(proposal.as_bytes()),
    );
    let found = found.unwrap();
    assert_eq!(found.why, "`fn parse` moved to src/parse.rs, line 3");
    assert_eq!(&other[found.range], "        n += 1;\n");
    assert_eq!(found.replacement, b"        n += 2;\n");
}
