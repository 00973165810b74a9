//! The event stream in virtual time.

use std::time::Duration;

use protocol::{feed::EventData, routes};

use super::{TestCloud, meeting::meeting};

const ANN: &str = "ann@example.com";

#[tokio::test(start_paused = true)]
async fn changes_are_told_as_they_happen() {
    let cloud = TestCloud::start().await;
    let mut connector = cloud.connector().await;
    let ann = cloud.person(ANN);
    let mut stream = ann.watch(None).await;
    connector.puts(ANN, &[meeting("a", 1, "12:00"), meeting("b", 1, "12:00")]).await;
    connector.puts("bob@example.com", &[meeting("c", 1, "12:00")]).await;
    assert_eq!(stream.told().await, "1-1 create a");
    assert_eq!(stream.told().await, "1-2 create b");
    connector.puts(ANN, &[meeting("a", 2, "13:00")]).await;
    connector.deletes(ANN, "b").await;
    assert_eq!(stream.told().await, "1-3 update a");
    assert_eq!(stream.told().await, "1-4 delete b");
}

#[tokio::test(start_paused = true)]
async fn a_stream_goes_on_where_the_last_one_broke() {
    let cloud = TestCloud::start().await;
    let mut connector = cloud.connector().await;
    let ann = cloud.person(ANN);
    let meetings: Vec<_> = (1..=40).map(|n| meeting(&n.to_string(), 1, "12:00")).collect();
    connector.puts(ANN, &meetings).await;
    let mut last = "1-0".to_owned();
    // Each stream breaks after some events; together they tell every revision once.
    for rev in 1..=60 {
        let mut stream = ann.watch(Some(&last)).await;
        if rev == 20 {
            connector
                .puts(
                    ANN,
                    &(41..=60).map(|n| meeting(&n.to_string(), 1, "12:00")).collect::<Vec<_>>(),
                )
                .await;
        }
        last = stream.next().await.expect("an event").id.expect("a position");
        assert_eq!(last, format!("1-{rev}"));
    }
    // Commits go on while a stream catches up: no gap between the log and what is live.
    let mut stream = ann.watch(Some("1-0")).await;
    for rev in 1..=90 {
        if rev % 2 == 0 && rev <= 60 {
            connector.puts(ANN, &[meeting("busy", rev, "12:00")]).await;
        }
        let event = stream.next().await.expect("an event");
        assert_eq!(event.id, Some(format!("1-{rev}")));
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_gets_everything_and_one_who_stopped_reading_is_let_go() {
    let cloud = TestCloud::start().await;
    let mut connector = cloud.connector().await;
    let ann = cloud.person(ANN);
    let mut stream = ann.watch(Some("1-0")).await;
    for hundred in 0..5 {
        let id = |n| format!("{hundred}-{n}");
        let meetings: Vec<_> = (0..100).map(|n| meeting(&id(n), 1, "12:00")).collect();
        connector.puts(ANN, &meetings).await;
    }
    for rev in 1..=100 {
        assert_eq!(stream.next().await.expect("an event").id, Some(format!("1-{rev}")));
    }
    cloud.until("09:02").await;
    let mut last = 100;
    while let Some(event) = stream.next().await {
        last += 1;
        assert_eq!(event.id, Some(format!("1-{last}")));
    }
    assert!(last < 500);
    let mut again = ann.watch(Some(&format!("1-{last}"))).await;
    for rev in last + 1..=500 {
        assert_eq!(again.next().await.expect("an event").id, Some(format!("1-{rev}")));
    }
}

#[tokio::test(start_paused = true)]
async fn a_position_that_is_not_ours_resyncs_and_goes_on() {
    let cloud = TestCloud::start().await;
    let mut connector = cloud.connector().await;
    connector.puts(ANN, &[meeting("a", 1, "12:00")]).await;
    let ann = cloud.person(ANN);
    for since in ["1-9", "7-1", "canary"] {
        let mut stream = ann.watch(Some(since)).await;
        assert_eq!(stream.told().await, "- resync 1-1", "{since}");
    }
    cloud.store().raise_incarnation().await.expect("an answer");
    let mut stream = ann.watch(Some("1-1")).await;
    assert_eq!(stream.told().await, "- resync 2-1");
    connector.puts(ANN, &[meeting("b", 1, "12:00")]).await;
    assert_eq!(stream.told().await, "2-2 create b");
}

#[tokio::test(start_paused = true)]
async fn the_join_button_comes_five_minutes_before_and_goes_at_the_end() {
    let cloud = TestCloud::start().await;
    let mut nothing_to_join = meeting("dull", 1, "10:00");
    nothing_to_join.meeting_join_info = None;
    let meetings = [meeting("plan", 1, "10:00"), nothing_to_join];
    cloud.connector().await.puts(ANN, &meetings).await;
    let ann = cloud.person_for(ANN, Duration::from_secs(4 * 3600));
    let mut stream = ann.watch(None).await;
    assert_eq!(stream.told().await, "- shown plan");
    assert_eq!(cloud.now().to_string().get(..19), Some("2026-11-24T09:55:00"));
    let shown = ann.get(&format!("{}?state=shown", routes::JOIN_BUTTONS)).await.json;
    assert_eq!(shown["items"][0]["meetingId"], "plan");
    assert_eq!(shown["items"][0]["disappearsAt"], "2026-11-24T10:30:00Z");
    assert_eq!(stream.told().await, "- gone plan");
    assert_eq!(cloud.now().to_string().get(..19), Some("2026-11-24T10:30:00"));
    let shown = ann.get(routes::JOIN_BUTTONS).await.json;
    assert_eq!(shown["items"], serde_json::json!([]));
}

#[tokio::test(start_paused = true)]
async fn the_join_button_follows_its_meeting() {
    let cloud = TestCloud::start().await;
    let mut connector = cloud.connector().await;
    let ann = cloud.person(ANN);
    connector.puts(ANN, &[meeting("plan", 1, "09:02")]).await;
    let mut stream = ann.watch(None).await;
    assert_eq!(stream.told().await, "- shown plan", "told at once to who comes late");
    connector.puts(ANN, &[meeting("plan", 2, "09:20")]).await;
    assert_eq!(stream.told().await, "1-2 update plan");
    assert_eq!(stream.told().await, "- gone plan");
    let event = stream.next().await.expect("an event");
    let EventData::JoinButton { button } = event.data else { panic!("a button") };
    assert_eq!((button.generation, button.appears_at), (2, super::meeting::at("09:15")));
    connector.deletes(ANN, "plan").await;
    assert_eq!(stream.told().await, "1-3 delete plan");
    assert_eq!(stream.told().await, "- gone plan");
}

#[tokio::test(start_paused = true)]
async fn a_stream_says_when_its_token_ends_and_ends_with_it() {
    let cloud = TestCloud::start().await;
    let ann = cloud.person_for(ANN, Duration::from_secs(300));
    let mut stream = ann.watch(None).await;
    let event = stream.next().await.expect("an event");
    let EventData::Reauth { expires_at } = event.data else { panic!("a warning") };
    assert_eq!(expires_at, super::meeting::at("09:05"));
    assert_eq!(cloud.now().to_string().get(..19), Some("2026-11-24T09:04:00"));
    assert!(stream.next().await.is_none());
    assert_eq!(cloud.now().to_string().get(..19), Some("2026-11-24T09:05:00"));
}

#[tokio::test(start_paused = true)]
async fn a_quiet_stream_shows_that_it_lives() {
    let cloud = TestCloud::start().await;
    let mut stream = cloud.person(ANN).watch(None).await;
    let retry = stream.block().await.expect("a block");
    let retry: u64 = retry.strip_prefix("retry: ").expect("a wait").parse().expect("a number");
    assert!((1000..=5000).contains(&retry));
    let before = cloud.now();
    assert_eq!(stream.block().await.as_deref(), Some(": ping"));
    assert_eq!(cloud.now().duration_since(before).as_secs(), 15);
}

#[tokio::test(start_paused = true)]
async fn streams_end_with_the_cloud() {
    let mut cloud = TestCloud::start().await;
    let mut stream = cloud.person(ANN).watch(None).await;
    cloud.stopper.stop();
    assert!(stream.next().await.is_none());
    cloud.running.take().expect("running").ended().await;
}
