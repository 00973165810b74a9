//! Waits for what was changed in Exchange to arrive, sealed, in the cloud, and takes the time.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{Arc, Mutex},
    time::Duration,
};

use cloud::Observed;
use protocol::ids::UserId;
use tokio::{sync::broadcast, time::Instant};

use crate::site::Site;

#[derive(Clone, Default)]
pub(crate) struct Watch(Arc<Mutex<Seen>>);

#[derive(Default)]
struct Seen {
    users: HashSet<UserId>,
    commits: u64,
    pending: HashMap<UserId, VecDeque<Instant>>,
    open: usize,
    times: Vec<Duration>,
    last: Option<Instant>,
    missed: u64,
}

impl Watch {
    /// Watches until the site ends.
    pub(crate) fn start(site: &Site) -> Self {
        let watch = Self::default();
        site.bench.spawn(watch.clone().run(site.commits.resubscribe()));
        watch
    }

    async fn run(self, mut commits: broadcast::Receiver<Observed>) {
        loop {
            match commits.recv().await {
                Ok(commit) => self.note(commit),
                Err(broadcast::error::RecvError::Closed) => return,
                Err(broadcast::error::RecvError::Lagged(missed)) => {
                    self.seen().missed += missed;
                }
            }
        }
    }

    fn note(&self, commit: Observed) {
        let mut seen = self.seen();
        seen.users.insert(commit.user);
        seen.commits += 1;
        seen.last = Some(commit.at);
        // A commit after the change carries it, together with those of the mailbox before.
        let Some(waiting) = seen.pending.get_mut(&commit.user) else { return };
        let (done, later): (VecDeque<_>, _) =
            waiting.iter().copied().partition(|changed| *changed <= commit.at);
        *waiting = later;
        seen.open -= done.len();
        seen.times.extend(done.into_iter().map(|changed| commit.at.duration_since(changed)));
    }

    /// Something is about to change in this mailbox.
    pub(crate) fn expect(&self, user: UserId) {
        let mut seen = self.seen();
        seen.open += 1;
        seen.pending.entry(user).or_default().push_back(Instant::now());
    }

    /// Forgets what is open and gives the times taken, shortest first, and how many never came.
    pub(crate) fn take(&self) -> (Vec<Duration>, usize) {
        let mut seen = self.seen();
        assert_eq!(seen.missed, 0, "the bench missed commits: its figures would be wrong");
        seen.pending.clear();
        let open = std::mem::take(&mut seen.open);
        let mut times = std::mem::take(&mut seen.times);
        times.sort_unstable();
        (times, open)
    }

    pub(crate) fn open(&self) -> usize {
        self.seen().open
    }

    pub(crate) fn users(&self) -> usize {
        self.seen().users.len()
    }

    pub(crate) fn last(&self) -> Option<Instant> {
        self.seen().last
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.0.lock().expect("no panic")
    }
}
