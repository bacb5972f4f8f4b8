//! What `go test -coverprofile` writes: blocks of statements, and how often each was run.

use std::collections::BTreeMap;

use model::{Language, RelPath};

use super::{LeftFile, Start, starts};
use crate::report::{Entries, LineCoverage, REPORT_ITEMS_MAX, ReportError, ReportPlace, malformed};

const FORMAT: &str = "Go cover profile";

/// From and to, each by line and column in bytes, from 0.
type Block = ((u32, usize), (u32, usize));

/// Reads profiles of the module in the folder of `place`. Files outside of it do not count.
pub(super) fn read(
    left: &[LeftFile],
    text: &dyn Fn(&RelPath) -> Option<Vec<u8>>,
    place: ReportPlace<'_>,
) -> Result<LineCoverage, ReportError> {
    let entries = Entries::new(place);
    let module = entries.path("go.mod").and_then(|path| text(&path));
    let Some(module) = module.as_deref().and_then(module_of) else {
        return Err(malformed(FORMAT, 1, "no `go.mod` says what its files are called"));
    };
    let mut files: BTreeMap<RelPath, BTreeMap<Block, u64>> = BTreeMap::new();
    let mut count = 0;
    for (_, profile) in left {
        let profile = String::from_utf8_lossy(profile);
        for (number, line) in profile.lines().enumerate() {
            if number == 0 && line.starts_with("mode: ") || line.trim().is_empty() {
                continue;
            }
            let Some((name, block, hits)) = entry(line) else {
                let reason = "not `FILE:LINE.COLUMN,LINE.COLUMN STATEMENTS COUNT`";
                return Err(malformed(FORMAT, number + 1, reason));
            };
            count += 1;
            if count > REPORT_ITEMS_MAX {
                return Err(ReportError::TooMany);
            }
            let inside = name.strip_prefix(module.as_str()).and_then(|rest| rest.strip_prefix('/'));
            if let Some(path) = inside.and_then(|inside| entries.path(inside)) {
                let sum = files.entry(path).or_default().entry(block).or_default();
                *sum = sum.saturating_add(hits);
            }
        }
    }
    if count == 0 {
        return Err(ReportError::Empty { format: FORMAT });
    }
    let mut coverage = LineCoverage::default();
    for (path, blocks) in files {
        let Some(text) = text(&path) else { continue };
        let mut lines: BTreeMap<u32, u64> = BTreeMap::new();
        for start in starts(Language::Go, &text).unwrap_or_default() {
            if let Some(hits) = around(&blocks, start) {
                let most = lines.entry(start.line).or_default();
                *most = hits.max(*most);
            }
        }
        lines.into_iter().for_each(|(line, hits)| coverage.add(path.clone(), line, hits));
    }
    Ok(coverage)
}

/// `module example.com/queue` of a `go.mod`.
fn module_of(text: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(text);
    let named = text.lines().find_map(|line| line.trim().strip_prefix("module"));
    let named = named.filter(|rest| rest.starts_with(char::is_whitespace))?;
    let named = named.split("//").next().unwrap_or_default().trim().trim_matches(['"', '`']);
    (!named.is_empty()).then(|| named.to_owned())
}

/// `example.com/queue/queue.go:12.34,15.2 2 1`: statements do not count, since lines do.
fn entry(line: &str) -> Option<(&str, Block, u64)> {
    let (name, rest) = line.rsplit_once(':')?;
    let mut parts = rest.split(' ');
    let (from, to) = parts.next()?.split_once(',')?;
    let hits = parts.nth(1)?.parse().ok()?;
    let position = |text: &str| -> Option<(u32, usize)> {
        let (line, column) = text.split_once('.')?;
        Some((
            line.parse::<u32>().ok()?.checked_sub(1)?,
            column.parse::<usize>().ok()?.checked_sub(1)?,
        ))
    };
    Some((name, (position(from)?, position(to)?), hits))
}

/// The count of the block around `start`. Blocks do not nest: a function inside a statement ends the block of that.
fn around(blocks: &BTreeMap<Block, u64>, start: Start) -> Option<u64> {
    let at = (start.line, start.column);
    let before = blocks.range(..=(at, (u32::MAX, usize::MAX))).next_back();
    before.filter(|((_, to), _)| at < *to).map(|(_, hits)| *hits)
}
