//! What an administrator does to keys, and what was done to a person's.

use std::sync::Arc;

use protocol::keys::Purpose;
use sqlx::{AnyConnection, Row as _, any::AnyRow};
use uuid::Uuid;
use world::database::Kind;

use super::{NotWritten, PURPOSES, Store, StoredKey, unreadable, word};
use crate::{
    audit::Entry,
    permission::HOLDER_USER,
    standing::{Standing, What},
};

/// Changes told at once; after more of them everything counts as changed.
pub(crate) const CHANGES_MAX: usize = 500;
/// In place of a resource: everybody's.
const EVERYONE: &str = "";

/// One thing done; `resource` is `None` for everybody's keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Act {
    pub(crate) what: What,
    pub(crate) resource: Option<Uuid>,
    pub(crate) at_ms: i64,
}

/// What changed after a serial number: `None` for too much to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Changed {
    pub(crate) serial: i64,
    pub(crate) resources: Option<Vec<Uuid>>,
}

impl Store {
    /// The act and the log's entry about it together.
    pub(crate) async fn act(&self, act: Act, entry: Entry) -> Result<(), NotWritten> {
        let _hold = self.clock.hold();
        self.writer.act(act, entry).await
    }

    /// Like [`Self::put_first_key`], for the key that follows another.
    pub(crate) async fn put_key_after(
        &self,
        before: &StoredKey,
        key: StoredKey,
        entry: Entry,
    ) -> Result<bool, NotWritten> {
        let _hold = self.clock.hold();
        let epoch: i64 = sqlx::query_scalar("select epoch from keys where id = $1")
            .bind(before.id.to_string())
            .fetch_one(&self.database.pool)
            .await
            .map_err(Arc::new)?;
        self.writer.key_of(epoch + 1, key, entry).await
    }

    /// Folds the write-ahead log, which still holds what was deleted, into the database, where
    /// deleting overwrites. While somebody reads, it waits for the next time.
    pub(crate) async fn drop_traces(&self) -> sqlx::Result<()> {
        let _hold = self.clock.hold();
        if self.database.kind == Kind::Postgres {
            // There the bytes stay until their page is used again, and in archived WAL.
            return Ok(());
        }
        let fold = "pragma wal_checkpoint(truncate)";
        sqlx::raw_sql(fold).execute(&self.database.pool).await.map(drop)
    }

    pub(crate) async fn standing(&self, resource: Uuid) -> sqlx::Result<Standing> {
        let _hold = self.clock.hold();
        let rows = sqlx::query(
            "select what, at_ms from key_changes where resource in ($1, $2) order by serial",
        )
        .bind(resource.to_string())
        .bind(EVERYONE)
        .fetch_all(&self.database.pool)
        .await?;
        let act = |row: &AnyRow| Ok((what(row)?, row.try_get("at_ms")?));
        let acts: Vec<_> = rows.iter().map(act).collect::<sqlx::Result<_>>()?;
        Ok(Standing::of(acts))
    }

    /// Whose a key was that is gone for good, and what for.
    pub(crate) async fn find_erased(&self, id: Uuid) -> sqlx::Result<Option<(Uuid, Purpose)>> {
        let _hold = self.clock.hold();
        let row = sqlx::query("select resource, purpose from erased_keys where id = $1")
            .bind(id.to_string())
            .fetch_optional(&self.database.pool)
            .await?;
        let Some(row) = row else { return Ok(None) };
        let (resource, purpose): (String, String) =
            (row.try_get("resource")?, row.try_get("purpose")?);
        let purpose = PURPOSES.into_iter().find(|known| word(*known) == purpose);
        let purpose = purpose.ok_or_else(|| unreadable("a purpose of a newer version"))?;
        Ok(Some((Uuid::parse_str(&resource).map_err(unreadable)?, purpose)))
    }

