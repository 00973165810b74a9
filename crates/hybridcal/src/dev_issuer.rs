//! The development issuer: an OpenID provider of its own for the demo and for tests. On loopback
//! only, with passwords from the command line or the configuration; never a branch of the real way
//! in, which knows nothing of it.

mod authorize;
mod grants;
mod page;
mod signing;
mod token;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use aws_lc_rs::{constant_time::verify_slices_are_equal, digest};
use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderValue, Method, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::SignedDuration;
use serde_json::{Value, json};
use url::Url;
use world::{World, issuer::is_loopback};

use self::{
    authorize::Code,
    grants::Grants,
    signing::{Claims, Key},
    token::Refresh,
};

/// People it signs in at most: all of them stand on one page.
const PEOPLE_MAX: usize = 200;
const FORM_BYTES_MAX: usize = 16 * 1024;
/// Codes waiting to be exchanged; the oldest gives way to a new one.
const CODES_MAX: usize = 1_000;
const CODE_LIFE: SignedDuration = SignedDuration::from_secs(60);
/// Refresh tokens in use; the oldest gives way, which signs somebody out.
const REFRESH_TOKENS_MAX: usize = 10_000;
const REFRESH_LIFE: SignedDuration = SignedDuration::from_hours(12);
/// Of tokens given to the web app.
const TOKEN_LIFE: SignedDuration = SignedDuration::from_hours(1);
/// Of tokens that the demo prints for the terminal.
const PRINTED_TOKEN_LIFE: SignedDuration = SignedDuration::from_hours(12);

/// Somebody it signs in. No `Debug`: it holds a password.
#[derive(Clone)]
pub struct DevPerson {
    pub address: String,
    pub name: String,
    pub password: String,
}

#[derive(Debug, thiserror::Error)]
pub enum DevIssuerFailure {
    #[error("the development issuer serves this computer only: its URL must be a loopback address")]
    NotLoopback,
    #[error("the development issuer signs in {PEOPLE_MAX} people at most")]
    TooManyPeople,
    #[error("a redirect origin of the development issuer is not http(s)://host[:port]")]
    RedirectOrigin,
    #[error("the development issuer's key could not be made")]
    Key,
}

/// Cheap to clone.
#[derive(Clone)]
pub struct DevIssuer(Arc<Inner>);

struct Inner {
    world: World,
    /// As tokens name it: without a slash at the end.
    name: String,
    people: Vec<DevPerson>,
    client_id: String,
    redirect_origins: Vec<String>,
    key: Key,
    codes: Mutex<Grants<Code>>,
    refresh_tokens: Mutex<Grants<Refresh>>,
}

impl DevIssuer {
    /// `redirect_origins` are where the web app lives: `http://127.0.0.1:8080`.
    pub fn new(
        world: World,
        url: Url,
        people: Vec<DevPerson>,
        client_id: String,
        redirect_origins: Vec<String>,
    ) -> Result<Self, DevIssuerFailure> {
        if !is_loopback(&url) {
            return Err(DevIssuerFailure::NotLoopback);
        }
        if people.len() > PEOPLE_MAX {
            return Err(DevIssuerFailure::TooManyPeople);
        }
        let origins = redirect_origins.into_iter().map(|origin| origin_of(&origin));
        let redirect_origins =
            origins.collect::<Option<_>>().ok_or(DevIssuerFailure::RedirectOrigin)?;
        let key = Key::draw(&world.chance).ok_or(DevIssuerFailure::Key)?;
        Ok(Self(Arc::new(Inner {
            world,
            name: String::from(url).trim_end_matches('/').to_owned(),
            people,
            client_id,
            redirect_origins,
            key,
            codes: Mutex::new(Grants::new(CODES_MAX, CODE_LIFE)),
            refresh_tokens: Mutex::new(Grants::new(REFRESH_TOKENS_MAX, REFRESH_LIFE)),
        })))
    }

    /// As `iss` names it.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// A token to print, for the terminal: it lasts twelve hours.
    pub fn token(&self, address: &str, audience: &str) -> String {
        self.sign(address, audience, PRINTED_TOKEN_LIFE, None)
    }

