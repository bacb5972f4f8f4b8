//! Code of the project's own that runs whenever it is installed or built.

use model::{ChangeKind, Finding, RelPath};
use serde_json::Value;

use super::document::{elements, json, members, text, text_of, toml};
use super::lines::line_of;
use crate::place::{File, finding};
use crate::project::Project;

/// Scripts that npm and its kin run without being asked by name.
const NPM: &[&str] =
    &["preinstall", "install", "postinstall", "preprepare", "prepare", "postprepare", "prepublish"];

/// Lists of packages whose scripts may run.
const NPM_ALLOWED: &[&[&str]] = &[&["trustedDependencies"], &["pnpm", "onlyBuiltDependencies"]];

/// Scripts that Composer runs without being asked by name.
const COMPOSER: &[&str] = &[
    "pre-install-cmd",
    "post-install-cmd",
    "pre-update-cmd",
    "post-update-cmd",
    "pre-autoload-dump",
    "post-autoload-dump",
    "pre-operations-exec",
    "pre-package-install",
    "post-package-install",
    "pre-package-update",
    "post-package-update",
    "pre-package-uninstall",
    "post-package-uninstall",
];

/// How the names of files end that MSBuild runs.
const MSBUILD: &[&[u8]] = &[b".csproj", b".fsproj", b".vbproj", b".props", b".targets"];

const RULE: &str = "install-script.changed";

