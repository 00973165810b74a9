//! Settings of the connector: where Exchange is, whom it serves, and how meetings are made.

mod discovery;
mod writing;

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
};

pub use conference::{ProviderSettings, Site};
use protocol::ids::{ConnectorId, OrganizationId};
use serde::Deserialize;
use url::Url;
use world::{
    World,
    network::Proxy,
    tls::{Pin, Trust, TrustFailure},
};

use crate::exchange::accounts::Which;

pub use discovery::{Autodiscover, Directory};
pub use writing::{Invitation, InvitationText, Writing};

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Name of this connector, as the cloud and the key server know it.
    pub id: ConnectorId,
    pub organization: OrganizationId,
    /// Private key (PEM) that proves who this connector is; made by `hybridcal new-key`.
    pub key_file: Option<PathBuf>,
    pub cloud_url: Url,
    pub kms_url: Url,
    /// Host in key URLs, if it is not the one of `kms_url`.
    pub kms_host: Option<String>,
    pub exchange: Exchange,
    /// Addresses of the people and rooms to follow.
    pub mailboxes: Vec<String>,
    /// Mail domains of this organization; those of the mailboxes if left out.
    #[serde(default)]
    pub domains: Vec<String>,
    /// Keyword → name of a conference, e.g. `"@meet" = "jitsi"`, perhaps with the kind of room:
    /// `"@webex" = "webex:myroom"`.
    #[serde(default)]
    pub keywords: BTreeMap<String, String>,
    /// Whether automatic replies are watched, so that colleagues see who is away.
    #[serde(default = "yes")]
    pub presence: bool,
    #[serde(default)]
    pub conferences: BTreeMap<String, ProviderSettings>,
    /// How the block that is written into invitations is worded.
    #[serde(default)]
    pub invitation: Invitation,
    /// Whether, how often and with which record calendars are written to.
    #[serde(default)]
    pub writing: Writing,
    /// What else is a meeting link here, and where rooms may call.
    #[serde(default)]
    pub links: Site,
}

fn yes() -> bool {
    true
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    /// `https://…/EWS/Exchange.asmx`; may be left out if Autodiscover finds it.
    pub url: Option<Url>,
    /// The impersonation account: `user@domain` or `DOMAIN\user`. With Kerberos the ticket counts.
    pub user: String,
    pub password: Option<Secret>,
    /// A file with nothing but the password; preferred to `password`.
    pub password_file: Option<PathBuf>,
    /// PEM file with an internal authority that signed Exchange's certificate.
    pub ca_file: Option<PathBuf>,
    /// If given, Exchange's certificate must be one of these, whoever vouches for it.
    #[serde(default)]
    pub pins: Vec<Pin>,
    /// On the way to Exchange, for `https`.
    pub proxy: Option<ProxyAccount>,
    /// How to sign in; nothing else is done, whatever the server offers.
    #[serde(default = "sign_in_default")]
    pub sign_in: Vec<Mechanism>,
    #[serde(default)]
    pub channel_binding: Binding,
    /// Takes over when the password of the first one is refused.
    pub second: Option<SecondAccount>,
    /// Allows `http://` to this computer only, for the simulator.
    #[serde(default)]
    pub allow_plain_http_on_loopback: bool,
    pub autodiscover: Option<Autodiscover>,
    /// A new or empty folder for a redacted record of what Exchange and the connector say.
    pub trace_folder: Option<PathBuf>,
}

/// A way of signing in. NTLM goes first if it is named with Basic; Kerberos stands alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mechanism {
    /// With a ticket that the system's library gets; needs the feature `kerberos`.
    Kerberos,
    Ntlm,
    Basic,
}

impl Mechanism {
    /// As HTTP names it.
    pub fn scheme(self) -> &'static str {
        match self {
            Self::Kerberos => "Negotiate",
            Self::Ntlm => "NTLM",
            Self::Basic => "Basic",
        }
    }
}

