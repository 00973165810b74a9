//! Cutting the endless answer of GetStreamingEvents into its documents; chunks mean nothing.

use std::fmt;

/// Bytes of documents that are not complete or not taken yet; a real one has a few kilobytes.
pub const STREAM_BUFFER_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Takes bytes as they arrive and gives whole SOAP documents.
#[derive(Default)]
pub struct Splitter {
    buffer: Vec<u8>,
    /// The close tag of the current document without its `>`, once its start tag has been seen.
    close_tag: Option<Vec<u8>>,
    /// No start tag, or no close tag, begins before this position.
    searched: usize,
}

/// More than [`STREAM_BUFFER_BYTES_MAX`] arrived without a complete document being taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamOverflow;

impl Splitter {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn push(&mut self, bytes: &[u8]) -> Result<(), StreamOverflow> {
        if self.buffer.len() + bytes.len() > STREAM_BUFFER_BYTES_MAX {
            return Err(StreamOverflow);
        }
        self.buffer.extend_from_slice(bytes);
        Ok(())
    }

    /// The next complete document, from what precedes its root to the end of its root.
    pub fn next_document(&mut self) -> Option<Vec<u8>> {
        if self.close_tag.is_none() {
            self.learn_close_tag();
        }
        let end = self.find_end()?;
        let rest = self.buffer.split_off(end);
        self.close_tag = None;
        self.searched = 0;
        Some(std::mem::replace(&mut self.buffer, rest))
    }

    /// Whether part of a document waits for its rest: a stream that ends so was cut off.
    pub fn is_inside_document(&self) -> bool {
        self.buffer.iter().any(|byte| !byte.is_ascii_whitespace())
    }

    /// Looks for the first start tag whose local name is `Envelope`, with whatever prefix.
    fn learn_close_tag(&mut self) {
        while let Some(start) = find(&self.buffer, b"<", self.searched) {
            let name_start = start + 1;
            let name = self.buffer.get(name_start..).unwrap_or_default();
            let Some(length) = name.iter().position(|&byte| ends_name(byte)) else {
                self.searched = start; // the name may go on in the next chunk
                return;
            };
            self.searched = name_start;
            let name = name.get(..length).unwrap_or_default();
            if name == b"Envelope" || name.ends_with(b":Envelope") {
                self.close_tag = Some([b"</", name].concat());
                return;
            }
        }
        self.searched = self.buffer.len();
    }

    /// The position after the close tag, which may have blanks before its `>`.
    fn find_end(&mut self) -> Option<usize> {
        let close_tag = self.close_tag.as_deref()?;
        while let Some(start) = find(&self.buffer, close_tag, self.searched) {
            self.searched = start;
            let mut after = start + close_tag.len();
            while self.buffer.get(after)?.is_ascii_whitespace() {
                after += 1;
            }
            if self.buffer.get(after) == Some(&b'>') {
                return Some(after + 1);
            }
            self.searched = start + 1;
        }
        self.searched = self.buffer.len().saturating_sub(close_tag.len()).max(self.searched);
        None
    }
}

fn ends_name(byte: u8) -> bool {
    byte.is_ascii_whitespace() || matches!(byte, b'>' | b'/')
}

fn find(bytes: &[u8], needle: &[u8], from: usize) -> Option<usize> {
    let found = bytes.get(from..)?.windows(needle.len()).position(|window| window == needle)?;
    Some(from + found)
}

impl fmt::Debug for Splitter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Splitter").field("buffered", &self.buffer.len()).finish_non_exhaustive()
    }
}

impl fmt::Display for StreamOverflow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a document of the stream is too large")
    }
}

impl std::error::Error for StreamOverflow {}

#[cfg(test)]
mod tests;
