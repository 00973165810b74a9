//! The search for one mailbox: what to try next, given what came back. Pure. The order is that of
//! Microsoft's clients: the directory, the domain's two candidates with SOAP and then plain XML,
//! the anonymous question, a redirect over plain http, a service record. At most
//! [`HOPS_MAX`] redirects, nothing is asked twice, and nothing that the gate does not permit.

use std::collections::{BTreeSet, VecDeque};

use ews::autodiscover::{Location, SettingName, Settings};
use protocol::ids::MailboxAddress;
use serde::Deserialize;
use url::Url;

use super::gate::{Gate, Permitted, Verdict, domain_of};

/// Redirects followed for one mailbox.
pub const HOPS_MAX: u8 = 10;
/// Addresses looked at of those that a directory or a record names.
const NAMED_MAX: usize = 8;

pub const SOAP_PATH: &str = "/autodiscover/autodiscover.svc";
pub const POX_PATH: &str = "/autodiscover/autodiscover.xml";

/// Where to begin, and which of the less certain ways to go.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// An address of Autodiscover from the settings: asked first.
    pub start: Option<Url>,
    pub ways: BTreeSet<Way>,
    pub side: Side,
}

/// Ways beside the domain's two candidates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    Directory,
    Location,
    PlainRedirect,
    ServiceRecord,
}

/// As seen from where Exchange's own addresses are chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    #[default]
    Internal,
    External,
}

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Ask the directory for its service connection points.
    Directory,
    /// With credentials.
    Soap { at: Permitted, address: MailboxAddress },
    /// With credentials.
    Pox { at: Permitted, address: MailboxAddress },
    /// Without.
    Location { host: String, address: MailboxAddress },
    /// Without, over plain http: only a redirect counts.
    PlainRedirect { host: String },
    /// `_autodiscover._tcp` of a domain.
    ServiceRecord { domain: String },
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    Settings(Settings),
    RedirectAddress(String),
    /// Told by Autodiscover or by HTTP.
    RedirectUrl(String),
    NoSuchUser,
    /// It cannot tell, but another may.
    CannotTell,
    Location(Location),
    /// Addresses of Autodiscover, best first.
    Named(Vec<String>),
    /// Later, perhaps.
    Busy,
    SignInRefused,
    /// No answer, or somebody else's.
    Nothing,
}

/// Where a mailbox is served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub ews: Permitted,
    pub group: Option<String>,
    /// Where the same can be asked about others; only SOAP takes several at once.
    pub endpoint: Option<Permitted>,
}

/// Why nothing was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// Nobody answered who knows.
    Nobody,
    NoSuchMailbox,
    /// In Microsoft's cloud, where this connector does not sign in.
    InTheCloud,
    /// A host must be decided on first.
    Undecided,
    Busy,
    SignInRefused,
}

/// How a search ended, and the hosts that wait for an administrator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    pub found: Result<Found, Missing>,
    pub undecided: BTreeSet<String>,
}

pub struct Search<'g> {
    gate: &'g Gate,
    plan: &'g Plan,
    address: MailboxAddress,
    queue: VecDeque<Step>,
    asked: BTreeSet<Step>,
    hops: u8,
    missing: Missing,
    undecided: BTreeSet<String>,
}

impl<'g> Search<'g> {
    pub fn new(gate: &'g Gate, plan: &'g Plan, address: MailboxAddress) -> Self {
        let mut search = Self {
            gate,
            plan,
            address,
            queue: VecDeque::new(),
            asked: BTreeSet::new(),
            hops: 0,
            missing: Missing::Nobody,
            undecided: BTreeSet::new(),
        };
        if let Some(start) = &plan.start {
            search.go_to(start.as_str());
        }
        if plan.ways.contains(&Way::Directory) {
            search.queue.push_back(Step::Directory);
        }
        search.queue.extend(search.of_domain());
        search
    }

    /// A search that begins with what an endpoint said about this mailbox.
    pub fn after(
        gate: &'g Gate,
        plan: &'g Plan,
        address: MailboxAddress,
        endpoint: &Permitted,
        answer: Answer,
    ) -> Result<Self, Box<Outcome>> {
        let mut search = Self::new(gate, plan, address.clone());
        let step = Step::Soap { at: endpoint.clone(), address };
        search.asked.insert(step.clone());
        match search.hear(&step, answer) {
            Some(outcome) => Err(Box::new(outcome)),
            None => Ok(search),
        }
    }

