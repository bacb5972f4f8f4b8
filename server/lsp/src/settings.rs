//! What the person set about proposals, and what is hidden because of it: it is not shown in the text, waits in the
//! list, and is counted. Nothing here decides about a change.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use engine::BoardChange;
use lsp_types::{MessageType, Registration, RegistrationParams};
use model::{ChangeSetId, ProveWhen, SETTINGS_SECTION, SNOOZE_MINUTES_MAX, Settings};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::command::{self, Verb};
use crate::extension;
use crate::jobs::{Job, RootId};
use crate::main_loop::Reply;
use crate::outbox::{Continuation, Outgoing, Question};
use crate::placement::Place;
use crate::prose;
use crate::session::{Root, Session, answer};

/// How often the clock is looked at where quiet hours are set or somebody wants nothing shown: clocks are moved, and others stand
/// still while the machine sleeps.
const LOOK: Duration = Duration::from_secs(20);
const SAID_MAX: usize = 600;

/// What was set, and what is hidden.
#[derive(Debug, Default)]
pub(crate) struct Preferences {
    pub(crate) settings: Settings,
    /// What was last said to be wrong with them.
    wrong: Vec<String>,
    /// What came with `initialize`: it holds where a client says nothing else.
    initial: Value,
    /// Until when nothing is shown because somebody asked for that, in milliseconds since 1970.
    snoozed_until_ms: Option<u64>,
    /// Whether these are quiet hours.
    quiet: bool,
    /// When the clock is to be looked at again.
    look_at: Option<Instant>,
    /// The changes that wait and are too many to be shown.
    too_many: Arc<BTreeSet<ChangeSetId>>,
}

/// What is not shown in the text, at one moment.
#[derive(Debug, Clone)]
pub(crate) struct Hidden {
    all: bool,
    changes: Arc<BTreeSet<ChangeSetId>>,
}

impl Hidden {
    /// Whether a change is shown in the text.
    pub(crate) fn shows(&self, change: ChangeSetId) -> bool {
        !self.all && !self.changes.contains(&change)
    }

    /// Whether nothing is, because somebody wanted that.
    pub(crate) fn is_all(&self) -> bool {
        self.all
    }
}

/// The argument of `countersign.snooze`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SnoozeArguments {
    /// For how long; 0 to show everything again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minutes: Option<u32>,
}

/// Reads the command; `None`: it is another.
pub(crate) fn read(name: &str, arguments: &[Value]) -> Option<Result<SnoozeArguments, String>> {
    if name != Verb::Snooze.name() {
        return None;
    }
    let wrong =
        |what: String| format!("{name}: {what}: give {{\"minutes\": 60}}, 0 to end it, or nothing");
    Some(match command::argument(arguments) {
        Ok(SnoozeArguments { minutes: Some(minutes) }) if minutes > SNOOZE_MINUTES_MAX => {
            Err(wrong(format!("minutes: {minutes} is more than {SNOOZE_MINUTES_MAX}")))
        }
        given => given.map_err(wrong),
    })
}

/// What is left of several lists when so many were taken, in turns from the front of each.
fn excess(lists: &[Vec<ChangeSetId>], taken: usize) -> BTreeSet<ChangeSetId> {
    let longest = lists.iter().map(Vec::len).max().unwrap_or_default();
    let turns = (0..longest).flat_map(|turn| lists.iter().filter_map(move |list| list.get(turn)));
    // Working trees of one repository have the same changes.
    let mut seen = BTreeSet::new();
    turns.filter(|id| seen.insert(**id)).skip(taken).copied().collect()
}

/// The settings in what a client sent: below their section, if it sent more; null where it says that there are none.
fn section(value: &Value) -> Option<&Value> {
    value.pointer("/countersign/proposals").or_else(|| value.get("proposals"))
}

impl Preferences {
    /// When to be woken at the latest.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.look_at
    }

    /// What is not shown in the text now.
    pub(crate) fn hidden(&self) -> Hidden {
        Hidden { all: self.hides_all(), changes: Arc::clone(&self.too_many) }
    }

    fn hides_all(&self) -> bool {
        self.snoozed_until_ms.is_some() || self.quiet
    }

    /// Until when somebody had everything hidden, in milliseconds since 1970.
    pub(crate) fn snoozed_until_ms(&self) -> Option<u64> {
        self.snoozed_until_ms
    }
}

