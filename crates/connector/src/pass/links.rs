//! Where the people of a meeting meet: in its own text, in that of its series, or in that of the
//! organizer's copy.

use conference::join_link::{Findings, Sender};

use super::{Found, Pass};
use crate::{
    entry::{Entry, Kind},
    failure::Failure,
};

impl Pass<'_> {
    /// An occurrence with a text of its own still meets where its series meets. `None` if that
    /// cannot be told now.
    pub(super) async fn links(&mut self, entry: &Entry) -> Result<Option<Findings>, Failure> {
        let sender = self.sender(entry);
        let own = self.following.practice.links(entry, sender);
        if own.join.is_some() || entry.kind != Kind::Exception {
            return Ok(Some(own));
        }
        if !self.read_master(entry).await? {
            return Ok(None);
        }
        let master = self.masters.get(&entry.uid).and_then(Option::as_ref);
        let of_series = master.map(|master| self.following.practice.links(master, sender));
        Ok(Some(of_series.filter(|findings| findings.join.is_some()).unwrap_or(own)))
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
        entry.meeting.alternatives = findings.alternatives;
    }

    pub(super) fn sender(&self, entry: &Entry) -> Sender {
        let organizer = entry.meeting.organizer.as_ref().and_then(|person| person.address.as_ref());
        let is_ours = organizer.is_some_and(|address| self.following.is_own_domain(address));
        if entry.is_organizer || is_ours { Sender::Internal } else { Sender::External }
    }
}
