//! What an administrator says about meeting links: own systems, who may be dialled, further rules.

use serde::Deserialize;

use super::{Sender, catalogue::Catalogue, hosts::MalformedHost, path::MalformedPath};

/// The same in JSON (`hybridcal links test --site`) and in the connector's configuration.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Site {
    /// Mail domains of this organization: whose organizers are ours.
    #[serde(default)]
    pub own_domains: Vec<String>,
    #[serde(default)]
    pub self_hosted: Vec<OwnHost>,
    /// Where a room may call, beside the public services.
    #[serde(default)]
    pub dial_domains: Vec<String>,
    /// Further rules in the form of `join-links.toml`; they go before the built-in ones.
    #[serde(default)]
    pub overlay: Overlay,
}

/// An administrator's own part of the catalogue.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(transparent)]
pub struct Overlay(pub(super) Catalogue);

/// A self-hosted system: without this entry its links are ordinary links.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnHost {
    /// With its port, if that is not the usual one.
    pub host: String,
    /// A class of `join-links.toml`, such as `jitsi.selfhosted`.
    pub class: String,
    /// A host of this organization is believed only when the organizer is one of us.
    #[serde(default)]
    pub internal: bool,
    /// What a room dials, such as `{name}@video.contoso.com`; `{name}` is the room in the link.
    #[serde(default)]
    pub dial: Option<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum RulesError {
    #[error("the catalogue of join links cannot be read")]
    Catalogue(#[from] toml::de::Error),
    #[error(transparent)]
    Path(#[from] MalformedPath),
    #[error(transparent)]
    Host(#[from] MalformedHost),
    #[error("{host}: there is no class {class} for meeting links")]
    UnknownClass { host: String, class: String },
}

impl Site {
    /// Whether an organizer, by mail address, is one of us.
    pub fn sender(&self, organizer: &str) -> Sender {
        let domain = organizer.rsplit_once('@').map(|(_, domain)| domain);
        let is_own = |own: &String| domain.is_some_and(|domain| own.eq_ignore_ascii_case(domain));
        if self.own_domains.iter().any(is_own) { Sender::Internal } else { Sender::External }
    }
}
