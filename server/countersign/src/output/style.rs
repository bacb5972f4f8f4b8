//! Colours, and what a terminal must never be handed.

use model::{Decision, RiskLevel};

/// Ends a style.
pub const RESET: anstyle::Reset = anstyle::Reset;
/// For what matters most.
pub const BOLD: anstyle::Style = anstyle::Style::new().bold();
/// For what matters least.
pub const DIM: anstyle::Style = anstyle::Style::new().dimmed();
/// Removed, denied, failed.
pub const RED: anstyle::Style = anstyle::AnsiColor::Red.on_default();
/// Added, allowed, done.
pub const GREEN: anstyle::Style = anstyle::AnsiColor::Green.on_default();
/// Needs a look.
pub const YELLOW: anstyle::Style = anstyle::AnsiColor::Yellow.on_default();
/// Places.
pub const CYAN: anstyle::Style = anstyle::AnsiColor::Cyan.on_default();

/// The style of a decision.
pub fn decision_style(decision: Decision) -> anstyle::Style {
    match decision {
        Decision::Allow => GREEN,
        Decision::Review => YELLOW,
        Decision::Deny => RED,
    }
}

/// The style of a risk level.
pub fn risk_style(level: RiskLevel) -> anstyle::Style {
    match level {
        RiskLevel::Low => GREEN,
        RiskLevel::Medium => YELLOW,
        RiskLevel::High | RiskLevel::Critical => RED,
    }
}

/// A heading.
pub fn title(text: &str) -> String {
    format!("{BOLD}{text}{RESET}")
}

/// Whether a character steers a terminal, turns the direction of reading or cannot be seen at all.
pub fn hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// `text` with every [hidden] character written out, so that what is reviewed can neither steer the terminal
/// that shows it nor hide from its reader. Tabs and newlines stay.
pub fn safe(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\t' | '\n' => out.push(c),
            c if hidden(c) => out.push_str(&format!("\\u{{{:x}}}", c as u32)),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::safe;

    #[test]
    fn escape_sequences_and_bidi_controls_are_shown_not_obeyed() {
        assert_eq!(safe("a\x1b[2Jb\u{202e}c\r\n\td"), "a\\u{1b}[2Jb\\u{202e}c\\u{d}\n\td");
    }
}
