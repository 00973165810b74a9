//! One rule: which addresses of its hosts are links to a meeting.

use url::Url;

use super::{
    catalogue::{Canonical, Dialling, Kind, RuleText, Words},
    path::{MalformedPath, Path},
};
use crate::unwrap::parameter;

#[derive(Debug)]
pub(super) struct Rule {
    pub(super) class: String,
    pub(super) provider: String,
    pub(super) kind: Kind,
    pub(super) canonical: Canonical,
    pub(super) dialling: Dialling,
    pub(super) apart: Vec<String>,
    pub(super) is_by_room: bool,
    personal: Vec<String>,
    not_labels: Vec<String>,
    paths: Vec<Path>,
    query: Vec<String>,
    has_reserved_words: bool,
}

impl Rule {
    pub(super) fn new(text: &RuleText) -> Result<Self, MalformedPath> {
        Ok(Self {
            paths: Path::several(&text.paths)?,
            class: text.class.clone(),
            provider: text.provider.clone(),
            kind: text.kind,
            canonical: text.canonical,
            dialling: text.dial,
            apart: text.apart.clone(),
            is_by_room: text.by_room,
            personal: text.personal.clone(),
            not_labels: text.not_labels.clone(),
            query: text.query.clone(),
            has_reserved_words: text.reserved,
        })
    }

    /// If an address follows this rule, the part of it that names the room.
    pub(super) fn room<'a>(&self, host: &str, url: &'a Url, words: &Words) -> Option<&'a str> {
        let is_excluded = host.split('.').any(|label| self.not_labels.iter().any(|it| it == label));
        if is_excluded
            || !self.has_query(url)
            || (self.has_reserved_words && is_reserved(url.path(), words))
        {
            return None;
        }
        self.paths.iter().find_map(|path| path.room(url.path()))
    }

    fn has_query(&self, url: &Url) -> bool {
        let is_wanted = |key: &str| self.query.iter().any(|name| name.eq_ignore_ascii_case(key));
        self.query.is_empty()
            || url.query_pairs().any(|(key, value)| !value.is_empty() && is_wanted(&key))
    }

    /// For its owner's eyes: not to be written back, shared or sent to a room.
    pub(super) fn is_personal(&self, url: &Url) -> bool {
        self.personal.iter().any(|name| parameter(url, name).is_some())
    }
}

fn is_reserved(path: &str, words: &Words) -> bool {
    let path = path.to_ascii_lowercase();
    let first = path.split('/').nth(1).unwrap_or_default();
    let whole = path.trim_end_matches('/');
    words.reserved_words.iter().any(|word| word == first)
        || words.file_endings.iter().any(|ending| whole.ends_with(ending.as_str()))
}
