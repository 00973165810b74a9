//! Signing in to Exchange: NTLM on a connection of our own, bound to its certificate, or Kerberos or
//! Basic where the settings say so. What a server offers never makes us do what the settings do not name.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use ews::ntlm::{self, Proof, UserName};
use jiff::Timestamp;
use tokio::sync::{Semaphore, SemaphorePermit};
use world::{
    World,
    http::{self, Connection, HeaderMap, Incoming, Request, StatusCode},
    tls::Certificate,
};
use zeroize::Zeroizing;

use super::{Failure, accounts::Which, kerberos::Kerberos, pool::Pool};
use crate::config::{Binding, Mechanism, Secret};

/// Resolving, connecting and TLS.
pub(super) const CONNECT_DEADLINE: Duration = Duration::from_secs(30);
/// From 1601, where Windows starts, to 1970.
const SECONDS_TO_1970: i64 = 11_644_473_600;
/// Connections that sign in at once. Whenever a password stops being right, those are the attempts
/// that count against the account.
const HANDSHAKES_MAX: usize = 2;
/// Schemes shown in a failure.
const OFFERS_SHOWN_MAX: usize = 5;

/// An account as the settings describe it now.
pub(super) struct Principal {
    pub(super) which: Which,
    /// Another one each time the settings are read.
    pub(super) number: u64,
    pub(super) user: String,
    pub(super) password: Secret,
}

/// How we may sign in.
pub(super) struct SignIn {
    world: World,
    mechanisms: Vec<Mechanism>,
    binding: Binding,
    pool: Pool,
    handshakes: Semaphore,
    refusals: AtomicU64,
    kerberos: Kerberos,
}

/// A connection on which the next request carries the proof.
struct Challenged {
    connection: Connection,
    proof: Zeroizing<String>,
}

enum Asked {
    Challenged(Box<Challenged>),
    /// NTLM is not offered, and the settings allow Basic, which is.
    Basic,
}

impl SignIn {
    pub(super) fn new(world: World, mechanisms: Vec<Mechanism>, binding: Binding) -> Self {
        Self {
            kerberos: Kerberos::new(world.clone(), binding),
            world,
            mechanisms,
            binding,
            pool: Pool::default(),
            handshakes: Semaphore::new(HANDSHAKES_MAX),
            refusals: AtomicU64::new(0),
        }
    }

    pub(super) async fn send(
        &self,
        principal: &Principal,
        request: Request,
    ) -> Result<http::Response, Failure> {
        if self.mechanisms.contains(&Mechanism::Kerberos) {
            return self.kerberos.send(principal.number, request).await;
        }
        if !self.mechanisms.contains(&Mechanism::Ntlm) {
            return self.send_basic(principal, request).await;
        }
        if let Some(mut connection) = self.pool.take(request.url(), principal.number) {
            let answer = connection.send(request.clone()).await?;
            if answer.status != StatusCode::UNAUTHORIZED {
                self.pool.put(request.url(), principal.number, connection);
                return Ok(answer);
            }
            // The sign-in is forgotten, not refused: once more, from the beginning.
        }
        let _handshake = self.handshake().await?;
        match self.ask(principal, &request).await? {
            Asked::Basic => self.send_basic(principal, request).await,
            Asked::Challenged(challenged) => {
                let Challenged { mut connection, proof } = *challenged;
                let url = request.url().clone();
                let answer = connection.send(request.header("authorization", &proof)).await?;
                if answer.status == StatusCode::UNAUTHORIZED {
                    self.refused(connection.certificate());
                } else {
                    self.pool.put(&url, principal.number, connection);
                }
                Ok(answer)
            }
        }
    }

    /// On a connection that nothing else ever uses.
    pub(super) async fn open(
        &self,
        principal: &Principal,
        request: Request,
    ) -> Result<Incoming, Failure> {
        if self.mechanisms.contains(&Mechanism::Kerberos) {
            return self.kerberos.open(request).await;
        }
        if !self.mechanisms.contains(&Mechanism::Ntlm) {
            return self.open_basic(principal, request).await;
        }
        let _handshake = self.handshake().await?;
        match self.ask(principal, &request).await? {
            Asked::Basic => self.open_basic(principal, request).await,
            Asked::Challenged(challenged) => {
                let Challenged { connection, proof } = *challenged;
                let certificate = connection.certificate().cloned();
                let answer = connection.open(request.header("authorization", &proof)).await?;
                if answer.status == StatusCode::UNAUTHORIZED {
                    self.refused(certificate.as_ref());
                }
                Ok(answer)
            }
        }
    }

