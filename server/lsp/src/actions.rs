//! What a person can do at a place, as code actions. Each carries a command: the edit is planned when it runs.

use std::sync::Arc;

use engine::{BoardChange, in_text};
use lsp_types::{CodeAction, CodeActionKind, CodeActionOrCommand, Command, Diagnostic, Range};
use model::{Decision, Dependency, DependencyKind, HunkState, RelPath};

use crate::command::{Arguments, OfFiles, Verb};
use crate::diagnostics;
use crate::documents::Document;
use crate::placement::{Place, PlacedHunk, denial};
use crate::position::{self, Encoding};
use crate::prose;

/// How many hunks at one place get actions of their own.
const HUNKS_MAX: usize = 5;
const TITLE_MAX: usize = 60;

/// What the actions are asked for.
#[derive(Debug)]
pub(crate) struct Asked<'a> {
    /// The document.
    pub document: &'a Document,
    /// Its path.
    pub path: &'a RelPath,
    /// The hunks in it.
    pub placed: &'a [PlacedHunk],
    /// Where.
    pub range: Range,
    /// The kinds wanted; all when absent.
    pub only: Option<&'a [CodeActionKind]>,
    /// The diagnostics the client shows there.
    pub diagnostics: &'a [Diagnostic],
    /// The client's unit of columns.
    pub encoding: Encoding,
    /// Whether the client knows actions, and not only commands.
    pub literals: bool,
}

/// The actions, the most likely first.
pub(crate) fn at(asked: &Asked<'_>) -> Vec<CodeActionOrCommand> {
    let (first, last) = (asked.range.start.line, asked.range.end.line);
    let near = position::around(asked.document.rope(), first, last);
    let touches = |hunk: &&PlacedHunk| {
        let bytes = hunk.place.bytes();
        if bytes.start > *near.end() || bytes.end < *near.start() {
            return false;
        }
        let shown = position::shown(asked.document.rope(), &hunk.place.bytes(), asked.encoding);
        shown.start.line <= asked.range.end.line && asked.range.start.line <= shown.end.line
    };
    let here: Vec<&PlacedHunk> = asked.placed.iter().filter(touches).collect();
    let mut offers = Vec::new();
    for hunk in here.iter().filter(|hunk| hunk.place.waits()).take(HUNKS_MAX) {
        offers.extend(for_waiting(asked, hunk));
    }
    if asked.range.start.line == 0 {
        for hunks in diagnostics::conflicts(asked.placed.iter()).iter().take(HUNKS_MAX) {
            offers.extend(for_conflict(hunks));
        }
    }
    let undone = |hunk: &&&PlacedHunk| matches!(hunk.place, Place::Undone { .. });
    for hunk in here.iter().filter(undone).take(HUNKS_MAX) {
        offers.extend(for_undone(hunk));
    }
    for change in to_undo(asked, &here) {
        offers.push(undo(asked, &change));
    }
    let offers = offers.into_iter().filter(|offer| wanted(asked.only, &offer.kind));
    offers.map(|offer| offer.into_action(asked)).chain(about_files(asked)).collect()
}

/// What can be done with the files as a whole. Only who asks for source actions is offered it: it belongs to no
/// place.
fn about_files(asked: &Asked<'_>) -> Vec<CodeActionOrCommand> {
    let kind = CodeActionKind::SOURCE;
    if asked.only.is_none() || !wanted(asked.only, &kind) {
        return Vec::new();
    }
    let titles = [
        (Verb::Adopt, "Adopt what changed in the files since the snapshot"),
        (Verb::Snapshot, "Take a snapshot of the files, before an agent changes them"),
    ];
    let action = |(verb, title): (Verb, &str)| {
        let argument = OfFiles { uri: Some(asked.document.uri.clone()), ..OfFiles::default() };
        let arguments = serde_json::to_value(argument).ok().map(|argument| vec![argument]);
        let (title, command) = (title.to_owned(), verb.name().to_owned());
        let command = Command { title: title.clone(), command, arguments };
        if !asked.literals {
            return CodeActionOrCommand::Command(command);
        }
        let (kind, command) = (Some(kind.clone()), Some(command));
        let action = CodeAction { title, kind, command, ..CodeAction::default() };
        CodeActionOrCommand::CodeAction(action)
    };
    titles.into_iter().map(action).collect()
}

