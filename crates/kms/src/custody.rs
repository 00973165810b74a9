//! What an administrator does on the key server's own computer: `hybridcal kms …`. Everything here
//! works on the database beside a running server, or refuses.

use std::{
    fs,
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use protocol::ids::{MailboxAddress, OrganizationId, UserId};
use uuid::Uuid;
use world::{World, chance::Chance};
use zeroize::Zeroizing;

use crate::{
    audit::{
        AuditKey, Checkpoint, Entry, SEED_BYTES,
        verify::{Broken, PUBLIC_KEY, Whole, verify},
    },
    backup::{
        self, BackupFailure, Copy,
        shares::{self, NoKey},
    },
    config::{Config, Place},
    framed::framed,
    master_key::{self, MasterKey, MasterKeyFailure, NotWrappedHere, Rekeyed, WrappedFor},
    standing::What,
    store::{Act, NotWritten, Store, StoreFailure, StoredKey},
};

/// A key server's database in an administrator's hands.
pub struct Custody {
    world: World,
    organization: OrganizationId,
    host: String,
    store: Store,
}

#[derive(Debug, thiserror::Error)]
pub enum CustodyFailure {
    #[error("the key database is kept in memory: nobody but the server itself can work on it")]
    InMemory,
    #[error("there is no key database at {}", file.display())]
    NoDatabase { file: PathBuf },
    #[error(transparent)]
    Store(#[from] StoreFailure),
    #[error("the key database does not answer")]
    Database(#[from] sqlx::Error),
    #[error("nothing was changed")]
    NotWritten(#[from] NotWritten),
    #[error("{}, line {line}, is not a checkpoint", file.display())]
    NotACheckpoint { file: PathBuf, line: usize },
    #[error("{} cannot be read", file.display())]
    Unreadable { file: PathBuf, source: std::io::Error },
    #[error(transparent)]
    Broken(#[from] Broken),
    #[error(transparent)]
    MasterKey(#[from] MasterKeyFailure),
    #[error(transparent)]
    Backup(#[from] BackupFailure),
    #[error(transparent)]
    Shares(#[from] NoKey),
    #[error("the key database is not empty: a copy goes into a new one only")]
    NotEmpty,
    #[error("kms.next_master_key does not say where the master key is to be")]
    NoNextKey,
}

/// Whose keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whom {
    Person(UserId),
    Everybody,
}

impl Whom {
    /// By address, or by the id that stands in the log.
    pub fn person(organization: &OrganizationId, text: &str) -> Option<Self> {
        let by_id = || Uuid::try_parse(text).ok().map(UserId);
        let by_address =
            || MailboxAddress::new(text).map(|address| UserId::of(organization, address.as_str()));
        by_id().or_else(by_address).map(Self::Person)
    }
}

impl Custody {
    /// Opens the database that a configuration names; it must be there.
    pub async fn open(config: &Config, world: World) -> Result<Self, CustodyFailure> {
        match &config.database {
            Place::Memory => return Err(CustodyFailure::InMemory),
            Place::File(file) if !file.exists() => {
                return Err(CustodyFailure::NoDatabase { file: file.clone() });
            }
            Place::File(_) | Place::Postgres(_) => {}
        }
        let store = Store::open(&config.database, world.clock.clone()).await?;
        let (organization, host) = (config.organization.clone(), config.host.clone());
        Ok(Self { world, organization, host, store })
    }

    /// The connectors' next seals use new keys; the old ones go on opening.
    pub async fn rotate(&self, whom: &Whom) -> Result<(), CustodyFailure> {
        self.act(What::Rotate, whom).await
    }

    /// The keys made until now are given to nobody any more; connectors seal anew.
    pub async fn revoke(&self, whom: &Whom) -> Result<(), CustodyFailure> {
        self.act(What::Revoke, whom).await
    }

    /// All of a person's keys are gone for good, and none are made.
    pub async fn erase(&self, person: UserId) -> Result<(), CustodyFailure> {
        self.act(What::Erase, &Whom::Person(person)).await?;
        Ok(self.store.drop_traces().await?)
    }

    /// Somebody who was erased may get new keys.
    pub async fn readmit(&self, person: UserId) -> Result<(), CustodyFailure> {
        self.act(What::Readmit, &Whom::Person(person)).await
    }

    /// Wraps the master key anew, from where the configuration says it is to where it is to be next.
    pub async fn rekey(&self, config: &Config) -> Result<Rekeyed, CustodyFailure> {
        let next = config.next_master_key.as_ref().ok_or(CustodyFailure::NoNextKey)?;
        let places = [&config.master_key, next];
        let (chance, now) = (&self.world.chance, self.world.clock.now());
        Ok(master_key::rekey(&self.store, places, &self.organization, chance, now).await?)
    }

    /// A sealed copy of the database as it is at this moment; gives the number of its rows.
    pub async fn backup(&self, config: &Config, file: &Path) -> Result<u64, CustodyFailure> {
        let (organization, chance) = (&self.organization, &self.world.chance);
        let key = self.master_key(config).await?;
        let wrapped = master_key::wrapped(&self.store).await?;
        let to = (file, self.world.clock.now());
        Ok(backup::write(&self.store, &key, wrapped, organization, to, chance).await?)
    }

    /// The master key in three lines of which any two give it back.
    pub async fn split(&self, config: &Config) -> Result<[Zeroizing<String>; 3], CustodyFailure> {
        let key = self.master_key(config).await?;
        Ok(shares::split(&key, &self.world.chance))
    }

    /// Only of a database that has one: a command makes none.
    async fn master_key(&self, config: &Config) -> Result<MasterKey, CustodyFailure> {
        master_key::generation(&self.store).await?;
        let (organization, chance) = (&self.organization, &self.world.chance);
        Ok(master_key::open(&self.store, &config.master_key, organization, chance).await?)
    }

    async fn act(&self, what: What, whom: &Whom) -> Result<(), CustodyFailure> {
        let now = self.world.clock.now();
        let host = &self.host;
        let (resource, object) = match whom {
            Whom::Person(user) => (Some(user.0), format!("kms://{host}/resources/{user}")),
            Whom::Everybody => (None, format!("kms://{host}/resources")),
        };
        let op = match what {
            What::Rotate => "rotate",
            What::Revoke => "revoke",
            What::Erase => "erase",
            What::Readmit => "readmit",
        };
        let entry = entry(now, op, object);
        let act = Act { what, resource, at_ms: now.as_millisecond() };
        Ok(self.store.act(act, entry).await?)
    }

    /// Whether the log is what was written, against checkpoints from files.
    pub async fn verify(&self, files: &[PathBuf]) -> Result<Whole, CustodyFailure> {
        let mut checkpoints = Vec::new();
        for file in files {
            let unreadable = |source| CustodyFailure::Unreadable { file: file.clone(), source };
            let text = fs::read_to_string(file).map_err(unreadable)?;
            for (index, line) in text.lines().enumerate() {
                let checkpoint = Checkpoint::from_line(line);
                checkpoints.push(checkpoint.ok_or_else(|| CustodyFailure::NotACheckpoint {
                    file: file.clone(),
                    line: index + 1,
                })?);
            }
        }
        Ok(verify(&self.store, &self.organization, &checkpoints).await?)
    }

    #[cfg(test)]
    pub(crate) async fn is_empty(&self) -> bool {
        self.store.is_empty().await.expect("asked")
    }

    pub async fn close(self) {
        self.store.close().await;
    }
}

/// Puts a copy into a database that has nothing in it: with the guard it was made under, or, from
/// two shares of the master key, under a new one. All of it or nothing.
pub async fn restore(
    config: &Config,
    world: &World,
    file: &Path,
    lines: &[Zeroizing<String>],
) -> Result<Whole, CustodyFailure> {
    if config.database == Place::Memory {
        return Err(CustodyFailure::InMemory);
    }
    let (organization, chance) = (&config.organization, &world.chance);
    let copy = Copy::open(file, organization)?;
    let before = copy.header.master_key.clone();
    let store = Store::open(&config.database, world.clock.clone()).await?;
    if !store.is_empty().await? {
        return Err(CustodyFailure::NotEmpty);
    }
    let (key, settings) = if lines.is_empty() {
        let key = master_key::reopen(&before, &config.master_key, organization, chance)?;
        (key, Vec::new())
    } else {
        let key = shares::join(lines)?;
        // Before a guard is made for it: are these the right shares?
        copy_is_whole(file, organization, &key)?;
        let place = &config.master_key;
        let settings = master_key::under_new_guard(&key, &before, place, organization, chance)?;
        (key, settings)
    };
    let entry = entry(world.clock.now(), "restore", "a copy".into());
    let mut rows = copy.rows(&key);
    store.copy_in(|| rows.next(), &settings, &entry).await?;
    let found = check(&store, &key, organization).await;
    store.close().await;
    found
}

fn copy_is_whole(
    file: &Path,
    organization: &OrganizationId,
    key: &MasterKey,
) -> Result<(), BackupFailure> {
    let mut rows = Copy::open(file, organization)?.rows(key);
    while rows.next()?.is_some() {}
    Ok(())
}

/// Whether every key opens, and the log is what was written.
async fn check(
    store: &Store,
    key: &MasterKey,
    organization: &OrganizationId,
) -> Result<Whole, CustodyFailure> {
    store
        .each_key(|stored| {
            let StoredKey { id, resource, purpose, wrapped, .. } = stored;
            let of = WrappedFor { organization, resource, purpose, key: id };
            key.unwrap(wrapped, &of).map(drop).map_err(BackupFailure::from)
        })
        .await?;
    Ok(verify(store, organization, &[]).await?)
}

fn entry(now: Timestamp, op: &str, object: String) -> Entry {
    let (time, actor) = (now.to_string(), "administrator".into());
    Entry { time, actor, op: op.into(), object, result: 200 }
}

/// The key that signs checkpoints cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum NoAuditKey {
    #[error("the key database cannot be read or written")]
    Database(#[from] sqlx::Error),
    #[error("the key that signs the log's checkpoints cannot be unwrapped")]
    Wrapped(#[from] NotWrappedHere),
    #[error("the key that signs the log's checkpoints is not one")]
    Form,
}

/// The audit key, wrapped.
const AUDIT_KEY: &str = "audit-key";

/// The key that signs this log's checkpoints, made at the first start.
pub(crate) async fn audit_key(
    store: &Store,
    master_key: &MasterKey,
    organization: &OrganizationId,
    chance: &Chance,
) -> Result<AuditKey, NoAuditKey> {
    let bound_to = audit_key_bound_to(organization);
    if store.setting(AUDIT_KEY).await?.is_none() {
        let mut seed = Zeroizing::new([0; SEED_BYTES]);
        chance.fill(&mut *seed);
        let wrapped = master_key.wrap_bound(&seed, &bound_to, chance)?;
        // The first one stays, should another process make one at this moment.
        store.keep_setting(AUDIT_KEY, &wrapped).await?;
    }
    let wrapped = store.setting(AUDIT_KEY).await?.ok_or(NoAuditKey::Form)?;
    let seed = master_key.unwrap_bound(wrapped, &bound_to)?;
    let key = AuditKey::from_seed(&seed).ok_or(NoAuditKey::Form)?;
    store.keep_setting(PUBLIC_KEY, key.public()).await?;
    Ok(key)
}

fn audit_key_bound_to(organization: &OrganizationId) -> Vec<u8> {
    framed(&[b"hck audit key", organization.0.as_bytes()])
}
