//! The rules of `join-links.toml` and of the site, made ready: host first, grammar second.

use std::collections::HashMap;

use url::Url;

use super::{
    address::is_dial_string,
    catalogue::{AlternateText, Catalogue, Interop, PageText, RuleText, Words},
    hosts::{Hosts, is_name},
    likeness::Likenesses,
    path::{MalformedPath, Path},
    rule::Rule,
    site::{OwnHost, RulesError, Site},
};
use crate::provider::host_and_port;

const CATALOGUE: &str = include_str!("../join-links.toml");

/// Everything known about meeting links. Made once, used for every meeting.
#[derive(Debug)]
pub struct Rules {
    pub(super) words: Words,
    rules: Vec<Rule>,
    public: Hosts<usize>,
    opaque: Hosts<()>,
    dialled: Hosts<()>,
    own: HashMap<String, Vec<Own>>,
    pages: Vec<Page>,
    page_hosts: Hosts<usize>,
    interop: Vec<Interop>,
    alternates: Vec<Alternate>,
    likenesses: Likenesses,
}

#[derive(Clone, Debug)]
struct Own {
    rule: usize,
    is_internal: bool,
    dial: Option<String>,
}

#[derive(Debug)]
struct Page {
    note: String,
    paths: Vec<Path>,
}

#[derive(Debug)]
struct Alternate {
    paths: Vec<Path>,
    query: Vec<String>,
    dial: String,
}

/// The rule that an address follows, with what it says about the room.
#[derive(Clone, Copy)]
pub(super) struct Match<'rules, 'url> {
    pub(super) rule: &'rules Rule,
    pub(super) room: &'url str,
    /// An administrator's template.
    pub(super) dial: Option<&'rules str>,
}

impl Rules {
    pub fn new(site: &Site) -> Result<Self, RulesError> {
        let built_in: Catalogue = toml::from_str(CATALOGUE)?;
        let more = &site.overlay.0;
        let mut words = built_in.words;
        words.extend(&more.words);
        let mut this = Self {
            rules: Vec::new(),
            public: Hosts::new(),
            opaque: Hosts::new(),
            dialled: Hosts::new(),
            own: HashMap::new(),
            pages: Vec::new(),
            page_hosts: Hosts::new(),
            interop: more.interop.iter().chain(&built_in.interop).cloned().collect(),
            alternates: Vec::new(),
            likenesses: Likenesses::default(),
            words,
        };
        more.rule.iter().chain(&built_in.rule).try_for_each(|text| this.add_rule(text))?;
        more.page.iter().chain(&built_in.page).try_for_each(|text| this.add_page(text))?;
        for text in more.alternate.iter().chain(&built_in.alternate) {
            this.alternates.push(Alternate::new(text)?);
        }
        for host in &this.words.opaque_hosts {
            this.opaque.add(host, ())?;
        }
        for domain in site.dial_domains.iter().chain(&this.words.dial_domains) {
            this.dialled.add(domain, ())?;
        }
        site.self_hosted.iter().try_for_each(|own| this.add_own(own))?;
        this.likenesses = Likenesses::new(this.public.names().collect());
        Ok(this)
    }

    fn add_rule(&mut self, text: &RuleText) -> Result<(), RulesError> {
        for host in &text.hosts {
            self.public.add(host, self.rules.len())?;
        }
        self.rules.push(Rule::new(text)?);
        Ok(())
    }

    fn add_page(&mut self, text: &PageText) -> Result<(), RulesError> {
        for host in &text.hosts {
            self.page_hosts.add(host, self.pages.len())?;
        }
        self.pages.push(Page { note: text.note.clone(), paths: Path::several(&text.paths)? });
        Ok(())
    }

