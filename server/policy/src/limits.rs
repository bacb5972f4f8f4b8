//! The named limits of this crate.

use std::time::Duration;

/// How many modules a bundle may have.
pub const MODULES_MAX: usize = 500;

/// How many bytes one module may have.
pub const MODULE_BYTES_MAX: usize = 256 * 1024;

/// How many rules and functions one bundle may declare, over all modules.
pub const RULES_MAX: usize = 2000;

/// How many rules or functions may need one another in a row. The engine recurses and does not notice the end
/// of its stack: in an unoptimised build, a thread of 2 MiB ends between 64 and 125 rules (measured).
pub const DEPTH_MAX: usize = 32;

/// How long one evaluation may take. Ordinary ones take about a millisecond (measured), so only a rule that runs away
/// meets it, even on a machine that is busy with other things.
pub const EVALUATION_TIME_MAX: Duration = Duration::from_millis(2000);

/// How long one test of a rule may take. Nobody waits for a verdict then, and a test may try many inputs on a machine
/// that is busy with other tests.
pub(crate) const TEST_TIME_MAX: Duration = Duration::from_secs(60);

/// How many reasons one bundle may give; the strictest are kept and the rest is counted.
pub const REASONS_MAX: usize = 500;
