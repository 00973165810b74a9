//! SOAP faults: the refusal of a whole request.

use std::time::Duration;

use super::{Prefix, ResponseCode, envelope};
use crate::xml::{Content, element};

element! {
    /// Sent with HTTP 500, often without any header.
    #[derive(Default)]
    pub struct Fault {
        /// A qualified name, such as `a:ErrorSchemaValidation`.
        "faultcode" fault_code: Option<String>,
        "faultstring" fault_string: Option<String> = hidden,
        "detail" detail: Option<FaultDetail>,
    }

    #[derive(Default)]
    pub struct FaultDetail {
        "e:ResponseCode" response_code: Option<ResponseCode>,
        "e:Message" message: Option<String> = hidden,
        "t:MessageXml" message_xml: Option<MessageXml>,
    }

    /// Details of an error, whose content the schema leaves open.
    #[derive(Default)]
    pub struct MessageXml {
        "t:LineNumber" line_number: Option<i32>,
        "t:LinePosition" line_position: Option<i32>,
        "t:Violation" violation: Option<String> = hidden,
        "t:Value" values: Vec<NamedValue>,
    }

    pub struct NamedValue {
        "@Name" name: String,
        "." value: String = hidden,
    }
}

const BACK_OFF: &str = "BackOffMilliseconds";

impl Fault {
    pub fn new(code: ResponseCode, message: &str) -> Self {
        Self {
            fault_code: Some(format!("e:{}", code.as_str())),
            fault_string: Some(message.to_owned()),
            detail: Some(FaultDetail {
                response_code: Some(code),
                message: Some(message.to_owned()),
                message_xml: None,
            }),
        }
    }

    /// "Come back later."
    pub fn server_busy(back_off: Duration) -> Self {
        let mut fault = Self::new(ResponseCode::ErrorServerBusy, "The server is busy.");
        if let Some(detail) = &mut fault.detail {
            detail.message_xml = Some(MessageXml::back_off_of(back_off));
        }
        fault
    }

    /// The reason as a word: the detail's, else the fault code without its prefix.
    pub fn response_code(&self) -> ResponseCode {
        let detailed = self.detail.as_ref().and_then(|detail| detail.response_code.clone());
        detailed.unwrap_or_else(|| {
            let code = self.fault_code.as_deref().unwrap_or_default();
            ResponseCode::from(crate::xml::local(code))
        })
    }

    /// How long the server asks us to stay away.
    pub fn back_off(&self) -> Option<Duration> {
        self.detail.as_ref()?.message_xml.as_ref()?.back_off()
    }

    /// A document with this fault as its body, and no header, as Exchange mostly writes it.
    pub fn to_document(&self) -> String {
        envelope::<Self>(Prefix::Soap, None, |writer| {
            writer.open("soap:Fault");
            Content::write(self, writer);
            writer.close();
        })
    }

    pub(super) fn code(&self) -> String {
        self.response_code().as_str().to_owned()
    }
}

impl MessageXml {
    pub fn back_off_of(back_off: Duration) -> Self {
        let value = back_off.as_millis().to_string();
        Self { values: vec![NamedValue { name: BACK_OFF.to_owned(), value }], ..Self::default() }
    }

    pub fn value(&self, name: &str) -> Option<&str> {
        self.values.iter().find(|value| value.name == name).map(|value| value.value.as_str())
    }

    pub fn back_off(&self) -> Option<Duration> {
        self.value(BACK_OFF)?.trim().parse().ok().map(Duration::from_millis)
    }
}
