//! The properties of an entry by their names on the wire: copied for shapes and updates, and put
//! into text for searches.

use ews::{
    CalendarItem, DateTime, ExtendedFieldUri,
    fields::PropertyType,
    items::{
        Body, CalendarItemType, ExtendedProperty, Importance, LegacyFreeBusy, PropertyValues,
        ResponseType, Sensitivity,
    },
};

macro_rules! properties {
    ($($uri:literal $field:ident,)*) => {
        /// Copies one property; an unknown name changes nothing.
        pub(crate) fn copy(uri: &str, from: &CalendarItem, to: &mut CalendarItem) {
            match uri {
                $($uri => to.$field.clone_from(&from.$field),)*
                _ => {}
            }
        }

        /// A property as a text that can be compared, if it has one.
        pub(crate) fn text(uri: &str, item: &CalendarItem) -> Option<String> {
            match uri {
                $($uri => Textual::text(&item.$field),)*
                _ => None,
            }
        }

        /// Every name.
        pub(crate) const ALL: &[&str] = &[$($uri),*];
    };
}

properties! {
    "item:MimeContent" mime_content,
    "item:ItemId" item_id,
    "item:ParentFolderId" parent_folder_id,
    "item:ItemClass" item_class,
    "item:Subject" subject,
    "item:Sensitivity" sensitivity,
    "item:Body" body,
    "item:DateTimeReceived" date_time_received,
    "item:Size" size,
    "item:Categories" categories,
    "item:Importance" importance,
    "item:IsDraft" is_draft,
    "item:DateTimeSent" date_time_sent,
    "item:DateTimeCreated" date_time_created,
    "item:ReminderDueBy" reminder_due_by,
    "item:ReminderIsSet" reminder_is_set,
    "item:ReminderMinutesBeforeStart" reminder_minutes_before_start,
    "item:DisplayCc" display_cc,
    "item:DisplayTo" display_to,
    "item:HasAttachments" has_attachments,
    "item:Culture" culture,
    "item:LastModifiedName" last_modified_name,
    "item:LastModifiedTime" last_modified_time,
    "item:TextBody" text_body,
    "calendar:UID" uid,
    "calendar:RecurrenceId" recurrence_id,
    "calendar:DateTimeStamp" date_time_stamp,
    "calendar:Start" start,
    "calendar:End" end,
    "calendar:OriginalStart" original_start,
    "calendar:IsAllDayEvent" is_all_day_event,
    "calendar:LegacyFreeBusyStatus" legacy_free_busy_status,
    "calendar:Location" location,
    "calendar:IsMeeting" is_meeting,
    "calendar:IsCancelled" is_cancelled,
    "calendar:IsRecurring" is_recurring,
    "calendar:MeetingRequestWasSent" meeting_request_was_sent,
    "calendar:IsResponseRequested" is_response_requested,
    "calendar:CalendarItemType" calendar_item_type,
    "calendar:MyResponseType" my_response_type,
    "calendar:Organizer" organizer,
    "calendar:RequiredAttendees" required_attendees,
    "calendar:OptionalAttendees" optional_attendees,
    "calendar:Resources" resources,
    "calendar:AppointmentReplyTime" appointment_reply_time,
    "calendar:AppointmentSequenceNumber" appointment_sequence_number,
    "calendar:AppointmentState" appointment_state,
    "calendar:Recurrence" recurrence,
    "calendar:FirstOccurrence" first_occurrence,
    "calendar:LastOccurrence" last_occurrence,
    "calendar:ModifiedOccurrences" modified_occurrences,
    "calendar:DeletedOccurrences" deleted_occurrences,
    "calendar:StartTimeZone" start_time_zone,
    "calendar:EndTimeZone" end_time_zone,
    "calendar:ConferenceType" conference_type,
    "calendar:AllowNewTimeProposal" allow_new_time_proposal,
    "calendar:IsOnlineMeeting" is_online_meeting,
    "calendar:JoinOnlineMeetingUrl" join_online_meeting_url,
    "calendar:IsOrganizer" is_organizer,
}

/// What a client may change in an entry of its calendar.
pub(crate) const WRITABLE: &[&str] = &[
    "item:Subject",
    "item:Sensitivity",
    "item:Body",
    "item:Categories",
    "item:Importance",
    "item:ReminderIsSet",
    "item:ReminderMinutesBeforeStart",
    "item:Culture",
    "calendar:Start",
    "calendar:End",
    "calendar:IsAllDayEvent",
    "calendar:LegacyFreeBusyStatus",
    "calendar:Location",
    "calendar:IsResponseRequested",
    "calendar:RequiredAttendees",
    "calendar:OptionalAttendees",
    "calendar:Resources",
    "calendar:Recurrence",
    "calendar:StartTimeZone",
    "calendar:EndTimeZone",
    "calendar:ConferenceType",
    "calendar:AllowNewTimeProposal",
    "calendar:IsOnlineMeeting",
];

