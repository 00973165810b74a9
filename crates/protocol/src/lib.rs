//! What our own parts say to each other: ids, sealed meetings, commits, keys, problems, and every
//! path. No I/O, no keys, and nothing that could open what is sealed.
//!
//! JSON member names are those of the client contract (`docs/api`); times are RFC 3339 in UTC.

pub mod command;
pub mod connector;
pub mod feed;
pub mod ids;
pub mod join_button;
pub mod keys;
pub mod meeting;
pub mod presence;
pub mod problem;
pub mod routes;
pub mod sealed;
pub mod site;
pub mod token;
pub mod trust;
