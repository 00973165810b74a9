//! A simulated Webex Meetings service to develop and test against; a test double, not Webex.
//!
//! It keeps to what Cisco has published of the REST interface, and adds the trouble that a client
//! must live with: answers that are lost after everything was done, limits, locks, lists that lag
//! behind, tokens that end, and answers that lie. Everything is in memory. [`start`] starts it; the
//! [`Simulator`] that it returns counts what clients did and orders trouble. It shares no code with
//! the provider that it tests.

mod answer;
mod change;
mod config;
mod create;
mod details;
mod faults;
mod fields;
mod list;
mod meeting;
mod recurrence;
mod refusal;
mod server;
mod service;
mod simulator;
mod tokens;

pub use crate::{
    config::{App, Caller, Config, Person, Space},
    faults::{Lie, Operation, RandomTrouble, Trouble},
    simulator::{Found, Simulator, StartFailure, start},
};

#[cfg(test)]
mod tests;
