//! The full-screen review: keys in, frames out, and the terminal handed back whatever happens.

use std::io::{self, Stdout};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use model::{ChangeSetId, RelPath};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::event::{
    DisableBracketedPaste, EnableBracketedPaste, Event, KeyCode, KeyEvent, KeyEventKind,
    KeyModifiers, poll, read,
};
use ratatui::crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use ratatui::crossterm::{cursor, execute};

use super::carry::Desk;
use super::command::{Command, Input};
use super::key::Key;
use super::state::State;
use super::update::update;
use super::view::{Paint, view};
use crate::exit::{Exit, Failure};

/// How long a key is waited for before the ledger is looked at. Others' decisions show within twice that.
const LOOK: Duration = Duration::from_millis(40);
/// How often it is looked whether a signal asked to leave, and how long the program then has.
const LEAVE_LOOK: Duration = Duration::from_millis(250);
const LEAVE_AFTER: Duration = Duration::from_secs(2);
/// How often the files are looked at, to say where a hunk would land.
const FILES_LOOK: Duration = Duration::from_millis(500);

/// Reviews on the whole screen until the person leaves.
pub fn full(mut desk: Desk, start: Option<ChangeSetId>, color: bool) -> Result<Exit, Failure> {
    let mut state = State::new(desk.board()?, start);
    let mut screen = Screen::enter(color)?;
    let ended = crate::signals::signals();
    leave_a_lost_terminal(Arc::clone(&ended));
    state.size = screen.size()?;
    let mut landed = Looked::default();
    let mut drawn = false;
    loop {
        if !drawn {
            screen.draw(&state)?;
            drawn = true;
        }
        if ended.load(Ordering::Relaxed) {
            drop(screen);
            return Err(Failure::new("ended by a signal", "what was decided is in the ledger"));
        }
        let mut inputs = Vec::new();
        // Everything that waits is taken before the next frame.
        let mut wait = LOOK;
        while poll(wait).map_err(lost)? {
            wait = Duration::ZERO;
            drawn = false;
            inputs.extend(read().map(input).map_err(lost)?);
        }
        if desk.moved()? {
            inputs.push(Input::Board(desk.board()?));
        }
        for input in inputs {
            drawn = false;
            let (next, commands) = update(state, input);
            state = next;
            for command in commands {
                let Some(done) = carry_out(&mut desk, &mut screen, command)? else {
                    return Ok(Exit::Done);
                };
                // First what is so now, then what became of it: the next hunk is chosen by the new state.
                for input in done {
                    state = update(state, input).0;
                }
                landed = Looked::default();
            }
        }
        if let Some(input) = landed.look(&mut desk, &state) {
            drawn = false;
            state = update(state, input).0;
        }
    }
}

/// Carries out a command; `None` to leave.
fn carry_out(
    desk: &mut Desk,
    screen: &mut Screen,
    command: Command,
) -> Result<Option<Vec<Input>>, Failure> {
    let done = match command {
        Command::Quit => return Ok(None),
        Command::Decide { id, selection, decision } => desk.decide(id, &selection, decision),
        Command::Edit { id, hunk } => {
            restore();
            let done = desk.edit(id, hunk);
            screen.resume()?;
            done
        }
    };
    Ok(Some(vec![Input::Board(desk.board()?), Input::Done(done)]))
}

/// When the files of the hunk at hand were looked at last.
#[derive(Default)]
struct Looked {
    at: Option<(ChangeSetId, RelPath, Instant)>,
}

impl Looked {
    /// Where the hunks at hand land, if it is time to look and anything is new.
    fn look(&mut self, desk: &mut Desk, state: &State) -> Option<Input> {
        let (id, path) = (state.at?.id, state.path()?.clone());
        let fresh = self
            .at
            .as_ref()
            .is_some_and(|(of, file, at)| *of == id && *file == path && at.elapsed() < FILES_LOOK);
        if fresh {
            return None;
        }
        let looked = desk.landings(id, &path);
        self.at = Some((id, path, Instant::now()));
        match looked {
            Ok(landings) => {
                let known = |(hunk, landing): (&u32, _)| {
                    state.landings.get(&(id, *hunk)).is_some_and(|known| known == landing)
                };
                let same = landings.hunks.iter().all(known);
                (!same).then_some(Input::Landings(landings))
            }
            Err(failure) => Some(Input::Notice(failure.message)),
        }
    }
}

