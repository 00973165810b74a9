//! The way out: frames are fetched from a cloud and the answers brought back, so that nobody need
//! be able to connect to this server. The cloud learns neither what is asked nor what is answered.

use std::{fs, sync::Arc, time::Duration};

use protocol::{
    keys::{Call, Calls, CallsRequest, FRAMES_BYTES_MAX, FRAMES_MAX, KeyServerSite},
    routes,
    token::AUDIENCE_API,
};
use tokio::{sync::Semaphore, task::JoinSet};
use url::Url;
use world::{World, http::Request, stop::Stop};
use zeroize::Zeroizing;

use super::{StartFailure, answers::Kms};
use crate::{
    config::{Cloud, CloudKey},
    connector_key::{ConnectorKey, ConnectorKeyFailure},
};

/// Longer than the cloud lets a fetch wait.
const FETCH_DEADLINE: Duration = Duration::from_secs(40);
const ANSWER_DEADLINE: Duration = Duration::from_secs(10);
/// Calls answered at once; further ones wait in the cloud.
const CALLS_MAX: usize = 32;
/// After a fetch that failed, growing up to the most.
const PAUSE_MIN: Duration = Duration::from_millis(500);
const PAUSE_MAX: Duration = Duration::from_secs(30);
/// The cloud gives no more at once; see its relay.
const CALLS_BYTES_MAX: usize = 4 * FRAMES_BYTES_MAX;

/// How this server signs in to the cloud. No `Debug`.
pub(super) struct Outward {
    calls_url: Url,
    answers_url: Url,
    key: ConnectorKey,
    site: KeyServerSite,
}

#[derive(Debug, thiserror::Error)]
enum NotRelayed {
    #[error("the cloud cannot be reached")]
    Away(#[from] world::http::Failure),
    #[error("the cloud refuses with status {0}")]
    Refused(u16),
    #[error("what was to be said or was heard cannot be understood")]
    Unreadable(#[from] serde_json::Error),
    #[error("the key towards the cloud does not sign")]
    Key(#[from] ConnectorKeyFailure),
}

impl Outward {
    pub(super) fn new(cloud: &Cloud, site: KeyServerSite) -> Result<Self, StartFailure> {
        let unusable = || StartFailure::CloudKey(None);
        let pem = match &cloud.key {
            CloudKey::File(file) => Zeroizing::new(
                fs::read_to_string(file).map_err(|error| StartFailure::CloudKey(Some(error)))?,
            ),
            CloudKey::Text(text) => Zeroizing::clone(text),
        };
        let key = ConnectorKey::new(cloud.id.clone(), &pem).map_err(|_form| unusable())?;
        let url = |path| cloud.url.join(path).map_err(|_form| unusable());
        let (calls_url, answers_url) = (url(routes::KEY_CALLS)?, url(routes::KEY_ANSWERS)?);
        Ok(Self { calls_url, answers_url, key, site })
    }

    /// Until told to stop; whatever goes wrong is tried again.
    pub(super) async fn run(self: Arc<Self>, kms: &Arc<Kms>, stop: &Stop) {
        let places = Arc::new(Semaphore::new(CALLS_MAX));
        let mut answering = JoinSet::new();
        let mut pause = PAUSE_MIN;
        while !stop.is_stopped() {
            let fetched = tokio::select! {
                fetched = self.fetch(kms) => fetched,
                () = stop.stopped() => break,
            };
            while answering.try_join_next().is_some() {}
            match fetched {
                Ok(calls) => {
                    pause = PAUSE_MIN;
                    for call in calls {
                        let place = Arc::clone(&places).acquire_owned().await;
                        let (outward, kms) = (Arc::clone(&self), Arc::clone(kms));
                        // A task of its own: a statement is not to be cut short.
                        answering.spawn(async move {
                            outward.answer(&kms, call).await;
                            drop(place);
                        });
                    }
                }
                Err(failure) => {
                    tell(&failure, "No frames from the cloud; trying again");
                    let jitter = kms.world.chance.jitter(pause);
                    tokio::select! {
                        () = kms.world.clock.sleep(pause + jitter) => {}
                        () = stop.stopped() => break,
                    }
                    pause = (pause * 2).min(PAUSE_MAX);
                }
            }
        }
        while answering.join_next().await.is_some() {}
    }

    async fn fetch(&self, kms: &Kms) -> Result<Vec<Call>, NotRelayed> {
        let body = serde_json::to_vec(&CallsRequest { site: self.site.clone() })?;
        let answer = self.post(kms, &self.calls_url, body, FETCH_DEADLINE).await?;
        Ok(serde_json::from_slice::<Calls>(&answer)?.calls)
    }

    /// What is not brought back is asked again by who misses it.
    async fn answer(&self, kms: &Kms, call: Call) {
        let few = call.kms_messages.get(..FRAMES_MAX).unwrap_or(&call.kms_messages);
        let answer = Call { id: call.id, kms_messages: kms.answer_frames(few).await };
        if let Err(failure) = self.bring(kms, &answer).await {
            tell(&failure, "An answer was not brought to the cloud");
        }
    }

    async fn bring(&self, kms: &Kms, answer: &Call) -> Result<(), NotRelayed> {
        let body = serde_json::to_vec(answer)?;
        self.post(kms, &self.answers_url, body, ANSWER_DEADLINE).await.map(drop)
    }

    async fn post(
        &self,
        kms: &Kms,
        url: &Url,
        body: Vec<u8>,
        deadline: Duration,
    ) -> Result<Vec<u8>, NotRelayed> {
        let World { clock, chance, http, .. } = &kms.world;
        let token = self.key.token(AUDIENCE_API, clock.now(), chance)?;
        let request = Request::post(url, body)
            .json()
            .bearer(&token)
            .deadline(deadline)
            .answer_bytes_max(CALLS_BYTES_MAX);
        let answer = http.send(request).await?;
        match answer.status.as_u16() {
            200 | 204 => Ok(answer.body.to_vec()),
            status => Err(NotRelayed::Refused(status)),
        }
    }
}

fn tell(failure: &NotRelayed, what: &'static str) {
    let error: &dyn std::error::Error = failure;
    tracing::warn!(error, "{what}");
}
