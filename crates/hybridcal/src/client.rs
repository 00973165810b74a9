//! A person's own client: reads the list from the cloud, gets keys from the key server, opens
//! here. `opener` opens, `feed` and `screen` decide, `follower` and `watch` do.

mod feed;
mod follower;
pub(crate) mod json;
mod opened;
mod opener;
mod orders;
mod screen;
mod site;
mod sse;
pub(crate) mod text;
mod trust;
mod watch;

use std::{io, sync::Arc, time::Duration};

use jiff::Timestamp;
use kms::client::{Credential, KeyClient};
use protocol::{
    feed::{Changes, MeetingList, Position, What},
    ids::{MeetingId, UserId},
    meeting::SealedMeeting,
    problem::{self, Problem},
    routes,
    site::Site,
};
use serde::de::DeserializeOwned;
use url::Url;
use world::{
    World,
    http::{self, Request},
    issuer::is_safe,
};

pub use opened::{Opened, OpenedMeeting, OpenedParticipant, OpenedPerson, Why};
pub use orders::{Invitee, MeetingText, Order, Orders, PersonTime, Room, texts};
pub use trust::TrustClient;
pub use watch::{Notice, Watch};

use opener::Opener;

/// How we name ourselves to the key server.
const CLIENT_ID: &str = "hybridcal-terminal";
const ANSWER_DEADLINE: Duration = Duration::from_secs(30);
/// A thousand meetings with agendas.
const ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Changes asked for at once.
const CHANGES_MAX: u16 = 50;

/// Tokens of one person, one per audience: `hc-api` for the cloud, `hc-kms` for keys.
pub struct Tokens {
    pub api: String,
    pub kms: String,
}

/// Cheap to clone; clones share keys and what they have seen.
#[derive(Clone)]
pub struct Client {
    world: World,
    cloud: Url,
    token: Arc<str>,
    site: Arc<Site>,
    opener: Arc<Opener>,
}

/// One page of what happened.
#[derive(Debug)]
pub struct News {
    pub changes: Vec<OpenedChange>,
    pub position: Position,
    /// Ask again from `position`.
    pub more: bool,
}

#[derive(Debug)]
pub enum OpenedChange {
    Changed(Box<OpenedMeeting>),
    Deleted(MeetingId),
}

