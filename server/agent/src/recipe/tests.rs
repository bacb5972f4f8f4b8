//! What holds for any recipe; what each built-in one does is in `fixtures/recipes/`.

use std::sync::LazyLock;

use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;

/// A recipe for Rust with one rule.
fn recipe(rule: &str, fix: &str) -> Recipe {
    let yaml = format!("id: mine\nlanguage: rust\nmessage: m\nrule: {rule}\nfix: {fix}\n");
    Recipe::parse("mine.yml", &yaml).unwrap()
}

/// The built-in recipes, compiled once.
fn built_in() -> &'static [Recipe] {
    static BUILT_IN: LazyLock<Vec<Recipe>> = LazyLock::new(|| recipes().unwrap());
    &BUILT_IN
}

fn path(text: &str) -> RelPath {
    text.parse().unwrap()
}

fn check(recipe: &Recipe, text: &[u8], after: Expect) {
    let found = match recipe.propose(&path("src/lib.rs"), text) {
        Ok(Some(rewritten)) => String::from_utf8(rewritten.text).unwrap(),
        Ok(None) => "unchanged".to_owned(),
        Err(skipped) => skipped.to_string(),
    };
    after.assert_eq(&found.escape_debug().to_string());
}

#[test]
fn a_text_that_cannot_be_read_is_left_alone_and_says_why() {
    let recipe = recipe("{pattern: f($A)}", "g($A)");
    check(
        &recipe,
        b"fn a() { f(\"\xff\") }",
        expect!["`src/lib.rs` is not UTF-8 text, so recipes leave it alone"],
    );
    check(
        &recipe,
        b"fn a() {\n    f(1)\n    let let\n}\n",
        expect!["`src/lib.rs` line 2 does not parse, so recipes leave the file alone"],
    );
    check(
        &recipe,
        &vec![b' '; TEXT_MAX_BYTES + 1],
        expect!["`src/lib.rs` has 1048577 bytes, and recipes look at 1048576 at most"],
    );
    check(&recipe, b"", expect!["unchanged"]);
}

#[test]
fn a_fix_that_breaks_the_syntax_proposes_nothing() {
    check(
        &recipe("{pattern: f($A)}", "'g($A'"),
        b"fn a() {\n    f(1);\n}\n",
        expect![
            "recipe `mine` would break the syntax of `src/lib.rs` at line 2: nothing was proposed"
        ],
    );
}

#[test]
fn a_fix_that_matches_its_own_rule_is_stopped() {
    check(
        &recipe("{pattern: f($A)}", "f(g($A))"),
        b"fn a() { f(1); }",
        expect![
            "recipe `mine` still rewrites `src/lib.rs` after 24 rounds: let its `rule` exclude its own `fix`"
        ],
    );
    // One that only repeats itself is not even a change.
    check(&recipe("{pattern: f($A)}", "f($A)"), b"fn a() { f(1); }", expect!["unchanged"]);
}

#[test]
fn places_inside_places_are_rewritten_from_the_outside() {
    let recipe = recipe("{pattern: f($A)}", "g($A)");
    check(&recipe, b"fn a() { f(f(f(1)) + f(2)); }", expect!["fn a() { g(g(g(1)) + g(2)); }"]);
    let deep = format!("fn a() {{ {}1{}; }}", "f(".repeat(ROUNDS_MAX), ")".repeat(ROUNDS_MAX));
    let rewritten = recipe.propose(&path("a.rs"), deep.as_bytes()).unwrap().unwrap();
    assert_eq!(String::from_utf8(rewritten.text).unwrap(), deep.replace("f(", "g("));
}

