//! What places, modes and manifests say by themselves.

use super::*;

#[test]
fn places_that_matter() {
    let classes = |path: &str| classify(&path.parse().unwrap());
    for path in [
        ".github/workflows/ci.yml",
        ".GitHub/Workflows/ci.yml",
        ".gitlab-ci.yml",
        "Jenkinsfile",
        "sub/Jenkinsfile.release",
        ".circleci/config.yml",
        "azure-pipelines.release.yml",
        ".buildkite/pipeline.yml",
        ".husky/pre-commit",
        ".pre-commit-config.yaml",
        "CODEOWNERS",
        ".github/dependabot.yml",
    ] {
        assert_eq!(classes(path), [PathClass::Ci], "{path}");
    }
    for path in
        ["Cargo.lock", "web/package-lock.json", "go.sum", "uv.lock", "Gemfile.lock", "yarn.lock"]
    {
        assert_eq!(classes(path), [PathClass::Lockfile], "{path}");
    }
    for path in ["countersign.toml", ".countersign/policies/a/b.rego", "Countersign.toml"] {
        assert_eq!(classes(path), [PathClass::Rules], "{path}");
    }
    for path in [
        "Cargo.toml",
        "a/package.json",
        "requirements-dev.txt",
        "requirements/ci.txt",
        "go.mod",
        "A.csproj",
    ] {
        assert_eq!(classes(path), [PathClass::Dependencies], "{path}");
    }
    for path in [
        "src/github/workflows/ci.yml",
        "docs/countersign.toml.md",
        "a/countersign.toml",
        "src/lock.rs",
        "README.md",
    ] {
        assert_eq!(classes(path), [], "{path}");
    }
}

