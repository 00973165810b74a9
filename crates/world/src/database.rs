//! A database, on SQLite or on PostgreSQL: how it is opened, and the few things that the two do not
//! say alike. Statements belong to the stores.

use std::{
    sync::{Arc, Once},
    time::Duration,
};

use jiff::Timestamp;
use sqlx::{Any, AnyConnection, AnyPool, Row as _, Transaction, any::AnyPoolOptions};

use crate::clock::Clock;

mod address;
pub mod scratch;

pub use address::{Address, AddressRefused};

/// Cheap to clone.
#[derive(Clone)]
pub struct Database {
    pub pool: AnyPool,
    pub kind: Kind,
    clock: Clock,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Sqlite,
    Postgres,
}

/// What each connection is told when it is made.
#[derive(Clone, Debug)]
pub struct Session {
    /// SQLite's cache.
    pub cache_kib: u32,
    /// A setting that PostgreSQL's policies read, with its value.
    pub setting: Option<(&'static str, String)>,
}

#[derive(Debug, thiserror::Error)]
pub enum OpenFailure {
    #[error(transparent)]
    Address(#[from] AddressRefused),
    #[error("the database does not open")]
    Database(#[from] sqlx::Error),
}

/// How long a caller waits for a connection before hearing "not now".
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);
/// SQLite has one writer; a second connection would only meet "database is locked". What lies in
/// memory lives as long as its one connection.
const SQLITE_CONNECTIONS_MAX: u32 = 1;
/// Of one process; the rest waits for [`ACQUIRE_TIMEOUT`]. PostgreSQL serves 100 unless told otherwise.
const POSTGRES_CONNECTIONS_MAX: u32 = 16;
/// Any number that other programs in the same database are unlikely to choose.
const SCHEMA_LOCK: &str = "select pg_advisory_xact_lock(4829637105)";

/// Copying the log into the database costs as many random writes as it has pages; of a larger log
/// (32 MiB) more are of the same page. What is deleted is overwritten.
const SQLITE_SETTINGS: &str = "pragma journal_mode = wal; pragma synchronous = full; \
    pragma foreign_keys = on; pragma busy_timeout = 5000; pragma secure_delete = on; \
    pragma wal_autocheckpoint = 8192;";
/// A node that is cut off in the middle of a transaction must not keep its locks for as long as its
/// connection takes to be noticed. An answer must not be given before the disk has it; whoever asks
/// for more (a standby) is not overruled. Transactions were thought through for one level.
const POSTGRES_SETTINGS: &str = "set client_min_messages = warning; \
    set default_transaction_isolation = 'read committed'; \
    set idle_in_transaction_session_timeout = '15s'; \
    set statement_timeout = '20s'; \
    select set_config('synchronous_commit', 'on', false) \
    where current_setting('synchronous_commit') = 'off';";

impl Database {
    /// The callers keep the clock still (see [`Clock::hold`]), here and with each question.
    pub async fn open(
        address: &Address,
        session: Session,
        clock: Clock,
    ) -> Result<Self, OpenFailure> {
        static DRIVERS: Once = Once::new();
        DRIVERS.call_once(sqlx::any::install_default_drivers);
        let kind = address.kind();
        let connections_max = match kind {
            Kind::Sqlite => SQLITE_CONNECTIONS_MAX,
            Kind::Postgres => POSTGRES_CONNECTIONS_MAX,
        };
        let session = Arc::new(session);
        let pool = AnyPoolOptions::new()
            .max_connections(connections_max)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .idle_timeout(None)
            .max_lifetime(None)
            .after_connect(move |connection, _| {
                let session = Arc::clone(&session);
                Box::pin(async move { prepare(connection, &session).await })
            })
            .connect(address.url())
            .await?;
        Ok(Self { pool, kind, clock })
    }

    /// A transaction that may write. SQLite's one lock is taken at once: who reads first and then
    /// wants to write may find that another process has written in between, and cannot wait.
    pub async fn begin(&self) -> sqlx::Result<Transaction<'static, Any>> {
        match self.kind {
            Kind::Sqlite => self.pool.begin_with("begin immediate").await,
            Kind::Postgres => self.pool.begin().await,
        }
    }

    /// What time it is for everybody who uses this database: its own clock if that can be several
    /// computers. Tests play the time, and then it is theirs.
    pub async fn now(&self, connection: &mut AnyConnection) -> sqlx::Result<Timestamp> {
        match (self.kind, &self.clock) {
            (Kind::Postgres, Clock::System) => {
                let now = "select (extract(epoch from clock_timestamp()) * 1000000)::bigint";
                let micros = sqlx::query(now).fetch_one(connection).await?.try_get(0)?;
                Timestamp::from_microsecond(micros)
                    .map_err(|error| sqlx::Error::Decode(error.into()))
            }
            (Kind::Postgres | Kind::Sqlite, _) => Ok(self.clock.now()),
        }
    }

    /// Until the transaction ends nobody else changes the schema.
    pub async fn lock_schema(&self, connection: &mut AnyConnection) -> sqlx::Result<()> {
        match self.kind {
            Kind::Sqlite => Ok(()), // the transaction has the one lock there is
            Kind::Postgres => {
                // Moving many rows may take longer than a request may.
                let unhurried = "set local statement_timeout = 0";
                sqlx::raw_sql(unhurried).execute(&mut *connection).await?;
                sqlx::raw_sql(SCHEMA_LOCK).execute(connection).await.map(drop)
            }
        }
    }
}

impl Kind {
    pub fn of(connection: &AnyConnection) -> Self {
        if connection.backend_name() == "SQLite" { Self::Sqlite } else { Self::Postgres }
    }
}

/// Whether the same transaction, begun anew, may well succeed: others were in its way.
pub fn is_passing(error: &sqlx::Error) -> bool {
    const SERIALIZATION_FAILURE: &str = "40001";
    const DEADLOCK_DETECTED: &str = "40P01";
    const SQLITE_BUSY: &str = "5";
    const SQLITE_BUSY_SNAPSHOT: &str = "517";
    let passing = [SERIALIZATION_FAILURE, DEADLOCK_DETECTED, SQLITE_BUSY, SQLITE_BUSY_SNAPSHOT];
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.is_some_and(|code| passing.contains(&&*code))
}

async fn prepare(connection: &mut AnyConnection, session: &Session) -> sqlx::Result<()> {
    match Kind::of(connection) {
        Kind::Sqlite => {
            sqlx::raw_sql(SQLITE_SETTINGS).execute(&mut *connection).await?;
            let cache = format!("pragma cache_size = -{}", session.cache_kib);
            sqlx::raw_sql(sqlx::AssertSqlSafe(cache)).execute(connection).await?;
        }
        Kind::Postgres => {
            sqlx::raw_sql(POSTGRES_SETTINGS).execute(&mut *connection).await?;
            if let Some((name, value)) = &session.setting {
                sqlx::query("select set_config($1, $2, false)")
                    .bind(*name)
                    .bind(value.clone())
                    .execute(connection)
                    .await?;
            }
        }
    }
    Ok(())
}
