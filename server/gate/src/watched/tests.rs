use std::collections::BTreeMap;

use model::{GateSource, ReportDefinition};
use proptest::prelude::*;

use super::*;

const PLACE: ReportPlace<'_> = ReportPlace { root: "/checkout", folder: None };

fn gate(command: &[&str]) -> GateDefinition {
    GateDefinition {
        id: "tests".parse().unwrap(),
        kind: GateKind::Test,
        command: command.iter().map(|word| (*word).to_owned()).collect(),
        folder: None,
        reports: Vec::new(),
        time_limit_s: 60,
        source: GateSource::Configured,
    }
}

fn path(text: &str) -> RelPath {
    text.parse().unwrap()
}

/// What is known of the lines of one file: `+` where they were run, `-` where they were missed.
fn shown(coverage: &LineCoverage, file: &str, text: &str) -> String {
    let lcov = coverage.to_lcov();
    let lines =
        lcov.split("end_of_record\n").find(|record| record.contains(&format!("SF:{file}\n")));
    let lines: BTreeMap<usize, bool> = lines
        .unwrap_or_default()
        .lines()
        .filter_map(|line| line.strip_prefix("DA:")?.split_once(','))
        .map(|(line, hits)| (line.parse().unwrap(), hits != "0"))
        .collect();
    let mark = |number: usize| match lines.get(&number) {
        Some(true) => '+',
        Some(false) => '-',
        None => ' ',
    };
    text.lines().enumerate().map(|(at, line)| format!("{}{line}\n", mark(at + 1))).collect()
}

#[test]
fn what_is_watched_and_how() {
    let command = |words: &[&str]| {
        watched(&gate(words)).map(|watched| {
            let shown = watched.gate().argv("/reports").join(" ").replace(TRACER, "TRACER");
            let env = watched.env("/reports");
            let env = env.iter().filter(|(name, _)| *name != "NODE_OPTIONS");
            env.map(|(name, value)| format!("{name}={value} ")).collect::<String>() + &shown
        })
    };
    let check = |words: &[&str], expected: Option<&str>| {
        assert_eq!(command(words).as_deref(), expected, "{words:?}");
    };
    check(&["npm", "run", "test"], Some("NODE_V8_COVERAGE=/reports/v8 npm run test"));
    check(
        &["python3", "-m", "unittest", "discover"],
        Some("python3 -c TRACER /reports/lines.lcov unittest discover"),
    );
    check(
        &["python3", "-m", "pytest", "-rA"],
        Some("python3 -c TRACER /reports/lines.lcov pytest -p no:xdist -rA"),
    );
    check(
        &["go", "test", "-json", "./..."],
        Some("go test -coverprofile=/reports/lines.out -coverpkg=./... -json ./..."),
    );
    check(&["go", "test", "-cover", "./..."], None);
    check(&["python3", "tests.py"], None);
    check(&["cargo", "test"], None);
    check(&["make", "test"], None);
    check(&[], None);
    let lint = GateDefinition { kind: GateKind::Lint, ..gate(&["npm", "run", "lint"]) };
    assert_eq!(watched(&lint), None);
    let report = ReportDefinition { format: ReportFormat::Lcov, path: Some("l".to_owned()) };
    let tells = GateDefinition { reports: vec![report], ..gate(&["npm", "run", "test"]) };
    assert_eq!(watched(&tells), None);
}

#[test]
fn runners_that_wrap_files_count_themselves() {
    let jest = |name: &str| {
        let path = Some(format!("{{reports}}/{name}"));
        let report = ReportDefinition { format: ReportFormat::JestJson, path };
        let command = ["npm", "run", "test", "--", "--json"];
        watched(&GateDefinition { reports: vec![report], ..gate(&command) }).unwrap()
    };
    let shown = |watched: &Watched| watched.gate().argv("/reports").join(" ");
    assert_eq!(
        shown(&jest("jest.json")),
        "npm run test -- --json --coverage --coverageReporters=lcovonly --coverageDirectory=/reports/lines --coverageThreshold={}"
    );
    assert!(shown(&jest("vitest.json")).ends_with("--coverage.reportsDirectory=/reports/lines"));
    assert_eq!(shown(&jest("mine.json")), "npm run test -- --json");
    // What the runner wrapped it counted itself, and what another process ran V8 did.
    let wrapped = v8("file:///checkout/a.js", &[&[(0, whole() + 70, 1)]], "{}");
    let other = v8("file:///checkout/b.js", &[&[(0, whole(), 1)]], "{}");
    let mut left = left(&[wrapped, other]);
    let counted = b"SF:a.js\nDA:3,1\nDA:4,0\nend_of_record\n".to_vec();
    left.push(("lcov.info".to_owned(), counted));
    let text = |_: &RelPath| Some(QUEUE.as_bytes().to_vec());
    let read = jest("jest.json").read(&left, &text, PLACE).unwrap();
    // Its workers it may end as it likes, but no others.
    let worker = b"/checkout/node_modules/tinypool/dist/entry/process.js".to_vec();
    left.push(("started-77".to_owned(), worker));
    assert_eq!(jest("jest.json").read(&left, &text, PLACE), Ok(read.clone()));
    left.push(("started-78".to_owned(), b"/checkout/serve.js".to_vec()));
    assert!(jest("jest.json").read(&left, &text, PLACE).is_err());
    let files = read.summary().files.into_iter().map(|file| (file.lines, file.covered));
    assert_eq!(files.collect::<Vec<_>>(), [(2, 1), (5, 5)]);
}