/// What travels from the organizer's copy to those of the attendees.
pub(crate) const SHARED: &[&str] = &[
    "item:Subject",
    "item:Sensitivity",
    "item:Body",
    "item:Importance",
    "calendar:Start",
    "calendar:End",
    "calendar:IsAllDayEvent",
    "calendar:Location",
    "calendar:IsResponseRequested",
    "calendar:RequiredAttendees",
    "calendar:OptionalAttendees",
    "calendar:Resources",
    "calendar:Recurrence",
    "calendar:StartTimeZone",
    "calendar:EndTimeZone",
    "calendar:Organizer",
    "calendar:AppointmentSequenceNumber",
    "calendar:UID",
];

/// What a shape of the base `Default` carries.
pub(crate) const DEFAULT: &[&str] = &[
    "item:ItemId",
    "item:ParentFolderId",
    "item:ItemClass",
    "item:Subject",
    "item:Sensitivity",
    "item:Body",
    "item:HasAttachments",
    "item:Culture",
    "calendar:UID",
    "calendar:Start",
    "calendar:End",
    "calendar:LegacyFreeBusyStatus",
    "calendar:Location",
    "calendar:IsMeeting",
    "calendar:IsCancelled",
    "calendar:IsRecurring",
    "calendar:MeetingRequestWasSent",
    "calendar:CalendarItemType",
    "calendar:MyResponseType",
    "calendar:Organizer",
    "calendar:RequiredAttendees",
    "calendar:OptionalAttendees",
    "calendar:Resources",
    "calendar:Recurrence",
];

/// What FindItem never returns, whatever the shape says.
pub(crate) const NEVER_FOUND: &[&str] = &[
    "item:MimeContent",
    "item:Body",
    "item:TextBody",
    "calendar:RequiredAttendees",
    "calendar:OptionalAttendees",
    "calendar:Resources",
    "calendar:Recurrence",
    "calendar:FirstOccurrence",
    "calendar:LastOccurrence",
    "calendar:ModifiedOccurrences",
    "calendar:DeletedOccurrences",
];

/// Puts an extended property into its place, instead of an older value.
pub(crate) fn set_extended(item: &mut CalendarItem, property: &ExtendedProperty) {
    remove_extended(item, &property.uri);
    if item.extended_properties.len() < EXTENDED_PROPERTIES_MAX {
        let mut property = property.clone();
        spell_booleans(&mut property);
        item.extended_properties.push(property);
    }
}

/// Some clients write 1 and 0, but read only words.
fn spell_booleans(property: &mut ExtendedProperty) {
    if property.uri.property_type == PropertyType::Boolean
        && let PropertyValues::Value(value) = &mut property.values
    {
        match value.trim() {
            "1" => "true".clone_into(value),
            "0" => "false".clone_into(value),
            _ => {}
        }
    }
}

/// For properties that arrived with a new item.
pub(crate) fn settle_extended(item: &mut CalendarItem) {
    item.extended_properties.truncate(EXTENDED_PROPERTIES_MAX);
    item.extended_properties.iter_mut().for_each(spell_booleans);
}

pub(crate) fn remove_extended(item: &mut CalendarItem, uri: &ExtendedFieldUri) {
    item.extended_properties.retain(|property| !property.uri.is_same(uri));
}

/// Of one item; more are dropped.
const EXTENDED_PROPERTIES_MAX: usize = 200;

/// What can be compared with the constant of a search.
trait Textual {
    fn text(&self) -> Option<String> {
        None
    }
}

impl<T: Textual> Textual for Option<T> {
    fn text(&self) -> Option<String> {
        self.as_ref()?.text()
    }
}

macro_rules! textual {
    ($($type:ty: |$value:ident| $text:expr;)*) => {
        $(impl Textual for $type {
            fn text(&self) -> Option<String> {
                let $value = self;
                Some($text)
            }
        })*
    };
}

textual! {
    String: |value| value.clone();
    bool: |value| value.to_string();
    i32: |value| value.to_string();
    DateTime: |value| value.to_string();
    Body: |value| value.content.clone();
    CalendarItemType: |value| value.as_str().to_owned();
    Importance: |value| value.as_str().to_owned();
    LegacyFreeBusy: |value| value.as_str().to_owned();
    ResponseType: |value| value.as_str().to_owned();
    Sensitivity: |value| value.as_str().to_owned();
    ews::ItemId: |value| value.id.clone();
    Vec<String>: |value| value.join(", ");
}

impl Textual for ews::items::MimeContent {}
impl Textual for ews::FolderId {}
impl Textual for ews::Mailbox {
    fn text(&self) -> Option<String> {
        self.name.clone()
    }
}
impl Textual for Vec<ews::items::Attendee> {}
impl Textual for ews::items::Recurrence {}
impl Textual for ews::items::Occurrence {}
impl Textual for Vec<ews::items::Occurrence> {}
impl Textual for Vec<ews::items::DeletedOccurrence> {}
impl Textual for ews::time_zone::TimeZoneDefinition {}
