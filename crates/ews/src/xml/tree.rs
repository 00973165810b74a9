//! A document after reading: elements with attributes, text and children.

use std::{borrow::Cow, fmt};

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

/// One element. What stands in the document as it is read is not copied.
#[derive(Clone)]
pub struct Node<'d> {
    pub namespace: Namespace,
    /// Local name; readers match by it alone, since real documents mix the namespaces up.
    pub name: Cow<'d, str>,
    /// Local names and values; namespace declarations are left out.
    pub attributes: Vec<(Cow<'d, str>, Cow<'d, str>)>,
    /// All text directly inside, joined over references and CDATA sections.
    pub text: Cow<'d, str>,
    pub children: Vec<Self>,
    /// Where the element starts, in bytes from the start of the document.
    pub offset: u64,
}

impl Node<'_> {
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| &**value)
    }

    pub fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The same without the document.
    pub fn into_owned(self) -> Node<'static> {
        let own = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        let attributes = self.attributes.into_iter().map(|(key, value)| (own(key), own(value)));
        Node {
            namespace: self.namespace,
            name: own(self.name),
            attributes: attributes.collect(),
            text: own(self.text),
            children: self.children.into_iter().map(Self::into_owned).collect(),
            offset: self.offset,
        }
    }
}

/// Shows the shape only, no text and no attribute values.
impl fmt::Debug for Node<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple(&self.name).field(&self.children).finish()
    }
}
