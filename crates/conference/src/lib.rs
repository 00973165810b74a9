//! Where people meet: one file per provider, link rules as data.
//!
//! Everything here is pure: text and settings in, links and text out. Nothing asks the network.

mod html;
pub mod invitation_block;
mod jitsi;
pub mod join_link;
pub mod keyword;
pub mod plain_text;
mod provider;
mod unwrap;
mod url_template;

pub use crate::{
    join_link::{
        Body, Findings, JoinLink, OwnHost, Reason, Rules, RulesError, Sender, Site, Sources,
    },
    provider::{
        Conference, ConferenceFailure, ConferenceKey, Provider, ProviderSettings,
        ProviderSettingsError,
    },
};
