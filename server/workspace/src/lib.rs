//! Files, git, history, snapshots, capture and apply: the only place that touches source trees.
