//! What is told of the session as a whole: everything proposed, and when to ask for it again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lsp_types::Uri;
use model::ChangeSetId;

use crate::extension::{
    self, BudgetRow, Changesets, DocumentParams, DocumentText, Status, TaskState,
};
use crate::jobs::{AskedText, Job, RootId, Token};
use crate::main_loop::{Refusal, Reply};
use crate::outbox::{Continuation, Outgoing, Question};
use crate::place_name;
use crate::pool;
use crate::session::{Session, answer};
use crate::showing::Seen;

/// What a list of everything was made of: it is another when one of these is.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Told {
    /// The boards, by repository.
    boards: Vec<(RootId, u64)>,
    /// Where the hunks are in the documents, as of when nobody typed.
    placed: BTreeMap<String, Arc<Vec<Seen>>>,
    working: bool,
    paused: bool,
    /// How many hunks wait and are not shown.
    hidden: usize,
    /// Until when somebody wanted nothing shown.
    snoozed_until_ms: Option<u64>,
    /// What somebody asked to be proved.
    proving: BTreeSet<ChangeSetId>,
    /// The tasks, and how they stand.
    tasks: Vec<(Token, TaskState)>,
    /// What workers spent.
    budget: Option<BudgetRow>,
}

impl Session {
    /// The server in one line.
    pub(crate) fn status(&self) -> Status {
        let roots = self.roots.keys().filter_map(|id| self.root_uri(*id)).collect();
        Status {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            working: self.is_working(),
            waiting: self.roots.values().map(|root| extension::waiting(&root.board)).sum(),
            hidden: self.hidden(),
            paused: self.is_paused(),
            snoozed_until: self.preferences.snoozed_until_ms(),
            budget: self.budget_row(),
            roots,
            tasks: self.task_rows(),
        }
    }

    /// Whether something is under way in a repository.
    pub(crate) fn is_busy_in(&self, id: RootId) -> bool {
        self.running.values().any(|running| running.root == id)
            || self.of_files.values().any(|of| of.0 == id)
            || self.has_tasks_in(id)
    }

    fn is_working(&self) -> bool {
        !self.running.is_empty() || !self.of_files.is_empty() || self.has_tasks()
    }

    pub(crate) fn root_uri(&self, id: RootId) -> Option<Uri> {
        place_name::to_uri(self.folder(id)?)
    }

    /// Everything that waits, and the newest of the rest; put together on the pool.
    pub(crate) fn changesets(&self, reply: Reply<Changesets>) {
        let boards = self.roots.iter().filter_map(|(id, root)| {
            let (folder, at) = (self.folder(*id)?.to_owned(), self.root_uri(*id)?);
            Some((*id, folder, at, Arc::clone(&root.board)))
        });
        let (boards, status): (Vec<_>, Status) = (boards.collect(), self.status());
        let (scene, proving) = (self.scene(), self.proving());
        self.pool.post(Box::new(move || {
            let listed = pool::caught(|| Ok(scene.rows(&boards, &proving)), Err(Refusal::lost()));
            answer(reply, listed.map(|changesets| Changesets { status, changesets }));
            None
        }));
    }

    /// Has a text of a ChangeSet answered by the engine that knows it.
    pub(crate) fn document(&self, params: DocumentParams, reply: Reply<DocumentText>) {
        let meant = params.uri.as_ref().and_then(|uri| self.root_shown(uri));
        let mut roots = self.roots.iter().filter(|(id, _)| meant.is_none_or(|it| it == **id));
        let named = roots.find_map(|(id, root)| {
            let mut changes = root.board.changes.iter();
            let change = changes.find(|one| one.changeset.id.to_string() == params.changeset)?;
            Some((*id, change.changeset.id))
        });
        let Some((root, changeset)) = named else {
            let message = "no change of that name: `countersign/changesets` has all".to_owned();
            return answer(reply, Err(Refusal::InvalidParams(message)));
        };
        let open = self.open_texts(root);
        let asked = AskedText { changeset, params, open, reply };
        self.post(root, Job::Document(Box::new(asked)));
    }

