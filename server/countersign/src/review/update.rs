//! What a key, or a look at the world, makes of the state, and what must follow. Without IO.

use engine::{Report, Selection};
use model::{ChangeSetId, HunkState};

use super::command::{Command, Decision, Done, Input, Landings};
use super::key::Key;
use super::needs::{Needs, needs};
use super::search::Query;
use super::state::{Focus, Mode, Place, State, Typing};
use super::view::{last_row, page};

/// Keys that one page of the overlay of keys is taken for.
const HELP_PAGE_ROWS: usize = 10;
/// Columns that one step to the side is.
const STEP_COLUMNS: usize = 8;
/// Characters of a typed line at the most.
const TYPED_CHARS_MAX: usize = 500;

/// The state after `input`, and what is to be done because of it.
pub fn update(mut state: State, input: Input) -> (State, Vec<Command>) {
    let commands = match input {
        Input::Key(Key::Interrupt) => vec![Command::Quit],
        Input::Key(key) => pressed(&mut state, key),
        Input::Size(columns, rows) => {
            state.size = (columns, rows);
            Vec::new()
        }
        Input::Board(changes) => {
            state.refresh(changes);
            Vec::new()
        }
        Input::Landings(Landings { id, hunks, .. }) => {
            let hunks = hunks.into_iter().map(|(hunk, landing)| ((id, hunk), landing));
            state.landings.extend(hunks);
            Vec::new()
        }
        Input::Done(done) => {
            finished(&mut state, done);
            Vec::new()
        }
        Input::Notice(text) => {
            state.refuse(text);
            Vec::new()
        }
    };
    (state, commands)
}

fn pressed(state: &mut State, key: Key) -> Vec<Command> {
    match std::mem::replace(&mut state.mode, Mode::Browse) {
        Mode::Browse => browse(state, key),
        Mode::Typing { what, text } => typing(state, key, what, text),
        Mode::Extent { accept } => extent(state, &key, accept),
        Mode::Needed(needs) => needed(state, &key, needs),
        Mode::Help { scroll } => {
            let scroll = match key {
                Key::Char('j') | Key::Down => Some(scroll + 1),
                Key::Char('k') | Key::Up => Some(scroll.saturating_sub(1)),
                Key::PageDown => Some(scroll + HELP_PAGE_ROWS),
                Key::PageUp => Some(scroll.saturating_sub(HELP_PAGE_ROWS)),
                _ => None,
            };
            state.mode = scroll.map_or(Mode::Browse, |scroll| Mode::Help { scroll });
            Vec::new()
        }
    }
}

fn browse(state: &mut State, key: Key) -> Vec<Command> {
    state.status = Default::default();
    match key {
        Key::Char('q') => return vec![Command::Quit],
        Key::Char('?') => state.mode = Mode::Help { scroll: 0 },
        Key::Char('j') | Key::Down => step(state, true),
        Key::Char('k') | Key::Up => step(state, false),
        Key::PageDown | Key::Char(' ') => scroll(state, page(state), true),
        Key::PageUp => scroll(state, page(state), false),
        Key::Char('g') | Key::Home => scroll(state, usize::MAX, false),
        Key::Char('G') | Key::End => scroll(state, usize::MAX, true),
        Key::Char('l') | Key::Right => state.scroll.1 += STEP_COLUMNS,
        Key::Char('h') | Key::Left => state.scroll.1 = state.scroll.1.saturating_sub(STEP_COLUMNS),
        Key::Tab => turn(state, 1),
        Key::BackTab => turn(state, Focus::ALL.len() - 1),
        Key::Enter if state.focus != Focus::Why => turn(state, 1),
        Key::Char('n') if state.query.is_some() => next_found(state, true),
        Key::Char('N') => next_found(state, false),
        Key::Char('n' | 'J') => neighbour(state, true),
        Key::Char('p' | 'K') => neighbour(state, false),
        Key::Char('/') => {
            state.mode = Mode::Typing { what: Typing::Search, text: String::new() };
        }
        Key::Escape => match state.query.take() {
            Some(_) => state.say("search ended"),
            None => state.focus = Focus::Changes,
        },
        Key::Char('s') => skip(state),
        Key::Char('A') if state.at.is_some() => state.mode = Mode::Extent { accept: true },
        Key::Char('R') if state.at.is_some() => state.mode = Mode::Extent { accept: false },
        Key::Char(key @ ('a' | 'r' | 'u' | 'e')) => return on_hunk(state, key),
        Key::Char(key) if !key.is_control() => {
            state.say(format!("{key} is no key here; ? lists them"))
        }
        _ => {}
    }
    Vec::new()
}

/// The keys that decide about the hunk at hand.
fn on_hunk(state: &mut State, key: char) -> Vec<Command> {
    let Some(Place { id, hunk }) = state.at else {
        state.refuse("nothing is proposed here");
        return Vec::new();
    };
    let selection = Selection::Hunks(vec![hunk]);
    match key {
        'a' => accept(state, id, selection),
        'e' => vec![Command::Edit { id, hunk }],
        'u' => take_back(state, id, hunk),
        _ => {
            ask_reason(state, id, selection);
            Vec::new()
        }
    }
}

