//! From a failure to what is wrong and what to do about it.

use std::{error::Error, io::ErrorKind};

use conference::ProviderFailure;
use protocol::ids::MailboxAddress;
use url::Url;
use world::http;

use super::{
    Outcome,
    trouble::{Subject, Trouble},
};
use crate::{
    config::{Config, Mistake},
    exchange::Failure,
    remedy::{Reason, Remedy},
};

const THROTTLED: [&str; 5] = [
    "ErrorServerBusy",
    "ErrorExceededConnectionCount",
    "ErrorExceededSubscriptionCount",
    "ErrorTooManyObjectsOpened",
    "ErrorTimeoutExpired",
];
const FULL: [&str; 2] = ["ErrorQuotaExceeded", "ErrorMailboxFull"];
const ON_THE_MOVE: [&str; 4] = [
    "ErrorMailboxMoveInProgress",
    "ErrorMailboxStoreUnavailable",
    "ErrorMailboxFailover",
    "ErrorProxyRequestNotAllowed",
];

/// How each failed rung is told.
pub(super) struct Advisor<'a> {
    pub config: &'a Config,
    /// Where Exchange was found.
    pub exchange: Option<&'a Url>,
}

impl Advisor<'_> {
    pub(super) fn failed(
        &self,
        what: impl Into<String>,
        trouble: Trouble,
        mailbox: &MailboxAddress,
    ) -> Outcome {
        let host = self.host();
        self.outcome(what.into(), trouble, mailbox.as_str(), (host, "exchange.url"))
    }

    fn host(&self) -> &str {
        self.exchange.and_then(Url::host_str).unwrap_or("the server")
    }

    /// The rest of the ladder stands without it.
    pub(super) fn warning(
        &self,
        what: impl Into<String>,
        trouble: Trouble,
        mailbox: &MailboxAddress,
    ) -> Outcome {
        match self.outcome(what.into(), trouble, mailbox.as_str(), ("", "")) {
            Outcome::Failed { trouble, what, what_to_do } => {
                Outcome::Warning { trouble, what, what_to_do }
            }
            other @ (Outcome::Ok(_) | Outcome::Warning { .. }) => other,
        }
    }

    pub(super) fn connect(
        &self,
        failure: &http::Failure,
        url: &Url,
        setting: &'static str,
    ) -> Outcome {
        let host = url.host_str().unwrap_or("the server");
        let trouble = unreached(failure);
        self.outcome(with_causes(failure), trouble, "", (host, setting))
    }

    pub(super) fn unhealthy(&self, what: &str, setting: &'static str) -> Outcome {
        self.outcome(what.to_owned(), Trouble::Unhealthy, "", ("", setting))
    }

    pub(super) fn conference(&self, failure: &ProviderFailure) -> Outcome {
        self.outcome(failure.to_string(), Trouble::Conference, "", ("", "connector.conferences"))
    }

    pub(super) fn refused(&self, what: String, cloud: &Url) -> Outcome {
        let host = cloud.host_str().unwrap_or("the server");
        self.outcome(what, Trouble::CloudRefused, "", (host, "cloud_url"))
    }

    pub(super) fn after(&self, failure: &Failure, mailbox: &MailboxAddress) -> Outcome {
        let host = self.host();
        let place = (host, "exchange.url");
        self.outcome(with_causes(failure), trouble(failure), mailbox.as_str(), place)
    }

    pub(super) fn outcome(
        &self,
        what: String,
        trouble: Trouble,
        mailbox: &str,
        (host, setting): (&str, &'static str),
    ) -> Outcome {
        let account = &self.config.exchange.user;
        let mailbox = quoted(mailbox);
        let subject = Subject { account: quoted(account), mailbox, host: host.to_owned(), setting };
        let mut what_to_do = trouble.what_to_do(&subject);
        if trouble == Trouble::Password {
            what_to_do.push_str(&format!(". Whether it is locked: {}", whether_locked(account)));
        }
        Outcome::Failed { trouble, what, what_to_do }
    }
}

