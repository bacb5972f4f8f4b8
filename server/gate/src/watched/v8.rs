//! What Node writes to `NODE_V8_COVERAGE`: for each process and script the ranges that were run, and the source maps
//! that it came upon.
//!
//! Offsets are of the script as V8 compiled it, in units of UTF-16. A script counts only if its length is that of the
//! file, or of the text that its source map is of: what runs in a wrapper has other offsets, and nobody could tell.

use std::collections::{BTreeMap, BTreeSet};

use model::{Language, RelPath};
use oxc_sourcemap::{JSONSourceMap, SourceMap};
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::Value;
use syntax::language_of;

use super::{LeftFile, Start, is_foreign, starts};
use crate::report::{Entries, LineCoverage, REPORT_ITEMS_MAX, ReportError, ReportPlace, malformed};

const FORMAT: &str = "V8 coverage";

/// Before the number of a process in the name of what it leaves at its beginning, and at its end.
const STARTED: &str = "started-";
const ENDED: &str = "coverage-";

/// What the workers of runners that count themselves run.
const WORKERS: &[&str] =
    &["/node_modules/vitest/", "/node_modules/tinypool/", "/node_modules/jest-worker/"];

/// What a process leaves that starts something which would leave nothing.
const UNSEEN: &str = "unseen";

#[derive(Deserialize)]
struct Process {
    result: Vec<Script>,
    #[serde(rename = "source-map-cache", default)]
    maps: BTreeMap<String, Mapped>,
}

#[derive(Deserialize)]
struct Script {
    url: String,
    #[serde(default)]
    functions: Vec<Function>,
}

#[derive(Deserialize)]
struct Function {
    #[serde(default)]
    ranges: Vec<Run>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "camelCase")]
struct Run {
    start_offset: usize,
    end_offset: usize,
    count: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Mapped {
    line_lengths: Vec<usize>,
    #[serde(default)]
    data: Option<Value>,
}

/// A file of the tree: where its statements begin, by offset and by line and column, all in UTF-16.
struct Source {
    units: usize,
    starts: Vec<(usize, Start)>,
}

/// Sources by their path; `None` for what is none, or cannot be read.
struct Sources<'t> {
    text: &'t dyn Fn(&RelPath) -> Option<Vec<u8>>,
    entries: Entries<'t>,
    known: BTreeMap<String, Option<(RelPath, Source)>>,
}

/// Reads what the processes of a run left, all of which have to; where the runner `counted` itself, but for its workers.
pub(super) fn read(
    left: &[LeftFile],
    counted: bool,
    text: &dyn Fn(&RelPath) -> Option<Vec<u8>>,
    place: ReportPlace<'_>,
) -> Result<LineCoverage, ReportError> {
    let mut sources = Sources { text, entries: Entries::new(place), known: BTreeMap::new() };
    let (mut coverage, mut count) = (LineCoverage::default(), 0);
    // A runner that counts itself counts in its workers, and may end them as it likes.
    let worker = |(name, script): &LeftFile| {
        let pid = name.strip_prefix(STARTED).filter(|_| counted)?;
        let script = String::from_utf8_lossy(script);
        WORKERS.iter().any(|of| script.contains(of)).then(|| pid.to_owned())
    };
    let workers: BTreeSet<String> = left.iter().filter_map(worker).collect();
    let began = |(name, _): &LeftFile| name.strip_prefix(STARTED).map(str::to_owned);
    let ended = |(name, _): &LeftFile| {
        name.strip_prefix(ENDED).and_then(|rest| rest.split('-').next()).map(str::to_owned)
    };
    let began: BTreeSet<String> = left.iter().filter_map(began).collect();
    let over: BTreeSet<String> = left.iter().filter_map(ended).collect();
    let silent = began.difference(&workers).ne(over.difference(&workers));
    if silent || began.is_empty() || left.iter().any(|(name, _)| name == UNSEEN) {
        return Err(truncated("a process did not come to its end, or its beginning was not seen"));
    }
    for (_, report) in left.iter().filter(|file| ended(file).is_some()) {
        let process: Process = serde_json::from_slice(report)
            .map_err(|error| malformed(FORMAT, error.line(), error))?;
        for script in &process.result {
            let Some(path) = sources.within(&script.url) else { continue };
            let mapped = process.maps.get(&script.url);
            let mapped = mapped.and_then(|mapped| Some((mapped.map()?, &mapped.line_lengths)));
            count += mapped.as_ref().map_or(0, |(map, _)| map.get_tokens().count());
            count += script.functions.iter().map(|of| of.ranges.len()).sum::<usize>();
            let ran = match &mapped {
                Some((map, line_lengths)) => through(map, line_lengths, script, &mut sources),
                None if sources.of(&script.url).is_some() => Some(directly(script, &mut sources)),
                None => None,
            };
            // What it was made of was run, too, and nobody can tell which lines of that.
            let Some(ran) = ran.or_else(|| (sources.text)(&path).map(|_| Lines::new())) else {
                return Err(truncated(
                    "what was built was run, without a source map that says of what",
                ));
            };
            // Whatever comes of it, it was come upon.
            coverage.mention(path);
            count += ran.len();
            if count > REPORT_ITEMS_MAX {
                return Err(ReportError::TooMany);
            }
            for ((path, line), hits) in ran {
                coverage.add(path, line, hits);
            }
        }
    }
    Ok(coverage)
}