struct Offer {
    title: String,
    verb: Verb,
    arguments: Arguments,
    kind: CodeActionKind,
    /// The hunk it is about, to link the client's diagnostics.
    hunk: Option<(String, u32)>,
}

impl Offer {
    fn into_action(self, asked: &Asked<'_>) -> CodeActionOrCommand {
        let arguments = serde_json::to_value(&self.arguments).ok().map(|argument| vec![argument]);
        let (title, command) = (self.title, self.verb.name().to_owned());
        let command = Command { title: title.clone(), command, arguments };
        if !asked.literals {
            return CodeActionOrCommand::Command(command);
        }
        let linked = |diagnostic: &&Diagnostic| {
            let Some((changeset, hunk)) = &self.hunk else { return false };
            diagnostic.data.as_ref().is_some_and(|data| {
                data.get("changeset").and_then(|id| id.as_str()) == Some(changeset)
                    && [data.get("hunk"), data.pointer("/conflicts/0")]
                        .into_iter()
                        .flatten()
                        .any(|number| number.as_u64() == Some(u64::from(*hunk)))
            })
        };
        let diagnostics: Vec<Diagnostic> =
            asked.diagnostics.iter().filter(linked).cloned().collect();
        CodeActionOrCommand::CodeAction(CodeAction {
            title,
            kind: Some(self.kind),
            diagnostics: (!diagnostics.is_empty()).then_some(diagnostics),
            command: Some(command),
            ..CodeAction::default()
        })
    }
}

fn for_waiting(asked: &Asked<'_>, placed: &PlacedHunk) -> Vec<Offer> {
    let change = &placed.change;
    let title = title(change);
    let (total, waiting) = (change.state.hunks.len(), change.state.waiting());
    let in_file: Vec<u32> = waiting
        .iter()
        .filter(|hunk| change.state.paths.get(hunk) == Some(asked.path))
        .copied()
        .collect();
    let about = Some((change.changeset.id.to_string(), placed.ordinal));
    let offer = |title: String, verb, hunks: Option<Vec<u32>>| Offer {
        title,
        verb,
        arguments: arguments(change, hunks),
        kind: CodeActionKind::QUICKFIX,
        hunk: about.clone(),
    };
    let this = Some(vec![placed.ordinal]);
    let named =
        if total == 1 { title.clone() } else { format!("hunk {}: {title}", placed.ordinal) };
    let mut offers = Vec::new();
    let denied = denial(change);
    let (accept, reject) = match placed.place {
        _ if placed.is_adopted() => {
            (format!("Accept as reviewed {named}"), format!("Reject and take out {named}"))
        }
        Place::Landed { .. } => (
            format!("Accept as it is in the text already {named}"),
            format!("Reject and leave the text {named}"),
        ),
        _ => (format!("Accept {named}"), format!("Reject {named}")),
    };
    if denied.is_none() {
        let needs = needs(change, placed.ordinal);
        let with = needs.as_ref().map(|(hunks, _)| prose::numbered("hunk", hunks));
        let needing = with.as_ref().map(|with| format!(" (needs {with})")).unwrap_or_default();
        offers.push(offer(format!("{accept}{needing}"), Verb::Accept, this.clone()));
        if let Some(((mut together, why), with)) = needs.zip(with) {
            together.push(placed.ordinal);
            together.sort_unstable();
            let title = format!("Accept together with {with} ({why})");
            offers.push(offer(title, Verb::Accept, Some(together)));
        }
        if in_file.len() > 1 && in_file.len() < waiting.len() {
            let many = in_file.len();
            let title = format!("Accept the {many} hunks in this file of {title}");
            offers.push(offer(title, Verb::Accept, Some(in_file.clone())));
        }
        if waiting.len() > 1 {
            let all = format!("Accept all {} hunks of {title}", waiting.len());
            offers.push(offer(all, Verb::Accept, Some(waiting.clone())));
        }
    }
    offers.push(offer(reject, Verb::Reject, this));
    if waiting.len() > 1 {
        let all = format!("Reject all {} hunks of {title}", waiting.len());
        offers.push(offer(all, Verb::Reject, Some(waiting)));
    }
    let why = match denied {
        Some(_) => format!("Why not: {}", judged(change)),
        None => format!("Why: {}", judged(change)),
    };
    offers.push(offer(why, Verb::Why, None));
    let again = if change.state.proof.is_some() { " again" } else { "" };
    offers.push(offer(format!("Prove{again} in the sandbox: {title}"), Verb::Prove, None));
    offers
}

