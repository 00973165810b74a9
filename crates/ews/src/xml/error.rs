//! What is wrong with a document, and where: never what it says.

use std::fmt;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum XmlErrorKind {
    /// A document type declaration: refused, since entities are a way to attack.
    DocumentType,
    TooDeep,
    TooLarge,
    TooManyAttributes,
    NotWellFormed,
    /// Nothing stands in the document.
    Empty,
    /// The root is not a SOAP envelope, or the envelope has no body.
    NotSoap,
    /// An element other than the expected one.
    Unexpected,
    /// A mandatory element or attribute is missing.
    Missing(&'static str),
    /// A value is not of its type.
    Unreadable(&'static str),
}

/// A document, or a part of it, that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct XmlError {
    pub kind: XmlErrorKind,
    /// Names of the elements around the place, outermost first, separated by `/`.
    pub path: String,
    /// Bytes from the start of the document.
    pub offset: u64,
}

impl XmlError {
    pub fn new(kind: XmlErrorKind, path: &str, offset: u64) -> Self {
        Self { kind, path: path.to_owned(), offset }
    }

    pub(crate) fn inside(mut self, name: &str) -> Self {
        self.go_inside(name);
        self
    }

    pub(crate) fn go_inside(&mut self, name: &str) {
        if !self.path.is_empty() {
            self.path.insert(0, '/');
        }
        self.path.insert_str(0, name);
    }
}

impl fmt::Display for XmlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            XmlErrorKind::DocumentType => f.write_str("a document type declaration is refused")?,
            XmlErrorKind::TooDeep => f.write_str("elements are nested too deeply")?,
            XmlErrorKind::TooLarge => f.write_str("the document is too large")?,
            XmlErrorKind::TooManyAttributes => f.write_str("an element has too many attributes")?,
            XmlErrorKind::NotWellFormed => f.write_str("the document is not well-formed")?,
            XmlErrorKind::Empty => f.write_str("the document is empty")?,
            XmlErrorKind::NotSoap => f.write_str("the document is not a SOAP envelope")?,
            XmlErrorKind::Unexpected => f.write_str("another element was expected")?,
            XmlErrorKind::Missing(name) => write!(f, "{name} is missing")?,
            XmlErrorKind::Unreadable(name) => write!(f, "{name} is unreadable")?,
        }
        write!(f, " (at {}, byte {})", self.path, self.offset)
    }
}

impl std::error::Error for XmlError {}
