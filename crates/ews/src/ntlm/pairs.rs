//! The list of attributes that the server sends and the client returns with additions.

use super::{
    NtlmError,
    fields::{put_u16, u16_at},
};

pub(super) const END: u16 = 0;
pub(super) const COMPUTER_NAME: u16 = 1;
pub(super) const DOMAIN_NAME: u16 = 2;
pub(super) const FLAGS: u16 = 6;
pub(super) const TIME: u16 = 7;
pub(super) const TARGET_NAME: u16 = 9;
pub(super) const CHANNEL_BINDING: u16 = 10;
/// In [`FLAGS`]: the message has an integrity code.
pub(super) const HAS_INTEGRITY_CODE: u32 = 2;

const PAIRS_MAX: usize = 64;

/// In the order of the wire; the end mark is not one of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Pairs(Vec<(u16, Vec<u8>)>);

impl Pairs {
    /// What stands behind the end mark is ignored; a missing mark is not.
    pub(super) fn read(mut bytes: &[u8]) -> Result<Self, NtlmError> {
        let mut pairs = Vec::new();
        loop {
            let id = u16_at(bytes, 0)?;
            if id == END {
                return Ok(Self(pairs));
            }
            if pairs.len() == PAIRS_MAX {
                return Err(NtlmError::TooLarge);
            }
            let rest = bytes.get(4..).ok_or(NtlmError::CutOff)?;
            let length = usize::from(u16_at(bytes, 2)?);
            let (value, behind) = rest.split_at_checked(length).ok_or(NtlmError::CutOff)?;
            pairs.push((id, value.to_vec()));
            bytes = behind;
        }
    }

    pub(super) fn get(&self, id: u16) -> Option<&[u8]> {
        self.0.iter().find(|(its, _)| *its == id).map(|(_, value)| value.as_slice())
    }

    pub(super) fn set(&mut self, id: u16, value: &[u8]) {
        self.0.retain(|(its, _)| *its != id);
        self.0.push((id, value.to_vec()));
    }

    pub(super) fn remove(&mut self, id: u16) {
        self.0.retain(|(its, _)| *its != id);
    }

    pub(super) fn number(&self, id: u16) -> Option<u32> {
        self.get(id)?.first_chunk().copied().map(u32::from_le_bytes)
    }

    pub(super) fn write(&self) -> Result<Vec<u8>, NtlmError> {
        let mut bytes = Vec::new();
        for (id, value) in &self.0 {
            put_u16(&mut bytes, *id);
            put_u16(&mut bytes, u16::try_from(value.len()).map_err(|_wide| NtlmError::TooLarge)?);
            bytes.extend_from_slice(value);
        }
        put_u16(&mut bytes, END);
        put_u16(&mut bytes, 0);
        Ok(bytes)
    }
}
