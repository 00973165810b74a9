//! The order that loses nothing, and the way back from each failure.

use proptest::prelude::*;

use super::*;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_795_510_800 + seconds).expect("a time")
}

fn listening() -> Event {
    Event::News(News { is_listening_anew: true, ..News::default() })
}

fn hint(id: &str) -> Event {
    let changed = [(SourceId(id.into()), None)].into();
    Event::News(News { changed, ..News::default() })
}

/// A mailbox that has come as far as following.
fn live() -> Mailbox {
    let mut mailbox = Mailbox::new(Duration::ZERO);
    check(
        &mut mailbox,
        [
            (Event::Started, Action::LoadState),
            (Event::Done, Action::Subscribe),
            (Event::Done, Action::Wait(Duration::from_secs(30))),
            (listening(), Action::Reconcile { from_scratch: false }),
            (Event::Done, Action::Wait(Duration::from_mins(60))),
        ],
    );
    assert!(mailbox.is_live());
    mailbox
}

fn check<const N: usize>(mailbox: &mut Mailbox, script: [(Event, Action); N]) {
    for (event, expected) in script {
        assert_eq!(mailbox.on(event.clone(), at(0)), expected, "after {event:?}");
    }
}

#[test]
fn subscribes_then_listens_then_reads() {
    live();
}

#[test]
fn looks_where_a_hint_points() {
    let look =
        |ids: &[&str]| Action::Look(ids.iter().map(|id| (SourceId((*id).into()), None)).collect());
    let mut mailbox = live();
    check(
        &mut mailbox,
        [(hint("a"), look(&["a"])), (Event::Done, Action::Wait(Duration::from_mins(60)))],
    );
}

#[test]
fn sweeps_hourly_however_busy_it_is() {
    let mut mailbox = live();
    assert!(matches!(mailbox.on(hint("a"), at(1800)), Action::Look(_)));
    assert_eq!(mailbox.on(Event::Done, at(1800)), Action::Wait(Duration::from_mins(30)));
    assert_eq!(mailbox.on(hint("b"), at(3600)), Action::Reconcile { from_scratch: false });
}

#[test]
fn without_a_stream_it_is_read_every_few_minutes() {
    let mut mailbox = Mailbox::new(Duration::ZERO);
    let reconcile = Action::Reconcile { from_scratch: false };
    let minutes = |minutes| Action::Wait(Duration::from_mins(minutes));
    mailbox.on(Event::Started, at(0));
    mailbox.on(Event::Done, at(0));
    assert_eq!(mailbox.on(Event::Done, at(0)), Action::Wait(Duration::from_secs(30)));
    assert_eq!(mailbox.on(Event::Due, at(30)), reconcile);
    assert_eq!(mailbox.on(Event::Done, at(30)), minutes(5));
    assert_eq!(mailbox.on(Event::Due, at(330)), reconcile);
    assert_eq!(mailbox.on(Event::Done, at(330)), minutes(5));
    assert_eq!(mailbox.on(listening(), at(400)), reconcile);
    assert_eq!(mailbox.on(Event::Done, at(400)), minutes(60));
    let broken = Event::News(News { is_stream_broken: true, ..News::default() });
    assert_eq!(mailbox.on(broken, at(1000)), Action::Wait(Duration::from_secs(30)));
    assert_eq!(mailbox.on(Event::Due, at(1030)), reconcile);
}

#[test]
fn a_reopened_stream_is_followed_by_reading() {
    check(&mut live(), [(listening(), Action::Reconcile { from_scratch: false })]);
}

#[test]
fn a_lost_subscription_is_made_again_and_everything_read() {
    let lost = Event::News(News { is_subscription_lost: true, ..News::default() });
    check(
        &mut live(),
        [
            (lost, Action::Subscribe),
            (Event::Done, Action::Wait(Duration::from_mins(5))),
            (listening(), Action::Reconcile { from_scratch: false }),
        ],
    );
}

