//! One pass over a mailbox: read, write join details back where they are asked for, and say what
//! has to be uploaded.

mod conferences;
mod explain;
mod links;
mod writing;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use protocol::ids::MeetingId;

use crate::{
    entry::{Entry, Kind, Version},
    exchange::{self, Session, item::Row, session::Found},
    failure::Failure,
    follower::Following,
    meeting::note,
    news::SourceId,
    state,
};

/// What is listed: from so long ago …
pub const WINDOW_BACK: SignedDuration = SignedDuration::from_hours(7 * 24);
/// … to so far ahead.
pub const WINDOW_AHEAD: SignedDuration = SignedDuration::from_hours(31 * 24);
/// Entries read, and written to if they ask for it, before the next are.
const READ_AT_ONCE: usize = 50;

/// What a pass found out.
#[derive(Default)]
pub struct Outcome {
    pub changed: BTreeMap<MeetingId, Changed>,
    pub deleted: BTreeSet<MeetingId>,
    /// The bookmark behind everything that was read, if that was asked for.
    pub sync_state: Option<String>,
    /// Conferences as they are held now; `None` for what is held no longer.
    pub held: BTreeMap<String, Option<state::Held>>,
    /// Entries to look at once this outcome is stored.
    pub again: BTreeSet<SourceId>,
    /// When something has to be tried again, at the latest.
    pub due: Option<Timestamp>,
    /// Why it is not all there is to find. What was found is true all the same, and worth storing:
    /// a large calendar is read in spite of interruptions.
    pub interrupted: Option<Failure>,
}

/// A meeting to upload, with what it was made from.
pub struct Changed {
    pub series: MeetingId,
    pub remembered: state::Entry,
    pub entry: Box<Entry>,
}

/// A pass under way.
pub struct Pass<'a> {
    following: &'a Following,
    session: &'a Session,
    state: &'a state::State,
    now: Timestamp,
    outcome: Outcome,
    /// Entries read in this pass, so that none is read twice.
    fresh: BTreeMap<SourceId, Box<Entry>>,
    /// Series whose join link was looked up in their master.
    masters: BTreeMap<Vec<u8>, Option<Box<Entry>>>,
    /// Series whose master has changed: their exceptions may meet elsewhere now, although they
    /// have not changed themselves.
    changed_series: BTreeSet<Vec<u8>>,
    /// Organizers' copies that were looked up for copies that tell nothing.
    organizers: BTreeMap<Vec<u8>, Option<Box<Entry>>>,
    /// Entries that are to be read again although they have not changed.
    provisional: BTreeSet<SourceId>,
    /// Something must be written that no later page of changes names: the bookmark stays.
    is_postponed: bool,
    /// The first trouble with a single entry.
    troubled: Option<exchange::Failure>,
}

impl<'a> Pass<'a> {
    pub fn new(following: &'a Following, state: &'a state::State, now: Timestamp) -> Self {
        Self {
            following,
            session: &following.session,
            state,
            now,
            outcome: Outcome::default(),
            fresh: BTreeMap::new(),
            masters: BTreeMap::new(),
            changed_series: BTreeSet::new(),
            organizers: BTreeMap::new(),
            provisional: BTreeSet::new(),
            is_postponed: false,
            troubled: None,
        }
    }

    /// Everything: what changed since the bookmark, page by page, then the window as it is now.
    pub async fn everything(mut self, from_scratch: bool) -> Outcome {
        let read = self.read_everything(from_scratch).await;
        self.outcome(read)
    }

    /// The entries that hints pointed at. A hint may be wrong, late or repeated.
    pub async fn look(mut self, hints: &BTreeMap<SourceId, Option<Version>>) -> Outcome {
        let read = self.follow_hints(hints).await;
        self.outcome(read)
    }

    fn outcome(self, read: Result<(), Failure>) -> Outcome {
        let mut outcome = self.outcome;
        if self.is_postponed {
            outcome.sync_state = None;
        }
        outcome.deleted.retain(|id| !outcome.changed.contains_key(id));
        if let Some(failure) = read.err().or(self.troubled.map(Failure::from)) {
            outcome.sync_state = None;
            outcome.interrupted = Some(failure);
        }
        outcome
    }

