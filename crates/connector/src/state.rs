//! What a connector remembers about a mailbox. It lies sealed in the cloud, is committed together
//! with the meetings it covers, and holds no content: bookmarks, hashes and ids.

use std::collections::{BTreeMap, BTreeSet};

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use jiff::Timestamp;
use protocol::{connector::MailboxState, ids::MeetingId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{entry::Version, news::SourceId};

/// Meetings remembered per mailbox; keeps the sealed state below the cloud's bound.
pub const ENTRIES_MAX: usize = 1000;

/// What one takes in memory, with its id and its place in the map; roughly.
const ENTRY_BYTES: usize = 256;
/// Conferences held per mailbox; no more are asked for.
pub const HELD_MAX: usize = 150;
/// Content keys remembered per mailbox, years of them; beyond it everything is sealed anew.
pub const KEYS_MAX: usize = 16;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// The source's bookmark; opaque.
    pub sync_state: Option<String>,
    /// The newest content revision given out.
    pub revision: i64,
    /// What is in the person's list, as uploaded.
    pub entries: BTreeMap<MeetingId, Entry>,
    /// Content keys that what is in the list was sealed with.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub keys: BTreeSet<Uuid>,
    /// Conferences that were asked of providers which must be called, by the tag of their key.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub held: BTreeMap<String, Held>,
}

/// A conference that must be ended one day. It stands here before the provider is asked for it, so
/// that a crash at any moment leaves none that nobody knows of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// Its name in the settings.
    pub conference: String,
    /// The entry that asks for it, as the source names it.
    pub item: Secret,
    /// The provider's own id, once we have heard it.
    pub reference: Option<Secret>,
    /// What the provider was told, to see when that has changed.
    pub told: Option<Hash>,
    /// Milliseconds since 1970: when the meeting begins and ends.
    pub from_ms: i64,
    pub to_ms: i64,
    /// Whether it repeats: then having begun is no reason to leave it.
    #[serde(default)]
    pub is_series: bool,
    /// When to end it, because nobody asks for it any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at_ms: Option<i64>,
}

/// An id that is sealed with the rest, and shown nowhere.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

/// One uploaded meeting, as far as needed to see that it has not changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Hash of the source's id, since a deletion names only that.
    pub item: Hash,
    /// Hash of the source's version. Occurrences share their master's, so the times count too.
    pub version: Hash,
    /// Milliseconds since 1970.
    pub start_ms: i64,
    pub end_ms: i64,
}

/// 12 bytes of SHA-256: enough to tell a mailbox's items apart, too little to keep content.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Hash(String);

impl Hash {
    /// Each part with its length, so that no two lists of parts look alike.
    pub fn of(parts: &[&[u8]]) -> Self {
        let mut bytes = Vec::new();
        for part in parts {
            bytes.extend_from_slice(&part.len().to_be_bytes());
            bytes.extend_from_slice(part);
        }
        let digest = digest(&SHA256, &bytes);
        Self(STANDARD_NO_PAD.encode(digest.as_ref().get(..12).unwrap_or_default()))
    }

    pub fn of_item(id: &SourceId) -> Self {
        Self::of(&[b"item", id.0.as_bytes()])
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A hash that was written down before.
    pub fn from_text(text: &str) -> Self {
        Self(text.to_owned())
    }

    pub fn of_version(version: &Version) -> Self {
        Self::of(&[b"version", version.0.as_bytes()])
    }
}

impl Entry {
    /// For a meeting that the cloud has and we know nothing else about: whatever Exchange says is
    /// news, and if it says nothing, the meeting is deleted.
    pub fn unknown() -> Self {
        let nothing = Hash::of(&[]);
        Self { item: nothing.clone(), version: nothing, start_ms: i64::MIN, end_ms: i64::MAX }
    }

    pub fn is_of(&self, id: &SourceId) -> bool {
        self.item == Hash::of_item(id)
    }

    pub fn new(id: &SourceId, version: &Version, start: Timestamp, end: Timestamp) -> Self {
        Self {
            item: Hash::of_item(id),
            version: Hash::of_version(version),
            start_ms: start.as_millisecond(),
            end_ms: end.as_millisecond(),
        }
    }
}

impl State {
    /// What can be said without having remembered anything: which meetings are listed, and that
    /// new revisions must be higher.
    pub fn from_cloud(stored: &MailboxState) -> Self {
        let entries = stored.meetings.iter().map(|id| (id.clone(), Entry::unknown()));
        Self {
            sync_state: None,
            revision: stored.newest_rev,
            entries: entries.collect(),
            keys: BTreeSet::new(),
            held: BTreeMap::new(),
        }
    }

