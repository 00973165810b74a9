//! Bodies as people's programs make them.

use ews::items::{Body, BodyType};

use super::story::{Story, place, settings};
use crate::site::{ALICE, BOB};

async fn with_body(body: Body) -> Story {
    Story::begins_with(settings(), |meeting| {
        meeting.location = Some("@meet".into());
        meeting.body = Some(body);
    })
    .await
}

/// In and out again, and everything is as it was.
async fn comes_and_goes(body: Body) {
    let text = body.content.clone();
    let story = with_body(body).await;
    story.is_joinable_at("meet.example.com").await;
    assert_eq!(story.mails(BOB), 2);
    story.alice_changes(&place("Room 4")).await;
    assert_eq!(story.body(ALICE), text);
    assert_eq!(story.mails(BOB), 4);
}

#[tokio::test(start_paused = true)]
async fn plain_text() {
    comes_and_goes(Body::text("Agenda\r\n1. Budget")).await;
}

#[tokio::test(start_paused = true)]
async fn text_with_marks_of_its_own() {
    comes_and_goes(Body::text("~~~~~~~~ mine ~~~~~~~~\r\n<b>no html</b> & so on\r\n\r\n")).await;
}

#[tokio::test(start_paused = true)]
async fn an_empty_body() {
    comes_and_goes(Body::text("")).await;
}

#[tokio::test(start_paused = true)]
async fn html_without_an_end_tag() {
    comes_and_goes(Body::html("<html><body><p>Agenda<p>Budget")).await;
}

#[tokio::test(start_paused = true)]
async fn html_that_is_broken() {
    comes_and_goes(Body::html("<div><b>Agenda</div></p></b> < 3 > 2 <![if !x]> &nbsp")).await;
}

#[tokio::test(start_paused = true)]
async fn html_in_capital_letters_with_a_comment_behind() {
    comes_and_goes(Body::html("<HTML><BODY>Agenda</BODY></HTML><!-- x -->")).await;
}

#[tokio::test(start_paused = true)]
async fn a_body_in_a_language_with_letters_of_its_own() {
    comes_and_goes(Body::html("<body>議題 – Größe – повестка дня 🙂</body>")).await;
}

#[tokio::test(start_paused = true)]
async fn words_own_html_of_nearly_a_megabyte() {
    let paragraph = "<p class=\"MsoNormal\"><span lang=\"EN-US\">Agenda<o:p></o:p></span></p>\r\n";
    let body = format!("<html><body>{}</body></html>", paragraph.repeat(12_000));
    assert!((800_000..1024 * 1024).contains(&body.len()), "{}", body.len());
    comes_and_goes(Body::html(body)).await;
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_too_large_is_left_alone_and_told() {
    let body = format!("<html><body>{}</body></html>", "<p>Agenda</p>".repeat(100_000));
    let story = with_body(Body::html(body.clone())).await;
    assert_eq!(story.body(ALICE), body);
    assert_eq!(story.notes(ALICE).await, ["body-too-large"]);
    assert_eq!(story.mails(BOB), 1);
}

#[tokio::test(start_paused = true)]
async fn a_block_of_another_meeting_that_was_pasted_stays() {
    let first = Story::begins("@video").await;
    let pasted = first.body(ALICE);
    let story = with_body(Body::html(pasted.clone())).await;
    assert_eq!(story.blocks(ALICE), 2);
    assert!(story.link(BOB).await.is_some_and(|link| link.contains("meet.example.com")));
    story.alice_changes(&place("Room 4")).await;
    assert_eq!(story.body(ALICE), pasted);
    assert_eq!(story.mails(BOB), 4);
}

#[tokio::test(start_paused = true)]
async fn html_stays_html_and_text_stays_text() {
    for body in [Body::html("<p>x</p>"), Body::text("x")] {
        let story = with_body(body.clone()).await;
        let written = story.site.entry(BOB, "Plan").body;
        assert_eq!(written.body_type, body.body_type);
        assert_eq!(written.content.contains("<a href"), body.body_type == BodyType::Html);
        assert_eq!(story.mails(BOB), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn a_place_without_room_for_the_link_leaves_it_to_the_body() {
    let long = format!("{} @meet", "x".repeat(240));
    let story = Story::begins(&long).await;
    assert_eq!(story.place(ALICE), long);
    assert!(story.link(BOB).await.is_some());
    assert_eq!((story.blocks(BOB), story.mails(BOB)), (1, 2));
}
