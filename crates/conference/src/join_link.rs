//! From the Location and the body of a calendar entry to one join link and its alternatives.
//! Pure: no fetch, no redirect chase, no look-up of names.

mod address;
mod belonging;
mod block;
mod broken;
mod candidate;
mod canonical;
mod catalogue;
mod dial;
mod hosts;
mod likeness;
mod page;
mod path;
mod ranked;
mod reason;
mod recognise;
mod room;
mod rule;
mod rules;
mod site;
mod surroundings;
mod text;
mod trace;
mod zones;

use std::fmt;

use url::Url;

use self::{
    candidate::Pages,
    ranked::{Ranked, lift_blocks, merged},
    recognise::{Attempt, Refusal},
    surroundings::{Reach, Surroundings},
    trace::Verdict,
};
pub use self::{
    reason::{Reason, Source},
    rules::Rules,
    site::{Overlay, OwnHost, RulesError, Site},
    trace::Trace,
};
use crate::meeting::ProviderFailure;

/// More of a body is not looked at.
const TEXT_BYTES_MAX: usize = 256 * 1024;
/// More links of an entry are not looked at.
const CANDIDATES_MAX: usize = 200;
/// No link in an invitation is longer before its wrappers are undone.
const RAW_BYTES_MAX: usize = 8192;
/// Longer links do not work everywhere.
pub(crate) const CANONICAL_BYTES_MAX: usize = 2048;
/// Gateways in a row.
const WRAPPER_LAYERS_MAX: usize = 8;

/// Where to look. A link is believed or not depending on who sent the invitation.
#[derive(Clone, Copy)]
pub struct Sources<'a> {
    /// The link that we have written ourselves, from our own property.
    pub stamp: Option<&'a str>,
    pub location: &'a str,
    /// Links that a client attached to the entry, from properties of their own.
    pub properties: &'a [&'a str],
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
    is_personal: bool,
}

/// What was found, best first. Content: it is sealed like a body, and never logged.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Findings {
    pub join: Option<JoinLink>,
    /// Where `join` stands.
    pub source: Option<Source>,
    /// Each other meeting once, in the order of their rank.
    pub alternatives: Vec<JoinLink>,
    /// What a room dials: `user@domain`.
    pub dial: Option<String>,
    /// Tones to send once the call was answered.
    pub dtmf: Option<String>,
    /// What a person types.
    pub passcode: Option<String>,
    /// What a device sends, where one is printed for devices.
    pub device_passcode: Option<String>,
    /// Why there is no `join`; the most telling reason of several.
    pub reason: Option<Reason>,
    /// One entry for each link that was looked at.
    pub trace: Vec<Trace>,
}

/// The best join link of an entry, the others in the order of their rank, and what belongs to it.
pub fn find(sources: &Sources<'_>, rules: &Rules) -> Findings {
    let pages = Pages::new(sources, rules);
    let mut reading = Reading::new(sources, &pages, rules);
    lift_blocks(&mut reading.found, &pages, &rules.words);
    let mut found = merged(reading.found);
    hand_over_addresses(&mut found, &pages, rules, &reading.alternates);
    found.sort_by_key(Ranked::rank);
    let chosen = found.iter().position(Ranked::is_offered);
    let around = Surroundings::new(&pages, rules, &found, &reading.alternates, Reach::Anywhere);
    let passcode = chosen.and_then(|chosen| around.passcode(chosen));
    let dial = chosen.map(|chosen| around.dial(chosen, passcode.as_ref())).unwrap_or_default();
    let reason = match (chosen, found.first()) {
        (Some(_), _) => None,
        (None, Some(Ranked { zone: zones::Zone::Quoted, .. })) => Some(Reason::QuotedOnly),
        (None, Some(_)) => Some(Reason::SignatureOnly),
        (None, None) => Some(reading.reason),
    };
    let source = chosen.and_then(|chosen| found.get(chosen)).map(|chosen| chosen.source);
    let join = chosen.map(|chosen| found.remove(chosen).recognised.link);
    let (passcode, device_passcode) =
        passcode.map_or((None, None), |it| (Some(it.text), it.device));
    Findings {
        join,
        source,
        alternatives: found.into_iter().map(|ranked| ranked.recognised.link).collect(),
        dial: dial.address,
        dtmf: dial.dtmf,
        passcode,
        device_passcode,
        reason,
        trace: reading.trace,
    }
}

/// What all candidates of an entry come to.
struct Reading {
    found: Vec<Ranked>,
    /// Addresses that pages of instructions give, with the place of their link.
    alternates: Vec<(Source, usize, String)>,
    /// The most telling one of the refused.
    reason: Reason,
    trace: Vec<Trace>,
}

impl Reading {
    fn new(sources: &Sources<'_>, pages: &Pages, rules: &Rules) -> Self {
        let (found, alternates, trace) = (Vec::new(), Vec::new(), Vec::new());
        let mut this = Self { found, alternates, reason: Reason::NoLink, trace };
        for candidate in pages.candidates(sources, rules) {
            let (shown, Attempt { wrappers, outcome }) = candidate.recognise(rules, sources.sender);
            let (source, zone, at) = (candidate.source, candidate.zone, candidate.at);
            let verdict = match outcome {
                Ok(recognised) => {
                    let class = recognised.link.class.clone();
                    this.found.push(Ranked::new(source, zone, at, recognised));
                    Verdict::Matched { class }
                }
                Err(Refusal { reason, looks_like, note, alternate, .. }) => {
                    this.reason = this.reason.min(reason);
                    this.alternates.extend(alternate.map(|dial| (source, at, dial)));
                    Verdict::Refused { reason, looks_like, note }
                }
            };
            this.trace.push(Trace::new((source, zone), &shown, wrappers, verdict));
        }
        this
    }
}

/// Addresses that belong to a link are what rooms dial for it, and no other way to join.
fn hand_over_addresses(
    found: &mut Vec<Ranked>,
    pages: &Pages,
    rules: &Rules,
    alternates: &[(Source, usize, String)],
) {
    let mut at = 0;
    while let Some(ranked) = found.get(at) {
        let around = Surroundings::new(pages, rules, found, alternates, Reach::Near);
        let Some(owner) = around.owner(ranked) else {
            at += 1;
            continue;
        };
        // Whoever stands behind the address moves up by one.
        let address = found.remove(at);
        let owner = if owner > at { owner - 1 } else { owner };
        if let Some(owner) = found.get_mut(owner) {
            owner.adopt(address);
        }
    }
}

impl Findings {
    /// For others than the owner of the copy: a personal link would let them in as that person.
    #[must_use]
    pub fn without_personal(mut self) -> Self {
        self.alternatives.retain(|link| !link.is_personal());
        if self.join.as_ref().is_some_and(JoinLink::is_personal) {
            // What is dialled and typed was found for that link.
            return Self { alternatives: self.alternatives, ..Self::default() };
        }
        self
    }

    /// What was looked at and what came of it, line by line in English, bounded. Content: for those
    /// who may open the meeting.
    pub fn lines(&self) -> Vec<String> {
        trace::lines(self)
    }
}

impl fmt::Debug for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Findings(…)")
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
        let (provider, class) = (provider.to_owned(), class.to_owned());
        Ok(Self { url: url.into(), provider, class, is_personal: false })
    }

    pub fn as_str(&self) -> &str {
        &self.url
    }

    /// Whose link it is, such as `webex`; tells nothing about the meeting.
    pub fn provider(&self) -> &str {
        &self.provider
    }

    /// For the owner of this copy only: not to be written back, shared or sent to a room.
    pub fn is_personal(&self) -> bool {
        self.is_personal
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
