//! Names of time zones that no table of ids has: Windows' older ones, Microsoft's own URIs, German
//! ones, and the display names that Outlook shows.

use jiff::{
    Timestamp,
    tz::{Offset, TimeZone},
};

/// The IANA id behind another name, whatever its case.
pub(super) fn alias(name: &str) -> Option<&'static str> {
    let name = name.to_lowercase();
    let name = name.replace("sommerzeit", "zeit").replace("-normalzeit", "zeit");
    let name = name.replace("normalzeit", "zeit");
    ALIASES.iter().find(|(alias, _)| *alias == name).map(|(_, id)| *id)
}

/// In lower case; German names without the word for summer or standard time.
const ALIASES: &[(&str, &str)] = &[
    ("tzone://microsoft/utc", "UTC"),
    ("coordinated universal time", "UTC"),
    ("koordinierte weltzeit", "UTC"),
    ("z", "UTC"),
    // Windows had them, CLDR no longer does
    ("armenian standard time", "Asia/Yerevan"),
    ("kamchatka standard time", "Asia/Kamchatka"),
    ("malay peninsula standard time", "Asia/Singapore"),
    ("mexico standard time", "America/Mexico_City"),
    ("mexico standard time 2", "America/Mazatlan"),
    ("mid-atlantic standard time", "Etc/GMT+2"),
    // what a German Windows calls its zones
    ("arabische zeit", "Asia/Riyadh"),
    ("argentinische zeit", "America/Argentina/Buenos_Aires"),
    ("brasília-zeit", "America/Sao_Paulo"),
    ("chinesische zeit", "Asia/Shanghai"),
    ("china zeit", "Asia/Shanghai"),
    ("gmt-zeit", "Europe/London"),
    ("greenwich zeit", "Atlantic/Reykjavik"),
    ("indische zeit", "Asia/Kolkata"),
    ("israelische zeit", "Asia/Jerusalem"),
    ("japanische zeit", "Asia/Tokyo"),
    ("koreanische zeit", "Asia/Seoul"),
    ("mitteleuropäische zeit", "Europe/Berlin"),
    ("mez", "Europe/Berlin"),
    ("mittlere greenwich-zeit", "UTC"),
    ("moskauer zeit", "Europe/Moscow"),
    ("neuseeland-zeit", "Pacific/Auckland"),
    ("nordamerikanische ostküstenzeit", "America/New_York"),
    ("nordamerikanische westküstenzeit", "America/Los_Angeles"),
    ("nordamerikanische zentralzeit", "America/Chicago"),
    ("osteuropäische zeit", "Europe/Athens"),
    ("ostaustralische zeit", "Australia/Sydney"),
    ("rocky-mountain-zeit", "America/Denver"),
    ("singapur-zeit", "Asia/Singapore"),
    ("südafrikanische zeit", "Africa/Johannesburg"),
    ("türkische zeit", "Europe/Istanbul"),
    ("türkei zeit", "Europe/Istanbul"),
    ("westeuropäische zeit", "Europe/Lisbon"),
];

/// `(UTC+01:00) Amsterdam, Berlin, …`: the first place that is known and keeps that distance from
/// UTC when there is no summer time. Without the brackets, the places alone.
pub(super) fn displayed(name: &str) -> Option<TimeZone> {
    let (distance, places) = match name.strip_prefix('(').and_then(|rest| rest.split_once(')')) {
        Some((distance, places)) => (Some(offset(distance)?), places),
        None => (None, name),
    };
    if distance.is_none() && !places.contains([',', '(']) {
        return None; // one word, and not one of ours: no reason to take it for a place
    }
    let parts = places.split([',', '&', ';']).map(str::trim).filter(|part| !part.is_empty());
    let whole = std::iter::once(places.trim());
    let found = whole.chain(parts).filter_map(place);
    let fits = |zone: &TimeZone| distance.is_none_or(|wanted| standard(zone) == Some(wanted));
    found.into_iter().find(fits)
}

/// The distance from UTC that a zone keeps in January or in July, whichever has no summer time.
fn standard(zone: &TimeZone) -> Option<Offset> {
    ["2026-01-15T00:00:00Z", "2026-07-15T00:00:00Z"].into_iter().find_map(|text| {
        let info = zone.to_offset_info(text.parse::<Timestamp>().ok()?);
        (!info.dst().is_dst()).then(|| info.offset())
    })
}

/// `UTC`, `UTC+01:00`, `GMT-05:30`.
fn offset(text: &str) -> Option<Offset> {
    let digits = text.strip_prefix("UTC").or_else(|| text.strip_prefix("GMT"))?.trim();
    if digits.is_empty() {
        return Some(Offset::UTC);
    }
    let sign = if digits.starts_with(['-', '−']) { -1 } else { 1 };
    let (hours, minutes) = digits.trim_start_matches(['+', '-', '−']).split_once(':')?;
    let (hours, minutes) = (hours.parse::<i32>().ok()?, minutes.parse::<i32>().ok()?);
    Offset::from_seconds(sign * (hours.checked_mul(60)?.checked_add(minutes)?.checked_mul(60)?))
        .ok()
}

