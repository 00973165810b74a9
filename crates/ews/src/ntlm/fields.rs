//! Numbers and payload fields inside NTLM messages, little-endian.

use super::NtlmError;

pub(super) fn put_u16(message: &mut Vec<u8>, value: u16) {
    message.extend_from_slice(&value.to_le_bytes());
}

pub(super) fn put_u32(message: &mut Vec<u8>, value: u32) {
    message.extend_from_slice(&value.to_le_bytes());
}

pub(super) fn bytes_at<const N: usize>(message: &[u8], at: usize) -> Result<[u8; N], NtlmError> {
    let bytes = message.get(at..).and_then(|rest| rest.first_chunk());
    bytes.copied().ok_or(NtlmError::CutOff)
}

pub(super) fn u16_at(message: &[u8], at: usize) -> Result<u16, NtlmError> {
    bytes_at(message, at).map(u16::from_le_bytes)
}

pub(super) fn u32_at(message: &[u8], at: usize) -> Result<u32, NtlmError> {
    bytes_at(message, at).map(u32::from_le_bytes)
}

/// What the length and offset at `at` point to.
pub(super) fn field(message: &[u8], at: usize) -> Result<&[u8], NtlmError> {
    let length = usize::from(u16_at(message, at)?);
    let offset = usize::try_from(u32_at(message, at + 4)?).map_err(|_wide| NtlmError::CutOff)?;
    if length == 0 {
        return Ok(&[]);
    }
    let end = offset.checked_add(length).ok_or(NtlmError::CutOff)?;
    message.get(offset..end).ok_or(NtlmError::CutOff)
}

/// A message's fixed part, which points into the payload behind it.
pub(super) struct Writer {
    head: Vec<u8>,
    payload: Vec<u8>,
    head_bytes: usize,
}

impl Writer {
    pub(super) fn new(head: Vec<u8>, head_bytes: usize) -> Self {
        Self { head, payload: Vec::new(), head_bytes }
    }

    pub(super) fn head(&mut self) -> &mut Vec<u8> {
        &mut self.head
    }

    pub(super) fn field(&mut self, content: &[u8]) -> Result<(), NtlmError> {
        let length = u16::try_from(content.len()).map_err(|_wide| NtlmError::TooLarge)?;
        let offset = u32::try_from(self.head_bytes + self.payload.len());
        put_u16(&mut self.head, length);
        put_u16(&mut self.head, length);
        put_u32(&mut self.head, offset.map_err(|_wide| NtlmError::TooLarge)?);
        self.payload.extend_from_slice(content);
        Ok(())
    }

    pub(super) fn finish(mut self) -> Vec<u8> {
        self.head.resize(self.head_bytes, 0);
        self.head.append(&mut self.payload);
        self.head
    }
}
