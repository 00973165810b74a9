//! Free and busy time: how much whom is told, and when people could meet.

use ews::{
    DateTime, ResponseCode,
    free_busy::{
        AttendeeConflictData, FreeBusyView, FreeBusyViewOptions, FreeBusyViewType, MailboxData,
        SerializableTimeZone, SuggestionQuality, SuggestionsViewOptions,
    },
    items::{LegacyFreeBusy, Recurrence},
    operations::{GetRoomLists, GetRooms, GetUserAvailability},
    out_of_office::Duration,
};

use super::{ALICE, BOB, Client, ROOM, Site, at, meeting, review};
use crate::{FreeBusyAccess, NewMeeting, zone::rules};

const CAROL: &str = "carol@example.com";

fn berlin() -> SerializableTimeZone {
    rules::rules_of(&jiff::tz::TimeZone::get("Europe/Berlin").expect("a zone"), 2026)
}

fn window(start: &str, end: &str) -> Duration {
    let local = |text: &str| DateTime::parse(text).expect("a time");
    Duration { start_time: local(start), end_time: local(end) }
}

/// About the day of the tests, in Berlin, hour by hour.
fn ask(people: &[&str], view: FreeBusyViewType) -> GetUserAvailability {
    GetUserAvailability {
        time_zone: Some(berlin()),
        mailboxes: people.iter().map(|person| MailboxData::required(*person)).collect(),
        free_busy_view_options: Some(FreeBusyViewOptions {
            time_window: window("2026-11-24T00:00:00", "2026-11-25T00:00:00"),
            merged_free_busy_interval_in_minutes: Some(60),
            requested_view: Some(view),
        }),
        suggestions_view_options: None,
    }
}

async fn views(
    client: &Client<'_>,
    request: &GetUserAvailability,
) -> Vec<Result<FreeBusyView, ResponseCode>> {
    let reply = client.one(request).await.expect("no fault");
    let results = reply.free_busy.into_iter().map(|one| one.0.into_result());
    results.map(|one| one.map(|r| r.view.expect("a view")).map_err(|error| error.code)).collect()
}

#[tokio::test(start_paused = true)]
async fn everybody_sees_times_and_only_the_owner_what_they_are_for() {
    let site = Site::start().await;
    site.simulator.create_meeting(ALICE, meeting("Review", &[BOB])).expect("created");
    let request = ask(&[ALICE, BOB, CAROL], FreeBusyViewType::DetailedMerged);
    let seen = views(&site.as_user("alice"), &request).await;
    let [alice, bob, carol] = seen.try_into().expect("one each");

    let alice = alice.expect("a view");
    assert_eq!(alice.free_busy_view_type, FreeBusyViewType::DetailedMerged);
    assert_eq!(alice.merged_free_busy.as_deref(), Some("000000000002000000000000"));
    let [event] = alice.calendar_events.try_into().expect("one event");
    assert_eq!(Some(event.start_time), DateTime::parse("2026-11-24T11:00:00"), "local time");
    let details = event.details.expect("the own calendar");
    assert_eq!(details.subject.as_deref(), Some("Review"));
    assert!(details.is_meeting && !details.is_recurring && !details.is_private);
    let hours = alice.working_hours.expect("working hours");
    assert_eq!(hours.time_zone, berlin());

    let bob = bob.expect("a view");
    assert_eq!(bob.free_busy_view_type, FreeBusyViewType::FreeBusyMerged);
    assert_eq!(bob.merged_free_busy.as_deref(), Some("000000000001000000000000"));
    let [event] = bob.calendar_events.try_into().expect("one event");
    assert_eq!((event.busy_type, event.details), (LegacyFreeBusy::Tentative, None));
    assert_eq!(carol.expect("a view").merged_free_busy.as_deref(), Some("0".repeat(24).as_str()));
}

