//! HTTP/1.1, both directions: one small client over connections we own, and a server for routers.

mod client;
mod server;

pub use client::{Client, Failure, Incoming, Request, Response};
pub use hyper::{HeaderMap, StatusCode};
pub use server::{CONNECTIONS_MAX, serve};

#[cfg(test)]
mod tests;
