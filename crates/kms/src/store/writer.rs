//! The one who writes keys and the log: what waits when the database is free goes into one
//! transaction, so that the disk is waited for once and not once for each request. Nobody hears of
//! a row before it is safe; if one cannot be written, none is.

use std::sync::Arc;

use sqlx::{AnyConnection, AnyPool, Row as _};
use tokio::sync::{mpsc, oneshot};

use super::{FIRST_EPOCH, StoredKey, word};
use crate::audit::{Entry, Head, Linked};

/// Rows in one transaction; the others wait for the next.
const ROWS_TOGETHER_MAX: usize = 256;
/// Rows that wait; whoever comes then waits to be let in.
const ROWS_WAITING_MAX: usize = 4096;

/// Why a row was not written; shared by all that would have been written with it.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum NotWritten {
    #[error("the database failed")]
    Database(#[from] Arc<sqlx::Error>),
    #[error("the database is being closed")]
    Closed,
}

type Answer<T> = oneshot::Sender<Result<T, NotWritten>>;

/// What is to be written.
enum Row {
    Log(Entry, Answer<()>),
    FirstKey(StoredKey, Entry, Answer<bool>),
}

/// Cheap to clone; the task ends with the last clone.
#[derive(Clone)]
pub(super) struct Writer(mpsc::Sender<Row>);

impl Writer {
    pub(super) fn start(pool: AnyPool) -> Self {
        let (sender, waiting) = mpsc::channel(ROWS_WAITING_MAX);
        tokio::spawn(run(pool, waiting));
        Self(sender)
    }

    pub(super) async fn log(&self, entry: Entry) -> Result<(), NotWritten> {
        self.write(|answer| Row::Log(entry, answer)).await
    }

    /// `false` if there is one already; it stays, and nothing is logged.
    pub(super) async fn first_key(&self, key: StoredKey, entry: Entry) -> Result<bool, NotWritten> {
        self.write(|answer| Row::FirstKey(key, entry, answer)).await
    }

    async fn write<T>(&self, row: impl FnOnce(Answer<T>) -> Row) -> Result<T, NotWritten> {
        let (answer, written) = oneshot::channel();
        self.0.send(row(answer)).await.map_err(|_ended| NotWritten::Closed)?;
        written.await.map_err(|_ended| NotWritten::Closed)?
    }
}

async fn run(pool: AnyPool, mut waiting: mpsc::Receiver<Row>) {
    let mut rows = Vec::with_capacity(ROWS_TOGETHER_MAX);
    while waiting.recv_many(&mut rows, ROWS_TOGETHER_MAX).await > 0 {
        let are_new = write(&pool, &rows).await.map_err(Arc::new);
        for (index, row) in rows.drain(..).enumerate() {
            let is_new = match &are_new {
                Ok(are_new) => Ok(are_new.get(index).copied().unwrap_or_default()),
                Err(error) => Err(NotWritten::from(Arc::clone(error))),
            };
            let is_gone = match row {
                Row::Log(_, answer) => answer.send(is_new.map(|_| ())).is_err(),
                Row::FirstKey(_, _, answer) => answer.send(is_new).is_err(),
            };
            if is_gone {
                tracing::debug!("Nobody waits any more for a row to be written");
            }
        }
    }
}

/// For each row whether it is a new one.
async fn write(pool: &AnyPool, rows: &[Row]) -> sqlx::Result<Vec<bool>> {
    let mut transaction = pool.begin().await?;
    let mut head = None;
    let mut are_new = Vec::with_capacity(rows.len());
    for row in rows {
        let (is_new, entry) = match row {
            Row::Log(entry, _) => (true, entry),
            Row::FirstKey(key, entry, _) => (put_first_key(&mut transaction, key).await?, entry),
        };
        if is_new {
            let before = match head.take() {
                Some(head) => head,
                None => newest(&mut transaction).await?,
            };
            head = Some(append(&mut transaction, &before, entry).await?);
        }
        are_new.push(is_new);
    }
    transaction.commit().await?;
    Ok(are_new)
}

async fn newest(connection: &mut AnyConnection) -> sqlx::Result<Head> {
    let last = sqlx::query("select seq, hash from audit order by seq desc limit 1");
    match last.fetch_optional(connection).await? {
        Some(row) => Ok(Head { seq: row.try_get("seq")?, hash: row.try_get("hash")? }),
        None => Ok(Head::default()),
    }
}

/// Two writers at once cannot both follow the same row: the later one fails.
async fn append(
    connection: &mut AnyConnection,
    before: &Head,
    entry: &Entry,
) -> sqlx::Result<Head> {
    let Linked { seq, hash } = Linked::after(before, entry);
    sqlx::query(
        "insert into audit (seq, time, actor, op, object, result, hash) \
         values ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(seq)
    .bind(entry.time.as_str())
    .bind(entry.actor.as_str())
    .bind(entry.op.as_str())
    .bind(entry.object.as_str())
    .bind(entry.result)
    .bind(hash.clone())
    .execute(connection)
    .await?;
    Ok(Head { seq, hash })
}

async fn put_first_key(connection: &mut AnyConnection, key: &StoredKey) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "insert into keys (id, resource, purpose, epoch, made, wrapped) \
         values ($1, $2, $3, $4, $5, $6) on conflict (resource, purpose, epoch) do nothing",
    )
    .bind(key.id.to_string())
    .bind(key.resource.to_string())
    .bind(word(key.purpose))
    .bind(FIRST_EPOCH)
    .bind(key.made.to_string())
    .bind(key.wrapped.clone())
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}
