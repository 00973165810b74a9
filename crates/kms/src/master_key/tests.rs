//! A master key comes back as it was, and only from a safe place.

use std::fs;

use super::*;
use crate::folder::Folder;

fn find(file: &Path, is_new: bool) -> Result<MasterKey, MasterKeyFailure> {
    MasterKey::find(&Place::File(file.into()), is_new, &Chance::System)
}

#[test]
fn a_file_is_made_once_and_for_its_owner_only() {
    let folder = Folder::new();
    let file = folder.0.join("master.key");
    let made = find(&file, true).expect("made");
    assert_eq!(fs::metadata(&file).expect("there").permissions().mode() & 0o777, 0o600);
    assert_eq!(find(&file, true).expect("read").0, made.0);
    assert_eq!(find(&file, false).expect("read").0, made.0);
}

#[test]
fn a_file_others_may_read_is_refused() {
    let folder = Folder::new();
    let file = folder.0.join("master.key");
    drop(find(&file, true).expect("made"));
    for mode in [0o640, 0o604, 0o660, 0o601] {
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).expect("ours");
        assert!(matches!(find(&file, false), Err(MasterKeyFailure::TooOpen { .. })), "{mode:o}");
    }
}

#[test]
fn a_lost_or_broken_file_is_not_replaced() {
    let folder = Folder::new();
    let file = folder.0.join("master.key");
    assert!(matches!(find(&file, false), Err(MasterKeyFailure::Missing { .. })));
    assert!(!file.exists());
    for text in ["", "hybridcal-master-key-1:", "hybridcal-master-key-1:AAAA\n", "AAAA"] {
        write_new(&file, text).expect("written");
        assert!(matches!(find(&file, true), Err(MasterKeyFailure::NotAKey { .. })), "{text}");
        fs::remove_file(&file).expect("ours");
    }
    let lost = MasterKey::find(&Place::Memory, false, &Chance::System);
    assert!(matches!(lost, Err(MasterKeyFailure::NotKept)));
}

#[test]
fn a_wrapped_key_unwraps_in_its_own_place_only() {
    let chance = Chance::seeded(1);
    let master_key = MasterKey::generate(&chance);
    let [organization, other_organization] = ["org-1", "org-2"].map(|o| OrganizationId(o.into()));
    let (one, two) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let place =
        |organization, resource, purpose, key| WrappedFor { organization, resource, purpose, key };
    let own = place(&organization, one, Purpose::Content, one);
    let wrapped = master_key.wrap(&[7; 32], &own, &chance).expect("wraps");
    let unwrap = |key: &MasterKey, of: &WrappedFor<'_>| key.unwrap(wrapped.clone(), of).ok();
    assert_eq!(unwrap(&master_key, &own).as_deref(), Some(&[7; 32]));
    for other in [
        place(&other_organization, one, Purpose::Content, one),
        place(&organization, two, Purpose::Content, one),
        place(&organization, one, Purpose::Index, one),
        place(&organization, one, Purpose::Content, two),
    ] {
        assert!(unwrap(&master_key, &other).is_none());
    }
    assert!(unwrap(&MasterKey::generate(&chance), &own).is_none());
    assert!(master_key.unwrap(Vec::new(), &own).is_err());
}

#[test]
fn a_check_value_tells_keys_and_organizations_apart() {
    let chance = Chance::seeded(1);
    let [first, second] = [(); 2].map(|()| MasterKey::generate(&chance));
    let [organization, other] = ["org-1", "org-2"].map(|o| OrganizationId(o.into()));
    assert_eq!(first.check_value(&organization), first.check_value(&organization));
    assert_ne!(first.check_value(&organization), first.check_value(&other));
    assert_ne!(first.check_value(&organization), second.check_value(&organization));
}