fn truncated(reason: &str) -> ReportError {
    ReportError::Truncated { reason: reason.to_owned() }
}

/// How often lines were run.
type Lines = BTreeMap<(RelPath, u32), u64>;

/// A script that is a file of the tree as it is.
fn directly(script: &Script, sources: &mut Sources<'_>) -> Lines {
    let Some((path, source)) = sources.of(&script.url) else { return Lines::new() };
    if !is_as_long_as(script, source.units) {
        return Lines::new();
    }
    let offsets: Vec<usize> = source.starts.iter().map(|(offset, _)| *offset).collect();
    let counts = counts(script, &offsets);
    let starts = source.starts.iter().map(|(_, start)| start.line);
    most(starts.zip(counts).map(|(line, hits)| ((path.clone(), line), hits)))
}

/// A script that was made of files of the tree: a statement was run as often as the first of what was made of it. `None` if
/// the map does not say all of it.
fn through(
    map: &SourceMap<'_>,
    line_lengths: &[usize],
    script: &Script,
    sources: &mut Sources<'_>,
) -> Option<Lines> {
    let mut line_starts = Vec::with_capacity(line_lengths.len());
    let mut units = 0_usize;
    for length in line_lengths {
        line_starts.push(units);
        units = units.saturating_add(*length).saturating_add(1);
    }
    if !is_as_long_as(script, units.saturating_sub(1)) {
        return None;
    }
    // For each source, by its name, what was made of its places.
    let mut made: BTreeMap<&str, BTreeMap<(u32, u32), usize>> = BTreeMap::new();
    for token in map.get_tokens() {
        let line = usize::try_from(token.get_dst_line()).ok();
        let line = line.and_then(|line| line_starts.get(line));
        let column = usize::try_from(token.get_dst_col()).ok();
        let source = token.get_source_id().and_then(|source| map.get_source(source));
        if let (Some(source), Some(line), Some(column)) = (source, line, column) {
            let at = (token.get_src_line(), token.get_src_col());
            made.entry(source).or_default().entry(at).or_insert(line.saturating_add(column));
        }
    }
    let mut placed = Vec::new();
    for (source, made) in made {
        let Some((path, source)) = sources.of(source) else {
            // Of somebody else's files nothing is asked.
            if source.starts_with("file://") && sources.within(source).is_none() {
                continue;
            }
            return None;
        };
        for (_, start) in &source.starts {
            let column = u32::try_from(start.column).unwrap_or(u32::MAX);
            let after = made.range((start.line, column)..).next();
            if let Some((_, offset)) = after.filter(|((line, _), _)| *line == start.line) {
                placed.push((*offset, (path.clone(), start.line)));
            }
        }
    }
    placed.sort_unstable();
    let offsets: Vec<usize> = placed.iter().map(|(offset, _)| *offset).collect();
    let counts = counts(script, &offsets);
    Some(most(placed.into_iter().map(|(_, place)| place).zip(counts)))
}

