//! GetServerTimeZones: the zones a server knows.

use super::{Operation, Response};
use crate::{time_zone::TimeZoneDefinition, xml::element};

element! {
    pub struct GetServerTimeZones {
        "@ReturnFullTimeZoneData" return_full_time_zone_data: Option<bool>,
        "m:Ids?/t:Id" ids: Vec<String>,
    }

    #[derive(Default)]
    pub struct GetServerTimeZonesReply {
        "m:TimeZoneDefinitions/t:TimeZoneDefinition" time_zone_definitions: Vec<TimeZoneDefinition>,
    }
}

pub type GetServerTimeZonesResponse = Response<GetServerTimeZonesReply>;

impl Operation for GetServerTimeZones {
    const NAME: &'static str = "GetServerTimeZones";
    type Reply = GetServerTimeZonesReply;
}
