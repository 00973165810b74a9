//! Meetings that are copied, passed on, or come to others in pieces.

use ews::items::Body;
use exchange_sim::Delivery;

use super::story::{Story, meeting, settings};
use crate::site::{ALICE, BLUE_ROOM, BOB, CAROL, Site};

#[tokio::test(start_paused = true)]
async fn a_copied_meeting_gets_a_room_of_its_own() {
    let story = Story::begins("@meet").await;
    let link = story.is_joinable_at("meet.example.com").await;
    let (start, end) = (story.site.in_minutes(600), story.site.in_minutes(630));
    let copy = story.site.exchange.copy_meeting(&story.meeting, start, end, true).expect("copied");
    story.settles().await;
    let calendar = story.site.exchange.calendar(ALICE);
    let copy = calendar.iter().find(|entry| entry.meeting.uid == copy.uid).expect("a copy");
    assert!(!copy.body.content.contains(&link), "not the link it was copied with");
    let place = copy.location.as_ref().expect("a place");
    assert_eq!(place.matches("https://meet.example.com/").count(), 1, "{place}");
    assert!(!place.contains(&link));
    assert_eq!(copy.body.content.matches("Join the online meeting").count(), 1);
    assert_eq!(story.mails(BOB), 4, "two for each meeting");
}

#[tokio::test(start_paused = true)]
async fn a_copied_draft_gets_its_room_silently() {
    let story = Story::begins("@meet").await;
    let (start, end) = (story.site.in_minutes(600), story.site.in_minutes(630));
    story.site.exchange.copy_meeting(&story.meeting, start, end, false).expect("copied");
    story.settles().await;
    let list = story.site.list(ALICE).await;
    let links: std::collections::BTreeSet<_> =
        list.iter().map(|m| m.join_url.as_ref().and_then(|l| l.text())).collect();
    assert_eq!((list.len(), links.len()), (2, 2));
    assert_eq!(story.mails(BOB), 2);
}

#[tokio::test(start_paused = true)]
async fn somebody_who_got_it_forwarded_can_join_and_nothing_is_written_twice() {
    let story = Story::begins("@meet").await;
    story.site.exchange.forward(BOB, &story.meeting.uid, CAROL).expect("forwarded");
    story.settles().await;
    assert_eq!(story.link(CAROL).await, story.link(ALICE).await);
    assert_eq!((story.mails(BOB), story.mails(CAROL)), (2, 1));
    assert_eq!(story.blocks(CAROL), 1);
}

#[tokio::test(start_paused = true)]
async fn a_room_whose_invitations_lose_their_text_asks_the_organizers_copy() {
    let site = Site::start_with(settings()).await;
    site.exchange.set_delivery(BLUE_ROOM, Delivery::WithoutBody).expect("a room");
    let mut invitation = meeting(&site, "Blue room");
    let zoom = "https://zoom.us/j/91234567890";
    invitation.body = Some(Body::html(format!("<p><a href=\"{zoom}\">Zoom</a></p>")));
    invitation.resources = vec![BLUE_ROOM.into()];
    let story = Story::of(site, invitation).await;
    assert_eq!(story.body(BLUE_ROOM), "", "as the room has it");
    assert_eq!(story.link(BLUE_ROOM).await.as_deref(), Some(zoom));
    assert_eq!((story.mails(BOB), story.mails(BLUE_ROOM)), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_link_that_lets_in_as_the_organizer_is_not_passed_on_to_a_room() {
    let site = Site::start_with(settings()).await;
    site.exchange.set_delivery(BLUE_ROOM, Delivery::WithoutBody).expect("a room");
    let mut invitation = meeting(&site, "Blue room");
    let personal = "https://zoom.us/w/93456789012?tk=AbCdEfGhIjKlMnOp";
    invitation.body = Some(Body::html(format!("<p><a href=\"{personal}\">Zoom</a></p>")));
    invitation.resources = vec![BLUE_ROOM.into()];
    let story = Story::of(site, invitation).await;
    assert_eq!(story.link(ALICE).await.as_deref(), Some(personal), "whose link it is");
    assert_eq!(story.link(BLUE_ROOM).await, None);
    assert_eq!(story.mails(BOB), 1);
}

#[tokio::test(start_paused = true)]
async fn a_gateway_that_hides_links_is_answered_by_the_organizers_copy() {
    let site = Site::start_with(settings()).await;
    site.exchange.set_delivery(BOB, Delivery::LinksRewritten).expect("a mailbox");
    let mut invitation = meeting(&site, "Room 4");
    let zoom = "https://zoom.us/j/91234567890";
    invitation.body = Some(Body::html(format!("<p><a href=\"{zoom}\">Zoom</a></p>")));
    let story = Story::of(site, invitation).await;
    assert!(story.body(BOB).contains("mimecast"));
    assert_eq!(story.link(BOB).await.as_deref(), Some(zoom));
    assert_eq!(story.mails(BOB), 1);
}

#[tokio::test(start_paused = true)]
async fn what_a_gateway_hid_stays_hidden_if_the_organizer_is_not_ours() {
    let mut settings = settings();
    settings.mailboxes.retain(|address| address != ALICE);
    let site = Site::start_with(settings).await;
    site.exchange.set_delivery(BOB, Delivery::LinksRewritten).expect("a mailbox");
    let mut invitation = meeting(&site, "Room 4");
    invitation.body = Some(Body::html("<a href=\"https://zoom.us/j/91234567890\">Zoom</a>"));
    let story = Story::of(site, invitation).await;
    assert_eq!((story.link(BOB).await, story.mails(BOB)), (None, 1));
}

#[tokio::test(start_paused = true)]
async fn our_own_link_survives_a_gateway_in_the_place() {
    let site = Site::start_with(settings()).await;
    site.exchange.set_delivery(BOB, Delivery::LinksRewritten).expect("a mailbox");
    let invitation = meeting(&site, "@meet");
    let story = Story::of(site, invitation).await;
    assert_eq!(story.link(BOB).await, story.link(ALICE).await);
    assert!(story.link(BOB).await.is_some());
    assert_eq!(story.mails(BOB), 2);
}
