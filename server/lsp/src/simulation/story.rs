//! One run: who acts next is drawn, and what must hold is looked at after every act and at the end.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use engine::{Clock, Engine, Import, Proposal, RulesFrom};
use lsp_types::{ApplyWorkspaceEditParams, DocumentChanges, ExecuteCommandParams, OneOf, TextEdit};
use model::{Actor, ActorKind, ChangeSetId, HunkState, Surface, Timestamp};
use semdiff::{Anchor, Anchoring};
use serde_json::json;
use test_support::World;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::sync::oneshot;

use super::client::{Character, Client, Held, Stale, applied, touched};
use super::files::{marked, patch, texts};
use super::random::Random;
use super::tokens::{Mark, Marked, Side, lines, outside};
use crate::engine_thread::{Desk, EngineThread};
use crate::jobs::{Done, Job, RootId};
use crate::main_loop::Wake;
use crate::outbox::{Continuation, Outbox, Outgoing, Question};
use crate::pool::{Pool, Work};
use crate::rig::{Asked, uri};
use crate::session::Session;

/// How many acts a run has before everything comes to rest.
const ACTS: usize = 140;
/// How long a client that answers very late takes: longer than anybody waits.
const VERY_LATE: Duration = Duration::from_secs(45);

/// What the client was asked.
#[derive(Debug)]
struct Request {
    documents: Vec<DocumentEdit>,
    continuation: Continuation,
    /// How often it was put off.
    put_off: usize,
}

#[derive(Debug, Clone)]
struct DocumentEdit {
    name: String,
    version: Option<i32>,
    edits: Vec<TextEdit>,
    /// The text that the server made it for.
    base: String,
}

/// How a client carries out a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    ChangesThenAnswers,
    AnswersThenChanges,
    Refuses,
    Lies,
    ChangesAndDenies,
    DeniesAndChanges,
    HalfOfTheDocuments,
    HalfOfTheEdits,
    PutsOff,
    Silent,
    ChangesSilently,
    VeryLate,
    Twice,
}

pub(crate) struct Story {
    random: Random,
    world: World,
    desk: Desk,
    session: Session,
    jobs: Receiver<Job>,
    work: Receiver<Work>,
    outgoing: UnboundedReceiver<Outgoing>,
    start: Instant,
    now: Instant,
    client: Client,
    requests: VecDeque<Request>,
    /// What the client will do when it is too late.
    late: Vec<(Instant, Request)>,
    done: VecDeque<Done>,
    posted: VecDeque<Job>,
    /// What the pool is to do, and has not begun.
    pooled: VecDeque<Work>,
    answers: Vec<Asked>,
    changesets: Vec<ChangeSetId>,
    /// Every hunk: its ChangeSet, its number there, its file and its lines.
    hunks: Vec<(ChangeSetId, u32, String, Marked)>,
    files: Vec<String>,
    /// The hunks of each file on disk that the person touched.
    touched: BTreeMap<String, BTreeSet<Mark>>,
    typed: u32,
    pub aloud: bool,
    pub told: String,
}

