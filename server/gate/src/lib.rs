//! Built-in checks: what a review finds in the text of a change.
//!
//! [`check`] looks at the files of a change and returns [`Finding`]s; [`RULES`] lists every rule that can
//! speak. What is done about a finding is policy's to say. This crate is pure and refuses to know of git,
//! configuration files and commands. Findings never quote a secret. Start at [`check`].

mod compare;
mod dependencies;
mod detect;
mod licence;
mod mutation;
mod paths;
mod place;
mod project;
mod report;
mod rules;
mod secrets;
mod structure;
mod text;
mod watched;
mod witness;

use model::{ChangeKind, FileMode, Finding, Language, LineSpan, RelPath};

pub use compare::{RunEnd, compare, conclude, rests_on};
pub use detect::{PROJECTS_MAX, detect, gates};
pub use mutation::{Mutant, Mutants, MutationFile, mutants};
pub use paths::{GlobError, Globs, HEAD_BYTES, PathClass, classify, is_generated, is_lockfile};
pub use project::Project;
pub use report::{
    LineCoverage, REPORT_ITEMS_MAX, REPORT_LIMIT_BYTES, Report, ReportError, ReportPlace,
    TouchedFile, read_report, without_escapes,
};
pub use rules::{RULES, UNREAD};
pub use watched::{LeftFile, Watched, may_run, watched};
pub use witness::{
    ChangedTest, OverlayFile, TestText, base_tests_on_proposal, base_witness, changed_tests,
    helps_tests, is_test_file, proposed_tests_on_base, test_counts, witness_tests,
};

use crate::place::File;

/// One changed file, as the checks see it.
///
/// Texts are the bytes of both sides; for a symbolic link, its target. `None` for a side that is not there or
/// was not read: what was not read is the caller's to report as unexamined.
#[derive(Debug, Clone, Copy)]
pub struct FileUnderReview<'a> {
    /// Path after (before, if deleted).
    pub path: &'a RelPath,
    /// Path before, if renamed.
    pub old_path: Option<&'a RelPath>,
    /// Its language, when known.
    pub language: Option<Language>,
    /// What happened to it.
    pub change: ChangeKind,
    /// Mode before; `None` if added.
    pub old_mode: Option<FileMode>,
    /// Mode after; `None` if deleted.
    pub new_mode: Option<FileMode>,
    /// The text before.
    pub before: Option<&'a [u8]>,
    /// The text after.
    pub after: Option<&'a [u8]>,
    /// The added lines, in the text after. Of a file that is new, all lines count as added.
    pub added: &'a [LineSpan],
    /// The removed lines, in the text before.
    pub removed: &'a [LineSpan],
    /// Whether a program writes it.
    pub generated: bool,
}

/// How many findings of one rule are reported of one file; the last one says so.
pub const FINDINGS_PER_RULE_MAX: usize = 50;

/// Checks all files of a change; findings are worst first, then by place.
///
/// A test that is gone from one file and there in another is moved, not removed. `project` is asked for its
/// tests if a change adds a condition on a literal that may come from them, or a test that shows no assertion;
/// for lock files beside changed manifests; and for files beside new source files.
///
/// # Cost
/// Linear in the texts: each is parsed once, and the added lines are searched once for each kind of secret
/// (2 MB in 15 ms, measured, optimised build).
pub fn check(files: &[FileUnderReview<'_>], project: &dyn Project) -> Vec<Finding> {
    let tests = || project.tests();
    let read: Vec<File<'_>> = files.iter().map(File::new).collect();
    let mut findings = dependencies::check(&read, project);
    findings.extend(licence::check(&read, project));
    let mut moved = Vec::new();
    let mut answers = Vec::new();
    for file in &read {
        findings.extend(of_text(file));
        let structure = structure::check(file);
        findings.extend(structure.findings);
        moved.push(structure.tests);
        answers.extend(structure.answers);
    }
    let (removed, silent) = structure::moved_tests(&moved);
    findings.extend(removed);
    findings.extend(witness::silent_tests(files, silent, &tests));
    findings.extend(witness::special_cases(files, answers, &tests));
    ordered(findings)
}

/// The checks that need no syntax tree.
fn of_text(file: &File<'_>) -> Vec<Finding> {
    let mut findings = paths::check(file);
    findings.extend(paths::check_mode(file));
    findings.extend(witness::check_runner(file));
    if file.is_text() {
        findings.extend(secrets::check(file));
        findings.extend(text::check(file));
    }
    findings
}

fn ordered(mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.sort_by(|a, b| {
        let place = |f: &Finding| (f.path.clone(), f.first_line, f.rule.clone(), f.message.clone());
        b.severity.cmp(&a.severity).then_with(|| place(a).cmp(&place(b)))
    });
    findings.dedup();
    let mut kept: Vec<Finding> = Vec::with_capacity(findings.len());
    let mut seen = std::collections::BTreeMap::new();
    for finding in findings {
        let count = seen.entry((finding.path.clone(), finding.rule.clone())).or_insert(0);
        *count += 1;
        if *count < FINDINGS_PER_RULE_MAX {
            kept.push(finding);
        } else if *count == FINDINGS_PER_RULE_MAX {
            let message =
                format!("{}; further findings of this kind are not listed", finding.message);
            kept.push(Finding { message, ..finding });
        }
    }
    kept
}

#[cfg(test)]
mod tests;
