//! The keys, for the overlay and for the plain mode's `?`.

/// Each key with what it does.
pub const KEYS: &[(&str, &str)] = &[
    ("j k, arrows", "down and up in the pane in focus"),
    ("Tab, Enter", "next pane: changes, hunks, diff, why"),
    ("n p", "next and previous hunk (n: next match, while searching)"),
    ("Space, PgUp PgDn", "a page down, up"),
    ("g G", "top and bottom"),
    ("h l", "scroll to the side"),
    ("a", "accept this hunk"),
    ("A", "accept all of the file or of the change"),
    ("r", "reject this hunk; asks why"),
    ("R", "reject all of the file or of the change"),
    ("u", "take back the decision on this hunk, or the last one"),
    ("e", "edit this hunk in $VISUAL or $EDITOR, then accept it"),
    ("s", "skip: go on to the next hunk that waits"),
    ("/", "search titles, paths and proposed lines"),
    ("n N", "next and previous match; Escape ends the search"),
    ("?", "these keys"),
    ("q", "quit"),
];

/// The answers of the plain mode.
pub const ANSWERS: &str = "\
y        accept this hunk
n [WHY]  reject this hunk, with a reason if there is one
a        accept this hunk and all later ones of the file
d [WHY]  reject this hunk and all later ones of the file
u        undo the last decision and go back to it
s        skip this hunk; it keeps waiting
e        edit this hunk in $VISUAL or $EDITOR, then accept it
/TEXT    go to the next hunk with TEXT in its lines, path or title
q        quit; what was decided stays decided
?        this help
";
