//! The session: everything the server knows, owned by the main loop. Start at [`Session::handle`].
//!
//! What is shown of it is in `views`, what commands do is in `conduct`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use engine::{Board, Clock, OpenText, OpenTexts, WorkerSet};
use lsp_types::{
    DidChangeTextDocumentParams, InitializeParams, InitializeResult, MessageType, TextDocumentItem,
    Uri, VersionedTextDocumentIdentifier, WorkspaceFoldersChangeEvent,
};
use model::{ChangeSetId, RelPath};
use serde_json::Value;

use crate::approval::Asked;
use crate::asks::AskArguments;
use crate::budget::Purse;
use crate::client::{self, Client};
use crate::command::Verb;
use crate::conduct::Running;
use crate::delivery::Delivery;
use crate::diagnostics::Proofs;
use crate::documents::{Document, Documents, Uncompared};
use crate::engine_thread::{EngineThread, Engines};
use crate::follow::Watched;
use crate::jobs::{Done, Job, RootId, Token};
use crate::listing::Told;
use crate::main_loop::{Inbox, Refusal, Reply, Wake};
use crate::outbox::Outbox;
use crate::pause::Hold;
use crate::place_name;
use crate::placement;
use crate::pool::Pool;
use crate::proof_progress::Followed;
use crate::prose;
use crate::settings::Preferences;
use crate::showing::Showing;
use crate::tasks::Tasks;
use crate::views::{Placing, View};
use crate::work::Unworked;

/// How long the client has, once a repository is open, to say which documents it holds. A client that starts a dead
/// server again tells them right after `initialized`; what only its buffers have is not lost.
pub(crate) const RECOVERY_WAIT: Duration = Duration::from_millis(250);
const BRANCH_MAX: usize = 60;
/// How many repositories one session serves.
const ROOTS_MAX: usize = 32;

/// Everything the server knows.
pub(crate) struct Session {
    pub(crate) clock: Clock,
    pub(crate) preferences: Preferences,
    engines: Engines,
    pub(crate) pool: Pool,
    pub(crate) outbox: Outbox,
    inbox: Inbox,
    pub(crate) client: Client,
    /// The client's folders.
    pub(crate) folders: Vec<PathBuf>,
    /// Folders that an engine was looked for from already.
    pub(crate) tried: BTreeSet<PathBuf>,
    /// The folders with open files of which it is known whether they are in a repository that lies in another.
    pub(crate) looked_within: BTreeSet<PathBuf>,
    /// Repositories that cannot be served, and why.
    pub(crate) refused: BTreeMap<PathBuf, String>,
    /// Whether it was told that no more repositories are served.
    told_full: bool,
    pub(crate) documents: Documents,
    pub(crate) roots: BTreeMap<RootId, Root>,
    /// Which repository a document is in, and under which name; by URI.
    pub(crate) homes: BTreeMap<String, (RootId, RelPath)>,
    /// Where the hunks are in each document; by URI.
    pub(crate) views: BTreeMap<String, View>,
    /// The documents whose hunks are being placed on the pool; by URI.
    pub(crate) placings: BTreeMap<String, Placing>,
    /// Requests about documents whose hunks are not placed yet as the ledger says now.
    waiting: Vec<Wake>,
    pub(crate) delivery: Delivery,
    pub(crate) showing: Showing,
    /// When the places of some document must be found by content again.
    pub(crate) stale: Option<Instant>,
    pub(crate) running: BTreeMap<Token, Running>,
    /// The commands about the files of a repository as a whole that are under way.
    pub(crate) of_files: BTreeMap<Token, (RootId, Verb, Reply<Option<Value>>)>,
    /// What commands of this session were about, by file.
    pub(crate) watched: BTreeMap<(RootId, RelPath), Vec<Watched>>,
    /// The documents whose watched hunks are being looked for, and whether to look again after that; by URI.
    pub(crate) looking: BTreeMap<String, bool>,
    /// What the person was asked to trust, and did not answer or cannot be asked about.
    pub(crate) approvals: BTreeMap<RootId, Asked>,
    /// What was asked for.
    pub(crate) tasks: Tasks,
    /// The proofs that were asked for.
    pub(crate) followed: BTreeMap<Token, Followed>,
    /// Whether the connection is over, so that nothing begins any more.
    pub(crate) ending: bool,
    /// Whether the client is leaving: it may ask nothing any more, so it is not told to.
    pub(crate) over: bool,
    /// What the client was last told of, beyond the files that it shows.
    pub(crate) told: Told,
    next: u64,
}

