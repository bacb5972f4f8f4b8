//! Two texts to hunks and entity changes; anchoring of hunks.
//!
//! Pure: bytes in, values out. Knows nothing of files, git, editors or policies, and broken source is
//! ordinary input. Start at [`hunks`] for what changed in lines, [`Anchoring`] for where a hunk belongs
//! in a text that has moved on, and `entity_changes` for what changed in named things.

mod align;
mod anchor;
mod apply;
mod conflict;
mod dependencies;
mod entities;
mod fingerprint;
mod hunks;
#[cfg(test)]
mod laws;
mod layout;
mod suggest;
mod text;

pub use anchor::{Anchor, Anchoring, anchor_all};
pub use apply::{Overlap, apply, place, shift_past, together};
pub use conflict::ConflictReason;
pub use dependencies::{
    ChangedNames, DEPENDENCIES_MAX, DependencyFile, SAME_NAME_MAX, WANTED_MAX, changed_names,
    dependencies,
};
pub use entities::{
    DUPLICATES_MAX, EntityDiff, RENAME_PAIRS_MAX, RENAME_SIMILARITY_PERCENT, enclosing,
    entity_changes,
};
pub use fingerprint::{FilePrints, NEIGHBOUR_LINES};
pub use hunks::{DIFF_LINES_MAX, LineDiff, Precision, diff_lines, hunks, inverse, line_counts};
pub use layout::{EMPHASIS_TOKENS_MAX, Frame, Layout, Row, RowEnd, RowKind, layout, layout_hunk};
pub use suggest::{SAME_ENTITY_PERCENT, Suggestion, suggest, suggest_in_file};
pub use text::{LineEnding, is_text, line_ending, line_span};
