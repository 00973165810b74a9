//! An entry of a calendar as it is stored: one item, and for a series what differs from it when.

use std::collections::{BTreeMap, BTreeSet};

use ews::{
    CalendarItem, DateTime, ResponseCode,
    items::{Attendee, RecurrenceRange, ResponseType},
};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use crate::{
    failure::{Outcome, refuse},
    ids::GlobalId,
    properties,
    recurrence::Series,
    zone,
};

/// Start and end are always there and in UTC; ids stand elsewhere.
#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) item: CalendarItem,
    pub(crate) global_id: GlobalId,
    pub(crate) is_organizer: bool,
    /// What an exception has of its own, by its place in the series.
    pub(crate) exceptions: BTreeMap<i32, CalendarItem>,
    pub(crate) deleted: BTreeSet<i32>,
}

/// One occurrence, with its own times if it is an exception.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Instance {
    pub(crate) index: i32,
    pub(crate) original: Timestamp,
    pub(crate) start: Timestamp,
    pub(crate) end: Timestamp,
    pub(crate) is_exception: bool,
}

/// What an exception keeps of its own from the moment it is made, whatever the master becomes.
const OWN: [&str; 4] = ["calendar:Start", "calendar:End", "calendar:Location", "item:Body"];

impl Entry {
    pub(crate) fn start(&self) -> Timestamp {
        utc(self.item.start)
    }

    pub(crate) fn end(&self) -> Timestamp {
        utc(self.item.end)
    }

    pub(crate) fn zone(&self) -> TimeZone {
        let known = self.item.start_time_zone.as_ref().and_then(zone::of_definition);
        known.unwrap_or(TimeZone::UTC)
    }

    pub(crate) fn is_series(&self) -> bool {
        self.item.recurrence.is_some()
    }

    /// Everybody who is invited, the organizer not among them.
    pub(crate) fn attendees(&self) -> impl Iterator<Item = &Attendee> {
        let item = &self.item;
        item.required_attendees.iter().chain(&item.optional_attendees).chain(&item.resources)
    }

    pub(crate) fn attendees_mut(&mut self) -> impl Iterator<Item = &mut Attendee> {
        let item = &mut self.item;
        item.required_attendees
            .iter_mut()
            .chain(&mut item.optional_attendees)
            .chain(&mut item.resources)
    }

    pub(crate) fn is_meeting(&self) -> bool {
        !self.is_organizer || self.attendees().next().is_some()
    }

    /// Occurrences that touch the window, or the entry itself as the only one.
    pub(crate) fn instances_between(&self, from: Timestamp, to: Timestamp) -> Vec<Instance> {
        let touches = |instance: &Instance| {
            instance.start < to && instance.end > from
                || instance.start == instance.end && instance.start >= from && instance.start < to
        };
        let mut found: Vec<Instance> = Vec::new();
        self.each_start(|index, original| {
            found.extend(self.instance_at(index, original).filter(touches));
            original < to
        });
        let visited = found.iter().map(|instance| instance.index).collect::<BTreeSet<_>>();
        let moved = self.exceptions.keys().filter(|index| !visited.contains(index));
        let moved: Vec<Instance> =
            moved.filter_map(|index| self.instance(*index).ok()).filter(touches).collect();
        found.extend(moved);
        found.sort_by_key(|instance| instance.start);
        found
    }

    pub(crate) fn instance(&self, index: i32) -> Outcome<Instance> {
        if self.deleted.contains(&index) {
            return Err(refuse(ResponseCode::ErrorCalendarOccurrenceIsDeletedFromRecurrence));
        }
        let mut found = None;
        self.each_start(|at, original| {
            if at == index {
                found = self.instance_at(at, original);
            }
            at < index
        });
        let out = ResponseCode::ErrorCalendarOccurrenceIndexIsOutOfRecurrenceRange;
        found.ok_or_else(|| refuse(out))
    }

    /// The first and the last occurrence that are left; a series without end has no last one.
    pub(crate) fn ends(&self) -> (Option<Instance>, Option<Instance>) {
        let is_endless = self
            .item
            .recurrence
            .as_ref()
            .is_none_or(|recurrence| matches!(recurrence.range, RecurrenceRange::NoEnd(_)));
        let (mut first, mut last) = (None, None);
        self.each_start(|index, original| {
            let instance = self.instance_at(index, original);
            first = first.or(instance);
            last = instance.or(last);
            !is_endless || first.is_none()
        });
        (first, if is_endless { None } else { last })
    }

    /// When an occurrence would have been, also of a deleted one.
    pub(crate) fn original_start(&self, index: i32) -> Option<Timestamp> {
        let mut found = None;
        self.each_start(|at, original| {
            if at == index {
                found = Some(original);
            }
            at < index
        });
        found
    }