impl Story {
    pub(crate) fn new(seed: u64) -> Self {
        let mut random = Random(seed);
        let world = World::new();
        let (files, texts) = texts(&mut random);
        for (name, (base, _)) in files.iter().zip(&texts) {
            world.write(name, base);
        }
        world.commit("Start");
        let mut engine = engine(&world);
        let (mut changesets, mut hunks) = (Vec::new(), Vec::new());
        let proposals = texts[0].1.len();
        for nth in 0..proposals {
            let sides = files
                .iter()
                .zip(&texts)
                .map(|(name, (base, after))| (name.as_str(), base.as_str(), after[nth].as_str()));
            let import = Import::Patch {
                name: format!("{nth}.patch"),
                bytes: patch(sides),
                rationale: None,
            };
            let Ok(Proposal::New(captured)) = engine.import(&import) else { continue };
            changesets.push(captured.changeset.id);
            for (file, hunk) in captured.changeset.hunks() {
                let at = files.iter().position(|name| *name == file.path.to_string()).unwrap();
                let before = hunk.before.of(texts[at].0.as_bytes());
                let after = hunk.after.of(texts[at].1[nth].as_bytes());
                let marked = marked(before, after);
                let id = captured.changeset.id;
                hunks.extend(marked.map(|m| (id, hunk.ordinal, files[at].clone(), m)));
            }
        }
        let (inbox, _wakes) = unbounded_channel();
        let (sender, outgoing) = unbounded_channel();
        let (job_sender, jobs) = channel();
        let engines = move |_, _, _| EngineThread::played_by(job_sender.clone());
        let (work_sender, work) = channel();
        let pool = Pool::played_by(work_sender);
        let mut session =
            Session::new(engine::Clock::System, Box::new(engines), pool, Outbox(sender), inbox);
        let start = Instant::now();
        let client = Client::new(Character::draw(&mut random));
        let folder = json!([{ "uri": "file:///r", "name": "r" }]);
        let params =
            json!({ "capabilities": client.character.capabilities(), "workspaceFolders": folder });
        let params = serde_json::from_value(params).unwrap();
        session.handle(Wake::Initialize(Box::new(params), oneshot::channel().0), start);
        session.handle(Wake::Initialized, start);
        let opened = Done::Opened("/r".into());
        session.handle(Wake::Engine(RootId(1), Box::new(opened)), start);
        Self {
            random,
            world,
            desk: Desk::new(engine),
            session,
            jobs,
            work,
            outgoing,
            start,
            now: start,
            client,
            requests: VecDeque::new(),
            late: Vec::new(),
            done: VecDeque::new(),
            posted: VecDeque::new(),
            pooled: VecDeque::new(),
            answers: Vec::new(),
            changesets,
            hunks,
            touched: files.iter().map(|name| (name.clone(), BTreeSet::new())).collect(),
            files,
            typed: 0,
            aloud: false,
            told: String::new(),
        }
    }

    pub(crate) fn run(&mut self) {
        self.tell(format!("{:?}", self.client.character));
        for name in self.files.clone() {
            self.tell(format!("{name} is {:?}", self.disk(&name)));
            if self.random.chance(70) {
                self.open(&name);
            }
        }
        self.turn(None);
        for _ in 0..ACTS {
            self.act();
        }
        self.rest();
        self.look();
        for name in self.client.open.keys().cloned().collect::<Vec<_>>() {
            self.tell(format!("closes {name}"));
            self.client.close(&name);
        }
        self.rest();
        self.look();
    }

    fn tell(&mut self, what: String) {
        if self.aloud {
            eprintln!("{what}");
        }
        self.told.push_str(&what);
        self.told.push('\n');
    }

    fn act(&mut self) {
        match self.random.weighted(&[
            (30, 0),
            (20, 1),
            (12, 2),
            (9, 3),
            (6, 4),
            (3, 5),
            (2, 6),
            (2, 7),
            (3, 8),
            (6, 9),
            (1, 10),
            (12, 11),
        ]) {
            0 => self.hear(),
            1 => self.work(),
            2 => self.carry_out(),
            3 => self.type_something(),
            4 => self.command(),
            5 => self.save(),
            6 => self.close_one(),
            7 => self.open_one(),
            8 => self.undo(),
            9 => {
                let short = 10 + self.random.below(90) as u64;
                self.pass(Duration::from_millis(short));
            }
            11 => self.compare(),
            _ => {
                let long = [1, 6, 31][self.random.below(3)];
                self.pass(Duration::from_secs(long));
            }
        }
    }

    /// Everything that is under way comes to its end, however late.
    fn rest(&mut self) {
        for _ in 0..4 {
            while self.is_busy() {
                self.hear();
                self.work();
                self.compare();
                self.carry_out();
            }
            self.pass(Duration::from_millis(100));
            while self.is_busy() {
                self.hear();
                self.work();
                self.compare();
                self.carry_out();
            }
            self.pass(VERY_LATE);
        }
        assert!(!self.is_busy(), "it does not come to rest");
    }