    /// Whoever waited here while somebody else was refused does not try the same password again.
    async fn handshake(&self) -> Result<Option<SemaphorePermit<'_>>, Failure> {
        let before = self.refusals.load(Ordering::Relaxed);
        let permit = self.handshakes.acquire().await.ok();
        if self.refusals.load(Ordering::Relaxed) == before {
            Ok(permit)
        } else {
            Err(Failure::SignInRefusedOnce)
        }
    }

    fn refused(&self, certificate: Option<&Certificate>) {
        self.refusals.fetch_add(1, Ordering::Relaxed);
        tell_of_refusal(Mechanism::Ntlm, certificate);
    }

    /// The first two messages, without the payload.
    async fn ask(&self, principal: &Principal, request: &Request) -> Result<Asked, Failure> {
        let mut connection = self.world.http.connect(request.url(), CONNECT_DEADLINE).await?;
        let negotiate = ntlm::negotiate();
        let first = request
            .clone()
            .without_body()
            .header("authorization", &format!("NTLM {}", STANDARD.encode(&negotiate)));
        let answer = connection.send(first).await?;
        if answer.status != StatusCode::UNAUTHORIZED {
            let content_type = answer.headers.get("content-type");
            let content_type = content_type.and_then(|value| value.to_str().ok());
            return Err(Failure::not_ews(answer.status.as_u16(), content_type));
        }
        let Some(challenge) = challenge(&answer.headers, Mechanism::Ntlm.scheme()) else {
            let allows_basic = self.mechanisms.contains(&Mechanism::Basic);
            return if allows_basic && offers(&answer.headers, "basic") {
                Ok(Asked::Basic)
            } else {
                Err(no_common_mechanism(&answer.headers))
            };
        };
        let proof = self.prove(principal, request, &connection, &negotiate, &challenge)?;
        Ok(Asked::Challenged(Box::new(Challenged { connection, proof })))
    }

    fn prove(
        &self,
        principal: &Principal,
        request: &Request,
        connection: &Connection,
        negotiate: &[u8],
        challenge: &[u8],
    ) -> Result<Zeroizing<String>, Failure> {
        let mut nonce = [0; 8];
        self.world.chance.fill(&mut nonce);
        let binding = match self.binding {
            Binding::Off => None,
            Binding::Auto => connection.certificate().map(|c| ntlm::channel_binding(&c.end_point)),
        };
        let proof = Proof {
            user: &UserName::parse(&principal.user),
            password: principal.password.expose(),
            nonce,
            time: windows_time(self.world.clock.now()),
            binding,
            host: request.url().host_str().unwrap_or_default(),
        };
        let message = ntlm::authenticate(negotiate, challenge, &proof);
        let message = message.map_err(Failure::BadChallenge)?;
        Ok(Zeroizing::new(format!("NTLM {}", STANDARD.encode(message))))
    }

    async fn send_basic(
        &self,
        principal: &Principal,
        request: Request,
    ) -> Result<http::Response, Failure> {
        let request = request.header("authorization", &basic(principal));
        let answer = self.world.http.send(request).await?;
        check_offers_basic(answer.status, &answer.headers)?;
        Ok(answer)
    }

    async fn open_basic(
        &self,
        principal: &Principal,
        request: Request,
    ) -> Result<Incoming, Failure> {
        let request = request.header("authorization", &basic(principal));
        let answer = self.world.http.open(request).await?;
        check_offers_basic(answer.status, &answer.headers)?;
        Ok(answer)
    }
}

fn basic(principal: &Principal) -> Zeroizing<String> {
    let pair = Zeroizing::new(format!("{}:{}", principal.user, principal.password.expose()));
    Zeroizing::new(format!("Basic {}", STANDARD.encode(pair.as_bytes())))
}

/// A 401 that names other schemes says nothing about the password.
fn check_offers_basic(status: StatusCode, headers: &HeaderMap) -> Result<(), Failure> {
    let names_others = headers.contains_key("www-authenticate") && !offers(headers, "basic");
    let is_refusal = status == StatusCode::UNAUTHORIZED;
    if is_refusal && names_others { Err(no_common_mechanism(headers)) } else { Ok(()) }
}

/// All schemes of all lines.
fn schemes(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let lines = headers.get_all("www-authenticate").iter().filter_map(|line| line.to_str().ok());
    lines.filter_map(|line| line.split_whitespace().next())
}

pub(super) fn offers(headers: &HeaderMap, scheme: &str) -> bool {
    schemes(headers).any(|offered| offered.eq_ignore_ascii_case(scheme))
}

pub(super) fn no_common_mechanism(headers: &HeaderMap) -> Failure {
    let is_plain = |scheme: &&str| scheme.chars().all(|c| c.is_ascii_alphanumeric());
    let offered: Vec<&str> = schemes(headers).filter(is_plain).take(OFFERS_SHOWN_MAX).collect();
    Failure::NoCommonMechanism { offered: offered.join(", ") }
}

/// What the server says in the course of a sign-in of that scheme.
pub(super) fn challenge(headers: &HeaderMap, scheme: &str) -> Option<Vec<u8>> {
    let lines = headers.get_all("www-authenticate").iter().filter_map(|line| line.to_str().ok());
    let tokens = lines.filter_map(|line| line.trim().split_once(' '));
    let mut ours = tokens.filter(|(offered, _)| offered.eq_ignore_ascii_case(scheme));
    ours.find_map(|(_, token)| STANDARD.decode(token.trim()).ok())
}

pub(super) fn tell_of_refusal(mechanism: Mechanism, certificate: Option<&Certificate>) {
    let seen = certificate.map_or_else(|| "none".to_owned(), Certificate::fingerprint);
    let scheme = mechanism.scheme();
    tracing::warn!(
        certificate.sha256 = seen,
        scheme,
        "Exchange refused a sign-in. Is the password, or the ticket, right? If this is not \
         Exchange's own certificate, something in between ends TLS, and Extended Protection \
         refuses us"
    );
}

/// In 100 ns since 1601.
fn windows_time(now: Timestamp) -> u64 {
    let seconds = now.as_second().saturating_add(SECONDS_TO_1970);
    u64::try_from(seconds).unwrap_or_default().saturating_mul(10_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn whoever_waits_behind_a_refusal_does_not_try_the_same_password() {
        let start = "2026-11-25T09:00:00Z".parse().expect("a time");
        let world = World::in_memory(start, 1).host("connector");
        let sign_in = SignIn::new(world, vec![Mechanism::Ntlm], Binding::Auto);
        let first = sign_in.handshake().await.expect("a place");
        let second = sign_in.handshake().await.expect("a place");
        let refused = async {
            sign_in.refused(None);
            drop((first, second));
        };
        let (third, ()) = tokio::join!(sign_in.handshake(), refused);
        assert!(matches!(third, Err(Failure::SignInRefusedOnce)));
        assert!(sign_in.handshake().await.is_ok(), "who comes later may try once more");
    }
}
