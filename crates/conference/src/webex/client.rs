//! One call to Webex: with a token, within bounds, past the gate, and its failure understood.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use url::Url;
use world::{
    World,
    http::{self, HeaderMap},
};

use super::{
    answer::tracking_id,
    failure::{CallFailure, retry_after},
    gate::Gate,
    keeper::Keeper,
    tokens::Token,
};

/// Making a meeting has been seen to take long; the calendar has time.
const DEADLINE: Duration = Duration::from_secs(30);
/// A list of a hundred meetings with all there is to say about them.
const ANSWER_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Added to a wait, so that not everybody comes back at once.
const JITTER_MAX: Duration = Duration::from_secs(3);

pub(super) struct Client {
    pub(super) world: World,
    pub(super) api: Url,
    pub(super) keeper: Keeper,
    gate: Mutex<Gate>,
}

pub(super) struct Answer {
    pub(super) body: Bytes,
    pub(super) headers: HeaderMap,
}

impl Client {
    pub(super) fn new(world: &World, api: Url, keeper: Keeper) -> Self {
        Self { world: world.clone(), api, keeper, gate: Mutex::default() }
    }

    /// `what` names the call in the log.
    pub(super) async fn call(
        &self,
        what: &'static str,
        request: http::Request,
    ) -> Result<Answer, CallFailure> {
        let now = self.world.clock.now();
        if let Some(wait) = self.gate().wait(now) {
            return Err(CallFailure::Wait(wait + self.world.chance.jitter(JITTER_MAX)));
        }
        let token = self.keeper.access(None).await?;
        match self.once(what, request.clone(), &token).await {
            // Not carried out, so it may be repeated, once.
            Err(CallFailure::SignedOut(_)) => {
                let token = self.keeper.access(Some(&token)).await?;
                self.once(what, request, &token).await
            }
            outcome => outcome,
        }
    }

    async fn once(
        &self,
        what: &'static str,
        request: http::Request,
        token: &Token,
    ) -> Result<Answer, CallFailure> {
        let request = request
            .bearer(token.expose())
            .header("accept", "application/json")
            .deadline(DEADLINE)
            .answer_bytes_max(ANSWER_BYTES_MAX);
        let outcome = self.world.http.send(request).await;
        let outcome =
            outcome.map_err(|failure| broken(&failure)).and_then(|answer| judged(what, answer));
        self.learn(outcome)
    }

    fn learn(&self, outcome: Result<Answer, CallFailure>) -> Result<Answer, CallFailure> {
        let now = self.world.clock.now();
        let mut gate = self.gate();
        match outcome {
            Err(failure) if failure.is_outage() => {
                gate.failed(now);
                Err(failure)
            }
            Err(CallFailure::TooMany(time)) => {
                gate.answered();
                gate.pause(now, time);
                Err(CallFailure::Wait(time + self.world.chance.jitter(JITTER_MAX)))
            }
            Err(CallFailure::Wait(time)) => {
                gate.answered();
                Err(CallFailure::Wait(time + self.world.chance.jitter(JITTER_MAX)))
            }
            other => {
                gate.answered();
                other
            }
        }
    }

    fn gate(&self) -> MutexGuard<'_, Gate> {
        self.gate.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn broken(failure: &http::Failure) -> CallFailure {
    match failure {
        http::Failure::Connect(_) => CallFailure::NotSent,
        http::Failure::Broken(_) => CallFailure::Uncertain("the connection to Webex broke"),
        http::Failure::Deadline => CallFailure::Uncertain("Webex did not answer in time"),
        http::Failure::TooLarge { .. } => CallFailure::Lie("Webex answered far too much"),
        http::Failure::Unusable(why) => CallFailure::Invalid(why),
    }
}

fn judged(what: &'static str, answer: http::Response) -> Result<Answer, CallFailure> {
    let status = answer.status.as_u16();
    if answer.status.is_success() {
        return Ok(Answer { body: answer.body, headers: answer.headers });
    }
    let tracking_id = tracking_id(&answer.body);
    tracing::warn!(what, status, tracking_id, "Webex refused a call");
    let told = answer.headers.get("retry-after").and_then(|value| value.to_str().ok());
    Err(CallFailure::of(status, told.and_then(retry_after)))
}
