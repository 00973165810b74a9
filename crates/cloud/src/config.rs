//! What an administrator must say about a cloud.

use std::{collections::BTreeMap, path::PathBuf};

use protocol::ids::{ConnectorId, MailboxAddress, OrganizationId};
use serde::Deserialize;
use url::Url;
use world::tls::Identity;

/// Section `[cloud]` of the configuration.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// `host:port`
    pub listen: String,
    /// Speak TLS with this certificate; without it a proxy in front must.
    #[serde(default)]
    pub tls: Option<Tls>,
    /// Where clients reach this cloud; links in answers begin with it.
    pub public_url: Url,
    pub organization: OrganizationId,
    /// `sqlite:<file>`, `sqlite::memory:` or `postgres://<user>@<host>/<name>`
    pub database: String,
    /// OpenID provider, exactly as it names itself.
    pub issuer: Url,
    pub client_id: String,
    /// Where clients get keys; never called from here.
    pub kms_url: Url,
    /// Host in the key URLs that clients accept.
    pub kms_host: String,
    #[serde(default)]
    pub connectors: Vec<KnownConnector>,
    /// The key server that fetches its frames here; without it clients must reach it directly.
    #[serde(default)]
    pub key_server: Option<KnownConnector>,
    /// Addresses of those who may decide what concerns the installation, such as the trust list.
    #[serde(default)]
    pub administrators: Vec<String>,
    /// A banner for everybody.
    #[serde(default)]
    pub notice: Option<String>,
    /// Whether to serve the web client.
    #[serde(default = "yes")]
    pub web: bool,
}

/// PEM files.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// Leaf first.
    pub certificate_file: PathBuf,
    pub key_file: PathBuf,
}

/// A connector that may lease mailboxes; or a key server, which may not.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownConnector {
    pub id: ConnectorId,
    /// P-256, PEM.
    pub public_key: String,
}

impl Config {
    pub(crate) fn connector_keys(&self) -> BTreeMap<String, String> {
        let key = |known: &KnownConnector| (known.id.0.clone(), known.public_key.clone());
        self.connectors.iter().map(key).collect()
    }

    pub(crate) fn key_server_keys(&self) -> BTreeMap<String, String> {
        let key = |known: &KnownConnector| (known.id.0.clone(), known.public_key.clone());
        self.key_server.iter().map(key).collect()
    }

    pub(crate) fn is_administrator(&self, address: &MailboxAddress) -> bool {
        let known = self.administrators.iter().filter_map(|known| MailboxAddress::new(known));
        known.into_iter().any(|known| known == *address)
    }

    pub(crate) fn identity(&self) -> Option<Identity> {
        let Tls { certificate_file, key_file } = self.tls.clone()?;
        Some(Identity { certificate_file, key_file })
    }

    /// An absolute address on our own origin.
    pub(crate) fn link(&self, path: &str) -> String {
        format!("{}{path}", self.public_url.as_str().trim_end_matches('/'))
    }
}

fn yes() -> bool {
    true
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn settings() -> Value {
        json!({
            "listen": "127.0.0.1:8440", "public_url": "https://calendar.example.org",
            "organization": "example", "database": "sqlite:cloud.db",
            "issuer": "https://issuer.example.org", "client_id": "web",
            "kms_url": "https://kms.example.org", "kms_host": "kms.example.org",
        })
    }

    #[test]
    fn what_is_not_said_has_a_default_and_what_is_unknown_is_refused() {
        let config: Config = serde_json::from_value(settings()).expect("a configuration");
        assert!(config.web && config.tls.is_none() && config.connectors.is_empty());
        assert_eq!(config.link("/x"), "https://calendar.example.org/x");
        let mut unknown = settings();
        unknown["databse"] = json!("a slip of the pen");
        assert!(serde_json::from_value::<Config>(unknown).is_err());
    }
}
