//! Plain XML ("POX"): the settings of one user, as Outlook asks for them.

use super::{SettingName, Settings};
use crate::{
    XmlError,
    xml::{Content, Notes, Writer, XmlErrorKind, element, words},
};

const REQUEST: &str =
    "http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006";
const RESPONSE: &str =
    "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a";
const ENVELOPE: &str = "http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006";

element! {
    /// Who is asked about.
    pub struct PoxRequest {
        "Request/EMailAddress" address: String = hidden,
        "Request/AcceptableResponseSchema" schema: Option<String>,
    }

    #[derive(Default)]
    pub struct PoxUser {
        "DisplayName" display_name: Option<String> = hidden,
        "AutoDiscoverSMTPAddress" address: Option<String> = hidden,
    }

    pub struct PoxAccount {
        "AccountType" account_type: Option<String>,
        "Action" action: Action,
        "RedirectAddr" redirect_address: Option<String> = hidden,
        "RedirectUrl" redirect_url: Option<String> = hidden,
        "Protocol" protocols: Vec<PoxProtocol>,
    }

    #[derive(Default)]
    pub struct PoxProtocol {
        "Type" kind: Option<ProtocolType>,
        "Server" server: Option<String> = hidden,
        "ASUrl" availability_url: Option<String> = hidden,
        "EwsUrl" ews_url: Option<String> = hidden,
        "ServerVersion" server_version: Option<String>,
    }

    pub struct PoxError {
        "ErrorCode" code: Option<i32>,
        "Message" message: Option<String> = hidden,
    }
}

words! {
    pub enum Action {
        Settings = "settings",
        RedirectAddress = "redirectAddr",
        RedirectUrl = "redirectUrl",
    }

    /// `EXCH` is how things look from inside, `EXPR` from outside.
    pub enum ProtocolType {
        Internal = "EXCH",
        External = "EXPR",
        Web = "WEB",
    }
}

/// What the answer says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PoxAnswer {
    Settings(Settings),
    RedirectAddress(String),
    RedirectUrl(String),
    /// The address is not known here.
    NoSuchUser,
    /// Any other error, by its number.
    Refused(Option<i32>),
}

/// "The e-mail address cannot be found."
const NO_SUCH_USER: i32 = 500;

impl PoxRequest {
    pub fn new(address: &str) -> Self {
        Self { address: address.to_owned(), schema: Some(RESPONSE.to_owned()) }
    }

    pub fn write(&self) -> String {
        let mut writer = Writer::new();
        writer.open("Autodiscover");
        writer.attribute("xmlns", REQUEST);
        writer.open("Request");
        for (name, text) in [
            ("EMailAddress", self.address.as_str()),
            ("AcceptableResponseSchema", self.schema.as_deref().unwrap_or(RESPONSE)),
        ] {
            writer.open(name);
            writer.text(text);
            writer.close();
        }
        writer.finish()
    }

    /// A server's side.
    pub fn read(bytes: &[u8]) -> Result<Self, XmlError> {
        let root = super::read(bytes)?;
        if root.name != "Autodiscover" {
            return Err(XmlError::new(XmlErrorKind::Unexpected, &root.name, root.offset));
        }
        <Self as Content>::read(&root, &mut Notes::default())
    }
}

/// Reads the answer about one user.
pub fn read_answer(bytes: &[u8]) -> Result<PoxAnswer, XmlError> {
    let root = super::read(bytes)?;
    if root.name != "Autodiscover" {
        return Err(XmlError::new(XmlErrorKind::Unexpected, &root.name, root.offset));
    }
    let missing = |name| XmlError::new(XmlErrorKind::Missing(name), "Autodiscover", root.offset);
    let response = root.child("Response").ok_or_else(|| missing("Response"))?;
    let notes = &mut Notes::default();
    if let Some(error) = response.child("Error") {
        let error = <PoxError as Content>::read(error, notes)?;
        return Ok(match error.code {
            Some(NO_SUCH_USER) => PoxAnswer::NoSuchUser,
            code => PoxAnswer::Refused(code),
        });
    }
    let account = response.child("Account").ok_or_else(|| missing("Account"))?;
    let account = <PoxAccount as Content>::read(account, notes)?;
    match account.action {
        Action::RedirectAddress => {
            account.redirect_address.map(PoxAnswer::RedirectAddress).ok_or(missing("RedirectAddr"))
        }
        Action::RedirectUrl => {
            account.redirect_url.map(PoxAnswer::RedirectUrl).ok_or(missing("RedirectUrl"))
        }
        Action::Settings | Action::Other(_) => Ok(PoxAnswer::Settings(settings(account.protocols))),
    }
}

fn settings(protocols: Vec<PoxProtocol>) -> Settings {
    let setting = |protocol: PoxProtocol| {
        let name = match protocol.kind? {
            ProtocolType::Internal => SettingName::InternalEwsUrl,
            ProtocolType::External => SettingName::ExternalEwsUrl,
            ProtocolType::Web | ProtocolType::Other(_) => return None,
        };
        Some((name, protocol.ews_url.or(protocol.availability_url)?))
    };
    Settings(protocols.into_iter().filter_map(setting).collect())
}

/// A server's side: what is said about the user named `name`.
pub fn write_answer(name: &str, address: &str, answer: &PoxAnswer) -> String {
    let mut writer = Writer::new();
    writer.open("Autodiscover");
    writer.attribute("xmlns", ENVELOPE);
    writer.open("Response");
    let account = match answer {
        PoxAnswer::NoSuchUser => return error(writer, NO_SUCH_USER),
        PoxAnswer::Refused(code) => return error(writer, code.unwrap_or(NO_SUCH_USER)),
        PoxAnswer::Settings(settings) => {
            PoxAccount { protocols: protocols(settings), ..PoxAccount::with(Action::Settings) }
        }
        PoxAnswer::RedirectAddress(target) => PoxAccount {
            redirect_address: Some(target.clone()),
            ..PoxAccount::with(Action::RedirectAddress)
        },
        PoxAnswer::RedirectUrl(target) => PoxAccount {
            redirect_url: Some(target.clone()),
            ..PoxAccount::with(Action::RedirectUrl)
        },
    };
    writer.attribute("xmlns", RESPONSE);
    writer.open("User");
    let user = PoxUser { display_name: Some(name.to_owned()), address: Some(address.to_owned()) };
    Content::write(&user, &mut writer);
    writer.close();
    writer.open("Account");
    Content::write(&account, &mut writer);
    writer.finish()
}

fn error(mut writer: Writer, code: i32) -> String {
    writer.open("Error");
    let message = Some("The request cannot be answered for this address.".to_owned());
    Content::write(&PoxError { code: Some(code), message }, &mut writer);
    writer.finish()
}

fn protocols(settings: &Settings) -> Vec<PoxProtocol> {
    let protocol = |kind, name| {
        let url = settings.get(&name)?.to_owned();
        Some(PoxProtocol {
            kind: Some(kind),
            availability_url: Some(url.clone()),
            ews_url: Some(url),
            ..PoxProtocol::default()
        })
    };
    let internal = protocol(ProtocolType::Internal, SettingName::InternalEwsUrl);
    let external = protocol(ProtocolType::External, SettingName::ExternalEwsUrl);
    internal.into_iter().chain(external).collect()
}

impl PoxAccount {
    fn with(action: Action) -> Self {
        Self {
            account_type: Some("email".to_owned()),
            action,
            redirect_address: None,
            redirect_url: None,
            protocols: Vec::new(),
        }
    }
}
