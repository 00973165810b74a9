//! Signing in to Exchange by Kerberos (SPNEGO over HTTP, RFC 4559). Each request carries a ticket,
//! bound to the server's certificate, since servers may ask for one each time; and no answer is
//! believed before the server has proved who it is on that connection.

#[cfg(not(feature = "kerberos"))]
mod absent;
#[cfg(feature = "kerberos")]
mod gss;
mod lack;
mod verdict;

use std::{sync::Arc, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use tokio::{sync::Semaphore, time::timeout};
use url::Url;
use world::{
    World,
    http::{self, Connection, Incoming, Request},
    tls::Certificate,
};
use zeroize::Zeroizing;

pub use lack::Lack;

#[cfg(not(feature = "kerberos"))]
use self::absent as library;
#[cfg(feature = "kerberos")]
use self::gss as library;
use self::{
    library::{Context, Stepped},
    verdict::{Verdict, judge},
};
use super::{
    Failure,
    pool::Pool,
    sign_in::{CONNECT_DEADLINE, no_common_mechanism, tell_of_refusal},
};
use crate::config::{Binding, Mechanism};

/// Key distribution centres may be asked; one that hangs takes the library 25 s, several take longer.
const TICKET_DEADLINE: Duration = Duration::from_secs(30);
/// Threads that may wait for a key distribution centre at once; the rest queues.
const CALLS_MAX: usize = 8;
/// Requests that one sign-in may take. One does, unless the server asks back.
const LEGS_MAX: usize = 4;

pub(super) struct Kerberos {
    world: World,
    binding: Binding,
    pool: Pool,
    calls: Arc<Semaphore>,
}

/// A connection, and whether the server has proved itself on it.
struct Line {
    connection: Connection,
    is_proven: bool,
}

/// What came of one attempt.
enum Attempt {
    Answered(http::Response),
    /// The ticket was not taken.
    Refused(Option<Certificate>),
}

impl Kerberos {
    pub(super) fn new(world: World, binding: Binding) -> Self {
        let calls = Arc::new(Semaphore::new(CALLS_MAX));
        Self { world, binding, pool: Pool::default(), calls }
    }

    /// A refusal may also mean "slower" or an outdated ticket: so once more, on a new connection.
    pub(super) async fn send(
        &self,
        principal: u64,
        request: Request,
    ) -> Result<http::Response, Failure> {
        let line = match self.pool.take(request.url(), principal) {
            Some(connection) => Line { connection, is_proven: true },
            None => self.connect(request.url()).await?,
        };
        if let Attempt::Answered(answer) = self.attempt(line, principal, &request).await? {
            return Ok(answer);
        }
        let line = self.connect(request.url()).await?;
        match self.attempt(line, principal, &request).await? {
            Attempt::Answered(answer) => Ok(answer),
            Attempt::Refused(certificate) => {
                tell_of_refusal(Mechanism::Kerberos, certificate.as_ref());
                Err(Failure::TicketRefused)
            }
        }
    }

    /// On a connection that nothing else ever uses. A server that asks back is refused here, since
    /// the answer would have to be read to its end.
    pub(super) async fn open(&self, request: Request) -> Result<Incoming, Failure> {
        let mut certificate = None;
        for _attempt in 0..2 {
            let line = self.connect(request.url()).await?;
            let (context, proof) = self.begin(request.url(), &line.connection).await?;
            certificate = line.connection.certificate().cloned();
            let signed = request.clone().header("authorization", &proof);
            let answer = line.connection.open(signed).await?;
            match judge(answer.status, &answer.headers, line.is_proven) {
                Verdict::Foreign => return Ok(answer),
                Verdict::Believed(reply) => {
                    self.believe(context, reply).await?;
                    return Ok(answer);
                }
                Verdict::Unproven => return Err(Failure::NotProven),
                Verdict::NotOffered => return Err(no_common_mechanism(&answer.headers)),
                Verdict::GoOn(_) | Verdict::Refused => {}
            }
        }
        tell_of_refusal(Mechanism::Kerberos, certificate.as_ref());
        Err(Failure::TicketRefused)
    }

    async fn attempt(
        &self,
        mut line: Line,
        principal: u64,
        request: &Request,
    ) -> Result<Attempt, Failure> {
        let (mut context, mut proof) = self.begin(request.url(), &line.connection).await?;
        for _leg in 0..LEGS_MAX {
            let signed = request.clone().header("authorization", &proof);
            let answer = line.connection.send(signed).await?;
            match judge(answer.status, &answer.headers, line.is_proven) {
                Verdict::Foreign => return Ok(Attempt::Answered(answer)),
                Verdict::Believed(reply) => {
                    self.believe(context, reply).await?;
                    self.pool.put(request.url(), principal, line.connection);
                    return Ok(Attempt::Answered(answer));
                }
                Verdict::Unproven => return Err(Failure::NotProven),
                Verdict::NotOffered => return Err(no_common_mechanism(&answer.headers)),
                Verdict::Refused => break,
                Verdict::GoOn(reply) => match self.step(context, reply).await? {
                    Some(Stepped { context: next, token: Some(token), .. }) => {
                        (context, proof) = (next, header(&token));
                    }
                    // It says why it refuses, or goes on although all has been said.
                    Some(Stepped { token: None, .. }) | None => break,
                },
            }
        }
        Ok(Attempt::Refused(line.connection.certificate().cloned()))
    }

    async fn connect(&self, url: &Url) -> Result<Line, Failure> {
        let connection = self.world.http.connect(url, CONNECT_DEADLINE).await?;
        Ok(Line { connection, is_proven: false })
    }

    async fn begin(
        &self,
        url: &Url,
        connection: &Connection,
    ) -> Result<(Context, Zeroizing<String>), Failure> {
        let host = url.host_str().unwrap_or_default().to_owned();
        let binding = match self.binding {
            Binding::Off => None,
            Binding::Auto => connection.certificate().map(application_data),
        };
        let begun = self.call(move || library::begin(&host, binding)).await;
        let (context, token) = begun.and_then(|begun| begun).map_err(Failure::NoTicket)?;
        Ok((context, header(&token)))
    }

    /// `None` if the server's token is a refusal.
    async fn step(&self, context: Context, reply: Vec<u8>) -> Result<Option<Stepped>, Failure> {
        let stepped = self.call(move || library::step(context, &reply)).await;
        stepped.map_err(Failure::NoTicket)
    }

    /// Whether the server proved itself, if it said anything about that.
    async fn believe(&self, context: Context, reply: Option<Vec<u8>>) -> Result<(), Failure> {
        let Some(reply) = reply else { return Ok(()) };
        match self.step(context, reply).await? {
            Some(Stepped { is_proven: true, .. }) => Ok(()),
            Some(Stepped { is_proven: false, .. }) | None => Err(Failure::NotProven),
        }
    }

    /// The library blocks. A call that takes too long is left alone and keeps its place.
    async fn call<T: Send + 'static>(
        &self,
        call: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Lack> {
        let calls = Arc::clone(&self.calls);
        let called = async move {
            let permit = calls.acquire_owned().await.map_err(|_closed| Lack::Other)?;
            let called = tokio::task::spawn_blocking(move || {
                let said = call();
                drop(permit);
                said
            });
            called.await.map_err(|_defect| Lack::Other)
        };
        timeout(TICKET_DEADLINE, called).await.unwrap_or(Err(Lack::NoAnswer))
    }
}

/// RFC 5929: what the library then hashes into the ticket's authenticator.
fn application_data(certificate: &Certificate) -> Vec<u8> {
    [b"tls-server-end-point:", certificate.end_point.as_slice()].concat()
}

fn header(token: &[u8]) -> Zeroizing<String> {
    Zeroizing::new(format!("Negotiate {}", STANDARD.encode(token)))
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_library_that_hangs_is_left_alone_and_keeps_its_place() {
        let start = "2026-11-25T09:00:00Z".parse().expect("a time");
        let world = World::in_memory(start, 1).host("connector");
        let kerberos = Kerberos::new(world, Binding::Auto);
        let (answer, hung) = mpsc::channel::<()>();
        let late = async {
            while kerberos.calls.available_permits() == CALLS_MAX {
                tokio::task::yield_now().await;
            }
            tokio::time::advance(TICKET_DEADLINE + Duration::from_secs(1)).await;
        };
        let (called, ()) = tokio::join!(kerberos.call(move || hung.recv().is_ok()), late);
        assert_eq!(called, Err(Lack::NoAnswer));
        assert_eq!(kerberos.calls.available_permits(), CALLS_MAX - 1);
        assert_eq!(kerberos.call(|| 7).await, Ok(7));
        drop(answer);
        let all = u32::try_from(CALLS_MAX).expect("few");
        assert!(kerberos.calls.acquire_many(all).await.is_ok(), "the place is free again");
    }

    #[test]
    fn the_binding_is_the_hash_of_the_certificate_behind_its_name() {
        let certificate = Certificate::of(b"what Exchange shows");
        let data = application_data(&certificate);
        assert_eq!(data.len(), 21 + 32);
        assert!(data.starts_with(b"tls-server-end-point:"));
        assert!(data.ends_with(&certificate.end_point));
    }

    #[cfg(not(feature = "kerberos"))]
    #[tokio::test(start_paused = true)]
    async fn without_the_library_nothing_is_sent() {
        let memory = World::in_memory(jiff::Timestamp::UNIX_EPOCH, 1);
        let mut listener =
            memory.host("exchange").network.listen("exchange:443").await.expect("free");
        tokio::spawn(async move {
            let mut stream = listener.accept().await.expect("asked").stream().await.expect("there");
            let mut byte = [0];
            let read = tokio::io::AsyncReadExt::read(&mut stream, &mut byte).await;
            assert!(matches!(read, Ok(0) | Err(_)), "something was sent");
        });
        let kerberos = Kerberos::new(memory.host("connector"), Binding::Auto);
        let url: Url = "https://exchange/EWS/Exchange.asmx".parse().expect("a URL");
        let sent = kerberos.send(0, Request::post(&url, "<x/>".to_owned())).await;
        assert!(matches!(sent, Err(Failure::NoTicket(Lack::NotBuiltIn))));
    }
}
