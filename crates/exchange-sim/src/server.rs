//! The HTTP side: one URL, sign-in, faults on demand, and who answers what.

use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request as HttpRequest, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::Response,
};
use ews::{
    Answer, Fault, ItemRef, Refusal, Request, ResponseCode, ServerVersionInfo, XmlError,
    operations::UpdateItem,
    soap::ExchangeVersion,
    xml::{Namespace, Node, XmlErrorKind, read_document},
};
use futures_util::stream;
use world::{http::Peer, stop::Stop};

use crate::{
    auth::{self, Account, Attempts, Door, Refused, SignedIn},
    autodiscover::{self, Signposts},
    backends::{COOKIE, Refusing, Route},
    directory::Config,
    faults::{Trouble, Troubles},
    ids::{Key, KeyKind},
    mailbox::Store,
    oddities::Garbling,
    operations,
    schema::Schema,
    streaming, text,
    throttling::{Budgets, Kind, Throttled, admit},
    wording::{Manner, refuse_objects, refused_write},
};

/// As much as Exchange takes by default, roughly.
pub(crate) const BODY_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Offences of our own that are remembered; one is too many.
const OFFENCES_MAX: usize = 100;
const PATH: &str = "/ews/exchange.asmx";
const PAGE: &str = "<!doctype html><title>Exchange simulator</title><p>This is a simulator of \
                    Exchange Web Services, for development and tests. It is not an Exchange server.";

/// What every request shares.
pub(crate) struct Shared {
    pub(crate) config: Config,
    store: Mutex<Store>,
    pub(crate) troubles: Mutex<Troubles>,
    pub(crate) budgets: Mutex<Budgets>,
    pub(crate) attempts: Mutex<Attempts>,
    pub(crate) requests: Mutex<BTreeMap<String, u64>>,
    pub(crate) signposts: Mutex<Signposts>,
    schema: Option<Schema>,
    pub(crate) garbling: Mutex<Garbling>,
    /// Answers of ours that break the published schema, as long as nobody asked for odd ones.
    pub(crate) own_offences: Mutex<Vec<String>>,
    door: Door,
    pub(crate) heartbeat: Duration,
    pub(crate) stop: Stop,
}

impl Shared {
    pub(crate) fn new(
        config: Config,
        store: Store,
        schema: Option<Schema>,
        door: Door,
        stop: Stop,
    ) -> Self {
        let heartbeat = Duration::from_secs(config.heartbeat_seconds.max(1));
        Self {
            config,
            store: Mutex::new(store),
            troubles: Mutex::default(),
            budgets: Mutex::default(),
            attempts: Mutex::default(),
            requests: Mutex::default(),
            signposts: Mutex::default(),
            schema,
            garbling: Mutex::default(),
            own_offences: Mutex::default(),
            door,
            heartbeat,
            stop,
        }
    }

    fn judge(&self, document: &str) {
        let Some(schema) = &self.schema else { return };
        let Ok(envelope) = read_document(document.as_bytes()) else { return };
        if let Err(violation) = schema.check_envelope(&envelope) {
            tracing::warn!(%violation, "An answer breaks the published schema");
            let mut offences = locked(&self.own_offences);
            if offences.len() < OFFENCES_MAX {
                offences.push(violation.to_string());
            }
        }
    }

    pub(crate) fn store(&self) -> MutexGuard<'_, Store> {
        locked(&self.store)
    }
}

/// A poisoned lock belongs to a test that failed already.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) fn router(shared: Arc<Shared>) -> Router {
    Router::new().fallback(serve).with_state(shared)
}

async fn serve(State(shared): State<Arc<Shared>>, request: HttpRequest) -> Response {
    if let Some(response) = autodiscover::anonymous(&shared, &request) {
        return response;
    }
    let autodiscover = autodiscover::format(request.uri().path());
    if autodiscover.is_none() && !request.uri().path().eq_ignore_ascii_case(PATH) {
        return respond(StatusCode::NOT_FOUND, "text/plain", Body::empty());
    }
    let SignedIn { account, proof } = match sign_in(&shared, &request) {
        Ok(signed_in) => signed_in,
        Err(refused) => {
            // Unread, it would close the connection, and with it end the sign-in.
            if to_bytes(request.into_body(), BODY_BYTES_MAX).await.is_err() {
                return respond(StatusCode::PAYLOAD_TOO_LARGE, "text/plain", Body::empty());
            }
            return unauthorized(&shared, &refused);
        }
    };
    let mut response = match autodiscover {
        Some(format) => autodiscover::serve(&shared, format, request).await,
        None => serve_account(&shared, &account, request).await,
    };
    if let Some(proof) = proof
        && response.status() != StatusCode::UNAUTHORIZED
    {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, proof);
    }
    response
}

