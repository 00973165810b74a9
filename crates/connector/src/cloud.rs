//! The cloud, as the connector speaks to it: leases, what we remember, and commits.

use std::{sync::Arc, time::Duration};

use kms::connector_key::ConnectorKey;
use protocol::{
    connector::{Commit, Committed, LeaseAnswer, LeaseRequest, MailboxState},
    ids::UserId,
    problem::{self, Problem},
    routes,
    token::AUDIENCE_API,
};
use serde::{Serialize, de::DeserializeOwned};
use url::Url;
use world::{
    World,
    http::{self, Request, Response},
};

use crate::remedy::{Reason, Remedy};

const DEADLINE: Duration = Duration::from_secs(20);
const ANSWER_BYTES_MAX: usize = 512 * 1024;

/// Cheap to clone.
#[derive(Clone)]
pub struct Cloud {
    world: World,
    url: Url,
    key: Arc<ConnectorKey>,
}

#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("the cloud cannot be reached")]
    Http(#[from] http::Failure),
    #[error("the cloud answered {status} {}", name.as_deref().unwrap_or("without a reason"))]
    Refused { status: u16, name: Option<String>, retry_after: Option<Duration> },
    #[error("the cloud's answer cannot be read")]
    Malformed,
    #[error("this connector's key does not sign")]
    Key,
}

impl Failure {
    pub fn remedy(&self) -> Remedy {
        match self {
            Self::Http(_) | Self::Malformed => Remedy::BackOff,
            Self::Key => Remedy::GiveUp(Reason::CloudRefused),
            Self::Refused { status, name, retry_after } => match (status, name.as_deref()) {
                (_, Some(problem::name::STALE_LEASE)) => Remedy::WaitForLease,
                (_, Some(problem::name::STATE_CONFLICT)) => Remedy::ReadState,
                (401 | 403, _) => Remedy::GiveUp(Reason::CloudRefused),
                (_, _) => retry_after.map_or(Remedy::BackOff, Remedy::RetryAfter),
            },
        }
    }
}

impl Cloud {
    pub fn new(world: World, url: Url, key: Arc<ConnectorKey>) -> Self {
        Self { world, url, key }
    }

    pub async fn lease(&self, request: &LeaseRequest) -> Result<LeaseAnswer, Failure> {
        self.post(routes::LEASES, request).await
    }

    pub async fn state(&self, user: UserId) -> Result<MailboxState, Failure> {
        let url = self.at(&routes::with(routes::MAILBOX_STATE, &user.to_string()))?;
        self.send(Request::get(&url)).await
    }

    pub async fn commit(&self, user: UserId, commit: &Commit) -> Result<Committed, Failure> {
        self.post(&routes::with(routes::MAILBOX_COMMITS, &user.to_string()), commit).await
    }

    async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, Failure> {
        let body = serde_json::to_vec(body).map_err(|_never| Failure::Malformed)?;
        self.send(Request::post(&self.at(path)?, body).json()).await
    }

    async fn send<T: DeserializeOwned>(&self, request: Request) -> Result<T, Failure> {
        let now = self.world.clock.now();
        let token = self.key.token(AUDIENCE_API, now, &self.world.chance);
        let token = token.map_err(|_reason| Failure::Key)?;
        let request = request.bearer(&token).deadline(DEADLINE).answer_bytes_max(ANSWER_BYTES_MAX);
        let answer = self.world.http.send(request).await?;
        if answer.status.is_success() {
            return serde_json::from_slice(&answer.body).map_err(|_reason| Failure::Malformed);
        }
        Err(refused(&answer))
    }

    fn at(&self, path: &str) -> Result<Url, Failure> {
        self.url.join(path).map_err(|_reason| Failure::Malformed)
    }
}

fn refused(answer: &Response) -> Failure {
    let problem: Option<Problem> = serde_json::from_slice(&answer.body).ok();
    Failure::Refused {
        status: answer.status.as_u16(),
        retry_after: problem
            .as_ref()
            .and_then(|problem| problem.retry_after_ms)
            .map(Duration::from_millis),
        name: problem.map(|problem| problem.name().to_owned()),
    }
}
