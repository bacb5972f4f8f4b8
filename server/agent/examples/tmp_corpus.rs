//! Temporary.
#![allow(warnings, clippy::all)]
use std::collections::BTreeMap;
fn main() {
    let rs = agent::recipe::recipes().unwrap();
    let mut hits: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let mut sk: BTreeMap<String, usize> = BTreeMap::new();
    let mut n = 0;
    let mut bytes = 0;
    let start = std::time::Instant::now();
    let mut slow = (std::time::Duration::ZERO, String::new());
    for l in std::io::stdin().lines() {
        let f = l.unwrap();
        let Ok(t) = std::fs::read(&f) else { continue };
        n += 1;
        bytes += t.len();
        let p: model::RelPath = f.trim_start_matches('/').parse().unwrap();
        for r in &rs {
            let s = std::time::Instant::now();
            match r.propose(&p, &t) {
                Ok(Some(w)) => {
                    let e = hits.entry(r.card().id.clone()).or_default();
                    e.0 += 1;
                    e.1 += w.places.len();
                    let a = String::from_utf8_lossy(&w.text).into_owned();
                    let b = String::from_utf8_lossy(&t).into_owned();
                    if e.0 <= 8 {
                        for pl in w.places.iter().take(2) {
                            println!(
                                "{} {}:{}\n  - {:?}\n  + {:?}",
                                r.card().id,
                                f,
                                pl.first_line + 1,
                                &b[pl.before.clone()],
                                &a[pl.after.clone()]
                            );
                        }
                    }
                    assert!(r.propose(&p, &w.text).unwrap().is_none());
                }
                Ok(None) => {}
                Err(e) => {
                    let k = format!("{e:?}");
                    let k = k.split(' ').next().unwrap().to_string();
                    if k != "Unparsable" && k != "NotUtf8" && k != "TooLarge" {
                        println!("SKIP {e}");
                    }
                    *sk.entry(k).or_default() += 1;
                }
            }
            let d = s.elapsed();
            if d > slow.0 {
                slow = (d, format!("{} {}", r.card().id, f));
            }
        }
    }
    println!("{n} files {bytes} bytes {:?}\n{hits:#?}\n{sk:?} slow {slow:?}", start.elapsed());
}