    /// Tells the client that what it lists may be another, once for everything that changed together, and not
    /// for what somebody types before they pause.
    pub(crate) fn tell_changes(&mut self) {
        let (hears, lenses) = (self.client.hears_changes, self.client.lenses);
        if !(hears || lenses) || !self.placings.is_empty() || self.showing.is_busy() || self.over {
            return;
        }
        // While somebody types, editors move what they show themselves.
        let typing = self.stale.is_some();
        let placed = if typing { self.told.placed.clone() } else { self.showing.seen.clone() };
        let boards = self.roots.iter().map(|(id, root)| (*id, root.boards)).collect();
        let (tasks, proving) = (self.task_states(), self.proving());
        let (working, paused, hidden) = (self.is_working(), self.is_paused(), self.hidden());
        let snoozed_until_ms = self.preferences.snoozed_until_ms();
        let budget = self.budget_row();
        let told = Told {
            boards,
            placed,
            working,
            paused,
            hidden,
            snoozed_until_ms,
            proving,
            tasks,
            budget,
        };
        if told == self.told {
            return;
        }
        let seen = (&told.boards, &told.placed, told.hidden)
            != (&self.told.boards, &self.told.placed, self.told.hidden);
        self.told = told;
        if hears {
            self.outbox.send(Outgoing::Changed(self.status()));
        }
        if lenses && seen {
            let question = Box::new(Question::RefreshLenses);
            self.outbox.send(Outgoing::Ask(question, Continuation::Nothing));
        }
    }
}

#[cfg(test)]
mod tests {
    use lsp_types::Range;
    use model::{
        ComparisonVerdict, Decision, Digest, Event, GateKind, GateSummary, ProofRef, ProofSummary,
    };
    use serde_json::{Value, json};
    use tokio::sync::oneshot;

    use super::*;
    use crate::extension::{Group, ProofRow, ProofStanding, StandingRow};
    use crate::fixture::Sketch;
    use crate::jobs::Done;
    use crate::main_loop::Wake;
    use crate::rig::{Rig, failure};
    use crate::views::TYPED_WAIT;

    const BEFORE: &str = "a\nb\nc\nd\ne\n";

    fn capabilities() -> Value {
        json!({
            "workspace": { "codeLens": { "refreshSupport": true } },
            "experimental": { "countersign": { "changed": true } },
        })
    }

    fn rig() -> Rig {
        let sketch = Sketch::new("a.rs", BEFORE, "a\nB\nc\nD\ne\n").judged(34, Decision::Review);
        let mut rig = Rig::new(capabilities(), &[sketch]);
        assert_eq!(rig.said().matches("changed: 2 wait\nrefresh lenses\n").count(), 1);
        rig
    }

    fn listed(rig: &mut Rig) -> Changesets {
        let (reply, mut answer) = oneshot::channel();
        rig.wake(Wake::Changesets(reply));
        answer.try_recv().unwrap().unwrap()
    }

    #[test]
    fn hunks_are_listed_with_their_places_where_the_file_is_open() {
        let mut rig = rig();
        let closed = listed(&mut rig);
        let [change] = closed.changesets.as_slice() else { panic!("{closed:?}") };
        assert_eq!((change.group, change.accept.as_slice()), (Group::Waiting, [1, 2].as_slice()));
        assert_eq!(change.files[0].uri.as_ref().unwrap().as_str(), "file:///r/a.rs");
        let (hunk, risk) = (&change.files[0].hunks[0], change.risk.as_ref().unwrap());
        assert_eq!((hunk.text.as_str(), hunk.line, hunk.range), ("B", 1, None));
        assert_eq!((risk.score, risk.level.as_str()), (34, "medium"));

        rig.open("a.rs", &format!("x\n{}", BEFORE.replace('d', "mine")));
        let open = listed(&mut rig);
        let [first, second] = open.changesets[0].files[0].hunks.as_slice() else { panic!() };
        assert_eq!(first.range.map(|Range { start, .. }| start.line), Some(2));
        assert_eq!(second.standing, Some(StandingRow::Conflict));
        assert!(second.range.is_none() && second.conflict.is_some(), "{second:?}");
    }

    #[test]
    fn a_closed_file_has_a_uri_whatever_its_name() {
        let sketch = Sketch::new("app/[id]/^|`.rs", BEFORE, "a\nB\nc\nd\ne\n");
        let mut rig = Rig::new(capabilities(), &[sketch]);
        let list = listed(&mut rig);
        let uri = list.changesets[0].files[0].uri.as_ref().unwrap();
        assert_eq!(uri.as_str(), "file:///r/app/%5Bid%5D/%5E%7C%60.rs");
    }

    #[test]
    fn a_denied_change_cannot_be_accepted_and_one_without_waiting_hunks_is_decided() {
        let denied = Sketch::new("a.rs", "a\n", "b\n").judged(80, Decision::Deny);
        let mut rig = Rig::new(capabilities(), &[denied]);
        let list = listed(&mut rig);
        assert_eq!(list.changesets[0].group, Group::Denied);
        assert_eq!(list.changesets[0].denied.as_deref(), Some("the fixture says so"));
        assert!(list.changesets[0].accept.is_empty() && !list.changesets[0].reject.is_empty());
        let changeset = rig.id(0);
        rig.append(&Event::Rejected { changeset, hunks: vec![1], reason: None, prints: vec![] });
        let list = listed(&mut rig);
        assert_eq!((list.changesets[0].group, list.status.waiting), (Group::Decided, 0));
    }

