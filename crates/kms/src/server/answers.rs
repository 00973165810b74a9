//! What the key server answers: who asks, whether they may, and the key.

use jiff::Timestamp;
use protocol::{
    ids::{ConnectorId, KeyUrl, OrganizationId, UserId},
    keys::{Credential, KeyAnswer, KeyChanges, KeyObject, KeyRead, KeyRequest, Method, Purpose},
    token::{AUDIENCE_KMS, CONNECTOR_TOKEN_SECONDS, PersonClaims},
};
use uuid::Uuid;
use world::{
    World,
    issuer::{Issuer, KnownSigners},
};

use super::{
    custody::{READS_MAX, Watch},
    frames::ChannelParts,
    reply::{Denied, Given, log_entry, to_answer},
    target::Target,
};
use crate::{
    audit::Entry,
    content_key::ContentKey,
    master_key::{MasterKey, WrappedFor},
    permission::{Caller, may},
    quota::Quota,
    store::{Changed, PURPOSES, Store, StoredKey},
};

/// Everything a request needs.
pub(super) struct Kms {
    pub(super) world: World,
    pub(super) host: String,
    pub(super) organization: OrganizationId,
    pub(super) store: Store,
    pub(super) master_key: MasterKey,
    pub(super) issuer: Issuer,
    pub(super) signers: KnownSigners,
    pub(super) connectors: Vec<ConnectorId>,
    pub(super) quota: Quota,
    pub(super) connectors_read_unbound_keys: bool,
    /// Absent where the channel is not offered.
    pub(super) channel: Option<ChannelParts>,
    pub(super) watch: Watch,
}

impl Kms {
    pub(super) async fn answer(&self, request: &KeyRequest) -> KeyAnswer {
        let given = match self.authenticate(request).await {
            Ok(caller) => self.answer_to(&caller, request).await,
            Err(denied) => Err(denied),
        };
        to_answer(request.request_id, given)
    }

    pub(super) async fn authenticate(&self, request: &KeyRequest) -> Result<Caller, Denied> {
        let Credential { user_id, bearer } = &request.client.credential;
        let connector = ConnectorId(request.client.client_id.clone());
        if self.connectors.contains(&connector) {
            let now = self.world.clock.now();
            let name = self
                .signers
                .verify(bearer, AUDIENCE_KMS, now, CONNECTOR_TOKEN_SECONDS)
                .map_err(Denied::from)?;
            // A connector is nobody's user.
            let is_it = name == connector.0 && user_id.is_none();
            return if is_it { Ok(Caller::Connector(connector)) } else { Err(Denied::Token) };
        }
        let claims: PersonClaims = self.issuer.verify(bearer, AUDIENCE_KMS).await?;
        let user = UserId::of(&self.organization, &claims.email);
        let is_it = claims.email_verified && user_id.is_none_or(|claimed| claimed == user.0);
        if is_it { Ok(Caller::Person(user)) } else { Err(Denied::Token) }
    }

    /// Nothing leaves before it is in the log.
    pub(super) async fn answer_to(
        &self,
        caller: &Caller,
        request: &KeyRequest,
    ) -> Result<Given, Denied> {
        let now = self.world.clock.now();
        self.within_quota(caller, now)?;
        let given = self.give(caller, request, now).await;
        if !matches!(given, Ok(Given::Made(_) | Given::Changes(_))) {
            let entry = log_entry(caller, request, &given, now);
            self.store.append(entry).await.map_err(database)?;
        }
        given
    }

    pub(super) fn within_quota(&self, caller: &Caller, now: Timestamp) -> Result<(), Denied> {
        self.quota.take(caller, now).map_err(|left| {
            let retry_after_ms = u64::try_from(left.as_millis()).unwrap_or(u64::MAX);
            Denied::SlowDown { retry_after_ms }
        })
    }

