//! A meeting that has its details changes.

use ews::items::Body;
use exchange_sim::{Changes, Occasion};

use super::story::{Story, body, place};
use crate::site::{ALICE, BOB};

#[tokio::test(start_paused = true)]
async fn another_keyword_replaces_the_block_with_one_update() {
    let story = Story::begins("Room 4; @meet").await;
    let first = story.is_joinable_at("meet.example.com").await;
    let edited = story.place(ALICE).replace("@meet", "@video");
    story.alice_changes(&place(&edited)).await;
    story.is_joinable_at("video.example.com").await;
    for whose in [ALICE, BOB] {
        assert!(!story.body(whose).contains(&first) && !story.place(whose).contains(&first));
    }
    assert_eq!(story.mails(BOB), 4, "invitation, link, Alice's change, the other link");
}

#[tokio::test(start_paused = true)]
async fn another_place_with_the_same_keyword_changes_nothing_of_ours() {
    let story = Story::begins("Room 4; @meet").await;
    let link = story.is_joinable_at("meet.example.com").await;
    story.alice_changes(&place("Room 5; @meet")).await;
    assert_eq!(story.link(BOB).await, Some(link), "by the block");
    assert_eq!(story.place(ALICE), "Room 5; @meet", "what was typed is left alone");
    assert_eq!(story.mails(BOB), 3, "none of ours");
}

#[tokio::test(start_paused = true)]
async fn a_moved_meeting_keeps_its_link_and_we_send_no_mail() {
    let story = Story::begins("@meet").await;
    let link = story.is_joinable_at("meet.example.com").await;
    let (start, end) = (story.site.in_minutes(300), story.site.in_minutes(330));
    let moved = story.site.exchange.move_meeting(&story.meeting, Occasion::Whole, start, end);
    moved.expect("moved");
    story.settles().await;
    assert_eq!(story.is_joinable_at("meet.example.com").await, link);
    assert_eq!(story.mails(BOB), 3, "invitation, link, Alice's own");
}

#[tokio::test(start_paused = true)]
async fn another_title_changes_nothing_of_ours() {
    let story = Story::begins("@meet").await;
    let subject = Some("Plan B".to_owned());
    story.alice_changes(&Changes { subject, ..Changes::default() }).await;
    assert!(story.site.until_joinable(BOB, "Plan B").await.contains("meet.example.com"));
    assert_eq!(story.mails(BOB), 3);
}

#[tokio::test(start_paused = true)]
async fn an_agenda_written_above_the_block_leaves_it_alone() {
    let story = Story::begins("@meet").await;
    let with = story.body(ALICE).replace("<p>Agenda</p>", "<p>Agenda</p><p>1. Budget</p>");
    story.alice_changes(&body(Body::html(with))).await;
    story.is_joinable_at("meet.example.com").await;
    assert!(story.body(BOB).contains("1. Budget"));
    assert_eq!(story.mails(BOB), 3);
}

#[tokio::test(start_paused = true)]
async fn a_block_edited_by_hand_is_left_alone_and_the_organizer_is_told() {
    let story = Story::begins("@meet").await;
    let edited = story.body(ALICE).replace("Join the online meeting", "Dial in at five to");
    story.alice_changes(&body(Body::html(edited.clone()))).await;
    assert_eq!(story.body(ALICE), edited);
    assert_eq!(story.notes(ALICE).await, ["edited-by-hand"]);
    assert!(story.link(BOB).await.is_some(), "the link is still in it");
    assert_eq!(story.mails(BOB), 3);
}

#[tokio::test(start_paused = true)]
async fn a_block_deleted_by_hand_is_not_put_in_again() {
    let story = Story::begins("@meet").await;
    let without = "<html><body><p>No links please</p></body></html>";
    let location = Some("@meet".to_owned());
    let changes = Changes { location, ..body(Body::html(without)) };
    story.alice_changes(&changes).await;
    assert_eq!((story.body(ALICE).as_str(), story.blocks(ALICE)), (without, 0));
    assert_eq!(story.notes(ALICE).await, ["edited-by-hand"]);
    assert_eq!(story.link(BOB).await, None);
    assert_eq!(story.mails(BOB), 3);
}

#[tokio::test(start_paused = true)]
async fn a_link_deleted_from_the_place_stays_out_and_the_block_is_joined() {
    let story = Story::begins("Room 4; @meet").await;
    let link = story.link(ALICE).await;
    story.alice_changes(&place("Room 4; @meet")).await;
    assert_eq!(story.place(ALICE), "Room 4; @meet");
    assert_eq!(story.link(BOB).await, link);
    assert_eq!(story.mails(BOB), 3);
}

#[tokio::test(start_paused = true)]
async fn a_keyword_changed_after_an_edit_by_hand_changes_nothing() {
    let story = Story::begins("@meet").await;
    let edited = story.body(ALICE).replace("Join the online meeting", "See you");
    story.alice_changes(&body(Body::html(edited.clone()))).await;
    story.alice_changes(&place("@video")).await;
    assert_eq!(story.body(ALICE), edited);
    assert_eq!(story.notes(ALICE).await, ["edited-by-hand"]);
    assert_eq!(story.mails(BOB), 4);
}

#[tokio::test(start_paused = true)]
async fn a_restart_writes_nothing() {
    let mut story = Story::begins("@meet").await;
    story.site.kill_connector().await;
    story.site.start_connector();
    story.settles().await;
    story.is_joinable_at("meet.example.com").await;
    assert_eq!(story.mails(BOB), 2);
}
