//! Where the people of a meeting meet: in its own text, in that of its series, or in that of the
//! organizer's copy.

use conference::{
    Reason,
    join_link::{Findings, Sender},
};

use jiff::SignedDuration;
use protocol::meeting::ParticipantKind;

use super::{Found, Pass};
use crate::{
    entry::{Entry, Kind},
    failure::Failure,
    meeting::{Participant, Plain},
    remedy::Remedy,
};

/// When an organizer's copy that could not be read is asked for again.
const ORGANIZER_AGAIN: SignedDuration = SignedDuration::from_mins(5);

impl Pass<'_> {
    /// An occurrence with a text of its own still meets where its series meets. `None` if that
    /// cannot be told now.
    pub(super) async fn links(&mut self, entry: &Entry) -> Result<Option<Findings>, Failure> {
        let sender = self.sender(entry);
        let own = self.following.practice.links(entry, sender);
        if own.join.is_some() {
            return Ok(Some(own));
        }
        if entry.kind == Kind::Exception {
            if !self.read_master(entry).await? {
                return Ok(None);
            }
            let master = self.masters.get(&entry.uid).and_then(Option::as_ref);
            let of_series = master.map(|master| self.following.practice.links(master, sender));
            if let Some(of_series) = of_series.filter(|findings| findings.join.is_some()) {
                return Ok(Some(of_series));
            }
        }
        if self.tells_nothing(entry, &own) {
            return self.links_of_organizer(entry, own).await;
        }
        Ok(Some(own))
    }

    /// Its text was taken away on its way, as rooms have it, or its links were rewritten so that
    /// nobody can tell what they were.
    fn tells_nothing(&self, entry: &Entry, own: &Findings) -> bool {
        // Only rooms lose texts; a person's empty text is simply empty, and not worth two requests.
        let is_own = |person: &Participant| {
            person.kind == ParticipantKind::Room
                && person.person.address.as_ref() == Some(self.session.mailbox())
        };
        let is_room = entry.meeting.participants.iter().any(is_own);
        let is_stripped = is_room && entry.meeting.agenda.0.trim().is_empty();
        let is_opaque = own.reason == Some(Reason::OpaqueWrapper);
        !entry.is_organizer && (is_stripped || is_opaque)
    }

    /// The organizer's own copy answers, where that mailbox is ours to look into.
    async fn links_of_organizer(
        &mut self,
        entry: &Entry,
        own: Findings,
    ) -> Result<Option<Findings>, Failure> {
        let organizer = entry.meeting.organizer.as_ref().and_then(|person| person.address.clone());
        let organizer = organizer.filter(|address| self.following.is_followed(address));
        let Some(organizer) = organizer.filter(|address| address != self.session.mailbox()) else {
            return Ok(Some(own));
        };
        if !self.organizers.contains_key(&entry.uid) {
            let theirs = match self.session.of(organizer).with_uid(&entry.uid).await {
                Ok(found) => found,
                Err(failure) => match failure.remedy() {
                    // Theirs to wait for, not ours: listed without, and asked again.
                    Remedy::BackOff | Remedy::RetryAfter(_) => {
                        self.provisional.insert(entry.id.clone());
                        self.due(self.now.checked_add(ORGANIZER_AGAIN).ok());
                        return Ok(Some(own));
                    }
                    // It concerns the organizer's mailbox, which has its own follower to tell.
                    Remedy::Resubscribe
                    | Remedy::SyncFromScratch
                    | Remedy::ReadState
                    | Remedy::WaitForLease
                    | Remedy::Relocate
                    | Remedy::Doubt(_)
                    | Remedy::GiveUp(_) => None,
                },
            };
            self.organizers.insert(entry.uid.clone(), theirs);
        }
        let theirs = self.organizers.get(&entry.uid).and_then(Option::as_ref);
        let theirs = theirs.filter(|theirs| theirs.is_organizer);
        let found = theirs.map(|theirs| self.following.practice.links(theirs, Sender::Internal));
        let found = found.map(Findings::without_personal);
        Ok(Some(found.filter(|findings| findings.join.is_some()).unwrap_or(own)))
    }

    /// Sees to it that the master of an exception is known. `false` if it cannot be read now.
    pub(super) async fn read_master(&mut self, entry: &Entry) -> Result<bool, Failure> {
        if self.masters.contains_key(&entry.uid) {
            return Ok(true);
        }
        let master = match self.session.master_of(&entry.id).await? {
            Found::Entry(master) => Some(master),
            Found::Gone | Found::Unusable(_) => None,
            Found::Trouble(failure) => {
                self.trouble(failure)?;
                return Ok(false);
            }
        };
        self.masters.insert(entry.uid.clone(), master);
        Ok(true)
    }

    pub(super) fn show_links(&self, entry: &mut Entry, findings: Findings) {
        let practice = &self.following.practice;
        self.explain(entry, &findings);
        let Some(link) = findings.join else { return };
        entry.meeting.show_place_without(&link);
        let place = &mut entry.meeting.location.0;
        *place = practice.place_without_keyword(place);
        entry.meeting.join_link = Some(link);
        entry.meeting.dial = findings.dial.map(Plain);
        entry.meeting.passcode = findings.passcode.map(Plain);
        entry.meeting.alternatives = findings.alternatives;
    }

    pub(super) fn sender(&self, entry: &Entry) -> Sender {
        let organizer = entry.meeting.organizer.as_ref().and_then(|person| person.address.as_ref());
        let is_ours = organizer.is_some_and(|address| self.following.is_own_domain(address));
        if entry.is_organizer || is_ours { Sender::Internal } else { Sender::External }
    }
}