#[test]
fn a_void_sync_state_is_dropped_at_once_and_later_with_pauses() {
    let failed = || Event::Failed(Remedy::SyncFromScratch);
    check(
        &mut live(),
        [
            (listening(), Action::Reconcile { from_scratch: false }),
            (failed(), Action::Reconcile { from_scratch: true }),
            (failed(), Action::Pause(Duration::from_secs(2))),
            (Event::Due, Action::Reconcile { from_scratch: true }),
        ],
    );
}

#[test]
fn somebody_elses_lease_means_starting_over_with_the_state() {
    check(
        &mut live(),
        [
            (hint("a"), Action::Look([(SourceId("a".into()), None)].into())),
            (Event::Failed(Remedy::WaitForLease), Action::AwaitLease),
            (Event::Due, Action::LoadState),
            (Event::Done, Action::Reconcile { from_scratch: false }),
        ],
    );
}

#[test]
fn a_lease_about_to_end_is_not_tried_without_a_rest() {
    let read = || Action::Reconcile { from_scratch: false };
    let refused = || Event::Failed(Remedy::WaitForLease);
    check(
        &mut live(),
        [
            (listening(), read()),
            (refused(), Action::AwaitLease),
            (Event::Due, Action::LoadState),
            (Event::Done, read()),
            (refused(), Action::Pause(Duration::from_secs(1))),
            (Event::Due, Action::AwaitLease),
            (Event::Due, Action::LoadState),
        ],
    );
}

#[test]
fn a_noisy_mailbox_is_looked_at_once_a_second() {
    let look = |id: &str| Action::Look([(SourceId(id.into()), None)].into());
    let mut mailbox = live();
    assert_eq!(mailbox.on(hint("a"), at(10)), look("a"), "the first hint at once");
    assert_eq!(mailbox.on(Event::Done, at(10)), Action::Wait(Duration::from_secs(3590)));
    assert_eq!(mailbox.on(hint("b"), at(10)), Action::Wait(Duration::from_secs(1)));
    assert_eq!(mailbox.on(Event::Due, at(11)), look("b"));
}

#[test]
fn what_was_forgotten_for_lack_of_room_is_read_when_needed() {
    let mut mailbox = live();
    mailbox.unload();
    assert!(mailbox.is_live());
    check(
        &mut mailbox,
        [
            (Event::Due, Action::Wait(Duration::from_mins(60))),
            (hint("a"), Action::LoadState),
            (Event::Done, Action::Look([(SourceId("a".into()), None)].into())),
        ],
    );
}

#[test]
fn a_mailbox_that_moves_is_looked_for_and_subscribed_to_there() {
    check(
        &mut live(),
        [
            (listening(), Action::Reconcile { from_scratch: false }),
            (Event::Failed(Remedy::Relocate), Action::Pause(Duration::from_secs(1))),
            (Event::Due, Action::Relocate),
            (Event::Failed(Remedy::BackOff), Action::Pause(Duration::from_secs(2))),
            (Event::Due, Action::Relocate),
            (Event::Done, Action::Subscribe),
            (Event::Done, Action::Wait(Duration::from_mins(5))),
            (listening(), Action::Reconcile { from_scratch: false }),
        ],
    );
}

#[test]
fn a_refusal_that_comes_for_no_reason_is_believed_the_third_time() {
    let reason = Reason::ImpersonationDenied;
    let doubted = || Event::Failed(Remedy::Doubt(reason));
    let read = || Action::Reconcile { from_scratch: false };
    check(
        &mut live(),
        [
            (listening(), read()),
            (doubted(), Action::Pause(Duration::from_secs(1))),
            (Event::Due, read()),
            (doubted(), Action::Pause(Duration::from_secs(2))),
            (Event::Due, read()),
            (doubted(), Action::RaiseAlarm(reason)),
            (Event::Done, Action::Pause(Duration::from_mins(1))),
        ],
    );
}

#[test]
fn trouble_that_should_pass_is_told_once_when_it_does_not() {
    let mut mailbox = live();
    mailbox.on(listening(), at(0));
    let mut alarms = 0;
    for minute in 0..60 {
        let busy = Event::Failed(Remedy::RetryAfter(Duration::from_mins(1)));
        if mailbox.on(busy, at(minute * 60)) == Action::RaiseAlarm(Reason::LongTrouble) {
            assert_eq!((minute, alarms), (15, 0));
            alarms += 1;
            mailbox.on(Event::Done, at(minute * 60));
        }
        mailbox.on(Event::Due, at(minute * 60 + 60));
    }
    assert_eq!(alarms, 1);
}