/// Whether a sign-in by NTLM or Kerberos is bound to the TLS connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Binding {
    /// Wherever there is TLS.
    #[default]
    Auto,
    /// For servers behind something that ends TLS; Extended Protection must be off there, too.
    Off,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecondAccount {
    pub user: String,
    pub password: Option<Secret>,
    pub password_file: Option<PathBuf>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProxyAccount {
    /// `http://host:port`
    pub url: Url,
    pub user: Option<String>,
    pub password_file: Option<PathBuf>,
}

fn sign_in_default() -> Vec<Mechanism> {
    vec![Mechanism::Ntlm]
}

/// A text that must not be shown. Wiped when dropped.
#[derive(Clone, Deserialize)]
#[serde(from = "String")]
pub struct Secret(zeroize::Zeroizing<String>);

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl Secret {
    pub fn new(text: String) -> Self {
        Self(text.into())
    }

    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// A setting that cannot work; says which, why, and what to write instead.
#[derive(Debug, thiserror::Error)]
pub enum Mistake {
    #[error(
        "exchange.url must be https; plain http is only for a loopback address and with allow_plain_http_on_loopback = true"
    )]
    PlainHttp,
    #[error("exchange needs url, or a section [connector.exchange.autodiscover] that finds it")]
    NoExchange,
    #[error(
        "exchange.autodiscover.trusted_suffixes: entry {number} is not a domain that somebody can own, like contoso.com"
    )]
    Suffix { number: usize },
    #[error("exchange.autodiscover.directory.url must begin with ldaps:// or ldap://")]
    Directory,
    #[error("exchange.autodiscover.directory needs both user and password_file, or neither")]
    DirectoryAccount,
    #[error("{setting} must be https, or http on a loopback address")]
    NotSafe { setting: &'static str },
    #[error("exchange needs either password_file or password")]
    NoPassword,
    #[error("exchange.sign_in is empty: name \"ntlm\", or \"basic\", or both, or \"kerberos\"")]
    NoMechanism,
    #[error(
        "exchange.sign_in names \"kerberos\", and this program was built without it: build it with `cargo build --features kerberos`, or name \"ntlm\""
    )]
    NoKerberos,
    #[error(
        "exchange.sign_in names \"kerberos\" beside others: name it alone, so that nobody on the way can bring us down to a password"
    )]
    KerberosAlone,
    #[error(
        "exchange.second is a second password; with \"kerberos\" there is none: put the new key into the keytab instead"
    )]
    SecondTicket,
    #[error("exchange.proxy.url must be http://host:port, without a user in it")]
    Proxy,
    #[error("exchange.ca_file cannot be used")]
    Trust(#[source] TrustFailure),
    #[error("cannot read {setting} {}", path.display())]
    Unreadable { setting: &'static str, path: PathBuf, source: std::io::Error },
    #[error("mailboxes: entry {number} is not an e-mail address")]
    Mailbox { number: usize },
    #[error("mailboxes is empty: name the addresses to follow")]
    NoMailboxes,
    #[error(
        "keywords: {keyword} names the conference {conference:?}, which is not under conferences"
    )]
    Keyword { keyword: String, conference: String },
    #[error("invitation.{language}: header and footer are at most {max} characters each")]
    InvitationText { language: &'static str, max: usize },
    #[error("invitation.language is \"en\" or \"de\"")]
    InvitationLanguage,
    #[error("conferences.{name}: {reason}")]
    Conference { name: String, reason: String },
    #[error("key_file is missing: make one with `hybridcal new-key --out FILE`")]
    NoKey,
    #[error(
        "a part of the connector broke off by a defect; see the log. Start it again: nothing is lost"
    )]
    Ended,
    #[error("key_file does not hold a P-256 private key in PEM")]
    Key,
}

