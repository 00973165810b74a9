//! SendNotification: the one conversation a server begins, with those who wanted to be told.

use super::{Form, GetEventsReply, Response};
use crate::{
    ResponseMessage, ServerVersionInfo,
    soap::{AnswerHeader, Envelope, Prefix, envelope},
    xml::{Content, Notes, XmlError, XmlErrorKind, element, words},
};

/// What happened under push subscriptions, in the dress of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SendNotification(pub Vec<ResponseMessage<GetEventsReply>>);

element! {
    /// What the listener says to that.
    pub struct SendNotificationResult {
        "m:SubscriptionStatus" subscription_status: SubscriptionStatus,
    }
}

words! {
    pub enum SubscriptionStatus { Ok = "OK", Unsubscribe }
}

const NAME: &str = "SendNotification";
const RESULT: &str = "SendNotificationResult";

impl SendNotification {
    pub fn write(&self, version: &ServerVersionInfo) -> String {
        let header = AnswerHeader { server_version: Some(version.clone()) };
        envelope(Prefix::Soap, Some(&header), |writer| {
            writer.open(&format!("m:{NAME}"));
            Form::Messages.write(NAME, &self.0, writer);
            writer.close();
        })
    }

    pub fn read(bytes: &[u8]) -> Result<Self, XmlError> {
        let document = named(bytes, NAME)?;
        Response::read(&document, Form::Messages).map(|response| Self(response.messages))
    }
}

impl SendNotificationResult {
    pub fn write(&self) -> String {
        envelope::<Self>(Prefix::Soap, None, |writer| {
            writer.open(&format!("m:{RESULT}"));
            Content::write(self, writer);
            writer.close();
        })
    }

    pub fn read(bytes: &[u8]) -> Result<Self, XmlError> {
        let document = named(bytes, RESULT)?;
        <Self as Content>::read(&document.content, &mut Notes::default())
            .map_err(|error| error.inside(RESULT))
    }
}

fn named<'d>(bytes: &'d [u8], name: &str) -> Result<Envelope<'d>, XmlError> {
    let document = Envelope::read(bytes)?;
    let content = &document.content;
    if content.name == name {
        Ok(document)
    } else {
        Err(XmlError::new(XmlErrorKind::Unexpected, &content.name, content.offset))
    }
}
