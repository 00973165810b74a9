//! Settings that change together, and whether there is anything yet.

use sqlx::Row as _;

use super::{Store, StoredKey, log::put_setting, stored_key, writer};
use crate::audit::Entry;

impl Store {
    /// Whether any key lies here.
    pub(crate) async fn has_keys(&self) -> sqlx::Result<bool> {
        let _hold = self.clock.hold();
        let any =
            sqlx::query("select id from keys limit 1").fetch_optional(&self.database.pool).await?;
        Ok(any.is_some())
    }

    /// Every key, in the order of their ids.
    pub(crate) async fn each_key<E: From<sqlx::Error>>(
        &self,
        mut take: impl FnMut(StoredKey) -> Result<(), E>,
    ) -> Result<(), E> {
        let _hold = self.clock.hold();
        let mut after = String::new();
        loop {
            let rows = sqlx::query(
                "select id, resource, purpose, made, wrapped from keys where id > $1 \
                 order by id limit 1000",
            )
            .bind(after.as_str())
            .fetch_all(&self.database.pool)
            .await?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = last.try_get("id")?;
            for row in &rows {
                take(stored_key(row)?)?;
            }
        }
    }

    /// All of them and the log's entry, if the expected one is still what it was.
    pub(crate) async fn replace_settings(
        &self,
        settings: &[(String, Vec<u8>)],
        (expected, value): (&str, Vec<u8>),
        entry: &Entry,
    ) -> sqlx::Result<bool> {
        let _hold = self.clock.hold();
        let mut transaction = writer::begin(&self.database).await?;
        let is_same = sqlx::query("select name from settings where name = $1 and value = $2")
            .bind(expected)
            .bind(value)
            .fetch_optional(&mut *transaction)
            .await?;
        if is_same.is_none() {
            transaction.rollback().await?;
            return Ok(false);
        }
        for (name, value) in settings {
            put_setting(&mut transaction, name, value).await?;
        }
        let head = writer::newest(&mut transaction).await?;
        writer::append(&mut transaction, &head, entry).await?;
        transaction.commit().await?;
        Ok(true)
    }
}
