//! Frames on their way between people and the key server, which only connects outward: it fetches
//! calls here and brings answers. Nothing of it can be read, is logged, or is kept for longer than
//! a minute; all of it is in memory.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

use jiff::{SignedDuration, Timestamp};
use protocol::{
    ids::UserId,
    keys::{Call, FRAMES_BYTES_MAX, Frame, KeyServerSite},
};
use tokio::sync::{oneshot, watch};
use uuid::Uuid;

/// A call, fetched or not, is forgotten after this.
const CALL_LIFE: SignedDuration = SignedDuration::from_secs(60);
/// A key server that has not fetched for so long is away. Longer than the pause between two fetches.
const AWAY_AFTER: SignedDuration = SignedDuration::from_secs(3);
/// Calls under way; whoever comes then is told to slow down.
const CALLS_MAX: usize = 4096;
/// Frames that wait to be fetched, in bytes.
const WAITING_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Frames given out by one fetch, in bytes; one call always fits.
const FETCHED_BYTES_MAX: usize = 2 * FRAMES_BYTES_MAX;
/// Calls of one person in a second: ten for each device, of which the cloud knows no number.
const CALLS_PER_SECOND_MAX: u32 = 20;

/// What comes back for a call: to whoever waits for it.
pub(crate) type Reply = oneshot::Sender<Vec<Frame>>;

#[derive(Default)]
pub(crate) struct Relay {
    state: Mutex<State>,
    /// How many calls there have been: wakes a fetch that waits.
    news: watch::Sender<u64>,
}

#[derive(Default)]
struct State {
    site: Option<KeyServerSite>,
    /// The fetch that waits now; an older one ends empty.
    fetch: u64,
    is_fetching: bool,
    fetched: Option<Timestamp>,
    waiting: VecDeque<Uuid>,
    waiting_bytes: usize,
    calls: HashMap<Uuid, Pending>,
    second: i64,
    asked: HashMap<UserId, u32>,
}

struct Pending {
    user: UserId,
    since: Timestamp,
    /// Gone once they were fetched.
    frames: Vec<Frame>,
    reply: Option<Reply>,
}

/// Why a call is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotTaken {
    Away,
    TooMany,
}

/// A fetch that waits.
pub(crate) struct Fetch {
    number: u64,
    news: watch::Receiver<u64>,
}

/// What a fetch gets.
pub(crate) enum Fetched {
    Calls(Vec<Call>),
    Nothing,
    /// There is a newer one.
    Over,
}

impl Relay {
    /// How the key server introduces itself, if it is there.
    pub(crate) fn site(&self, now: Timestamp) -> Option<KeyServerSite> {
        let state = self.state();
        if state.is_there(now) { state.site.clone() } else { None }
    }

    pub(crate) fn take(
        &self,
        user: UserId,
        frames: Vec<Frame>,
        reply: Option<Reply>,
        id: Uuid,
        now: Timestamp,
    ) -> Result<(), NotTaken> {
        let bytes = bytes(&frames);
        let mut state = self.state();
        state.forget_old(now);
        if !state.is_there(now) {
            return Err(NotTaken::Away);
        }
        let is_full = state.calls.len() >= CALLS_MAX
            || state.waiting_bytes.saturating_add(bytes) > WAITING_BYTES_MAX;
        if is_full || !state.may_ask(user, now) {
            return Err(NotTaken::TooMany);
        }
        state.waiting_bytes += bytes;
        state.waiting.push_back(id);
        state.calls.insert(id, Pending { user, since: now, frames, reply });
        drop(state);
        self.news.send_modify(|calls| *calls = calls.wrapping_add(1));
        Ok(())
    }

    /// Whoever waited for the answer waits no more. `true` if nobody had fetched the call: then it
    /// is forgotten. Otherwise its answer comes as an event.
    pub(crate) fn give_up(&self, id: Uuid) -> bool {
        let mut state = self.state();
        let is_waiting = state.waiting.contains(&id);
        if is_waiting {
            state.remove(id);
        } else if let Some(pending) = state.calls.get_mut(&id) {
            pending.reply = None;
        }
        is_waiting
    }

