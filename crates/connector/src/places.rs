//! Keeps knowing where mailboxes are: asks Autodiscover at the start and daily, tells the cloud
//! which hosts it met, and goes by what administrators decide about them.

mod schedule;

use std::{sync::Arc, time::Duration};

use protocol::{ids::MailboxAddress, trust::TrustReport};

use self::schedule::{Due, EARLIER_MAX, Schedule};
use crate::{
    exchange::autodiscover::search::Missing,
    follower::Shared,
    remedy::{Reason, Remedy},
};

/// How soon a decision takes effect.
const DECISIONS_EVERY: Duration = Duration::from_secs(30);
/// The same until the cloud has answered once: before that nobody is asked.
const FIRST_DECISIONS_EVERY: Duration = Duration::from_secs(3);
/// Does not end. Without Autodiscover there is nothing to do.
pub async fn keep_places(shared: Arc<Shared>, mailboxes: Vec<MailboxAddress>) {
    if !shared.connection.has_discovery() {
        return std::future::pending().await;
    }
    let mut keeper = Keeper::new(shared, mailboxes);
    while !keeper.decisions().await.is_known() {
        keeper.shared.world.clock.sleep(FIRST_DECISIONS_EVERY).await;
    }
    loop {
        keeper.look().await;
        keeper.shared.world.clock.sleep(DECISIONS_EVERY).await;
        if keeper.decisions().await == Decisions::Changed {
            keeper.look_at_once();
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Decisions {
    Unknown,
    AsBefore,
    Changed,
}

impl Decisions {
    fn is_known(self) -> bool {
        match self {
            Self::Unknown => false,
            Self::AsBefore | Self::Changed => true,
        }
    }
}

struct Keeper {
    shared: Arc<Shared>,
    mailboxes: Vec<MailboxAddress>,
    missing: Vec<MailboxAddress>,
    schedule: Schedule,
    /// Met, and not told to the cloud yet.
    met: Vec<String>,
}

impl Keeper {
    fn new(shared: Arc<Shared>, mailboxes: Vec<MailboxAddress>) -> Self {
        let schedule = Schedule::from(shared.world.clock.now());
        Self { shared, mailboxes, missing: Vec::new(), schedule, met: Vec::new() }
    }

    /// Reports what was met, and takes over what was decided.
    async fn decisions(&mut self) -> Decisions {
        let connection = &self.shared.connection;
        if self.met.is_empty() {
            self.met = connection.hosts_met();
        }
        let report = TrustReport { seen: self.met.clone() };
        match self.shared.cloud.trust(&report).await {
            Ok(list) => {
                self.met.clear();
                if connection.decide(&list.hosts) {
                    Decisions::Changed
                } else {
                    Decisions::AsBefore
                }
            }
            Err(error) => {
                tracing::warn!(%error, "Cannot read what administrators decided about hosts");
                Decisions::Unknown
            }
        }
    }

    /// Places may have been forgotten, and those who are missing may be found now.
    fn look_at_once(&mut self) {
        let placed =
            |mailbox: &&MailboxAddress| self.shared.connection.place(Some(mailbox)).is_known();
        self.missing = self.mailboxes.iter().filter(|mailbox| !placed(mailbox)).cloned().collect();
        self.schedule.at_once(self.shared.world.clock.now());
    }

    /// Looks for whoever is due.
    async fn look(&mut self) {
        let world = &self.shared.world;
        let whom = match self.schedule.due(world.clock.now(), world.chance.jitter(EARLIER_MAX)) {
            Due::Everybody => &self.mailboxes,
            Due::TheMissing if !self.missing.is_empty() => &self.missing,
            Due::TheMissing | Due::Nobody => return,
        };
        match self.shared.connection.locate(whom).await {
            Ok(round) => {
                let missing = round.missing.len();
                tracing::info!(
                    asked = whom.len(),
                    moved = round.moved,
                    missing,
                    "Looked for mailboxes"
                );
                self.tell(&round.missing);
                self.missing = round.missing.into_iter().map(|(mailbox, _)| mailbox).collect();
            }
            Err(failure) => {
                let error: &dyn std::error::Error = &failure;
                tracing::warn!(error, "Cannot look for mailboxes");
                if let Remedy::GiveUp(reason) = failure.remedy() {
                    self.shared.alarms.raise(reason, None);
                }
                self.missing = whom.clone();
            }
        }
        self.schedule.looked(self.shared.world.clock.now());
    }

    /// Two alarms at most, however many mailboxes are concerned.
    fn tell(&self, missing: &[(MailboxAddress, Missing)]) {
        let is_undecided = missing.iter().any(|(_, why)| *why == Missing::Undecided);
        let is_missing = missing.iter().any(|(_, why)| match why {
            Missing::Nobody | Missing::NoSuchMailbox | Missing::InTheCloud => true,
            Missing::Undecided | Missing::Busy | Missing::SignInRefused => false,
        });
        let alarms = &self.shared.alarms;
        for (is_so, reason) in
            [(is_undecided, Reason::UndecidedHost), (is_missing, Reason::NotFound)]
        {
            if is_so {
                alarms.raise(reason, None);
            } else {
                alarms.clear(reason);
            }
        }
    }
}
