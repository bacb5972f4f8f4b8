//! `cargo fuzz run anchoring`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::anchoring(data));