    /// Whose keys were changed after that serial number. `only` one resource's, for somebody who
    /// may not know of others.
    pub(crate) async fn changed_after(
        &self,
        serial: Option<i64>,
        only: Option<Uuid>,
    ) -> sqlx::Result<Changed> {
        let _hold = self.clock.hold();
        let newest: i64 = sqlx::query_scalar("select coalesce(max(serial), 0) from key_changes")
            .fetch_one(&self.database.pool)
            .await?;
        let Some(serial) = serial else {
            return Ok(Changed { serial: newest, resources: Some(Vec::new()) });
        };
        // A number from another database: nothing is known about it.
        if serial > newest {
            return Ok(Changed { serial: newest, resources: None });
        }
        let rows = sqlx::query(
            "select resource from key_changes where serial > $1 and serial <= $2 \
             order by serial limit $3",
        )
        .bind(serial)
        .bind(newest)
        .bind(i64::try_from(CHANGES_MAX + 1).unwrap_or(i64::MAX))
        .fetch_all(&self.database.pool)
        .await?;
        let resource = |row: &AnyRow| row.try_get::<String, _>("resource");
        let rows: Vec<String> = rows.iter().map(resource).collect::<sqlx::Result<_>>()?;
        if rows.len() > CHANGES_MAX || rows.iter().any(|resource| resource == EVERYONE) {
            return Ok(Changed { serial: newest, resources: None });
        }
        let mut resources = Vec::with_capacity(rows.len());
        for resource in rows {
            let resource = Uuid::parse_str(&resource).map_err(unreadable)?;
            if only.is_none_or(|only| only == resource) {
                resources.push(resource);
            }
        }
        Ok(Changed { serial: newest, resources: Some(resources) })
    }
}

pub(super) async fn act(connection: &mut AnyConnection, act: &Act) -> sqlx::Result<()> {
    let resource = act.resource.map_or_else(|| EVERYONE.to_owned(), |id| id.to_string());
    sqlx::query(
        "insert into key_changes (serial, what, resource, at_ms) \
         select coalesce(max(serial), 0) + 1, $1, $2, $3 from key_changes",
    )
    .bind(name(act.what))
    .bind(resource.as_str())
    .bind(act.at_ms)
    .execute(&mut *connection)
    .await?;
    match act.what {
        What::Rotate | What::Revoke | What::Readmit => Ok(()),
        What::Erase => erase(connection, &resource).await,
    }
}

async fn erase(connection: &mut AnyConnection, resource: &str) -> sqlx::Result<()> {
    sqlx::query(
        "insert into erased_keys (id, resource, purpose) \
         select id, resource, purpose from keys where resource = $1",
    )
    .bind(resource)
    .execute(&mut *connection)
    .await?;
    for gone in ["delete from keys where resource = $1", "delete from devices where user_id = $1"] {
        sqlx::query(gone).bind(resource).execute(&mut *connection).await?;
    }
    // What the person made or may have in the published protocol.
    let holder = format!("{HOLDER_USER}{resource}");
    for gone in [
        "delete from shared_keys where creator = $1 \
         or resource in (select id from resources where creator = $1)",
        "delete from authorizations where holder = $1 \
         or resource in (select id from resources where creator = $1)",
        "delete from resources where creator = $1",
        "delete from channel_answers \
         where channel in (select id from channels where caller = $1)",
        "delete from channels where caller = $1",
    ] {
        sqlx::query(gone).bind(holder.as_str()).execute(&mut *connection).await?;
    }
    Ok(())
}

/// As it stands in the database; never changes.
fn name(what: What) -> &'static str {
    match what {
        What::Rotate => "rotate",
        What::Revoke => "revoke",
        What::Erase => "erase",
        What::Readmit => "readmit",
    }
}

fn what(row: &AnyRow) -> sqlx::Result<What> {
    let text: String = row.try_get("what")?;
    let all = [What::Rotate, What::Revoke, What::Erase, What::Readmit];
    let known = all.into_iter().find(|known| name(*known) == text);
    known.ok_or_else(|| unreadable("an act of a newer version"))
}
