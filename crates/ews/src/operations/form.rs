//! How an operation's messages are framed: most alike, a few each in a way of their own.

use super::{Nothing, Response};
use crate::{
    ResponseMessage, ServerVersionInfo,
    soap::{AnswerHeader, Envelope, Prefix, envelope},
    xml::{Content, Notes, Writer, XmlError, XmlErrorKind},
};

/// The shape of an operation's request and answer, beyond what stands inside them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `ResponseMessages` with an `XResponseMessage` for each object: nearly all of them.
    Messages,
    /// The answer is a message itself and contains `ResponseMessages` with elements of this name.
    /// One that failed as a whole has none of them; a lone failure is written so.
    Nested(&'static str),
    /// The answer is the only message.
    Root,
    /// The request is called `XRequest`; in its answer a `ResponseMessage` stands beside the values.
    Beside,
    /// The request is called `XRequest`; its answer has no message: it succeeds, or is a fault.
    Bare,
}

impl Form {
    /// The name of the request's element, of the operation `name`.
    pub(super) fn request(self, name: &str) -> String {
        match self {
            Self::Messages | Self::Nested(_) | Self::Root => name.to_owned(),
            Self::Beside | Self::Bare => format!("{name}Request"),
        }
    }

    fn read<T: Content + Default>(
        self,
        document: &Envelope<'_>,
        notes: &mut Notes,
    ) -> Result<Vec<ResponseMessage<T>>, XmlError> {
        let content = &document.content;
        let messages = content.child("ResponseMessages");
        let nested = |notes: &mut Notes| {
            let nodes = messages.map_or(&[][..], |messages| &messages.children);
            nodes.iter().map(|node| ResponseMessage::read(node, notes)).collect()
        };
        match self {
            Self::Messages if messages.is_none() => {
                let kind = XmlErrorKind::Missing("m:ResponseMessages");
                Err(XmlError::new(kind, "", content.offset))
            }
            Self::Messages => nested(notes),
            Self::Nested(_) => {
                let inner: Vec<ResponseMessage<T>> = nested(notes)?;
                match ResponseMessage::<Nothing>::read(content, notes)? {
                    ResponseMessage::Error(error) if inner.is_empty() => {
                        Ok(vec![ResponseMessage::Error(error)])
                    }
                    ResponseMessage::Success(_)
                    | ResponseMessage::Warning(..)
                    | ResponseMessage::Error(_) => Ok(inner),
                }
            }
            Self::Root => Ok(vec![ResponseMessage::read(content, notes)?]),
            Self::Beside => Ok(vec![ResponseMessage::read_beside(content, notes)?]),
            Self::Bare => Ok(vec![ResponseMessage::Success(T::read(content, notes)?)]),
        }
    }

    pub(super) fn write<T: Content + Default>(
        self,
        operation: &str,
        messages: &[ResponseMessage<T>],
        writer: &mut Writer,
    ) {
        match (self, messages) {
            (Self::Messages, _) => {
                write_all(&format!("m:{operation}ResponseMessage"), messages, writer);
            }
            (Self::Nested(_) | Self::Root, [message]) if self.is_root(message) => {
                message.write(writer);
            }
            (Self::Nested(name), _) => {
                ResponseMessage::Success(Nothing::default()).write(writer);
                if !messages.is_empty() {
                    write_all(&format!("m:{name}"), messages, writer);
                }
            }
            (Self::Beside, [message]) => message.write_beside(writer),
            (Self::Bare, [ResponseMessage::Success(value)]) => value.write(writer),
            // such answers have just one message
            (Self::Root | Self::Beside | Self::Bare, _) => T::default().write(writer),
        }
    }

    /// Whether the answer's own element is this message.
    fn is_root<T>(self, message: &ResponseMessage<T>) -> bool {
        self == Self::Root || matches!(message, ResponseMessage::Error(_))
    }

    #[cfg(test)]
    pub(super) fn sample<T: crate::xml::sample::Sample>(
        self,
        source: &mut crate::xml::sample::Source,
    ) -> Response<T> {
        use crate::xml::sample::Sample;
        match self {
            Self::Messages | Self::Nested(_) => Response::new(Sample::sample(source)),
            Self::Root | Self::Beside => Response::of(ResponseMessage::sample(source)),
            Self::Bare => Response::of(ResponseMessage::Success(T::sample(source))),
        }
    }
}

fn write_all<T: Content + Default>(
    name: &str,
    messages: &[ResponseMessage<T>],
    writer: &mut Writer,
) {
    writer.open("m:ResponseMessages");
    for message in messages {
        writer.open(name);
        message.write(writer);
        writer.close();
    }
    writer.close();
}

impl<T: Content + Default> Response<T> {
    pub(super) fn read(document: &Envelope<'_>, form: Form) -> Result<Self, XmlError> {
        let mut notes = Notes::default();
        let header: AnswerHeader = document.header(&mut notes)?;
        let messages = form
            .read(document, &mut notes)
            .map_err(|error| error.inside(&document.content.name))?;
        Ok(Self { server_version: header.server_version, messages })
    }

    pub(super) fn write(
        &self,
        operation: &str,
        form: Form,
        prefix: Prefix,
        version: &ServerVersionInfo,
    ) -> String {
        let header = AnswerHeader { server_version: Some(version.clone()) };
        envelope(prefix, Some(&header), |writer| {
            writer.open(&format!("m:{operation}Response"));
            form.write(operation, &self.messages, writer);
            writer.close();
        })
    }
}
