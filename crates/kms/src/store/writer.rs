//! The one who writes keys and the log: what waits when the database is free goes into one
//! transaction, so that the disk is waited for once and not once for each request. Nobody hears of
//! a row before it is safe; if one cannot be written, none is. Several key servers may share a
//! database: each transaction has the log to itself, so that there is one chain.

use std::sync::Arc;

use sqlx::{Any, AnyConnection, Row as _, Transaction};
use tokio::sync::{mpsc, oneshot, watch};
use world::database::{Database, Kind, is_passing};

use super::{Act, FIRST_EPOCH, StoredKey, custody, word};
use crate::audit::{Entry, Head, Linked};

/// Rows in one transaction; the others wait for the next.
const ROWS_TOGETHER_MAX: usize = 256;
/// Rows that wait; whoever comes then waits to be let in.
const ROWS_WAITING_MAX: usize = 4096;
/// How often rows are tried that others were in the way of.
const ATTEMPTS_MAX: usize = 5;

/// Why a row was not written; shared by all that would have been written with it.
#[derive(Clone, Debug, thiserror::Error)]
pub enum NotWritten {
    #[error("the database failed")]
    Database(#[from] Arc<sqlx::Error>),
    #[error("the database is being closed")]
    Closed,
}

type Answer<T> = oneshot::Sender<Result<T, NotWritten>>;

/// What is to be written.
enum Row {
    Log(Entry, Answer<()>),
    /// A key of this epoch.
    Key(StoredKey, i64, Entry, Answer<bool>),
    Act(Act, Entry, Answer<()>),
}

/// Cheap to clone; the task ends with the last clone.
#[derive(Clone)]
pub(super) struct Writer {
    rows: mpsc::Sender<Row>,
    newest: watch::Receiver<i64>,
}

impl Writer {
    pub(super) fn start(database: Database) -> Self {
        let (rows, waiting) = mpsc::channel(ROWS_WAITING_MAX);
        let (sender, newest) = watch::channel(0);
        tokio::spawn(run(database, waiting, sender));
        Self { rows, newest }
    }

    /// The newest row of the log that was written here.
    pub(super) fn newest_row(&self) -> watch::Receiver<i64> {
        self.newest.clone()
    }

    pub(super) async fn log(&self, entry: Entry) -> Result<(), NotWritten> {
        self.write(|answer| Row::Log(entry, answer)).await
    }

    /// `false` if there is one already; it stays, and nothing is logged.
    pub(super) async fn first_key(&self, key: StoredKey, entry: Entry) -> Result<bool, NotWritten> {
        self.write(|answer| Row::Key(key, FIRST_EPOCH, entry, answer)).await
    }

    /// The same for the key that follows another.
    pub(super) async fn key_of(
        &self,
        epoch: i64,
        key: StoredKey,
        entry: Entry,
    ) -> Result<bool, NotWritten> {
        self.write(|answer| Row::Key(key, epoch, entry, answer)).await
    }

    pub(super) async fn act(&self, act: Act, entry: Entry) -> Result<(), NotWritten> {
        self.write(|answer| Row::Act(act, entry, answer)).await
    }

    async fn write<T>(&self, row: impl FnOnce(Answer<T>) -> Row) -> Result<T, NotWritten> {
        let (answer, written) = oneshot::channel();
        self.rows.send(row(answer)).await.map_err(|_ended| NotWritten::Closed)?;
        written.await.map_err(|_ended| NotWritten::Closed)?
    }
}

async fn run(database: Database, mut waiting: mpsc::Receiver<Row>, newest: watch::Sender<i64>) {
    let mut rows = Vec::with_capacity(ROWS_TOGETHER_MAX);
    while waiting.recv_many(&mut rows, ROWS_TOGETHER_MAX).await > 0 {
        let are_new = write_again(&database, &rows, &newest).await.map_err(Arc::new);
        for (index, row) in rows.drain(..).enumerate() {
            let is_new = match &are_new {
                Ok(are_new) => Ok(are_new.get(index).copied().unwrap_or_default()),
                Err(error) => Err(NotWritten::from(Arc::clone(error))),
            };
            let is_gone = match row {
                Row::Log(_, answer) | Row::Act(_, _, answer) => {
                    answer.send(is_new.map(|_| ())).is_err()
                }
                Row::Key(_, _, _, answer) => answer.send(is_new).is_err(),
            };
            if is_gone {
                tracing::debug!("Nobody waits any more for a row to be written");
            }
        }
    }
}

/// Once more if others were in the way.
async fn write_again(
    database: &Database,
    rows: &[Row],
    newest: &watch::Sender<i64>,
) -> sqlx::Result<Vec<bool>> {
    let mut attempts = 1;
    loop {
        match write(database, rows, newest).await {
            Err(error) if is_passing(&error) && attempts < ATTEMPTS_MAX => attempts += 1,
            other => return other,
        }
    }
}

/// For each row whether it is a new one.
async fn write(
    database: &Database,
    rows: &[Row],
    newest_row: &watch::Sender<i64>,
) -> sqlx::Result<Vec<bool>> {
    let mut transaction = begin(database).await?;
    let mut head = None;
    let mut are_new = Vec::with_capacity(rows.len());
    for row in rows {
        let (is_new, entry) = match row {
            Row::Log(entry, _) => (true, entry),
            Row::Key(key, epoch, entry, _) => {
                (put_key(&mut transaction, key, *epoch).await?, entry)
            }
            Row::Act(act, entry, _) => {
                custody::act(&mut transaction, act).await?;
                (true, entry)
            }
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
    if let Some(head) = head {
        newest_row.send_replace(head.seq);
    }
    Ok(are_new)
}

/// With the log to oneself: an administrator's command, or another key server, may write at the
/// same time. On PostgreSQL readers go on; locking the newest row would not do there, since who
/// waits for it does not see the one that was added meanwhile.
pub(super) async fn begin(database: &Database) -> sqlx::Result<Transaction<'static, Any>> {
    let mut transaction = database.begin().await?;
    if database.kind == Kind::Postgres {
        let alone = "lock table audit in share row exclusive mode";
        sqlx::raw_sql(alone).execute(&mut *transaction).await?;
    }
    Ok(transaction)
}

pub(super) async fn newest(connection: &mut AnyConnection) -> sqlx::Result<Head> {
    let last = sqlx::query("select seq, hash from audit order by seq desc limit 1");
    match last.fetch_optional(connection).await? {
        Some(row) => Ok(Head { seq: row.try_get("seq")?, hash: row.try_get("hash")? }),
        None => Ok(Head::default()),
    }
}

/// Two writers at once cannot both follow the same row: the later one would fail.
pub(super) async fn append(
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

async fn put_key(
    connection: &mut AnyConnection,
    key: &StoredKey,
    epoch: i64,
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "insert into keys (id, resource, purpose, epoch, made, wrapped) \
         values ($1, $2, $3, $4, $5, $6) on conflict (resource, purpose, epoch) do nothing",
    )
    .bind(key.id.to_string())
    .bind(key.resource.to_string())
    .bind(word(key.purpose))
    .bind(epoch)
    .bind(key.made.to_string())
    .bind(key.wrapped.clone())
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}
