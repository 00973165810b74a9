//! Mails about meetings, counted so that tests can say how many somebody got.

use jiff::Timestamp;

/// A mail that somebody got; external people get them too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    pub kind: MailKind,
    pub uid: String,
    pub at: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailKind {
    /// The first invitation.
    Request,
    /// An invitation to a meeting that is known already.
    Update,
    Cancellation,
    Accepted,
    TentativelyAccepted,
    Declined,
}

impl MailKind {
    pub(crate) fn item_class(self) -> &'static str {
        match self {
            Self::Request | Self::Update => "IPM.Schedule.Meeting.Request",
            Self::Cancellation => "IPM.Schedule.Meeting.Canceled",
            Self::Accepted => "IPM.Schedule.Meeting.Resp.Pos",
            Self::TentativelyAccepted => "IPM.Schedule.Meeting.Resp.Tent",
            Self::Declined => "IPM.Schedule.Meeting.Resp.Neg",
        }
    }

    pub(crate) fn subject_prefix(self) -> &'static str {
        match self {
            Self::Request | Self::Update => "",
            Self::Cancellation => CANCELED,
            Self::Accepted => "Accepted: ",
            Self::TentativelyAccepted => "Tentative: ",
            Self::Declined => "Declined: ",
        }
    }
}

/// What Exchange puts before the subject of a cancelled meeting.
pub(crate) const CANCELED: &str = "Canceled: ";
