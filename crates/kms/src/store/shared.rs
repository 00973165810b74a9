//! Keys that are born unbound, resources they are bound to, and who may have the keys of which.

use std::str::FromStr as _;

use jiff::Timestamp;
use sqlx::{Row as _, any::AnyRow};
use uuid::Uuid;

use super::{Store, unreadable};

/// A key of the published protocol as it lies in the database.
#[derive(Clone)]
pub(crate) struct SharedKey {
    pub(crate) id: Uuid,
    /// [`Holder`] as text.
    pub(crate) creator: String,
    pub(crate) client: String,
    pub(crate) made: Timestamp,
    pub(crate) binding: Option<Binding>,
    pub(crate) wrapped: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Binding {
    pub(crate) resource: Uuid,
    pub(crate) since: Timestamp,
}

pub(crate) struct StoredResource {
    pub(crate) id: Uuid,
    pub(crate) creator: String,
}

pub(crate) struct StoredAuthorization {
    pub(crate) id: Uuid,
    pub(crate) resource: Uuid,
    pub(crate) holder: String,
}

/// Which keys of a resource are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BoundKeys {
    pub(crate) after: Option<Timestamp>,
    pub(crate) before: Option<Timestamp>,
    pub(crate) most: i64,
}

const COLUMNS: &str = "select id, creator, client, made, resource, bound, wrapped from shared_keys";

impl Store {
    pub(crate) async fn put_shared_keys(&self, keys: &[SharedKey]) -> sqlx::Result<()> {
        let _hold = self.clock.hold();
        let mut transaction = self.database.begin().await?;
        for key in keys {
            sqlx::query(
                "insert into shared_keys (id, creator, client, made, resource, bound, wrapped) \
                 values ($1, $2, $3, $4, '', 0, $5)",
            )
            .bind(key.id.to_string())
            .bind(key.creator.clone())
            .bind(key.client.clone())
            .bind(key.made.as_millisecond())
            .bind(key.wrapped.clone())
            .execute(&mut *transaction)
            .await?;
        }
        transaction.commit().await
    }

    pub(crate) async fn find_shared_key(&self, id: Uuid) -> sqlx::Result<Option<SharedKey>> {
        let _hold = self.clock.hold();
        let statement = sqlx::AssertSqlSafe(format!("{COLUMNS} where id = $1"));
        let row =
            sqlx::query(statement).bind(id.to_string()).fetch_optional(&self.database.pool).await?;
        row.map(|row| shared_key(&row)).transpose()
    }

    pub(crate) async fn count_unbound(&self, creator: &str) -> sqlx::Result<i64> {
        let _hold = self.clock.hold();
        sqlx::query_scalar("select count(*) from shared_keys where creator = $1 and resource = ''")
            .bind(creator.to_owned())
            .fetch_one(&self.database.pool)
            .await
    }

    /// For good; `false` if it is bound already.
    pub(crate) async fn bind_key(
        &self,
        id: Uuid,
        binding: Binding,
        wrapped: Vec<u8>,
    ) -> sqlx::Result<bool> {
        let _hold = self.clock.hold();
        let mut connection = self.database.pool.acquire().await?;
        bind(&mut connection, id, binding, wrapped).await
    }

    /// Newest first.
    pub(crate) async fn bound_keys(
        &self,
        resource: Uuid,
        wanted: BoundKeys,
    ) -> sqlx::Result<Vec<SharedKey>> {
        let _hold = self.clock.hold();
        let ms =
            |time: Option<Timestamp>, otherwise| time.map_or(otherwise, Timestamp::as_millisecond);
        let statement = sqlx::AssertSqlSafe(format!(
            "{COLUMNS} where resource = $1 and bound > $2 and bound < $3 \
             order by bound desc, id limit $4"
        ));
        let rows = sqlx::query(statement)
            .bind(resource.to_string())
            .bind(ms(wanted.after, i64::MIN))
            .bind(ms(wanted.before, i64::MAX))
            .bind(wanted.most)
            .fetch_all(&self.database.pool)
            .await?;
        rows.iter().map(shared_key).collect()
    }

    /// With those who may have its keys and with its first keys; `false` and nothing of it if one
    /// of the keys has been bound meanwhile.
    pub(crate) async fn put_resource(
        &self,
        resource: StoredResource,
        made: Timestamp,
        authorizations: &[StoredAuthorization],
        keys: Vec<(Uuid, Vec<u8>)>,
    ) -> sqlx::Result<bool> {
        let _hold = self.clock.hold();
        let mut transaction = self.database.begin().await?;
        sqlx::query("insert into resources (id, creator, made) values ($1, $2, $3)")
            .bind(resource.id.to_string())
            .bind(resource.creator)
            .bind(made.as_millisecond())
            .execute(&mut *transaction)
            .await?;
        for authorization in authorizations {
            put_authorization(&mut transaction, authorization).await?;
        }
        let binding = Binding { resource: resource.id, since: made };
        for (key, wrapped) in keys {
            if !bind(&mut transaction, key, binding, wrapped).await? {
                transaction.rollback().await?;
                return Ok(false);
            }
        }
        transaction.commit().await?;
        Ok(true)
    }

