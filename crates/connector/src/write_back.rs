//! Whether join details are written into an entry, changed or taken out: decided from the entry
//! alone. Pure; getting the conference and writing is the [`pass`](crate::pass)'s business.
//!
//! Only in the organizer's own copy, with a stamp that travels in the same write; in doubt nothing
//! is done, and the organizer is told why.

use conference::{
    Conference, ConferenceKey, Room, Wish,
    invitation_block::{self, Language, location_with_link},
    keyword::{Found, Mention},
};
use jiff::Timestamp;
use protocol::{ids::MailboxAddress, meeting::Sensitivity};

use crate::{
    entry::{Body, Entry, Kind, Mark, Version},
    meeting::{Plain, note},
    news::SourceId,
    practice::Practice,
    stamp::Stamp,
    state::Hash,
};

/// Larger bodies are left alone: writing them back costs more than it helps.
pub const BODY_BYTES_MAX: usize = 1024 * 1024;

/// One UpdateItem, ready to be sent.
#[derive(Clone, Debug)]
pub struct Write {
    pub id: SourceId,
    /// The version that was read: if it is no longer that one, nothing is written.
    pub version: Version,
    /// `None` leaves it as it is.
    pub body: Option<Body>,
    pub location: Option<Plain>,
    /// `None` takes it away.
    pub stamp: Option<Stamp>,
    pub mails: Mails,
    pub cause: Cause,
}

/// Who gets mail from a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mails {
    Nobody,
    AllAttendees,
}

/// What the organizer did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    KeywordAdded,
    KeywordChanged,
    KeywordRemoved,
    /// The conference has other details now.
    Renewed,
    /// An administrator wants our blocks gone.
    Undone,
}

impl Cause {
    pub fn word(self) -> &'static str {
        match self {
            Self::KeywordAdded => "keyword-added",
            Self::KeywordChanged => "keyword-changed",
            Self::KeywordRemoved => "keyword-removed",
            Self::Renewed => "renewed",
            Self::Undone => "undone",
        }
    }
}

impl Mails {
    pub fn word(self) -> &'static str {
        match self {
            Self::Nobody => "none",
            Self::AllAttendees => "all",
        }
    }
}

#[derive(Debug)]
pub enum Decision {
    /// Nothing to write; perhaps something to tell the organizer.
    Leave(Option<&'static str>),
    /// A conference is wanted: get it, then write.
    Make(Box<Plan>),
    /// All is written; a conference that must be called may have to hear of changes.
    Keep(Box<Plan>),
    /// What we wrote is to go.
    Strip(Box<Write>),
}

/// A conference that a keyword asks for.
#[derive(Debug)]
pub struct Plan {
    pub found: Found,
    pub wish: Wish,
    pub language: Language,
    pub cause: Cause,
    /// What stands there now, if we wrote it for this meeting.
    pub had: Option<Stamp>,
    typed: Plain,
    /// Of a block to be replaced: ours, or the one that a copy brought along.
    replaced: Option<String>,
}

/// Whose decision it is, and when.
pub struct Case<'a> {
    pub entry: &'a Entry,
    /// Of an exception.
    pub master: Option<&'a Entry>,
    pub owner: &'a MailboxAddress,
    pub secret: &'a [u8],
    pub now: Timestamp,
}

impl Practice {
    pub fn decide(&self, case: &Case<'_>) -> Decision {
        let Case { entry, master, now, .. } = *case;
        let is_theirs = !entry.is_organizer || entry.is_cancelled || entry.is_over(now);
        // An occurrence that is no exception has nothing of its own.
        let has_nothing = match entry.kind {
            Kind::Occurrence => true,
            // Without its series nobody knows what is its own.
            Kind::Exception => master.is_none(),
            Kind::Single | Kind::SeriesMaster => false,
        };
        if is_theirs || has_nothing || entry.mark == Mark::Unreadable {
            return Decision::Leave(None);
        }
        let stamp = entry.stamp();
        let had = stamp.filter(|stamp| stamp.meeting == entry.stamp_identity());
        let inherited = master.and_then(Entry::stamp);
        let typed = typed(&entry.location.0, stamp.or(inherited));
        // What an exception has from its series is the series' matter.
        let is_inherited = |master: &Entry| {
            let of_series = self::typed(&master.location.0, inherited);
            // In another room, and still with the keyword of its series: it meets there.
            let keyword = |place: &str| self.keyword(place).map(Mention::word);
            of_series.trim() == typed.trim() || keyword(&of_series) == keyword(&typed)
        };
        if entry.kind == Kind::Exception && had.is_none() && master.is_some_and(is_inherited) {
            return Decision::Leave(None);
        }
        match (self.keyword(&typed), had) {
            (None, None) => Decision::Leave(None),
            (Some(Mention::UnknownModifier(_)), _) => Decision::Leave(Some(note::UNKNOWN_MODIFIER)),
            (None, Some(stamp)) => strip(entry, stamp, typed, Cause::KeywordRemoved),
            (Some(Mention::Found(found)), had) => self.wanted(case, found, typed, had),
        }
    }

