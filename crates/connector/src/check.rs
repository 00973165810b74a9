//! `hybridcal check`: can we reach Exchange, sign in, impersonate, and see each mailbox? Each
//! failure with its remedy. Reads only.

mod advice;
mod discovery;
mod room;
mod trouble;

use std::{fs, sync::Arc};

use kms::connector_key::ConnectorKey;
use protocol::{connector::LeaseRequest, ids::MailboxAddress, routes};
use url::Url;
use world::{World, http::Request};
use zeroize::Zeroizing;

pub use self::trouble::Trouble;
use self::{
    advice::{Advisor, mistake},
    room::looks_stripped,
};
use crate::{
    cloud::Cloud,
    config::{Config, Mechanism, Mistake},
    exchange::{
        Connection, Failure,
        probe::{self, Reached, Streamed},
    },
    practice::Practice,
};

/// Tokens live for a minute, Kerberos allows five.
const CLOCK_DIFFERENCE_MAX: jiff::SignedDuration = jiff::SignedDuration::from_secs(30);
/// Exchange answers 401 when it means "slower", too; a second refusal is believed.
const SIGN_IN_PAUSE: std::time::Duration = std::time::Duration::from_secs(5);

/// One rung of the ladder, tried.
pub struct Finding {
    pub step: Step,
    /// What was tried, for the administrator's own terminal: it may be an address.
    pub subject: String,
    pub outcome: Outcome,
}

/// In this order; what a failed rung carries is not tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Settings,
    /// Where is Exchange?
    Autodiscover,
    Exchange,
    Clock,
    SignIn,
    /// Does a second request on the same connection go through?
    Connection,
    /// May we act for this mailbox?
    Mailbox,
    /// Can we read its calendar, and are its texts there?
    Calendar,
    /// Do notifications arrive?
    Stream,
    Cloud,
    Keys,
    /// Would a provider of conferences do its work?
    Conference,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Ok(String),
    /// Something is not as it should be, and the rest works.
    Warning {
        trouble: Trouble,
        what: String,
        what_to_do: String,
    },
    Failed {
        trouble: Trouble,
        what: String,
        what_to_do: String,
    },
}

impl Step {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Settings => "settings",
            Self::Autodiscover => "autodiscover",
            Self::Exchange => "exchange",
            Self::Clock => "clock",
            Self::SignIn => "sign-in",
            Self::Connection => "connection",
            Self::Mailbox => "mailbox",
            Self::Calendar => "calendar",
            Self::Stream => "stream",
            Self::Cloud => "cloud",
            Self::Keys => "keys",
            Self::Conference => "conference",
        }
    }
}

impl Outcome {
    /// What stands on it can be tried.
    pub fn is_ok(&self) -> bool {
        match self {
            Self::Ok(_) | Self::Warning { .. } => true,
            Self::Failed { .. } => false,
        }
    }
}

/// What the settings promise, usable.
struct Usable {
    connection: Connection,
    cloud: Cloud,
    addresses: Vec<MailboxAddress>,
    practice: Practice,
}

/// Tries everything the connector needs, without following or changing anything.
pub async fn check(config: &Config, world: &World) -> Vec<Finding> {
    let mut findings = Findings(Vec::new());
    let usable = match usable(config, world) {
        Ok(usable) => usable,
        Err(wrong) => {
            findings.put(Step::Settings, &config.id.0, mistake(&wrong));
            return findings.0;
        }
    };
    let count = usable.addresses.len();
    findings.put(Step::Settings, &config.id.0, Outcome::Ok(format!("{count} mailboxes to follow")));
    exchange(&mut findings, config, world, &usable).await;
    let outcome = cloud(config, world, &usable.cloud).await;
    findings.put(Step::Cloud, config.cloud_url.as_str(), outcome);
    let outcome = health(config, world, &config.kms_url, "kms_url").await;
    findings.put(Step::Keys, config.kms_url.as_str(), outcome);
    let advisor = Advisor { config, exchange: None };
    for (name, provider) in usable.practice.providers_to_call() {
        let outcome = match provider.check().await {
            Ok(()) => Outcome::Ok("would make a conference".to_owned()),
            Err(failure) => advisor.conference(&failure),
        };
        findings.put(Step::Conference, name, outcome);
    }
    findings.0
}

struct Findings(Vec<Finding>);

impl Findings {
    /// Whether to go on with what this rung carries.
    fn put(&mut self, step: Step, subject: &str, outcome: Outcome) -> bool {
        let is_ok = outcome.is_ok();
        self.0.push(Finding { step, subject: subject.to_owned(), outcome });
        is_ok
    }
}