/// A command's parts have the run's folder put in place, and options of Node end at a space or a quote.
#[test]
fn what_watches_is_handed_over_whole() {
    assert!(!TRACER.contains(REPORTS_PLACEHOLDER));
    let env = watched(&gate(&["node", "--test"])).unwrap().env("/reports");
    let (_, options) = env.iter().find(|(name, _)| *name == "NODE_OPTIONS").unwrap();
    assert!(!options.contains([' ', '"', '\'', '\\', '\n']), "{options}");
    let first = options.strip_prefix("--import=data:text/javascript,").unwrap();
    let first = percent_encoding::percent_decode_str(first).decode_utf8().unwrap();
    assert_eq!(first, FIRST.replace("{reports}", "/reports"));
    assert!(first.contains("'/reports/v8'"));
}

/// V8's report of one script with these functions, each the ranges of it.
fn v8(url: &str, functions: &[&[(usize, usize, u64)]], maps: &str) -> Vec<u8> {
    let functions: Vec<serde_json::Value> = functions
        .iter()
        .map(|ranges| {
            let range = |(from, to, count): &(usize, usize, u64)| {
                serde_json::json!({ "startOffset": from, "endOffset": to, "count": count })
            };
            let ranges: Vec<_> = ranges.iter().map(range).collect();
            serde_json::json!({ "functionName": "", "ranges": ranges, "isBlockCoverage": true })
        })
        .collect();
    let maps: serde_json::Value = serde_json::from_str(maps).unwrap();
    let result = serde_json::json!({ "scriptId": "1", "url": url, "functions": functions });
    serde_json::json!({ "result": [result], "timestamp": 1, "source-map-cache": maps })
        .to_string()
        .into_bytes()
}

/// What processes left that came to their end.
fn left(reports: &[Vec<u8>]) -> Vec<(String, Vec<u8>)> {
    let of = |(pid, report): (usize, &Vec<u8>)| {
        let ended = (format!("coverage-{pid}-1700000000000-0.json"), report.clone());
        [(format!("started-{pid}"), Vec::new()), ended]
    };
    reports.iter().enumerate().flat_map(of).collect()
}

fn read_v8(reports: &[Vec<u8>], files: &[(&str, &str)]) -> LineCoverage {
    try_v8(reports, files).unwrap()
}

fn try_v8(reports: &[Vec<u8>], files: &[(&str, &str)]) -> Result<LineCoverage, ReportError> {
    let text = |asked: &RelPath| {
        let found = files.iter().find(|(name, _)| path(name) == *asked);
        found.map(|(_, text)| text.as_bytes().to_vec())
    };
    watched(&gate(&["node", "--test"])).unwrap().read(&left(reports), &text, PLACE)
}

const QUEUE: &str = "\
// é and 🦀 are one and two units.
export function smaller(a, b) {
    if (a < b) {
        return a;
    }
    return b;
}
export const never = (x) => {
    g(x);
};
";

/// Where `text` is in [`QUEUE`], in units of UTF-16.
fn unit(text: &str) -> usize {
    QUEUE.split_once(text).unwrap().0.encode_utf16().count()
}

fn whole() -> usize {
    QUEUE.encode_utf16().count()
}