    fn is_busy(&self) -> bool {
        !self.client.said.is_empty()
            || !self.posted.is_empty()
            || !self.pooled.is_empty()
            || !self.done.is_empty()
            || !self.requests.is_empty()
    }

    fn pass(&mut self, by: Duration) {
        self.now += by;
        if self.session.deadline().is_some_and(|at| at <= self.now) {
            self.tell(format!("{:?}: time", self.now - self.start));
            self.wake(Wake::Timer);
        }
        let now = self.now;
        let due = self.late.extract_if(.., |(at, _)| *at <= now).collect::<Vec<_>>();
        for (_, request) in due {
            self.tell("does late what it was asked".to_owned());
            self.carry(request, Manner::ChangesThenAnswers);
        }
    }

    fn wake(&mut self, wake: Wake) {
        self.session.handle(wake, self.now);
        while let Ok(job) = self.jobs.try_recv() {
            self.posted.push_back(job);
        }
        self.pooled.extend(self.work.try_iter());
        while let Ok(outgoing) = self.outgoing.try_recv() {
            match outgoing {
                Outgoing::Say(kind, text) => self.tell(format!("  said {kind:?}: {text}")),
                Outgoing::Publish(..) | Outgoing::Changed(_) | Outgoing::Progress(_) => {}
                Outgoing::Ask(question, continuation) => match *question {
                    Question::Edit(params) => self.asked(params, continuation),
                    Question::RefreshDiagnostics
                    | Question::RefreshLenses
                    | Question::Register(_)
                    | Question::Settings(_)
                    | Question::Choose { .. }
                    | Question::Allow { .. }
                    | Question::Progress(_) => {}
                },
            }
        }
    }

    /// The server asks for an edit. Nothing outside hunks may change by it.
    fn asked(&mut self, params: ApplyWorkspaceEditParams, continuation: Continuation) {
        let mut documents = Vec::new();
        let mut add = |uri: &lsp_types::Uri, version, edits: Vec<TextEdit>| {
            let name = uri.as_str().trim_start_matches("file:///r/").to_owned();
            let base = self.session.documents.get(uri.as_str()).unwrap().text().to_string();
            documents.push(DocumentEdit { name, version, edits, base });
        };
        if let Some(DocumentChanges::Edits(all)) = params.edit.document_changes {
            for document in all {
                let edits = document.edits.into_iter().map(|edit| match edit {
                    OneOf::Left(edit) => edit,
                    OneOf::Right(edit) => edit.text_edit,
                });
                let at = document.text_document;
                add(&at.uri, at.version, edits.collect());
            }
        }
        let mut plain: Vec<_> = params.edit.changes.unwrap_or_default().into_iter().collect();
        plain.sort_by_key(|(uri, _)| uri.as_str().to_owned());
        plain.into_iter().for_each(|(uri, edits)| add(&uri, None, edits));
        for document in &documents {
            let after = applied(&document.base, &document.edits, self.client.character.encoding);
            let (was, is) = (outside(&document.base), outside(&after));
            assert_eq!(was, is, "an edit that reaches beyond its hunks: {document:?}");
        }
        let names: Vec<_> = documents.iter().map(|d| (&d.name, d.version, &d.edits)).collect();
        self.tell(format!("  asks for {names:?}"));
        self.requests.push_back(Request { documents, continuation, put_off: 0 });
    }

    /// The server hears the next thing that the client said.
    fn hear(&mut self) {
        let Some(wake) = self.client.said.pop_front() else { return };
        let what = match &wake {
            Wake::Opened(item) => format!("opened {} {}", item.uri.as_str(), item.version),
            Wake::Changed(params) => {
                let change = &params.content_changes[0];
                let at = change.range.map(|r| (r.start.line, r.end.line));
                let text = change.range.map_or("everything", |_| &change.text);
                let document = &params.text_document;
                format!("changed {} {} {at:?} {text:?}", document.uri.as_str(), document.version)
            }
            Wake::Saved(uri) => format!("saved {}", uri.as_str()),
            Wake::Closed(uri) => format!("closed {}", uri.as_str()),
            Wake::Answered(_, outcome) => format!("answered {outcome:?}"),
            Wake::Command(params, _) => {
                format!("command {} {:?}", params.command, params.arguments)
            }
            other => format!("{other:?}"),
        };
        self.tell(format!("hears: {what}"));
        self.wake(wake);
    }

