//! What a participant's copy of a meeting becomes, and what mails about it say. Pure; the
//! [`invitations`](super) do the sending.

use std::collections::{BTreeMap, BTreeSet};

use ews::{
    CalendarItem,
    items::{LegacyFreeBusy, ResponseType},
};

use super::Weight;
use crate::{
    calendar::Entry,
    mailbox::{Delivery, key},
    mails::{CANCELED, MailKind},
    properties,
};

/// The tentative copy that appears in an invited person's calendar.
pub(super) fn new_copy(organizers: &Entry, instance: Option<i32>) -> Entry {
    let mut item = CalendarItem {
        legacy_free_busy_status: Some(LegacyFreeBusy::Tentative),
        my_response_type: Some(ResponseType::NoResponseReceived),
        meeting_request_was_sent: Some(true),
        ..CalendarItem::default()
    };
    for uri in properties::SHARED {
        properties::copy(uri, &organizers.item, &mut item);
    }
    let mut copy = Entry {
        item,
        global_id: organizers.global_id.clone(),
        is_organizer: false,
        exceptions: shared_exceptions(organizers),
        deleted: organizers.deleted.clone(),
    };
    // whoever is invited to one occurrence only gets it as an entry of its own
    if let Some(instance) = instance.and_then(|index| organizers.instance(index).ok()) {
        let content = organizers.content_of(&instance);
        for uri in properties::SHARED {
            properties::copy(uri, &content, &mut copy.item);
        }
        copy.item.recurrence_id = Some(instance.original.into());
        copy.exceptions.clear();
        copy.deleted.clear();
    }
    copy
}

pub(super) fn updated_copy(
    organizers: &Entry,
    mut copy: Entry,
    instance: Option<i32>,
    weight: Weight,
) -> Entry {
    match instance {
        None => {
            for uri in properties::SHARED {
                properties::copy(uri, &organizers.item, &mut copy.item);
            }
            copy.exceptions = shared_exceptions(organizers);
            copy.deleted.clone_from(&organizers.deleted);
            if weight == Weight::Significant {
                set_response(&mut copy.item, &ResponseType::NoResponseReceived);
            }
        }
        Some(index) => {
            if let Some(own) = shared_exceptions(organizers).remove(&index) {
                copy.exceptions.insert(index, own);
            }
        }
    }
    copy
}

pub(super) fn as_delivered(delivery: Delivery, mut copy: Entry) -> Entry {
    let Some(body) = copy.item.body.as_mut() else { return copy };
    match delivery {
        Delivery::Whole => {}
        Delivery::WithoutBody => body.content.clear(),
        Delivery::LinksRewritten => body.content = links_rewritten(&body.content),
    }
    copy
}

fn links_rewritten(text: &str) -> String {
    let mut parts = text.split("https://");
    let mut rewritten = parts.next().unwrap_or_default().to_owned();
    for (number, part) in parts.enumerate() {
        let end = part.find(['"', '<', ' ', '\r', '\n']).unwrap_or(part.len());
        let rest = part.get(end..).unwrap_or_default();
        let token = format!("AbCdEfGhIjKlMnOpQr{number}");
        rewritten.push_str(&format!("https://protect-eu.mimecast.com/s/{token}/{rest}"));
    }
    rewritten
}

/// Exceptions without what only the organizer sees.
fn shared_exceptions(organizers: &Entry) -> BTreeMap<i32, CalendarItem> {
    let share = |own: &CalendarItem| {
        let mut shared = CalendarItem::default();
        for uri in properties::SHARED {
            properties::copy(uri, own, &mut shared);
        }
        shared
    };
    organizers.exceptions.iter().map(|(index, own)| (*index, share(own))).collect()
}

pub(super) fn set_response(item: &mut CalendarItem, response: &ResponseType) {
    item.my_response_type = Some(response.clone());
    item.legacy_free_busy_status = Some(match response {
        ResponseType::Accept => LegacyFreeBusy::Busy,
        _ => LegacyFreeBusy::Tentative,
    });
}

pub(super) fn cancelled(mut copy: Entry) -> Entry {
    let subject = copy.item.subject.unwrap_or_default();
    copy.item.subject = Some(format!("{CANCELED}{subject}"));
    copy.item.is_cancelled = Some(true);
    copy.item.legacy_free_busy_status = Some(LegacyFreeBusy::Free);
    copy
}

pub(crate) fn without_occurrence(mut entry: Entry, index: i32) -> Entry {
    entry.exceptions.remove(&index);
    entry.deleted.insert(index);
    entry
}

/// What a mail about a meeting, or about one occurrence, says.
pub(super) fn message_entry(entry: &Entry, instance: Option<i32>, kind: MailKind) -> Entry {
    let mut message = new_copy(entry, None);
    if let Some(instance) = instance.and_then(|index| entry.instance(index).ok()) {
        let content = entry.content_of(&instance);
        for uri in properties::SHARED {
            properties::copy(uri, &content, &mut message.item);
        }
        message.exceptions.clear();
        message.deleted.clear();
    }
    let subject = message.item.subject.unwrap_or_default();
    message.item.subject = Some(format!("{}{subject}", kind.subject_prefix()));
    message
}

/// The addresses of everybody invited, the organizer's own left out.
pub(crate) fn invited(entry: &Entry, organizer: &str) -> BTreeSet<String> {
    entry
        .attendees()
        .filter_map(|attendee| attendee.mailbox.email_address.as_deref())
        .map(key)
        .filter(|address| *address != key(organizer))
        .collect()
}
