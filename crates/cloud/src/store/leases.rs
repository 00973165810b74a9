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
use world::database::Kind;

use super::{Result, Store, micros};

/// The first epoch of this incarnation. Each has a million: a restore may have lost some that were
/// given, and none is given twice.
const FIRST: &str = "(select (incarnation - 1) * 1048576 + 1 from site)";

impl Store {
    /// Takes or renews what is free or already the owner's; a new owner gets a higher epoch. The
    /// time is the database's, so that nodes whose clocks differ agree on when a lease ends.
    pub async fn take_leases(
        &self,
        connector: &ConnectorId,
        owner: Uuid,
        shards: &[Shard],
        ttl: Duration,
    ) -> Result<Vec<Lease>> {
        let _hold = self.clock.hold();
        // A statement may touch a row only once.
        let shards: BTreeSet<Shard> = shards.iter().copied().collect();
        if shards.is_empty() {
            return Ok(Vec::new());
        }
        let mut transaction = self.database.begin().await?;
        let now = self.database.now(&mut transaction).await?;
        let rows = sqlx::query(AssertSqlSafe(take_statement(&shards)))
            .persistent(false) // its text differs with each set of shards
            .bind(&self.organization.0)
            .bind(owner.to_string())
            .bind(micros(now.checked_add(ttl).unwrap_or(Timestamp::MAX)))
            .bind(micros(now))
            .bind(&connector.0)
            .fetch_all(&mut *transaction)
            .await?;
        transaction.commit().await?;
        let lease = |row: &sqlx::any::AnyRow| {
            let shard = u16::try_from(row.try_get::<i64, _>(0)?).unwrap_or(u16::MAX);
            Ok(Lease { shard: Shard(shard), epoch: row.try_get(1)? })
        };
        rows.iter().map(lease).collect()
    }
}

/// The shards are numbers of ours, so their text cannot mean anything else in SQL. They ascend: two
/// who want the same ones wait for each other, but never both.
fn take_statement(shards: &BTreeSet<Shard>) -> String {
    let values: Vec<_> =
        shards.iter().map(|shard| format!("($1, $5, {}, $2, {FIRST}, $3)", shard.0)).collect();
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

/// Nobody's from now on; whoever takes one gets an epoch that was never given.
pub(super) async fn end_all(connection: &mut AnyConnection, organization: &str) -> Result<()> {
    let end = format!(
        "update lease set owner = '', until_at = 0, epoch = {FIRST} - 1 where organization = $1"
    );
    sqlx::query(AssertSqlSafe(end)).bind(organization).execute(connection).await?;
    Ok(())
}

macro_rules! held {
    () => {
        "select shard from lease where organization = $1 and connector = $2 and shard = $3 \
         and owner = $4 and epoch = $5 and until_at > $6"
    };
}

/// Whether that owner holds the connector's lease of the user's shard now, and until the transaction ends:
/// a takeover waits for a running commit. On SQLite the transaction has the whole database.
pub(super) async fn is_held(
    connection: &mut AnyConnection,
    organization: &str,
    connector: &ConnectorId,
    user: UserId,
    (owner, epoch): (Uuid, i64),
    now: Timestamp,
) -> Result<bool> {
    let statement = match Kind::of(connection) {
        Kind::Sqlite => held!(),
        Kind::Postgres => concat!(held!(), " for share"),
    };
    let row = sqlx::query(statement)
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