async fn serve_account(shared: &Arc<Shared>, account: &Account, request: HttpRequest) -> Response {
    let host = autodiscover::host(&request);
    if request.method() != Method::POST {
        let organization = text::escaped(&shared.config.organization);
        let page = format!("{PAGE}<p>Simulated organization: {organization}.");
        return respond(StatusCode::OK, "text/html; charset=utf-8", Body::from(page));
    }
    let route = Route::of(request.headers());
    let Ok(body) = to_bytes(request.into_body(), BODY_BYTES_MAX).await else {
        return respond(StatusCode::PAYLOAD_TOO_LARGE, "text/plain", Body::empty());
    };
    let offence = offence(shared, &body);
    let read = read(&body);
    let operation = read.as_ref().map_or("Malformed", |(_, request)| request.name());
    *locked(&shared.requests).entry(operation.to_owned()).or_default() += 1;
    let trouble = locked(&shared.troubles).take(operation);
    if let Some(trouble) = &trouble
        && let Some(response) = meet(shared, trouble)
    {
        return response;
    }
    let response = match (offence, read) {
        (Some(fault), _) => send(shared, &Answer::Fault(fault)),
        (None, Ok((header, request))) => match autodiscover::elsewhere(shared, &host, &header) {
            Some(fault) => send(shared, &fault.into()),
            None => {
                let trouble = trouble.as_ref();
                answer(shared, account, &header, &route, request, trouble).await
            }
        },
        (None, Err(refusal)) => {
            tracing::debug!(%refusal, error = %refusal.error, "A request breaks the schema");
            send(shared, &refusal.fault().into())
        }
    };
    match trouble {
        Some(trouble) => spoil(&trouble, response).await,
        None => response,
    }
}

/// Sends an answer, garbled if that was ordered; otherwise it has to keep to the published schema.
fn say(shared: &Shared, answer: &Answer) -> Response {
    let manner = shared.store().manner;
    let document = answer.write(&version());
    let garbling = locked(&shared.garbling);
    if garbling.is_honest() && manner == Manner::default() {
        shared.judge(&document);
    }
    respond(status(manner, answer), XML, Body::from(manner.word(garbling.apply(document))))
}

/// What the published schema, if it is at hand, says against a request.
fn offence(shared: &Shared, body: &[u8]) -> Option<Box<Fault>> {
    let envelope = read_document(body).ok()?;
    let violation = shared.schema.as_ref()?.check_envelope(&envelope).err()?;
    tracing::warn!(%violation, "A request breaks the published schema");
    Some(Box::new(violation.fault(body)))
}

/// Reads a request; markup where the schema has text is refused, as Exchange does.
fn read(body: &[u8]) -> Result<(ews::RequestHeader, Request), Refusal> {
    let root = read_document(body).map_err(|error| Refusal { error })?;
    if let Some(error) = markup_in_text(&root) {
        return Err(Refusal { error });
    }
    ews::read_request(body)
}

fn markup_in_text(node: &Node<'_>) -> Option<XmlError> {
    let is_text = node.namespace == Namespace::Types && TEXTS.contains(&&*node.name);
    if is_text && !node.children.is_empty() {
        return Some(XmlError::new(XmlErrorKind::Unexpected, &node.name, node.offset));
    }
    node.children.iter().find_map(markup_in_text)
}

/// Elements whose content people write, and clients forget to escape.
const TEXTS: [&str; 4] = ["Body", "NewBodyContent", "Subject", "Location"];

