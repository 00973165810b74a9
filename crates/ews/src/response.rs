//! One result per object of a request: success, success with a warning, or an error.

use std::time::Duration;

use crate::{
    ResponseCode,
    soap::MessageXml,
    xml::{Content, Node, Notes, Writer, XmlError, element, words},
};

/// What an answer says about one object of the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResponseMessage<T> {
    Success(T),
    /// It worked, but; or it was not tried because an earlier object failed.
    Warning(T, ItemError),
    Error(ItemError),
}

element! {
    /// Why an object failed.
    pub struct ItemError {
        "m:MessageText" text: Option<String> = hidden,
        "m:ResponseCode" code: ResponseCode,
        "m:DescriptiveLinkKey" descriptive_link_key: Option<i32>,
        "m:MessageXml" message_xml: Option<Box<MessageXml>>,
        /// Only of a refused GetStreamingEvents: the subscriptions that spoil the request.
        "m:ErrorSubscriptionIds?/m:SubscriptionId" error_subscription_ids: Vec<String>,
    }
}

words! {
    pub enum ResponseClass { Success, Warning, Error }
}

impl<T> ResponseMessage<T> {
    /// The data, also with a warning, unless the warning says that nothing was tried; callers
    /// that care about warnings match instead.
    pub fn into_result(self) -> Result<T, ItemError> {
        match self {
            Self::Warning(_, error) if error.code == ResponseCode::ErrorBatchProcessingStopped => {
                Err(error)
            }
            Self::Success(value) | Self::Warning(value, _) => Ok(value),
            Self::Error(error) => Err(error),
        }
    }

    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> ResponseMessage<U> {
        match self {
            Self::Success(value) => ResponseMessage::Success(change(value)),
            Self::Warning(value, error) => ResponseMessage::Warning(change(value), error),
            Self::Error(error) => ResponseMessage::Error(error),
        }
    }
}

impl<T> From<Result<T, ItemError>> for ResponseMessage<T> {
    fn from(result: Result<T, ItemError>) -> Self {
        match result {
            Ok(value) => Self::Success(value),
            Err(error) => Self::Error(error),
        }
    }
}

impl ItemError {
    pub fn new(code: ResponseCode, text: impl Into<String>) -> Self {
        Self {
            text: Some(text.into()),
            code,
            descriptive_link_key: None,
            message_xml: None,
            error_subscription_ids: Vec::new(),
        }
    }

    /// "Come back later", said of one object.
    pub fn server_busy(back_off: Duration) -> Self {
        let message_xml = Some(Box::new(MessageXml::back_off_of(back_off)));
        Self { message_xml, ..Self::new(ResponseCode::ErrorServerBusy, "The server is busy.") }
    }

    /// With a warning there is a reply, and the ids are the reply's.
    fn without_subscriptions(mut self) -> Self {
        self.error_subscription_ids.clear();
        self
    }

    /// How long the server asks us to stay away.
    pub fn back_off(&self) -> Option<Duration> {
        self.message_xml.as_ref()?.back_off()
    }
}

impl std::fmt::Display for ItemError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the server answered {}", self.code.as_str())
    }
}

impl std::error::Error for ItemError {}

impl<T: Content + Default> ResponseMessage<T> {
    pub(crate) fn read(node: &Node<'_>, notes: &mut Notes) -> Result<Self, XmlError> {
        Self::read_parts(Some(node), node, notes)
    }

    /// Reads a message whose values stand beside its `ResponseMessage`, not in it.
    pub(crate) fn read_beside(parent: &Node<'_>, notes: &mut Notes) -> Result<Self, XmlError> {
        Self::read_parts(parent.child("ResponseMessage"), parent, notes)
    }

    fn read_parts(
        status: Option<&Node<'_>>,
        value: &Node<'_>,
        notes: &mut Notes,
    ) -> Result<Self, XmlError> {
        let class = status.and_then(|status| status.attribute("ResponseClass"));
        match (ResponseClass::from(class.unwrap_or("Success")), status) {
            (ResponseClass::Error, Some(status)) => Ok(Self::Error(read_error(status, notes))),
            (ResponseClass::Warning, Some(status)) => {
                let error = read_error(status, notes).without_subscriptions();
                Ok(Self::Warning(T::read(value, notes)?, error))
            }
            (ResponseClass::Success | ResponseClass::Other(_), _) | (_, None) => {
                T::read(value, notes).map(Self::Success)
            }
        }
    }

    /// Writes the content of an open message; a failed one carries the empty value, since the
    /// schema wants the containers even then.
    pub(crate) fn write(&self, writer: &mut Writer) {
        self.write_status(writer);
        self.write_value(writer);
    }

    pub(crate) fn write_beside(&self, writer: &mut Writer) {
        writer.open("m:ResponseMessage");
        self.write_status(writer);
        writer.close();
        self.write_value(writer);
    }

    fn write_status(&self, writer: &mut Writer) {
        let class = match self {
            Self::Success(_) => ResponseClass::Success,
            Self::Warning(..) => ResponseClass::Warning,
            Self::Error(_) => ResponseClass::Error,
        };
        writer.attribute("ResponseClass", class.as_str());
        match self {
            Self::Success(_) => {
                writer.open("m:ResponseCode");
                writer.text(ResponseCode::NoError.as_str());
                writer.close();
            }
            Self::Warning(_, error) => error.clone().without_subscriptions().write(writer),
            Self::Error(error) => error.write(writer),
        }
    }

    fn write_value(&self, writer: &mut Writer) {
        match self {
            Self::Success(value) | Self::Warning(value, _) => value.write(writer),
            Self::Error(_) => T::default().write(writer),
        }
    }
}

/// A message inside a larger answer, with its values beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beside<T>(pub ResponseMessage<T>);

impl<T: Content + Default> Content for Beside<T> {
    fn read(node: &Node<'_>, notes: &mut Notes) -> Result<Self, XmlError> {
        ResponseMessage::read_beside(node, notes).map(Self)
    }

    fn write(&self, writer: &mut Writer) {
        self.0.write_beside(writer);
    }
}

impl<T> From<Result<T, ItemError>> for Beside<T> {
    fn from(result: Result<T, ItemError>) -> Self {
        Self(result.into())
    }
}

/// The schema allows an error without a code; the empty word then stands for it.
fn read_error(node: &Node<'_>, notes: &mut Notes) -> ItemError {
    ItemError::read(node, notes).unwrap_or_else(|_| ItemError {
        text: None,
        code: ResponseCode::Other(String::new()),
        descriptive_link_key: None,
        message_xml: None,
        error_subscription_ids: Vec::new(),
    })
}

#[cfg(test)]
impl<T: crate::xml::sample::Sample> crate::xml::sample::Sample for ResponseMessage<T> {
    fn sample(source: &mut crate::xml::sample::Source) -> Self {
        match source.byte() % 3 {
            0 => Self::Success(T::sample(source)),
            1 => {
                let error = ItemError::sample(source).without_subscriptions();
                Self::Warning(T::sample(source), error)
            }
            _ => Self::Error(ItemError::sample(source)),
        }
    }
}

#[cfg(test)]
impl<T: crate::xml::sample::Sample> crate::xml::sample::Sample for Beside<T> {
    fn sample(source: &mut crate::xml::sample::Source) -> Self {
        Self(ResponseMessage::sample(source))
    }
}
