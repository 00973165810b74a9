//! What passes between an organizer and those invited: requests, updates, answers, cancellations.

mod copies;

use std::collections::{BTreeMap, BTreeSet};

use ews::{
    ResponseCode,
    items::{Attendee, LegacyFreeBusy, MeetingRequestType, ResponseType},
};

use self::copies::{as_delivered, cancelled, message_entry, new_copy, set_response, updated_copy};
use crate::{
    calendar::{Entry, Instance},
    directory::Kind,
    failure::{Outcome, refuse},
    mailbox::{CALENDAR, DELETED_ITEMS, INBOX, MessageParts, SENT_ITEMS, Store, Target, key},
    mails::{Mail, MailKind},
};

pub(crate) use self::copies::{invited, without_occurrence};

/// Who hears of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tell {
    Nobody,
    /// Only those who were added or removed.
    Changed,
    All,
}

/// Where a copy of what was sent is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keep {
    No,
    InSentItems,
}

/// How much an update changes: answers are asked for anew only if it matters when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weight {
    Informational,
    Significant,
}

impl Store {
    /// Sends the organizer's item, or one occurrence of it, to these addresses.
    pub(crate) fn invite(
        &mut self,
        from: &Target,
        to: &BTreeSet<String>,
        weight: Weight,
        keep: Keep,
    ) -> Outcome<()> {
        let mut entry = self.item(&from.mailbox, from.number)?.entry.clone();
        entry.item.meeting_request_was_sent = Some(true);
        if weight == Weight::Significant {
            let is_told = |attendee: &Attendee| {
                let address = attendee.mailbox.email_address.as_deref();
                address.is_some_and(|address| to.contains(&key(address)))
            };
            for attendee in entry.attendees_mut().filter(|attendee| is_told(attendee)) {
                attendee.response_type = Some(ResponseType::Unknown);
            }
        }
        self.replace(&from.mailbox, from.number, entry.clone())?;
        let mut kinds = BTreeMap::new();
        for address in to {
            kinds.insert(address.clone(), self.deliver(from, &entry, address, weight)?);
        }
        if keep == Keep::InSentItems {
            let kind = kinds.values().next().copied().unwrap_or(MailKind::Request);
            let parts = self.parts(kind, &from.mailbox, &from.mailbox)?;
            self.add(
                &from.mailbox,
                SENT_ITEMS,
                message_entry(&entry, from.instance, kind),
                Some(parts),
            )?;
        }
        // rooms answer at once, after everybody has been told
        for address in kinds.keys().filter(|address| **address != key(&from.mailbox)) {
            if self.mailbox(address).is_ok_and(|mailbox| mailbox.kind == Kind::Room) {
                self.answer_for_room(address, &entry)?;
            }
        }
        Ok(())
    }

    /// Mail and copy for one attendee; whether they knew of the meeting.
    fn deliver(
        &mut self,
        from: &Target,
        organizers: &Entry,
        address: &str,
        weight: Weight,
    ) -> Outcome<MailKind> {
        let known =
            self.mailbox(address).ok().and_then(|mailbox| mailbox.copy_of(&organizers.global_id));
        let has_mail = self.has_mail_about(address, &organizers.global_id.uid());
        let kind = if known.is_some() || has_mail { MailKind::Update } else { MailKind::Request };
        self.note_mail(address, kind, organizers);
        if !self.has_mailbox(address) {
            return Ok(kind); // outside the organization
        }
        let delivery = self.mailbox(address)?.delivery;
        let number = match known {
            Some(number) => {
                let copy = self.item(address, number)?.entry.clone();
                let copy = updated_copy(organizers, copy, from.instance, weight);
                self.replace(address, number, as_delivered(delivery, copy))?;
                number
            }
            None => {
                let copy = as_delivered(delivery, new_copy(organizers, from.instance));
                self.add(address, CALENDAR, copy, None)?
            }
        };
        let mut parts = self.parts(kind, &from.mailbox, address)?;
        parts.associated = Some(number);
        parts.request_type = Some(match (kind, weight) {
            (MailKind::Update, Weight::Significant) => MeetingRequestType::FullUpdate,
            (MailKind::Update, Weight::Informational) => MeetingRequestType::InformationalUpdate,
            _ => MeetingRequestType::NewMeetingRequest,
        });
        let is_room = self.mailbox(address)?.kind == Kind::Room;
        if !is_room {
            let mut message = message_entry(organizers, from.instance, kind);
            message.is_organizer = false;
            self.add(address, INBOX, message, Some(parts))?;
        }
        Ok(kind)
    }

