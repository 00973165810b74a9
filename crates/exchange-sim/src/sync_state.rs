//! SyncFolderItems' bookmarks: opaque text that says how far a client has read.

use base64::{Engine, engine::general_purpose::STANDARD};
use ews::ResponseCode;

use crate::{
    failure::{Outcome, refuse},
    ids::checksum,
};

/// A place in the log of one folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SyncState {
    pub(crate) generation: u64,
    pub(crate) mailbox: u64,
    pub(crate) folder: u64,
    /// Where the walk began: what was created since is news.
    pub(crate) base: u64,
    /// Up to where changes have been told.
    pub(crate) position: u64,
}

impl SyncState {
    pub(crate) fn encode(&self) -> String {
        let words = [self.generation, self.mailbox, self.folder, self.base, self.position];
        let mut bytes = words.map(u64::to_be_bytes).concat();
        bytes.extend_from_slice(&checksum(&bytes).to_be_bytes());
        STANDARD.encode(bytes)
    }

    pub(crate) fn decode(text: &str) -> Outcome<Self> {
        Self::parse(text).ok_or_else(|| refuse(ResponseCode::ErrorInvalidSyncStateData))
    }

    fn parse(text: &str) -> Option<Self> {
        let bytes = STANDARD.decode(text.trim()).ok()?;
        let (words, check) = bytes.split_at_checked(40)?;
        if check != checksum(words).to_be_bytes() {
            return None;
        }
        let word = |at: usize| Some(u64::from_be_bytes(words.get(at..at + 8)?.try_into().ok()?));
        Some(Self {
            generation: word(0)?,
            mailbox: word(8)?,
            folder: word(16)?,
            base: word(24)?,
            position: word(32)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::SyncState;

    #[test]
    fn states_come_back_and_junk_does_not() {
        let state = SyncState { generation: 1, mailbox: 2, folder: 3, base: 4, position: 5 };
        let text = state.encode();
        assert_eq!(SyncState::decode(&text), Ok(state));
        assert!(SyncState::decode(&format!("{text}AAAA")).is_err());
        assert!(SyncState::decode("").is_err());
    }
}