    async fn give(
        &self,
        caller: &Caller,
        request: &KeyRequest,
        now: Timestamp,
    ) -> Result<Given, Denied> {
        let target = Target::read(&request.uri, &self.host);
        match (request.method, target) {
            (Method::Update, Target::Ping) => Ok(Given::Nothing),
            (Method::Create, Target::Keys)
                if request.resource_uri.is_none() && request.purpose.is_none() =>
            {
                self.create_unbound(caller, request, now).await
            }
            (Method::Create, Target::Keys) => self.create(caller, request, now).await,
            (Method::Retrieve, Target::Key(id)) => self.retrieve(caller, id, now).await,
            (Method::Update, Target::Key(id)) => self.bind(caller, id, request, now).await,
            (Method::Retrieve, Target::ResourceKeys(resource)) => {
                self.keys_of_resource(caller, resource, request, now).await
            }
            (Method::Create, Target::Resources) => self.create_resource(caller, request, now).await,
            (Method::Retrieve, Target::Resource(resource)) => {
                self.show_resource(caller, resource).await
            }
            (Method::Delete, Target::Resource(resource)) => {
                self.delete_resource(caller, resource).await
            }
            (Method::Create, Target::Authorizations) => self.authorize(caller, request).await,
            (Method::Retrieve, Target::ResourceAuthorizations(resource)) => {
                self.show_authorizations(caller, resource, &request.uri).await
            }
            (Method::Delete, Target::ResourceAuthorizations(resource)) => {
                self.withdraw(caller, resource, &request.uri).await
            }
            (Method::Retrieve, Target::ResourceReads(resource)) => {
                self.reads(caller, resource).await
            }
            (Method::Retrieve, Target::Changes(after)) => self.changes(caller, after).await,
            (Method::Create, Target::Devices) => {
                self.register_device(caller, request.device_key.as_ref()).await
            }
            (Method::Retrieve, Target::Device(device)) => self.find_device(caller, &device).await,
            (Method::Delete, Target::Device(device)) => self.remove_device(caller, &device).await,
            (_, Target::Unknown) => Err(Denied::NotFound),
            (
                Method::Create | Method::Retrieve | Method::Update | Method::Delete,
                Target::Keys
                | Target::Key(_)
                | Target::ResourceKeys(_)
                | Target::ResourceReads(_)
                | Target::Changes(_)
                | Target::Resource(_)
                | Target::Devices
                | Target::Device(_)
                | Target::Resources
                | Target::ResourceAuthorizations(_)
                | Target::Authorizations
                | Target::Ping
                | Target::Ecdhe
                | Target::NotOffered,
            ) => Err(Denied::NotOffered),
        }
    }

    /// The current key of a resource for a purpose, made if there is none; one that was made is
    /// in the log already.
    async fn create(
        &self,
        caller: &Caller,
        request: &KeyRequest,
        now: Timestamp,
    ) -> Result<Given, Denied> {
        let uri = request.resource_uri.as_deref();
        let uri = uri.ok_or(Denied::Malformed("resourceUri is needed"))?;
        let purpose = request.purpose.ok_or(Denied::Malformed("purpose is needed"))?;
        let resource = match Target::read(uri, &self.host) {
            Target::Resource(resource) => resource,
            Target::Unknown => return Err(Denied::NotFound),
            Target::Keys
            | Target::Key(_)
            | Target::ResourceKeys(_)
            | Target::ResourceReads(_)
            | Target::Changes(_)
            | Target::Devices
            | Target::Device(_)
            | Target::Resources
            | Target::ResourceAuthorizations(_)
            | Target::Authorizations
            | Target::Ping
            | Target::Ecdhe
            | Target::NotOffered => return Err(Denied::Malformed("resourceUri names no resource")),
        };
        if !may(caller, Method::Create, purpose, resource) {
            return Err(Denied::NotPermitted);
        }
        self.watch.saw(caller, resource, now);
        let standing = self.store.standing(resource).await.map_err(database)?;
        if standing.is_erased {
            return Err(Denied::Gone);
        }
        let current = self.store.find_current_key(resource, purpose).await.map_err(database)?;
        if let Some(key) = &current
            && !(purpose == Purpose::Content
                && standing.is_due(key.made, now, self.watch.content_key_used_max))
        {
            return Ok(Given::Key(Box::new(self.object(key.clone())?)));
        }
        let key = self.make(resource, purpose, standing.made(now))?;
        let made = Ok(Given::Made(Box::new(self.object(key.clone())?)));
        let entry = log_entry(caller, request, &made, now);
        let put = match &current {
            None => self.store.put_first_key(key, entry).await,
            Some(before) => self.store.put_key_after(before, key, entry).await,
        };
        if put.map_err(database)? {
            return made;
        }
        // Somebody else was quicker: theirs is the current one.
        let key = self.store.find_current_key(resource, purpose).await.map_err(database)?;
        Ok(Given::Key(Box::new(self.object(key.ok_or(Denied::NotNow)?)?)))
    }

    async fn retrieve(&self, caller: &Caller, id: Uuid, now: Timestamp) -> Result<Given, Denied> {
        let Some(key) = self.store.find_key(id).await.map_err(database)? else {
            let erased = self.store.find_erased(id).await.map_err(database)?;
            let known = erased.is_some_and(|(resource, purpose)| {
                may(caller, Method::Retrieve, purpose, resource)
            });
            return if known {
                Err(Denied::Gone)
            } else {
                self.retrieve_shared(caller, id, now).await
            };
        };
        self.watch.saw(caller, key.resource, now);
        if !may(caller, Method::Retrieve, key.purpose, key.resource) {
            // What is refused here went the same way, and so took the same time.
            return self.retrieve_shared(caller, id, now).await;
        }
        let standing = self.store.standing(key.resource).await.map_err(database)?;
        if key.purpose == Purpose::Content && standing.is_revoked(key.made) {
            return Err(Denied::Revoked);
        }
        Ok(Given::Key(Box::new(self.object(key)?)))
    }

