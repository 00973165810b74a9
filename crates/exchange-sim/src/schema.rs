//! The published schema of EWS, as far as it is at hand: whether a document keeps to it. A server
//! that takes what Exchange would refuse is a bad witness.
//!
//! Reads the parts of XML Schema that Microsoft's two files use: [`load`] finds the declarations,
//! [`content`] checks elements against them, [`values`] checks texts. Nothing is compiled; the
//! declarations are looked at as they stand.

mod content;
mod load;
mod values;

use std::{fmt, path::PathBuf};

use ews::{
    Fault, ResponseCode,
    soap::MessageXml,
    xml::{Namespace, Node},
};

pub use self::load::Schema;

/// The schema could not be read.
#[derive(Debug, thiserror::Error)]
pub enum SchemaFailure {
    #[error("cannot read {}", path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("{} is not an XML schema", path.display())]
    NotASchema { path: PathBuf },
}

/// The first place where a document breaks the schema. Names only, no values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Names from the outermost element inwards.
    pub path: String,
    pub what: What,
    /// Bytes from the start of the document.
    pub offset: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    UnknownElement,
    /// Not here, or not in this order.
    Unexpected,
    Missing(String),
    UnknownAttribute(String),
    MissingAttribute(String),
    WrongAttribute(String),
    WrongValue,
    /// Text where only elements may stand.
    Text,
    /// A type that only others may be made from, or that is none.
    Type,
}

impl Schema {
    /// Checks what stands in the body of an envelope, and each header that is EWS's own.
    pub fn check_envelope(&self, envelope: &Node<'_>) -> Result<(), Violation> {
        let parts = ["Header", "Body"].into_iter().filter_map(|part| envelope.child(part));
        let blocks = parts.flat_map(|part| &part.children);
        blocks
            .filter(|block| matches!(block.namespace, Namespace::Types | Namespace::Messages))
            .try_for_each(|block| self.check(block))
    }

    /// Checks an element that is declared at the top of the schema.
    pub fn check(&self, node: &Node<'_>) -> Result<(), Violation> {
        match self.element(node.namespace, &node.name) {
            Some(declaration) => self.element_matches(node, declaration),
            None => Err(Violation::at(node, What::UnknownElement)),
        }
    }
}

impl Violation {
    /// What Exchange answers, with the line on which the offence begins.
    pub fn fault(&self, document: &[u8]) -> Fault {
        let mut fault = Fault::new(
            ResponseCode::ErrorSchemaValidation,
            &format!("The request failed schema validation: {self}"),
        );
        let offset = usize::try_from(self.offset).unwrap_or(usize::MAX);
        let before = document.get(..offset).unwrap_or(document);
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        if let Some(detail) = &mut fault.detail {
            detail.message_xml = Some(MessageXml {
                line_number: i32::try_from(line).ok(),
                violation: Some(self.to_string()),
                ..MessageXml::default()
            });
        }
        fault
    }

    fn at(node: &Node<'_>, what: What) -> Self {
        Self { path: node.name.to_string(), what, offset: node.offset }
    }

    fn inside(mut self, node: &Node<'_>) -> Self {
        self.path = format!("{}/{}", node.name, self.path);
        self
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.path)?;
        match &self.what {
            What::UnknownElement => f.write_str("no such element"),
            What::Unexpected => f.write_str("not expected here"),
            What::Missing(name) => write!(f, "lacks {name}"),
            What::UnknownAttribute(name) => write!(f, "no such attribute: {name}"),
            What::MissingAttribute(name) => write!(f, "lacks the attribute {name}"),
            What::WrongAttribute(name) => write!(f, "the attribute {name} has a wrong value"),
            What::WrongValue => f.write_str("the value is wrong"),
            What::Text => f.write_str("text where only elements may stand"),
            What::Type => f.write_str("not a usable type"),
        }
    }
}

impl std::error::Error for Violation {}

#[cfg(test)]
mod tests;
