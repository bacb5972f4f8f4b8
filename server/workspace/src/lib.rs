//! Files, git, history, snapshots, capture and apply: the only place that touches source trees.
//!
//! It answers in plain values: paths, modes, bytes, ids. It refuses to know what a review is, what a
//! policy says or how text is cut into hunks. Nothing that a repository configures is run (hooks,
//! filters, monitors, external diffs, textconv, credential programs), the index of a person's repository is
//! never written, and the only writer of a source tree is [`Repository::write_file`]. [`seed`] makes a new
//! repository, in an empty folder only.
//!
//! Start at [`Repository::discover`]; then [`Repository::deltas`] for what differs, [`parse_patch`] and
//! [`apply_patch`] for proposals that come as text, [`Repository::capture`] for what a proposal amounts to.
#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "tests build their own worlds"))]

mod apply;
mod backend;
mod capture;
mod checked_out;
mod checkout;
mod deltas;
mod elsewhere;
mod eol;
mod error;
mod files;
mod history;
mod leftovers;
mod named;
mod nested;
mod notes;
mod os;
mod past_ignores;
mod patch;
mod place;
mod renames;
mod repository;
mod scope;
mod seed;
mod snapshot;
mod steps;
mod watch;
mod worktree;

pub use apply::ApplyError;
pub use backend::{Backend, Head};
pub use capture::{CAPTURE_FILES_MAX, CaptureError, CapturedFile, CapturedSide};
pub use checkout::{
    CACHES_MAX, CHECKOUT_AT, Caches, Checkout, CheckoutError, LEFT_OUT_MAX, Left, LeftError,
    LeftOut, REPORT_FILES_MAX, REPORTS_AT, Reports, Room, Start, TREE_FILE_BYTES_MAX,
    TREE_FILES_MAX, TREES_BYTES_MAX, TREES_MAX, Trees, Written, installed_digest,
};
pub use deltas::{DELTAS_MAX, Delta, SideContent, SideRef};
pub use elsewhere::{Copied, CopyError};
pub use error::RepositoryError;
pub use files::{
    FOLDER_DEPTH_MAX, FOLDER_FILE_BYTES_MAX, FOLDER_FILES_MAX, FileError, SAVED_BYTES_MAX,
    SavedFile, read_folder, read_named,
};
pub use history::HistoryLimits;
pub use leftovers::WRITE_WAIT;
pub use nested::{SUBMODULE_DEPTH_MAX, innermost_below};
pub use notes::{NOTES_REF, RANGE_COMMITS_MAX, RangeCommit};
pub use patch::{
    PATCH_BYTES_MAX, PATCH_FILES_MAX, PATCH_LINES_MAX, PATCH_RESULT_BYTES_MAX, PATCH_SEARCH_MAX,
    Patch, PatchAction, PatchError, PatchFile, PatchHunk, PatchLine, ProposedFile, apply_patch,
    parse_patch,
};
pub use renames::{RENAME_FILE_BYTES_MAX, RENAME_FILES_MAX, RENAME_SIMILARITY_PERCENT};
pub use repository::{CommitMessage, HeadMark, RULE_FILE_BYTES_MAX, RULE_FILES_MAX, Repository};
pub use scope::Scope;
pub use seed::{SeedCommit, SeedError, seed};
pub use snapshot::{SNAPSHOT_BYTES_MAX, SnapshotError, TakenSnapshot};
pub use steps::{MergedSides, Step, StepFile};
pub use watch::{Watch, WatchError, Woken};
pub use worktree::UNTRACKED_MAX;
