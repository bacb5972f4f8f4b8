//! What a check may ask of the project around a change.

use model::RelPath;

use crate::witness::TestText;

/// The project as it was before the change. It is asked only where the change gives cause, and what it does not
/// know it leaves out: nothing but hints and comparisons follow from it.
pub trait Project {
    /// The paths of its files, sorted.
    fn paths(&self) -> &[RelPath];

    /// The text of one of them; `None` when it is not there or was not read.
    fn text(&self, path: &RelPath) -> Option<Vec<u8>>;

    /// Its files of tests.
    fn tests(&self) -> &[TestText];
}