/// A place by its IANA name, or one of those below.
fn place(name: &str) -> Option<TimeZone> {
    let lower = name.to_lowercase();
    if let Some((_, id)) = PLACES.iter().find(|(place, _)| *place == lower) {
        return TimeZone::get(id).ok();
    }
    let name = name.replace(' ', "_");
    let is_plain = name.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    let ids = REGIONS.iter().filter(|_| is_plain).map(|region| format!("{region}/{name}"));
    ids.into_iter().find_map(|id| TimeZone::get(&id).ok())
}

const REGIONS: [&str; 8] =
    ["Europe", "America", "Asia", "Africa", "Australia", "Atlantic", "Pacific", "Indian"];

/// Places and lands of display names, English and German, that are no IANA names.
const PLACES: &[(&str, &str)] = &[
    ("abu dhabi", "Asia/Dubai"),
    ("adelaide", "Australia/Adelaide"),
    ("alaska", "America/Anchorage"),
    ("arizona", "America/Phoenix"),
    ("astana", "Asia/Almaty"),
    ("athen", "Europe/Athens"),
    ("atlantic time (canada)", "America/Halifax"),
    ("atlantik (kanada)", "America/Halifax"),
    ("bagdad", "Asia/Baghdad"),
    ("beijing", "Asia/Shanghai"),
    ("belgrad", "Europe/Belgrade"),
    ("bern", "Europe/Zurich"),
    ("brasilia", "America/Sao_Paulo"),
    ("brasília", "America/Sao_Paulo"),
    ("brüssel", "Europe/Brussels"),
    ("bukarest", "Europe/Bucharest"),
    ("canberra", "Australia/Sydney"),
    ("central america", "America/Guatemala"),
    ("central time (us & canada)", "America/Chicago"),
    ("central time (usa & kanada)", "America/Chicago"),
    ("chennai", "Asia/Kolkata"),
    ("city of buenos aires", "America/Argentina/Buenos_Aires"),
    ("coordinated universal time", "UTC"),
    ("eastern time (us & canada)", "America/New_York"),
    ("eastern time (usa & kanada)", "America/New_York"),
    ("edinburgh", "Europe/London"),
    ("greenland", "America/Nuuk"),
    ("hanoi", "Asia/Bangkok"),
    ("harare", "Africa/Harare"),
    ("hawaii", "Pacific/Honolulu"),
    ("helsinki", "Europe/Helsinki"),
    ("hongkong", "Asia/Hong_Kong"),
    ("indiana (east)", "America/Indiana/Indianapolis"),
    ("islamabad", "Asia/Karachi"),
    ("jerusalem", "Asia/Jerusalem"),
    ("kairo", "Africa/Cairo"),
    ("kathmandu", "Asia/Kathmandu"),
    ("koordinierte weltzeit", "UTC"),
    ("kopenhagen", "Europe/Copenhagen"),
    ("kuwait", "Asia/Kuwait"),
    ("kyiv", "Europe/Kyiv"),
    ("lissabon", "Europe/Lisbon"),
    ("maskat", "Asia/Dubai"),
    ("moskau", "Europe/Moscow"),
    ("mountain time (us & canada)", "America/Denver"),
    ("mountain time (usa & kanada)", "America/Denver"),
    ("mumbai", "Asia/Kolkata"),
    ("neu-delhi", "Asia/Kolkata"),
    ("neu delhi", "Asia/Kolkata"),
    ("new delhi", "Asia/Kolkata"),
    ("newfoundland", "America/St_Johns"),
    ("osaka", "Asia/Tokyo"),
    ("pacific time (us & canada)", "America/Los_Angeles"),
    ("pacific time (usa & kanada)", "America/Los_Angeles"),
    ("peking", "Asia/Shanghai"),
    ("prag", "Europe/Prague"),
    ("pretoria", "Africa/Johannesburg"),
    ("rangun", "Asia/Yangon"),
    ("rom", "Europe/Rome"),
    ("sapporo", "Asia/Tokyo"),
    ("saskatchewan", "America/Regina"),
    ("seoul", "Asia/Seoul"),
    ("singapur", "Asia/Singapore"),
    ("st. petersburg", "Europe/Moscow"),
    ("taipeh", "Asia/Taipei"),
    ("teheran", "Asia/Tehran"),
    ("tiflis", "Asia/Tbilisi"),
    ("tokio", "Asia/Tokyo"),
    ("warschau", "Europe/Warsaw"),
    ("wellington", "Pacific/Auckland"),
    ("westl. zentralafrika", "Africa/Lagos"),
    ("west central africa", "Africa/Lagos"),
    ("wien", "Europe/Vienna"),
];
