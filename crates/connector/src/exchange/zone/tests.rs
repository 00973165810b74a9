//! Zones by every kind of name, and by their rules.

use ews::{
    DateTime,
    time_zone::{
        AbsoluteDateTransition, PlainTransition, RecurringDateTransition, RecurringDayTransition,
        TransitionTarget, TransitionsGroup,
    },
};
use jiff::civil::date;

use super::*;
use ews::time_zone::{Period, Transition};

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

fn by_id(id: &str) -> Zone {
    resolve(Some(&TimeZoneDefinition::with_id(id)), at("2026-11-24T10:00:00Z"))
}

/// Local midnight of 24 November and of 24 July, in UTC.
fn midnights(zone: Zone) -> [String; 2] {
    let Zone::Known(zone) = zone else { panic!("{zone:?}") };
    [date(2026, 11, 24), date(2026, 7, 24)].map(|day| {
        let midnight = day.at(0, 0, 0, 0).to_zoned(zone.clone()).expect("a time");
        midnight.timestamp().to_string()
    })
}

const BERLIN: [&str; 2] = ["2026-11-23T23:00:00Z", "2026-07-23T22:00:00Z"];
const NEW_YORK: [&str; 2] = ["2026-11-24T05:00:00Z", "2026-07-24T04:00:00Z"];

#[test]
fn one_place_goes_by_many_names() {
    for id in [
        "W. Europe Standard Time",
        " W. Europe Standard Time ",
        "Europe/Berlin",
        "europe/berlin",
        "(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna",
        "(GMT+01:00) Amsterdam, Berlin, Bern, Rom, Stockholm, Wien",
        "(UTC+01:00) Brüssel, Kopenhagen, Madrid, Paris",
        "(UTC+01:00) Belgrad, Bratislava, Budapest, Ljubljana, Prag",
        "Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna",
        "Mitteleuropäische Zeit",
        "Mitteleuropäische Normalzeit",
        "Mitteleuropäische Sommerzeit",
    ] {
        assert_eq!(midnights(by_id(id)), BERLIN, "{id}");
    }
    for id in [
        "Eastern Standard Time",
        "America/New_York",
        "US/Eastern",
        "(UTC-05:00) Eastern Time (US & Canada)",
        "(UTC−05:00) Eastern Time (USA & Kanada)",
        "Nordamerikanische Ostküsten-Normalzeit",
        "Nordamerikanische Ostküstenzeit",
    ] {
        assert_eq!(midnights(by_id(id)), NEW_YORK, "{id}");
    }
    for id in ["UTC", "tzone://Microsoft/Utc", "(UTC) Coordinated Universal Time", "Etc/UTC"] {
        assert_eq!(midnights(by_id(id))[0], "2026-11-24T00:00:00Z", "{id}");
    }
    assert_eq!(
        midnights(by_id("(UTC+05:30) Chennai, Kalkutta, Mumbai"))[0],
        "2026-11-23T18:30:00Z"
    );
    assert_eq!(midnights(by_id("Kamchatka Standard Time"))[0], "2026-11-23T12:00:00Z");
}

#[test]
fn a_display_name_must_agree_with_its_own_offset() {
    assert!(matches!(by_id("(UTC+05:00) Berlin"), Zone::Unknown));
    assert!(matches!(by_id("(UTC+05:00)"), Zone::Unknown));
    assert!(matches!(by_id("(somewhere) Berlin"), Zone::Unknown));
}

#[test]
fn what_nobody_knows_says_so_and_nothing_said_does_not() {
    for id in ["Customized Time Zone", "tzone://Microsoft/Custom", "Nowhere", "../etc/passwd"] {
        assert!(matches!(by_id(id), Zone::Unknown), "{id}");
    }
    assert!(matches!(by_id(""), Zone::Unsaid));
    assert!(matches!(resolve(None, Timestamp::UNIX_EPOCH), Zone::Unsaid));
    assert!(by_id("").is_known() && !by_id("Nowhere").is_known());
}

#[test]
fn the_name_beside_the_id_is_the_last_resort() {
    let name = Some("(UTC+01:00) Amsterdam, Berlin".to_owned());
    let definition =
        TimeZoneDefinition { name, ..TimeZoneDefinition::with_id("tzone://Microsoft/Custom") };
    assert_eq!(midnights(resolve(Some(&definition), at("2026-11-24T10:00:00Z"))), BERLIN);
}

fn to(kind: &str, id: &str) -> TransitionTarget {
    TransitionTarget { kind: kind.to_owned(), id: id.to_owned() }
}

fn period(id: &str, bias: &str) -> Period {
    Period { id: Some(id.to_owned()), bias: Some(bias.to_owned()), name: None }
}

