//! Reports of real tools, and what must not bring a reader down.

use std::fmt::Write as _;

use expect_test::expect_file;
use proptest::prelude::*;

use super::*;

const PLACE: ReportPlace<'_> = ReportPlace { root: "/checkout", folder: None };

const FORMATS: &[(&str, ReportFormat)] = &[
    ("junit", ReportFormat::Junit),
    ("sarif", ReportFormat::Sarif),
    ("lcov", ReportFormat::Lcov),
    ("cobertura", ReportFormat::Cobertura),
    ("cargo-test", ReportFormat::CargoTest),
    ("libtest-json", ReportFormat::LibtestJson),
    ("cargo-json", ReportFormat::CargoJson),
    ("pytest", ReportFormat::Pytest),
    ("unittest", ReportFormat::Unittest),
    ("go-json", ReportFormat::GoJson),
    ("jest-json", ReportFormat::JestJson),
    ("tap", ReportFormat::Tap),
    ("node-spec", ReportFormat::NodeSpec),
    ("diagnostics", ReportFormat::Diagnostics),
];

fn shown(report: &Result<Report, ReportError>) -> String {
    let report = match report {
        Ok(report) => report,
        Err(error) => return format!("error: {error}\n"),
    };
    let mut out = String::new();
    for test in &report.tests {
        writeln!(out, "{:?} [{}] {}", test.outcome, test.id.suite, test.id.name).unwrap();
    }
    for (test, message) in &report.messages {
        writeln!(out, "{test} said: {:?}", message.lines().take(2).collect::<Vec<_>>()).unwrap();
    }
    for finding in &report.findings {
        let path = finding.path.as_ref().map_or("-".to_owned(), RelPath::to_string);
        let line = finding.first_line.map_or("-".to_owned(), |line| (line + 1).to_string());
        let (severity, rule) = (finding.severity, &finding.rule);
        writeln!(out, "{severity} {rule} {path}:{line} {}", finding.message).unwrap();
    }
    for file in report.coverage.iter().flat_map(|coverage| coverage.summary().files) {
        writeln!(out, "{} {}/{}", file.path, file.covered, file.lines).unwrap();
    }
    if let Some(reason) = &report.incomplete {
        writeln!(out, "incomplete: {reason}").unwrap();
    }
    out
}

fn fixtures() -> Vec<(std::path::PathBuf, ReportFormat)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/reports");
    #[expect(clippy::disallowed_methods, reason = "a test lists its fixtures")]
    let entries = std::fs::read_dir(folder).unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension != "expected"));
    paths.sort();
    let format = |path: &std::path::Path| {
        let extension = path.extension().unwrap().to_str().unwrap();
        let known = FORMATS.iter().find(|(name, _)| *name == extension);
        known.unwrap_or_else(|| panic!("{extension} is no format")).1
    };
    paths.into_iter().map(|path| (path.clone(), format(&path))).collect()
}

fn bytes_of(path: &std::path::Path) -> Vec<u8> {
    #[expect(clippy::disallowed_methods, reason = "a test reads its fixtures")]
    std::fs::read(path).unwrap()
}

#[test]
fn every_report_reads_as_it_says() {
    let fixtures = fixtures();
    let formats: std::collections::BTreeSet<_> =
        fixtures.iter().map(|(_, format)| *format).collect();
    assert_eq!(formats.len(), FORMATS.len(), "a format has no fixture");
    for (path, format) in fixtures {
        let report = read_report(format, &bytes_of(&path), PLACE);
        expect_file![format!("{}.expected", path.display())].assert_eq(&shown(&report));
    }
}

#[test]
fn a_report_cut_off_anywhere_never_shows_more() {
    for (path, format) in fixtures() {
        let bytes = bytes_of(&path);
        let Ok(whole) = read_report(format, &bytes, PLACE) else { continue };
        for end in (0..bytes.len()).step_by(7) {
            if let Ok(part) = read_report(format, &bytes[..end], PLACE) {
                // A name that is cut in the middle is another name.
                let most = whole.tests.len() + 1;
                assert!(part.tests.len() <= most, "{} at {end}", path.display());
            }
        }
    }
}

#[test]
fn reports_over_a_limit_are_refused() {
    let long = vec![b' '; REPORT_LIMIT_BYTES + 1];
    for (_, format) in FORMATS {
        let error = read_report(*format, &long, PLACE).unwrap_err();
        assert_eq!(error, ReportError::TooLarge { size_bytes: REPORT_LIMIT_BYTES + 1 });
    }
    let mut lcov = "SF:a\n".to_owned();
    lcov.push_str(&"DA:1,1\n".repeat(REPORT_ITEMS_MAX + 1));
    let error = read_report(ReportFormat::Lcov, lcov.as_bytes(), PLACE);
    assert_eq!(error, Err(ReportError::TooMany));
}

