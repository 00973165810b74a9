//! From what is stored to what an answer carries: everything first, then what the shape asks for.

use std::borrow::Cow;

use base64::{Engine, engine::general_purpose::STANDARD};
use ews::{
    CalendarItem, ExtendedFieldUri, FieldUri, Item, ItemId,
    fields::{DistinguishedPropertySet, PropertyType},
    items::{
        Body, BodyType, CalendarItemType, DeletedOccurrence, ExtendedProperty, LegacyFreeBusy,
        Message, MimeContent, Occurrence, PropertyValues, ResponseType,
    },
    shapes::{BaseShape, BodyTypeWanted, ItemShape},
};
use jiff::Timestamp;

use crate::{
    calendar::{Entry, Instance},
    icalendar,
    mailbox::{Mailbox, MessageParts, Stored},
    mails::MailKind,
    properties, text, zone,
};

/// Which operation asks: FindItem never returns some properties.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    ByGet,
    ByFind,
}

/// Everything that can be asked about an item.
pub(crate) struct Rendered {
    pub(crate) item: CalendarItem,
    message: Option<MessageParts>,
    associated: Option<ItemId>,
}

impl Rendered {
    pub(crate) fn new(
        mailbox: &Mailbox,
        number: u64,
        stored: &Stored,
        instance: Option<&Instance>,
    ) -> Self {
        let entry = &stored.entry;
        let mut item = match instance {
            Some(instance) => entry.content_of(instance),
            None => entry.item.clone(),
        };
        item.item_id = Some(match instance {
            Some(instance) => mailbox.occurrence_id(number, instance.index, stored.change),
            None => mailbox.item_id(number, stored.change),
        });
        item.parent_folder_id = Some(mailbox.folder_id(stored.folder));
        add_general(&mut item, mailbox, stored);
        add_meeting(&mut item, entry, instance);
        if entry.is_series() && instance.is_none() {
            add_series(&mut item, mailbox, number, stored);
        }
        add_extended(&mut item, stored, instance);
        let associated = stored.message.as_ref().and_then(|parts| {
            let number = parts.associated?;
            Some(mailbox.item_id(number, mailbox.items.get(&number)?.change))
        });
        for oddity in &stored.oddities {
            oddity.apply(&mut item);
        }
        Self { item, message: stored.message.clone(), associated }
    }

    /// What the shape asks for.
    pub(crate) fn project(&self, shape: &ItemShape, asked: Asked) -> Item {
        let mut wanted: Vec<Cow<'_, str>> = match shape.base_shape {
            BaseShape::IdOnly | BaseShape::Other(_) => vec!["item:ItemId".into()],
            BaseShape::Default => properties::DEFAULT.iter().copied().map(Cow::from).collect(),
            BaseShape::AllProperties => properties::ALL
                .iter()
                .filter(|uri| **uri != "item:MimeContent")
                .copied()
                .map(Cow::from)
                .collect(),
        };
        if shape.include_mime_content == Some(true) {
            wanted.push("item:MimeContent".into());
        }
        let mut item = CalendarItem::default();
        for field in &shape.additional_properties {
            match field {
                FieldUri::Field(plain) => wanted.push(plain.uri.as_ref().into()),
                FieldUri::Indexed(_) => {}
                FieldUri::Extended(uri) => item.extended_properties.extend(self.extended(uri)),
            }
        }
        for uri in &wanted {
            if asked == Asked::ByGet || !properties::NEVER_FOUND.contains(&uri.as_ref()) {
                properties::copy(uri, &self.item, &mut item);
            }
        }
        if item.mime_content.is_some() {
            let calendar = icalendar::write(&self.item);
            let content = STANDARD.encode(calendar);
            item.mime_content =
                Some(MimeContent { character_set: Some("UTF-8".to_owned()), content });
        }
        if asked == Asked::ByFind {
            if let Some(organizer) = &mut item.organizer {
                organizer.email_address = None; // the name only
                organizer.routing_type = None;
            }
        } else {
            item.body = item.body.map(|body| converted(body, shape.body_type.as_ref()));
        }
        self.dress(item, &wanted)
    }

    /// A property by whatever name the caller has for it, under that name.
    pub(crate) fn extended(&self, uri: &ExtendedFieldUri) -> Option<ExtendedProperty> {
        let found = self.item.extended_property(uri)?;
        let values: PropertyValues = found.values.clone();
        Some(ExtendedProperty { uri: uri.clone(), values })
    }

    /// As an entry, or as the kind of message that it is.
    fn dress(&self, item: CalendarItem, wanted: &[Cow<'_, str>]) -> Item {
        let Some(parts) = &self.message else { return item.into() };
        let wants = |uri: &str| wanted.len() > 5 || wanted.iter().any(|wanted| wanted == uri);
        let message = Message {
            mime_content: item.mime_content,
            item_id: item.item_id,
            parent_folder_id: item.parent_folder_id,
            item_class: item.item_class,
            subject: item.subject,
            sensitivity: item.sensitivity,
            body: item.body,
            date_time_received: item.date_time_received,
            date_time_sent: item.date_time_sent,
            date_time_created: item.date_time_created,
            has_attachments: item.has_attachments,
            extended_properties: item.extended_properties,
            last_modified_time: item.last_modified_time,
            sender: wants("message:Sender").then(|| parts.from.clone()),
            to_recipients: if wants("message:ToRecipients") {
                vec![parts.to.clone()]
            } else {
                vec![]
            },
            from: wants("message:From").then(|| parts.from.clone()),
            is_read: wants("message:IsRead").then_some(false),
            associated_calendar_item_id: self
                .associated
                .clone()
                .filter(|_| wants("meeting:AssociatedCalendarItemId")),
            is_delegated: wants("meeting:IsDelegated").then_some(false),
            is_out_of_date: wants("meeting:IsOutOfDate").then_some(false),
            has_been_processed: wants("meeting:HasBeenProcessed").then_some(true),
            response_type: wants("meeting:ResponseType").then(|| response_type(parts.kind)),
            uid: item.uid,
            meeting_request_type: parts
                .request_type
                .clone()
                .filter(|_| wants("meetingRequest:MeetingRequestType")),
            intended_free_busy_status: (is_request(parts.kind)
                && wants("meetingRequest:IntendedFreeBusyStatus"))
            .then_some(LegacyFreeBusy::Busy),
            ..Message::default()
        };
        if !is_request(parts.kind) {
            return match parts.kind {
                MailKind::Cancellation => Item::MeetingCancellation(Box::new(message)),
                _ => Item::MeetingResponse(Box::new(message)),
            };
        }
        Item::MeetingRequest(Box::new(Message {
            start: item.start,
            end: item.end,
            is_all_day_event: item.is_all_day_event,
            location: item.location,
            is_meeting: item.is_meeting,
            is_cancelled: item.is_cancelled,
            is_recurring: item.is_recurring,
            calendar_item_type: item.calendar_item_type,
            my_response_type: item.my_response_type,
            organizer: item.organizer,
            required_attendees: item.required_attendees,
            optional_attendees: item.optional_attendees,
            resources: item.resources,
            appointment_sequence_number: item.appointment_sequence_number,
            recurrence: item.recurrence,
            start_time_zone: item.start_time_zone,
            end_time_zone: item.end_time_zone,
            ..message
        }))
    }
}