    fn wanted(
        &self,
        case: &Case<'_>,
        found: Found,
        typed: String,
        had: Option<&Stamp>,
    ) -> Decision {
        let entry = case.entry;
        let Some(provider) = self.provider(&found.conference) else {
            return Decision::Leave(Some(note::NO_CONFERENCE));
        };
        if !provider.knows(found.room) {
            return Decision::Leave(Some(note::NO_SUCH_ROOM));
        }
        let is_kept = had.is_some_and(|stamp| {
            let is_same = stamp.conference.is_empty() || stamp.conference == found.conference;
            stamp.keyword == found.keyword && is_same
        });
        // A copy is judged by the stamp that it brought along.
        let is_edited = entry.stamp().is_some_and(|stamp| {
            let is_as_written = is_as_written(&entry.body, &stamp.block);
            !is_as_written && (is_kept || has_remains(&entry.body, stamp))
        });
        if is_edited {
            return Decision::Leave(Some(note::EDITED_BY_HAND));
        }
        if entry.is_body_cut {
            return Decision::Leave(Some(note::BODY_CUT));
        }
        if entry.body.text().len() > BODY_BYTES_MAX {
            return Decision::Leave(Some(note::BODY_TOO_LARGE));
        }
        if !is_kept && self.has_link_of(provider.service(), &typed, &entry.body) {
            return Decision::Leave(Some(note::ALREADY_LINKED));
        }
        let language = self.language(entry.culture.as_deref());
        let plan = Plan {
            wish: wish(case, language, found.room),
            language,
            cause: if had.is_some() { Cause::KeywordChanged } else { Cause::KeywordAdded },
            // A copy brings along the block of what it was copied from.
            replaced: entry.stamp().map(|stamp| stamp.block.clone()),
            had: had.cloned(),
            typed: Plain(typed),
            found,
        };
        if is_kept { Decision::Keep(Box::new(plan)) } else { Decision::Make(Box::new(plan)) }
    }

    /// The write that puts a conference's details into the entry.
    pub fn write(
        &self,
        entry: &Entry,
        plan: &Plan,
        conference: &Conference,
        now: Timestamp,
    ) -> Write {
        let block = self.block(plan.language, conference);
        let replaced = plan.replaced.as_deref();
        let insert =
            |text: &Plain, kind| Plain(invitation_block::insert(&text.0, kind, &block, replaced));
        let body = match &entry.body {
            Body::Html(html) => Body::Html(insert(html, invitation_block::Kind::Html)),
            Body::Text(text) => Body::Text(insert(text, invitation_block::Kind::Text)),
        };
        let link = &conference.join_link;
        let location = location_with_link(&plan.typed.0, link);
        // Without room for the link the place is what was typed, and no old link in it.
        let location = location.unwrap_or_else(|| plan.typed.0.clone());
        let location = Some(Plain(location)).filter(|location| *location != entry.location);
        let body = Some(body).filter(|body| body.text() != entry.body.text());
        // Another keyword for the same room is nobody's news.
        let is_seen = body.is_some() || location.is_some();
        let mails = if is_seen { mails(entry) } else { Mails::Nobody };
        let was_told = plan.had.as_ref().is_some_and(|had| had.was_told);
        Write {
            id: entry.id.clone(),
            version: entry.version.clone(),
            body,
            location,
            stamp: Some(Stamp {
                meeting: entry.stamp_identity(),
                keyword: plan.found.keyword.clone(),
                conference: plan.found.conference.clone(),
                block: block.hash(),
                link: Plain(link.as_str().to_owned()),
                reference: conference.reference.as_ref().map(|own| Plain(own.0.clone())),
                was_told: mails == Mails::AllAttendees || (!is_seen && was_told),
                at: now,
                location: plan.typed.clone(),
            }),
            mails,
            cause: plan.cause,
        }
    }

    /// Takes out what we wrote, whatever the place asks for; the stamp stays, so that it is not
    /// written again. Nobody gets mail.
    pub fn undo(&self, entry: &Entry, now: Timestamp) -> Option<Write> {
        let stamp = entry.stamp().filter(|stamp| stamp.meeting == entry.stamp_identity())?;
        if !entry.is_organizer || entry.is_over(now) || entry.is_body_cut {
            return None;
        }
        let typed = typed(&entry.location.0, Some(stamp));
        match strip(entry, stamp, typed, Cause::Undone) {
            Decision::Strip(mut write) => {
                write.stamp = Some(stamp.clone());
                write.mails = Mails::Nobody;
                (write.body.is_some() || write.location.is_some()).then_some(*write)
            }
            Decision::Leave(_) | Decision::Make(_) | Decision::Keep(_) => None,
        }
    }
}

impl Plan {
    /// Names what the provider was told, to see when that has changed.
    pub fn told(&self) -> Hash {
        let Wish { title, start, end, zone, recurrence, .. } = &self.wish;
        let rule = recurrence.as_ref().map_or("", |recurrence| recurrence.rule.as_str());
        let times = [start, end].map(|time| time.as_second().to_be_bytes());
        let zone = zone.as_deref().unwrap_or_default();
        let [start, end] = &times;
        Hash::of(&[title.as_bytes(), start, end, zone.as_bytes(), rule.as_bytes()])
    }
}

