//! A master key comes back as it was, from a safe place, and under the guard of its generation only.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use jiff::Timestamp;
use world::clock::Clock;

use super::{
    guard::{from_credential, from_file, write_new},
    *,
};
use crate::{
    config::KeyPlace,
    folder::Folder,
    store::{Store, tests::scratch_place},
};

fn find(file: &Path, may_make: bool) -> Result<MasterKey, MasterKeyFailure> {
    from_file(file, may_make, &Chance::System)
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
}

#[test]
fn a_credential_is_found_by_its_name_and_never_made() {
    let folder = Folder::new();
    let text = new_text(&Chance::System);
    write_new(&folder.0.join("kms-key"), &text).expect("written");
    // systemd grants the service by a list, which shows as the group's right.
    let mode = fs::Permissions::from_mode(0o440);
    fs::set_permissions(folder.0.join("kms-key"), mode).expect("ours");
    write_new(&folder.0.join("same"), &text).expect("written");
    let found = |name: &str| from_credential(Some(&folder.0), name);
    assert_eq!(
        found("kms-key").expect("there").0,
        find(&folder.0.join("same"), false).expect("read").0
    );
    assert!(matches!(found("other"), Err(MasterKeyFailure::NoCredential { .. })));
    assert!(matches!(from_credential(None, "kms-key"), Err(MasterKeyFailure::NoCredential { .. })));
    for name in ["", "..", "../kms-key", "a/b", "/etc/passwd"] {
        assert!(matches!(found(name), Err(MasterKeyFailure::CredentialName { .. })), "{name}");
    }
}

struct Kept {
    folder: Folder,
    store: Store,
}

impl Kept {
    async fn new() -> Self {
        let clock = Clock::virtual_from(Timestamp::UNIX_EPOCH);
        let store = Store::open(&scratch_place().await, clock).await.expect("opens");
        Self { folder: Folder::new(), store }
    }

    fn place(&self, name: &str) -> KeyPlace {
        KeyPlace::File(self.folder.0.join(name))
    }

    async fn open(&self, name: &str) -> Result<MasterKey, MasterKeyFailure> {
        open(&self.store, &self.place(name), &organization(), &Chance::System).await
    }

    async fn rekey(&self, from: &str, to: &str) -> Result<Rekeyed, MasterKeyFailure> {
        let (from, to) = (self.place(from), self.place(to));
        let now = Timestamp::UNIX_EPOCH;
        rekey(&self.store, [&from, &to], &organization(), &Chance::System, now).await
    }
}

fn organization() -> OrganizationId {
    OrganizationId("org-1".into())
}

#[tokio::test(start_paused = true)]
async fn a_replaced_guard_is_refused_by_its_generation() {
    let kept = Kept::new().await;
    let key = kept.open("first").await.expect("made");
    assert_eq!(kept.rekey("first", "second").await.expect("done").generation, 2);
    assert_eq!(kept.open("second").await.expect("the same key").0, key.0);
    let refused = kept.open("first").await.err();
    assert!(matches!(refused, Some(MasterKeyFailure::OtherGeneration { found: 1, needed: 2 })));
    assert_eq!(kept.rekey("second", "third").await.expect("done").generation, 3);
    assert_eq!(kept.open("third").await.expect("the same key").0, key.0);
    for (name, generation) in [("first", 1), ("second", 2)] {
        let refused = kept.open(name).await.err();
        let is_named = matches!(
            refused,
            Some(MasterKeyFailure::OtherGeneration { found, needed: 3 }) if found == generation
        );
        assert!(is_named, "{name}");
        assert!(kept.rekey(name, "fourth").await.is_err(), "nor does it rekey");
    }
    // What was never a guard of this database.
    drop(find(&kept.folder.0.join("foreign"), true).expect("made"));
    assert!(matches!(kept.open("foreign").await, Err(MasterKeyFailure::OtherKey)));
    assert!(matches!(kept.open("missing").await, Err(MasterKeyFailure::Missing { .. })));
}

#[tokio::test(start_paused = true)]
async fn a_database_of_another_organization_or_without_its_guard_is_refused() {
    let kept = Kept::new().await;
    kept.open("key").await.expect("made");
    let other = OrganizationId("org-2".into());
    let refused = open(&kept.store, &kept.place("key"), &other, &Chance::System).await;
    assert!(matches!(refused, Err(MasterKeyFailure::OtherKey)));
    let memory = open(&kept.store, &KeyPlace::Memory, &organization(), &Chance::System).await;
    assert!(matches!(memory, Err(MasterKeyFailure::NotKept)));
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