#[tokio::test(start_paused = true)]
async fn people_decide_what_others_see() {
    let site = Site::with(|config| {
        config.people[1].free_busy = FreeBusyAccess::LimitedDetails;
        config.people[2].free_busy = FreeBusyAccess::None;
    })
    .await;
    let private =
        ews::CalendarItem { sensitivity: Some(ews::items::Sensitivity::Private), ..review(&[]) };
    let bob = site.as_user("bob");
    let nobody = ews::operations::SendMeetingInvitations::SendToNone;
    bob.create(private, nobody.clone()).await;
    bob.create(review(&[]), nobody).await;
    let request = ask(&[BOB, CAROL], FreeBusyViewType::Detailed);
    let [bobs, carols] =
        views(&site.as_user("alice"), &request).await.try_into().expect("one each");
    let bobs = bobs.expect("a view");
    assert_eq!(bobs.merged_free_busy, None, "was not asked for");
    let subjects: Vec<_> = bobs
        .calendar_events
        .into_iter()
        .map(|event| event.details.expect("details"))
        .map(|details| (details.is_private, details.subject))
        .collect();
    assert_eq!(subjects, [(true, None), (false, Some("Review".to_owned()))]);
    assert_eq!(carols.expect_err("shares nothing"), ResponseCode::ErrorNoFreeBusyAccess);
}

#[tokio::test(start_paused = true)]
async fn series_are_expanded() {
    let site = Site::start().await;
    let daily = ews::CalendarItem {
        recurrence: Some(Recurrence {
            pattern: ews::items::RecurrencePattern::Daily(ews::items::Daily { interval: 1 }),
            range: ews::items::RecurrenceRange::Numbered(ews::items::Numbered {
                start_date: jiff::civil::date(2026, 11, 24),
                number_of_occurrences: 3,
            }),
        }),
        ..review(&[])
    };
    let nobody = ews::operations::SendMeetingInvitations::SendToNone;
    let alice = site.as_user("alice");
    alice.create(daily, nobody).await;
    let mut request = ask(&[ALICE], FreeBusyViewType::Detailed);
    if let Some(options) = &mut request.free_busy_view_options {
        options.time_window = window("2026-11-25T00:00:00", "2026-12-25T00:00:00");
    }
    let [view] = views(&alice, &request).await.try_into().expect("one");
    let events = view.expect("a view").calendar_events;
    assert_eq!(events.len(), 2);
    assert!(events.iter().all(|event| event.details.as_ref().is_some_and(|d| d.is_recurring)));
}

#[tokio::test(start_paused = true)]
async fn unknown_mailboxes_fail_by_themselves() {
    let site = Site::start().await;
    let request = ask(&["nobody@example.com", ROOM], FreeBusyViewType::MergedOnly);
    let [nobody, room] =
        views(&site.as_user("svc-cal"), &request).await.try_into().expect("one each");
    assert_eq!(nobody.expect_err("unknown"), ResponseCode::ErrorMailRecipientNotFound);
    let room = room.expect("a view");
    assert!(room.calendar_events.is_empty() && room.working_hours.is_none());
}

#[tokio::test(start_paused = true)]
async fn what_is_too_much_is_a_fault() {
    let site = Site::start().await;
    let alice = site.as_user("alice");
    let view = FreeBusyViewType::FreeBusyMerged;
    let many = ask(&vec![BOB; 101], view.clone());
    assert_eq!(alice.fault(&many).await, ResponseCode::ErrorMailboxDataArrayTooBig);
    let none = ask(&[], view.clone());
    assert_eq!(alice.fault(&none).await, ResponseCode::ErrorMailboxDataArrayEmpty);
    let with_window = |start, end| {
        let mut request = ask(&[BOB], view.clone());
        if let Some(options) = &mut request.free_busy_view_options {
            options.time_window = window(start, end);
        }
        request
    };
    let long = with_window("2026-11-01T00:00:00", "2026-12-14T00:00:00");
    assert_eq!(alice.fault(&long).await, ResponseCode::ErrorTimeIntervalTooBig);
    let exact = with_window("2026-11-01T00:00:00", "2026-12-13T00:00:00");
    assert_eq!(views(&alice, &exact).await.len(), 1, "42 days are allowed");
    let backwards = with_window("2026-11-02T00:00:00", "2026-11-01T00:00:00");
    assert_eq!(alice.fault(&backwards).await, ResponseCode::ErrorInvalidTimeInterval);
    let short = with_window("2026-11-24T10:00:00", "2026-11-24T10:30:00");
    assert_eq!(alice.fault(&short).await, ResponseCode::ErrorInvalidMergedFreeBusyInterval);
    let mut fine = ask(&[BOB], view);
    if let Some(options) = &mut fine.free_busy_view_options {
        options.merged_free_busy_interval_in_minutes = Some(4);
    }
    assert_eq!(alice.fault(&fine).await, ResponseCode::ErrorInvalidMergedFreeBusyInterval);
}