    pub(crate) fn begin_fetch(&self, site: KeyServerSite) -> Fetch {
        let mut state = self.state();
        state.site = Some(site);
        state.fetch = state.fetch.wrapping_add(1);
        state.is_fetching = true;
        let fetch = Fetch { number: state.fetch, news: self.news.subscribe() };
        drop(state);
        // An older fetch, whose connection is most likely dead, shall see that it is over.
        self.news.send_modify(|calls| *calls = calls.wrapping_add(1));
        fetch
    }

    pub(crate) fn fetch(&self, fetch: &mut Fetch, now: Timestamp) -> Fetched {
        fetch.news.mark_unchanged();
        let mut state = self.state();
        if state.fetch != fetch.number {
            return Fetched::Over;
        }
        state.forget_old(now);
        let mut calls = Vec::new();
        let mut sum = 0;
        while let Some(id) = state.waiting.front().copied() {
            let Some(pending) = state.calls.get_mut(&id) else {
                state.waiting.pop_front();
                continue;
            };
            let bytes = bytes(&pending.frames);
            if !calls.is_empty() && sum + bytes > FETCHED_BYTES_MAX {
                break;
            }
            sum += bytes;
            calls.push(Call { id, kms_messages: std::mem::take(&mut pending.frames) });
            state.waiting.pop_front();
            state.waiting_bytes = state.waiting_bytes.saturating_sub(bytes);
        }
        if calls.is_empty() { Fetched::Nothing } else { Fetched::Calls(calls) }
    }

    pub(crate) fn end_fetch(&self, fetch: &Fetch, now: Timestamp) {
        let mut state = self.state();
        if state.fetch == fetch.number {
            state.is_fetching = false;
            state.fetched = Some(now);
        }
    }

