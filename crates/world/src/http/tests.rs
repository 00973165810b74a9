//! The client and the server against each other, through pipes, in virtual time.

use std::time::Duration;

use axum::{Router, body::Body, routing::get};
use bytes::Bytes;
use futures_util::{Stream, stream};
use hyper::StatusCode;
use url::Url;

use super::{Failure, Request};
use crate::{World, memory::Memory, stop::Stopper};

fn memory() -> Memory {
    World::in_memory("2026-11-24T09:00:00Z".parse().expect("a time"), 1)
}

fn url(path: &str) -> Url {
    Url::parse(&format!("http://server:80{path}")).expect("a URL")
}

fn endless() -> impl Stream<Item = std::io::Result<Bytes>> {
    stream::unfold(0_u8, |n| async move {
        tokio::time::sleep(Duration::from_secs(60)).await;
        Some((Ok(Bytes::from(vec![n])), n.wrapping_add(1)))
    })
}

async fn serving(memory: &Memory) -> Stopper {
    let router = Router::new()
        .route("/hello", get(|| async { "hello" }))
        .route("/large", get(|| async { vec![0_u8; 4096] }))
        .route("/silent", get(|| async { std::future::pending::<&'static str>().await }))
        .route("/stream", get(|| async { Body::from_stream(endless()) }));
    let listener = memory.host("server").network.listen("server:80").await.expect("free");
    let (stopper, stop) = Stopper::new();
    tokio::spawn(super::serve(listener, router, stop));
    stopper
}

#[tokio::test(start_paused = true)]
async fn asks_and_gets_an_answer_and_reuses_the_connection() {
    let memory = memory();
    let _serving = serving(&memory).await;
    let client = memory.host("client");
    for _ in 0..3 {
        let answer = client.http.send(Request::get(&url("/hello"))).await.expect("an answer");
        assert_eq!((answer.status, &answer.body[..]), (StatusCode::OK, &b"hello"[..]));
    }
    assert_eq!(memory.crossings("client"), 6);
}

#[tokio::test(start_paused = true)]
async fn bounds_size_and_time() {
    let memory = memory();
    let _serving = serving(&memory).await;
    let http = memory.host("client").http;
    let large = http.send(Request::get(&url("/large")).answer_bytes_max(100)).await;
    assert!(matches!(large, Err(Failure::TooLarge { bytes_max: 100 })));
    let silent = http.send(Request::get(&url("/silent"))).await;
    assert!(matches!(silent, Err(Failure::Deadline)));
}

#[tokio::test(start_paused = true)]
async fn an_endless_answer_arrives_in_pieces_and_breaks_with_the_network() {
    let memory = memory();
    let _serving = serving(&memory).await;
    let mut answer =
        memory.host("client").http.open(Request::get(&url("/stream"))).await.expect("open");
    assert_eq!(answer.chunk().await.expect("a piece"), Some(Bytes::from(vec![0])));
    assert_eq!(answer.chunk().await.expect("a piece"), Some(Bytes::from(vec![1])));
    memory.cut("client", "server");
    assert!(answer.chunk().await.is_err());
    let again = memory.host("client").http.open(Request::get(&url("/stream"))).await;
    assert!(matches!(again, Err(Failure::Connect(_))));
    memory.mend("client", "server");
    assert!(memory.host("client").http.open(Request::get(&url("/stream"))).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_host_crashes_where_it_was_told_to() {
    let memory = memory();
    let _serving = serving(&memory).await;
    let client = memory.host("client");
    memory.crash_at("client", 3);
    assert!(client.http.send(Request::get(&url("/hello"))).await.is_ok());
    assert!(client.http.send(Request::get(&url("/hello"))).await.is_err());
    memory.crashed("client").await;
    assert!(client.http.send(Request::get(&url("/hello"))).await.is_err());
    memory.revive("client");
    assert!(client.http.send(Request::get(&url("/hello"))).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_stopped_server_refuses_and_its_address_is_free_again() {
    let memory = memory();
    let stopper = serving(&memory).await;
    let client = memory.host("client");
    assert!(client.http.send(Request::get(&url("/hello"))).await.is_ok());
    stopper.stop();
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert!(client.http.send(Request::get(&url("/hello"))).await.is_err());
    let _again = serving(&memory).await;
    assert!(client.http.send(Request::get(&url("/hello"))).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_full_server_takes_the_next_when_one_leaves_and_can_be_stopped() {
    let memory = memory();
    let forever = Router::new().route("/", get(|| async { Body::from_stream(endless()) }));
    let listener = memory.host("server").network.listen("server:80").await.expect("free");
    let (stopper, stop) = Stopper::new();
    let server = tokio::spawn(super::server::serve_at_most(1, listener, forever, stop));
    let http = memory.host("client").http;
    let first = http.open(Request::get(&url("/"))).await.expect("a place");
    let second = http.open(Request::get(&url("/")).deadline(Duration::from_secs(1))).await;
    assert!(matches!(second, Err(Failure::Deadline)), "there is one place");
    drop(first);
    let mut third = http.open(Request::get(&url("/"))).await.expect("a place");
    assert!(third.chunk().await.is_ok());
    stopper.stop();
    let ended = tokio::time::timeout(Duration::from_secs(10), server).await;
    assert!(ended.is_ok_and(|joined| joined.is_ok()));
}
