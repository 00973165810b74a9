//! What an administrator decides: mail tips, room lists, and who may see whose time.

use serde::Deserialize;

/// Whether and how GetMailTips is answered.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MailTipsPolicy {
    pub enabled: bool,
    /// Recipients of one request; more are refused.
    pub recipients_max: usize,
}

impl Default for MailTipsPolicy {
    fn default() -> Self {
        Self { enabled: true, recipients_max: MAIL_TIPS_RECIPIENTS }
    }
}

/// What the reference of this product found.
const MAIL_TIPS_RECIPIENTS: usize = 100;

/// A distribution list of rooms, such as a building.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoomList {
    pub address: String,
    pub name: String,
    /// Addresses of rooms.
    #[serde(default)]
    pub rooms: Vec<String>,
}

/// What others in the organization see of somebody's calendar, as Exchange calls it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FreeBusyAccess {
    None,
    #[default]
    AvailabilityOnly,
    /// Subject and place, too, except of private entries.
    LimitedDetails,
}
