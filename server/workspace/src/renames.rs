//! Which deleted file an added one was: same content first, then at least half of the lines.
//!
//! Written once for commits, saved files and proposals, on bytes, so that every scope and both backends
//! answer alike. Deterministic: ties go to the same file name, then to the order of paths.

use std::collections::{BTreeMap, HashMap};

use model::{Digest, FileMode, RelPath};

/// How much of the larger file must be in both for a rename.
pub const RENAME_SIMILARITY_PERCENT: u64 = 50;

/// How many deleted and how many added files are compared by content at most; above it only files whose
/// content is the same object are paired.
pub const RENAME_FILES_MAX: usize = 400;

/// The largest file that is compared by lines.
pub const RENAME_FILE_BYTES_MAX: u64 = 1024 * 1024;

/// A file that is only on one side.
pub(crate) struct Lonely<'a> {
    pub(crate) path: &'a RelPath,
    pub(crate) mode: FileMode,
    pub(crate) size_bytes: u64,
    /// Names the content where it is known without reading.
    pub(crate) id: Option<&'a str>,
}

/// Pairs of positions: (deleted, added). Each position occurs once at most.
///
/// `load` gives the bytes of a deleted (`false`) or added (`true`) position, `None` where it cannot.
///
/// # Cost
/// Reads each candidate once; at most `RENAME_FILES_MAX` squared comparisons of line tables.
pub(crate) fn detect(
    deleted: &[Lonely<'_>],
    added: &[Lonely<'_>],
    load: &dyn Fn(bool, usize) -> Option<Vec<u8>>,
) -> Vec<(usize, usize)> {
    let mut pairing =
        Pairing { deleted, added, from: vec![None; deleted.len()], to: vec![None; added.len()] };
    pairing.exact(|side, at| {
        let lonely = if side { added.get(at)? } else { deleted.get(at)? };
        lonely.id.map(str::to_owned)
    });
    let open = |taken: &[Option<usize>]| taken.iter().filter(|pair| pair.is_none()).count();
    let (left, right) = (open(&pairing.from), open(&pairing.to));
    if left > 0 && right > 0 && left <= RENAME_FILES_MAX && right <= RENAME_FILES_MAX {
        let tables = Tables::read(&pairing, load);
        pairing.exact(|side, at| tables.of(side, at).map(|table| table.digest.to_string()));
        pairing.similar(&tables);
    }
    let pairs = pairing.from.iter().enumerate();
    pairs.filter_map(|(from, to)| Some((from, (*to)?))).collect()
}

struct Pairing<'a> {
    deleted: &'a [Lonely<'a>],
    added: &'a [Lonely<'a>],
    from: Vec<Option<usize>>,
    to: Vec<Option<usize>>,
}

impl Pairing<'_> {
    fn pair(&mut self, from: usize, to: usize) {
        if let (Some(left), Some(right)) = (self.from.get_mut(from), self.to.get_mut(to)) {
            (*left, *right) = (Some(to), Some(from));
        }
    }

    fn free(&self, side: bool, at: usize) -> bool {
        let taken = if side { self.to.get(at) } else { self.from.get(at) };
        taken.is_some_and(Option::is_none)
    }

    fn same_name(&self, from: usize, to: usize) -> bool {
        let name = |list: &[Lonely<'_>], at: usize| {
            list.get(at).map(|lonely| lonely.path.file_name().to_vec())
        };
        name(self.deleted, from) == name(self.added, to)
    }

    /// A file and a link never pair, nor does a submodule.
    fn same_kind(&self, from: usize, to: usize) -> bool {
        match (self.deleted.get(from), self.added.get(to)) {
            (Some(from), Some(to)) => {
                let kind =
                    |mode: FileMode| (mode == FileMode::Symlink, mode == FileMode::Submodule);
                kind(from.mode) == kind(to.mode) && from.mode != FileMode::Submodule
            }
            _ => false,
        }
    }

    fn exact(&mut self, content: impl Fn(bool, usize) -> Option<String>) {
        let mut sources: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for from in (0..self.deleted.len()).filter(|at| self.free(false, *at)) {
            if let Some(content) = content(false, from) {
                sources.entry(content).or_default().push(from);
            }
        }
        // Files that kept their name choose first.
        for named in [true, false] {
            for to in 0..self.added.len() {
                if !self.free(true, to) {
                    continue;
                }
                let Some(content) = content(true, to) else { continue };
                let Some(candidates) = sources.get(&content) else { continue };
                let fits = |from: &&usize| {
                    self.free(false, **from)
                        && self.same_kind(**from, to)
                        && (!named || self.same_name(**from, to))
                };
                if let Some(from) = candidates.iter().find(fits).copied() {
                    self.pair(from, to);
                }
            }
        }
    }

    fn similar(&mut self, tables: &Tables) {
        let mut scored = Vec::new();
        for from in (0..self.deleted.len()).filter(|at| self.free(false, *at)) {
            let Some(left) = tables.of(false, from) else { continue };
            for to in (0..self.added.len()).filter(|at| self.free(true, *at)) {
                let Some(right) = tables.of(true, to) else { continue };
                if !self.same_kind(from, to) {
                    continue;
                }
                if let Some(score) = left.similarity(right) {
                    scored.push((score, self.same_name(from, to), from, to));
                }
            }
        }
        scored.sort_by(|a, b| (b.0, b.1).cmp(&(a.0, a.1)).then((a.2, a.3).cmp(&(b.2, b.3))));
        for (_, _, from, to) in scored {
            if self.free(false, from) && self.free(true, to) {
                self.pair(from, to);
            }
        }
    }
}

