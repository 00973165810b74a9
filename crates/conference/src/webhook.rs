//! The way out for every other system: a signed call that says what is wanted, and an answer that
//! says where to meet. The contract stands in `docs/api/webhook.md`.

mod answer;
mod event;
mod signature;

use std::{path::PathBuf, time::Duration};

use serde::Deserialize;
use url::Url;
use world::{
    World,
    http::{Failure, HeaderMap, Request, Response, StatusCode},
    issuer::is_loopback,
};

use self::{answer::Expectations, event::Event};
use crate::{
    meeting::{Conference, Held, ProviderFailure, Reference, Room, Wish},
    provider::{ProviderSettingsError, checked_url, host_and_port},
    secret_file::Secret,
};

/// How links that were told us are recognised again.
pub(crate) const CLASS: &str = "webhook";

const DEADLINE: Duration = Duration::from_secs(20);
const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// During a rotation the old one and the new one.
const SECRETS_MAX: usize = 2;
/// A receiver may ask for less.
const WAIT_MAX: Duration = Duration::from_secs(3600);
/// If it asks for a pause without saying how long.
const WAIT_DEFAULT: Duration = Duration::from_secs(60);
/// A kept connection may have ended meanwhile; the same key makes the second try harmless.
const TRIES: usize = 2;

/// As the administrator writes it down.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookSettings {
    pub url: String,
    /// One, or two while the secret changes; read at each call, so that it changes without a pause.
    pub secret_files: Vec<PathBuf>,
    /// Hosts that the answered links may lead to, with a port if it is not the usual one; without
    /// them only that of `url`.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// The receiver may be in a private network.
    #[serde(default)]
    pub allow_private: bool,
    /// Kinds of rooms that the receiver knows beside the usual one and one-time ones.
    #[serde(default)]
    pub rooms: Vec<KindOfRoom>,
}

/// Those that not every system has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KindOfRoom {
    Personal,
    Space,
}

#[derive(Clone)]
pub struct Webhook {
    url: Url,
    secret_files: Vec<PathBuf>,
    hosts: Vec<String>,
    rooms: Vec<KindOfRoom>,
    world: World,
}

impl Webhook {
    pub fn new(settings: &WebhookSettings, world: &World) -> Result<Self, ProviderSettingsError> {
        let url = checked_url(&settings.url)?;
        if !(1..=SECRETS_MAX).contains(&settings.secret_files.len()) {
            return Err(ProviderSettingsError::HowManySecrets);
        }
        let may_be_private = settings.allow_private || is_loopback(&url);
        let hosts = match settings.hosts.is_empty() {
            true => vec![host_and_port(&url)],
            false => settings.hosts.iter().map(|host| host.to_ascii_lowercase()).collect(),
        };
        let this = Self {
            url,
            secret_files: settings.secret_files.clone(),
            hosts,
            rooms: settings.rooms.clone(),
            world: if may_be_private { world.clone() } else { world.public_only() },
        };
        this.secrets()?;
        Ok(this)
    }

    pub(crate) fn hosts(&self) -> &[String] {
        &self.hosts
    }

    pub fn knows(&self, room: Room) -> bool {
        match room {
            Room::Usual | Room::OneTime => true,
            Room::Personal => self.rooms.contains(&KindOfRoom::Personal),
            Room::Space => self.rooms.contains(&KindOfRoom::Space),
        }
    }

    /// The receiver promises to answer a second creation of one key with the first one's conference.
    pub async fn ensure(&self, wish: &Wish) -> Result<Conference, ProviderFailure> {
        let answer = self.call(&Event::create(wish)).await?;
        match outcome(&answer)? {
            Outcome::Done => self.conference(&answer, wish),
            Outcome::Gone => Err(ProviderFailure::Refused("the webhook's address does not exist")),
        }
    }

    pub async fn update(
        &self,
        wish: &Wish,
        reference: &Reference,
    ) -> Result<Conference, ProviderFailure> {
        let answer = self.call(&Event::update(wish, reference)).await?;
        match outcome(&answer)? {
            Outcome::Done => self.conference(&answer, wish),
            Outcome::Gone => self.ensure(wish).await,
        }
    }

