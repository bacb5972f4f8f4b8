//! Every input in `fixtures/fuzz/<target>` keeps the laws of its target.

use std::fs;
use std::path::Path;

fn all(target: &str, body: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/fuzz").join(target);
    let mut inputs: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    inputs.sort();
    assert!(inputs.len() > 5, "the corpus of {target} is gone");
    for input in inputs {
        println!("{}", input.display());
        body(&fs::read(&input).unwrap());
    }
}

#[test]
fn the_corpus_of_anchoring_keeps_the_laws() {
    all("anchoring", fuzz::anchoring);
}

#[test]
fn the_corpus_of_patch_import_keeps_the_laws() {
    all("patch_import", fuzz::patch_import);
}
