//! What an administrator tells the key server.

use std::path::PathBuf;

use protocol::ids::{ConnectorId, OrganizationId};
use serde::Deserialize;
use url::Url;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// `host:port` to listen on; may be left out where everybody comes through the cloud.
    #[serde(default)]
    pub listen: Option<String>,
    /// Absent behind a proxy that ends TLS, and in the demo.
    #[serde(default)]
    pub tls: Option<Tls>,
    /// The host in key URLs, `kms://<host>/keys/…`. Changing it makes sealed content unreadable.
    pub host: String,
    pub database: Place,
    pub master_key: Place,
    pub organization: OrganizationId,
    /// The sign-in provider, exactly as it names itself.
    pub issuer: Url,
    /// Origins of web apps that may ask from a browser, such as `https://calendar.example.com`.
    #[serde(default)]
    pub web_origins: Vec<String>,
    #[serde(default)]
    pub connectors: Vec<Connector>,
    /// The lasting key of the published protocol's channel; without it there is none.
    #[serde(default)]
    pub channel: Option<StaticIdentity>,
    /// A cloud to fetch frames from, which can read none of them.
    #[serde(default)]
    pub cloud: Option<Cloud>,
    /// Whether connectors may have keys that people made for what they write, and did not bind.
    #[serde(default)]
    pub connectors_read_unbound_keys: bool,
}

/// `"memory"` (another one at each start, for tests and the demo), `{ folder = "…" }` (made at the
/// first start, with an authority of its own: for trying out), or the administrator's `files`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum StaticIdentity {
    Memory,
    Folder(PathBuf),
    /// PEM files: certificates, leaf first, and the private key.
    Files {
        certificate_file: PathBuf,
        key_file: PathBuf,
    },
}

/// Where the key server connects to, so that nobody need connect to it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cloud {
    pub url: Url,
    /// What the cloud calls this key server.
    pub id: ConnectorId,
    /// PEM file with its own key, as `hybridcal new-key` makes it.
    pub key: CloudKey,
}

/// `{ file = "…" }`; in tests and the demo the text itself. No content in `Debug`.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CloudKey {
    File(PathBuf),
    #[serde(skip)]
    Text(std::sync::Arc<zeroize::Zeroizing<String>>),
}

impl std::fmt::Debug for CloudKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CloudKey(…)")
    }
}

/// PEM files: the certificate, leaf first, and its private key.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    pub certificate_file: PathBuf,
    pub key_file: PathBuf,
}

/// `"memory"` (gone at the end, for the demo and for tests) or `{ file = "…" }`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    Memory,
    File(PathBuf),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Connector {
    pub id: ConnectorId,
    /// PEM text.
    pub public_key: String,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_configuration_is_read_and_a_slip_is_not() {
        let mut text = json!({
            "listen": "[::]:8443", "host": "kms.example.org", "organization": "contoso",
            "database": {"file": "keys.db"}, "master_key": "memory",
            "issuer": "https://login.example.org",
            "connectors": [{"id": "c-1", "public_key": "…"}],
        });
        let config: Config = serde_json::from_value(text.clone()).expect("a configuration");
        assert_eq!(config.database, Place::File("keys.db".into()));
        assert_eq!(config.master_key, Place::Memory);
        assert!(config.channel.is_none() && config.cloud.is_none());
        text["channel"] = json!({"files": {"certificate_file": "c.pem", "key_file": "c.key"}});
        text["cloud"] = json!({"url": "https://c.example", "id": "k", "key": {"file": "k.pem"}});
        let config: Config = serde_json::from_value(text.clone()).expect("a configuration");
        assert!(matches!(config.channel, Some(StaticIdentity::Files { .. })));
        assert_eq!(format!("{:?}", config.cloud.expect("a cloud").key), "CloudKey(…)");
        text["web_orgins"] = json!([]);
        assert!(serde_json::from_value::<Config>(text).is_err());
    }
}