impl Config {
    /// What can be said without touching the network.
    pub fn check(&self) -> Result<(), Mistake> {
        self.exchange.check_address()?;
        for (setting, url) in [("cloud_url", &self.cloud_url), ("kms_url", &self.kms_url)] {
            if !world::issuer::is_safe(url) {
                return Err(Mistake::NotSafe { setting });
            }
        }
        self.exchange.check_sign_in()?;
        if self.mailboxes.is_empty() {
            return Err(Mistake::NoMailboxes);
        }
        self.addresses()?;
        for (keyword, target) in &self.keywords {
            let conference = target.split(':').next().unwrap_or_default();
            if !self.conferences.contains_key(conference) {
                let (keyword, conference) = (keyword.clone(), conference.to_owned());
                return Err(Mistake::Keyword { keyword, conference });
            }
        }
        self.invitation.check()
    }

    pub fn addresses(&self) -> Result<Vec<protocol::ids::MailboxAddress>, Mistake> {
        let parse = |(index, text): (usize, &String)| {
            let mistake = Mistake::Mailbox { number: index + 1 };
            protocol::ids::MailboxAddress::new(text).ok_or(mistake)
        };
        self.mailboxes.iter().enumerate().map(parse).collect()
    }

    pub fn kms_host(&self) -> String {
        let from_url = || self.kms_url.host_str().unwrap_or_default().to_owned();
        self.kms_host.clone().unwrap_or_else(from_url)
    }

    /// Domains of the mailboxes, where Autodiscover may begin.
    pub fn mail_domains(&self) -> Result<Vec<String>, Mistake> {
        let domain = |address: protocol::ids::MailboxAddress| {
            address.as_str().rsplit_once('@').map(|(_, domain)| domain.to_owned())
        };
        let mut domains: Vec<String> = self.addresses()?.into_iter().filter_map(domain).collect();
        domains.sort_unstable();
        domains.dedup();
        Ok(domains)
    }

    /// Whose organizers are believed to be ours.
    pub fn own_domains(&self) -> Result<Vec<String>, Mistake> {
        let mut own = match self.domains.as_slice() {
            [] => self.mail_domains()?,
            named => named.iter().map(|domain| domain.to_lowercase()).collect(),
        };
        own.extend(self.links.own_domains.iter().map(|domain| domain.to_lowercase()));
        Ok(own)
    }
}

impl Exchange {
    fn check_address(&self) -> Result<(), Mistake> {
        if let Some(url) = &self.url {
            let allowed = self.allow_plain_http_on_loopback && world::issuer::is_safe(url);
            if url.scheme() != "https" && !allowed {
                return Err(Mistake::PlainHttp);
            }
        }
        let discovery = self.discovery();
        if self.url.is_none() && discovery.is_none() {
            return Err(Mistake::NoExchange);
        }
        discovery.map_or(Ok(()), |discovery| discovery.check(self))
    }

    fn check_sign_in(&self) -> Result<(), Mistake> {
        if self.sign_in.is_empty() {
            return Err(Mistake::NoMechanism);
        }
        if self.needs_password() {
            let has_password = self.password.is_some() || self.password_file.is_some();
            return if has_password { Ok(()) } else { Err(Mistake::NoPassword) };
        }
        if self.sign_in != [Mechanism::Kerberos] {
            return Err(Mistake::KerberosAlone);
        }
        if self.second.is_some() {
            return Err(Mistake::SecondTicket);
        }
        if cfg!(feature = "kerberos") { Ok(()) } else { Err(Mistake::NoKerberos) }
    }

    fn needs_password(&self) -> bool {
        !self.sign_in.contains(&Mechanism::Kerberos)
    }

    /// Autodiscover's settings, if it is switched on.
    pub fn discovery(&self) -> Option<&Autodiscover> {
        self.autodiscover.as_ref().filter(|discovery| discovery.enabled)
    }

