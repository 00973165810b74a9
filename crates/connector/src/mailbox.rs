//! One mailbox, followed: what to do next, decided from what just happened. Pure; the
//! [`follower`](crate::follower) does the doing, the [`fleet`](crate::fleet) the waiting.
//!
//! The order that loses nothing: take the lease and read our state, subscribe, open the stream,
//! and only then read the mailbox. What happens before the stream is open is found by reading,
//! what happens after it is announced; whenever in doubt, everything is read again.

use std::{collections::BTreeMap, time::Duration};

use jiff::{SignedDuration, Timestamp};

use crate::{
    entry::Version,
    news::{News, SourceId},
    remedy::{Reason, Remedy},
};

/// A mailbox is read whole at least this often, whatever the stream says.
pub const SWEEP_EVERY: SignedDuration = SignedDuration::from_hours(1);
/// So much earlier at most, so that mailboxes which began together do not sweep together.
pub const SWEEP_EARLIER_MAX: Duration = Duration::from_mins(15);
/// The stream gets this long to open before a mailbox is read without it …
pub const STREAM_EXPECTED: SignedDuration = SignedDuration::from_secs(30);
/// … and is then read this often.
pub const POLL_EVERY: SignedDuration = SignedDuration::from_mins(5);
/// A noisy mailbox is looked at this often; the first hint after a while is followed at once.
pub const LOOK_EVERY_MIN: SignedDuration = SignedDuration::from_secs(1);
/// What may pass by itself is no alarm before this.
pub const TROUBLE_TOLERATED: SignedDuration = SignedDuration::from_mins(15);
/// Refusals that are known to come for no reason are believed when they come so often in a row.
const DOUBTED: u32 = 3;
/// First and longest wait after passing trouble.
const BACK_OFF_FIRST: Duration = Duration::from_secs(1);
const BACK_OFF_MAX: Duration = Duration::from_mins(5);
/// Waits when only a person can help, then the last one again and again.
const GIVEN_UP_WAITS: [Duration; 4] = [
    Duration::from_mins(1),
    Duration::from_mins(5),
    Duration::from_mins(15),
    Duration::from_mins(60),
];

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    Started,
    /// The action was carried out.
    Done,
    /// It was not, and this is what to do about it.
    Failed(Remedy),
    /// The stream told us something while we waited.
    News(News),
    /// The wait is over.
    Due,
}

/// What to do; each answers with an [`Event`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Read what we remember of this mailbox from the cloud.
    LoadState,
    /// Wait until the lease is ours.
    AwaitLease,
    /// Find out where the mailbox is served now.
    Relocate,
    /// Ask for notifications and hand the subscription to the stream.
    Subscribe,
    /// Read everything that may have changed, `from_scratch` without the source's bookmark.
    Reconcile { from_scratch: bool },
    /// Read these entries, unless they are of a version that we have.
    Look(BTreeMap<SourceId, Option<Version>>),
    /// Wait for news, at most this long.
    Wait(Duration),
    /// Wait exactly this long; news is kept for later.
    Pause(Duration),
    /// Tell a person, then go on with [`Event::Done`].
    RaiseAlarm(Reason),
}

/// What is known about the mailbox's own progress. A new one knows nothing.
#[derive(Clone, Debug)]
pub struct Mailbox {
    sweep_every: SignedDuration,
    is_loaded: bool,
    is_lease_awaited: bool,
    /// And nothing has gone well since.
    has_awaited_lease: bool,
    is_misplaced: bool,
    is_subscribed: bool,
    is_listening: bool,
    needs: Needs,
    swept_at: Option<Timestamp>,
    looked_at: Option<Timestamp>,
    stream_expected_since: Option<Timestamp>,
    doing: Option<Doing>,
    failures: u32,
    failing_since: Option<Timestamp>,
    is_trouble_told: bool,
    pause: Option<Duration>,
}

/// The action under way, as far as its end must be understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Doing {
    LoadState,
    Relocate,
    Subscribe,
    Reconcile,
    Look,
    Other,
}

/// What has to be read. Ordered: more covers less.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Needs {
    #[default]
    Nothing,
    Some(BTreeMap<SourceId, Option<Version>>),
    Everything,
    EverythingFromScratch,
}

