//! One raw link: cleaned, unwrapped, guarded, matched, made canonical.

use url::{Host, Url};
use world::issuer::is_loopback;

use super::{
    CANONICAL_BYTES_MAX, JoinLink, RAW_BYTES_MAX, Reason, Sender, WRAPPER_LAYERS_MAX,
    address::{self, Address},
    canonical::{canonical, identity},
    catalogue::{Dialling, Kind},
    dial,
    rules::Rules,
};
use crate::{
    html::is_invisible,
    provider::host_and_port,
    unwrap::{Layer, parameter, unwrap},
    work,
};

/// The passcode of a meeting, encrypted, in its link.
const TOKENS: [&str; 4] = ["pwd", "p", "pw", "psw"];

/// A link that is one of ours, and what else its address tells.
pub(super) struct Recognised {
    pub(super) link: JoinLink,
    pub(super) kind: Kind,
    /// The same for every spelling of one meeting.
    pub(super) identity: String,
    pub(super) has_token: bool,
    pub(super) host: String,
    pub(super) dialling: Dialling,
    /// The part that names the room.
    pub(super) room: String,
    /// What a room dials, as far as the link itself says.
    pub(super) dial: Option<String>,
    /// A bare address, not a page.
    pub(super) address: Option<Address>,
}

pub(super) struct Refusal {
    pub(super) reason: Reason,
    /// A gateway's link that could not be undone: something else may stand in for it.
    pub(super) is_wrapper: bool,
    /// The listed host that this one pretends to be.
    pub(super) looks_like: Option<String>,
    /// What is known about this page.
    pub(super) note: Option<String>,
    /// What a room dials according to this page of instructions.
    pub(super) alternate: Option<String>,
}

impl From<Reason> for Refusal {
    fn from(reason: Reason) -> Self {
        Self { reason, is_wrapper: false, looks_like: None, note: None, alternate: None }
    }
}

/// One reading of a candidate.
pub(super) struct Attempt {
    pub(super) wrappers: Vec<&'static str>,
    pub(super) outcome: Result<Recognised, Refusal>,
}

/// A link that is not clean after so many rounds is not meant to be read.
const CLEANINGS_MAX: usize = 4;
/// What is left over of brackets, quotes and entities around a link.
const LEFTOVERS: &[&str] = &[
    "<", ">", "\"", "'", "%3C", "%3E", "%22", "%27", "%3c", "%3e", "&lt;", "&gt;", "&quot;", "‘",
    "’", "‚", "‹", "›", "“", "”", "„", "«", "»",
];

pub(super) fn recognise(raw: &str, rules: &Rules, sender: Sender) -> Attempt {
    let mut wrappers = Vec::new();
    let outcome = unwrapped(raw, &mut wrappers, rules, sender);
    let outcome = outcome.and_then(|recognised| settled(recognised, rules, sender));
    Attempt { wrappers, outcome }
}

/// What the parser and the canonical form leave at the end may be a bracket again.
fn settled(
    mut recognised: Recognised,
    rules: &Rules,
    sender: Sender,
) -> Result<Recognised, Refusal> {
    for _ in 0..CLEANINGS_MAX {
        let again = cleaned(recognised.link.as_str())?;
        if again == recognised.link.as_str() {
            return Ok(recognised);
        }
        recognised = unwrapped(&again, &mut Vec::new(), rules, sender)?;
    }
    Err(Reason::Malformed.into())
}

fn unwrapped(
    raw: &str,
    wrappers: &mut Vec<&'static str>,
    rules: &Rules,
    sender: Sender,
) -> Result<Recognised, Refusal> {
    let mut current = cleaned(raw)?;
    for _ in 0..=WRAPPER_LAYERS_MAX {
        if let Some(address) = Address::parse(&current) {
            return dialled(address?, rules, sender);
        }
        let url = Url::parse(&current).map_err(|error| match error {
            url::ParseError::RelativeUrlWithoutBase => Reason::NoLink,
            _ => Reason::Malformed,
        })?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Reason::Userinfo.into());
        }
        match unwrap(&url) {
            Layer::Bare => return matched(url, rules, sender),
            Layer::Inner { wrapper, link } => {
                wrappers.push(wrapper);
                current = cleaned(&link)?;
            }
            Layer::Undecodable { wrapper } => {
                wrappers.push(wrapper);
                return Err(Refusal { is_wrapper: true, ..Reason::Malformed.into() });
            }
        }
    }
    Err(Reason::TooDeep.into())
}

/// Without what surrounds a link: brackets, quotes, entities, characters that nobody sees.
fn cleaned(raw: &str) -> Result<String, Reason> {
    if raw.len() > RAW_BYTES_MAX && raw.chars().count() > RAW_BYTES_MAX {
        return Err(Reason::TooLong);
    }
    work::did(raw.len());
    let is_dropped = |c: char| is_invisible(c) || matches!(c, '\t' | '\n' | '\r');
    let text: String = raw.chars().filter(|c| !is_dropped(*c)).collect();
    Ok(without_doubled_entities(trimmed(&text)))
}

