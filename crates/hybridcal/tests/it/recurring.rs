//! A series across a daylight-saving change, with a moved and a deleted occurrence.

use ews::items::{
    DayOfWeek, DaysOfWeek, Numbered, Recurrence, RecurrencePattern, RecurrenceRange, Weekly,
};
use exchange_sim::{Changes, NewMeeting, Occasion};
use hybridcal::client::OpenedMeeting;
use jiff::Timestamp;

use crate::{
    invitation::blocks,
    site::{ALICE, BOB, Settings, Site, time},
};

/// Tuesdays at 10:00 in Berlin from 13 October 2026; summer time ends on 25 October.
pub(crate) fn weekly() -> NewMeeting {
    NewMeeting {
        location: Some("@meet".into()),
        required: vec![BOB.into()],
        time_zone: Some("W. Europe Standard Time".into()),
        recurrence: Some(Recurrence {
            pattern: RecurrencePattern::Weekly(Weekly {
                interval: 1,
                days_of_week: DaysOfWeek(vec![DayOfWeek::Tuesday]),
                first_day_of_week: None,
            }),
            range: RecurrenceRange::Numbered(Numbered {
                start_date: "2026-10-13".parse().expect("a date"),
                number_of_occurrences: 6,
            }),
        }),
        ..NewMeeting::new("Weekly", time("2026-10-13T08:00:00Z"), time("2026-10-13T08:30:00Z"))
    }
}

fn october() -> Settings {
    Settings { start: time("2026-10-12T08:00:00Z"), ..Settings::default() }
}

fn starts(list: &[OpenedMeeting]) -> Vec<String> {
    let mut starts: Vec<Timestamp> = list.iter().map(|meeting| meeting.start).collect();
    starts.sort();
    starts.into_iter().map(|start| start.to_string()).collect()
}

fn all_joinable(list: &[OpenedMeeting]) -> bool {
    list.iter().all(|meeting| meeting.join_url.is_some() && meeting.is_recurring)
}

#[tokio::test(start_paused = true)]
async fn a_series_is_listed_moved_deleted_and_joined() {
    let site = Site::start_with(october()).await;
    let series = site.invite(ALICE, weekly());

    let expected = [
        "2026-10-13T08:00:00Z",
        "2026-10-20T08:00:00Z",
        "2026-10-27T09:00:00Z", // the hour in Berlin stays
        "2026-11-03T09:00:00Z",
        "2026-11-10T09:00:00Z",
    ];
    let is_complete = |list: &[OpenedMeeting]| list.len() == expected.len() && all_joinable(list);
    for address in [ALICE, BOB] {
        let list = site.until_list(address, "five occurrences", is_complete).await;
        assert_eq!(starts(&list), expected);
        let links: std::collections::BTreeSet<_> =
            list.iter().map(|meeting| meeting.join_url.as_ref().and_then(|l| l.text())).collect();
        assert_eq!(links.len(), 1, "one room for the series");
        let series: std::collections::BTreeSet<_> = list.iter().map(|m| &m.series).collect();
        assert_eq!(series.len(), 1);
    }
    assert_eq!(blocks(&site.entry(ALICE, "Weekly").body.content), 1);

    // The third is moved to the afternoon, the fourth deleted.
    let (from, to) = (time("2026-10-27T14:00:00Z"), time("2026-10-27T14:30:00Z"));
    site.exchange.move_meeting(&series, Occasion::Occurrence(3), from, to).expect("moved");
    site.exchange.cancel(&series, Occasion::Occurrence(4)).expect("deleted");
    let expected = [
        "2026-10-13T08:00:00Z",
        "2026-10-20T08:00:00Z",
        "2026-10-27T14:00:00Z",
        "2026-11-10T09:00:00Z",
    ];
    for address in [ALICE, BOB] {
        let is_complete = |list: &[OpenedMeeting]| starts(list) == expected && all_joinable(list);
        site.until_list(address, "the moved and without the deleted one", is_complete).await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_exception_with_a_text_of_its_own_still_meets_where_its_series_meets() {
    let mut site = Site::without_connector(october()).await;
    let series = site.invite(ALICE, weekly());
    // Made before the series had a link, so it never gets it in its own text.
    let changes = Changes {
        location: Some("Room 4".into()),
        body: Some(ews::items::Body::text("Only this time with slides")),
        ..Changes::default()
    };
    site.exchange.change_meeting(&series, Occasion::Occurrence(2), &changes).expect("changed");
    site.start_connector();
    for address in [ALICE, BOB] {
        let is_complete = |list: &[OpenedMeeting]| list.len() == 5 && all_joinable(list);
        let list = site.until_list(address, "five to join", is_complete).await;
        let special =
            list.iter().filter(|m| m.location.as_ref().and_then(|l| l.text()) == Some("Room 4"));
        assert_eq!(special.count(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn occurrences_enter_the_list_as_time_goes_by() {
    // The window reaches 31 days ahead: the sixth enters it on 17 October at 9:00.
    let settings = Settings { start: time("2026-10-17T06:30:00Z"), ..Settings::default() };
    let site = Site::start_with(settings).await;
    site.invite(ALICE, weekly());
    site.until_list(BOB, "five occurrences", |list| list.len() == 5).await;
    // Calendars are read whole once an hour.
    site.until(time("2026-10-17T09:31:00Z")).await;
    let has_last = |list: &[OpenedMeeting]| {
        list.iter().any(|meeting| meeting.start == time("2026-11-17T09:00:00Z"))
    };
    site.until_list(BOB, "the sixth occurrence", has_last).await;
}
