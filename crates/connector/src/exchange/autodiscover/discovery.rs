//! Does what a [`Search`] decides, and teaches the connection where mailboxes are: one search for
//! each mail domain, then the others of the domain in batches at the place that answered.

mod ask;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use protocol::{
    ids::MailboxAddress,
    trust::{Decision, REPORT_HOSTS_MAX, TrustedHost},
};

use super::{
    directory::Directory,
    gate::{Gate, Permitted, domain_of},
    search::{Answer, Missing, Outcome, Plan, Search, Step},
};
use crate::{
    config::{Config, Mistake},
    exchange::{Connection, Failure, place::Place},
};

/// Users in one GetUserSettings; halved when refused.
const USERS_PER_REQUEST: usize = 50;
/// Mailboxes of a domain that are searched one by one before the domain is given up for now: the
/// first may be one that does not exist.
const STRANGERS_MAX: usize = 3;

/// What a connection needs to find places.
pub struct Discovery {
    plan: Plan,
    directory: Option<Directory>,
    /// Without decisions.
    settings: Gate,
    gate: Mutex<Arc<Gate>>,
    cloud_may_allow: bool,
    /// Hosts met and not reported yet.
    met: Mutex<BTreeSet<String>>,
}

/// How a round of looking ended.
#[derive(Debug, Default)]
pub struct Round {
    /// Those who were not found, and why.
    pub missing: Vec<(MailboxAddress, Missing)>,
    /// How many are somewhere else than before.
    pub moved: usize,
}

impl Connection {
    /// Sets Autodiscover up, if the settings ask for it.
    pub fn discover_for(&self, config: &Config) -> Result<(), Mistake> {
        let Some(settings) = config.exchange.discovery() else { return Ok(()) };
        let configured = config.exchange.url.iter().chain(&settings.url).cloned().collect();
        let gate = Gate::new(&config.mail_domains()?, &settings.trusted_suffixes, configured);
        let directory = settings.directory.as_ref();
        let directory =
            directory.map(|directory| directory.usable(&config.exchange)).transpose()?;
        self.set_discovery(Discovery {
            plan: settings.plan(),
            directory,
            gate: Mutex::new(Arc::new(gate.clone())),
            settings: gate,
            cloud_may_allow: settings.cloud_may_allow,
            met: Mutex::default(),
        });
        Ok(())
    }

    pub fn has_discovery(&self) -> bool {
        self.discovery().is_some()
    }

    /// Asks anew where a mailbox is: whether it moved. Without Autodiscover it stays.
    pub async fn relocate(&self, mailbox: &MailboxAddress) -> Result<bool, Failure> {
        let Some(discovery) = self.discovery() else { return Ok(false) };
        let gate = discovery.gate();
        let search = Search::new(&gate, &discovery.plan, mailbox.clone());
        let outcome = self.pursue(discovery, search).await?;
        let mut round = Round::default();
        self.take_in(discovery, mailbox, outcome, &mut round);
        if round.missing.is_empty() { Ok(round.moved > 0) } else { Err(Failure::NoPlace) }
    }

    /// Asks where many mailboxes are. Ends early only if Exchange refuses the account.
    pub async fn locate(&self, mailboxes: &[MailboxAddress]) -> Result<Round, Failure> {
        let mut round = Round::default();
        let Some(discovery) = self.discovery() else { return Ok(round) };
        let gate = discovery.gate();
        let mut domains: BTreeMap<Option<String>, Vec<&MailboxAddress>> = BTreeMap::new();
        for mailbox in mailboxes {
            domains.entry(domain_of(mailbox)).or_default().push(mailbox);
        }
        for mailboxes in domains.into_values() {
            self.locate_domain(discovery, &gate, mailboxes, &mut round).await?;
        }
        Ok(round)
    }

