//! Whole-system tests: every part but the browser, in virtual time, over pipes, from a seed.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests say what went wrong by stopping"
)]

mod autodiscover;
mod bad_input;
mod canary;
mod crashes;
mod invitation;
mod join_button;
mod keys;
mod nodes;
mod oddities;
mod orders;
mod other_servers;
mod outages;
mod presence;
mod recurring;
mod relay;
mod restored;
mod retention;
mod scenarios;
mod schedule;
mod sign_in;
mod simulation;
mod site;
mod streams;
mod trace;
mod webex;
mod webhook;
