//! The signals that end a program, as a flag that whoever waits looks at, and as the end of what runs in the sandbox.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use sandbox::Stop;

#[cfg(unix)]
const ENDING: [i32; 4] = [
    signal_hook::consts::SIGTERM,
    signal_hook::consts::SIGHUP,
    signal_hook::consts::SIGINT,
    signal_hook::consts::SIGQUIT,
];

/// A flag that the signals which end a program raise.
pub fn signals() -> Arc<AtomicBool> {
    let ended = Arc::new(AtomicBool::new(false));
    #[cfg(unix)]
    for signal in ENDING {
        // One that cannot be caught ends the program as it would have anyway.
        drop(signal_hook::flag::register(signal, Arc::clone(&ended)));
    }
    ended
}

/// What ends this program ends what runs in the sandbox first, and what that changed is removed.
pub fn stop_by_signals(stop: &Stop) {
    #[cfg(unix)]
    for signal in ENDING {
        if let Ok(waker) = stop.waker() {
            // One that cannot be caught ends us as it would have anyway, and the sandbox with us.
            drop(signal_hook::low_level::pipe::register(signal, waker));
        }
    }
    #[cfg(not(unix))]
    drop(stop.clone());
}
