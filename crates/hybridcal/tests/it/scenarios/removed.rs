//! A keyword goes, or the meeting does.

use ews::items::Body;
use exchange_sim::{Changes, MailKind, Occasion};

use super::story::{AGENDA, Story, body, place, settings};
use crate::site::{ALICE, BOB};

#[tokio::test(start_paused = true)]
async fn a_keyword_taken_out_takes_everything_with_it_in_one_update() {
    let story = Story::begins("Room 4; @meet").await;
    let without = story.place(ALICE).replace("; @meet", "");
    story.alice_changes(&place(&without)).await;
    story.is_without_trace().await;
    assert_eq!((story.place(BOB).as_str(), story.body(BOB).as_str()), ("Room 4", AGENDA));
    assert_eq!(story.mails(BOB), 4, "invitation, link, Alice's change, and that it is gone");
}

#[tokio::test(start_paused = true)]
async fn another_place_without_a_keyword_takes_the_block_out() {
    let story = Story::begins("@meet").await;
    story.alice_changes(&place("Berlin, third floor")).await;
    story.is_without_trace().await;
    assert_eq!(story.body(ALICE), AGENDA);
    assert_eq!(story.mails(BOB), 4);
}

#[tokio::test(start_paused = true)]
async fn plain_text_comes_back_byte_for_byte() {
    let text = "Tagesordnung:\r\n\r\n1. Größe & <Maß>\r\n";
    let story = Story::begins_with(settings(), |meeting| {
        meeting.location = Some("@meet".into());
        meeting.body = Some(Body::text(text));
    })
    .await;
    story.is_joinable_at("meet.example.com").await;
    story.alice_changes(&place("Room 4")).await;
    assert_eq!(story.body(ALICE), text);
    assert_eq!(story.mails(BOB), 4);
}

#[tokio::test(start_paused = true)]
async fn from_a_draft_it_goes_without_any_mail() {
    let story = Story::begins_with(settings(), |meeting| {
        meeting.location = Some("@meet".into());
        meeting.is_sent = false;
    })
    .await;
    story.alice_changes_silently(&place("Room 4")).await;
    assert_eq!((story.blocks(ALICE), story.body(ALICE).as_str()), (0, AGENDA));
    assert_eq!(story.mails(BOB), 0);
}

#[tokio::test(start_paused = true)]
async fn it_may_come_back_and_is_the_same_room() {
    let story = Story::begins("@meet").await;
    let link = story.is_joinable_at("meet.example.com").await;
    story.alice_changes(&place("Room 4")).await;
    story.alice_changes(&place("@meet")).await;
    assert_eq!(story.is_joinable_at("meet.example.com").await, link);
    assert_eq!(story.mails(BOB), 6, "each change of Alice's and one answer of ours");
}

#[tokio::test(start_paused = true)]
async fn an_edited_block_stays_when_its_keyword_goes() {
    let story = Story::begins("@meet").await;
    let edited = story.body(ALICE).replace("Join the online meeting", "See you");
    story.alice_changes(&body(Body::html(edited.clone()))).await;
    story.alice_changes(&place("Room 4")).await;
    assert_eq!(story.body(ALICE), edited);
    assert_eq!(story.notes(ALICE).await, ["edited-by-hand"]);
    assert_eq!(story.mails(BOB), 4, "none of ours");
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_meeting_leaves_every_list_and_we_send_no_mail() {
    let story = Story::begins("@meet").await;
    story.site.exchange.cancel(&story.meeting, Occasion::Whole).expect("cancelled");
    story.settles().await;
    for whose in [ALICE, BOB] {
        assert!(story.site.list(whose).await.is_empty());
    }
    assert_eq!(story.site.mails(BOB, MailKind::Cancellation), 1);
    assert_eq!(story.mails(BOB), 3);
}

#[tokio::test(start_paused = true)]
async fn a_meeting_deleted_without_telling_is_gone_from_the_list() {
    let story = Story::begins("@meet").await;
    story.site.exchange.delete(&story.meeting, Occasion::Whole).expect("deleted");
    story.settles().await;
    assert!(story.site.list(ALICE).await.is_empty());
    assert_eq!(story.mails(BOB), 2);
}

#[tokio::test(start_paused = true)]
async fn far_ahead_it_is_taken_out_too() {
    let story = Story::begins_with(settings(), |meeting| {
        let year = jiff::SignedDuration::from_hours(24 * 300);
        (meeting.start, meeting.end) = (meeting.start + year, meeting.end + year);
        meeting.location = Some("@meet".into());
    })
    .await;
    story.alice_changes(&place("Room 4")).await;
    assert_eq!((story.blocks(ALICE), story.blocks(BOB), story.mails(BOB)), (0, 0, 4));
}

#[tokio::test(start_paused = true)]
async fn it_goes_also_if_that_happened_while_nobody_looked() {
    let mut story = Story::begins("@meet").await;
    story.site.kill_connector().await;
    story.alice_changes(&place("Room 4")).await;
    story.site.start_connector();
    story.settles().await;
    story.is_without_trace().await;
    assert_eq!(story.mails(BOB), 4);
}

#[tokio::test(start_paused = true)]
async fn one_that_is_over_keeps_what_was_written() {
    let story = Story::begins("@meet").await;
    story.site.until(story.site.in_minutes(120)).await;
    story.alice_changes(&Changes { location: Some("Room 4".into()), ..Changes::default() }).await;
    assert_eq!((story.blocks(ALICE), story.mails(BOB)), (1, 3));
}

#[tokio::test(start_paused = true)]
async fn an_administrator_takes_it_out_and_nobody_hears_of_it() {
    let story = Story::begins("@meet").await;
    let alice = protocol::ids::MailboxAddress::new(ALICE).expect("an address");
    let config = crate::site::connector_config(&story.site.settings);
    let world = story.site.memory.host("administrator");
    let undo = connector::undo::Undo::new(config, world).expect("usable");
    let rehearsed = undo.mailbox(&alice, true).await.expect("counted");
    assert_eq!((rehearsed.found, rehearsed.written, story.blocks(ALICE)), (1, 0, 1));
    let undone = undo.mailbox(&alice, false).await.expect("undone");
    assert_eq!((undone.found, undone.written, undone.left), (1, 1, 0));
    story.settles().await;
    assert_eq!((story.body(ALICE).as_str(), story.place(ALICE).as_str()), (AGENDA, "@meet"));
    assert_eq!(story.notes(ALICE).await, ["edited-by-hand"], "and it stays out");
    assert_eq!(undo.mailbox(&alice, false).await.expect("nothing").found, 0);
    assert_eq!(story.mails(BOB), 2);
}
