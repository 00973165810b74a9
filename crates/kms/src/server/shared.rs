//! Keys of the published protocol: born unbound, and bound once and for good. Somebody else's are
//! answered like those that do not exist.

use jiff::{SignedDuration, Timestamp};
use protocol::{
    ids::KeyUrl,
    keys::{KeyObject, KeyRequest, Purpose},
};
use uuid::Uuid;

use super::{
    answers::{Kms, database, master_key},
    reply::{Denied, Given},
    target::{Target, asked},
};
use crate::{
    content_key::ContentKey,
    master_key::WrappedFor,
    permission::{Caller, HOLDER_USER},
    store::{Binding, BoundKeys, SharedKey},
};

/// Unbound keys die after this.
const UNBOUND_LIFE: SignedDuration = SignedDuration::from_hours(24);
/// After dying they are still known to their creator for a while, and then removed.
pub(super) const UNBOUND_KEPT: SignedDuration = SignedDuration::from_hours(48);
/// Keys made or listed by one request: an answer must fit into a frame.
pub(super) const KEYS_PER_ANSWER_MAX: u16 = 50;
/// Unbound keys of one creator.
const UNBOUND_MAX: i64 = 1_000;
/// What somebody who has too many of something may try again after.
pub(super) const TOO_MANY_RETRY_MS: u64 = 3_600_000;
/// Longest name of a client that is kept.
const CLIENT_BYTES_MAX: usize = 100;

impl Kms {
    pub(super) async fn create_unbound(
        &self,
        caller: &Caller,
        request: &KeyRequest,
        now: Timestamp,
    ) -> Result<Given, Denied> {
        let count = request.count.unwrap_or(1);
        if !(1..=KEYS_PER_ANSWER_MAX).contains(&count) {
            return Err(Denied::Malformed("count is out of range"));
        }
        let creator = caller.holder();
        let unbound = self.store.count_unbound(&creator).await.map_err(database)?;
        if unbound + i64::from(count) > UNBOUND_MAX {
            return Err(Denied::SlowDown { retry_after_ms: TOO_MANY_RETRY_MS });
        }
        let client = &request.client.client_id;
        let client = client.get(..client.floor_char_boundary(CLIENT_BYTES_MAX)).unwrap_or_default();
        let keys: Result<Vec<SharedKey>, Denied> = (0..count)
            .map(|_| {
                let id = self.world.chance.uuid();
                let key = ContentKey::generate(KeyUrl::new(&self.host, id), &self.world.chance);
                let wrapped = self.wrap(&key, id, &unbound_of(&creator))?;
                let (creator, client) = (creator.clone(), client.to_owned());
                Ok(SharedKey { id, creator, client, made: now, binding: None, wrapped })
            })
            .collect();
        let keys = keys?;
        self.store.put_shared_keys(&keys).await.map_err(database)?;
        let objects: Result<_, _> = keys.into_iter().map(|key| self.shared_object(key)).collect();
        Ok(Given::NewKeys(objects?))
    }

    pub(super) async fn retrieve_shared(
        &self,
        caller: &Caller,
        id: Uuid,
        now: Timestamp,
    ) -> Result<Given, Denied> {
        let key = self.store.find_shared_key(id).await.map_err(database)?;
        let resource = key.as_ref().and_then(|key| key.binding).map(|binding| binding.resource);
        // Asked in any case, for the sake of the time it takes.
        let is_authorized = self.may_read(caller, resource.unwrap_or_default()).await?;
        let key = key.filter(|key| match key.binding {
            Some(_) => is_authorized,
            None => is_alive(key, now) && self.may_have_unbound(caller, key),
        });
        Ok(Given::Key(Box::new(self.shared_object(key.ok_or(Denied::NotFound)?)?)))
    }

    /// Binds an unbound key for good; doing it again changes nothing.
    pub(super) async fn bind(
        &self,
        caller: &Caller,
        id: Uuid,
        request: &KeyRequest,
        now: Timestamp,
    ) -> Result<Given, Denied> {
        let resource = self.named_resource(request)?;
        let key = self.store.find_shared_key(id).await.map_err(database)?;
        let may_use = self.may_read(caller, resource).await?;
        let key = key.ok_or(Denied::NotFound)?;
        let is_creator = key.creator == caller.holder();
        let knows_key = is_creator
            || match key.binding {
                Some(binding) => self.may_read(caller, binding.resource).await?,
                None => false,
            };
        if !knows_key || !may_use {
            return Err(Denied::NotFound);
        }
        let key = match key.binding {
            Some(_) => key,
            None if !is_alive(&key, now) => return Err(Denied::Conflict),
            None => {
                let binding = Binding { resource, since: now };
                let wrapped = self.wrapped_again(&key, resource)?;
                self.store.bind_key(id, binding, wrapped).await.map_err(database)?;
                // As it lies there now: somebody else may have been quicker.
                let bound = self.store.find_shared_key(id).await.map_err(database)?;
                bound.ok_or(Denied::NotFound)?
            }
        };
        if key.binding.is_some_and(|binding| binding.resource == resource) {
            Ok(Given::Key(Box::new(self.shared_object(key)?)))
        } else {
            Err(Denied::Conflict)
        }
    }