    /// User and password of an account, as they are now; a ticket needs no password.
    pub fn account(&self, which: Which) -> Result<(String, Secret), Mistake> {
        if !self.needs_password() {
            return Ok((self.user.clone(), Secret::new(String::new())));
        }
        match (which, &self.second) {
            (Which::First, _) => Ok((self.user.clone(), self.secret()?)),
            (Which::Second, None) => Err(Mistake::NoPassword),
            (Which::Second, Some(second)) => {
                let file = second.password_file.as_deref();
                let setting = "exchange.second.password_file";
                let password = password(setting, file, second.password.as_ref())?;
                Ok((second.user.clone(), password))
            }
        }
    }

    pub fn secret(&self) -> Result<Secret, Mistake> {
        let file = self.password_file.as_deref();
        password("exchange.password_file", file, self.password.as_ref())
    }

    /// The world with the network to Exchange: whom we believe there, and the proxy in between.
    pub fn world(&self, world: &World) -> Result<World, Mistake> {
        let trust = Trust { ca_file: self.ca_file.clone(), pins: self.pins.clone() };
        let proxy = self.proxy.as_ref().map(ProxyAccount::read).transpose()?;
        world.towards(&trust, proxy).map_err(Mistake::Trust)
    }
}

impl ProxyAccount {
    fn read(&self) -> Result<Proxy, Mistake> {
        let secret = match &self.password_file {
            Some(path) => password("exchange.proxy.password_file", Some(path), None)?,
            None => Secret::new(String::new()),
        };
        let credentials = self.user.as_deref().map(|user| (user, secret.expose()));
        Proxy::new(&self.url, credentials).ok_or(Mistake::Proxy)
    }
}

fn password(
    setting: &'static str,
    file: Option<&Path>,
    inline: Option<&Secret>,
) -> Result<Secret, Mistake> {
    match (file, inline) {
        (Some(path), _) => password_of(path, setting),
        (None, Some(secret)) => Ok(secret.clone()),
        (None, None) => Err(Mistake::NoPassword),
    }
}

