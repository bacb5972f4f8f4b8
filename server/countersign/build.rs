//! Embeds the demonstration's repository, so that `countersign demo` works wherever the program lies.
#![expect(clippy::disallowed_methods, reason = "a build script reads the folder it embeds")]

use std::io::{Error, Result};
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() -> Result<()> {
    let variable = |name: &str| env::var(name).map(PathBuf::from).map_err(Error::other);
    let root = variable("CARGO_MANIFEST_DIR")?.join("../../fixtures/demo").canonicalize()?;
    let mut source = String::from("&[\n");
    for file in files(&root)? {
        let name = file.strip_prefix(&root).map_err(Error::other)?;
        source.push_str(&format!("    ({name:?}, include_bytes!({file:?})),\n"));
    }
    source.push_str("]\n");
    fs::write(variable("OUT_DIR")?.join("demo.rs"), source)?;
    println!("cargo::rerun-if-changed={}", root.display());
    Ok(())
}

/// Every file below a folder, ordered by path.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    Ok(found)
}
