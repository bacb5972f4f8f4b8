//! Which lines a run touched: LCOV and Cobertura.

use std::collections::BTreeMap;

use model::{ChangedCoverage, CoverageSummary, FileCoverage, LineSpan, Place, RelPath};

use super::xml::{Piece, pieces};
use super::{Entries, REPORT_ITEMS_MAX, ReportError, malformed};

/// How many missed lines are named.
pub(super) const MISSED_MAX: usize = 200;

/// For each file the lines that can be run, from 0, and how often each was.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LineCoverage {
    files: BTreeMap<RelPath, BTreeMap<u32, u64>>,
}

impl LineCoverage {
    /// How much of each file was run.
    pub fn summary(&self) -> CoverageSummary {
        let mut summary = CoverageSummary::default();
        for (path, lines) in self.files.iter().filter(|(_, lines)| !lines.is_empty()) {
            let file = of_lines(path, lines.values());
            summary.lines = summary.lines.saturating_add(file.lines);
            summary.covered = summary.covered.saturating_add(file.covered);
            summary.files.push(file);
        }
        summary
    }

    /// How much of the changed lines was run: for each file its added lines in the text after.
    ///
    /// A changed file of which the report says nothing does not count: it may be no source.
    pub fn of_changes(&self, changes: &[(&RelPath, &[LineSpan])]) -> ChangedCoverage {
        let mut found = ChangedCoverage::default();
        let mut changes: Vec<_> = changes.to_vec();
        changes.sort_by_key(|(path, _)| *path);
        for (path, added) in changes {
            let known = self.files.get(path).filter(|lines| !lines.is_empty());
            let Some(lines) = known else { continue };
            let changed = |line: &u32| {
                added.iter().any(|a| a.first_line <= *line && *line - a.first_line < a.lines)
            };
            let lines: Vec<(u32, u64)> =
                lines.iter().filter(|(line, _)| changed(line)).map(|(l, h)| (*l, *h)).collect();
            let file = of_lines(path, lines.iter().map(|(_, hits)| hits));
            found.lines = found.lines.saturating_add(file.lines);
            found.covered = found.covered.saturating_add(file.covered);
            found.files.push(file);
            let missed = lines.iter().filter(|(_, hits)| *hits == 0);
            let missed = missed.map(|(line, _)| Place { path: path.clone(), line: *line });
            found.missed.extend(missed.take(MISSED_MAX.saturating_sub(found.missed.len())));
        }
        found
    }

    /// Adds the counts of another report.
    pub fn merge(&mut self, other: Self) {
        for (path, lines) in other.files {
            self.mention(path.clone());
            for (line, hits) in lines {
                self.add(path.clone(), line, hits);
            }
        }
    }

    /// The files of which anything is known, in order.
    pub(crate) fn files(&self) -> impl Iterator<Item = &RelPath> {
        self.files.iter().filter(|(_, lines)| !lines.is_empty()).map(|(path, _)| path)
    }

    /// The lines of a file of which anything is known, from 0, and how often each was run.
    pub(crate) fn lines(&self, path: &RelPath) -> Option<&BTreeMap<u32, u64>> {
        self.files.get(path)
    }

    /// Whether a file was come upon.
    pub(crate) fn has(&self, path: &RelPath) -> bool {
        self.files.contains_key(path)
    }

    /// A file was come upon, and nothing is known of its lines.
    pub(crate) fn mention(&mut self, path: RelPath) {
        self.files.entry(path).or_default();
    }

    /// Forgets the files that `keep` does not want.
    pub fn retain(&mut self, keep: impl Fn(&RelPath) -> bool) {
        self.files.retain(|path, _| keep(path));
    }

    /// As an LCOV tracefile with paths from the root of the tree. A path that is no text is left out.
    pub fn to_lcov(&self) -> String {
        let mut out = String::new();
        for (path, lines) in &self.files {
            let Some(path) = path.as_str().filter(|path| !path.contains(['\n', '\r'])) else {
                continue;
            };
            out.push_str(&format!("SF:{path}\n"));
            for (line, hits) in lines {
                out.push_str(&format!("DA:{},{hits}\n", u64::from(*line) + 1));
            }
            out.push_str("end_of_record\n");
        }
        out
    }

    pub(crate) fn add(&mut self, path: RelPath, line: u32, hits: u64) {
        let sum = self.files.entry(path).or_default().entry(line).or_default();
        *sum = sum.saturating_add(hits);
    }
}