impl Session {
    /// Takes what came with `initialize`.
    pub(crate) fn initial_settings(&mut self, options: Option<&Value>) {
        if let Some(settings) = options.and_then(section).cloned() {
            self.set(&settings);
            self.preferences.initial = settings;
        }
    }

    /// Asks the client, if it can be asked, and has it tell when they are others.
    pub(crate) fn ask_for_settings(&self) {
        if self.client.configuration {
            let question = Box::new(Question::Settings(SETTINGS_SECTION.to_owned()));
            self.outbox.send(Outgoing::Ask(question, Continuation::Nothing));
        }
    }

    /// Has the client tell when they are others, if it wants to be asked for that.
    pub(crate) fn follow_settings(&self) {
        if self.client.tells_configuration {
            let method = "workspace/didChangeConfiguration".to_owned();
            let options = Some(json!({ "section": SETTINGS_SECTION }));
            let registration =
                Registration { id: method.clone(), method, register_options: options };
            let question =
                Question::Register(RegistrationParams { registrations: vec![registration] });
            self.outbox.send(Outgoing::Ask(Box::new(question), Continuation::Nothing));
        }
    }

    /// The client says that they are others: what it says counts only if it cannot be asked.
    pub(crate) fn settings_changed(&mut self, told: &Value) {
        if self.client.configuration {
            self.ask_for_settings();
        } else if let Some(settings) = section(told).cloned() {
            self.set_or_reset(&settings);
        }
    }

    /// The client answered what they are. One that has none has them as they came with `initialize`.
    pub(crate) fn settings_answered(&mut self, answer: Value) {
        let first = match answer {
            Value::Array(mut items) if !items.is_empty() => items.swap_remove(0),
            _ => Value::Null,
        };
        self.set_or_reset(&first);
    }

    fn set_or_reset(&mut self, settings: &Value) {
        match settings.is_null() {
            true => self.set(&self.preferences.initial.clone()),
            false => self.set(settings),
        }
    }

    fn set(&mut self, value: &Value) {
        let (settings, wrong) = Settings::read(value);
        if wrong != self.preferences.wrong {
            if !wrong.is_empty() {
                let text = format!("the rest of the settings is used: {}", wrong.join("; "));
                let text = prose::bounded(prose::visible(&text), SAID_MAX, "…");
                self.outbox.say(MessageType::WARNING, text);
            }
            self.preferences.wrong = wrong;
        }
        if settings == self.preferences.settings {
            return;
        }
        let proves = settings.prove;
        if proves != self.preferences.settings.prove {
            let roots: Vec<_> = self.roots.keys().copied().collect();
            roots.into_iter().for_each(|root| self.tell_proving(root, proves));
        }
        self.preferences.settings = settings;
        self.preferences.look_at = None;
        self.look_at_the_clock(Instant::now());
        self.choose_shown();
        self.show_all();
    }

    /// Tells an engine that was just started when to prove, where that is set.
    pub(crate) fn tell_proving(&self, root: RootId, when: Option<ProveWhen>) {
        self.post(root, Job::ProvesUnasked(when.map(|when| when == ProveWhen::Automatically)));
    }

    /// Finds which changes are too many to be shown: the newest of those that wait and have a place, the repositories taking
    /// turns. Answers whether they are others than before.
    pub(crate) fn choose_shown(&mut self) -> bool {
        let too_many = match self.preferences.settings.maximum_shown {
            Some(maximum) => {
                excess(&self.showable(), usize::try_from(maximum).unwrap_or(usize::MAX))
            }
            None => BTreeSet::new(),
        };
        let others = *self.preferences.too_many != too_many;
        self.preferences.too_many = Arc::new(too_many);
        others
    }

