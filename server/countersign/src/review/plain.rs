//! The review line by line, like `git add -p`: for terminals that can do no more, for pipes and for scripts.

use std::io::BufRead;

use engine::{Landing, Selection};
use model::ChangeSetId;

use super::carry::Desk;
use super::command::{Decision, Done};
use super::help::ANSWERS;
use super::needs::{Needs, needs};
use super::rows::{Row, Sign, rows};
use super::search::Query;
use super::state::{Place, State};
use super::update::said;
use crate::exit::{Exit, Failure};
use crate::output::{self, BOLD, DIM, GREEN, RED, RESET, Shown, Terminal, YELLOW, safe};

const PROMPT: &str = "Accept this hunk [y,n,a,d,u,s,e,/,q,?]?";

/// Asks about each hunk that waits: those of `only`, or all. Ends at the end of the input.
pub fn plain(
    desk: Desk,
    only: Option<ChangeSetId>,
    input: &mut dyn BufRead,
    echo: bool,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let mut desk = desk;
    let state = State::new(desk.board()?, None);
    let wanted = |id: &ChangeSetId| only.is_none_or(|only| only == *id);
    let places = state.changes.iter().map(|change| (change.changeset.id, change.state.waiting()));
    let places = places
        .filter(|(id, _)| wanted(id))
        .flat_map(|(id, hunks)| hunks.into_iter().map(move |hunk| Place { id, hunk }))
        .collect();
    let mut review = Review {
        desk,
        state,
        places,
        next: 0,
        titled: None,
        decided: Vec::new(),
        asked: None,
        refused: 0,
        misunderstood: false,
        terminal,
    };
    review.run(input, echo)?;
    Ok(review.finish())
}

/// A decision that can be taken back, and where it was made.
struct Decided {
    id: ChangeSetId,
    hunks: Vec<u32>,
    accepted: bool,
    index: usize,
}

struct Review<'t> {
    desk: Desk,
    state: State,
    /// What waited at the start, in order.
    places: Vec<Place>,
    next: usize,
    /// The change whose heading was printed last.
    titled: Option<ChangeSetId>,
    decided: Vec<Decided>,
    /// What the next answer is about, if not the hunk.
    asked: Option<Needs>,
    /// How often something did not happen that was asked for.
    refused: usize,
    /// Whether the last answer was none that is known.
    misunderstood: bool,
    terminal: &'t Terminal,
}

