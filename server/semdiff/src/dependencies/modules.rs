//! Whether the module that an import names can be a file, by the rules of its language and by paths alone.

use model::{Language, RelPath};

/// Languages whose files can use one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Family {
    Rust,
    Python,
    Ecma,
    Go,
}

impl Family {
    pub fn of(language: Language) -> Self {
        match language {
            Language::Rust => Self::Rust,
            Language::Python => Self::Python,
            Language::TypeScript | Language::Tsx | Language::JavaScript => Self::Ecma,
            Language::Go => Self::Go,
        }
    }
}

/// Whether `module`, as it is written in the file `user`, can mean the file `path`.
///
/// A path that configuration gives a meaning (`@/lib/x`) counts when the file's path ends with it.
pub(super) fn means(family: Family, user: &RelPath, module: &str, path: &RelPath) -> bool {
    let (user, path) = (segments(user), segments(path));
    match family {
        Family::Rust => rust(&user, module, &path),
        Family::Python => python(&user, module, &path),
        Family::Ecma => ecma(&user, module, &path),
        Family::Go => go(module, &path),
    }
}

/// A package is a folder, and its module's name stands before the folder's path.
fn go(module: &str, path: &[String]) -> bool {
    let Some((_, folder)) = split(path) else { return false };
    let parts: Vec<String> = module.split('/').map(str::to_owned).collect();
    !folder.is_empty() && parts.len() > folder.len() && parts.ends_with(folder)
}

/// Whether `mod name;` in the file `user` means the file `path`.
pub(super) fn declares(user: &RelPath, name: &str, path: &RelPath) -> bool {
    let (user, path) = (segments(user), segments(path));
    let Some(mut folder) = rust_folder(&user) else { return false };
    folder.push(name.to_owned());
    rust_folder(&path).is_some_and(|own| own == folder) && !is_root(&path)
}

fn segments(path: &RelPath) -> Vec<String> {
    String::from_utf8_lossy(path.as_bytes()).split('/').map(str::to_owned).collect()
}

/// The file's name without its extensions, and what is before it.
fn split(path: &[String]) -> Option<(&str, &[String])> {
    let (file, folder) = path.split_last()?;
    Some((file.split('.').next().unwrap_or(file), folder))
}

/// The folder in which the modules of a Rust file lie.
fn rust_folder(path: &[String]) -> Option<Vec<String>> {
    let (stem, folder) = split(path)?;
    let mut folder = folder.to_vec();
    if !["lib", "main", "mod"].contains(&stem) {
        folder.push(stem.to_owned());
    }
    Some(folder)
}

fn is_root(path: &[String]) -> bool {
    split(path).is_some_and(|(stem, _)| ["lib", "main"].contains(&stem))
}

fn rust(user: &[String], module: &str, path: &[String]) -> bool {
    let parts: Vec<&str> =
        module.split(['/', ':']).map(str::trim).filter(|part| !part.is_empty()).collect();
    let (Some(last), Some(mut from), Some(target)) =
        (parts.last(), rust_folder(user), rust_folder(path))
    else {
        return false;
    };
    match *last {
        "crate" => is_root(path) && from.starts_with(&target),
        "self" | "super" => {
            for part in &parts {
                if *part == "super" && from.pop().is_none() {
                    return false;
                }
            }
            from == target
        }
        _ => {
            let relative = ["crate", "self", "super"];
            let named: Vec<&str> =
                parts.iter().copied().filter(|part| !relative.contains(part)).collect();
            if crate_folder(user) == crate_folder(path) {
                return !is_root(path) && ends_with(&target, &named);
            }
            // A crate is known by its folder, and its modules only by their whole path.
            let Some((name, rest)) = named.split_first().filter(|_| parts.len() == named.len())
            else {
                return false;
            };
            let folder = crate_folder(path);
            let inside = target.get(folder.len() + 1..).unwrap_or_default();
            folder.last().is_some_and(|folder| folder.replace('-', "_") == *name)
                && inside.iter().eq(rest.iter())
        }
    }
}

/// The folder around `src`; all of the path's where there is none.
fn crate_folder(path: &[String]) -> &[String] {
    let src = path.iter().rposition(|part| part == "src");
    src.and_then(|src| path.get(..src)).unwrap_or_default()
}

fn python(user: &[String], module: &str, path: &[String]) -> bool {
    let Some((stem, folder)) = split(path) else { return false };
    let mut target = folder.to_vec();
    if stem != "__init__" {
        target.push(stem.to_owned());
    }
    let dots = module.chars().take_while(|c| *c == '.').count();
    let named: Vec<&str> = module.split(['.', '/']).filter(|part| !part.is_empty()).collect();
    if dots == 0 {
        return !named.is_empty() && ends_with(&target, &named);
    }
    let up = user.len().checked_sub(dots);
    let Some(from) = up.and_then(|kept| user.get(..kept)) else { return false };
    target.len() == from.len() + named.len()
        && target.starts_with(from)
        && (named.is_empty() || ends_with(&target, &named))
}

