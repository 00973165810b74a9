//! What lies in the key server's database: wrapped keys, the master key's check value, the log.

use std::{fs, os::unix::fs::OpenOptionsExt as _, path::Path, str::FromStr as _};

use jiff::Timestamp;
use protocol::keys::Purpose;
use sqlx::{Row as _, any::AnyRow};
use uuid::Uuid;
use world::{
    clock::Clock,
    database::{Address, Database, OpenFailure, Session},
};

use crate::{
    audit::{Entry, Linked},
    config::{Place, PostgresAddress},
};

mod channels;
mod copy;
mod custody;
pub(crate) mod devices;
mod log;
mod settings;
mod shared;
mod writer;

pub(crate) use channels::{ANSWERS_PER_CHANNEL_MAX, StoredChannel};
pub(crate) use copy::CopiedRow;
pub(crate) use custody::{Act, Changed};
pub(crate) use shared::{Binding, BoundKeys, SharedKey, StoredAuthorization, StoredResource};
pub use writer::NotWritten;
use writer::Writer;

/// Cheap to clone.
#[derive(Clone)]
pub struct Store {
    clock: Clock,
    database: Database,
    writer: Writer,
}

/// A key as it lies in the database. No `Debug`, since it may one day grow an unwrapped part.
#[derive(Clone)]
pub(crate) struct StoredKey {
    pub(crate) id: Uuid,
    pub(crate) resource: Uuid,
    pub(crate) purpose: Purpose,
    pub(crate) made: Timestamp,
    pub(crate) wrapped: Vec<u8>,
}