    /// Calls off a meeting, or one occurrence, for these addresses.
    pub(crate) fn call_off(
        &mut self,
        from: &Target,
        entry: &Entry,
        to: &BTreeSet<String>,
    ) -> Outcome<()> {
        for address in to {
            self.note_mail(address, MailKind::Cancellation, entry);
            if !self.has_mailbox(address) {
                continue;
            }
            let known = self.mailbox(address)?.copy_of(&entry.global_id);
            let is_room = self.mailbox(address)?.kind == Kind::Room;
            if let Some(number) = known {
                let copy = self.item(address, number)?.entry.clone();
                match from.instance {
                    None if is_room => drop(self.remove(address, number)?),
                    None => self.replace(address, number, cancelled(copy))?,
                    Some(index) => {
                        self.replace(address, number, without_occurrence(copy, index))?;
                    }
                }
            }
            if !is_room {
                let mut parts = self.parts(MailKind::Cancellation, &from.mailbox, address)?;
                parts.associated = known;
                let mut message = message_entry(entry, from.instance, MailKind::Cancellation);
                message.is_organizer = false;
                message.item.is_cancelled = Some(true);
                self.add(address, INBOX, message, Some(parts))?;
            }
        }
        Ok(())
    }

    /// An attendee's answer, given by the request or by the copy in the calendar; the number of
    /// the copy, which lies in Deleted Items if it was declined.
    pub(crate) fn respond(
        &mut self,
        to: &Target,
        response: &ResponseType,
        is_sent: bool,
    ) -> Outcome<Option<u64>> {
        let stored = self.item(&to.mailbox, to.number)?;
        let global_id = stored.entry.global_id.clone();
        if stored.message.is_none() && stored.entry.is_organizer {
            return Err(refuse(match response {
                ResponseType::Decline => ResponseCode::ErrorCalendarIsOrganizerForDecline,
                ResponseType::Tentative => ResponseCode::ErrorCalendarIsOrganizerForTentative,
                _ => ResponseCode::ErrorCalendarIsOrganizerForAccept,
            }));
        }
        if stored.entry.item.is_cancelled == Some(true) {
            return Err(refuse(match response {
                ResponseType::Decline => ResponseCode::ErrorCalendarIsCancelledForDecline,
                _ => ResponseCode::ErrorCalendarIsCancelledForAccept,
            }));
        }
        let copy = self.mailbox(&to.mailbox)?.copy_of(&global_id);
        let copy = match (copy, &stored.message) {
            (Some(number), _) => Some(number),
            (None, Some(_)) if *response != ResponseType::Decline => {
                let entry = new_copy(&stored.entry.clone(), None);
                Some(self.add(&to.mailbox, CALENDAR, entry, None)?)
            }
            (None, _) => None,
        };
        self.remove_requests(&to.mailbox, &global_id)?;
        let Some(number) = copy else { return Ok(None) };
        let mut entry = self.item(&to.mailbox, number)?.entry.clone();
        let now = self.clock.now();
        match to.instance {
            None => set_response(&mut entry.item, response),
            Some(index) => {
                let instance = entry.instance(index)?;
                set_response(entry.make_exception(&instance), response);
            }
        }
        entry.item.appointment_reply_time = Some(now.into());
        let is_declined = *response == ResponseType::Decline;
        let kept = match to.instance {
            Some(index) if is_declined => without_occurrence(entry.clone(), index),
            Some(_) | None => entry.clone(),
        };
        self.replace(&to.mailbox, number, kept)?;
        if is_sent {
            self.send_response(&to.mailbox, &entry, response, to.instance)?;
        }
        if is_declined && to.instance.is_none() {
            return self.move_to(&to.mailbox, number, DELETED_ITEMS).map(Some);
        }
        Ok(Some(number))
    }

