//! What Webex can do is written as it likes it; what it cannot do is not sent.

use jiff::{Timestamp, Zoned, tz::TimeZone};
use proptest::prelude::*;

use super::{Ends, Frequency, Rule, Unfit, walk};

fn read(text: &str) -> Result<Rule, Unfit> {
    Rule::read(text, &TimeZone::UTC)
}

fn at(text: &str) -> Zoned {
    text.parse().unwrap()
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn rules_that_fit_are_written_again() {
    for (rule, written) in [
        ("FREQ=DAILY", "FREQ=DAILY;INTERVAL=1"),
        ("RRULE:FREQ=WEEKLY;BYDAY=MO,WE;COUNT=4", "FREQ=WEEKLY;INTERVAL=1;BYDAY=MO,WE;COUNT=4"),
        ("FREQ=WEEKLY;WKST=SU;INTERVAL=2", "FREQ=WEEKLY;INTERVAL=2;WKST=SU"),
        ("FREQ=MONTHLY;BYDAY=TU;BYSETPOS=2", "FREQ=MONTHLY;INTERVAL=1;BYDAY=2TU"),
        ("freq=monthly;byday=-1fr", "FREQ=MONTHLY;INTERVAL=1;BYDAY=-1FR"),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", "FREQ=MONTHLY;INTERVAL=1;BYMONTHDAY=-1"),
        ("FREQ=YEARLY;BYMONTH=3;BYDAY=+1SU", "FREQ=YEARLY;INTERVAL=1;BYDAY=1SU;BYMONTH=3"),
        ("FREQ=DAILY;UNTIL=20270101", "FREQ=DAILY;INTERVAL=1;UNTIL=20270101T235959Z"),
    ] {
        assert_eq!(read(rule).unwrap().write(), written);
    }
}

#[test]
fn rules_that_webex_would_take_in_part_are_unfit() {
    for rule in [
        "FREQ=MONTHLY;BYMONTHDAY=10,11,12",
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
        "FREQ=MONTHLY;BYDAY=TU",
        "FREQ=YEARLY;BYMONTH=1,7",
        "FREQ=YEARLY;BYDAY=2TU",
        "FREQ=HOURLY",
        "FREQ=WEEKLY;BYHOUR=9,10",
        "FREQ=YEARLY;BYWEEKNO=20",
        "FREQ=DAILY;COUNT=2;UNTIL=20270101",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;COUNT=0",
        "FREQ=MONTHLY;BYMONTHDAY=0",
        "BYDAY=MO",
        "",
        "nonsense",
        "FREQ=WEEKLY;BYDAY=",
        "FREQ=WEEKLY;BYDAY=é",
    ] {
        assert_eq!(read(rule), Err(Unfit), "{rule}");
    }
}

#[test]
fn a_series_that_has_begun_goes_on_from_its_next_occurrence() {
    let start = at("2026-01-05T10:00[Europe/Berlin]"); // a Monday
    let rule = read("FREQ=WEEKLY;COUNT=60").unwrap();
    let span = walk(&rule, &start, time("2026-11-25T12:00:00Z")).unwrap();
    assert_eq!(span.first, at("2026-11-30T10:00[Europe/Berlin]"));
    assert_eq!((span.count, span.is_cut), (60 - 47, false));
    assert_eq!(span.last, Some(at("2027-02-22T10:00[Europe/Berlin]").timestamp()));
    assert_eq!(walk(&rule, &start, time("2028-01-01T00:00:00Z")), None);
}

#[test]
fn months_without_the_day_are_left_out() {
    let start = at("2026-12-31T10:00[UTC]");
    let rule = read("FREQ=MONTHLY;COUNT=3").unwrap();
    let span = walk(&rule, &start, start.timestamp()).unwrap();
    assert_eq!(span.last, Some(time("2027-03-31T10:00:00Z")));
    let last_friday = read("FREQ=MONTHLY;BYDAY=-1FR;COUNT=2").unwrap();
    let span = walk(&last_friday, &at("2026-12-25T10:00[UTC]"), start.timestamp()).unwrap();
    assert_eq!(span.first, at("2027-01-29T10:00[UTC]"));
}

#[test]
fn what_goes_on_for_too_long_is_cut() {
    let start = at("2027-01-04T10:00[UTC]");
    for (rule, count) in [
        ("FREQ=DAILY;COUNT=3000", 1826),
        ("FREQ=WEEKLY;COUNT=300", 261),
        ("FREQ=WEEKLY;BYDAY=MO,TU;UNTIL=20400101", 261),
        ("FREQ=MONTHLY;UNTIL=20400101", 60),
        ("FREQ=YEARLY;COUNT=9", 5),
        ("FREQ=YEARLY;INTERVAL=2;COUNT=9", 3),
    ] {
        let span = walk(&read(rule).unwrap(), &start, start.timestamp()).unwrap();
        assert_eq!((span.count, span.is_cut), (count, true), "{rule}");
    }
    let endless = walk(&read("FREQ=DAILY").unwrap(), &start, start.timestamp()).unwrap();
    assert_eq!((endless.last, endless.is_cut), (None, false));
}

proptest! {
    #[test]
    fn whatever_is_read_is_read_again(text in "(FREQ|freq)=(DAILY|WEEKLY|MONTHLY|YEARLY)(;INTERVAL=[1-9])?(;COUNT=[1-9])?(;BYDAY=(-1|2)?(MO|FR))?(;BYMONTHDAY=-?[1-9])?") {
        if let Ok(rule) = read(&text) {
            prop_assert_eq!(read(&rule.write()), Ok(rule));
        }
    }

    #[test]
    fn no_text_is_a_trap(text in "\\PC{0,60}") {
        let _either = read(&text);
    }

    #[test]
    fn a_walk_ends_within_the_limits(weeks in 1..50_i32, count in 1..2000_u32, late in 0..4000_i64) {
        let mut rule = read("FREQ=WEEKLY").unwrap();
        prop_assert_eq!(rule.frequency, Frequency::Weekly);
        rule.interval = weeks;
        rule.ends = Ends::Count(count);
        let start = at("2026-01-05T10:00[Europe/Berlin]");
        let from = start.timestamp() + jiff::SignedDuration::from_hours(24 * late);
        if let Some(span) = walk(&rule, &start, from) {
            prop_assert!(span.first.timestamp() >= from && span.count <= 261 && span.count >= 1);
            prop_assert!(span.last.unwrap() >= span.first.timestamp());
        }
    }
}
