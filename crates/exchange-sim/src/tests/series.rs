//! Series: local hours, occurrences, exceptions, deletions, and what attendees see of them.

use ews::{
    CalendarItem, ItemRef, ResponseCode,
    ids::{OccurrenceItemId, RecurringMasterItemId},
    items::{
        CalendarItemType, DayOfWeek, DaysOfWeek, Numbered, Recurrence, RecurrencePattern,
        RecurrenceRange, Weekly,
    },
    operations::GetItem,
    shapes::ItemShape,
};
use jiff::civil::date;

use super::{ALICE, BOB, Client, Site, at, meeting};
use crate::{Changes, MailKind, MeetingRef, Occasion};

const FROM: &str = "2026-10-01T00:00:00Z";
const TO: &str = "2026-12-01T00:00:00Z";

/// Four Tuesdays at nine in Berlin, across the end of summer time.
fn series(site: &Site) -> MeetingRef {
    let weekly = Weekly {
        interval: 1,
        days_of_week: DaysOfWeek(vec![DayOfWeek::Tuesday]),
        first_day_of_week: None,
    };
    let range = Numbered { start_date: date(2026, 10, 20), number_of_occurrences: 4 };
    let mut wish = meeting("Weekly", &[BOB]);
    wish.start = at("2026-10-20T07:00:00Z");
    wish.end = at("2026-10-20T08:00:00Z");
    wish.location = Some("Here".to_owned());
    wish.recurrence = Some(Recurrence {
        pattern: RecurrencePattern::Weekly(weekly),
        range: RecurrenceRange::Numbered(range),
    });
    site.simulator.create_meeting(ALICE, wish).expect("made")
}

fn starts(found: &[CalendarItem]) -> Vec<String> {
    found.iter().filter_map(|item| item.start.map(|start| start.to_string())).collect()
}

async fn by_index(
    client: &Client<'_>,
    master: &str,
    index: i32,
) -> Result<CalendarItem, ResponseCode> {
    let id = ItemRef::Occurrence(OccurrenceItemId {
        recurring_master_id: master.to_owned(),
        change_key: None,
        instance_index: index,
    });
    let item_shape = ItemShape::id_only().with(ews::field::START);
    let mut items = client.one(&GetItem { item_shape, item_ids: vec![id] }).await?.items;
    Ok(items.remove(0).into_calendar_item().expect("an entry"))
}

#[tokio::test(start_paused = true)]
async fn the_local_hour_stays_across_daylight_saving() {
    let site = Site::start().await;
    let series = series(&site);
    let expected = [
        "2026-10-20T07:00:00Z",
        "2026-10-27T08:00:00Z",
        "2026-11-03T08:00:00Z",
        "2026-11-10T08:00:00Z",
    ];
    let alice = site.as_user("alice");
    let found = alice.view(FROM, TO).await.expect("a view");
    assert_eq!(starts(&found), expected);
    assert!(found.iter().all(|item| item.calendar_item_type == Some(CalendarItemType::Occurrence)));
    let ids: std::collections::BTreeSet<_> =
        found.iter().map(|item| item.item_id.as_ref().map(|id| id.id.clone())).collect();
    assert_eq!(ids.len(), 4);
    assert_eq!(starts(&site.as_user("bob").view(FROM, TO).await.expect("a view")), expected);
    let second = by_index(&alice, &series.item_id, 2).await.expect("the second");
    assert_eq!(second.item_id, found[1].item_id);
    let out = ResponseCode::ErrorCalendarOccurrenceIndexIsOutOfRecurrenceRange;
    assert_eq!(by_index(&alice, &series.item_id, 5).await, Err(out));
    let master = ItemRef::RecurringMaster(RecurringMasterItemId {
        occurrence_id: found[2].item_id.clone().expect("an id").id,
        change_key: None,
    });
    let get = GetItem { item_shape: ItemShape::id_only(), item_ids: vec![master] };
    let master = alice.one(&get).await.expect("the master").items.remove(0);
    assert_eq!(master.item_id().map(|id| &id.id), Some(&series.item_id));
}

#[tokio::test(start_paused = true)]
async fn an_exception_keeps_its_own_place_and_time() {
    let site = Site::start().await;
    let series = series(&site);
    let occasion = Occasion::Occurrence(2);
    let changes = Changes {
        start: Some(at("2026-10-27T12:00:00Z")),
        end: Some(at("2026-10-27T13:00:00Z")),
        location: Some("There".to_owned()),
        ..Changes::default()
    };
    site.simulator.change_meeting(&series, occasion, &changes).expect("changed");
    let elsewhere = Changes { location: Some("Elsewhere".to_owned()), ..Changes::default() };
    site.simulator.change_meeting(&series, Occasion::Whole, &elsewhere).expect("changed");
    for user in ["alice", "bob"] {
        let found = site.as_user(user).view(FROM, TO).await.expect("a view");
        let seen: Vec<_> = found.iter().map(|item| item.location.as_deref()).collect();
        let there = [Some("Elsewhere"), Some("There"), Some("Elsewhere"), Some("Elsewhere")];
        assert_eq!(seen, there, "{user}");
        assert_eq!(found[1].calendar_item_type, Some(CalendarItemType::Exception));
        assert_eq!(found[1].start, Some(at("2026-10-27T12:00:00Z").into()));
    }
    let alice = site.as_user("alice");
    let id = ews::ItemId { id: series.item_id.clone(), change_key: None };
    let master = alice.get(&id).await.expect("the master");
    assert_eq!(master.calendar_item_type, Some(CalendarItemType::RecurringMaster));
    let [modified] = master.modified_occurrences.as_slice() else { panic!("not one exception") };
    assert_eq!(modified.original_start, at("2026-10-27T08:00:00Z").into());
    assert_eq!(
        master.last_occurrence.as_ref().map(|last| last.start),
        Some(at("2026-11-10T08:00:00Z").into())
    );
    let exception = alice.get(&modified.item_id).await.expect("the exception");
    assert_eq!(exception.clean_global_object_id(), master.clean_global_object_id());
    let kinds: Vec<_> = site.simulator.mails(BOB).iter().map(|mail| mail.kind).collect();
    assert_eq!(kinds, [MailKind::Request, MailKind::Update, MailKind::Update]);
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_occurrence_is_gone_for_everybody() {
    let site = Site::start().await;
    let series = series(&site);
    site.simulator.cancel(&series, Occasion::Occurrence(3)).expect("cancelled");
    for user in ["alice", "bob"] {
        let found = site.as_user(user).view(FROM, TO).await.expect("a view");
        assert_eq!(found.len(), 3, "{user}");
    }
    let alice = site.as_user("alice");
    let gone = by_index(&alice, &series.item_id, 3).await;
    assert_eq!(gone, Err(ResponseCode::ErrorCalendarOccurrenceIsDeletedFromRecurrence));
    let id = ews::ItemId { id: series.item_id.clone(), change_key: None };
    let deleted = alice.get(&id).await.expect("the master").deleted_occurrences;
    assert_eq!(deleted[0].start, at("2026-11-03T08:00:00Z").into());
}
