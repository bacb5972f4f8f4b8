//! What is shown of the session: places, diagnostics, hovers and actions.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use engine::Board;
use lsp_types::{CodeActionOrCommand, CodeActionParams, Hover, HoverParams};
use model::{HunkState, RelPath};

use crate::actions::{self, Asked};
use crate::command;
use crate::diagnostics;
use crate::documents::Edit;
use crate::hover;
use crate::jobs::RootId;
use crate::main_loop::{Reply, Wake};
use crate::placement::{self, HunkName, PLACED_BYTES_MAX, Place, PlacedHunk, Unread};
use crate::pool;
use crate::session::{Root, Session, answer};
use crate::settings::Hidden;

/// How long the person must have stopped typing before places are found by content again.
const QUIET: Duration = Duration::from_millis(60);
/// How long nobody must have typed in a hunk before it may go elsewhere, or nowhere: keys come 100 to 300 ms apart, and
/// what is half typed fits nowhere.
pub(crate) const TYPED_WAIT: Duration = Duration::from_millis(1500);

/// The hunks in one document.
#[derive(Debug)]
pub(crate) struct View {
    pub(crate) placed: Arc<Vec<PlacedHunk>>,
    /// Why none is looked for, and how many wait, where some do.
    pub(crate) unread: Option<(Unread, usize)>,
    /// What they were placed for; the text may have moved since, and they with it.
    of: Moment,
    /// The hunks that somebody types in, and until when they stay where they are.
    typed: BTreeMap<HunkName, Instant>,
    /// Whether content has some of those elsewhere.
    held: bool,
    /// Whether content is to decide again, though the text is the same.
    again: bool,
}

impl View {
    /// How many hunks wait here and are shown nowhere, of the changes that are not hidden.
    pub(crate) fn unseen(&self, hidden: &Hidden) -> usize {
        let unread = self.unread.map_or(0, |(_, waiting)| waiting);
        if self.placed.len() <= diagnostics::PER_FILE_MAX {
            return unread;
        }
        let shown = self.placed.iter().filter(|hunk| hidden.shows(hunk.change.changeset.id));
        unread + diagnostics::over_the_limit(shown)
    }

    /// When content is to decide again at the latest, because somebody typed.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.typed.values().min().copied().filter(|_| self.held)
    }
}

/// What was found in a document.
#[derive(Debug)]
pub(crate) struct Found {
    placed: Vec<PlacedHunk>,
    unread: Option<(Unread, usize)>,
}

impl Found {
    /// Looks for the hunks of a board in the file at `path`. Cost: as [`placement::place`].
    fn of(path: &RelPath, text: Option<&str>, board: &Board) -> Self {
        let unread = Unread::of(text).map(|why| (why, placement::waiting_in(path, board)));
        let placed = match text.filter(|_| unread.is_none()) {
            Some(text) => placement::place(path, text, board),
            None => Vec::new(),
        };
        Self { placed, unread: unread.filter(|(_, waiting)| *waiting > 0) }
    }
}

/// Of what a document's hunks were placed: a text of it, and what a ledger said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment {
    root: RootId,
    /// The document's.
    revision: u64,
    /// How often the ledger had the hunks placed anew.
    turns: u64,
}

/// A document whose hunks are being placed.
#[derive(Debug)]
pub(crate) struct Placing {
    of: Moment,
    /// The number of the board that is looked at.
    boards: u64,
    /// What was typed meanwhile.
    edits: Vec<Edit>,
}

impl Session {
    /// Moves the places of a document through edits; content decides when the person pauses.
    pub(crate) fn moved(&mut self, uri: &str, edits: &[Edit], now: Instant) {
        if let Some(view) = self.views.get_mut(uri) {
            let typed = placement::shift(Arc::make_mut(&mut view.placed), edits);
            view.typed.extend(typed.into_iter().map(|hunk| (hunk, now + TYPED_WAIT)));
        }
        if let Some(placing) = self.placings.get_mut(uri) {
            placing.edits.extend(edits);
        }
        if self.homes.contains_key(uri) {
            self.look_soon(now);
        }
    }

