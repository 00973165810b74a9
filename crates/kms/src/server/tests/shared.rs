//! The published protocol's objects: who makes, binds, shares and loses what.

use std::time::Duration;

use protocol::keys::{KeyAnswer, KeyObject, KeyRequest, Method};

use super::{
    ANN, BOB,
    site::{HOST, Site, resource, user},
};
use crate::client::KeyClient;

const CAROL: &str = "carol@example.com";

impl Site {
    async fn say(
        &self,
        who: &KeyClient,
        method: Method,
        uri: &str,
        change: impl FnOnce(&mut KeyRequest),
    ) -> KeyAnswer {
        let mut request = self.request(who, method, uri);
        change(&mut request);
        self.send(&request).await
    }

    async fn unbound(&self, who: &KeyClient, count: u16) -> Vec<KeyObject> {
        let made = self.say(who, Method::Create, "/keys", |r| r.count = Some(count)).await;
        assert_eq!(made.status, 201);
        made.keys.expect("keys")
    }

    async fn bind(&self, who: &KeyClient, key: &KeyObject, resource: &str) -> KeyAnswer {
        let uri = Some(resource.to_owned());
        self.say(who, Method::Update, &key.uri.0, |request| request.resource_uri = uri).await
    }

    async fn resource(&self, who: &KeyClient, users: &[&str], keys: &[&KeyObject]) -> String {
        let made = self
            .say(who, Method::Create, "/resources", |request| {
                request.user_ids = Some(users.iter().map(|who| user(who).to_string()).collect());
                request.key_uris = Some(keys.iter().map(|key| key.uri.0.clone()).collect());
            })
            .await;
        assert_eq!(made.status, 201);
        made.resource.expect("a resource").uri
    }
}

#[tokio::test(start_paused = true)]
async fn an_unbound_key_is_its_creators_alone_and_dies_after_a_day() {
    let site = Site::start().await;
    let (ann, bob) = (site.person(ANN), site.person(BOB));
    let keys = site.unbound(&ann, 3).await;
    assert_eq!(keys.len(), 3);
    assert!(keys.iter().all(|key| key.expiration_date.is_some() && key.bind_date.is_none()));
    let uri = &keys[0].uri.0;
    assert_eq!(site.ask(&ann, Method::Retrieve, uri).await.status, 200);
    let nobodys = format!("kms://{HOST}/keys/{}", uuid::Uuid::from_u128(7));
    for who in [&bob, &site.connector()] {
        let hers = site.ask(who, Method::Retrieve, uri).await;
        let none = site.ask(who, Method::Retrieve, &nobodys).await;
        assert_eq!((hers.status, &hers.reason), (404, &none.reason));
        assert_eq!(site.bind(who, &keys[0], "/resources/x").await.status, 404);
    }
    site.memory.clock().sleep(Duration::from_secs(24 * 3600)).await;
    let ann = site.person(ANN);
    assert_eq!(site.ask(&ann, Method::Retrieve, uri).await.status, 404);
    let target = site.resource(&ann, &[], &[]).await;
    assert_eq!(site.bind(&ann, &keys[0], &target).await.status, 409);
    // Two days later nobody has heard of it.
    site.memory.clock().sleep(Duration::from_secs(26 * 3600)).await;
    let ann = site.person(ANN);
    assert_eq!(site.bind(&ann, &keys[0], &target).await.status, 404);
}

