//! Forgetting what nobody asks for any more.

use jiff::{SignedDuration, Timestamp};

use super::{Result, Store, micros};

/// How long a meeting stays after its end.
pub const MEETINGS_KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How far back a client may catch up.
pub const CHANGES_KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// How many rows went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Purged {
    pub meetings: u64,
    pub changes: u64,
}

impl Store {
    /// Removes old meetings, which is no change to anybody's list, and the old end of the log.
    pub async fn purge(&self, now: Timestamp) -> Result<Purged> {
        let _hold = self.clock.hold();
        let before = |kept| micros(now.checked_sub(kept).unwrap_or(Timestamp::MIN));
        let meetings = sqlx::query("delete from meeting where organization = $1 and ends_at < $2")
            .bind(&self.organization.0)
            .bind(before(MEETINGS_KEPT))
            .execute(&self.pool)
            .await?
            .rows_affected();
        let changes = sqlx::query("delete from change where organization = $1 and at < $2")
            .bind(&self.organization.0)
            .bind(before(CHANGES_KEPT))
            .execute(&self.pool)
            .await?
            .rows_affected();
        Ok(Purged { meetings, changes })
    }
}