    pub async fn cancel(&self, held: &Held) -> Result<(), ProviderFailure> {
        let answer = self.call(&Event::delete(held)).await?;
        match outcome(&answer)? {
            Outcome::Done | Outcome::Gone => Ok(()),
        }
    }

    pub async fn check(&self) -> Result<(), ProviderFailure> {
        let answer = self.call(&Event::check(&self.world.chance)).await?;
        match outcome(&answer)? {
            Outcome::Done => Ok(()),
            Outcome::Gone => Err(ProviderFailure::Refused("the webhook's address does not exist")),
        }
    }

    fn conference(&self, answer: &Response, wish: &Wish) -> Result<Conference, ProviderFailure> {
        let expectations = Expectations {
            hosts: &self.hosts,
            may_be_plain: is_loopback(&self.url),
            now: self.world.clock.now(),
        };
        expectations.read(&answer.body, wish)
    }

    async fn call(&self, event: &Event) -> Result<Response, ProviderFailure> {
        let secrets = self.secrets();
        let secrets = secrets.or(Err(ProviderFailure::Refused("no usable webhook secret")))?;
        let now = self.world.clock.now();
        let body = event.body(now);
        let signature = signature::header(&secrets, event.id(), now.as_second(), &body);
        let request = Request::post(&self.url, body)
            .header("content-type", "application/cloudevents+json; charset=utf-8")
            .header("idempotency-key", event.id())
            .header("webhook-id", event.id())
            .header("webhook-timestamp", &now.as_second().to_string())
            .header("webhook-signature", &signature)
            .deadline(DEADLINE)
            .answer_bytes_max(ANSWER_BYTES_MAX);
        for _before_last in 1..TRIES {
            match self.world.http.send(request.clone()).await {
                Err(Failure::Broken(_)) => {}
                done => return done.map_err(|failure| unanswered(&failure)),
            }
        }
        self.world.http.send(request).await.map_err(|failure| unanswered(&failure))
    }

    fn secrets(&self) -> Result<Vec<signature::Key>, ProviderSettingsError> {
        let read = |path: &PathBuf| signature::Key::new(&Secret::read("secret_files", path)?);
        self.secret_files.iter().map(read).collect()
    }
}

/// What the status says.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    Done,
    /// There is no such thing, or not any more. The event's kind says whether that is bad.
    Gone,
}

fn outcome(answer: &Response) -> Result<Outcome, ProviderFailure> {
    use ProviderFailure as F;
    let pause = || retry_after(&answer.headers);
    match answer.status {
        status if status.is_success() => Ok(Outcome::Done),
        StatusCode::NOT_FOUND | StatusCode::GONE => Ok(Outcome::Gone),
        StatusCode::TOO_MANY_REQUESTS => Err(F::Wait(pause().unwrap_or(WAIT_DEFAULT))),
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::LOCKED => {
            Err(pause().map_or(F::Trouble("the webhook is not available"), F::Wait))
        }
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            Err(F::Refused("the webhook does not take our signature"))
        }
        status if status.is_redirection() => {
            Err(F::Refused("the webhook redirects, which is not followed"))
        }
        StatusCode::CONFLICT | StatusCode::REQUEST_TIMEOUT => {
            Err(F::Trouble("the webhook is busy with this meeting"))
        }
        status if status.is_client_error() => Err(F::Meeting("the webhook refuses this meeting")),
        _ => Err(F::Trouble("the webhook is in trouble")),
    }
}

/// Seconds only; a date would need two clocks that agree.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get("retry-after")?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(WAIT_MAX))
}

fn unanswered(failure: &Failure) -> ProviderFailure {
    use ProviderFailure as F;
    match failure {
        Failure::Connect(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            F::Refused("the webhook is in a private network, which needs allow_private")
        }
        Failure::Connect(_) => F::Trouble("the webhook cannot be reached"),
        Failure::Broken(_) | Failure::Deadline => F::Trouble("the webhook did not answer"),
        Failure::TooLarge { .. } => F::Refused("the webhook answers more than anybody reads"),
        Failure::Unusable(_) => F::Refused("the webhook's address is not usable"),
    }
}

impl std::fmt::Debug for Webhook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Webhook(…)")
    }
}

#[cfg(test)]
mod tests;