#[test]
fn a_person_is_told_and_the_waits_grow_to_an_hour() {
    let mut mailbox = Mailbox::new(Duration::ZERO);
    mailbox.on(Event::Started, at(0));
    let reason = Reason::ImpersonationDenied;
    for minutes in [1, 5, 15, 60, 60] {
        let failed = Event::Failed(Remedy::GiveUp(reason));
        assert_eq!(mailbox.on(failed, at(0)), Action::RaiseAlarm(reason));
        assert_eq!(mailbox.on(Event::Done, at(0)), Action::Pause(Duration::from_mins(minutes)));
        assert_eq!(mailbox.on(Event::Due, at(0)), Action::LoadState);
    }
}

#[test]
fn waits_double_up_to_five_minutes() {
    let mut mailbox = Mailbox::new(Duration::ZERO);
    mailbox.on(Event::Started, at(0));
    for seconds in [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300] {
        let paused = mailbox.on(Event::Failed(Remedy::BackOff), at(0));
        assert_eq!(paused, Action::Pause(Duration::from_secs(seconds)));
        mailbox.on(Event::Due, at(0));
    }
}

fn any_event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => Just(Event::Done),
        1 => Just(Event::Due),
        1 => Just(Event::Failed(Remedy::BackOff)),
        1 => Just(Event::Failed(Remedy::Resubscribe)),
        1 => Just(Event::Failed(Remedy::SyncFromScratch)),
        1 => Just(Event::Failed(Remedy::ReadState)),
        1 => Just(Event::Failed(Remedy::WaitForLease)),
        1 => Just(Event::Failed(Remedy::Relocate)),
        1 => Just(Event::Failed(Remedy::Doubt(Reason::ImpersonationDenied))),
        1 => Just(Event::Failed(Remedy::GiveUp(Reason::NoSuchMailbox))),
        1 => any::<[bool; 4]>().prop_map(|[a, b, c, d]| Event::News(News {
            is_listening_anew: a,
            is_subscription_lost: b,
            is_everything_changed: c,
            is_stream_broken: d,
            ..News::default()
        })),
        2 => Just(hint("a")),
    ]
}

proptest! {
    /// Whatever happens: nothing is read before the stream is open and the state is loaded, and a
    /// change that was announced is read before we rest.
    #[test]
    fn never_reads_too_early_and_never_rests_too_soon(events in prop::collection::vec(any_event(), 0..60)) {
        let mut mailbox = Mailbox::new(Duration::ZERO);
        let mut last = mailbox.on(Event::Started, at(0));
        let (mut loaded, mut listening, mut unread) = (false, false, true);
        for event in events {
            match (&event, &last) {
                (Event::Done, Action::LoadState) => loaded = true,
                (Event::Done, Action::Subscribe | Action::Relocate) => listening = false,
                (Event::Done, Action::Reconcile { .. } | Action::Look(_)) => unread = false,
                (Event::Failed(Remedy::Resubscribe), _) => listening = false,
                (Event::Failed(Remedy::ReadState | Remedy::WaitForLease), _) => loaded = false,
                (Event::News(news), _) => {
                    let was_listening = listening && !news.is_stream_broken;
                    listening = (was_listening || news.is_listening_anew) && !news.is_subscription_lost;
                    let told = news.is_listening_anew || news.is_everything_changed || !news.changed.is_empty();
                    unread |= told && !news.is_subscription_lost;
                }
                _ => {}
            }
            last = mailbox.on(event, at(0));
            match &last {
                Action::Reconcile { .. } | Action::Look(_) => prop_assert!(loaded && listening, "too early"),
                Action::Wait(time) => {
                    let is_coalescing = *time <= Duration::try_from(LOOK_EVERY_MIN).expect("a second");
                    prop_assert!(!unread || !listening || is_coalescing, "too soon");
                }
                _ => {}
            }
        }
    }
}
