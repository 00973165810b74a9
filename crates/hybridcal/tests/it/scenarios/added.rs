//! A keyword that is there, or comes to be there.

use ews::items::Body;
use exchange_sim::{Changes, NewMeeting, Occasion};

use super::story::{Story, meeting, place, settings};
use crate::site::{ALICE, BOB, CAROL, Settings, Site};

#[tokio::test(start_paused = true)]
async fn a_keyword_from_the_start_costs_one_update() {
    let story = Story::begins("Room 4; @meet").await;
    story.is_joinable_at("meet.example.com").await;
    assert_eq!(story.mails(BOB), 2, "the invitation and the one update");
}

#[tokio::test(start_paused = true)]
async fn any_keyword_stands_for_any_conference() {
    let story = Story::begins("@video").await;
    story.is_joinable_at("video.example.com").await;
    assert_eq!(story.mails(BOB), 2);
}

#[tokio::test(start_paused = true)]
async fn a_modifier_may_lead_to_another_conference() {
    let story = Story::begins("@meet:space").await;
    story.is_joinable_at("video.example.com").await;
    assert_eq!(story.mails(BOB), 2);
}

#[tokio::test(start_paused = true)]
async fn the_leftmost_keyword_wins() {
    let story = Story::begins("@video, @meet").await;
    story.is_joinable_at("video.example.com").await;
    assert_eq!(story.mails(BOB), 2);
}

#[tokio::test(start_paused = true)]
async fn capital_letters_do_not_matter() {
    let story = Story::begins("@MEET").await;
    story.is_joinable_at("meet.example.com").await;
    assert_eq!(story.mails(BOB), 2);
}

#[tokio::test(start_paused = true)]
async fn a_mail_address_is_no_keyword() {
    let story = Story::begins("ask joe@meet.example").await;
    story.is_without_trace().await;
    assert_eq!(story.mails(BOB), 1);
}

#[tokio::test(start_paused = true)]
async fn a_longer_word_is_no_keyword() {
    let story = Story::begins("@meeting room").await;
    story.is_without_trace().await;
    assert_eq!(story.mails(BOB), 1);
}

#[tokio::test(start_paused = true)]
async fn a_keyword_that_nobody_defined_does_nothing() {
    let story = Story::begins("@zoom").await;
    story.is_without_trace().await;
    assert!(story.notes(ALICE).await.is_empty());
    assert_eq!(story.mails(BOB), 1);
}

#[tokio::test(start_paused = true)]
async fn an_unknown_modifier_is_told_to_the_organizer_alone() {
    let story = Story::begins("@meet:someday").await;
    story.is_without_trace().await;
    assert_eq!(story.notes(ALICE).await, ["unknown-modifier"]);
    assert!(story.notes(BOB).await.is_empty());
    assert_eq!(story.mails(BOB), 1);
}

#[tokio::test(start_paused = true)]
async fn a_room_that_the_service_does_not_have_is_told() {
    let story = Story::begins("@meet:myroom").await;
    story.is_without_trace().await;
    assert_eq!(story.notes(ALICE).await, ["no-such-room"]);
    assert_eq!(story.mails(BOB), 1);
}

#[tokio::test(start_paused = true)]
async fn a_modifier_that_is_corrected_works() {
    let story = Story::begins("@meet:someday").await;
    story.alice_changes(&place("@meet")).await;
    story.is_joinable_at("meet.example.com").await;
    assert!(story.notes(ALICE).await.is_empty());
    assert_eq!(story.mails(BOB), 3, "invitation, correction, link");
}

#[tokio::test(start_paused = true)]
async fn a_keyword_in_the_title_or_the_text_is_none() {
    let story = Story::begins_with(settings(), |meeting| {
        meeting.body = Some(Body::text("Let us use @meet"));
    })
    .await;
    story.is_without_trace().await;
    assert_eq!(story.mails(BOB), 1);
}

#[tokio::test(start_paused = true)]
async fn a_keyword_added_later_counts_as_from_the_start() {
    let story = Story::begins("Room 4").await;
    story.is_without_trace().await;
    story.alice_changes(&place("Room 4; @meet")).await;
    story.is_joinable_at("meet.example.com").await;
    assert_eq!(story.mails(BOB), 3, "invitation, Alice's update, ours");
}

#[tokio::test(start_paused = true)]
async fn a_keyword_added_silently_is_told_once() {
    let story = Story::begins("Room 4").await;
    story.alice_changes_silently(&place("Room 4; @meet")).await;
    story.is_joinable_at("meet.example.com").await;
    assert_eq!(story.mails(BOB), 2, "the invitation, and ours with the link");
}

#[tokio::test(start_paused = true)]
async fn a_draft_is_filled_in_and_nobody_gets_mail() {
    let story = Story::begins_with(settings(), |meeting| {
        meeting.location = Some("@meet".into());
        meeting.is_sent = false;
    })
    .await;
    assert!(story.link(ALICE).await.is_some());
    assert_eq!(story.mails(BOB), 0);
    story.alice_changes(&Changes::default()).await;
    story.is_joinable_at("meet.example.com").await;
    assert_eq!(story.mails(BOB), 1, "the invitation has the link already");
}

#[tokio::test(start_paused = true)]
async fn an_appointment_of_ones_own_gets_its_room_and_no_mail_goes_out() {
    let story = Story::begins_with(settings(), |meeting| {
        meeting.location = Some("@meet".into());
        meeting.required.clear();
    })
    .await;
    assert!(story.link(ALICE).await.is_some());
    assert_eq!(story.blocks(ALICE), 1);
    assert_eq!(story.mails(BOB), 0);
}

