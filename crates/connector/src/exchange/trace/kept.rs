//! What a trace may show: elements and attributes that carry codes, numbers, switches and times.
//! Everything that is not named here is redacted.

/// How the content of an element or attribute is treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Shown if it looks like a word, or words, of a fixed vocabulary.
    Word,
    /// Shown if it is a class that comes with Exchange; forms of one's own have telling names.
    Class,
    /// Shown if it looks like a number, a switch, or numbers joined by dots and commas.
    Number,
    /// Shown if it looks like an instant, a date, a time of day or a length of time. A shift that
    /// kept weekdays and daylight saving would have so few values that it hid nothing, and one that
    /// hides would spoil what a trace of a calendar is for.
    Time,
    /// Shown if it is the name of a time zone that everybody knows.
    Zone,
    /// Shown if it is the address of a vocabulary of XML.
    Namespace,
    /// Opaque: hashed, so that equal ones stay equal.
    Id,
    Address,
    /// Of a person or a room; sometimes it is an address.
    Name,
    /// An explanation of Exchange's: only words that such explanations are made of are shown.
    Message,
    /// A body: markup stays, text goes.
    Markup,
    /// Our own property: its version stays, its hashes are hashed, its words go.
    Stamp,
    Filler,
}

/// By local name, since real documents mix the namespaces up.
pub(super) fn element(parent: &str, name: &str) -> Kind {
    match name {
        // Elsewhere it is an automatic reply.
        "Message" if parent == "detail" => Kind::Message,
        "ItemClass" | "FolderClass" => Kind::Class,
        "ResponseCode"
        | "faultcode"
        | "BaseShape"
        | "BodyType"
        | "ConnectionStatus"
        | "EventType"
        | "Sensitivity"
        | "Importance"
        | "LegacyFreeBusyStatus"
        | "CalendarItemType"
        | "MyResponseType"
        | "ResponseType"
        | "AppointmentState"
        | "RoutingType"
        | "MailboxType"
        | "OofState"
        | "ExternalAudience"
        | "AllowExternalOof"
        | "FreeBusyViewType"
        | "RequestedView"
        | "BusyType"
        | "AttendeeType"
        | "DayOfWeek"
        | "DaysOfWeek"
        | "DayOfWeekIndex"
        | "Month"
        | "DayOrder"
        | "FirstDayOfWeek"
        | "MailTipsRequested"
        | "PendingMailTips"
        | "ConfigurationName"
        | "SyncScope"
        | "ErrorCode"
        | "Culture"
        | "ContactSource"
        | "ConflictType"
        | "SuggestionQuality"
        | "DayQuality" => Kind::Word,
        "IsAllDayEvent"
        | "IsCancelled"
        | "IsMeeting"
        | "IsRecurring"
        | "IsOrganizer"
        | "IsResponseRequested"
        | "IsOnlineMeeting"
        | "IsRead"
        | "IsDraft"
        | "IsFromMe"
        | "IsUnmodified"
        | "IsSubmitted"
        | "IsResend"
        | "IsException"
        | "IsPrivate"
        | "IsReminderSet"
        | "IsOutOfDate"
        | "IsDelegated"
        | "MeetingRequestWasSent"
        | "HasAttachments"
        | "HasBeenProcessed"
        | "ReminderIsSet"
        | "AllowNewTimeProposal"
        | "IncludesLastItemInRange"
        | "IncludeMimeContent"
        | "MailboxFull"
        | "IsModerated"
        | "DeliveryRestricted"
        | "InvalidRecipient"
        | "MaxRecipientsPerGetMailTipsRequest"
        | "MaxMessageSize"
        | "MailTipsEnabled"
        | "LargeAudienceThreshold"
        | "MaxChangesReturned"
        | "ConnectionTimeout"
        | "TotalCount"
        | "ChildFolderCount"
        | "UnreadCount"
        | "Count"
        | "Size"
        | "Interval"
        | "DayOfMonth"
        | "NumberOfOccurrences"
        | "InstanceIndex"
        | "AppointmentSequenceNumber"
        | "ReminderMinutesBeforeStart"
        | "ConflictingMeetingCount"
        | "AdjacentMeetingCount"
        | "DescriptiveLinkKey"
        | "Bias"
        | "MergedFreeBusy"
        | "MergedFreeBusyIntervalInMinutes"
        | "StartTimeInMinutes"
        | "EndTimeInMinutes"
        | "TotalMemberCount"
        | "ExternalMemberCount"
        | "MajorVersion"
        | "MinorVersion"
        | "LineNumber"
        | "LinePosition"
        | "ExcludeConflicts" => Kind::Number,
        "Start"
        | "End"
        | "OriginalStart"
        | "StartTime"
        | "EndTime"
        | "StartDate"
        | "EndDate"
        | "Duration"
        | "DateTimeCreated"
        | "DateTimeReceived"
        | "DateTimeSent"
        | "DateTimeStamp"
        | "LastModifiedTime"
        | "LastResponseTime"
        | "AppointmentReplyTime"
        | "ReminderDueBy"
        | "RecurrenceId"
        | "TimeStamp"
        | "Time"
        | "TimeOffset"
        | "DateTime"
        | "ProposedStart"
        | "ProposedEnd"
        | "Offset"
        | "BaseOffset" => Kind::Time,
        "StartTimeZoneId" | "EndTimeZoneId" | "TimeZone" => Kind::Zone,
        "SubscriptionId" | "SyncState" | "Watermark" | "PreviousWatermark" | "UID" | "To" => {
            Kind::Id
        }
        "EmailAddress" | "SmtpAddress" | "PrimarySmtpAddress" | "PrincipalName" | "Address"
        | "RecipientAddress" => Kind::Address,
        "Name" => Kind::Name,
        "MessageText" | "faultstring" => Kind::Message,
        "Body" => Kind::Markup,
        _ => Kind::Filler,
    }
}

