//! A copy comes back whole, with its guard or with two shares, and altered or with others not at all.

use jiff::Timestamp;
use protocol::keys::Purpose;
use uuid::Uuid;
use world::{World, memory::Memory};

use super::*;
use crate::{
    audit::{Entry, verify::verify},
    config::{Config, KeyPlace},
    custody::{Custody, CustodyFailure, restore},
    folder::Folder,
    master_key::{MasterKeyFailure, WrappedFor},
    store::StoredKey,
};

const ROWS: usize = 700;

struct Kept {
    memory: Memory,
    folder: Folder,
    config: Config,
}

impl Kept {
    /// A database with more rows than a piece holds.
    async fn new() -> Self {
        let memory = World::in_memory(Timestamp::UNIX_EPOCH, 3);
        let folder = Folder::new();
        let config = folder.config();
        let store = Store::open(&config.database, memory.clock().clone()).await.expect("opens");
        let (organization, chance) = (&config.organization, Chance::System);
        let key = crate::master_key::open(&store, &config.master_key, organization, &chance);
        let key = key.await.expect("made");
        crate::custody::audit_key(&store, &key, organization, &chance).await.expect("made");
        for number in 0..ROWS as u128 {
            let (id, purpose) = (Uuid::from_u128(number + 1), Purpose::Content);
            let of = WrappedFor { organization, resource: id, purpose, key: id };
            let wrapped = key.wrap(&[7; KEY_BYTES], &of, &chance).expect("wraps");
            let made = Timestamp::UNIX_EPOCH;
            let stored = StoredKey { id, resource: id, purpose, made, wrapped };
            let entry = Entry {
                time: made.to_string(),
                actor: "connector c-1".into(),
                op: "create".into(),
                object: id.to_string(),
                result: 201,
            };
            assert!(store.put_first_key(stored, entry).await.expect("put"));
        }
        // More than are read at once, with one user's across the border.
        for number in 0..1100 {
            let text = format!(
                "insert into devices (user_id, id, x, y, made_ms) \
                 values ('user-{}', 'device-{number}', 'x', 'y', {number})",
                number / 30
            );
            store.execute_any(&text).await.expect("put");
        }
        store.close().await;
        Self { memory, folder, config }
    }

    fn world(&self) -> World {
        self.memory.host("kms")
    }

    fn copy(&self) -> PathBuf {
        self.folder.0.join("copy")
    }

    async fn custody(&self) -> Custody {
        Custody::open(&self.config, self.world()).await.expect("opens")
    }

    /// The same settings with an empty database, and without the guard.
    fn elsewhere(&self, folder: &Folder) -> Config {
        Config { organization: self.config.organization.clone(), ..folder.config() }
    }

    async fn shares(&self) -> [Zeroizing<String>; 3] {
        self.custody().await.split(&self.config).await.expect("split")
    }
}

async fn keys(config: &Config, world: &World) -> usize {
    let store = Store::open(&config.database, world.clock.clone()).await.expect("opens");
    let key =
        crate::master_key::open(&store, &config.master_key, &config.organization, &Chance::System);
    let key = key.await.expect("the guard fits");
    let mut count = 0;
    let opened = store.each_key(|stored| {
        let StoredKey { id, resource, purpose, wrapped, .. } = stored;
        let of = WrappedFor { organization: &config.organization, resource, purpose, key: id };
        assert_eq!(*key.unwrap(wrapped, &of).expect("opens"), [7; KEY_BYTES]);
        count += 1;
        Ok::<_, sqlx::Error>(())
    });
    opened.await.expect("read");
    store.close().await;
    count
}

#[tokio::test(start_paused = true)]
async fn a_copy_comes_back_with_its_guard() {
    let kept = Kept::new().await;
    let custody = kept.custody().await;
    let rows = custody.backup(&kept.config, &kept.copy()).await.expect("written");
    let settings = 5;
    assert_eq!(rows, 2 * ROWS as u64 + 1100 + settings);
    let bytes = fs::read(kept.copy()).expect("there");
    assert!(!bytes.windows(13).any(|window| window == b"connector c-1"), "it is sealed");
    assert!(bytes.len() > 2 * PIECE_BYTES, "in several pieces");
    // Not over another file, not into a database with something in it.
    let again = custody.backup(&kept.config, &kept.copy()).await;
    assert!(matches!(again, Err(CustodyFailure::Backup(BackupFailure::File { .. }))));
    let again = restore(&kept.config, &kept.world(), &kept.copy(), &[]).await;
    assert!(matches!(again, Err(CustodyFailure::NotEmpty)));

    let folder = Folder::new();
    let config = Config { master_key: kept.config.master_key.clone(), ..kept.elsewhere(&folder) };
    let whole = restore(&config, &kept.world(), &kept.copy(), &[]).await.expect("restored");
    assert_eq!(whole.head.seq, i64::try_from(ROWS).expect("small") + 1, "and a row about it");
    assert_eq!(keys(&config, &kept.world()).await, ROWS);
    let custody = Custody::open(&config, kept.world()).await.expect("opens");
    let again = custody.backup(&config, &folder.0.join("copy")).await.expect("written");
    assert_eq!(again, rows + 1, "nothing is left out, and nothing twice");
    let store = Store::open(&config.database, kept.memory.clock().clone()).await.expect("opens");
    assert_eq!(verify(&store, &config.organization, &[]).await.expect("whole"), whole);
}

