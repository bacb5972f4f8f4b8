#![allow(missing_docs, clippy::disallowed_methods, clippy::print_stdout)]
fn main() {
    let (mut files, mut bytes, mut failed) = (0, 0, 0);
    let start = std::time::Instant::now();
    let mut worst = (std::time::Duration::ZERO, String::new());
    for path in std::env::args().skip(1) {
        let Ok(text) = std::fs::read(&path) else { continue };
        let Ok(rel) = path.trim_start_matches('/').parse() else { continue };
        let Some(language) = syntax::language_of(&rel, &text) else { continue };
        let t = std::time::Instant::now();
        files += 1;
        bytes += text.len();
        if let Err(e) =
            syntax::parse(language, &text).and_then(|p| syntax::references(&p).map(drop))
        {
            failed += 1;
            println!("{path}: {e}");
        }
        if t.elapsed() > worst.0 {
            worst = (t.elapsed(), path)
        }
    }
    println!("{files} files {bytes} bytes {failed} failed {:?} worst {worst:?}", start.elapsed());
}
