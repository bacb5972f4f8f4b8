//! From examined files to a whole: the ChangeSet's review, its risk features, and the input of policy.

use std::collections::BTreeSet;

use model::{
    Actor, Aspect, ChangeSet, EntityChange, EntityChangeKind, Finding, HistoryFeatures,
    PolicyAction, PolicyChangeSet, PolicyFile, PolicyInput, PolicyProof, RelPath, Review,
    RiskFeatures, Severity, Stats, Verdict,
};

use crate::examine::{Examination, Examined};
use crate::rules::Rules;

/// Puts the parts of a review together and scores it.
pub(crate) fn assess(examination: Examination, history: Option<HistoryFeatures>) -> Review {
    let Examination { files: examined, findings } = examination;
    let features = features(&examined, &findings, history);
    let mut review = Review {
        stats: Stats::default(),
        files: Vec::new(),
        entities: Vec::new(),
        findings,
        risk: risk::score(&features),
        features,
        unexamined: Vec::new(),
        dependencies: Vec::new(),
    };
    for file in examined {
        let hunks = u32::try_from(file.change.hunks.len()).unwrap_or(u32::MAX);
        review.stats.files += 1;
        review.stats.hunks += hunks;
        review.stats.lines_added += file.review.lines_added;
        review.stats.lines_removed += file.review.lines_removed;
        review.files.push(file.review);
        review.entities.extend(file.entities);
        review.unexamined.extend(file.unexamined);
    }
    review.files.sort_by(|a, b| a.path.cmp(&b.path));
    review.entities.sort_by(|a, b| {
        (&a.path, a.first_line, a.kind, &a.name).cmp(&(&b.path, b.first_line, b.kind, &b.name))
    });
    review.findings.sort_by(|a, b| b.severity.cmp(&a.severity).then_with(|| a.cmp(b)));
    review.unexamined.sort();
    review
}

/// Judges a reviewed change.
pub(crate) fn judge(
    changeset: &ChangeSet,
    review: &Review,
    proof: Option<PolicyProof>,
    rules: &Rules,
    action: PolicyAction,
    actor: &Actor,
) -> Verdict {
    rules.judge(&policy_input(changeset, review, proof, rules, action, actor))
}

/// What policies get to see of a reviewed change.
pub(crate) fn policy_input(
    changeset: &ChangeSet,
    review: &Review,
    proof: Option<PolicyProof>,
    rules: &Rules,
    action: PolicyAction,
    actor: &Actor,
) -> PolicyInput {
    let files = changeset.files.iter().map(|file| {
        let counted = review.files.iter().find(|line| line.path == file.path);
        PolicyFile {
            path: file.path.clone(),
            old_path: file.old_path.clone(),
            change: file.change,
            content: file.content,
            language: file.language,
            generated: file.generated,
            old_mode: file.before.as_ref().map(|side| side.mode),
            new_mode: file.after.as_ref().map(|side| side.mode),
            lines_added: counted.map_or(0, |line| line.lines_added),
            lines_removed: counted.map_or(0, |line| line.lines_removed),
            protected: std::iter::once(&file.path)
                .chain(&file.old_path)
                .any(|path| rules.protected().matches(path)),
        }
    });
    PolicyInput {
        version: 1,
        action,
        actor: actor.clone(),
        changeset: PolicyChangeSet {
            id: changeset.id,
            origin: changeset.origin.clone(),
            title: changeset.title.clone(),
            files: files.collect(),
        },
        stats: review.stats,
        entities: review.entities.clone(),
        findings: review.findings.clone(),
        risk: review.risk.clone(),
        unexamined: review.unexamined.clone(),
        proof,
        limits: rules.config().policy.limits(),
    }
}

fn features(
    examined: &[Examined],
    findings: &[Finding],
    history: Option<HistoryFeatures>,
) -> RiskFeatures {
    let counted: Vec<&Examined> = examined.iter().filter(|file| !file.change.generated).collect();
    let entities = || examined.iter().flat_map(|file| &file.entities);
    let found = |severity: Severity| count(findings.iter().filter(|f| f.severity == severity));
    let changed_lines: Vec<u32> =
        counted.iter().map(|f| f.review.lines_added + f.review.lines_removed).collect();
    let folder = |path: &RelPath| path.parent().map(|parent| parent.to_string());
    let top = |path: &RelPath| path.to_string().split_once('/').map(|(top, _)| top.to_owned());
    RiskFeatures {
        files: count(counted.iter()),
        directories: distinct(counted.iter().map(|f| folder(&f.change.path))),
        subsystems: distinct(counted.iter().map(|f| top(&f.change.path))),
        lines_added: counted.iter().map(|f| f.review.lines_added).sum(),
        lines_removed: counted.iter().map(|f| f.review.lines_removed).sum(),
        lines_before: counted.iter().map(|f| f.lines_before).sum(),
        entropy: risk::entropy(&changed_lines),
        public_interface_changes: count(entities().filter(|e| changes_interface(e))),
        signature_changes: count(entities().filter(|e| has(e, Aspect::Signature))),
        body_changes: count(entities().filter(|e| !e.test_code && has(e, Aspect::Body))),
        entities_removed: count(entities().filter(|e| e.change == EntityChangeKind::Removed)),
        entities_added: count(entities().filter(|e| e.change == EntityChangeKind::Added)),
        tests_touched: count(
            entities().filter(|e| e.test && e.change != EntityChangeKind::Removed),
        ),
        tests_removed: count(
            entities().filter(|e| e.test && e.change == EntityChangeKind::Removed),
        ),
        opaque_files: count(examined.iter().filter(|f| {
            use model::Content::{Binary, Huge, Submodule, Unreadable};
            matches!(f.change.content, Binary | Huge | Submodule | Unreadable)
        })),
        cosmetic_only: !examined.is_empty() && examined.iter().all(|file| file.cosmetic),
        tests_only: !examined.is_empty()
            && examined.iter().all(|file| {
                file.test_file
                    || (!file.entities.is_empty() && file.entities.iter().all(|e| e.test_code))
            }),
        errors_found: found(Severity::Error),
        warnings_found: found(Severity::Warning),
        history,
    }
}

/// Whether code elsewhere can notice: a public entity removed, renamed, or used or seen differently.
fn changes_interface(entity: &EntityChange) -> bool {
    entity.public
        && !entity.test_code
        && (matches!(entity.change, EntityChangeKind::Removed | EntityChangeKind::Renamed)
            || has(entity, Aspect::Signature)
            || has(entity, Aspect::Visibility))
}

fn has(entity: &EntityChange, aspect: Aspect) -> bool {
    entity.aspects.contains(&aspect)
}

fn count(items: impl Iterator) -> u32 {
    u32::try_from(items.count()).unwrap_or(u32::MAX)
}

fn distinct(items: impl Iterator<Item = Option<String>>) -> u32 {
    count(items.collect::<BTreeSet<_>>().into_iter())
}
