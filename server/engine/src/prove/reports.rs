//! The reports that a gate's run left: where they lie, and what they say together.

use gate::{Globs, LeftFile, Report, ReportError, ReportPlace, read_report};
use model::{Artifact, GateDefinition, RelPath, ReportDefinition, ReportFormat};
use workspace::{CHECKOUT_AT, FileError, REPORT_FILES_MAX, Reports, Room, Written};

/// The longest report that is read.
const BYTES_MAX: u64 = gate::REPORT_LIMIT_BYTES as u64;

/// What a run printed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Printed {
    /// On its standard output.
    pub stdout: Vec<u8>,
    /// On both outputs, in the order in which it came.
    pub all: Vec<u8>,
    /// Whether there was more.
    pub truncated: bool,
}

/// A report as it was found: the place of its definition, its name and its bytes.
#[derive(Debug)]
pub(crate) struct Found {
    pub definition: usize,
    pub name: String,
    pub bytes: Result<Vec<u8>, ReportError>,
}

impl Found {
    /// The name it is kept under.
    pub(crate) fn artifact_name(&self) -> String {
        format!("{}:{}", self.definition, self.name)
    }
}

/// The reports that `gate` left, in the order of its definitions.
pub(crate) fn find(
    gate: &GateDefinition,
    room: &Room,
    folder: &Reports,
    printed: &Printed,
) -> Result<Vec<Found>, FileError> {
    let mut found = Vec::new();
    for (definition, report) in gate.reports.iter().enumerate() {
        let Some(path) = &report.path else {
            found.push(Found {
                definition,
                name: "printed".to_owned(),
                bytes: as_printed(printed),
            });
            continue;
        };
        let written = written(gate, path, room, folder)?;
        let flaw = match written.len() {
            0 => Some(ReportError::Missing { place: path.clone() }),
            // There may be more, and what they say is not known.
            REPORT_FILES_MAX.. => Some(ReportError::TooMany),
            _ => None,
        };
        if let Some(flaw) = flaw {
            found.push(Found { definition, name: path.clone(), bytes: Err(flaw) });
        }
        found.extend(written.into_iter().map(|Written { path, bytes }| Found {
            definition,
            name: path.to_string(),
            bytes: bytes.ok_or(ReportError::TooLarge { size_bytes: gate::REPORT_LIMIT_BYTES + 1 }),
        }));
    }
    Ok(found)
}

/// What is for people is told on both outputs, and their order says what belongs to what; formats for programs come on
/// the standard output alone.
pub(crate) fn reads_both(gate: &GateDefinition) -> bool {
    use ReportFormat::{CargoTest, Diagnostics, NodeSpec, Pytest, Unittest};
    let for_people =
        |format| matches!(format, CargoTest | Pytest | Unittest | NodeSpec | Diagnostics);
    gate.reports.iter().all(|report| report.path.is_some() || for_people(report.format))
}

fn as_printed(printed: &Printed) -> Result<Vec<u8>, ReportError> {
    if printed.truncated {
        return Err(ReportError::TooLarge { size_bytes: gate::REPORT_LIMIT_BYTES + 1 });
    }
    Ok(printed.stdout.clone())
}

/// The files in the reports' own folder that `patterns` match, by their names; `None` if one is too long, or there are too
/// many.
pub(crate) fn left(
    patterns: &[&str],
    folder: &Reports,
) -> Result<Option<Vec<LeftFile>>, FileError> {
    let wanted: Vec<_> = patterns.iter().map(|pattern| wanted(pattern, None)).collect();
    let wanted = |path: &RelPath| wanted.iter().any(|wanted| wanted(path));
    let written = folder.written_where(&wanted, BYTES_MAX)?;
    if written.len() >= REPORT_FILES_MAX {
        return Ok(None);
    }
    let named = |Written { path, bytes }: Written| {
        Some((String::from_utf8_lossy(path.file_name()).into_owned(), bytes?))
    };
    Ok(written.into_iter().map(named).collect())
}

fn written(
    gate: &GateDefinition,
    path: &str,
    room: &Room,
    folder: &Reports,
) -> Result<Vec<Written>, FileError> {
    let outside = path.starts_with(model::REPORTS_PLACEHOLDER);
    let below = gate.folder.as_ref().filter(|_| !outside);
    let wanted = wanted(path, below);
    match outside {
        true => folder.written_where(&wanted, BYTES_MAX),
        false => room.written_where(&wanted, BYTES_MAX),
    }
}

/// Which paths a pattern means. One that cannot be read matches nothing, and the report is missing then.
fn wanted(pattern: &str, below: Option<&RelPath>) -> impl Fn(&RelPath) -> bool {
    let pattern = pattern.strip_prefix(model::REPORTS_PLACEHOLDER).unwrap_or(pattern);
    let pattern = pattern.trim_start_matches('/');
    let pattern = below.map_or(format!("/{pattern}"), |below| format!("/{below}/{pattern}"));
    let globs = Globs::compile(&[pattern]).ok();
    move |path| globs.as_ref().is_some_and(|globs| globs.matches(path))
}

/// What the reports say together; the first that cannot be read is what is said of all.
pub(crate) fn read<'b>(
    gate: &GateDefinition,
    reports: impl Iterator<Item = (usize, Result<&'b [u8], ReportError>)>,
) -> Result<Report, ReportError> {
    let mut all = Report::default();
    for (definition, bytes) in reports {
        let Some(ReportDefinition { format, .. }) = gate.reports.get(definition) else { continue };
        let place = ReportPlace { root: CHECKOUT_AT, folder: gate.folder.as_ref() };
        all.merge(read_report(*format, bytes?, place)?);
    }
    Ok(all)
}

/// The definition that a kept report is of; `None` for a log.
pub(crate) fn definition_of(artifact: &Artifact) -> Option<usize> {
    artifact.name.split_once(':').and_then(|(definition, _)| definition.parse().ok())
}