    /// The changes of each repository that wait here, oldest first, without those that have nothing to show in the documents as
    /// far as these are open: what is in conflict everywhere, or has landed, is in nobody's way.
    fn showable(&self) -> Vec<Vec<ChangeSetId>> {
        let mut places = BTreeMap::new();
        let mut open = BTreeSet::new();
        for (uri, view) in &self.views {
            let Some(home) = self.homes.get(uri) else { continue };
            open.insert(home);
            let decidable = |place: &Place| place.waits() && !matches!(place, Place::Landed { .. });
            places.extend(view.placed.iter().map(|hunk| (hunk.name(), decidable(&hunk.place))));
        }
        let of = |(id, root): (&RootId, &Root)| {
            let shows = |change: &&Arc<BoardChange>| {
                let (name, state) = (change.changeset.id, &change.state);
                let mut waiting = state.waiting().into_iter();
                waiting.any(|hunk| {
                    let home = state.paths.get(&hunk).map(|path| (*id, path.clone()));
                    match home.is_some_and(|home| open.contains(&home)) {
                        true => places.get(&(name, hunk)).copied().unwrap_or(false),
                        false => true,
                    }
                })
            };
            let board = &root.board;
            let here = board.changes.iter().filter(|one| !board.parked.contains(&one.changeset.id));
            here.filter(shows).map(|change| change.changeset.id).collect()
        };
        self.roots.iter().map(of).collect()
    }

    /// How many hunks wait and are not shown.
    pub(crate) fn hidden(&self) -> usize {
        let boards = self.roots.iter().map(|(id, root)| (*id, &root.board));
        if self.preferences.hides_all() {
            return boards.map(|(_, board)| extension::waiting(board)).sum();
        }
        let hidden = self.preferences.hidden();
        let unseen: usize = self.views.values().map(|view| view.unseen(&hidden)).sum();
        if hidden.changes.is_empty() {
            return unseen;
        }
        // All that wait where no hunk is looked for are among the unseen.
        let unread = self.views.iter().filter(|(_, view)| view.unread.is_some());
        let unread: BTreeSet<_> = unread.filter_map(|(uri, _)| self.homes.get(uri)).collect();
        let mut count = unseen;
        for (root, board) in boards {
            for change in board.changes.iter().filter(|it| !hidden.shows(it.changeset.id)) {
                let state = &change.state;
                let home = |hunk| state.paths.get(&hunk).map(|path| (root, path.clone()));
                let counted = |hunk: &u32| {
                    unread.is_empty() || home(*hunk).is_none_or(|home| !unread.contains(&home))
                };
                count += state.waiting().into_iter().filter(counted).count();
            }
        }
        count
    }

    /// Shows and hides what is due.
    pub(crate) fn look_at_the_clock(&mut self, now: Instant) {
        let before = self.preferences.hides_all();
        let (clock, preferences) = (self.clock, &mut self.preferences);
        let quiet_hours = !preferences.settings.quiet_hours.is_empty();
        if preferences.look_at.is_none_or(|at| at <= now) {
            let wall_ms = clock.now().0;
            preferences.snoozed_until_ms =
                preferences.snoozed_until_ms.filter(|until| wall_ms < *until);
            preferences.quiet = quiet_hours && preferences.settings.is_quiet(clock.minute_of_day());
            let left =
                preferences.snoozed_until_ms.map(|until| Duration::from_millis(until - wall_ms));
            let wait = left.map_or(LOOK, |left| left.min(LOOK));
            preferences.look_at = (quiet_hours || left.is_some()).then(|| now + wait);
        }
        if before != self.preferences.hides_all() {
            self.show_all();
        }
    }

    /// Hides everything for a while, or shows it again.
    pub(crate) fn snooze(
        &mut self,
        given: SnoozeArguments,
        reply: Reply<Option<Value>>,
        now: Instant,
    ) {
        // Without a word it is on for a while, and off while it is on.
        let minutes = match (given.minutes, self.preferences.snoozed_until_ms) {
            (Some(minutes), _) => minutes,
            (None, None) => self.preferences.settings.snooze_minutes,
            (None, Some(_)) => 0,
        };
        let until = self.clock.now().0.saturating_add(u64::from(minutes) * 60_000);
        self.preferences.snoozed_until_ms = (minutes > 0).then_some(until);
        self.preferences.look_at = None;
        self.look_at_the_clock(now);
        self.show_all();
        let text = match minutes {
            0 if self.preferences.quiet => {
                "these are quiet hours: proposals stay in the list".to_owned()
            }
            0 => "proposals are shown again".to_owned(),
            _ => {
                let minutes =
                    prose::count(usize::try_from(minutes).unwrap_or(usize::MAX), "minute");
                format!("proposals are not shown for {minutes}; `countersign list` has them")
            }
        };
        self.outbox.say(MessageType::INFO, text);
        answer(reply, Ok(Some(json!({ "minutes": minutes, "hidden": self.hidden() }))));
    }
}

