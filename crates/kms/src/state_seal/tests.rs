//! A state opens only where, when and by the key it was sealed.

use protocol::ids::KeyUrl;

use super::*;

fn key(id: u128) -> ContentKey {
    ContentKey::new(KeyUrl::new("kms.example.org", Uuid::from_u128(id)), [5; 32])
}

#[test]
fn a_state_opens_in_its_own_place_only() {
    let chance = Chance::seeded(1);
    let organizations = ["org-1", "org-2"].map(|id| OrganizationId(id.into()));
    let clusters = ["c-1", "c-2"].map(|id| ConnectorId(id.into()));
    let place = StatePlace {
        organization: &organizations[0],
        cluster: &clusters[0],
        user: UserId(Uuid::from_u128(1)),
        version: 1,
        lease_epoch: 11,
    };
    let sealed = seal_state(&key(1), &place, b"sync state", &chance).expect("seals");
    assert_eq!(open_state(&key(1), &place, &sealed).as_deref(), Ok(&b"sync state"[..]));

    let others = [
        StatePlace { organization: &organizations[1], ..place.clone() },
        StatePlace { cluster: &clusters[1], ..place.clone() },
        StatePlace { user: UserId(Uuid::from_u128(2)), ..place.clone() },
        StatePlace { version: 2, ..place.clone() },
        StatePlace { lease_epoch: 12, ..place.clone() },
        StatePlace { version: 11, lease_epoch: 1, ..place.clone() },
    ];
    for other in others {
        assert_eq!(open_state(&key(1), &other, &sealed), Err(OpenStateFailure::Altered));
    }
    let other_key = open_state(&key(2), &place, &sealed);
    assert_eq!(other_key, Err(OpenStateFailure::OtherKey(Uuid::from_u128(1))));

    for damaged in [&sealed[..8], "", "%%%", &"A".repeat(SEALED_STATE_BYTES_MAX + 4)] {
        assert_eq!(open_state(&key(1), &place, damaged), Err(OpenStateFailure::Malformed));
    }
    let start = &sealed[..sealed.len() - 4];
    assert_eq!(open_state(&key(1), &place, start), Err(OpenStateFailure::Altered));
}

#[test]
fn a_state_has_a_bound() {
    let chance = Chance::seeded(1);
    let place = StatePlace {
        organization: &OrganizationId("org-1".into()),
        cluster: &ConnectorId("c-1".into()),
        user: UserId(Uuid::nil()),
        version: 1,
        lease_epoch: 1,
    };
    let sealed = seal_state(&key(1), &place, &vec![0; SEALED_STATE_BYTES_MAX], &chance);
    assert_eq!(sealed, Err(SealFailure::TooLong));
}
