//! Work that can be asked for at a place, as code actions: as far as somebody can be asked for it, and nothing else.
//! Made on the pool, since it takes a parse to know which function one is in.

use std::sync::Arc;

use engine::{Around, WorkerSet, innermost};
use lsp_types::{
    CodeAction, CodeActionKind, CodeActionOrCommand, Command, Diagnostic, NumberOrString, Range,
    Uri,
};
use model::{Digest, RelPath, TaskDiagnostic, TaskId, TaskKind};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::actions::wanted;
use crate::budget::AllowArguments;
use crate::command::{OfFiles, Verb};
use crate::diagnostics::SOURCE;
use crate::documents::Named;
use crate::prose;

/// How many diagnostics at one place can be asked about, and how many workers for each kind.
const DIAGNOSTICS_MAX: usize = 3;
const WORKERS_MAX: usize = 3;
const TITLE_MAX: usize = 60;
const MESSAGE_MAX: usize = 2000;
const OBJECTIVE_BYTES_MAX: usize = engine::OBJECTIVE_BYTES_MAX;

/// What the actions are asked for.
#[derive(Debug)]
pub(crate) struct Asking {
    pub uri: Uri,
    pub path: RelPath,
    pub text: Arc<str>,
    /// The named things in it, if somebody has looked.
    pub named: Named,
    pub range: Range,
    pub only: Option<Vec<CodeActionKind>>,
    /// The diagnostics that the client shows there.
    pub diagnostics: Vec<Diagnostic>,
    pub workers: Arc<WorkerSet>,
    /// The tasks of this document that are not over, and how they are called.
    pub under_way: Vec<(TaskId, String)>,
    /// What of the repository was told to need somebody's trust: its digest, and how the action is called.
    pub to_approve: Option<(Digest, String)>,
    /// How the action is called that gives the tasks that wait more time, if they need it.
    pub to_allow: Option<String>,
    /// Whether the client knows actions, and not only commands.
    pub literals: bool,
}

/// The argument of `countersign.ask`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AskArguments {
    /// What is asked for.
    pub kind: TaskKind,
    /// In which file.
    pub uri: Uri,
    /// Where in it; all of it when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<Range>,
    /// What is to be achieved, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub objective: Option<String>,
    /// Who is asked; the first that can when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worker: Option<String>,
    /// What another tool says is wrong there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diagnostic: Option<TaskDiagnostic>,
}

/// The argument of `countersign.cancel`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CancelArguments {
    /// The id of the task, or the start of it; all that are not over when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
}

/// What a command about tasks wants.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Wanted {
    Ask(Box<AskArguments>),
    Cancel(CancelArguments),
}

/// Reads a command about tasks; `None`: it is about something else.
pub(crate) fn read(name: &str, arguments: &[Value]) -> Option<Result<Wanted, String>> {
    let verb = [Verb::Ask, Verb::Cancel].into_iter().find(|verb| verb.name() == name)?;
    let shape = match verb {
        Verb::Ask => {
            r#"give {"kind": "fix", "uri": "<file>"}, and "range", "objective", "worker" or "diagnostic" if you like"#
        }
        _ => r#"give {"task": "<id>"}, or nothing for all"#,
    };
    let wrong = |what: String| Err(format!("{name}: {what}: {shape}"));
    let given = match (verb, arguments) {
        (Verb::Cancel, [] | [Value::Null]) => {
            return Some(Ok(Wanted::Cancel(CancelArguments::default())));
        }
        (_, [argument]) => argument.clone(),
        (_, many) => return Some(wrong(format!("{} arguments were given", many.len()))),
    };
    let wanted = match verb {
        Verb::Ask => serde_json::from_value(given).map(|it| Wanted::Ask(Box::new(it))),
        _ => serde_json::from_value(given).map(Wanted::Cancel),
    };
    Some(match wanted {
        Ok(Wanted::Ask(ask))
            if ask.objective.as_ref().is_some_and(|it| it.len() > OBJECTIVE_BYTES_MAX) =>
        {
            wrong(format!("objective: more than {OBJECTIVE_BYTES_MAX} bytes"))
        }
        Ok(Wanted::Cancel(cancel)) if cancel.task.as_ref().is_some_and(|it| !is_id(it)) => {
            wrong("task: 4 to 64 hexadecimal digits are needed".to_owned())
        }
        Ok(wanted) => Ok(wanted),
        Err(error) => wrong(error.to_string()),
    })
}

