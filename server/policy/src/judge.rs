//! Compiled rules, and the verdict they give.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;
use std::time::Duration;

use model::{Decision, Digest, GateKind, PolicyInput, RelPath, Severity, Verdict, VerdictReason};
use regorus::utils::limits::ExecutionTimerConfig;
use regorus::{Engine, Value};

use crate::bundle::{Bundle, Module, rules};
use crate::error::PolicyError;
use crate::limits::{EVALUATION_TIME_MAX, REASONS_MAX};
use crate::metadata;

/// The rule id of a denial because policy itself failed: an error, a time-out, a missing or wrong result.
pub const ERROR_RULE: &str = "policy.error";

/// Everything that the rules say: theirs in `countersign`, the decision in `main`.
const EVERYTHING: &str = "data";

/// Work units of the engine between two looks at the clock.
const CLOCK_INTERVAL: NonZeroU32 = NonZeroU32::new(256).unwrap();

/// Built-in functions whose result depends on more than their arguments, with how many they take. The same
/// input must have the same verdict on every machine and in every year.
const FORBIDDEN: &[(&str, u8)] = &[
    ("http.send", 1),
    ("net.lookup_ip_addr", 1),
    ("opa.runtime", 0),
    ("rand.intn", 2),
    ("rego.parse_module", 2),
    ("time.now_ns", 0),
    ("trace", 1),
    ("uuid.rfc4122", 1),
];

/// A bundle that is ready to judge. Cheap to clone, and may be used from many threads.
#[derive(Clone)]
pub struct Policy {
    engine: Engine,
    digest: Digest,
    severities: BTreeMap<String, Severity>,
}

impl std::fmt::Debug for Policy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Policy").field("digest", &self.digest).finish_non_exhaustive()
    }
}

impl Policy {
    /// Compiles the modules of `bundle` that judge.
    ///
    /// # Errors
    /// [`PolicyError`] with file, line and column, for text that the engine does not take.
    ///
    /// # Cost
    /// 9 ms for the built-in bundle in an optimised build (measured); compile once, judge often.
    pub fn compile(bundle: &Bundle) -> Result<Self, PolicyError> {
        let severities = rules(bundle)?.into_iter().map(|doc| (doc.id, doc.severity)).collect();
        let engine = load(bundle.judging())?;
        Ok(Self { engine, digest: bundle.digest(), severities })
    }

    /// The digest of the bundle it was compiled from.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Judges by this policy alone; see [`judge`].
    pub fn judge(&self, input: &PolicyInput) -> Verdict {
        judge(self, &[], input)
    }

    /// What the rules say of `input`. `entry` asks that an entry point states a decision.
    fn speak(&self, input: &Value, entry: bool) -> Vec<VerdictReason> {
        match self.evaluate(input) {
            Ok(tree) => self.collect(&tree, entry),
            Err(error) => vec![failure(&error.to_string())],
        }
    }

    /// The tree of all rules' values.
    fn evaluate(&self, input: &Value) -> Result<Value, PolicyError> {
        let mut engine = self.engine.clone();
        engine.set_input(input.clone());
        Ok(query(&mut engine, EVERYTHING)?.unwrap_or(Value::Undefined))
    }

    fn collect(&self, tree: &Value, entry: bool) -> Vec<VerdictReason> {
        let mut reasons = Vec::new();
        let entry_point = field(tree, "main").and_then(|main| field(main, "verdict"));
        let stated = entry_point.and_then(|verdict| field(verdict, "decision")).map(decision);
        for (category, rules) in field(tree, "countersign").into_iter().flat_map(fields) {
            for (rule, value) in fields(rules) {
                let id = format!("{category}.{rule}");
                for (word, asked) in [("deny", Decision::Deny), ("review", Decision::Review)] {
                    if let Some(set) = field(value, word) {
                        self.read_reasons(&id, word, asked, set, &mut reasons);
                    }
                }
            }
        }
        let strictest = reasons.iter().map(|reason| reason.decision).max();
        let strictest = strictest.unwrap_or(Decision::Allow);
        match stated {
            None if entry => reasons.push(failure("the rules state no decision")),
            Some(Err(other)) => {
                reasons.push(failure(&format!("the rules decide {other}, which is no decision")));
            }
            Some(Ok(stated)) if stated > strictest => {
                reasons.push(failure(&format!("the rules decide `{stated}` and give no reason")));
            }
            _ => {}
        }
        reasons
    }

    fn read_reasons(
        &self,
        id: &str,
        word: &str,
        asked: Decision,
        set: &Value,
        reasons: &mut Vec<VerdictReason>,
    ) {
        let Value::Set(set) = set else {
            reasons.push(failure(&format!("`{word}` of {id} is not a set of reasons")));
            return;
        };
        for value in set.iter() {
            let default = self.severities.get(id).copied().unwrap_or(Severity::Warning);
            reasons.push(match reason(id, asked, default, value) {
                Ok(reason) => reason,
                Err(wrong) => failure(&format!("a reason of {id} is unusable: {wrong}")),
            });
        }
    }