    /// Has content decide again when all was quiet for a while.
    pub(crate) fn look_soon(&mut self, now: Instant) {
        self.stale = Some(now + QUIET);
    }

    /// Has content decide about hunks that nobody has typed in for long enough.
    pub(crate) fn decide_typed(&mut self, now: Instant) {
        let mut due = Vec::new();
        for (uri, view) in &mut self.views {
            if view.deadline().is_some_and(|at| at <= now) {
                (view.held, view.again) = (false, true);
                due.push(uri.clone());
            }
        }
        due.iter().for_each(|uri| self.place(uri));
    }

    /// Has the hunks placed wherever that is out of date.
    pub(crate) fn place_all(&mut self) {
        let uris: Vec<String> = self.homes.keys().cloned().collect();
        uris.iter().for_each(|uri| self.place(uri));
    }

    /// The ledger says more of changes whose hunks are where they were: nobody waits for that, and no text is compared.
    pub(crate) fn renew(&mut self, id: RootId) {
        let Some(root) = self.roots.get(&id) else { return };
        let changes = placement::changes(&root.board);
        // Those that are being placed for something that was decided still know what was not.
        let current = |of: Moment| (of.root, of.turns) == (id, root.turns);
        let views = self.views.values_mut().filter(|view| current(view.of));
        for view in views.filter(|view| !view.placed.is_empty()) {
            let placed: &mut Vec<PlacedHunk> = Arc::make_mut(&mut view.placed);
            placement::renew(placed, &changes);
        }
        let here = self.homes.iter().filter(|(_, (home, _))| *home == id);
        let unseen = here.filter(|(uri, _)| !self.views.contains_key(*uri));
        let unseen: Vec<String> = unseen.map(|(uri, _)| uri.clone()).collect();
        unseen.iter().for_each(|uri| self.place(uri));
        self.show_all();
    }

    /// What a document and its ledger are now.
    pub(crate) fn moment(&self, uri: &str) -> Option<Moment> {
        let (root, _) = self.homes.get(uri)?;
        let (revision, turns) = (self.documents.get(uri)?.revision, self.roots.get(root)?.turns);
        Some(Moment { root: *root, revision, turns })
    }

    /// Has the hunks of a document placed on the pool, one placing at a time for each, if they are not as it is now.
    pub(crate) fn place(&mut self, uri: &str) {
        let Some(of) = self.moment(uri) else { return };
        let placed = |view: &View| view.of == of && !view.again;
        if self.views.get(uri).is_some_and(placed) || self.placings.contains_key(uri) {
            return;
        }
        let (Some(document), Some((_, path)), Some(root)) =
            (self.documents.get(uri), self.homes.get(uri).cloned(), self.roots.get(&of.root))
        else {
            return;
        };
        let small = document.rope().len_bytes() <= PLACED_BYTES_MAX;
        let text = small.then(|| Arc::clone(document.text()));
        let (board, boards) = (Arc::clone(&root.board), root.boards);
        self.placings.insert(uri.to_owned(), Placing { of, boards, edits: Vec::new() });
        let uri = uri.to_owned();
        self.pool.post(Box::new(move || {
            let nothing = Found { placed: Vec::new(), unread: None };
            let found = pool::caught(|| Found::of(&path, text.as_deref(), &board), nothing);
            Some(Wake::Placed { uri, of, found })
        }));
    }

    /// The hunks of a document were placed. What the ledger has overtaken is dropped, and placed again at once; what
    /// was typed meanwhile has moved them, and content decides when the person pauses.
    pub(crate) fn placed(&mut self, uri: &str, of: Moment, mut found: Found, now: Instant) {
        if self.placings.get(uri).is_none_or(|placing| placing.of != of) {
            return;
        }
        let (placing, moment) = (self.placings.remove(uri), self.moment(uri));
        if moment.is_some_and(|moment| (moment.root, moment.turns) == (of.root, of.turns)) {
            if let (Some(root), Some(placing)) = (self.roots.get(&of.root), &placing)
                && root.boards != placing.boards
            {
                placement::renew(&mut found.placed, &placement::changes(&root.board));
            }
            let edits = placing.map(|placing| placing.edits).unwrap_or_default();
            self.look_at(uri, of, found, &edits, now);
            if self.choose_shown() {
                self.show_all();
            }
            if self.stale.is_none() {
                self.place(uri);
            }
        } else {
            self.place(uri);
        }
        // A hunk names the places of the others of its change, in other documents too.
        if self.placings.is_empty() {
            self.show_all();
        } else {
            self.show(uri);
        }
    }

