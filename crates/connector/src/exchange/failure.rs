//! What went wrong with Exchange, and the one table that says what to do about it.

use std::time::Duration;

use ews::{ItemError, ReadFailure, ResponseCode, xml::XmlErrorKind};
use world::http;

use super::kerberos::Lack;
use crate::remedy::{Reason, Remedy};

/// Exchange sometimes asks for no time at all; and it never gets less.
const BACK_OFF_MIN: Duration = Duration::from_secs(1);
/// Longest wait we accept to be asked for.
const BACK_OFF_MAX: Duration = Duration::from_mins(15);

/// While Autodiscover looks for a mailbox.
const NO_PLACE_PAUSE: Duration = Duration::from_secs(10);

#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Autodiscover has not found the mailbox yet.
    #[error("nobody has said yet where the mailbox is served")]
    NoPlace,
    #[error("Exchange cannot be reached")]
    Http(#[from] http::Failure),
    /// Two refusals in a row, or the wait that follows them.
    #[error("Exchange refuses the account's password")]
    PasswordRefused,
    /// The first refusal: it may also mean "slower".
    #[error("Exchange refused the sign-in once")]
    SignInRefusedOnce,
    /// The server offers nothing that the settings allow; no password was tried.
    #[error("Exchange offers only these ways of signing in: {offered}")]
    NoCommonMechanism { offered: String },
    /// Nothing was sent.
    #[error("no Kerberos ticket for Exchange: {0}")]
    NoTicket(Lack),
    /// Twice, with a new ticket each time; locks nobody out.
    #[error("Exchange refuses the account's Kerberos ticket")]
    TicketRefused,
    /// Whatever it said is not believed.
    #[error("the server did not prove by Kerberos that it is Exchange")]
    NotProven,
    #[error("Exchange's NTLM challenge is malformed")]
    BadChallenge(#[source] ews::ntlm::NtlmError),
    #[error("Exchange answered with HTTP status {status} and {content_type}, not with EWS")]
    NotEws { status: u16, content_type: String },
    #[error("Exchange answered {}", code.as_str())]
    Refused { code: ResponseCode, back_off: Option<Duration> },
    #[error("Exchange's answer is malformed")]
    Malformed(#[source] ews::XmlError),
    #[error("Exchange's answer lacks {0}")]
    Incomplete(&'static str),
    #[error("the stream was silent for too long")]
    Silent,
    #[error("the stream ended")]
    Ended,
    /// In good order.
    #[error("Exchange closed the stream")]
    Closed,
    #[error("Exchange does not know subscriptions any more")]
    SubscriptionsLost,
    #[error("the stream's documents are too large")]
    StreamOverflow,
}

impl Failure {
    pub(super) fn not_ews(status: u16, content_type: Option<&str>) -> Self {
        let content_type = content_type.unwrap_or("no content type").chars().take(60).collect();
        Self::NotEws { status, content_type }
    }

    pub fn code(&self) -> Option<&ResponseCode> {
        match self {
            Self::Refused { code, .. } => Some(code),
            Self::NoPlace
            | Self::Http(_)
            | Self::PasswordRefused
            | Self::SignInRefusedOnce
            | Self::NoCommonMechanism { .. }
            | Self::NoTicket(_)
            | Self::TicketRefused
            | Self::NotProven
            | Self::BadChallenge(_)
            | Self::NotEws { .. }
            | Self::Malformed(_)
            | Self::Incomplete(_)
            | Self::Silent
            | Self::Ended
            | Self::Closed
            | Self::SubscriptionsLost
            | Self::StreamOverflow => None,
        }
    }

    pub fn is_gone(&self) -> bool {
        let gone = [ResponseCode::ErrorItemNotFound, ResponseCode::ErrorInvalidIdMalformed];
        self.code().is_some_and(|code| gone.contains(code))
    }

    /// Exchange has said no: nothing was changed.
    pub fn is_answered(&self) -> bool {
        self.code().is_some()
    }

    /// Somebody changed the item since we read it.
    pub fn is_conflict(&self) -> bool {
        matches!(
            self.code(),
            Some(
                ResponseCode::ErrorIrresolvableConflict
                    | ResponseCode::ErrorStaleObject
                    | ResponseCode::ErrorChangeKeyRequiredForWriteOperations
            )
        )
    }

    /// The answer was too large as a whole; smaller batches may pass.
    pub fn is_too_large(&self) -> bool {
        matches!(self, Self::Http(http::Failure::TooLarge { .. }))
            || matches!(self, Self::Malformed(error) if error.kind == XmlErrorKind::TooLarge)
            || matches!(self.code(), Some(ResponseCode::ErrorMessageSizeExceeded))
    }

    /// A window was wider than Exchange allows.
    pub fn is_range_too_big(&self) -> bool {
        self.code() == Some(&ResponseCode::ErrorCalendarViewRangeTooBig)
    }

    /// Whether it makes no sense to go on with the other entries of the calendar.
    pub fn concerns_all(&self) -> bool {
        self.is_throttling() || self.remedy() != Remedy::BackOff
    }

    /// A refusal that says something about the entry we wrote to, not about the mailbox.
    pub fn concerns_one_entry(&self) -> bool {
        let Some(code) = self.code() else { return false };
        let text = code.as_str();
        text.starts_with("ErrorCalendar")
            || matches!(
                text,
                "ErrorItemSave"
                    | "ErrorQuotaExceeded"
                    | "ErrorInvalidPropertySet"
                    | "ErrorMessageSizeExceeded"
                    | "ErrorInvalidRecipients"
                    | "ErrorSendAsDenied"
            )
            || self.remedy() == Remedy::GiveUp(Reason::OurDefect)
    }

    /// Exchange wants us to ask for less.
    pub fn is_throttling(&self) -> bool {
        match self {
            Self::Refused { code, back_off } => back_off.is_some() || is_throttling(code),
            Self::NotEws { status, .. } => matches!(status, 429 | 503),
            Self::Http(_)
            | Self::PasswordRefused
            | Self::SignInRefusedOnce
            | Self::NoCommonMechanism { .. }
            | Self::NoTicket(_)
            | Self::TicketRefused
            | Self::NotProven
            | Self::BadChallenge(_)
            | Self::Malformed(_)
            | Self::Incomplete(_)
            | Self::Silent
            | Self::Ended
            | Self::Closed
            | Self::SubscriptionsLost
            | Self::StreamOverflow
            | Self::NoPlace => false,
        }
    }

    /// docs/exchange-notes.md has the table.
    pub fn remedy(&self) -> Remedy {
        match self {
            Self::Http(_)
            | Self::Silent
            | Self::Ended
            | Self::Closed
            | Self::SubscriptionsLost
            | Self::StreamOverflow
            | Self::Incomplete(_) => Remedy::BackOff,
            // Looking for it is another task's work.
            Self::NoPlace => Remedy::RetryAfter(NO_PLACE_PAUSE),
            Self::SignInRefusedOnce => Remedy::RetryAfter(Duration::from_mins(1)),
            Self::PasswordRefused => Remedy::GiveUp(Reason::WrongPassword),
            Self::NoCommonMechanism { .. } => Remedy::GiveUp(Reason::NoCommonMechanism),
            Self::NoTicket(lack) if lack.may_pass() => Remedy::BackOff,
            Self::NoTicket(_) => Remedy::GiveUp(Reason::NoTicket),
            // A busy Exchange says so, too.
            Self::TicketRefused | Self::NotProven => Remedy::Doubt(Reason::TicketRefused),
            Self::BadChallenge(_) => Remedy::GiveUp(Reason::NotExchange),
            Self::NotEws { status: 500..=599 | 429, .. } => Remedy::BackOff,
            Self::NotEws { .. } | Self::Malformed(_) => Remedy::GiveUp(Reason::NotExchange),
            Self::Refused { code, back_off } => remedy_of(code, *back_off),
        }
    }
}

fn remedy_of(code: &ResponseCode, back_off: Option<Duration>) -> Remedy {
    use ResponseCode as Code;
    if let Some(wait) = back_off {
        return Remedy::RetryAfter(wait.clamp(BACK_OFF_MIN, BACK_OFF_MAX));
    }
    match code {
        Code::ErrorSubscriptionNotFound
        | Code::ErrorInvalidSubscription
        | Code::ErrorExpiredSubscription
        | Code::ErrorReadEventsFailed
        | Code::ErrorNewEventStreamConnectionOpened => Remedy::Resubscribe,
        Code::ErrorMailboxMoveInProgress
        | Code::ErrorMailboxFailover
        | Code::ErrorMailboxStoreUnavailable
        | Code::ErrorProxyRequestNotAllowed
        | Code::ErrorIncorrectSchemaVersion => Remedy::Relocate,
        Code::ErrorInvalidSyncStateData => Remedy::SyncFromScratch,
        Code::ErrorNonExistentMailbox => Remedy::GiveUp(Reason::NoSuchMailbox),
        Code::ErrorImpersonateUserDenied => Remedy::Doubt(Reason::ImpersonationDenied),
        Code::ErrorImpersonationDenied
        | Code::ErrorImpersonationFailed
        | Code::ErrorAccessDenied => Remedy::GiveUp(Reason::ImpersonationDenied),
        Code::ErrorNonPrimarySmtpAddress => Remedy::GiveUp(Reason::NotThePrimaryAddress),
        Code::ErrorSchemaValidation | Code::ErrorInvalidPropertySet | Code::ErrorInvalidRequest => {
            Remedy::GiveUp(Reason::OurDefect)
        }
        // Throttling, and whatever a newer server invents: wait, longer each time.
        _ => Remedy::BackOff,
    }
}

/// Whether a refusal, of a whole request or of a part, means "slower".
pub fn is_throttling(code: &ResponseCode) -> bool {
    matches!(
        code,
        ResponseCode::ErrorServerBusy
            | ResponseCode::ErrorTimeoutExpired
            | ResponseCode::ErrorExceededConnectionCount
            | ResponseCode::ErrorTooManyObjectsOpened
    )
}

impl From<ItemError> for Failure {
    fn from(error: ItemError) -> Self {
        Self::Refused { back_off: error.back_off(), code: error.code }
    }
}

impl From<ReadFailure> for Failure {
    fn from(failure: ReadFailure) -> Self {
        match failure {
            ReadFailure::Fault(fault) => {
                Self::Refused { code: fault.response_code(), back_off: fault.back_off() }
            }
            ReadFailure::Malformed(error) => Self::Malformed(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(code: ResponseCode, back_off_ms: Option<u64>) -> Failure {
        Failure::Refused { code, back_off: back_off_ms.map(Duration::from_millis) }
    }

    #[test]
    fn each_refusal_has_its_remedy() {
        let busy = ResponseCode::ErrorServerBusy;
        let cases = [
            (refused(busy.clone(), Some(0)), Remedy::RetryAfter(Duration::from_secs(1))),
            (refused(busy.clone(), Some(7000)), Remedy::RetryAfter(Duration::from_secs(7))),
            (refused(busy, None), Remedy::BackOff),
            (refused(ResponseCode::ErrorSubscriptionNotFound, None), Remedy::Resubscribe),
            (refused(ResponseCode::ErrorMailboxMoveInProgress, None), Remedy::Relocate),
            (refused(ResponseCode::ErrorInvalidSyncStateData, None), Remedy::SyncFromScratch),
            (refused(ResponseCode::from("ErrorOfTomorrow"), None), Remedy::BackOff),
            (
                refused(ResponseCode::ErrorImpersonateUserDenied, None),
                Remedy::Doubt(Reason::ImpersonationDenied),
            ),
            (Failure::PasswordRefused, Remedy::GiveUp(Reason::WrongPassword)),
            (Failure::NoTicket(Lack::NoCredential), Remedy::GiveUp(Reason::NoTicket)),
            (Failure::NoTicket(Lack::NoCentre), Remedy::BackOff),
            (Failure::TicketRefused, Remedy::Doubt(Reason::TicketRefused)),
            (
                Failure::NotEws { status: 200, content_type: "text/html".into() },
                Remedy::GiveUp(Reason::NotExchange),
            ),
            (Failure::NotEws { status: 503, content_type: String::new() }, Remedy::BackOff),
        ];
        for (failure, remedy) in cases {
            assert_eq!(failure.remedy(), remedy, "{failure}");
        }
    }
}
