//! The fuzzers' functions over seeds and a fixed set of mutations, without a fuzzer; and how much
//! memory the worst documents cost.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "tests say what went wrong by stopping"
)]

mod bombs;
mod mutations;
#[path = "../../../../fuzz/targets.rs"]
mod targets;

/// Counts for the tests of memory, which therefore run one after another.
#[global_allocator]
static MEMORY: peak_alloc::PeakAlloc = peak_alloc::PeakAlloc;
static ONE_AT_A_TIME: std::sync::Mutex<()> = std::sync::Mutex::new(());
