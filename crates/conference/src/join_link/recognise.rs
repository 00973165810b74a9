//! One raw link: cleaned, unwrapped, guarded, matched, made canonical.

use url::{Host, Url};

use super::{
    CANONICAL_BYTES_MAX, JoinLink, RAW_BYTES_MAX, Reason, Sender, WRAPPER_LAYERS_MAX,
    rules::{Canonical, Kind, Rule, Rules},
};
use crate::{
    html::is_invisible,
    provider::{host_and_port, is_loopback},
    unwrap::{Layer, parameter, unwrap},
};

pub(super) struct Recognised {
    pub(super) link: JoinLink,
    pub(super) kind: Kind,
    /// The same for every spelling of one meeting.
    pub(super) identity: String,
    pub(super) has_token: bool,
}

pub(super) struct Refusal {
    pub(super) reason: Reason,
    /// A gateway's link that could not be undone: something else may stand in for it.
    pub(super) is_wrapper: bool,
}

impl From<Reason> for Refusal {
    fn from(reason: Reason) -> Self {
        Self { reason, is_wrapper: false }
    }
}

/// What is left over of brackets, quotes and entities around a link.
const LEFTOVERS: &[&str] =
    &["<", ">", "\"", "'", "%3C", "%3E", "%22", "%27", "%3c", "%3e", "&lt;", "&gt;", "&quot;"];

pub(super) fn recognise(raw: &str, rules: &Rules, sender: Sender) -> Result<Recognised, Refusal> {
    let mut current = cleaned(raw)?;
    for _ in 0..=WRAPPER_LAYERS_MAX {
        let url = Url::parse(&current).map_err(|error| match error {
            url::ParseError::RelativeUrlWithoutBase => Reason::NoLink,
            _ => Reason::Malformed,
        })?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Reason::Userinfo.into());
        }
        match unwrap(&url) {
            Layer::Bare => return matched(url, rules, sender),
            Layer::Inner(inner) => current = cleaned(&inner)?,
            Layer::Undecodable => {
                return Err(Refusal { reason: Reason::Malformed, is_wrapper: true });
            }
        }
    }
    Err(Reason::TooDeep.into())
}

fn cleaned(raw: &str) -> Result<String, Reason> {
    if raw.len() > RAW_BYTES_MAX {
        return Err(Reason::TooLong);
    }
    let text: String = raw.chars().filter(|c| !is_invisible(*c)).collect();
    let mut text = text.trim();
    loop {
        let start = LEFTOVERS.iter().find_map(|leftover| text.strip_prefix(leftover));
        let end = || LEFTOVERS.iter().find_map(|leftover| text.strip_suffix(leftover));
        match start.or_else(end) {
            Some(trimmed) => text = trimmed.trim(),
            // Some programs encode an entity twice.
            None => return Ok(text.replace("&amp;", "&")),
        }
    }
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
        return Err(Refusal { reason: Reason::OpaqueWrapper, is_wrapper: true });
    }
    if sender == Sender::External && rules.is_internal(&host) {
        return Err(Reason::InternalHost.into());
    }
    let Some(rule) = rules.find(&host, &url) else {
        let is_listed = rules.is_listed(&host);
        return Err(if is_listed { Reason::OtherPage } else { Reason::UnlistedHost }.into());
    };
    let identity = identity(&url, rule);
    let class = canonical(&mut url, rule);
    if url.as_str().len() > CANONICAL_BYTES_MAX {
        return Err(Reason::TooLong.into());
    }
    let has_token = ["pwd", "p"].iter().any(|name| parameter(&url, name).is_some());
    let link = JoinLink { url: url.into(), provider: rule.provider.clone(), class };
    Ok(Recognised { link, kind: rule.kind, identity, has_token })
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

/// Everything is kept, since what looks like tracking may be the passcode; exceptions are data.
fn canonical(url: &mut Url, rule: &Rule) -> String {
    match rule.canonical {
        Canonical::Keep => {}
        Canonical::NoFragment => url.set_fragment(None),
        Canonical::Zoom => {
            if let Some(number) = zoom_number(url).filter(|_| is_zoom_start_link(url)) {
                let password = parameter(url, "pwd").map(|pwd| format!("pwd={pwd}"));
                url.set_path(&format!("/j/{number}"));
                url.set_query(password.as_deref());
                url.set_fragment(None);
                return "zoom.meeting".to_owned();
            }
        }
    }
    rule.class.clone()
}

/// Such a link starts the meeting as the organizer.
fn is_zoom_start_link(url: &Url) -> bool {
    let path = url.path().to_ascii_lowercase();
    path.starts_with("/s/")
        || path.trim_end_matches('/').ends_with("/start")
        || url.query_pairs().any(|(key, _)| key.eq_ignore_ascii_case("zak"))
}

fn zoom_number(url: &Url) -> Option<String> {
    let is_number = |text: &&str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    url.path().split('/').find(is_number).map(str::to_owned)
}

fn identity(url: &Url, rule: &Rule) -> String {
    if rule.canonical == Canonical::Zoom
        && let Some(number) = zoom_number(url)
    {
        return format!("zoom {number}");
    }
    let meeting = url.query_pairs().find(|(key, _)| key.eq_ignore_ascii_case("MTID"));
    match meeting {
        Some((_, id)) => format!("webex {id}"),
        None => format!("{} {}", host_and_port(url), url.path().trim_end_matches('/')),
    }
}
