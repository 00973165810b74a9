//! What a meeting asks of a provider, and what it gets. All of it is content: `Debug` shows
//! nothing, and nothing here can be serialized.

use std::{fmt, time::Duration};

use jiff::Timestamp;

use crate::{join_link::JoinLink, key::ConferenceKey};

/// What a meeting needs.
#[derive(Clone)]
pub struct Wish {
    pub key: ConferenceKey,
    /// Primary address of who holds the meeting.
    pub organizer: String,
    /// Neutral if the meeting is private.
    pub title: String,
    pub start: Timestamp,
    pub end: Timestamp,
    /// IANA name of the organizer's time zone, if it is known.
    pub zone: Option<String>,
    pub recurrence: Option<Recurrence>,
    pub room: Room,
}

/// How often.
#[derive(Clone, PartialEq, Eq)]
pub struct Recurrence {
    /// Value of an RRULE (RFC 5545, 3.3.10).
    pub rule: String,
    /// End of the last occurrence, if there is one.
    pub ends: Option<Timestamp>,
}

/// Which kind of room a keyword's modifier asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    /// No modifier: what the organization's settings say.
    Usual,
    /// `:myroom`: the organizer's own, always the same.
    Personal,
    /// `:onetime`: for this meeting alone.
    OneTime,
    /// `:space`: one that stays, with a place for messages.
    Space,
}

/// A place to meet.
#[derive(Clone, PartialEq, Eq)]
pub struct Conference {
    pub join_link: JoinLink,
    /// What a room device dials.
    pub sip_address: Option<String>,
    pub number: Option<String>,
    pub passcode: Option<String>,
    /// The passcode as devices and telephones take it.
    pub device_passcode: Option<String>,
    pub dial_in: Vec<DialIn>,
    /// The provider's own id; none if there is nothing that could be changed or ended.
    pub reference: Option<Reference>,
    /// The kind of room it became, if not the one that was asked for.
    pub fell_back: Option<Room>,
}

#[derive(Clone, PartialEq, Eq)]
pub struct DialIn {
    pub label: String,
    pub number: String,
    pub is_toll_free: bool,
}

/// A provider's own id of a conference.
#[derive(Clone, PartialEq, Eq)]
pub struct Reference(pub String);

/// A conference that was made, or may have been made, for somebody.
#[derive(Clone)]
pub struct Held {
    pub key: ConferenceKey,
    pub organizer: String,
    /// None if we never heard what came of the wish.
    pub reference: Option<Reference>,
    /// When it takes place, for providers that must be told where to look.
    pub from: Timestamp,
    pub to: Timestamp,
}

/// Why a provider did not do what it was asked. Texts are ours, never the provider's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProviderFailure {
    #[error("the provider asks us to wait {} s", .0.as_secs())]
    Wait(Duration),
    /// Passes by itself. Whether the wish was fulfilled is unknown: look for it by its key.
    #[error("the provider is in trouble: {0}")]
    Trouble(&'static str),
    /// Concerns this meeting alone; trying again would not help.
    #[error("the provider refuses this meeting: {0}")]
    Meeting(&'static str),
    /// Concerns all meetings; a person must do something.
    #[error("the provider refuses us: {0}")]
    Refused(&'static str),
}

impl Conference {
    /// One that is nothing but a link.
    pub fn of_link(join_link: JoinLink) -> Self {
        Self {
            join_link,
            sip_address: None,
            number: None,
            passcode: None,
            device_passcode: None,
            dial_in: Vec::new(),
            reference: None,
            fell_back: None,
        }
    }
}

impl Room {
    /// From the modifier behind a keyword, without the colon.
    pub fn from_modifier(modifier: &str) -> Option<Self> {
        match modifier {
            "myroom" => Some(Self::Personal),
            "onetime" => Some(Self::OneTime),
            "space" => Some(Self::Space),
            _ => None,
        }
    }
}

macro_rules! silent {
    ($($name:ident)*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    )*};
}
silent!(Wish Recurrence Conference DialIn Reference Held);
