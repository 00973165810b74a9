//! Writes what was decided into the organizer's own copy.

use jiff::SignedDuration;

use super::{Found, Pass};
use crate::{
    brakes::{self, Braked, Line},
    entry::{Entry, Kind},
    exchange,
    failure::Failure,
    lease::WRITE_NEEDS,
    meeting::note,
    news::SourceId,
    remedy::Reason,
    write_back::{Case, Decision, Write},
};

/// Times a write is decided anew when somebody else wrote first.
const WRITE_TRIES: u32 = 3;
/// When the record of writes is tried again.
const RECORD_AGAIN: SignedDuration = SignedDuration::from_mins(5);

impl Pass<'_> {
    /// The entry as it is afterwards; `None` if it has vanished meanwhile.
    pub(super) async fn write_back(
        &mut self,
        mut entry: Box<Entry>,
    ) -> Result<Option<Box<Entry>>, Failure> {
        let following = self.following;
        for _ in 0..WRITE_TRIES {
            if self.needs_master(&entry) && !self.read_master(&entry).await? {
                return Ok(Some(entry));
            }
            let master = self.masters.get(&entry.uid).and_then(Option::as_deref);
            let decision = following.practice.decide(&Case {
                entry: &entry,
                master: master.filter(|_| entry.kind == Kind::Exception),
                owner: following.session.mailbox(),
                secret: &following.conference_secret,
                now: self.now,
            });
            let (write, got) = match decision {
                Decision::Leave(note) => {
                    self.release(&entry, note);
                    entry.meeting.notes.extend(note);
                    return Ok(Some(entry));
                }
                Decision::Keep(plan) => match self.keep(&entry, &plan).await? {
                    Some((write, got)) => (write, Some((plan, got))),
                    None => return Ok(Some(entry)),
                },
                Decision::Make(plan) => match self.make(&mut entry, &plan).await? {
                    Some((write, got)) => (write, Some((plan, got))),
                    None => return Ok(Some(entry)),
                },
                Decision::Strip(write) => (*write, None),
            };
            // A lease that ends while Exchange writes would let a second connector write too.
            let lease = following.lease().filter(|lease| lease.is_good_for(WRITE_NEEDS));
            let until = lease.ok_or(Failure::Lease)?.last_moment_to_write();
            if !self.may_write(&mut entry, &write) {
                return Ok(Some(entry));
            }
            let written = self.session.write(&write, until).await;
            self.record(&entry, &write, &written);
            match written {
                Ok(version) => {
                    tracing::info!(mailbox.id = %following.user, cause = write.cause.word(), mails = write.mails.word(), "Wrote into an invitation");
                    entry.after(write, version);
                    match got {
                        Some((plan, conference)) => self.settled(&entry, &plan, &conference),
                        None => self.release(&entry, None),
                    }
                    return Ok(Some(entry));
                }
                Err(failure) if failure.is_conflict() => {
                    let again = self.session.entries(std::slice::from_ref(&entry.id)).await?;
                    match again.into_iter().next() {
                        Some(Found::Entry(now)) => entry = now,
                        Some(Found::Trouble(failure)) => return Err(failure.into()),
                        Some(Found::Gone | Found::Unusable(_)) | None => return Ok(None),
                    }
                }
                Err(failure) if failure.is_gone() => return Ok(None),
                Err(failure) => return self.not_written(entry, failure).map(Some),
            }
        }
        // Somebody keeps changing it; their last change will be announced.
        Ok(Some(entry))
    }

    /// Exceptions far ahead are in no window yet; their series, which has just been read, says that
    /// they are there.
    pub(super) async fn write_back_to_exceptions(&mut self, series: &[u8]) -> Result<(), Failure> {
        let master = self.masters.get(series).and_then(Option::as_deref);
        let is_writable = |master: &&Entry| {
            master.is_organizer && !master.is_cancelled && !master.is_over(self.now)
        };
        let (_, to) = self.bounds();
        let exceptions = master.filter(is_writable).map(|master| &master.exceptions);
        let ahead = exceptions.into_iter().flatten().filter(|(_, end)| *end > to);
        let ids: Vec<SourceId> = ahead.map(|(id, _)| id.clone()).collect();
        for found in self.session.entries(&ids).await? {
            match found {
                Found::Entry(entry) if entry.kind == Kind::Exception => {
                    self.write_back(entry).await?;
                }
                Found::Entry(_) | Found::Gone => {}
                Found::Unusable(why) => self.unusable(why),
                Found::Trouble(failure) => self.trouble(failure)?,
            }
        }
        Ok(())
    }

    /// Only what may be written to is worth the request.
    fn needs_master(&self, entry: &Entry) -> bool {
        let may_ask = entry.location.0.contains('@') || entry.stamp().is_some();
        entry.kind == Kind::Exception
            && entry.is_organizer
            && may_ask
            && !entry.is_over(self.now)
            && !self.masters.contains_key(&entry.uid)
    }

    fn may_write(&mut self, entry: &mut Entry, write: &Write) -> bool {
        let brakes = &self.following.brakes;
        if brakes.is_dry_run {
            tracing::info!(mailbox.id = %self.following.user, cause = write.cause.word(), mails = write.mails.word(), "Would write into an invitation");
            entry.meeting.notes.push(note::DRY_RUN);
            return false;
        }
        let alarms = &self.following.alarms;
        match brakes.permit(&self.line(entry, write, "begun"), self.now) {
            Ok(()) => {
                if brakes.is_calm() {
                    alarms.clear(Reason::ManyWrites);
                }
                alarms.clear(Reason::WriteRecord);
                true
            }
            Err(braked) => {
                let (reason, again) = match braked {
                    Braked::TooMany { again } => (Reason::ManyWrites, Some(again)),
                    Braked::NoRecord => {
                        (Reason::WriteRecord, self.now.checked_add(RECORD_AGAIN).ok())
                    }
                };
                alarms.raise(reason, None);
                entry.meeting.notes.push(note::PENDING);
                self.is_postponed = true;
                self.due(again);
                false
            }
        }
    }

    fn record<T>(&self, entry: &Entry, write: &Write, written: &Result<T, exchange::Failure>) {
        let line = self.line(entry, write, brakes::result_of(written));
        if let Err(error) = self.following.brakes.record(&line) {
            tracing::error!(error = %error, "The record of writes cannot be written");
            self.following.alarms.raise(Reason::WriteRecord, None);
        }
    }

    fn line(&self, entry: &Entry, write: &Write, result: &'static str) -> Line {
        Line::about(entry, write, self.following.user, self.following.clock.now(), result)
    }

    /// Trouble that passes is met by trying again. A refusal that concerns this entry alone must
    /// not stop the calendar.
    fn not_written(
        &mut self,
        mut entry: Box<Entry>,
        failure: exchange::Failure,
    ) -> Result<Box<Entry>, Failure> {
        if !failure.concerns_one_entry() {
            return Err(failure.into());
        }
        tracing::warn!(mailbox.id = %self.following.user, error = %failure, "Join details could not be written into an invitation");
        entry.meeting.notes.push(note::NO_CONFERENCE);
        self.provisional.insert(entry.id.clone());
        Ok(entry)
    }
}
