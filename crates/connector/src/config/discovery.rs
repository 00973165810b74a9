//! Settings of Autodiscover: whether and how Exchange is asked where mailboxes are.

use std::{collections::BTreeSet, path::PathBuf};

use serde::Deserialize;
use url::Url;

use super::{Exchange, Mistake, Secret, password_of};
use crate::exchange::autodiscover::{
    directory,
    gate::Gate,
    search::{Plan, Side, Way},
};

/// Section `[connector.exchange.autodiscover]`; without it the address in the settings is used for
/// everybody.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Autodiscover {
    #[serde(default = "yes")]
    pub enabled: bool,
    /// An address of Autodiscover to ask first.
    pub url: Option<Url>,
    /// Domains beside the mail domains below which hosts are trusted with the password.
    #[serde(default)]
    pub trusted_suffixes: Vec<String>,
    /// Which of Exchange's two addresses is preferred.
    #[serde(default)]
    pub side: Side,
    /// Ask anonymously for the location, version 2 of Autodiscover.
    #[serde(default = "yes")]
    pub location: bool,
    /// Look for a redirect over plain http, where nothing is sent but the question.
    #[serde(default = "yes")]
    pub plain_redirects: bool,
    /// Look for a service record in DNS.
    #[serde(default = "yes")]
    pub service_records: bool,
    /// Whether what administrators allowed over the cloud is believed; what they blocked always is.
    #[serde(default = "yes")]
    pub cloud_may_allow: bool,
    /// Ask Active Directory.
    pub directory: Option<Directory>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Directory {
    /// `ldaps://…`; `ldap://…` asks without signing in.
    pub url: Url,
    /// Servers of this site first.
    pub site: Option<String>,
    /// Another account than Exchange's.
    pub user: Option<String>,
    pub password_file: Option<PathBuf>,
}

fn yes() -> bool {
    true
}

impl Autodiscover {
    pub(super) fn check(&self, exchange: &Exchange) -> Result<(), Mistake> {
        let is_safe = |url: &Url| {
            let is_loopback = exchange.allow_plain_http_on_loopback && world::issuer::is_safe(url);
            url.scheme() == "https" || is_loopback
        };
        if self.url.as_ref().is_some_and(|url| !is_safe(url)) {
            return Err(Mistake::NotSafe { setting: "exchange.autodiscover.url" });
        }
        for (index, suffix) in self.trusted_suffixes.iter().enumerate() {
            if !Gate::is_usable_suffix(suffix) {
                return Err(Mistake::Suffix { number: index + 1 });
            }
        }
        match &self.directory {
            Some(directory) if !matches!(directory.url.scheme(), "ldap" | "ldaps") => {
                Err(Mistake::Directory)
            }
            Some(_) | None => Ok(()),
        }
    }

    pub fn plan(&self) -> Plan {
        let ways = [
            (self.directory.is_some(), Way::Directory),
            (self.location, Way::Location),
            (self.plain_redirects, Way::PlainRedirect),
            (self.service_records, Way::ServiceRecord),
        ];
        let ways: BTreeSet<Way> =
            ways.into_iter().filter_map(|(is_on, way)| is_on.then_some(way)).collect();
        Plan { start: self.url.clone(), ways, side: self.side }
    }
}

impl Directory {
    /// With the account that asks: never over plain ldap.
    pub fn usable(&self, exchange: &Exchange) -> Result<directory::Directory, Mistake> {
        let account = if self.url.scheme() == "ldaps" {
            let setting = "exchange.autodiscover.directory.password_file";
            Some(match (&self.user, &self.password_file) {
                (Some(user), Some(path)) => (user.clone(), password_of(path, setting)?),
                (Some(_), None) | (None, Some(_)) => return Err(Mistake::DirectoryAccount),
                (None, None) => (exchange.user.clone(), exchange.secret()?),
            })
        } else {
            None::<(String, Secret)>
        };
        Ok(directory::Directory { url: self.url.clone(), site: self.site.clone(), account })
    }
}