#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("{what} must be https, or http on a loopback address")]
    UnsafeUrl { what: &'static str },
    #[error("the token names no e-mail address")]
    Token,
    #[error("the cloud cannot be reached")]
    Unreachable(#[from] http::Failure),
    #[error("the cloud is silent")]
    Silent,
    #[error("the cloud ended the stream")]
    StreamEnded,
    #[error("the cloud sent more at once than it may")]
    TooLarge,
    #[error("the cloud is busy")]
    Busy { after: Option<Duration> },
    #[error("the cloud's answer cannot be read")]
    Unreadable,
    #[error("the cloud does not believe the token; sign in again")]
    NotSignedIn,
    #[error("the cloud does not permit this")]
    NotPermitted,
    #[error("too much has changed; the list must be read again")]
    ListAgain,
    #[error("too many meetings at once; ask for fewer days")]
    WindowTooLarge,
    #[error("the cloud refused with status {status}")]
    Refused { status: u16 },
    #[error("the meeting is not as it was, or not one this can be done with")]
    Conflict,
    #[error("there is no such meeting")]
    NotFound,
    #[error("the keys cannot be had: {0}")]
    Keys(Why),
    #[error("this device's key cannot be made or used")]
    Device,
    #[error("the answer was altered on its way")]
    Altered,
    #[error("the output cannot be written")]
    Output(#[from] io::Error),
    #[error("the watch has ended")]
    Ended,
}

impl Client {
    /// Learns where the keys are and who we are; sends no token yet.
    pub async fn connect(world: World, cloud: &Url, tokens: Tokens) -> Result<Self, Failure> {
        if !is_safe(cloud) {
            return Err(Failure::UnsafeUrl { what: "the cloud's address" });
        }
        let address = site::own_address(&tokens.api).ok_or(Failure::Token)?;
        let ask = Request::get(&at(cloud, routes::SITE)?).deadline(ANSWER_DEADLINE);
        let site: Site = read(&checked(world.http.send(ask).await?)?)?;
        let user = UserId::of(&site.organization, address.as_str());
        let what = "the key server's address";
        let kms = site::safe_url(&site.kms_url, what)?;
        let credential = Credential::Person { token: tokens.kms };
        let keys = KeyClient::new(world.clone(), &kms, &site.kms_host, CLIENT_ID, credential);
        let keys = keys.map_err(|_form| Failure::UnsafeUrl { what })?;
        let opener = Opener::new(keys, &site.kms_host, site.organization.clone(), user);
        Ok(Self {
            world,
            cloud: cloud.clone(),
            token: tokens.api.into(),
            site: Arc::new(site),
            opener: Arc::new(opener),
        })
    }

    pub fn site(&self) -> &Site {
        &self.site
    }

    /// The list in the cloud's usual window: a week back, a month ahead.
    pub async fn list(&self) -> Result<(Vec<OpenedMeeting>, Position), Failure> {
        let (meetings, position) = self.list_sealed(None).await?;
        Ok((self.opener.open(&meetings).await, position))
    }

    /// Everything that touches this window.
    pub async fn list_between(
        &self,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<(Vec<OpenedMeeting>, Position), Failure> {
        let (meetings, position) = self.list_sealed(Some((from, to))).await?;
        Ok((self.opener.open(&meetings).await, position))
    }

    /// What happened after a position, oldest first; [`Failure::ListAgain`] if nobody knows.
    pub async fn changes(&self, since: Position) -> Result<News, Failure> {
        let page = self.changes_sealed(since).await?;
        let mut changes = Vec::with_capacity(page.changes.len());
        for change in page.changes {
            changes.push(match change.what {
                What::Upsert { meeting } => self.opened_change(*meeting).await,
                What::Delete => OpenedChange::Deleted(change.id),
            });
        }
        Ok(News { changes, position: page.to, more: page.more })
    }

    /// From now on, everything that happens; must be called inside a tokio runtime.
    pub fn watch(&self) -> Watch {
        Watch::begin(self.clone())
    }

    async fn list_sealed(
        &self,
        window: Option<(Timestamp, Timestamp)>,
    ) -> Result<(Vec<SealedMeeting>, Position), Failure> {
        let mut url = at(&self.cloud, routes::MEETINGS)?;
        if let Some((from, to)) = window {
            let (from, to) = (from.to_string(), to.to_string());
            url.query_pairs_mut().append_pair("fromDate", &from).append_pair("toDate", &to);
        }
        let mut list: MeetingList = self.get(&url).await?;
        list.items.retain(|meeting| !meeting.is_deleted);
        Ok((list.items, list.hc.position))
    }

    async fn changes_sealed(&self, since: Position) -> Result<Changes, Failure> {
        let mut url = at(&self.cloud, routes::CHANGES)?;
        url.query_pairs_mut()
            .append_pair("since", &since.to_string())
            .append_pair("limit", &CHANGES_MAX.to_string());
        self.get(&url).await
    }

    async fn opened_change(&self, meeting: SealedMeeting) -> OpenedChange {
        if meeting.is_deleted {
            return OpenedChange::Deleted(meeting.id);
        }
        let id = meeting.id.clone();
        match self.opener.open(&[meeting]).await.pop() {
            Some(opened) => OpenedChange::Changed(Box::new(opened)),
            None => OpenedChange::Deleted(id),
        }
    }

    /// The event stream from a position on; its head is there and good.
    async fn events(&self, since: Position) -> Result<http::Incoming, Failure> {
        let ask = Request::get(&at(&self.cloud, routes::EVENTS)?)
            .bearer(&self.token)
            .header("accept", "text/event-stream")
            .header("last-event-id", &since.to_string())
            .deadline(ANSWER_DEADLINE);
        let incoming = self.world.http.open(ask).await?;
        match refusal(incoming.status.as_u16(), &[]) {
            None => Ok(incoming),
            Some(failure) => Err(failure),
        }
    }

    async fn get<T: DeserializeOwned>(&self, url: &Url) -> Result<T, Failure> {
        let ask = Request::get(url)
            .bearer(&self.token)
            .deadline(ANSWER_DEADLINE)
            .answer_bytes_max(ANSWER_BYTES_MAX);
        read(&checked(self.world.http.send(ask).await?)?)
    }
}

/// A path of the cloud; its address may have a path of its own behind a proxy.
fn at(cloud: &Url, path: &str) -> Result<Url, Failure> {
    let text = format!("{}{path}", cloud.as_str().trim_end_matches('/'));
    Url::parse(&text).map_err(|_form| Failure::UnsafeUrl { what: "the cloud's address" })
}

fn checked(response: http::Response) -> Result<http::Response, Failure> {
    match refusal(response.status.as_u16(), &response.body) {
        None => Ok(response),
        Some(failure) => Err(failure),
    }
}

fn refusal(status: u16, body: &[u8]) -> Option<Failure> {
    let problem = || serde_json::from_slice::<Problem>(body).ok();
    let after = || problem()?.retry_after_ms.map(Duration::from_millis);
    match status {
        200 => None,
        401 => Some(Failure::NotSignedIn),
        403 => Some(Failure::NotPermitted),
        404 => Some(Failure::NotFound),
        409 | 412 => Some(Failure::Conflict),
        410 => Some(Failure::ListAgain),
        400 if problem().is_some_and(|it| it.name() == problem::name::WINDOW_TOO_LARGE) => {
            Some(Failure::WindowTooLarge)
        }
        429 | 500..=599 => Some(Failure::Busy { after: after() }),
        status => Some(Failure::Refused { status }),
    }
}

fn read<T: DeserializeOwned>(response: &http::Response) -> Result<T, Failure> {
    serde_json::from_slice(&response.body).map_err(|_form| Failure::Unreadable)
}

#[cfg(test)]
pub(crate) mod tests;
