//! What stands in the sample organization's calendars when the demo begins.

use ews::items::{
    Body, DayOfWeek, DaysOfWeek, Numbered, Recurrence, RecurrencePattern, RecurrenceRange, Weekly,
};
use exchange_sim::{NewMeeting, Simulator, SimulatorFailure};
use jiff::{
    SignedDuration, Timestamp, ToSpan,
    civil::{Date, Time, Weekday},
    tz::TimeZone,
};

const ALICE: &str = "alice@example.com";
const BOB: &str = "bob@example.com";
const CAROL: &str = "carol@example.com";
const BLUE_ROOM: &str = "room-blue@example.com";

/// Meetings around now, so that there is something to join at once.
pub fn create(simulator: &Simulator, now: Timestamp) -> Result<(), SimulatorFailure> {
    let minute = now.as_second().div_euclid(60) * 60;
    let this_minute = Timestamp::from_second(minute).unwrap_or(now);
    let soon = |minutes: i64| plus(this_minute, SignedDuration::from_mins(minutes));
    let [dentist, review, company] = [1, 2, 5].map(|days| workday(now, days));

    simulator.create_meeting(
        ALICE,
        NewMeeting {
            location: Some("Blue Room; @meet".into()),
            body: Some(Body::html(
                "<html><body><p>1. Where we are</p><p>2. What is next</p></body></html>",
            )),
            required: vec![BOB.into(), CAROL.into()],
            resources: vec![BLUE_ROOM.into()],
            ..NewMeeting::new("Project kick-off", soon(4), soon(49))
        },
    )?;
    simulator.create_meeting(
        CAROL,
        NewMeeting {
            body: Some(Body::text(
                "Please join: https://zoom.us/j/91234567890?pwd=c2FtcGxl\r\nThe slides follow.",
            )),
            required: vec![ALICE.into(), BOB.into()],
            ..NewMeeting::new("Supplier call", soon(120), soon(150))
        },
    )?;
    simulator.create_meeting(
        ALICE,
        NewMeeting {
            is_private: true,
            location: Some("Dr. Winter".into()),
            ..NewMeeting::new("Dentist", at(dentist, 8, 30), at(dentist, 9, 15))
        },
    )?;
    simulator.create_meeting(
        BOB,
        NewMeeting {
            location: Some("@meet".into()),
            body: Some(Body::text("What was hard this week?")),
            required: vec![ALICE.into(), CAROL.into()],
            recurrence: Some(weekly(review)),
            ..NewMeeting::new("Weekly review", at(review, 14, 0), at(review, 14, 45))
        },
    )?;
    simulator.create_meeting(
        CAROL,
        NewMeeting {
            is_all_day: true,
            location: Some("Town hall".into()),
            required: vec![ALICE.into(), BOB.into()],
            ..NewMeeting::new("Company day", at(company, 0, 0), at(later(company, 1), 0, 0))
        },
    )?;
    Ok(())
}

/// Where the sample organization lives.
fn zone() -> TimeZone {
    TimeZone::get("Europe/Berlin").unwrap_or(TimeZone::UTC)
}

/// So many days ahead; the Monday after, if that is a weekend.
fn workday(now: Timestamp, days: i32) -> Date {
    let later = later(now.to_zoned(zone()).date(), days);
    match later.weekday() {
        Weekday::Saturday => self::later(later, 2),
        Weekday::Sunday => self::later(later, 1),
        Weekday::Monday
        | Weekday::Tuesday
        | Weekday::Wednesday
        | Weekday::Thursday
        | Weekday::Friday => later,
    }
}

fn later(date: Date, days: i32) -> Date {
    date.checked_add(days.days()).unwrap_or(date)
}

fn at(date: Date, hour: i8, minute: i8) -> Timestamp {
    let time = Time::new(hour, minute, 0, 0).unwrap_or(Time::midnight());
    zone().to_timestamp(date.to_datetime(time)).unwrap_or(Timestamp::MAX)
}

fn plus(time: Timestamp, duration: SignedDuration) -> Timestamp {
    time.checked_add(duration).unwrap_or(time)
}

/// Eight weeks on the weekday of the first meeting.
fn weekly(first: Date) -> Recurrence {
    let day = match first.weekday() {
        Weekday::Monday => DayOfWeek::Monday,
        Weekday::Tuesday => DayOfWeek::Tuesday,
        Weekday::Wednesday => DayOfWeek::Wednesday,
        Weekday::Thursday => DayOfWeek::Thursday,
        Weekday::Friday => DayOfWeek::Friday,
        Weekday::Saturday => DayOfWeek::Saturday,
        Weekday::Sunday => DayOfWeek::Sunday,
    };
    Recurrence {
        pattern: RecurrencePattern::Weekly(Weekly {
            interval: 1,
            days_of_week: DaysOfWeek(vec![day]),
            first_day_of_week: None,
        }),
        range: RecurrenceRange::Numbered(Numbered { start_date: first, number_of_occurrences: 8 }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_day_is_on_a_weekend() {
        for day in 16..=22 {
            let now = at(Date::constant(2026, 11, day), 23, 30);
            for days in [1, 2, 5] {
                let chosen = workday(now, days);
                assert!(!matches!(chosen.weekday(), Weekday::Saturday | Weekday::Sunday));
                assert!(chosen >= later(now.to_zoned(zone()).date(), days));
            }
        }
    }
}
