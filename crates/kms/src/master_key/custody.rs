//! The master key in the database, under a guard of a certain generation.

use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use protocol::ids::OrganizationId;
use serde::{Deserialize, Serialize};
use world::chance::Chance;

use super::{MasterKey, MasterKeyFailure, guard::Guard};
use crate::{aead::KEY_BYTES, audit::Entry, config::KeyPlace, framed::framed, store::Store};

/// The master key, wrapped by the guard of the newest generation.
const WRAPPED: &str = "master-key";
/// Which generation that is, in 8 bytes.
const GENERATION: &str = "master-key-generation";
const FIRST_GENERATION: i64 = 1;

/// The generation that the guard is now of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rekeyed {
    pub generation: i64,
}

/// The master key of this database, made if there is nothing in it yet. A guard of another
/// generation is refused by name.
pub(crate) async fn open(
    store: &Store,
    place: &KeyPlace,
    organization: &OrganizationId,
    chance: &Chance,
) -> Result<MasterKey, MasterKeyFailure> {
    let is_new = store.setting(WRAPPED).await?.is_none();
    if is_new && store.has_keys().await? {
        return Err(MasterKeyFailure::TooOld);
    }
    let guard = Guard::find(place, is_new, chance)?;
    if is_new {
        put(store, &guard, organization, &MasterKey::generate(chance), chance).await?;
    }
    under(store, &guard, organization).await
}

/// A master key under its guard, as a copy of the database carries it in its first line.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct WrappedKey {
    pub(crate) generation: i64,
    /// Base64.
    wrapped: String,
}

pub(crate) async fn wrapped(store: &Store) -> Result<WrappedKey, MasterKeyFailure> {
    let generation = generation(store).await?;
    let wrapped = store.setting(WRAPPED).await?.ok_or(MasterKeyFailure::TooOld)?;
    Ok(WrappedKey { generation, wrapped: STANDARD.encode(wrapped) })
}

/// The master key of a copy, under the guard of before.
pub(crate) fn reopen(
    wrapped: &WrappedKey,
    place: &KeyPlace,
    organization: &OrganizationId,
    chance: &Chance,
) -> Result<MasterKey, MasterKeyFailure> {
    let guard = Guard::find(place, false, chance)?;
    let bytes = STANDARD.decode(&wrapped.wrapped).map_err(|_form| MasterKeyFailure::OtherKey)?;
    let bound_to = bound_to(b"hck master key", organization, wrapped.generation);
    let key = guard.unwrap(bytes, &bound_to).map_err(|_mismatch| MasterKeyFailure::OtherKey)?;
    Ok(MasterKey::from_bytes(key))
}

/// What to write into a database that was copied, for a guard that is made where possible.
pub(crate) fn under_new_guard(
    key: &MasterKey,
    before: &WrappedKey,
    place: &KeyPlace,
    organization: &OrganizationId,
    chance: &Chance,
) -> Result<Vec<(String, Vec<u8>)>, MasterKeyFailure> {
    let guard = Guard::find(place, true, chance)?;
    settings(&guard, before.generation + 1, organization, key, chance)
}

/// Wraps the master key anew, under the next guard: nothing else changes, and a running server
/// does not notice. From now on the guard of before is refused.
pub(crate) async fn rekey(
    store: &Store,
    [from, to]: [&KeyPlace; 2],
    organization: &OrganizationId,
    chance: &Chance,
    now: Timestamp,
) -> Result<Rekeyed, MasterKeyFailure> {
    let before = generation(store).await?;
    let key = under(store, &Guard::find(from, false, chance)?, organization).await?;
    let guard = Guard::find(to, true, chance)?;
    let generation = before + 1;
    let settings = settings(&guard, generation, organization, &key, chance)?;
    let entry = Entry {
        time: now.to_string(),
        actor: "administrator".into(),
        op: "rekey".into(),
        object: format!("generation {generation}"),
        result: 200,
    };
    let expected = (GENERATION, before.to_be_bytes().to_vec());
    if store.replace_settings(&settings, expected, &entry).await? {
        Ok(Rekeyed { generation })
    } else {
        Err(MasterKeyFailure::Overtaken)
    }
}

pub(crate) async fn generation(store: &Store) -> Result<i64, MasterKeyFailure> {
    let stored = store.setting(GENERATION).await?.unwrap_or_default();
    let bytes = stored.try_into().map_err(|_length| MasterKeyFailure::TooOld)?;
    Ok(i64::from_be_bytes(bytes))
}

async fn put(
    store: &Store,
    guard: &Guard,
    organization: &OrganizationId,
    key: &MasterKey,
    chance: &Chance,
) -> Result<(), MasterKeyFailure> {
    for (name, value) in settings(guard, FIRST_GENERATION, organization, key, chance)? {
        // The first one stays, should another process make one at this moment.
        store.keep_setting(&name, &value).await?;
    }
    Ok(())
}

/// Unwraps the master key, or says whose guard this is instead.
async fn under(
    store: &Store,
    guard: &Guard,
    organization: &OrganizationId,
) -> Result<MasterKey, MasterKeyFailure> {
    let needed = generation(store).await?;
    let wrapped = store.setting(WRAPPED).await?.ok_or(MasterKeyFailure::TooOld)?;
    let bound_to = bound_to(b"hck master key", organization, needed);
    if let Ok(key) = guard.unwrap(wrapped, &bound_to) {
        return Ok(MasterKey::from_bytes(key));
    }
    for found in FIRST_GENERATION..needed {
        let trial = store.setting(&trial_name(found)).await?.unwrap_or_default();
        let bound_to = self::bound_to(b"hck trial", organization, found);
        if guard.unwrap(trial, &bound_to).is_ok() {
            return Err(MasterKeyFailure::OtherGeneration { found, needed });
        }
    }
    Err(MasterKeyFailure::OtherKey)
}

/// What the database keeps of a guard: the key under it, and something to know it by later.
fn settings(
    guard: &Guard,
    generation: i64,
    organization: &OrganizationId,
    key: &MasterKey,
    chance: &Chance,
) -> Result<Vec<(String, Vec<u8>)>, MasterKeyFailure> {
    let wrap = |key: &[u8; KEY_BYTES], label: &[u8]| {
        let wrapped = guard.wrap(key, &bound_to(label, organization, generation), chance);
        wrapped.map_err(|_mismatch| MasterKeyFailure::OtherKey)
    };
    Ok(vec![
        (trial_name(generation), wrap(&[0; KEY_BYTES], b"hck trial")?),
        (WRAPPED.into(), wrap(key.bytes(), b"hck master key")?),
        (GENERATION.into(), generation.to_be_bytes().to_vec()),
    ])
}

fn trial_name(generation: i64) -> String {
    format!("master-key-trial-{generation}")
}

fn bound_to(label: &[u8], organization: &OrganizationId, generation: i64) -> Vec<u8> {
    framed(&[label, organization.0.as_bytes(), &generation.to_be_bytes()])
}
