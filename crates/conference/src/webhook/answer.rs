//! What a receiver answers, and which answers are not believed.

use jiff::Timestamp;
use serde::Deserialize;
use url::{Host, Url};
use world::issuer::is_loopback;

use super::CLASS;
use crate::{
    html::is_invisible,
    join_link::JoinLink,
    meeting::{Conference, DialIn, ProviderFailure, Recurrence, Reference, Wish},
    provider::host_and_port,
};

/// In bytes, each.
const REFERENCE_BYTES_MAX: usize = 200;
const SIP_BYTES_MAX: usize = 256;
const PASSCODE_BYTES_MAX: usize = 64;
const LABEL_BYTES_MAX: usize = 80;
const NUMBER_BYTES_MAX: usize = 40;
/// More telephone numbers are not written into an invitation.
const DIAL_IN_MAX: usize = 10;

#[derive(Deserialize)]
struct Answer {
    join_url: String,
    provider_ref: String,
    sip: Option<String>,
    passcode: Option<String>,
    dial_in: Option<Vec<Number>>,
    expires: Option<Timestamp>,
}

#[derive(Deserialize)]
struct Number {
    #[serde(default)]
    label: String,
    number: String,
    #[serde(default)]
    toll_free: bool,
}

/// What holds for each answer of one receiver.
pub(super) struct Expectations<'a> {
    pub(super) hosts: &'a [String],
    /// Plain HTTP, to this computer only.
    pub(super) may_be_plain: bool,
    pub(super) now: Timestamp,
}

impl Expectations<'_> {
    pub(super) fn read(&self, body: &[u8], wish: &Wish) -> Result<Conference, ProviderFailure> {
        let unreadable = ProviderFailure::Refused("the webhook's answer is not what was agreed");
        let answer: Answer = serde_json::from_slice(body).or(Err(unreadable))?;
        let join_link = self.link(&answer.join_url)?;
        if answer.expires.is_some_and(|expires| !self.lasts(expires, wish)) {
            return Err(ProviderFailure::Meeting("the webhook's link ends before the meeting"));
        }
        if !is_plain(&answer.provider_ref, REFERENCE_BYTES_MAX) {
            return Err(ProviderFailure::Refused("the webhook's provider_ref is not usable"));
        }
        let mut conference = Conference::of_link(join_link);
        conference.reference = Some(Reference(answer.provider_ref));
        conference.sip_address = answer.sip.as_deref().map(sip).transpose()?;
        conference.passcode = answer.passcode.map(passcode).transpose()?;
        conference.dial_in = dial_in(answer.dial_in.unwrap_or_default())?;
        Ok(conference)
    }

    /// What we put into an invitation is clicked on by people who trust us.
    fn link(&self, text: &str) -> Result<JoinLink, ProviderFailure> {
        let refused = ProviderFailure::Refused;
        if text.contains(|c: char| c.is_control() || c.is_whitespace() || is_invisible(c)) {
            return Err(refused("the webhook's link holds characters that nobody sees"));
        }
        let url = Url::parse(text).or(Err(refused("the webhook's link is not a URL")))?;
        let is_plain = url.scheme() == "http" && self.may_be_plain && is_loopback(&url);
        if url.scheme() != "https" && !is_plain {
            return Err(refused("the webhook's link is not https"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refused("the webhook's link holds a user name"));
        }
        let is_number = matches!(url.host(), Some(Host::Ipv4(_) | Host::Ipv6(_)));
        if !self.hosts.contains(&host_and_port(&url)) || (is_number && !is_loopback(&url)) {
            return Err(refused("the webhook's link leads to a host that hosts does not name"));
        }
        JoinLink::made("webhook", CLASS, url.as_str())
    }

    fn lasts(&self, expires: Timestamp, wish: &Wish) -> bool {
        let end = match &wish.recurrence {
            None => Some(wish.end),
            Some(Recurrence { ends, .. }) => *ends,
        };
        expires > self.now && end.is_some_and(|end| end <= expires)
    }
}

fn sip(address: &str) -> Result<String, ProviderFailure> {
    let bare = address.strip_prefix("sips:").or_else(|| address.strip_prefix("sip:"));
    let bare = bare.unwrap_or(address);
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || "@.-_+=;:%*".contains(c);
    let has_parts = bare
        .split_once('@')
        .is_some_and(|(user, host)| !user.is_empty() && !host.is_empty() && !host.contains('@'));
    match has_parts && bare.len() <= SIP_BYTES_MAX && bare.chars().all(is_allowed) {
        true => Ok(bare.to_owned()),
        false => Err(ProviderFailure::Refused("the webhook's sip is not an address")),
    }
}

fn passcode(passcode: String) -> Result<String, ProviderFailure> {
    match is_plain(&passcode, PASSCODE_BYTES_MAX) {
        true => Ok(passcode),
        false => Err(ProviderFailure::Refused("the webhook's passcode is not usable")),
    }
}

fn dial_in(numbers: Vec<Number>) -> Result<Vec<DialIn>, ProviderFailure> {
    let refused = ProviderFailure::Refused("the webhook's dial_in is not usable");
    let is_digit = |c: char| c.is_ascii_digit() || " +-()/.,#*".contains(c);
    let checked = |Number { label, number, toll_free }: Number| {
        let is_number = is_plain(&number, NUMBER_BYTES_MAX) && number.chars().all(is_digit);
        let is_label = label.is_empty() || is_plain(&label, LABEL_BYTES_MAX);
        let number = DialIn { label, number, is_toll_free: toll_free };
        if is_number && is_label { Ok(number) } else { Err(refused.clone()) }
    };
    numbers.into_iter().take(DIAL_IN_MAX).map(checked).collect()
}

/// One line of something that everybody sees.
fn is_plain(text: &str, bytes_max: usize) -> bool {
    !text.trim().is_empty()
        && text.len() <= bytes_max
        && !text.contains(|c: char| c.is_control() || is_invisible(c))
}