#[test]
fn places_that_matter_are_findings() {
    check_change(
        ".github/workflows/ci.yml",
        "a: 1\n",
        "a: 2\n",
        expect![[r#"
        warning path.ci .github/workflows/ci.yml:1: CI configuration is changed
    "#]],
    );
    check_change(
        "Cargo.lock",
        "a\n",
        "b\n",
        expect![[r#"
            warning dependency.unread Cargo.lock:1: what it names could not be read: it is no TOML
            warning path.lockfile Cargo.lock:1: a lockfile is changed
        "#]],
    );
    check_cases(
        &[case("countersign.toml", Some(""), None)],
        expect![[r#"
        warning path.rules countersign.toml:1: a part of the rules that judge changes is deleted
    "#]],
    );
}

#[test]
fn dependencies_are_compared_not_lines() {
    let cargo = "[package]\nname = \"a\"\n[dependencies]\nserde = \"1\"\n";
    check_change(
        "Cargo.toml",
        cargo,
        &cargo.replace("\"1\"", "\"2\""),
        expect![[r#"
        warning path.dependencies Cargo.toml:4: `dependencies` is changed
    "#]],
    );
    check_change("Cargo.toml", cargo, &cargo.replace("\"a\"", "\"b\""), nothing());
    check_change("Cargo.toml", cargo, &format!("# words\n{cargo}"), nothing());
    check_change(
        "Cargo.toml",
        cargo,
        "[package",
        expect![[r#"
            error dependency.unread Cargo.toml:1: what it names could not be read: it is no TOML
            warning path.dependencies Cargo.toml:1: the dependencies of a manifest could not be compared: it does not parse
        "#]],
    );
    let package =
        r#"{"name": "a", "scripts": {"test": "x"}, "dependencies": {"a": "1", "b": "1"}}"#;
    check_change(
        "package.json",
        package,
        &package.replace(r#""a": "1", "b": "1""#, r#""b": "1", "a": "1""#),
        nothing(),
    );
    check_change(
        "package.json",
        package,
        &package.replace(r#""test": "x""#, r#""test": "y""#),
        expect![[r#"
            warning test.runner package.json:1: it says how tests are run, or what is run before them
        "#]],
    );
    check_change(
        "package.json",
        package,
        &package.replace(r#""test": "x""#, r#""postinstall": "y""#),
        expect![[r#"
            warning install-script.changed package.json:1: the script `postinstall` is added: it runs whenever the package is installed
            warning path.dependencies package.json:1: `scripts.postinstall` is changed
            warning test.runner package.json:1: it says how tests are run, or what is run before them
        "#]],
    );
    check_change(
        "package.json",
        package,
        &package.replace(r#""b": "1""#, r#""b": "2""#),
        expect![[r#"
            warning path.dependencies package.json:1: `dependencies` is changed
        "#]],
    );
    check_change(
        "requirements.txt",
        "a==1\n",
        "a==2\n",
        expect![[r#"
        warning path.dependencies requirements.txt:1: a file that asks for dependencies is changed
    "#]],
    );
    check_new(
        "web/package.json",
        package,
        expect![[r#"
            warning dependency.added web/package.json:1: 2 new dependencies: `a` 1, `b` 1; their age and licence are unknown offline
            warning path.dependencies web/package.json:1: `dependencies` is changed
        "#]],
    );
    check_cases(
        &[case("pyproject.toml", Some("[tool.ruff]\nline-length = 80\n"), None)],
        nothing(),
    );
}

#[test]
fn modes_and_links() {
    let mode =
        |old, new| Case { old_mode: old, new_mode: new, ..case("a/b/run", Some("x"), Some("x")) };
    let (file, executable) = (Some(FileMode::File), Some(FileMode::Executable));
    check_cases(
        &[mode(file, executable)],
        expect![[r#"
        warning mode.executable a/b/run:1: the file becomes executable
    "#]],
    );
    check_cases(&[mode(executable, executable)], nothing());
    check_cases(&[mode(executable, file)], nothing());
    let link = |target| Case {
        old_mode: None,
        new_mode: Some(FileMode::Symlink),
        ..case("a/b/link", None, Some(target))
    };
    check_cases(
        &[link("../c")],
        expect![[r#"
        warning symlink.added a/b/link:1: a link to `../c` is added
    "#]],
    );
    check_cases(
        &[link("../..")],
        expect![[r#"
        warning symlink.added a/b/link:1: a link to `../..` is added
    "#]],
    );
    for outside in
        ["../../../x", "/etc/passwd", "C:\\x", "..\\..\\..\\x", "~/.ssh", "", "../../.git/config"]
    {
        let findings = run(&[link(outside)]);
        assert_eq!(
            findings.iter().map(|f| f.rule.as_str()).collect::<Vec<_>>(),
            ["symlink.outside"],
            "{outside}"
        );
    }
    let same = Case {
        old_mode: Some(FileMode::Symlink),
        new_mode: Some(FileMode::Symlink),
        ..case("a/link", Some("b"), Some("b"))
    };
    check_cases(&[same], nothing());
}

#[test]
fn what_programs_write() {
    let none = Globs::compile(&[]).unwrap();
    let more = Globs::compile(&["schema/".to_owned(), "*.gen.txt".to_owned()]).unwrap();
    let generated = |path: &str, head: &str, globs: &Globs| {
        is_generated(&path.parse().unwrap(), head.as_bytes(), globs)
    };
    for (path, head) in [
        ("web/app.min.js", ""),
        ("node_modules/a/index.js", ""),
        ("go/vendor/a.go", ""),
        ("Cargo.lock", ""),
        ("api.pb.go", ""),
        ("a.rs", "//! words\n// @generated by protoc\n"),
        ("a.go", "// Code generated by stringer; DO NOT EDIT.\n"),
        ("a.py", "# This file was generated from a.yml. Do not edit.\n"),
    ] {
        assert!(generated(path, head, &none), "{path}");
    }
    for (path, head) in [
        ("src/a.rs", "fn is_generated() -> bool { \"@generated\" }\n"),
        ("src/vendors.rs", ""),
        ("src/a.py", "# Words that are generated for people.\n"),
        ("schema/a.json", ""),
    ] {
        assert!(!generated(path, head, &none), "{path}");
    }
    assert!(generated("schema/a.json", "", &more));
    assert!(generated("deep/down/x.gen.txt", "", &more));
    assert!(!generated("other/schema.json", "", &more));
}

#[test]
fn patterns_say_where_they_match() {
    let matches = |pattern: &str, path: &str| {
        Globs::compile(&[pattern.to_owned()]).unwrap().matches(&path.parse().unwrap())
    };
    assert!(matches("LICENSE", "LICENSE") && matches("LICENSE", "a/LICENSE"));
    assert!(matches("/LICENSE", "LICENSE") && !matches("/LICENSE", "a/LICENSE"));
    assert!(matches("src/*.rs", "src/a.rs") && !matches("src/*.rs", "src/b/a.rs"));
    assert!(matches("src/**", "src/b/a.rs") && matches("src/", "src/b/a.rs"));
    assert!(matches("keys/", "deep/keys/a") && !matches("keys/", "keys.txt"));
    let error = Globs::compile(&["ok".to_owned(), "a[".to_owned()]).unwrap_err();
    expect!["`a[` is not a glob pattern: unclosed character class; missing ']'"]
        .assert_eq(&error.to_string());
}
