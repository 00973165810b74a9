//! Alarms: what a person has to do something about. Raised once, cleared when cured.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use protocol::ids::UserId;

use crate::remedy::Reason;

/// Cheap to clone; clones share what is raised.
#[derive(Clone, Default)]
pub struct Alarms {
    raised: Arc<Mutex<BTreeSet<Raised>>>,
    /// Conferences whose providers refuse us, by their names in the settings.
    refusing: Arc<Mutex<BTreeSet<String>>>,
}

/// The mailbox concerned, `None` for the whole connector; and the alarm's stable id.
type Raised = (Option<UserId>, &'static str);

impl Alarms {
    /// `user` names the mailbox concerned, `None` the whole connector.
    pub fn raise(&self, reason: Reason, user: Option<UserId>) {
        if self.raised().insert((user, reason.alarm_id())) {
            let mailbox = user.map_or_else(|| "all".to_owned(), |user| user.to_string());
            tracing::error!(
                alarm.id = reason.alarm_id(),
                mailbox.id = mailbox,
                "{}",
                reason.what_to_do()
            );
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
        let before = raised.len();
        raised.retain(|(whose, id)| *whose != user || !is_cured(id));
        if raised.len() < before {
            let mailbox = user.map_or_else(|| "all".to_owned(), |user| user.to_string());
            tracing::info!(mailbox.id = mailbox, "What the alarm was about is cured");
        }
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
    pub fn list(&self) -> Vec<Raised> {
        self.raised().iter().copied().collect()
    }

    fn refusing(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.refusing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn raised(&self) -> MutexGuard<'_, BTreeSet<Raised>> {
        self.raised.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
