//! Streams at work: renewed without a gap, fair to everybody, and nobody needs what is remembered
//! in memory.

use std::time::Duration;

use exchange_sim::{NewMeeting, Occasion};
use jiff::SignedDuration;

use crate::site::{ALICE, BOB, CAROL, Settings, Site};

fn meeting(site: &Site, subject: &str) -> NewMeeting {
    let start = site.in_minutes(600);
    NewMeeting {
        required: vec![BOB.into()],
        location: Some("@meet".into()),
        ..NewMeeting::new(subject, start, start + SignedDuration::from_mins(30))
    }
}

/// Everybody is followed, and nothing is left to do.
async fn at_rest(site: &Site) {
    site.invite(ALICE, meeting(site, "First"));
    site.until_joinable(BOB, "First").await;
    site.pass(Duration::from_secs(60)).await;
}

#[tokio::test(start_paused = true)]
async fn a_stream_is_renewed_without_anybody_reading_anew() {
    let site = Site::start().await;
    at_rest(&site).await;
    let (read, opened) =
        (site.exchange.requests("FindItem"), site.exchange.requests("GetStreamingEvents"));
    site.pass(Duration::from_mins(35)).await;
    assert!(site.exchange.requests("GetStreamingEvents") > opened, "renewed");
    assert_eq!(site.exchange.requests("FindItem"), read, "and nothing missed");
    site.invite(ALICE, meeting(&site, "Second"));
    let before = site.now();
    site.until_joinable(BOB, "Second").await;
    assert!(site.now().duration_since(before) < SignedDuration::from_secs(5));
}

#[tokio::test(start_paused = true)]
async fn a_broken_stream_makes_everybody_read_anew() {
    let site = Site::start().await;
    at_rest(&site).await;
    let read = site.exchange.requests("FindItem");
    site.exchange.cut_streams();
    site.pass(Duration::from_mins(1)).await;
    let followed = u64::try_from(site.settings.mailboxes.len()).expect("few");
    assert_eq!(site.exchange.requests("FindItem"), read + followed);
}

#[tokio::test(start_paused = true)]
async fn a_noisy_calendar_starves_nobody_and_is_looked_at_once_a_second() {
    let site = Site::start().await;
    at_rest(&site).await;
    let noisy = site.invite(CAROL, meeting(&site, "Noisy"));
    site.until_joinable(CAROL, "Noisy").await;
    site.pass(Duration::from_secs(10)).await;
    let before = site.exchange.requests("GetItem");
    for n in 0..200_i64 {
        let start = site.in_minutes(700 + n);
        let end = start + SignedDuration::from_mins(30);
        // Bob is invited, too: he is left out of this.
        let changes =
            exchange_sim::Changes { start: Some(start), end: Some(end), ..Default::default() };
        site.exchange.change_meeting_silently(&noisy, Occasion::Whole, &changes).expect("moved");
        if n == 100 {
            site.invite(ALICE, meeting(&site, "Quiet"));
        }
        site.pass(Duration::from_millis(50)).await;
    }
    let quiet = site.listed(ALICE, "Quiet").await.expect("listed while Carol's calendar is busy");
    assert!(quiet.join_url.is_some());
    let looked = site.exchange.requests("GetItem") - before;
    assert!((5..=25).contains(&looked), "200 changes in ten seconds: {looked} looks");
}

#[tokio::test(start_paused = true)]
async fn nothing_needs_to_be_remembered_in_memory() {
    let settings = Settings { remembered_bytes_max: Some(0), ..Settings::default() };
    let site = Site::start_with(settings).await;
    at_rest(&site).await;
    let read = site.exchange.requests("FindItem");
    site.invite(ALICE, meeting(&site, "Second"));
    site.until_joinable(BOB, "Second").await;
    assert_eq!(site.exchange.requests("FindItem"), read, "what lies in the cloud is enough");
}
