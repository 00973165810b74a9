//! How connectors and apps get keys: asked for once, checked, remembered for a day in memory.

mod cache;
mod changes;

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use protocol::{
    ids::KeyUrl,
    keys::{
        Credential as WireCredential, DeviceKey, KEY_MESSAGE_BYTES_MAX, KeyAnswer,
        KeyClient as WireClient, KeyObject, KeyRequest, Method, Purpose, REVOKED,
    },
    routes,
    token::AUDIENCE_KMS,
};
use url::Url;
use uuid::Uuid;
use world::{
    World,
    http::{self, Request},
};

use crate::{
    connector_key::{ConnectorKey, ConnectorKeyFailure},
    content_key::{ContentKey, NotAKey},
    device_key::thumbprint,
};
use cache::Cache;
use changes::Changes;

/// One answer; the server's own limit is a little shorter.
const ANSWER_DEADLINE: Duration = Duration::from_secs(20);
/// Before asking again when nobody said how long.
const TRY_AGAIN_AFTER: Duration = Duration::from_secs(5);

/// Asks one key server in one name.
pub struct KeyClient {
    world: World,
    url: Url,
    /// In key URLs.
    host: String,
    client_id: String,
    credential: Mutex<Credential>,
    cache: Mutex<Cache>,
    /// Held while the key server is asked what has changed: keys are believed after that.
    changes: tokio::sync::Mutex<Changes>,
}

/// In whose name.
pub enum Credential {
    /// A token of audience `hc-kms`, from the sign-in provider.
    Person {
        token: String,
    },
    Connector(ConnectorKey),
}