async fn answer(
    shared: &Arc<Shared>,
    account: &Account,
    header: &ews::RequestHeader,
    route: &Route,
    request: Request,
    trouble: Option<&Trouble>,
) -> Response {
    tracing::debug!(operation = request.name(), "The Exchange simulator is asked");
    if matches!(header.server_version, Some(ExchangeVersion::Other(_))) {
        let code = ResponseCode::ErrorInvalidServerVersion;
        return send(shared, &Fault::new(code, "The requested version is not known.").into());
    }
    let caller = auth::act(&shared.config, &shared.store(), account, header);
    let mut caller = match caller {
        Ok(caller) => caller,
        Err(fault) => return send(shared, &Answer::Fault(fault)),
    };
    let budget = caller.mailbox.clone().unwrap_or_else(|| account.name().to_owned());
    caller.subscriptions_max = locked(&shared.budgets).policy.subscriptions;
    let _admitted = match admit(shared, &budget, Kind::Request) {
        Ok(admitted) => admitted,
        Err(Throttled::Busy(back_off)) => {
            return send(shared, &Fault::server_busy(back_off).into());
        }
        Err(throttled @ Throttled::Connections) => {
            let text = "You have exceeded the available concurrent connections.";
            return send(shared, &Fault::new(throttled.code(), text).into());
        }
    };
    if let Some(Trouble::Slow(time)) = trouble {
        tokio::time::sleep(*time).await;
    }
    let refusing = {
        let store = shared.store();
        caller.back_end = store.back_ends.target(route, &budget);
        store.back_ends.refusing(&budget, store.clock.now())
    };
    let refusing = match refusing {
        Some(Refusing::Request(code)) => {
            return send(shared, &Fault::new(code, "The mailbox is out of reach.").into());
        }
        Some(Refusing::Objects(code)) => Some((0, code, None)),
        None => match trouble {
            Some(Trouble::Objects { from, code, back_off }) => {
                Some((*from, code.clone(), *back_off))
            }
            _ => None,
        },
    };
    let operation = request.name().to_owned();
    if let Some((0, code, back_off)) = &refusing
        && WRITES.contains(&operation.as_str())
    {
        return xml(shared, refused_write(&operation, code, *back_off));
    }
    let mut response = match request {
        Request::GetStreamingEvents(request) => {
            match streaming::open(shared, &budget, route, &request) {
                Ok(body) => respond(StatusCode::OK, XML, body),
                Err(answer) => send(shared, &answer),
            }
        }
        request => {
            if trouble == Some(&Trouble::Conflict)
                && let Request::UpdateItem(update) = &request
            {
                interfere(&mut shared.store(), &caller, update);
            }
            let answer = operations::answer(&mut shared.store(), &caller, request);
            match refusing {
                Some((from, code, back_off)) => {
                    let document = answer.write(&version());
                    let refused = refuse_objects(&document, from, &code, back_off);
                    xml(shared, refused.unwrap_or(document))
                }
                None => say(shared, &answer),
            }
        }
    };
    let host = shared.store().back_ends.host(caller.back_end).to_owned();
    affinity(&mut response, route, &host);
    response
}

/// What is not done when it is refused.
const WRITES: [&str; 3] = ["CreateItem", "UpdateItem", "DeleteItem"];

/// Somebody else changes what is about to be written to.
fn interfere(store: &mut Store, caller: &auth::Caller, update: &UpdateItem) {
    let Some(mailbox) = &caller.mailbox else { return };
    for change in &update.item_changes {
        let ItemRef::Item(id) = &change.item_id else { continue };
        let number = match Key::decode(&id.id).map(|key| key.kind) {
            Some(KeyKind::Item(number) | KeyKind::Occurrence(number, _)) => number,
            Some(KeyKind::Folder(_)) | None => continue,
        };
        let entry = store.item(mailbox, number).map(|stored| stored.entry.clone());
        if let Ok(entry) = entry
            && store.replace(mailbox, number, entry).is_err()
        {
            tracing::debug!("Nothing to interfere with");
        }
    }
}

/// Which server answered, and how to come back to it.
fn affinity(response: &mut Response, route: &Route, host: &str) {
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(host) {
        headers.insert("x-feserver", HeaderValue::from_static("EXCHANGE-SIM-FE"));
        headers.insert("x-calculatedbetarget", value);
    }
    let cookie = format!("{COOKIE}={host}~1941997012; path=/; secure; HttpOnly");
    if route.prefers_affinity
        && let Ok(value) = HeaderValue::from_str(&cookie)
    {
        headers.append(header::SET_COOKIE, value);
    }
}