/// The hunks that a hunk needs, with all that those need, of what is not in the text and may be accepted; and what
/// the first does for it.
fn needs(change: &BoardChange, ordinal: u32) -> Option<(Vec<u32>, String)> {
    let dependencies = &change.review.as_ref()?.dependencies;
    let in_text: Vec<u32> =
        change.changeset.files.iter().flat_map(|f| in_text(change, f)).map(|h| h.ordinal).collect();
    let acceptable = change.state.acceptable();
    let unmet = Dependency::unmet(dependencies, &[ordinal], &in_text);
    let first = unmet.into_iter().find(|one| acceptable.contains(&one.needs))?;
    let mut together = Dependency::together(dependencies, &[ordinal]);
    let missing =
        |hunk: &u32| *hunk != ordinal && acceptable.contains(hunk) && !in_text.contains(hunk);
    together.retain(missing);
    let name = prose::one_line(&first.name, TITLE_MAX);
    let does = match first.kind {
        DependencyKind::Import => "imports",
        DependencyKind::Definition => "defines",
        DependencyKind::Signature => "changes the signature of",
        DependencyKind::Rename => "gives the name",
        DependencyKind::Uses => "follows the change of",
        DependencyKind::Removal => "removes the use of",
        DependencyKind::Replacement => "replaces",
        DependencyKind::Part => "holds more of",
    };
    Some((together, format!("{does} `{name}`")))
}

/// What has no place any more is explained, stated anew, or not wanted.
fn for_conflict(hunks: &[&PlacedHunk]) -> Vec<Offer> {
    let Some(first) = hunks.first() else { return Vec::new() };
    let change = &first.change;
    let ordinals: Vec<u32> = hunks.iter().map(|hunk| hunk.ordinal).collect();
    let named = format!("{} of {}", prose::numbered("hunk", &ordinals), title(change));
    let offer = |title: String, verb, hunks: Option<Vec<u32>>| Offer {
        title,
        verb,
        arguments: arguments(change, hunks),
        kind: CodeActionKind::QUICKFIX,
        hunk: Some((change.changeset.id.to_string(), first.ordinal)),
    };
    let mut offers = vec![
        offer(format!("Why not here: {named}"), Verb::Why, Some(ordinals.clone())),
        offer(format!("State anew what waits of {}", title(change)), Verb::Repropose, None),
    ];
    if !first.is_adopted() || hunks.iter().all(|hunk| hunk.is_taken_out()) {
        offers.push(offer(format!("Reject {named}"), Verb::Reject, Some(ordinals)));
    }
    offers
}

/// What was undone goes in again, if policy lets it.
fn for_undone(placed: &PlacedHunk) -> Vec<Offer> {
    let change = &placed.change;
    if denial(change).is_some() {
        return Vec::new();
    }
    let offer = |title: String, hunks: Vec<u32>| Offer {
        title,
        verb: Verb::Accept,
        arguments: arguments(change, Some(hunks)),
        kind: CodeActionKind::REFACTOR,
        hunk: None,
    };
    let (title, ordinal) = (title(change), placed.ordinal);
    let named = if change.state.hunks.len() == 1 {
        format!("Accept again: {title}")
    } else {
        format!("Accept again hunk {ordinal}: {title}")
    };
    let mut offers = vec![offer(named, vec![ordinal])];
    let undone = |(hunk, state): (&u32, &HunkState)| {
        matches!(state, HunkState::Undone { .. }).then_some(*hunk)
    };
    let undone: Vec<u32> = change.state.hunks.iter().filter_map(undone).collect();
    if undone.len() > 1 {
        offers.push(offer(format!("Accept again all {} hunks of {title}", undone.len()), undone));
    }
    offers
}