/// The content of `t:Value` in the details of an error, by its attribute `Name`.
pub(super) fn detail(name: &str) -> Kind {
    match name {
        "BackOffMilliseconds" | "LineNumber" | "LinePosition" | "PolicyLimit" => Kind::Number,
        "InnerErrorResponseCode" | "PolicyName" | "ThrottledPolicy" => Kind::Word,
        "InnerErrorMessageText" | "Violation" => Kind::Message,
        _ => Kind::Filler,
    }
}

/// By the local names of element and attribute.
pub(super) fn attribute(element: &str, name: &str) -> Kind {
    match (element, name) {
        ("DistinguishedFolderId", "Id") | ("AlternateId", "Format") => Kind::Word,
        ("StartTimeZone" | "EndTimeZone" | "TimeZoneDefinition", "Id" | "Name") => Kind::Zone,
        ("MeetingTimeZone", "TimeZoneName") => Kind::Zone,
        ("AlternateId", "Mailbox") => Kind::Address,
        (_, "Id" | "ChangeKey" | "RootItemId" | "RootItemChangeKey") => Kind::Id,
        (_, "OccurrenceId" | "RecurringMasterId") => Kind::Id,
        (
            _,
            "ResponseClass"
            | "Version"
            | "BodyType"
            | "Traversal"
            | "BasePoint"
            | "FieldURI"
            | "FieldIndex"
            | "PropertyType"
            | "PropertyName"
            | "DistinguishedPropertySetId"
            | "ConflictResolution"
            | "MessageDisposition"
            | "SendMeetingInvitations"
            | "SendMeetingInvitationsOrCancellations"
            | "SendMeetingCancellations"
            | "DestinationFormat"
            | "CharacterSet"
            | "Order"
            | "type"
            | "lang"
            | "SearchScope"
            | "ContainmentMode"
            | "ContainmentComparison",
        ) => Kind::Word,
        (
            _,
            "MajorVersion"
            | "MinorVersion"
            | "MajorBuildNumber"
            | "MinorBuildNumber"
            | "PropertyTag"
            | "PropertySetId"
            | "PropertyId"
            | "MaxEntriesReturned"
            | "Offset"
            | "IndexedPagingOffset"
            | "TotalItemsInView"
            | "IncludesLastItemInRange"
            | "InstanceIndex"
            | "IsTruncated"
            | "SubscribeToAllFolders"
            | "mustUnderstand"
            | "nil"
            | "IsArchive",
        ) => Kind::Number,
        (_, "StartDate" | "EndDate" | "Bias") => Kind::Time,
        ("Value", "Name") => Kind::Word,
        _ => Kind::Filler,
    }
}

