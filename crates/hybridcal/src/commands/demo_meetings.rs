//! What stands in the sample organization's calendars when the demo begins.

use ews::items::{
    Body, DayOfWeek, DaysOfWeek, Numbered, Recurrence, RecurrencePattern, RecurrenceRange, Weekly,
};
use exchange_sim::{NewMeeting, Simulator, SimulatorFailure};
use jiff::{SignedDuration, Timestamp, civil::Time, tz::TimeZone};

const ALICE: &str = "alice@example.com";
const BOB: &str = "bob@example.com";
const CAROL: &str = "carol@example.com";
const BLUE_ROOM: &str = "room-blue@example.com";

/// Meetings around now, so that there is something to join at once.
pub fn create(simulator: &Simulator, now: Timestamp) -> Result<(), SimulatorFailure> {
    let minute = now.as_second().div_euclid(60) * 60;
    let this_minute = Timestamp::from_second(minute).unwrap_or(now);
    let soon = |minutes: i64| plus(this_minute, SignedDuration::from_mins(minutes));

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
            ..NewMeeting::new("Dentist", at(now, 1, 8, 30), at(now, 1, 9, 15))
        },
    )?;
    simulator.create_meeting(
        BOB,
        NewMeeting {
            location: Some("@meet".into()),
            body: Some(Body::text("What was hard this week?")),
            required: vec![ALICE.into(), CAROL.into()],
            recurrence: Some(weekly(now)),
            ..NewMeeting::new("Weekly review", at(now, 2, 14, 0), at(now, 2, 14, 45))
        },
    )?;
    simulator.create_meeting(
        CAROL,
        NewMeeting {
            is_all_day: true,
            location: Some("Town hall".into()),
            required: vec![ALICE.into(), BOB.into()],
            ..NewMeeting::new("Company day", at(now, 5, 0, 0), at(now, 6, 0, 0))
        },
    )?;
    Ok(())
}

/// The hour of a later day, where the sample organization lives.
fn at(now: Timestamp, days: i64, hour: i8, minute: i8) -> Timestamp {
    let later = plus(now, SignedDuration::from_hours(24 * days));
    let zone = TimeZone::get("Europe/Berlin").unwrap_or(TimeZone::UTC);
    let date = later.to_zoned(zone.clone()).date();
    let time = Time::new(hour, minute, 0, 0).unwrap_or(Time::midnight());
    zone.to_timestamp(date.to_datetime(time)).unwrap_or(later)
}

fn plus(time: Timestamp, duration: SignedDuration) -> Timestamp {
    time.checked_add(duration).unwrap_or(time)
}

/// Eight weeks on the weekday of the first meeting.
fn weekly(now: Timestamp) -> Recurrence {
    let zone = TimeZone::get("Europe/Berlin").unwrap_or(TimeZone::UTC);
    let first = at(now, 2, 14, 0).to_zoned(zone).date();
    let day = match first.weekday() {
        jiff::civil::Weekday::Monday => DayOfWeek::Monday,
        jiff::civil::Weekday::Tuesday => DayOfWeek::Tuesday,
        jiff::civil::Weekday::Wednesday => DayOfWeek::Wednesday,
        jiff::civil::Weekday::Thursday => DayOfWeek::Thursday,
        jiff::civil::Weekday::Friday => DayOfWeek::Friday,
        jiff::civil::Weekday::Saturday => DayOfWeek::Saturday,
        jiff::civil::Weekday::Sunday => DayOfWeek::Sunday,
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
