//! Documents as trees: a forgiving reader, a strict writer, and the tables that are both at once.

mod codec;
mod error;
mod macros;
mod reader;
#[cfg(test)]
pub(crate) mod sample;
mod tree;
mod values;
mod writer;

pub(crate) use self::{
    codec::local,
    macros::{element, one_of, otherwise, shown, word, words},
    values::{text_value, unreadable_value},
};

pub use self::{
    codec::{Content, Field, Notes, Oddities, Place},
    error::{XmlError, XmlErrorKind},
    reader::{
        ATTRIBUTES_MAX, DEPTH_MAX, DOCUMENT_BYTES_MAX, PARTS_MAX, read_document,
        read_document_within,
    },
    tree::{Namespace, Node},
    writer::Writer,
};

#[cfg(test)]
mod tests;
