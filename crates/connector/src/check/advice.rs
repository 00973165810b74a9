//! What an administrator must do about a failed check, in words that can be followed and commands
//! that can be copied.

use std::{error::Error, io::ErrorKind};

use protocol::ids::MailboxAddress;
use url::Url;
use world::http;

use super::Outcome;
use crate::{
    config::{Config, Mistake},
    exchange::Failure,
    remedy::{Reason, Remedy},
};

fn failed(what: impl Into<String>, what_to_do: impl Into<String>) -> Outcome {
    Outcome::Failed { what: what.into(), what_to_do: what_to_do.into() }
}

pub(super) fn mistake(mistake: &Mistake) -> Outcome {
    failed(with_causes(mistake), "Correct it in the section [connector] of the configuration file.")
}

pub(super) fn no_basic() -> Outcome {
    failed(
        "Exchange does not offer Basic sign-in at this address",
        "In the Exchange Management Shell, for each server: Set-WebServicesVirtualDirectory \
         -Identity '<server>\\EWS (Default Web Site)' -BasicAuthentication $true. A proxy in front \
         may also hide it.",
    )
}

pub(super) fn not_exchange(why: &str) -> Outcome {
    failed(why, Reason::NotExchange.what_to_do())
}

pub(super) fn not_found() -> Outcome {
    failed(
        "there is nothing at this path",
        "Put the address ending in /EWS/Exchange.asmx into exchange.url; in the Exchange \
         Management Shell: Get-WebServicesVirtualDirectory | fl Server,InternalUrl,ExternalUrl.",
    )
}

pub(super) fn unhealthy(what: &str, setting: &str) -> Outcome {
    failed(what, format!("Look into that server's log; also see whether {setting} is its address."))
}

pub(super) fn connect(failure: &http::Failure, url: &Url, setting: &str) -> Outcome {
    let host = url.host_str().unwrap_or("the server");
    let what_to_do = match failure {
        http::Failure::Connect(error) if error.kind() == ErrorKind::InvalidData => format!(
            "The certificate of {host} is not trusted, or is not made out to that name. Put a PEM \
             file with the authority that signed it into exchange.ca_file, or write the name that \
             stands in the certificate into {setting}."
        ),
        http::Failure::Connect(error) if error.kind() == ErrorKind::ConnectionRefused => format!(
            "{host} is there, but nothing listens at that port. Start it, or correct {setting}."
        ),
        http::Failure::Connect(_) | http::Failure::Deadline => format!(
            "See whether this computer can find and reach {host} (name server, firewall, proxy), \
             and whether {setting} is right."
        ),
        http::Failure::Broken(_) | http::Failure::TooLarge { .. } | http::Failure::Unusable(_) => {
            format!("See whether {setting} is right, and what stands in between.")
        }
    };
    failed(with_causes(failure), what_to_do)
}

pub(super) fn after(failure: &Failure, config: &Config, mailbox: &MailboxAddress) -> Outcome {
    let account = &config.exchange.user;
    let what_to_do = match failure.remedy() {
        // Once or twice: the password may be wrong, and the next try might lock the account.
        _ if super::is_sign_in(failure) => wrong_password(account),
        Remedy::GiveUp(reason) | Remedy::Doubt(reason) => reason
            .what_to_do()
            .replace("<account>", &quoted(account))
            .replace("<address>", &quoted(mailbox.as_str())),
        Remedy::RetryAfter(wait) => {
            format!("Exchange asks us to wait: check again in {} s.", wait.as_secs().max(1))
        }
        Remedy::BackOff
        | Remedy::Resubscribe
        | Remedy::SyncFromScratch
        | Remedy::ReadState
        | Remedy::Relocate
        | Remedy::WaitForLease => {
            "This may pass: check again in some minutes. If it stays, in the \
             Exchange Management Shell: Test-ServiceHealth."
                .to_owned()
        }
    };
    failed(with_causes(failure), what_to_do)
}

fn wrong_password(account: &str) -> String {
    let whether_locked = if account.contains('@') {
        let filter = format!("UserPrincipalName -eq '{}'", account.replace('\'', "''"));
        format!("Get-ADUser -Filter \"{filter}\" -Properties LockedOut")
    } else {
        let name = account.rsplit('\\').next().unwrap_or(account);
        format!("Get-ADUser {} -Properties LockedOut", quoted(name))
    };
    format!(
        "Put the right name and password into exchange.user and exchange.password_file. No further \
         sign-in is tried, so that the account is not locked out; whether it is: {whether_locked}"
    )
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
