//! What a connector that starts hears about a mailbox: its own state, and what lies here.

use protocol::{
    connector::{MailboxState, STATE_MEETINGS_MAX},
    ids::{MeetingId, UserId},
};
use sqlx::{AnyConnection, Row};

use super::{Result, Store};

impl Store {
    /// What a connector keeps here about one mailbox; version 0 if nothing yet. Naming the stored
    /// meetings costs a read of all of them, so only who lost the state asks.
    pub async fn mailbox_state(&self, user: UserId, with_meetings: bool) -> Result<MailboxState> {
        let _hold = self.clock.hold();
        let mut transaction = self.pool.begin().await?;
        let user = user.to_string();
        let row = sqlx::query(
            "select version, sealed_state, lease_epoch from mailbox_state where user_id = $1",
        )
        .bind(&user)
        .fetch_optional(&mut *transaction)
        .await?;
        let newest_rev = newest_rev(&mut transaction, &user).await?;
        let meetings = if with_meetings { ids(&mut transaction, &user).await? } else { Vec::new() };
        transaction.commit().await?;
        let (version, sealed_state, lease_epoch) = match row {
            Some(row) => (row.try_get(0)?, Some(row.try_get(1)?), row.try_get(2)?),
            None => (0, None, 0),
        };
        Ok(MailboxState { version, sealed_state, lease_epoch, newest_rev, meetings })
    }
}

async fn newest_rev(connection: &mut AnyConnection, user: &str) -> Result<i64> {
    let row = sqlx::query("select max(rev) from meeting where user_id = $1")
        .bind(user)
        .fetch_one(connection)
        .await?;
    Ok(row.try_get::<Option<i64>, _>(0)?.unwrap_or(0))
}

/// Those that end last, since the others are forgotten first anyway.
async fn ids(connection: &mut AnyConnection, user: &str) -> Result<Vec<MeetingId>> {
    let rows =
        sqlx::query("select id from meeting where user_id = $1 order by ends_at desc, id limit $2")
            .bind(user)
            .bind(i64::from(STATE_MEETINGS_MAX))
            .fetch_all(connection)
            .await?;
    rows.iter().map(|row| Ok(MeetingId(row.try_get(0)?))).collect()
}