#[test]
fn of_javascript_the_smallest_range_around_a_statement_counts() {
    let all = &[(0, whole(), 1)][..];
    let smaller = &[
        (unit("function smaller"), unit("export const"), 3),
        (unit("\n    return b"), unit("}\nexport const"), 0),
    ][..];
    let never = &[(unit("(x) =>"), unit(";\n};") + 3, 0)][..];
    let report = v8("file:///checkout/src/a%20b.js", &[all, smaller, never], "{}");
    let coverage = read_v8(std::slice::from_ref(&report), &[("src/a b.js", QUEUE)]);
    let expected = "
 // é and 🦀 are one and two units.
 export function smaller(a, b) {
+    if (a < b) {
+        return a;
     }
-    return b;
 }
+export const never = (x) => {
-    g(x);
 };
";
    assert_eq!(format!("\n{}", shown(&coverage, "src/a b.js", QUEUE)), expected);
    // What one process missed another came to.
    let other = v8("file:///checkout/src/a%20b.js", &[all], "{}");
    let coverage = read_v8(&[report, other], &[("src/a b.js", QUEUE)]);
    assert!(!shown(&coverage, "src/a b.js", QUEUE).contains("\n-"));
}

#[test]
fn a_script_of_another_length_than_its_file_says_nothing() {
    let mut mentioned = LineCoverage::default();
    mentioned.mention(path("a.js"));
    for length in [whole() - 1, whole() + 1] {
        let report = v8("file:///checkout/a.js", &[&[(0, length, 1)]], "{}");
        assert_eq!(read_v8(&[report], &[("a.js", QUEUE)]), mentioned);
    }
    let marked = format!("\u{feff}{QUEUE}");
    let report = v8("file:///checkout/a.js", &[&[(0, whole(), 1)]], "{}");
    assert_ne!(read_v8(&[report], &[("a.js", &marked)]), LineCoverage::default());
}

#[test]
fn what_belongs_to_others_says_nothing() {
    for url in [
        "node:internal/process",
        "/checkout/a.js",
        "file:///elsewhere/a.js",
        "file:///checkout/node_modules/b/a.js",
        "file:///checkout/../a.js",
    ] {
        let report = v8(url, &[&[(0, whole(), 1)]], "{}");
        let files = [("a.js", QUEUE), ("node_modules/b/a.js", QUEUE)];
        assert_eq!(read_v8(&[report], &files).files().next(), None, "{url}");
    }
}

/// As `tsc --sourceMap` writes it.
const TYPED: &str = "\
type A = number;
export function smaller(a: A, b: A): A {
    if (a < b) {
        return a;
    }
    return b;
}
";
const COMPILED: &str = "\
export function smaller(a, b) {
    if (a < b) {
        return a;
    }
    return b;
}
//# sourceMappingURL=a.js.map";
const MAPPINGS: &str = "AACA,MAAM,UAAU,OAAO,CAAC,CAAI,EAAE,CAAI;IAC9B,IAAI,CAAC,GAAG,CAAC,EAAE,CAAC;QACR,OAAO,CAAC,CAAC;IACb,CAAC;IACD,OAAO,CAAC,CAAC;AACb,CAAC";

fn compiled(lengths: &[usize], mappings: &str, runs: &[(usize, usize, u64)]) -> Vec<u8> {
    let maps = serde_json::json!({ "file:///checkout/dist/a.js": {
        "lineLengths": lengths,
        "data": { "version": 3, "file": "a.js", "sourceRoot": "", "names": [],
            "sources": ["file:///checkout/src/a.ts"], "mappings": mappings },
        "url": "a.js.map",
    }});
    v8("file:///checkout/dist/a.js", &[&[(0, COMPILED.len(), 1)], runs], &maps.to_string())
}

#[test]
fn what_a_compiler_made_is_read_through_its_map() {
    let lengths: Vec<usize> = COMPILED.split('\n').map(str::len).collect();
    let body = COMPILED.find("function").unwrap();
    let tail = COMPILED.find("\n    return b").unwrap();
    let end = COMPILED.find("\n//#").unwrap();
    let runs = [(body, end, 1), (tail, end - 1, 0)];
    let coverage = read_v8(&[compiled(&lengths, MAPPINGS, &runs)], &[("src/a.ts", TYPED)]);
    let expected = "
 type A = number;
 export function smaller(a: A, b: A): A {
+    if (a < b) {
+        return a;
     }
-    return b;
 }
";
    assert_eq!(format!("\n{}", shown(&coverage, "src/a.ts", TYPED)), expected);
    // Of another text than the one that was run.
    let others = [&[1][..], &lengths].concat();
    for (lengths, mappings) in [(&others, MAPPINGS), (&lengths, "!!")] {
        let read = try_v8(&[compiled(lengths, mappings, &runs)], &[("src/a.ts", TYPED)]);
        assert!(read.is_err(), "{read:?}");
    }
}

