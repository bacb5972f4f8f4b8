//! `cargo fuzz run patch_import`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::patch_import(data));