fn strip(entry: &Entry, stamp: &Stamp, typed: String, cause: Cause) -> Decision {
    if entry.is_body_cut {
        return Decision::Leave(Some(note::BODY_CUT));
    }
    let without = |text: &Plain, kind| invitation_block::remove(&text.0, kind, &stamp.block);
    let body = match &entry.body {
        Body::Html(html) => {
            without(html, invitation_block::Kind::Html).map(|html| Body::Html(Plain(html)))
        }
        Body::Text(text) => {
            without(text, invitation_block::Kind::Text).map(|text| Body::Text(Plain(text)))
        }
    };
    // Edited by hand: it belongs to whoever edited it.
    if body.is_none() && has_remains(&entry.body, stamp) {
        return Decision::Leave(Some(note::EDITED_BY_HAND));
    }
    let location = Some(Plain(typed)).filter(|typed| *typed != entry.location);
    let is_seen = body.is_some() || location.is_some();
    Decision::Strip(Box::new(Write {
        id: entry.id.clone(),
        version: entry.version.clone(),
        body,
        location,
        stamp: None,
        mails: if is_seen { mails(entry) } else { Mails::Nobody },
        cause,
    }))
}

/// The place without what we put there: what people typed, also if they have edited it since.
fn typed(location: &str, stamp: Option<&Stamp>) -> String {
    let Some(stamp) = stamp else { return location.to_owned() };
    if stamp.link.0.is_empty() {
        // Of the first version: our link was the end of it.
        let ours = location.strip_prefix(&*stamp.location.0);
        let is_ours = ours.is_some_and(|ours| ours.is_empty() || ours.starts_with("; http"));
        return if is_ours { stamp.location.0.clone() } else { location.to_owned() };
    }
    let link = &*stamp.link.0;
    let is_whole = |(at, _): &(usize, &str)| {
        let after = location.get(at + link.len()..).unwrap_or_default();
        after.chars().next().is_none_or(|c| c.is_whitespace() || matches!(c, ';' | ','))
    };
    let Some((at, _)) = location.match_indices(link).find(is_whole) else {
        return location.to_owned();
    };
    let (before, after) = location.split_at_checked(at).unwrap_or((location, ""));
    let before = before.strip_suffix("; ").unwrap_or(before);
    format!("{before}{}", after.get(link.len()..).unwrap_or_default())
}

/// Only who has the invitation hears of a change to it.
fn mails(entry: &Entry) -> Mails {
    if entry.has_attendees && entry.request_was_sent { Mails::AllAttendees } else { Mails::Nobody }
}

fn blocks(body: &Body) -> Vec<invitation_block::Found> {
    match body {
        Body::Html(html) => invitation_block::blocks(&html.0, invitation_block::Kind::Html),
        Body::Text(text) => invitation_block::blocks(&text.0, invitation_block::Kind::Text),
    }
}

/// A block of ours that was edited, or at least its link.
fn has_remains(body: &Body, stamp: &Stamp) -> bool {
    let link = &stamp.link.0;
    let has_link = !link.is_empty()
        && (body.text().contains(link) || body.text().contains(&link.replace('&', "&amp;")));
    has_link || !blocks(body).is_empty()
}

fn is_as_written(body: &Body, hash: &str) -> bool {
    blocks(body).iter().any(|block| block.hash == hash)
}

fn wish(case: &Case<'_>, language: Language, room: Room) -> Wish {
    let Case { entry, owner, secret, .. } = *case;
    let title = match entry.meeting.sensitivity {
        Sensitivity::Private | Sensitivity::Personal | Sensitivity::Confidential => {
            language.private_title().to_owned()
        }
        Sensitivity::Normal | Sensitivity::Unknown => entry.meeting.subject.0.clone(),
    };
    Wish {
        key: key(entry, owner, secret),
        organizer: owner.as_str().to_owned(),
        title,
        start: entry.meeting.start,
        end: entry.meeting.end,
        zone: entry.zone.clone(),
        recurrence: entry.recurrence.clone(),
        room,
    }
}

/// One for a series; an exception that asks for a conference of its own has its own.
pub fn key(entry: &Entry, owner: &MailboxAddress, secret: &[u8]) -> ConferenceKey {
    let recurrence = entry.own_recurrence();
    ConferenceKey::derive(secret, owner.as_str(), &entry.uid, recurrence.as_deref())
}

impl Entry {
    pub fn stamp(&self) -> Option<&Stamp> {
        match &self.mark {
            Mark::Stamped(stamp) => Some(stamp),
            Mark::None | Mark::Unreadable => None,
        }
    }

    fn own_recurrence(&self) -> Option<String> {
        if self.kind == Kind::Exception { self.recurrence_id() } else { None }
    }

    pub fn stamp_identity(&self) -> Hash {
        Stamp::identity(&self.uid, self.own_recurrence().as_deref())
    }

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
        self.mark = write.stamp.map_or(Mark::None, Mark::Stamped);
    }
}

#[cfg(test)]
mod tests;