/// The ChangeSets to offer an undo of: those with an accepted hunk here, and the last one accepted in this
/// file, since a person looks for undo where they are, not where the hunk is. Whether it can be taken out is
/// for the engine to say, which gives its reason.
fn to_undo(asked: &Asked<'_>, here: &[&PlacedHunk]) -> Vec<Arc<BoardChange>> {
    let mut changes: Vec<Arc<BoardChange>> = Vec::new();
    let accepted = |hunk: &&PlacedHunk| hunk.place.is_accepted();
    let latest = asked.placed.iter().filter(accepted).max_by_key(|h| h.change.state.updated_seq);
    for hunk in here.iter().copied().filter(accepted).chain(latest) {
        if changes.iter().all(|change| change.changeset.id != hunk.change.changeset.id) {
            changes.push(Arc::clone(&hunk.change));
        }
    }
    changes.truncate(HUNKS_MAX);
    changes
}

fn undo(asked: &Asked<'_>, change: &Arc<BoardChange>) -> Offer {
    let accepted = |state: &HunkState| matches!(state, HunkState::Accepted { .. });
    let count = change.state.hunks.values().filter(|state| accepted(state)).count();
    let elsewhere =
        change.state.hunks.iter().any(|(hunk, state)| {
            accepted(state) && change.state.paths.get(hunk) != Some(asked.path)
        });
    let scope = if elsewhere { ", other files included" } else { "" };
    let hunks = prose::count(count, "hunk");
    Offer {
        title: format!("Undo {} ({hunks}{scope})", title(change)),
        verb: Verb::Undo,
        arguments: arguments(change, None),
        kind: CodeActionKind::REFACTOR,
        hunk: None,
    }
}

/// What a command about a change is given.
pub(crate) fn arguments(change: &BoardChange, hunks: Option<Vec<u32>>) -> Arguments {
    Arguments {
        changeset: change.changeset.id.to_string(),
        hunks,
        path: None,
        reason: None,
        uri: None,
    }
}

/// What a change is called where there is little room.
pub(crate) fn title(change: &BoardChange) -> String {
    prose::one_line(&change.changeset.title, TITLE_MAX)
}

/// Its risk and its verdict in a few words.
pub(crate) fn judged(change: &BoardChange) -> String {
    let risk = change.review.as_ref().map(|review| &review.risk);
    let risk = risk.map(|risk| format!("risk {} {}, ", risk.score, risk.level.word()));
    let policy = match change.verdict.as_ref().map(|verdict| verdict.decision) {
        None => "not judged yet",
        Some(Decision::Allow) => "allowed by policy",
        Some(Decision::Review) => "needs a person",
        Some(Decision::Deny) => "denied by policy",
    };
    format!("{}{policy}", risk.unwrap_or_default())
}

/// A kind is wanted when it is asked for, or a kind that contains it.
pub(crate) fn wanted(only: Option<&[CodeActionKind]>, kind: &CodeActionKind) -> bool {
    let Some(only) = only else { return true };
    only.iter().any(|asked| {
        let asked = asked.as_str();
        let rest = kind.as_str().strip_prefix(asked);
        asked.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    })
}

#[cfg(test)]
mod tests {
    use engine::Board;
    use expect_test::{Expect, expect};
    use lsp_types::{Position, TextDocumentItem};

    use super::*;
    use crate::documents::Documents;
    use crate::fixture::{self, Sketch};
    use crate::placement;

    const BEFORE: &str = "a\nb\nc\nd\ne\n";
    const AFTER: &str = "a\nB\nc\nD\ne\n";

