//! The cloud, as the connector speaks to it: leases, what we remember, and commits.

use std::{sync::Arc, time::Duration};

use kms::connector_key::ConnectorKey;
use protocol::{
    command::{
        COMMAND_BYTES_MAX, COMMANDS_AT_ONCE_MAX, CommandName, CommandResult, CommandsRequest,
        WaitingCommands,
    },
    connector::{Commit, Committed, LeaseAnswer, LeaseRequest, MailboxState},
    ids::UserId,
    presence::{PresenceReport, Stored},
    problem::{self, Problem},
    routes,
    token::AUDIENCE_API,
    trust::{TrustList, TrustReport},
};
use serde::{Serialize, de::DeserializeOwned};
use url::Url;
use world::{
    World,
    http::{self, Request, Response},
};

use crate::remedy::{Reason, Remedy};

const DEADLINE: Duration = Duration::from_secs(20);
/// Less than the time between two renewals.
const LEASE_DEADLINE: Duration = Duration::from_millis(2500);
const ANSWER_BYTES_MAX: usize = 512 * 1024;
/// Longer than the cloud waits for somebody to order something.
const COMMANDS_DEADLINE: Duration = Duration::from_secs(28);
const COMMANDS_BYTES_MAX: usize = (COMMANDS_AT_ONCE_MAX + 1) * COMMAND_BYTES_MAX;

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
                // The same request would be refused again and again.
                (400 | 413 | 415 | 422, _) => Remedy::GiveUp(Reason::CommitRefused),
                (_, _) => retry_after.map_or(Remedy::BackOff, Remedy::RetryAfter),
            },
        }
    }
}

impl Cloud {
    pub fn new(world: World, url: Url, key: Arc<ConnectorKey>) -> Self {
        Self { world, url, key }
    }

    /// Answers soon or not at all: a renewal that hangs must not outlive what it renews.
    pub async fn lease(&self, request: &LeaseRequest) -> Result<LeaseAnswer, Failure> {
        let request = self.post(routes::LEASES, request)?.deadline(LEASE_DEADLINE);
        self.send(request).await
    }

    pub async fn state(&self, user: UserId) -> Result<MailboxState, Failure> {
        let url = self.at(&routes::with(routes::MAILBOX_STATE, &user.to_string()))?;
        self.send(Request::get(&url).deadline(DEADLINE)).await
    }

    /// The same with the ids of everything that is stored for the user: for when what we
    /// remembered is lost.
    pub async fn state_with_meetings(&self, user: UserId) -> Result<MailboxState, Failure> {
        let mut url = self.at(&routes::with(routes::MAILBOX_STATE, &user.to_string()))?;
        url.set_query(Some("meetings=true"));
        self.send(Request::get(&url).deadline(DEADLINE)).await
    }

    /// A commit whose answer is lost is sent once more: the batch id makes it one commit.
    pub async fn commit(&self, user: UserId, commit: &Commit) -> Result<Committed, Failure> {
        let path = routes::with(routes::MAILBOX_COMMITS, &user.to_string());
        match self.send(self.post(&path, commit)?).await {
            Err(Failure::Http(_)) => self.send(self.post(&path, commit)?).await,
            answer => answer,
        }
    }

    /// Reports hosts that were met, and reads what is decided about all.
    pub async fn trust(&self, report: &TrustReport) -> Result<TrustList, Failure> {
        self.send(self.post(routes::TRUST_REPORTS, report)?).await
    }

    pub async fn presence(&self, user: UserId, report: &PresenceReport) -> Result<Stored, Failure> {
        let path = routes::with(routes::MAILBOX_PRESENCE, &user.to_string());
        self.send(self.post(&path, report)?).await
    }

    /// What people ordered; the cloud waits a while for it.
    pub async fn commands(&self, request: &CommandsRequest) -> Result<WaitingCommands, Failure> {
        let request = self.post(routes::COMMANDS, request)?.deadline(COMMANDS_DEADLINE);
        self.send_for(request, COMMANDS_BYTES_MAX).await
    }

    pub async fn command_result(
        &self,
        name: CommandName,
        result: &CommandResult,
    ) -> Result<Stored, Failure> {
        let path = routes::with(routes::COMMAND_RESULT, &name.user.to_string());
        let path = routes::with(&path, &name.idempotency_key.to_string());
        self.send(self.post(&path, result)?).await
    }

    fn post(&self, path: &str, body: &impl Serialize) -> Result<Request, Failure> {
        let body = serde_json::to_vec(body).map_err(|_never| Failure::Malformed)?;
        Ok(Request::post(&self.at(path)?, body).json().deadline(DEADLINE))
    }

    async fn send<T: DeserializeOwned>(&self, request: Request) -> Result<T, Failure> {
        self.send_for(request, ANSWER_BYTES_MAX).await
    }

    async fn send_for<T: DeserializeOwned>(
        &self,
        request: Request,
        bytes_max: usize,
    ) -> Result<T, Failure> {
        let now = self.world.clock.now();
        let token = self.key.token(AUDIENCE_API, now, &self.world.chance);
        let token = token.map_err(|_reason| Failure::Key)?;
        let request = request.bearer(&token).answer_bytes_max(bytes_max);
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
