//! What is wrong with text whatever language it is in.

use super::*;

#[test]
fn conflict_markers() {
    let (ours, theirs) = ("<<<<<<< HEAD", ">>>>>>> topic");
    check_change(
        "a.md",
        "a\n",
        &format!("a\n{ours}\nb\n=======\nc\n{theirs}\n"),
        expect![[r#"
        error conflict-marker a.md:2: a conflict marker is added: finish the merge first
        error conflict-marker a.md:6: a conflict marker is added: finish the merge first
    "#]],
    );
    check_change("a.md", "a\n", "Title\n=======\n  <<<<<<< HEAD\n<<<<<<<<< x\n", nothing());
}

#[test]
fn text_that_reads_otherwise_than_it_runs() {
    check_change(
        "a.rs",
        "",
        "// \u{202e} }\nfn a() {}\n",
        expect![[r#"
        error unicode.bidi a.rs:1: U+202E is added: it makes the line read in another order than it runs
    "#]],
    );
    check_change(
        "a.py",
        "",
        "x\u{200b} = 1\nna\u{200d}me = 2\n",
        expect![[r#"
        warning unicode.invisible a.py:1: U+200B is added, which cannot be seen
        warning unicode.invisible a.py:2: U+200D is added, which cannot be seen
    "#]],
    );
    check_change(
        "de.po",
        "",
        "\u{2067}text\u{2069}\n",
        expect![[r#"
        warning unicode.bidi de.po:1: U+2067 is added: it makes the line read in another order than it runs
    "#]],
    );
    check_change("a.py", "", "\u{feff}x = \"👩\u{200d}💻\"\n", nothing());
    check_change("a.py", "# \u{202e}\n", "# \u{202e}\nx = 1\n", nothing());
}