#[test]
fn nesting_and_declared_entities_do_no_harm() {
    let deep = "<testsuite>".repeat(100_000);
    let error = read_report(ReportFormat::Junit, deep.as_bytes(), PLACE).unwrap_err();
    assert!(error.to_string().contains("nested deeper"), "{error}");
    let laughs = r#"<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]>
<testsuite name="s"><testcase name="&b;&lt;" classname="c"><failure>&b;</failure></testcase></testsuite>"#;
    let report = read_report(ReportFormat::Junit, laughs.as_bytes(), PLACE).unwrap();
    assert_eq!(report.tests.len(), 1);
    assert!(report.tests[0].id.name.len() < 20, "{:?}", report.tests);
    let deep = format!("{{\"runs\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
    assert!(read_report(ReportFormat::Sarif, deep.as_bytes(), PLACE).is_err());
}

#[test]
fn names_are_free_of_what_changes_from_run_to_run() {
    let of = |root: &str, address: &str| {
        let text = format!(
            "<testsuite><testcase classname=\"{root}/a\" name=\"t[{address}]\"/></testsuite>"
        );
        let place = ReportPlace { root, folder: None };
        read_report(ReportFormat::Junit, text.as_bytes(), place).unwrap().tests
    };
    assert_eq!(of("/run/1", "0x7f3a5c001230"), of("/run/22", "0x55d0aa11ee00"));
    assert_ne!(of("/run/1", "0x10"), of("/run/1", "0x20"), "a short number is a value");
    let long = |end: char| of("/r", &format!("{}{end}", "é".repeat(400)));
    assert_ne!(long('a'), long('b'), "long names stay apart");
}

#[test]
fn reports_of_one_run_add_up() {
    let part = |name: &str, how: &str| {
        let text =
            format!("<testsuite name=\"s\"><testcase name=\"{name}\">{how}</testcase></testsuite>");
        read_report(ReportFormat::Junit, text.as_bytes(), PLACE).unwrap()
    };
    let mut all = part("a", "");
    all.merge(part("b", ""));
    all.merge(part("a", "<failure message=\"no\"/>"));
    assert_eq!(shown(&Ok(all)), "Failed [s] a\nPassed [s] b\ns a said: [\"no\"]\n");
}

#[test]
fn paths_count_from_the_folder_of_the_gate() {
    let folder: RelPath = "web".parse().unwrap();
    let entries = Entries::new(ReportPlace { root: "/checkout/", folder: Some(&folder) });
    let path = |text: &str| entries.path(text).map(|path| path.to_string());
    assert_eq!(path("src/a.ts").as_deref(), Some("web/src/a.ts"));
    assert_eq!(path("./../core/a.rs").as_deref(), Some("core/a.rs"));
    assert_eq!(path("/checkout/core/a.rs").as_deref(), Some("core/a.rs"));
    assert_eq!(path("/checkouts/a.rs"), None);
    assert_eq!(path("../../a.rs"), None);
    assert_eq!(path("/checkout/.git/config"), None);
}

#[test]
fn coverage_counts_changed_lines_only() {
    let text = "SF:a.rs\nDA:1,1\nDA:2,0\nDA:3,1\nDA:9,0\nend_of_record\n";
    let coverage =
        read_report(ReportFormat::Lcov, text.as_bytes(), PLACE).unwrap().coverage.unwrap();
    let path: RelPath = "a.rs".parse().unwrap();
    let readme: RelPath = "README.md".parse().unwrap();
    let span = model::LineSpan { start: 0, end: 0, first_line: 1, lines: 3 };
    let changed = coverage.of_changes(&[(&readme, &[span]), (&path, &[span])]);
    assert_eq!((changed.lines, changed.covered), (2, 1));
    assert_eq!(changed.missed, [model::Place { path, line: 1 }]);
    assert_eq!(changed.files.len(), 1, "nothing is known of a file that is no source");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn bytes_of_any_kind_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        for (_, format) in FORMATS {
            let _report = read_report(*format, &bytes, PLACE);
        }
    }

    #[test]
    fn damaged_reports_are_read_or_refused(at in any::<prop::sample::Index>(), byte in any::<u8>(), which in any::<prop::sample::Index>()) {
        let fixtures = fixtures();
        let (path, format) = which.get(&fixtures);
        let mut bytes = bytes_of(path);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let _report = read_report(*format, &bytes, PLACE);
    }
}