fn password_of(path: &Path, setting: &'static str) -> Result<Secret, Mistake> {
    let unreadable = |source| Mistake::Unreadable { setting, path: path.to_owned(), source };
    let text = std::fs::read_to_string(path).map_err(unreadable)?;
    Ok(Secret::new(text.trim_end_matches(['\r', '\n']).to_owned()))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn settings(change: impl FnOnce(&mut Value)) -> Config {
        let mut settings = json!({
            "id": "connector-1", "organization": "example",
            "cloud_url": "https://calendar.example.com", "kms_url": "https://keys.example.com",
            "exchange": {
                "url": "https://mail.example.com/EWS/Exchange.asmx", "user": "svc",
                "password": "a-secret-password",
            },
            "mailboxes": ["Alice@example.com", "bob@Sub.example.com"],
        });
        change(&mut settings);
        serde_json::from_value(settings).expect("a configuration")
    }

    fn mistake(change: impl FnOnce(&mut Value)) -> String {
        settings(change).check().expect_err("a mistake").to_string()
    }

    #[test]
    fn plain_http_needs_a_loopback_address_and_permission() {
        let at = |url: &'static str, allowed: bool| {
            settings(|settings| {
                settings["exchange"]["url"] = json!(url);
                settings["exchange"]["allow_plain_http_on_loopback"] = json!(allowed);
            })
            .check()
        };
        assert!(at("https://mail.example.com/EWS/Exchange.asmx", false).is_ok());
        assert!(at("http://127.0.0.1:8443/EWS/Exchange.asmx", true).is_ok());
        for (url, allowed) in [
            ("http://127.0.0.1:8443/EWS/Exchange.asmx", false),
            ("http://mail.example.com/EWS/Exchange.asmx", true),
            ("http://127.0.0.1.example.com/EWS/Exchange.asmx", true),
            ("ftp://127.0.0.1/EWS/Exchange.asmx", true),
        ] {
            assert!(matches!(at(url, allowed), Err(Mistake::PlainHttp)), "{url}");
        }
        let cloud =
            mistake(|settings| settings["cloud_url"] = json!("http://calendar.example.com"));
        assert!(cloud.starts_with("cloud_url must be https"), "{cloud}");
    }

    #[test]
    fn each_mistake_names_its_setting() {
        let cases = [
            (mistake(|s| s["mailboxes"] = json!([])), "mailboxes is empty"),
            (mistake(|s| s["mailboxes"] = json!(["a@b.c", "alice"])), "entry 2"),
            (mistake(|s| s["exchange"]["password"] = Value::Null), "password_file"),
            (mistake(|s| s["exchange"]["url"] = Value::Null), "autodiscover"),
            (
                mistake(|s| {
                    s["exchange"]["autodiscover"] = json!({"trusted_suffixes": ["a.net", "co.uk"]});
                }),
                "entry 2",
            ),
            (
                mistake(|s| {
                    let directory = json!({"url": "https://dc.example.com"});
                    s["exchange"]["autodiscover"] = json!({"directory": directory});
                }),
                "ldaps://",
            ),
            (
                mistake(|s| {
                    let url = "http://mail.example.com/autodiscover/autodiscover.svc";
                    s["exchange"]["autodiscover"] = json!({"url": url});
                }),
                "exchange.autodiscover.url",
            ),
            (mistake(|s| s["keywords"] = json!({"@meet": "jitsy"})), "\"jitsy\""),
        ];
        for (mistake, named) in cases {
            assert!(mistake.contains(named), "{mistake}");
        }
    }

    #[test]
    fn autodiscover_takes_the_place_of_an_address_if_it_is_switched_on() {
        let without_address = |discovery: Value| {
            settings(|s| {
                s["exchange"]["url"] = Value::Null;
                s["exchange"]["autodiscover"] = discovery;
            })
        };
        assert!(without_address(json!({})).check().is_ok());
        let off = without_address(json!({"enabled": false}));
        assert!(matches!(off.check(), Err(Mistake::NoExchange)));
    }

    #[test]
    fn a_password_comes_from_its_file_first_and_is_never_shown() {
        let config = settings(|_| {});
        assert_eq!(config.exchange.secret().expect("a password").expose(), "a-secret-password");
        assert!(!format!("{config:?}").contains("a-secret-password"));
        let missing = settings(|s| s["exchange"]["password_file"] = json!("/nowhere/password"));
        let mistake = missing.exchange.secret().expect_err("no file").to_string();
        assert!(mistake.contains("exchange.password_file /nowhere/password"), "{mistake}");
    }

    #[test]
    fn a_ticket_needs_no_password_and_stands_alone() {
        let by_ticket = |change: fn(&mut Value)| {
            let config = settings(|s| {
                s["exchange"]["password"] = Value::Null;
                s["exchange"]["sign_in"] = json!(["kerberos"]);
                change(s);
            });
            config.check()
        };
        let alone = by_ticket(|_| {});
        if cfg!(feature = "kerberos") {
            assert!(alone.is_ok());
        } else {
            assert!(matches!(alone, Err(Mistake::NoKerberos)));
        }
        let mixed = by_ticket(|s| s["exchange"]["sign_in"] = json!(["kerberos", "ntlm"]));
        assert!(matches!(mixed, Err(Mistake::KerberosAlone)));
        let second = json!({"user": "other", "password": "x"});
        let second = settings(|s| {
            s["exchange"]["sign_in"] = json!(["kerberos"]);
            s["exchange"]["second"] = second;
        });
        assert!(matches!(second.check(), Err(Mistake::SecondTicket)));
        assert!(second.exchange.account(Which::First).expect("no password").1.expose().is_empty());
    }

    #[test]
    fn our_people_are_those_of_our_mailboxes_domains() {
        let domains = settings(|_| {}).own_domains().expect("addresses");
        assert_eq!(domains, ["example.com", "sub.example.com"]);
        let named = settings(|s| s["domains"] = json!(["Contoso.com"]));
        assert_eq!(named.own_domains().expect("domains"), ["contoso.com"]);
        assert_eq!(named.kms_host(), "keys.example.com");
    }
}