    /// These are the hunks of a document from now on, moved through what was typed since; those that somebody types in
    /// stay where they are.
    fn look_at(&mut self, uri: &str, of: Moment, found: Found, edits: &[Edit], now: Instant) {
        let Found { mut placed, unread } = found;
        let late = placement::shift(&mut placed, edits);
        let before = self.views.remove(uri);
        let (before, mut typed) = before.map(|view| (view.placed, view.typed)).unwrap_or_default();
        typed.retain(|_, until| *until > now);
        for hunk in late {
            typed.entry(hunk).or_insert(now + TYPED_WAIT);
        }
        let held = self.roots.get(&of.root).is_some_and(|root| {
            let typed = |hunk| typed.contains_key(&hunk);
            placement::hold(&mut placed, &before, typed, &root.board)
        });
        let view = View { placed: Arc::new(placed), unread, of, typed, held, again: false };
        self.views.insert(uri.to_owned(), view);
    }

    /// Whether a request must wait: what it asks about is being placed, and is shown as an older ledger had it.
    pub(crate) fn waits(&self, wake: &Wake) -> bool {
        let uri = match wake {
            Wake::Diagnostic(params, _) => &params.text_document.uri,
            Wake::Hover(params, _) => &params.text_document_position_params.text_document.uri,
            Wake::Actions(params, _) => &params.text_document.uri,
            Wake::Lenses(params, _) => &params.text_document.uri,
            _ => return false,
        };
        let (uri, view) = (uri.as_str(), self.views.get(uri.as_str()));
        let of_ledger = |moment: Moment| (moment.root, moment.turns);
        self.placings.contains_key(uri)
            && view.map(|view| of_ledger(view.of)) != self.moment(uri).map(of_ledger)
    }

    /// The client will ask for diagnostics again, or cannot be made to.
    pub(crate) fn refresh_answered(&mut self, outcome: Result<(), String>) {
        if let Some(question) = self.delivery.refresh_answered(outcome) {
            self.outbox.send(question);
        }
        self.show_all();
    }

    /// The client asks for diagnostics from now on, or does not want to.
    pub(crate) fn registration_answered(&mut self, outcome: Result<(), String>) {
        self.delivery.registration_answered(outcome);
        self.show_all();
    }

    /// Why these hunks of a ChangeSet have no place in the documents that are open, in words.
    pub(crate) fn why_nowhere(&self, changeset: model::ChangeSetId, hunks: &[u32]) -> String {
        let placed = self.views.values().flat_map(|view| view.placed.iter());
        let of =
            placed.filter(|p| p.change.changeset.id == changeset && hunks.contains(&p.ordinal));
        of.filter_map(|placed| match &placed.place {
            Place::Nowhere { reason } => {
                Some(format!("\nHunk {} has no place any more: {reason}.", placed.ordinal))
            }
            _ => None,
        })
        .collect()
    }

    /// Answers what a person reads at a place; put together on the pool, since texts are compared for it.
    pub(crate) fn hover(&self, params: HoverParams, reply: Reply<Option<Hover>>) {
        let at = params.text_document_position_params;
        let uri = at.text_document.uri.as_str();
        let (Some(document), Some(view)) = (self.documents.get(uri), self.views.get(uri)) else {
            return answer(reply, Ok(None));
        };
        let (rope, placed) = (document.rope().clone(), Arc::clone(&view.placed));
        let proofs = self.roots.get(&view.of.root).map(Root::proofs).unwrap_or_default();
        let (encoding, kind) = (self.client.encoding, self.client.markup.clone());
        self.pool.post(Box::new(move || {
            let hover = || {
                let (text, placed, proofs, at) = (&rope, &placed, &proofs, at.position);
                hover::at(&hover::Asked { text, placed, proofs, at, encoding, kind })
            };
            answer(reply, Ok(pool::caught(hover, None)));
            None
        }));
    }

