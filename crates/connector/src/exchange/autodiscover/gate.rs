//! The one gate: may our credentials go to this address? Pure, and asked about every candidate,
//! every redirect, every record and every address of EWS that Autodiscover gives.
//!
//! Yes only over https, to a host of the organization's mail domains, one that the settings name,
//! or one that an administrator allowed. A host nobody decided on is told to an administrator and
//! not used until then. Some names are never used, whoever says so: public suffixes, what stands
//! above a mail domain, and addresses in numbers. Redirects are how passwords get lost: in 2021
//! researchers were handed hundreds of thousands by clients that asked `autodiscover.<suffix>`.

mod names;

use std::collections::BTreeMap;

use protocol::{ids::MailboxAddress, trust::Decision};
use url::{Host, Url};

pub use self::names::domain_of;
use self::names::{is_below, is_nobodys, is_of_microsofts_cloud, plain_name};

/// Longer addresses are not looked at.
const URL_BYTES_MAX: usize = 2048;
const HTTPS_PORT: u16 = 443;

/// An address that our credentials may go to. Only the gate makes one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Permitted(Url);

impl Permitted {
    pub fn url(&self) -> &Url {
        &self.0
    }

    pub fn into_url(self) -> Url {
        self.0
    }
}

/// What the gate says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Permitted(Permitted),
    /// A host, with its port if it is not 443, that waits for an administrator.
    Undecided(String),
    /// Microsoft's cloud: no credentials of ours belong there, but it says where somebody is.
    Cloud,
    Refused(Why),
}

/// Why an address is not used and nobody is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    NotAnAddress,
    NotHttps,
    /// `https://name:password@host`, or a name that ends with a dot.
    Disguised,
    /// Numbers in place of a name.
    Numeric,
    /// A public suffix, or `autodiscover.` before one: anybody could own it.
    Nobodys,
    /// A parent of one of the organization's domains.
    AboveTheOrganization,
    Blocked,
}

/// What the gate goes by.
#[derive(Clone, Default)]
pub struct Gate {
    /// The organization's mail domains; those that cannot be anybody's own are left out.
    domains: Vec<String>,
    /// What the administrator wrote into the settings.
    suffixes: Vec<String>,
    /// Addresses in the settings, by host and port; plain http among them is loopback.
    configured: Vec<Url>,
    decisions: BTreeMap<String, Decision>,
}

impl Gate {
    /// Domains and suffixes that nobody can own are not believed. `configured` are the addresses
    /// of the settings, which have been checked for plain http before.
    pub fn new(domains: &[String], suffixes: &[String], configured: Vec<Url>) -> Self {
        let usable = |name: &String| plain_name(name).filter(|name| !is_nobodys(name));
        Self {
            domains: domains.iter().filter_map(usable).collect(),
            suffixes: suffixes.iter().filter_map(usable).collect(),
            configured,
            decisions: BTreeMap::new(),
        }
    }

    /// The same with what administrators decided.
    #[must_use]
    pub fn with_decisions(mut self, decisions: BTreeMap<String, Decision>) -> Self {
        self.decisions = decisions;
        self
    }

    pub fn decisions(&self) -> &BTreeMap<String, Decision> {
        &self.decisions
    }

    /// Whether a suffix of the settings can be believed.
    pub fn is_usable_suffix(name: &str) -> bool {
        plain_name(name).is_some_and(|name| !is_nobodys(&name))
    }

    pub fn judge_text(&self, text: &str) -> Verdict {
        if text.len() > URL_BYTES_MAX {
            return Verdict::Refused(Why::NotAnAddress);
        }
        match Url::parse(text.trim()) {
            Ok(url) => self.judge(url),
            Err(_form) => Verdict::Refused(Why::NotAnAddress),
        }
    }

    /// What is said about the parsed address holds for that address only; callers use it, never
    /// the text it came from.
    pub fn judge(&self, mut url: Url) -> Verdict {
        url.set_fragment(None);
        if !url.username().is_empty() || url.password().is_some() {
            return Verdict::Refused(Why::Disguised);
        }
        let (Some(host), Some(port)) = (url.host(), url.port_or_known_default()) else {
            return Verdict::Refused(Why::NotAnAddress);
        };
        let key = key(&host, port);
        if self.decisions.get(&key) == Some(&Decision::Blocked) {
            return Verdict::Refused(Why::Blocked);
        }
        if self.configured.iter().any(|known| known.origin() == url.origin()) {
            return Verdict::Permitted(Permitted(url));
        }
        if url.scheme() != "https" {
            return Verdict::Refused(Why::NotHttps);
        }
        let Host::Domain(name) = host else { return Verdict::Refused(Why::Numeric) };
        if let Some(why) = self.never(name) {
            return Verdict::Refused(why);
        }
        let is_usual = port == HTTPS_PORT && self.is_ours(name);
        if is_usual || self.decisions.get(&key) == Some(&Decision::Allowed) {
            return Verdict::Permitted(Permitted(url));
        }
        if is_of_microsofts_cloud(name) { Verdict::Cloud } else { Verdict::Undecided(key) }
    }

    /// Whether a domain is the organization's own: an address there may be asked about.
    pub fn is_ours(&self, name: &str) -> bool {
        self.domains.iter().chain(&self.suffixes).any(|own| is_below(name, own))
    }

    /// Names that no decision makes usable.
    fn never(&self, name: &str) -> Option<Why> {
        if name.ends_with('.') || plain_name(name).as_deref() != Some(name) {
            return Some(Why::Disguised);
        }
        let bare = name.strip_prefix("autodiscover.").unwrap_or(name);
        if is_nobodys(name) || is_nobodys(bare) && bare != name {
            return Some(Why::Nobodys);
        }
        let is_above = |own: &String| own != bare && is_below(own, bare);
        let is_trusted = self.suffixes.iter().any(|suffix| is_below(bare, suffix));
        (self.domains.iter().any(is_above) && !is_trusted).then_some(Why::AboveTheOrganization)
    }

    /// The two places where the domain of an address may be served, and no others: a label is
    /// never taken away.
    pub fn candidates(&self, address: &MailboxAddress, path: &str) -> Vec<Permitted> {
        let Some(domain) = domain_of(address).filter(|domain| self.is_ours(domain)) else {
            return Vec::new();
        };
        let hosts = [domain.clone(), format!("autodiscover.{domain}")];
        let judged = hosts.iter().map(|host| self.judge_text(&format!("https://{host}{path}")));
        judged.filter_map(Verdict::permitted).collect()
    }
}

impl Verdict {
    pub fn permitted(self) -> Option<Permitted> {
        match self {
            Self::Permitted(permitted) => Some(permitted),
            Self::Undecided(_) | Self::Cloud | Self::Refused(_) => None,
        }
    }
}

/// How a host stands in the trust list.
fn key(host: &Host<&str>, port: u16) -> String {
    if port == HTTPS_PORT { host.to_string() } else { format!("{host}:{port}") }
}

#[cfg(test)]
mod tests;
