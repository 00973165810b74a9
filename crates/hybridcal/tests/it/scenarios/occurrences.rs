//! Series, and single occurrences that want it otherwise.

use ews::items::{Daily, Recurrence, RecurrencePattern, RecurrenceRange};
use exchange_sim::{Changes, Occasion};
use hybridcal::client::OpenedMeeting;

use super::story::{Story, place, settings};
use crate::site::{ALICE, BOB};

const DAYS: usize = 5;

/// On five days in a row.
async fn series(place: &str) -> Story {
    Story::begins_with(settings(), |meeting| {
        meeting.location = Some(place.to_owned());
        meeting.recurrence = Some(Recurrence {
            pattern: RecurrencePattern::Daily(Daily { interval: 1 }),
            range: RecurrenceRange::Numbered(ews::items::Numbered {
                start_date: "2026-11-24".parse().expect("a date"),
                number_of_occurrences: i32::try_from(DAYS).expect("few"),
            }),
        });
    })
    .await
}

impl Story {
    async fn alice_changes_day(&self, day: i32, changes: &Changes) {
        let exchange = &self.site.exchange;
        exchange
            .change_meeting(&self.meeting, Occasion::Occurrence(day), changes)
            .expect("changed");
        self.settles().await;
    }

    /// The links of all days, in their order.
    async fn links(&self, whose: &str) -> Vec<Option<String>> {
        let mut list: Vec<OpenedMeeting> = self.site.list(whose).await;
        list.sort_by_key(|meeting| meeting.start);
        assert_eq!(list.len(), DAYS);
        let link = |m: OpenedMeeting| m.join_url.and_then(|l| l.text().map(str::to_owned));
        list.into_iter().map(link).collect()
    }
}

/// Which link differs from the first, and what it is.
fn odd_one_out(links: &[Option<String>]) -> (usize, String) {
    let odd: Vec<_> = links.iter().enumerate().filter(|(_, link)| **link != links[0]).collect();
    assert_eq!(odd.len(), 1, "{links:?}");
    (odd[0].0, odd[0].1.clone().expect("a link"))
}

#[tokio::test(start_paused = true)]
async fn a_series_has_one_room() {
    let story = series("@meet").await;
    let links = story.links(BOB).await;
    assert!(links.iter().all(|link| link.is_some() && *link == links[0]));
    assert_eq!(story.mails(BOB), 2);
}

#[tokio::test(start_paused = true)]
async fn a_keyword_on_one_occurrence_counts_for_it_alone() {
    let story = series("Room 4").await;
    story.alice_changes_day(3, &place("Room 4; @meet")).await;
    for whose in [ALICE, BOB] {
        let links = story.links(whose).await;
        assert_eq!(links.iter().filter(|link| link.is_some()).count(), 1, "{links:?}");
        let (day, link) = odd_one_out(&links);
        assert!(day == 2 && link.starts_with("https://meet.example.com/"), "{link}");
    }
    assert_eq!(story.blocks(ALICE), 0, "the series is as it was");
    assert_eq!(story.mails(BOB), 3, "invitation, Alice's change, ours for this day");
}

#[tokio::test(start_paused = true)]
async fn another_keyword_on_one_occurrence_wins_there() {
    let story = series("@meet").await;
    story.alice_changes_day(2, &place("@video")).await;
    let links = story.links(BOB).await;
    let (day, link) = odd_one_out(&links);
    assert!(day == 1 && link.starts_with("https://video.example.com/"), "{link}");
    assert_eq!(story.mails(BOB), 4);
}

#[tokio::test(start_paused = true)]
async fn the_keyword_of_one_occurrence_goes_again() {
    let story = series("Room 4").await;
    story.alice_changes_day(3, &place("Room 4; @meet")).await;
    story.alice_changes_day(3, &place("Room 4")).await;
    assert!(story.links(BOB).await.iter().all(Option::is_none));
    assert_eq!(story.mails(BOB), 5);
}

#[tokio::test(start_paused = true)]
async fn a_moved_occurrence_keeps_the_room_of_its_series() {
    let story = series("@meet").await;
    let (start, end) = (story.site.in_minutes(24 * 60 + 300), story.site.in_minutes(24 * 60 + 330));
    let exchange = &story.site.exchange;
    exchange.move_meeting(&story.meeting, Occasion::Occurrence(2), start, end).expect("moved");
    story.settles().await;
    let links = story.links(BOB).await;
    assert!(links.iter().all(|link| link.is_some() && *link == links[0]));
    assert_eq!(story.mails(BOB), 3);
}

#[tokio::test(start_paused = true)]
async fn an_occurrence_in_another_room_keeps_the_link_of_its_series() {
    let story = series("Room 4; @meet").await;
    story.alice_changes_day(2, &place("Room 9")).await;
    let links = story.links(BOB).await;
    assert!(links.iter().all(|link| link.is_some() && *link == links[0]));
    assert_eq!(story.mails(BOB), 3, "and we write nothing");
}

#[tokio::test(start_paused = true)]
async fn a_keyword_added_to_the_series_reaches_all_its_days() {
    let story = series("Room 4").await;
    story.alice_changes(&place("Room 4; @meet")).await;
    let links = story.links(BOB).await;
    assert!(links.iter().all(|link| link.is_some() && *link == links[0]));
    assert_eq!(story.mails(BOB), 3);
}

#[tokio::test(start_paused = true)]
async fn a_keyword_on_an_occurrence_far_ahead_is_acted_upon() {
    let story = Story::begins_with(settings(), |meeting| {
        meeting.recurrence = Some(Recurrence {
            pattern: RecurrencePattern::Daily(Daily { interval: 30 }),
            range: RecurrenceRange::Numbered(ews::items::Numbered {
                start_date: "2026-11-24".parse().expect("a date"),
                number_of_occurrences: 6,
            }),
        });
    })
    .await;
    story.alice_changes_day(5, &place("@meet")).await;
    let from = story.site.in_minutes(24 * 60 * 100);
    let to = story.site.in_minutes(24 * 60 * 140);
    let far = story.site.exchange.agenda(ALICE, from, to);
    assert_eq!(far.len(), 1);
    assert!(far[0].location.as_ref().is_some_and(|place| place.contains("https://meet.")));
    assert_eq!(story.mails(BOB), 3);
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_occurrence_leaves_the_others_alone() {
    let story = series("@meet").await;
    story.site.exchange.cancel(&story.meeting, Occasion::Occurrence(2)).expect("cancelled");
    story.settles().await;
    let list = story.site.list(BOB).await;
    assert_eq!(list.len(), DAYS - 1);
    assert!(list.iter().all(|meeting| meeting.join_url.is_some()));
    assert_eq!(story.mails(BOB), 3);
}
