//! Where people meet: one file per provider, link rules as data.
//!
//! Recognising links, finding keywords and writing blocks is pure: text and settings in, links and
//! text out, nothing asks the network. Only a provider that must be called is, through [`world`].

mod html;
pub mod invitation_block;
pub mod janus;
pub mod jitsi;
pub mod join_link;
mod key;
pub mod keyword;
mod meeting;
pub mod plain_text;
mod provider;
mod secret_file;
mod unwrap;
mod url_template;
pub mod webex;
pub mod webhook;
mod work;

pub use crate::{
    join_link::{
        Body, Findings, JoinLink, Overlay, OwnHost, Reason, Rules, RulesError, Sender, Site,
        Source, Sources, Trace,
    },
    key::ConferenceKey,
    meeting::{Conference, DialIn, Held, ProviderFailure, Recurrence, Reference, Room, Wish},
    provider::{Provider, ProviderSettings, ProviderSettingsError},
};