#[tokio::test(start_paused = true)]
async fn a_key_is_bound_once_and_for_good() {
    let site = Site::start().await;
    let ann = site.person(ANN);
    let [first, second] =
        [site.resource(&ann, &[BOB], &[]).await, site.resource(&ann, &[], &[]).await];
    let key = site.unbound(&ann, 1).await.remove(0);
    let bound = site.bind(&ann, &key, &first).await;
    let object = bound.key.expect("a key");
    assert_eq!((bound.status, object.resource_uri.as_ref()), (200, Some(&first)));
    assert_eq!((object.jwk.k.as_str(), object.kcv.as_str()), (&*key.jwk.k, &*key.kcv));
    assert_eq!(site.bind(&ann, &key, &first).await.status, 200, "again");
    assert_eq!(site.bind(&ann, &key, &second).await.status, 409);

    let bob = site.person(BOB);
    let fetched = site.ask(&bob, Method::Retrieve, &key.uri.0).await;
    assert_eq!(fetched.key.expect("his, too").jwk.k, key.jwk.k);
    let listed = site.ask(&bob, Method::Retrieve, &format!("{first}/keys")).await;
    assert_eq!(listed.keys.expect("keys").len(), 1);
    let later = format!("{first}/keys?boundAfter=2026-11-25T00:00:00Z&count=5");
    assert_eq!(site.ask(&bob, Method::Retrieve, &later).await.keys.expect("keys").len(), 0);
    for stranger in [site.person(CAROL), site.connector()] {
        for uri in [&key.uri.0, &format!("{first}/keys"), &first] {
            assert_eq!(site.ask(&stranger, Method::Retrieve, uri).await.status, 404, "{uri}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_may_have_the_keys_lets_others_have_them() {
    let site = Site::start().await;
    let (ann, bob, carol) = (site.person(ANN), site.person(BOB), site.person(CAROL));
    let keys = site.unbound(&ann, 2).await;
    let shared = site.resource(&ann, &[BOB], &[&keys[0], &keys[1]]).await;
    let may =
        async |who: &KeyClient| site.ask(who, Method::Retrieve, &keys[1].uri.0).await.status == 200;
    assert!(may(&ann).await && may(&bob).await && !may(&carol).await);
    let add = async |who: &KeyClient, id: String, to: &str| {
        let to = Some(to.to_owned());
        site.say(who, Method::Create, "/authorizations", |request| {
            (request.auth_id, request.resource_uri) = (Some(id), to);
        })
        .await
    };
    let carols = user(CAROL).to_string();
    assert_eq!(add(&carol, carols.clone(), &shared).await.status, 404, "not by herself");
    let added = add(&bob, carols.clone(), &shared).await;
    assert_eq!(added.authorizations.expect("one")[0].auth_id, carols);
    assert!(may(&carol).await);
    let named = format!("{shared}/authorizations?authId={carols}");
    let shown = site.ask(&ann, Method::Retrieve, &named).await;
    assert_eq!(shown.authorizations.expect("one").len(), 1);
    assert_eq!(site.ask(&bob, Method::Delete, &named).await.status, 403, "he did not make it");
    assert_eq!(site.ask(&ann, Method::Delete, &named).await.status, 200);
    assert!(!may(&carol).await);

    // Whoever may have one resource's keys gets another's, if that names the first.
    let team = site.resource(&bob, &[CAROL], &[]).await;
    assert_eq!(add(&ann, team.clone(), &shared).await.status, 201);
    assert!(may(&carol).await);
    assert_eq!(site.ask(&carol, Method::Delete, &shared).await.status, 403);
    assert_eq!(site.ask(&ann, Method::Delete, &shared).await.status, 200);
    assert!(!may(&ann).await && !may(&carol).await);
}

#[tokio::test(start_paused = true)]
async fn nobody_is_added_to_a_persons_own_resource() {
    let site = Site::start().await;
    let ann = site.person(ANN);
    let own = format!("/resources/{}", resource(ANN));
    let key = site.unbound(&ann, 1).await.remove(0);
    assert_eq!(site.bind(&ann, &key, &own).await.status, 200);
    let bobs = user(BOB).to_string();
    let added = site
        .say(&ann, Method::Create, "/authorizations", |request| {
            (request.auth_id, request.resource_uri) = (Some(bobs), Some(own.clone()));
        })
        .await;
    assert_eq!(added.status, 403);
    assert_eq!(site.ask(&site.person(BOB), Method::Retrieve, &key.uri.0).await.status, 404);
    // Connectors seal for her, and so may have her keys.
    assert_eq!(site.ask(&site.connector(), Method::Retrieve, &key.uri.0).await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn too_much_at_once_is_refused() {
    let site = Site::start().await;
    let ann = site.person(ANN);
    for count in [0, 51, u16::MAX] {
        let made = site.say(&ann, Method::Create, "/keys", |r| r.count = Some(count)).await;
        assert_eq!(made.status, 400, "{count}");
    }
    for _ in 0..20 {
        site.unbound(&ann, 50).await;
    }
    let made = site.ask(&ann, Method::Create, "/keys").await;
    assert_eq!((made.status, made.retry_after_ms.is_some()), (429, true));
}
