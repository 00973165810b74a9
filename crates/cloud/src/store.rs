//! What lies in the cloud's database: sealed meetings, the log of changes, states, leases. Each
//! function is one question or one transaction.
//!
//! SQL that SQLite and PostgreSQL both take: `$1` parameters, `on conflict`, `returning`, and only
//! TEXT and BIGINT. Whatever two writers could dispute is decided by one conditional statement or
//! by who has a row. Each row belongs to an organization and each statement names ours; on PostgreSQL
//! a policy does the same once more.
//!
//! Callers let a function here run to its end: a connection left in the middle of a statement is
//! closed, and a database in memory ends with its connection.

use std::sync::Arc;

use jiff::Timestamp;
use protocol::ids::{OrganizationId, UserId};
use sqlx::{AnyConnection, AnyPool, Row};
use world::{
    clock::Clock,
    database::{Address, AddressRefused, Database, Kind, OpenFailure, Session},
};

mod changes;
mod commands;
mod commit;
mod erase;
mod heads;
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
pub use erase::Erased;
pub use meetings::Window;
pub use purge::{CHANGES_KEPT, MEETINGS_KEPT, Purged};
use writer::Writer;

/// What one organization has in a database, which others may share.
#[derive(Clone)]
pub struct Store {
    database: Database,
    /// The database's.
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
    #[error(transparent)]
    Address(#[from] AddressRefused),
    #[error("the database's role is a superuser or passes by row level security: give it another")]
    SeesEverything,
}

pub type Result<T, E = Failure> = std::result::Result<T, E>;

/// SQLite's.
const CACHE_KIB: u32 = 32 * 1024;
/// What PostgreSQL's policies read (`crates/cloud/schema/postgres/policies.sql`).
const ORGANIZATION_SETTING: &str = "hybridcal.organization";

impl Store {
    /// Opens (and brings up to date) the database at an address like `sqlite:cloud.db`,
    /// `sqlite::memory:` or `postgres://user@host/name`.
    pub async fn open(address: &str, organization: OrganizationId, clock: Clock) -> Result<Self> {
        let _hold = clock.hold();
        let setting = Some((ORGANIZATION_SETTING, organization.0.clone()));
        let session = Session { cache_kib: CACHE_KIB, setting };
        let database = Database::open(&Address::parse(address)?, session, clock.clone()).await?;
        if database.kind == Kind::Postgres {
            refuse_the_mighty(&database.pool).await?;
        }
        schema::bring_up_to_date(&database, &organization.0).await?;
        let writer = Writer::start(&database, &organization);
        Ok(Self { pool: database.pool.clone(), database, clock, organization, writer })
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

    /// To be called once after a restore: every client then reads its list again, and every connector
    /// its states at the mailbox's next turn, since its leases end here.
    pub async fn raise_incarnation(&self) -> Result<i64> {
        let _hold = self.clock.hold();
        let mut transaction = self.database.begin().await?;
        let raise = "update site set incarnation = incarnation + 1 returning incarnation";
        let incarnation = sqlx::query(raise).fetch_one(&mut *transaction).await?.try_get(0)?;
        leases::end_all(&mut transaction, &self.organization.0).await?;
        transaction.commit().await?;
        Ok(incarnation)
    }

    /// The user's newest revision; 0 if nothing was ever committed.
    pub async fn head(&self, user: UserId) -> Result<i64> {
        let _hold = self.clock.hold();
        let mut connection = self.pool.acquire().await?;
        head(&mut connection, &self.organization.0, user).await
    }

    pub async fn close(&self) {
        let _hold = self.clock.hold();
        self.pool.close().await;
    }
}

/// Policies do not hold for a role that owns the server; the second net would not be there.
async fn refuse_the_mighty(pool: &AnyPool) -> Result<()> {
    let mighty = "select rolsuper or rolbypassrls from pg_roles where rolname = current_user";
    let is_mighty: bool = sqlx::query(mighty).fetch_one(pool).await?.try_get(0)?;
    if is_mighty { Err(Failure::SeesEverything) } else { Ok(()) }
}

impl From<OpenFailure> for Failure {
    fn from(failure: OpenFailure) -> Self {
        match failure {
            OpenFailure::Address(refused) => refused.into(),
            OpenFailure::Database(error) => error.into(),
        }
    }
}

async fn head(connection: &mut AnyConnection, organization: &str, user: UserId) -> Result<i64> {
    let row = sqlx::query("select rev from head where organization = $1 and user_id = $2")
        .bind(organization)
        .bind(user.to_string())
        .fetch_optional(connection)
        .await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?.unwrap_or(0))
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