#[derive(Debug, thiserror::Error)]
pub enum KeyFailure {
    #[error("the key server cannot be reached")]
    Unreachable(#[from] http::Failure),
    #[error("the key server is busy")]
    Busy { after: Duration },
    #[error("the key server does not believe the token")]
    NotSignedIn,
    #[error("no such key, or not for us")]
    NotPermitted,
    #[error("the key was revoked")]
    Revoked,
    #[error("the key was destroyed")]
    Gone,
    #[error("the key server refused with status {status}")]
    Refused { status: u16 },
    #[error("the key server's answer is not one")]
    Unreadable,
    #[error("the key server gave something else than the key asked for")]
    OtherKey(#[source] NotAKey),
    #[error("the token for the key server cannot be signed")]
    Token(#[from] ConnectorKeyFailure),
}

/// What to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyRemedy {
    TryAgain {
        after: Duration,
    },
    /// With a new token.
    SignInAgain,
    /// Leave it sealed; asking again changes nothing.
    NotPermitted,
    /// Forget what it sealed: nobody will ever open it.
    Gone,
    /// Only a person can help.
    GiveUp,
}

impl KeyFailure {
    pub fn remedy(&self) -> KeyRemedy {
        match self {
            Self::Unreachable(_) | Self::Unreadable => {
                KeyRemedy::TryAgain { after: TRY_AGAIN_AFTER }
            }
            Self::Busy { after } => KeyRemedy::TryAgain { after: *after },
            Self::NotSignedIn => KeyRemedy::SignInAgain,
            Self::NotPermitted => KeyRemedy::NotPermitted,
            Self::Revoked | Self::Gone => KeyRemedy::Gone,
            Self::Refused { .. } | Self::OtherKey(_) | Self::Token(_) => KeyRemedy::GiveUp,
        }
    }
}

impl KeyClient {
    /// `url` is the server's origin, `host` the one in the key URLs it may answer for.
    pub fn new(
        world: World,
        url: &Url,
        host: &str,
        client_id: &str,
        credential: Credential,
    ) -> Result<Self, url::ParseError> {
        Ok(Self {
            world,
            url: url.join(routes::KMS)?,
            host: host.into(),
            client_id: client_id.into(),
            credential: Mutex::new(credential),
            cache: Mutex::default(),
            changes: tokio::sync::Mutex::default(),
        })
    }

    /// From now on ask with this credential, of the same person; known keys stay known.
    pub fn renew(&self, credential: Credential) {
        *self.credential.lock().unwrap_or_else(PoisonError::into_inner) = credential;
    }

    /// The key that new seals use. A connector's request makes it if there is none; for a person
    /// who has none yet it is [`KeyFailure::NotPermitted`].
    pub async fn current(
        &self,
        resource: Uuid,
        purpose: Purpose,
    ) -> Result<ContentKey, KeyFailure> {
        self.catch_up().await;
        let now = self.world.clock.now();
        if let Some(key) = self.cache().current(resource, purpose, now) {
            return Ok(key);
        }
        let resource_uri = format!("kms://{}/resources/{resource}", self.host);
        let request = if self.may_make(purpose) {
            let uri = format!("kms://{}/keys", self.host);
            KeyRequest {
                resource_uri: Some(resource_uri),
                purpose: Some(purpose),
                ..self.request(Method::Create, uri)?
            }
        } else {
            let uri = format!("{resource_uri}/keys");
            KeyRequest { purpose: Some(purpose), ..self.request(Method::Retrieve, uri)? }
        };
        // On the heap: requests and answers are large, and so would be everything that waits for one.
        let answer = Box::pin(self.ask(&request)).await?;
        let newest = answer.key.or_else(|| {
            let keys = answer.keys.unwrap_or_default().into_iter();
            keys.filter(|key| key.purpose == Some(purpose)).max_by_key(|key| key.create_date)
        });
        let object = newest.ok_or(KeyFailure::NotPermitted)?;
        let key = self.checked(&object)?;
        self.cache().put_current(resource, purpose, &key, now);
        Ok(key)
    }

    /// A key by the name that stands beside what it sealed.
    pub async fn retrieve(&self, url: &KeyUrl) -> Result<ContentKey, KeyFailure> {
        self.catch_up().await;
        let now = self.world.clock.now();
        if let Some(key) = self.cache().find(url, now) {
            return Ok(key);
        }
        let request = self.request(Method::Retrieve, url.0.clone())?;
        let answer = Box::pin(self.ask(&request)).await?;
        let object = answer.key.ok_or(KeyFailure::Unreadable)?;
        let key = self.checked(&object)?;
        if key.url() != url {
            return Err(KeyFailure::OtherKey(NotAKey::OtherName));
        }
        let resource = object.resource_uri.as_deref().and_then(resource_id);
        self.cache().put(&key, resource, now);
        Ok(key)
    }

    fn checked(&self, object: &KeyObject) -> Result<ContentKey, KeyFailure> {
        let key = ContentKey::from_object(object).map_err(KeyFailure::OtherKey)?;
        let is_ours = key.url().key().is_some_and(|id| *key.url() == KeyUrl::new(&self.host, id));
        if is_ours { Ok(key) } else { Err(KeyFailure::OtherKey(NotAKey::OtherName)) }
    }

    /// From now on what this device signs is believed. Doing it again does no harm.
    pub async fn register_device(&self, key: &DeviceKey) -> Result<(), KeyFailure> {
        let uri = format!("kms://{}/devices", self.host);
        let request =
            KeyRequest { device_key: Some(key.clone()), ..self.request(Method::Create, uri)? };
        self.ask(&request).await.map(drop)
    }

    /// From now on what this device signs is not believed.
    pub async fn remove_device(&self, user: Uuid, id: &str) -> Result<(), KeyFailure> {
        let uri = format!("kms://{}/devices/{user}/{id}", self.host);
        self.ask(&self.request(Method::Delete, uri)?).await.map(drop)
    }

    /// The public key of a user's device; [`KeyFailure::NotPermitted`] if it is not theirs.
    pub async fn device(&self, user: Uuid, id: &str) -> Result<DeviceKey, KeyFailure> {
        let uri = format!("kms://{}/devices/{user}/{id}", self.host);
        let request = self.request(Method::Retrieve, uri.clone())?;
        let device = self.ask(&request).await?.device.ok_or(KeyFailure::Unreadable)?;
        let is_it = device.user_id == user
            && device.uri == uri
            && thumbprint(&device.device_key).as_deref() == Some(id);
        if is_it { Ok(device.device_key) } else { Err(KeyFailure::OtherKey(NotAKey::OtherName)) }
    }

    fn may_make(&self, purpose: Purpose) -> bool {
        let credential = self.credential.lock().unwrap_or_else(PoisonError::into_inner);
        matches!(&*credential, Credential::Connector(_)) || purpose == Purpose::Command
    }

    pub(crate) fn request(&self, method: Method, uri: String) -> Result<KeyRequest, KeyFailure> {
        let credential = self.credential.lock().unwrap_or_else(PoisonError::into_inner);
        let bearer = match &*credential {
            Credential::Person { token } => token.clone(),
            Credential::Connector(key) => {
                key.token(AUDIENCE_KMS, self.world.clock.now(), &self.world.chance)?
            }
        };
        let credential = WireCredential { user_id: None, bearer };
        let client = WireClient { client_id: self.client_id.clone(), credential };
        Ok(KeyRequest::new(client, self.world.chance.uuid(), method, uri))
    }

    async fn ask(&self, request: &KeyRequest) -> Result<KeyAnswer, KeyFailure> {
        self.ask_within(request, ANSWER_DEADLINE).await
    }

    async fn ask_within(
        &self,
        request: &KeyRequest,
        deadline: Duration,
    ) -> Result<KeyAnswer, KeyFailure> {
        let body = serde_json::to_vec(request).map_err(|_form| KeyFailure::Unreadable)?;
        let post = Request::post(&self.url, body)
            .json()
            .deadline(deadline)
            .answer_bytes_max(KEY_MESSAGE_BYTES_MAX);
        let response = self.world.http.send(post).await?;
        match response.status.as_u16() {
            200 => {}
            429 | 500..=599 => return Err(KeyFailure::Busy { after: TRY_AGAIN_AFTER }),
            status => return Err(KeyFailure::Refused { status }),
        }
        let answer: KeyAnswer =
            serde_json::from_slice(&response.body).map_err(|_form| KeyFailure::Unreadable)?;
        if answer.request_id != request.request_id {
            return Err(KeyFailure::Unreadable);
        }
        judged(answer)
    }

    fn cache(&self) -> std::sync::MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn judged(answer: KeyAnswer) -> Result<KeyAnswer, KeyFailure> {
    match answer.status {
        200 | 201 => Ok(answer),
        401 => Err(KeyFailure::NotSignedIn),
        403 | 404 => Err(KeyFailure::NotPermitted),
        405 if answer.error_code == Some(REVOKED) => Err(KeyFailure::Revoked),
        410 => Err(KeyFailure::Gone),
        429 | 502 | 503 => {
            let after = answer.retry_after_ms.map_or(TRY_AGAIN_AFTER, Duration::from_millis);
            Err(KeyFailure::Busy { after })
        }
        status => Err(KeyFailure::Refused { status }),
    }
}

/// `kms://host/resources/{id}`
fn resource_id(uri: &str) -> Option<Uuid> {
    Uuid::try_parse(uri.rsplit_once("/resources/")?.1).ok()
}
