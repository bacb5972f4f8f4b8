//! Runs `fixtures/recipes/**/*.md` against the built-in recipes; `UPDATE_EXPECT=1` rewrites them.
//!
//! A section is a heading, a sentence of why, a `before=<path>` block and, unless the text must stay as it
//! is, an `after=<path>` block. One fixture per recipe, under the recipe's id.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::*;

#[test]
fn fixtures_hold() {
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    let mut wrong = Vec::new();
    for recipe in recipes().unwrap() {
        let file = fixture_path(&recipe);
        let text = fs::read_to_string(&file).unwrap_or_else(|error| {
            panic!("{}: {error}: a recipe needs a fixture", file.display())
        });
        let (stays, changes, rendered) = run(&recipe, &text);
        if changes == 0 {
            wrong.push(format!("{} shows no rewriting", file.display()));
        }
        if stays == 0 {
            wrong.push(format!("{} shows nothing that must stay as it is", file.display()));
        }
        if rendered == text {
            continue;
        }
        if update {
            fs::write(&file, rendered).unwrap();
        } else {
            wrong.push(format!(
                "{}: expected, then found:\n{}",
                file.display(),
                difference(&text, &rendered)
            ));
        }
    }
    assert!(wrong.is_empty(), "UPDATE_EXPECT=1 rewrites\n{}", wrong.join("\n"));
}

#[test]
fn each_recipe_file_is_embedded_under_its_path_and_has_a_fixture() {
    let ids: BTreeSet<String> = recipes().unwrap().iter().map(|it| it.card().id.clone()).collect();
    assert_eq!(ids, stems(&root().join("queries/recipes"), "yml"), "the table in embedded.rs");
    assert_eq!(ids, stems(&root().join("fixtures/recipes"), "md"), "the fixtures");
}

#[test]
fn every_card_is_complete() {
    for recipe in recipes().unwrap() {
        let card = recipe.card();
        let folder = card.id.split('/').next().unwrap();
        assert_eq!(folder, card.languages[0].name(), "{}: folder and language", card.id);
        assert!(card.rationale.len() > 60, "{}: `note` says why, and when not", card.id);
        assert!(card.title.len() < 80 && !card.title.ends_with('.'), "{}: title", card.id);
    }
}

