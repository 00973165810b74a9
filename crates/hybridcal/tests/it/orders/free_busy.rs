//! Who is free, and which rooms there are: answered to those who asked, and readable by them only.

use ews::ResponseCode;
use exchange_sim::Trouble;
use protocol::command::{BusyStatus, ItemError};

use super::*;

#[tokio::test(start_paused = true)]
async fn people_and_rooms_are_free_or_not_and_one_unknown_spoils_nothing() {
    let site = Site::start().await;
    followed(&site).await;
    let (alice, carol) = (orders(&site, ALICE).await, orders(&site, CAROL).await);
    let crossing =
        [site.memory.record("connector", "cloud"), site.memory.record("laptop", "cloud")];
    let meeting = review(&site);
    alice.create(&meeting).await.expect("done");
    listed(&site, ALICE, "Review").await;
    let people = [ALICE, BOB, "nobody@example.com", BLUE_ROOM].map(str::to_owned);
    let (from, to) = (site.in_minutes(0), site.in_minutes(24 * 60));
    let known = carol.free_busy(&people, from, to).await.expect("an answer");
    let asked: Vec<_> = known.iter().map(|one| one.address.clone()).collect();
    assert_eq!(asked, people, "in the order in which was asked");
    let spans = |index: usize| known[index].spans.as_ref().expect("known");
    let (start, end) = meeting.times.expect("times");
    assert_eq!((spans(0)[0].start, spans(0)[0].end), (start, end));
    assert_eq!(spans(0)[0].status, BusyStatus::Busy);
    assert_eq!(spans(1)[0].status, BusyStatus::Tentative);
    assert_eq!(known[2].spans, Err(ItemError::NoData), "unknown, and not free");
    assert_eq!(spans(3).len(), 1, "a room");
    for bytes in crossing.map(|recording| recording.bytes()) {
        assert!(!bytes.is_empty());
        for word in ["nobody@example.com", BOB, "Review"] {
            assert!(!bytes.windows(word.len()).any(|found| found == word.as_bytes()), "{word}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn rooms_are_listed() {
    let site = Site::start().await;
    followed(&site).await;
    let rooms = orders(&site, BOB).await.rooms().await.expect("rooms");
    let blue = rooms.iter().find(|room| room.address == BLUE_ROOM).expect("the blue room");
    assert!(!blue.name.is_empty());
}

#[tokio::test(start_paused = true)]
async fn who_asks_while_nobody_answers_hears_so_in_time() {
    let mut site = Site::start().await;
    followed(&site).await;
    let alice = orders(&site, ALICE).await;
    let (from, to) = (site.in_minutes(0), site.in_minutes(60));
    let people = [BOB.to_owned()];
    let busy = Trouble::Fault(ResponseCode::ErrorServerBusy);
    site.exchange.trouble(Some("GetUserAvailability"), u32::MAX, busy);
    let before = site.now();
    let answer = alice.free_busy(&people, from, to).await;
    assert!(matches!(answer, Err(Failure::Busy { .. })));
    assert!(site.now().duration_since(before).as_secs() <= 11);
    // Once the leases have lapsed, at once.
    site.kill_connector().await;
    site.pass(Duration::from_secs(11)).await;
    let before = site.now();
    assert!(matches!(alice.free_busy(&people, from, to).await, Err(Failure::Busy { .. })));
    assert!(site.now().duration_since(before).as_secs() <= 1);
}