fn ecma(user: &[String], module: &str, path: &[String]) -> bool {
    let Some((stem, folder)) = split(path) else { return false };
    let mut targets = vec![folder.to_vec()];
    if let Some(own) = targets.first_mut() {
        own.push(stem.to_owned());
    }
    if stem == "index" {
        targets.push(folder.to_vec());
    }
    let mut parts: Vec<&str> = module.split('/').collect();
    if let Some(last) = parts.last_mut() {
        let known = [".js", ".jsx", ".ts", ".tsx", ".mjs", ".cjs", ".mts", ".cts"];
        let bare = known.iter().find_map(|extension| last.strip_suffix(extension));
        *last = bare.unwrap_or(last);
    }
    if !module.starts_with('.') {
        let named: Vec<&str> =
            parts.into_iter().filter(|part| !["", "@", "~"].contains(part)).collect();
        return named.len() > 1 && targets.iter().any(|target| ends_with(target, &named));
    }
    let mut at: Vec<String> =
        user.split_last().map(|(_, folder)| folder.to_vec()).unwrap_or_default();
    for part in parts {
        match part {
            "." | "" => {}
            ".." => {
                if at.pop().is_none() {
                    return false;
                }
            }
            part => at.push(part.to_owned()),
        }
    }
    targets.contains(&at)
}

fn ends_with(path: &[String], parts: &[&str]) -> bool {
    let start = path.len().checked_sub(parts.len());
    let tail = start.and_then(|start| path.get(start..));
    !parts.is_empty() && tail.is_some_and(|tail| tail.iter().eq(parts.iter()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(family: Family, user: &str, module: &str, yes: &[&str], no: &[&str]) {
        let path = |text: &str| text.parse::<RelPath>().unwrap();
        for (files, expected) in [(yes, true), (no, false)] {
            for file in files {
                let means = means(family, &path(user), module, &path(file));
                assert_eq!(means, expected, "{module} in {user}: {file}");
            }
        }
    }

    #[test]
    fn python_modules() {
        let none: &[&str] = &[];
        check(Family::Python, "a/b.py", "lib.x", &["lib/x.py", "src/lib/x/__init__.py"], &["x.py"]);
        check(Family::Python, "a/b.py", ".x", &["a/x.py"], &["x.py", "a/c/x.py", "b/x.py"]);
        check(Family::Python, "a/b.py", "..x", &["x.py"], &["a/x.py"]);
        check(Family::Python, "a/b.py", ".", &["a/__init__.py"], &["a/b.py"]);
        check(Family::Python, "a/b.py", "os", none, &["a/os2.py"]);
    }

    #[test]
    fn ecmascript_modules() {
        let yes: &[&str] = &["a/x.ts", "a/x.js", "a/x/index.tsx", "a/x.d.ts"];
        check(Family::Ecma, "a/b.ts", "./x", yes, &["x.ts", "a/c/x.ts"]);
        check(Family::Ecma, "a/b.ts", "../x.js", &["x.ts"], &["a/x.ts"]);
        check(Family::Ecma, "a/b.ts", "@/lib/x", &["src/lib/x.ts"], &["src/x.ts"]);
        check(Family::Ecma, "a/b.ts", "react", &[], &["react.ts", "a/react.ts"]);
    }

    #[test]
    fn go_imports_mean_the_folder_of_a_package() {
        let yes = &["line/split.go", "line/join.go"];
        let no = &["split.go", "other/line.go", "line/deep/x.go"];
        check(Family::Go, "main.go", "example.org/queue/line", yes, no);
        check(Family::Go, "main.go", "line", &[], &["line/split.go"]);
    }

    #[test]
    fn rust_modules() {
        check(Family::Rust, "src/a.rs", "crate::x", &["src/x.rs", "src/x/mod.rs"], &["src/y.rs"]);
        check(Family::Rust, "src/a.rs", "super", &["src/lib.rs", "src/main.rs"], &["src/b.rs"]);
        check(Family::Rust, "src/a/b.rs", "super", &["src/a.rs", "src/a/mod.rs"], &["src/lib.rs"]);
        check(Family::Rust, "src/a.rs", "crate", &["src/lib.rs"], &["src/a.rs", "src/crate.rs"]);
        check(Family::Rust, "x/src/a.rs", "my_lib", &["my-lib/src/lib.rs"], &["x/src/lib.rs"]);
        check(Family::Rust, "x/src/a.rs", "my_lib::y", &["my-lib/src/y.rs"], &["x/src/y.rs"]);
        check(Family::Rust, "x/src/lib.rs", "y", &["x/src/y.rs"], &["z/src/y.rs"]);
        let path = |text: &str| text.parse::<RelPath>().unwrap();
        let declares = |user, file| declares(&path(user), "x", &path(file));
        assert!(declares("src/lib.rs", "src/x.rs") && declares("src/a.rs", "src/a/x/mod.rs"));
        assert!(!declares("src/a.rs", "src/x.rs") && !declares("src/lib.rs", "src/a/x.rs"));
    }
}
