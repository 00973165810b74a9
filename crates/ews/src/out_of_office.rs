//! Automatic replies: whether somebody is away, how long, and what senders are told.

use crate::{
    DateTime,
    xml::{element, words},
};

element! {
    /// A mailbox as the older operations name it.
    pub struct EmailAddress {
        "t:Name" name: Option<String> = hidden,
        "t:Address" address: String = hidden,
        "t:RoutingType" routing_type: Option<String>,
    }

    /// A stretch of time; whether the times are UTC or local depends on the operation.
    pub struct Duration {
        "t:StartTime" start_time: DateTime,
        "t:EndTime" end_time: DateTime,
    }

    /// The state decides: a duration may be there although nothing is scheduled.
    pub struct OofSettings {
        "t:OofState" oof_state: OofState,
        "t:ExternalAudience" external_audience: Option<ExternalAudience>,
        "t:Duration" duration: Option<Duration>,
        "t:InternalReply" internal_reply: Option<ReplyBody>,
        "t:ExternalReply" external_reply: Option<ReplyBody>,
    }

    #[derive(Default)]
    pub struct ReplyBody {
        "@xml:lang" lang: Option<String>,
        "t:Message" message: Option<String> = hidden,
    }
}

words! {
    pub enum OofState { Disabled, Enabled, Scheduled }

    /// Who outside the organization is answered.
    pub enum ExternalAudience { None, Known, All }
}

impl EmailAddress {
    pub fn of(address: impl Into<String>) -> Self {
        Self { name: None, address: address.into(), routing_type: None }
    }
}

impl OofSettings {
    pub fn disabled() -> Self {
        Self {
            oof_state: OofState::Disabled,
            external_audience: Some(ExternalAudience::None),
            duration: None,
            internal_reply: None,
            external_reply: None,
        }
    }
}

impl ReplyBody {
    pub fn of(message: impl Into<String>) -> Self {
        Self { lang: None, message: Some(message.into()) }
    }
}