    /// The keys in use now, of all purposes or of one: those the caller may have.
    pub(super) async fn current_keys(
        &self,
        caller: &Caller,
        resource: Uuid,
        purpose: Option<Purpose>,
        now: Timestamp,
    ) -> Result<Vec<KeyObject>, Denied> {
        self.watch.saw(caller, resource, now);
        let is_wanted = |known: &Purpose| purpose.is_none_or(|wanted| wanted == *known);
        let is_allowed = |known: &Purpose| may(caller, Method::Retrieve, *known, resource);
        let purposes: Vec<Purpose> =
            PURPOSES.into_iter().filter(is_wanted).filter(is_allowed).collect();
        if purposes.is_empty() {
            return Err(Denied::NotFound);
        }
        let standing = self.store.standing(resource).await.map_err(database)?;
        if standing.is_erased {
            return Err(Denied::Gone);
        }
        let mut keys = Vec::with_capacity(purposes.len());
        for purpose in purposes {
            let key = self.store.find_current_key(resource, purpose).await.map_err(database)?;
            let key =
                key.filter(|key| purpose != Purpose::Content || !standing.is_revoked(key.made));
            keys.extend(key.map(|key| self.object(key)).transpose()?);
        }
        Ok(keys)
    }

    /// Who asked for a person's keys: for that person.
    async fn reads(&self, caller: &Caller, resource: Uuid) -> Result<Given, Denied> {
        if *caller != Caller::Person(UserId(resource)) {
            return Err(Denied::NotFound);
        }
        let uris = self.logged_uris(resource).await.map_err(database)?;
        let rows = self.store.log_about(&uris, READS_MAX).await.map_err(database)?;
        let read = |(_, entry): (_, Entry)| {
            let status = u16::try_from(entry.result).unwrap_or_default();
            let time = entry.time.parse().ok()?;
            Some(KeyRead { time, actor: entry.actor, method: entry.op, uri: entry.object, status })
        };
        Ok(Given::Reads(rows.into_iter().filter_map(read).collect()))
    }

    /// Whose keys were changed: for connectors everybody's, for people their own.
    async fn changes(&self, caller: &Caller, after: Option<i64>) -> Result<Given, Denied> {
        let only = match caller {
            Caller::Person(user) => Some(user.0),
            Caller::Connector(_) => None,
        };
        let changed = self.store.changed_after(after, only).await.map_err(database)?;
        let Changed { serial, resources } = changed;
        Ok(Given::Changes(KeyChanges { serial, resources }))
    }

    fn make(&self, resource: Uuid, purpose: Purpose, made: Timestamp) -> Result<StoredKey, Denied> {
        let id = self.world.chance.uuid();
        let key = ContentKey::generate(KeyUrl::new(&self.host, id), &self.world.chance);
        let wrapped_for =
            WrappedFor { organization: &self.organization, resource, purpose, key: id };
        let wrapped = self.master_key.wrap(key.bytes(), &wrapped_for, &self.world.chance);
        let wrapped = wrapped.map_err(master_key)?;
        Ok(StoredKey { id, resource, purpose, made, wrapped })
    }

    fn object(&self, stored: StoredKey) -> Result<KeyObject, Denied> {
        let StoredKey { id, resource, purpose, made, wrapped } = stored;
        let wrapped_for =
            WrappedFor { organization: &self.organization, resource, purpose, key: id };
        let bytes = self.master_key.unwrap(wrapped, &wrapped_for).map_err(master_key)?;
        let key = ContentKey::from_unwrapped(KeyUrl::new(&self.host, id), bytes);
        Ok(KeyObject {
            uri: key.url().clone(),
            jwk: key.to_jwk(),
            create_date: made,
            expiration_date: None,
            user_id: None,
            client_id: None,
            bind_date: Some(made),
            resource_uri: Some(format!("kms://{}/resources/{resource}", self.host)),
            purpose: Some(purpose),
            kcv: key.check_value(),
        })
    }
}

pub(super) fn database(error: impl std::error::Error + 'static) -> Denied {
    let error: &dyn std::error::Error = &error;
    tracing::error!(error, "The key database does not answer");
    Denied::NotNow
}

#[expect(clippy::needless_pass_by_value, reason = "the end of the chain: said once, here")]
pub(super) fn master_key(error: crate::master_key::NotWrappedHere) -> Denied {
    tracing::error!(%error, "The key database was altered, or is not whole");
    Denied::NotNow
}
