//! Finds the keyword in a Location (`Room 4; @meet`) that asks for a conference.

use std::{collections::BTreeMap, ops::Range};

/// The keywords of an organization, each with the name of the provider it stands for.
#[derive(Clone, Debug, Default)]
pub struct Keywords(BTreeMap<String, String>);

/// A keyword must be `@` followed by letters, digits, `_` or `-`.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("a keyword is @ followed by ASCII letters, digits, _ or -; this one is not: {0}")]
pub struct MalformedKeyword(pub String);

/// What a Location asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mention {
    Found(Found),
    /// `@meet:something` that no provider knows: nothing is written, the organizer is told.
    UnknownModifier(Found),
}

/// A keyword where it stands; `range` is in bytes and includes the modifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub keyword: String,
    pub provider: String,
    pub modifier: Option<String>,
    pub range: Range<usize>,
}

impl Keywords {
    pub fn new(
        providers_by_keyword: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, MalformedKeyword> {
        providers_by_keyword.into_iter().map(checked).collect::<Result<_, _>>().map(Self)
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
        let provider = self.0.get(&keyword)?.clone();
        let after = rest.get(keyword.len()..)?;
        let modifier = after.strip_prefix(':').map(word).filter(|modifier| !modifier.is_empty());
        let length = keyword.len() + modifier.map_or(0, |modifier| modifier.len() + 1);
        if !ends_a_word(rest.get(length..)?) {
            return None;
        }
        let modifier = modifier.map(str::to_ascii_lowercase);
        let found = Found { keyword, provider, modifier, range: at..at + length };
        // No provider knows a modifier yet.
        Some(match found.modifier {
            None => Mention::Found(found),
            Some(_) => Mention::UnknownModifier(found),
        })
    }
}

fn checked((keyword, provider): (String, String)) -> Result<(String, String), MalformedKeyword> {
    match keyword.strip_prefix('@') {
        Some(name) if !name.is_empty() && word(name) == name => {
            Ok((keyword.to_ascii_lowercase(), provider))
        }
        Some(_) | None => Err(MalformedKeyword(keyword)),
    }
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
