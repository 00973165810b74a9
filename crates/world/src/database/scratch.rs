//! A place for a test's database: on the PostgreSQL server that the tests were given, or in memory.

use std::sync::{
    Once,
    atomic::{AtomicU32, Ordering},
};

use sqlx::{AnyConnection, AssertSqlSafe, Connection as _};

/// Names a PostgreSQL server and database in which tests may make what they like.
const SERVER: &str = "HYBRIDCAL_TEST_POSTGRES";

/// The server's address, if tests were given one.
#[expect(clippy::disallowed_methods, reason = "for tests only: which database they run on")]
pub fn server() -> Option<String> {
    let server = std::env::var(SERVER).ok().filter(|server| !server.is_empty());
    #[expect(clippy::print_stdout, reason = "a test says aloud what it does not show")]
    if server.is_none() {
        println!("ON SQLITE ONLY: {SERVER} names no PostgreSQL server (make postgres)");
    }
    server
}

/// A fresh schema on the server, or a database in memory.
pub async fn address() -> sqlx::Result<String> {
    match server() {
        Some(server) => schema(&server).await,
        None => Ok("sqlite::memory:".into()),
    }
}

/// A fresh schema; whoever connects with this address sees nothing else.
pub async fn schema(server: &str) -> sqlx::Result<String> {
    static DRIVERS: Once = Once::new();
    static NEXT: AtomicU32 = AtomicU32::new(0);
    DRIVERS.call_once(sqlx::any::install_default_drivers);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let name = format!("test_{}_{number}", std::process::id());
    let mut connection = AnyConnection::connect(server).await?;
    let create = format!("create schema {name}");
    sqlx::raw_sql(AssertSqlSafe(create)).execute(&mut connection).await?;
    connection.close().await?;
    let joint = if server.contains('?') { '&' } else { '?' };
    Ok(format!("{server}{joint}options=-c%20search_path%3D{name}"))
}
