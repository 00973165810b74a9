//! Paths to properties: the well-known ones, indexed ones, and MAPI's extended ones.

use std::borrow::Cow;

use crate::xml::{element, one_of, words};

one_of! {
    pub enum FieldUri {
        "t:FieldURI" Field(PlainFieldUri),
        "t:IndexedFieldURI" Indexed(IndexedFieldUri),
        "t:ExtendedFieldURI" Extended(ExtendedFieldUri),
    }
}

element! {
    /// A property with a name of its own, such as `item:Subject`.
    #[derive(Hash)]
    pub struct PlainFieldUri {
        "@FieldURI" uri: Cow<'static, str>,
    }

    /// One entry of a property that is a dictionary.
    #[derive(Hash)]
    pub struct IndexedFieldUri {
        "@FieldURI" uri: String,
        "@FieldIndex" index: String,
    }

    /// A MAPI property: by tag, or by property set and number or name.
    #[derive(Hash)]
    pub struct ExtendedFieldUri {
        "@DistinguishedPropertySetId" distinguished_property_set_id:
            Option<DistinguishedPropertySet>,
        "@PropertySetId" property_set_id: Option<String>,
        /// As it was sent, hexadecimal or decimal; see [`Self::tag`].
        "@PropertyTag" property_tag: Option<String>,
        "@PropertyName" property_name: Option<String>,
        "@PropertyId" property_id: Option<i32>,
        "@PropertyType" property_type: PropertyType,
    }
}

words! {
    pub enum DistinguishedPropertySet {
        Meeting, Appointment, Common, PublicStrings, Address, InternetHeaders, CalendarAssistant,
        UnifiedMessaging, Task, Sharing,
    }

    pub enum PropertyType {
        ApplicationTime, ApplicationTimeArray, Binary, BinaryArray, Boolean, CLSID, CLSIDArray,
        Currency, CurrencyArray, Double, DoubleArray, Error, Float, FloatArray, Integer,
        IntegerArray, Long, LongArray, Null, Object, ObjectArray, Short, ShortArray, SystemTime,
        SystemTimeArray, String, StringArray,
    }
}

impl ExtendedFieldUri {
    /// The clean global object id: the same in every participant's copy and in all occurrences.
    pub fn clean_global_object_id() -> Self {
        Self::numbered(DistinguishedPropertySet::Meeting, 0x23, PropertyType::Binary)
    }

    /// The global object id, which contains the date of the occurrence.
    pub fn global_object_id() -> Self {
        Self::numbered(DistinguishedPropertySet::Meeting, 0x03, PropertyType::Binary)
    }

    /// A property of a well-known set, by number.
    pub fn numbered(set: DistinguishedPropertySet, id: i32, property_type: PropertyType) -> Self {
        Self {
            distinguished_property_set_id: Some(set),
            property_id: Some(id),
            ..Self::of_type(property_type)
        }
    }

    /// A property of a set of one's own, by name.
    pub fn named(set: &str, name: &str, property_type: PropertyType) -> Self {
        Self {
            property_set_id: Some(set.to_owned()),
            property_name: Some(name.to_owned()),
            ..Self::of_type(property_type)
        }
    }

    pub fn tagged(tag: u16, property_type: PropertyType) -> Self {
        Self { property_tag: Some(format!("{tag:#06x}")), ..Self::of_type(property_type) }
    }

    /// The tag as a number: clients write the same one in several ways.
    pub fn tag(&self) -> Option<u16> {
        let text = self.property_tag.as_deref()?;
        match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
            Some(hex) => u16::from_str_radix(hex, 16).ok(),
            None => text.parse().ok(),
        }
    }

    /// Whether both name the same property, however they write it.
    pub fn is_same(&self, other: &Self) -> bool {
        if self.property_tag.is_some() || other.property_tag.is_some() {
            return self.tag().is_some() && self.tag() == other.tag();
        }
        self.property_set() == other.property_set()
            && self.property_name == other.property_name
            && self.property_id == other.property_id
    }

    /// The property set as a lower-case GUID, or the name of a set without a known one.
    fn property_set(&self) -> Option<String> {
        let set = match (&self.property_set_id, &self.distinguished_property_set_id) {
            (Some(guid), _) => guid.as_str(),
            (None, Some(DistinguishedPropertySet::Meeting)) => {
                "6ed8da90-450b-101b-98da-00aa003f1305"
            }
            (None, Some(DistinguishedPropertySet::Appointment)) => {
                "00062002-0000-0000-c000-000000000046"
            }
            (None, Some(DistinguishedPropertySet::Common)) => {
                "00062008-0000-0000-c000-000000000046"
            }
            (None, Some(DistinguishedPropertySet::PublicStrings)) => {
                "00020329-0000-0000-c000-000000000046"
            }
            (None, Some(named)) => named.as_str(),
            (None, None) => return None,
        };
        Some(set.trim_matches(['{', '}']).to_ascii_lowercase())
    }

    fn of_type(property_type: PropertyType) -> Self {
        Self {
            distinguished_property_set_id: None,
            property_set_id: None,
            property_tag: None,
            property_name: None,
            property_id: None,
            property_type,
        }
    }
}