#[cfg(test)]
mod tests {
    use model::{Digest, schema};
    use tokio::sync::oneshot;

    use super::*;
    use crate::fixture::Sketch;
    use crate::main_loop::Wake;
    use crate::rig::Rig;

    const BEFORE: &str = "a\nb\nc\nd\ne\n";

    /// Two changes in one file: of lines 1 and 3, and of line 4.
    fn rig(capabilities: Value) -> Rig {
        let sketches = [
            Sketch::new("a.rs", BEFORE, "a\nB\nc\nD\ne\n"),
            Sketch::new("a.rs", BEFORE, "a\nb\nc\nd\nE\n"),
        ];
        let mut rig = Rig::new(capabilities, &sketches);
        rig.open("a.rs", BEFORE);
        assert!(rig.said().contains("publish a.rs: lines [1, 3, 4]\n"));
        rig
    }

    fn tell(rig: &mut Rig, settings: Value) -> String {
        rig.wake(Wake::SettingsChanged(json!({ "countersign": { "proposals": settings } })));
        rig.said()
    }

    fn snooze(rig: &mut Rig, arguments: Vec<Value>) -> Value {
        let (reply, mut answer) = oneshot::channel();
        let command = "countersign.snooze".to_owned();
        let params = lsp_types::ExecuteCommandParams {
            command,
            arguments,
            ..lsp_types::ExecuteCommandParams::default()
        };
        rig.wake(Wake::Command(params, reply));
        answer.try_recv().unwrap().unwrap().unwrap()
    }

    #[test]
    fn the_newest_of_too_many_wait_until_there_is_room() {
        let mut rig = rig(json!({}));
        assert_eq!(tell(&mut rig, json!({ "maximumShown": 1 })), "publish a.rs: lines [0, 1, 3]\n");
        assert_eq!(
            rig.shown["a.rs"][0].message,
            "1 hunk waits in this file and is not shown: no more changes are shown at once; `countersign review` has all"
        );
        let status = rig.session.status();
        assert_eq!((status.waiting, status.hidden), (3, 1));
        let (changeset, hunks) = (rig.id(0), vec![1, 2]);
        rig.append(&model::Event::Rejected { changeset, hunks, reason: None, prints: vec![] });
        rig.work();
        assert_eq!(rig.said(), "publish a.rs: lines [4]\n");
        assert_eq!(rig.session.status().hidden, 0);
    }

    #[test]
    fn what_waits_where_no_hunk_is_looked_for_is_hidden_once() {
        let both = Sketch::new("a.rs", BEFORE, "a\nb\nc\nd\nE\n");
        let sketches = [
            Sketch::new("a.rs", BEFORE, "a\nB\nc\nd\ne\n"),
            both.and("b.rs", BEFORE, "a\nb\nC\nd\ne\n"),
        ];
        let mut rig = Rig::new(json!({}), &sketches);
        rig.open("a.rs", BEFORE);
        rig.open("b.rs", "a\rb\n");
        assert_eq!(rig.session.status().hidden, 1);
        tell(&mut rig, json!({ "maximumShown": 1 }));
        let status = rig.session.status();
        assert_eq!((status.waiting, status.hidden), (3, 2));
    }

    #[test]
    fn what_has_no_place_or_is_there_already_takes_no_room() {
        let mut rig = rig(json!({}));
        tell(&mut rig, json!({ "maximumShown": 1 }));
        // Both hunks of the older change were typed over.
        rig.change("a.rs", "a\nmine\nc\nmine too\ne\n");
        rig.later(Duration::from_secs(2));
        assert!(rig.said().ends_with("publish a.rs: lines [0, 4]\n"));
        rig.change("a.rs", "a\nB\nc\nD\ne\n");
        rig.later(Duration::from_secs(2));
        assert!(rig.said().ends_with("publish a.rs: lines [1, 3, 4]\n"));
        rig.change("a.rs", BEFORE);
        rig.later(Duration::from_secs(2));
        assert!(rig.said().ends_with("publish a.rs: lines [0, 1, 3]\n"));
    }

