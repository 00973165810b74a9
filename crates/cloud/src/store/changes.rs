//! The log of changes: what happened to a user's list after a revision.

use protocol::{
    feed::Position,
    ids::{MeetingId, UserId},
    meeting::SealedMeeting,
};
use sqlx::{Row, any::AnyRow};

use super::{Result, Store, head, meetings::opened};

/// What a change was for the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    Create,
    Update,
    Delete,
}

impl ChangeKind {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }

    fn from_word(word: &str) -> Self {
        match word {
            "create" => Self::Create,
            "delete" => Self::Delete,
            _ => Self::Update,
        }
    }
}

/// One revision with the meeting's *present* state, which may be of a later revision: applying it
/// early is harmless, since the later one follows. `None` if the meeting is gone by now.
#[derive(Clone, Debug, PartialEq)]
pub struct LoggedChange {
    pub rev: i64,
    pub id: MeetingId,
    pub kind: ChangeKind,
    pub meeting: Option<Box<SealedMeeting>>,
}

/// What follows a position.
#[derive(Clone, Debug, PartialEq)]
pub enum CatchUp {
    /// Every revision after it, oldest first, without a gap; `head` may be farther still.
    Changes { head: Position, changes: Vec<LoggedChange> },
    /// The log does not reach back that far, or the position is not of this database.
    Resync { head: Position },
}

impl Store {
    /// The user's newest position.
    pub async fn position(&self, user: UserId) -> Result<Position> {
        let _hold = self.clock.hold();
        Ok(Position { incarnation: self.incarnation().await?, rev: self.head(user).await? })
    }

    /// At most `limit` changes after a position.
    pub async fn changes_since(
        &self,
        user: UserId,
        since: Position,
        limit: u16,
    ) -> Result<CatchUp> {
        let _hold = self.clock.hold();
        let incarnation = self.incarnation().await?;
        let mut transaction = self.pool.begin().await?;
        let rev = head(&mut transaction, &self.organization.0, user).await?;
        let rows = sqlx::query(
            "select change.rev, change.meeting_id, change.kind, meeting.body, meeting.user_rev \
             from change \
             left join meeting on meeting.organization = change.organization \
               and meeting.user_id = change.user_id and meeting.id = change.meeting_id \
             where change.organization = $1 and change.user_id = $2 \
               and change.rev > $3 and change.rev <= $4 \
             order by change.rev limit $5",
        )
        .bind(&self.organization.0)
        .bind(user.to_string())
        .bind(since.rev)
        .bind(rev)
        .bind(i64::from(limit))
        .fetch_all(&mut *transaction)
        .await?;
        drop(transaction);
        let head = Position { incarnation, rev };
        let changes = rows.iter().map(logged_change).collect::<Result<Vec<_>>>()?;
        let is_ours = since.incarnation == incarnation && since.rev <= rev;
        let is_complete =
            changes.iter().zip(since.rev + 1..).all(|(change, rev)| change.rev == rev)
                && (since.rev == rev || !changes.is_empty());
        Ok(if is_ours && is_complete {
            CatchUp::Changes { head, changes }
        } else {
            CatchUp::Resync { head }
        })
    }
}

fn logged_change(row: &AnyRow) -> Result<LoggedChange> {
    let meeting = match row.try_get::<Option<String>, _>(3)? {
        Some(body) => Some(Box::new(opened(&body, row.try_get(4)?)?)),
        None => None,
    };
    Ok(LoggedChange {
        rev: row.try_get(0)?,
        id: MeetingId(row.try_get(1)?),
        kind: ChangeKind::from_word(&row.try_get::<String, _>(2)?),
        meeting,
    })
}