impl Review<'_> {
    fn run(&mut self, input: &mut dyn BufRead, echo: bool) -> Result<(), Failure> {
        while let Some(place) = self.places.get(self.next).copied() {
            if !self.show(place)? {
                self.next += 1;
                continue;
            }
            // Until something was decided about this hunk, the question is asked again.
            loop {
                let prompt = self.asked.as_ref().map_or(PROMPT.to_owned(), Needs::question);
                self.terminal.print(&format!("{BOLD}{}{RESET} ", safe(&prompt)));
                let Some(answer) = read_line(input)? else {
                    self.terminal.print("\n");
                    return Ok(());
                };
                if echo {
                    self.terminal.print(&format!("{}\n", safe(&answer)));
                }
                match self.answer(place, &answer)? {
                    Next::Ask => {}
                    Next::Go(index) => {
                        self.next = index;
                        break;
                    }
                    Next::Quit => return Ok(()),
                }
            }
        }
        Ok(())
    }

    fn answer(&mut self, place: Place, answer: &str) -> Result<Next, Failure> {
        self.misunderstood = false;
        if let Some(Needs { id, only, together, .. }) = self.asked.take() {
            let selection = match answer {
                "b" => Selection::Hunks(together),
                "o" => only,
                _ => {
                    self.terminal.print("nothing was accepted\n");
                    return Ok(Next::Ask);
                }
            };
            let done = self.desk.decide(id, &selection, Decision::Accept);
            return self.told(done);
        }
        if let Some(wanted) = answer.strip_prefix('/') {
            return Ok(self.search(wanted));
        }
        let (letter, rest) = answer.split_once(' ').unwrap_or((answer, ""));
        let reason = Some(rest.trim()).filter(|reason| !reason.is_empty()).map(str::to_owned);
        let Place { id, hunk } = place;
        let decision = match (letter, &reason) {
            ("n" | "d", _) => Decision::Reject(reason),
            ("y" | "a", None) => Decision::Accept,
            ("s", None) => {
                self.state.skipped.insert(place);
                return Ok(Next::Go(self.next + 1));
            }
            ("u", None) => return self.undo(),
            ("e", None) => {
                let done = self.desk.edit(id, hunk);
                return self.told(done);
            }
            ("q", None) => return Ok(Next::Quit),
            ("?", _) => {
                self.terminal.print(ANSWERS);
                return Ok(Next::Ask);
            }
            _ => {
                self.misunderstood = true;
                self.terminal.print(&format!("`{}` is no answer; ? lists them\n", safe(answer)));
                return Ok(Next::Ask);
            }
        };
        let hunks = if matches!(letter, "a" | "d") { self.rest_of_file(place) } else { vec![hunk] };
        let selection = Selection::Hunks(hunks);
        if decision == Decision::Accept {
            let change = self.state.changes.iter().find(|change| change.changeset.id == id);
            self.asked = change.and_then(|change| needs(change, &selection));
            if let Some(needs) = &self.asked {
                self.terminal.print(&format!(
                    "{YELLOW}alone it is incomplete{RESET}: {}\n",
                    safe(&needs.why())
                ));
                return Ok(Next::Ask);
            }
        }
        let done = self.desk.decide(id, &selection, decision);
        self.told(done)
    }

    /// This hunk and the later ones of its file that still wait.
    fn rest_of_file(&self, place: Place) -> Vec<u32> {
        let change = self.state.changes.iter().find(|change| change.changeset.id == place.id);
        let Some(change) = change else { return vec![place.hunk] };
        let path = change.state.paths.get(&place.hunk);
        let of_file = |hunk: &u32| *hunk >= place.hunk && change.state.paths.get(hunk) == path;
        change.state.waiting().into_iter().filter(of_file).collect()
    }

    /// Says what became of a decision and goes on.
    fn told(&mut self, done: Done) -> Result<Next, Failure> {
        let changes = self.desk.board()?;
        self.state.refresh(changes);
        let report = match done.result {
            Err(reason) => {
                self.refused += 1;
                self.terminal.print(&format!("{RED}not done{RESET}: {}\n", safe(&reason)));
                return Ok(Next::Ask);
            }
            Ok(report) => report,
        };
        let (text, refused) = said(&done.decision, &report);
        let style = if refused { RED } else { GREEN };
        self.terminal.print(&format!("{style}{}{RESET}\n", safe(&text)));
        self.refused += report.refused.len() + report.failed.len();
        if done.decision != Decision::Undo && !report.hunks.is_empty() {
            let accepted = !matches!(done.decision, Decision::Reject(_));
            let (id, hunks, index) = (report.changeset, report.hunks, self.next);
            self.decided.push(Decided { id, hunks, accepted, index });
        }
        Ok(Next::Go(self.next + 1))
    }

    fn undo(&mut self) -> Result<Next, Failure> {
        let Some(last) = self.decided.pop() else {
            self.terminal.print("nothing was decided yet, so there is nothing to undo\n");
            return Ok(Next::Ask);
        };
        let selection = Selection::Hunks(last.hunks.clone());
        let done = self.desk.decide(last.id, &selection, Decision::Undo);
        let undone = done.result.as_ref().is_ok_and(|report| !report.hunks.is_empty());
        let index = last.index;
        if !undone {
            self.decided.push(last);
        }
        Ok(match self.told(done)? {
            Next::Go(_) if undone => Next::Go(index),
            _ => Next::Ask,
        })
    }

    /// The next hunk with `wanted` in it, around the end.
    fn search(&mut self, wanted: &str) -> Next {
        self.state.query = Query::new(wanted);
        let found = self.state.found();
        let (before, behind) = self.places.split_at(self.next.min(self.places.len()));
        let order = behind.iter().skip(1).chain(before).chain(behind.first());
        let Some(place) = order.copied().find(|place| found.contains(place)) else {
            self.terminal.print(&format!("`{}` is in no hunk that waits\n", safe(wanted)));
            return Next::Ask;
        };
        let index = self.places.iter().position(|known| *known == place);
        index.map_or(Next::Ask, Next::Go)
    }

    /// Prints the hunk at `place`; `false` where there is nothing left to ask about it.
    fn show(&mut self, place: Place) -> Result<bool, Failure> {
        if self.desk.moved()? {
            let changes = self.desk.board()?;
            self.state.refresh(changes);
        }
        self.state.go_to(place);
        let Some(change) = self.state.change().cloned() else { return Ok(false) };
        let acceptable = change.state.acceptable();
        if !acceptable.contains(&place.hunk) {
            return Ok(false);
        }
        let Some((file, hunk)) = change.changeset.hunk(place.hunk) else { return Ok(false) };
        if self.titled.replace(place.id) != Some(place.id) {
            let shown = Shown { texts: None, ..Shown::from(&*change) };
            self.terminal.print(&format!("{}\n", output::change(shown)));
        }
        let word = change.state.hunks.get(&place.hunk).map(|state| state.word());
        let (before, after) = change.texts.get(&file.path).cloned().unwrap_or_default();
        let (before, after) = (before.unwrap_or_default(), after.unwrap_or_default());
        let mut text = output::heading(&change.changeset, file, hunk, word);
        text.extend(rows(file, hunk, &before, &after).iter().map(line));
        let landings = self.desk.landings(place.id, &file.path)?;
        if let Some(landing) = landings.hunks.get(&place.hunk) {
            text.push_str(&lands(landing, hunk.before.first_line));
        }
        self.terminal.print(&text);
        Ok(true)
    }

    fn finish(self) -> Exit {
        let changes = &self.state.changes;
        let waits = |place: &&Place| {
            let change = changes.iter().find(|change| change.changeset.id == place.id);
            change.is_some_and(|change| change.state.acceptable().contains(&place.hunk))
        };
        if self.places.is_empty() {
            self.terminal.print("nothing waits for a decision\n");
            return Exit::Done;
        }
        let waiting: Vec<&Place> = self.places.iter().filter(waits).collect();
        let skipped = waiting.iter().filter(|place| self.state.skipped.contains(place)).count();
        let decided = |accepted: bool| -> usize {
            let decided = self.decided.iter().filter(|decided| decided.accepted == accepted);
            decided.map(|decided| decided.hunks.len()).sum()
        };
        self.terminal.print(&format!(
            "accepted {}, rejected {}, skipped {skipped}, refused {}; {} still waiting\n",
            decided(true),
            decided(false),
            self.refused,
            waiting.len()
        ));
        // A script that ends with what was not understood did not do what it was written for.
        if self.refused > 0 || self.misunderstood { Exit::CouldNot } else { Exit::Done }
    }
}