    async fn read_everything(&mut self, from_scratch: bool) -> Result<(), Failure> {
        let mut bookmark = if from_scratch { None } else { self.state.sync_state.clone() };
        loop {
            let page = self.session.changes_since(bookmark.as_deref()).await?;
            let masters = page.changed.iter().filter(|row| row.kind == Kind::SeriesMaster);
            self.changed_series.extend(masters.map(|row| row.uid.clone()));
            let asking: Vec<SourceId> = page
                .changed
                .into_iter()
                .filter(|row| may_ask(row, self.now))
                .map(|row| row.id)
                .collect();
            for batch in asking.chunks(READ_AT_ONCE) {
                self.read(batch).await?;
            }
            let (from, to) = self.bounds();
            self.fresh.retain(|_, entry| entry.meeting.end > from && entry.meeting.start < to);
            bookmark = Some(page.sync_state);
            if page.is_last {
                break;
            }
        }
        self.outcome.sync_state = bookmark;
        self.window().await?;
        // Last: what was read may have said that a conference is still asked for.
        self.end_conferences().await
    }

    async fn follow_hints(
        &mut self,
        hints: &BTreeMap<SourceId, Option<Version>>,
    ) -> Result<(), Failure> {
        let is_new = |(id, version): &(&SourceId, &Option<Version>)| {
            version.as_ref().is_none_or(|version| !self.state.knows(id, version))
        };
        let ids: Vec<SourceId> = hints.iter().filter(is_new).map(|(id, _)| id.clone()).collect();
        let mut needs_window = self.read(&ids).await?;
        needs_window |= self.fresh.values().any(|entry| !self.is_plain_news(entry));
        if needs_window {
            self.window().await?;
        } else {
            for entry in std::mem::take(&mut self.fresh).into_values() {
                self.take(entry).await?;
            }
        }
        Ok(())
    }

    /// Whether an entry says all there is to say about its meeting: not if the item was something
    /// else before (a series), if another item claims to be the same meeting, or if the list is
    /// full and only the window tells what comes first.
    fn is_plain_news(&self, entry: &Entry) -> bool {
        let recurrence = entry.recurrence_id();
        let id = self.following.sealer.meeting_id(&entry.uid, recurrence.as_deref());
        let of_item = self.state.meetings_of(&entry.id);
        let is_same_as_before = of_item.iter().all(|known| *known == id);
        let is_ours = self.state.entries.get(&id).is_none_or(|known| known.is_of(&entry.id));
        let has_room = self.state.entries.len() < state::ENTRIES_MAX || !of_item.is_empty();
        is_same_as_before && is_ours && has_room
    }

    /// Reads entries and writes into those that ask for it. `true` if only the window can tell
    /// what the change means: for series, and for what is gone.
    async fn read(&mut self, ids: &[SourceId]) -> Result<bool, Failure> {
        if ids.is_empty() {
            return Ok(false);
        }
        let mut needs_window = false;
        for (id, found) in ids.iter().zip(self.session.entries(ids).await?) {
            match found {
                Found::Entry(entry) => {
                    needs_window |= entry.kind != Kind::Single;
                    match self.write_back(entry).await? {
                        Some(entry) if entry.kind == Kind::SeriesMaster => {
                            let series = entry.uid.clone();
                            self.masters.insert(series.clone(), Some(entry));
                            self.write_back_to_exceptions(&series).await?;
                            self.changed_series.insert(series);
                        }
                        Some(entry) => {
                            self.fresh.insert(entry.id.clone(), entry);
                        }
                        None => needs_window = true,
                    }
                }
                Found::Gone => {
                    self.item_is_gone(id);
                    needs_window = true;
                }
                Found::Unusable(why) => self.unusable(why),
                Found::Trouble(failure) => self.trouble(failure)?,
            }
        }
        Ok(needs_window)
    }

    /// The list as it must be now: what is new or different is read, what is missing is deleted.
    async fn window(&mut self) -> Result<(), Failure> {
        let (from, to) = self.bounds();
        let rows = self.session.window(from, to).await?;
        let mut present = BTreeSet::new();
        let mut to_read: BTreeMap<SourceId, MeetingId> = BTreeMap::new();
        for (id, row) in self.one_per_meeting(rows).into_iter().take(state::ENTRIES_MAX) {
            let as_it_is = state::Entry::new(&row.id, &row.version, row.start, row.end);
            present.insert(id.clone());
            let may_inherit = row.kind == Kind::Exception && self.changed_series.contains(&row.uid);
            if self.state.entries.get(&id) == Some(&as_it_is) && !may_inherit {
                continue;
            }
            match self.fresh.remove(&row.id) {
                Some(entry) if entry.version == row.version => self.take(entry).await?,
                Some(_) | None => {
                    to_read.insert(row.id, id);
                }
            }
        }
        let ids: Vec<SourceId> = to_read.keys().cloned().collect();
        for batch in ids.chunks(READ_AT_ONCE) {
            for (item, found) in batch.iter().zip(self.session.entries(batch).await?) {
                match found {
                    Found::Entry(entry) => {
                        if let Some(entry) = self.write_back(entry).await? {
                            self.take(entry).await?;
                        }
                    }
                    // Gone since the window was read: the next hint says so.
                    Found::Gone => {}
                    // What is listed stays as it is until it can be read.
                    Found::Trouble(failure) => self.trouble(failure)?,
                    Found::Unusable(why) => {
                        self.unusable(why);
                        // Better no line than one with an old time.
                        let listed =
                            to_read.get(item).filter(|id| self.state.entries.contains_key(*id));
                        self.outcome.deleted.extend(listed.cloned());
                    }
                }
            }
        }
        let from_ms = from.as_millisecond();
        let missing = self.state.entries.iter().filter(|(id, entry)| {
            // What has merely left the window at its beginning is purged by the cloud.
            !present.contains(*id) && entry.end_ms > from_ms
        });
        self.outcome.deleted.extend(missing.map(|(id, _)| id.clone()));
        Ok(())
    }

