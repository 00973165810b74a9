//! What can be typed after `hybridcal`; a file each.

pub mod calendar;
pub mod check;
pub mod database;
pub mod demo;
pub mod demo_meetings;
pub mod exchange_sim;
pub mod explain;
pub mod kms;
pub mod links;
pub mod meetings;
pub mod new_key;
pub mod order;
pub mod ready;
pub mod run;
pub mod trace;
pub mod trust;
pub mod undo;
pub mod watch;
pub mod webex_sim;