    /// What a person can do at a place.
    pub(crate) fn actions(&self, params: &CodeActionParams) -> Option<Vec<CodeActionOrCommand>> {
        let uri = params.text_document.uri.as_str();
        let (document, view) = (self.documents.get(uri)?, self.views.get(uri)?);
        let (_, path) = self.homes.get(uri)?;
        let mut actions = actions::at(&Asked {
            document,
            path,
            placed: &view.placed,
            range: params.range,
            only: params.context.only.as_deref(),
            diagnostics: &params.context.diagnostics,
            encoding: self.client.encoding,
            literals: self.client.literals,
        });
        if self.has_several() {
            for action in &mut actions {
                let command = match action {
                    CodeActionOrCommand::Command(command) => Some(command),
                    CodeActionOrCommand::CodeAction(action) => action.command.as_mut(),
                };
                command.into_iter().for_each(|it| command::meant(it, &document.uri));
            }
        }
        Some(actions)
    }

    /// Whether the buffer of a document may hold an acceptance, an undo or a rejection that the disk does not know of.
    pub(crate) fn holds_unsaved(&self, uri: &str) -> bool {
        let Some(home) = self.homes.get(uri) else { return false };
        let Some(root) = self.roots.get(&home.0) else { return false };
        let unsaved = |state: &HunkState| {
            matches!(
                state,
                HunkState::Accepted { saved: false, .. }
                    | HunkState::Undone { saved: false, .. }
                    | HunkState::Rejected { saved: false, .. }
            )
        };
        root.board.changes.iter().any(|change| {
            let state = &change.state;
            state.hunks.iter().any(|(h, s)| unsaved(s) && state.paths.get(h) == Some(&home.1))
        })
    }
}

#[cfg(test)]
mod tests {
    use model::{Decision, Event};
    use serde_json::json;
    use tokio::sync::oneshot;
    use tokio::sync::oneshot::Receiver;

    use super::*;
    use crate::fixture::{self, Sketch};
    use crate::main_loop::Refusal;
    use crate::rig::{Rig, uri};

    const BEFORE: &str = "a\nb\nc\nd\ne\n";

    /// A document whose hunks are placed in lines 1 and 3, and a pool that does nothing from now on.
    fn rig() -> Rig {
        let mut rig = Rig::new(json!({}), &[Sketch::new("a.rs", BEFORE, "a\nB\nc\nD\ne\n")]);
        rig.open("a.rs", BEFORE);
        assert!(rig.said().ends_with("publish a.rs: lines [1, 3]\n"));
        rig.pool_is_busy = true;
        rig
    }

    fn hunk_1_is_rejected(rig: &mut Rig) {
        let (changeset, hunks) = (rig.id(0), vec![1]);
        rig.append(&Event::Rejected { changeset, hunks, reason: None, prints: vec![] });
    }

    fn hover(rig: &mut Rig, line: u32) -> Receiver<Result<Option<Hover>, Refusal>> {
        let (reply, answer) = oneshot::channel();
        let at = json!({ "textDocument": { "uri": uri("a.rs") },
            "position": { "line": line, "character": 0 } });
        rig.wake(Wake::Hover(serde_json::from_value(at).unwrap(), reply));
        answer
    }

    #[test]
    fn what_is_typed_while_hunks_are_placed_moves_them() {
        let mut rig = rig();
        rig.type_at("a.rs", (0, 0), "x\n");
        rig.later(QUIET);
        // The pool has begun with the text as it was at the pause.
        rig.type_at("a.rs", (0, 0), "y\n");
        rig.type_at("a.rs", (3, 1), "b");
        assert_eq!(rig.said(), "job presence [\"a.rs\"]\n");
        rig.work();
        assert_eq!(rig.said(), "publish a.rs: lines [3, 5]\n");
        rig.later(TYPED_WAIT);
        rig.work();
        // By content: the lines of the first hunk are not what they were.
        assert_eq!(rig.said(), "publish a.rs: lines [0, 5]\n");
    }