fn recurring_day(period: &str, month: i32, occurrence: i32, offset: &str) -> Transition {
    Transition::RecurringDay(RecurringDayTransition {
        to: to("Period", period),
        time_offset: offset.to_owned(),
        month,
        day_of_week: "Sunday".to_owned(),
        occurrence,
    })
}

fn custom(groups: Vec<TransitionsGroup>, transitions: Vec<Transition>) -> TimeZoneDefinition {
    TimeZoneDefinition {
        periods: vec![period("std", "-P0DT1H0M0.0S"), period("dst", "-PT120M")],
        transitions_groups: groups,
        transitions: Some(TransitionsGroup { id: None, transitions }),
        ..TimeZoneDefinition::with_id("Customized Time Zone")
    }
}

fn plain(kind: &str, id: &str) -> Transition {
    Transition::Plain(PlainTransition { to: to(kind, id) })
}

fn europe() -> TransitionsGroup {
    let transitions =
        vec![recurring_day("dst", 3, -1, "PT2H"), recurring_day("std", 10, -1, "PT3H")];
    TransitionsGroup { id: Some("0".to_owned()), transitions }
}

#[test]
fn rules_that_came_along_are_evaluated() {
    let definition = custom(vec![europe()], vec![plain("Group", "0")]);
    let zone = resolve(Some(&definition), at("2026-11-24T10:00:00Z"));
    assert_eq!(midnights(zone.clone()), BERLIN);
    let Zone::Known(zone) = zone else { panic!("known") };
    let berlin = TimeZone::get("Europe/Berlin").expect("a zone");
    for hour in 0..24 * 365 {
        let moment = at("2026-01-01T00:00:00Z") + jiff::SignedDuration::from_hours(hour);
        assert_eq!(zone.to_offset(moment), berlin.to_offset(moment), "{moment}");
    }
}

#[test]
fn rules_hold_from_their_date_on() {
    let fixed =
        TransitionsGroup { id: Some("1".to_owned()), transitions: vec![plain("Period", "dst")] };
    let from = Transition::AbsoluteDate(AbsoluteDateTransition {
        to: to("Group", "1"),
        date_time: DateTime::parse("2027-01-01T00:00:00Z").expect("a time"),
    });
    let definition = custom(vec![europe(), fixed], vec![plain("Group", "0"), from]);
    let zone = |when: &str| midnights(resolve(Some(&definition), at(when)));
    assert_eq!(zone("2026-11-24T10:00:00Z"), BERLIN);
    assert_eq!(zone("2027-11-24T10:00:00Z")[0], "2026-11-23T22:00:00Z", "two hours all year");
}

#[test]
fn fixed_dates_and_single_periods_are_rules_too() {
    let dated = |period: &str, month, day| {
        Transition::RecurringDate(RecurringDateTransition {
            to: to("Period", period),
            time_offset: "PT0H".to_owned(),
            month,
            day,
        })
    };
    let transitions = vec![dated("dst", 4, 1), dated("std", 10, 1)];
    let group = TransitionsGroup { id: Some("0".to_owned()), transitions };
    let definition = custom(vec![group], vec![plain("Group", "0")]);
    assert_eq!(midnights(resolve(Some(&definition), at("2026-11-24T10:00:00Z"))), BERLIN);
    let single = TimeZoneDefinition {
        periods: vec![period("only", "PT-60M")],
        ..TimeZoneDefinition::with_id("tzone://Microsoft/Custom")
    };
    assert_eq!(midnights(resolve(Some(&single), Timestamp::UNIX_EPOCH))[0], BERLIN[0]);
}

#[test]
fn impossible_rules_are_unknown() {
    for bias in ["PT", "60", "PT99H", "", "PTxM", "P1Y"] {
        let definition = TimeZoneDefinition {
            periods: vec![period("only", bias)],
            ..TimeZoneDefinition::with_id("Customized Time Zone")
        };
        let zone = resolve(Some(&definition), Timestamp::UNIX_EPOCH);
        assert!(matches!(zone, Zone::Unknown) || bias == "PT", "{bias}");
    }
    let nowhere = custom(vec![europe()], vec![plain("Group", "9")]);
    assert!(matches!(resolve(Some(&nowhere), Timestamp::UNIX_EPOCH), Zone::Unknown));
    let endless = TransitionsGroup {
        id: Some("0".to_owned()),
        transitions: vec![recurring_day("dst", 13, 9, "PT2H"), recurring_day("std", 1, 1, "PT2H")],
    };
    let endless = custom(vec![endless], vec![plain("Group", "0")]);
    assert!(matches!(resolve(Some(&endless), Timestamp::UNIX_EPOCH), Zone::Unknown));
}