/// A repository in this session.
#[derive(Debug)]
pub(crate) struct Root {
    /// Where it was looked for.
    pub(crate) start: PathBuf,
    /// Where it is, once that is known.
    pub(crate) top: Option<PathBuf>,
    /// How the editor spells that by links.
    pub(crate) names: Vec<PathBuf>,
    /// Where it is, under all names; empty until the engine is open.
    pub(crate) folders: Vec<PathBuf>,
    pub(crate) engine: EngineThread,
    pub(crate) board: Arc<Board>,
    /// How many boards came.
    pub(crate) boards: u64,
    /// Of how many of them the hunks have to be placed anew.
    pub(crate) turns: u64,
    pub(crate) hold: Hold,
    /// What workers may still take of their time.
    pub(crate) purse: Purse,
    /// What somebody wanted to be asked for, of a worker that nobody trusts yet.
    pub(crate) wished: Option<Box<AskArguments>>,
    /// When what a dead process left is to be settled, if that is still to be done.
    recover_at: Option<Instant>,
    unsaved: BTreeSet<RelPath>,
    /// Who can be asked for work; `None`: nobody looked yet.
    pub(crate) workers: Option<Arc<WorkerSet>>,
    /// The ChangeSets that are being proved.
    pub(crate) proving: BTreeSet<ChangeSetId>,
    /// Those of another branch that the person was told of.
    parked_told: BTreeSet<ChangeSetId>,
}

impl Root {
    /// What is known of proofs here.
    pub(crate) fn proofs(&self) -> Proofs {
        Proofs { under_way: self.proving.clone() }
    }
}

impl Session {
    /// A session before `initialize`.
    pub(crate) fn new(
        clock: Clock,
        engines: Engines,
        pool: Pool,
        outbox: Outbox,
        inbox: Inbox,
    ) -> Self {
        Self {
            clock,
            preferences: Preferences::default(),
            engines,
            pool,
            outbox,
            inbox,
            client: Client::default(),
            folders: Vec::new(),
            tried: BTreeSet::new(),
            looked_within: BTreeSet::new(),
            refused: BTreeMap::new(),
            told_full: false,
            documents: Documents::default(),
            roots: BTreeMap::new(),
            homes: BTreeMap::new(),
            views: BTreeMap::new(),
            placings: BTreeMap::new(),
            waiting: Vec::new(),
            delivery: Delivery::default(),
            showing: Showing::default(),
            stale: None,
            running: BTreeMap::new(),
            of_files: BTreeMap::new(),
            watched: BTreeMap::new(),
            looking: BTreeMap::new(),
            approvals: BTreeMap::new(),
            tasks: Tasks::new(),
            followed: BTreeMap::new(),
            ending: false,
            over: false,
            told: Told::default(),
            next: 0,
        }
    }

