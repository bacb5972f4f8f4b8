//! Lists the files of the `policies` folder, so that adding a rule is only adding two files.
#![expect(clippy::disallowed_methods, reason = "a build script reads the folder it embeds")]

use std::io::{Error, Result};
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() -> Result<()> {
    let variable = |name: &str| env::var(name).map(PathBuf::from).map_err(Error::other);
    let root = variable("CARGO_MANIFEST_DIR")?.join("../../policies").canonicalize()?;
    let mut modules = Vec::new();
    for category in sorted(&root)? {
        if !category.is_dir() {
            continue;
        }
        for file in sorted(&category)? {
            if file.extension().is_some_and(|extension| extension == "rego") {
                modules.push((format!("{}/{}", last(&category)?, last(&file)?), file));
            }
        }
    }
    let mut source = String::from("&[\n");
    for (name, file) in modules {
        source.push_str(&format!("    ({name:?}, include_str!({file:?})),\n"));
    }
    source.push_str("]\n");
    fs::write(variable("OUT_DIR")?.join("built_in.rs"), source)?;
    // A folder's own time changes when a file in it comes or goes; cargo looks below it as well.
    println!("cargo::rerun-if-changed={}", root.display());
    Ok(())
}

fn sorted(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut paths = fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

fn last(path: &Path) -> Result<&str> {
    path.file_name()
        .and_then(|name| name.to_str())
        .ok_or_else(|| Error::other(format!("{} has no UTF-8 name", path.display())))
}