    /// The keys in use of a resource of our own kind, and the ones that were bound to it.
    pub(super) async fn keys_of_resource(
        &self,
        caller: &Caller,
        resource: Uuid,
        request: &KeyRequest,
        now: Timestamp,
    ) -> Result<Given, Denied> {
        let wanted = wanted_keys(&request.uri)?;
        let mut keys = match self.current_keys(caller, resource, request.purpose, now).await {
            Ok(keys) => keys,
            Err(Denied::NotFound) if request.purpose.is_none() => Vec::new(),
            Err(other) => return Err(other),
        };
        if !self.may_read(caller, resource).await? {
            return Err(Denied::NotFound);
        }
        if request.purpose.is_none() {
            let bound = self.store.bound_keys(resource, wanted).await.map_err(database)?;
            for key in bound {
                keys.push(self.shared_object(key)?);
            }
        }
        Ok(Given::Keys(keys))
    }

    /// A person's own resource is theirs, and connectors' as well; any other is for those it names.
    pub(super) async fn may_read(&self, caller: &Caller, resource: Uuid) -> Result<bool, Denied> {
        let holder = caller.holder();
        let is_named = self.store.is_authorized(resource, &holder).await.map_err(database)?;
        let stored = self.store.find_resource(resource).await.map_err(database)?;
        Ok(match (caller, stored) {
            (Caller::Person(_) | Caller::Connector(_), Some(_)) => is_named,
            (Caller::Person(user), None) => user.0 == resource,
            (Caller::Connector(_), None) => true,
        })
    }

    fn may_have_unbound(&self, caller: &Caller, key: &SharedKey) -> bool {
        let is_persons = key.creator.starts_with(HOLDER_USER);
        match caller {
            Caller::Person(_) => key.creator == caller.holder(),
            Caller::Connector(_) => {
                key.creator == caller.holder() || (is_persons && self.connectors_read_unbound_keys)
            }
        }
    }

    pub(super) fn named_resource(&self, request: &KeyRequest) -> Result<Uuid, Denied> {
        let uri = request.resource_uri.as_deref();
        let uri = uri.ok_or(Denied::Malformed("resourceUri is needed"))?;
        if let Target::Resource(resource) = Target::read(uri, &self.host) {
            Ok(resource)
        } else {
            Err(Denied::NotFound)
        }
    }

    pub(super) fn resource_uri(&self, resource: Uuid) -> String {
        format!("kms://{}/resources/{resource}", self.host)
    }

    fn shared_object(&self, stored: SharedKey) -> Result<KeyObject, Denied> {
        let key = self.unwrapped(&stored)?;
        let user = stored.creator.strip_prefix(HOLDER_USER);
        Ok(KeyObject {
            uri: key.url().clone(),
            jwk: key.to_jwk(),
            create_date: stored.made,
            expiration_date: match stored.binding {
                Some(_) => None,
                None => stored.made.checked_add(UNBOUND_LIFE).ok(),
            },
            user_id: user.and_then(|user| Uuid::try_parse(user).ok()),
            client_id: Some(stored.client),
            bind_date: stored.binding.map(|binding| binding.since),
            resource_uri: stored.binding.map(|binding| self.resource_uri(binding.resource)),
            purpose: None,
            kcv: key.check_value(),
        })
    }

    fn unwrapped(&self, stored: &SharedKey) -> Result<ContentKey, Denied> {
        let place = match stored.binding {
            Some(binding) => bound_to(binding.resource),
            None => unbound_of(&stored.creator),
        };
        let wrapped_for = self.wrapped_for(stored.id, &place);
        let bytes = self.master_key.unwrap(stored.wrapped.clone(), &wrapped_for);
        let url = KeyUrl::new(&self.host, stored.id);
        Ok(ContentKey::from_unwrapped(url, bytes.map_err(master_key)?))
    }

    pub(super) fn wrapped_again(&self, key: &SharedKey, resource: Uuid) -> Result<Vec<u8>, Denied> {
        self.wrap(&self.unwrapped(key)?, key.id, &bound_to(resource))
    }

    fn wrap(&self, key: &ContentKey, id: Uuid, place: &str) -> Result<Vec<u8>, Denied> {
        let wrapped_for = self.wrapped_for(id, place);
        self.master_key.wrap(key.bytes(), &wrapped_for, &self.world.chance).map_err(master_key)
    }

    /// Binds what is wrapped to where it lies, so that it cannot be moved to somebody else.
    pub(super) fn wrapped_for(&self, id: Uuid, place: &str) -> WrappedFor<'_> {
        WrappedFor {
            organization: &self.organization,
            resource: Uuid::new_v5(&id, place.as_bytes()),
            purpose: Purpose::Content,
            key: id,
        }
    }
}

fn unbound_of(creator: &str) -> String {
    format!("unbound {creator}")
}

fn bound_to(resource: Uuid) -> String {
    format!("bound {resource}")
}

pub(super) fn is_alive(key: &SharedKey, now: Timestamp) -> bool {
    now.duration_since(key.made) < UNBOUND_LIFE
}

fn wanted_keys(uri: &str) -> Result<BoundKeys, Denied> {
    let time = |member| {
        let text = asked(uri, member);
        let time = text.map(|text| text.parse::<Timestamp>()).transpose();
        time.map_err(|_form| Denied::Malformed("a filter is not a time"))
    };
    let most = match asked(uri, "count") {
        None => KEYS_PER_ANSWER_MAX,
        Some(count) => count.parse::<u16>().map_err(|_form| Denied::Malformed("count"))?,
    };
    let most = i64::from(most.min(KEYS_PER_ANSWER_MAX));
    Ok(BoundKeys { after: time("boundAfter")?, before: time("boundBefore")?, most })
}