    fn offered(
        sketch: &Sketch,
        buffer: &str,
        line: u32,
        only: Option<CodeActionKind>,
    ) -> Vec<CodeActionOrCommand> {
        let mut documents = Documents::default();
        let (uri, language_id) = ("file:///r/a.rs".parse().unwrap(), "rust".to_owned());
        documents.open(TextDocumentItem { uri, language_id, version: 3, text: buffer.to_owned() });
        let document = documents.get("file:///r/a.rs").unwrap();
        let board = Board { seq: 1, changes: vec![sketch.on_board()], ..Board::default() };
        let path = "a.rs".parse().unwrap();
        let placed = placement::place(&path, buffer, &board);
        let placed_here: Vec<&PlacedHunk> = placed.iter().collect();
        let diagnostics = diagnostics::of(&diagnostics::Shown::new(document.rope(), &placed_here));
        let at_line = Position::new(line, 0);
        let only = only.map(|kind| vec![kind]);
        at(&Asked {
            document,
            path: &path,
            placed: &placed,
            range: Range::new(at_line, at_line),
            only: only.as_deref(),
            diagnostics: &diagnostics,
            encoding: Encoding::Utf16,
            literals: true,
        })
    }

    fn check(sketch: &Sketch, buffer: &str, line: u32, expected: Expect) {
        let shown: String = offered(sketch, buffer, line, None)
            .into_iter()
            .map(|action| match action {
                CodeActionOrCommand::CodeAction(action) => format!(
                    "{} [{}] {} {}\n",
                    action.title,
                    action.kind.unwrap().as_str(),
                    action.command.unwrap().command,
                    action.diagnostics.map_or(0, |linked| linked.len()),
                ),
                CodeActionOrCommand::Command(command) => format!("{}\n", command.title),
            })
            .collect();
        expected.assert_eq(&shown);
    }

