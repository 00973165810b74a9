//! The fuzzer's way into `targets::key_message`.

#![no_main]

#[path = "../targets.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| targets::key_message(bytes));
