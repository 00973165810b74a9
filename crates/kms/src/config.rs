//! What an administrator tells the key server.

use std::{fmt, path::PathBuf};

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
    pub master_key: KeyPlace,
    /// Where `hybridcal kms rekey` puts it next; nothing else looks at it.
    #[serde(default)]
    pub next_master_key: Option<KeyPlace>,
    pub organization: OrganizationId,
    /// The sign-in provider, exactly as it names itself.
    pub issuer: Url,
    /// Origins of web apps that may ask from a browser, such as `https://calendar.example.com`.
    #[serde(default)]
    pub web_origins: Vec<String>,
    /// Days after which a person's content key is followed by a new one; the old one still opens.
    #[serde(default = "content_key_days")]
    pub content_key_days: u32,
    /// People whose keys somebody may ask for in ten minutes before it raises an alarm.
    #[serde(default = "people_in_ten_minutes")]
    pub people_in_ten_minutes: u32,
    #[serde(default)]
    pub audit: Audit,
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

impl fmt::Debug for CloudKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CloudKey(…)")
    }
}

/// The log of who was given which key.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Audit {
    /// File for signed checkpoints, best on another computer's disk; none are written without.
    pub checkpoint_file: Option<PathBuf>,
    /// Rows older than so many days are cut off; the rest stays verifiable.
    pub kept_days: u32,
}

impl Default for Audit {
    fn default() -> Self {
        Self { checkpoint_file: None, kept_days: 400 }
    }
}

pub fn content_key_days() -> u32 {
    90
}

pub fn people_in_ten_minutes() -> u32 {
    20
}

/// PEM files: the certificate, leaf first, and its private key.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    pub certificate_file: PathBuf,
    pub key_file: PathBuf,
}

/// `"memory"` (gone at the end, for the demo and for tests), `{ file = "…" }`, or for the database
/// `{ postgres = "postgres://user@host/name" }`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    Memory,
    File(PathBuf),
    Postgres(PostgresAddress),
}

/// May contain a password, so its `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct PostgresAddress(pub String);

impl fmt::Debug for PostgresAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// Where the key lies that guards all others: `"memory"` (gone at the end), `{ file = "…" }` (to try
/// out), `{ credential = "…" }` (of systemd), or `{ pkcs11 = { … } }` (a token).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyPlace {
    Memory,
    File(PathBuf),
    Credential(String),
    Pkcs11(Token),
}

/// A key that never leaves its token; for programs built with the feature `pkcs11`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    /// The library that the token's maker gives, such as `libsofthsm2.so`.
    pub module: PathBuf,
    /// Label of the token.
    pub token: String,
    /// Label of the key on it, made if there is none.
    pub key: String,
    /// File with the user's PIN, mode 0600.
    pub pin_file: PathBuf,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Connector {
    pub id: ConnectorId,
    /// PEM text.
    pub public_key: String,
    /// Mailboxes it follows, or a few more: asking for more people's keys within ten minutes
    /// raises an alarm. Without a number nothing does, since asking is its work.
    #[serde(default)]
    pub people_in_ten_minutes: Option<u32>,
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
        assert_eq!(config.master_key, KeyPlace::Memory);
        assert!(config.channel.is_none() && config.cloud.is_none());
        text["channel"] = json!({"files": {"certificate_file": "c.pem", "key_file": "c.key"}});
        text["cloud"] = json!({"url": "https://c.example", "id": "k", "key": {"file": "k.pem"}});
        let config: Config = serde_json::from_value(text.clone()).expect("a configuration");
        assert!(matches!(config.channel, Some(StaticIdentity::Files { .. })));
        assert_eq!(format!("{:?}", config.cloud.expect("a cloud").key), "CloudKey(…)");
        text["master_key"] = json!({"credential": "kms-master-key"});
        let config: Config = serde_json::from_value(text.clone()).expect("a configuration");
        assert_eq!(config.master_key, KeyPlace::Credential("kms-master-key".into()));
        text["database"] = json!({"postgres": "postgres://kms:secret@localhost/kms"});
        let config: Config = serde_json::from_value(text.clone()).expect("a configuration");
        assert!(matches!(config.database, Place::Postgres(_)));
        assert!(!format!("{config:?}").contains("secret"));
        text["web_orgins"] = json!([]);
        assert!(serde_json::from_value::<Config>(text).is_err());
    }
}
