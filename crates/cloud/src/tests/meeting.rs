//! Meetings and commits to test with.

use jiff::Timestamp;
use protocol::{
    connector::Commit,
    ids::{KeyUrl, MeetingId, OrganizationId, UserId},
    meeting::{Additions, ResponseType, SCHEMA, SealedJoinInfo, SealedMeeting, Sensitivity},
    sealed::Sealed,
};
use uuid::Uuid;

/// A time of the test day, or of another one with its date.
pub(crate) fn at(time: &str) -> Timestamp {
    let text = if time.contains('T') { time.into() } else { format!("2026-11-24T{time}:00Z") };
    text.parse().expect("a time")
}

pub(crate) fn user(address: &str) -> UserId {
    UserId::of(&OrganizationId("example".into()), address)
}

/// Half an hour long, with something to join.
pub(crate) fn meeting(id: &str, rev: i64, start: &str) -> SealedMeeting {
    let sealed = || Sealed::from_compact("a.b.c.d.e".into());
    SealedMeeting {
        id: MeetingId(id.into()),
        series_id: MeetingId(id.into()),
        start: at(start),
        duration_minutes: 30,
        organizer: None,
        is_recurring: false,
        is_all_day: false,
        is_deleted: false,
        last_modified: at("08:00"),
        meeting_sensitivity: Sensitivity::Normal,
        response_type: ResponseType::Accepted,
        encryption_key_url: KeyUrl::new("kms.example.org", Uuid::nil()),
        encrypted_subject: sealed(),
        encrypted_location: None,
        encrypted_notes: Some(sealed()),
        meeting_join_info: Some(SealedJoinInfo { join_url: sealed(), join_uri: None }),
        encrypted_organizer: None,
        encrypted_participants: Vec::new(),
        links: Vec::new(),
        hc: Additions { rev, schema: SCHEMA, ..Additions::default() },
    }
}

/// Nothing but what makes it acceptable; tests add the rest.
pub(crate) fn commit(owner: Uuid, expect_version: i64, batch: u128) -> Commit {
    Commit {
        owner,
        lease_epoch: 1,
        expect_version,
        batch_id: Uuid::from_u128(batch),
        sealed_state: format!("state after {expect_version}"),
        upserts: Vec::new(),
        deletes: Vec::new(),
    }
}
