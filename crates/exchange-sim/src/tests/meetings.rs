//! Invitations, updates, answers and cancellations.

use ews::{
    CalendarItem, Item, ItemId, ResponseCode,
    items::{Body, BodyType, LegacyFreeBusy, NewItem, ResponseObject, ResponseType},
    operations::{
        ConflictResolution, CreateItem, DeleteItem, DeleteType, FieldChange, GetItem,
        SendMeetingInvitations, SendMeetingInvitationsOrCancellations, UpdateItem,
    },
    shapes::{BaseShape, BodyTypeWanted, ItemShape},
};

use super::{ALICE, BOB, ROOM, Site, at, meeting, review, set_location};
use crate::{Changes, MailKind, Occasion};

const ALL: SendMeetingInvitationsOrCancellations =
    SendMeetingInvitationsOrCancellations::SendToAllAndSaveCopy;
const NONE: SendMeetingInvitationsOrCancellations =
    SendMeetingInvitationsOrCancellations::SendToNone;
const MORNING: &str = "2026-11-24T00:00:00Z";
const NIGHT: &str = "2026-11-25T00:00:00Z";

fn kinds(site: &Site, address: &str) -> Vec<MailKind> {
    site.simulator.mails(address).iter().map(|mail| mail.kind).collect()
}

async fn invited(site: &Site) -> ItemId {
    let alice = site.impersonating("svc-cal", ALICE);
    alice.create(review(&[BOB]), SendMeetingInvitations::SendToAllAndSaveCopy).await
}

async fn copy(site: &Site) -> CalendarItem {
    let found = site.as_user("bob").view(MORNING, NIGHT).await.expect("a view");
    let [copy] = found.as_slice() else { panic!("{} entries", found.len()) };
    site.as_user("bob").get(copy.item_id.as_ref().expect("an id")).await.expect("the copy")
}

#[tokio::test(start_paused = true)]
async fn an_invitation_makes_a_request_and_a_tentative_copy() {
    let site = Site::start().await;
    let id = invited(&site).await;
    assert!(id.id.len() >= 140);
    let own = site.as_user("alice").get(&id).await.expect("the meeting");
    assert_eq!(own.my_response_type, Some(ResponseType::Organizer));
    assert_eq!(own.meeting_request_was_sent, Some(true));
    assert_eq!(own.organizer.as_ref().and_then(|o| o.email_address.as_deref()), Some(ALICE));
    assert_eq!(own.extended_properties.len(), 2);
    let copy = copy(&site).await;
    assert_eq!(copy.my_response_type, Some(ResponseType::NoResponseReceived));
    assert_eq!(copy.legacy_free_busy_status, Some(LegacyFreeBusy::Tentative));
    assert_eq!((&copy.location, &copy.body, &copy.uid), (&own.location, &own.body, &own.uid));
    assert_eq!(copy.clean_global_object_id(), own.clean_global_object_id());
    assert_eq!(copy.extended_properties.len(), 1, "our stamp stays with the organizer");
    let inbox = site.as_user("bob").inbox().await;
    let [Item::MeetingRequest(request)] = inbox.as_slice() else { panic!("no request") };
    assert_eq!(request.item_class.as_deref(), Some("IPM.Schedule.Meeting.Request"));
    assert_eq!(kinds(&site, BOB), [MailKind::Request]);
}

#[tokio::test(start_paused = true)]
async fn a_view_never_shows_bodies_or_addresses() {
    let site = Site::start().await;
    invited(&site).await;
    let found = site.as_user("alice").view(MORNING, NIGHT).await.expect("a view");
    assert_eq!(found[0].body, None);
    assert!(found[0].required_attendees.is_empty());
    let organizer = found[0].organizer.as_ref().expect("an organizer");
    assert_eq!((organizer.name.as_deref(), &organizer.email_address), (Some("Alice Adams"), &None));
    assert!(
        site.as_user("alice").view(NIGHT, "2026-11-26T00:00:00Z").await.expect("a view").is_empty()
    );
    let too_big = site.as_user("alice").view(MORNING, "2029-01-01T00:00:00Z").await;
    assert_eq!(too_big, Err(ResponseCode::ErrorCalendarViewRangeTooBig));
}

#[tokio::test(start_paused = true)]
async fn an_update_is_one_mail_per_attendee_and_silence_is_none() {
    let site = Site::start().await;
    let id = invited(&site).await;
    let alice = site.as_user("alice");
    let silent = alice.update(&id, vec![set_location("x")], NONE).await;
    // sending the invitation changed the item after its id was read
    assert_eq!(silent, Ok(alice.get(&id).await.expect("it").item_id.expect("an id")));
    assert_eq!(copy(&site).await.location.as_deref(), Some("@webex"));
    let before = copy(&site).await;
    let updated = alice.update(&silent.expect("an id"), vec![set_location("y")], ALL).await;
    let after = copy(&site).await;
    assert_eq!(after.location.as_deref(), Some("y"));
    assert_eq!(after.item_id.as_ref().map(|id| &id.id), before.item_id.as_ref().map(|id| &id.id));
    assert_ne!(after.item_id, before.item_id);
    assert_eq!(kinds(&site, BOB), [MailKind::Request, MailKind::Update]);
    assert!(updated.is_ok());
}

