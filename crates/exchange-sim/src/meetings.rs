//! What an owner does with entries of the own calendar: create, change, call off, delete.

use std::collections::BTreeSet;

use ews::{
    CalendarItem, ResponseCode,
    items::{CalendarItemType, MeetingRequestType, RecurrenceRange, ResponseType},
};
use jiff::tz::TimeZone;

use crate::{
    calendar::{Entry, settle_times},
    failure::{Outcome, refuse},
    ids::GlobalId,
    invitations::{Keep, Tell, Weight, invited, without_occurrence},
    mailbox::{DELETED_ITEMS, MessageParts, SENT_ITEMS, Store, Target},
    mails::MailKind,
    properties,
    recurrence::Series,
    zone,
};

/// What becomes of a deleted item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Gone,
    Trash,
}

impl Store {
    /// A new entry, sent to those invited unless nobody is to be told.
    pub(crate) fn create(
        &mut self,
        mailbox: &str,
        folder: u64,
        mut item: CalendarItem,
        request_zone: Option<&TimeZone>,
        sending: (Tell, Keep),
    ) -> Outcome<u64> {
        let now = self.clock.now();
        let owner = self.mailbox(mailbox)?;
        let (organizer, own_zone) = (owner.as_wire(), owner.person.time_zone.clone());
        let zone =
            request_zone.cloned().or_else(|| zone::resolve(&own_zone)).unwrap_or(TimeZone::UTC);
        settle_times(&mut item, &zone, now)?;
        if item.start_time_zone.is_none() {
            let id = request_zone.and_then(|zone| zone.iana_name()).unwrap_or(&own_zone);
            item.start_time_zone = Some(zone::definition(id));
        }
        item.end_time_zone.get_or_insert_with(|| item.start_time_zone.clone().unwrap_or_default());
        item.organizer = Some(organizer);
        item.reminder_minutes_before_start.get_or_insert(REMINDER_MINUTES);
        forget_read_only(&mut item);
        properties::settle_extended(&mut item);
        self.name_attendees(&mut item);
        let global_id = match &item.uid {
            Some(uid) => GlobalId::from_uid(uid),
            None => GlobalId::new(now, *self.chance.uuid().as_bytes()),
        };
        item.uid.get_or_insert_with(|| global_id.uid());
        let entry = Entry {
            item,
            global_id,
            is_organizer: true,
            exceptions: std::collections::BTreeMap::new(),
            deleted: BTreeSet::new(),
        };
        check_recurrence(&entry)?;
        let number = self.add(mailbox, folder, entry.clone(), None)?;
        let to = invited(&entry, mailbox);
        if sending.0 != Tell::Nobody && !to.is_empty() {
            let target = Target { mailbox: mailbox.to_owned(), number, instance: None };
            self.invite(&target, &to, Weight::Informational, sending.1)?;
        }
        Ok(number)
    }

    /// Changes an entry, or makes one occurrence an exception; `change` sees the whole content and
    /// what is kept: for an occurrence, what it has of its own.
    pub(crate) fn change(
        &mut self,
        target: &Target,
        change: impl FnOnce(&mut CalendarItem) -> Outcome<()>,
        request_zone: Option<&TimeZone>,
        sending: (Tell, Keep),
    ) -> Outcome<()> {
        let before = self.item(&target.mailbox, target.number)?.entry.clone();
        let mut after = before.clone();
        let zone = request_zone.cloned().unwrap_or_else(|| before.zone());
        let moved = match target.instance {
            None => {
                change(&mut after.item)?;
                settle_times(&mut after.item, &zone, before.start())?;
                self.name_attendees(&mut after.item);
                follow_start(&before, &mut after);
                check_recurrence(&after)?;
                let moved = (before.start(), before.end()) != (after.start(), after.end())
                    || before.item.recurrence != after.item.recurrence;
                if moved && after.is_series() {
                    after.exceptions.clear(); // so does Exchange when a series moves
                    after.deleted.clear();
                }
                moved
            }
            Some(index) => {
                let instance = before.instance(index)?;
                let own = after.make_exception(&instance);
                change(own)?;
                settle_times(own, &zone, instance.start)?;
                let now_at = after.instance(index)?;
                (now_at.start, now_at.end) != (instance.start, instance.end)
            }
        };
        let weight = if moved { Weight::Significant } else { Weight::Informational };
        let sequence = before.item.appointment_sequence_number.unwrap_or(0);
        after.item.appointment_sequence_number = Some(sequence + i32::from(moved));
        self.replace(&target.mailbox, target.number, after.clone())?;
        if after.is_organizer {
            self.tell_attendees(target, &before, &after, weight, sending)?;
        }
        Ok(())
    }