/// Install and build scripts that are new or other than before.
pub(crate) fn check(file: &File<'_>, files: &[File<'_>], project: &dyn Project) -> Vec<Finding> {
    let name = file.of.path.file_name().to_ascii_lowercase();
    let new = file.of.change == ChangeKind::Added || file.of.before.is_none();
    let Some(after) = file.of.after else { return Vec::new() };
    let say = |line, message: String| finding(RULE, file.of.path, line, message);
    match name.as_slice() {
        b"package.json" => npm(file, after),
        b"cargo.toml" => cargo(file, after),
        b"pyproject.toml" => pyproject(file, after),
        b"composer.json" => composer(file, after),
        b"build.rs" if new && has_beside(file.of.path, "Cargo.toml", files, project) => {
            vec![say(0, "a build script is added: it runs whenever the crate is built".to_owned())]
        }
        b"binding.gyp" if new => {
            vec![say(
                0,
                "npm builds native code with it whenever the package is installed".to_owned(),
            )]
        }
        b"setup.py" if new => {
            vec![say(
                0,
                "`setup.py` is added: it runs whenever the package is installed".to_owned(),
            )]
        }
        b"setup.py" => {
            let line = added_line(file, "cmdclass");
            let message = "what `setup.py` runs at installation is changed (`cmdclass`)";
            line.map(|line| say(line, message.to_owned())).into_iter().collect()
        }
        name if MSBUILD.iter().any(|end| name.ends_with(end)) => {
            let line = ["<exec ", "<exec\n", "<exec\r", "<exec\t"]
                .iter()
                .find_map(|needle| added_line(file, needle));
            let message = "a command is added that runs whenever the project is built (`Exec`)";
            line.map(|line| say(line, message.to_owned())).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// The first added line that has this, in whatever case.
fn added_line(file: &File<'_>, needle: &str) -> Option<u32> {
    file.added_texts().find_map(|(span, text)| {
        let text = String::from_utf8_lossy(text).to_lowercase();
        text.contains(needle).then(|| span.first_line + line_of(&text, needle))
    })
}

/// Both sides of a document; a side that does not parse says nothing here, and has a finding elsewhere.
fn sides(file: &File<'_>, after: &[u8], is_json: bool) -> Option<(Value, Value, String)> {
    let read = |bytes: &[u8]| {
        let text = text_of(bytes).ok()?;
        if is_json { json(text).ok() } else { toml(text).ok() }
    };
    let before = file.of.before.and_then(read).unwrap_or(Value::Null);
    Some((before, read(after)?, String::from_utf8_lossy(after).into_owned()))
}

fn npm(file: &File<'_>, after: &[u8]) -> Vec<Finding> {
    let Some((before, now, content)) = sides(file, after, true) else { return Vec::new() };
    let mut findings = Vec::new();
    for script in NPM {
        let of =
            |document: &Value| document.get("scripts").and_then(|all| all.get(script)).cloned();
        let (Some(command), old) = (of(&now), of(&before)) else { continue };
        if Some(&command) == old.as_ref() {
            continue;
        }
        let how = if old.is_some() { "is changed" } else { "is added" };
        let when = match *script {
            "prepare" | "preprepare" | "postprepare" | "prepublish" => {
                "whenever the package is installed from its sources"
            }
            _ => "whenever the package is installed",
        };
        let message = format!("the script `{script}` {how}: it runs {when}");
        findings.push(finding(
            RULE,
            file.of.path,
            line_of(&content, &format!("\"{script}\"")),
            message,
        ));
    }
    for path in NPM_ALLOWED {
        let list = |document| -> Vec<String> {
            let found = path.iter().try_fold(document, |value: &Value, key| value.get(key));
            elements(found).filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let old = list(&before);
        for name in list(&now).iter().filter(|name| !old.contains(name)) {
            let name = super::package::shown(name);
            let message = format!("`{name}` may run its scripts at installation now");
            let line = line_of(&content, path.last().copied().unwrap_or_default());
            findings.push(finding("dependency.install-script", file.of.path, line, message));
        }
    }
    findings
}

fn composer(file: &File<'_>, after: &[u8]) -> Vec<Finding> {
    let Some((before, now, content)) = sides(file, after, true) else { return Vec::new() };
    let script = |document: &Value, name: &str| document.get("scripts")?.get(name).cloned();
    let mut findings = Vec::new();
    for name in COMPOSER {
        let (Some(command), old) = (script(&now, name), script(&before, name)) else { continue };
        if Some(&command) != old.as_ref() {
            let how = if old.is_some() { "is changed" } else { "is added" };
            let message =
                format!("the script `{name}` {how}: it runs whenever packages are installed");
            let line = line_of(&content, &format!("\"{name}\""));
            findings.push(finding(RULE, file.of.path, line, message));
        }
    }
    let allowed = |document: &Value| -> Vec<String> {
        let plugins = document.get("config").and_then(|config| config.get("allow-plugins"));
        if plugins == Some(&Value::Bool(true)) {
            return vec!["*".to_owned()];
        }
        let allowed = members(plugins).filter(|(_, may)| **may == Value::Bool(true));
        allowed.map(|(name, _)| name.to_owned()).collect()
    };
    let old = allowed(&before);
    for name in allowed(&now).iter().filter(|name| !old.contains(name)) {
        let name = super::package::shown(name);
        let message = format!("the plugin `{name}` may run at installation now");
        let line = line_of(&content, "allow-plugins");
        findings.push(finding("dependency.install-script", file.of.path, line, message));
    }
    findings
}

fn cargo(file: &File<'_>, after: &[u8]) -> Vec<Finding> {
    let Some((before, now, content)) = sides(file, after, false) else { return Vec::new() };
    let mut findings = Vec::new();
    let build = |document: &Value| document.get("package").and_then(|p| p.get("build")).cloned();
    if let Some(script) = build(&now).filter(|script| *script != Value::Bool(false))
        && build(&before).as_ref() != Some(&script)
    {
        let message = "the manifest names a build script: it runs whenever the crate is built";
        findings.push(finding(RULE, file.of.path, line_of(&content, "build"), message.to_owned()));
    }
    let macros = |document: &Value| {
        let library = document.get("lib")?;
        library.get("proc-macro").or_else(|| library.get("proc_macro"))?.as_bool()
    };
    if macros(&now) == Some(true) && macros(&before) != Some(true) && file.of.before.is_some() {
        let message = "the crate becomes a macro: it runs whenever what uses it is built";
        findings.push(finding(RULE, file.of.path, line_of(&content, "proc"), message.to_owned()));
    }
    findings
}

fn pyproject(file: &File<'_>, after: &[u8]) -> Vec<Finding> {
    let Some((before, now, content)) = sides(file, after, false) else { return Vec::new() };
    let system = |document: &Value, key: &str| document.get("build-system")?.get(key).cloned();
    let mut findings = Vec::new();
    for (key, what) in [("build-backend", "program"), ("backend-path", "folder of the program")] {
        let (old, new) = (system(&before, key), system(&now, key));
        // A project that had no manifest has no backend that this one takes the place of.
        let first = file.of.before.is_none() && key == "build-backend";
        if new.is_some() && old != new && !first {
            let message =
                format!("the {what} that builds and installs the package is another (`{key}`)");
            findings.push(finding(RULE, file.of.path, line_of(&content, key), message));
        }
    }
    let hooks = |document: &Value| {
        let hatch = document.get("tool").and_then(|tool| tool.get("hatch")).cloned();
        let build = hatch.as_ref().and_then(|hatch| hatch.get("build"));
        let custom =
            members(build.and_then(|build| build.get("hooks"))).find(|(name, _)| *name == "custom");
        custom.map(|(_, hook)| text(hook, "path").unwrap_or("hatch_build.py").to_owned())
    };
    if let Some(hook) = hooks(&now).filter(|hook| hooks(&before).as_ref() != Some(hook)) {
        let hook = super::package::shown(&hook);
        let message = format!("`{hook}` runs whenever the package is built");
        findings.push(finding(RULE, file.of.path, line_of(&content, "hooks"), message));
    }
    findings
}

/// Whether a file of that name lies in the same folder, before or after the change.
fn has_beside(path: &RelPath, name: &str, files: &[File<'_>], project: &dyn Project) -> bool {
    let Some(beside) = super::locks::beside(path.parent().as_ref(), name) else { return false };
    let changed = files.iter().any(|file| *file.of.path == beside && file.of.after.is_some());
    changed || project.paths().binary_search(&beside).is_ok()
}