#[tokio::test(start_paused = true)]
async fn a_meeting_that_is_over_is_not_touched() {
    let story = Story::begins_with(settings(), |meeting| {
        let hour = jiff::SignedDuration::from_hours(3);
        (meeting.start, meeting.end) = (meeting.start - hour, meeting.end - hour);
        meeting.location = Some("@meet".into());
    })
    .await;
    assert_eq!((story.blocks(ALICE), story.mails(BOB)), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_meeting_under_way_still_gets_its_link() {
    let story = Story::begins_with(settings(), |meeting| {
        meeting.start -= jiff::SignedDuration::from_mins(75);
        meeting.location = Some("@meet".into());
    })
    .await;
    story.is_joinable_at("meet.example.com").await;
    assert_eq!(story.mails(BOB), 2);
}

#[tokio::test(start_paused = true)]
async fn far_ahead_details_are_written_at_once() {
    let story = Story::begins_with(settings(), |meeting| {
        let year = jiff::SignedDuration::from_hours(24 * 300);
        (meeting.start, meeting.end) = (meeting.start + year, meeting.end + year);
        meeting.location = Some("@meet".into());
    })
    .await;
    assert_eq!((story.blocks(ALICE), story.blocks(BOB), story.mails(BOB)), (1, 1, 2));
}

#[tokio::test(start_paused = true)]
async fn an_organizer_who_is_not_followed_is_not_written_for() {
    let mut settings = settings();
    settings.mailboxes.retain(|address| address != ALICE);
    let site = Site::start_with(settings).await;
    let invitation = meeting(&site, "@meet");
    let story = Story::of(site, invitation).await;
    assert_eq!(story.link(BOB).await, None);
    assert_eq!((story.blocks(ALICE), story.mails(BOB)), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_keyword_in_an_invitees_copy_is_ignored() {
    let story = Story::begins("Room 4").await;
    let copy = story.site.exchange.find(BOB, &story.meeting.uid).expect("a copy");
    let exchange = &story.site.exchange;
    exchange.change_meeting_silently(&copy, Occasion::Whole, &place("@meet")).expect("changed");
    story.settles().await;
    assert_eq!((story.link(BOB).await, story.blocks(BOB)), (None, 0));
    assert_eq!((story.mails(BOB), story.mails(ALICE)), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn somebody_added_later_gets_the_link_with_the_invitation() {
    let story = Story::begins("@meet").await;
    let required = Some(vec![BOB.to_owned(), CAROL.to_owned()]);
    story.alice_changes(&Changes { required, ..Changes::default() }).await;
    assert_eq!(story.link(CAROL).await, story.link(ALICE).await);
    assert_eq!(story.mails(CAROL), 1, "the invitation has it already");
    assert_eq!(story.mails(BOB), 3, "Alice told everybody");
}

#[tokio::test(start_paused = true)]
async fn a_german_calendar_is_answered_in_german() {
    let story = Story::begins_with(
        Settings {
            change_exchange: |exchange| {
                for person in &mut exchange.people {
                    person.culture = "de-DE".into();
                }
            },
            ..settings()
        },
        |meeting| meeting.location = Some("@meet".into()),
    )
    .await;
    story.is_joinable_at("meet.example.com").await;
    assert!(story.body(BOB).contains("An der Online-Besprechung teilnehmen"));
    assert_eq!(story.mails(BOB), 2);
}

#[tokio::test(start_paused = true)]
async fn a_language_that_nobody_wrote_a_block_in_gets_the_organizations() {
    let story = Story::begins_with(
        Settings {
            change_exchange: |exchange| {
                for person in &mut exchange.people {
                    person.culture = "fr-FR".into();
                }
            },
            change_config: |config| {
                config.invitation.language = Some("de".into());
                config.invitation.de.header = "Willkommen".into();
            },
            ..settings()
        },
        |meeting| meeting.location = Some("@meet".into()),
    )
    .await;
    assert!(story.body(BOB).contains("Online-Besprechung"));
    assert!(story.body(BOB).contains("<p>Willkommen</p>"));
    assert_eq!(story.mails(BOB), 2);
}

#[tokio::test(start_paused = true)]
async fn private_meetings_are_served_and_their_titles_stay_at_home() {
    let story = Story::begins_with(settings(), |meeting| {
        meeting.location = Some("@video".into());
        meeting.is_private = true;
    })
    .await;
    let link = story.is_joinable_at("video.example.com").await;
    assert!(link.ends_with("?t=Private%20meeting"), "{link}");
    assert_eq!(story.mails(BOB), 2);
}

#[tokio::test(start_paused = true)]
async fn each_organizers_meeting_has_a_room_of_its_own_also_if_a_delegate_made_it() {
    // What a delegate makes lies in the principal's calendar, and nothing in it says who made it.
    let site = Site::start_with(settings()).await;
    let first = meeting(&site, "@meet");
    let second = NewMeeting { subject: "Other".into(), ..first.clone() };
    let meeting = site.invite(ALICE, first);
    site.invite(BOB, NewMeeting { required: vec![ALICE.into()], ..second });
    let story = Story { site, meeting };
    story.settles().await;
    let link = story.is_joinable_at("meet.example.com").await;
    let other = story.site.until_joinable(ALICE, "Other").await;
    assert_ne!(link, other, "each organizer's meeting has its own room");
    assert_eq!((story.mails(BOB), story.mails(ALICE)), (2, 2));
}