fn of_lines<'h>(path: &RelPath, hits: impl Iterator<Item = &'h u64>) -> FileCoverage {
    let mut file = FileCoverage { path: path.clone(), lines: 0, covered: 0 };
    for hits in hits {
        file.lines += 1;
        file.covered += u32::from(*hits > 0);
    }
    file
}

/// A line from 1 and how often it was run; a negative count is how some tools write overflow.
fn entry(line: &str, hits: &str) -> Option<(u32, u64)> {
    let line: u32 = line.trim().parse().ok()?;
    let hits = hits.trim();
    let hits = if hits.starts_with('-') { 0 } else { hits.parse().ok()? };
    Some((line.checked_sub(1)?, hits))
}

pub(crate) fn read_lcov(text: &str, entries: &mut Entries<'_>) -> Result<(), ReportError> {
    const FORMAT: &str = "LCOV tracefile";
    let mut coverage = LineCoverage::default();
    let (mut count, mut records) = (0, 0);
    // The open record, and its file if that lies in the tree.
    let mut open: Option<Option<RelPath>> = None;
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if let Some(path) = line.strip_prefix("SF:") {
            let path = entries.path(path);
            path.iter().for_each(|path| coverage.mention(path.clone()));
            open = Some(path);
            records += 1;
        } else if line == "end_of_record" {
            open = None;
        } else if let Some(data) = line.strip_prefix("DA:") {
            let mut parts = data.split(',');
            let read = parts.next().zip(parts.next()).and_then(|(l, h)| entry(l, h));
            let Some((at, hits)) = read else {
                return Err(malformed(FORMAT, number + 1, "`DA:` needs a line and a count"));
            };
            let Some(file) = &open else {
                return Err(malformed(FORMAT, number + 1, "a line comes before its file"));
            };
            count += 1;
            if count > REPORT_ITEMS_MAX {
                return Err(ReportError::TooMany);
            }
            if let Some(file) = file {
                coverage.add(file.clone(), at, hits);
            }
        }
    }
    if open.is_some() {
        return Err(ReportError::Truncated { reason: "a record does not end".to_owned() });
    }
    if records == 0 {
        return Err(ReportError::Empty { format: FORMAT });
    }
    entries.coverage = Some(coverage);
    Ok(())
}

pub(crate) fn read_cobertura(text: &str, entries: &mut Entries<'_>) -> Result<(), ReportError> {
    const FORMAT: &str = "Cobertura report";
    let mut coverage = LineCoverage::default();
    let mut sources: Vec<String> = Vec::new();
    let (mut in_source, mut in_method, mut count, mut root) = (false, false, 0, true);
    let mut file: Option<RelPath> = None;
    pieces(FORMAT, text, |piece| {
        match piece {
            Piece::Open(element) => {
                if std::mem::take(&mut root) && element.name != "coverage" {
                    let reason = format!("it begins with `<{}>`", element.name);
                    return Err(malformed(FORMAT, 1, reason));
                }
                match element.name.as_str() {
                    "source" => {
                        in_source = true;
                        sources.push(String::new());
                    }
                    "class" => {
                        let name = element.attribute("filename").unwrap_or_default();
                        file = located(entries, &sources, name);
                    }
                    // Lines of a method are listed again for its class.
                    "method" => in_method = true,
                    "line" if !in_method => {
                        count += 1;
                        if count > REPORT_ITEMS_MAX {
                            return Err(ReportError::TooMany);
                        }
                        let number = element.attribute("number").unwrap_or_default();
                        let hits = element.attribute("hits").unwrap_or_default();
                        let Some((at, hits)) = entry(number, hits) else {
                            let reason = "`<line>` needs a `number` and `hits`";
                            return Err(malformed(FORMAT, 1, reason));
                        };
                        if let Some(file) = &file {
                            coverage.add(file.clone(), at, hits);
                        }
                    }
                    _ => {}
                }
            }
            Piece::Text(text) => {
                if let (true, Some(source)) = (in_source, sources.last_mut()) {
                    source.push_str(text.trim());
                }
            }
            Piece::Close(name) => match name.as_str() {
                "source" => in_source = false,
                "method" => in_method = false,
                "class" => file = None,
                _ => {}
            },
        }
        Ok(())
    })?;
    entries.coverage = Some(coverage);
    Ok(())
}

/// A file's name counts from the source folder that lies in the tree, if one does.
fn located(entries: &Entries<'_>, sources: &[String], name: &str) -> Option<RelPath> {
    let joined = sources.iter().filter(|source| !name.starts_with('/') && source.starts_with('/'));
    let mut joined = joined.map(|source| format!("{}/{name}", source.trim_end_matches('/')));
    joined.find_map(|path| entries.path(&path)).or_else(|| entries.path(name))
}