#[test]
fn no_function_is_made_to_call_itself() {
    let changed = |file: &str, language: &str, text: &str| {
        let yaml = format!(
            "id: mine\nlanguage: {language}\nmessage: m\nrule: {{pattern: a.get(0)}}\nfix: a.first()\n"
        );
        let recipe = Recipe::parse("mine.yml", &yaml).unwrap();
        recipe.propose(&path(file), text.as_bytes()).unwrap().is_some()
    };
    for (file, language, text) in [
        ("a.rs", "rust", "impl A { fn NAME(&self) { let f = || a.get(0); } }"),
        ("a.py", "python", "class A:\n    def NAME(self):\n        return a.get(0)\n"),
        ("a.py", "python", "NAME = lambda a: a.get(0)\n"),
        ("a.js", "javascript", "function NAME(a) { return a.get(0); }"),
        ("a.js", "javascript", "function* NAME(a) { yield a.get(0); }"),
        ("a.js", "javascript", "const NAME = (a) => a.get(0);"),
        ("a.js", "javascript", "const o = { NAME: function () { return a.get(0); } };"),
        ("a.js", "javascript", "class A { #NAME() { return a.get(0); } }"),
        ("a.js", "javascript", "class A { NAME = () => a.get(0); }"),
        ("a.js", "javascript", "exports.NAME = function () { return a.get(0); };"),
        ("a.ts", "typescript", "class A { get NAME(): number { return a.get(0); } }"),
        ("a.ts", "typescript", "class A { private NAME = (a: B) => a.get(0); }"),
        ("a.tsx", "tsx", "export const NAME = (a: B) => <p>{a.get(0)}</p>;"),
    ] {
        assert!(!changed(file, language, &text.replace("NAME", "first")), "{text}");
        assert!(changed(file, language, &text.replace("NAME", "start")), "{text}");
    }
    // A variable of that name is no function, and a call that was there before is nothing new.
    assert!(changed("a.js", "javascript", "const first = a.get(0);"));
    let recipe = recipe("{pattern: '$X.first().get(0)'}", "$X.get(0).first()");
    check(
        &recipe,
        b"fn first() { a.first().get(0); }",
        expect!["fn first() { a.get(0).first(); }"],
    );
}

#[test]
fn text_nested_too_deeply_is_left_alone() {
    let recipe = recipe("{pattern: f($A)}", "g($A)");
    let text = |depth| format!("fn a() {{ f({}1{}); }}", "(".repeat(depth), ")".repeat(depth));
    let propose = |depth| recipe.propose(&path("a.rs"), text(depth).as_bytes());
    assert_eq!(propose(100).unwrap().unwrap().places.len(), 1);
    let too_deep = Skipped::TooDeep { path: path("a.rs") };
    assert_eq!(propose(DEPTH_MAX), Err(too_deep.clone()));
    assert_eq!(propose(20_000), Err(too_deep));
}

