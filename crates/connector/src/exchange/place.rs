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
    /// A mailbox of which nothing is known is here; [`Place::is_known`] tells.
    configured: Arc<Place>,
    known: Mutex<BTreeMap<MailboxAddress, Arc<Place>>>,
}

/// Where a mailbox is that Autodiscover has not found yet: nothing can be sent there.
const NOWHERE: &str = "nowhere:";

impl Place {
    /// Whether anything can be sent there.
    pub fn is_known(&self) -> bool {
        self.url.has_host()
    }
}

impl Places {
    /// Without an address in the settings, everybody is nowhere until learnt.
    pub fn new(configured: Option<Url>) -> Self {
        #[expect(clippy::expect_used, reason = "a constant")]
        let url = configured.unwrap_or_else(|| Url::parse(NOWHERE).expect("an address"));
        let configured = Arc::new(Place { url, group: None });
        Self { configured, known: Mutex::default() }
    }

    pub fn of(&self, mailbox: Option<&MailboxAddress>) -> Arc<Place> {
        let known = self.known();
        let place = match mailbox {
            Some(mailbox) => known.get(mailbox),
            // Nobody in particular is everywhere.
            None if !self.configured.is_known() => known.values().next(),
            None => None,
        };
        Arc::clone(place.unwrap_or(&self.configured))
    }

    /// Forgets what was learnt and may not be used any more.
    pub fn keep(&self, may_be_used: impl Fn(&Url) -> bool) {
        self.known().retain(|_, place| may_be_used(&place.url));
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
        let places = Places::new(Some(place("mail.example.com", None).url));
        let (alice, bob) = ("alice@example.com", "bob@example.com");
        let [alice, bob] = [alice, bob].map(|text| MailboxAddress::new(text).expect("an address"));
        assert!(!places.learn(&alice, place("mail.example.com", None)), "no news");
        assert!(places.learn(&alice, place("mail2.example.com", Some("a"))));
        assert!(!places.learn(&alice, place("mail2.example.com", Some("a"))));
        assert_eq!(*places.of(Some(&alice)), place("mail2.example.com", Some("a")));
        assert_eq!(*places.of(Some(&bob)), place("mail.example.com", None));
        assert_eq!(*places.of(None), place("mail.example.com", None));
    }

    #[test]
    fn who_was_not_found_yet_is_nowhere() {
        let places = Places::new(None);
        let alice = MailboxAddress::new("alice@example.com").expect("an address");
        assert!(!places.of(Some(&alice)).is_known() && !places.of(None).is_known());
        let url = Url::parse("https://mail.example.com/EWS/Exchange.asmx").expect("a URL");
        assert!(places.learn(&alice, Place { url, group: None }));
        assert!(places.of(Some(&alice)).is_known() && places.of(None).is_known());
        places.keep(|_| false);
        assert!(!places.of(Some(&alice)).is_known());
    }
}
