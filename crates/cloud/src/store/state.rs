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
            "select version, sealed_state, lease_epoch from mailbox_state \
             where organization = $1 and user_id = $2",
        )
        .bind(&self.organization.0)
        .bind(&user)
        .fetch_optional(&mut *transaction)
        .await?;
        let whose = (self.organization.0.as_str(), user.as_str());
        let newest_rev = newest_rev(&mut transaction, whose).await?;
        let meetings = if with_meetings { ids(&mut transaction, whose).await? } else { Vec::new() };
        transaction.commit().await?;
        let (version, sealed_state, lease_epoch) = match row {
            Some(row) => (row.try_get(0)?, Some(row.try_get(1)?), row.try_get(2)?),
            None => (0, None, 0),
        };
        Ok(MailboxState { version, sealed_state, lease_epoch, newest_rev, meetings })
    }
}

async fn newest_rev(
    connection: &mut AnyConnection,
    (organization, user): (&str, &str),
) -> Result<i64> {
    let newest = "select max(rev) from meeting where organization = $1 and user_id = $2";
    let row = sqlx::query(newest).bind(organization).bind(user).fetch_one(connection).await?;
    Ok(row.try_get::<Option<i64>, _>(0)?.unwrap_or(0))
}

/// Those that end last, since the others are forgotten first anyway.
async fn ids(
    connection: &mut AnyConnection,
    (organization, user): (&str, &str),
) -> Result<Vec<MeetingId>> {
    let rows = sqlx::query(
        "select id from meeting where organization = $1 and user_id = $2 \
         order by ends_at desc, id limit $3",
    )
    .bind(organization)
    .bind(user)
    .bind(i64::from(STATE_MEETINGS_MAX))
    .fetch_all(connection)
    .await?;
    rows.iter().map(|row| Ok(MeetingId(row.try_get(0)?))).collect()
}
