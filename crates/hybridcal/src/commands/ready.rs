//! The line that says that everything listens, for people and for scripts.

use std::io::Write;

use serde::Serialize;

/// Where everything is, and who may try it. Printed only by commands for trying out.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Ready {
    /// Always true: none of this is an Exchange or a sign-in provider for real use.
    pub is_for_trying_out: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cloud_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kms_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rooms_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exchange_url: Option<String>,
    pub people: Vec<ReadyPerson>,
    /// The account that may impersonate everybody.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_account: Option<ReadyPerson>,
}

/// Somebody of the sample organization.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReadyPerson {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `person` or `room`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<&'static str>,
    pub user: String,
    pub password: String,
    /// For the cloud (audience `hc-api`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// For the key server (audience `hc-kms`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_token: Option<String>,
}

impl Ready {
    /// One line, flushed: whoever waits for it may go on.
    pub fn print_json(&self, out: &mut impl Write) -> std::io::Result<()> {
        let line = serde_json::to_string(self).map_err(std::io::Error::other)?;
        writeln!(out, "{line}")?;
        out.flush()
    }
}