impl FieldUri {
    pub const fn plain(uri: &'static str) -> Self {
        Self::Field(PlainFieldUri { uri: Cow::Borrowed(uri) })
    }
}

impl From<ExtendedFieldUri> for FieldUri {
    fn from(uri: ExtendedFieldUri) -> Self {
        Self::Extended(uri)
    }
}

/// The properties with names of their own.
pub mod field {
    use super::FieldUri;

    macro_rules! fields {
        ($($name:ident = $uri:literal),* $(,)?) => {
            $(pub const $name: FieldUri = FieldUri::plain($uri);)*
        };
    }

    fields! {
        ITEM_ID = "item:ItemId",
        PARENT_FOLDER_ID = "item:ParentFolderId",
        ITEM_CLASS = "item:ItemClass",
        MIME_CONTENT = "item:MimeContent",
        SUBJECT = "item:Subject",
        SENSITIVITY = "item:Sensitivity",
        BODY = "item:Body",
        TEXT_BODY = "item:TextBody",
        CATEGORIES = "item:Categories",
        IMPORTANCE = "item:Importance",
        HAS_ATTACHMENTS = "item:HasAttachments",
        CULTURE = "item:Culture",
        DATE_TIME_CREATED = "item:DateTimeCreated",
        LAST_MODIFIED_TIME = "item:LastModifiedTime",
        REMINDER_IS_SET = "item:ReminderIsSet",
        REMINDER_MINUTES_BEFORE_START = "item:ReminderMinutesBeforeStart",
        UID = "calendar:UID",
        RECURRENCE_ID = "calendar:RecurrenceId",
        START = "calendar:Start",
        END = "calendar:End",
        ORIGINAL_START = "calendar:OriginalStart",
        IS_ALL_DAY_EVENT = "calendar:IsAllDayEvent",
        LEGACY_FREE_BUSY_STATUS = "calendar:LegacyFreeBusyStatus",
        LOCATION = "calendar:Location",
        IS_MEETING = "calendar:IsMeeting",
        IS_CANCELLED = "calendar:IsCancelled",
        IS_RECURRING = "calendar:IsRecurring",
        MEETING_REQUEST_WAS_SENT = "calendar:MeetingRequestWasSent",
        IS_RESPONSE_REQUESTED = "calendar:IsResponseRequested",
        CALENDAR_ITEM_TYPE = "calendar:CalendarItemType",
        MY_RESPONSE_TYPE = "calendar:MyResponseType",
        ORGANIZER = "calendar:Organizer",
        REQUIRED_ATTENDEES = "calendar:RequiredAttendees",
        OPTIONAL_ATTENDEES = "calendar:OptionalAttendees",
        RESOURCES = "calendar:Resources",
        APPOINTMENT_SEQUENCE_NUMBER = "calendar:AppointmentSequenceNumber",
        RECURRENCE = "calendar:Recurrence",
        FIRST_OCCURRENCE = "calendar:FirstOccurrence",
        LAST_OCCURRENCE = "calendar:LastOccurrence",
        MODIFIED_OCCURRENCES = "calendar:ModifiedOccurrences",
        DELETED_OCCURRENCES = "calendar:DeletedOccurrences",
        START_TIME_ZONE = "calendar:StartTimeZone",
        END_TIME_ZONE = "calendar:EndTimeZone",
        IS_ONLINE_MEETING = "calendar:IsOnlineMeeting",
        IS_ORGANIZER = "calendar:IsOrganizer",
        ASSOCIATED_CALENDAR_ITEM_ID = "meeting:AssociatedCalendarItemId",
        FOLDER_ID = "folder:FolderId",
        FOLDER_DISPLAY_NAME = "folder:DisplayName",
    }
}

#[cfg(test)]
mod tests;