fn read_go(profile: &str, files: &[(&str, &str)]) -> Result<LineCoverage, ReportError> {
    let text = |asked: &RelPath| {
        let found = files.iter().find(|(name, _)| path(name) == *asked);
        found.map(|(_, text)| text.as_bytes().to_vec())
    };
    let go = watched(&gate(&["go", "test", "./..."])).unwrap();
    let folder = path("server");
    let place = ReportPlace { root: "/checkout", folder: Some(&folder) };
    go.read(&[("lines.out".to_owned(), profile.as_bytes().to_vec())], &text, place)
}

#[test]
fn of_go_the_block_around_a_statement_counts() {
    let text = "\
package queue

func Smaller(a, b int) int {
	if a < b {
		return a
	}
	defer func() { close() }()
	return b
}
";
    let module = "// The queue.\nmodule example.com/queue // here\n\ngo 1.21\n";
    let profile = "\
mode: set
example.com/queue/queue.go:3.28,4.11 1 1
example.com/queue/queue.go:4.11,6.3 1 0
example.com/queue/queue.go:7.2,7.15 1 1
example.com/queue/queue.go:7.15,7.26 1 0
example.com/queue/queue.go:8.2,8.10 1 1
example.com/other/queue.go:3.28,4.11 1 1
example.com/queue/queue.go:4.11,6.3 1 0
";
    let files = [("server/queue.go", text), ("server/go.mod", module)];
    let coverage = read_go(profile, &files).unwrap();
    let expected = "
 package queue
 
 func Smaller(a, b int) int {
+	if a < b {
-		return a
 	}
+	defer func() { close() }()
+	return b
 }
";
    assert_eq!(format!("\n{}", shown(&coverage, "server/queue.go", text)), expected);
    assert!(read_go("mode: set\n", &files).is_err());
    assert!(read_go(profile, &[]).is_err());
    assert!(read_go("mode: set\nexample.com/queue/queue.go:0.1,1.1 1 1\n", &files).is_err());
}

#[test]
fn a_module_that_is_loaded_anew_is_the_same_file() {
    let report = v8("file:///checkout/a.js?x=1#y", &[&[(0, whole(), 1)]], "{}");
    assert!(read_v8(&[report], &[("a.js", QUEUE)]).files().any(|file| *file == path("a.js")));
}

#[test]
fn what_was_built_without_a_map_leaves_nothing_known() {
    let built = v8("file:///checkout/dist/a.js", &[&[(0, whole(), 1)]], "{}");
    assert!(try_v8(&[built], &[("src/a.js", QUEUE)]).is_err());
    let hidden = v8("file:///checkout/.next/a.js", &[&[(0, whole(), 1)]], "{}");
    assert!(try_v8(&[hidden], &[("src/a.js", QUEUE)]).is_err());
    // What the project holds is no build of anything.
    let release = v8("file:///checkout/.yarn/yarn.cjs", &[&[(0, whole(), 1)]], "{}");
    let read = read_v8(&[release], &[(".yarn/yarn.cjs", QUEUE)]);
    assert_eq!(read.files().next(), None);
}

#[test]
fn a_process_that_wrote_nothing_at_its_end_leaves_nothing_known() {
    let node = watched(&gate(&["node", "--test"])).unwrap();
    let report = v8("file:///checkout/a.js", &[&[(0, whole(), 1)]], "{}");
    let text = |_: &RelPath| Some(QUEUE.as_bytes().to_vec());
    let mut left = left(&[report.clone(), report]);
    assert!(node.read(&left, &text, PLACE).is_ok());
    assert!(node.read(left.get(1..).unwrap(), &text, PLACE).is_err(), "not seen to begin");
    let unseen = [left.clone(), vec![("unseen".to_owned(), Vec::new())]].concat();
    assert!(node.read(&unseen, &text, PLACE).is_err(), "another was started without a word");
    left.pop();
    assert!(node.read(&left, &text, PLACE).is_err(), "a signal ended it");
    assert!(node.read(&[], &text, PLACE).is_err());
}