fn usable(config: &Config, world: &World) -> Result<Usable, Mistake> {
    config.check()?;
    let practice = Practice::new(config, world)?;
    let path = config.key_file.as_ref().ok_or(Mistake::NoKey)?;
    let unreadable =
        |source| Mistake::Unreadable { setting: "key_file", path: path.clone(), source };
    let pem = Zeroizing::new(fs::read_to_string(path).map_err(unreadable)?);
    let key = ConnectorKey::new(config.id.clone(), &pem).map_err(|_reason| Mistake::Key)?;
    let cloud = Cloud::new(world.clone(), config.cloud_url.clone(), Arc::new(key));
    let connection = Connection::new(world, &config.exchange)?;
    connection.discover_for(config)?;
    Ok(Usable { connection, cloud, addresses: config.addresses()?, practice })
}

async fn exchange(findings: &mut Findings, config: &Config, world: &World, usable: &Usable) {
    let Usable { connection, cloud, addresses, .. } = usable;
    let url = discovery::address(findings, config, connection, cloud, addresses).await;
    let (Some(url), Some(first)) = (url, addresses.first()) else { return };
    let advisor = &Advisor { config, exchange: Some(&url) };
    let outcome = reach(advisor, connection.world(), &url, first).await;
    if !findings.put(Step::Exchange, url.as_str(), outcome) {
        return;
    }
    if let Some(outcome) = clock(advisor, world, &url, first).await {
        findings.put(Step::Clock, url.as_str(), outcome);
    }
    let outcome = sign_in(advisor, world, connection, first).await;
    if !findings.put(Step::SignIn, &config.exchange.user, outcome) {
        return;
    }
    let outcome = second(advisor, connection, first).await;
    if !findings.put(Step::Connection, url.as_str(), outcome) {
        return;
    }
    let mut streaming = None;
    for address in &usable.addresses {
        match mailbox(findings, advisor, world, connection, address).await {
            Seen::Usable => streaming = streaming.or(Some(address)),
            Seen::Unusable => {}
            Seen::SignInRefused => return,
        }
    }
    if let Some(address) = streaming {
        findings.put(Step::Stream, address.as_str(), stream(advisor, connection, address).await);
    }
}

async fn reach(
    advisor: &Advisor<'_>,
    world: &World,
    url: &Url,
    mailbox: &MailboxAddress,
) -> Outcome {
    let exchange = &advisor.config.exchange;
    let (what, trouble) = match probe::reach(world, url, &exchange.sign_in).await {
        Ok(Reached::SignIn) => return Outcome::Ok("reached".into()),
        Ok(Reached::OtherSignInOnly) if exchange.sign_in == [Mechanism::Basic] => {
            ("Exchange does not offer Basic sign-in at this address", Trouble::SignInOffer)
        }
        Ok(Reached::OtherSignInOnly) => (
            "Exchange offers no way of signing in that exchange.sign_in names",
            Trouble::SignInOffer,
        ),
        Ok(Reached::Redirect) => ("it sends us to another address", Trouble::NotExchange),
        Ok(Reached::NotFound) => ("there is nothing at this path", Trouble::WrongPath),
        Err(failure) => return advisor.connect(&failure, url, "exchange.url"),
    };
    advisor.failed(what, trouble, mailbox)
}

/// `None` if the server does not tell its time.
async fn clock(
    advisor: &Advisor<'_>,
    world: &World,
    url: &Url,
    mailbox: &MailboxAddress,
) -> Option<Outcome> {
    let ahead = probe::clock_ahead(world, url).await.ok()??;
    if ahead.abs() <= CLOCK_DIFFERENCE_MAX {
        return Some(Outcome::Ok("its clock and ours agree".into()));
    }
    let (seconds, word) =
        (ahead.abs().as_secs(), if ahead.is_negative() { "behind" } else { "ahead of" });
    let what = format!("its clock is {seconds} s {word} ours");
    Some(advisor.warning(what, Trouble::Clock, mailbox))
}

async fn sign_in(
    advisor: &Advisor<'_>,
    world: &World,
    connection: &Connection,
    mailbox: &MailboxAddress,
) -> Outcome {
    let mut answer = probe::sign_in(connection, mailbox).await;
    if matches!(answer, Err(Failure::SignInRefusedOnce)) {
        world.clock.sleep(SIGN_IN_PAUSE).await;
        answer = probe::sign_in(connection, mailbox).await;
    }
    match answer {
        Ok(Some(version)) => Outcome::Ok(format!("signed in; Exchange {version}")),
        Ok(None) => Outcome::Ok("signed in".into()),
        Err(failure) => advisor.after(&failure, mailbox),
    }
}