/// What similarity needs of a file: how many bytes lie on each distinct line.
struct Table {
    digest: Digest,
    size: u64,
    lines: HashMap<u64, u64>,
}

impl Table {
    fn of(bytes: &[u8]) -> Self {
        use std::hash::{Hash, Hasher};
        let mut lines = HashMap::new();
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            // The default hasher has fixed keys, so the same lines meet on every run.
            let mut hasher = std::hash::DefaultHasher::new();
            line.hash(&mut hasher);
            *lines.entry(hasher.finish()).or_default() += line.len() as u64;
        }
        Self { digest: Digest::of(bytes), size: bytes.len() as u64, lines }
    }

    /// Per mille of the larger file that both have; `None` below the threshold.
    fn similarity(&self, other: &Self) -> Option<u64> {
        let (small, large) = (self.size.min(other.size), self.size.max(other.size));
        // An empty file is like any other empty file; that says nothing.
        if large == 0 || small * 100 < large * RENAME_SIMILARITY_PERCENT {
            return None;
        }
        let common: u64 = self
            .lines
            .iter()
            .filter_map(|(line, bytes)| Some(*bytes.min(other.lines.get(line)?)))
            .sum();
        (common * 100 >= large * RENAME_SIMILARITY_PERCENT).then_some(common * 1000 / large)
    }
}

struct Tables {
    from: Vec<Option<Table>>,
    to: Vec<Option<Table>>,
}

impl Tables {
    fn read(pairing: &Pairing<'_>, load: &dyn Fn(bool, usize) -> Option<Vec<u8>>) -> Self {
        let table = |side: bool, at: usize, lonely: &Lonely<'_>| {
            let wanted = pairing.free(side, at)
                && lonely.mode != FileMode::Submodule
                && lonely.size_bytes > 0
                && lonely.size_bytes <= RENAME_FILE_BYTES_MAX;
            wanted.then(|| load(side, at)).flatten().map(|bytes| Table::of(&bytes))
        };
        let all = |side: bool, list: &[Lonely<'_>]| {
            list.iter().enumerate().map(|(at, lonely)| table(side, at, lonely)).collect()
        };
        Self { from: all(false, pairing.deleted), to: all(true, pairing.added) }
    }

    fn of(&self, side: bool, at: usize) -> Option<&Table> {
        if side { self.to.get(at)?.as_ref() } else { self.from.get(at)?.as_ref() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pairs shown as `old -> new`, from files given as (path, content).
    fn check(deleted: &[(&str, &str)], added: &[(&str, &str)], expected: &[&str]) {
        let paths = |list: &[(&str, &str)]| -> Vec<RelPath> {
            list.iter().map(|(path, _)| path.parse().unwrap()).collect()
        };
        let (old, new) = (paths(deleted), paths(added));
        fn lonely<'a>(paths: &'a [RelPath], list: &[(&str, &str)]) -> Vec<Lonely<'a>> {
            let one = |(path, (_, text)): (&'a RelPath, &(&str, &str))| Lonely {
                path,
                mode: FileMode::File,
                size_bytes: text.len() as u64,
                id: None,
            };
            paths.iter().zip(list).map(one).collect()
        }
        let load = |side: bool, at: usize| {
            let list = if side { added } else { deleted };
            Some(list[at].1.as_bytes().to_vec())
        };
        let pairs = detect(&lonely(&old, deleted), &lonely(&new, added), &load);
        let shown: Vec<String> =
            pairs.iter().map(|(from, to)| format!("{} -> {}", old[*from], new[*to])).collect();
        assert_eq!(shown, expected);
    }

    #[test]
    fn the_same_content_is_a_rename_and_the_kept_name_wins() {
        check(
            &[("a/one", "x\n"), ("a/two", "x\n")],
            &[("b/two", "x\n"), ("b/zzz", "x\n")],
            &["a/one -> b/zzz", "a/two -> b/two"],
        );
    }

    #[test]
    fn half_of_the_larger_file_is_needed() {
        check(&[("a", "1\n2\n3\n4\n")], &[("b", "1\n2\n5\n6\n")], &["a -> b"]);
        check(&[("a", "1\n2\n3\n4\n")], &[("b", "1\n7\n5\n6\n")], &[]);
        check(&[("a", "1\n")], &[("b", "1\n2\n3\n")], &[]);
    }

    #[test]
    fn the_best_match_wins() {
        check(
            &[("a", "1\n2\n3\n4\n")],
            &[("b", "1\n2\n3\n9\n"), ("c", "1\n2\n3\n4\n5\n")],
            &["a -> c"],
        );
    }

    #[test]
    fn empty_files_say_nothing() {
        check(&[("a", "")], &[("b", "")], &[]);
    }
}
