//! What watches over the keys while they are given out: who asks for many people's, how long a key
//! is used, and the log's keeper.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use protocol::{ids::ConnectorId, keys::Purpose};
use tokio::task::JoinHandle;
use uuid::Uuid;
use world::{World, stop::Stop};

use super::{StartFailure, answers::Kms};
use crate::{
    audit::keeper::Keeper, config::Config, custody::audit_key, many_people::ManyPeople,
    master_key::MasterKey, permission::Caller, store::Store,
};

/// Rows of the log shown to a person.
pub(super) const READS_MAX: usize = 200;
/// Keys of a person whose rows are looked for; years of them.
const KEYS_MAX: usize = 50;
/// See docs/operating.md.
const MANY_PEOPLE: &str = "kms-many-people";

pub(super) struct Watch {
    organization: Uuid,
    many_people: ManyPeople,
    people_max: usize,
    connectors: BTreeMap<ConnectorId, usize>,
    pub(super) content_key_used_max: SignedDuration,
}

impl Watch {
    pub(super) fn new(config: &Config) -> Self {
        let limit = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        let of_connector = config.connectors.iter().filter_map(|connector| {
            Some((connector.id.clone(), limit(connector.people_in_ten_minutes?)))
        });
        Self {
            organization: config.organization.uuid(),
            many_people: ManyPeople::default(),
            people_max: limit(config.people_in_ten_minutes),
            connectors: of_connector.collect(),
            content_key_used_max: days(config.content_key_days),
        }
    }

    /// Somebody asked for a key of this resource, given or not.
    pub(super) fn saw(&self, caller: &Caller, resource: Uuid, now: Timestamp) {
        let (most, actor) = match caller {
            Caller::Person(user) => (Some(self.people_max), format!("user {user}")),
            Caller::Connector(id) => (self.connectors.get(id).copied(), format!("connector {id}")),
        };
        let Some(most) = most.filter(|_| resource != self.organization) else { return };
        if self.many_people.saw(caller, resource, most, now) {
            tracing::error!(
                alarm.id = MANY_PEOPLE,
                actor,
                "Somebody asks for the keys of more than {most} people within ten minutes: find out who and why; hybridcal kms audit verify, then the log's rows of this actor"
            );
        }
    }
}

impl Kms {
    /// What the log may have written about this person's content keys.
    pub(super) async fn logged_uris(&self, resource: Uuid) -> sqlx::Result<Vec<String>> {
        let host = &self.host;
        let ids = self.store.key_ids(resource, Purpose::Content, KEYS_MAX).await?;
        let keys = ids.iter().flat_map(|id| forms(host, &format!("keys/{id}")));
        let list = forms(host, &format!("resources/{resource}/keys"));
        let itself = forms(host, &format!("resources/{resource}"));
        Ok(keys.chain(list).chain(itself).collect())
    }
}

/// A URI may have been asked for in each of these.
fn forms(host: &str, path: &str) -> [String; 3] {
    [format!("kms://{host}/{path}"), format!("/{path}"), path.to_owned()]
}

/// The log's keeper, at work until the stop.
pub(super) async fn keep_log(
    config: &Config,
    store: &Store,
    master_key: &MasterKey,
    world: &World,
    stop: Stop,
) -> Result<JoinHandle<()>, StartFailure> {
    let key = audit_key(store, master_key, &config.organization, &world.chance).await?;
    let keeper = Keeper {
        store: store.clone(),
        clock: world.clock.clone(),
        organization: config.organization.clone(),
        key,
        file: config.audit.checkpoint_file.clone(),
        kept: days(config.audit.kept_days),
    };
    Ok(tokio::spawn(keeper.keep(stop)))
}

fn days(number: u32) -> SignedDuration {
    SignedDuration::from_hours(i64::from(number) * 24)
}
