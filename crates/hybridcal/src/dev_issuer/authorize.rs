//! The sign-in itself: who asks for it is checked, the person is asked, and a code goes back.

use std::collections::BTreeMap;

use axum::{
    body::Bytes,
    extract::{RawQuery, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use url::Url;

use super::{DevIssuer, page, parameters};

/// Longest `state` and `nonce` that are carried along.
const PARAMETER_BYTES_MAX: usize = 1_024;
/// SHA-256 in base64url.
const CHALLENGE_CHARACTERS: usize = 43;

/// What a code stands for.
pub(super) struct Code {
    pub(super) address: String,
    pub(super) redirect_uri: String,
    pub(super) challenge: String,
    pub(super) nonce: Option<String>,
}

/// A sign-in that the web app asks for, as it has passed the checks.
pub(super) struct Asked {
    pub(super) client_id: String,
    pub(super) redirect_uri: String,
    pub(super) challenge: String,
    pub(super) state: Option<String>,
    pub(super) nonce: Option<String>,
    /// The address to propose.
    pub(super) login_hint: Option<String>,
}

enum Refused {
    /// Nobody knows who asks: nothing is sent anywhere.
    Stranger(&'static str),
    /// The web app is told.
    Back { redirect_uri: String, error: &'static str, state: Option<String> },
}

pub(super) async fn ask(State(issuer): State<DevIssuer>, RawQuery(query): RawQuery) -> Response {
    let asked = parameters(query.unwrap_or_default().as_bytes());
    match issuer.asked(asked.unwrap_or_default()) {
        Ok(asked) => page::sign_in(&issuer, &asked, page::Said::Nothing),
        Err(refused) => refused.response(&issuer),
    }
}

pub(super) async fn answer(State(issuer): State<DevIssuer>, form: Bytes) -> Response {
    let mut form = parameters(&form).unwrap_or_default();
    let address = form.remove("address").unwrap_or_default();
    let password = form.remove("password").unwrap_or_default();
    let mut asked = match issuer.asked(form) {
        Ok(asked) => asked,
        Err(refused) => return refused.response(&issuer),
    };
    let Some(person) = issuer.sign_in(&address, &password) else {
        asked.login_hint = Some(address);
        return page::sign_in(&issuer, &asked, page::Said::WrongPassword);
    };
    let code = issuer.draw();
    let answer = [("code", Some(code.as_str())), ("state", asked.state.as_deref())];
    let response = back(&issuer, &asked.redirect_uri, &answer);
    let granted = Code {
        address: person.address.clone(),
        redirect_uri: asked.redirect_uri,
        challenge: asked.challenge,
        nonce: asked.nonce,
    };
    issuer.codes().put(code, granted, issuer.0.world.clock.now());
    response
}

impl DevIssuer {
    fn asked(&self, mut from: BTreeMap<String, String>) -> Result<Asked, Refused> {
        let mut take = |name: &str| from.remove(name);
        let client_id = take("client_id").filter(|id| *id == self.0.client_id);
        let client_id = client_id.ok_or(Refused::Stranger("this client_id is not known here"))?;
        let redirect_uri = take("redirect_uri").filter(|uri| self.may_redirect(uri));
        let redirect_uri =
            redirect_uri.ok_or(Refused::Stranger("this redirect_uri is not known here"))?;
        let is_carried = |text: &String| text.len() <= PARAMETER_BYTES_MAX;
        let state = take("state").filter(is_carried);
        let back = |error| {
            let (redirect_uri, state) = (redirect_uri.clone(), state.clone());
            Refused::Back { redirect_uri, error, state }
        };
        if take("response_type").as_deref() != Some("code") {
            return Err(back("unsupported_response_type"));
        }
        if take("code_challenge_method").as_deref() != Some("S256") {
            return Err(back("invalid_request"));
        }
        let challenge = take("code_challenge").filter(|text| is_challenge(text));
        let challenge = challenge.ok_or_else(|| back("invalid_request"))?;
        let nonce = take("nonce").filter(is_carried);
        let login_hint = take("login_hint");
        Ok(Asked { client_id, redirect_uri, challenge, state, nonce, login_hint })
    }

    /// Exactly a known origin and its root: nothing to be clever with.
    fn may_redirect(&self, uri: &str) -> bool {
        let origin = uri.strip_suffix('/').unwrap_or_default();
        self.0.redirect_origins.iter().any(|known| known == origin)
    }
}

impl Refused {
    fn response(self, issuer: &DevIssuer) -> Response {
        match self {
            Self::Stranger(why) => page::refusal(why),
            Self::Back { redirect_uri, error, state } => {
                let answer = [("error", Some(error)), ("state", state.as_deref())];
                back(issuer, &redirect_uri, &answer)
            }
        }
    }
}

/// 303, so that the browser does not send the password on.
fn back(issuer: &DevIssuer, redirect_uri: &str, answer: &[(&str, Option<&str>)]) -> Response {
    let Ok(mut url) = Url::parse(redirect_uri) else {
        return page::refusal("this redirect_uri cannot be used");
    };
    let named = answer.iter().filter_map(|(name, value)| Some((*name, (*value)?)));
    url.query_pairs_mut().extend_pairs(named).append_pair("iss", issuer.name());
    let headers = [
        (header::LOCATION, url.as_str()),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    (StatusCode::SEE_OTHER, headers).into_response()
}

fn is_challenge(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    text.len() == CHALLENGE_CHARACTERS && text.bytes().all(is_allowed)
}