    /// The next thing to do, or how it ended.
    pub fn next_step(&mut self) -> Result<Step, Box<Outcome>> {
        while let Some(step) = self.queue.pop_front() {
            if self.asked.insert(step.clone()) {
                return Ok(step);
            }
        }
        Err(Box::new(self.end(Err(self.missing))))
    }

    /// Takes in what came back; the end, if that is one.
    pub fn hear(&mut self, step: &Step, answer: Answer) -> Option<Outcome> {
        match answer {
            Answer::Settings(settings) => self.settings(step, &settings),
            Answer::RedirectAddress(address) => {
                self.not_again_as_plain_xml(step);
                self.become_address(&address);
                None
            }
            Answer::RedirectUrl(url) => {
                self.not_again_as_plain_xml(step);
                if self.hop() {
                    match step {
                        // Only a location is wanted, so the cloud may be asked, too.
                        Step::Location { .. } => self.location_elsewhere(&url),
                        Step::Directory
                        | Step::Soap { .. }
                        | Step::Pox { .. }
                        | Step::PlainRedirect { .. }
                        | Step::ServiceRecord { .. } => self.go_to(&url),
                    }
                }
                None
            }
            Answer::Location(Location::Url(url)) => {
                let found = self.pass(&url)?;
                Some(self.end(Ok(Found { ews: found, group: None, endpoint: None })))
            }
            Answer::NoSuchUser => {
                self.not_again_as_plain_xml(step);
                self.note(Missing::NoSuchMailbox);
                None
            }
            Answer::Named(urls) => {
                for url in urls.iter().take(NAMED_MAX).rev() {
                    self.go_to(url);
                }
                None
            }
            Answer::Busy => Some(self.end(Err(Missing::Busy))),
            // Each further try would count towards locking the account.
            Answer::SignInRefused => Some(self.end(Err(Missing::SignInRefused))),
            Answer::CannotTell | Answer::Nothing | Answer::Location(Location::Refused(_)) => None,
        }
    }

    /// The first of the two addresses of EWS that may be used.
    fn settings(&mut self, step: &Step, settings: &Settings) -> Option<Outcome> {
        let order = match self.plan.side {
            Side::Internal => [SettingName::InternalEwsUrl, SettingName::ExternalEwsUrl],
            Side::External => [SettingName::ExternalEwsUrl, SettingName::InternalEwsUrl],
        };
        let urls: Vec<&str> = order.iter().filter_map(|name| settings.get(name)).collect();
        let judged = urls.iter().map(|url| self.gate.judge_text(url));
        if let Some(ews) = judged.filter_map(Verdict::permitted).next() {
            let group = settings.get(&SettingName::GroupingInformation).map(str::to_owned);
            let endpoint = match step {
                Step::Soap { at, .. } => Some(at.clone()),
                Step::Directory
                | Step::Pox { .. }
                | Step::Location { .. }
                | Step::PlainRedirect { .. }
                | Step::ServiceRecord { .. } => None,
            };
            return Some(self.end(Ok(Found { ews, group, endpoint })));
        }
        self.not_again_as_plain_xml(step);
        for url in urls {
            self.pass(url);
        }
        None
    }

    /// Asks another address of Autodiscover next, SOAP first.
    fn go_to(&mut self, url: &str) {
        if let Some(at) = self.pass(url) {
            self.ask_first(at);
        }
    }

    fn ask_first(&mut self, at: Permitted) {
        let (soap, pox) = self.both(at);
        self.queue.push_front(pox);
        self.queue.push_front(soap);
    }

    /// The two formats stand beside one another under the same host; whoever names one names both.
    fn both(&self, at: Permitted) -> (Step, Step) {
        let path = at.url().path().to_ascii_lowercase();
        let sibling = |path: &str| {
            let url = at.url().join(path).ok()?;
            self.gate.judge(url).permitted()
        };
        let (soap, pox) = if path.ends_with(".xml") {
            (sibling("autodiscover.svc"), Some(at.clone()))
        } else {
            (Some(at.clone()), sibling("autodiscover.xml"))
        };
        let address = &self.address;
        let soap = soap.unwrap_or_else(|| at.clone());
        let pox = pox.unwrap_or(at);
        (
            Step::Soap { at: soap, address: address.clone() },
            Step::Pox { at: pox, address: address.clone() },
        )
    }

