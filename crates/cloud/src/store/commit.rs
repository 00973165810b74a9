//! One page of changes and the state that covers it: both or neither.

use jiff::Timestamp;
use protocol::{
    connector::{Commit, Committed},
    ids::{ConnectorId, MeetingId, UserId},
    join_button,
    meeting::SealedMeeting,
};
use sqlx::{AnyConnection, Row};
use uuid::Uuid;

use super::{ChangeKind, Failure, Result, Store, head, leases, micros};

/// Answers kept per user for repeated commits; a connector repeats only its latest.
const ANSWERS_KEPT: i64 = 16;

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum CommitRefused {
    #[error("somebody else follows this mailbox now")]
    StaleLease,
    #[error("the mailbox's state is another version")]
    StateConflict,
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl From<sqlx::Error> for CommitRefused {
    fn from(error: sqlx::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl Store {
    /// All of it in one transaction, or nothing.
    pub async fn commit(
        &self,
        connector: &ConnectorId,
        user: UserId,
        commit: &Commit,
    ) -> Result<Committed, CommitRefused> {
        let _hold = self.clock.hold();
        let mut transaction = self.pool.begin().await?;
        let now = self.clock.now(); // after waiting for the connection, or the fence would be late
        let organization = &self.organization.0;
        if !leases::is_held(&mut transaction, organization, connector, user, commit, now).await? {
            return Err(CommitRefused::StaleLease);
        }
        let mut list = List::lock(&mut transaction, organization, user, now).await?;
        if let Some(answer) = list.answer(commit.batch_id).await? {
            return Ok(answer);
        }
        for meeting in &commit.upserts {
            list.put(meeting).await?;
        }
        for id in &commit.deletes {
            list.delete(id).await?;
        }
        let user_rev = list.save_head().await?;
        let version = list.replace_state(commit).await?.ok_or(CommitRefused::StateConflict)?;
        let answer = Committed { version, user_rev };
        list.remember(commit.batch_id, answer).await?;
        transaction.commit().await?;
        Ok(answer)
    }
}

/// One user's list while it is being changed. The lock on its head row makes revisions gap-free
/// and ordered, also after rollbacks; a database sequence would leave gaps.
struct List<'a> {
    connection: &'a mut AnyConnection,
    organization: &'a str,
    user: String,
    rev: i64,
    now: Timestamp,
}

impl<'a> List<'a> {
    async fn lock(
        connection: &'a mut AnyConnection,
        organization: &'a str,
        user: UserId,
        now: Timestamp,
    ) -> Result<Self> {
        sqlx::query(
            "insert into head (user_id, rev) values ($1, 0) \
             on conflict (user_id) do update set rev = head.rev",
        )
        .bind(user.to_string())
        .execute(&mut *connection)
        .await?;
        let rev = head(connection, user).await?;
        Ok(Self { connection, organization, user: user.to_string(), rev, now })
    }

    async fn answer(&mut self, batch: Uuid) -> Result<Option<Committed>> {
        let row = sqlx::query(
            "select version, user_rev from commit_result where user_id = $1 and batch_id = $2",
        )
        .bind(&self.user)
        .bind(batch.to_string())
        .fetch_optional(&mut *self.connection)
        .await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(Committed { version: row.try_get(0)?, user_rev: row.try_get(1)? }))
    }

    /// A state that is not newer than the stored one was delivered before: nothing to see.
    async fn put(&mut self, meeting: &SealedMeeting) -> Result<()> {
        let stored = self.stored_rev(&meeting.id).await?;
        if stored.is_some_and(|stored| meeting.hc.rev <= stored) {
            return Ok(());
        }
        let kind = if stored.is_some() { ChangeKind::Update } else { ChangeKind::Create };
        self.log(&meeting.id, kind).await?;
        self.write(meeting).await
    }

    async fn stored_rev(&mut self, id: &MeetingId) -> Result<Option<i64>> {
        let row = sqlx::query("select rev from meeting where user_id = $1 and id = $2")
            .bind(&self.user)
            .bind(&id.0)
            .fetch_optional(&mut *self.connection)
            .await?;
        Ok(row.map(|row| row.try_get(0)).transpose()?)
    }

    async fn write(&mut self, meeting: &SealedMeeting) -> Result<()> {
        let (_, ends_at) = join_button::window(meeting.start, meeting.duration_minutes);
        let has_join = meeting.meeting_join_info.is_some() && !meeting.is_deleted;
        sqlx::query(
            "insert into meeting (organization, user_id, id, series, starts_at, ends_at, \
                                  rev, user_rev, has_join, body) \
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
             on conflict (user_id, id) do update set \
               series = excluded.series, starts_at = excluded.starts_at, \
               ends_at = excluded.ends_at, rev = excluded.rev, user_rev = excluded.user_rev, \
               has_join = excluded.has_join, body = excluded.body",
        )
        .bind(self.organization)
        .bind(&self.user)
        .bind(&meeting.id.0)
        .bind(&meeting.series_id.0)
        .bind(micros(meeting.start))
        .bind(micros(ends_at))
        .bind(meeting.hc.rev)
        .bind(self.rev)
        .bind(i64::from(has_join))
        .bind(body(meeting, self.rev)?)
        .execute(&mut *self.connection)
        .await?;
        Ok(())
    }

    async fn delete(&mut self, id: &MeetingId) -> Result<()> {
        let gone = sqlx::query("delete from meeting where user_id = $1 and id = $2")
            .bind(&self.user)
            .bind(&id.0)
            .execute(&mut *self.connection)
            .await?;
        if gone.rows_affected() > 0 {
            self.log(id, ChangeKind::Delete).await?;
        }
        Ok(())
    }

    /// Gives the change the next revision.
    async fn log(&mut self, id: &MeetingId, kind: ChangeKind) -> Result<()> {
        self.rev += 1;
        sqlx::query(
            "insert into change (user_id, rev, meeting_id, kind, at) values ($1, $2, $3, $4, $5)",
        )
        .bind(&self.user)
        .bind(self.rev)
        .bind(&id.0)
        .bind(kind.word())
        .bind(micros(self.now))
        .execute(&mut *self.connection)
        .await?;
        Ok(())
    }

    async fn save_head(&mut self) -> Result<i64> {
        sqlx::query("update head set rev = $2 where user_id = $1")
            .bind(&self.user)
            .bind(self.rev)
            .execute(&mut *self.connection)
            .await?;
        Ok(self.rev)
    }

    /// `None` if the state is not the expected version.
    async fn replace_state(&mut self, commit: &Commit) -> Result<Option<i64>> {
        let statement = if commit.expect_version == 0 {
            "insert into mailbox_state (user_id, version, lease_epoch, sealed_state) \
             values ($1, $2 + 1, $3, $4) on conflict (user_id) do nothing returning version"
        } else {
            "update mailbox_state set version = version + 1, lease_epoch = $3, sealed_state = $4 \
             where user_id = $1 and version = $2 returning version"
        };
        let row = sqlx::query(statement)
            .bind(&self.user)
            .bind(commit.expect_version)
            .bind(commit.lease_epoch)
            .bind(&commit.sealed_state)
            .fetch_optional(&mut *self.connection)
            .await?;
        Ok(row.map(|row| row.try_get(0)).transpose()?)
    }

    async fn remember(&mut self, batch: Uuid, answer: Committed) -> Result<()> {
        sqlx::query(
            "insert into commit_result (user_id, batch_id, version, user_rev) \
             values ($1, $2, $3, $4)",
        )
        .bind(&self.user)
        .bind(batch.to_string())
        .bind(answer.version)
        .bind(answer.user_rev)
        .execute(&mut *self.connection)
        .await?;
        sqlx::query("delete from commit_result where user_id = $1 and version <= $2")
            .bind(&self.user)
            .bind(answer.version - ANSWERS_KEPT)
            .execute(&mut *self.connection)
            .await?;
        Ok(())
    }
}

/// As it will be served, except for the links, which depend on our address.
fn body(meeting: &SealedMeeting, user_rev: i64) -> Result<String> {
    let mut meeting = meeting.clone();
    meeting.hc.user_rev = user_rev;
    meeting.links.clear();
    Ok(serde_json::to_string(&meeting)?)
}