/// A line was run as often as what was run most often on it.
fn most(places: impl Iterator<Item = ((RelPath, u32), u64)>) -> Lines {
    let mut lines = Lines::new();
    for (place, hits) in places {
        let most = lines.entry(place).or_default();
        *most = hits.max(*most);
    }
    lines
}

/// The first function of a script is all of it.
fn is_as_long_as(script: &Script, units: usize) -> bool {
    let whole = script.functions.first().and_then(|all| all.ranges.first());
    whole.is_some_and(|all| all.start_offset == 0 && all.end_offset == units)
}

/// How often the places at `offsets`, which ascend, were run: as the smallest range around each. Ranges nest.
fn counts(script: &Script, offsets: &[usize]) -> Vec<u64> {
    let ranges = script.functions.iter().flat_map(|of| &of.ranges);
    let mut ranges: Vec<Run> = ranges.copied().collect();
    ranges.sort_by_key(|run| (run.start_offset, std::cmp::Reverse(run.end_offset)));
    let mut next = ranges.into_iter().peekable();
    let mut open: Vec<Run> = Vec::new();
    let count = |offset: &usize| {
        while let Some(run) = next.next_if(|run| run.start_offset <= *offset) {
            open.push(run);
        }
        while open.last().is_some_and(|run| run.end_offset <= *offset) {
            open.pop();
        }
        open.last().map_or(0, |run| run.count)
    };
    offsets.iter().map(count).collect()
}

impl Mapped {
    fn map(&self) -> Option<SourceMap<'static>> {
        let map = JSONSourceMap::deserialize(self.data.as_ref()?).ok()?;
        SourceMap::from_json(map).ok()
    }
}

impl Sources<'_> {
    /// The file of the tree that a URL means: source of the project itself.
    fn of(&mut self, url: &str) -> Option<(RelPath, &Source)> {
        if !self.known.contains_key(url) {
            let found = self.find(url);
            self.known.insert(url.to_owned(), found);
        }
        let (path, source) = self.known.get(url)?.as_ref()?;
        Some((path.clone(), source))
    }

    /// The path in the tree that a URL means, but for what is installed there.
    fn within(&self, url: &str) -> Option<RelPath> {
        // What loads a module anew puts a question behind its name.
        let path = url.strip_prefix("file://")?.split(['?', '#']).next()?;
        let path = percent_decode_str(path).decode_utf8().ok()?;
        let path = self.entries.path(&path)?;
        let installed = path.as_str()?.split('/').any(|part| part == "node_modules");
        (!installed).then_some(path)
    }

    fn find(&self, url: &str) -> Option<(RelPath, Source)> {
        let path = self.within(url).filter(|path| !is_foreign(path))?;
        let language = language_of(&path, b"")?;
        let own = matches!(language, Language::JavaScript | Language::TypeScript | Language::Tsx);
        let bytes = (self.text)(&path).filter(|_| own)?;
        let text = std::str::from_utf8(&bytes).ok()?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut starts = starts(language, text.as_bytes()).ok()?.into_iter().peekable();
        let (mut units, mut line_start, mut found) = (0, 0, Vec::new());
        for (byte, c) in text.char_indices() {
            if let Some(start) = starts.next_if(|start| start.byte == byte) {
                found.push((units, Start { column: units - line_start, ..start }));
            }
            units += c.len_utf16();
            if c == '\n' {
                line_start = units;
            }
        }
        Some((path, Source { units, starts: found }))
    }
}
