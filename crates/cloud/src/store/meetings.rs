//! Reading meetings: a window of the list, one of them, and those with a Join button.

use jiff::Timestamp;
use protocol::{
    feed::Position,
    ids::{MeetingId, UserId},
    join_button::LEAD,
    meeting::SealedMeeting,
};
use sqlx::{Row, any::AnyRow};

use super::{Result, Store, head, micros, time};

/// What lies between two times.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    pub meetings: Vec<SealedMeeting>,
    /// Whether the limit cut some off.
    pub is_cut: bool,
    /// Not newer than the meetings: going on from here misses nothing.
    pub position: Position,
}

impl Store {
    /// The user's meetings that touch the time between `from` and `to`, earliest first.
    pub async fn meetings_between(
        &self,
        user: UserId,
        from: Timestamp,
        to: Timestamp,
        limit: u16,
    ) -> Result<Window> {
        let _hold = self.clock.hold();
        let incarnation = self.incarnation().await?;
        let mut transaction = self.pool.begin().await?;
        // The head first: what is committed in between is then seen twice, never missed.
        let rev = head(&mut transaction, &self.organization.0, user).await?;
        let rows = sqlx::query(
            "select body, user_rev from meeting \
             where organization = $1 and user_id = $2 and ends_at >= $3 and starts_at < $4 \
               and (ends_at > $3 or starts_at >= $3) \
             order by starts_at, id limit $5",
        )
        .bind(&self.organization.0)
        .bind(user.to_string())
        .bind(micros(from))
        .bind(micros(to))
        .bind(i64::from(limit) + 1)
        .fetch_all(&mut *transaction)
        .await?;
        drop(transaction);
        let limit = usize::from(limit);
        Ok(Window {
            is_cut: rows.len() > limit,
            meetings: rows.iter().take(limit).map(meeting).collect::<Result<_>>()?,
            position: Position { incarnation, rev },
        })
    }

    pub async fn meeting(&self, user: UserId, id: &MeetingId) -> Result<Option<SealedMeeting>> {
        let _hold = self.clock.hold();
        let row = sqlx::query(
            "select body, user_rev from meeting \
             where organization = $1 and user_id = $2 and id = $3",
        )
        .bind(&self.organization.0)
        .bind(user.to_string())
        .bind(&id.0)
        .fetch_optional(&self.pool)
        .await?;
        row.as_ref().map(meeting).transpose()
    }

    /// Meetings whose Join button is on the screen now.
    pub async fn meetings_to_join(
        &self,
        user: UserId,
        now: Timestamp,
        limit: u16,
    ) -> Result<Vec<SealedMeeting>> {
        let _hold = self.clock.hold();
        let rows = sqlx::query(
            "select body, user_rev from meeting \
             where organization = $1 and user_id = $2 and has_join = 1 \
               and starts_at <= $3 and ends_at > $4 \
             order by starts_at, id limit $5",
        )
        .bind(&self.organization.0)
        .bind(user.to_string())
        .bind(micros(now.checked_add(LEAD).unwrap_or(Timestamp::MAX)))
        .bind(micros(now))
        .bind(i64::from(limit))
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(meeting).collect()
    }

    /// The next time after `after` at which a Join button of the user appears or goes.
    pub async fn next_button_time(
        &self,
        user: UserId,
        after: Timestamp,
    ) -> Result<Option<Timestamp>> {
        let _hold = self.clock.hold();
        let lead = i64::try_from(LEAD.as_micros()).unwrap_or(i64::MAX);
        let row = sqlx::query(
            "select min(at) from (\
               select min(starts_at) - $4 as at from meeting \
               where organization = $1 and user_id = $2 and has_join = 1 \
                 and starts_at - $4 > $3 and ends_at > $3 \
               union all \
               select min(ends_at) as at from meeting \
               where organization = $1 and user_id = $2 and has_join = 1 and ends_at > $3\
             ) as next",
        )
        .bind(&self.organization.0)
        .bind(user.to_string())
        .bind(micros(after))
        .bind(lead)
        .fetch_one(&self.pool)
        .await?;
        Ok(row.try_get::<Option<i64>, _>(0)?.map(time))
    }
}

fn meeting(row: &AnyRow) -> Result<SealedMeeting> {
    opened(&row.try_get::<String, _>(0)?, row.try_get(1)?)
}

/// A meeting from its row's body and revision.
pub(super) fn opened(body: &str, user_rev: i64) -> Result<SealedMeeting> {
    let mut meeting: SealedMeeting = serde_json::from_str(body)?;
    meeting.hc.user_rev = user_rev;
    Ok(meeting)
}
