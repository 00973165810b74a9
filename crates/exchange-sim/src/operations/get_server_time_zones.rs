//! GetServerTimeZones: the zones the simulator offers, with the rules of this year if asked for.

use ews::{
    operations::{GetServerTimeZones, GetServerTimeZonesReply},
    time_zone::TimeZoneDefinition,
};
use jiff::tz::TimeZone;

use crate::{mailbox::Store, zone};

pub(super) fn answer(store: &Store, request: &GetServerTimeZones) -> GetServerTimeZonesReply {
    let year = store.clock.now().to_zoned(TimeZone::UTC).year();
    let define = |id: &str| -> TimeZoneDefinition {
        match request.return_full_time_zone_data {
            Some(false) => zone::definition(id),
            Some(true) | None => zone::full_definition(id, year),
        }
    };
    let offered = || zone::OFFERED.iter().map(|id| define(id)).collect();
    let asked = || {
        let known = request.ids.iter().filter(|id| zone::resolve(id).is_some());
        known.map(|id| define(id)).collect()
    };
    GetServerTimeZonesReply {
        time_zone_definitions: if request.ids.is_empty() { offered() } else { asked() },
    }
}