    pub(crate) async fn find_resource(&self, id: Uuid) -> sqlx::Result<Option<StoredResource>> {
        let _hold = self.clock.hold();
        let row = sqlx::query("select creator from resources where id = $1")
            .bind(id.to_string())
            .fetch_optional(&self.database.pool)
            .await?;
        row.map(|row| Ok(StoredResource { id, creator: row.try_get("creator")? })).transpose()
    }

    pub(crate) async fn count_resources(&self, creator: &str) -> sqlx::Result<i64> {
        let _hold = self.clock.hold();
        sqlx::query_scalar("select count(*) from resources where creator = $1")
            .bind(creator.to_owned())
            .fetch_one(&self.database.pool)
            .await
    }

    /// With everything that hangs on it: nobody can open what its keys sealed after that.
    pub(crate) async fn delete_resource(&self, id: Uuid) -> sqlx::Result<()> {
        let _hold = self.clock.hold();
        let mut transaction = self.database.begin().await?;
        for statement in [
            "delete from shared_keys where resource = $1",
            "delete from authorizations where resource = $1",
            "delete from resources where id = $1",
        ] {
            sqlx::query(statement).bind(id.to_string()).execute(&mut *transaction).await?;
        }
        transaction.commit().await
    }

    /// Whether somebody may have the keys of a resource: named there, or on a resource that is.
    pub(crate) async fn is_authorized(&self, resource: Uuid, holder: &str) -> sqlx::Result<bool> {
        let _hold = self.clock.hold();
        let found: i64 = sqlx::query_scalar(
            "select count(*) from authorizations where resource = $1 and (holder = $2 or holder in \
             (select 'resource ' || resource from authorizations where holder = $2))",
        )
        .bind(resource.to_string())
        .bind(holder.to_owned())
        .fetch_one(&self.database.pool)
        .await?;
        Ok(found > 0)
    }

    /// Who is there already stays as they are.
    pub(crate) async fn put_authorizations(
        &self,
        authorizations: &[StoredAuthorization],
    ) -> sqlx::Result<()> {
        let _hold = self.clock.hold();
        let mut transaction = self.database.begin().await?;
        for authorization in authorizations {
            put_authorization(&mut transaction, authorization).await?;
        }
        transaction.commit().await
    }

    /// All of a resource, or the one of this holder.
    pub(crate) async fn authorizations(
        &self,
        resource: Uuid,
        holder: Option<&str>,
    ) -> sqlx::Result<Vec<StoredAuthorization>> {
        let _hold = self.clock.hold();
        let rows = sqlx::query(
            "select id, holder from authorizations \
             where resource = $1 and ($2 = '' or holder = $2) order by holder",
        )
        .bind(resource.to_string())
        .bind(holder.unwrap_or_default().to_owned())
        .fetch_all(&self.database.pool)
        .await?;
        let read = |row: &AnyRow| {
            let id = row.try_get::<String, _>("id")?;
            let id = Uuid::from_str(&id).map_err(unreadable)?;
            Ok(StoredAuthorization { id, resource, holder: row.try_get("holder")? })
        };
        rows.iter().map(read).collect()
    }

    pub(crate) async fn delete_authorization(
        &self,
        resource: Uuid,
        holder: &str,
    ) -> sqlx::Result<()> {
        let _hold = self.clock.hold();
        sqlx::query("delete from authorizations where resource = $1 and holder = $2")
            .bind(resource.to_string())
            .bind(holder.to_owned())
            .execute(&self.database.pool)
            .await
            .map(drop)
    }
}

async fn bind(
    connection: &mut sqlx::AnyConnection,
    id: Uuid,
    binding: Binding,
    wrapped: Vec<u8>,
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "update shared_keys set resource = $2, bound = $3, wrapped = $4 \
         where id = $1 and resource = ''",
    )
    .bind(id.to_string())
    .bind(binding.resource.to_string())
    .bind(binding.since.as_millisecond())
    .bind(wrapped)
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

async fn put_authorization(
    connection: &mut sqlx::AnyConnection,
    authorization: &StoredAuthorization,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into authorizations (id, resource, holder) values ($1, $2, $3) \
         on conflict (resource, holder) do nothing",
    )
    .bind(authorization.id.to_string())
    .bind(authorization.resource.to_string())
    .bind(authorization.holder.clone())
    .execute(connection)
    .await
    .map(drop)
}

fn shared_key(row: &AnyRow) -> sqlx::Result<SharedKey> {
    let text = |column| row.try_get::<String, _>(column);
    let time = |column| {
        let ms: i64 = row.try_get(column)?;
        Timestamp::from_millisecond(ms).map_err(unreadable)
    };
    let resource = text("resource")?;
    let binding = if resource.is_empty() {
        None
    } else {
        let resource = Uuid::from_str(&resource).map_err(unreadable)?;
        Some(Binding { resource, since: time("bound")? })
    };
    Ok(SharedKey {
        id: Uuid::from_str(&text("id")?).map_err(unreadable)?,
        creator: text("creator")?,
        client: text("client")?,
        made: time("made")?,
        binding,
        wrapped: row.try_get("wrapped")?,
    })
}
