//! The one binary, as a library that its whole-system tests use too: commands, configuration, the
//! terminal client and the development issuer.

pub mod client;
pub mod commands;
pub mod config;
pub mod dev_issuer;
pub mod telemetry;
