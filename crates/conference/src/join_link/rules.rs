//! The rules of `join-links.toml` and of the site, made ready: host first, grammar second.

use std::collections::HashMap;

use serde::Deserialize;
use url::Url;

use super::path::{MalformedPath, Path};

const CATALOGUE: &str = include_str!("../join-links.toml");

/// What the administrator says about meeting links.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Site {
    #[serde(default)]
    pub own_hosts: Vec<OwnHost>,
}

/// A self-hosted system: without this entry its links are ordinary links.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnHost {
    /// With its port, if that is not the usual one.
    pub host: String,
    /// A class of `join-links.toml`, such as `jitsi.selfhosted`.
    pub class: String,
    /// A host of this organization is believed only when the organizer is one of us.
    #[serde(default)]
    pub internal: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum RulesError {
    #[error("the catalogue of join links cannot be read")]
    Catalogue(#[from] toml::de::Error),
    #[error(transparent)]
    Path(#[from] MalformedPath),
    #[error("{host}: there is no class {class} for meeting links")]
    UnknownClass { host: String, class: String },
}

/// What a kind of link is good for; the earlier, the better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Kind {
    Meeting,
    Standing,
    Gathering,
    Closed,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Canonical {
    #[default]
    Keep,
    Zoom,
    NoFragment,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Catalogue {
    words: Words,
    rule: Vec<RuleText>,
}

/// Words that the rules and the division of a text into zones need.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Words {
    reserved_words: Vec<String>,
    file_endings: Vec<String>,
    opaque_hosts: Vec<String>,
    pub(super) closing_phrases: Vec<String>,
    pub(super) forwarded_markers: Vec<String>,
    pub(super) quoted_markers: Vec<String>,
    pub(super) header_starts: Vec<String>,
    pub(super) header_lines: Vec<String>,
    pub(super) passcode_labels: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleText {
    class: String,
    provider: String,
    kind: Kind,
    #[serde(default)]
    hosts: Vec<String>,
    #[serde(default)]
    not_labels: Vec<String>,
    paths: Vec<String>,
    #[serde(default)]
    query: Vec<String>,
    #[serde(default)]
    reserved: bool,
    #[serde(default)]
    canonical: Canonical,
}

#[derive(Debug)]
pub(super) struct Rule {
    pub(super) class: String,
    pub(super) provider: String,
    pub(super) kind: Kind,
    pub(super) canonical: Canonical,
    not_labels: Vec<String>,
    paths: Vec<Path>,
    query: Vec<String>,
    has_reserved_words: bool,
}

/// Everything known about meeting links. Made once, used for every meeting.
#[derive(Debug)]
pub struct Rules {
    pub(super) words: Words,
    rules: Vec<Rule>,
    public: Hosts<usize>,
    opaque: Hosts<()>,
    own: HashMap<String, Vec<Own>>,
}

#[derive(Clone, Copy, Debug)]
struct Own {
    rule: usize,
    is_internal: bool,
}

/// Host patterns, found without looking at each.
#[derive(Debug)]
struct Hosts<T> {
    exact: HashMap<String, Vec<T>>,
    below: HashMap<String, Vec<T>>,
}

impl Rules {
    pub fn new(site: &Site) -> Result<Self, RulesError> {
        let catalogue: Catalogue = toml::from_str(CATALOGUE)?;
        let (mut rules, mut public, mut opaque) = (Vec::new(), Hosts::new(), Hosts::new());
        for text in catalogue.rule {
            text.hosts.iter().for_each(|host| public.add(host, rules.len()));
            rules.push(Rule::new(text)?);
        }
        catalogue.words.opaque_hosts.iter().for_each(|host| opaque.add(host, ()));
        let mut this = Self { words: catalogue.words, rules, public, opaque, own: HashMap::new() };
        site.own_hosts.iter().try_for_each(|own| this.add_own(own))?;
        Ok(this)
    }

    fn add_own(&mut self, own: &OwnHost) -> Result<(), RulesError> {
        let OwnHost { host, class, internal } = own;
        let host = host.to_ascii_lowercase();
        // A public service stays public, also when our own links lead there.
        if self.public.find(&host).next().is_some() {
            return Ok(());
        }
        let before = self.own.get(&host).map_or(0, Vec::len);
        let listed = self.own.entry(host.clone()).or_default();
        for (index, _) in self.rules.iter().enumerate().filter(|(_, rule)| rule.class == *class) {
            listed.push(Own { rule: index, is_internal: *internal });
        }
        if listed.len() == before {
            return Err(RulesError::UnknownClass { host, class: class.clone() });
        }
        Ok(())
    }

    pub(super) fn is_opaque(&self, host: &str) -> bool {
        self.opaque.find(host).next().is_some()
    }

    /// `host` may carry a port.
    pub(super) fn is_own(&self, host: &str) -> bool {
        self.own.contains_key(host)
    }

    pub(super) fn is_listed(&self, host: &str) -> bool {
        self.is_own(host) || self.public.find(host).next().is_some()
    }

    /// Only our own people are believed when they name such a host.
    pub(super) fn is_internal(&self, host: &str) -> bool {
        self.own.get(host).is_some_and(|listed| listed.iter().any(|own| own.is_internal))
    }

    /// The rule that an address on this host follows.
    pub(super) fn find(&self, host: &str, url: &Url) -> Option<&Rule> {
        let own = self.own.get(host).into_iter().flatten().map(|own| &own.rule);
        let mut candidates = own.chain(self.public.find(host)).filter_map(|i| self.rules.get(*i));
        candidates.find(|rule| rule.fits(host, url, &self.words))
    }
}

impl Rule {
    fn new(text: RuleText) -> Result<Self, MalformedPath> {
        Ok(Self {
            paths: text.paths.iter().map(|path| Path::new(path)).collect::<Result<_, _>>()?,
            class: text.class,
            provider: text.provider,
            kind: text.kind,
            canonical: text.canonical,
            not_labels: text.not_labels,
            query: text.query,
            has_reserved_words: text.reserved,
        })
    }

    fn fits(&self, host: &str, url: &Url, words: &Words) -> bool {
        let label = host.split('.').next().unwrap_or_default();
        !self.not_labels.iter().any(|not| not == label)
            && self.has_query(url)
            && !(self.has_reserved_words && is_reserved(url.path(), words))
            && self.paths.iter().any(|path| path.fits(url.path()))
    }

    fn has_query(&self, url: &Url) -> bool {
        let is_wanted = |key: &str| self.query.iter().any(|name| name.eq_ignore_ascii_case(key));
        self.query.is_empty()
            || url.query_pairs().any(|(key, value)| !value.is_empty() && is_wanted(&key))
    }
}

fn is_reserved(path: &str, words: &Words) -> bool {
    let path = path.to_ascii_lowercase();
    let first = path.split('/').nth(1).unwrap_or_default();
    words.reserved_words.iter().any(|word| word == first)
        || words.file_endings.iter().any(|ending| path.ends_with(ending.as_str()))
}

impl<T> Hosts<T> {
    fn new() -> Self {
        Self { exact: HashMap::new(), below: HashMap::new() }
    }

    fn find(&self, host: &str) -> impl Iterator<Item = &T> {
        let parents = host.match_indices('.').filter_map(|(at, _)| host.get(at + 1..));
        let below = parents.filter_map(|parent| self.below.get(parent)).flatten();
        self.exact.get(host).into_iter().flatten().chain(below)
    }
}

impl<T: Copy> Hosts<T> {
    fn add(&mut self, pattern: &str, value: T) {
        let (exact, below) = match (pattern.strip_prefix("[*.]"), pattern.strip_prefix("*.")) {
            (Some(host), _) => (Some(host), Some(host)),
            (None, Some(host)) => (None, Some(host)),
            (None, None) => (Some(pattern), None),
        };
        if let Some(host) = exact {
            self.exact.entry(host.to_owned()).or_default().push(value);
        }
        if let Some(host) = below {
            self.below.entry(host.to_owned()).or_default().push(value);
        }
    }
}
