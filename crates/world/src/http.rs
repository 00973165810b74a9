//! HTTP/1.1, both directions: one small client over connections we own, and a server for routers.

mod client;
mod connection;
mod peer;
mod request;
mod server;

pub use client::Client;
pub use connection::{Connection, Failure, Incoming};
pub use hyper::{HeaderMap, StatusCode};
pub use peer::Peer;
pub use request::{Request, Response};
pub use server::{CONNECTIONS_MAX, serve};

#[cfg(test)]
mod tests;