    /// The pool does some of its work, not always the oldest first.
    fn compare(&mut self) {
        if !self.pooled.is_empty() {
            let next = self.random.below(self.pooled.len().min(2));
            if let Some(work) = self.pooled.remove(next) {
                self.tell("compares texts".to_owned());
                if let Some(wake) = work() {
                    self.wake(wake);
                }
            }
        }
    }

    /// The engine does its next job, or the server hears of one that is done.
    fn work(&mut self) {
        if let Some(done) = self.done.pop_front() {
            let what = match &done {
                Done::Board(_) => "board".to_owned(),
                Done::Begun { plan, .. } => format!("begun, {} in editor", plan.in_editor.len()),
                Done::Nothing { report, .. } | Done::Settled { report, .. } => {
                    format!("{} {:?} refused {:?}", report.done, report.hunks, report.refused)
                }
                other => format!("{other:?}"),
            };
            self.tell(format!("hears of: {what}"));
            self.wake(Wake::Engine(RootId(1), Box::new(done)));
        } else if let Some(job) = self.posted.pop_front() {
            let what = format!("{job:?}");
            let what = what.split(['{', '(']).next().unwrap_or_default().trim().to_owned();
            let what = match &job {
                Job::Settle { editor, .. } => format!("settle {editor:?}"),
                Job::Withdrawn { path, .. } => format!("withdrawn {path}"),
                _ => what,
            };
            self.tell(format!("works: {what}"));
            self.turn(Some(job));
        }
    }

    /// The engine's turn. It writes to the disk, and nothing outside hunks may change there.
    fn turn(&mut self, job: Option<Job>) {
        let before: Vec<_> = self.files.iter().map(|name| self.disk(name)).collect();
        self.done.extend(self.desk.turn(job));
        for (name, before) in self.files.clone().iter().zip(before) {
            let after = self.disk(name);
            assert_eq!(outside(&before), outside(&after), "{name} changed outside its hunks");
            if before != after {
                self.changed_on_disk(name, &before, after);
            }
        }
    }

    /// A file was written while it is open: an editor reads it again where its buffer is as the file was, and
    /// else asks the person, who keeps the buffer.
    fn changed_on_disk(&mut self, name: &str, before: &str, after: String) {
        let Some(buffer) = self.client.open.get(name) else { return };
        let mut next = buffer.held.clone();
        if next.text == before {
            self.tell(format!("  reads {name} again"));
            next.text = after;
            self.client.change(name, next, &mut self.random);
            self.client.said.push_back(Wake::Saved(uri(name)));
            return;
        }
        self.tell(format!("  keeps the buffer of {name}, which was written on disk"));
        for hunk in self.hunks_of(name) {
            if hunk.side(before) != hunk.side(&after) {
                let buffer = self.client.open.get_mut(name).unwrap();
                for held in buffer.undo.iter_mut().chain([&mut buffer.held]) {
                    held.touched.insert(hunk.mark);
                }
            }
        }
    }

    fn disk(&self, name: &str) -> String {
        self.world.read(name)
    }

    fn hunks_of(&self, name: &str) -> Vec<Marked> {
        let here = self.hunks.iter().filter(|(_, _, file, _)| file == name);
        here.map(|(.., marked)| marked.clone()).collect()
    }

