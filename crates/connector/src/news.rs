//! What the stream told us about one mailbox since we last looked: dirty marks instead of a queue,
//! so that any number of notifications takes the same small space.

use std::collections::BTreeMap;

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

impl News {
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    pub fn listening(&mut self) {
        self.is_listening_anew = true;
        self.is_stream_broken = false;
    }

    pub fn stream_broken(&mut self) {
        self.is_stream_broken = true;
        self.is_listening_anew = false;
    }

    pub fn subscription_lost(&mut self) {
        self.is_subscription_lost = true;
    }

    pub fn changed(&mut self, id: SourceId, version: Option<Version>) {
        if self.changed.len() < HINTS_MAX || self.changed.contains_key(&id) {
            self.changed.insert(id, version);
        } else {
            self.everything_changed();
        }
    }

    pub fn everything_changed(&mut self) {
        self.is_everything_changed = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_add_up() {
        let mut news = News::default();
        assert!(news.is_none());
        news.listening();
        news.changed(SourceId("a".into()), Some(Version("1".into())));
        news.changed(SourceId("a".into()), Some(Version("2".into())));
        assert!(news.is_listening_anew && !news.is_subscription_lost);
        let changed = BTreeMap::from([(SourceId("a".into()), Some(Version("2".into())))]);
        assert_eq!(news.changed, changed);
    }

    #[test]
    fn too_many_hints_mean_everything() {
        let mut news = News::default();
        for n in 0..=HINTS_MAX {
            news.changed(SourceId(n.to_string()), None);
        }
        assert_eq!(news.changed.len(), HINTS_MAX);
        assert!(news.is_everything_changed);
    }
}