#[tokio::test(start_paused = true)]
async fn suggestions_avoid_what_is_taken() {
    let site = Site::start().await;
    let (start, end) = (at("2026-11-24T07:00:00Z"), at("2026-11-24T14:00:00Z"));
    let simulator = &site.simulator;
    simulator.create_meeting(BOB, NewMeeting::new("All day", start, end)).expect("created");
    let request = GetUserAvailability {
        free_busy_view_options: None,
        suggestions_view_options: Some(SuggestionsViewOptions {
            good_threshold: Some(50),
            maximum_results_by_day: Some(3),
            maximum_non_work_hour_results_by_day: None,
            meeting_duration_in_minutes: Some(60),
            minimum_suggestion_quality: Some(SuggestionQuality::Good),
            detailed_suggestions_window: window("2026-11-24T00:00:00", "2026-11-25T00:00:00"),
            current_meeting_time: None,
            global_object_id: None,
        }),
        ..ask(&[ALICE, BOB], FreeBusyViewType::None)
    };
    let reply = site.as_user("alice").one(&request).await.expect("an answer");
    assert!(reply.free_busy.is_empty(), "was not asked for");
    let found = reply.suggestions.expect("suggestions").0.into_result().expect("found");
    let [day] = found.days.try_into().expect("one day");
    assert_eq!(day.day_quality, SuggestionQuality::Excellent);
    let local = |text| DateTime::parse(text).expect("a time");
    let times: Vec<_> = day
        .suggestions
        .iter()
        .map(|found| (found.meeting_time, found.suggestion_quality.clone()))
        .collect();
    let expected = [
        (local("2026-11-24T15:00:00"), SuggestionQuality::Excellent),
        (local("2026-11-24T15:30:00"), SuggestionQuality::Excellent),
        (local("2026-11-24T16:00:00"), SuggestionQuality::Excellent),
    ];
    assert_eq!(times, expected, "after Bob's last meeting, within working hours");
    let conflicts = &day.suggestions[0].attendee_conflicts;
    let is_free = |data: &AttendeeConflictData| matches!(data, AttendeeConflictData::Individual(one) if one.busy_type == LegacyFreeBusy::Free);
    assert!(conflicts.len() == 2 && conflicts.iter().all(is_free));
}

#[tokio::test(start_paused = true)]
async fn rooms_are_found_by_their_lists() {
    let site = Site::start().await;
    let alice = site.as_user("alice");
    let lists = alice.one(&GetRoomLists::default()).await.expect("an answer").room_lists;
    let [list] = lists.try_into().expect("one list");
    let rooms = alice.one(&GetRooms { room_list: list }).await.expect("an answer").rooms;
    let addresses: Vec<_> = rooms.into_iter().map(|room| room.id.email_address).collect();
    assert_eq!(addresses, [Some(ROOM.to_owned())]);
    let unknown = GetRooms { room_list: ews::Mailbox::smtp("nowhere@example.com") };
    let code = alice.one(&unknown).await.expect_err("unknown");
    assert_eq!(code, ResponseCode::ErrorNameResolutionNoResults);
}
