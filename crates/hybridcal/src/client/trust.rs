//! An administrator's client for the trust list: needs a token for the cloud, and no keys.

use protocol::{
    routes,
    trust::{Decision, TrustDecision, TrustList, TrustedHost},
};
use url::Url;
use world::{World, http::Request, issuer::is_safe};

use super::{ANSWER_DEADLINE, Failure, at, checked, read};

pub struct TrustClient {
    world: World,
    url: Url,
    token: String,
}

impl TrustClient {
    /// Sends nothing yet.
    pub fn new(world: World, cloud: &Url, token: String) -> Result<Self, Failure> {
        if !is_safe(cloud) {
            return Err(Failure::UnsafeUrl { what: "the cloud's address" });
        }
        Ok(Self { world, url: at(cloud, routes::TRUSTED_HOSTS)?, token })
    }

    pub async fn list(&self) -> Result<Vec<TrustedHost>, Failure> {
        let answer = self.world.http.send(self.with_token(Request::get(&self.url))).await?;
        let list: TrustList = read(&checked(answer)?)?;
        Ok(list.hosts)
    }

    pub async fn decide(&self, host: &str, decision: Decision) -> Result<TrustedHost, Failure> {
        let decision = TrustDecision { host: host.to_owned(), decision };
        let body = serde_json::to_vec(&decision).map_err(|_never| Failure::Unreadable)?;
        let request = self.with_token(Request::post(&self.url, body).json());
        read(&checked(self.world.http.send(request).await?)?)
    }

    fn with_token(&self, request: Request) -> Request {
        request.bearer(&self.token).deadline(ANSWER_DEADLINE)
    }
}
