#![allow(
    missing_docs,
    clippy::all,
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing
)]
use std::collections::{BTreeMap, BTreeSet};

use model::{
    Base, ChangeKind, ChangeSet, Content, Digest, EntityChange, FileChange, FileMode, FileSide,
    Hunk, HunkKind, LineSpan, Origin, RelPath,
};
use semdiff::{ChangedNames, DependencyFile};

/// Both sides of a path.
type Sides = BTreeMap<RelPath, [Option<String>; 2]>;

fn change(path: &RelPath, before: Option<&str>, after: Option<&str>) -> FileChange {
    let (old, new) = (before.unwrap_or_default(), after.unwrap_or_default());
    let side = |text: &str| FileSide {
        blob: Digest::of(text.as_bytes()),
        mode: FileMode::File,
        size_bytes: text.len() as u64,
    };
    let whole = |text: &str| LineSpan {
        start: 0,
        end: text.len(),
        first_line: 0,
        lines: u32::try_from(text.lines().count()).unwrap(),
    };
    let hunk = |kind, before, after| Hunk { ordinal: 0, kind, before, after, entity: None };
    let (change, hunks) = match (before, after) {
        (Some(_), Some(_)) => {
            let hunks = semdiff::hunks(old.as_bytes(), new.as_bytes()).into_iter();
            let hunks = hunks.map(|(old, new)| hunk(HunkKind::Lines, old, new)).collect();
            (ChangeKind::Modified, hunks)
        }
        (None, _) => (ChangeKind::Added, vec![hunk(HunkKind::Whole, whole(""), whole(new))]),
        (_, None) => (ChangeKind::Deleted, vec![hunk(HunkKind::Whole, whole(old), whole(""))]),
    };
    FileChange {
        path: path.clone(),
        old_path: None,
        change,
        content: Content::Text,
        language: syntax::language_of(path, new.as_bytes()),
        generated: false,
        before: before.map(side),
        after: after.map(side),
        hunks,
    }
}

fn shown(sides: &Sides) -> Vec<String> {
    let changes = sides.iter().map(|(path, [a, b])| change(path, a.as_deref(), b.as_deref()));
    let base = Base { commit: None, branch: None, dirty: false };
    let origin = Origin { worker: "fixture".to_owned(), name: "fixture".to_owned() };
    let set = ChangeSet::new(base, origin, String::new(), String::new(), changes.collect());
    let mut out = Vec::new();
    let mut all: Vec<(&FileChange, ChangedNames)> = Vec::new();
    for file in &set.files {
        let [before, after] = &sides[&file.path];
        let bytes = |side: &Option<String>| side.clone().map(String::into_bytes);
        let (before, after) = (bytes(before), bytes(after));
        let language = match file.language {
            Some(l) => l,
            None => continue,
        };
        let entities: Vec<EntityChange> =
            semdiff::entity_changes(&file.path, language, before.as_deref(), after.as_deref())
                .changes;
        let (before, after) = (before.unwrap_or_default(), after.unwrap_or_default());
        for hunk in &file.hunks {
            let (sign, text) = match hunk.after.of(&after) {
                [] => ('-', hunk.before.of(&before)),
                text => ('+', text),
            };
            let text = String::from_utf8_lossy(text);
            let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
            out.push(format!("{} {} {sign}{}", hunk.ordinal, file.path, first.trim()));
        }
        let one =
            DependencyFile { change: file, before: &before, after: &after, entities: &entities };
        all.push((file, semdiff::changed_names(&one)));
    }
    let all: Vec<_> = all.iter().map(|(file, names)| (*file, names)).collect();
    out.extend(semdiff::dependencies(&all).iter().map(|one| format!("{one} ({:?})", one.kind)));
    out
}

fn git(repo: &str, args: &[&str]) -> Option<String> {
    let out = std::process::Command::new("git").arg("-C").arg(repo).args(args).output().ok()?;
    out.status.success().then(|| String::from_utf8_lossy(&out.stdout).into_owned())
}
fn main() {
    let repo = std::env::args().nth(1).unwrap();
    let n = std::env::args().nth(2).unwrap();
    let (mut hunks, mut deps) = (0, 0);
    for commit in git(&repo, &["log", "--no-merges", "--format=%H", "-n", &n]).unwrap().lines() {
        let mut sides = Sides::new();
        for path in git(
            &repo,
            &["diff-tree", "-r", "--no-renames", "--name-only", "--no-commit-id", commit],
        )
        .unwrap()
        .lines()
        {
            let Ok(rel) = path.parse() else { continue };
            let b = git(&repo, &["show", &format!("{commit}^:{path}")]);
            let a = git(&repo, &["show", &format!("{commit}:{path}")]);
            if a == b {
                continue;
            }
            sides.insert(rel, [b, a]);
        }
        let t = std::time::Instant::now();
        let out = shown(&sides);
        let d: Vec<_> = out.iter().filter(|l| l.starts_with("hunk ")).collect();
        hunks += out.len() - d.len();
        deps += d.len();
        println!(
            "{} {} files {} hunks {} dependencies {:?}",
            &commit[..9],
            sides.len(),
            out.len() - d.len(),
            d.len(),
            t.elapsed()
        );
        if std::env::args().nth(3).is_some() && d.len() > 0 && out.len() < 120 {
            for l in &out {
                println!("   {l}");
            }
        }
    }
    println!("{hunks} hunks {deps} deps");
}
