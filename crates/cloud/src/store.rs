//! What lies in the cloud's database: sealed meetings, the log of changes, states, leases. Each
//! function is one question or one transaction.
//!
//! SQL that SQLite and PostgreSQL both take: `$1` parameters, `on conflict`, `returning`, and only
//! TEXT and BIGINT. Whatever two writers could dispute is decided by one conditional statement.
//!
//! Callers let a function here run to its end: a connection left in the middle of a statement is
//! closed, and a database in memory ends with its connection.

use std::{
    sync::{Arc, Once},
    time::Duration,
};

use jiff::Timestamp;
use protocol::ids::{OrganizationId, UserId};
use sqlx::{AnyConnection, AnyPool, Row, any::AnyPoolOptions};
use world::clock::Clock;

mod changes;
mod commands;
mod commit;
mod leases;
mod meetings;
mod presence;
mod purge;
mod schema;
mod series;
mod state;
mod trust;
mod writer;

pub use changes::{CatchUp, ChangeKind, LoggedChange};
pub use commands::{COMMANDS_KEPT, Followed, KnownCommand, NewCommand};
pub use commit::CommitRefused;
pub use meetings::Window;
pub use purge::{CHANGES_KEPT, MEETINGS_KEPT, Purged};
use writer::Writer;

/// The database of one organization's cloud.
#[derive(Clone)]
pub struct Store {
    pool: AnyPool,
    clock: Clock,
    organization: OrganizationId,
    writer: Writer,
}

/// The database does not answer, or holds what we did not write. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
    #[error("the database failed for several commits at once")]
    Together(#[source] Arc<sqlx::Error>),
    #[error("the database is being closed")]
    Closed,
    #[error("a stored meeting cannot be read")]
    Unreadable(#[from] serde_json::Error),
    #[error("the database was written by a newer version of this program")]
    TooNew,
}

pub type Result<T, E = Failure> = std::result::Result<T, E>;

/// How long a statement may wait for the connection before the caller hears "not now".
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);
/// SQLite has one writer; a second connection would only meet "database is locked".
const CONNECTIONS_MAX: u32 = 1;

impl Store {
    /// Opens (and brings up to date) the database at an address like `sqlite:cloud.db` or
    /// `sqlite::memory:`.
    pub async fn open(address: &str, organization: OrganizationId, clock: Clock) -> Result<Self> {
        static DRIVERS: Once = Once::new();
        DRIVERS.call_once(sqlx::any::install_default_drivers);
        let _hold = clock.hold();
        let pool = AnyPoolOptions::new()
            .max_connections(CONNECTIONS_MAX)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            // What lies in memory lives as long as its connection.
            .idle_timeout(None)
            .max_lifetime(None)
            .after_connect(|connection, _| Box::pin(prepare(connection)))
            .connect(&creating(address))
            .await?;
        schema::bring_up_to_date(&pool).await?;
        let writer = Writer::start(pool.clone(), clock.clone(), &organization);
        Ok(Self { pool, clock: clock.clone(), organization, writer })
    }

    /// Whether the database answers.
    pub async fn check(&self) -> Result<()> {
        self.incarnation().await.map(drop)
    }

    /// Grows when the database was restored with possible loss; part of every position.
    pub async fn incarnation(&self) -> Result<i64> {
        let _hold = self.clock.hold();
        let row = sqlx::query("select incarnation from site").fetch_one(&self.pool).await?;
        Ok(row.try_get(0)?)
    }

    /// To be called once after a restore: every client then reads its list again.
    pub async fn raise_incarnation(&self) -> Result<i64> {
        let _hold = self.clock.hold();
        let raise = "update site set incarnation = incarnation + 1 returning incarnation";
        Ok(sqlx::query(raise).fetch_one(&self.pool).await?.try_get(0)?)
    }

    /// The user's newest revision; 0 if nothing was ever committed.
    pub async fn head(&self, user: UserId) -> Result<i64> {
        let _hold = self.clock.hold();
        let mut connection = self.pool.acquire().await?;
        head(&mut connection, user).await
    }

    pub async fn close(&self) {
        let _hold = self.clock.hold();
        self.pool.close().await;
    }
}

async fn head(connection: &mut AnyConnection, user: UserId) -> Result<i64> {
    let row = sqlx::query("select rev from head where user_id = $1")
        .bind(user.to_string())
        .fetch_optional(connection)
        .await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?.unwrap_or(0))
}

async fn prepare(connection: &mut AnyConnection) -> Result<(), sqlx::Error> {
    if connection.backend_name() == "SQLite" {
        // Copying the log into the database costs as many random writes as it has pages; of a
        // larger log (32 MiB) more are of the same page. The cache is 32 MiB, too.
        let settings = "pragma journal_mode = wal; pragma synchronous = full; \
                        pragma foreign_keys = on; pragma busy_timeout = 5000; \
                        pragma wal_autocheckpoint = 8192; pragma cache_size = -32768;";
        sqlx::raw_sql(settings).execute(connection).await?;
    }
    Ok(())
}

/// A file that does not exist yet is a new database.
fn creating(address: &str) -> String {
    let is_file = address.starts_with("sqlite:") && !address.contains(":memory:");
    if is_file && !address.contains('?') { format!("{address}?mode=rwc") } else { address.into() }
}

/// Times as they stand in the database.
fn micros(time: Timestamp) -> i64 {
    time.as_microsecond()
}

/// The reverse of [`micros`]; a time outside of jiff's range becomes its end.
fn time(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests;