    /// Records a proof of both hunks by two gates.
    fn proved(rig: &mut Rig, verdict: ComparisonVerdict, broken_base_tests: u32) {
        let gate = |(id, verdict): (&str, ComparisonVerdict)| GateSummary {
            id: id.parse().unwrap(),
            kind: GateKind::Test,
            verdict,
            reason: "it says so".to_owned(),
        };
        let gates = [("cargo-test", ComparisonVerdict::NoWorse), ("cargo-clippy", verdict)];
        let gates = gates.into_iter().map(gate).collect();
        let digest = Digest::of(b"proof");
        let summary = ProofSummary { gates, broken_base_tests, ..ProofSummary::default() };
        let hunks = vec![1, 2];
        let (envelope, base, speaks_for) = (digest, digest, digest);
        let proof = ProofRef { digest, envelope, base, speaks_for, hunks, summary };
        rig.append(&Event::Proved { changeset: rig.id(0), proof });
    }

    #[test]
    fn how_the_proof_of_a_change_stands_is_listed() {
        let mut rig = rig();
        let stands = |rig: &mut Rig| {
            let ProofRow { standing, passed, gates } = listed(rig).changesets[0].proof;
            (standing, passed, gates)
        };
        assert_eq!(stands(&mut rig), (ProofStanding::None, 0, 0));
        let _asked = rig.command("prove", None, 0);
        assert!(
            rig.said().contains("changed: "),
            "somebody asked for a proof, and nothing was told"
        );
        assert_eq!(stands(&mut rig).0, ProofStanding::Running);
        let token = *rig.session.running.keys().next().unwrap();
        let failure = failure(engine::ErrorKind::User, "no gate is trusted");
        rig.engine_says(Done::Failed { token, failure });
        assert_eq!(stands(&mut rig), (ProofStanding::None, 0, 0));

        proved(&mut rig, ComparisonVerdict::Passes, 0);
        assert_eq!(stands(&mut rig), (ProofStanding::Passed, 2, 2));
        proved(&mut rig, ComparisonVerdict::Passes, 1);
        assert_eq!(stands(&mut rig), (ProofStanding::Failed, 2, 2));
        for verdict in [ComparisonVerdict::Worse, ComparisonVerdict::Unknown] {
            proved(&mut rig, verdict, 0);
            assert_eq!(stands(&mut rig), (ProofStanding::Failed, 1, 2));
        }
        let (changeset, reason) = (rig.id(0), None);
        rig.append(&Event::Rejected { changeset, hunks: vec![2], reason, prints: vec![] });
        assert_eq!(stands(&mut rig), (ProofStanding::Stale, 1, 2));
    }

    #[test]
    fn typing_tells_nothing_until_the_person_pauses_and_a_hunk_is_elsewhere() {
        let mut rig = rig();
        rig.open("a.rs", &format!("{BEFORE}f\ng\n"));
        rig.later(std::time::Duration::from_millis(60));
        assert!(rig.said().contains("changed: 2 wait\n"));
        rig.type_at("a.rs", (6, 1), "!");
        rig.later(std::time::Duration::from_millis(60));
        assert_eq!(rig.said(), "job presence [\"a.rs\"]\npublish a.rs: lines [1, 3]\n");
        // What the hunk is about is another line now.
        rig.type_at("a.rs", (1, 1), "!");
        rig.type_at("a.rs", (0, 0), "x\n");
        assert_eq!(rig.said(), "");
        rig.later(std::time::Duration::from_millis(60));
        let told =
            |lines| format!("publish a.rs: lines {lines}\nchanged: 2 wait\nrefresh lenses\n");
        assert_eq!(rig.said(), told("[2, 4]"));
        rig.later(TYPED_WAIT);
        assert_eq!(rig.said(), told("[0, 4]"));
    }

    #[test]
    fn who_is_leaving_is_told_nothing_that_it_would_ask_for() {
        let mut rig = rig();
        rig.wake(Wake::Shutdown(oneshot::channel().0));
        let (changeset, hunks) = (rig.id(0), vec![1]);
        rig.append(&Event::Rejected { changeset, hunks, reason: None, prints: vec![] });
        assert_eq!(rig.said(), "");
    }

    #[test]
    fn who_did_not_ask_for_it_is_told_nothing() {
        let mut rig = Rig::new(json!({}), &[Sketch::new("a.rs", "a\n", "b\n")]);
        rig.open("a.rs", "a\n");
        let said = rig.said();
        assert!(!said.contains("changed") && !said.contains("lenses"), "{said}");
    }
}
