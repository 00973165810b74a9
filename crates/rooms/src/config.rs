//! What an administrator must say about the join page.

use std::path::PathBuf;

use conference::janus::ServerSettings;
use serde::Deserialize;
use url::Url;
use world::tls::Identity;

/// Section `[rooms]` of the configuration.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// `host:port`
    pub listen: String,
    /// Speak TLS with this certificate; without it a proxy in front must: browsers give no camera
    /// to pages that came over plain HTTP, except from this computer.
    #[serde(default)]
    pub tls: Option<Tls>,
    /// Where people reach it; the same as `rooms_url` of the conference.
    pub public_url: Url,
    /// The same file as in the conference.
    pub room_key_file: PathBuf,
    /// Make a room again that Janus does not have when somebody comes with a right link.
    #[serde(default = "yes")]
    pub reopen: bool,
    pub janus: ServerSettings,
}

/// PEM files.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// Leaf first.
    pub certificate_file: PathBuf,
    pub key_file: PathBuf,
}

impl From<Tls> for Identity {
    fn from(Tls { certificate_file, key_file }: Tls) -> Self {
        Self { certificate_file, key_file }
    }
}

fn yes() -> bool {
    true
}
