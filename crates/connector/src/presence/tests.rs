//! Who is asked when, and what the cloud hears.

use super::*;

fn at(time: &str) -> Timestamp {
    format!("2026-11-24T{time}:00Z").parse().expect("a time")
}

fn ann() -> MailboxAddress {
    MailboxAddress::new("ann@example.com").expect("an address")
}

fn known(replies: Replies) -> People {
    let mut people = People::new([ann()]);
    people.on_tip(&ann(), Tip([1; 16]));
    people.on_replies(&ann(), replies, at("09:00"));
    people
}

fn told(people: &People, now: &str, epoch: i64) -> Option<Presence> {
    people.to_tell(at(now), |_| Some(epoch)).into_iter().next().map(|(_, presence, _)| presence)
}

#[test]
fn everybody_is_read_once_and_then_only_after_a_change() {
    let bob = MailboxAddress::new("bob@example.com").expect("an address");
    let mut people = People::new([ann(), bob]);
    assert_eq!(people.due(at("09:00"), 10).len(), 2);
    assert_eq!(people.due(at("09:00"), 1).len(), 1);
    for mailbox in people.due(at("09:00"), 10) {
        people.on_tip(&mailbox, Tip([1; 16]));
        people.on_replies(&mailbox, Replies::Off, at("09:00"));
    }
    people.on_tip(&ann(), Tip([1; 16]));
    assert!(people.due(at("09:01"), 10).is_empty());
    people.on_tip(&ann(), Tip([2; 16]));
    assert_eq!(people.due(at("09:01"), 10), [ann()]);
    people.on_replies(&ann(), Replies::On, at("09:01"));
    assert!(people.due(at("09:02"), 10).is_empty());
    let tomorrow = at("09:01").checked_add(SAFETY).expect("a time");
    assert_eq!(people.due(tomorrow, 10).len(), 2, "tips may be wrong");
}

#[test]
fn without_tips_everybody_is_asked_every_ten_minutes() {
    let mut people = known(Replies::Off);
    assert!(people.due(at("09:10"), 10).is_empty());
    people.set_tips(false);
    assert!(people.due(at("09:09"), 10).is_empty());
    assert_eq!(people.due(at("09:10"), 10), [ann()]);
    people.on_failure(&ann(), at("09:10"));
    assert!(people.due(at("09:19"), 10).is_empty());
    assert_eq!(people.due(at("09:20"), 10), [ann()]);
}

#[test]
fn a_schedule_runs_by_our_clock_and_is_read_again_at_its_end() {
    let (start, end) = ("10:00", "12:00");
    let people = known(Replies::Scheduled { start: at(start), end: at(end) });
    let during = Presence::OutOfOffice { until: Some(at(end)) };
    for (now, presence, next) in [
        ("09:00", Presence::Available, Some(start)),
        ("10:00", during, Some(end)),
        ("11:59", during, Some(end)),
        ("12:00", Presence::Available, None),
    ] {
        assert_eq!(told(&people, now, 1), Some(presence), "{now}");
        assert_eq!(people.next_change(at(now)), next.map(at), "{now}");
    }
    assert!(people.due(at("11:59"), 10).is_empty());
    assert_eq!(people.due(at("12:00"), 10), [ann()]);
}

#[test]
fn each_change_is_told_once_and_again_under_a_new_lease() {
    let mut people = known(Replies::On);
    let away = Presence::OutOfOffice { until: None };
    assert!(people.to_tell(at("09:00"), |_| None).is_empty(), "not without a lease");
    assert_eq!(told(&people, "09:00", 1), Some(away));
    people.on_told(&ann(), away, 1);
    assert_eq!(told(&people, "09:01", 1), None);
    assert_eq!(told(&people, "09:01", 2), Some(away));
    people.on_replies(&ann(), Replies::Off, at("09:02"));
    assert_eq!(told(&people, "09:02", 1), Some(Presence::Available));
}