    /// The client turns to what it was asked first.
    fn carry_out(&mut self) {
        let Some(mut request) = self.requests.pop_front() else { return };
        let character = &self.client.character;
        let manner = if self.random.chance(character.wrong_percent) {
            self.random.weighted(&[
                (2, Manner::Refuses),
                (2, Manner::Lies),
                (2, Manner::ChangesAndDenies),
                (2, Manner::DeniesAndChanges),
                (2, Manner::HalfOfTheDocuments),
                (3, Manner::HalfOfTheEdits),
                (3, Manner::PutsOff),
                (1, Manner::Silent),
                (1, Manner::ChangesSilently),
                (2, Manner::VeryLate),
                (1, Manner::Twice),
            ])
        } else {
            self.random
                .weighted(&[(3, Manner::ChangesThenAnswers), (2, Manner::AnswersThenChanges)])
        };
        if manner == Manner::PutsOff && request.put_off < 3 {
            request.put_off += 1;
            self.requests.push_back(request);
            // Meanwhile there is something else to do.
            self.type_something();
            return;
        }
        self.carry(request, manner);
    }

    fn carry(&mut self, request: Request, manner: Manner) {
        self.tell(format!("does as it was asked: {manner:?}"));
        let yes = Wake::Answered(request.continuation.clone(), Ok(()));
        let no = || Err("the simulation says no".to_owned());
        let denial = Wake::Answered(request.continuation.clone(), no());
        match manner {
            Manner::ChangesThenAnswers | Manner::PutsOff => {
                let all = self.change_all(&request.documents, 1);
                self.client.said.push_back(if all { yes } else { denial });
            }
            Manner::AnswersThenChanges => {
                let at = self.client.said.len();
                let all = self.change_all(&request.documents, 1);
                self.client.said.insert(at, if all { yes } else { denial });
            }
            Manner::Refuses => self.client.said.push_back(denial),
            Manner::Lies => self.client.said.push_back(yes),
            Manner::ChangesAndDenies => {
                self.change_all(&request.documents, 1);
                self.client.said.push_back(denial);
            }
            Manner::DeniesAndChanges => {
                self.client.said.push_back(denial);
                self.change_all(&request.documents, 1);
            }
            Manner::HalfOfTheDocuments => {
                let half = request.documents.len() / 2;
                self.change_all(&request.documents[half..], 1);
                self.client.said.push_back(yes);
            }
            Manner::HalfOfTheEdits => {
                let mut documents = request.documents.clone();
                for document in &mut documents {
                    let random = &mut self.random;
                    document.edits.retain(|_| random.chance(50));
                }
                self.change_all(&documents, 1);
                self.client.said.push_back(yes);
            }
            Manner::Silent => {}
            Manner::ChangesSilently => {
                self.change_all(&request.documents, 1);
            }
            Manner::VeryLate => self.late.push((self.now + VERY_LATE, request)),
            Manner::Twice => {
                self.change_all(&request.documents, 2);
                self.client.said.push_back(yes);
            }
        }
    }

    /// Applies edits as this client does; whether it applied all, as far as it says.
    fn change_all(&mut self, documents: &[DocumentEdit], times: usize) -> bool {
        let mut says = true;
        for document in documents {
            for _ in 0..times {
                says &= self.change_one(document);
            }
        }
        says
    }

    fn change_one(&mut self, document: &DocumentEdit) -> bool {
        let name = &document.name;
        if !self.client.open.contains_key(name) {
            if !self.client.character.opens_for_edits {
                return false;
            }
            self.open(name);
        }
        let buffer = &self.client.open[name];
        if document.version.is_some_and(|version| version != buffer.version) {
            match self.client.character.stale {
                Stale::SkipsAndSaysYes => return true,
                Stale::SkipsAndSaysNo => return false,
                Stale::AppliesAnyway => {}
            }
        }
        let held = buffer.held.clone();
        let text = self.client.edited(&held.text, &document.edits);
        let mut next = Held { text, touched: held.touched.clone() };
        if held.text == document.base {
            assert_eq!(outside(&held.text), outside(&next.text));
        } else {
            // The client's fault, if it does: an edit for another text. It may hit anything.
            self.tell("  applies to another text than it was made for".to_owned());
            let all = self.hunks_of(name);
            next.touched.extend(all.iter().map(|hunk| hunk.mark));
        }
        for hunk in self.hunks_of(name) {
            if hunk.side(&next.text) == Side::Mixed && hunk.side(&held.text) != Side::Mixed {
                next.touched.insert(hunk.mark);
            }
        }
        self.client.change(name, next, &mut self.random);
        true
    }