    /// Every reason, in the order of a verdict, for explanations.
    pub(crate) fn explain(&self, input: &serde_json::Value) -> Vec<VerdictReason> {
        ordered(self.speak(&Value::from(input.clone()), false))
    }
}

/// Judges `input` by the built-in rules and by others that may only tighten them.
///
/// Each bundle is evaluated in an engine of its own, so none can redefine or switch off a rule of another. The
/// decision is the strictest of all; `allow` needs the entry point of `built_in` to say so and no one to give
/// a reason. An error, a time-out, an undefined decision or a reason of the wrong shape is a denial by
/// [`ERROR_RULE`]. Reasons are strictest first, without repeats.
///
/// # Cost
/// One evaluation for each bundle. The built-in one takes about 1 ms for a small change, 2 ms for one of 12 files with
/// 96 findings and entities, and 15 ms for one of 200 files (`benches/judge`, optimised build).
pub fn judge(built_in: &Policy, tightening: &[&Policy], input: &PolicyInput) -> Verdict {
    let policy_digest = digest(built_in, tightening);
    let text = serde_json::to_string(input);
    let input_digest = Digest::of(text.as_deref().unwrap_or_default().as_bytes());
    let reasons = match text.map_err(|error| error.to_string()).and_then(|text| value(&text)) {
        Ok(json) => {
            let mut reasons = built_in.speak(&json, true);
            for policy in tightening {
                reasons.extend(policy.speak(&json, false));
            }
            reasons
        }
        Err(error) => vec![failure(&format!("the input is not usable: {error}"))],
    };
    let reasons = ordered(reasons);
    let decision = reasons.first().map_or(Decision::Allow, |reason| reason.decision);
    Verdict { decision, reasons, policy_digest, input_digest }
}

/// The engine's value of a JSON text, which is read once: a tree of another library in between costs as much again.
fn value(text: &str) -> Result<Value, String> {
    Value::from_json_str(text).map_err(|error| error.to_string())
}

/// What kinds of gates the rules ask for: all members of any rule's set `required_gates`, by their words (`test`).
///
/// Deny by default: rules that cannot be evaluated ask for every kind, and so does a word that is none.
/// # Cost
/// As [`judge`].
pub fn required_gates(
    built_in: &Policy,
    tightening: &[&Policy],
    input: &PolicyInput,
) -> BTreeSet<GateKind> {
    let text = serde_json::to_string(input).unwrap_or_default();
    let Ok(json) = value(&text) else { return GateKind::ALL.into() };
    let mut kinds = BTreeSet::new();
    for policy in [built_in].iter().chain(tightening) {
        let Ok(tree) = policy.evaluate(&json) else { return GateKind::ALL.into() };
        let rules = field(&tree, "countersign").into_iter().flat_map(fields);
        let sets = rules.flat_map(|(_, rules)| fields(rules));
        for set in sets.filter_map(|(_, rule)| field(rule, "required_gates")) {
            let Ok(set) = set.as_set() else { return GateKind::ALL.into() };
            for word in set.iter() {
                let word = word.as_string().map(AsRef::as_ref).unwrap_or_default();
                match GateKind::ALL.into_iter().find(|kind| kind.word() == word) {
                    Some(kind) => kinds.insert(kind),
                    None => return GateKind::ALL.into(),
                };
            }
        }
    }
    kinds
}

/// The digest of the text of all policies, as [`judge`] puts it into a verdict.
pub fn digest(built_in: &Policy, tightening: &[&Policy]) -> Digest {
    if tightening.is_empty() {
        return built_in.digest;
    }
    let all: Vec<_> = [built_in].iter().chain(tightening).map(|policy| policy.digest).collect();
    Digest::of_json(&all)
}

/// Sets how long one evaluation may take.
pub(crate) fn bound(engine: &mut Engine, limit: Duration) {
    let check_interval = CLOCK_INTERVAL;
    engine.set_execution_timer_config(ExecutionTimerConfig { limit, check_interval });
}

/// An engine with `modules`, prepared and bounded.
pub(crate) fn load<'m>(
    modules: impl Iterator<Item = (&'m str, &'m Module)>,
) -> Result<Engine, PolicyError> {
    let fail = |error: &dyn ToString| PolicyError::from_engine(&error.to_string());
    let mut engine = Engine::new();
    // What rules print belongs to tests and explanations, not to the standard error of a server.
    engine.set_gather_prints(true);
    bound(&mut engine, EVALUATION_TIME_MAX);
    for (name, arguments) in FORBIDDEN {
        let refused =
            move |_: Vec<Value>| Err(PolicyError::Impure { name: (*name).to_owned() }.into());
        engine
            .add_extension((*name).to_owned(), *arguments, Box::new(refused))
            .map_err(|error| fail(&error))?;
    }
    for (name, module) in modules {
        engine.add_policy(name.to_owned(), module.text.clone()).map_err(|error| fail(&error))?;
    }
    // The engine analyses at the first query; asking now brings its errors up here, once.
    query(&mut engine, "true")?;
    Ok(engine)
}

