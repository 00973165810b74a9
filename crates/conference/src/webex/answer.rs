//! What Webex answers, read with patience: unknown fields and values do no harm, fields of the wrong
//! kind count as missing, and secrets of the host are not even looked at (`hostKey`, `hostPin`,
//! `panelistPassword`, `phoneAndVideoSystemPanelistPassword`, `startLink`, `joinLink`).

use jiff::Timestamp;
use serde_json::Value;
use url::Url;

use crate::{
    join_link::JoinLink,
    meeting::{Conference, DialIn, Reference},
};

/// Longer ids are not Webex's.
const ID_CHARS_MAX: usize = 512;
/// Numbers, passcodes and addresses.
const SHORT_CHARS_MAX: usize = 256;
/// More numbers to call are left out: nobody reads them.
const DIAL_IN_MAX: usize = 30;

/// A series or one meeting. Content.
pub(super) struct Meeting {
    pub(super) id: String,
    pub(super) title: Option<String>,
    pub(super) start: Option<Timestamp>,
    pub(super) end: Option<Timestamp>,
    pub(super) recurrence: Option<String>,
    pub(super) state: Option<String>,
    pub(super) host: Option<String>,
    pub(super) tags: Vec<String>,
    details: Details,
}

/// How to get in.
struct Details {
    web_link: Option<String>,
    sip_address: Option<String>,
    number: Option<String>,
    passcode: Option<String>,
    device_passcode: Option<String>,
    dial_in: Vec<DialIn>,
}

/// The answer is not one that can be used; says why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unusable(pub(super) &'static str);

impl Meeting {
    pub(super) fn read(value: &Value) -> Result<Self, Unusable> {
        let id = text(value, "id", ID_CHARS_MAX).ok_or(Unusable("a meeting without an id"))?;
        let tags = value.get("integrationTags").and_then(Value::as_array);
        let tags = tags.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned);
        Ok(Self {
            id,
            title: value.get("title").and_then(Value::as_str).map(str::to_owned),
            start: time(value, "start"),
            end: time(value, "end"),
            recurrence: text(value, "recurrence", SHORT_CHARS_MAX * 2),
            state: text(value, "state", SHORT_CHARS_MAX),
            host: text(value, "hostEmail", SHORT_CHARS_MAX),
            tags: tags.collect(),
            details: Details {
                web_link: text(value, "webLink", crate::join_link::CANONICAL_BYTES_MAX),
                sip_address: text(value, "sipAddress", SHORT_CHARS_MAX),
                number: text(value, "meetingNumber", SHORT_CHARS_MAX),
                passcode: text(value, "password", SHORT_CHARS_MAX),
                device_passcode: text(value, "phoneAndVideoSystemPassword", SHORT_CHARS_MAX),
                dial_in: dial_in(value),
            },
        })
    }

    /// The body of an answer that is one meeting.
    pub(super) fn from_body(body: &[u8]) -> Result<Self, Unusable> {
        Self::read(&json(body)?)
    }

    /// The body of an answer that is a list. What in it is no meeting is left out.
    pub(super) fn list(body: &[u8]) -> Result<Vec<Self>, Unusable> {
        let value = json(body)?;
        let items = value.get("items").and_then(Value::as_array);
        let items = items.ok_or(Unusable("a list without items"))?;
        Ok(items.iter().filter_map(|item| Self::read(item).ok()).collect())
    }

    pub(super) fn is_tagged(&self, tag: &str) -> bool {
        self.tags.iter().any(|found| found == tag)
    }

    /// Series of one, too, are `active` until they are over.
    pub(super) fn is_in(&self, state: &str) -> bool {
        self.state.as_deref() == Some(state)
    }

    pub(super) fn conference(
        &self,
        reference: Reference,
        domains: &[String],
    ) -> Result<Conference, Unusable> {
        self.details.conference(Some(reference), "webex.meeting", domains)
    }
}

