//! `hybridcal check`: can we reach Exchange, sign in, impersonate, and see each mailbox? Each
//! failure with its remedy. Reads only.

mod advice;

use std::{fs, sync::Arc};

use kms::connector_key::ConnectorKey;
use protocol::{connector::LeaseRequest, ids::MailboxAddress, routes};
use url::Url;
use world::{World, http::Request};
use zeroize::Zeroizing;

use self::advice::{after, connect, mistake};
use crate::{
    cloud::Cloud,
    config::{Config, Mistake},
    exchange::{
        Connection, Failure,
        probe::{self, Reached},
    },
    remedy::Reason,
    write_back::Practice,
};

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
    Exchange,
    SignIn,
    /// May we act for this mailbox?
    Mailbox,
    /// Can we read its calendar?
    Calendar,
    Cloud,
    Keys,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Ok(String),
    Failed { what: String, what_to_do: String },
}

impl Step {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Settings => "settings",
            Self::Exchange => "exchange",
            Self::SignIn => "sign-in",
            Self::Mailbox => "mailbox",
            Self::Calendar => "calendar",
            Self::Cloud => "cloud",
            Self::Keys => "keys",
        }
    }
}

impl Outcome {
    pub fn is_ok(&self) -> bool {
        match self {
            Self::Ok(_) => true,
            Self::Failed { .. } => false,
        }
    }
}

/// What the settings promise, usable.
struct Usable {
    connection: Connection,
    key: ConnectorKey,
    addresses: Vec<MailboxAddress>,
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
    let outcome = cloud(config, world, usable.key).await;
    findings.put(Step::Cloud, config.cloud_url.as_str(), outcome);
    let outcome = health(world, &config.kms_url, "kms_url").await;
    findings.put(Step::Keys, config.kms_url.as_str(), outcome);
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
    Practice::new(config)?;
    let path = config.key_file.as_ref().ok_or(Mistake::NoKey)?;
    let unreadable =
        |source| Mistake::Unreadable { setting: "key_file", path: path.clone(), source };
    let pem = Zeroizing::new(fs::read_to_string(path).map_err(unreadable)?);
    let key = ConnectorKey::new(config.id.clone(), &pem).map_err(|_reason| Mistake::Key)?;
    let connection = Connection::new(world.clone(), &config.exchange)?;
    Ok(Usable { connection, key, addresses: config.addresses()? })
}

async fn exchange(findings: &mut Findings, config: &Config, world: &World, usable: &Usable) {
    let outcome = reach(world, &config.exchange.url).await;
    if !findings.put(Step::Exchange, config.exchange.url.as_str(), outcome) {
        return;
    }
    let Some(first) = usable.addresses.first() else { return };
    let outcome = sign_in(config, world, &usable.connection, first).await;
    if !findings.put(Step::SignIn, &config.exchange.user, outcome) {
        return;
    }
    for address in &usable.addresses {
        if !mailbox(findings, config, world, &usable.connection, address).await {
            return;
        }
    }
}

async fn reach(world: &World, url: &Url) -> Outcome {
    match probe::reach(world, url).await {
        Ok(Reached::SignIn) => Outcome::Ok("reached".into()),
        Ok(Reached::OtherSignInOnly) => advice::no_basic(),
        Ok(Reached::Redirect) => advice::not_exchange("it sends us to another address"),
        Ok(Reached::NotFound) => advice::not_found(),
        Err(failure) => connect(&failure, url, "exchange.url"),
    }
}

async fn sign_in(
    config: &Config,
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
        Err(failure) => after(&failure, config, mailbox),
    }
}

/// Whether to go on with the other mailboxes: after a refused sign-in nobody else is tried.
async fn mailbox(
    findings: &mut Findings,
    config: &Config,
    world: &World,
    connection: &Connection,
    address: &MailboxAddress,
) -> bool {
    if let Err(failure) = probe::calendar(connection, address).await {
        findings.put(Step::Mailbox, address.as_str(), after(&failure, config, address));
        return !is_sign_in(&failure);
    }
    findings.put(Step::Mailbox, address.as_str(), Outcome::Ok("we may act for it".into()));
    match probe::entries_of_a_day(connection, address, world.clock.now()).await {
        Ok(count) => {
            let text = format!("{count} entries in the next 24 hours");
            findings.put(Step::Calendar, address.as_str(), Outcome::Ok(text))
        }
        Err(failure) => {
            findings.put(Step::Calendar, address.as_str(), after(&failure, config, address));
            !is_sign_in(&failure)
        }
    }
}

fn is_sign_in(failure: &Failure) -> bool {
    matches!(failure, Failure::SignInRefusedOnce | Failure::PasswordRefused)
}

/// Alive, and believes who we are: a request for no leases takes none.
async fn cloud(config: &Config, world: &World, key: ConnectorKey) -> Outcome {
    let alive = health(world, &config.cloud_url, "cloud_url").await;
    if !alive.is_ok() {
        return alive;
    }
    let cloud = Cloud::new(world.clone(), config.cloud_url.clone(), Arc::new(key));
    let nothing = LeaseRequest { owner: world.chance.uuid(), shards: Vec::new() };
    match cloud.lease(&nothing).await {
        Ok(_none) => Outcome::Ok("reached; it knows this connector".into()),
        Err(failure) => Outcome::Failed {
            what: failure.to_string(),
            what_to_do: Reason::CloudRefused.what_to_do().to_owned(),
        },
    }
}

async fn health(world: &World, url: &Url, setting: &'static str) -> Outcome {
    let Ok(at) = url.join(routes::HEALTH) else {
        return advice::unhealthy("its address cannot be used", setting);
    };
    match world.http.send(Request::get(&at)).await {
        Ok(answer) if answer.status.is_success() => Outcome::Ok("reached".into()),
        Ok(answer) => advice::unhealthy(&format!("it answered {}", answer.status), setting),
        Err(failure) => connect(&failure, url, setting),
    }
}

#[cfg(test)]
mod tests;
