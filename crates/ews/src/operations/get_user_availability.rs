//! GetUserAvailability: when several people are free, and when they could meet.

use super::{Form, Operation, Response};
use crate::{
    free_busy::{
        FreeBusyView, FreeBusyViewOptions, MailboxData, SerializableTimeZone, SuggestionDayResult,
        SuggestionsViewOptions,
    },
    response::Beside,
    xml::element,
};

element! {
    pub struct GetUserAvailability {
        /// Without it the header's zone holds.
        "t:TimeZone" time_zone: Option<SerializableTimeZone>,
        /// At most 100.
        "m:MailboxDataArray/t:MailboxData" mailboxes: Vec<MailboxData>,
        "t:FreeBusyViewOptions" free_busy_view_options: Option<FreeBusyViewOptions>,
        "t:SuggestionsViewOptions" suggestions_view_options: Option<SuggestionsViewOptions>,
    }

    #[derive(Default)]
    pub struct GetUserAvailabilityReply {
        /// One per mailbox, in the order of the request; some may have failed.
        "m:FreeBusyResponseArray?/m:FreeBusyResponse" free_busy: Vec<Beside<FreeBusyReply>>,
        "m:SuggestionsResponse" suggestions: Option<Beside<SuggestionsReply>>,
    }

    #[derive(Default)]
    pub struct FreeBusyReply {
        "m:FreeBusyView" view: Option<FreeBusyView>,
    }

    #[derive(Default)]
    pub struct SuggestionsReply {
        "m:SuggestionDayResultArray?/t:SuggestionDayResult" days: Vec<SuggestionDayResult>,
    }
}

pub type GetUserAvailabilityResponse = Response<GetUserAvailabilityReply>;

impl Operation for GetUserAvailability {
    const NAME: &'static str = "GetUserAvailability";
    const FORM: Form = Form::Bare;
    type Reply = GetUserAvailabilityReply;
}
