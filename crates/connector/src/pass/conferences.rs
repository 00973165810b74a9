//! Gets conferences from their providers, and ends those that nobody asks for any more.
//!
//! One that must be called into being is first written down in the state, and asked for only once
//! that is stored: whatever happens after, somebody knows that it may exist.

use conference::{Conference, ConferenceKey, Held as HeldConference, ProviderFailure, Reference};
use jiff::{SignedDuration, Timestamp};

use super::{Found, Pass};
use crate::{
    entry::{Entry, Kind, Mark},
    failure::Failure,
    lease::WRITE_NEEDS,
    meeting::note,
    news::SourceId,
    state::{HELD_MAX, Held, Secret},
    write_back::{Cause, Plan, Write, key},
};

/// So long a conference outlives its keyword.
const GRACE: SignedDuration = SignedDuration::from_hours(24);
/// So long an entry is gone before its conference is ended.
const GONE_FOR: SignedDuration = SignedDuration::from_mins(2);
/// When a provider in trouble is tried again.
const TROUBLE_AGAIN: SignedDuration = SignedDuration::from_mins(1);
/// … and one that refuses us, which only a person can change.
const REFUSED_AGAIN: SignedDuration = SignedDuration::from_hours(1);

impl Pass<'_> {
    /// The write with the conference's details; `None` if it cannot be had now.
    pub(super) async fn make(
        &mut self,
        entry: &mut Entry,
        plan: &Plan,
    ) -> Result<Option<(Write, Conference)>, Failure> {
        let practice = &self.following.practice;
        let Some(provider) = practice.provider(&plan.found.conference) else { return Ok(None) };
        if self.following.brakes.is_dry_run {
            entry.meeting.notes.push(note::DRY_RUN);
            return Ok(None);
        }
        let id = id(&plan.wish.key, &plan.found.conference);
        let held = self.held(&id).filter(|held| held.ends_at_ms.is_none());
        // Stored: only then may the provider be called.
        let is_stored = self.state.held.get(&id).is_some_and(|held| held.ends_at_ms.is_none());
        if provider.needs_calls() && !is_stored {
            self.hold(entry, plan, id);
            return Ok(None);
        }
        self.lease_for_a_call()?;
        let known = held.as_ref().and_then(|held| held.reference.as_ref());
        let known = known.map(|reference| Reference(reference.0.clone()));
        let made = provider.ensure(&plan.wish, known.as_ref()).await;
        let conference = match made {
            Ok(conference) => conference,
            Err(failure) => {
                self.refused(entry, &failure, &plan.found.conference);
                self.told(&id, entry, plan, &failure);
                return Ok(None);
            }
        };
        self.following.alarms.conference_works(&plan.found.conference);
        if conference.fell_back.is_some() {
            entry.meeting.notes.push(note::OTHER_ROOM);
        }
        let write = practice.write(entry, plan, &conference, self.now);
        Ok(Some((write, conference)))
    }

    /// Tells the provider what has changed; a write only if the details are others now.
    pub(super) async fn keep(
        &mut self,
        entry: &Entry,
        plan: &Plan,
    ) -> Result<Option<(Write, Conference)>, Failure> {
        let practice = &self.following.practice;
        let Some(provider) = practice.provider(&plan.found.conference) else { return Ok(None) };
        let reference = plan.had.as_ref().and_then(|had| had.reference.as_ref());
        let Some(reference) = reference.filter(|_| provider.needs_calls()) else {
            return Ok(None);
        };
        let id = id(&plan.wish.key, &plan.found.conference);
        let held = self.held(&id);
        let is_told = held.as_ref().is_some_and(|held| {
            let is_of = held.item.0 == entry.id.0
                && held.reference.as_ref().is_some_and(|own| own.0 == reference.0);
            is_of && held.told.as_ref() == Some(&plan.told()) && held.ends_at_ms.is_none()
        });
        if is_told || self.following.brakes.is_dry_run {
            return Ok(None);
        }
        self.lease_for_a_call()?;
        let updated = provider.update(&plan.wish, &Reference(reference.0.clone())).await;
        match updated {
            Ok(conference) => {
                self.following.alarms.conference_works(&plan.found.conference);
                let had = plan.had.as_ref().map(|had| had.link.0.as_str());
                if had == Some(conference.join_link.as_str()) {
                    self.settled(entry, plan, &conference);
                    return Ok(None);
                }
                let mut write = practice.write(entry, plan, &conference, self.now);
                write.cause = Cause::Renewed;
                Ok(Some((write, conference)))
            }
            Err(failure) => {
                self.try_again(&failure, &plan.found.conference);
                self.told(&id, entry, plan, &failure);
                Ok(None)
            }
        }
    }

    /// What was got is in the invitation: only now others of this meeting may go.
    pub(super) fn settled(&mut self, entry: &Entry, plan: &Plan, conference: &Conference) {
        let provider = self.following.practice.provider(&plan.found.conference);
        let needs_calls = provider.is_some_and(conference::Provider::needs_calls);
        let id = id(&plan.wish.key, &plan.found.conference);
        self.end_others(&plan.wish.key, &id);
        if needs_calls {
            self.remember(entry, plan, id, conference);
        }
    }

    /// After trouble it is told again; a refusal is not asked for twice.
    fn told(&mut self, id: &str, entry: &Entry, plan: &Plan, failure: &ProviderFailure) {
        let told = match failure {
            ProviderFailure::Meeting(_) => Some(plan.told()),
            ProviderFailure::Wait(_)
            | ProviderFailure::Trouble(_)
            | ProviderFailure::Refused(_) => None,
        };
        let Some(before) = self.held(id) else { return };
        let item = Secret(entry.id.0.clone());
        self.outcome.held.insert(id.to_owned(), Some(Held { told, item, ..before }));
    }

    /// Nobody asks for the entry's conferences any more, unless we merely may not touch it.
    pub(super) fn release(&mut self, entry: &Entry, note: Option<&'static str>) {
        let has_master = self.masters.get(&entry.uid).is_some_and(Option::is_some);
        let is_own = match entry.kind {
            Kind::Occurrence => false,
            Kind::Exception => has_master,
            Kind::Single | Kind::SeriesMaster => true,
        };
        let has_own = is_own && entry.mark != Mark::Unreadable;
        if note.is_some() || !entry.is_organizer || !has_own || self.holds_nothing() {
            return;
        }
        let following = self.following;
        let key = key(entry, following.session.mailbox(), &following.conference_secret);
        // What is called off ends now; a keyword may be gone by mistake.
        let wait = if entry.is_cancelled { SignedDuration::ZERO } else { GRACE };
        for (id, held) in self.held_under(&key) {
            self.end_at(id, held, self.now.checked_add(wait).unwrap_or(self.now));
        }
    }

    /// Those of other providers under the same key: the keyword has changed.
    fn end_others(&mut self, key: &ConferenceKey, id: &str) {
        let others: Vec<_> =
            self.held_under(key).into_iter().filter(|(other, _)| other != id).collect();
        for (id, held) in others {
            self.end_at(id, held, self.now.checked_add(GRACE).unwrap_or(self.now));
        }
    }

    /// An entry that was deleted asks for nothing any more.
    pub(super) fn item_is_gone(&mut self, item: &SourceId) {
        let is_of = |held: &Held| held.item.0 == item.0 && held.ends_at_ms.is_none();
        let of_item = self.all_held().into_iter().filter(|(_, held)| is_of(held));
        // It may have moved and have another id: the next whole reading tells.
        let soon = self.now.checked_add(GONE_FOR).unwrap_or(self.now);
        for (id, held) in of_item.collect::<Vec<_>>() {
            self.end_at(id, held, soon);
        }
    }

    /// Ends what is due, forgets what is over, and sees whether the entries of the others are
    /// still there: a deletion may have been missed.
    pub(super) async fn end_conferences(&mut self) -> Result<(), Failure> {
        // What could not be read may still ask for its conference.
        if self.holds_nothing() || self.troubled.is_some() {
            return Ok(());
        }
        let now_ms = self.now.as_millisecond();
        let (asked, ending): (Vec<_>, Vec<_>) =
            self.all_held().into_iter().partition(|(_, held)| held.ends_at_ms.is_none());
        let ids: Vec<SourceId> =
            asked.iter().map(|(_, held)| SourceId(held.item.0.clone())).collect();
        for ((id, held), found) in asked.into_iter().zip(self.session.entries(&ids).await?) {
            match found {
                Found::Gone => {
                    let soon = self.now.checked_add(GONE_FOR).unwrap_or(self.now);
                    self.end_at(id, held, soon);
                }
                Found::Entry(entry) if entry.is_over(self.now) => {
                    self.outcome.held.insert(id, None);
                }
                // Far ahead it is in no window: asked for here until it is there.
                Found::Entry(entry) if held.told.is_none() => {
                    self.write_back(entry).await?;
                }
                Found::Entry(_) | Found::Unusable(_) => {}
                Found::Trouble(failure) => self.trouble(failure)?,
            }
        }
        for (id, held) in ending {
            if held.ends_at_ms.is_some_and(|at| at > now_ms) {
                self.due(held.ends_at_ms.and_then(|at| Timestamp::from_millisecond(at).ok()));
            } else {
                self.end(id, &held).await?;
            }
        }
        Ok(())
    }

    async fn end(&mut self, id: String, held: &Held) -> Result<(), Failure> {
        let practice = &self.following.practice;
        let now_ms = self.now.as_millisecond();
        let is_over = held.to_ms <= now_ms || (!held.is_series && held.from_ms <= now_ms);
        let (false, Some(key)) = (is_over, key_in(&id)) else {
            self.outcome.held.insert(id, None);
            return Ok(());
        };
        let Some(provider) = practice.provider(&held.conference) else {
            tracing::warn!(mailbox.id = %self.following.user, "A conference cannot be ended: its provider is not in the settings any more");
            return Ok(());
        };
        if self.following.brakes.is_dry_run {
            return Ok(());
        }
        self.lease_for_a_call()?;
        let time = |ms| Timestamp::from_millisecond(ms).unwrap_or(self.now);
        let ended = provider
            .cancel(&HeldConference {
                key,
                organizer: self.following.session.mailbox().as_str().to_owned(),
                reference: held.reference.as_ref().map(|own| Reference(own.0.clone())),
                from: time(held.from_ms),
                to: time(held.to_ms),
            })
            .await;
        match ended {
            Ok(()) | Err(ProviderFailure::Meeting(_)) => {
                tracing::info!(mailbox.id = %self.following.user, "Ended a conference that nobody asks for any more");
                self.outcome.held.insert(id, None);
            }
            Err(failure) => self.try_again(&failure, &held.conference),
        }
        Ok(())
    }

    /// As it will be stored, else as it is.
    fn held(&self, id: &str) -> Option<Held> {
        match self.outcome.held.get(id) {
            Some(changed) => changed.clone(),
            None => self.state.held.get(id).cloned(),
        }
    }

    fn all_held(&self) -> Vec<(String, Held)> {
        let unchanged =
            self.state.held.iter().filter(|(id, _)| !self.outcome.held.contains_key(*id));
        let changed = self.outcome.held.iter();
        let changed = changed.filter_map(|(id, held)| held.as_ref().map(|held| (id, held)));
        changed.chain(unchanged).map(|(id, held)| (id.clone(), held.clone())).collect()
    }

    fn holds_nothing(&self) -> bool {
        self.state.held.is_empty() && self.outcome.held.is_empty()
    }

    /// What a meeting holds, if it is not about to end.
    fn held_under(&self, key: &ConferenceKey) -> Vec<(String, Held)> {
        if self.holds_nothing() {
            return Vec::new();
        }
        let prefix = id(key, "");
        let is_under =
            |(id, held): &(String, Held)| id.starts_with(&prefix) && held.ends_at_ms.is_none();
        self.all_held().into_iter().filter(is_under).collect()
    }

    fn hold(&mut self, entry: &mut Entry, plan: &Plan, id: String) {
        let is_new = !self.state.held.contains_key(&id);
        if is_new && self.all_held().len() >= HELD_MAX {
            entry.meeting.notes.push(note::NO_CONFERENCE);
            return;
        }
        entry.meeting.notes.push(note::PENDING);
        // One that was about to end goes on.
        let reference = self.held(&id).and_then(|held| held.reference);
        let wish = Held { told: None, ..held(entry, plan, reference) };
        self.outcome.held.insert(id, Some(wish));
        self.outcome.again.insert(entry.id.clone());
    }

    fn remember(&mut self, entry: &Entry, plan: &Plan, id: String, conference: &Conference) {
        if let Some(own) = &conference.reference {
            if self.held(&id).is_none() && self.all_held().len() >= HELD_MAX {
                tracing::warn!(mailbox.id = %self.following.user, "More conferences than are held: one will not be ended");
                return;
            }
            let held = held(entry, plan, Some(Secret(own.0.clone())));
            self.outcome.held.insert(id, Some(held));
            return;
        }
        // A room that always is there needs no end; one that was made before for this meeting does.
        match self.held(&id).filter(|held| held.reference.is_some()) {
            Some(held) => {
                let at = self.now.checked_add(GRACE).unwrap_or(self.now);
                self.end_at(id, held, at);
            }
            None => {
                self.outcome.held.insert(id, None);
            }
        }
    }

    fn end_at(&mut self, id: String, held: Held, at: Timestamp) {
        self.outcome.held.insert(id, Some(Held { ends_at_ms: Some(at.as_millisecond()), ..held }));
        self.due(Some(at));
    }

    fn refused(&mut self, entry: &mut Entry, failure: &ProviderFailure, conference: &str) {
        let note = match failure {
            ProviderFailure::Wait(_) | ProviderFailure::Trouble(_) => note::PENDING,
            ProviderFailure::Meeting(_) | ProviderFailure::Refused(_) => note::NO_CONFERENCE,
        };
        entry.meeting.notes.push(note);
        self.try_again(failure, conference);
    }

    fn try_again(&mut self, failure: &ProviderFailure, conference: &str) {
        tracing::warn!(mailbox.id = %self.following.user, error = %failure, "A conference could not be had, changed or ended");
        let wait = match failure {
            ProviderFailure::Wait(wait) => SignedDuration::try_from(*wait).ok(),
            ProviderFailure::Trouble(_) => Some(TROUBLE_AGAIN),
            ProviderFailure::Meeting(_) => None,
            ProviderFailure::Refused(_) => {
                self.following.alarms.conference_refuses(conference);
                Some(REFUSED_AGAIN)
            }
        };
        self.due(wait.and_then(|wait| self.now.checked_add(wait).ok()));
    }

    /// Something is to be tried again then.
    pub(super) fn due(&mut self, at: Option<Timestamp>) {
        let earlier = self.outcome.due.into_iter().chain(at).min();
        self.outcome.due = earlier;
    }

    /// A second connector must not make what we are making.
    fn lease_for_a_call(&self) -> Result<(), Failure> {
        let lease = self.following.lease();
        lease.filter(|lease| lease.is_good_for(WRITE_NEEDS)).map(|_| ()).ok_or(Failure::Lease)
    }
}

