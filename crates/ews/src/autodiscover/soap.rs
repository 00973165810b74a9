//! GetUserSettings: the settings of several users in one SOAP request.

use super::{SettingName, Settings};
use crate::{
    Fault, XmlError,
    soap::ServerVersionInfo,
    xml::{Content, Namespace, Node, Notes, Writer, XmlErrorKind, element, words},
};

const AUTODISCOVER: &str = "http://schemas.microsoft.com/exchange/2010/Autodiscover";
const ADDRESSING: &str = "http://www.w3.org/2005/08/addressing";
const SOAP: &str = "http://schemas.xmlsoap.org/soap/envelope/";
const INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";
const ACTION: &str =
    "http://schemas.microsoft.com/exchange/2010/Autodiscover/Autodiscover/GetUserSettings";
/// The oldest version that knows everything we ask for.
const VERSION: &str = "Exchange2013";

element! {
    /// What is asked, and about whom.
    pub struct GetUserSettings {
        "a:Users/a:User" users: Vec<User>,
        "a:RequestedSettings/a:Setting" settings: Vec<SettingName>,
    }

    pub struct User {
        "a:Mailbox" mailbox: String = hidden,
    }

    /// What is said about one user, in the order of the request.
    pub struct UserAnswer {
        "a:ErrorCode" error_code: ErrorCode,
        "a:ErrorMessage" error_message: Option<String> = hidden,
        /// An address or a URL, if the code says so.
        "a:RedirectTarget" redirect_target: Option<String> = hidden,
        "a:UserSettingErrors?/a:UserSettingError" setting_errors: Vec<SettingError>,
        "a:UserSettings?/a:UserSetting" settings: Vec<Setting>,
    }

    pub struct SettingError {
        "a:ErrorCode" error_code: ErrorCode,
        "a:ErrorMessage" error_message: Option<String> = hidden,
        "a:SettingName" name: SettingName,
    }

    pub struct Setting {
        "@i:type" kind: Option<String>,
        "a:Name" name: SettingName,
        /// Lists have none.
        "a:Value" value: Option<String> = hidden,
    }

    /// What is said about the request as a whole, and about each user.
    pub struct GetUserSettingsAnswer {
        "a:ErrorCode" error_code: ErrorCode,
        "a:ErrorMessage" error_message: Option<String> = hidden,
        "a:UserResponses?/a:UserResponse" users: Vec<UserAnswer>,
    }
}

words! {
    /// `RedirectAddress` says to ask again as another address, `RedirectUrl` to ask another server.
    pub enum ErrorCode {
        NoError,
        RedirectAddress,
        RedirectUrl,
        InvalidUser,
        InvalidRequest,
        InvalidSetting,
        SettingIsNotAvailable,
        ServerBusy,
        InvalidDomain,
        NotFederated,
        InternalServerError,
    }
}

impl GetUserSettings {
    pub fn new(mailboxes: &[&str], settings: Vec<SettingName>) -> Self {
        let user = |mailbox: &&str| User { mailbox: (*mailbox).to_owned() };
        Self { users: mailboxes.iter().map(user).collect(), settings }
    }

    /// `to` is the address it is sent to, which the envelope repeats.
    pub fn write(&self, to: &str) -> String {
        let mut writer = open_envelope();
        writer.open("soap:Header");
        put(&mut writer, "a:RequestedServerVersion", VERSION);
        put(&mut writer, "wsa:Action", ACTION);
        put(&mut writer, "wsa:To", to);
        writer.close();
        writer.open("soap:Body");
        writer.open("a:GetUserSettingsRequestMessage");
        writer.open("a:Request");
        Content::write(self, &mut writer);
        writer.finish()
    }

    /// A server's side: the request in an envelope.
    pub fn read(bytes: &[u8]) -> Result<Self, XmlError> {
        let body = body(bytes)?;
        let request = descend(&body, &["GetUserSettingsRequestMessage", "Request"])?;
        Self::content(request)
    }

    fn content(node: &Node<'_>) -> Result<Self, XmlError> {
        <Self as Content>::read(node, &mut Notes::default())
    }
}

