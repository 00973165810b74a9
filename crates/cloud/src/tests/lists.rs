//! The list and its catching up, as a client reads them.

use protocol::{
    feed::{Changes, MeetingList},
    routes,
};
use serde_json::json;

use super::{TestCloud, meeting::meeting, people::Person};

const ANN: &str = "ann@example.com";

async fn ids(person: &Person, query: &str) -> Vec<String> {
    let answer = person.get(&format!("{}{query}", routes::MEETINGS)).await;
    let list: MeetingList = serde_json::from_value(answer.json).expect("a list");
    list.items.into_iter().map(|meeting| meeting.id.0).collect()
}

async fn changes(person: &Person, query: &str) -> Changes {
    let answer = person.get(&format!("{}?{query}", routes::CHANGES)).await;
    serde_json::from_value(answer.json).expect("changes")
}

#[tokio::test(start_paused = true)]
async fn the_list_is_what_touches_its_window() {
    let cloud = TestCloud::start().await;
    let meetings = [
        meeting("last-week", 1, "2026-11-18T10:00:00Z"),
        meeting("running", 1, "08:45"),
        meeting("ends-at-nine", 1, "08:30"),
        meeting("at-ten", 1, "10:00"),
        meeting("next-year", 1, "2027-01-10T10:00:00Z"),
    ];
    cloud.connector().await.puts(ANN, &meetings).await;
    let ann = cloud.person(ANN);
    assert_eq!(ids(&ann, "").await, ["last-week", "ends-at-nine", "running", "at-ten"]);
    let morning = "?fromDate=2026-11-24T09:00:00Z&toDate=2026-11-24T10:00:00Z";
    assert_eq!(ids(&ann, morning).await, ["running"]);
    assert_eq!(ids(&ann, "?fromDate=2027-01-01&toDate=2027-02-01").await, ["next-year"]);
}

#[tokio::test(start_paused = true)]
async fn a_meeting_links_to_its_parts() {
    let cloud = TestCloud::start().await;
    cloud.connector().await.puts(ANN, &[meeting("a", 1, "10:00")]).await;
    let ann = cloud.person(ANN);
    let list = ann.get(routes::MEETINGS).await.json;
    assert_eq!(list["hc"]["position"], "1-1");
    assert_eq!(list["items"][0]["hc"]["userRev"], 1);
    for link in list["items"][0]["links"].as_array().expect("links") {
        let path = link["href"].as_str().expect("text").strip_prefix("https://cloud");
        let part = ann.get(path.expect("our own origin")).await;
        assert_eq!((part.status, &part.json["id"]), (200, &json!("a")), "{}", link["rel"]);
        assert_eq!(part.json["seriesId"], "a");
    }
}

#[tokio::test(start_paused = true)]
async fn too_many_meetings_are_refused_and_never_cut() {
    let cloud = TestCloud::start().await;
    let mut connector = cloud.connector().await;
    for hundred in 0..10 {
        let id = |n| format!("{hundred}-{n}");
        let meetings: Vec<_> = (0..100).map(|n| meeting(&id(n), 1, "10:00")).collect();
        connector.puts(ANN, &meetings).await;
    }
    let ann = cloud.person(ANN);
    assert_eq!(ids(&ann, "").await.len(), 1000);
    connector.puts(ANN, &[meeting("one-more", 1, "10:00")]).await;
    let refused = ann.get(routes::MEETINGS).await;
    assert_eq!(
        (refused.status, &refused.json["type"]),
        (400, &json!("/problems/window-too-large"))
    );
}

#[tokio::test(start_paused = true)]
async fn changes_catch_up_page_by_page() {
    let cloud = TestCloud::start().await;
    let mut connector = cloud.connector().await;
    connector.puts(ANN, &[meeting("a", 1, "10:00"), meeting("b", 1, "11:00")]).await;
    connector.puts(ANN, &[meeting("a", 2, "12:00")]).await;
    connector.deletes(ANN, "b").await;
    let ann = cloud.person(ANN);
    let all = changes(&ann, "since=1-0").await;
    assert_eq!((all.to.to_string(), all.more), ("1-4".to_owned(), false));
    let told: Vec<_> =
        all.changes.iter().map(|change| (change.rev, change.id.0.as_str())).collect();
    assert_eq!(told, [(3, "a"), (4, "b")], "collapsed into the last");
    let first = changes(&ann, "since=1-0&limit=3").await;
    assert_eq!((first.to.to_string(), first.more), ("1-3".to_owned(), true));
    let rest = changes(&ann, "since=1-3&limit=3").await;
    assert_eq!((rest.to.to_string(), rest.more), ("1-4".to_owned(), false));
}

#[tokio::test(start_paused = true)]
async fn a_poll_without_news_has_no_body() {
    let cloud = TestCloud::start().await;
    let mut connector = cloud.connector().await;
    let ann = cloud.person(ANN);
    let path = format!("{}?since=1-0", routes::CHANGES);
    let etag = ann.get(&path).await.etag.expect("a tag");
    assert_eq!(ann.get_unless(&path, &etag).await.status, 304);
    connector.puts(ANN, &[meeting("a", 1, "10:00")]).await;
    assert_eq!(ann.get_unless(&path, &etag).await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_position_that_is_not_ours_means_reading_the_list_again() {
    let cloud = TestCloud::start().await;
    cloud.connector().await.puts(ANN, &[meeting("a", 1, "10:00")]).await;
    let ann = cloud.person(ANN);
    for since in ["1-2", "2-0", "0-0", "1--1"] {
        let gone = ann.get(&format!("{}?since={since}", routes::CHANGES)).await;
        assert_eq!((gone.status, &gone.json["position"]), (410, &json!("1-1")), "{since}");
    }
}
