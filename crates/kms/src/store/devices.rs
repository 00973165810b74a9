//! Public keys of devices that sign for users.

use jiff::Timestamp;
use protocol::keys::DeviceKey;
use sqlx::Row as _;
use uuid::Uuid;

use super::Store;
use crate::device_key::{CURVE, KEY_TYPE};

/// Devices of one user; the one registered longest ago makes room.
const DEVICES_PER_USER_MAX: i64 = 32;

/// A device as it lies in the database.
pub(crate) struct StoredDevice {
    pub(crate) key: DeviceKey,
    pub(crate) made: Timestamp,
}

impl Store {
    /// Registering again makes it the newest.
    pub(crate) async fn put_device(
        &self,
        user: Uuid,
        id: &str,
        device: &StoredDevice,
    ) -> sqlx::Result<()> {
        let _hold = self.clock.hold();
        let mut transaction = self.database.begin().await?;
        sqlx::query(
            "insert into devices (user_id, id, x, y, made_ms) values ($1, $2, $3, $4, $5) \
             on conflict (user_id, id) do update set made_ms = excluded.made_ms",
        )
        .bind(user.to_string())
        .bind(id)
        .bind(&device.key.x)
        .bind(&device.key.y)
        .bind(device.made.as_millisecond())
        .execute(&mut *transaction)
        .await?;
        sqlx::query(
            "delete from devices where user_id = $1 and id not in \
             (select id from devices where user_id = $1 order by made_ms desc, id limit $2)",
        )
        .bind(user.to_string())
        .bind(DEVICES_PER_USER_MAX)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await
    }

    pub(crate) async fn find_device(
        &self,
        user: Uuid,
        id: &str,
    ) -> sqlx::Result<Option<StoredDevice>> {
        let _hold = self.clock.hold();
        let row = sqlx::query("select x, y, made_ms from devices where user_id = $1 and id = $2")
            .bind(user.to_string())
            .bind(id)
            .fetch_optional(&self.database.pool)
            .await?;
        let Some(row) = row else { return Ok(None) };
        let (x, y) = (row.try_get("x")?, row.try_get("y")?);
        let made = Timestamp::from_millisecond(row.try_get("made_ms")?);
        let key = DeviceKey { kty: KEY_TYPE.into(), crv: CURVE.into(), x, y };
        Ok(Some(StoredDevice { key, made: made.unwrap_or(Timestamp::UNIX_EPOCH) }))
    }

    /// What it signed is not believed any more.
    pub(crate) async fn remove_device(&self, user: Uuid, id: &str) -> sqlx::Result<()> {
        let _hold = self.clock.hold();
        sqlx::query("delete from devices where user_id = $1 and id = $2")
            .bind(user.to_string())
            .bind(id)
            .execute(&self.database.pool)
            .await
            .map(drop)
    }
}
