//! Who waits for news of which user, inside this process. A hint only: what happened is read from
//! the database, so losing a hint delays a client and never misleads it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use protocol::{feed::EventData, ids::UserId};
use tokio::{
    sync::{broadcast, watch},
    time::Instant,
};

/// Streams served at once; one more is told to slow down and polls instead.
const STREAMS_MAX: usize = 10_000;
/// Streams one person may have: their devices and some tabs.
const STREAMS_PER_USER_MAX: usize = 32;

/// Events without a position that wait for a slow stream; it misses older ones.
const TOLD_MAX: usize = 16;

/// Commits kept for an observer who is slow; it misses older ones.
const OBSERVED_MAX: usize = 16 * 1024;

#[derive(Clone)]
pub(crate) struct Feed {
    users: Arc<Mutex<Users>>,
    observers: broadcast::Sender<Observed>,
}

/// A commit that has just been stored, for those who measure.
#[derive(Clone, Copy, Debug)]
pub struct Observed {
    pub user: UserId,
    pub rev: i64,
    pub at: Instant,
}

impl Default for Feed {
    fn default() -> Self {
        Self { users: Arc::default(), observers: broadcast::Sender::new(OBSERVED_MAX) }
    }
}

#[derive(Default)]
struct Users {
    followed: HashMap<UserId, Followed>,
    streams: usize,
}

struct Followed {
    newest: watch::Sender<i64>,
    told: broadcast::Sender<Arc<EventData>>,
    streams: usize,
}

/// There are too many streams already.
#[derive(Debug)]
pub(crate) struct Full;

/// As long as it lives, one stream follows one user.
pub(crate) struct Following {
    feed: Feed,
    user: UserId,
    newest: watch::Receiver<i64>,
    told: broadcast::Receiver<Arc<EventData>>,
}

/// What a stream waits for.
pub(crate) enum Heard {
    /// The list has reached a revision not told before.
    News,
    /// Something that moves no position and stands in no log.
    Told(Arc<EventData>),
}

impl Default for Followed {
    fn default() -> Self {
        let (newest, told) = (watch::Sender::new(0), broadcast::Sender::new(TOLD_MAX));
        Self { newest, told, streams: 0 }
    }
}

impl Feed {
    pub(crate) fn follow(&self, user: UserId) -> Result<Following, Full> {
        let mut users = self.users();
        if users.streams >= STREAMS_MAX {
            return Err(Full);
        }
        let followed = users.followed.entry(user).or_default();
        if followed.streams >= STREAMS_PER_USER_MAX {
            return Err(Full);
        }
        followed.streams += 1;
        let (newest, told) = (followed.newest.subscribe(), followed.told.subscribe());
        users.streams += 1;
        Ok(Following { feed: self.clone(), user, newest, told })
    }

    /// From now on every commit of everybody.
    pub(crate) fn observe(&self) -> broadcast::Receiver<Observed> {
        self.observers.subscribe()
    }

    /// The user's list has reached this revision.
    pub(crate) fn publish(&self, user: UserId, rev: i64) {
        if self.observers.receiver_count() > 0
            && self.observers.send(Observed { user, rev, at: Instant::now() }).is_err()
        {
            tracing::trace!("The last observer has just gone");
        }
        if let Some(followed) = self.users().followed.get(&user) {
            followed.newest.send_if_modified(|newest| {
                let is_news = rev > *newest;
                *newest = rev.max(*newest);
                is_news
            });
        }
    }

    /// Who is watched here.
    pub(crate) fn followed(&self) -> Vec<UserId> {
        self.users().followed.keys().copied().collect()
    }

    /// To all streams the user has now; who comes later does not hear it.
    pub(crate) fn tell(&self, user: UserId, event: EventData) {
        if let Some(followed) = self.users().followed.get(&user)
            && followed.told.send(Arc::new(event)).is_err()
        {
            tracing::trace!("The user's last stream has just gone");
        }
    }

    fn users(&self) -> MutexGuard<'_, Users> {
        self.users.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Following {
    pub(crate) async fn heard(&mut self) -> Heard {
        loop {
            tokio::select! {
                changed = self.newest.changed() => if changed.is_ok() { return Heard::News },
                told = self.told.recv() => if let Ok(told) = told { return Heard::Told(told) },
            }
            // Neither ends while this stream is counted; something told may have been missed.
        }
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        let mut users = self.feed.users();
        users.streams = users.streams.saturating_sub(1);
        if let Some(followed) = users.followed.get_mut(&self.user) {
            followed.streams = followed.streams.saturating_sub(1);
            if followed.streams == 0 {
                users.followed.remove(&self.user);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_user_nobody_follows_takes_no_room() {
        let feed = Feed::default();
        let user = UserId(Uuid::nil());
        feed.publish(user, 1);
        let streams: Vec<_> =
            (0..STREAMS_PER_USER_MAX).map(|_| feed.follow(user).expect("room")).collect();
        assert!(feed.follow(user).is_err());
        drop(streams);
        assert!(feed.users().followed.is_empty());
        assert_eq!(feed.users().streams, 0);
    }
}