    /// When to be woken at the latest.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let running = self.running.values().filter_map(Running::deadline);
        let recoveries = self.roots.values().filter_map(|root| root.recover_at);
        let due = self.stale.into_iter().chain(self.delivery.deadline());
        let due = due.chain(self.views.values().filter_map(View::deadline));
        running.chain(recoveries).chain(due).chain(self.preferences.deadline()).min()
    }

    /// Takes in what happened.
    pub(crate) fn handle(&mut self, wake: Wake, now: Instant) {
        if self.waits(&wake) {
            self.waiting.push(wake);
        } else {
            self.take_in(wake, now);
        }
        self.catch_up(now);
        let all = std::mem::take(&mut self.waiting);
        let (waiting, ready): (Vec<Wake>, Vec<Wake>) =
            all.into_iter().partition(|wake| self.waits(wake));
        self.waiting = waiting;
        ready.into_iter().for_each(|wake| self.take_in(wake, now));
        self.tell_changes();
    }

    fn take_in(&mut self, wake: Wake, now: Instant) {
        match wake {
            Wake::Initialize(params, reply) => answer(reply, Ok(self.initialize(&params))),
            Wake::Initialized => self.initialized(now),
            Wake::Opened(item) => self.opened(item, now),
            Wake::Changed(params) => self.changed(params, now),
            Wake::Saved(uri) => self.saved(&uri, now),
            Wake::Closed(uri) => self.closed(&uri, now),
            Wake::Folders(event) => self.folders_changed(event),
            Wake::Diagnostic(params, reply) => self.pull(params, reply),
            Wake::Pulled { uri, items, report, reply } => self.pulled(&uri, items, *report, reply),
            Wake::Hover(params, reply) => self.hover(params, reply),
            Wake::Actions(params, reply) => self.actions_and_asks(&params, reply),
            Wake::Offered { actions, reply } => answer(reply, Ok(Some(actions))),
            Wake::AskedFor(placed) => self.asked_for(*placed),
            Wake::SettingsChanged(told) => self.settings_changed(&told),
            Wake::Settings(answer) => self.settings_answered(answer),
            Wake::ProgressCancelled(token) => {
                self.cancel_proof(&token);
                self.progress_cancelled(&token);
            }
            Wake::Lenses(params, reply) => self.lenses(&params, reply),
            Wake::Changesets(reply) => self.changesets(reply),
            Wake::Document(params, reply) => self.document(params, reply),
            Wake::Status(reply) => answer(reply, Ok(self.status())),
            Wake::Command(params, reply) => {
                self.recover(None);
                self.follow_withdrawals();
                self.command(params, reply, now);
            }
            Wake::Answered(continuation, outcome) => self.answered(&continuation, outcome, now),
            Wake::Engine(root, done) => self.engine(root, *done, now),
            Wake::Chosen { root, digest, choice } => self.chosen(root, digest, choice),
            Wake::Allowed { root, choice } => self.allowed(root, choice),
            Wake::Placed { uri, of, found } => self.placed(&uri, of, found, now),
            Wake::Innermost { folder, inner } => self.innermost(&folder, inner),
            Wake::Shown(made) => self.was_made(made),
            Wake::Sided { uri, of, sides } => self.sided(&uri, of, &sides, now),
            Wake::Shutdown(reply) => {
                self.over = true;
                answer(reply, Ok(()));
            }
            Wake::Timer | Wake::Exit => {}
        }
    }

    /// Does what is due.
    fn catch_up(&mut self, now: Instant) {
        if self.stale.is_some_and(|due| due <= now) {
            self.stale = None;
            self.compare_unsaved();
            self.follow_texts();
            self.place_all();
        }
        self.decide_typed(now);
        self.recover(Some(now));
        if self.delivery.expire(now) {
            self.show_all();
        }
        self.look_at_the_clock(now);
        self.expire(now);
    }

    fn initialize(&mut self, params: &InitializeParams) -> InitializeResult {
        self.client = Client::of(params);
        self.initial_settings(params.initialization_options.as_ref());
        self.folders = client::folders(params);
        self.client.welcome()
    }

    fn initialized(&mut self, now: Instant) {
        if self.client.may_pull {
            self.outbox.send(self.delivery.probe(now));
        }
        self.ask_for_settings();
        self.follow_settings();
        for folder in self.folders.clone() {
            self.look_for_root(folder);
        }
    }

    pub(crate) fn look_for_root(&mut self, start: PathBuf) {
        if self.tried.contains(&start) {
            return;
        }
        if self.roots.len() >= ROOTS_MAX {
            if !std::mem::replace(&mut self.told_full, true) {
                let folder = start.display();
                let message =
                    format!("{folder} is not served: {ROOTS_MAX} repositories are open already");
                self.outbox.say(MessageType::WARNING, message);
            }
            return;
        }
        self.tried.insert(start.clone());
        let id = RootId(u32::try_from(self.token().0).unwrap_or(u32::MAX));
        let engine = (self.engines)(id, start.clone(), self.inbox.clone());
        let (folders, board, unsaved) = (Vec::new(), Arc::default(), BTreeSet::new());
        self.roots.insert(
            id,
            Root {
                start,
                top: None,
                names: Vec::new(),
                folders,
                engine,
                board,
                boards: 0,
                turns: 0,
                hold: Hold::default(),
                purse: Purse::default(),
                wished: None,
                recover_at: None,
                unsaved,
                workers: None,
                proving: BTreeSet::new(),
                parked_told: BTreeSet::new(),
            },
        );
        if let when @ Some(_) = self.preferences.settings.prove {
            self.tell_proving(id, when);
        }
    }

    fn folders_changed(&mut self, event: WorkspaceFoldersChangeEvent) {
        for folder in event.removed.iter().filter_map(|folder| place_name::to_path(&folder.uri)) {
            self.tried.remove(&folder);
            self.folders.retain(|known| *known != folder);
            // A repository goes when no folder of the client is in it any more.
            let left = &self.folders;
            let gone = |root: &Root| {
                let places: Vec<&PathBuf> = root.places().collect();
                places.iter().any(|at| folder.starts_with(at))
                    && !left.iter().any(|kept| places.iter().any(|at| kept.starts_with(at)))
            };
            let gone: Vec<RootId> =
                self.roots.iter().filter(|(_, root)| gone(root)).map(|(id, _)| *id).collect();
            gone.into_iter().for_each(|id| self.let_go(id, "its folder was closed"));
            self.let_go_unneeded();
        }
        if !event.removed.is_empty() {
            self.look_around_folders();
        }
        for folder in event.added.iter().filter_map(|folder| place_name::to_path(&folder.uri)) {
            self.folders.push(folder.clone());
            self.look_for_root(folder);
        }
    }

    pub(crate) fn let_go(&mut self, id: RootId, why: &str) {
        self.abandon(id, why);
        self.homes.retain(|_, (root, _)| *root != id);
        self.watched.retain(|(root, _), _| *root != id);
        self.views.retain(|uri, _| self.homes.contains_key(uri));
        self.placings.retain(|uri, _| self.homes.contains_key(uri));
        self.show_all();
        self.forget_root(id);
    }

    /// The engine finishes what was posted; waiting for that is not the main loop's business.
    pub(crate) fn forget_root(&mut self, id: RootId) {
        if let Some(root) = self.roots.remove(&id) {
            std::thread::spawn(move || drop(root));
        }
    }

    fn opened(&mut self, item: TextDocumentItem, now: Instant) {
        let version = item.version;
        let uri = self.documents.open(item).uri.clone();
        if self.settle_in(&uri) {
            self.compare(uri.as_str());
        }
        self.look_again_around(&uri);
        self.place(uri.as_str());
        self.look_soon(now);
        for (version, content_changes) in self.documents.take_early(&uri, version) {
            let text_document = VersionedTextDocumentIdentifier { uri: uri.clone(), version };
            self.changed(DidChangeTextDocumentParams { text_document, content_changes }, now);
        }
    }

    /// Finds the repository a document is in, the innermost where one lies in another, and answers whether
    /// it is one that was not known.
    fn settle_in(&mut self, uri: &Uri) -> bool {
        let Some(path) = place_name::to_path(uri) else { return false };
        let candidates = self.roots.iter().flat_map(|(id, root)| {
            let inside =
                |at: &PathBuf| Some((at.as_os_str().len(), *id, place_name::below(at, &path)?));
            root.folders.iter().filter_map(inside)
        });
        let Some((_, id, path)) = candidates.max_by_key(|(length, ..)| *length) else {
            return false;
        };
        let before = self.homes.insert(uri.as_str().to_owned(), (id, path));
        let moved = before.as_ref().is_none_or(|(before, _)| *before != id);
        if let Some((before, path)) = before.filter(|_| moved)
            && let Some(root) = self.roots.get_mut(&before)
            && root.unsaved.remove(&path)
        {
            root.engine.post(Job::Presence(root.unsaved.iter().cloned().collect()));
        }
        moved
    }

    /// Has the saved file compared with the text that a document was opened with: editors restore unsaved
    /// text of an earlier session.
    fn compare(&self, uri: &str) {
        let taken = self.documents.get(uri).and_then(Document::taken_for_saved);
        let (Some((text, clean_at)), Some((id, path))) = (taken, self.homes.get(uri)) else {
            return;
        };
        self.post(*id, Job::Compare { path: path.clone(), text, clean_at });
    }

    /// A document was opened with unsaved text.
    fn differs(&mut self, id: RootId, path: &RelPath, clean_at: u64) {
        let Some(uri) = self.uri_of(id, path).map(str::to_owned) else { return };
        self.documents.differs(&uri, clean_at);
        self.tell_presence(&uri);
    }

    /// What a document had at a revision is what the disk has, without a save: the editor read the file again,
    /// or is about to tell.
    fn is_saved(&mut self, id: RootId, path: &RelPath, revision: u64) {
        let Some(uri) = self.uri_of(id, path).map(str::to_owned) else { return };
        if self.documents.is_saved(&uri, revision) {
            self.tell_presence(&uri);
            if self.holds_unsaved(&uri) {
                self.post(id, Job::Saved(path.clone()));
            }
        }
    }

    /// Has documents with unsaved text compared with the disk: an editor that reads a file again tells of the
    /// change and of no save.
    fn compare_unsaved(&mut self) {
        for Uncompared { uri, rope, revision, under_way } in self.documents.take_uncompared() {
            if let Some((id, path)) = self.homes.get(&uri).cloned() {
                self.post(id, Job::IsSaved { path, rope, revision, under_way });
            }
        }
    }

    /// The repository whose changes are shown in a document, or that a file is in.
    pub(crate) fn root_shown(&self, uri: &Uri) -> Option<RootId> {
        let home = self.homes.get(uri.as_str()).map(|(root, _)| *root);
        home.or_else(|| self.root_meant(Some(uri)))
    }

    /// The repository that a command is about: the innermost that `uri` is in, or the only one.
    pub(crate) fn root_meant(&self, uri: Option<&Uri>) -> Option<RootId> {
        let Some(uri) = uri else {
            // What lies in a folder, or was only looked at, is not meant where the folder itself is in a repository.
            let ways: [&dyn Fn(&Root) -> bool; 3] =
                [&|root| self.has_a_folder(root), &|root| self.is_of_a_folder(root), &|_| true];
            return ways.iter().find_map(|way| {
                let mut roots = self.roots.iter().filter(|(_, it)| self.counts(it) && way(it));
                roots.next().filter(|_| roots.next().is_none()).map(|(id, _)| *id)
            });
        };
        let path = place_name::to_path(uri)?;
        let around = |counts: bool| {
            let roots = self.roots.iter().filter(|(_, root)| self.counts(root) == counts);
            let around = roots.flat_map(|(id, root)| {
                let at = root.places().filter(|at| path.starts_with(at));
                at.map(|at| (at.as_os_str().len(), *id))
            });
            around.max().map(|(_, id)| id)
        };
        // What is still looked for does what it is told once it is found.
        around(true).or_else(|| around(false))
    }

    fn changed(&mut self, params: DidChangeTextDocumentParams, now: Instant) {
        let (document, changes) = (params.text_document, params.content_changes);
        let encoding = self.client.encoding;
        let edits = self.documents.change(&document.uri, document.version, changes, encoding);
        let Some(edits) = edits else { return };
        self.moved(document.uri.as_str(), &edits, now);
        self.tell_presence(document.uri.as_str());
        self.text_changed(document.uri.as_str(), now);
    }

    fn saved(&mut self, uri: &Uri, now: Instant) {
        let edited = self.documents.save(uri);
        if let Some((before, after)) = edited
            && let Some((id, path)) = self.homes.get(uri.as_str()).cloned()
        {
            self.post(id, Job::Edited { path, before, after });
        }
        self.tell_presence(uri.as_str());
        self.text_saved(uri.as_str(), now);
    }

    fn closed(&mut self, uri: &Uri, now: Instant) {
        self.text_closed(uri.as_str(), now);
        self.documents.close(uri);
        self.views.remove(uri.as_str());
        self.placings.remove(uri.as_str());
        self.showing.seen.remove(uri.as_str());
        if let Some((id, path)) = self.homes.remove(uri.as_str()) {
            if let Some(root) = self.roots.get_mut(&id)
                && root.unsaved.remove(&path)
            {
                root.engine.post(Job::Presence(root.unsaved.iter().cloned().collect()));
            }
            self.follow_closed(id, &path, now);
        }
        self.let_go_unneeded();
        if let Some(owed) = self.delivery.forget(uri) {
            self.outbox.send(owed);
        }
    }

    /// Tells the ledger when a document begins or ceases to have unsaved text.
    fn tell_presence(&mut self, uri: &str) {
        let Some(document) = self.documents.get(uri) else { return };
        let Some((id, path)) = self.homes.get(uri) else { return };
        let Some(root) = self.roots.get_mut(id) else { return };
        let moved = if document.unsaved() {
            root.unsaved.insert(path.clone())
        } else {
            root.unsaved.remove(path)
        };
        if moved {
            root.engine.post(Job::Presence(root.unsaved.iter().cloned().collect()));
        }
    }

    fn engine(&mut self, id: RootId, done: Done, now: Instant) {
        match done {
            Done::Found { root, alias } => self.root_found(id, root, alias),
            Done::Opened(folder) => self.root_opened(id, folder, now),
            Done::Unavailable(reason) => self.root_unavailable(id, reason),
            Done::Board(board) => {
                if let Some(root) = self.roots.get_mut(&id) {
                    let alike = root.boards > 0 && placement::are_placed_alike(&root.board, &board);
                    root.board = Arc::new(board);
                    root.boards += 1;
                    root.turns += u64::from(!alike);
                    self.hear_pause(id);
                    self.tell_parked(id);
                    self.choose_shown();
                    match alike {
                        true => self.renew(id),
                        false => self.place_all(),
                    }
                }
            }
            Done::Proving { changeset, under_way } => {
                if let Some(root) = self.roots.get_mut(&id) {
                    match under_way {
                        true => root.proving.insert(changeset),
                        false => root.proving.remove(&changeset),
                    };
                    self.show_all();
                }
            }
            Done::NotPaused(reason) => self.pause_failed(id, &reason),
            Done::Differs { path, clean_at } => self.differs(id, &path, clean_at),
            Done::IsSaved { path, revision, saved } => {
                if saved {
                    self.is_saved(id, &path, revision);
                }
                // What was typed while that was compared is not compared yet.
                if self.stale.is_none() {
                    self.compare_unsaved();
                }
            }
            Done::Told { token, said, value } => self.told(token, said, value),
            Done::Offered(offered) => self.offered(id, *offered),
            Done::Approval { token, approval } => self.needs_approval(id, token, approval),
            Done::Trusted { token, said } => self.trusted(id, token, said),
            Done::Worked { token, result: Err(Unworked::Exhausted(exhausted)) } => {
                self.exhausted(token, &exhausted);
            }
            Done::Worked { token, result: Err(Unworked::Failed(message)) } => {
                self.task_over(token, Err(message));
            }
            Done::Worked { token, result: Ok(worked) } => self.task_over(token, Ok(worked)),
            Done::Spending(spending) => self.spending_told(id, spending),
            Done::Begun { token, plan } => self.begun(token, plan, now),
            Done::Nothing { token, report } | Done::Settled { token, report } => {
                self.finished(token, &report, now);
            }
            Done::WroteClosed { token, written } => self.wrote(token, written, now),
            Done::ReversedClosed(token) => self.reversed(token, now),
            Done::Failed { token, failure } => self.failed(token, failure),
            Done::Recovered(recovered) => {
                for recovered in recovered {
                    let what = match recovered.purpose {
                        model::Purpose::Accept => "acceptance",
                        model::Purpose::Undo => "undo",
                        model::Purpose::Reject => "rejection",
                    };
                    let change = recovered.outcome.changeset.short();
                    let landed = recovered.outcome.landed.len();
                    let files = prose::count(landed, "file");
                    let text = format!(
                        "an interrupted {what} of change {change} was settled: {files} landed"
                    );
                    self.outbox.say(MessageType::WARNING, text);
                }
            }
        }
    }

    /// Says which changes wait and are not shown because they belong to another branch, once for each; lists show them where
    /// there are lists.
    fn tell_parked(&mut self, id: RootId) {
        let Some(root) = self.roots.get_mut(&id).filter(|_| !self.client.hears_changes) else {
            return;
        };
        let changes = root.board.parked.iter().filter_map(|id| root.board.change(*id));
        let waiting = changes.filter(|change| !change.state.waiting().is_empty());
        let told = &mut root.parked_told;
        let news: Vec<_> = waiting.filter(|change| told.insert(change.changeset.id)).collect();
        let Some(first) = news.first() else { return };
        let (count, short) = (prose::count(news.len(), "change"), first.changeset.id.short());
        let branch = first.changeset.base.branch.as_deref().unwrap_or("it");
        let branch = prose::one_line(branch, BRANCH_MAX);
        let wait = if news.len() == 1 { "waits" } else { "wait" };
        let text = format!(
            "{count} {wait} on another branch: switch to {branch}, or bring it here by `countersign repropose {short}`"
        );
        self.outbox.say(MessageType::INFO, text);
    }

    fn root_opened(&mut self, id: RootId, folder: PathBuf, now: Instant) {
        let Some(root) = self.roots.get_mut(&id) else { return };
        tracing::info!(folder = %folder.display(), "serving");
        let names = std::iter::once(folder).chain(root.names.clone());
        root.folders = names.collect();
        root.recover_at = Some(now + RECOVERY_WAIT);
        self.settle_all();
    }

    /// Finds the repositories of all documents anew.
    pub(crate) fn settle_all(&mut self) {
        let uris: Vec<Uri> = self.documents.iter().map(|document| document.uri.clone()).collect();
        for uri in &uris {
            if self.settle_in(uri) {
                self.compare(uri.as_str());
                // The first board has all of them placed.
                let home = self.homes.get(uri.as_str()).and_then(|(id, _)| self.roots.get(id));
                if home.is_some_and(|root| root.boards > 0) {
                    self.place(uri.as_str());
                }
            }
            self.tell_presence(uri.as_str());
        }
    }

    /// Has what a dead process left settled where that is due, or everywhere, with the buffers as they are.
    fn recover(&mut self, due: Option<Instant>) {
        let is_due = |at: Instant| due.is_none_or(|now| at <= now);
        let roots = self.roots.iter_mut().filter(|(_, root)| root.recover_at.is_some_and(is_due));
        let ids: Vec<RootId> = roots
            .map(|(id, root)| {
                root.recover_at = None;
                *id
            })
            .collect();
        for id in ids {
            self.post(id, Job::Recover(self.open_texts(id)));
        }
    }

    /// The buffers that are files of a repository.
    pub(crate) fn open_texts(&self, id: RootId) -> OpenTexts {
        let here = self.homes.iter().filter(|(_, (root, _))| *root == id);
        let open = here.filter_map(|(uri, (_, path))| {
            let document = self.documents.get(uri)?;
            let text = Arc::clone(document.text());
            Some((path.clone(), OpenText { text, unsaved: document.unsaved() }))
        });
        OpenTexts(open.collect())
    }

    /// The URI under which a file of a repository is open.
    pub(crate) fn uri_of(&self, id: RootId, path: &RelPath) -> Option<&str> {
        let mut homes = self.homes.iter();
        homes.find(|(_, (root, at))| *root == id && at == path).map(|(uri, _)| uri.as_str())
    }

    /// Where a repository is.
    pub(crate) fn folder(&self, id: RootId) -> Option<&Path> {
        self.roots.get(&id)?.folders.first().map(PathBuf::as_path)
    }

    /// A number that was not used yet.
    pub(crate) fn token(&mut self) -> Token {
        self.next += 1;
        Token(self.next)
    }
}

/// Answers, unless the client cancelled.
pub(crate) fn answer<T>(reply: Reply<T>, with: Result<T, Refusal>) {
    if reply.send(with).is_err() {
        tracing::debug!("the client did not wait for the answer");
    }
}
