//! One meeting by its own id or by that of its series.

use protocol::{
    ids::{MeetingId, UserId},
    meeting::SealedMeeting,
};
use sqlx::Row;

use super::{Result, Store, meetings::opened};

impl Store {
    /// The meeting of that id, else the first of that series.
    pub async fn meeting_or_series(
        &self,
        user: UserId,
        id: &MeetingId,
    ) -> Result<Option<SealedMeeting>> {
        let _hold = self.clock.hold();
        let row = sqlx::query(
            "select body, user_rev from meeting where user_id = $1 and (id = $2 or series = $2) \
             order by case when id = $2 then 0 else 1 end, starts_at limit 1",
        )
        .bind(user.to_string())
        .bind(&id.0)
        .fetch_optional(&self.pool)
        .await?;
        row.map(|row| opened(&row.try_get::<String, _>(0)?, row.try_get(1)?)).transpose()
    }
}