fn ask_reason(state: &mut State, id: ChangeSetId, selection: Selection) {
    let what = Typing::Reason { id, selection };
    state.mode = Mode::Typing { what, text: String::new() };
}

/// Takes back the decision on the hunk at hand, or, where there is none, the last one made here.
fn take_back(state: &mut State, id: ChangeSetId, hunk: u32) -> Vec<Command> {
    let undo = |id, hunks| {
        let selection = Selection::Hunks(hunks);
        vec![Command::Decide { id, selection, decision: Decision::Undo }]
    };
    match state.hunk_state() {
        None | Some(HunkState::Proposed | HunkState::Adopted | HunkState::Undone { .. }) => {}
        Some(HunkState::Superseded { by }) => {
            let mut changes = state.changes.iter();
            let edited = changes.find(|change| change.changeset.id == by).is_some_and(|change| {
                change.changeset.origin.worker == "edited" && !change.state.accepted().is_empty()
            });
            if !edited {
                let by = by.short();
                state.refuse(format!("hunk {hunk} gave way to change {by}: decide there"));
                return Vec::new();
            }
            let (selection, decision) = (Selection::All, Decision::Undo);
            return vec![Command::Decide { id: by, selection, decision }];
        }
        Some(_) => return undo(id, vec![hunk]),
    }
    match state.decided.last() {
        Some((id, hunks)) => undo(*id, hunks.clone()),
        None => {
            state.refuse("nothing was decided here yet, so there is nothing to undo");
            Vec::new()
        }
    }
}

/// `j` and `k`: within the pane that has the focus.
fn step(state: &mut State, forward: bool) {
    match state.focus {
        Focus::Changes => {
            let index = state.change_index();
            let next = if forward { index.checked_add(1) } else { index.checked_sub(1) };
            let id = next.and_then(|next| state.changes.get(next)).map(|c| c.changeset.id);
            if let Some(id) = id {
                state.go_to_change(id);
            }
        }
        Focus::Hunks => neighbour(state, forward),
        Focus::Diff | Focus::Why => scroll(state, 1, forward),
    }
}

fn neighbour(state: &mut State, forward: bool) {
    match state.neighbour(forward) {
        Some(place) => state.go_to(place),
        None => state.say(if forward { "this is the last hunk" } else { "this is the first hunk" }),
    }
}

/// Scrolls the pane in focus, the diff where that is a list.
fn scroll(state: &mut State, rows: usize, forward: bool) {
    let by = |from: usize, last: usize| {
        let to = if forward { from.saturating_add(rows) } else { from.saturating_sub(rows) };
        to.min(last)
    };
    if state.focus == Focus::Why {
        state.why_scroll = by(state.why_scroll, last_row(state, Focus::Why));
    } else {
        state.scroll.0 = by(state.scroll.0, last_row(state, Focus::Diff));
    }
}

fn turn(state: &mut State, by: usize) {
    let at = Focus::ALL.iter().position(|focus| *focus == state.focus).unwrap_or(0);
    if let Some(focus) = Focus::ALL.get((at + by) % Focus::ALL.len()) {
        state.focus = *focus;
    }
}

fn skip(state: &mut State) {
    let Some(at) = state.at else { return };
    state.skipped.insert(at);
    match state.next_waiting() {
        Some(next) => {
            state.go_to(next);
            state.say(format!("skipped hunk {}", at.hunk));
        }
        None => state.say(format!("skipped hunk {}; nothing else waits", at.hunk)),
    }
}

fn next_found(state: &mut State, forward: bool) {
    let Some(query) = &state.query else { return state.say("nothing was searched for: / does") };
    let text = query.text().to_owned();
    let found = state.found();
    let here = state.at.map(|at| state.order(at));
    let behind = |place: &&Place| here.is_none_or(|here| state.order(**place) > here);
    let before = |place: &&Place| here.is_none_or(|here| state.order(**place) < here);
    let next = if forward {
        found.iter().find(behind).or(found.first())
    } else {
        found.iter().rfind(before).or(found.last())
    };
    match next.copied() {
        None => state.refuse(format!("`{text}` is in no hunk, path or title")),
        Some(place) => {
            let index = found.iter().position(|found| *found == place).unwrap_or(0) + 1;
            state.go_to(place);
            state.say(format!("`{text}`: {index} of {}", found.len()));
        }
    }
}

fn typing(state: &mut State, key: Key, what: Typing, mut text: String) -> Vec<Command> {
    match key {
        Key::Escape => {
            if matches!(what, Typing::Reason { .. }) {
                state.say("nothing was rejected");
            }
            return Vec::new();
        }
        Key::Enter => return typed(state, what, &text),
        Key::Char(c) => text.push(c),
        Key::Paste(pasted) => {
            text.extend(pasted.chars().map(|c| if c.is_control() { ' ' } else { c }));
        }
        Key::Backspace => drop(text.pop()),
        Key::Clear => text.clear(),
        _ => {}
    }
    let text = text.chars().take(TYPED_CHARS_MAX).collect();
    state.mode = Mode::Typing { what, text };
    Vec::new()
}

