//! Things that get in between, and the brakes.

use std::time::Duration;

use ews::ResponseCode;
use exchange_sim::Trouble;

use super::story::{Story, meeting, place, settings};
use crate::site::{ALICE, BOB, Settings, Site};

/// Alice invites while the next writes meet this.
async fn meets(trouble: Trouble, writes: u32) -> Story {
    let site = Site::start_with(settings()).await;
    site.pass(Duration::from_mins(1)).await;
    site.exchange.trouble(Some("UpdateItem"), writes, trouble);
    let invitation = meeting(&site, "@meet");
    let meeting = site.invite(ALICE, invitation);
    let story = Story { site, meeting };
    story.site.pass(Duration::from_mins(20)).await;
    story
}

#[tokio::test(start_paused = true)]
async fn somebody_else_writes_first_and_it_is_decided_anew() {
    let story = meets(Trouble::Conflict, 1).await;
    story.is_joinable_at("meet.example.com").await;
    assert_eq!(story.mails(BOB), 2);
}

#[tokio::test(start_paused = true)]
async fn a_write_whose_answer_is_lost_is_not_done_twice() {
    let story = meets(Trouble::LoseAnswer, 1).await;
    story.is_joinable_at("meet.example.com").await;
    assert_eq!(story.mails(BOB), 2);
}

#[tokio::test(start_paused = true)]
async fn a_busy_exchange_is_written_to_later() {
    let story = meets(Trouble::Busy { back_off: Duration::from_secs(90) }, 2).await;
    story.is_joinable_at("meet.example.com").await;
    assert_eq!(story.mails(BOB), 2);
}

#[tokio::test(start_paused = true)]
async fn a_write_that_is_refused_for_good_is_told() {
    let story = meets(Trouble::Fault(ResponseCode::ErrorAccessDenied), 1000).await;
    assert_eq!(story.site.alarms(), ["exchange-impersonation"]);
    assert_eq!(story.blocks(ALICE), 0);
    assert_eq!(story.mails(BOB), 1);
}

#[tokio::test(start_paused = true)]
async fn a_rehearsal_decides_and_writes_nothing() {
    let settings = Settings { change_config: |config| config.writing.dry_run = true, ..settings() };
    let story =
        Story::begins_with(settings, |meeting| meeting.location = Some("@meet".into())).await;
    story.is_without_trace().await;
    assert_eq!(story.notes(ALICE).await, ["dry-run"]);
    assert_eq!(story.mails(BOB), 1);
}

#[tokio::test(start_paused = true)]
async fn no_more_is_written_in_an_hour_than_permitted_and_then_the_rest() {
    let settings =
        Settings { change_config: |config| config.writing.writes_per_hour_max = 2, ..settings() };
    let site = Site::start_with(settings).await;
    for n in 0..3 {
        let mut invitation = meeting(&site, "@meet");
        invitation.subject = format!("Plan {n}");
        invitation.start = site.in_minutes(600 + n * 60);
        invitation.end = site.in_minutes(630 + n * 60);
        site.invite(ALICE, invitation);
    }
    site.pass(Duration::from_mins(10)).await;
    let joinable = |list: &[hybridcal::client::OpenedMeeting]| {
        list.iter().filter(|meeting| meeting.join_url.is_some()).count()
    };
    let list = site.list(ALICE).await;
    assert_eq!((list.len(), joinable(&list)), (3, 2));
    assert_eq!(site.alarms(), ["writes-per-hour"]);
    assert_eq!(site.exchange.mails(BOB).len(), 5, "three invitations, two links");
    site.pass(Duration::from_mins(70)).await;
    assert_eq!(joinable(&site.list(ALICE).await), 3);
    assert!(site.alarms().is_empty());
    assert_eq!(site.exchange.mails(BOB).len(), 6);
}

#[tokio::test(start_paused = true)]
async fn every_write_is_recorded_without_content() {
    let name = format!("hybridcal-writes-{}", world::chance::Chance::System.uuid());
    let folder = std::env::temp_dir().join(name);
    let site = Site::start_with(settings()).await;
    let mut site = site;
    site.kill_connector().await;
    site.settings.writing_log = Some(folder.clone());
    site.start_connector();
    let invitation = meeting(&site, "@meet");
    let story = Story::of(site, invitation).await;
    story.alice_changes(&place("Room 4")).await;
    let file = std::fs::read_dir(&folder).expect("a folder").next().expect("a file").expect("it");
    let text = std::fs::read_to_string(file.path()).expect("text");
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let said: Vec<_> = lines
        .iter()
        .map(|line| ["cause", "mails", "result"].map(|key| line[key].as_str().unwrap_or_default()))
        .collect();
    assert_eq!(
        said,
        [
            ["keyword-added", "all", "begun"],
            ["keyword-added", "all", "written"],
            ["keyword-removed", "all", "begun"],
            ["keyword-removed", "all", "written"],
        ]
    );
    assert!(!text.contains("Plan") && !text.contains('@') && !text.contains("http"), "{text}");
    assert_eq!(story.mails(BOB), 4);
    std::fs::remove_dir_all(folder).expect("removed");
}

#[tokio::test(start_paused = true)]
async fn without_its_record_nothing_is_written_and_somebody_is_told() {
    let mut site = Site::start_with(settings()).await;
    site.kill_connector().await;
    // A file where the folder should be.
    let name = format!("hybridcal-no-folder-{}", world::chance::Chance::System.uuid());
    let path = std::env::temp_dir().join(name);
    std::fs::write(&path, "").expect("a file");
    site.settings.writing_log = Some(path.clone());
    site.start_connector();
    let invitation = meeting(&site, "@meet");
    let story = Story::of(site, invitation).await;
    assert_eq!((story.blocks(ALICE), story.mails(BOB)), (0, 1));
    assert_eq!(story.site.alarms(), ["write-record"]);
    std::fs::remove_file(&path).expect("removed");
    story.site.pass(Duration::from_mins(10)).await;
    story.is_joinable_at("meet.example.com").await;
    assert!(story.site.alarms().is_empty());
    assert_eq!(story.mails(BOB), 2);
    std::fs::remove_dir_all(path).expect("removed");
}