    fn some_open(&mut self) -> Option<String> {
        let open: Vec<&String> = self.client.open.keys().collect();
        if open.is_empty() {
            return None;
        }
        Some(open[self.random.below(open.len())].clone())
    }

    fn type_something(&mut self) {
        let Some(name) = self.some_open() else { return };
        let held = self.client.open[&name].held.clone();
        let text = self.client.typed(&held.text, &mut self.typed, &mut self.random);
        let mut next = Held { text, touched: held.touched };
        next.touched.extend(touched(&held.text, &next.text, &self.hunks_of(&name)));
        self.tell(format!("types in {name}: {:?}", changed_lines(&held.text, &next.text)));
        self.client.change(&name, next, &mut self.random);
    }

    /// The editor's own undo.
    fn undo(&mut self) {
        let Some(name) = self.some_open() else { return };
        let buffer = self.client.open.get_mut(&name).unwrap();
        let Some(mut before) = buffer.undo.pop() else { return };
        let now = buffer.held.clone();
        for (id, ordinal, file, marked) in self.hunks.clone() {
            if file != name || marked.side(&now.text) == marked.side(&before.text) {
                continue;
            }
            let state = self.desk.engine.change(id).unwrap().state.hunks[&ordinal];
            // What the disk has by decision and the buffer has no more is the person's own doing.
            if !matches!(state, HunkState::Accepted { saved: false, .. }) {
                before.touched.insert(marked.mark);
            }
        }
        self.tell(format!("undoes in {name}: {:?}", changed_lines(&now.text, &before.text)));
        self.client.change(&name, before, &mut self.random);
        if let Some(buffer) = self.client.open.get_mut(&name) {
            buffer.undo.pop();
        }
    }

    fn save(&mut self) {
        let Some(name) = self.some_open() else { return };
        let held = self.client.open[&name].held.clone();
        let (disk, text) = self.client.as_saved(&held.text);
        self.tell(format!("saves {name}"));
        let next = Held { text, touched: held.touched.clone() };
        self.client.change(&name, next, &mut self.random);
        self.world.write(&name, disk);
        self.touched.insert(name.clone(), held.touched);
        self.client.said.push_back(Wake::Saved(uri(&name)));
    }

    fn open(&mut self, name: &str) {
        let held = Held { text: self.disk(name), touched: self.touched[name].clone() };
        self.tell(format!("opens {name}"));
        self.client.open(name, held, &mut self.random);
    }

    fn open_one(&mut self) {
        let name = self.files[self.random.below(self.files.len())].clone();
        if !self.client.open.contains_key(&name) {
            self.open(&name);
        }
    }

    fn close_one(&mut self) {
        let Some(name) = self.some_open() else { return };
        self.tell(format!("closes {name}"));
        self.client.close(&name);
        if self.random.chance(50) {
            self.open(&name);
        }
    }

    fn command(&mut self) {
        let verb = self.random.weighted(&[(6, "accept"), (3, "undo"), (1, "reject")]);
        let id = self.changesets[self.random.below(self.changesets.len())];
        let mut argument = json!({ "changeset": id });
        if self.random.chance(60) {
            let all = self.hunks.iter().filter(|(of, ..)| *of == id).map(|(_, hunk, ..)| *hunk);
            let all: Vec<u32> = all.chain([1]).collect();
            let wanted: BTreeSet<u32> = (0..2).map(|_| all[self.random.below(all.len())]).collect();
            argument["hunks"] = json!(wanted);
        }
        let (reply, answer) = oneshot::channel();
        self.answers.push(answer);
        self.tell(format!("wants to {verb} {argument}"));
        let params = ExecuteCommandParams {
            command: format!("countersign.{verb}"),
            arguments: vec![argument],
            ..ExecuteCommandParams::default()
        };
        self.client.said.push_back(Wake::Command(params, reply));
    }

