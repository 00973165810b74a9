//! The development issuer's pages: plain, without scripts, and marked for what they are.

use aws_lc_rs::digest;
use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};

use super::{DevIssuer, authorize::Asked};

const MARK: &str = "DEVELOPMENT SIGN-IN — not for real use";
const ABOUT: &str = "<p>This is the development issuer of Hybrid Calendar. It signs in the people \
    of a sample organization, on this computer only, so that everything can be tried out without \
    a sign-in provider.</p><p>There is nothing to do here: open the web app and choose \
    <em>Sign in</em>.</p>";
/// Light and dark, as the browser prefers.
const STYLE: &str = "
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 28rem; margin: 3rem auto; padding: 0 1rem; }
.mark { background: #ffd43b; color: #111; font-weight: 600; padding: .5rem .75rem; border-radius: .4rem; }
h1 { font-size: 1.4rem; }
fieldset { border: 1px solid #8888; border-radius: .4rem; padding: .25rem .75rem; margin: 0 0 1rem; }
.person { display: flex; gap: .6rem; align-items: baseline; padding: .35rem 0; }
.person small { opacity: .75; display: block; overflow-wrap: anywhere; }
.wrong { border-left: .25rem solid #e03131; padding: .25rem .75rem; }
.field { display: block; margin: 0 0 1rem; }
.field input { display: block; width: 100%; box-sizing: border-box; font: inherit; padding: .6rem .75rem; margin-top: .25rem; border: 1px solid #8888; border-radius: .6rem; }
button { font: inherit; font-weight: 600; width: 100%; padding: .7rem 1.2rem; border: 0; border-radius: .6rem; background: #17635f; color: #fff; cursor: pointer; }
button:hover { background: #104c49; }
:focus-visible { outline: 3px solid #2f9e94; outline-offset: 2px; }
";

/// What the page says beside the form.
#[derive(Clone, Copy)]
pub(super) enum Said {
    Nothing,
    WrongPassword,
}

pub(super) async fn about() -> Response {
    html(StatusCode::OK, "'none'", &format!("<h1>Hybrid Calendar</h1>{ABOUT}"))
}

pub(super) fn refusal(why: &str) -> Response {
    let content = format!("<h1>This sign-in cannot go on</h1><p>Because {}.</p>", escape(why));
    html(StatusCode::BAD_REQUEST, "'none'", &content)
}

pub(super) fn sign_in(issuer: &DevIssuer, asked: &Asked, said: Said) -> Response {
    let (status, note) = match said {
        Said::Nothing => (StatusCode::OK, ""),
        Said::WrongPassword => (
            StatusCode::FORBIDDEN,
            "<p class=\"wrong\" role=\"alert\">That is not this person's password.</p>",
        ),
    };
    let content = format!(
        "<h1>Sign in to Hybrid Calendar</h1>{note}<form method=\"post\" action=\"/authorize\">{}\
         <fieldset><legend>Who are you?</legend>{}</fieldset>\
         <label class=\"field\">Password<input type=\"password\" name=\"password\" required \
         autofocus autocomplete=\"current-password\"></label>\
         <button type=\"submit\">Sign in</button></form>",
        hidden(asked),
        people(issuer, asked.login_hint.as_deref()),
    );
    // Browsers apply form-action to the redirect that follows, too.
    let origin = asked.redirect_uri.trim_end_matches('/');
    html(status, &format!("'self' {origin}"), &content)
}

fn people(issuer: &DevIssuer, chosen: Option<&str>) -> String {
    let people = &issuer.0.people;
    let is_chosen = |address: &str| chosen.is_some_and(|it| it.eq_ignore_ascii_case(address));
    let first = people.iter().position(|person| is_chosen(&person.address)).unwrap_or(0);
    let line = |(index, person): (usize, &super::DevPerson)| {
        let (address, name) = (escape(&person.address), escape(&person.name));
        let checked = if index == first { " checked" } else { "" };
        format!(
            "<label class=\"person\"><input type=\"radio\" name=\"address\" value=\"{address}\" \
             required{checked}><span>{name} <small>{address}</small></span></label>"
        )
    };
    people.iter().enumerate().map(line).collect()
}

fn hidden(asked: &Asked) -> String {
    let fields = [
        ("response_type", Some("code")),
        ("client_id", Some(asked.client_id.as_str())),
        ("redirect_uri", Some(asked.redirect_uri.as_str())),
        ("code_challenge", Some(asked.challenge.as_str())),
        ("code_challenge_method", Some("S256")),
        ("state", asked.state.as_deref()),
        ("nonce", asked.nonce.as_deref()),
    ];
    let field = |(name, value): (&str, Option<&str>)| {
        let value = escape(value?);
        Some(format!("<input type=\"hidden\" name=\"{name}\" value=\"{value}\">"))
    };
    fields.into_iter().filter_map(field).collect()
}

fn html(status: StatusCode, form_action: &str, content: &str) -> Response {
    let style = STANDARD.encode(digest::digest(&digest::SHA256, STYLE.as_bytes()));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{style}'; form-action {form_action}; \
         frame-ancestors 'none'; base-uri 'none'"
    );
    let page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>Development sign-in</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <p class=\"mark\">{MARK}</p>\n{content}\n</body>\n</html>\n"
    );
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, policy.as_str()),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (status, headers, page).into_response()
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}
