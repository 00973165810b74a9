//! Forgetting a person: every row that is about them.

use protocol::ids::{MailboxAddress, UserId};
use sqlx::{AssertSqlSafe, Row as _};
use world::database::Kind;

use super::{Result, Store};

/// Every table with a `user_id`; a test compares.
pub(super) const OF_A_PERSON: [&str; 7] =
    ["meeting", "change", "mailbox_state", "commit_result", "presence", "command", "head"];

/// What became of a person's rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Erased {
    pub rows: u64,
    /// Whether they are gone from the files, too, and not only for whoever asks the database.
    pub is_overwritten: bool,
}

impl Store {
    /// The mailbox must not be followed any more: a commit that comes later begins a new list.
    pub async fn erase(&self, user: UserId, address: &MailboxAddress) -> Result<Erased> {
        let _hold = self.clock.hold();
        let mut transaction = self.database.begin().await?;
        let mut rows = 0;
        for table in OF_A_PERSON {
            let delete = format!("delete from {table} where organization = $1 and user_id = $2");
            rows += sqlx::query(AssertSqlSafe(delete))
                .bind(&self.organization.0)
                .bind(user.to_string())
                .execute(&mut *transaction)
                .await?
                .rows_affected();
        }
        // What an administrator decided stays; who it was, does not.
        rows += sqlx::query(
            "update trusted_host set decided_by = null \
             where organization = $1 and decided_by = $2",
        )
        .bind(&self.organization.0)
        .bind(address.as_str())
        .execute(&mut *transaction)
        .await?
        .rows_affected();
        transaction.commit().await?;
        Ok(Erased { rows, is_overwritten: self.overwrite().await? })
    }

    /// SQLite overwrites what is deleted (`secure_delete`); here also in the log beside the file.
    /// PostgreSQL leaves the bytes in pages that it will use again, in its log and in copies.
    async fn overwrite(&self) -> Result<bool> {
        match self.database.kind {
            Kind::Sqlite => {
                let checkpoint = "pragma wal_checkpoint(truncate)";
                let row = sqlx::query(checkpoint).fetch_one(&self.pool).await?;
                Ok(row.try_get::<i64, _>(0)? == 0) // else somebody was still reading
            }
            Kind::Postgres => Ok(false),
        }
    }
}