impl Mailbox {
    /// `sweep_earlier` than [`SWEEP_EVERY`], drawn by chance.
    pub fn new(sweep_earlier: Duration) -> Self {
        let earlier = SignedDuration::try_from(sweep_earlier).unwrap_or(SignedDuration::ZERO);
        Self {
            sweep_every: SWEEP_EVERY - earlier,
            is_loaded: false,
            is_lease_awaited: false,
            has_awaited_lease: false,
            is_misplaced: false,
            is_subscribed: false,
            is_listening: false,
            needs: Needs::Nothing,
            swept_at: None,
            looked_at: None,
            stream_expected_since: None,
            doing: None,
            failures: 0,
            failing_since: None,
            is_trouble_told: false,
            pause: None,
        }
    }

    pub fn on(&mut self, event: Event, now: Timestamp) -> Action {
        match event {
            Event::Started => {}
            Event::Done => self.done(now),
            Event::Failed(remedy) => {
                if let Some(alarm) = self.failed(remedy, now) {
                    return self.act(alarm);
                }
            }
            Event::News(news) => self.heard(news, now),
            Event::Due => {}
        }
        let next = self.next(now);
        self.act(next)
    }

    /// Whether it is up to date as far as anybody can know; for status.
    pub fn is_live(&self) -> bool {
        self.is_listening && self.needs == Needs::Nothing && self.failures == 0
    }

    /// What we remember has been forgotten for lack of room; it is read again when needed.
    pub fn unload(&mut self) {
        self.is_loaded = false;
    }

    fn act(&mut self, action: Action) -> Action {
        self.doing = Some(match &action {
            Action::LoadState => Doing::LoadState,
            Action::Relocate => Doing::Relocate,
            Action::Subscribe => Doing::Subscribe,
            Action::Reconcile { .. } => Doing::Reconcile,
            Action::Look(_) => Doing::Look,
            Action::AwaitLease | Action::Wait(_) | Action::Pause(_) | Action::RaiseAlarm(_) => {
                Doing::Other
            }
        });
        action
    }

    fn next(&mut self, now: Timestamp) -> Action {
        if let Some(pause) = self.pause.take() {
            return Action::Pause(pause);
        }
        if std::mem::take(&mut self.is_lease_awaited) {
            return Action::AwaitLease;
        }
        if self.is_misplaced {
            return Action::Relocate;
        }
        if !self.is_subscribed && !self.is_loaded {
            return Action::LoadState;
        }
        if !self.is_subscribed {
            return Action::Subscribe;
        }
        let read_in = if self.is_listening { self.sweep_in(now) } else { self.poll_in(now) };
        if !self.is_listening && !read_in.is_zero() {
            return Action::Wait(read_in);
        }
        if read_in.is_zero() && matches!(self.needs, Needs::Nothing | Needs::Some(_)) {
            self.needs = Needs::Everything;
        }
        let look_in = self.looked_at.map_or(Duration::ZERO, |at| left(at, LOOK_EVERY_MIN, now));
        match &self.needs {
            Needs::Nothing => Action::Wait(read_in),
            Needs::Some(_) if !look_in.is_zero() => Action::Wait(look_in.min(read_in)),
            Needs::Some(_) | Needs::Everything | Needs::EverythingFromScratch
                if !self.is_loaded =>
            {
                Action::LoadState
            }
            Needs::Some(ids) => Action::Look(ids.clone()),
            Needs::Everything => Action::Reconcile { from_scratch: false },
            Needs::EverythingFromScratch => Action::Reconcile { from_scratch: true },
        }
    }

    fn sweep_in(&self, now: Timestamp) -> Duration {
        self.swept_at.map_or(Duration::ZERO, |swept_at| left(swept_at, self.sweep_every, now))
    }

    /// Without a stream nothing is announced: what is not asked for is not known.
    fn poll_in(&self, now: Timestamp) -> Duration {
        let opening =
            self.stream_expected_since.map_or(Duration::ZERO, |at| left(at, STREAM_EXPECTED, now));
        let polled = self.swept_at.map_or(Duration::ZERO, |at| left(at, POLL_EVERY, now));
        opening.max(polled)
    }

    fn done(&mut self, now: Timestamp) {
        match self.doing.take() {
            Some(Doing::LoadState) => self.is_loaded = true,
            Some(Doing::Relocate) => {
                self.is_misplaced = false;
                self.is_subscribed = false;
                self.is_listening = false;
            }
            Some(Doing::Subscribe) => {
                self.is_subscribed = true;
                self.is_listening = false;
                self.stream_expected_since = Some(now);
            }
            Some(Doing::Reconcile) => {
                self.swept_at = Some(now);
                self.went_well();
            }
            Some(Doing::Look) => {
                self.looked_at = Some(now);
                self.went_well();
            }
            Some(Doing::Other) | None => {}
        }
    }

