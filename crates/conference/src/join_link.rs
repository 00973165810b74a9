//! From the Location and the body of a calendar entry to one join link and its alternatives.
//! Pure: no fetch, no redirect chase, no look-up of names.

mod candidate;
mod path;
mod recognise;
mod rules;
mod text;
mod zones;

use std::{collections::HashMap, fmt};

use url::Url;

pub use self::rules::{OwnHost, Rules, RulesError, Site};
use self::{
    candidate::Candidate,
    recognise::{Recognised, Refusal},
    rules::Kind,
    zones::Zone,
};
use crate::meeting::ProviderFailure;

/// More of a body is not looked at.
const TEXT_BYTES_MAX: usize = 256 * 1024;
/// More links of an entry are not looked at.
const CANDIDATES_MAX: usize = 200;
/// No link in an invitation is longer before its wrappers are undone.
const RAW_BYTES_MAX: usize = 8192;
/// Longer links do not work everywhere.
const CANONICAL_BYTES_MAX: usize = 2048;
/// Gateways in a row.
const WRAPPER_LAYERS_MAX: usize = 8;

/// Where to look. A link is believed or not depending on who sent the invitation.
#[derive(Clone, Copy)]
pub struct Sources<'a> {
    /// The link that we have written ourselves, from our own property.
    pub stamp: Option<&'a str>,
    pub location: &'a str,
    pub body: Body<'a>,
    pub sender: Sender,
}

#[derive(Clone, Copy)]
pub enum Body<'a> {
    Html(&'a str),
    Text(&'a str),
}

/// Who organizes: somebody of this organization, or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender {
    Internal,
    External,
}

/// The canonical address of a meeting. Content: it is sealed like a body, and never logged.
#[derive(Clone, PartialEq, Eq)]
pub struct JoinLink {
    url: String,
    provider: String,
    class: String,
}

/// What was found, best first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    pub join: Option<JoinLink>,
    pub alternatives: Vec<JoinLink>,
    /// Why there is no `join`; the most telling reason of several.
    pub reason: Option<Reason>,
}

/// Why there is no Join button, the most telling first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    SignatureOnly,
    QuotedOnly,
    InternalHost,
    OpaqueWrapper,
    OtherPage,
    Userinfo,
    IpLiteral,
    Port,
    TrailingDot,
    TooLong,
    TooDeep,
    Malformed,
    UnlistedHost,
    Scheme,
    NoLink,
}

/// Where a link stands; the earlier, the better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Stamp,
    Location,
    Body,
}

/// A recognised link with all that decides about its rank.
struct Ranked {
    place: Place,
    zone: Zone,
    recognised: Recognised,
}

/// The best join link of an entry, and the others in the order of their rank.
pub fn find(sources: &Sources<'_>, rules: &Rules) -> Findings {
    let mut found = Vec::new();
    let mut reason = Reason::NoLink;
    for (place, candidate) in candidates(sources, rules) {
        match candidate.recognise(rules, sources.sender) {
            Ok(recognised) => found.push(Ranked { place, zone: candidate.zone, recognised }),
            Err(Refusal { reason: why, .. }) => reason = reason.min(why),
        }
    }
    let mut ranked = merged(found);
    ranked.sort_by_key(Ranked::rank);
    let join = ranked.iter().position(Ranked::is_offered).map(|at| ranked.remove(at));
    let reason = match (&join, ranked.first()) {
        (Some(_), _) => None,
        (None, Some(Ranked { zone: Zone::Quoted, .. })) => Some(Reason::QuotedOnly),
        (None, Some(_)) => Some(Reason::SignatureOnly),
        (None, None) => Some(reason),
    };
    let link = |ranked: Ranked| ranked.recognised.link;
    Findings { join: join.map(link), alternatives: ranked.into_iter().map(link).collect(), reason }
}

/// In the order of their rank by source and position.
fn candidates(sources: &Sources<'_>, rules: &Rules) -> Vec<(Place, Candidate)> {
    let stamp = sources.stamp.into_iter().map(|stamp| (Place::Stamp, Candidate::link(stamp)));
    let location = candidate::in_line(sources.location, rules);
    let body = match sources.body {
        Body::Html(html) => candidate::in_html(html, rules),
        Body::Text(text) => candidate::in_text(text, rules),
    };
    stamp
        .chain(location.into_iter().map(|candidate| (Place::Location, candidate)))
        .chain(body.into_iter().map(|candidate| (Place::Body, candidate)))
        .take(CANDIDATES_MAX)
        .collect()
}

/// One meeting once: the best place counts, the variant with a passcode token supplies the link.
fn merged(found: Vec<Ranked>) -> Vec<Ranked> {
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut merged: Vec<Ranked> = Vec::new();
    for ranked in found {
        let index = *places.entry(ranked.recognised.identity.clone()).or_insert(merged.len());
        match merged.get_mut(index) {
            None => merged.push(ranked),
            Some(first) => first.merge(ranked),
        }
    }
    merged
}

impl Findings {
    /// What was looked at, for who may read the meeting.
    pub fn lines(&self) -> Vec<String> {
        Vec::new()
    }
}

impl Reason {
    pub fn word(self) -> &'static str {
        match self {
            Self::SignatureOnly => "signature-only",
            Self::QuotedOnly => "quoted-only",
            Self::InternalHost => "internal-host",
            Self::OpaqueWrapper => "opaque-wrapper",
            Self::OtherPage => "other-page",
            Self::Userinfo => "userinfo",
            Self::IpLiteral => "ip-literal",
            Self::Port => "port",
            Self::TrailingDot => "trailing-dot",
            Self::TooLong => "too-long",
            Self::TooDeep => "too-deep",
            Self::Malformed => "malformed",
            Self::UnlistedHost => "unlisted-host",
            Self::Scheme => "scheme",
            Self::NoLink => "no-link",
        }
    }
}

impl Ranked {
    fn rank(&self) -> (Place, Zone, Kind) {
        (self.place, self.zone, self.recognised.kind)
    }

    fn is_offered(&self) -> bool {
        match self.zone {
            Zone::Text | Zone::Forwarded => true,
            Zone::Signature => self.recognised.kind == Kind::Meeting,
            Zone::Quoted => false,
        }
    }

    fn merge(&mut self, other: Self) {
        (self.place, self.zone) = (self.place, self.zone).min((other.place, other.zone));
        if other.recognised.has_token && !self.recognised.has_token {
            self.recognised = other.recognised;
        }
    }
}

impl JoinLink {
    /// A link that one of our own providers makes.
    pub(crate) fn made(provider: &str, class: &str, url: &str) -> Result<Self, ProviderFailure> {
        let Ok(url) = Url::parse(url) else {
            return Err(ProviderFailure::Meeting("the join link would not be a valid URL"));
        };
        if url.as_str().len() > CANONICAL_BYTES_MAX {
            return Err(ProviderFailure::Meeting("the join link would be too long"));
        }
        Ok(Self { url: url.into(), provider: provider.to_owned(), class: class.to_owned() })
    }

    pub fn as_str(&self) -> &str {
        &self.url
    }

    /// Whose link it is, such as `webex`; tells nothing about the meeting.
    pub fn provider(&self) -> &str {
        &self.provider
    }

    /// Which rule of `join-links.toml` it follows, such as `webex.pmr`.
    pub fn class(&self) -> &str {
        &self.class
    }
}

impl fmt::Debug for JoinLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JoinLink(…)")
    }
}

#[cfg(test)]
mod corpus;
#[cfg(test)]
mod tests;
