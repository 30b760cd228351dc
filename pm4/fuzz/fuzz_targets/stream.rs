//! `cargo +nightly fuzz run stream`, in this folder's parent.
#![no_main]

mod exercise;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| exercise::exercise(bytes));
