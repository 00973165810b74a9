//! Autodiscover as clients meet it: SOAP, plain XML and the JSON of version 2, with addresses of
//! the host and port the caller used unless a mailbox has a signpost to somewhere else.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    body::{Body, to_bytes},
    extract::Request as HttpRequest,
    http::{HeaderValue, Method, StatusCode, header},
    response::Response,
};
use ews::{
    ConnectingSid, Fault, RequestHeader, ResponseCode,
    autodiscover::{
        GetUserSettings, Location, SettingName, Settings, UserAnswer,
        location::write_location,
        pox::{self, PoxAnswer, PoxRequest},
        soap::{self, ErrorCode, Setting, SettingError},
    },
};

use crate::{
    mailbox::{Store, key},
    server::{BODY_BYTES_MAX, Shared, XML, locked, respond, version},
};

const SOAP_PATH: &str = "/autodiscover/autodiscover.svc";
const POX_PATH: &str = "/autodiscover/autodiscover.xml";
const JSON_PATH: &str = "/autodiscover/autodiscover.json";
/// Of the schema, as servers from 2013 on name them.
const SCHEMAS: &str = "Exchange2007, Exchange2007_SP1, Exchange2010, Exchange2010_SP1, \
                       Exchange2010_SP2, Exchange2013, Exchange2013_SP1, Exchange2015";

/// Which way somebody with credentials asks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Soap,
    PlainXml,
}

/// What Autodiscover says about one mailbox instead of the usual.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signpost {
    /// Where its EWS is; requests for it at another host are refused.
    pub ews_url: Option<String>,
    /// `GroupingInformation`.
    pub group: Option<String>,
    pub redirect: Option<Redirect>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Redirect {
    /// "Ask again as this address."
    Address(String),
    /// "Ask there."
    Url(String),
}

#[derive(Default)]
pub(crate) struct Signposts {
    by_mailbox: BTreeMap<String, Signpost>,
    /// Where an anonymous GET of the plain XML is sent with a 302; without it, that is a 401.
    pub(crate) plain_redirect: Option<String>,
    /// More users in one request are refused.
    pub(crate) users_max: Option<usize>,
    /// SOAP is not there, as at old servers.
    pub(crate) is_soap_missing: bool,
}

impl Signposts {
    pub(crate) fn put(&mut self, mailbox: &str, signpost: Signpost) {
        self.by_mailbox.insert(key(mailbox), signpost);
    }

    fn of(&self, mailbox: &str) -> Signpost {
        self.by_mailbox.get(&key(mailbox)).cloned().unwrap_or_default()
    }
}

pub(crate) fn format(path: &str) -> Option<Format> {
    match path.to_ascii_lowercase().as_str() {
        SOAP_PATH => Some(Format::Soap),
        POX_PATH => Some(Format::PlainXml),
        _ => None,
    }
}

/// What is answered before anybody signs in: the location, and a redirect if one was ordered.
pub(crate) fn anonymous(shared: &Shared, request: &HttpRequest) -> Option<Response> {
    let path = request.uri().path().to_ascii_lowercase();
    if path.starts_with(JSON_PATH) {
        return Some(location(shared, request));
    }
    let is_plain = path == POX_PATH
        && request.method() == Method::GET
        && request.headers().get(header::AUTHORIZATION).is_none();
    let target = locked(&shared.signposts).plain_redirect.clone().filter(|_| is_plain)?;
    let mut response = respond(StatusCode::FOUND, "", Body::empty());
    response.headers_mut().insert(header::LOCATION, HeaderValue::from_str(&target).ok()?);
    Some(response)
}

/// The caller's `Host`.
pub(crate) fn host(request: &HttpRequest) -> String {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    host.unwrap_or_default().to_ascii_lowercase()
}

/// The refusal of a request for a mailbox that lives at another host.
pub(crate) fn elsewhere(shared: &Shared, host: &str, header: &RequestHeader) -> Option<Fault> {
    let (ConnectingSid::SmtpAddress(address) | ConnectingSid::PrimarySmtpAddress(address)) =
        &header.impersonation.as_ref()?.as_whom
    else {
        return None;
    };
    let url = locked(&shared.signposts).of(address).ews_url?;
    let rest = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
    let there = rest.split('/').next().unwrap_or_default();
    (!there.eq_ignore_ascii_case(host)).then(|| {
        let text = "The mailbox is being moved.";
        Fault::new(ResponseCode::ErrorMailboxMoveInProgress, text)
    })
}

pub(crate) async fn serve(shared: &Arc<Shared>, format: Format, request: HttpRequest) -> Response {
    if request.method() != Method::POST {
        return respond(StatusCode::OK, "text/html; charset=utf-8", Body::empty());
    }
    let host = host(&request);
    let Ok(body) = to_bytes(request.into_body(), BODY_BYTES_MAX).await else {
        return respond(StatusCode::PAYLOAD_TOO_LARGE, "text/plain", Body::empty());
    };
    let name = match format {
        Format::Soap => "GetUserSettings",
        Format::PlainXml => "PlainXml",
    };
    *locked(&shared.requests).entry(name.to_owned()).or_default() += 1;
    let answer = match format {
        Format::Soap if locked(&shared.signposts).is_soap_missing => None,
        Format::Soap => soap_answer(shared, &host, &body),
        Format::PlainXml => pox_answer(shared, &host, &body),
    };
    match answer {
        Some(text) => respond(StatusCode::OK, XML, Body::from(text)),
        None => respond(StatusCode::NOT_FOUND, "text/plain", Body::empty()),
    }
}

