//! The way to one Exchange: its address, the accounts that impersonate, and the limits we keep to.
//! Signing in stops after two refusals in a row, so that no account is ever locked out.

use std::collections::BTreeMap;
use std::sync::{
    Arc, Mutex, MutexGuard, OnceLock, PoisonError,
    atomic::{AtomicU64, Ordering},
};
use std::time::Duration;

use ews::autodiscover::DOCUMENT_BYTES_MAX;
use ews::{ConnectingSid, ItemError, Operation, RequestHeader, Response};
use protocol::ids::MailboxAddress;
use world::{
    World,
    http::{self, HeaderMap, Incoming, Request, StatusCode},
};

use super::{
    Failure,
    accounts::{Accounts, After, Which},
    affinity::{Affinity, Cookie},
    autodiscover::{Discovery, Permitted},
    budget::Budget,
    failure::is_throttling,
    place::{Place, Places},
    sign_in::{Principal, SignIn},
    trace::{Call, Recorder},
};
use crate::config::{Exchange, Mistake, Secret};

/// A page of 50 entries with large bodies.
const ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;
const DEADLINE: Duration = Duration::from_secs(60);

/// Cheap to clone; clones share limits and what is known about the account.
#[derive(Clone)]
pub struct Connection(Arc<Inner>);

struct Inner {
    world: World,
    places: Places,
    discovery: OnceLock<Discovery>,
    settings: Exchange,
    sign_in: SignIn,
    accounts: Mutex<Accounts>,
    /// The account that signs in, as it was read last.
    principal: Mutex<Arc<Principal>>,
    principals: AtomicU64,
    /// Held while nobody knows whether the password is right: one try at a time.
    proving: tokio::sync::Mutex<()>,
    budgets: Mutex<BTreeMap<Arc<Place>, Arc<Budget>>>,
    requests: AtomicU64,
    recorder: Recorder,
}

/// The right to send one request, as that account.
struct Turn<'a> {
    principal: Arc<Principal>,
    _proving: Option<tokio::sync::MutexGuard<'a, ()>>,
}

impl Connection {
    pub fn new(world: &World, settings: &Exchange) -> Result<Self, Mistake> {
        let recorder = Recorder::of_settings(world, settings.trace_folder.as_deref());
        Self::recorded(world, settings, recorder)
    }

    /// With a recorder that listens.
    pub fn recorded(
        world: &World,
        settings: &Exchange,
        recorder: Recorder,
    ) -> Result<Self, Mistake> {
        let world = settings.world(world)?;
        let (user, password) = settings.account(Which::First)?;
        let principal = Principal { which: Which::First, number: 0, user, password };
        if settings.second.is_some() {
            settings.account(Which::Second)?;
        }
        let sign_in =
            SignIn::new(world.clone(), settings.sign_in.clone(), settings.channel_binding);
        Ok(Self(Arc::new(Inner {
            world,
            places: Places::new(settings.url.clone()),
            discovery: OnceLock::new(),
            sign_in,
            accounts: Mutex::new(Accounts::new(settings.second.is_some())),
            principal: Mutex::new(Arc::new(principal)),
            principals: AtomicU64::new(1),
            settings: settings.clone(),
            proving: tokio::sync::Mutex::default(),
            budgets: Mutex::default(),
            requests: AtomicU64::new(0),
            recorder,
        })))
    }

    pub fn recorder(&self) -> &Recorder {
        &self.0.recorder
    }

    /// Requests sent so far, for the status.
    pub fn requests(&self) -> u64 {
        self.0.requests.load(Ordering::Relaxed)
    }

    /// Where a mailbox is served, or, for nobody, where the settings say.
    pub fn place(&self, mailbox: Option<&MailboxAddress>) -> Arc<Place> {
        self.0.places.of(mailbox)
    }

    pub(super) fn places(&self) -> &Places {
        &self.0.places
    }

    /// From now on Exchange can be asked where mailboxes are.
    pub(super) fn set_discovery(&self, discovery: Discovery) {
        let _kept = self.0.discovery.set(discovery);
    }

    pub(super) fn discovery(&self) -> Option<&Discovery> {
        self.0.discovery.get()
    }

    /// With the network as it leads to Exchange.
    pub fn world(&self) -> &World {
        &self.0.world
    }

