//! One page of changes and the state that covers it: both or neither. Many of them share a
//! transaction (`crates/cloud/src/store/writer.rs`), each with an answer of its own.

use jiff::Timestamp;
use protocol::{
    connector::{Commit, Committed},
    ids::{ConnectorId, MeetingId, UserId},
    join_button,
    meeting::SealedMeeting,
};
use sqlx::{AnyConnection, Row as _};
use uuid::Uuid;

use super::{ChangeKind, Failure, Result, Store, leases, micros};

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
    /// All of it or nothing. Returns when it lies on the disk, which the writer
    /// waits for once for all who commit at this moment.
    pub async fn commit(
        &self,
        connector: &ConnectorId,
        user: UserId,
        commit: Commit,
    ) -> Result<Committed, CommitRefused> {
        let _hold = self.clock.hold();
        let meetings = commit.upserts.iter().map(Row::of).collect::<Result<Vec<_>>>()?;
        self.writer.carry_out(Order { connector: connector.clone(), user, commit, meetings }).await
    }
}

/// A commit, with everything that can be done before it has the database.
pub(super) struct Order {
    connector: ConnectorId,
    pub(super) user: UserId,
    commit: Commit,
    meetings: Vec<Row>,
}

/// A meeting as it lies in its table.
struct Row {
    id: MeetingId,
    series: MeetingId,
    starts_at: i64,
    ends_at: i64,
    rev: i64,
    has_join: i64,
    body: String,
}

impl Row {
    fn of(meeting: &SealedMeeting) -> Result<Self> {
        let (_, ends_at) = join_button::window(meeting.start, meeting.duration_minutes);
        Ok(Self {
            id: meeting.id.clone(),
            series: meeting.series_id.clone(),
            starts_at: micros(meeting.start),
            ends_at: micros(ends_at),
            rev: meeting.hc.rev,
            has_join: i64::from(meeting.meeting_join_info.is_some() && !meeting.is_deleted),
            body: body(meeting)?,
        })
    }
}

impl Order {
    /// Inside a transaction with others: what refuses an order is found out before it has written
    /// anything, so that a refusal takes nothing back and does not touch the others.
    pub(super) async fn carry_out(
        &self,
        connection: &mut AnyConnection,
        organization: &str,
        now: Timestamp,
    ) -> Result<Result<Committed, CommitRefused>> {
        let Self { connector, user, commit, meetings } = self;
        let holder = (commit.owner, commit.lease_epoch);
        if !leases::is_held(connection, organization, connector, *user, holder, now).await? {
            return Ok(Err(CommitRefused::StaleLease));
        }
        let mut list = List { connection, organization, user: user.to_string(), rev: 0, now };
        // Only now is it known that nobody else writes this list: who was first may have written
        // the very same batch.
        let Some(version) = list.replace_state(commit).await? else {
            let answer = list.answer(commit.batch_id).await?;
            return Ok(answer.ok_or(CommitRefused::StateConflict));
        };
        let before = list.lock().await?;
        for meeting in meetings {
            list.put(meeting).await?;
        }
        for id in &commit.deletes {
            list.delete(id).await?;
        }
        if list.rev > before {
            list.save_head().await?;
        }
        let answer = Committed { version, user_rev: list.rev };
        list.remember(commit.batch_id, answer).await?;
        Ok(Ok(answer))
    }
}

/// One user's list while it is being changed.
struct List<'a> {
    connection: &'a mut AnyConnection,
    organization: &'a str,
    user: String,
    rev: i64,
    now: Timestamp,
}