/// The demo repository shows each of these; its README promises nothing more exact.
#[test]
fn the_demo_repository_has_work_for_recipes() {
    let files = files_below(&root().join("fixtures/demo/tree"), "");
    let mut found = String::new();
    for recipe in recipes().unwrap() {
        let proposed = |(path, text): &(RelPath, Vec<u8>)| {
            let rewritten = recipe.propose(path, text).unwrap()?;
            Some(format!("{path} ({})", rewritten.places.len()))
        };
        let paths: Vec<String> = files.iter().filter_map(proposed).collect();
        if !paths.is_empty() {
            found.push_str(&format!("{}: {}\n", recipe.card().id, paths.join(", ")));
        }
    }
    expect_test::expect![[r#"
        rust/borrowed-parameter: core/src/label.rs (2), core/src/route.rs (2)
        rust/dbg-leftover: core/src/label.rs (1)
        rust/get-first: core/src/route.rs (1)
        rust/len-zero: core/src/label.rs (1), core/src/route.rs (1), core/src/store.rs (1)
        rust/manual-map: core/src/parcel.rs (1)
        rust/map-clone: core/src/store.rs (1)
        rust/needless-return: core/src/label.rs (1), core/src/store.rs (1)
        rust/option-as-deref: core/src/parcel.rs (1)
        rust/unwrap-or-default: core/src/store.rs (1)
        python/bare-except: service/waybill/carriers.py (1)
        python/mutable-default: service/waybill/tracking.py (2)
        python/none-comparison: service/waybill/api.py (1), service/waybill/config.py (1), service/waybill/tracking.py (1)
        python/not-in: service/waybill/api.py (1), service/waybill/tracking.py (1)
        python/open-encoding: service/waybill/carriers.py (1), service/waybill/tracking.py (2)
        python/type-equality: service/waybill/api.py (2)
        typescript/console-leftover: web/src/client.ts (1)
        typescript/index-of-includes: web/src/filter.ts (3)
        typescript/json-clone: web/src/client.ts (1)
        typescript/object-spread: web/src/client.ts (1)
        typescript/parse-int-radix: web/src/filter.ts (1), web/src/format.ts (1)
        typescript/substr-slice: web/src/format.ts (2)
        typescript/typeof-equality: web/src/filter.ts (1), web/src/format.ts (1)
    "#]].assert_eq(&found);
}

/// Every file below `folder`, ordered, under its path there.
fn files_below(folder: &Path, prefix: &str) -> Vec<(RelPath, Vec<u8>)> {
    let mut entries: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    let files = entries.into_iter().flat_map(|path| {
        let name = format!("{prefix}{}", path.file_name().unwrap().to_str().unwrap());
        if path.is_dir() {
            return files_below(&path, &format!("{name}/"));
        }
        vec![(name.parse().unwrap(), fs::read(&path).unwrap())]
    });
    files.collect()
}

/// Runs one fixture: how many sections stay, how many change, and the file as it should be.
fn run(recipe: &Recipe, text: &str) -> (usize, usize, String) {
    let (mut stays, mut changes) = (0, 0);
    let mut out = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some((fence, path)) = line.split_once(" before=") else {
            if line.starts_with("```") && line.contains(" after=") {
                // Written again below its `before`.
                lines.by_ref().find(|line| *line == "```");
            } else {
                out.push_str(line);
                out.push('\n');
            }
            continue;
        };
        let before: String = lines
            .by_ref()
            .take_while(|line| *line != "```")
            .map(|line| format!("{line}\n"))
            .collect();
        out.push_str(&format!("{line}\n{before}```\n"));
        match check_laws(recipe, path, &before) {
            Some(after) => {
                changes += 1;
                out.push_str(&format!("{fence} after={path}\n{after}```\n"));
            }
            None => stays += 1,
        }
    }
    (stays, changes, out)
}

/// The text after, having held it to the laws that every rewriting obeys.
fn check_laws(recipe: &Recipe, path: &str, before: &str) -> Option<String> {
    let id = &recipe.card().id;
    let path: RelPath = path.parse().unwrap();
    let propose = |text: &str| {
        // A text that does not parse is refused, so an answer also says that the text parses.
        recipe
            .propose(&path, text.as_bytes())
            .unwrap_or_else(|error| panic!("{id}: {error}\n{text}"))
    };
    let rewritten = propose(before);
    let crlf = propose(&before.replace('\n', "\r\n"));
    let Some(rewritten) = rewritten else {
        assert_eq!(crlf, None, "{id}: CRLF makes a difference");
        return None;
    };
    check_places(before.as_bytes(), &rewritten);
    let after = String::from_utf8(rewritten.text).unwrap();
    assert_eq!(propose(&after), None, "{id}: not idempotent on\n{after}");
    let crlf = String::from_utf8(crlf.unwrap().text).unwrap();
    assert_eq!(crlf, after.replace('\n', "\r\n"), "{id}: line ends");
    Some(after)
}

/// Outside of the places, both texts agree byte for byte.
fn check_places(before: &[u8], rewritten: &Rewritten) {
    let after = &rewritten.text;
    let (mut rebuilt, mut copied) = (Vec::new(), 0);
    for place in &rewritten.places {
        rebuilt.extend_from_slice(&before[copied..place.before.start]);
        rebuilt.extend_from_slice(&after[place.after.clone()]);
        copied = place.before.end;
        let line = before[..place.before.start].iter().filter(|b| **b == b'\n').count();
        assert_eq!(place.first_line as usize, line);
    }
    rebuilt.extend_from_slice(&before[copied..]);
    assert_eq!(&rebuilt, after);
}

fn difference(expected: &str, found: &str) -> String {
    let expected: Vec<&str> = expected.lines().collect();
    let found: Vec<&str> = found.lines().collect();
    let at = expected.iter().zip(&found).take_while(|(a, b)| a == b).count();
    let show =
        |lines: &[&str]| lines.iter().skip(at).take(12).copied().collect::<Vec<_>>().join("\n");
    format!("from line {}\n{}\n----\n{}\n", at + 1, show(&expected), show(&found))
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn fixture_path(recipe: &Recipe) -> PathBuf {
    root().join("fixtures/recipes").join(format!("{}.md", recipe.card().id))
}

/// `<folder>/<stem>` of each file with `extension` in the folders of `top`.
fn stems(top: &Path, extension: &str) -> BTreeSet<String> {
    let folders =
        fs::read_dir(top).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    let files = folders.flat_map(|folder| fs::read_dir(folder).unwrap());
    let paths = files.map(|entry| entry.unwrap().path());
    let ours = paths.filter(|path| path.extension().is_some_and(|it| it == extension));
    ours.map(|path| {
        let folder = path.parent().unwrap().file_name().unwrap().to_str().unwrap().to_owned();
        format!("{folder}/{}", path.file_stem().unwrap().to_str().unwrap())
    })
    .collect()
}
