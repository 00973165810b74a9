//! Who may follow which mailboxes: leases of shards, fenced by an epoch.

use std::{collections::BTreeSet, time::Duration};

use jiff::Timestamp;
use protocol::{
    connector::Lease,
    ids::{Shard, UserId},
};
use sqlx::{AnyConnection, AssertSqlSafe, Row};
use uuid::Uuid;

use super::{Result, Store, micros};

impl Store {
    /// Takes or renews what is free or already the owner's; a new owner gets a higher epoch.
    pub async fn take_leases(
        &self,
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
        shards.iter().map(|shard| format!("($1, {}, $2, 1, $3)", shard.0)).collect();
    format!(
        "insert into lease (organization, shard, owner, epoch, until_at) values {} \
         on conflict (organization, shard) do update set \
           owner = excluded.owner, \
           epoch = lease.epoch + case when lease.owner = excluded.owner then 0 else 1 end, \
           until_at = excluded.until_at \
         where lease.owner = excluded.owner or lease.until_at <= $4 \
         returning shard, epoch",
        values.join(", ")
    )
}

/// Whether the owner holds the lease of the user's shard now. The update changes nothing, but
/// keeps the row until the transaction ends: a takeover waits for a running commit.
pub(super) async fn is_held(
    connection: &mut AnyConnection,
    organization: &str,
    user: UserId,
    owner: Uuid,
    epoch: i64,
    now: Timestamp,
) -> Result<bool> {
    let row = sqlx::query(
        "update lease set until_at = until_at \
         where organization = $1 and shard = $2 and owner = $3 and epoch = $4 and until_at > $5 \
         returning shard",
    )
    .bind(organization)
    .bind(i64::from(user.shard().0))
    .bind(owner.to_string())
    .bind(epoch)
    .bind(micros(now))
    .fetch_optional(connection)
    .await?;
    Ok(row.is_some())
}
