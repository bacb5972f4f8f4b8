//! The signals that end a program, as a flag that whoever waits looks at.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// A flag that the signals which end a program raise.
pub fn signals() -> Arc<AtomicBool> {
    let ended = Arc::new(AtomicBool::new(false));
    #[cfg(unix)]
    for signal in [
        signal_hook::consts::SIGTERM,
        signal_hook::consts::SIGHUP,
        signal_hook::consts::SIGINT,
        signal_hook::consts::SIGQUIT,
    ] {
        // One that cannot be caught ends the program as it would have anyway.
        drop(signal_hook::flag::register(signal, Arc::clone(&ended)));
    }
    ended
}
