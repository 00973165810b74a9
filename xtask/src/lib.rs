//! The documents, checked against the code: `cargo test -p xtask`.
//!
//! A check is a function from texts to complaints; each complaint says where and what to do. Its
//! tests feed it small wrong inputs first, and then the repository as it is.

#[cfg(test)]
mod arrows;
#[cfg(test)]
mod documents;
#[cfg(test)]
mod promises;
#[cfg(test)]
mod sources;
#[cfg(test)]
mod tree;