/// What a request in trouble gets instead of an answer.
fn meet(shared: &Shared, trouble: &Trouble) -> Option<Response> {
    match trouble {
        Trouble::Fault(code) => {
            Some(send(shared, &Fault::new(code.clone(), "The simulator was told to fail.").into()))
        }
        Trouble::FaultWithStatusOk(code) => {
            let fault = Fault::new(code.clone(), "The simulator was told to fail.");
            Some(respond(StatusCode::OK, XML, Body::from(fault.to_document())))
        }
        Trouble::Busy { back_off } => Some(send(shared, &Fault::server_busy(*back_off).into())),
        Trouble::Garbage => Some(respond(StatusCode::OK, XML, Body::from("<<garbage"))),
        Trouble::LogInPage => {
            let page = "<!doctype html><title>Sign in</title><form method=post></form>";
            Some(respond(StatusCode::OK, "text/html; charset=utf-8", Body::from(page)))
        }
        Trouble::Unauthorized => Some(unauthorized(shared, &Refused::Offers)),
        Trouble::Unavailable => {
            Some(respond(StatusCode::SERVICE_UNAVAILABLE, "text/html", Body::empty()))
        }
        Trouble::Drop => Some(broken()),
        Trouble::LoseAnswer
        | Trouble::Truncated
        | Trouble::WrongContentType
        | Trouble::ResultWithStatusError
        | Trouble::Slow(_)
        | Trouble::Objects { .. }
        | Trouble::Conflict => None,
    }
}

/// What becomes of an answer on its way.
async fn spoil(trouble: &Trouble, mut response: Response) -> Response {
    match trouble {
        Trouble::LoseAnswer => broken(),
        Trouble::Truncated => {
            let (head, body) = response.into_parts();
            let body = to_bytes(body, BODY_BYTES_MAX).await.unwrap_or_default();
            let half = body.slice(..body.len() / 2);
            Response::from_parts(head, Body::from(half))
        }
        Trouble::WrongContentType => {
            let plain = HeaderValue::from_static("text/plain; charset=utf-8");
            response.headers_mut().insert(header::CONTENT_TYPE, plain);
            response
        }
        Trouble::ResultWithStatusError => {
            *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
            response
        }
        Trouble::Fault(_)
        | Trouble::FaultWithStatusOk(_)
        | Trouble::Busy { .. }
        | Trouble::Objects { .. }
        | Trouble::Garbage
        | Trouble::LogInPage
        | Trouble::Unauthorized
        | Trouble::Unavailable
        | Trouble::Drop
        | Trouble::Slow(_)
        | Trouble::Conflict => response,
    }
}

pub(crate) const XML: &str = "text/xml; charset=utf-8";

fn send(shared: &Shared, answer: &Answer) -> Response {
    let manner = shared.store().manner;
    respond(status(manner, answer), XML, Body::from(manner.word(answer.write(&version()))))
}

fn xml(shared: &Shared, document: String) -> Response {
    let manner = shared.store().manner;
    let status = StatusCode::from_u16(manner.result_status).unwrap_or(StatusCode::OK);
    respond(status, XML, Body::from(manner.word(document)))
}

fn status(manner: Manner, answer: &Answer) -> StatusCode {
    let status = match answer {
        Answer::Fault(_) => manner.fault_status,
        _ => manner.result_status,
    };
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

fn sign_in(shared: &Shared, request: &HttpRequest) -> Result<SignedIn, Refused> {
    let peer = request.extensions().get::<Peer>().cloned().unwrap_or_default();
    let mut attempts = locked(&shared.attempts);
    auth::sign_in(&shared.config, &shared.door, &peer, request.headers(), &mut attempts)
}

/// The connection stays open, and what is agreed on with it.
fn unauthorized(shared: &Shared, refused: &Refused) -> Response {
    let body = match refused {
        Refused::Offers => Body::empty(),
        // Clients that do not read it never get to the third message.
        Refused::Challenge(_) => Body::from("Access is denied."),
    };
    let mut response = respond(StatusCode::UNAUTHORIZED, "", body);
    response.headers_mut().extend(refused.headers(&shared.config));
    response
}

/// A body that breaks the connection.
fn broken() -> Response {
    let reset = Err::<bytes::Bytes, _>(io::Error::from(io::ErrorKind::ConnectionReset));
    respond(StatusCode::OK, XML, Body::from_stream(stream::iter([reset])))
}

pub(crate) fn respond(status: StatusCode, content_type: &'static str, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers: &mut HeaderMap = response.headers_mut();
    headers.insert(header::SERVER, HeaderValue::from_static("hybridcal-exchange-simulator"));
    headers.insert("x-hybridcal", HeaderValue::from_static("simulator"));
    if !content_type.is_empty() {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    response
}

/// Looks like Exchange Server SE to clients, which decide by it what they may ask.
pub(crate) fn version() -> ServerVersionInfo {
    ServerVersionInfo {
        major_version: Some(15),
        minor_version: Some(2),
        major_build_number: Some(2562),
        minor_build_number: Some(17),
        version: Some("V2017_07_11".to_owned()),
    }
}