fn is_request(kind: MailKind) -> bool {
    matches!(kind, MailKind::Request | MailKind::Update)
}

fn response_type(kind: MailKind) -> ResponseType {
    match kind {
        MailKind::Accepted => ResponseType::Accept,
        MailKind::TentativelyAccepted => ResponseType::Tentative,
        MailKind::Declined => ResponseType::Decline,
        MailKind::Request | MailKind::Update | MailKind::Cancellation => ResponseType::Unknown,
    }
}

/// In the type asked for; an HTML body is put into text roughly, a text into HTML plainly.
fn converted(body: Body, wanted: Option<&BodyTypeWanted>) -> Body {
    match (wanted, &body.body_type) {
        (Some(BodyTypeWanted::Text), BodyType::Html) => Body::text(text::from_html(&body.content)),
        (Some(BodyTypeWanted::Html), BodyType::Text) => Body::html(text::to_html(&body.content)),
        _ => body,
    }
}

fn add_general(item: &mut CalendarItem, mailbox: &Mailbox, stored: &Stored) {
    let class = stored.message.as_ref().map_or("IPM.Appointment", |parts| parts.kind.item_class());
    item.item_class = Some(class.to_owned());
    item.mime_content = Some(MimeContent { character_set: None, content: String::new() });
    item.date_time_created = Some(stored.created.into());
    item.date_time_received = Some(stored.created.into());
    item.date_time_sent = Some(stored.created.into());
    item.date_time_stamp = Some(stored.modified.into());
    item.last_modified_time = Some(stored.modified.into());
    item.last_modified_name = Some(mailbox.person.name.clone());
    item.size =
        item.body.as_ref().map(|body| i32::try_from(body.content.len()).unwrap_or(i32::MAX));
    item.has_attachments = Some(false);
    item.is_draft = Some(false);
    item.sensitivity.get_or_insert(ews::items::Sensitivity::Normal);
    item.importance.get_or_insert(ews::items::Importance::Normal);
    item.culture.get_or_insert_with(|| mailbox.person.culture.clone());
    item.reminder_is_set.get_or_insert(item.reminder_minutes_before_start.is_some());
    let body = item.body.get_or_insert_with(|| Body::text(""));
    item.text_body = Some(match body.body_type {
        BodyType::Html => Body::text(text::from_html(&body.content)),
        BodyType::Text | BodyType::Other(_) => body.clone(),
    });
    let names: Vec<&str> = item
        .required_attendees
        .iter()
        .filter_map(|attendee| attendee.mailbox.name.as_deref())
        .collect();
    item.display_to = Some(names.join("; "));
}

