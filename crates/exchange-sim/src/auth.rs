//! Who is calling, and for whom: signing in, and impersonation by service accounts.

mod door;
#[cfg(feature = "kerberos")]
mod kerberos;
mod ntlm;

use std::collections::BTreeMap;

use ews::{ConnectingSid, Fault, RequestHeader, ResponseCode};
use jiff::tz::TimeZone;

use crate::{
    directory::{Config, ServiceAccount},
    mailbox::{Store, key},
    zone,
};

pub use door::{ChannelBinding, Mechanism, SignIn};
pub(crate) use door::{Door, Refused, SignedIn, sign_in};

/// Names remembered for counting; attempts under further ones are not.
const ACCOUNTS_COUNTED_MAX: usize = 1_000;

/// Somebody who proved who they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Account {
    /// By address.
    Mailbox(String),
    /// By user name.
    Service(String),
}

impl Account {
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Mailbox(name) | Self::Service(name) => name,
        }
    }
}

/// For whom a request is.
#[derive(Clone)]
pub(crate) struct Caller {
    /// None for a service account that acts for nobody: it has no mailbox.
    pub(crate) mailbox: Option<String>,
    /// In which times without a zone are to be read.
    pub(crate) zone: Option<TimeZone>,
    /// Which of the servers behind the address serves the request.
    pub(crate) back_end: usize,
    /// What the throttling policy allows per mailbox.
    pub(crate) subscriptions_max: usize,
}

/// How often each account tried to sign in.
#[derive(Default)]
pub(crate) struct Attempts(BTreeMap<String, u64>);

impl Attempts {
    pub(crate) fn of(&self, user: &str) -> u64 {
        self.0.get(&bare(user)).copied().unwrap_or(0)
    }

    fn note(&mut self, user: &str) {
        let user = bare(user);
        if self.0.len() < ACCOUNTS_COUNTED_MAX || self.0.contains_key(&user) {
            *self.0.entry(user).or_default() += 1;
        }
    }
}

/// `alice`, `alice@example.com` and `DOMAIN\alice` are the same.
fn bare(user: &str) -> String {
    let user = user.rsplit('\\').next().unwrap_or(user);
    user.split('@').next().unwrap_or(user).to_ascii_lowercase()
}

/// Whom a user name means, and the right password.
fn find<'c>(config: &'c Config, user: &str) -> Option<(Account, &'c str)> {
    let user = user.rsplit('\\').next().unwrap_or(user);
    // Those first, since they are few and ask most.
    if let Some(service) = config.service_accounts.iter().find(|service| service.is_called(user)) {
        return Some((Account::Service(service.user_name.clone()), &service.password));
    }
    let (person, _) = config.everybody().find(|(person, _)| person.is_called(user))?;
    Some((Account::Mailbox(key(&person.address)), &person.password))
}

/// For whom the request is, or the fault that refuses it.
pub(crate) fn act(
    config: &Config,
    store: &Store,
    account: &Account,
    header: &RequestHeader,
) -> Result<Caller, Box<Fault>> {
    let zone = header.time_zone.as_ref().and_then(zone::of_definition);
    let own = match account {
        Account::Mailbox(address) => Some(address.clone()),
        Account::Service(_) => None,
    };
    let Some(impersonation) = &header.impersonation else {
        return Ok(Caller { mailbox: own, zone, back_end: 0, subscriptions_max: usize::MAX });
    };
    let address = match &impersonation.as_whom {
        ConnectingSid::SmtpAddress(name)
        | ConnectingSid::PrimarySmtpAddress(name)
        | ConnectingSid::PrincipalName(name) => key(name),
        ConnectingSid::Sid(_) => return Err(fault(ResponseCode::ErrorNonExistentMailbox)),
    };
    let Some(service) = role(config, account) else {
        return Err(fault(ResponseCode::ErrorImpersonateUserDenied));
    };
    if !store.has_mailbox(&address) {
        return Err(fault(ResponseCode::ErrorNonExistentMailbox));
    }
    if service.may_not_impersonate.iter().any(|refused| key(refused) == address) {
        return Err(fault(ResponseCode::ErrorImpersonateUserDenied));
    }
    Ok(Caller { mailbox: Some(address), zone, back_end: 0, subscriptions_max: usize::MAX })
}

fn role<'c>(config: &'c Config, account: &Account) -> Option<&'c ServiceAccount> {
    match account {
        Account::Mailbox(_) => None,
        Account::Service(name) => {
            config.service_accounts.iter().find(|service| service.user_name == *name)
        }
    }
}

fn fault(code: ResponseCode) -> Box<Fault> {
    let text = match code {
        ResponseCode::ErrorNonExistentMailbox => "No mailbox with such an address exists.",
        _ => "The account does not have permission to impersonate the requested user.",
    };
    Box::new(Fault::new(code, text))
}
