//! When somebody is busy: what the calendar says, as digits, and where people could meet.

pub(crate) mod suggestions;

use ews::{
    free_busy::CalendarEventDetails,
    items::{LegacyFreeBusy, Sensitivity},
};
use jiff::{SignedDuration, Timestamp};

use crate::{
    calendar::Instance,
    ids::{GlobalId, Key, KeyKind},
    mailbox::{CALENDAR, Mailbox, Stored},
};

/// One entry of a calendar that touches the window, and what could be told about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Busy {
    pub(crate) start: Timestamp,
    pub(crate) end: Timestamp,
    pub(crate) status: LegacyFreeBusy,
    pub(crate) details: CalendarEventDetails,
}

/// Everything between two moments, series expanded, in order; one meeting may be left out.
pub(crate) fn busy_times(
    mailbox: &Mailbox,
    from: Timestamp,
    to: Timestamp,
    except: Option<&GlobalId>,
) -> Vec<Busy> {
    let mut found = Vec::new();
    for (number, stored) in &mailbox.items {
        let entry = &stored.entry;
        let is_entry = stored.folder == CALENDAR && stored.message.is_none();
        if !is_entry || except == Some(&entry.global_id) {
            continue;
        }
        if entry.is_series() {
            let instances = entry.instances_between(from, to).into_iter();
            found.extend(instances.map(|at| busy(mailbox, *number, stored, Some(at))));
        } else if entry.start() < to && entry.end() > from {
            found.push(busy(mailbox, *number, stored, None));
        }
    }
    found.sort_by_key(|busy| (busy.start, busy.end));
    found
}

fn busy(mailbox: &Mailbox, number: u64, stored: &Stored, at: Option<Instance>) -> Busy {
    let entry = &stored.entry;
    let content = at.as_ref().map(|at| entry.content_of(at));
    let item = content.as_ref().unwrap_or(&entry.item);
    let kind = at.map_or(KeyKind::Item(number), |at| KeyKind::Occurrence(number, at.index));
    Busy {
        start: at.map_or_else(|| entry.start(), |at| at.start),
        end: at.map_or_else(|| entry.end(), |at| at.end),
        status: item.legacy_free_busy_status.clone().unwrap_or(LegacyFreeBusy::Busy),
        details: CalendarEventDetails {
            id: Some(Key { mailbox: mailbox.id, kind }.encode_hex()),
            subject: item.subject.clone(),
            location: item.location.clone(),
            is_meeting: entry.is_meeting(),
            is_recurring: at.is_some(),
            is_exception: at.is_some_and(|at| at.is_exception),
            is_reminder_set: item
                .reminder_is_set
                .unwrap_or(item.reminder_minutes_before_start.is_some()),
            is_private: item.sensitivity == Some(Sensitivity::Private),
        },
    }
}

/// One digit for each interval: the most urgent of what lies in it.
pub(crate) fn merged(
    busy: &[Busy],
    from: Timestamp,
    to: Timestamp,
    interval: SignedDuration,
) -> String {
    let mut digits = String::new();
    let mut at = from;
    while at < to {
        let next = at + interval;
        digits.push(status_between(busy, at, next).digit());
        at = next;
    }
    digits
}

/// The most urgent status between two moments.
pub(crate) fn status_between(busy: &[Busy], from: Timestamp, to: Timestamp) -> LegacyFreeBusy {
    let touching = busy.iter().filter(|busy| busy.start < to && busy.end > from);
    let most = touching.max_by_key(|busy| urgency(&busy.status));
    most.map_or(LegacyFreeBusy::Free, |busy| busy.status.clone())
}

fn urgency(status: &LegacyFreeBusy) -> u8 {
    match status {
        LegacyFreeBusy::Free => 0,
        LegacyFreeBusy::NoData | LegacyFreeBusy::Other(_) => 1,
        LegacyFreeBusy::WorkingElsewhere => 2,
        LegacyFreeBusy::Tentative => 3,
        LegacyFreeBusy::Busy => 4,
        LegacyFreeBusy::OutOfOffice => 5,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        format!("2026-11-24T{text}:00Z").parse().expect("a time")
    }

    fn busy(start: &str, end: &str, status: LegacyFreeBusy) -> Busy {
        let details = CalendarEventDetails {
            id: None,
            subject: None,
            location: None,
            is_meeting: false,
            is_recurring: false,
            is_exception: false,
            is_reminder_set: false,
            is_private: false,
        };
        Busy { start: at(start), end: at(end), status, details }
    }

    #[test]
    fn each_interval_shows_the_most_urgent_of_what_touches_it() {
        let busy = [
            busy("10:00", "11:00", LegacyFreeBusy::Busy),
            busy("10:30", "12:30", LegacyFreeBusy::Tentative),
            busy("12:00", "12:10", LegacyFreeBusy::OutOfOffice),
            busy("13:00", "13:30", LegacyFreeBusy::Free),
            busy("13:30", "14:00", LegacyFreeBusy::WorkingElsewhere),
        ];
        let digits =
            |minutes| merged(&busy, at("09:00"), at("14:00"), SignedDuration::from_mins(minutes));
        assert_eq!(digits(30), "0022113004");
        assert_eq!(digits(60), "02134");
        assert_eq!(digits(7 * 60), "3", "a last interval may reach beyond the window");
    }
}