    fn send_response(
        &mut self,
        attendee: &str,
        copy: &Entry,
        response: &ResponseType,
        instance: Option<i32>,
    ) -> Outcome<()> {
        let kind = match response {
            ResponseType::Accept => MailKind::Accepted,
            ResponseType::Decline => MailKind::Declined,
            _ => MailKind::TentativelyAccepted,
        };
        let organizer =
            copy.item.organizer.as_ref().and_then(|mailbox| mailbox.email_address.clone());
        let Some(organizer) = organizer else { return Ok(()) };
        self.note_mail(&organizer, kind, copy);
        let known =
            self.mailbox(&organizer).ok().and_then(|mailbox| mailbox.copy_of(&copy.global_id));
        let Some(number) = known else { return Ok(()) };
        let now = self.clock.now();
        let mut entry = self.item(&organizer, number)?.entry.clone();
        entry.note_response(attendee, response, now);
        self.replace(&organizer, number, entry.clone())?;
        let mut parts = self.parts(kind, attendee, &organizer)?;
        parts.associated = Some(number);
        let message = message_entry(copy, instance, kind);
        self.add(&organizer, INBOX, message, Some(parts))?;
        Ok(())
    }

    /// A room takes what is free and declines the rest.
    fn answer_for_room(&mut self, room: &str, meeting: &Entry) -> Outcome<()> {
        let mailbox = self.mailbox(room)?;
        let Some(number) = mailbox.copy_of(&meeting.global_id) else { return Ok(()) };
        let horizon = self.clock.now() + ROOM_HORIZON;
        let wanted = occupied(
            &mailbox.items.get(&number).map(|stored| &stored.entry).into_iter().collect::<Vec<_>>(),
            horizon,
        );
        let others: Vec<&Entry> = mailbox
            .items
            .iter()
            .filter(|(other, stored)| **other != number && stored.folder == CALENDAR)
            .map(|(_, stored)| &stored.entry)
            .filter(|entry| entry.item.legacy_free_busy_status != Some(LegacyFreeBusy::Free))
            .collect();
        let taken = occupied(&others, horizon);
        let is_busy =
            wanted.iter().any(|a| taken.iter().any(|b| a.start < b.end && b.start < a.end));
        let response = if is_busy { ResponseType::Decline } else { ResponseType::Accept };
        let target = Target { mailbox: room.to_owned(), number, instance: None };
        self.respond(&target, &response, true)?;
        Ok(())
    }

    fn remove_requests(&mut self, mailbox: &str, meeting: &crate::ids::GlobalId) -> Outcome<()> {
        let requests: Vec<u64> = self
            .mailbox(mailbox)?
            .items
            .iter()
            .filter(|(_, stored)| stored.folder == INBOX && stored.entry.global_id == *meeting)
            .filter(|(_, stored)| {
                let kind = stored.message.as_ref().map(|parts| parts.kind);
                matches!(kind, Some(MailKind::Request | MailKind::Update))
            })
            .map(|(number, _)| *number)
            .collect();
        for number in requests {
            self.remove(mailbox, number)?;
        }
        Ok(())
    }

    fn parts(&self, kind: MailKind, from: &str, to: &str) -> Outcome<MessageParts> {
        let (from, to) = (self.mailbox(from)?.as_wire(), self.mailbox(to)?.as_wire());
        Ok(MessageParts { kind, from, to, request_type: None, associated: None })
    }

    fn note_mail(&mut self, address: &str, kind: MailKind, entry: &Entry) {
        let mail = Mail { kind, uid: entry.global_id.uid(), at: self.clock.now() };
        self.mail(address, mail);
    }
}

/// A room looks this far ahead for conflicts.
const ROOM_HORIZON: jiff::SignedDuration = jiff::SignedDuration::from_hours(180 * 24);

/// When these entries take place, until the horizon.
fn occupied(entries: &[&Entry], horizon: jiff::Timestamp) -> Vec<Instance> {
    let mut found = Vec::new();
    for entry in entries {
        if entry.is_series() {
            found.extend(entry.instances_between(entry.start(), horizon));
        } else {
            let (start, end) = (entry.start(), entry.end());
            found.push(Instance { index: 0, original: start, start, end, is_exception: false });
        }
    }
    found
}