enum Next {
    /// The same question once more.
    Ask,
    /// This one of the places.
    Go(usize),
    Quit,
}

fn read_line(input: &mut dyn BufRead) -> Result<Option<String>, Failure> {
    let mut line = Vec::new();
    let read = input.read_until(b'\n', &mut line);
    match read {
        Ok(0) => Ok(None),
        Ok(_) => Ok(Some(String::from_utf8_lossy(&line).trim().to_owned())),
        Err(error) => Err(Failure::new(format!("standard input: {error}"), "run it again")),
    }
}

fn line(row: &Row) -> String {
    let (sign, style) = match row.sign {
        Sign::Same => (' ', format!("{DIM}")),
        Sign::Note => ('~', format!("{DIM}")),
        Sign::Removed => ('-', format!("{RED}")),
        Sign::Added => ('+', format!("{GREEN}")),
    };
    format!("  {style}{sign}{}{RESET}\n", row.line.text)
}

fn lands(landing: &Landing, captured: u32) -> String {
    match landing {
        Landing::Line(line) if *line == captured => String::new(),
        Landing::Line(line) => format!("  {YELLOW}moved{RESET}: lands at line {}\n", line + 1),
        Landing::Whole => String::new(),
        Landing::InText => {
            format!("  {YELLOW}in the text{RESET}: y marks it reviewed, n takes it out\n")
        }
        Landing::Already => format!("  {YELLOW}there already{RESET}: accepting writes nothing\n"),
        Landing::Nowhere(reason) => format!("  {RED}conflict{RESET}: {}\n", safe(reason)),
    }
}