fn add_meeting(item: &mut CalendarItem, entry: &Entry, instance: Option<&Instance>) {
    item.uid = Some(item.uid.take().unwrap_or_else(|| entry.global_id.uid()));
    item.is_all_day_event.get_or_insert(false);
    item.legacy_free_busy_status.get_or_insert(LegacyFreeBusy::Busy);
    item.is_meeting = Some(entry.is_meeting());
    item.is_cancelled.get_or_insert(false);
    item.is_recurring = Some(entry.is_series());
    item.meeting_request_was_sent.get_or_insert(false);
    item.is_response_requested.get_or_insert(true);
    item.is_organizer = Some(entry.is_organizer);
    item.appointment_sequence_number.get_or_insert(0);
    let received = i32::from(!entry.is_organizer) * 2;
    let cancelled = i32::from(item.is_cancelled == Some(true)) * 4;
    item.appointment_state = Some(i32::from(entry.is_meeting()) + received + cancelled);
    if entry.is_organizer {
        item.my_response_type = Some(ResponseType::Organizer); // of an own appointment too
    }
    item.calendar_item_type = Some(match instance {
        Some(instance) if instance.is_exception => CalendarItemType::Exception,
        Some(_) => CalendarItemType::Occurrence,
        None if entry.is_series() => CalendarItemType::RecurringMaster,
        None => CalendarItemType::Single,
    });
    if let Some(instance) = instance {
        item.recurrence_id = Some(instance.original.into());
        item.original_start = Some(instance.original.into());
    }
    for attendee in item
        .required_attendees
        .iter_mut()
        .chain(&mut item.optional_attendees)
        .chain(&mut item.resources)
    {
        attendee.response_type.get_or_insert(ResponseType::Unknown);
    }
    for zone in [&mut item.start_time_zone, &mut item.end_time_zone].into_iter().flatten() {
        if let Some(id) = zone.id.as_deref() {
            *zone = zone::definition(id);
        }
    }
}

fn add_series(item: &mut CalendarItem, mailbox: &Mailbox, number: u64, stored: &Stored) {
    let entry = &stored.entry;
    let listed = |instance: Instance| Occurrence {
        item_id: mailbox.occurrence_id(number, instance.index, stored.change),
        start: instance.start.into(),
        end: instance.end.into(),
        original_start: instance.original.into(),
    };
    let (first, last) = entry.ends();
    item.first_occurrence = first.map(listed);
    item.last_occurrence = last.map(listed);
    let exceptions = entry.exceptions.keys().filter_map(|index| entry.instance(*index).ok());
    item.modified_occurrences = exceptions.map(listed).collect();
    let deleted = entry.deleted.iter().filter_map(|index| entry.original_start(*index));
    item.deleted_occurrences =
        deleted.map(|start| DeletedOccurrence { start: start.into() }).collect();
}

/// The MAPI properties that clients ask for by number.
fn add_extended(item: &mut CalendarItem, stored: &Stored, instance: Option<&Instance>) {
    let entry = &stored.entry;
    let dated = match instance {
        Some(instance) => {
            let date = instance.original.to_zoned(entry.zone()).date();
            entry.global_id.dated_base64(date)
        }
        None => entry.global_id.base64(),
    };
    let moment = |at: Timestamp| ews::DateTime::from(at).to_string();
    let number = i32::try_from(stored.change % 2_000_000_000).unwrap_or(1);
    let busy = match item.legacy_free_busy_status {
        Some(LegacyFreeBusy::Free) => "0",
        Some(LegacyFreeBusy::Tentative) => "1",
        Some(LegacyFreeBusy::OutOfOffice) => "3",
        _ => "2",
    };
    let appointment =
        |id, kind| ExtendedFieldUri::numbered(DistinguishedPropertySet::Appointment, id, kind);
    let subject = item.subject.clone().unwrap_or_default();
    let class = item.item_class.clone().unwrap_or_default();
    let plain = item.text_body.as_ref().map(|body| body.content.clone()).unwrap_or_default();
    let location = item.location.clone().unwrap_or_default();
    let start = item.start.map(|time| time.to_string()).unwrap_or_default();
    let end = item.end.map(|time| time.to_string()).unwrap_or_default();
    let computed = [
        (ExtendedFieldUri::clean_global_object_id(), entry.global_id.base64()),
        (ExtendedFieldUri::global_object_id(), dated),
        (ExtendedFieldUri::tagged(0x0e23, PropertyType::Integer), number.to_string()),
        (ExtendedFieldUri::tagged(0x3008, PropertyType::SystemTime), moment(stored.modified)),
        (ExtendedFieldUri::tagged(0x3007, PropertyType::SystemTime), moment(stored.created)),
        (ExtendedFieldUri::tagged(0x0037, PropertyType::String), subject),
        (ExtendedFieldUri::tagged(0x001a, PropertyType::String), class),
        (ExtendedFieldUri::tagged(0x1000, PropertyType::String), plain),
        (appointment(0x8205, PropertyType::Integer), busy.to_owned()),
        (appointment(0x8208, PropertyType::String), location),
        (appointment(0x820d, PropertyType::SystemTime), start),
        (appointment(0x820e, PropertyType::SystemTime), end),
    ];
    for (uri, value) in computed {
        if !value.is_empty() && item.extended_property(&uri).is_none() {
            item.extended_properties.push(ExtendedProperty::new(uri, value));
        }
    }
}