/// The terminal while it is ours.
struct Screen {
    terminal: Terminal<CrosstermBackend<Stdout>>,
    paint: Paint,
}

impl Screen {
    fn enter(color: bool) -> Result<Self, Failure> {
        restore_on_panic();
        let terminal = Terminal::new(CrosstermBackend::new(io::stdout())).map_err(lost)?;
        let mut screen = Self { terminal, paint: Paint { color } };
        screen.resume()?;
        Ok(screen)
    }

    fn resume(&mut self) -> Result<(), Failure> {
        enable_raw_mode().map_err(lost)?;
        execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste, cursor::Hide)
            .map_err(lost)?;
        self.terminal.clear().map_err(lost)
    }

    fn draw(&mut self, state: &State) -> Result<(), Failure> {
        let paint = self.paint;
        self.terminal.draw(|frame| view(state, paint, frame)).map(drop).map_err(lost)
    }

    fn size(&self) -> Result<(u16, u16), Failure> {
        let size = self.terminal.size().map_err(lost)?;
        Ok((size.width, size.height))
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        restore();
    }
}

/// Hands the terminal back. Doing it twice does no harm; where it fails, nothing is left to hand back to.
fn restore() {
    drop(disable_raw_mode());
    drop(execute!(io::stdout(), DisableBracketedPaste, LeaveAlternateScreen, cursor::Show));
}

/// A panic must not be drawn over by, or leave behind, a terminal that shows no typing.
fn restore_on_panic() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        restore();
        before(panic);
    }));
}

/// Ends the program a while after it was told to, should it still run: reading keys from a terminal that is
/// gone never returns. What was decided is in the ledger, and what was under way is recovered.
fn leave_a_lost_terminal(ended: Arc<AtomicBool>) {
    std::thread::spawn(move || {
        while !ended.load(Ordering::Relaxed) {
            std::thread::park_timeout(LEAVE_LOOK);
        }
        std::thread::park_timeout(LEAVE_AFTER);
        restore();
        std::process::exit(2);
    });
}

#[expect(clippy::needless_pass_by_value, reason = "it is handed to map_err")]
fn lost(error: io::Error) -> Failure {
    Failure::new(format!("the terminal: {error}"), "`countersign review --plain` asks line by line")
}

/// What an event of the terminal is to the model, if anything.
fn input(event: Event) -> Option<Input> {
    match event {
        Event::Key(event) => key(event).map(Input::Key),
        Event::Paste(text) => Some(Input::Key(Key::Paste(text))),
        Event::Resize(columns, rows) => Some(Input::Size(columns, rows)),
        _ => None,
    }
}

fn key(KeyEvent { code, modifiers, kind, .. }: KeyEvent) -> Option<Key> {
    if kind == KeyEventKind::Release {
        return None;
    }
    if modifiers.contains(KeyModifiers::CONTROL) {
        return match code {
            KeyCode::Char('c') => Some(Key::Interrupt),
            KeyCode::Char('u') => Some(Key::Clear),
            _ => None,
        };
    }
    if modifiers.contains(KeyModifiers::ALT) {
        return None;
    }
    Some(match code {
        KeyCode::Char(c) => Key::Char(c),
        KeyCode::Enter => Key::Enter,
        KeyCode::Esc => Key::Escape,
        KeyCode::Tab => Key::Tab,
        KeyCode::BackTab => Key::BackTab,
        KeyCode::Backspace => Key::Backspace,
        KeyCode::Up => Key::Up,
        KeyCode::Down => Key::Down,
        KeyCode::Left => Key::Left,
        KeyCode::Right => Key::Right,
        KeyCode::PageUp => Key::PageUp,
        KeyCode::PageDown => Key::PageDown,
        KeyCode::Home => Key::Home,
        KeyCode::End => Key::End,
        _ => return None,
    })
}