    #[test]
    fn a_pause_while_hunks_are_placed_has_them_placed_once_more() {
        let mut rig = rig();
        rig.type_at("a.rs", (0, 0), "x\n");
        rig.later(QUIET);
        rig.type_at("a.rs", (2, 1), "b");
        rig.later(QUIET);
        assert_eq!(rig.said(), "job presence [\"a.rs\"]\n");
        rig.work();
        assert_eq!(rig.said(), "publish a.rs: lines [2, 4]\n");
        assert!(!rig.work_once());
        rig.later(TYPED_WAIT);
        rig.work();
        assert_eq!(rig.said(), "publish a.rs: lines [0, 4]\n");
    }

    /// The hunks are placed whenever there is time for it.
    fn quick_rig() -> Rig {
        let mut rig = rig();
        rig.pool_is_busy = false;
        rig
    }

    #[test]
    fn a_hunk_stays_where_it_is_while_somebody_types_in_it() {
        let mut rig = quick_rig();
        for (at, key) in "mine".chars().enumerate() {
            rig.type_at("a.rs", (1, u32::try_from(at).unwrap()), &key.to_string());
            rig.later(Duration::from_millis(200));
        }
        // Elsewhere hunks are placed after the short pause.
        rig.type_at("a.rs", (2, 0), "x\n");
        rig.later(QUIET);
        let said = rig.said();
        assert!(!said.contains("[0, ") && said.ends_with("publish a.rs: lines [1, 4]\n"), "{said}");
        // Each key begins the time anew; and what the ledger says of it is said at once.
        rig.later(TYPED_WAIT - Duration::from_millis(300));
        rig.type_at("a.rs", (1, 0), "!");
        rig.later(TYPED_WAIT - Duration::from_millis(1));
        assert_eq!(rig.said(), "publish a.rs: lines [1, 4]\n");
        rig.later(Duration::from_millis(1));
        assert_eq!(rig.said(), "publish a.rs: lines [0, 4]\n");
        assert_eq!(rig.session.deadline(), None);
    }

    #[test]
    fn what_is_half_typed_and_fits_again_was_never_gone() {
        let mut rig = quick_rig();
        rig.type_at("a.rs", (1, 0), "x");
        rig.later(QUIET);
        rig.change("a.rs", BEFORE);
        rig.later(QUIET);
        rig.later(TYPED_WAIT);
        let said = rig.said();
        assert!(said.lines().all(|line| !line.contains("lines") || line.ends_with("[1, 3]")));
        hunk_1_is_rejected(&mut rig);
        rig.work();
        assert_eq!(rig.said(), "publish a.rs: lines [3]\n");
    }

    #[test]
    fn what_is_decided_does_not_stay_because_somebody_types_in_it() {
        let mut rig = quick_rig();
        rig.type_at("a.rs", (1, 0), "x");
        rig.later(QUIET);
        rig.said();
        hunk_1_is_rejected(&mut rig);
        rig.work();
        assert_eq!(rig.said(), "publish a.rs: lines [3]\n");
    }

    #[test]
    fn an_insertion_stays_while_somebody_types_beside_it() {
        let mut rig = Rig::new(json!({}), &[Sketch::new("a.rs", BEFORE, "a\nb\nnew\nc\nd\ne\n")]);
        rig.open("a.rs", BEFORE);
        assert!(rig.said().ends_with("publish a.rs: lines [2]\n"));
        rig.type_at("a.rs", (1, 1), "x");
        rig.type_at("a.rs", (2, 1), "x");
        rig.later(QUIET);
        assert!(rig.said().ends_with("publish a.rs: lines [2]\n"));
        rig.later(TYPED_WAIT);
        assert_eq!(rig.said(), "publish a.rs: lines [0]\n");
    }