fn soap_answer(shared: &Shared, host: &str, body: &[u8]) -> Option<String> {
    let request = GetUserSettings::read(body).ok()?;
    let users_max = locked(&shared.signposts).users_max.unwrap_or(usize::MAX);
    if request.users.len() > users_max {
        return Some(soap::write_refusal(&version(), ErrorCode::InvalidRequest));
    }
    let store = shared.store();
    let users = request.users.iter().map(|user| {
        let signpost = locked(&shared.signposts).of(&user.mailbox);
        let Ok(mailbox) = store.mailbox(&user.mailbox) else {
            return UserAnswer::refusing(ErrorCode::InvalidUser, "Invalid user.", None);
        };
        match &signpost.redirect {
            Some(Redirect::Address(target)) => {
                UserAnswer::refusing(ErrorCode::RedirectAddress, "Redirected.", Some(target))
            }
            Some(Redirect::Url(target)) => {
                UserAnswer::refusing(ErrorCode::RedirectUrl, "Redirected.", Some(target))
            }
            None => {
                let known = settings(shared, host, &mailbox.person.address, &mailbox.person.name);
                about(&request.settings, &known)
            }
        }
    });
    Some(soap::write_answer(&version(), users.collect()))
}

/// Every setting that was asked for: with its value, or as not available.
fn about(asked: &[SettingName], known: &Settings) -> UserAnswer {
    let mut answer = UserAnswer::refusing(ErrorCode::NoError, "No error.", None);
    for name in asked {
        match known.get(name) {
            Some(value) => answer.settings.push(Setting {
                kind: Some("StringSetting".to_owned()),
                name: name.clone(),
                value: Some(value.to_owned()),
            }),
            None => answer.setting_errors.push(SettingError {
                error_code: ErrorCode::SettingIsNotAvailable,
                error_message: Some("The setting is not available.".to_owned()),
                name: name.clone(),
            }),
        }
    }
    answer
}

fn settings(shared: &Shared, host: &str, address: &str, name: &str) -> Settings {
    let signpost = locked(&shared.signposts).of(address);
    let url = signpost.ews_url.unwrap_or_else(|| ews_url(shared, host));
    let id = key(address);
    let mut settings = vec![
        (SettingName::UserDisplayName, name.to_owned()),
        (SettingName::UserDN, format!("/o=Example/ou=Simulator/cn=Recipients/cn={id}")),
        (SettingName::AutoDiscoverSMTPAddress, address.to_owned()),
        (SettingName::ExternalEwsUrl, url.clone()),
        (SettingName::InternalEwsUrl, url),
        (SettingName::ExternalEwsVersion, "15.02.2562.000".to_owned()),
        (SettingName::CasVersion, "15.02.2562.017".to_owned()),
        (SettingName::MailboxVersion, "15.02.2562.017".to_owned()),
        (SettingName::EwsSupportedSchemas, SCHEMAS.to_owned()),
    ];
    settings.extend(signpost.group.map(|group| (SettingName::GroupingInformation, group)));
    Settings(settings)
}

fn pox_answer(shared: &Shared, host: &str, body: &[u8]) -> Option<String> {
    let request = PoxRequest::read(body).ok()?;
    let person = person(&shared.store(), &request.address);
    let Some((address, name)) = person else {
        return Some(pox::write_answer("", "", &PoxAnswer::NoSuchUser));
    };
    let answer = match locked(&shared.signposts).of(&address).redirect {
        Some(Redirect::Address(target)) => PoxAnswer::RedirectAddress(target),
        Some(Redirect::Url(target)) => PoxAnswer::RedirectUrl(target),
        None => PoxAnswer::Settings(Settings::default()),
    };
    let answer = match answer {
        PoxAnswer::Settings(_) => PoxAnswer::Settings(settings(shared, host, &address, &name)),
        redirect => redirect,
    };
    Some(pox::write_answer(&name, &address, &answer))
}

fn person(store: &Store, address: &str) -> Option<(String, String)> {
    let person = &store.mailbox(address).ok()?.person;
    Some((person.address.clone(), person.name.clone()))
}

/// `…/autodiscover.json?Email=…` or `…/autodiscover.json/v1.0/…`.
fn location(shared: &Shared, request: &HttpRequest) -> Response {
    let path = request.uri().path();
    let in_path = path.rsplit_once("/v1.0/").map(|(_, address)| address);
    let pairs = request.uri().query().unwrap_or_default().split('&');
    let in_query = pairs
        .filter_map(|pair| pair.split_once('='))
        .find_map(|(name, value)| name.eq_ignore_ascii_case("email").then_some(value));
    let address = in_query.or(in_path).unwrap_or_default().replace("%40", "@");
    let found = person(&shared.store(), &address);
    let (status, location) = match found {
        Some((address, _)) => {
            let url = locked(&shared.signposts).of(&address).ews_url;
            (StatusCode::OK, Location::Url(url.unwrap_or_else(|| ews_url(shared, &host(request)))))
        }
        None => (StatusCode::NOT_FOUND, Location::Refused("UserNotFound".to_owned())),
    };
    respond(status, "application/json", Body::from(write_location(&location)))
}

/// Where the port goes without saying, somebody in front of the simulator speaks TLS if it does not.
fn ews_url(shared: &Shared, host: &str) -> String {
    let is_plain = shared.config.tls.is_none() && host.contains(':');
    let scheme = if is_plain { "http" } else { "https" };
    format!("{scheme}://{host}/EWS/Exchange.asmx")
}