/// Whether a content may stand: what does not look as expected is redacted wherever it stands.
pub(super) fn looks_right(kind: Kind, text: &str) -> bool {
    let text = text.trim();
    match kind {
        Kind::Word => {
            text.len() <= WORD_BYTES_MAX
                && text.chars().all(|c| c.is_ascii_alphanumeric() || " :_.-".contains(c))
        }
        Kind::Class => text.is_empty() || CLASSES.contains(&text),
        // Hexadecimal, GUIDs and digits of free/busy among them.
        Kind::Number => {
            matches!(text, "true" | "false")
                || text.len() <= NUMBER_BYTES_MAX
                    && text.chars().all(|c| c.is_ascii_hexdigit() || "xX.,-+".contains(c))
                || text.bytes().all(|byte| byte.is_ascii_digit())
        }
        Kind::Time => {
            text.len() <= NUMBER_BYTES_MAX
                && text.chars().all(|c| c.is_ascii_digit() || "-+:.TZPYMDHSW".contains(c))
        }
        Kind::Zone => super::super::zone::is_known_id(text),
        Kind::Namespace => NAMESPACES.iter().any(|start| text.starts_with(start)),
        Kind::Id
        | Kind::Address
        | Kind::Name
        | Kind::Message
        | Kind::Markup
        | Kind::Stamp
        | Kind::Filler => text.is_empty(),
    }
}

const CLASSES: [&str; 13] = [
    "IPF",
    "IPF.Appointment",
    "IPF.Contact",
    "IPF.Note",
    "IPF.Task",
    "IPM.Appointment",
    "IPM.Appointment.Occurrence",
    "IPM.Note",
    "IPM.OLE.CLASS.{00061055-0000-0000-C000-000000000046}",
    "IPM.Schedule.Meeting.Canceled",
    "IPM.Schedule.Meeting.Request",
    "IPM.Schedule.Meeting.Resp.Pos",
    "IPM.Schedule.Meeting.Resp.Neg",
];
const WORD_BYTES_MAX: usize = 80;
const NUMBER_BYTES_MAX: usize = 48;
const NAMESPACES: [&str; 6] = [
    "http://schemas.microsoft.com/exchange/",
    "http://schemas.microsoft.com/ews/",
    "http://schemas.xmlsoap.org/",
    "http://www.w3.org/",
    "https://schemas.microsoft.com/exchange/",
    "https://schemas.xmlsoap.org/",
];

/// What explanations are made of: words that stand in Exchange's own texts and in nobody's name.
pub(super) fn is_message_word(word: &str) -> bool {
    let lower = word.to_ascii_lowercase();
    MESSAGE_WORDS.contains(&lower.as_str()) || element("", word) != Kind::Filler
}

const MESSAGE_WORDS: [&str; 129] = [
    "a",
    "access",
    "according",
    "account",
    "active",
    "additional",
    "after",
    "again",
    "allowed",
    "an",
    "and",
    "another",
    "are",
    "as",
    "at",
    "attribute",
    "available",
    "back",
    "be",
    "because",
    "been",
    "before",
    "being",
    "by",
    "calendar",
    "call",
    "can",
    "cannot",
    "client",
    "concurrent",
    "connection",
    "connections",
    "contact",
    "could",
    "data",
    "database",
    "datatype",
    "date",
    "denied",
    "deleted",
    "directory",
    "does",
    "due",
    "element",
    "end",
    "error",
    "exceeded",
    "exchange",
    "exist",
    "expected",
    "expired",
    "failed",
    "folder",
    "for",
    "found",
    "from",
    "has",
    "have",
    "id",
    "identity",
    "impersonate",
    "impersonated",
    "in",
    "index",
    "information",
    "internal",
    "invalid",
    "is",
    "it",
    "item",
    "items",
    "later",
    "limit",
    "mail",
    "mailbox",
    "malformed",
    "many",
    "maximum",
    "message",
    "moved",
    "namespace",
    "no",
    "not",
    "number",
    "object",
    "occurrence",
    "of",
    "on",
    "one",
    "only",
    "open",
    "operation",
    "or",
    "out",
    "permission",
    "permissions",
    "please",
    "primary",
    "process",
    "property",
    "recurrence",
    "request",
    "requested",
    "required",
    "retry",
    "right",
    "schema",
    "server",
    "service",
    "set",
    "smtp",
    "specified",
    "store",
    "subscription",
    "supported",
    "the",
    "this",
    "time",
    "to",
    "too",
    "try",
    "unable",
    "user",
    "valid",
    "validation",
    "value",
    "was",
    "with",
    "you",
];
