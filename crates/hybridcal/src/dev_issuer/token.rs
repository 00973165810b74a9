//! Tokens for codes and for refresh tokens, each of which is good once.

use std::collections::BTreeMap;

use aws_lc_rs::{constant_time::verify_slices_are_equal, digest};
use axum::{
    Json,
    body::Bytes,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use protocol::token::{AUDIENCE_API, AUDIENCE_KMS, RESOURCE_API, RESOURCE_KMS};
use serde_json::json;

use super::{DevIssuer, TOKEN_LIFE, authorize::Code, parameters};

/// What a refresh token stands for.
pub(super) struct Refresh {
    address: String,
}

/// OAuth's names for refusals (RFC 6749 section 5.2, RFC 8707).
enum Refused {
    InvalidRequest,
    InvalidClient,
    InvalidGrant,
    InvalidTarget,
    UnsupportedGrantType,
}

type Form = BTreeMap<String, String>;

pub(super) async fn token(State(issuer): State<DevIssuer>, form: Bytes) -> Response {
    let form = parameters(&form).ok_or(Refused::InvalidRequest);
    match form.and_then(|form| issuer.exchange(&form)) {
        Ok(answer) => answer,
        Err(refused) => refused.into_response(),
    }
}

/// Signing out. An unknown token is as good as revoked.
pub(super) async fn revoke(State(issuer): State<DevIssuer>, form: Bytes) -> StatusCode {
    let form = parameters(&form).unwrap_or_default();
    let token = form.get("token").map_or("", String::as_str);
    let _revoked = issuer.refresh_tokens().take(token, issuer.0.world.clock.now());
    StatusCode::OK
}

impl DevIssuer {
    fn exchange(&self, form: &Form) -> Result<Response, Refused> {
        if text(form, "client_id")? != self.0.client_id {
            return Err(Refused::InvalidClient);
        }
        let audience = match form.get("resource").map(String::as_str) {
            None | Some(RESOURCE_API) => AUDIENCE_API,
            Some(RESOURCE_KMS) => AUDIENCE_KMS,
            Some(_unknown) => return Err(Refused::InvalidTarget),
        };
        let now = self.0.world.clock.now();
        match text(form, "grant_type")? {
            "authorization_code" => {
                let taken = self.codes().take(text(form, "code")?, now);
                let code = taken.filter(|code| fits(code, form)).ok_or(Refused::InvalidGrant)?;
                let nonce = code.nonce.as_deref();
                let identity = self.sign(&code.address, &self.0.client_id, TOKEN_LIFE, nonce);
                Ok(self.answer(code.address, audience, Some(&identity)))
            }
            "refresh_token" => {
                let taken = self.refresh_tokens().take(text(form, "refresh_token")?, now);
                Ok(self.answer(taken.ok_or(Refused::InvalidGrant)?.address, audience, None))
            }
            _unknown => Err(Refused::UnsupportedGrantType),
        }
    }

    fn answer(&self, address: String, audience: &str, identity: Option<&str>) -> Response {
        let access_token = self.sign(&address, audience, TOKEN_LIFE, None);
        let refresh_token = self.draw();
        let mut answer = json!({
            "token_type": "Bearer",
            "access_token": access_token,
            "expires_in": TOKEN_LIFE.as_secs(),
            "refresh_token": refresh_token,
        });
        if let (Some(answer), Some(identity)) = (answer.as_object_mut(), identity) {
            answer.insert("id_token".to_owned(), identity.into());
        }
        let now = self.0.world.clock.now();
        self.refresh_tokens().put(refresh_token, Refresh { address }, now);
        Json(answer).into_response()
    }
}

/// Who brings the code is who asked for it: they know what was hashed (RFC 7636).
fn fits(code: &Code, form: &Form) -> bool {
    let verifier = form.get("code_verifier").map_or("", String::as_str);
    let challenge = digest::digest(&digest::SHA256, verifier.as_bytes());
    let challenge = URL_SAFE_NO_PAD.encode(challenge);
    let is_theirs =
        verify_slices_are_equal(challenge.as_bytes(), code.challenge.as_bytes()).is_ok();
    is_theirs && form.get("redirect_uri") == Some(&code.redirect_uri)
}

fn text<'a>(form: &'a Form, name: &str) -> Result<&'a str, Refused> {
    form.get(name).map(String::as_str).ok_or(Refused::InvalidRequest)
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let error = match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::InvalidTarget => "invalid_target",
            Self::UnsupportedGrantType => "unsupported_grant_type",
        };
        (StatusCode::BAD_REQUEST, Json(json!({ "error": error }))).into_response()
    }
}
