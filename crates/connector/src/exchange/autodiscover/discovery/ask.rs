//! One question each: sent, and its answer put into the search's words. Only those that take a
//! [`Permitted`] sign in.

use std::time::Duration;

use ews::autodiscover::{
    CONTENT_TYPE, ErrorCode, GetUserSettings, SettingName, UserAnswer,
    location::{LOCATION_BYTES_MAX, location_path, read_location},
    pox::{self, PoxAnswer, PoxRequest},
    soap::{self, Refused},
};
use protocol::ids::MailboxAddress;
use url::Url;
use world::http::{HeaderMap, Request, Response};

use super::super::{
    directory::Directory,
    gate::Permitted,
    search::{Answer, POX_PATH},
};
use crate::exchange::{Connection, Failure};

/// Of a question without credentials.
const DEADLINE: Duration = Duration::from_secs(15);

impl Connection {
    pub(super) async fn ask_one(
        &self,
        at: &Permitted,
        mailbox: &MailboxAddress,
    ) -> Result<Answer, Failure> {
        Ok(match self.ask_soap(at, &[mailbox]).await? {
            Soap::Users(users) => users.into_iter().next().map_or(Answer::Nothing, said),
            Soap::Elsewhere(url) => Answer::RedirectUrl(url),
            Soap::Busy => Answer::Busy,
            Soap::Refused => Answer::CannotTell,
            Soap::Nothing => Answer::Nothing,
        })
    }

    /// One answer per mailbox; `None` if fewer may be asked about at once.
    pub(super) async fn ask_about(
        &self,
        at: &Permitted,
        mailboxes: &[&MailboxAddress],
    ) -> Result<Option<Vec<Answer>>, Failure> {
        let all = |answer: Answer| vec![answer; mailboxes.len()];
        Ok(match self.ask_soap(at, mailboxes).await? {
            Soap::Users(users) if users.len() == mailboxes.len() => {
                Some(users.into_iter().map(said).collect())
            }
            Soap::Elsewhere(url) => Some(all(Answer::RedirectUrl(url))),
            Soap::Busy => Some(all(Answer::Busy)),
            Soap::Users(_) | Soap::Refused | Soap::Nothing => None,
        })
    }

    async fn ask_soap(
        &self,
        at: &Permitted,
        mailboxes: &[&MailboxAddress],
    ) -> Result<Soap, Failure> {
        let wanted = vec![
            SettingName::InternalEwsUrl,
            SettingName::ExternalEwsUrl,
            SettingName::GroupingInformation,
        ];
        let addresses: Vec<&str> = mailboxes.iter().map(|mailbox| mailbox.as_str()).collect();
        let document = GetUserSettings::new(&addresses, wanted).write(at.url().as_str());
        let Some(answer) = self.signed_in(at, document).await? else { return Ok(Soap::Nothing) };
        if let Some(url) = redirect(at.url(), &answer) {
            return Ok(Soap::Elsewhere(url));
        }
        Ok(match soap::read_answer(&answer.body) {
            Ok(users) => Soap::Users(users),
            Err(Refused::Code(ErrorCode::ServerBusy)) => Soap::Busy,
            Err(Refused::Code(_) | Refused::Fault(_)) => Soap::Refused,
            Err(Refused::Malformed(error)) => {
                tracing::debug!(%error, "What answers at Autodiscover's place is something else");
                Soap::Nothing
            }
        })
    }

    pub(super) async fn ask_plainly(
        &self,
        at: &Permitted,
        mailbox: &MailboxAddress,
    ) -> Result<Answer, Failure> {
        let document = PoxRequest::new(mailbox.as_str()).write();
        let Some(answer) = self.signed_in(at, document).await? else { return Ok(Answer::Nothing) };
        if let Some(url) = redirect(at.url(), &answer) {
            return Ok(Answer::RedirectUrl(url));
        }
        Ok(match pox::read_answer(&answer.body) {
            Ok(PoxAnswer::Settings(settings)) => Answer::Settings(settings),
            Ok(PoxAnswer::RedirectAddress(address)) => Answer::RedirectAddress(address),
            Ok(PoxAnswer::RedirectUrl(url)) => Answer::RedirectUrl(url),
            Ok(PoxAnswer::NoSuchUser) => Answer::NoSuchUser,
            Ok(PoxAnswer::Refused(_)) => Answer::CannotTell,
            Err(_not_an_answer) => Answer::Nothing,
        })
    }

