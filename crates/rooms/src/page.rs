//! The page itself, out of the binary, and the headers that keep it from being abused.

use axum::{
    extract::{Path, Request},
    http::{HeaderName, HeaderValue, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::refusal::Refusal;

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const ROOM: &str = include_str!("../page/room.html");

/// Name, kind, content. The look is the web app's.
pub(crate) const ASSETS: [(&str, &str, &str); 8] = [
    ("look.css", CSS, include_str!("../../../web/src/ui/style.css")),
    ("room.css", CSS, include_str!("../page/room.css")),
    ("favicon.svg", "image/svg+xml", include_str!("../../../web/public/favicon.svg")),
    ("room.js", SCRIPT, include_str!("../page/room.js")),
    ("call.js", SCRIPT, include_str!("../page/call.js")),
    ("janus.js", SCRIPT, include_str!("../page/janus.js")),
    ("tiles.js", SCRIPT, include_str!("../page/tiles.js")),
    ("words.js", SCRIPT, include_str!("../page/words.js")),
];

/// Scripts, styles and connections from here and nowhere else; nothing is ever made of text.
const GUARDS: [(HeaderName, &str); 5] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
         connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; \
         require-trusted-types-for 'script'; trusted-types 'none'",
    ),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("permissions-policy"), "camera=(self), microphone=(self)"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// The same for every room: which one it is, the script reads from the address.
pub(crate) async fn room() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, HTML), (header::CACHE_CONTROL, "no-cache")], ROOM)
}

pub(crate) async fn asset(Path(name): Path<String>) -> Result<Response, Refusal> {
    let asset = ASSETS.iter().find(|(known, _, _)| *known == name);
    let (_, kind, content) = *asset.ok_or(Refusal::NotFound)?;
    let headers = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-cache")];
    Ok((headers, content).into_response())
}

pub(crate) async fn guard(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    for (name, value) in GUARDS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
