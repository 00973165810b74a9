//! Finds the keyword in a Location (`Room 4; @meet`) that asks for a conference.

use std::{collections::BTreeMap, ops::Range};

use crate::meeting::Room;

/// The keywords of an organization, each with what it stands for. Written `@meet`, or `@meet:space`
/// for what that modifier means with this keyword.
#[derive(Clone, Debug, Default)]
pub struct Keywords(BTreeMap<String, Target>);

/// A conference by the name it has in the settings, and the kind of room.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Target {
    conference: String,
    room: Room,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum MalformedKeyword {
    #[error(
        "a keyword is @ followed by ASCII letters, digits, _ or -, perhaps with :modifier; this one is not: {0}"
    )]
    Keyword(String),
    #[error(
        "{0} stands for a conference under `conferences`, perhaps with :myroom, :onetime or :space"
    )]
    Target(String),
}

/// What a Location asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mention {
    Found(Found),
    /// `@meet:something` that nobody knows: nothing is written, the organizer is told.
    UnknownModifier(Found),
}

/// A keyword where it stands; `range` is in bytes and includes the modifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// In lower case, with `@` and the modifier.
    pub keyword: String,
    pub conference: String,
    pub room: Room,
    pub range: Range<usize>,
}

impl Mention {
    /// In lower case, with `@` and the modifier.
    pub fn word(self) -> String {
        match self {
            Self::Found(found) | Self::UnknownModifier(found) => found.keyword,
        }
    }
}

impl Keywords {
    /// From pairs such as `@meet` and `jitsi`, or `@webex` and `webex:space`.
    pub fn new(
        targets_by_keyword: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, MalformedKeyword> {
        targets_by_keyword.into_iter().map(checked).collect::<Result<_, _>>().map(Self)
    }

    /// The leftmost keyword; all others are ignored.
    pub fn find(&self, location: &str) -> Option<Mention> {
        location.match_indices('@').find_map(|(at, _)| self.mention_at(location, at))
    }

    fn mention_at(&self, location: &str, at: usize) -> Option<Mention> {
        let (before, rest) = location.split_at_checked(at)?;
        if before.chars().next_back().is_some_and(continues_a_word) {
            return None;
        }
        let name = word(rest.strip_prefix('@')?);
        let keyword = format!("@{}", name.to_ascii_lowercase());
        let usual = self.0.get(&keyword);
        let after = rest.get(keyword.len()..)?;
        let modifier = after.strip_prefix(':').map(word).filter(|modifier| !modifier.is_empty());
        let length = keyword.len() + modifier.map_or(0, |modifier| modifier.len() + 1);
        if !ends_a_word(rest.get(length..)?) {
            return None;
        }
        let range = at..at + length;
        let found = |keyword: String, target: &Target, room: Room| {
            let conference = target.conference.clone();
            Found { keyword, conference, room, range }
        };
        let Some(modifier) = modifier else {
            let usual = usual?;
            return Some(Mention::Found(found(keyword, usual, usual.room)));
        };
        let modifier = modifier.to_ascii_lowercase();
        let whole = format!("{keyword}:{modifier}");
        // What is written down for this very modifier goes before what it means elsewhere.
        if let Some(target) = self.0.get(&whole) {
            return Some(Mention::Found(found(whole, target, target.room)));
        }
        Some(match Room::from_modifier(&modifier) {
            Some(room) => Mention::Found(found(whole, usual?, room)),
            None => Mention::UnknownModifier(found(whole, usual?, Room::Usual)),
        })
    }
}

fn checked((keyword, target): (String, String)) -> Result<(String, Target), MalformedKeyword> {
    let is_word = |text: &str| !text.is_empty() && word(text) == text;
    let is_keyword = keyword.strip_prefix('@').is_some_and(|name| match name.split_once(':') {
        None => is_word(name),
        Some((name, modifier)) => is_word(name) && is_word(modifier),
    });
    if !is_keyword {
        return Err(MalformedKeyword::Keyword(keyword));
    }
    let (conference, room) = match target.split_once(':') {
        None => (target.as_str(), Room::Usual),
        Some((conference, modifier)) => {
            let room = Room::from_modifier(modifier);
            (conference, room.ok_or_else(|| MalformedKeyword::Target(keyword.clone()))?)
        }
    };
    let conference = conference.to_owned();
    Ok((keyword.to_ascii_lowercase(), Target { conference, room }))
}

fn word(text: &str) -> &str {
    let end = text.find(|c: char| !is_word(c)).unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
}

/// What stands before `@` in a mail address or a URL.
fn continues_a_word(c: char) -> bool {
    c.is_alphanumeric() || "_-.+@/=&%~!#$*'".contains(c)
}

/// A full stop or a slash ends a word only when no word follows it: `@webex.example` is no keyword.
fn ends_a_word(after: &str) -> bool {
    let mut following = after.chars();
    match following.next() {
        None => true,
        Some('.' | '/' | ':') => !following.next().is_some_and(char::is_alphanumeric),
        Some(c) => !(c.is_alphanumeric() || c == '@' || is_word(c)),
    }
}

#[cfg(test)]
mod tests;
