//! Alarms: what a person has to do something about. Raised once, cleared when cured.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use protocol::ids::UserId;

use crate::remedy::Reason;

/// One alarm names so many mailboxes in the log: what a hundred thousand have in common, the first
/// few say.
const MAILBOXES_NAMED_MAX: usize = 20;

/// Cheap to clone; clones share what is raised.
#[derive(Clone, Default)]
pub struct Alarms {
    raised: Arc<Mutex<Raised>>,
    /// Conferences whose providers refuse us, by their names in the settings.
    refusing: Arc<Mutex<BTreeSet<String>>>,
}

/// By the alarm's stable id: whom it concerns, `None` the whole connector.
type Raised = BTreeMap<&'static str, BTreeSet<Option<UserId>>>;

impl Alarms {
    /// `user` names the mailbox concerned, `None` the whole connector.
    pub fn raise(&self, reason: Reason, user: Option<UserId>) {
        let mut raised = self.raised();
        let concerned = raised.entry(reason.alarm_id()).or_default();
        if !concerned.insert(user) || concerned.len() > MAILBOXES_NAMED_MAX {
            return;
        }
        tracing::error!(
            alarm.id = reason.alarm_id(),
            mailbox.id = named(user),
            "{}",
            reason.what_to_do()
        );
        if concerned.len() == MAILBOXES_NAMED_MAX {
            tracing::error!(alarm.id = reason.alarm_id(), "Further mailboxes are not named");
        }
    }

    /// Everything is well again with this mailbox, or with the connector itself.
    pub fn clear_all(&self, user: Option<UserId>) {
        self.cured(user, |_| true);
    }

    /// The connector itself is rid of one kind of trouble.
    pub fn clear(&self, reason: Reason) {
        self.cured(None, |id| id == reason.alarm_id());
    }

    fn cured(&self, user: Option<UserId>, is_cured: impl Fn(&str) -> bool) {
        let mut raised = self.raised();
        for (_, concerned) in raised.iter_mut().filter(|(id, _)| is_cured(id)) {
            let was_named = concerned.len() <= MAILBOXES_NAMED_MAX;
            if concerned.remove(&user) && was_named {
                tracing::info!(mailbox.id = named(user), "What the alarm was about is cured");
            }
        }
        raised.retain(|_, concerned| !concerned.is_empty());
    }

    /// One alarm for all conferences, cleared when the last of them works again.
    pub fn conference_refuses(&self, conference: &str) {
        self.refusing().insert(conference.to_owned());
        self.raise(Reason::ConferenceRefused, None);
    }

    pub fn conference_works(&self, conference: &str) {
        let mut refusing = self.refusing();
        if refusing.remove(conference) && refusing.is_empty() {
            self.clear(Reason::ConferenceRefused);
        }
    }

    /// Stable ids of the alarms that are raised, with the mailboxes concerned.
    pub fn list(&self) -> Vec<(Option<UserId>, &'static str)> {
        let raised = self.raised();
        let each = |(id, concerned): (&&'static str, &BTreeSet<Option<UserId>>)| {
            let id = *id;
            concerned.iter().map(move |user| (*user, id)).collect::<Vec<_>>()
        };
        raised.iter().flat_map(each).collect()
    }

    fn refusing(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.refusing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn raised(&self) -> MutexGuard<'_, Raised> {
        self.raised.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn named(user: Option<UserId>) -> String {
    user.map_or_else(|| "all".to_owned(), |user| user.to_string())
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn each_mailbox_counts_and_is_cured_by_itself() {
        let alarms = Alarms::default();
        let users: Vec<_> = (0..100).map(|n| Some(UserId(Uuid::from_u128(n)))).collect();
        for user in users.iter().chain(&users) {
            alarms.raise(Reason::KeysRefused, *user);
        }
        alarms.raise(Reason::CloudRefused, None);
        assert_eq!(alarms.list().len(), 101);
        users.iter().for_each(|user| alarms.clear_all(*user));
        assert_eq!(alarms.list(), [(None, Reason::CloudRefused.alarm_id())]);
        alarms.clear(Reason::CloudRefused);
        assert_eq!(alarms.list(), []);
    }
}
