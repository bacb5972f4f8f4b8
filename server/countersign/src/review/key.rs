//! The keys the review knows. Where they come from is the screen's business.

/// One key, or text that was pasted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    /// A character.
    Char(char),
    /// Several at once. Never taken for commands: what is on a clipboard may be anybody's.
    Paste(String),
    Enter,
    Escape,
    Tab,
    BackTab,
    Backspace,
    Up,
    Down,
    Left,
    Right,
    PageUp,
    PageDown,
    Home,
    End,
    /// Ctrl-C: leave, wherever one is.
    Interrupt,
    /// Ctrl-U: empty what is being typed.
    Clear,
}