    #[test]
    fn repositories_take_turns() {
        let id = |name: &str| ChangeSetId(Digest::of(name.as_bytes()));
        let lists = [vec![id("a1"), id("a2"), id("a3")], vec![], vec![id("b1"), id("b2")]];
        assert_eq!(excess(&lists, 3), [id("b2"), id("a3")].into());
        assert_eq!(excess(&lists, 1), [id("b1"), id("a2"), id("b2"), id("a3")].into());
        assert_eq!(excess(&lists, 9), [].into());
        let twice = [vec![id("a1"), id("a2")], vec![id("a1"), id("a2")]];
        assert_eq!(excess(&twice, 1), [id("a2")].into());
    }

    #[test]
    fn an_editor_with_a_list_is_not_told_of_what_is_too_much_for_the_text() {
        let listing = json!({ "experimental": { "countersign": { "changed": true } } });
        let mut rig = rig(listing);
        let told = tell(&mut rig, json!({ "maximumShown": 1 }));
        assert!(told.contains("publish a.rs: lines [1, 3]\n"), "{told}");
    }

    #[test]
    fn what_is_snoozed_comes_back_by_itself_or_when_asked_for() {
        let mut rig = rig(json!({}));
        assert_eq!(
            snooze(&mut rig, vec![json!({ "minutes": 5 })]),
            json!({ "minutes": 5, "hidden": 3 })
        );
        assert_eq!(
            rig.said(),
            "say Info: proposals are not shown for 5 minutes; `countersign list` has them\npublish a.rs: lines []\n"
        );
        let until = rig.session.clock.now().0 + 5 * 60_000;
        assert_eq!(rig.session.status().snoozed_until, Some(until));
        rig.later(Duration::from_secs(5 * 60));
        assert_eq!(rig.said(), "publish a.rs: lines [1, 3, 4]\n");
        assert_eq!(rig.session.status().snoozed_until, None);
        // Without a word it is on for an hour, and then off.
        assert_eq!(snooze(&mut rig, vec![])["minutes"], 60);
        rig.said();
        assert_eq!(snooze(&mut rig, vec![])["minutes"], 0);
        assert_eq!(
            rig.said(),
            "say Info: proposals are shown again\npublish a.rs: lines [1, 3, 4]\n"
        );
    }

    #[test]
    fn in_quiet_hours_nothing_is_shown() {
        let mut rig = rig(json!({}));
        assert_eq!(tell(&mut rig, json!({ "quietHours": ["13:00-14:00"] })), "");
        assert_eq!(
            tell(&mut rig, json!({ "quietHours": ["11:00-12:30"] })),
            "publish a.rs: lines []\n"
        );
        assert_eq!(rig.session.status().hidden, 3);
        assert_eq!(tell(&mut rig, json!({})), "publish a.rs: lines [1, 3, 4]\n");
    }