#[tokio::test(start_paused = true)]
async fn answers_survive_a_new_place_but_not_a_new_time() {
    let site = Site::start().await;
    let meeting = site.simulator.create_meeting(ALICE, meeting("Plan", &[BOB])).expect("made");
    site.simulator.respond(BOB, &meeting.uid, &ResponseType::Accept).expect("accepted");
    let elsewhere = Changes { location: Some("There".to_owned()), ..Changes::default() };
    site.simulator.change_meeting(&meeting, Occasion::Whole, &elsewhere).expect("changed");
    assert_eq!(copy(&site).await.my_response_type, Some(ResponseType::Accept));
    assert_eq!(site.simulator.calendar(ALICE)[0].attendees[0].1, ResponseType::Accept);
    let (start, end) = (at("2026-11-24T12:00:00Z"), at("2026-11-24T13:00:00Z"));
    site.simulator.move_meeting(&meeting, Occasion::Whole, start, end).expect("moved");
    let copy = copy(&site).await;
    assert_eq!(copy.my_response_type, Some(ResponseType::NoResponseReceived));
    assert_eq!(copy.start, Some(start.into()));
}

#[tokio::test(start_paused = true)]
async fn accepting_the_request_removes_it_and_tells_the_organizer() {
    let site = Site::start().await;
    let id = invited(&site).await;
    let bob = site.as_user("bob");
    let request = bob.inbox().await[0].item_id().expect("an id").clone();
    let accept = NewItem::AcceptItem(Box::new(ResponseObject::to(request)));
    bob.respond(accept).await.expect("accepted");
    assert!(bob.inbox().await.is_empty());
    assert_eq!(copy(&site).await.my_response_type, Some(ResponseType::Accept));
    let own = site.as_user("alice").get(&id).await.expect("the meeting");
    assert_eq!(own.required_attendees[0].response_type, Some(ResponseType::Accept));
    assert_eq!(kinds(&site, ALICE), [MailKind::Accepted]);
    let organizer = NewItem::AcceptItem(Box::new(ResponseObject::to(id)));
    let refused = site.as_user("alice").respond(organizer).await;
    assert_eq!(refused, Err(ResponseCode::ErrorCalendarIsOrganizerForAccept));
}