    fn add_own(&mut self, own: &OwnHost) -> Result<(), RulesError> {
        let OwnHost { host, class, internal, dial } = own;
        // As the parser writes it, so that names in other scripts compare.
        let parsed = Url::parse(&format!("https://{host}/")).ok();
        let host = parsed.map_or_else(|| host.to_ascii_lowercase(), |url| host_and_port(&url));
        // A public service stays public, also when our own links lead there.
        if self.public.has(&host) {
            return Ok(());
        }
        let listed = self.own.entry(host.clone()).or_default();
        let before = listed.len();
        for (rule, _) in self.rules.iter().enumerate().filter(|(_, rule)| rule.class == *class) {
            listed.push(Own { rule, is_internal: *internal, dial: dial.clone() });
        }
        if listed.len() == before {
            return Err(RulesError::UnknownClass { host, class: class.clone() });
        }
        Ok(())
    }

    #[cfg(test)]
    pub(super) fn classes(&self) -> impl Iterator<Item = &str> {
        self.rules.iter().map(|rule| rule.class.as_str())
    }

    pub(super) fn is_opaque(&self, host: &str) -> bool {
        self.opaque.has(host)
    }

    /// `host` may carry a port.
    pub(super) fn is_own(&self, host: &str) -> bool {
        self.own.contains_key(host)
    }

    pub(super) fn is_listed(&self, host: &str) -> bool {
        self.is_own(host) || self.public.has(host)
    }

    /// Only our own people are believed when they name such a host.
    pub(super) fn is_internal(&self, host: &str) -> bool {
        self.own.get(host).is_some_and(|listed| listed.iter().any(|own| own.is_internal))
    }

    /// Whether a room may call there, whoever wrote the address.
    pub(super) fn may_be_dialled(&self, domain: &str) -> bool {
        is_name(domain) && self.dialled.has(domain)
    }

    /// The listed host that this one pretends to be.
    pub(super) fn likeness(&self, host: &str) -> Option<&str> {
        self.likenesses.find(host)
    }

    /// The rule that an address on this host follows.
    pub(super) fn find<'url>(&self, host: &str, url: &'url Url) -> Option<Match<'_, 'url>> {
        let own = self.own.get(host).into_iter().flatten();
        let own = own.map(|own| (own.rule, own.dial.as_deref()));
        let public = self.public.find(host).map(|rule| (*rule, None));
        own.chain(public).find_map(|(index, dial)| {
            let rule = self.rules.get(index)?;
            let room = rule.room(host, url, &self.words)?;
            Some(Match { rule, room, dial })
        })
    }

    /// What is known about a page that is no meeting.
    pub(super) fn note(&self, host: &str, url: &Url) -> Option<&str> {
        let mut pages = self.page_hosts.find(host).filter_map(|index| self.pages.get(*index));
        let is_it = |page: &&Page| {
            page.paths.is_empty() || page.paths.iter().any(|path| path.room(url.path()).is_some())
        };
        pages.find(is_it).map(|page| page.note.as_str())
    }

    /// What a room dials according to a page of instructions.
    pub(super) fn alternate(&self, url: &Url) -> Option<String> {
        let dialled = |alternate: &Alternate| {
            alternate.paths.iter().find_map(|path| path.room(url.path()))?;
            let mut dial = alternate.dial.clone();
            for name in &alternate.query {
                let (_, value) = url.query_pairs().find(|(key, _)| key == name)?;
                dial = dial.replace(&format!("{{{name}}}"), &value);
            }
            Some(dial)
        };
        let mut dials = self.alternates.iter().filter_map(dialled);
        dials.find(|dial| self.may_dial(dial))
    }

    /// What a room dials according to the printed address and conference of a block.
    pub(super) fn interop(&self, user: &str, domain: &str, conference: &str) -> Option<String> {
        let interop = self.interop.iter().find(|interop| interop.domain == domain)?;
        let dial = interop.dial.replace("{user}", user).replace("{conference}", conference);
        Some(dial).filter(|dial| self.may_dial(dial))
    }

    pub(super) fn may_dial(&self, address: &str) -> bool {
        is_dial_string(address)
            && address.rsplit_once('@').is_some_and(|(_, domain)| self.may_be_dialled(domain))
    }
}

impl Alternate {
    fn new(text: &AlternateText) -> Result<Self, MalformedPath> {
        let AlternateText { paths, query, dial } = text;
        Ok(Self { paths: Path::several(paths)?, query: query.clone(), dial: dial.clone() })
    }
}
