//! What an organization wants: its keywords, its conferences, its rules for links, and how it
//! words what is written into invitations.

use std::collections::BTreeMap;

use conference::{
    Conference, Provider, ProviderSettings, Rules, RulesError,
    invitation_block::{self, Block, Language, Template},
    join_link::{self, Findings, Sender, Sources},
    keyword::{Keywords, Mention},
};
use world::World;

use crate::{
    config::{Config, Invitation, Mistake},
    entry::{Body, Entry},
};

pub struct Practice {
    keywords: Keywords,
    conferences: BTreeMap<String, Provider>,
    invitation: Invitation,
    pub rules: Rules,
}

impl Practice {
    pub fn new(config: &Config, world: &World) -> Result<Self, Mistake> {
        let reason = |name: &str, error: &dyn std::fmt::Display| Mistake::Conference {
            name: name.to_owned(),
            reason: error.to_string(),
        };
        let provider = |(name, settings): (&String, &ProviderSettings)| {
            let provider = Provider::new(settings, world).map_err(|error| reason(name, &error))?;
            Ok((name.clone(), provider))
        };
        let conferences: BTreeMap<_, _> =
            config.conferences.iter().map(provider).collect::<Result<_, Mistake>>()?;
        let mut site = config.links.clone();
        site.self_hosted.extend(conferences.values().flat_map(Provider::own_hosts));
        let rules = Rules::new(&site);
        let rules = rules.map_err(|error: RulesError| reason("join links", &error))?;
        let keywords = Keywords::new(config.keywords.clone());
        let keywords = keywords.map_err(|error| reason("keywords", &error))?;
        let invitation = config.invitation.clone();
        Ok(Self { keywords, conferences, invitation, rules })
    }

    pub fn keyword(&self, place: &str) -> Option<Mention> {
        self.keywords.find(place)
    }

    pub fn provider(&self, conference: &str) -> Option<&Provider> {
        self.conferences.get(conference)
    }

    /// Those that must be called, with their names.
    pub fn providers_to_call(&self) -> impl Iterator<Item = (&str, &Provider)> {
        let all = self.conferences.iter().map(|(name, provider)| (name.as_str(), provider));
        all.filter(|(_, provider)| provider.needs_calls())
    }

    /// The language of an entry, else that of the organization.
    pub fn language(&self, culture: Option<&str>) -> Language {
        culture.and_then(Language::known).unwrap_or(self.invitation.language())
    }

    pub fn block(&self, language: Language, conference: &Conference) -> Block {
        let template: Template = self.invitation.template(language);
        Block::new(language, conference, &template)
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

    /// The link of an entry's Join button, its alternatives, and how they were found. What we wrote
    /// ourselves goes before all else, also in other people's copies.
    pub fn links(&self, entry: &Entry, sender: Sender) -> Findings {
        let (body, kind) = match &entry.body {
            Body::Html(html) => (join_link::Body::Html(&html.0), invitation_block::Kind::Html),
            Body::Text(text) => (join_link::Body::Text(&text.0), invitation_block::Kind::Text),
        };
        let own = invitation_block::blocks(entry.body.text(), kind);
        // The one that the stamp names; in others' copies, which have no stamp, the last one.
        let is_stamped = |block: &&invitation_block::Found| {
            entry.stamp().is_some_and(|stamp| stamp.block == block.hash)
        };
        let own = own.iter().find(is_stamped).or(own.last()).and_then(|block| block.link.clone());
        let stamp = own.as_deref().filter(|_| sender == Sender::Internal);
        let properties = &[];
        let sources = Sources { stamp, location: &entry.location.0, properties, body, sender };
        join_link::find(&sources, &self.rules)
    }

    /// Whether people have put a link of this service there themselves.
    pub fn has_link_of(&self, service: &str, place: &str, body: &Body) -> bool {
        let without = |text: &str, kind| invitation_block::without_blocks(text, kind);
        let html;
        let text;
        let body = match body {
            Body::Html(body) => {
                html = without(&body.0, invitation_block::Kind::Html);
                join_link::Body::Html(&html)
            }
            Body::Text(body) => {
                text = without(&body.0, invitation_block::Kind::Text);
                join_link::Body::Text(&text)
            }
        };
        let (stamp, properties, sender) = (None, &[], Sender::Internal);
        let sources = Sources { stamp, location: place, properties, body, sender };
        let found = join_link::find(&sources, &self.rules);
        found.join.iter().chain(&found.alternatives).any(|link| link.provider() == service)
    }
}