    /// What must hold whenever all is quiet.
    fn look(&mut self) {
        assert!(self.session.running.is_empty(), "something is under way for ever");
        for mut answer in std::mem::take(&mut self.answers) {
            assert!(answer.try_recv().is_ok(), "a command was never answered");
        }
        for (name, buffer) in &self.client.open {
            let document = self.session.documents.get(uri(name).as_str()).unwrap();
            assert_eq!(**document.text(), *buffer.held.text, "{name} is another text here");
        }
        for (id, ordinal, name, marked) in self.hunks.clone() {
            let state = self.desk.engine.change(id).unwrap().state.hunks[&ordinal];
            self.look_at(id, ordinal, &name, &marked, state);
        }
    }

    fn look_at(
        &mut self,
        id: ChangeSetId,
        ordinal: u32,
        name: &str,
        marked: &Marked,
        state: HunkState,
    ) {
        let disk = self.disk(name);
        let on_disk =
            if self.touched[name].contains(&marked.mark) { None } else { Some(marked.side(&disk)) };
        let buffer = self.client.open.get(name);
        let in_buffer = match buffer {
            Some(buffer) if buffer.held.touched.contains(&marked.mark) => None,
            Some(buffer) => Some(marked.side(&buffer.held.text)),
            None => on_disk,
        };
        let is = |found: Option<Side>, wanted: Side| found.is_none_or(|found| found == wanted);
        let text = buffer.map(|buffer| buffer.held.text.clone());
        // Text that landed late next to what the person typed meanwhile is a conflict: it is claimed by nobody.
        let change = self.desk.engine.change(id).unwrap();
        let (file, hunk) = change.changeset.hunk(ordinal).unwrap();
        let (Some(before), Some(after)) = &change.texts[&file.path] else { unreachable!() };
        let conflict = |text: &str| {
            let anchoring = Anchoring::new(before, text.as_bytes());
            matches!(anchoring.anchor(&hunk.before, hunk.after.of(after)), Anchor::Conflict(_))
        };
        let in_conflict = conflict(text.as_deref().unwrap_or(&disk));
        let right = match state {
            HunkState::Accepted { saved: true, .. } => {
                is(in_buffer, Side::After) && is(on_disk, Side::After)
            }
            HunkState::Accepted { saved: false, .. } => {
                buffer.is_some() && is(in_buffer, Side::After) && is(on_disk, Side::Before)
            }
            HunkState::Undone { saved: false, .. } => {
                buffer.is_some() && is(in_buffer, Side::Before) && is(on_disk, Side::After)
            }
            HunkState::Undone { saved: true, .. }
            | HunkState::Proposed
            | HunkState::Rejected { .. } => {
                // While it is open, the buffer decides; what it was saved as is looked at when it is closed.
                let disk = buffer.is_some() || is(on_disk, Side::Before);
                in_conflict || is(in_buffer, Side::Before) && disk
            }
            _ => false,
        };
        assert!(
            right,
            "hunk {} in {name} is {}, but the buffer has {in_buffer:?} and the disk {on_disk:?}: \
             buffer {text:?}, disk {disk:?}",
            marked.mark,
            state.word()
        );
    }
}

fn changed_lines<'t>(before: &str, after: &'t str) -> Vec<&'t str> {
    let old: BTreeSet<&str> = lines(before).collect();
    lines(after).filter(|line| !old.contains(line)).collect()
}

fn engine(world: &World) -> Engine {
    let actor = Actor { kind: ActorKind::Person, name: "Ada".into(), surface: Surface::Editor };
    let clock = Clock::Fixed(Timestamp(1_735_689_600_000));
    Engine::open(world.root(), clock, actor, RulesFrom::default()).unwrap()
}