    #[test]
    fn what_is_wrong_is_told_once_and_the_rest_is_used() {
        let mut rig = rig(json!({}));
        let bad = json!({ "severity": "loud", "maximumShown": 1 });
        expect_test::expect![[r#"
            say Warning: the rest of the settings is used: countersign.proposals.severity: "loud" is not "hint", "information" or "warning"
            publish a.rs: lines [0, 1, 3]
        "#]]
        .assert_eq(&tell(&mut rig, bad.clone()));
        assert_eq!(tell(&mut rig, bad), "");
    }

    #[test]
    fn a_client_that_can_be_asked_is_asked_and_what_it_tells_is_only_a_reason_to() {
        let capabilities = json!({ "workspace": {
            "configuration": true, "didChangeConfiguration": { "dynamicRegistration": true },
        } });
        let mut rig = Rig::new(capabilities, &[Sketch::new("a.rs", BEFORE, "a\nB\nc\nd\ne\n")]);
        let first = rig.said();
        assert!(first.contains("ask for settings countersign.proposals\nregister workspace/didChangeConfiguration\n"), "{first}");
        rig.open("a.rs", BEFORE);
        rig.said();
        assert_eq!(
            tell(&mut rig, json!({ "maximumShown": 1 })),
            "ask for settings countersign.proposals\n"
        );
        rig.wake(Wake::Settings(json!([{ "severity": "hint", "prove": "whenAsked" }])));
        assert_eq!(rig.said(), "job proves newcomers: Some(false)\npublish a.rs: lines [1]\n");
        rig.wake(Wake::Settings(json!([null])));
        let back = "job proves newcomers: None\npublish a.rs: lines [1]\n";
        assert_eq!(rig.said(), back, "what is set no more is as it was at first");
        rig.wake(Wake::Settings(json!([null])));
        assert_eq!(rig.said(), "");
    }

    #[test]
    fn what_is_set_no_more_is_as_it_came_with_initialize() {
        let mut rig = rig(json!({}));
        rig.session.preferences.initial = json!({ "snoozeMinutes": 5 });
        tell(&mut rig, json!({ "snoozeMinutes": 7 }));
        assert_eq!(rig.session.preferences.settings.snooze_minutes, 7);
        tell(&mut rig, Value::Null);
        assert_eq!(rig.session.preferences.settings.snooze_minutes, 5);
        rig.wake(Wake::SettingsChanged(json!({})));
        assert_eq!(rig.session.preferences.settings.snooze_minutes, 5);
    }

    #[test]
    fn a_snooze_ends_by_the_clock_on_the_wall() {
        let mut rig = rig(json!({}));
        tell(&mut rig, json!({ "snoozeMinutes": 30 }));
        assert_eq!(snooze(&mut rig, vec![])["minutes"], 30);
        rig.said();
        // The machine slept for an hour, in which the clock that deadlines go by stood still.
        rig.session.clock = engine::Clock::Fixed(model::Timestamp(13 * 3_600_000));
        rig.later(LOOK);
        assert_eq!(rig.said(), "publish a.rs: lines [1, 3, 4]\n");
        assert_eq!(rig.session.deadline(), None);
    }

    #[test]
    fn that_nothing_is_shown_for_longer_is_told() {
        let listing = json!({ "experimental": { "countersign": { "changed": true } } });
        let mut rig = rig(listing);
        for minutes in [5, 10] {
            rig.said();
            snooze(&mut rig, vec![json!({ "minutes": minutes })]);
            let said = rig.said();
            assert!(said.contains("changed: 3 wait\n"), "{minutes}: {said}");
        }
    }

    fn at(path: &str) -> String {
        let editors = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../editors");
        std::fs::read_to_string(editors.join(path)).unwrap()
    }

    #[test]
    fn three_editors_and_the_schema_name_the_same_settings_with_the_same_defaults() {
        let schema = schema("settings").unwrap();
        let properties = schema["properties"].as_object().unwrap();
        let package: Value = serde_json::from_str(&at("vscode/package.json")).unwrap();
        let contributed =
            package["contributes"]["configuration"]["properties"].as_object().unwrap();
        let prefix = format!("{SETTINGS_SECTION}.");
        let mine: BTreeMap<String, Value> = contributed
            .iter()
            .filter_map(|(name, value)| {
                Some((name.strip_prefix(&prefix)?.to_owned(), value.clone()))
            })
            .collect();
        let names: BTreeSet<&String> = properties.keys().collect();
        assert_eq!(mine.keys().collect::<BTreeSet<_>>(), names);
        let defaults = serde_json::to_value(Settings::default()).unwrap();
        for (name, stated) in properties {
            let mut stated = stated.clone();
            let members = stated.as_object_mut().unwrap();
            members.insert("default".to_owned(), defaults[name].clone());
            members.insert("scope".to_owned(), "resource".into());
            assert_eq!(mine[name], stated, "{name} in vscode/package.json");
        }
        // Helix and Neovim state them as their users write them.
        let toml = at("helix/languages.toml");
        let block = toml
            .split("# [language-server.countersign.config.countersign.proposals]\n")
            .nth(1)
            .unwrap();
        let block = block.lines().map_while(|line| line.strip_prefix("# "));
        let stated: BTreeMap<&str, &str> =
            block.filter_map(|line| line.split_once(" = ")).collect();
        let readme = at("nvim/README.md");
        let table = readme.split("proposals = {").nth(1).unwrap().split("\n    }").next().unwrap();
        for (name, default) in defaults.as_object().unwrap() {
            // Neither writes null; there, an example stands for what it would be.
            let (said, lua) = (stated[name.as_str()], format!("{name} = "));
            assert!(table.contains(&lua), "{name} in nvim/README.md");
            let said: Value = serde_json::from_str(said.split(" #").next().unwrap()).unwrap();
            assert!(said == *default || default.is_null(), "{name} in helix/languages.toml");
            let (_, wrong) = Settings::read(&json!({ name: said }));
            assert!(wrong.is_empty(), "{wrong:?}");
        }
    }
}
