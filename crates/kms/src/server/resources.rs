//! Resources of the published protocol, and who may have the keys that are bound to them.

use jiff::Timestamp;
use protocol::{
    ids::{ConnectorId, KeyUrl},
    keys::{AuthorizationObject, KeyRequest, ResourceObject},
};
use uuid::Uuid;

use super::{
    answers::{Kms, database},
    reply::{Denied, Given},
    shared::{KEYS_PER_ANSWER_MAX, TOO_MANY_RETRY_MS, is_alive},
    target::{Target, asked},
};
use crate::{
    permission::{Caller, HOLDER_CLIENT, HOLDER_RESOURCE, HOLDER_USER},
    store::{BoundKeys, StoredAuthorization, StoredResource},
};

/// Resources of one creator.
const RESOURCES_MAX: i64 = 10_000;
/// Authorizations of one resource: an answer must fit into a frame.
const AUTHORIZATIONS_MAX: usize = 100;

impl Kms {
    pub(super) async fn create_resource(
        &self,
        caller: &Caller,
        request: &KeyRequest,
        now: Timestamp,
    ) -> Result<Given, Denied> {
        let creator = caller.holder();
        if self.store.count_resources(&creator).await.map_err(database)? >= RESOURCES_MAX {
            return Err(Denied::SlowDown { retry_after_ms: TOO_MANY_RETRY_MS });
        }
        let id = self.world.chance.uuid();
        let mut holders = self.named_holders(request)?;
        holders.push(creator.clone());
        let authorizations = self.new_authorizations(id, holders);
        let uris = request.key_uris.as_deref().unwrap_or_default();
        if uris.len() > usize::from(KEYS_PER_ANSWER_MAX) {
            return Err(Denied::Malformed("too many keyUris"));
        }
        let mut bindings = Vec::with_capacity(uris.len());
        for uri in uris {
            let Target::Key(key) = Target::read(uri, &self.host) else {
                return Err(Denied::NotFound);
            };
            let key = self.store.find_shared_key(key).await.map_err(database)?;
            let key = key.filter(|key| key.creator == creator).ok_or(Denied::NotFound)?;
            if key.binding.is_some() || !is_alive(&key, now) {
                return Err(Denied::Conflict);
            }
            bindings.push((key.id, self.wrapped_again(&key, id)?));
        }
        let resource = StoredResource { id, creator };
        let is_made = self.store.put_resource(resource, now, &authorizations, bindings);
        if !is_made.await.map_err(database)? {
            return Err(Denied::Conflict);
        }
        Ok(Given::NewResource(Box::new(self.resource_object(id).await?)))
    }

    pub(super) async fn show_resource(
        &self,
        caller: &Caller,
        resource: Uuid,
    ) -> Result<Given, Denied> {
        if !self.may_read(caller, resource).await? {
            return Err(Denied::NotFound);
        }
        Ok(Given::Resource(Box::new(self.resource_object(resource).await?)))
    }

    /// With its keys. Only who made it may: nobody can open afterwards what they sealed.
    pub(super) async fn delete_resource(
        &self,
        caller: &Caller,
        resource: Uuid,
    ) -> Result<Given, Denied> {
        let may_read = self.may_read(caller, resource).await?;
        let stored = self.store.find_resource(resource).await.map_err(database)?;
        let stored = stored.filter(|_| may_read).ok_or(Denied::NotFound)?;
        if stored.creator != caller.holder() {
            return Err(Denied::NotPermitted);
        }
        let object = self.resource_object(resource).await?;
        self.store.delete_resource(resource).await.map_err(database)?;
        Ok(Given::Resource(Box::new(object)))
    }

    /// Whoever may have the keys may let others have them, as the draft says; not so for the
    /// resources that stand for a person, to which nobody is added.
    pub(super) async fn authorize(
        &self,
        caller: &Caller,
        request: &KeyRequest,
    ) -> Result<Given, Denied> {
        let resource = self.named_resource(request)?;
        let holders = self.named_holders(request)?;
        if holders.is_empty() {
            return Err(Denied::Malformed("userIds or authId is needed"));
        }
        let may_read = self.may_read(caller, resource).await?;
        let stored = self.store.find_resource(resource).await.map_err(database)?;
        match (may_read, stored) {
            (false, _) => return Err(Denied::NotFound),
            (true, None) => return Err(Denied::NotPermitted),
            (true, Some(_)) => {}
        }
        let there = self.store.authorizations(resource, None).await.map_err(database)?;
        let is_new = |holder: &&String| there.iter().all(|known| known.holder != **holder);
        if there.len() + holders.iter().filter(is_new).count() > AUTHORIZATIONS_MAX {
            return Err(Denied::Malformed("too many authorizations for one resource"));
        }
        let authorizations = self.new_authorizations(resource, holders.clone());
        self.store.put_authorizations(&authorizations).await.map_err(database)?;
        let all = self.store.authorizations(resource, None).await.map_err(database)?;
        let named = all.iter().filter(|stored| holders.contains(&stored.holder));
        Ok(Given::NewAuthorizations(
            named.map(|stored| self.authorization_object(stored)).collect(),
        ))
    }