    #[test]
    fn a_waiting_hunk_can_be_accepted_rejected_and_explained() {
        check(
            &Sketch::new("a.rs", BEFORE, AFTER).judged(34, Decision::Review),
            BEFORE,
            1,
            expect![[r#"
                Accept hunk 1: Tidy a.rs [quickfix] countersign.accept 1
                Accept all 2 hunks of Tidy a.rs [quickfix] countersign.accept 1
                Reject hunk 1: Tidy a.rs [quickfix] countersign.reject 1
                Reject all 2 hunks of Tidy a.rs [quickfix] countersign.reject 1
                Why: risk 34 medium, needs a person [quickfix] countersign.why 1
                Prove in the sandbox: Tidy a.rs [quickfix] countersign.prove 1
            "#]],
        );
    }

    #[test]
    fn a_hunk_that_needs_another_can_be_accepted_together_with_it() {
        let mut sketch = Sketch::new("a.rs", BEFORE, AFTER).judged(34, Decision::Review);
        let needs = |hunk, needs| Dependency {
            hunk,
            needs,
            kind: DependencyKind::Definition,
            name: "tidy".into(),
        };
        sketch.dependencies = vec![needs(1, 2)];
        check(
            &sketch,
            BEFORE,
            1,
            expect![[r#"
                Accept hunk 1: Tidy a.rs (needs hunk 2) [quickfix] countersign.accept 1
                Accept together with hunk 2 (defines `tidy`) [quickfix] countersign.accept 1
                Accept all 2 hunks of Tidy a.rs [quickfix] countersign.accept 1
                Reject hunk 1: Tidy a.rs [quickfix] countersign.reject 1
                Reject all 2 hunks of Tidy a.rs [quickfix] countersign.reject 1
                Why: risk 34 medium, needs a person [quickfix] countersign.why 1
                Prove in the sandbox: Tidy a.rs [quickfix] countersign.prove 1
            "#]],
        );
        // The other way round nothing is needed, nor once it is in the text.
        let first =
            |sketch: &Sketch, buffer, line| match offered(sketch, buffer, line, None).remove(0) {
                CodeActionOrCommand::CodeAction(action) => action.title,
                CodeActionOrCommand::Command(command) => command.title,
            };
        assert_eq!(first(&sketch, BEFORE, 3), "Accept hunk 2: Tidy a.rs");
        sketch.states = vec![HunkState::Proposed, fixture::accepted(true)];
        assert_eq!(first(&sketch, "a\nb\nc\nD\ne\n", 1), "Accept hunk 1: Tidy a.rs");
    }

    #[test]
    fn what_is_in_the_text_already_is_accepted_as_it_is_or_rejected() {
        check(
            &Sketch::new("a.rs", "a\nb\nc\n", "a\nB\nc\n").judged(34, Decision::Review),
            "a\nB\nc\n",
            1,
            expect![[r#"
                Accept as it is in the text already Tidy a.rs [quickfix] countersign.accept 1
                Reject and leave the text Tidy a.rs [quickfix] countersign.reject 1
                Why: risk 34 medium, needs a person [quickfix] countersign.why 1
                Prove in the sandbox: Tidy a.rs [quickfix] countersign.prove 1
            "#]],
        );
    }

    #[test]
    fn a_denied_hunk_is_explained_instead_of_accepted() {
        check(
            &Sketch::new("a.rs", "a\n", "b\n").judged(80, Decision::Deny),
            "a\n",
            0,
            expect![[r#"
                Reject Tidy a.rs [quickfix] countersign.reject 1
                Why not: risk 80 critical, denied by policy [quickfix] countersign.why 1
                Prove in the sandbox: Tidy a.rs [quickfix] countersign.prove 1
            "#]],
        );
    }

    #[test]
    fn undo_is_offered_in_the_file_even_away_from_the_hunk() {
        let mut sketch = Sketch::new("a.rs", "a\nb\nc\n", "a\nB\nc\n");
        sketch.states = vec![fixture::accepted(true)];
        check(
            &sketch,
            "a\nB\nc\n",
            0,
            expect![[r#"
                Undo Tidy a.rs (1 hunk) [refactor] countersign.undo 0
            "#]],
        );
    }

    #[test]
    fn undo_is_offered_where_the_text_was_changed_since() {
        let mut sketch = Sketch::new("a.rs", "a\nb\nc\n", "a\nB\nc\n");
        sketch.states = vec![fixture::accepted(true)];
        for line in [0, 1] {
            check(
                &sketch,
                "a\nmine\nc\n",
                line,
                expect![[r#"
                    Undo Tidy a.rs (1 hunk) [refactor] countersign.undo 0
                "#]],
            );
        }
    }

    #[test]
    fn what_was_undone_can_be_accepted_again_at_its_place() {
        let mut sketch = Sketch::new("a.rs", BEFORE, AFTER);
        sketch.states = vec![fixture::undone(), fixture::undone()];
        check(
            &sketch,
            BEFORE,
            1,
            expect![[r#"
                Accept again hunk 1: Tidy a.rs [refactor] countersign.accept 0
                Accept again all 2 hunks of Tidy a.rs [refactor] countersign.accept 0
            "#]],
        );
        check(&sketch, BEFORE, 0, expect![""]);
        let mut one = Sketch::new("a.rs", "a\n", "b\n").judged(8, Decision::Allow);
        one.states = vec![fixture::undone()];
        check(
            &one,
            "a\n",
            0,
            expect![[r#"
                Accept again: Tidy a.rs [refactor] countersign.accept 0
            "#]],
        );
        check(&one.judged(80, Decision::Deny), "a\n", 0, expect![""]);
    }

    #[test]
    fn nothing_is_offered_elsewhere_or_of_another_kind() {
        let sketch = Sketch::new("a.rs", BEFORE, AFTER);
        assert_eq!(offered(&sketch, BEFORE, 0, None), []);
        assert_eq!(offered(&sketch, BEFORE, 1, Some(CodeActionKind::REFACTOR)), []);
        assert_eq!(offered(&sketch, BEFORE, 1, Some(CodeActionKind::QUICKFIX)).len(), 6);
    }

    #[test]
    fn a_kind_contains_the_kinds_below_it() {
        let below = CodeActionKind::new("refactor.extract");
        assert!(wanted(Some(&[CodeActionKind::REFACTOR]), &below));
        assert!(!wanted(Some(&[CodeActionKind::new("ref")]), &below));
        assert!(wanted(Some(&[CodeActionKind::EMPTY]), &below));
    }
}
