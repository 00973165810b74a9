//! A recorder of what Exchange and we say to each other, for those who have an Exchange that we
//! have not: everything that somebody wrote or that names somebody is replaced before it is
//! written down. What is not known to be harmless counts as harmful.

mod conversation;
mod filler;
mod folder;
mod headers;
mod kept;
mod names;
mod redact;

use std::{
    collections::BTreeMap,
    fmt, io,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use ews::{Operation, operations::GetStreamingEvents};
use jiff::Timestamp;
use protocol::ids::MailboxAddress;
use serde::Serialize;
use world::{
    World,
    http::{HeaderMap, Incoming, Response, StatusCode},
};

use self::{folder::Folder, names::Names};

pub use self::{
    conversation::{Order, Step, converse},
    folder::{End, MESSAGES_MAX, TRACE_BYTES_MAX},
};

/// Larger messages are noted with their length only.
pub const MESSAGE_BYTES_MAX: usize = 2 * 1024 * 1024;

/// Cheap to clone; most record nothing.
#[derive(Clone, Default)]
pub struct Recorder(Option<Arc<Recording>>);

struct Recording {
    world: World,
    /// `None` once the trace has ended.
    trace: Mutex<Option<Trace>>,
}

struct Trace {
    folder: Folder,
    names: Names,
    /// Numbers an exchange of request and answer, or a document of a stream.
    last: usize,
}

/// A request that waits for its answer.
pub struct Call(Option<(Arc<Recording>, usize, &'static str, Timestamp)>);

/// One line of the index.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'a> {
    number: usize,
    at: String,
    what: &'static str,
    operation: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    anchor_mailbox: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    milliseconds: Option<i128>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    headers: BTreeMap<String, Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    /// Why there is no file.
    #[serde(skip_serializing_if = "Option::is_none")]
    left_out: Option<String>,
    /// What kept the answer away.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
}

impl Recorder {
    /// Records into a folder that is new or empty.
    pub fn start(world: &World, folder: &Path) -> io::Result<Self> {
        let (folder, names) = (Folder::create(folder)?, Names::new(&world.chance));
        let trace = Mutex::new(Some(Trace { folder, names, last: 0 }));
        Ok(Self(Some(Arc::new(Recording { world: world.clone(), trace }))))
    }

    /// As the settings say. What cannot be recorded must not keep the connector from its work, and
    /// a trace of an earlier start is complete.
    pub fn of_settings(world: &World, folder: Option<&Path>) -> Self {
        let Some(folder) = folder else { return Self::default() };
        Self::start(world, folder).unwrap_or_else(|error| {
            tracing::warn!(%error, "Nothing is recorded: trace_folder must be new or empty");
            Self::default()
        })
    }

    /// Before a request is sent.
    pub fn call<O: Operation>(&self, acting_for: Option<&MailboxAddress>, operation: &O) -> Call {
        let Some(recording) = &self.0 else { return Call(None) };
        let request = operation.write_request(&super::connection::header(acting_for));
        let (number, at) = recording.request(O::NAME, acting_for, request.as_bytes());
        Call(Some((Arc::clone(recording), number, O::NAME, at)))
    }

    /// A document of a stream, complete or whatever came in place of one.
    pub fn document(&self, bytes: &[u8]) {
        let Some(recording) = &self.0 else { return };
        let now = recording.world.clock.now();
        recording.write(|trace| {
            trace.last += 1;
            let entry = trace.entry(trace.last, now, "stream", GetStreamingEvents::NAME);
            trace.put(entry, Some(bytes))
        });
    }

    /// What the server says to somebody who does not sign in.
    pub fn offer(&self, status: StatusCode, headers: &HeaderMap) {
        let Some(recording) = &self.0 else { return };
        let now = recording.world.clock.now();
        recording.write(|trace| {
            trace.last += 1;
            let mut entry = trace.entry(trace.last, now, "offer", "GET");
            (entry.status, entry.headers) =
                (Some(status.as_u16()), headers::head(headers, &mut trace.names));
            trace.put(entry, None)
        });
    }
}

impl Call {
    /// Hands the answer on.
    pub fn answered<E: fmt::Display>(self, answer: Result<Response, E>) -> Result<Response, E> {
        self.note(answer.as_ref().map(|r| (r.status, &r.headers, Some(&*r.body))));
        answer
    }

    /// Hands on an answer that goes on arriving.
    pub fn opened<E: fmt::Display>(self, answer: Result<Incoming, E>) -> Result<Incoming, E> {
        self.note(answer.as_ref().map(|r| (r.status, &r.headers, None)));
        answer
    }

    fn note<E: fmt::Display>(self, answer: Result<(StatusCode, &HeaderMap, Option<&[u8]>), &E>) {
        let Some((recording, number, operation, since)) = self.0 else { return };
        let now = recording.world.clock.now();
        recording.write(|trace| {
            let mut entry = trace.entry(number, now, "answer", operation);
            entry.milliseconds = Some(now.duration_since(since).as_millis());
            match answer {
                Ok((status, headers, body)) => {
                    entry.status = Some(status.as_u16());
                    entry.headers = headers::head(headers, &mut trace.names);
                    trace.put(entry, body)
                }
                Err(failure) => {
                    entry.failure = Some(failure.to_string());
                    trace.put(entry, None)
                }
            }
        });
    }
}

impl Recording {
    fn request(
        &self,
        operation: &'static str,
        acting_for: Option<&MailboxAddress>,
        bytes: &[u8],
    ) -> (usize, Timestamp) {
        let now = self.world.clock.now();
        let mut number = 0;
        self.write(|trace| {
            trace.last += 1;
            number = trace.last;
            let mut entry = trace.entry(number, now, "request", operation);
            entry.anchor_mailbox = acting_for.and_then(|a| trace.names.address(a.as_str()));
            trace.put(entry, Some(bytes))
        });
        (number, now)
    }

    /// The files are small, few and local, and this is not switched on for daily life: they are
    /// written where we stand.
    fn write(&self, act: impl FnOnce(&mut Trace) -> Result<(), End>) {
        let mut trace = self.trace.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(open) = trace.as_mut() else { return };
        if let Err(end) = act(open) {
            tracing::warn!(why = %end, "The trace of Exchange's answers has ended");
            *trace = None;
        }
    }
}

impl Trace {
    fn entry<'a>(
        &self,
        number: usize,
        at: Timestamp,
        what: &'static str,
        operation: &'a str,
    ) -> Entry<'a> {
        Entry { number, at: at.to_string(), what, operation, ..Entry::default() }
    }

    fn put(&mut self, mut entry: Entry<'_>, message: Option<&[u8]>) -> Result<(), End> {
        entry.bytes = message.map(<[u8]>::len);
        let text = match message {
            Some([]) | None => None,
            Some(bytes) if bytes.len() > MESSAGE_BYTES_MAX => {
                entry.left_out = Some("larger than a trace keeps".to_owned());
                None
            }
            Some(bytes) => match redact::document(bytes, &mut self.names) {
                Ok(text) => Some(text),
                Err(unreadable) => {
                    let (kind, at) = (beginning(bytes), unreadable.at);
                    entry.left_out =
                        Some(format!("not well-formed at byte {at}; begins like {kind}"));
                    None
                }
            },
        };
        let name = format!("{:05}-{}-{}.xml", entry.number, entry.operation, entry.what);
        if text.is_some() {
            entry.file = Some(name.clone());
        }
        self.folder.put(&entry, text.as_deref().map(|text| (name.as_str(), text)))
    }
}

/// All that is told of an answer that is no document.
fn beginning(bytes: &[u8]) -> &'static str {
    let start: Vec<u8> = bytes
        .iter()
        .skip_while(|byte| byte.is_ascii_whitespace())
        .take(64)
        .map(u8::to_ascii_lowercase)
        .collect();
    let has = |word: &[u8]| start.windows(word.len()).any(|window| window == word);
    match start.first() {
        None => "nothing",
        Some(b'<') if has(b"<html") || has(b"doctype html") => "HTML",
        Some(b'<') if has(b"envelope") => "SOAP",
        Some(b'<') if has(b"<?xml") => "XML",
        Some(b'<') => "markup",
        Some(b'{' | b'[') => "JSON",
        Some(_) if start.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ') => "text",
        Some(_) => "bytes",
    }
}

#[cfg(test)]
mod tests;