    /// The content of an occurrence: the master's, under what the exception has of its own.
    pub(crate) fn content_of(&self, instance: &Instance) -> CalendarItem {
        let mut item = self.item.clone();
        item.recurrence = None;
        if let Some(own) = self.exceptions.get(&instance.index) {
            overlay(own, &mut item);
        }
        item.start = Some(instance.start.into());
        item.end = Some(instance.end.into());
        item
    }

    /// The exception at this place, made if it is not one yet.
    pub(crate) fn make_exception(&mut self, instance: &Instance) -> &mut CalendarItem {
        let content = self.content_of(instance);
        self.exceptions.entry(instance.index).or_insert_with(|| {
            let mut own = CalendarItem::default();
            for uri in OWN {
                properties::copy(uri, &content, &mut own);
            }
            own
        })
    }

    /// An answer of one attendee, as the organizer's copy keeps it.
    pub(crate) fn note_response(&mut self, address: &str, response: &ResponseType, at: Timestamp) {
        for attendee in self.attendees_mut().filter(|attendee| is_for(attendee, address)) {
            attendee.response_type = Some(response.clone());
            attendee.last_response_time = Some(at.into());
        }
    }

    fn each_start(&self, mut visit: impl FnMut(i32, Timestamp) -> bool) {
        let Some(recurrence) = &self.item.recurrence else { return };
        let zone = self.zone();
        let time = self.start().to_zoned(zone.clone()).time();
        let series = Series { recurrence, time, zone: &zone };
        for (index, start) in series.starts() {
            if !visit(index, start) {
                return;
            }
        }
    }

    fn instance_at(&self, index: i32, original: Timestamp) -> Option<Instance> {
        if self.deleted.contains(&index) {
            return None;
        }
        let own = self.exceptions.get(&index);
        let start = own.and_then(|own| own.start?.utc()).unwrap_or(original);
        let end = own.and_then(|own| own.end?.utc()).unwrap_or_else(|| self.end_from(original));
        Some(Instance { index, original, start, end, is_exception: own.is_some() })
    }

    /// The end of an occurrence by the wall clock, so that days stay days across daylight saving.
    fn end_from(&self, start: Timestamp) -> Timestamp {
        let zone = self.zone();
        let civil = |at: Timestamp| at.to_zoned(zone.clone()).datetime();
        let length = civil(self.start()).duration_until(civil(self.end()));
        let end = civil(start).checked_add(length).ok();
        end.and_then(|end| zone.to_timestamp(end).ok()).unwrap_or(start)
    }
}

/// Everything that is set replaces what was there.
pub(crate) fn overlay(own: &CalendarItem, item: &mut CalendarItem) {
    let nothing = CalendarItem::default();
    for uri in properties::WRITABLE
        .iter()
        .chain(["calendar:MyResponseType", "calendar:IsCancelled"].iter())
    {
        let (mut probe, mut empty) = (CalendarItem::default(), nothing.clone());
        properties::copy(uri, own, &mut probe);
        properties::copy(uri, &nothing, &mut empty);
        if probe != empty {
            properties::copy(uri, own, item);
        }
    }
    for property in &own.extended_properties {
        properties::set_extended(item, property);
    }
}

/// Puts times into UTC, with what stands in for them if they are missing.
pub(crate) fn settle_times(
    item: &mut CalendarItem,
    zone: &TimeZone,
    now: Timestamp,
) -> Outcome<()> {
    let own = item.start_time_zone.as_ref().and_then(zone::of_definition);
    let zone = own.as_ref().unwrap_or(zone);
    let settle = |time: Option<DateTime>| time.and_then(|time| time.to_timestamp(zone));
    let start = settle(item.start).unwrap_or(now);
    let end = settle(item.end).unwrap_or_else(|| start + LENGTH_DEFAULT);
    if end < start {
        return Err(refuse(ResponseCode::ErrorCalendarEndDateIsEarlierThanStartDate));
    }
    item.start = Some(start.into());
    item.end = Some(end.into());
    Ok(())
}

const LENGTH_DEFAULT: SignedDuration = SignedDuration::from_mins(30);

pub(crate) fn is_for(attendee: &Attendee, address: &str) -> bool {
    let theirs = attendee.mailbox.email_address.as_deref();
    theirs.is_some_and(|theirs| theirs.eq_ignore_ascii_case(address))
}

fn utc(time: Option<DateTime>) -> Timestamp {
    time.and_then(DateTime::utc).unwrap_or(Timestamp::UNIX_EPOCH)
}