    async fn locate_domain(
        &self,
        discovery: &Discovery,
        gate: &Gate,
        mailboxes: Vec<&MailboxAddress>,
        round: &mut Round,
    ) -> Result<(), Failure> {
        let mut rest = mailboxes.into_iter();
        let mut strangers = 0;
        while let Some(mailbox) = rest.next() {
            let search = Search::new(gate, &discovery.plan, mailbox.clone());
            let outcome = self.pursue(discovery, search).await?;
            let found = outcome.found.clone();
            self.take_in(discovery, mailbox, outcome, round);
            match found.map(|found| found.endpoint) {
                Ok(Some(endpoint)) => {
                    let rest: Vec<_> = rest.collect();
                    return self.batches(discovery, gate, &endpoint, &rest, round).await;
                }
                // Only one at a time can be asked about.
                Ok(None) => {}
                Err(Missing::NoSuchMailbox) if strangers < STRANGERS_MAX => strangers += 1,
                // The others of the domain would hear the same.
                Err(why) => {
                    round.missing.extend(rest.map(|mailbox| (mailbox.clone(), why)));
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    async fn batches(
        &self,
        discovery: &Discovery,
        gate: &Gate,
        endpoint: &Permitted,
        mailboxes: &[&MailboxAddress],
        round: &mut Round,
    ) -> Result<(), Failure> {
        let mut batches: Vec<&[&MailboxAddress]> =
            mailboxes.chunks(USERS_PER_REQUEST).rev().collect();
        while let Some(batch) = batches.pop() {
            let answers = match self.ask_about(endpoint, batch).await? {
                Some(answers) => answers,
                None if batch.len() > 1 => {
                    let (first, second) = batch.split_at(batch.len() / 2);
                    batches.extend([second, first]);
                    continue;
                }
                None => vec![Answer::CannotTell],
            };
            for (mailbox, answer) in batch.iter().zip(answers) {
                let plan = &discovery.plan;
                let outcome = match Search::after(gate, plan, (*mailbox).clone(), endpoint, answer)
                {
                    Ok(search) => self.pursue(discovery, search).await?,
                    Err(outcome) => *outcome,
                };
                self.take_in(discovery, mailbox, outcome, round);
            }
        }
        Ok(())
    }

    /// Runs a search to its end.
    async fn pursue(
        &self,
        discovery: &Discovery,
        mut search: Search<'_>,
    ) -> Result<Outcome, Failure> {
        loop {
            let step = match search.next_step() {
                Ok(step) => step,
                Err(outcome) => return Ok(*outcome),
            };
            let answer = match &step {
                Step::Soap { at, address } => self.ask_one(at, address).await?,
                Step::Pox { at, address } => self.ask_plainly(at, address).await?,
                Step::Location { host, address } => self.ask_location(host, address).await,
                Step::PlainRedirect { host } => self.ask_for_redirect(host).await,
                Step::ServiceRecord { domain } => self.ask_names(domain).await,
                Step::Directory => self.ask_directory(discovery.directory.as_ref()).await,
            };
            if let Some(outcome) = search.hear(&step, answer) {
                return Ok(outcome);
            }
        }
    }

    fn take_in(
        &self,
        discovery: &Discovery,
        mailbox: &MailboxAddress,
        outcome: Outcome,
        round: &mut Round,
    ) {
        discovery.met().extend(outcome.undecided);
        match outcome.found {
            Ok(found) => {
                let place = Place { url: found.ews.into_url(), group: found.group };
                round.moved += usize::from(self.places().learn(mailbox, place));
            }
            Err(why) => round.missing.push((mailbox.clone(), why)),
        }
    }

    /// Takes over what administrators decided: whether that is news. Places that may not be used
    /// any more are forgotten.
    pub fn decide(&self, hosts: &[TrustedHost]) -> bool {
        let Some(discovery) = self.discovery() else { return false };
        let believed = |host: &&TrustedHost| match host.decision {
            Decision::Allowed => discovery.cloud_may_allow,
            Decision::Blocked => true,
            Decision::Pending => false,
        };
        let decisions = hosts.iter().filter(believed);
        let decisions = decisions.map(|host| (host.host.clone(), host.decision)).collect();
        let gate = Arc::new(discovery.settings.clone().with_decisions(decisions));
        let mut current = discovery.current();
        if current.decisions() == gate.decisions() {
            return false;
        }
        *current = Arc::clone(&gate);
        drop(current);
        self.places().keep(|url| gate.judge(url.clone()).permitted().is_some());
        true
    }

    /// Hosts that were met since last asked, no more than one report takes.
    pub fn hosts_met(&self) -> Vec<String> {
        let Some(discovery) = self.discovery() else { return Vec::new() };
        let mut met = discovery.met();
        std::iter::from_fn(|| met.pop_first()).take(REPORT_HOSTS_MAX).collect()
    }
}

impl Discovery {
    fn gate(&self) -> Arc<Gate> {
        Arc::clone(&self.current())
    }

    fn current(&self) -> MutexGuard<'_, Arc<Gate>> {
        self.gate.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn met(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.met.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
