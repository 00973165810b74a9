//! Where a trace lies: a folder of its own that only its owner can read, filled up to a bound and
//! then left alone.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use serde::Serialize;

/// Messages of one trace; it ends with the last.
pub const MESSAGES_MAX: usize = 4000;
/// All files together; the trace ends when the next would not fit.
pub const TRACE_BYTES_MAX: usize = 64 * 1024 * 1024;

const README: &str = "\
A trace of what an Exchange server and Hybrid Calendar said to each other.

index.jsonl   one line per message, in order: when, which operation, how long, status, chosen
              headers, the file that holds the message
*.xml         the messages

What was replaced, before anything was written here:

* texts (subjects, places, bodies, names of folders, automatic replies, everything not listed
  below): letters by x and X, digits by 0, letters of other alphabets by one of the same size.
  Length, blanks, punctuation and the tags of an HTML body stay.
* addresses: by alice1@redacted1.example and the like; the same address always by the same one.
  Names of people: by Person 1 and the like. Names of servers: by server1 and the like.
* ids, change keys, bookmarks, identities of meetings: by random text of the same length; the same
  id always by the same text. The key for that was never written anywhere.
* explanations of errors: only words that such explanations are made of stay.
* passwords, tokens and values of cookies were never recorded.
* of an answer that is not well-formed XML: all but its length and kind.

What stays: names of elements, codes, numbers, switches, versions, classes, known time zones, and
times. Times show when meetings without a name took place in a calendar without a name; record a
test mailbox if that is too much.

Read the files before you send them to anybody.
";

pub(super) struct Folder {
    path: PathBuf,
    index: File,
    messages: usize,
    bytes: usize,
}

/// Nothing more is written after it.
#[derive(Debug, thiserror::Error)]
pub enum End {
    #[error("it is as large as it may become")]
    Full,
    #[error("it cannot be written")]
    Unwritable(#[from] io::Error),
}

impl Folder {
    /// The folder must be new or empty: two traces in one could not be told apart.
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        create_private(path)?;
        if fs::read_dir(path)?.next().is_some() {
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, "the folder is not empty"));
        }
        new_file(&path.join("README.txt"))?.write_all(README.as_bytes())?;
        let index = new_file(&path.join("index.jsonl"))?;
        Ok(Self { path: path.to_owned(), index, messages: 0, bytes: README.len() })
    }

    /// A line of the index and the file it names.
    pub(super) fn put(
        &mut self,
        entry: &impl Serialize,
        file: Option<(&str, &str)>,
    ) -> Result<(), End> {
        let mut line = serde_json::to_vec(entry).map_err(io::Error::from)?;
        line.push(b'\n');
        let bytes = line.len() + file.map_or(0, |(_, text)| text.len());
        if self.messages >= MESSAGES_MAX || self.bytes + bytes > TRACE_BYTES_MAX {
            return Err(End::Full);
        }
        self.messages += 1;
        self.bytes += bytes;
        if let Some((name, text)) = file {
            new_file(&self.path.join(name))?.write_all(text.as_bytes())?;
        }
        self.index.write_all(&line)?;
        Ok(())
    }
}

#[cfg(unix)]
fn create_private(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

#[cfg(not(unix))]
fn create_private(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)
}

fn new_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
