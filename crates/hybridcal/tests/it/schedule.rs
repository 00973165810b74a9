//! Inviting, calling off, answering and asking who is free, as the connector will do it for people.

use connector::{
    exchange::{
        Connection,
        schedule::{Answer, NewMeeting, Occupied, Scheduler},
    },
    meeting::Plain,
};
use exchange_sim::{MailKind, Trouble};
use protocol::ids::MailboxAddress;
use uuid::Uuid;

use crate::site::{ALICE, BLUE_ROOM, BOB, CAROL, Settings, Site, connector_config};

fn address(text: &str) -> MailboxAddress {
    MailboxAddress::new(text).expect("an address")
}

fn scheduler(site: &Site, mailbox: &str) -> Scheduler {
    let exchange = connector_config(&site.settings).exchange;
    let connection = Connection::new(&site.memory.host("connector"), &exchange);
    Scheduler::new(connection.expect("usable settings"), address(mailbox))
}

fn meeting(site: &Site) -> NewMeeting {
    NewMeeting {
        key: Uuid::from_u128(7),
        subject: Plain("Review".into()),
        location: Plain("Blue".into()),
        text: Plain("Bring numbers".into()),
        start: site.in_minutes(60),
        end: site.in_minutes(90),
        required: vec![address(BOB)],
        optional: vec![address(CAROL)],
        rooms: vec![address(BLUE_ROOM)],
    }
}

fn held(site: &Site) -> usize {
    site.exchange.calendar(ALICE).iter().filter(|entry| entry.subject == "Review").count()
}

#[tokio::test(start_paused = true)]
async fn everybody_is_invited_once_even_if_the_answer_is_lost() {
    for trouble in [None, Some(Trouble::LoseAnswer), Some(Trouble::Drop)] {
        let site = Site::without_connector(Settings::default()).await;
        let alice = scheduler(&site, ALICE);
        let meeting = meeting(&site);
        let was_sent = trouble != Some(Trouble::Drop);
        if let Some(trouble) = trouble {
            site.exchange.trouble(Some("CreateItem"), 1, trouble);
        }
        let made = alice.create(&meeting).await;
        assert_eq!(made.is_ok(), was_sent, "{:?}", made.err());
        if !was_sent {
            assert_eq!(alice.made(meeting.key).await.expect("an answer"), None);
            alice.create(&meeting).await.expect("made at last");
        }
        assert!(alice.made(meeting.key).await.expect("an answer").is_some());
        assert_eq!(alice.made(Uuid::from_u128(8)).await.expect("an answer"), None);
        assert_eq!(held(&site), 1);
        assert_eq!(site.mails(BOB, MailKind::Request), 1);
        assert_eq!(site.entry(CAROL, "Review").attendees.len(), 3);
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_reaches_the_organizer_and_a_cancellation_everybody() {
    let site = Site::without_connector(Settings::default()).await;
    let alice = scheduler(&site, ALICE);
    let made = alice.create(&meeting(&site)).await.expect("made");
    for (who, answer) in [(BOB, Answer::Tentative), (CAROL, Answer::Decline)] {
        let copy = site.entry(who, "Review");
        let id = connector::news::SourceId(copy.meeting.item_id.clone());
        scheduler(&site, who).respond(&id, &copy.change_key, answer).await.expect("answered");
    }
    let seen = site.entry(ALICE, "Review").attendees;
    let of = |who: &str| {
        let (_, response) = seen.iter().find(|(address, _)| address == who).expect("invited");
        response.as_str().to_owned()
    };
    assert_eq!((of(BOB).as_str(), of(CAROL).as_str()), ("Tentative", "Decline"));
    let version = site.entry(ALICE, "Review").change_key;
    alice.cancel(&made, &version).await.expect("called off");
    assert_eq!(held(&site), 0);
    // Exchange puts a word before the subject.
    let of_bob = site.exchange.calendar(BOB);
    assert!(of_bob.iter().any(|e| e.is_cancelled && e.subject.ends_with("Review")));
}

#[tokio::test(start_paused = true)]
async fn who_cannot_be_asked_about_is_unknown_and_not_free() {
    let site = Site::without_connector(Settings::default()).await;
    let alice = scheduler(&site, ALICE);
    let meeting = meeting(&site);
    alice.create(&meeting).await.expect("made");
    let people = [address(ALICE), address("nobody@example.com"), address(CAROL)];
    // Longer than one question may be about.
    let (from, to) = (site.in_minutes(0), site.in_minutes(60 * 24 * 62));
    let answers = alice.availability(&people, from, to).await.expect("an answer");
    let seen: Vec<_> = answers.iter().map(|one| one.mailbox.clone()).collect();
    assert_eq!(seen, people);
    let mine = answers[0].spans.as_ref().expect("known");
    assert_eq!((mine[0].start, mine[0].end), (meeting.start, meeting.end));
    assert_eq!((mine.len(), mine[0].occupied), (1, Occupied::Busy));
    assert!(answers[1].spans.is_err());
    assert_eq!(answers[2].spans.as_ref().expect("known")[0].occupied, Occupied::Tentative);
    assert_eq!(site.exchange.requests("GetUserAvailability"), 2);
}

#[tokio::test(start_paused = true)]
async fn rooms_and_people_are_found() {
    let site = Site::without_connector(Settings::default()).await;
    let alice = scheduler(&site, ALICE);
    let rooms = alice.rooms().await.expect("rooms");
    assert!(rooms.iter().any(|room| room.address == address(BLUE_ROOM)));
    let bob = alice.names("bob").await.expect("an answer");
    assert_eq!(bob.iter().map(|one| one.address.clone()).collect::<Vec<_>>(), [address(BOB)]);
    assert!(alice.names("nobody-of-ours").await.expect("an answer").is_empty());
}