async fn second(
    advisor: &Advisor<'_>,
    connection: &Connection,
    mailbox: &MailboxAddress,
) -> Outcome {
    match probe::sign_in(connection, mailbox).await {
        Ok(_version) => Outcome::Ok("a second request goes through, too".into()),
        Err(failure) if is_sign_in(&failure) => {
            let what = "the first request was let in and the second was not";
            advisor.failed(what, Trouble::SharedConnections, mailbox)
        }
        Err(failure) => advisor.after(&failure, mailbox),
    }
}

/// What came of one mailbox.
enum Seen {
    Usable,
    Unusable,
    /// Nobody else is tried after it.
    SignInRefused,
}

async fn mailbox(
    findings: &mut Findings,
    advisor: &Advisor<'_>,
    world: &World,
    connection: &Connection,
    address: &MailboxAddress,
) -> Seen {
    let unusable = |failure: &Failure| match is_sign_in(failure) {
        true => Seen::SignInRefused,
        false => Seen::Unusable,
    };
    if let Err(failure) = probe::calendar(connection, address).await {
        findings.put(Step::Mailbox, address.as_str(), advisor.after(&failure, address));
        return unusable(&failure);
    }
    findings.put(Step::Mailbox, address.as_str(), Outcome::Ok("we may act for it".into()));
    let now = world.clock.now();
    let read = async {
        let count = probe::entries_of_a_day(connection, address, now).await?;
        Ok((count, probe::sample(connection, address, now).await?))
    };
    let (outcome, seen) = match read.await {
        Ok((_, entries)) if looks_stripped(&entries) => {
            let what = "its invitations have no texts";
            (advisor.warning(what, Trouble::StrippedTexts, address), Seen::Usable)
        }
        Ok((count, _)) => {
            (Outcome::Ok(format!("{count} entries in the next 24 hours")), Seen::Usable)
        }
        Err(failure) => (advisor.after(&failure, address), unusable(&failure)),
    };
    findings.put(Step::Calendar, address.as_str(), outcome);
    seen
}

async fn stream(
    advisor: &Advisor<'_>,
    connection: &Connection,
    mailbox: &MailboxAddress,
) -> Outcome {
    match probe::stream(connection, mailbox).await {
        Ok(Streamed::Alive) => Outcome::Ok("notifications arrive".into()),
        Ok(Streamed::Nothing) => {
            advisor.failed("the stream brings nothing", Trouble::StreamHeld, mailbox)
        }
        Ok(Streamed::Silence) => {
            let what = "the stream falls silent after its first word";
            advisor.warning(what, Trouble::StreamSilent, mailbox)
        }
        Err(failure) => advisor.after(&failure, mailbox),
    }
}

fn is_sign_in(failure: &Failure) -> bool {
    matches!(failure, Failure::SignInRefusedOnce | Failure::PasswordRefused)
}

/// Alive, and believes who we are: a request for no leases takes none.
async fn cloud(config: &Config, world: &World, cloud: &Cloud) -> Outcome {
    let alive = health(config, world, &config.cloud_url, "cloud_url").await;
    if !alive.is_ok() {
        return alive;
    }
    let nothing = LeaseRequest { owner: world.chance.uuid(), shards: Vec::new() };
    match cloud.lease(&nothing).await {
        Ok(_none) => Outcome::Ok("reached; it knows this connector".into()),
        Err(failure) => {
            let (advisor, url) = (Advisor { config, exchange: None }, &config.cloud_url);
            advisor.refused(failure.to_string(), url)
        }
    }
}

async fn health(config: &Config, world: &World, url: &Url, setting: &'static str) -> Outcome {
    let advisor = Advisor { config, exchange: None };
    let Ok(at) = url.join(routes::HEALTH) else {
        return advisor.unhealthy("its address cannot be used", setting);
    };
    match world.http.send(Request::get(&at)).await {
        Ok(answer) if answer.status.is_success() => Outcome::Ok("reached".into()),
        Ok(answer) => advisor.unhealthy(&format!("it answered {}", answer.status), setting),
        Err(failure) => advisor.connect(&failure, url, setting),
    }
}

#[cfg(test)]
mod tests;