impl List<'_> {
    /// Takes the head row and reads it. The lock on it makes revisions gap-free and ordered, also
    /// after rollbacks; a database sequence would leave gaps.
    async fn lock(&mut self) -> Result<i64> {
        let row = sqlx::query(
            "insert into head (organization, user_id, rev) values ($1, $2, 0) \
             on conflict (organization, user_id) do update set rev = head.rev returning rev",
        )
        .bind(self.organization)
        .bind(&self.user)
        .fetch_one(&mut *self.connection)
        .await?;
        self.rev = row.try_get(0)?;
        Ok(self.rev)
    }

    async fn answer(&mut self, batch: Uuid) -> Result<Option<Committed>> {
        let row = sqlx::query(
            "select version, user_rev from commit_result \
             where organization = $1 and user_id = $2 and batch_id = $3",
        )
        .bind(self.organization)
        .bind(&self.user)
        .bind(batch.to_string())
        .fetch_optional(&mut *self.connection)
        .await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(Committed { version: row.try_get(0)?, user_rev: row.try_get(1)? }))
    }

    /// A state that is not newer than the stored one was delivered before: nothing to see.
    async fn put(&mut self, meeting: &Row) -> Result<()> {
        let stored = self.stored_rev(&meeting.id).await?;
        if stored.is_some_and(|stored| meeting.rev <= stored) {
            return Ok(());
        }
        let kind = if stored.is_some() { ChangeKind::Update } else { ChangeKind::Create };
        self.log(&meeting.id, kind).await?;
        self.write(meeting).await
    }

    async fn stored_rev(&mut self, id: &MeetingId) -> Result<Option<i64>> {
        let stored = "select rev from meeting where organization = $1 and user_id = $2 and id = $3";
        let row = sqlx::query(stored)
            .bind(self.organization)
            .bind(&self.user)
            .bind(&id.0)
            .fetch_optional(&mut *self.connection)
            .await?;
        Ok(row.map(|row| row.try_get(0)).transpose()?)
    }

    async fn write(&mut self, meeting: &Row) -> Result<()> {
        sqlx::query(
            "insert into meeting (organization, user_id, id, series, starts_at, ends_at, \
                                  rev, user_rev, has_join, body) \
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
             on conflict (organization, user_id, id) do update set \
               series = excluded.series, starts_at = excluded.starts_at, \
               ends_at = excluded.ends_at, rev = excluded.rev, user_rev = excluded.user_rev, \
               has_join = excluded.has_join, body = excluded.body",
        )
        .bind(self.organization)
        .bind(&self.user)
        .bind(&meeting.id.0)
        .bind(&meeting.series.0)
        .bind(meeting.starts_at)
        .bind(meeting.ends_at)
        .bind(meeting.rev)
        .bind(self.rev)
        .bind(meeting.has_join)
        .bind(&meeting.body)
        .execute(&mut *self.connection)
        .await?;
        Ok(())
    }

    async fn delete(&mut self, id: &MeetingId) -> Result<()> {
        let delete = "delete from meeting where organization = $1 and user_id = $2 and id = $3";
        let gone = sqlx::query(delete)
            .bind(self.organization)
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
            "insert into change (organization, user_id, rev, meeting_id, kind, at) \
             values ($1, $2, $3, $4, $5, $6)",
        )
        .bind(self.organization)
        .bind(&self.user)
        .bind(self.rev)
        .bind(&id.0)
        .bind(kind.word())
        .bind(micros(self.now))
        .execute(&mut *self.connection)
        .await?;
        Ok(())
    }

    async fn save_head(&mut self) -> Result<()> {
        sqlx::query("update head set rev = $3 where organization = $1 and user_id = $2")
            .bind(self.organization)
            .bind(&self.user)
            .bind(self.rev)
            .execute(&mut *self.connection)
            .await?;
        Ok(())
    }

    /// `None` if the state is not the expected version.
    async fn replace_state(&mut self, commit: &Commit) -> Result<Option<i64>> {
        let statement = if commit.expect_version == 0 {
            "insert into mailbox_state (organization, user_id, version, lease_epoch, sealed_state) \
             values ($1, $2, $3 + 1, $4, $5) \
             on conflict (organization, user_id) do nothing returning version"
        } else {
            "update mailbox_state set version = version + 1, lease_epoch = $4, sealed_state = $5 \
             where organization = $1 and user_id = $2 and version = $3 returning version"
        };
        let row = sqlx::query(statement)
            .bind(self.organization)
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
            "insert into commit_result (organization, user_id, batch_id, version, user_rev) \
             values ($1, $2, $3, $4, $5)",
        )
        .bind(self.organization)
        .bind(&self.user)
        .bind(batch.to_string())
        .bind(answer.version)
        .bind(answer.user_rev)
        .execute(&mut *self.connection)
        .await?;
        sqlx::query(
            "delete from commit_result \
             where organization = $1 and user_id = $2 and version <= $3",
        )
        .bind(self.organization)
        .bind(&self.user)
        .bind(answer.version - ANSWERS_KEPT)
        .execute(&mut *self.connection)
        .await?;
        Ok(())
    }
}

/// As it will be served, except for the links, which depend on our address, and the user's revision,
/// which has a column of its own.
fn body(meeting: &SealedMeeting) -> Result<String> {
    if meeting.links.is_empty() {
        return Ok(serde_json::to_string(meeting)?);
    }
    let mut meeting = meeting.clone();
    meeting.links.clear();
    Ok(serde_json::to_string(&meeting)?)
}