#[derive(Debug, thiserror::Error)]
pub enum StoreFailure {
    #[error("the key database cannot be created")]
    File(#[source] std::io::Error),
    #[error("the key database's path cannot be written as a URL")]
    Path,
    #[error("the key database does not open")]
    Open(#[source] sqlx::Error),
    #[error("the key database cannot be connected to")]
    Connect(#[from] OpenFailure),
}

/// Each adds to what is there.
const SCHEMA: [&str; 4] = [
    include_str!("../schema/0001-keys.sql"),
    include_str!("../schema/0002-channel.sql"),
    include_str!("../schema/0003-devices.sql"),
    include_str!("../schema/0004-custody.sql"),
];
/// SQLite's.
const CACHE_KIB: u32 = 16 * 1024;
/// The epoch of a resource's first key.
const FIRST_EPOCH: i64 = 1;

impl Store {
    /// Makes the database if there is none.
    pub async fn open(place: &Place, clock: Clock) -> Result<Self, StoreFailure> {
        let _hold = clock.hold();
        let url = match place {
            Place::Memory => "sqlite::memory:".into(),
            Place::File(file) => file_url(file)?,
            Place::Postgres(PostgresAddress(address)) => address.clone(),
        };
        let address = Address::parse(&url).map_err(OpenFailure::from)?;
        let session = Session { cache_kib: CACHE_KIB, setting: None };
        let database = Database::open(&address, session, clock.clone()).await?;
        make_tables(&database).await.map_err(StoreFailure::Open)?;
        Ok(Self { clock, writer: Writer::start(database.clone()), database })
    }

    pub(crate) async fn close(&self) {
        let _hold = self.clock.hold();
        self.database.pool.close().await;
    }

    /// Whether the database can be asked.
    pub(crate) async fn is_reachable(&self) -> bool {
        let _hold = self.clock.hold();
        sqlx::query("select 1").execute(&self.database.pool).await.is_ok()
    }

    pub(crate) async fn setting(&self, name: &str) -> sqlx::Result<Option<Vec<u8>>> {
        let _hold = self.clock.hold();
        sqlx::query_scalar("select value from settings where name = $1")
            .bind(name)
            .fetch_optional(&self.database.pool)
            .await
    }

    /// Keeps the first value ever given; later ones change nothing.
    pub(crate) async fn keep_setting(&self, name: &str, value: &[u8]) -> sqlx::Result<()> {
        let _hold = self.clock.hold();
        sqlx::query(
            "insert into settings (name, value) values ($1, $2) on conflict (name) do nothing",
        )
        .bind(name)
        .bind(value.to_vec())
        .execute(&self.database.pool)
        .await
        .map(drop)
    }

    pub(crate) async fn find_key(&self, id: Uuid) -> sqlx::Result<Option<StoredKey>> {
        let _hold = self.clock.hold();
        sqlx::query("select id, resource, purpose, made, wrapped from keys where id = $1")
            .bind(id.to_string())
            .fetch_optional(&self.database.pool)
            .await?
            .map(|row| stored_key(&row))
            .transpose()
    }

    /// The key that new seals of this resource use.
    pub(crate) async fn find_current_key(
        &self,
        resource: Uuid,
        purpose: Purpose,
    ) -> sqlx::Result<Option<StoredKey>> {
        let _hold = self.clock.hold();
        sqlx::query(
            "select id, resource, purpose, made, wrapped from keys \
             where resource = $1 and purpose = $2 order by epoch desc limit 1",
        )
        .bind(resource.to_string())
        .bind(word(purpose))
        .fetch_optional(&self.database.pool)
        .await?
        .map(|row| stored_key(&row))
        .transpose()
    }

    /// The key and the log's entry about it together; `false` and neither of them if somebody else
    /// has put one in between.
    pub(crate) async fn put_first_key(
        &self,
        key: StoredKey,
        entry: Entry,
    ) -> Result<bool, NotWritten> {
        let _hold = self.clock.hold();
        self.writer.first_key(key, entry).await
    }

    /// When it returns, the entry is in the log and will stay there.
    pub(crate) async fn append(&self, entry: Entry) -> Result<(), NotWritten> {
        let _hold = self.clock.hold();
        self.writer.log(entry).await
    }

    /// Up to `most` rows after this one, oldest first.
    pub(crate) async fn log_after(
        &self,
        seq: i64,
        most: i64,
    ) -> sqlx::Result<Vec<(Linked, Entry)>> {
        let _hold = self.clock.hold();
        let rows = sqlx::query(
            "select seq, time, actor, op, object, result, hash from audit \
             where seq > $1 order by seq limit $2",
        )
        .bind(seq)
        .bind(most)
        .fetch_all(&self.database.pool)
        .await?;
        rows.iter().map(logged).collect()
    }
}

async fn make_tables(database: &Database) -> sqlx::Result<()> {
    let mut transaction = database.begin().await?;
    database.lock_schema(&mut transaction).await?;
    for step in SCHEMA {
        sqlx::raw_sql(step).execute(&mut *transaction).await?;
    }
    transaction.commit().await
}

/// A purpose as it stands in the database and in what is wrapped; never changes.
pub(crate) fn word(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Content => "content",
        Purpose::Index => "index",
        Purpose::State => "state",
        Purpose::Conference => "conference",
        Purpose::Command => "command",
    }
}

pub(crate) const PURPOSES: [Purpose; 5] =
    [Purpose::Content, Purpose::Index, Purpose::State, Purpose::Conference, Purpose::Command];

fn stored_key(row: &AnyRow) -> sqlx::Result<StoredKey> {
    let text = |column| row.try_get::<String, _>(column);
    let purpose = text("purpose")?;
    let purpose = PURPOSES.into_iter().find(|known| word(*known) == purpose);
    Ok(StoredKey {
        id: Uuid::from_str(&text("id")?).map_err(unreadable)?,
        resource: Uuid::from_str(&text("resource")?).map_err(unreadable)?,
        purpose: purpose.ok_or_else(|| unreadable("a purpose of a newer version"))?,
        made: Timestamp::from_str(&text("made")?).map_err(unreadable)?,
        wrapped: row.try_get("wrapped")?,
    })
}

fn logged(row: &AnyRow) -> sqlx::Result<(Linked, Entry)> {
    let linked = Linked { seq: row.try_get("seq")?, hash: row.try_get("hash")? };
    let entry = Entry {
        time: row.try_get("time")?,
        actor: row.try_get("actor")?,
        op: row.try_get("op")?,
        object: row.try_get("object")?,
        result: row.try_get("result")?,
    };
    Ok((linked, entry))
}

fn unreadable(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> sqlx::Error {
    sqlx::Error::Decode(error.into())
}

/// The file is made beforehand, so that only its owner may read it.
fn file_url(file: &Path) -> Result<String, StoreFailure> {
    let file = std::path::absolute(file).map_err(StoreFailure::File)?;
    fs::OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(&file)
        .map_err(StoreFailure::File)?;
    let url = url::Url::from_file_path(&file).map_err(|()| StoreFailure::Path)?;
    Ok(format!("sqlite{}", url.as_str().trim_start_matches("file")))
}

#[cfg(test)]
pub(crate) mod tests;
