//! Whether join details are written into an entry, and how: decided from the entry alone. Pure.
//!
//! Only into the organizer's own copy, once, with a stamp that travels in the same write.

use std::collections::BTreeMap;

use conference::{
    ConferenceKey, Provider, ProviderSettings, Rules, RulesError, Site,
    invitation_block::{self, Block, Language, location_with_link},
    join_link::{self, Sender, Sources},
    keyword::{Found, Keywords, Mention},
};
use jiff::Timestamp;
use protocol::ids::MailboxAddress;

use crate::{
    config::{Config, Mistake},
    entry::{Body, Entry, Kind, Mark, Version},
    meeting::{Plain, note},
    news::SourceId,
    stamp::Stamp,
};

/// Larger bodies are left alone: writing them back costs more than it helps.
pub const BODY_BYTES_MAX: usize = 1024 * 1024;

/// What an organization wants to happen.
pub struct Practice {
    keywords: Keywords,
    providers: BTreeMap<String, Provider>,
    pub rules: Rules,
}

/// One UpdateItem, ready to be sent.
#[derive(Clone, Debug)]
pub struct Write {
    pub id: SourceId,
    /// The version that was read: if it is no longer that one, nothing is written.
    pub version: Version,
    /// `None` leaves it as it is.
    pub body: Option<Body>,
    pub location: Option<Plain>,
    pub stamp: Stamp,
    pub mails: Mails,
}

/// Who gets mail from a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mails {
    Nobody,
    AllAttendees,
}

#[derive(Debug)]
pub enum Decision {
    Write(Box<Write>),
    /// Nothing to write; perhaps something to tell the organizer.
    Leave(Option<&'static str>),
}

impl Practice {
    pub fn new(config: &Config) -> Result<Self, Mistake> {
        let reason = |name: &str, error: &dyn std::fmt::Display| Mistake::Conference {
            name: name.to_owned(),
            reason: error.to_string(),
        };
        let provider = |(name, settings): (&String, &ProviderSettings)| {
            let provider = Provider::new(settings).map_err(|error| reason(name, &error))?;
            Ok((name.clone(), provider))
        };
        let providers: BTreeMap<_, _> =
            config.conferences.iter().map(provider).collect::<Result<_, Mistake>>()?;
        let own_hosts = providers.values().map(Provider::own_host).collect();
        let rules = Rules::new(&Site { own_hosts });
        let rules = rules.map_err(|error: RulesError| reason("join links", &error))?;
        let keywords = Keywords::new(config.keywords.clone());
        let keywords = keywords.map_err(|error| reason("keywords", &error))?;
        Ok(Self { keywords, providers, rules })
    }

    /// A place for people to read: what asked for the conference says nothing once there is one.
    pub fn place_without_keyword(&self, place: &str) -> String {
        let Some(Mention::Found(found)) = self.keywords.find(place) else {
            return place.to_owned();
        };
        let is_separator = |c: char| c.is_whitespace() || matches!(c, ';' | ',' | '|' | '/');
        let before = place.get(..found.range.start).unwrap_or_default();
        let after = place.get(found.range.end..).unwrap_or_default();
        let (before, after) =
            (before.trim_end_matches(is_separator), after.trim_start_matches(is_separator));
        let between = if before.is_empty() || after.is_empty() { "" } else { "; " };
        format!("{before}{between}{after}")
    }

    pub fn decide(
        &self,
        entry: &Entry,
        owner: &MailboxAddress,
        secret: &[u8],
        now: Timestamp,
    ) -> Decision {
        let stays = Decision::Leave(None);
        let is_theirs = !entry.is_organizer || entry.is_cancelled || entry.is_over(now);
        // A keyword on one occurrence is not acted upon yet; occurrences share their series' text.
        let is_part = matches!(entry.kind, Kind::Occurrence | Kind::Exception);
        if is_theirs || is_part || is_stamped(entry) {
            return stays;
        }
        let found = match self.keywords.find(&entry.location.0) {
            None => return stays,
            Some(Mention::UnknownModifier(_)) => {
                return Decision::Leave(Some(note::UNKNOWN_MODIFIER));
            }
            Some(Mention::Found(found)) => found,
        };
        if entry.is_body_cut {
            return Decision::Leave(Some(note::BODY_CUT));
        }
        if entry.body.text().len() > BODY_BYTES_MAX {
            return Decision::Leave(Some(note::BODY_TOO_LARGE));
        }
        self.write(entry, owner, secret, found)
            .map_or(Decision::Leave(Some(note::NO_CONFERENCE)), |write| {
                Decision::Write(Box::new(write))
            })
    }

    fn write(
        &self,
        entry: &Entry,
        owner: &MailboxAddress,
        secret: &[u8],
        found: Found,
    ) -> Option<Write> {
        let provider = self.providers.get(&found.provider)?;
        let key = ConferenceKey::derive(secret, owner.as_str(), &entry.uid, None);
        let conference = provider.conference(&key, &entry.meeting.subject.0).ok()?;
        let link = conference.join_link;
        let culture = entry.culture.as_deref().unwrap_or_default();
        let block = Block::new(Language::from_culture(culture), &link);
        let body = match &entry.body {
            Body::Html(html) => Body::Html(Plain(invitation_block::insert(
                &html.0,
                invitation_block::Kind::Html,
                &block,
            ))),
            Body::Text(text) => Body::Text(Plain(invitation_block::insert(
                &text.0,
                invitation_block::Kind::Text,
                &block,
            ))),
        };
        // A copy brings the link of what it was copied from; what was typed is in the stamp.
        let typed = match &entry.mark {
            Mark::Stamped(stamp) => &stamp.location,
            Mark::None | Mark::Unreadable => &entry.location,
        };
        let told = entry.has_attendees && entry.request_was_sent;
        Some(Write {
            id: entry.id.clone(),
            version: entry.version.clone(),
            body: Some(body),
            location: location_with_link(&typed.0, &link).map(Plain),
            stamp: Stamp {
                meeting: Stamp::identity(&entry.uid),
                keyword: found.keyword,
                block: block.hash(),
                location: typed.clone(),
            },
            mails: if told { Mails::AllAttendees } else { Mails::Nobody },
        })
    }

    /// The link of an entry's Join button.
    pub fn join_link(&self, entry: &Entry, sender: Sender) -> Option<join_link::JoinLink> {
        let body = match &entry.body {
            Body::Html(html) => join_link::Body::Html(&html.0),
            Body::Text(text) => join_link::Body::Text(&text.0),
        };
        let sources = Sources { stamp: None, location: &entry.location.0, body, sender };
        join_link::find(&sources, &self.rules).join
    }
}

/// Done before, for this very meeting: a copied entry carries a stamp of another.
fn is_stamped(entry: &Entry) -> bool {
    match &entry.mark {
        Mark::None => false,
        Mark::Stamped(stamp) => stamp.meeting == Stamp::identity(&entry.uid),
        Mark::Unreadable => true,
    }
}

impl Entry {
    /// The entry as it is after the write.
    pub fn after(&mut self, write: Write, version: Version) {
        self.version = version;
        if let Some(body) = write.body {
            self.body = body;
        }
        if let Some(location) = write.location {
            self.meeting.location = location.clone();
            self.location = location;
        }
        self.mark = Mark::Stamped(write.stamp);
    }
}

#[cfg(test)]
mod tests;