fn is_id(text: &str) -> bool {
    (4..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// The first line of a range and how many lines it touches; none where it is empty.
pub(crate) fn lines(range: Range) -> (u32, u32) {
    let (start, end) = (range.start, range.end);
    if start == end {
        return (start.line, 0);
    }
    // Whole lines end at the start of the next one.
    let last = if end.character == 0 { end.line.saturating_sub(1) } else { end.line };
    (start.line, last.saturating_sub(start.line).saturating_add(1))
}

/// What can be asked for, the most likely first.
pub(crate) fn at(asking: &Asking) -> Vec<CodeActionOrCommand> {
    let mut offers = Vec::new();
    if let Some((digest, title)) = &asking.to_approve {
        let (uri, digest) = (Some(asking.uri.clone()), Some(*digest));
        let argument = OfFiles { uri, digest, ..OfFiles::default() };
        offers.push(Offer::new(title.clone(), Verb::Trust, &argument));
    }
    if let Some(title) = &asking.to_allow {
        let argument =
            AllowArguments { uri: Some(asking.uri.clone()), ..AllowArguments::default() };
        offers.push(Offer::new(title.clone(), Verb::Allow, &argument));
    }
    for (id, called) in &asking.under_way {
        let argument = CancelArguments { task: Some(id.0.to_string()) };
        let offer = Offer::new(format!("Cancel: {called}"), Verb::Cancel, &argument);
        offers.push(Offer { kind: CodeActionKind::REFACTOR, ..offer });
    }
    let foreign = |diagnostic: &&Diagnostic| diagnostic.source.as_deref() != Some(SOURCE);
    for diagnostic in asking.diagnostics.iter().filter(foreign).take(DIAGNOSTICS_MAX) {
        offers.extend(fixes(asking, diagnostic));
    }
    offers.extend(of_place(asking));
    let wanted = offers.into_iter().filter(|offer| wanted(asking.only.as_deref(), &offer.kind));
    wanted.map(|offer| offer.into_action(asking.literals)).collect()
}

struct Offer {
    title: String,
    verb: Verb,
    argument: Option<Value>,
    kind: CodeActionKind,
    diagnostic: Option<Diagnostic>,
}

impl Offer {
    fn new(title: String, verb: Verb, argument: &impl Serialize) -> Self {
        let (argument, kind) = (serde_json::to_value(argument).ok(), CodeActionKind::QUICKFIX);
        Self { title, verb, argument, kind, diagnostic: None }
    }

    fn into_action(self, literals: bool) -> CodeActionOrCommand {
        let (title, arguments) = (self.title, self.argument.map(|argument| vec![argument]));
        let command = self.verb.name().to_owned();
        let command = Command { title: title.clone(), command, arguments };
        if !literals {
            return CodeActionOrCommand::Command(command);
        }
        CodeActionOrCommand::CodeAction(CodeAction {
            title,
            kind: Some(self.kind),
            diagnostics: self.diagnostic.map(|diagnostic| vec![diagnostic]),
            command: Some(command),
            ..CodeAction::default()
        })
    }
}

fn fixes(asking: &Asking, diagnostic: &Diagnostic) -> Vec<Offer> {
    let task = TaskDiagnostic {
        message: prose::bounded(diagnostic.message.clone(), MESSAGE_MAX, "…"),
        source: diagnostic.source.clone(),
        code: diagnostic.code.as_ref().map(|code| match code {
            NumberOrString::Number(code) => code.to_string(),
            NumberOrString::String(code) => code.clone(),
        }),
    };
    let said = prose::one_line(&diagnostic.message, TITLE_MAX);
    let fitting = asking.workers.fitting(TaskKind::Fix, Some(&asking.path), Some(&task));
    let offer = |worker: &engine::Worker| {
        let argument = AskArguments {
            kind: TaskKind::Fix,
            uri: asking.uri.clone(),
            range: Some(diagnostic.range),
            objective: Some(format!("Fix: {said}")),
            worker: Some(worker.name.to_string()),
            diagnostic: Some(task.clone()),
        };
        let offer =
            Offer::new(format!("Ask {} to fix: {said}", worker.called()), Verb::Ask, &argument);
        Offer { diagnostic: Some(diagnostic.clone()), ..offer }
    };
    fitting.into_iter().take(WORKERS_MAX).map(offer).collect()
}

/// What can be asked for of the selected lines, or of the function or type around the cursor.
fn of_place(asking: &Asking) -> Vec<Offer> {
    let kinds = [TaskKind::Tests, TaskKind::Docs, TaskKind::Refactor, TaskKind::Review];
    let fitting = |kind| asking.workers.fitting(kind, Some(&asking.path), None);
    // Nobody pays for a parse that nobody needs.
    if kinds.into_iter().all(|kind| fitting(kind).is_empty()) {
        return Vec::new();
    }
    let (first, count) = lines(asking.range);
    let named = asking.named.get_or_init(|| engine::named(&asking.path, asking.text.as_bytes()));
    let around = innermost(named, first, count);
    let mut offers = Vec::new();
    for kind in kinds {
        let Some((what, range)) = about(kind, asking.range, around) else { continue };
        for worker in fitting(kind).into_iter().take(WORKERS_MAX) {
            let argument = AskArguments {
                kind,
                uri: asking.uri.clone(),
                range: Some(range),
                objective: Some(kind.objective(&what)),
                worker: Some(worker.name.to_string()),
                diagnostic: None,
            };
            let (name, what) = (worker.called(), prose::one_line(&what, TITLE_MAX));
            let title = match kind {
                TaskKind::Tests => format!("Ask {name} for tests of {what}"),
                TaskKind::Docs => format!("Ask {name} to document {what}"),
                TaskKind::Refactor => format!("Ask {name} to refactor {what}"),
                _ => format!("Ask {name} to review {what}"),
            };
            let offer = Offer::new(title, Verb::Ask, &argument);
            offers.push(Offer { kind: CodeActionKind::REFACTOR, ..offer });
        }
    }
    offers
}

/// What a kind of work would be about, and where that is.
fn about(kind: TaskKind, range: Range, around: Option<&Around>) -> Option<(String, Range)> {
    let named = |around: &Around| {
        let line = |line| lsp_types::Position { line, character: 0 };
        let end = line(around.first_line + around.lines.max(1));
        (around.name.clone(), Range { start: line(around.first_line), end })
    };
    let (first, count) = lines(range);
    match (kind, count) {
        (TaskKind::Tests, _) => around.filter(|around| around.is_tested()).map(named),
        (_, 0) => around.map(named),
        (TaskKind::Docs, _) if around.is_some() => around.map(named),
        (_, 1) => Some((format!("line {}", first.saturating_add(1)), range)),
        _ => {
            let (from, to) = (first.saturating_add(1), first.saturating_add(count));
            Some((format!("lines {from} to {to}"), range))
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use expect_test::{Expect, expect};
    use lsp_types::Position;
    use model::OwnConfig;
    use serde_json::json;

    use super::*;

    const TEXT: &str = "/// Docs.\npub fn first(queue: &[u32]) -> bool {\n    queue.len() == 0\n}\n\n#[test]\nfn it_works() {}\n";

    pub(crate) fn workers(toml: &str) -> Arc<WorkerSet> {
        let own = OwnConfig::parse(toml, "x").unwrap();
        let budget = own.budget;
        let own = own
            .workers
            .into_iter()
            .map(|(name, it)| engine::Worker { name, by: engine::WorkerBy::Own(it) });
        let recipes =
            engine::Worker { name: model::WorkerName::recipes(), by: engine::WorkerBy::Recipes };
        Arc::new(WorkerSet {
            root: "/r".into(),
            workers: own.chain([recipes]).collect(),
            untrusted: Vec::new(),
            at_once: 1,
            budget,
            own_config: "/home/config.toml".into(),
        })
    }

    const ALL: &str = "[workers.mine]\ncommand = [\"x\"]\nkinds = [\"fix\", \"tests\", \"docs\", \"refactor\", \"review\"]\n";

    fn asking(toml: &str, (from, to): ((u32, u32), (u32, u32)), diagnostics: Value) -> Asking {
        let at = |(line, character): (u32, u32)| Position { line, character };
        Asking {
            uri: "file:///r/a.rs".parse().unwrap(),
            path: "a.rs".parse().unwrap(),
            text: TEXT.into(),
            named: Named::default(),
            range: Range { start: at(from), end: at(to) },
            only: None,
            diagnostics: serde_json::from_value(diagnostics).unwrap(),
            workers: workers(toml),
            under_way: Vec::new(),
            to_approve: None,
            to_allow: None,
            literals: true,
        }
    }

    #[test]
    fn a_text_is_looked_through_once() {
        let asking = asking(ALL, ((2, 4), (2, 4)), json!([]));
        let first = super::at(&asking);
        assert!(asking.named.get().is_some_and(|named| !named.is_empty()));
        // Somebody has looked and found nothing: nobody looks again.
        let named = Named::default();
        named.set(Vec::new()).unwrap();
        let again = super::at(&Asking { named, ..asking });
        assert!(again.len() < first.len(), "{again:?}");
    }

    #[test]
    fn a_range_has_lines_however_far_it_goes() {
        let range = |start: (u32, u32), end: (u32, u32)| {
            let at = |(line, character)| Position { line, character };
            Range { start: at(start), end: at(end) }
        };
        assert_eq!(lines(range((2, 0), (4, 0))), (2, 2));
        assert_eq!(lines(range((4, 1), (2, 1))), (4, 1));
        assert_eq!(lines(range((0, 0), (u32::MAX, 1))), (0, u32::MAX));
        assert_eq!(lines(range((u32::MAX, 0), (u32::MAX, 7))), (u32::MAX, 1));
        let whole = range((0, 0), (u32::MAX, u32::MAX));
        let (what, _) = about(TaskKind::Review, whole, None).unwrap();
        assert_eq!(what, "lines 1 to 4294967295");
        let last = range((u32::MAX, 0), (u32::MAX, 7));
        assert_eq!(about(TaskKind::Review, last, None).unwrap().0, "line 4294967295");
    }

    fn check(
        toml: &str,
        (from, to): ((u32, u32), (u32, u32)),
        diagnostics: Value,
        expected: Expect,
    ) {
        let asking = asking(toml, (from, to), diagnostics);
        let mut shown = String::new();
        for action in super::at(&asking) {
            let CodeActionOrCommand::CodeAction(action) = action else { panic!() };
            let argument: AskArguments =
                serde_json::from_value(action.command.unwrap().arguments.unwrap().remove(0))
                    .unwrap();
            let range = argument.range.unwrap();
            let kind = action.kind.unwrap();
            shown.push_str(&format!(
                "{} [{}] lines {:?}\n",
                action.title,
                kind.as_str(),
                lines(range)
            ));
        }
        expected.assert_eq(&shown);
    }

    fn diagnostics() -> Value {
        let range = json!({ "start": { "line": 2, "character": 4 }, "end": { "line": 2, "character": 20 } });
        json!([
            { "range": range, "message": "length comparison to zero", "source": "clippy", "code": "len_zero" },
            { "range": range, "message": "ours", "source": "countersign" },
        ])
    }

    #[test]
    fn without_a_worker_only_what_the_recipes_put_right_is_offered() {
        check(
            "",
            ((2, 4), (2, 4)),
            diagnostics(),
            expect![[r#"
            Ask the recipes to fix: length comparison to zero [quickfix] lines (2, 1)
        "#]],
        );
        check("", ((2, 0), (3, 0)), json!([]), expect![""]);
    }

    #[test]
    fn a_function_can_be_tested_documented_refactored_and_reviewed() {
        check(
            ALL,
            ((2, 4), (2, 4)),
            diagnostics(),
            expect![[r#"
            Ask mine to fix: length comparison to zero [quickfix] lines (2, 1)
            Ask the recipes to fix: length comparison to zero [quickfix] lines (2, 1)
            Ask mine for tests of first [refactor] lines (0, 4)
            Ask mine to document first [refactor] lines (0, 4)
            Ask mine to refactor first [refactor] lines (0, 4)
            Ask mine to review first [refactor] lines (0, 4)
        "#]],
        );
    }

    #[test]
    fn a_selection_is_what_is_meant_and_a_test_needs_no_tests() {
        check(
            ALL,
            ((2, 0), (3, 0)),
            json!([]),
            expect![[r#"
            Ask mine for tests of first [refactor] lines (0, 4)
            Ask mine to document first [refactor] lines (0, 4)
            Ask mine to refactor line 3 [refactor] lines (2, 1)
            Ask mine to review line 3 [refactor] lines (2, 1)
        "#]],
        );
        check(
            ALL,
            ((2, 0), (5, 3)),
            json!([]),
            expect![[r#"
            Ask mine to document lines 3 to 6 [refactor] lines (2, 4)
            Ask mine to refactor lines 3 to 6 [refactor] lines (2, 4)
            Ask mine to review lines 3 to 6 [refactor] lines (2, 4)
        "#]],
        );
        check(
            ALL,
            ((6, 1), (6, 1)),
            json!([]),
            expect![[r#"
            Ask mine to document it_works [refactor] lines (5, 2)
            Ask mine to refactor it_works [refactor] lines (5, 2)
            Ask mine to review it_works [refactor] lines (5, 2)
        "#]],
        );
        check(ALL, ((4, 0), (4, 0)), json!([]), expect![""]);
    }

    #[test]
    fn what_is_wrong_with_an_argument_is_named() {
        let wrong = |name: &str, arguments: &[Value]| read(name, arguments).unwrap().unwrap_err();
        expect![[r#"countersign.ask: 0 arguments were given: give {"kind": "fix", "uri": "<file>"}, and "range", "objective", "worker" or "diagnostic" if you like"#]]
            .assert_eq(&wrong("countersign.ask", &[]));
        assert!(
            wrong("countersign.ask", &[json!({ "kind": "mend", "uri": "file:///a" })])
                .contains("unknown variant `mend`")
        );
        let long = json!({ "kind": "fix", "uri": "file:///a", "objective": "x".repeat(1 << 17) });
        assert!(wrong("countersign.ask", &[long]).contains("objective: more than"));
        assert!(wrong("countersign.cancel", &[json!({ "tsk": "a" })]).contains("unknown field"));
        assert!(wrong("countersign.cancel", &[json!({ "task": "" })]).contains("4 to 64"));
        assert_eq!(
            read("countersign.cancel", &[]),
            Some(Ok(Wanted::Cancel(CancelArguments::default())))
        );
        assert_eq!(read("countersign.accept", &[]), None);
    }
}
