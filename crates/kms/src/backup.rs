//! A copy of the key database in one sealed file, and back: bound to the organization, in pieces
//! of which none can be left out, moved or added.

pub(crate) mod shares;

use std::{
    fs,
    io::{self, BufReader, BufWriter, Read as _, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use protocol::ids::OrganizationId;
use serde::{Deserialize, Serialize};
use world::chance::Chance;
use zeroize::Zeroizing;

use crate::{
    aead::{self, KEY_BYTES},
    framed::framed,
    master_key::{MasterKey, NotWrappedHere, WrappedKey},
    store::{CopiedRow, Store},
};

/// With a number for the day when there is another format.
const FORMAT: &str = "hybridcal-backup-1";
/// A piece is sealed once it has so many bytes; a row is far shorter.
const PIECE_BYTES: usize = 64 * 1024;
/// Longest piece that is read.
const PIECE_BYTES_MAX: usize = 1024 * 1024;
/// Longest first line.
const HEADER_BYTES_MAX: usize = 4096;
const SALT_BYTES: usize = 32;

#[derive(Debug, thiserror::Error)]
pub enum BackupFailure {
    #[error("the key database cannot be read or written")]
    Database(#[from] sqlx::Error),
    #[error("{} cannot be read or written", file.display())]
    File { file: PathBuf, source: io::Error },
    #[error("the copy cannot be read or written")]
    Io(#[from] io::Error),
    #[error("the file is not a copy of a key database")]
    NotACopy,
    #[error("the copy is of another organization")]
    OtherOrganization,
    #[error("the copy was altered or is not whole, or this is not its master key")]
    Altered,
    #[error("a key in the copy does not open under its master key")]
    Key(#[from] NotWrappedHere),
}

/// The first line, in clear.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Header {
    format: String,
    pub(crate) organization: OrganizationId,
    time: Timestamp,
    /// The master key as it lies in the database, so that its guard opens the copy.
    pub(crate) master_key: WrappedKey,
    salt: String,
}

/// Writes a copy; the file must not be there yet.
pub(crate) async fn write(
    store: &Store,
    key: &MasterKey,
    wrapped: WrappedKey,
    organization: &OrganizationId,
    (file, time): (&Path, Timestamp),
    chance: &Chance,
) -> Result<u64, BackupFailure> {
    let failed = |source| BackupFailure::File { file: file.into(), source };
    let mut salt = [0; SALT_BYTES];
    chance.fill(&mut salt);
    let header = Header {
        format: FORMAT.into(),
        organization: organization.clone(),
        time,
        master_key: wrapped,
        salt: STANDARD.encode(salt),
    };
    let header = serde_json::to_string(&header).map_err(io::Error::from)?;
    let out = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(file);
    let mut out = BufWriter::new(out.map_err(failed)?);
    out.write_all(format!("{header}\n").as_bytes())?;
    let mut pieces = Pieces::new(key, &header, chance);
    let mut rows = 0;
    store
        .copy_out(|row| {
            rows += 1;
            pieces.add(&row, &mut out)
        })
        .await?;
    pieces.end(&mut out)?;
    out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
    Ok(rows)
}

struct Pieces<'a> {
    key: Zeroizing<[u8; KEY_BYTES]>,
    header: &'a str,
    chance: &'a Chance,
    number: u64,
    plain: Zeroizing<Vec<u8>>,
}

impl<'a> Pieces<'a> {
    fn new(key: &MasterKey, header: &'a str, chance: &'a Chance) -> Self {
        let plain = Zeroizing::new(Vec::with_capacity(2 * PIECE_BYTES));
        Self { key: copy_key(key, header), header, chance, number: 0, plain }
    }

    fn add(&mut self, row: &CopiedRow, out: &mut impl io::Write) -> Result<(), BackupFailure> {
        serde_json::to_writer(&mut *self.plain, row).map_err(io::Error::from)?;
        self.plain.push(b'\n');
        if self.plain.len() >= PIECE_BYTES { self.seal(More, out) } else { Ok(()) }
    }

    fn end(mut self, out: &mut impl io::Write) -> Result<(), BackupFailure> {
        self.seal(Last, out)
    }

    fn seal(&mut self, place: Place, out: &mut impl io::Write) -> Result<(), BackupFailure> {
        let bound_to = bound_to(self.header, self.number, place);
        let nonce = aead::nonce(self.chance);
        let piece = aead::pack(&self.key, nonce, &bound_to, &self.plain)
            .map_err(|_mismatch| BackupFailure::Altered)?;
        let length = u32::try_from(piece.len()).map_err(|_long| BackupFailure::NotACopy)?;
        out.write_all(&[place as u8])?;
        out.write_all(&length.to_be_bytes())?;
        out.write_all(&piece)?;
        self.number += 1;
        self.plain.clear();
        Ok(())
    }
}

/// Whether others follow a piece.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    More = 0,
    Last = 1,
}

use Place::{Last, More};

/// Reads a copy from its beginning to its end.
pub(crate) struct Copy {
    pub(crate) header: Header,
    line: String,
    input: BufReader<fs::File>,
}

impl Copy {
    pub(crate) fn open(file: &Path, organization: &OrganizationId) -> Result<Self, BackupFailure> {
        let input = fs::File::open(file);
        let input = input.map_err(|source| BackupFailure::File { file: file.into(), source })?;
        let mut input = BufReader::new(input);
        let mut line = Vec::new();
        loop {
            let mut byte = [0];
            input.read_exact(&mut byte).map_err(|_end| BackupFailure::NotACopy)?;
            if byte == *b"\n" {
                break;
            }
            line.extend(byte);
            if line.len() > HEADER_BYTES_MAX {
                return Err(BackupFailure::NotACopy);
            }
        }
        let line = String::from_utf8(line).map_err(|_form| BackupFailure::NotACopy)?;
        let header: Header =
            serde_json::from_str(&line).map_err(|_form| BackupFailure::NotACopy)?;
        if header.format != FORMAT {
            return Err(BackupFailure::NotACopy);
        }
        if header.organization != *organization {
            return Err(BackupFailure::OtherOrganization);
        }
        Ok(Self { header, line, input })
    }

    /// The rows, one after the other; the end is an end only if it is the copy's own.
    pub(crate) fn rows(self, key: &MasterKey) -> Rows {
        Rows {
            key: copy_key(key, &self.line),
            copy: self,
            number: 0,
            waiting: Vec::new().into_iter(),
            is_last: false,
        }
    }
}

pub(crate) struct Rows {
    copy: Copy,
    key: Zeroizing<[u8; KEY_BYTES]>,
    number: u64,
    waiting: std::vec::IntoIter<CopiedRow>,
    is_last: bool,
}

impl Rows {
    pub(crate) fn next(&mut self) -> Result<Option<CopiedRow>, BackupFailure> {
        loop {
            if let Some(row) = self.waiting.next() {
                return Ok(Some(row));
            }
            if self.is_last {
                let mut rest = [0];
                let is_end = self.copy.input.read(&mut rest)? == 0;
                return if is_end { Ok(None) } else { Err(BackupFailure::Altered) };
            }
            self.open_piece()?;
        }
    }

    fn open_piece(&mut self) -> Result<(), BackupFailure> {
        let cut_off = |_end: io::Error| BackupFailure::Altered;
        let (mut place, mut length) = ([0], [0; 4]);
        self.copy.input.read_exact(&mut place).map_err(cut_off)?;
        self.copy.input.read_exact(&mut length).map_err(cut_off)?;
        let place = match place {
            [0] => More,
            [1] => Last,
            [_] => return Err(BackupFailure::Altered),
        };
        let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
        if length > PIECE_BYTES_MAX {
            return Err(BackupFailure::Altered);
        }
        let mut piece = Zeroizing::new(vec![0; length]);
        self.copy.input.read_exact(&mut piece).map_err(cut_off)?;
        let bound_to = bound_to(&self.copy.line, self.number, place);
        let plain = aead::unpack(&self.key, &bound_to, &mut piece)
            .map_err(|_mismatch| BackupFailure::Altered)?;
        let lines = plain.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let rows = lines.map(serde_json::from_slice).collect::<Result<Vec<CopiedRow>, _>>();
        self.waiting = rows.map_err(|_form| BackupFailure::NotACopy)?.into_iter();
        self.number += 1;
        self.is_last = place == Last;
        Ok(())
    }
}

/// One key per copy, from which the master key cannot be found again.
fn copy_key(key: &MasterKey, header: &str) -> Zeroizing<[u8; KEY_BYTES]> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.bytes());
    let tag = hmac::sign(&key, &framed(&[b"hck backup", header.as_bytes()]));
    let mut bytes = Zeroizing::new([0; KEY_BYTES]);
    // SHA-256 has 32 bytes.
    bytes.copy_from_slice(tag.as_ref());
    bytes
}

fn bound_to(header: &str, number: u64, place: Place) -> Vec<u8> {
    framed(&[b"hck backup piece", header.as_bytes(), &number.to_be_bytes(), &[place as u8]])
}

#[cfg(test)]
mod tests;