#[tokio::test(start_paused = true)]
async fn declining_the_copy_moves_it_to_deleted_items() {
    let site = Site::start().await;
    invited(&site).await;
    let bob = site.as_user("bob");
    let decline = ResponseObject::to(copy(&site).await.item_id.expect("an id"));
    let decline = CreateItem::respond(NewItem::DeclineItem(Box::new(decline)));
    let items = bob.one(&decline).await.expect("declined").items;
    let moved = bob.get(items[0].item_id().expect("an id")).await.expect("there");
    assert_eq!(moved.my_response_type, Some(ResponseType::Decline));
    assert!(bob.view(MORNING, NIGHT).await.expect("a view").is_empty());
    assert_eq!(site.simulator.calendar(ALICE)[0].attendees[0].1, ResponseType::Decline);
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_meeting_is_gone_here_and_marked_there() {
    let site = Site::start().await;
    let id = invited(&site).await;
    let cancel = ews::items::Cancellation::of(id);
    let alice = site.as_user("alice");
    alice.respond(NewItem::CancelCalendarItem(Box::new(cancel))).await.expect("cancelled");
    assert!(alice.view(MORNING, NIGHT).await.expect("a view").is_empty());
    let copy = copy(&site).await;
    assert_eq!(copy.is_cancelled, Some(true));
    assert_eq!(copy.legacy_free_busy_status, Some(LegacyFreeBusy::Free));
    assert_eq!(copy.subject.as_deref(), Some("Canceled: Review"));
    let inbox = site.as_user("bob").inbox().await;
    assert!(inbox.iter().any(|item| matches!(item, Item::MeetingCancellation(_))));
    assert_eq!(kinds(&site, BOB), [MailKind::Request, MailKind::Cancellation]);
    let delete = DeleteItem {
        delete_type: DeleteType::HardDelete,
        send_meeting_cancellations: Some(SendMeetingInvitations::SendToNone),
        affected_task_occurrences: None,
        suppress_read_receipts: None,
        item_ids: vec![copy.item_id.clone().expect("an id").into()],
    };
    site.as_user("bob").one(&delete).await.expect("deleted");
    let gone = site.as_user("bob").get(&copy.item_id.expect("an id")).await;
    assert_eq!(gone.map(drop), Err(ResponseCode::ErrorItemNotFound));
}

#[tokio::test(start_paused = true)]
async fn a_room_takes_what_is_free() {
    let site = Site::start().await;
    let response = |subject: &str| {
        let entries = site.simulator.calendar(ALICE);
        let entry = entries.iter().find(|entry| entry.subject == subject).expect("it");
        entry.attendees[0].1.clone()
    };
    for (subject, expected) in [("First", ResponseType::Accept), ("Second", ResponseType::Decline)]
    {
        let mut wish = meeting(subject, &[]);
        wish.resources = vec![ROOM.to_owned()];
        site.simulator.create_meeting(ALICE, wish).expect("made");
        assert_eq!(response(subject), expected);
    }
    assert_eq!(site.simulator.calendar(ROOM).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn writes_need_the_change_key_that_was_read() {
    let site = Site::start().await;
    let alice = site.as_user("alice");
    let id = alice.create(review(&[]), SendMeetingInvitations::SendToNone).await;
    let newer = alice.update(&id, vec![set_location("a")], NONE).await.expect("updated");
    let stale = alice.update(&id, vec![set_location("b")], NONE).await;
    assert_eq!(stale, Err(ResponseCode::ErrorIrresolvableConflict));
    let missing = ItemId { change_key: None, ..newer.clone() };
    let missing = alice.update(&missing, vec![set_location("b")], NONE).await;
    assert_eq!(missing, Err(ResponseCode::ErrorChangeKeyRequiredForWriteOperations));
    let auto = ConflictResolution::AutoResolve;
    let update = UpdateItem::of_calendar_item(id.clone(), vec![set_location("c")], auto, NONE);
    assert!(alice.one(&update).await.is_ok());
    let untold = UpdateItem { send_meeting_invitations_or_cancellations: None, ..update };
    let required = ResponseCode::ErrorSendMeetingInvitationsOrCancellationsRequired;
    assert_eq!(alice.one(&untold).await, Err(required));
    let backwards = CalendarItem { end: Some(at(MORNING).into()), ..CalendarItem::default() };
    let backwards = FieldChange::set(ews::field::END, backwards);
    let current = alice.get(&id).await.expect("it").item_id.expect("an id");
    let refused = alice.update(&current, vec![backwards], NONE).await;
    assert_eq!(refused, Err(ResponseCode::ErrorCalendarEndDateIsEarlierThanStartDate));
}

#[tokio::test(start_paused = true)]
async fn an_attendees_own_change_stays_with_the_attendee() {
    let site = Site::start().await;
    let id = invited(&site).await;
    let bobs = copy(&site).await.item_id.expect("an id");
    site.as_user("bob").update(&bobs, vec![set_location("mine")], NONE).await.expect("updated");
    let own = site.as_user("alice").get(&id).await.expect("the meeting");
    assert_eq!(own.location.as_deref(), Some("@webex"));
    let stolen = site.as_user("alice").get(&bobs).await;
    assert_eq!(stolen.map(drop), Err(ResponseCode::ErrorAccessDenied));
}

#[tokio::test(start_paused = true)]
async fn bodies_keep_their_type_and_are_converted_on_request() {
    let site = Site::start().await;
    let alice = site.as_user("alice");
    let id = alice.create(review(&[]), SendMeetingInvitations::SendToNone).await;
    let html = alice.get(&id).await.expect("it").body.expect("a body");
    assert_eq!(
        (html.body_type, html.content.as_str()),
        (BodyType::Html, "<p>Agenda &amp; more</p>")
    );
    let item_shape =
        ItemShape::of(BaseShape::IdOnly).with(ews::field::BODY).with_body_as(BodyTypeWanted::Text);
    let get = GetItem { item_shape, item_ids: vec![id.into()] };
    let text = alice.one(&get).await.expect("it").items.remove(0);
    let text = text.into_calendar_item().and_then(|item| item.body);
    assert_eq!(text, Some(Body::text("Agenda & more")));
}

#[tokio::test(start_paused = true)]
async fn batches_answer_in_order_and_fail_one_by_one() {
    let site = Site::start().await;
    let alice = site.as_user("alice");
    let id = alice.create(review(&[]), SendMeetingInvitations::SendToNone).await;
    let junk = ItemId::new("AAAA", "x");
    let item_ids = vec![junk.into(), id.into()];
    let get = GetItem { item_shape: ItemShape::id_only(), item_ids };
    let results = alice.ask(&get).await;
    assert_eq!(
        results[0].as_ref().map_err(|e| &e.code),
        Err(&ResponseCode::ErrorInvalidIdMalformed)
    );
    assert!(results[1].is_ok());
    let unsaid = CreateItem {
        send_meeting_invitations: None,
        ..CreateItem::in_calendar(
            ews::ids::DistinguishedFolderName::Calendar,
            review(&[]),
            SendMeetingInvitations::SendToNone,
        )
    };
    let required = ResponseCode::ErrorSendMeetingInvitationsRequired;
    assert_eq!(alice.one(&unsaid).await, Err(required));
}