    /// Everything to try for the address's own domain.
    fn of_domain(&self) -> Vec<Step> {
        let Some(domain) = domain_of(&self.address).filter(|domain| self.gate.is_ours(domain))
        else {
            return Vec::new();
        };
        let mut steps = Vec::new();
        for at in self.gate.candidates(&self.address, SOAP_PATH) {
            let (soap, pox) = self.both(at);
            steps.extend([soap, pox]);
        }
        let host = format!("autodiscover.{domain}");
        if self.plan.ways.contains(&Way::Location) {
            steps.push(Step::Location { host: host.clone(), address: self.address.clone() });
        }
        if self.plan.ways.contains(&Way::PlainRedirect) {
            steps.push(Step::PlainRedirect { host });
        }
        if self.plan.ways.contains(&Way::ServiceRecord) {
            steps.push(Step::ServiceRecord { domain });
        }
        steps
    }

    /// Asks again as another address, if its domain is the organization's.
    fn become_address(&mut self, text: &str) {
        let Some(address) = MailboxAddress::new(text) else { return };
        let Some(domain) = domain_of(&address) else { return };
        if !self.hop() {
            return;
        }
        if self.gate.is_ours(&domain) {
            self.address = address;
            self.queue = self.of_domain().into();
        } else {
            self.pass(&format!("https://autodiscover.{domain}{SOAP_PATH}"));
        }
    }

    /// An anonymous question may go on to whoever may be asked, and to Microsoft's cloud.
    fn location_elsewhere(&mut self, url: &str) {
        let host = match self.gate.judge_text(url) {
            Verdict::Permitted(at) => at.url().host_str().map(str::to_owned),
            Verdict::Cloud => {
                Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned))
            }
            Verdict::Undecided(host) => {
                self.undecide(host);
                None
            }
            Verdict::Refused(_) => None,
        };
        if let Some(host) = host {
            self.queue.push_front(Step::Location { host, address: self.address.clone() });
        }
    }

    /// The gate, with what follows from its no.
    fn pass(&mut self, url: &str) -> Option<Permitted> {
        match self.gate.judge_text(url) {
            Verdict::Permitted(permitted) => return Some(permitted),
            Verdict::Undecided(host) => self.undecide(host),
            Verdict::Cloud => self.note(Missing::InTheCloud),
            Verdict::Refused(why) => tracing::debug!(?why, "Autodiscover sent us nowhere"),
        }
        None
    }

    fn undecide(&mut self, host: String) {
        self.undecided.insert(host);
        self.note(Missing::Undecided);
    }

    /// What an administrator can do something about is said before what nobody can.
    fn note(&mut self, missing: Missing) {
        let rank = |missing: Missing| match missing {
            Missing::Nobody => 0,
            Missing::NoSuchMailbox => 1,
            Missing::InTheCloud => 2,
            Missing::Undecided | Missing::Busy | Missing::SignInRefused => 3,
        };
        if rank(missing) > rank(self.missing) {
            self.missing = missing;
        }
    }

    /// Whether one more redirect may be followed.
    fn hop(&mut self) -> bool {
        self.hops = self.hops.saturating_add(1);
        self.hops <= HOPS_MAX
    }

    /// Who answered in SOAP would say the same in plain XML.
    fn not_again_as_plain_xml(&mut self, step: &Step) {
        let Step::Soap { at: asked, .. } = step else { return };
        self.queue.retain(|next| match next {
            Step::Pox { at, .. } => at.url().origin() != asked.url().origin(),
            Step::Directory
            | Step::Soap { .. }
            | Step::Location { .. }
            | Step::PlainRedirect { .. }
            | Step::ServiceRecord { .. } => true,
        });
    }

    fn end(&self, found: Result<Found, Missing>) -> Outcome {
        Outcome { found, undecided: self.undecided.clone() }
    }
}

#[cfg(test)]
mod tests;
