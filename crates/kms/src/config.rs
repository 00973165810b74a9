//! What an administrator tells the key server.

use std::path::PathBuf;

use protocol::ids::{ConnectorId, OrganizationId};
use serde::Deserialize;
use url::Url;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// `host:port` to listen on.
    pub listen: String,
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
        text["web_orgins"] = json!([]);
        assert!(serde_json::from_value::<Config>(text).is_err());
    }
}
