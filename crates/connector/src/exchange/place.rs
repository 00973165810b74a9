//! Where each mailbox is served: at the configured address, until something better is known.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use protocol::ids::MailboxAddress;
use url::Url;

/// One way to a part of Exchange. Mailboxes of equal places may share a stream.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub url: Url,
    /// Exchange's `GroupingInformation`: which of its servers work together. Opaque.
    pub group: Option<String>,
}

/// What is known about places; mailboxes of one place share it.
pub struct Places {
    configured: Arc<Place>,
    known: Mutex<BTreeMap<MailboxAddress, Arc<Place>>>,
}

impl Places {
    pub fn new(configured: Url) -> Self {
        let configured = Arc::new(Place { url: configured, group: None });
        Self { configured, known: Mutex::default() }
    }

    pub fn of(&self, mailbox: Option<&MailboxAddress>) -> Arc<Place> {
        let known = self.known();
        let place = mailbox.and_then(|mailbox| known.get(mailbox));
        Arc::clone(place.unwrap_or(&self.configured))
    }

    /// Whether that is news.
    pub fn learn(&self, mailbox: &MailboxAddress, place: Place) -> bool {
        let mut known = self.known();
        let before = known.get(mailbox).unwrap_or(&self.configured);
        if **before == place {
            return false;
        }
        let shared = known.values().find(|known| ***known == place).cloned();
        known.insert(mailbox.clone(), shared.unwrap_or_else(|| Arc::new(place)));
        true
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<MailboxAddress, Arc<Place>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mailbox_is_where_we_learnt_it_is_and_else_where_the_settings_say() {
        let place = |host: &str, group: Option<&str>| Place {
            url: Url::parse(&format!("https://{host}/EWS/Exchange.asmx")).expect("a URL"),
            group: group.map(str::to_owned),
        };
        let places = Places::new(place("mail.example.com", None).url);
        let (alice, bob) = ("alice@example.com", "bob@example.com");
        let [alice, bob] = [alice, bob].map(|text| MailboxAddress::new(text).expect("an address"));
        assert!(!places.learn(&alice, place("mail.example.com", None)), "no news");
        assert!(places.learn(&alice, place("mail2.example.com", Some("a"))));
        assert!(!places.learn(&alice, place("mail2.example.com", Some("a"))));
        assert_eq!(*places.of(Some(&alice)), place("mail2.example.com", Some("a")));
        assert_eq!(*places.of(Some(&bob)), place("mail.example.com", None));
        assert_eq!(*places.of(None), place("mail.example.com", None));
    }
}
