//! A document after reading: elements with attributes, text and children.

use std::fmt;

/// Which of the vocabularies of EWS an element's name belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Namespace {
    Soap,
    Types,
    Messages,
    Errors,
    Other,
}

impl Namespace {
    pub fn of(name: &str) -> Self {
        match name {
            SOAP => Self::Soap,
            TYPES => Self::Types,
            MESSAGES => Self::Messages,
            ERRORS => Self::Errors,
            _ => Self::Other,
        }
    }
}

pub(crate) const SOAP: &str = "http://schemas.xmlsoap.org/soap/envelope/";
pub(crate) const TYPES: &str = "http://schemas.microsoft.com/exchange/services/2006/types";
pub(crate) const MESSAGES: &str = "http://schemas.microsoft.com/exchange/services/2006/messages";
pub(crate) const ERRORS: &str = "http://schemas.microsoft.com/exchange/services/2006/errors";
pub(crate) const INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// One element.
#[derive(Clone)]
pub struct Node {
    pub namespace: Namespace,
    /// Local name; readers match by it alone, since real documents mix the namespaces up.
    pub name: String,
    /// Local names and values; namespace declarations are left out.
    pub attributes: Vec<(String, String)>,
    /// All text directly inside, joined over references and CDATA sections.
    pub text: String,
    pub children: Vec<Node>,
    /// Where the element starts, in bytes from the start of the document.
    pub offset: u64,
}

impl Node {
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }
}

/// Shows the shape only, no text and no attribute values.
impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple(&self.name).field(&self.children).finish()
    }
}
