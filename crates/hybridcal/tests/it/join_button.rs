//! The Join button: from five minutes before the start until the end, to the second.

use exchange_sim::Occasion;
use hybridcal::client::{Notice, Watch};
use jiff::{SignedDuration, Timestamp};

use crate::{
    invitation::plan,
    site::{ALICE, BOB, Site},
};

/// The next thing a client is told about buttons, and when.
async fn next_button(site: &Site, watch: &mut Watch) -> (bool, Timestamp) {
    loop {
        match watch.next().await.expect("a notice") {
            Notice::ButtonAppeared(meeting, _) => {
                assert!(meeting.join_url.is_some(), "a button leads somewhere");
                return (true, site.now());
            }
            Notice::ButtonGone(_) => return (false, site.now()),
            Notice::Listed(_)
            | Notice::Changed(_)
            | Notice::Deleted(_)
            | Notice::Connected
            | Notice::Disconnected { .. } => {}
        }
    }
}

fn minutes(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
}

#[tokio::test(start_paused = true)]
async fn appears_five_minutes_before_and_goes_at_the_end() {
    let site = Site::start().await;
    let meeting = plan(&site);
    let (start, end) = (meeting.start, meeting.end);
    site.invite(ALICE, meeting);
    let mut watch = site.watch(BOB).await;
    assert_eq!(next_button(&site, &mut watch).await, (true, start - minutes(5)));
    assert_eq!(next_button(&site, &mut watch).await, (false, end));
}

#[tokio::test(start_paused = true)]
async fn follows_a_meeting_that_is_moved_while_it_is_shown() {
    let site = Site::start().await;
    let meeting = plan(&site);
    let start = meeting.start;
    let meeting = site.invite(ALICE, meeting);
    let mut watch = site.watch(BOB).await;
    assert_eq!(next_button(&site, &mut watch).await, (true, start - minutes(5)));
    let later = start + minutes(120);
    site.exchange
        .move_meeting(&meeting, Occasion::Whole, later, later + minutes(30))
        .expect("moved");
    let (is_shown, at) = next_button(&site, &mut watch).await;
    assert!(!is_shown && at < start, "gone within minutes of the change: {at}");
    assert_eq!(next_button(&site, &mut watch).await, (true, later - minutes(5)));
    site.exchange.cancel(&meeting, Occasion::Whole).expect("cancelled");
    let (is_shown, at) = next_button(&site, &mut watch).await;
    assert!(!is_shown && at < later, "gone within minutes of the cancellation: {at}");
}

#[tokio::test(start_paused = true)]
async fn needs_no_connection_to_come_and_go() {
    let site = Site::start().await;
    let meeting = plan(&site);
    let (start, end) = (meeting.start, meeting.end);
    site.invite(ALICE, meeting);
    site.until_joinable(BOB, "Plan").await;
    let mut watch = site.watch(BOB).await;
    while !matches!(watch.next().await.expect("a notice"), Notice::Listed(_)) {}
    site.memory.cut("laptop", "cloud");
    assert_eq!(next_button(&site, &mut watch).await, (true, start - minutes(5)));
    assert_eq!(next_button(&site, &mut watch).await, (false, end));
}
