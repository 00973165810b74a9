//! Which room it becomes, and that a room which it is not is told.

use std::time::Duration;

use conference::{ProviderFailure, Room, Wish};
use webex_sim::{Operation, Trouble};

use crate::office::{BOB, Office, held, key, series, wish};

fn in_room(uid: &str, room: Room) -> Wish {
    Wish { room, ..wish(uid) }
}

#[tokio::test(start_paused = true)]
async fn a_personal_room_is_read_and_nothing_is_made() {
    for as_in_example in [true, false] {
        let office = Office::new().await;
        office.simulator.change_config(|config| config.has_links_as_in_example = as_in_example);
        let connector = office.connector();
        let room = connector.ensure(&in_room("u", Room::Personal), None).await.unwrap();
        assert_eq!(room.join_link.as_str(), "https://example.webex.com/meet/alice");
        assert_eq!(room.sip_address.as_deref(), Some("alice@example.webex.com"));
        assert!(room.reference.is_none() && room.fell_back.is_none() && room.dial_in.len() == 1);
        connector.cancel(&held(&wish("u"), None)).await.unwrap();
        assert_eq!(office.simulator.requests(Operation::Create), 0);
        assert_eq!(office.simulator.requests(Operation::Delete), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn who_has_no_room_gets_a_meeting_and_is_told() {
    let office = Office::new().await;
    let connector = office.connector();
    let wish = Wish { organizer: BOB.to_owned(), ..in_room("u", Room::Personal) };
    let made = connector.ensure(&wish, None).await.unwrap();
    assert_eq!((made.fell_back, office.only().host.as_str()), (Some(Room::OneTime), BOB));
    let hour = jiff::SignedDuration::from_hours(1);
    let moved = Wish { start: wish.start + hour, end: wish.end + hour, ..wish };
    let now = connector.update(&moved, made.reference.as_ref().unwrap()).await.unwrap();
    assert_eq!((now.fell_back, office.only().start), (Some(Room::OneTime), moved.start));
}

#[tokio::test(start_paused = true)]
async fn the_bare_keyword_means_what_the_settings_say() {
    let office = Office::new().await;
    let connector = office.connector_with("a", "usual_room = 'personal'");
    let room = connector.ensure(&in_room("u", Room::Usual), None).await.unwrap();
    assert!(room.reference.is_none() && room.fell_back.is_none());
    let made = connector.ensure(&in_room("u", Room::OneTime), None).await.unwrap();
    assert!(made.reference.is_some());
}

#[tokio::test(start_paused = true)]
async fn a_service_app_is_in_no_space_and_does_not_try_again() {
    let office = Office::new().await;
    let connector = office.connector();
    let made = connector.ensure(&in_room("u", Room::Space), None).await.unwrap();
    assert_eq!((made.fell_back, office.only().space), (Some(Room::OneTime), None));
    let connector = office.connector_with("a", "space = 'sample-space'");
    for uid in ["v", "w"] {
        let made = connector.ensure(&in_room(uid, Room::Space), None).await.unwrap();
        assert_eq!(made.fell_back, Some(Room::OneTime));
    }
    assert_eq!(office.simulator.requests(Operation::Create), 1 + 2, "the first look shows it");
    for uid in ["u", "v", "w"] {
        connector.cancel(&held(&in_room(uid, Room::Space), None)).await.unwrap();
    }
    assert_eq!(office.simulator.meetings(), []);
}

#[tokio::test(start_paused = true)]
async fn who_is_in_the_space_meets_there() {
    let office = Office::new().await;
    let connector = office.integration("space = 'sample-space'");
    let made = connector.ensure(&in_room("u", Room::Space), None).await.unwrap();
    assert_eq!((made.fell_back, office.only().space.as_deref()), (None, Some("sample-space")));
    let reference = made.reference.clone().unwrap();
    let renamed = Wish { title: "B".to_owned(), ..in_room("u", Room::Space) };
    assert!(connector.update(&renamed, &reference).await.unwrap() == made);
    assert_eq!(office.only().title, "B");
    connector.cancel(&held(&renamed, None)).await.unwrap();
    assert_eq!(office.simulator.meetings(), []);
}

#[tokio::test(start_paused = true)]
async fn a_rule_that_webex_does_not_have_leads_to_the_personal_room_or_to_a_refusal() {
    let office = Office::new().await;
    let unfit = series("u", "FREQ=MONTHLY;BYMONTHDAY=1,15;COUNT=6");
    let room = office.connector().ensure(&unfit, None).await.unwrap();
    assert_eq!((room.fell_back, room.reference.is_none()), (Some(Room::Personal), true));
    let strict = office.connector_with("a", "unfit_rule = 'refuse'");
    let refused = strict.ensure(&unfit, None).await;
    assert!(matches!(refused, Err(ProviderFailure::Meeting(_))), "{refused:?}");
    assert_eq!(office.simulator.requests(Operation::Create), 0);
}

#[tokio::test(start_paused = true)]
async fn an_integration_acts_for_its_own_person() {
    let office = Office::new().await;
    let connector = office.integration("");
    connector.check().await.unwrap();
    let made = connector.ensure(&wish("u"), None).await.unwrap();
    connector.cancel(&held(&wish("u"), made.reference.as_ref())).await.unwrap();
    assert_eq!((office.simulator.made(), office.simulator.mails()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn hosts_without_a_licence_and_wrong_sites_call_for_a_person() {
    let office = Office::new().await;
    let connector = office.connector();
    let carol = Wish { organizer: "carol@example.com".to_owned(), key: key("c"), ..wish("c") };
    let refused = connector.ensure(&carol, None).await;
    assert!(matches!(refused, Err(ProviderFailure::Refused(_))), "{refused:?}");
    let elsewhere = office.connector_with("a", "site = 'other.webex.com'");
    assert!(matches!(elsewhere.check().await, Err(ProviderFailure::Refused(_))));
    let refused = elsewhere.ensure(&wish("u"), None).await;
    assert!(matches!(refused, Err(ProviderFailure::Refused(_))), "{refused:?}");
    office.simulator.change_config(|config| config.clock_ahead = Duration::from_secs(400));
    let refused = office.connector().check().await;
    assert_eq!(refused, Err(ProviderFailure::Refused("this computer's clock is wrong")));
    // An app without the scope for preferences may still make meetings.
    let forbidden = Trouble::Status { status: 403, retry_after: None };
    office.simulator.order(Operation::Sites, 1, forbidden);
    connector.check().await.unwrap();
}
