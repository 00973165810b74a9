//! Channels lie in the database until they end, wrapped by the master key, so that a restart ends
//! none; and the answers given in them, still sealed, for requests that come again.

use std::str::FromStr as _;

use jiff::Timestamp;
use sqlx::Row as _;
use uuid::Uuid;

use super::{Store, unreadable};

/// Channels of one caller; the oldest gives way to a new one.
pub(crate) const CHANNELS_PER_CALLER_MAX: i64 = 64;
/// Answers kept of one channel; after that it must be renewed.
pub(crate) const ANSWERS_PER_CHANNEL_MAX: i64 = 2_000;

/// No `Debug`, since it holds a wrapped secret.
pub(crate) struct StoredChannel {
    pub(crate) id: Uuid,
    /// Hash of the frame that began it.
    pub(crate) handshake: String,
    /// As in the log.
    pub(crate) caller: String,
    pub(crate) secret: Vec<u8>,
    /// The signed frame that it was begun with.
    pub(crate) answer: String,
    pub(crate) ends: Timestamp,
}

impl Store {
    pub(crate) async fn put_channel(&self, channel: StoredChannel) -> sqlx::Result<()> {
        let _hold = self.clock.hold();
        let mut transaction = self.database.begin().await?;
        sqlx::query(
            "insert into channels (id, handshake, caller, secret, answer, ends) \
             values ($1, $2, $3, $4, $5, $6)",
        )
        .bind(channel.id.to_string())
        .bind(channel.handshake)
        .bind(channel.caller.as_str())
        .bind(channel.secret)
        .bind(channel.answer)
        .bind(channel.ends.as_millisecond())
        .execute(&mut *transaction)
        .await?;
        sqlx::query(
            "delete from channels where caller = $1 and id not in \
             (select id from channels where caller = $1 order by ends desc, id limit $2)",
        )
        .bind(channel.caller)
        .bind(CHANNELS_PER_CALLER_MAX)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await
    }

    pub(crate) async fn find_channel(
        &self,
        id: Uuid,
        now: Timestamp,
    ) -> sqlx::Result<Option<StoredChannel>> {
        let _hold = self.clock.hold();
        let row = sqlx::query(
            "select id, handshake, caller, secret, ends from channels where id = $1 and ends > $2",
        )
        .bind(id.to_string())
        .bind(now.as_millisecond())
        .fetch_optional(&self.database.pool)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let ends = Timestamp::from_millisecond(row.try_get("ends")?).map_err(unreadable)?;
        Ok(Some(StoredChannel {
            id: Uuid::from_str(&row.try_get::<String, _>("id")?).map_err(unreadable)?,
            handshake: row.try_get("handshake")?,
            caller: row.try_get("caller")?,
            secret: row.try_get("secret")?,
            answer: String::new(),
            ends,
        }))
    }

    /// What the same first frame was answered.
    pub(crate) async fn find_handshake(
        &self,
        handshake: &str,
        now: Timestamp,
    ) -> sqlx::Result<Option<String>> {
        let _hold = self.clock.hold();
        sqlx::query_scalar("select answer from channels where handshake = $1 and ends > $2")
            .bind(handshake.to_owned())
            .bind(now.as_millisecond())
            .fetch_optional(&self.database.pool)
            .await
    }

    pub(crate) async fn find_answer(
        &self,
        channel: Uuid,
        request: Uuid,
    ) -> sqlx::Result<Option<String>> {
        let _hold = self.clock.hold();
        sqlx::query_scalar("select answer from channel_answers where channel = $1 and request = $2")
            .bind(channel.to_string())
            .bind(request.to_string())
            .fetch_optional(&self.database.pool)
            .await
    }

    /// How many requests were answered in this channel.
    pub(crate) async fn count_answers(&self, channel: Uuid) -> sqlx::Result<i64> {
        let _hold = self.clock.hold();
        sqlx::query_scalar("select count(*) from channel_answers where channel = $1")
            .bind(channel.to_string())
            .fetch_one(&self.database.pool)
            .await
    }

    pub(crate) async fn put_answer(
        &self,
        channel: Uuid,
        request: Uuid,
        answer: &str,
    ) -> sqlx::Result<()> {
        let _hold = self.clock.hold();
        sqlx::query(
            "insert into channel_answers (channel, request, answer) values ($1, $2, $3) \
             on conflict (channel, request) do nothing",
        )
        .bind(channel.to_string())
        .bind(request.to_string())
        .bind(answer.to_owned())
        .execute(&self.database.pool)
        .await
        .map(drop)
    }

    /// Channels that have ended, their answers, and unbound keys made before `old`.
    pub(crate) async fn purge_ended(&self, now: Timestamp, old: Timestamp) -> sqlx::Result<u64> {
        let _hold = self.clock.hold();
        let mut transaction = self.database.begin().await?;
        let ended = sqlx::query("delete from channels where ends <= $1")
            .bind(now.as_millisecond())
            .execute(&mut *transaction)
            .await?;
        sqlx::query("delete from channel_answers where channel not in (select id from channels)")
            .execute(&mut *transaction)
            .await?;
        let keys = sqlx::query("delete from shared_keys where resource = '' and made < $1")
            .bind(old.as_millisecond())
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(ended.rows_affected() + keys.rows_affected())
    }
}