/// A meeting has one conference per provider, while one of them is about to end.
fn id(key: &ConferenceKey, conference: &str) -> String {
    format!("{}/{conference}", key.tag())
}

fn key_in(id: &str) -> Option<ConferenceKey> {
    ConferenceKey::from_tag(id.split_once('/')?.0)
}

fn held(entry: &Entry, plan: &Plan, reference: Option<Secret>) -> Held {
    Held {
        conference: plan.found.conference.clone(),
        item: Secret(entry.id.0.clone()),
        reference,
        told: Some(plan.told()),
        from_ms: plan.wish.start.as_millisecond(),
        to_ms: until(entry).as_millisecond(),
        is_series: entry.kind == Kind::SeriesMaster,
        ends_at_ms: None,
    }
}

/// A series without an end is looked after for five years.
fn until(entry: &Entry) -> Timestamp {
    let start = entry.meeting.start;
    match (entry.kind, entry.series_ends) {
        (Kind::SeriesMaster, None) => start.checked_add(ENDLESS).unwrap_or(start),
        (_, Some(end)) => end,
        (Kind::Single | Kind::Occurrence | Kind::Exception, None) => entry.meeting.end,
    }
}

const ENDLESS: SignedDuration = SignedDuration::from_hours(5 * 366 * 24);
