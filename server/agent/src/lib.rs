//! Adapters that drive one worker.