    fn tell_attendees(
        &mut self,
        target: &Target,
        before: &Entry,
        after: &Entry,
        weight: Weight,
        sending: (Tell, Keep),
    ) -> Outcome<()> {
        let (were, are) = (invited(before, &target.mailbox), invited(after, &target.mailbox));
        let removed: BTreeSet<String> = were.difference(&are).cloned().collect();
        let added: BTreeSet<String> = are.difference(&were).cloned().collect();
        let to = match sending.0 {
            Tell::Nobody => return Ok(()),
            Tell::Changed => added,
            Tell::All => are,
        };
        if !removed.is_empty() {
            self.call_off(target, after, &removed)?;
        }
        if !to.is_empty() {
            self.invite(target, &to, weight, sending.1)?;
        }
        Ok(())
    }

    /// The organizer calls the meeting, or one occurrence, off.
    pub(crate) fn cancel(&mut self, target: &Target) -> Outcome<u64> {
        let entry = self.item(&target.mailbox, target.number)?.entry.clone();
        if !entry.is_organizer {
            return Err(refuse(ResponseCode::ErrorCalendarIsNotOrganizer));
        }
        self.delete(target, Fate::Trash, (Tell::All, Keep::InSentItems))
    }

    /// The number under which the item lies now, if it still does.
    pub(crate) fn delete(
        &mut self,
        target: &Target,
        fate: Fate,
        sending: (Tell, Keep),
    ) -> Outcome<u64> {
        let stored = self.item(&target.mailbox, target.number)?.clone();
        let entry = stored.entry;
        let to = invited(&entry, &target.mailbox);
        let was_sent = entry.item.meeting_request_was_sent == Some(true);
        let is_meeting = stored.message.is_none() && entry.is_organizer && was_sent;
        if is_meeting && sending.0 != Tell::Nobody && !to.is_empty() {
            self.call_off(target, &entry, &to)?;
            if sending.1 == Keep::InSentItems {
                self.keep_sent(&target.mailbox, &entry)?;
            }
        }
        match (target.instance, fate) {
            (Some(index), _) => {
                entry.instance(index)?;
                let without = without_occurrence(entry, index);
                self.replace(&target.mailbox, target.number, without)?;
            }
            (None, Fate::Gone) => drop(self.remove(&target.mailbox, target.number)?),
            (None, Fate::Trash) => {
                return self.move_to(&target.mailbox, target.number, DELETED_ITEMS);
            }
        }
        Ok(target.number)
    }

    fn keep_sent(&mut self, mailbox: &str, entry: &Entry) -> Outcome<()> {
        let from = self.mailbox(mailbox)?.as_wire();
        let parts = MessageParts {
            kind: MailKind::Cancellation,
            to: from.clone(),
            from,
            request_type: Some(MeetingRequestType::None),
            associated: None,
        };
        self.add(mailbox, SENT_ITEMS, entry.clone(), Some(parts)).map(drop)
    }

    /// Puts the directory's names beside addresses that came alone.
    fn name_attendees(&self, item: &mut CalendarItem) {
        let attendees = item
            .required_attendees
            .iter_mut()
            .chain(&mut item.optional_attendees)
            .chain(&mut item.resources);
        for attendee in attendees {
            let address = attendee.mailbox.email_address.clone().unwrap_or_default();
            match self.mailbox(&address) {
                Ok(mailbox) => attendee.mailbox = mailbox.as_wire(),
                Err(_unknown) => {
                    attendee.mailbox.name.get_or_insert(address);
                    attendee.mailbox.routing_type.get_or_insert_with(|| "SMTP".to_owned());
                }
            }
        }
    }
}

/// A series that is moved to another day begins on that day.
fn follow_start(before: &Entry, after: &mut Entry) {
    let date = after.start().to_zoned(after.zone()).date();
    let is_moved = before.start().to_zoned(before.zone()).date() != date;
    if let Some(recurrence) = &mut after.item.recurrence
        && is_moved
        && before.item.recurrence.as_ref() == Some(recurrence)
    {
        match &mut recurrence.range {
            RecurrenceRange::NoEnd(range) => range.start_date = date,
            RecurrenceRange::EndDate(range) => range.start_date = date,
            RecurrenceRange::Numbered(range) => range.start_date = date,
        }
    }
}

const REMINDER_MINUTES: i32 = 15;

/// What only the server says.
fn forget_read_only(item: &mut CalendarItem) {
    item.item_id = None;
    item.parent_folder_id = None;
    item.my_response_type = Some(ResponseType::Organizer);
    item.calendar_item_type = None::<CalendarItemType>;
    item.is_cancelled = None;
    item.meeting_request_was_sent = Some(false);
    item.appointment_sequence_number = Some(0);
    item.mime_content = None;
    item.oddities = ews::xml::Oddities::default();
}

fn check_recurrence(entry: &Entry) -> Outcome<()> {
    let Some(recurrence) = &entry.item.recurrence else { return Ok(()) };
    let zone = entry.zone();
    let series = Series { recurrence, time: jiff::civil::Time::midnight(), zone: &zone };
    if series.is_empty() {
        return Err(refuse(ResponseCode::ErrorRecurrenceHasNoOccurrence));
    }
    Ok(())
}