    fn went_well(&mut self) {
        self.needs = Needs::Nothing;
        self.has_awaited_lease = false;
        self.failures = 0;
        self.failing_since = None;
        self.is_trouble_told = false;
    }

    fn heard(&mut self, news: News, now: Timestamp) {
        if news.is_subscription_lost {
            self.is_subscribed = false;
            self.is_listening = false;
            return;
        }
        if news.is_stream_broken {
            self.is_listening = false;
            self.stream_expected_since = Some(now);
        }
        if news.is_listening_anew {
            self.is_listening = true;
        }
        if news.is_listening_anew || news.is_everything_changed {
            self.need(Needs::Everything);
        }
        if !news.changed.is_empty() {
            self.need(Needs::Some(news.changed));
        }
    }

    fn need(&mut self, more: Needs) {
        let so_far = std::mem::take(&mut self.needs);
        self.needs = match (so_far, more) {
            (Needs::EverythingFromScratch, _) | (_, Needs::EverythingFromScratch) => {
                Needs::EverythingFromScratch
            }
            (Needs::Everything, _) | (_, Needs::Everything) => Needs::Everything,
            (Needs::Some(mut a), Needs::Some(b)) => {
                a.extend(b);
                Needs::Some(a)
            }
            (needs, Needs::Nothing) | (Needs::Nothing, needs) => needs,
        };
    }

    /// The alarm to raise, if a person has to help.
    fn failed(&mut self, remedy: Remedy, now: Timestamp) -> Option<Action> {
        let while_doing = self.doing.take();
        if remedy == Remedy::WaitForLease {
            // No failure of ours; what somebody else did meanwhile is unknown.
            self.is_loaded = false;
            self.is_lease_awaited = true;
            // One that is held but about to end is no reason to try without a rest.
            if std::mem::replace(&mut self.has_awaited_lease, true) {
                self.pause = Some(BACK_OFF_FIRST);
            }
            self.need(Needs::Everything);
            return None;
        }
        self.failures = self.failures.saturating_add(1);
        let failing_since = *self.failing_since.get_or_insert(now);
        // Details that were to be looked at may be what went wrong: next time, look at everything.
        if while_doing == Some(Doing::Look) {
            self.need(Needs::Everything);
        }
        match remedy {
            Remedy::RetryAfter(wait) => self.pause = Some(wait),
            Remedy::BackOff => self.pause = Some(self.back_off()),
            Remedy::Resubscribe => {
                self.is_subscribed = false;
                self.is_listening = false;
                self.pause_if_repeated();
            }
            Remedy::SyncFromScratch => {
                self.need(Needs::EverythingFromScratch);
                self.pause_if_repeated();
            }
            Remedy::ReadState => {
                self.is_loaded = false;
                self.need(Needs::Everything);
                self.pause_if_repeated();
            }
            Remedy::Relocate => {
                self.is_misplaced = true;
                self.need(Needs::Everything);
                self.pause = Some(self.back_off());
            }
            Remedy::WaitForLease => {}
            Remedy::Doubt(_) if self.failures < DOUBTED => self.pause = Some(self.back_off()),
            Remedy::Doubt(reason) => return Some(self.give_up(reason, self.failures - DOUBTED)),
            Remedy::GiveUp(reason) => return Some(self.give_up(reason, self.failures - 1)),
        }
        let is_long = now.duration_since(failing_since) >= TROUBLE_TOLERATED;
        if is_long && !self.is_trouble_told {
            self.is_trouble_told = true;
            return Some(Action::RaiseAlarm(Reason::LongTrouble));
        }
        None
    }

    fn give_up(&mut self, reason: Reason, times_before: u32) -> Action {
        let nth = usize::try_from(times_before).unwrap_or(usize::MAX);
        let last = GIVEN_UP_WAITS.last().copied();
        self.pause = GIVEN_UP_WAITS.get(nth).copied().or(last);
        Action::RaiseAlarm(reason)
    }

    fn pause_if_repeated(&mut self) {
        if self.failures > 1 {
            self.pause = Some(self.back_off());
        }
    }

    fn back_off(&self) -> Duration {
        let doublings = (self.failures.saturating_sub(1)).min(16);
        BACK_OFF_FIRST.saturating_mul(1 << doublings).min(BACK_OFF_MAX)
    }
}

fn left(since: Timestamp, time: SignedDuration, now: Timestamp) -> Duration {
    Duration::try_from(time - now.duration_since(since)).unwrap_or(Duration::ZERO)
}

#[cfg(test)]
mod tests;