/// Without what surrounds a link, repeatedly, since such things come in layers.
pub(super) fn trimmed(text: &str) -> &str {
    let mut text = text.trim();
    loop {
        let start = LEFTOVERS.iter().find_map(|leftover| text.strip_prefix(leftover));
        let end = || LEFTOVERS.iter().find_map(|leftover| text.strip_suffix(leftover));
        match start.or_else(end) {
            Some(shorter) => text = shorter.trim(),
            None => return text,
        }
    }
}

/// Some programs encode an entity twice; `&amp;` in any depth is `&`.
fn without_doubled_entities(text: &str) -> String {
    let mut parts = text.split('&');
    let mut whole = parts.next().unwrap_or_default().to_owned();
    for mut part in parts {
        while let Some(rest) = part.strip_prefix("amp;") {
            part = rest;
        }
        whole.push('&');
        whole.push_str(part);
    }
    whole
}

/// An address that may be called: anywhere for our own people, else where rooms may call.
pub(super) fn dialled(
    address: Address,
    rules: &Rules,
    sender: Sender,
) -> Result<Recognised, Refusal> {
    let is_trusted = address.is_explicit && sender == Sender::Internal;
    if !is_trusted && !rules.may_be_dialled(&address.domain) {
        return Err(unlisted(&address.domain, rules));
    }
    let dial = address.dial();
    let link = JoinLink {
        url: address.url(),
        provider: address.scheme.provider().to_owned(),
        class: address.scheme.class().to_owned(),
        is_personal: false,
    };
    Ok(Recognised {
        link,
        kind: Kind::Address,
        identity: format!("address {}", dial.to_ascii_lowercase()),
        has_token: false,
        host: address.domain.clone(),
        dialling: Dialling::Printed,
        room: address.user.clone(),
        dial: address::is_dial_string(&dial).then_some(dial),
        address: Some(address),
    })
}

fn matched(mut url: Url, rules: &Rules, sender: Sender) -> Result<Recognised, Refusal> {
    if !matches!(url.scheme(), "https" | "http") {
        return Err(Reason::Scheme.into());
    }
    let is_own_loopback = rules.is_own(&host_and_port(&url)) && is_loopback(&url);
    // `http` is raised to `https`, except on this computer. The parser allows this change.
    if url.scheme() == "http" && !is_own_loopback && url.set_scheme("https").is_err() {
        return Err(Reason::Scheme.into());
    }
    let host = host_and_port(&url);
    guard(&url, is_own_loopback, rules.is_own(&host))?;
    if rules.is_opaque(&host) {
        return Err(Refusal { is_wrapper: true, ..Reason::OpaqueWrapper.into() });
    }
    let Some(found) = rules.find(&host, &url) else {
        return Err(no_meeting(&host, &url, rules));
    };
    if sender == Sender::External && rules.is_internal(&host) {
        return Err(Reason::InternalHost.into());
    }
    let (rule, room) = (found.rule, found.room.to_owned());
    let dial = dial::from_link(&found, &host, rules);
    let identity = identity(&url, &host, &room, rule);
    let is_personal = rule.is_personal(&url);
    let class = canonical(&mut url, rule, &room);
    if url.as_str().len() > CANONICAL_BYTES_MAX {
        return Err(Reason::TooLong.into());
    }
    let has_token = TOKENS.iter().any(|name| parameter(&url, name).is_some());
    let (kind, dialling, provider) = (rule.kind, rule.dialling, rule.provider.clone());
    let link = JoinLink { url: url.into(), provider, class, is_personal };
    Ok(Recognised { link, kind, identity, has_token, host, dialling, room, dial, address: None })
}

fn no_meeting(host: &str, url: &Url, rules: &Rules) -> Refusal {
    let refusal =
        if rules.is_listed(host) { Reason::OtherPage.into() } else { unlisted(host, rules) };
    let note = rules.note(host, url).map(str::to_owned);
    Refusal { note, alternate: rules.alternate(url), ..refusal }
}

fn unlisted(host: &str, rules: &Rules) -> Refusal {
    let looks_like = rules.likeness(host).map(str::to_owned);
    Refusal { looks_like, ..Reason::UnlistedHost.into() }
}

fn guard(url: &Url, is_own_loopback: bool, is_own: bool) -> Result<(), Reason> {
    match url.host() {
        Some(Host::Domain(name)) if name.ends_with('.') => Err(Reason::TrailingDot),
        Some(Host::Domain(_)) if url.port().is_some() && !is_own => Err(Reason::Port),
        Some(Host::Domain(_)) => Ok(()),
        Some(Host::Ipv4(_) | Host::Ipv6(_)) if is_own_loopback => Ok(()),
        Some(Host::Ipv4(_) | Host::Ipv6(_)) => Err(Reason::IpLiteral),
        None => Err(Reason::Malformed),
    }
}