/// A personal room's way in: the same ever after, and nothing to end.
pub(super) fn personal_room(body: &[u8], domains: &[String]) -> Result<Conference, Unusable> {
    let value = json(body)?;
    let details = Details {
        web_link: text(&value, "personalMeetingRoomLink", crate::join_link::CANONICAL_BYTES_MAX),
        sip_address: text(&value, "sipAddress", SHORT_CHARS_MAX),
        number: value
            .get("telephony")
            .and_then(|telephony| text(telephony, "accessCode", SHORT_CHARS_MAX)),
        passcode: None,
        device_passcode: None,
        dial_in: dial_in(&value),
    };
    details.conference(None, "webex.pmr", domains)
}

/// Sites of a user.
pub(super) fn sites(body: &[u8]) -> Result<Vec<String>, Unusable> {
    let value = json(body)?;
    let sites = value.get("sites").and_then(Value::as_array).ok_or(Unusable("no list of sites"))?;
    Ok(sites.iter().filter_map(|site| text(site, "siteUrl", SHORT_CHARS_MAX)).collect())
}

/// By which Webex's support finds a failed call; letters and digits only, or nothing.
pub(super) fn tracking_id(body: &[u8]) -> Option<String> {
    let value = json(body).ok()?;
    let id = value.get("trackingId")?.as_str()?;
    let is_plain = id.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    (is_plain && id.len() <= 80).then(|| id.to_owned())
}

impl Details {
    fn conference(
        &self,
        reference: Option<Reference>,
        class: &str,
        domains: &[String],
    ) -> Result<Conference, Unusable> {
        let link = self.web_link.as_deref().ok_or(Unusable("no link to join by"))?;
        if !is_believable(link, domains) {
            return Err(Unusable("a link that does not lead to Webex"));
        }
        let join_link = JoinLink::made("webex", class, link);
        Ok(Conference {
            join_link: join_link.map_err(|_failure| Unusable("a link that is not one"))?,
            sip_address: self.sip_address.clone(),
            number: self.number.clone(),
            passcode: self.passcode.clone(),
            device_passcode: self.device_passcode.clone(),
            dial_in: self.dial_in.clone(),
            reference,
            fell_back: None,
        })
    }
}

/// Over TLS, at a name below one of the domains, as nobody in particular.
fn is_believable(link: &str, domains: &[String]) -> bool {
    let Ok(url) = Url::parse(link) else { return false };
    let host = url.host_str().unwrap_or_default();
    let is_below = |domain: &String| {
        host.strip_suffix(domain.as_str()).is_some_and(|site| site.ends_with('.'))
    };
    url.scheme() == "https"
        && url.username().is_empty()
        && url.password().is_none()
        && url.port().is_none()
        && domains.iter().any(is_below)
}

fn json(body: &[u8]) -> Result<Value, Unusable> {
    serde_json::from_slice(body).map_err(|_error| Unusable("not JSON"))
}

/// A short text, or a number where a text should be; nothing with control characters in it.
fn text(value: &Value, name: &str, chars_max: usize) -> Option<String> {
    let text = match value.get(name)? {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
    };
    let is_good = !text.is_empty()
        && text.chars().count() <= chars_max
        && !text.chars().any(char::is_control);
    is_good.then_some(text)
}

fn time(value: &Value, name: &str) -> Option<Timestamp> {
    value.get(name)?.as_str()?.parse().ok()
}

/// `links`, beside the numbers, is an array in one place and an object in another: we need neither.
fn dial_in(value: &Value) -> Vec<DialIn> {
    let numbers = value.get("telephony").and_then(|telephony| telephony.get("callInNumbers"));
    let numbers = numbers.and_then(Value::as_array).into_iter().flatten();
    let number = |entry: &Value| {
        Some(DialIn {
            label: text(entry, "label", SHORT_CHARS_MAX).unwrap_or_default(),
            number: text(entry, "callInNumber", SHORT_CHARS_MAX)?,
            is_toll_free: text(entry, "tollType", SHORT_CHARS_MAX).as_deref() == Some("tollFree"),
        })
    };
    numbers.filter_map(number).take(DIAL_IN_MAX).collect()
}

#[cfg(test)]
mod tests;