/// The value of a query with one result and one expression; `None` when it is undefined.
pub(crate) fn query(engine: &mut Engine, query: &str) -> Result<Option<Value>, PolicyError> {
    let results = engine
        .eval_query(query.to_owned(), false)
        .map_err(|error| PolicyError::from_engine(&error.to_string()))?;
    let Some(result) = results.result.first() else { return Ok(None) };
    match (results.result.as_slice(), result.expressions.as_slice()) {
        ([_], [expression]) if expression.value == Value::Undefined => Ok(None),
        ([_], [expression]) => Ok(Some(expression.value.clone())),
        _ => {
            let rows = results.result.iter().map(|row| {
                let values = row.expressions.iter().map(|expression| expression.value.clone());
                Value::from(values.collect::<Vec<_>>())
            });
            Ok(Some(Value::from(rows.collect::<Vec<_>>())))
        }
    }
}

fn fields(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let object = value.as_object().ok();
    object
        .into_iter()
        .flat_map(|object| object.iter())
        .filter_map(|(key, value)| Some((key.as_string().ok()?.as_ref(), value)))
}

fn field<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    fields(value).find(|(key, _)| *key == name).map(|(_, value)| value)
}

/// A decision by its word, or what stands in its place.
fn decision(value: &Value) -> Result<Decision, String> {
    match value.as_string().map(AsRef::as_ref) {
        Ok("allow") => Ok(Decision::Allow),
        Ok("review") => Ok(Decision::Review),
        Ok("deny") => Ok(Decision::Deny),
        _ => Err(value.to_string()),
    }
}

/// Reads `{message, path?, line?, severity?}`.
fn reason(
    id: &str,
    decision: Decision,
    severity: Severity,
    value: &Value,
) -> Result<VerdictReason, String> {
    let Value::Object(_) = value else { return Err(format!("{value} is not an object")) };
    let mut reason = VerdictReason {
        rule: id.to_owned(),
        decision,
        severity,
        message: String::new(),
        path: None,
        line: None,
    };
    for (key, value) in value.as_object().map_err(|e| e.to_string())?.iter() {
        let wrong = || format!("{key} is {value}");
        let text = value.as_string().map(AsRef::as_ref);
        match key.as_string().map(AsRef::as_ref) {
            Ok("message") => reason.message = text.map_err(|_| wrong())?.trim().to_owned(),
            Ok("path") => {
                let path = text.map_err(|_| wrong())?.parse::<RelPath>();
                reason.path = Some(path.map_err(|error| error.to_string())?);
            }
            Ok("line") => {
                let line = value.as_i64().map_err(|_| wrong())?;
                reason.line = Some(u32::try_from(line).map_err(|_| wrong())?);
            }
            Ok("severity") => {
                let word = text.map_err(|_| wrong())?;
                reason.severity = metadata::severity(word).ok_or_else(wrong)?;
            }
            _ => return Err(format!("{key} is not known: message, path, line and severity are")),
        }
    }
    if reason.message.is_empty() {
        return Err("it has no message".to_owned());
    }
    Ok(reason)
}

fn failure(message: &str) -> VerdictReason {
    VerdictReason {
        rule: ERROR_RULE.to_owned(),
        decision: Decision::Deny,
        severity: Severity::Error,
        message: message.to_owned(),
        path: None,
        line: None,
    }
}

/// Strictest first, without repeats, and no more than a person or a report can take.
fn ordered(mut reasons: Vec<VerdictReason>) -> Vec<VerdictReason> {
    reasons.sort_by(|a, b| {
        let strict = |r: &VerdictReason| (Reverse(r.decision), Reverse(r.severity));
        strict(a)
            .cmp(&strict(b))
            .then_with(|| (&a.path, a.line, &a.rule).cmp(&(&b.path, b.line, &b.rule)))
            .then_with(|| a.message.cmp(&b.message))
    });
    reasons.dedup();
    let more = reasons.len().saturating_sub(REASONS_MAX);
    if more > 0 {
        reasons.truncate(REASONS_MAX);
        // The reasons that are kept are the strictest, so this one never decides.
        let decision = reasons.last().map_or(Decision::Deny, |reason| reason.decision);
        reasons.push(VerdictReason {
            rule: "policy.limit".to_owned(),
            decision,
            ..failure(&format!("{more} more reasons are not shown"))
        });
    }
    reasons
}