    #[test]
    fn where_nothing_is_looked_for_that_is_said() {
        for (text, why) in [
            ("a\nb\nc\rd\ne\n".to_owned(), "carriage returns that stand alone"),
            (format!("{BEFORE}{}", "x".repeat(PLACED_BYTES_MAX)), "larger than 8 MiB"),
        ] {
            let sketch = Sketch::new("a.rs", BEFORE, "a\nB\nc\nD\ne\n");
            let mut rig = Rig::new(json!({}), &[sketch]);
            rig.open("a.rs", &text);
            assert!(rig.said().ends_with("publish a.rs: lines [0]\n"));
            let message = &rig.shown["a.rs"][0].message;
            assert!(message.starts_with("2 hunks wait in this file and are not shown: "));
            assert!(message.contains(why), "{message}");
            assert!(rig.session.documents.get(uri("a.rs").as_str()).is_some());
        }
        // Where none waits, nobody misses them.
        let mut rig = Rig::new(json!({}), &[Sketch::new("b.rs", "a\n", "b\n")]);
        rig.open("a.rs", "a\rb\n");
        assert!(!rig.said().contains("publish"));
    }

    #[test]
    fn what_the_ledger_has_overtaken_is_dropped_and_placed_again() {
        let mut rig = rig();
        rig.type_at("a.rs", (0, 0), "x\n");
        rig.later(QUIET);
        rig.said();
        hunk_1_is_rejected(&mut rig);
        rig.work();
        // As typed, by the older ledger, and then by the newer one.
        assert_eq!(rig.said(), "publish a.rs: lines [2, 4]\npublish a.rs: lines [4]\n");
        assert!(!rig.work_once());
    }

    #[test]
    fn what_is_judged_anew_is_known_at_once_and_no_text_is_compared_for_it() {
        let mut rig = rig();
        let judged = |rig: &mut Rig, score: u8| {
            let (review, verdict) = (fixture::review(score), fixture::verdict(Decision::Deny));
            rig.append(&Event::ChangeSetJudged { changeset: rig.id(0), review, verdict });
        };
        let scores = |rig: &Rig| -> Vec<_> {
            let placed = &rig.session.views[uri("a.rs").as_str()].placed;
            placed.iter().map(|hunk| hunk.change.state.risk_score).collect()
        };
        rig.type_at("a.rs", (0, 0), "x\n");
        judged(&mut rig, 40);
        assert!(rig.session.placings.is_empty());
        assert_eq!(scores(&rig), [Some(40), Some(40)]);
        // What is placed meanwhile is of the older ledger.
        rig.later(QUIET);
        judged(&mut rig, 50);
        rig.work();
        assert_eq!(scores(&rig), [Some(50), Some(50)]);
    }

    #[test]
    fn what_is_said_of_a_change_after_a_decision_does_not_hide_that() {
        let mut rig = rig();
        rig.type_at("a.rs", (1, 0), "x");
        hunk_1_is_rejected(&mut rig);
        let (review, verdict) = (fixture::review(40), fixture::verdict(Decision::Deny));
        rig.append(&Event::ChangeSetJudged { changeset: rig.id(0), review, verdict });
        rig.said();
        rig.work();
        let said = rig.said();
        assert!(said.ends_with("publish a.rs: lines [3]\n"), "{said}");
    }

    #[test]
    fn who_asks_while_the_ledger_is_ahead_is_answered_when_hunks_are_placed() {
        let mut rig = rig();
        rig.type_at("a.rs", (0, 0), "x\n");
        let mut typing = hover(&mut rig, 2);
        assert!(typing.try_recv().is_err(), "texts are compared on the pool");
        rig.work();
        assert!(matches!(typing.try_recv(), Ok(Ok(Some(_)))), "typing keeps nobody waiting");
        hunk_1_is_rejected(&mut rig);
        let mut rejected = hover(&mut rig, 2);
        let mut other = hover(&mut rig, 4);
        assert!(rejected.try_recv().is_err() && other.try_recv().is_err());
        rig.work();
        assert_eq!(rejected.try_recv(), Ok(Ok(None)));
        assert!(matches!(other.try_recv(), Ok(Ok(Some(_)))));
        // What is closed is waited for no more.
        rig.append(&Event::Rejected {
            changeset: rig.id(0),
            hunks: vec![2],
            reason: None,
            prints: vec![],
        });
        let mut closed = hover(&mut rig, 4);
        assert!(closed.try_recv().is_err());
        rig.close("a.rs");
        assert_eq!(closed.try_recv(), Ok(Ok(None)));
        rig.said();
        rig.work();
        assert_eq!(rig.said(), "");
    }
}