pub(super) fn mistake(mistake: &Mistake) -> Outcome {
    let subject = Subject {
        account: String::new(),
        mailbox: String::new(),
        host: String::new(),
        setting: "",
    };
    let (trouble, what) = (Trouble::Settings, with_causes(mistake));
    Outcome::Failed { trouble, what, what_to_do: trouble.what_to_do(&subject) }
}

fn unreached(failure: &http::Failure) -> Trouble {
    match failure {
        http::Failure::Connect(error) => match error.kind() {
            ErrorKind::InvalidData => Trouble::Certificate,
            ErrorKind::ConnectionRefused => Trouble::Closed,
            _ => Trouble::Unreachable,
        },
        http::Failure::Deadline
        | http::Failure::Broken(_)
        | http::Failure::TooLarge { .. }
        | http::Failure::Unusable(_) => Trouble::Unreachable,
    }
}

/// What a failure says is wrong, from its code first, since remedies tell less than an
/// administrator can use.
fn trouble(failure: &Failure) -> Trouble {
    // Once or twice: the password may be wrong, and the next try might lock the account.
    if super::is_sign_in(failure) {
        return Trouble::Password;
    }
    if let Failure::NoTicket(_) = failure {
        return Trouble::Ticket;
    }
    if let Failure::Http(failure) = failure {
        return unreached(failure);
    }
    let code = failure.code();
    let is_one_of = |codes: &[&str]| code.is_some_and(|code| codes.contains(&code.as_str()));
    if is_one_of(&THROTTLED) {
        return Trouble::Busy;
    }
    if is_one_of(&FULL) {
        return Trouble::Quota;
    }
    if is_one_of(&ON_THE_MOVE) {
        return Trouble::Moving;
    }
    match failure.remedy() {
        Remedy::GiveUp(reason) | Remedy::Doubt(reason) => match reason {
            Reason::ImpersonationDenied => Trouble::Impersonation,
            Reason::NoSuchMailbox => Trouble::NoMailbox,
            Reason::NotThePrimaryAddress => Trouble::SecondaryAddress,
            Reason::NotExchange => Trouble::NotExchange,
            Reason::OurDefect => Trouble::OurDefect,
            Reason::WrongPassword => Trouble::Password,
            Reason::NoCommonMechanism => Trouble::SignInOffer,
            Reason::NoTicket => Trouble::Ticket,
            Reason::TicketRefused => Trouble::TicketRefused,
            Reason::CloudRefused | Reason::CommitRefused => Trouble::CloudRefused,
            Reason::NoStream => Trouble::StreamHeld,
            Reason::KeysRefused | Reason::Erased | Reason::KeyHost | Reason::Sealing => {
                Trouble::Unhealthy
            }
            // The last three are never Exchange's.
            Reason::LongTrouble
            | Reason::ConferenceRefused
            | Reason::ManyWrites
            | Reason::WriteRecord => Trouble::Passing,
            Reason::UndecidedHost => Trouble::UndecidedHost,
            Reason::NotFound => Trouble::NotFound,
        },
        Remedy::RetryAfter(_) => Trouble::Busy,
        Remedy::BackOff
        | Remedy::Resubscribe
        | Remedy::SyncFromScratch
        | Remedy::ReadState
        | Remedy::Relocate
        | Remedy::WaitForLease => Trouble::Passing,
    }
}

fn whether_locked(account: &str) -> String {
    if account.contains('@') {
        let filter = format!("UserPrincipalName -eq '{}'", account.replace('\'', "''"));
        return format!("Get-ADUser -Filter \"{filter}\" -Properties LockedOut");
    }
    let name = account.rsplit('\\').next().unwrap_or(account);
    format!("Get-ADUser {} -Properties LockedOut", quoted(name))
}

/// As PowerShell takes a text literally.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