#[test]
fn of_python_a_statement_was_come_to_if_any_of_its_lines_was() {
    let text = "\
def f(a):
    x = [
        b
        for b in a
    ]
    raise ValueError(
        x,
    )
    return x
";
    let lines = [(1, 1), (2, 0), (3, 1), (4, 1), (6, 1), (7, 1), (9, 0)];
    let lines: String = lines.iter().map(|(at, hits)| format!("DA:{at},{hits}\n")).collect();
    let report = format!("SF:/checkout/a.py\n{lines}end_of_record\n");
    let python = watched(&gate(&["python3", "-m", "unittest"])).unwrap();
    let left = [("lines.lcov".to_owned(), report.into_bytes())];
    let read = python.read(&left, &|_| Some(text.as_bytes().to_vec()), PLACE).unwrap();
    let expected = "
+def f(a):
+    x = [
         b
         for b in a
     ]
+    raise ValueError(
         x,
     )
-    return x
";
    assert_eq!(format!("\n{}", shown(&read, "a.py", text)), expected);
}

#[test]
fn source_that_no_test_loads_is_missed() {
    let mut watched = LineCoverage::default();
    for (file, hits) in [("app/seen.py", 1), ("app/tests/test_a.py", 1), ("app/jest.config.js", 1)]
    {
        watched.add(path(file), 0, hits);
    }
    watched.mention(path("app/wrapped.py"));
    let text = b"\"\"\"About.\"\"\"\nimport os\n\nos.getcwd()\n".as_slice();
    let names = [
        "app/new.py",
        // Of these it is known why not.
        "app/tests/test_new.py",
        "app/conftest.py",
        "app/.hidden/a.py",
        "app/venv/a.py",
        "app/seen.py",
        "app/wrapped.py",
        "other/a.py",
        // No test of that language was seen.
        "app/new.js",
    ];
    let paths = names.map(path);
    let files: Vec<_> = paths.iter().map(|path| (path, text)).collect();
    let mut coverage = LineCoverage::default();
    coverage.add_unseen(&watched, Some(&path("app")), &files);
    assert_eq!(coverage.to_lcov(), "SF:app/new.py\nDA:2,0\nDA:4,0\nend_of_record\n");
    let declared = (&path("app/a.d.ts"), b"export const a: number;\n".as_slice());
    watched.add(path("app/a.test.ts"), 0, 1);
    let mut coverage = LineCoverage::default();
    coverage.add_unseen(&watched, None, &[declared]);
    assert_eq!(coverage, LineCoverage::default());
}

#[test]
fn what_may_run_a_language() {
    let may = |words: &[&str]| -> Vec<Language> {
        Language::ALL.into_iter().filter(|language| may_run(&gate(words), *language)).collect()
    };
    assert_eq!(may(&["make", "test"]), Language::ALL);
    assert_eq!(may(&["cargo", "test"]), [Language::Rust]);
    assert_eq!(may(&["/usr/bin/go", "test"]), [Language::Go]);
    assert_eq!(may(&["./mvnw", "test"]), []);
    assert!(may(&["npm", "test"]).contains(&Language::TypeScript));
}

proptest! {
    #[test]
    fn nothing_that_is_left_brings_it_down(
        ranges in proptest::collection::vec((0..400_usize, 0..400_usize, 0..3_u64), 0..12),
        lengths in proptest::collection::vec(0..80_usize, 0..10),
        mappings in "[A-Za-z0-9+/,;!]{0,120}",
        garbage in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        let files = [("src/a.ts", TYPED), ("src/a.js", QUEUE)];
        let end: usize = lengths.iter().sum::<usize>() + lengths.len().saturating_sub(1);
        let ranges = [vec![(0, end, 1)], ranges].concat();
        drop(try_v8(&[compiled(&lengths, &mappings, &ranges)], &files));
        let ranges = [vec![(0, whole(), 1)], ranges].concat();
        let coverage = read_v8(&[v8("file:///checkout/src/a.js", &[&ranges], "{}")], &files);
        // Every statement is known, whatever the ranges.
        prop_assert_eq!(coverage.summary().lines, 5);
        for words in [&["node", "--test"][..], &["go", "test"], &["python3", "-m", "pytest"]] {
            let left = left(std::slice::from_ref(&garbage));
            let read = watched(&gate(words)).unwrap().read(&left, &|_| None, PLACE);
            prop_assert!(read.is_err());
        }
    }

    #[test]
    fn a_tracefile_is_read_as_it_was_written(
        lines in proptest::collection::btree_map(0..500_u32, 0..3_u64, 1..40),
        name in "[a-z ,:é]{1,12}",
    ) {
        let mut coverage = LineCoverage::default();
        for (line, hits) in lines {
            coverage.add(path(&format!("src/{name}.py")), line, hits);
        }
        let text = coverage.to_lcov();
        let read = read_report(ReportFormat::Lcov, text.as_bytes(), PLACE).unwrap();
        prop_assert_eq!(read.coverage, Some(coverage));
    }
}
