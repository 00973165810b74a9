//! Time zones as the wire carries them; what they mean is somebody else's question.

use crate::{
    DateTime,
    xml::{element, one_of},
};

element! {
    /// A zone by id, perhaps with its rules.
    #[derive(Default)]
    pub struct TimeZoneDefinition {
        "@Id" id: Option<String>,
        "@Name" name: Option<String>,
        "t:Periods?/t:Period" periods: Vec<Period>,
        "t:TransitionsGroups?/t:TransitionsGroup" transitions_groups: Vec<TransitionsGroup>,
        "t:Transitions" transitions: Option<TransitionsGroup>,
    }

    /// A named distance from UTC.
    #[derive(Default)]
    pub struct Period {
        /// An XML duration such as `-PT60M`: UTC = local time + bias.
        "@Bias" bias: Option<String>,
        "@Name" name: Option<String>,
        "@Id" id: Option<String>,
    }

    #[derive(Default)]
    pub struct TransitionsGroup {
        "@Id" id: Option<String>,
        "*" transitions: Vec<Transition>,
    }

    pub struct PlainTransition {
        "t:To" to: TransitionTarget,
    }

    pub struct AbsoluteDateTransition {
        "t:To" to: TransitionTarget,
        "t:DateTime" date_time: DateTime,
    }

    pub struct RecurringDayTransition {
        "t:To" to: TransitionTarget,
        "t:TimeOffset" time_offset: String,
        "t:Month" month: i32,
        "t:DayOfWeek" day_of_week: String,
        "t:Occurrence" occurrence: i32,
    }

    pub struct RecurringDateTransition {
        "t:To" to: TransitionTarget,
        "t:TimeOffset" time_offset: String,
        "t:Month" month: i32,
        "t:Day" day: i32,
    }

    /// The period or group a transition leads to; `kind` is `Period` or `Group`.
    pub struct TransitionTarget {
        "@Kind" kind: String,
        "." id: String,
    }
}

one_of! {
    pub enum Transition {
        "t:Transition" Plain(PlainTransition),
        "t:AbsoluteDateTransition" AbsoluteDate(AbsoluteDateTransition),
        "t:RecurringDayTransition" RecurringDay(RecurringDayTransition),
        "t:RecurringDateTransition" RecurringDate(RecurringDateTransition),
    }
}

impl TimeZoneDefinition {
    pub fn with_id(id: impl Into<String>) -> Self {
        Self { id: Some(id.into()), ..Self::default() }
    }
}
