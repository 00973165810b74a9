//! ConvertId: ids from one format into another. With a dummy id it proves a login.

use super::{Operation, Response};
use crate::xml::{Content, Node, Notes, Writer, XmlError, element, words};

element! {
    pub struct ConvertId {
        "@DestinationFormat" destination_format: IdFormat,
        "m:SourceIds/t:AlternateId" source_ids: Vec<AlternateId>,
    }

    #[derive(Default)]
    pub struct ConvertIdReply {
        "m:AlternateId" alternate_id: Option<ConvertedId>,
    }

    pub struct AlternateId {
        "@Format" format: IdFormat,
        "@Id" id: String,
        "@Mailbox" mailbox: String = hidden,
        "@IsArchive" is_archive: Option<bool>,
    }
}

words! {
    pub enum IdFormat { EwsLegacyId, EwsId, EntryId, HexEntryId, StoreId, OwaId }
}

/// An [`AlternateId`] in an answer, where the schema wants its type said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConvertedId(pub AlternateId);

impl Content for ConvertedId {
    fn read(node: &Node<'_>, notes: &mut Notes) -> Result<Self, XmlError> {
        AlternateId::read(node, notes).map(Self)
    }

    fn write(&self, writer: &mut Writer) {
        writer.attribute("xsi:type", "t:AlternateIdType");
        self.0.write(writer);
    }
}

pub type ConvertIdResponse = Response<ConvertIdReply>;

impl Operation for ConvertId {
    const NAME: &'static str = "ConvertId";
    type Reply = ConvertIdReply;
}

#[cfg(test)]
impl crate::xml::sample::Sample for ConvertedId {
    fn sample(source: &mut crate::xml::sample::Source) -> Self {
        Self(crate::xml::sample::Sample::sample(source))
    }
}