    /// Several items may claim to be one meeting: copies, leftovers, what was restored. What is
    /// called off gives way, then the item that has been there longest by its id decides, so that
    /// the choice is the same each time. In the order of their starts.
    fn one_per_meeting(&self, rows: Vec<Row>) -> Vec<(MeetingId, Row)> {
        let mut chosen: BTreeMap<MeetingId, Row> = BTreeMap::new();
        for row in rows {
            let recurrence = row.original_start.map(|start| start.to_string());
            let id = self.following.sealer.meeting_id(&row.uid, recurrence.as_deref());
            let is_better =
                |other: &Row| (row.is_cancelled, &row.id) < (other.is_cancelled, &other.id);
            if chosen.get(&id).is_none_or(is_better) {
                chosen.insert(id, row);
            }
        }
        let mut rows: Vec<_> = chosen.into_iter().collect();
        rows.sort_by_key(|(_, row)| row.start);
        // Of too many, those that come first are listed.
        if rows.len() > state::ENTRIES_MAX {
            let entries = rows.len();
            tracing::warn!(mailbox.id = %self.following.user, entries, "A calendar has more entries than are listed");
        }
        rows
    }

    fn bounds(&self) -> (Timestamp, Timestamp) {
        (
            self.now.checked_sub(WINDOW_BACK).unwrap_or(Timestamp::MIN),
            self.now.checked_add(WINDOW_AHEAD).unwrap_or(Timestamp::MAX),
        )
    }

    /// Lists an entry, or takes it off the list.
    async fn take(&mut self, mut entry: Box<Entry>) -> Result<(), Failure> {
        let recurrence = entry.recurrence_id();
        let sealer = &self.following.sealer;
        let id = sealer.meeting_id(&entry.uid, recurrence.as_deref());
        let (from, to) = self.bounds();
        let is_in_window = entry.meeting.end > from && entry.meeting.start < to;
        let is_declined = entry.meeting.response == protocol::meeting::ResponseType::Declined;
        if !is_in_window || entry.is_cancelled || is_declined {
            if self.state.entries.contains_key(&id) {
                self.outcome.deleted.insert(id);
            }
            return Ok(());
        }
        let Some(findings) = self.links(&entry).await? else { return Ok(()) };
        self.show_links(&mut entry, findings);
        let series = match entry.kind {
            Kind::Single => id.clone(),
            Kind::Occurrence | Kind::Exception | Kind::SeriesMaster => {
                sealer.meeting_id(&entry.uid, None)
            }
        };
        let (start, end) = (entry.meeting.start, entry.meeting.end);
        // What still waits for something counts as of another version, so that it is read again.
        let is_pending =
            entry.meeting.notes.contains(&note::PENDING) || self.provisional.contains(&entry.id);
        let version = if is_pending { Version(String::new()) } else { entry.version.clone() };
        let remembered = state::Entry::new(&entry.id, &version, start, end);
        self.outcome.changed.insert(id, Changed { series, remembered, entry });
        Ok(())
    }

    /// What goes wrong with one entry must not stop the others; it is tried again later.
    fn trouble(&mut self, failure: exchange::Failure) -> Result<(), Failure> {
        if failure.concerns_all() {
            return Err(failure.into());
        }
        self.troubled.get_or_insert(failure);
        Ok(())
    }

    fn unusable(&self, why: &'static str) {
        tracing::warn!(mailbox.id = %self.following.user, why, "An entry of the calendar is left out");
    }
}

/// Whether a row may ask for a conference; reading it tells.
fn may_ask(row: &Row, now: Timestamp) -> bool {
    let is_over = row.kind == Kind::Single && row.end <= now;
    row.may_ask && !is_over
}