    /// Gives the answer to whoever waits for it; what comes back is for the person's event streams.
    pub(crate) fn answer(&self, answer: Call, now: Timestamp) -> Option<(UserId, Vec<Frame>)> {
        let mut state = self.state();
        state.forget_old(now);
        // Each call is answered once, and only after it was fetched.
        if state.waiting.contains(&answer.id) {
            return None;
        }
        let Pending { user, reply, .. } = state.calls.remove(&answer.id)?;
        drop(state);
        let frames = answer.kms_messages;
        match reply {
            Some(reply) => reply.send(frames).err().map(|frames| (user, frames)),
            None => Some((user, frames)),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Fetch {
    /// Returns when there may be something to fetch.
    pub(crate) async fn news(&mut self) {
        if self.news.changed().await.is_err() {
            // Cannot happen while the relay lives; waiting is then the harmless answer.
            std::future::pending::<()>().await;
        }
    }
}

impl State {
    fn is_there(&self, now: Timestamp) -> bool {
        let was = self.fetched.is_some_and(|at| now.duration_since(at).abs() < AWAY_AFTER);
        self.is_fetching || was
    }

    fn may_ask(&mut self, user: UserId, now: Timestamp) -> bool {
        if self.second != now.as_second() {
            self.second = now.as_second();
            self.asked.clear();
        }
        let asked = self.asked.entry(user).or_default();
        *asked += 1;
        *asked <= CALLS_PER_SECOND_MAX
    }

    fn forget_old(&mut self, now: Timestamp) {
        let is_old = |pending: &Pending| now.duration_since(pending.since).abs() >= CALL_LIFE;
        let old = self.calls.iter().filter(|(_, pending)| is_old(pending));
        let old: Vec<Uuid> = old.map(|(id, _)| *id).collect();
        for id in old {
            self.remove(id);
        }
    }

    fn remove(&mut self, id: Uuid) {
        if let Some(pending) = self.calls.remove(&id) {
            let bytes = bytes(&pending.frames);
            self.waiting_bytes = self.waiting_bytes.saturating_sub(bytes);
            self.waiting.retain(|waiting| *waiting != id);
        }
    }
}

fn bytes(frames: &[Frame]) -> usize {
    frames.iter().map(|frame| frame.0.len()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANN: UserId = UserId(Uuid::from_u128(1));

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_795_510_800 + second).expect("a time")
    }

    fn site() -> KeyServerSite {
        KeyServerSite { kms_cluster: "kms://k".into(), rsa_public_key: "{}".into() }
    }

    fn frames(bytes: usize) -> Vec<Frame> {
        vec![Frame("x".repeat(bytes))]
    }

    fn fetched(relay: &Relay, fetch: &mut Fetch, now: Timestamp) -> Vec<Uuid> {
        match relay.fetch(fetch, now) {
            Fetched::Calls(calls) => calls.into_iter().map(|call| call.id).collect(),
            Fetched::Nothing => Vec::new(),
            Fetched::Over => panic!("over"),
        }
    }

    #[test]
    fn a_call_goes_once_and_its_answer_comes_once() {
        let relay = Relay::default();
        let id = Uuid::from_u128(7);
        let take = |reply, id, now| relay.take(ANN, frames(3), reply, id, now);
        assert_eq!(take(None, id, at(0)), Err(NotTaken::Away));
        let mut fetch = relay.begin_fetch(site());
        let (reply, mut answer) = oneshot::channel();
        assert_eq!(take(Some(reply), id, at(0)), Ok(()));
        let early = Call { id, kms_messages: frames(1) };
        assert!(relay.answer(early.clone(), at(0)).is_none(), "nobody has fetched it");
        assert_eq!(fetched(&relay, &mut fetch, at(0)), [id]);
        assert!(fetched(&relay, &mut fetch, at(0)).is_empty());
        assert!(relay.answer(early.clone(), at(1)).is_none());
        assert_eq!(answer.try_recv().expect("an answer"), frames(1));
        assert!(relay.answer(early, at(1)).is_none(), "once");
        // Nobody waits for this one: it is for the event stream.
        assert_eq!(take(None, Uuid::from_u128(8), at(1)), Ok(()));
        assert_eq!(fetched(&relay, &mut fetch, at(1)).len(), 1);
        let late = Call { id: Uuid::from_u128(8), kms_messages: frames(2) };
        assert_eq!(relay.answer(late, at(2)), Some((ANN, frames(2))));
    }

    #[test]
    fn everything_has_its_bounds() {
        let relay = Relay::default();
        let mut fetch = relay.begin_fetch(site());
        let take = |user: u128, bytes, id, now| {
            let user = UserId(Uuid::from_u128(user));
            relay.take(user, frames(bytes), None, Uuid::from_u128(id), now)
        };
        for id in 0..u128::from(CALLS_PER_SECOND_MAX) {
            assert_eq!(take(1, 1, id, at(0)), Ok(()));
        }
        assert_eq!(take(1, 1, 99, at(0)), Err(NotTaken::TooMany));
        assert_eq!(take(2, 1, 99, at(0)), Ok(()), "somebody else may");
        assert_eq!(take(1, 1, 100, at(1)), Ok(()), "and in the next second");
        assert_eq!(take(3, WAITING_BYTES_MAX, 101, at(1)), Err(NotTaken::TooMany));
        // A minute later nobody remembers; what is large goes one by one.
        assert!(fetched(&relay, &mut fetch, at(61)).is_empty());
        assert!(relay.state().calls.is_empty() && relay.state().waiting_bytes == 0);
        for id in 0..3 {
            assert_eq!(take(id, FETCHED_BYTES_MAX, id, at(61)), Ok(()));
        }
        assert_eq!(fetched(&relay, &mut fetch, at(61)).len(), 1);
    }

    #[test]
    fn a_newer_fetch_ends_an_older_one_and_silence_means_away() {
        let relay = Relay::default();
        let mut old = relay.begin_fetch(site());
        let new = relay.begin_fetch(site());
        assert!(matches!(relay.fetch(&mut old, at(0)), Fetched::Over));
        relay.end_fetch(&old, at(0));
        assert!(relay.site(at(60)).is_some(), "the newer one waits");
        relay.end_fetch(&new, at(60));
        assert!(relay.site(at(61)).is_some());
        assert!(relay.site(at(63)).is_none());
    }
}
