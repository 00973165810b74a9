//! Which process of a connector may follow its mailboxes: leases of shards, fenced by an epoch.
//! Connectors of different ids follow different mailboxes and do not meet here.

use std::{collections::BTreeSet, time::Duration};

use jiff::Timestamp;
use protocol::{
    connector::Lease,
    ids::{ConnectorId, Shard, UserId},
};
use sqlx::{AnyConnection, AssertSqlSafe, Row};
use uuid::Uuid;

use super::{Result, Store, micros};

impl Store {
    /// Takes or renews what is free or already the owner's; a new owner gets a higher epoch.
    pub async fn take_leases(
        &self,
        connector: &ConnectorId,
        owner: Uuid,
        shards: &[Shard],
        now: Timestamp,
        ttl: Duration,
    ) -> Result<Vec<Lease>> {
        let _hold = self.clock.hold();
        // A statement may touch a row only once.
        let shards: BTreeSet<Shard> = shards.iter().copied().collect();
        if shards.is_empty() {
            return Ok(Vec::new());
        }
        let rows = sqlx::query(AssertSqlSafe(take_statement(&shards)))
            .persistent(false) // its text differs with each set of shards
            .bind(&self.organization.0)
            .bind(owner.to_string())
            .bind(micros(now.checked_add(ttl).unwrap_or(Timestamp::MAX)))
            .bind(micros(now))
            .bind(&connector.0)
            .fetch_all(&self.pool)
            .await?;
        let lease = |row: &sqlx::any::AnyRow| {
            let shard = u16::try_from(row.try_get::<i64, _>(0)?).unwrap_or(u16::MAX);
            Ok(Lease { shard: Shard(shard), epoch: row.try_get(1)? })
        };
        rows.iter().map(lease).collect()
    }
}

/// The shards are numbers of ours, so their text cannot mean anything else in SQL.
fn take_statement(shards: &BTreeSet<Shard>) -> String {
    let values: Vec<_> =
        shards.iter().map(|shard| format!("($1, $5, {}, $2, 1, $3)", shard.0)).collect();
    format!(
        "insert into lease (organization, connector, shard, owner, epoch, until_at) values {} \
         on conflict (organization, connector, shard) do update set \
           owner = excluded.owner, \
           epoch = lease.epoch + case when lease.owner = excluded.owner then 0 else 1 end, \
           until_at = excluded.until_at \
         where lease.owner = excluded.owner or lease.until_at <= $4 \
         returning shard, epoch",
        values.join(", ")
    )
}

/// Whether that owner holds the connector's lease of the user's shard now. The update changes nothing, but
/// keeps the row until the transaction ends: a takeover waits for a running commit.
pub(super) async fn is_held(
    connection: &mut AnyConnection,
    organization: &str,
    connector: &ConnectorId,
    user: UserId,
    (owner, epoch): (Uuid, i64),
    now: Timestamp,
) -> Result<bool> {
    let row = sqlx::query(
        "update lease set until_at = until_at \
         where organization = $1 and connector = $2 and shard = $3 \
           and owner = $4 and epoch = $5 and until_at > $6 \
         returning shard",
    )
    .bind(organization)
    .bind(&connector.0)
    .bind(i64::from(user.shard().0))
    .bind(owner.to_string())
    .bind(epoch)
    .bind(micros(now))
    .fetch_optional(connection)
    .await?;
    Ok(row.is_some())
}