    /// A failure is one of the account; nobody's answer is `None`.
    async fn signed_in(
        &self,
        at: &Permitted,
        document: String,
    ) -> Result<Option<Response>, Failure> {
        match self.post_document(at, document, CONTENT_TYPE).await {
            Ok(answer) => Ok(Some(answer)),
            Err(failure @ (Failure::PasswordRefused | Failure::SignInRefusedOnce)) => Err(failure),
            Err(Failure::NoTicket(lack)) if !lack.is_of_the_service() => {
                Err(Failure::NoTicket(lack))
            }
            Err(failure) => {
                tracing::debug!(%failure, "Nobody answers at a place of Autodiscover");
                Ok(None)
            }
        }
    }

    pub(super) async fn ask_location(&self, host: &str, mailbox: &MailboxAddress) -> Answer {
        let url = Url::parse(&format!("https://{host}{}", location_path(mailbox.as_str())));
        let Some((url, answer)) = self.anonymously(url.ok()).await else { return Answer::Nothing };
        match redirect(&url, &answer) {
            Some(url) => Answer::RedirectUrl(url),
            None => read_location(&answer.body).map_or(Answer::Nothing, Answer::Location),
        }
    }

    /// Over plain http, so anybody on the way may have written the answer.
    pub(super) async fn ask_for_redirect(&self, host: &str) -> Answer {
        let url = Url::parse(&format!("http://{host}{POX_PATH}"));
        let Some((url, answer)) = self.anonymously(url.ok()).await else { return Answer::Nothing };
        redirect(&url, &answer).map_or(Answer::Nothing, Answer::RedirectUrl)
    }

    async fn anonymously(&self, url: Option<Url>) -> Option<(Url, Response)> {
        let url = url?;
        let request = Request::get(&url).deadline(DEADLINE).answer_bytes_max(LOCATION_BYTES_MAX);
        let answer = self.world().http.send(request).await.ok()?;
        Some((url, answer))
    }

    pub(super) async fn ask_names(&self, domain: &str) -> Answer {
        match self.world().services(&format!("_autodiscover._tcp.{domain}")).await {
            Ok(found) => Answer::Named(
                found
                    .into_iter()
                    .map(|service| format!("https://{}:{}{POX_PATH}", service.host, service.port))
                    .collect(),
            ),
            Err(error) => {
                tracing::debug!(%error, "Cannot ask for service records");
                Answer::Nothing
            }
        }
    }

    pub(super) async fn ask_directory(&self, directory: Option<&Directory>) -> Answer {
        let Some(directory) = directory else { return Answer::Nothing };
        match directory.points(self.world()).await {
            Ok(urls) => Answer::Named(urls),
            Err(error) => {
                let error: &dyn std::error::Error = &error;
                tracing::warn!(error, "The directory does not say where Autodiscover is");
                Answer::Nothing
            }
        }
    }
}

/// What GetUserSettings brought.
enum Soap {
    Users(Vec<UserAnswer>),
    Elsewhere(String),
    Busy,
    Refused,
    Nothing,
}

fn said(answer: UserAnswer) -> Answer {
    let target = answer.redirect_target.clone().unwrap_or_default();
    match answer.error_code {
        ErrorCode::NoError => Answer::Settings(answer.into_settings()),
        ErrorCode::RedirectAddress => Answer::RedirectAddress(target),
        ErrorCode::RedirectUrl => Answer::RedirectUrl(target),
        ErrorCode::InvalidUser => Answer::NoSuchUser,
        ErrorCode::ServerBusy => Answer::Busy,
        ErrorCode::InvalidRequest
        | ErrorCode::InvalidSetting
        | ErrorCode::SettingIsNotAvailable
        | ErrorCode::InvalidDomain
        | ErrorCode::NotFederated
        | ErrorCode::InternalServerError
        | ErrorCode::Other(_) => Answer::CannotTell,
    }
}

/// Where a 3xx sends us, seen from where we asked.
fn redirect(from: &Url, answer: &Response) -> Option<String> {
    if !answer.status.is_redirection() {
        return None;
    }
    let headers: &HeaderMap = &answer.headers;
    let target = headers.get("location")?.to_str().ok()?;
    Some(from.join(target).ok()?.into())
}
