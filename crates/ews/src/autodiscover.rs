//! Autodiscover: where a mailbox is served. Three formats, each read and written here: SOAP
//! ([`soap`]), plain XML ([`pox`]) and the JSON of version 2 ([`location`]). No I/O.
//!
//! The envelopes have namespaces of their own; like everything else they are read by local names,
//! with the bounds of [`crate::xml`] and a smaller size.

pub mod location;
pub mod pox;
mod settings;
pub mod soap;

pub use self::{
    location::{Location, read_location},
    settings::{SettingName, Settings},
    soap::{ErrorCode, GetUserSettings, UserAnswer},
};

use crate::{
    XmlError,
    xml::{Node, read_document_within},
};

/// Bytes of one document: answers for a hundred users with sixty settings each.
pub const DOCUMENT_BYTES_MAX: usize = 4 * 1024 * 1024;

/// The media type of requests in both XML formats.
pub const CONTENT_TYPE: &str = "text/xml; charset=utf-8";

fn read(bytes: &[u8]) -> Result<Node<'_>, XmlError> {
    read_document_within(bytes, DOCUMENT_BYTES_MAX)
}

#[cfg(test)]
mod tests;
