//! The log's ends: the newest row, and where it begins once old rows were cut off.

use protocol::keys::Purpose;
use sqlx::Row as _;
use tokio::sync::watch;
use uuid::Uuid;

use super::{Store, logged, word, writer};
use crate::audit::{Entry, Head, Linked, verify::LOG_START};

impl Store {
    /// Changes with each row that this process writes.
    pub(crate) fn newest_row(&self) -> watch::Receiver<i64> {
        self.writer.newest_row()
    }

    pub(crate) async fn newest_logged(&self) -> sqlx::Result<Head> {
        let _hold = self.clock.hold();
        let mut connection = self.database.pool.acquire().await?;
        writer::newest(&mut connection).await
    }

    /// Removes the rows up to this one and says, signed, that the log begins behind it.
    pub(crate) async fn cut_log(&self, start: &Head, signed: &[u8]) -> sqlx::Result<i64> {
        let _hold = self.clock.hold();
        let mut transaction = self.database.begin().await?;
        let cut = sqlx::query("delete from audit where seq <= $1")
            .bind(start.seq)
            .execute(&mut *transaction)
            .await?
            .rows_affected();
        put_setting(&mut transaction, LOG_START, signed).await?;
        transaction.commit().await?;
        Ok(i64::try_from(cut).unwrap_or(i64::MAX))
    }

    /// The newest rows about any of these objects, newest first.
    pub(crate) async fn log_about(
        &self,
        objects: &[String],
        most: usize,
    ) -> sqlx::Result<Vec<(Linked, Entry)>> {
        let _hold = self.clock.hold();
        let mut found = Vec::new();
        for object in objects {
            let rows = sqlx::query(
                "select seq, time, actor, op, object, result, hash from audit \
                 where object = $1 order by seq desc limit $2",
            )
            .bind(object.as_str())
            .bind(i64::try_from(most).unwrap_or(i64::MAX))
            .fetch_all(&self.database.pool)
            .await?;
            for row in &rows {
                found.push(logged(row)?);
            }
        }
        found.sort_by_key(|(linked, _)| std::cmp::Reverse(linked.seq));
        found.truncate(most);
        Ok(found)
    }

    /// Ids of a resource's keys of one purpose, also of those that are gone; so many at most.
    pub(crate) async fn key_ids(
        &self,
        resource: Uuid,
        purpose: Purpose,
        most: usize,
    ) -> sqlx::Result<Vec<String>> {
        let _hold = self.clock.hold();
        let rows = sqlx::query(
            "select id from keys where resource = $1 and purpose = $2 \
             union all select id from erased_keys where resource = $1 and purpose = $2 limit $3",
        )
        .bind(resource.to_string())
        .bind(word(purpose))
        .bind(i64::try_from(most).unwrap_or(i64::MAX))
        .fetch_all(&self.database.pool)
        .await?;
        rows.iter().map(|row| row.try_get("id")).collect()
    }
}

/// Replaces what was there.
pub(super) async fn put_setting(
    connection: &mut sqlx::AnyConnection,
    name: &str,
    value: &[u8],
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into settings (name, value) values ($1, $2) \
         on conflict (name) do update set value = excluded.value",
    )
    .bind(name)
    .bind(value.to_vec())
    .execute(connection)
    .await
    .map(drop)
}
