//! Starts, limits and ends processes: the only place that spawns.
