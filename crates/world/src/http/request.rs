//! A request before it is sent, and a whole answer.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    HeaderMap, Method, StatusCode,
    header::{self, HeaderName, HeaderValue},
};
use url::Url;

use super::Failure;

const DEADLINE_DEFAULT: Duration = Duration::from_secs(30);
const ANSWER_BYTES_MAX_DEFAULT: usize = 1024 * 1024;
const USER_AGENT: &str = concat!("hybridcal/", env!("CARGO_PKG_VERSION"));

/// Cheap to clone.
#[derive(Clone)]
pub struct Request {
    method: Method,
    pub(super) url: Url,
    headers: HeaderMap,
    body: Bytes,
    pub(super) deadline: Duration,
    pub(super) answer_bytes_max: usize,
}

pub struct Response {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Request {
    pub fn get(url: &Url) -> Self {
        Self::new(Method::GET, url, Bytes::new())
    }

    pub fn post(url: &Url, body: impl Into<Bytes>) -> Self {
        Self::new(Method::POST, url, body.into())
    }

    pub fn patch(url: &Url, body: impl Into<Bytes>) -> Self {
        Self::new(Method::PATCH, url, body.into())
    }

    pub fn delete(url: &Url) -> Self {
        Self::new(Method::DELETE, url, Bytes::new())
    }

    /// With a body that says who wants it; some proxies take it off.
    pub fn delete_with(url: &Url, body: impl Into<Bytes>) -> Self {
        Self::new(Method::DELETE, url, body.into())
    }

    fn new(method: Method, url: &Url, body: Bytes) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(header::USER_AGENT, HeaderValue::from_static(USER_AGENT));
        Self {
            method,
            url: url.clone(),
            headers,
            body,
            deadline: DEADLINE_DEFAULT,
            answer_bytes_max: ANSWER_BYTES_MAX_DEFAULT,
        }
    }

    /// A value that HTTP does not allow is left out; callers pass their own constants or tokens.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(HeaderName::from_static(name), value);
        }
        self
    }

    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    #[must_use]
    pub fn json(self) -> Self {
        self.header("content-type", "application/json")
    }

    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    #[must_use]
    pub fn answer_bytes_max(mut self, bytes: usize) -> Self {
        self.answer_bytes_max = bytes;
        self
    }

    /// The same with nothing in it, to ask whether one may sign in.
    #[must_use]
    pub fn without_body(mut self) -> Self {
        self.body = Bytes::new();
        self
    }

    pub fn url(&self) -> &Url {
        &self.url
    }

    pub(super) fn into_hyper(self) -> Result<hyper::Request<Full<Bytes>>, Failure> {
        let unusable = || Failure::Unusable("the URL has no usable host or path");
        let mut target = self.url.path().to_owned();
        if let Some(query) = self.url.query() {
            target.push('?');
            target.push_str(query);
        }
        let mut authority = self.url.host_str().ok_or_else(unusable)?.to_owned();
        if let Some(port) = self.url.port() {
            authority.push_str(&format!(":{port}"));
        }
        let mut request = hyper::Request::new(Full::new(self.body));
        *request.method_mut() = self.method;
        *request.uri_mut() = target.parse().ok().ok_or_else(unusable)?;
        *request.headers_mut() = self.headers;
        let authority = HeaderValue::from_str(&authority).ok().ok_or_else(unusable)?;
        request.headers_mut().insert(header::HOST, authority);
        Ok(request)
    }
}