    /// Sends a document that is none of EWS, signed in, to an address that the gate permitted.
    /// Whatever comes back but a refused sign-in is the caller's to judge.
    pub(super) async fn post_document(
        &self,
        at: &Permitted,
        document: String,
        content_type: &str,
    ) -> Result<http::Response, Failure> {
        let budget = self.budget_at(&Arc::new(Place { url: at.url().clone(), group: None }));
        let _entered = budget.enter().await;
        let request = Request::post(at.url(), document)
            .header("content-type", content_type)
            .deadline(DEADLINE)
            .answer_bytes_max(DOCUMENT_BYTES_MAX);
        let turn = self.turn().await?;
        self.0.requests.fetch_add(1, Ordering::Relaxed);
        let answer = self.0.sign_in.send(&turn.principal, request).await?;
        match self.judge(turn.principal.which, answer.status, &answer.headers) {
            Err(Failure::NotEws { .. }) | Ok(()) => Ok(answer),
            Err(refused) => Err(refused),
        }
    }

    /// How many entries of a mailbox to ask for in one request.
    pub fn batch(&self, mailbox: &MailboxAddress) -> usize {
        self.budget(Some(mailbox)).batch()
    }

    /// One result per object that was asked for.
    pub async fn call<O: Operation>(
        &self,
        acting_for: Option<&MailboxAddress>,
        operation: &O,
    ) -> Result<Vec<Result<O::Reply, ItemError>>, Failure> {
        let results = self.answer(acting_for, operation).await?.into_results();
        // A part of a batch may be refused, too.
        if results.iter().any(|result| result.as_ref().is_err_and(|e| is_throttling(&e.code))) {
            self.budget(acting_for).slow_down();
        }
        Ok(results)
    }

    /// The one result of an operation on one object.
    pub async fn call_one<O: Operation>(
        &self,
        acting_for: Option<&MailboxAddress>,
        operation: &O,
    ) -> Result<O::Reply, Failure> {
        let only = self.call(acting_for, operation).await?.into_iter().next();
        Ok(only.ok_or(Failure::Incomplete("a response message"))??)
    }

    /// The same on the way of a group of subscriptions, with the cookie that leads to it.
    pub async fn call_one_along<O: Operation>(
        &self,
        affinity: &Affinity,
        acting_for: &MailboxAddress,
        operation: &O,
    ) -> Result<(O::Reply, Option<Cookie>), Failure> {
        let request = self.request(Some(acting_for), operation, Some(affinity))?;
        let (answer, headers) = self.exchange(Some(acting_for), operation, request).await?;
        let reply = answer.into_only().ok_or(Failure::Incomplete("a response message"))??;
        Ok((reply, Cookie::find(&headers)))
    }

    pub async fn answer<O: Operation>(
        &self,
        acting_for: Option<&MailboxAddress>,
        operation: &O,
    ) -> Result<Response<O::Reply>, Failure> {
        let request = self.request(acting_for, operation, None)?;
        Ok(self.exchange(acting_for, operation, request).await?.0)
    }

    async fn exchange<O: Operation>(
        &self,
        acting_for: Option<&MailboxAddress>,
        operation: &O,
        request: Request,
    ) -> Result<(Response<O::Reply>, HeaderMap), Failure> {
        let budget = self.budget(acting_for);
        let entered = budget.enter().await;
        let traced = self.0.recorder.call(acting_for, operation);
        let answer = self.send(request, traced).await;
        drop(entered);
        let read = answer.and_then(|answer| Ok((O::read_answer(&answer.body)?, answer.headers)));
        match &read {
            Ok(_) => budget.went_well(),
            Err(failure) if failure.is_throttling() => budget.slow_down(),
            Err(_) => {}
        }
        read
    }

    async fn send(&self, request: Request, traced: Call) -> Result<http::Response, Failure> {
        let turn = self.turn().await?;
        self.0.requests.fetch_add(1, Ordering::Relaxed);
        let answer = traced.answered(self.0.sign_in.send(&turn.principal, request).await)?;
        self.judge(turn.principal.which, answer.status, &answer.headers)?;
        Ok(answer)
    }

    /// An answer that goes on arriving.
    pub async fn open<O: Operation>(
        &self,
        affinity: &Affinity,
        operation: &O,
    ) -> Result<Incoming, Failure> {
        // The anchor's budget pays for the connection.
        let request = self.request(Some(&affinity.anchor), operation, Some(affinity))?;
        let turn = self.turn().await?;
        self.0.requests.fetch_add(1, Ordering::Relaxed);
        let traced = self.0.recorder.call(Some(&affinity.anchor), operation);
        let answer = traced.opened(self.0.sign_in.open(&turn.principal, request).await)?;
        self.judge(turn.principal.which, answer.status, &answer.headers)?;
        Ok(answer)
    }

    fn budget(&self, mailbox: Option<&MailboxAddress>) -> Arc<Budget> {
        self.budget_at(&self.place(mailbox))
    }

    fn budget_at(&self, place: &Arc<Place>) -> Arc<Budget> {
        let mut budgets = self.0.budgets.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(budgets.entry(Arc::clone(place)).or_default())
    }

