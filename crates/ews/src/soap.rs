//! The envelope around every document, its headers, and what goes wrong with it as a whole.

mod fault;
mod response_code;

use crate::{
    time_zone::TimeZoneDefinition,
    xml::{
        Content, Namespace, Node, Notes, Writer, XmlError, XmlErrorKind, element, one_of,
        read_document, words,
    },
};

pub use self::{
    fault::{Fault, FaultDetail, MessageXml, NamedValue},
    response_code::ResponseCode,
};

element! {
    /// What stands before a request: which version is spoken, and for whom.
    #[derive(Default)]
    pub struct RequestHeader {
        "t:RequestServerVersion/@Version" server_version: Option<ExchangeVersion>,
        "t:ExchangeImpersonation/t:ConnectingSID" impersonation: Option<Impersonation>,
        /// Only foreign clients send it; times without a zone are to be read in it.
        "t:TimeZoneContext/t:TimeZoneDefinition" time_zone: Option<TimeZoneDefinition>,
    }

    pub struct Impersonation {
        "*" as_whom: ConnectingSid,
    }

    /// The server's version, in the header of every answer.
    #[derive(Default)]
    pub struct ServerVersionInfo {
        "@MajorVersion" major_version: Option<i32>,
        "@MinorVersion" minor_version: Option<i32>,
        "@MajorBuildNumber" major_build_number: Option<i32>,
        "@MinorBuildNumber" minor_build_number: Option<i32>,
        "@Version" version: Option<String>,
    }

    #[derive(Default)]
    pub struct AnswerHeader {
        "t:ServerVersionInfo" server_version: Option<ServerVersionInfo>,
    }
}

one_of! {
    /// How the impersonated user is named.
    pub enum ConnectingSid {
        "t:PrincipalName" PrincipalName(String) = hidden,
        "t:SID" Sid(String) = hidden,
        "t:PrimarySmtpAddress" PrimarySmtpAddress(String) = hidden,
        "t:SmtpAddress" SmtpAddress(String) = hidden,
    }
}

words! {
    /// Versions of the schema a client can ask for.
    pub enum ExchangeVersion {
        Exchange2007 = "Exchange2007",
        Exchange2007Sp1 = "Exchange2007_SP1",
        Exchange2010 = "Exchange2010",
        Exchange2010Sp1 = "Exchange2010_SP1",
        Exchange2010Sp2 = "Exchange2010_SP2",
        Exchange2013 = "Exchange2013",
        Exchange2013Sp1 = "Exchange2013_SP1",
        Exchange2015 = "Exchange2015",
        Exchange2016 = "Exchange2016",
    }
}

impl RequestHeader {
    /// Our own: the version we speak, as the account we signed in with.
    pub fn ours() -> Self {
        Self { server_version: Some(ExchangeVersion::Exchange2013Sp1), ..Self::default() }
    }

    /// The same, acting as another user.
    pub fn impersonating(as_whom: ConnectingSid) -> Self {
        Self { impersonation: Some(Impersonation { as_whom }), ..Self::ours() }
    }
}

/// Why an answer could not be had from a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadFailure {
    /// The server refused the request as a whole, and says why.
    Fault(Box<Fault>),
    /// The document is not what it should be.
    Malformed(XmlError),
}

impl std::fmt::Display for ReadFailure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Fault(fault) => write!(f, "the server answered with the fault {}", fault.code()),
            Self::Malformed(_) => f.write_str("the server's answer could not be read"),
        }
    }
}

impl std::error::Error for ReadFailure {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Fault(_) => None,
            Self::Malformed(error) => Some(error),
        }
    }
}

impl From<XmlError> for ReadFailure {
    fn from(error: XmlError) -> Self {
        Self::Malformed(error)
    }
}

/// A request that could not be read; to be answered with [`Refusal::fault`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub error: XmlError,
}

impl Refusal {
    /// What Exchange answers to a request that breaks its schema.
    pub fn fault(&self) -> Fault {
        let message = format!("The request failed schema validation: {}", self.error);
        Fault::new(ResponseCode::ErrorSchemaValidation, &message)
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the request could not be read")
    }
}

impl std::error::Error for Refusal {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}

/// An envelope taken apart: its header, and the first element of its body.
pub(crate) struct Envelope<'d> {
    header: Option<Node<'d>>,
    pub(crate) content: Node<'d>,
}

impl<'d> Envelope<'d> {
    pub(crate) fn read(bytes: &'d [u8]) -> Result<Self, XmlError> {
        let root = read_document(bytes)?;
        if root.name != "Envelope" {
            return Err(XmlError::new(XmlErrorKind::NotSoap, &root.name, root.offset));
        }
        let (mut header, mut content) = (None, None);
        for part in root.children {
            match &*part.name {
                "Header" => header = Some(part),
                "Body" if content.is_none() => content = part.children.into_iter().next(),
                _ => {} // not ours
            }
        }
        match content {
            Some(content) => Ok(Self { header, content }),
            None => Err(XmlError::new(XmlErrorKind::NotSoap, "Envelope/Body", root.offset)),
        }
    }

    pub(crate) fn header<T: Content + Default>(&self, notes: &mut Notes) -> Result<T, XmlError> {
        match &self.header {
            Some(header) => notes.inside("Header", |notes| T::read(header, notes)),
            None => Ok(T::default()),
        }
    }

    pub(crate) fn is_fault(&self) -> bool {
        self.content.name == "Fault"
            && matches!(self.content.namespace, Namespace::Soap | Namespace::Other)
    }
}

/// Whether the envelope's own elements carry a prefix; clients of streams look for `<Envelope`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Prefix {
    Soap,
    None,
}

/// Writes an envelope around what `body` writes.
pub(crate) fn envelope<H: Content>(
    prefix: Prefix,
    header: Option<&H>,
    body: impl FnOnce(&mut Writer),
) -> String {
    let (names, declared) = match prefix {
        Prefix::Soap => (["soap:Envelope", "soap:Header", "soap:Body"], Some("soap")),
        Prefix::None => (["Envelope", "Header", "Body"], None),
    };
    let [envelope_name, header_name, body_name] = names;
    let mut writer = Writer::new();
    writer.open(envelope_name);
    writer.namespaces(declared);
    if let Some(header) = header {
        writer.open(header_name);
        header.write(&mut writer);
        writer.close();
    }
    writer.open(body_name);
    body(&mut writer);
    writer.finish()
}
