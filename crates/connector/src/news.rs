//! What the stream told us about one mailbox since we last looked: dirty marks instead of a queue,
//! so that any number of notifications takes the same small space.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;

use crate::entry::Version;

/// Items named by hints; beyond that everything counts as changed.
pub const HINTS_MAX: usize = 64;

/// A calendar entry as the source names it, and its version if the hint said so.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SourceId(pub String);

/// A hint is not a fact: it says where to look.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct News {
    /// The stream that carries our subscription has (again) been opened: what happened before
    /// that is unknown.
    pub is_listening_anew: bool,
    pub is_subscription_lost: bool,
    /// Until it is open again, nothing is announced.
    pub is_stream_broken: bool,
    pub changed: BTreeMap<SourceId, Option<Version>>,
    pub is_everything_changed: bool,
}

/// One end writes marks, the other takes them. Cheap to clone.
#[derive(Clone, Default)]
pub struct Inbox(Arc<Shared>);

#[derive(Default)]
struct Shared {
    news: Mutex<News>,
    arrived: Notify,
}

impl Inbox {
    pub fn listening(&self) {
        self.note(|news| {
            news.is_listening_anew = true;
            news.is_stream_broken = false;
        });
    }

    pub fn stream_broken(&self) {
        self.note(|news| {
            news.is_stream_broken = true;
            news.is_listening_anew = false;
        });
    }

    pub fn subscription_lost(&self) {
        self.note(|news| news.is_subscription_lost = true);
    }

    pub fn changed(&self, id: SourceId, version: Option<Version>) {
        self.note(|news| {
            if news.changed.len() < HINTS_MAX || news.changed.contains_key(&id) {
                news.changed.insert(id, version);
            } else {
                news.is_everything_changed = true;
            }
        });
    }

    pub fn everything_changed(&self) {
        self.note(|news| news.is_everything_changed = true);
    }

    /// Waits for news and takes them.
    pub async fn next(&self) -> News {
        loop {
            let arrived = self.0.arrived.notified();
            let news = std::mem::take(&mut *self.lock());
            if news != News::default() {
                return news;
            }
            arrived.await;
        }
    }

    fn note(&self, mark: impl FnOnce(&mut News)) {
        mark(&mut self.lock());
        self.0.arrived.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, News> {
        self.0.news.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn marks_add_up_and_are_taken_once() {
        let inbox = Inbox::default();
        inbox.listening();
        inbox.changed(SourceId("a".into()), Some(Version("1".into())));
        inbox.changed(SourceId("a".into()), Some(Version("2".into())));
        let news = inbox.next().await;
        assert!(news.is_listening_anew && !news.is_subscription_lost);
        assert_eq!(
            news.changed,
            BTreeMap::from([(SourceId("a".into()), Some(Version("2".into())))])
        );
        inbox.subscription_lost();
        assert!(inbox.next().await.is_subscription_lost);
    }

    #[tokio::test]
    async fn too_many_hints_mean_everything() {
        let inbox = Inbox::default();
        for n in 0..=HINTS_MAX {
            inbox.changed(SourceId(n.to_string()), None);
        }
        let news = inbox.next().await;
        assert_eq!(news.changed.len(), HINTS_MAX);
        assert!(news.is_everything_changed);
    }
}
