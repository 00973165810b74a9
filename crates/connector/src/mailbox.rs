//! One mailbox, followed: what to do next, decided from what just happened. Pure; the
//! [`follower`](crate::follower) does the doing.
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
    /// Wait for the lease, then read what we remember of this mailbox from the cloud.
    LoadState,
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
    is_subscribed: bool,
    is_listening: bool,
    needs: Needs,
    swept_at: Option<Timestamp>,
    stream_expected_since: Option<Timestamp>,
    doing: Option<Action>,
    failures: u32,
    pause: Option<Duration>,
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
            is_subscribed: false,
            is_listening: false,
            needs: Needs::Nothing,
            swept_at: None,
            stream_expected_since: None,
            doing: None,
            failures: 0,
            pause: None,
        }
    }

    pub fn on(&mut self, event: Event, now: Timestamp) -> Action {
        match event {
            Event::Started => {}
            Event::Done => self.done(now),
            Event::Failed(remedy) => {
                if let Some(alarm) = self.failed(remedy) {
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
        self.is_loaded && self.is_listening && self.needs == Needs::Nothing
    }

    fn act(&mut self, action: Action) -> Action {
        self.doing = Some(action.clone());
        action
    }

    fn next(&mut self, now: Timestamp) -> Action {
        if let Some(pause) = self.pause.take() {
            return Action::Pause(pause);
        }
        if !self.is_loaded {
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
        match &self.needs {
            Needs::Nothing => Action::Wait(read_in),
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
            Some(Action::LoadState) => self.is_loaded = true,
            Some(Action::Subscribe) => {
                self.is_subscribed = true;
                self.is_listening = false;
                self.stream_expected_since = Some(now);
            }
            Some(Action::Reconcile { .. }) => {
                self.needs = Needs::Nothing;
                self.swept_at = Some(now);
                self.failures = 0;
            }
            Some(Action::Look(_)) => {
                self.needs = Needs::Nothing;
                self.failures = 0;
            }
            Some(Action::Wait(_) | Action::Pause(_) | Action::RaiseAlarm(_)) | None => {}
        }
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
    fn failed(&mut self, remedy: Remedy) -> Option<Action> {
        let while_doing = self.doing.take();
        self.failures = self.failures.saturating_add(1);
        // Details that were to be looked at may be what went wrong: next time, look at everything.
        if matches!(while_doing, Some(Action::Look(_))) {
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
            Remedy::WaitForLease => {
                self.is_loaded = false;
                self.need(Needs::Everything);
                self.pause_if_repeated();
            }
            Remedy::GiveUp(reason) => {
                let nth = usize::try_from(self.failures - 1).unwrap_or(usize::MAX);
                let last = GIVEN_UP_WAITS.last().copied();
                self.pause = GIVEN_UP_WAITS.get(nth).copied().or(last);
                return Some(Action::RaiseAlarm(reason));
            }
        }
        None
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
