//! What people do with a meeting beside changing it: copy it, pass it on; and what happens to it on
//! its way.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{
    SENT, Simulator, SimulatorFailure, UNSENT, find, meeting::MeetingRef, reference, target,
};
use crate::{
    invitations::Weight,
    mailbox::{CALENDAR, Delivery},
    simulator::meeting::Occasion,
};

impl Simulator {
    /// Copies an entry in its owner's calendar as Outlook does: with all that it says and all its
    /// properties, as another meeting.
    pub fn copy_meeting(
        &self,
        meeting: &MeetingRef,
        start: Timestamp,
        end: Timestamp,
        is_sent: bool,
    ) -> Result<MeetingRef, SimulatorFailure> {
        let mut store = self.shared.store();
        let from = target(&store, meeting, Occasion::Whole)?;
        let mut item = store.item(&from.mailbox, from.number)?.entry.item.clone();
        item.uid = None;
        (item.start, item.end) = (Some(start.into()), Some(end.into()));
        let sending = if is_sent { SENT } else { UNSENT };
        let number = store.create(&from.mailbox, CALENDAR, item, None, sending)?;
        Ok(reference(&store, &from.mailbox, number)?)
    }

    /// Somebody invited passes the invitation on; the organizer's list of attendees stays.
    pub fn forward(&self, from: &str, uid: &str, to: &str) -> Result<(), SimulatorFailure> {
        let mut store = self.shared.store();
        let own = find(&store, from, uid)?;
        let own = target(&store, &own, Occasion::Whole)?;
        let to = BTreeSet::from([to.to_lowercase()]);
        Ok(store.invite(&own, &to, Weight::Informational, SENT.1)?)
    }

    /// From now on invitations reach this mailbox in this manner.
    pub fn set_delivery(&self, address: &str, delivery: Delivery) -> Result<(), SimulatorFailure> {
        self.shared.store().mailbox_mut(address)?.delivery = delivery;
        Ok(())
    }
}