#[tokio::test(start_paused = true)]
async fn a_lost_guard_is_replaced_from_two_shares() {
    let kept = Kept::new().await;
    kept.custody().await.backup(&kept.config, &kept.copy()).await.expect("written");
    let [one, two, three] = kept.shares().await;
    let folder = Folder::new();
    let config = kept.elsewhere(&folder);
    // Another guard is not the one, and nothing is made up.
    let without = restore(&config, &kept.world(), &kept.copy(), &[]).await;
    let missing =
        matches!(without, Err(CustodyFailure::MasterKey(MasterKeyFailure::Missing { .. })));
    assert!(missing);
    let one_only = restore(&config, &kept.world(), &kept.copy(), std::slice::from_ref(&one)).await;
    assert!(matches!(one_only, Err(CustodyFailure::Shares(_))));
    let foreign = Kept::new().await.shares().await;
    let foreign = restore(&config, &kept.world(), &kept.copy(), &foreign[..2]).await;
    assert!(matches!(foreign, Err(CustodyFailure::Backup(BackupFailure::Altered))));
    assert!(!folder.0.join("master.key").exists(), "nothing was made for wrong shares");

    let shares = [three, two];
    restore(&config, &kept.world(), &kept.copy(), &shares).await.expect("restored");
    assert_eq!(keys(&config, &kept.world()).await, ROWS);
    // The lost guard, should it turn up, is of a generation before.
    let found = Config { master_key: kept.config.master_key.clone(), ..config };
    let store = Store::open(&found.database, kept.memory.clock().clone()).await.expect("opens");
    let refused =
        crate::master_key::open(&store, &found.master_key, &found.organization, &Chance::System);
    let refused = refused.await.err();
    assert!(matches!(refused, Some(MasterKeyFailure::OtherGeneration { found: 1, needed: 2 })));
}

#[tokio::test(start_paused = true)]
async fn an_altered_copy_is_refused_and_leaves_nothing() {
    let kept = Kept::new().await;
    kept.custody().await.backup(&kept.config, &kept.copy()).await.expect("written");
    let bytes = fs::read(kept.copy()).expect("there");
    let body = bytes.iter().position(|byte| *byte == b'\n').expect("a line") + 1;
    let length =
        |at: usize| 5 + u32::from_be_bytes(bytes[at + 1..at + 5].try_into().expect("4")) as usize;
    let (second, third) = (body + length(body), body + length(body) + length(body + length(body)));
    let mut altered: Vec<(&str, Vec<u8>)> = vec![
        ("cut off inside a piece", bytes[..bytes.len() - 1].to_vec()),
        ("cut off behind a piece", bytes[..second].to_vec()),
        ("without a piece", [&bytes[..body], &bytes[second..]].concat()),
        ("with a piece twice", [&bytes[..second], &bytes[body..]].concat()),
        (
            "with pieces exchanged",
            [&bytes[..body], &bytes[second..third], &bytes[body..second], &bytes[third..]].concat(),
        ),
        ("with more behind it", [&bytes[..], b"x"].concat()),
        ("empty", Vec::new()),
        ("no copy", b"{}\n".to_vec()),
    ];
    for at in [body, body + 2, body + 40, second + 100, bytes.len() - 1] {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1;
        altered.push(("with a bit changed", flipped));
    }
    let time = String::from_utf8_lossy(&bytes[..body]).replace("1970-", "1971-");
    altered.push(("of another time", [time.as_bytes(), &bytes[body..]].concat()));
    for (what, bytes) in altered {
        let folder = Folder::new();
        let master_key = kept.config.master_key.clone();
        let config = Config { master_key, ..kept.elsewhere(&folder) };
        let file = folder.0.join("copy");
        fs::write(&file, bytes).expect("ours");
        assert!(restore(&config, &kept.world(), &file, &[]).await.is_err(), "{what}");
        if let Ok(custody) = Custody::open(&config, kept.world()).await {
            assert!(custody.is_empty().await, "{what}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_copy_of_another_organization_is_refused() {
    let kept = Kept::new().await;
    kept.custody().await.backup(&kept.config, &kept.copy()).await.expect("written");
    let folder = Folder::new();
    let other = OrganizationId("fabrikam".into());
    let config = Config { organization: other, master_key: KeyPlace::Memory, ..folder.config() };
    let refused = restore(&config, &kept.world(), &kept.copy(), &[]).await;
    let is_named = matches!(refused, Err(CustodyFailure::Backup(BackupFailure::OtherOrganization)));
    assert!(is_named);
}
