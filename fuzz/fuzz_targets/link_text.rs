//! The fuzzer's way into `targets::link_text`.

#![no_main]

#[path = "../targets.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| targets::link_text(bytes));
