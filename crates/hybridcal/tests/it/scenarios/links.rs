//! Links that people put there themselves, beside keywords and without.

use ews::items::Body;

use super::story::{Story, settings};
use crate::site::{ALICE, BOB};

const ZOOM: &str = "https://zoom.us/j/91234567890";
const TEAMS: &str = "https://teams.microsoft.com/meet/21234567890123?p=AbCdEfGhIjKlMnOp";

async fn with(place: &str, body: &str) -> Story {
    Story::begins_with(settings(), |meeting| {
        meeting.location = Some(place.to_owned());
        meeting.body = Some(Body::text(body));
    })
    .await
}

async fn alternatives(story: &Story, whose: &str) -> Vec<String> {
    let listed = story.listed(whose).await;
    let lines = listed.alternatives.and_then(|lines| lines.text().map(str::to_owned));
    lines.unwrap_or_default().lines().map(str::to_owned).collect()
}

#[tokio::test(start_paused = true)]
async fn a_pasted_link_is_joined_and_nothing_is_written() {
    let story = with("Room 4", ZOOM).await;
    assert_eq!(story.link(BOB).await.as_deref(), Some(ZOOM));
    assert_eq!((story.blocks(ALICE), story.mails(BOB)), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn of_two_links_the_first_is_joined_and_the_other_kept() {
    let story = with("Room 4", &format!("{ZOOM}\r\nor\r\n{TEAMS}")).await;
    assert_eq!(story.link(BOB).await.as_deref(), Some(ZOOM));
    assert_eq!(alternatives(&story, BOB).await, [TEAMS]);
    assert_eq!(story.mails(BOB), 1);
}

#[tokio::test(start_paused = true)]
async fn a_link_in_the_place_goes_before_one_in_the_text() {
    let story = with(TEAMS, ZOOM).await;
    assert_eq!(story.link(BOB).await.as_deref(), Some(TEAMS));
    assert_eq!(alternatives(&story, BOB).await, [ZOOM]);
    assert_eq!(story.mails(BOB), 1);
}

#[tokio::test(start_paused = true)]
async fn a_keyword_goes_before_a_foreign_link_which_stays() {
    let story = with("@meet", ZOOM).await;
    story.is_joinable_at("meet.example.com").await;
    assert_eq!(alternatives(&story, BOB).await, [ZOOM]);
    assert!(story.body(BOB).contains(ZOOM));
    assert_eq!(story.mails(BOB), 2);
}

#[tokio::test(start_paused = true)]
async fn a_link_of_the_same_service_means_that_nothing_is_added() {
    let own = "https://meet.example.com/standup";
    let story = with("@meet", own).await;
    assert_eq!(story.link(BOB).await.as_deref(), Some(own));
    assert_eq!(story.notes(ALICE).await, ["already-linked"]);
    assert_eq!((story.blocks(ALICE), story.mails(BOB)), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_look_alike_gives_no_button() {
    let story = with("Room 4", "https://zoom.us.evil.example/j/91234567890").await;
    assert_eq!((story.link(BOB).await, story.mails(BOB)), (None, 1));
}

#[tokio::test(start_paused = true)]
async fn why_there_is_this_button_can_be_asked() {
    let story = with("Room 4; @meet", ZOOM).await;
    let told = |m: hybridcal::client::OpenedMeeting| {
        m.explanation.and_then(|text| text.text().map(str::to_owned)).expect("an explanation")
    };
    let alice = told(story.listed(ALICE).await);
    for said in ["organizer's own copy", "@meet", "everybody invited got one update", "jitsi"] {
        assert!(alice.contains(said), "{said} is not in {alice}");
    }
    let bob = told(story.listed(BOB).await);
    assert!(bob.contains("only the organizer's copy counts"), "{bob}");
    let none = with("Room 4", "https://zoom.us.evil.example/j/91234567890").await;
    let none = told(none.listed(BOB).await);
    assert!(none.contains("There is no Join button: unlisted-host"), "{none}");
    assert_eq!(story.mails(BOB), 2);
}