fn typed(state: &mut State, what: Typing, text: &str) -> Vec<Command> {
    match what {
        Typing::Reason { id, selection } => {
            let reason = Some(text.trim()).filter(|text| !text.is_empty()).map(str::to_owned);
            vec![Command::Decide { id, selection, decision: Decision::Reject(reason) }]
        }
        Typing::Search => {
            state.query = Query::new(text);
            // The hunk at hand counts as the first to look at.
            let found = state.found();
            let here = state.at.filter(|at| found.contains(at));
            match here {
                Some(_) => {
                    let index = found.iter().position(|p| Some(*p) == here).unwrap_or(0) + 1;
                    state.say(format!("`{text}`: {index} of {}", found.len()));
                }
                None if state.query.is_some() => next_found(state, true),
                None => {}
            }
            if found.is_empty() {
                state.query = None;
            }
            Vec::new()
        }
    }
}

/// All hunks of the file, or of the change?
fn extent(state: &mut State, key: &Key, accept: bool) -> Vec<Command> {
    let (Some(Place { id, .. }), Some(path)) = (state.at, state.path().cloned()) else {
        return Vec::new();
    };
    let selection = match key {
        Key::Char('f') => Selection::File(path),
        Key::Char('c') => Selection::All,
        _ => {
            state.say(if accept { "nothing was accepted" } else { "nothing was rejected" });
            return Vec::new();
        }
    };
    if accept {
        return self::accept(state, id, selection);
    }
    ask_reason(state, id, selection);
    Vec::new()
}

/// Accepts, unless hunks need others: then that is asked first.
fn accept(state: &mut State, id: ChangeSetId, selection: Selection) -> Vec<Command> {
    match state.change().and_then(|change| needs(change, &selection)) {
        Some(needs) => {
            state.mode = Mode::Needed(needs);
            Vec::new()
        }
        None => vec![Command::Decide { id, selection, decision: Decision::Accept }],
    }
}

fn needed(state: &mut State, key: &Key, needs: Needs) -> Vec<Command> {
    let Needs { id, only, together, .. } = needs;
    let selection = match key {
        Key::Char('b') => Selection::Hunks(together),
        Key::Char('o') => only,
        _ => {
            state.say("nothing was accepted");
            return Vec::new();
        }
    };
    vec![Command::Decide { id, selection, decision: Decision::Accept }]
}

fn finished(state: &mut State, Done { id, decision, result }: Done) {
    let report = match result {
        Err(reason) => return state.refuse(reason),
        Ok(report) => report,
    };
    let (text, refused) = said(&decision, &report);
    let of = report.changeset;
    if !report.hunks.is_empty() {
        for hunk in &report.hunks {
            state.skipped.remove(&Place { id: of, hunk: *hunk });
        }
        if decision == Decision::Undo {
            state.decided.retain(|(known, hunks)| *known != id || *hunks != report.hunks);
            if let Some(hunk) = report.hunks.first() {
                state.go_to(Place { id, hunk: *hunk });
            }
        } else {
            state.decided.push((of, report.hunks.clone()));
            if !refused && let Some(next) = state.next_waiting() {
                state.go_to(next);
            }
        }
    }
    if refused { state.refuse(text) } else { state.say(text) }
}

/// A report on one line, and whether anything that was asked for did not happen.
pub fn said(decision: &Decision, report: &Report) -> (String, bool) {
    let numbers = |hunks: &[u32]| {
        let plural = if hunks.len() == 1 { "" } else { "s" };
        let numbers: Vec<String> = hunks.iter().map(u32::to_string).collect();
        format!("hunk{plural} {}", numbers.join(", "))
    };
    let mut parts = Vec::new();
    // What did not happen comes first: a narrow terminal cuts off the end.
    parts.extend(report.refused.iter().map(|r| format!("hunk {} refused: {}", r.hunk, r.reason)));
    parts.extend(report.failed.iter().map(|f| format!("{}: {}", f.path, f.reason)));
    let refused = !parts.is_empty();
    if !report.hunks.is_empty() {
        let mut done = match decision {
            Decision::Edit(hunk) => {
                let by = report.changeset.short();
                format!("hunk {hunk} {} as you edited it, change {by}", report.done)
            }
            _ => format!("{} {}", numbers(&report.hunks), report.done),
        };
        if report.already > 0 {
            done.push_str(", there already");
        } else if report.shifted > 0 {
            done.push_str(", found again in text that changed");
        }
        parts.push(done);
    }
    // What was done is incomplete, not undone: a warning.
    parts.extend(report.unmet.iter().map(|unmet| format!("but {unmet}")));
    if parts.is_empty() {
        parts.push(format!("nothing was {}", report.done));
    }
    (parts.join("; "), refused)
}

#[cfg(test)]
mod tests;
