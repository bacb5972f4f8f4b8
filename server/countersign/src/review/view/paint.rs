//! Colours: the 16 that every theme defines, so that light and dark ones work; without colour, weight alone.

use model::{Decision, RiskLevel};
use ratatui::style::{Color, Modifier, Style};

use crate::review::rows::{Sign, Tint};

/// Whether colours are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paint {
    pub color: bool,
}

impl Paint {
    fn with(self, color: Color) -> Style {
        if self.color { Style::new().fg(color) } else { Style::new() }
    }

    pub fn focused(self) -> Style {
        self.with(Color::Cyan).add_modifier(Modifier::BOLD)
    }

    pub fn faint(self) -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    pub fn strong(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    pub fn cursor(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    pub fn asked(self) -> Style {
        self.with(Color::Yellow).add_modifier(Modifier::BOLD)
    }

    pub fn said(self) -> Style {
        self.with(Color::Green)
    }

    pub fn refused(self) -> Style {
        self.with(Color::Red).add_modifier(Modifier::BOLD)
    }

    /// What of a line changed.
    pub fn changed(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD | Modifier::UNDERLINED)
    }

    /// A match of the search.
    pub fn found(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED | Modifier::BOLD)
    }

    /// What is written out for a character that cannot be shown.
    pub fn written_out(self) -> Style {
        self.with(Color::Magenta).add_modifier(Modifier::REVERSED)
    }

    pub fn decision(self, decision: Decision) -> Style {
        self.with(match decision {
            Decision::Allow => Color::Green,
            Decision::Review => Color::Yellow,
            Decision::Deny => Color::Red,
        })
    }

    pub fn risk(self, level: RiskLevel) -> Style {
        self.with(match level {
            RiskLevel::Low => Color::Green,
            RiskLevel::Medium => Color::Yellow,
            RiskLevel::High | RiskLevel::Critical => Color::Red,
        })
    }

    /// The number and the sign of a row.
    pub fn gutter(self, sign: Sign) -> Style {
        match sign {
            Sign::Same | Sign::Note => self.faint(),
            Sign::Removed => self.with(Color::Red).add_modifier(Modifier::BOLD),
            Sign::Added => self.with(Color::Green).add_modifier(Modifier::BOLD),
        }
    }

    /// Text of a row that is nothing in particular.
    pub fn text(self, sign: Sign) -> Style {
        match sign {
            Sign::Same => Style::new(),
            Sign::Note => self.faint(),
            Sign::Removed => self.with(Color::Red),
            Sign::Added => self.with(Color::Green),
        }
    }

    /// A piece of a row that is something. Red and green stay what was taken and given.
    pub fn tint(self, tint: Tint) -> Style {
        match tint {
            Tint::Comment => self.faint(),
            Tint::Text => self.with(Color::Yellow),
            Tint::Number => self.with(Color::Cyan),
            Tint::Keyword => self.with(Color::Magenta),
            Tint::Name => self.with(Color::Blue),
            Tint::Type => self.with(Color::Cyan),
            Tint::Mark => Style::new(),
        }
    }
}