    /// Everything is to be read and sealed anew, since what is in the list does not open.
    pub fn forget_seals(&mut self) {
        self.sync_state = None;
        self.keys.clear();
        self.entries.values_mut().for_each(|entry| *entry = Entry::unknown());
    }

    /// Grows with every change, even if this state was rolled back: the clock carries it on.
    pub fn next_revision(&mut self, now_ms: i64) -> i64 {
        self.revision = now_ms.max(self.revision.saturating_add(1));
        self.revision
    }

    /// Whether this very version of the item has been uploaded: then a hint tells nothing new.
    pub fn knows(&self, id: &SourceId, version: &Version) -> bool {
        let (item, version) = (Hash::of_item(id), Hash::of_version(version));
        self.entries.values().any(|entry| entry.item == item && entry.version == version)
    }

    /// The meetings that were made from an item.
    pub fn meetings_of(&self, id: &SourceId) -> Vec<MeetingId> {
        let item = Hash::of_item(id);
        let of_item = self.entries.iter().filter(|(_, entry)| entry.item == item);
        of_item.map(|(meeting, _)| meeting.clone()).collect()
    }

    /// Roughly, in memory.
    pub fn bytes(&self) -> usize {
        (self.entries.len() + 2 * self.held.len()) * ENTRY_BYTES
            + self.sync_state.as_ref().map_or(0, String::len)
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        // A map of strings and numbers always serializes.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// `None` for another format: everything is then read anew.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revision_always_grows() {
        let mut state = State::default();
        assert_eq!(state.next_revision(1000), 1000);
        assert_eq!(state.next_revision(1000), 1001);
        assert_eq!(state.next_revision(500), 1002);
        assert_eq!(State::default().next_revision(2000), 2000, "a lost state cannot lower it");
    }

    #[test]
    fn survives_its_bytes_and_stays_within_its_bound() {
        let time = Timestamp::from_second(1_795_510_800).expect("a time");
        let mut state = State { sync_state: Some("x".repeat(4096)), ..State::default() };
        for n in 0..ENTRIES_MAX {
            let id = SourceId(format!("AAMk{n}"));
            let entry = Entry::new(&id, &Version("DwAA".into()), time, time);
            state.entries.insert(MeetingId(format!("{n:022}")), entry);
        }
        for n in 0..HELD_MAX {
            let held = Held {
                conference: "webex".into(),
                item: Secret("x".repeat(152)),
                reference: Some(Secret("x".repeat(32))),
                told: Some(Hash::of(&[b"x"])),
                from_ms: time.as_millisecond(),
                to_ms: time.as_millisecond(),
                is_series: true,
                ends_at_ms: Some(time.as_millisecond()),
            };
            state.held.insert(format!("{n:052}"), held);
        }
        state.keys.extend((0..=KEYS_MAX).map(|key| Uuid::from_u128(u128::MAX - key as u128)));
        let bytes = state.to_bytes();
        assert!(
            bytes.len() * 4 / 3 < protocol::connector::SEALED_STATE_BYTES_MAX,
            "{}",
            bytes.len()
        );
        assert_eq!(State::from_bytes(&bytes), Some(state));
        assert_eq!(State::from_bytes(b"{"), None);
    }

    #[test]
    fn forgotten_seals_make_everything_news_and_lower_no_revision() {
        let (id, version) = (SourceId("AAMk".into()), Version("DwAA".into()));
        let time = Timestamp::UNIX_EPOCH;
        let mut state = State { revision: 7, sync_state: Some("x".into()), ..State::default() };
        state.keys.insert(Uuid::nil());
        state.entries.insert(MeetingId("m".into()), Entry::new(&id, &version, time, time));
        assert!(state.knows(&id, &version));
        state.forget_seals();
        assert!(!state.knows(&id, &version));
        assert_eq!((state.entries.len(), state.revision), (1, 7));
        assert!(state.keys.is_empty() && state.sync_state.is_none());
    }

    #[test]
    fn parts_do_not_run_together() {
        assert_ne!(Hash::of(&[b"ab", b"c"]), Hash::of(&[b"a", b"bc"]));
    }
}