    pub fn router(&self) -> Router {
        let for_the_app = Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/keys", get(keys))
            .route("/token", post(token::token))
            .route("/revoke", post(token::revoke))
            .layer(middleware::from_fn_with_state(self.clone(), for_browsers));
        Router::new()
            .route("/", get(page::about))
            .route("/authorize", get(authorize::ask).post(authorize::answer))
            .merge(for_the_app)
            .layer(DefaultBodyLimit::max(FORM_BYTES_MAX))
            .with_state(self.clone())
    }

    fn sign(
        &self,
        address: &str,
        audience: &str,
        life: SignedDuration,
        nonce: Option<&str>,
    ) -> String {
        let person = self.person(address);
        let now = self.0.world.clock.now().as_second();
        self.0.key.sign(&Claims {
            iss: &self.0.name,
            aud: audience,
            sub: address,
            email: address,
            email_verified: true,
            name: person.map_or(address, |person| &person.name),
            iat: now,
            exp: now.saturating_add(life.as_secs()),
            nonce,
        })
    }

    fn person(&self, address: &str) -> Option<&DevPerson> {
        self.0.people.iter().find(|person| person.address.eq_ignore_ascii_case(address))
    }

    /// The person, if that is the password; takes the same time wherever the two differ.
    fn sign_in(&self, address: &str, password: &str) -> Option<&DevPerson> {
        let person = self.person(address)?;
        let [theirs, given] = [&person.password, password]
            .map(|text| digest::digest(&digest::SHA256, text.as_bytes()));
        verify_slices_are_equal(theirs.as_ref(), given.as_ref()).ok()?;
        Some(person)
    }

    /// Text that nobody can guess.
    fn draw(&self) -> String {
        let mut bytes = [0; 32];
        self.0.world.chance.fill(&mut bytes);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    fn codes(&self) -> MutexGuard<'_, Grants<Code>> {
        self.0.codes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn refresh_tokens(&self) -> MutexGuard<'_, Grants<Refresh>> {
        self.0.refresh_tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn discovery(State(issuer): State<DevIssuer>) -> Json<Value> {
    let name = issuer.name();
    Json(json!({
        "issuer": name,
        "authorization_endpoint": format!("{name}/authorize"),
        "token_endpoint": format!("{name}/token"),
        "revocation_endpoint": format!("{name}/revoke"),
        "jwks_uri": format!("{name}/keys"),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["none"],
        "scopes_supported": ["openid", "email", "offline_access"],
        "authorization_response_iss_parameter_supported": true,
    }))
}

async fn keys(State(issuer): State<DevIssuer>) -> Json<Value> {
    Json(json!({ "keys": [issuer.0.key.public()] }))
}

/// The web app, and no other origin, may read what it asks for with `fetch`.
async fn for_browsers(State(issuer): State<DevIssuer>, request: Request, next: Next) -> Response {
    let origin = request.headers().get(header::ORIGIN).cloned();
    let is_known = |origin: &HeaderValue| {
        issuer.0.redirect_origins.iter().any(|known| known.as_bytes() == origin.as_bytes())
    };
    let origin = origin.filter(is_known);
    let is_preflight = request.method() == Method::OPTIONS && origin.is_some();
    let mut response = match is_preflight {
        true => StatusCode::NO_CONTENT.into_response(),
        false => next.run(request).await,
    };
    let headers = response.headers_mut();
    headers.insert(header::VARY, HeaderValue::from_static("Origin"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(origin) = origin {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    }
    if is_preflight {
        let methods = HeaderValue::from_static("GET, POST");
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
        let types = HeaderValue::from_static("Content-Type");
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, types);
    }
    response
}

/// The parameters of a query or a form; one that comes twice is refused, as OAuth wants it, but for
/// resources (RFC 8707 section 2).
fn parameters(text: &[u8]) -> Option<BTreeMap<String, String>> {
    let mut parameters = BTreeMap::new();
    for (name, value) in url::form_urlencoded::parse(text) {
        let is_repeated = parameters.contains_key(&*name) && name != "resource";
        parameters.insert(name.into_owned(), value.into_owned());
        if is_repeated {
            return None;
        }
    }
    Some(parameters)
}

fn origin_of(text: &str) -> Option<String> {
    let origin = Url::parse(text).ok()?.origin();
    origin.is_tuple().then(|| origin.ascii_serialization())
}

#[cfg(test)]
mod tests;
