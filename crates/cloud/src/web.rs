//! The web client, embedded in the binary, and the headers that keep it from being abused.

use std::{borrow::Cow, sync::Arc};

use axum::{
    body::Body,
    extract::State,
    http::{HeaderValue, Method, StatusCode, Uri, header, header::HeaderName},
    response::{IntoResponse, Response},
};
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::{
    api::App,
    config::Config,
    error::{Refusal, Result},
};

#[derive(RustEmbed)]
#[folder = "../../web/dist"]
#[allow_missing = true]
struct Dist;

const INDEX: &str = "index.html";
/// Built assets carry a hash of their content in their names.
const HASHED: &str = "assets/";
/// Never the web client's, so an unknown path there is a problem and not a page.
const API: [&str; 4] = ["calendar", "connector", ".well-known", "health"];
const NOT_INCLUDED: &str = "<!doctype html>\n<html lang=\"en\"><title>Hybrid Calendar</title>\n\
    <h1>Hybrid Calendar</h1>\n<p>This program was built without the web client. \
    Run <code>make web</code>, then build it again.</p></html>\n";

/// Whether this binary carries the web client.
pub fn web_client_included() -> bool {
    Dist::get(INDEX).is_some()
}

/// Whatever no route answers.
pub(crate) async fn serve(
    State(app): State<Arc<App>>,
    method: Method,
    uri: Uri,
) -> Result<Response> {
    let path = uri.path().trim_start_matches('/');
    let is_api = path.split('/').next().is_some_and(|first| API.contains(&first));
    if !app.config.web || is_api {
        return Err(Refusal::NotFound);
    }
    if method != Method::GET && method != Method::HEAD {
        return Err(Refusal::Method);
    }
    let mut response = file(path)?;
    guard(&mut response, &app.config);
    Ok(response)
}

/// A built file; for any other path the page, which finds its way by itself.
fn file(path: &str) -> Result<Response> {
    if let Some(file) = Dist::get(path).filter(|_| !path.is_empty()) {
        return Ok(content(path, file));
    }
    if path.starts_with(HASHED) {
        return Err(Refusal::NotFound); // a page would be taken for a script
    }
    Ok(match Dist::get(INDEX) {
        Some(file) => content(INDEX, file),
        None => {
            let html = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
            (StatusCode::OK, html, NOT_INCLUDED).into_response()
        }
    })
}

fn content(path: &str, file: EmbeddedFile) -> Response {
    let keep =
        if path.starts_with(HASHED) { "public, max-age=31536000, immutable" } else { "no-cache" };
    let headers = [(header::CONTENT_TYPE, media_type(path)), (header::CACHE_CONTROL, keep)];
    let body = match file.data {
        Cow::Borrowed(bytes) => Body::from(bytes),
        Cow::Owned(bytes) => Body::from(bytes),
    };
    (headers, body).into_response()
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "json" => "application/json",
        "webmanifest" => "application/manifest+json",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// Scripts, styles and connections from where they belong, and nothing else.
fn content_security_policy(config: &Config) -> String {
    let kms = config.kms_url.origin().ascii_serialization();
    let issuer = config.issuer.origin().ascii_serialization();
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
         font-src 'self'; manifest-src 'self'; connect-src 'self' {kms} {issuer}; \
         frame-ancestors 'none'; base-uri 'none'; form-action 'self' {issuer}; \
         require-trusted-types-for 'script'; \
         trusted-types svelte-trusted-html hybridcal-worker"
    )
}

fn guard(response: &mut Response, config: &Config) {
    let mut set = |name: HeaderName, text: &str| {
        if let Ok(value) = HeaderValue::from_str(text) {
            response.headers_mut().insert(name, value);
        }
    };
    set(header::CONTENT_SECURITY_POLICY, &content_security_policy(config));
    set(header::REFERRER_POLICY, "no-referrer");
    if config.public_url.scheme() == "https" {
        set(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
}

#[cfg(test)]
mod tests;