/// One answer per user who was asked about; [`Refused::Code`] if the whole request was refused.
pub fn read_answer(bytes: &[u8]) -> Result<Vec<UserAnswer>, Refused> {
    let body = body(bytes).map_err(Refused::Malformed)?;
    if body.name == "Fault" {
        let fault = <Fault as Content>::read(&body, &mut Notes::default());
        return Err(fault.map_or_else(Refused::Malformed, |fault| Refused::Fault(Box::new(fault))));
    }
    let response = descend(&body, &["GetUserSettingsResponseMessage", "Response"])
        .map_err(Refused::Malformed)?;
    let answer = <GetUserSettingsAnswer as Content>::read(response, &mut Notes::default());
    let answer = answer.map_err(Refused::Malformed)?;
    match answer.error_code {
        ErrorCode::NoError => Ok(answer.users),
        code => Err(Refused::Code(code)),
    }
}

/// A server's side: the answer in its envelope.
pub fn write_answer(version: &ServerVersionInfo, users: Vec<UserAnswer>) -> String {
    write(version, ErrorCode::NoError, users)
}

/// A server's side: the whole request is refused.
pub fn write_refusal(version: &ServerVersionInfo, code: ErrorCode) -> String {
    write(version, code, Vec::new())
}

fn write(version: &ServerVersionInfo, error_code: ErrorCode, users: Vec<UserAnswer>) -> String {
    let answer = GetUserSettingsAnswer { error_code, error_message: Some(String::new()), users };
    let mut writer = open_envelope();
    writer.open("soap:Header");
    put(&mut writer, "wsa:Action", &format!("{ACTION}Response"));
    writer.open("a:ServerVersionInfo");
    let numbers = [
        ("a:MajorVersion", version.major_version),
        ("a:MinorVersion", version.minor_version),
        ("a:MajorBuildNumber", version.major_build_number),
        ("a:MinorBuildNumber", version.minor_build_number),
    ];
    for (name, number) in numbers {
        put(&mut writer, name, &number.unwrap_or_default().to_string());
    }
    put(&mut writer, "a:Version", "Exchange2016");
    writer.close();
    writer.close();
    writer.open("soap:Body");
    writer.open("a:GetUserSettingsResponseMessage");
    writer.open("a:Response");
    Content::write(&answer, &mut writer);
    writer.finish()
}

/// Why there are no answers about users.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    Code(ErrorCode),
    Fault(Box<Fault>),
    Malformed(XmlError),
}

impl UserAnswer {
    /// About whom nothing but this can be said.
    pub fn refusing(error_code: ErrorCode, message: &str, target: Option<&str>) -> Self {
        Self {
            error_code,
            error_message: Some(message.to_owned()),
            redirect_target: target.map(str::to_owned),
            setting_errors: Vec::new(),
            settings: Vec::new(),
        }
    }

    /// The settings that have a value.
    pub fn into_settings(self) -> Settings {
        let values = self.settings.into_iter();
        Settings(values.filter_map(|setting| Some((setting.name, setting.value?))).collect())
    }
}

fn open_envelope() -> Writer {
    let mut writer = Writer::new();
    writer.open("soap:Envelope");
    // Types of values are named without a prefix, as clients expect.
    writer.attribute("xmlns", AUTODISCOVER);
    for (prefix, namespace) in
        [("soap", SOAP), ("a", AUTODISCOVER), ("wsa", ADDRESSING), ("i", INSTANCE)]
    {
        writer.attribute(&format!("xmlns:{prefix}"), namespace);
    }
    writer
}

fn put(writer: &mut Writer, name: &str, text: &str) {
    writer.open(name);
    writer.text(text);
    writer.close();
}

/// The first element of the envelope's body.
fn body(bytes: &[u8]) -> Result<Node<'_>, XmlError> {
    let root = super::read(bytes)?;
    let not_soap = XmlError::new(XmlErrorKind::NotSoap, &root.name, root.offset);
    // An envelope of another vocabulary is somebody else's document.
    if root.name != "Envelope" || !matches!(root.namespace, Namespace::Soap | Namespace::Other) {
        return Err(not_soap);
    }
    let body = root.children.into_iter().find(|part| part.name == "Body");
    body.and_then(|body| body.children.into_iter().next()).ok_or(not_soap)
}

fn descend<'n, 'd>(node: &'n Node<'d>, path: &[&'static str]) -> Result<&'n Node<'d>, XmlError> {
    let mut names = path.iter();
    let (mut at, mut seen) = (node, String::new());
    if names.next() != Some(&&*at.name) {
        return Err(XmlError::new(XmlErrorKind::Unexpected, &at.name, at.offset));
    }
    for name in names {
        seen.push_str(&at.name);
        let missing = XmlError::new(XmlErrorKind::Missing(name), &seen, at.offset);
        at = at.child(name).ok_or(missing)?;
    }
    Ok(at)
}