    pub(super) async fn show_authorizations(
        &self,
        caller: &Caller,
        resource: Uuid,
        uri: &str,
    ) -> Result<Given, Denied> {
        let holder = asked(uri, AUTH_ID).map(|id| self.holder(&id)).transpose()?;
        if !self.may_read(caller, resource).await? {
            return Err(Denied::NotFound);
        }
        let found =
            self.store.authorizations(resource, holder.as_deref()).await.map_err(database)?;
        let objects = found.iter().map(|stored| self.authorization_object(stored)).collect();
        Ok(Given::Authorizations(objects))
    }

    /// Everybody may go; who made the resource may send others away, but never goes.
    pub(super) async fn withdraw(
        &self,
        caller: &Caller,
        resource: Uuid,
        uri: &str,
    ) -> Result<Given, Denied> {
        let holder = asked(uri, AUTH_ID).ok_or(Denied::Malformed("authId is needed"))?;
        let holder = self.holder(&holder)?;
        let may_read = self.may_read(caller, resource).await?;
        let stored = self.store.find_resource(resource).await.map_err(database)?;
        let stored = stored.filter(|_| may_read).ok_or(Denied::NotFound)?;
        let asking = caller.holder();
        let may = holder != stored.creator && (asking == stored.creator || asking == holder);
        if !may {
            return Err(Denied::NotPermitted);
        }
        let found = self.store.authorizations(resource, Some(&holder)).await.map_err(database)?;
        self.store.delete_authorization(resource, &holder).await.map_err(database)?;
        let objects = found.iter().map(|stored| self.authorization_object(stored)).collect();
        Ok(Given::Authorizations(objects))
    }

    fn named_holders(&self, request: &KeyRequest) -> Result<Vec<String>, Denied> {
        let ids = request.user_ids.iter().flatten().chain(&request.auth_id);
        if ids.clone().count() >= AUTHORIZATIONS_MAX {
            return Err(Denied::Malformed("too many userIds"));
        }
        let mut holders = Vec::new();
        for id in ids {
            let holder = self.holder(id)?;
            if !holders.contains(&holder) {
                holders.push(holder);
            }
        }
        Ok(holders)
    }

    /// A user's id, a resource's URI, or a connector's id.
    fn holder(&self, id: &str) -> Result<String, Denied> {
        if let Target::Resource(resource) = Target::read(id, &self.host)
            && id.contains('/')
        {
            return Ok(format!("{HOLDER_RESOURCE}{resource}"));
        }
        if let Ok(user) = Uuid::try_parse(id) {
            return Ok(format!("{HOLDER_USER}{user}"));
        }
        if self.connectors.contains(&ConnectorId(id.into())) {
            return Ok(format!("{HOLDER_CLIENT}{id}"));
        }
        Err(Denied::Malformed("authId or userIds names nobody"))
    }

    fn new_authorizations(&self, resource: Uuid, holders: Vec<String>) -> Vec<StoredAuthorization> {
        let new = |holder| StoredAuthorization { id: self.world.chance.uuid(), resource, holder };
        holders.into_iter().map(new).collect()
    }

    async fn resource_object(&self, resource: Uuid) -> Result<ResourceObject, Denied> {
        let keys = self.store.bound_keys(resource, all_keys()).await.map_err(database)?;
        let authorizations = self.store.authorizations(resource, None).await.map_err(database)?;
        let authorizations = authorizations.iter().map(|stored| self.authorization_object(stored));
        Ok(ResourceObject {
            uri: self.resource_uri(resource),
            key_uris: keys.iter().map(|key| KeyUrl::new(&self.host, key.id)).collect(),
            authorization_uris: authorizations.map(|object| object.uri).collect(),
        })
    }

    fn authorization_object(&self, stored: &StoredAuthorization) -> AuthorizationObject {
        let holder = stored.holder.as_str();
        let auth_id = match holder.strip_prefix(HOLDER_RESOURCE) {
            Some(resource) => format!("kms://{}/resources/{resource}", self.host),
            None => holder.split_once(' ').map_or(holder, |(_, id)| id).to_owned(),
        };
        AuthorizationObject {
            uri: format!("kms://{}/authorizations/{}", self.host, stored.id),
            auth_id,
            resource_uri: self.resource_uri(stored.resource),
        }
    }
}

const AUTH_ID: &str = "authId";

fn all_keys() -> BoundKeys {
    BoundKeys { after: None, before: None, most: i64::from(KEYS_PER_ANSWER_MAX) }
}
