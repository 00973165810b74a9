//! The language of Exchange Web Services, spoken both ways; no I/O.
//!
//! EWS is SOAP 1.1: one request names one operation and a list of objects, the answer carries one
//! result per object, in order. A client writes a request with [`Operation::write_request`]
//! and reads its answer with [`Operation::read_answer`]; a server reads any request with
//! [`read_request`] and writes an [`Answer`]. What stands on the wire is said once, in the tables of [`xml`]'s
//! `element!`, `words!` and `one_of!`; each table is reader and writer.
//!
//! Microsoft's names stay where they are Microsoft's things. Readers are forgiving: elements are
//! found by local name, unknown ones are skipped, unknown words are kept, and an unreadable
//! optional value is `None` and is listed in the item's `oddities`.

pub mod xml;

pub mod autodiscover;
pub mod date_time;
pub mod fields;
pub mod folders;
pub mod free_busy;
pub mod ids;
pub mod items;
pub mod ntlm;
pub mod operations;
pub mod out_of_office;
pub mod response;
pub mod restriction;
pub mod shapes;
pub mod soap;
pub mod streaming;
pub mod time_zone;

pub use crate::{
    date_time::DateTime,
    fields::{ExtendedFieldUri, FieldUri, field},
    ids::{FolderId, FolderRef, ItemId, ItemRef, Mailbox},
    items::{CalendarItem, Item},
    operations::{Answer, Operation, Request, Response, read_request},
    response::{ItemError, ResponseMessage},
    soap::{
        ConnectingSid, Fault, ReadFailure, Refusal, RequestHeader, ResponseCode, ServerVersionInfo,
    },
    xml::XmlError,
};

#[cfg(test)]
mod tests;