#[test]
fn inserted_lines_end_as_the_text_does_and_moved_ones_as_they_did() {
    let recipe = recipe("{pattern: 'f($A);'}", "\"g();\\nh($A);\"");
    check(&recipe, b"fn a() {\n    f(1);\n}\n", expect![[r#"fn a() {\n    g();\n    h(1);\n}\n"#]]);
    check(
        &recipe,
        b"fn a() {\r\n    f(1);\r\n}\r\n",
        expect![[r#"fn a() {\r\n    g();\r\n    h(1);\r\n}\r\n"#]],
    );
    check(
        &recipe,
        b"fn a() {\r\n    f(1 +\n    2);\r\n}\r\n",
        expect![[r#"fn a() {\r\n    g();\r\n    h(1 +\n    2);\r\n}\r\n"#]],
    );
    check(&recipe, b"fn a() {\n\tf(1);\n}\n", expect!["unchanged"]);
}

#[test]
fn nothing_is_lost_that_the_rule_did_not_name() {
    let tail = recipe("{pattern: '$A < $B'}", "$B > $A");
    check(&tail, b"fn a() { x < y; }", expect!["fn a() { y > x; }"]);
    let kind = recipe("{kind: call_expression}", "g()");
    check(&kind, b"fn a() { f(important); }", expect!["unchanged"]);
    let named = recipe("{kind: call_expression, pattern: f($A)}", "g()");
    check(
        &named,
        b"fn a() { f(important); f(/* why */ 1); }",
        expect!["fn a() { g(); f(/* why */ 1); }"],
    );
}

#[test]
fn other_languages_are_not_looked_at() {
    let recipe = recipe("{pattern: f($A)}", "g($A)");
    for other in ["a.py", "a.ts", "README.md", "Makefile", "rs"] {
        assert_eq!(recipe.propose(&path(other), b"\xff"), Ok(None));
    }
}

#[test]
fn a_text_read_once_serves_every_recipe() {
    let recipes = [recipe("{pattern: f($A)}", "g($A)"), recipe("{pattern: h($A)}", "i($A)")];
    let text = b"fn a() { f(f(1)); h(2); }";
    let source = Source::read(&path("b.rs"), text).unwrap().unwrap();
    for recipe in &recipes {
        let alone = recipe.propose(&path("b.rs"), text);
        assert!(matches!(alone, Ok(Some(_))));
        assert_eq!(recipe.propose_for(&source), alone);
    }
    let broken = Source::read(&path("x.rs"), b"fn (");
    assert_eq!(broken.err(), Some(Skipped::Unparsable { path: path("x.rs"), line: 0 }));
    assert!(Source::read(&path("notes.txt"), b"\xff").unwrap().is_none());
}

#[test]
fn a_recipe_without_a_word_on_risk_is_taken_for_risky() {
    let yaml = "language: rust\nmessage: m\nrule: {pattern: f($A)}\nfix: g($A)\n";
    let card = Recipe::parse("mine.yml", yaml).unwrap().card().clone();
    assert_eq!((card.id.as_str(), card.risk), ("mine.yml", RecipeRisk::Behaviour));
}

#[test]
fn recipes_can_be_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Recipe>();
}

/// Statements that some built-in recipe rewrites, and some that none does.
const STATEMENTS: &[&str] = &[
    "if items.len() == 0 { stop(); }",
    "let n = dbg!(parcel.zone);",
    "dbg!(parcel);",
    "let w = match weight { Some(g) => Some(g + 1), None => None };",
    "let first = items.get(0);",
    "// résumé: items.len() == 0",
    "let s = \"items.len() == 0\";",
    "let all: Vec<u8> = items.iter().map(|i| i.clone()).collect();",
    "go(all.unwrap_or_else(Vec::new).get(0).map(|x| *x));",
    "assert!(items.len() > 0);",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Laws: bytes outside of the places stay, a second run finds nothing, and the same text gives the same.
    #[test]
    fn any_text_is_rewritten_only_in_its_places(
        picks in proptest::collection::vec((0..STATEMENTS.len(), 0_usize..9, any::<bool>()), 0..12),
    ) {
        let mut text = "fn f() {\n".to_owned();
        for (pick, indent, crlf) in picks {
            let end = if crlf { "\r\n" } else { "\n" };
            text.push_str(&format!("{}{}{end}", " ".repeat(indent), STATEMENTS[pick]));
        }
        text.push('}');
        for recipe in built_in() {
            let file = path("src/lib.rs");
            let first = recipe.propose(&file, text.as_bytes());
            prop_assert_eq!(&first, &recipe.propose(&file, text.as_bytes()));
            let Some(rewritten) = first.unwrap() else { continue };
            let after = String::from_utf8(rewritten.text).unwrap();
            let mut rebuilt = String::new();
            let mut copied = 0;
            for place in &rewritten.places {
                rebuilt.push_str(&text[copied..place.before.start]);
                rebuilt.push_str(&after[place.after.clone()]);
                copied = place.before.end;
            }
            rebuilt.push_str(&text[copied..]);
            prop_assert_eq!(&rebuilt, &after);
            prop_assert_eq!(recipe.propose(&file, after.as_bytes()), Ok(None));
        }
    }

    /// Whatever the bytes, there is an answer.
    #[test]
    fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..60), python in any::<bool>()) {
        let name = if python { "a.py" } else { "a.ts" };
        for recipe in built_in() {
            if let Ok(Some(rewritten)) = recipe.propose(&path(name), &bytes) {
                prop_assert_ne!(rewritten.text, bytes.clone());
            }
        }
    }
}
