//! Carries out one command in the calendar of whoever ordered it, at most once: what says that it
//! was done stands in the calendar itself, so that a repetition after any crash finds it there.

use jiff::Timestamp;
use protocol::{
    command::{CommandName, Outcome, Why},
    ids::{MailboxAddress, MeetingId},
    keys::Purpose,
    meeting::ResponseType,
};
use tokio::time::{Instant, timeout_at};
use world::http;

use super::{answer::AnswerSealer, wish::Wish};
use crate::{
    entry::Entry,
    exchange::{
        self, Session,
        schedule::{
            Answer, NewMeeting, Scheduler,
            amend::{Amended, Amendment, OrderNote},
        },
        session::Found,
    },
    failure::Failure,
    follower::Shared,
    news::SourceId,
    pass::{WINDOW_AHEAD, WINDOW_BACK},
    upload::Sealer,
};

/// Acts in one mailbox for its owner.
pub(super) struct Doing<'a> {
    pub(super) shared: &'a Shared,
    pub(super) session: Session,
    pub(super) scheduler: Scheduler,
    pub(super) name: CommandName,
    pub(super) sent_at_ms: i64,
    /// Nothing is begun, or waited for, after this: the lease ends.
    pub(super) until: Instant,
}

impl Doing<'_> {
    pub(super) async fn carry_out(&self, wish: &Wish) -> Result<Outcome, Failure> {
        let doing = async {
            match wish {
                Wish::Create(meeting) => self.create(meeting).await,
                Wish::Change(id, amendment) => self.change(id, amendment).await,
                Wish::Cancel(id) => self.cancel(id).await,
                Wish::Respond(id, answer) => self.respond(id, *answer).await,
                Wish::FreeBusy { people, from, to } => self.free_busy(people, *from, *to).await,
                Wish::Rooms => self.rooms().await,
            }
        };
        let done = timeout_at(self.until, doing).await;
        match done
            .unwrap_or_else(|_late| Err(exchange::Failure::from(http::Failure::Deadline).into()))
        {
            // Exchange said no to this one thing, and would again.
            Err(Failure::Exchange(failure)) if failure.concerns_one_entry() => {
                tracing::debug!(mailbox.id = %self.name.user, error = %failure, "An order was refused");
                Ok(refused(Why::Refused))
            }
            done => done,
        }
    }

    /// Looks first for what an earlier try has made.
    async fn create(&self, meeting: &NewMeeting) -> Result<Outcome, Failure> {
        let made = match self.scheduler.made(meeting.key).await? {
            Some(made) => made,
            // An order that was carried out, undone by hand, and comes once more.
            None if self.scheduler.was_removed(meeting.key).await? => {
                return Ok(refused(Why::Conflict));
            }
            None => self.scheduler.create(meeting).await?,
        };
        let meeting_id = match self.read(&made).await? {
            Some(entry) => {
                let recurrence = entry.recurrence_id();
                Some(self.sealer().await?.meeting_id(&entry.uid, recurrence.as_deref()))
            }
            None => None,
        };
        Ok(Outcome::Done { meeting_id, answer: None })
    }

    async fn change(&self, id: &MeetingId, amendment: &Amendment) -> Result<Outcome, Failure> {
        let Some(item) = self.find(id).await? else { return Ok(refused(Why::NotFound)) };
        let note = OrderNote { key: self.name.idempotency_key, sent_at_ms: self.sent_at_ms };
        Ok(match self.scheduler.amend(&item, amendment, note).await? {
            Amended::Done => Outcome::Done { meeting_id: Some(id.clone()), answer: None },
            Amended::Outdated => refused(Why::Stale),
            Amended::NotOrganizer => refused(Why::Conflict),
        })
    }

    /// What is not there any more is called off already.
    async fn cancel(&self, id: &MeetingId) -> Result<Outcome, Failure> {
        let Some(entry) = self.find_entry(id).await? else { return Ok(done()) };
        if !entry.is_organizer {
            return Ok(refused(Why::Conflict));
        }
        if entry.is_cancelled {
            return Ok(done());
        }
        if entry.has_attendees {
            self.scheduler.cancel(&entry.id, &entry.version.0).await?;
        } else {
            self.scheduler.remove(&entry.id, &entry.version.0).await?;
        }
        Ok(done())
    }

    /// An answer that was given already is not given again.
    async fn respond(&self, id: &MeetingId, answer: Answer) -> Result<Outcome, Failure> {
        let Some(entry) = self.find_entry(id).await? else {
            return Ok(match answer {
                // Exchange takes a declined meeting out of the calendar.
                Answer::Decline => done(),
                Answer::Accept | Answer::Tentative => refused(Why::NotFound),
            });
        };
        let wanted = match answer {
            Answer::Accept => ResponseType::Accepted,
            Answer::Tentative => ResponseType::Tentative,
            Answer::Decline => ResponseType::Declined,
        };
        if entry.meeting.response == wanted {
            return Ok(done());
        }
        if entry.is_organizer || entry.is_cancelled {
            return Ok(refused(Why::Conflict));
        }
        self.scheduler.respond(&entry.id, &entry.version.0, answer).await?;
        Ok(done())
    }

    async fn free_busy(
        &self,
        people: &[MailboxAddress],
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Outcome, Failure> {
        let known = self.scheduler.availability(people, from, to).await?;
        let answer = self.answer_sealer().await?.free_busy(&known)?;
        Ok(Outcome::Done { meeting_id: None, answer: Some(answer) })
    }

    async fn rooms(&self) -> Result<Outcome, Failure> {
        let rooms = self.scheduler.rooms().await?;
        let answer = self.answer_sealer().await?.rooms(&rooms)?;
        Ok(Outcome::Done { meeting_id: None, answer: Some(answer) })
    }

    /// The entry of a listed meeting. Its id says nothing; the rows of the window are tried.
    async fn find(&self, id: &MeetingId) -> Result<Option<SourceId>, Failure> {
        let now = self.shared.world.clock.now();
        let from = now.checked_sub(WINDOW_BACK).unwrap_or(Timestamp::MIN);
        let to = now.checked_add(WINDOW_AHEAD).unwrap_or(Timestamp::MAX);
        let sealer = self.sealer().await?;
        let rows = self.session.window(from, to).await?;
        let found = rows.into_iter().find(|row| {
            let recurrence = row.original_start.map(|start| start.to_string());
            sealer.meeting_id(&row.uid, recurrence.as_deref()) == *id
        });
        Ok(found.map(|row| row.id))
    }

    async fn find_entry(&self, id: &MeetingId) -> Result<Option<Box<Entry>>, Failure> {
        match self.find(id).await? {
            Some(item) => self.read(&item).await,
            None => Ok(None),
        }
    }

    async fn read(&self, item: &SourceId) -> Result<Option<Box<Entry>>, Failure> {
        let found = self.session.entries(std::slice::from_ref(item)).await?;
        match found.into_iter().next() {
            Some(Found::Entry(entry)) => Ok(Some(entry)),
            Some(Found::Trouble(failure)) => Err(failure.into()),
            Some(Found::Gone | Found::Unusable(_)) | None => Ok(None),
        }
    }

    /// With keys that the client remembers.
    async fn sealer(&self) -> Result<Sealer, Failure> {
        let Shared { keys, organization, connector, world, .. } = self.shared;
        Sealer::new(keys, organization, connector, self.name.user, &world.chance).await
    }

    async fn answer_sealer(&self) -> Result<AnswerSealer<'_>, Failure> {
        let Shared { keys, organization, world, .. } = self.shared;
        Ok(AnswerSealer {
            organization,
            name: self.name,
            key: keys.current(self.name.user.0, Purpose::Content).await?,
            now_ms: world.clock.now_ms(),
            chance: &world.chance,
        })
    }
}

fn done() -> Outcome {
    Outcome::Done { meeting_id: None, answer: None }
}

pub(super) fn refused(why: Why) -> Outcome {
    Outcome::Refused { why }
}
