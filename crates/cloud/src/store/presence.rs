//! Who is away.

use jiff::Timestamp;
use protocol::{
    ids::{ConnectorId, UserId},
    presence::{Presence, PresenceReport},
};
use sqlx::Row;

use super::{CommitRefused, Result, Store, leases, micros, time};

const OUT_OF_OFFICE: &str = "ooo";
const AVAILABLE: &str = "available";

impl Store {
    /// What is the same as before keeps its time.
    pub async fn put_presence(
        &self,
        connector: &ConnectorId,
        user: UserId,
        report: &PresenceReport,
    ) -> Result<(), CommitRefused> {
        let _hold = self.clock.hold();
        let mut transaction = self.database.begin().await?;
        let now = self.database.now(&mut transaction).await?;
        let (organization, holder) = (&self.organization.0, (report.owner, report.lease_epoch));
        if !leases::is_held(&mut transaction, organization, connector, user, holder, now).await? {
            return Err(CommitRefused::StaleLease);
        }
        let (state, until) = match report.presence {
            Presence::OutOfOffice { until } => (OUT_OF_OFFICE, until.map(micros)),
            Presence::Available => (AVAILABLE, None),
        };
        sqlx::query(
            "insert into presence (organization, user_id, state, until_at, since_at) \
             values ($1, $2, $3, $4, $5) \
             on conflict (organization, user_id) do update set \
               since_at = case when presence.state = excluded.state \
                          then presence.since_at else excluded.since_at end, \
               state = excluded.state, until_at = excluded.until_at",
        )
        .bind(organization)
        .bind(user.to_string())
        .bind(state)
        .bind(until)
        .bind(micros(now))
        .execute(&mut *transaction)
        .await?;
        Ok(transaction.commit().await?)
    }

    /// What was told about somebody, and since when it is so.
    pub async fn presence(&self, user: UserId) -> Result<Option<(Presence, Timestamp)>> {
        let _hold = self.clock.hold();
        let row = sqlx::query(
            "select state, until_at, since_at from presence \
             where organization = $1 and user_id = $2",
        )
        .bind(&self.organization.0)
        .bind(user.to_string())
        .fetch_optional(&self.pool)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let until = row.try_get::<Option<i64>, _>(1)?.map(time);
        let presence = match row.try_get::<String, _>(0)?.as_str() {
            OUT_OF_OFFICE => Presence::OutOfOffice { until },
            _ => Presence::Available,
        };
        Ok(Some((presence, time(row.try_get(2)?))))
    }
}