    fn request<O: Operation>(
        &self,
        acting_for: Option<&MailboxAddress>,
        operation: &O,
        affinity: Option<&Affinity>,
    ) -> Result<Request, Failure> {
        let place = self.place(acting_for);
        if !place.is_known() {
            return Err(Failure::NoPlace);
        }
        let header = header(acting_for);
        let request = Request::post(&place.url, operation.write_request(&header))
            .header("content-type", "text/xml; charset=utf-8")
            .header("client-request-id", &self.0.world.chance.uuid().to_string())
            .header("return-client-request-id", "true")
            .deadline(DEADLINE)
            .answer_bytes_max(ANSWER_BYTES_MAX);
        Ok(match (affinity, acting_for) {
            (Some(affinity), _) => along(request, affinity),
            (None, Some(mailbox)) => request.header("x-anchormailbox", mailbox.as_str()),
            (None, None) => request,
        })
    }

    /// Until the password has been accepted once, requests go one at a time, so that a wrong one
    /// is refused twice at most and not once per mailbox.
    async fn turn(&self) -> Result<Turn<'_>, Failure> {
        if let Some(principal) = self.proven() {
            return Ok(Turn { principal, _proving: None });
        }
        let proving = self.0.proving.lock().await;
        if let Some(principal) = self.proven() {
            return Ok(Turn { principal, _proving: None });
        }
        let now = self.0.world.clock.now();
        let which = self.accounts().choose(now).ok_or(Failure::PasswordRefused)?;
        Ok(Turn { principal: self.read_again(which), _proving: Some(proving) })
    }

    fn proven(&self) -> Option<Arc<Principal>> {
        let proven = self.accounts().proven()?;
        Some(self.principal()).filter(|principal| principal.which == proven)
    }

    /// A changed password file is found without a restart; one that cannot be read now is not.
    fn read_again(&self, which: Which) -> Arc<Principal> {
        let before = self.principal();
        let (user, password) = match self.0.settings.account(which) {
            Ok(read) => read,
            Err(mistake) => {
                tracing::warn!(%mistake, account = which.as_str(), "Cannot read the account again");
                if before.which == which {
                    return before;
                }
                (String::new(), Secret::new(String::new()))
            }
        };
        let same = before.which == which
            && before.user == user
            && before.password.expose() == password.expose();
        if same {
            return before;
        }
        let number = self.0.principals.fetch_add(1, Ordering::Relaxed);
        let principal = Arc::new(Principal { which, number, user, password });
        *self.0.principal.lock().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&principal);
        principal
    }

    /// Only an answer of EWS itself proves the password; what a load balancer says proves nothing,
    /// in either direction.
    fn judge(&self, which: Which, status: StatusCode, headers: &HeaderMap) -> Result<(), Failure> {
        let content_type = headers.get("content-type").and_then(|value| value.to_str().ok());
        if status != StatusCode::UNAUTHORIZED {
            check_is_ews(status.as_u16(), content_type)?;
            self.accounts().accepted(which);
            return Ok(());
        }
        let now = self.0.world.clock.now();
        let after = self.accounts().refused(which, now);
        let account = which.as_str();
        match after {
            After::OnceMore => Err(Failure::SignInRefusedOnce),
            After::Switch => {
                tracing::error!(
                    alarm.id = "exchange-account",
                    account,
                    "Exchange refuses this account's password; the other one is used from now on"
                );
                Err(Failure::SignInRefusedOnce)
            }
            After::Stop => {
                tracing::error!(account, "Exchange refuses this account's password");
                Err(Failure::PasswordRefused)
            }
        }
    }

    fn accounts(&self) -> MutexGuard<'_, Accounts> {
        self.0.accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn principal(&self) -> Arc<Principal> {
        Arc::clone(&self.0.principal.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn along(request: Request, affinity: &Affinity) -> Request {
    let request = request
        .header("x-anchormailbox", affinity.anchor.as_str())
        .header("x-preferserveraffinity", "true");
    match &affinity.cookie {
        Some(cookie) => request.header("cookie", &cookie.to_header()),
        None => request,
    }
}

pub(super) fn header(acting_for: Option<&MailboxAddress>) -> RequestHeader {
    match acting_for {
        Some(mailbox) => {
            RequestHeader::impersonating(ConnectingSid::SmtpAddress(mailbox.as_str().into()))
        }
        None => RequestHeader::ours(),
    }
}

/// Faults come with status 500 and per-item errors with 200, both as XML.
fn check_is_ews(status: u16, content_type: Option<&str>) -> Result<(), Failure> {
    let is_xml = content_type.is_some_and(|text| text.to_ascii_lowercase().contains("xml"));
    if is_xml && (status == 200 || status == 500) {
        return Ok(());
    }
    Err(Failure::not_ews(status, content_type))
}
