//! The trust list: which hosts Autodiscover was sent to, and who decided what about them when.

use jiff::Timestamp;
use protocol::{
    ids::{ConnectorId, MailboxAddress},
    trust::{Decision, HOSTS_MAX, TrustDecision, TrustList, TrustedHost},
};
use sqlx::Row;

use super::{Result, Store, micros, time};

impl Store {
    pub async fn trust_list(&self) -> Result<TrustList> {
        let _hold = self.clock.hold();
        let rows = sqlx::query(
            "select host, decision, seen_at, seen_by, decided_by, decided_at from trusted_host \
             where organization = $1 order by host",
        )
        .bind(&self.organization.0)
        .fetch_all(&self.pool)
        .await?;
        Ok(TrustList { hosts: rows.iter().map(trusted_host).collect::<Result<_>>()? })
    }

    /// Notes hosts that a connector met; those known already stay as they are. Once the list is
    /// full nothing is noted, so that nobody can drive out what was decided.
    pub async fn note_hosts(
        &self,
        connector: &ConnectorId,
        hosts: &[String],
        now: Timestamp,
    ) -> Result<()> {
        let _hold = self.clock.hold();
        let mut transaction = self.database.begin().await?;
        for host in hosts {
            sqlx::query(
                "insert into trusted_host (organization, host, decision, seen_at, seen_by) \
                 select $1, $2, 'pending', $3, $4 \
                 where (select count(*) from trusted_host where organization = $1) < $5 \
                 on conflict (organization, host) do nothing",
            )
            .bind(&self.organization.0)
            .bind(host)
            .bind(micros(now))
            .bind(&connector.0)
            .bind(i64::try_from(HOSTS_MAX).unwrap_or(i64::MAX))
            .execute(&mut *transaction)
            .await?;
        }
        Ok(transaction.commit().await?)
    }

    /// The last decision counts; also about a host that nobody met yet.
    pub async fn decide_host(
        &self,
        decision: &TrustDecision,
        by: &MailboxAddress,
        now: Timestamp,
    ) -> Result<TrustedHost> {
        let _hold = self.clock.hold();
        let row = sqlx::query(
            "insert into trusted_host \
               (organization, host, decision, seen_at, decided_by, decided_at) \
             values ($1, $2, $3, $4, $5, $4) \
             on conflict (organization, host) do update set \
               decision = excluded.decision, decided_by = excluded.decided_by, \
               decided_at = excluded.decided_at \
             returning host, decision, seen_at, seen_by, decided_by, decided_at",
        )
        .bind(&self.organization.0)
        .bind(&decision.host)
        .bind(decision.decision.as_str())
        .bind(micros(now))
        .bind(by.as_str())
        .fetch_one(&self.pool)
        .await?;
        trusted_host(&row)
    }
}

fn trusted_host(row: &sqlx::any::AnyRow) -> Result<TrustedHost> {
    let decision: String = row.try_get(1)?;
    Ok(TrustedHost {
        host: row.try_get(0)?,
        // The table knows these words only.
        decision: Decision::from_word(&decision).unwrap_or(Decision::Pending),
        seen_at: time(row.try_get(2)?),
        seen_by: row.try_get(3)?,
        decided_by: row.try_get(4)?,
        decided_at: row.try_get::<Option<i64>, _>(5)?.map(time),
    })
}
