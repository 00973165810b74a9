//! What an administrator orders shows to connectors and people, and what they may ask about it.

use std::time::Duration;

use protocol::{
    ids::UserId,
    keys::{KeyAnswer, Method, Purpose, REVOKED},
};

use super::{ANN, BOB, site::Site, site::resource};
use crate::{
    client::KeyFailure,
    content_key::ContentKey,
    custody::{Custody, Whom},
    folder::Folder,
    standing::What,
    store::{Act, Store, StoredKey},
};

/// Connectors ask every minute what has changed.
const HEARD: Duration = Duration::from_secs(61);

fn ann() -> UserId {
    UserId(resource(ANN))
}

async fn custody(site: &Site, folder: &Folder) -> Custody {
    Custody::open(&folder.config(), site.memory.host("kms")).await.expect("beside the server")
}

#[tokio::test(start_paused = true)]
async fn a_connector_uses_the_new_key_within_a_minute_and_the_old_one_is_still_served() {
    let folder = Folder::new();
    let site = Site::start_in(&folder).await;
    let connector = site.connector();
    let old = connector.current(resource(ANN), Purpose::Content).await.expect("made");
    let bobs = connector.current(resource(BOB), Purpose::Content).await.expect("made");
    let index = connector.current(resource(ANN), Purpose::Index).await.expect("made");
    let custody = custody(&site, &folder).await;
    custody.rotate(&Whom::Person(ann())).await.expect("done");
    site.memory.clock().sleep(HEARD).await;
    let new = connector.current(resource(ANN), Purpose::Content).await.expect("made");
    assert_ne!(new.url(), old.url());
    assert_ne!(new.bytes(), old.bytes());
    // Another connector gets the same; nobody else's keys are new, and no other purpose's.
    let again = site.connector().current(resource(ANN), Purpose::Content).await.expect("known");
    assert_eq!(again.url(), new.url());
    let same = connector.current(resource(BOB), Purpose::Content).await.expect("known");
    assert_eq!(same.url(), bobs.url());
    let same = connector.current(resource(ANN), Purpose::Index).await.expect("known");
    assert_eq!(same.url(), index.url());
    for key in [&old, &new] {
        let given = site.person(ANN).retrieve(key.url()).await.expect("hers");
        assert_eq!(given.bytes(), key.bytes());
    }
    let current = site.person(ANN).current(resource(ANN), Purpose::Content).await.expect("hers");
    assert_eq!(current.url(), new.url());

    custody.rotate(&Whom::Everybody).await.expect("done");
    site.memory.clock().sleep(HEARD).await;
    for (person, before) in [(ANN, new.url()), (BOB, bobs.url())] {
        let key = connector.current(resource(person), Purpose::Content).await.expect("made");
        assert_ne!(key.url(), before);
    }
    site.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_key_is_followed_by_another_one_after_ninety_days() {
    let site = Site::start().await;
    let connector = site.connector();
    let first = connector.current(resource(ANN), Purpose::Content).await.expect("made");
    let state = connector.current(resource(ANN), Purpose::State).await.expect("made");
    site.memory.clock().sleep(Duration::from_secs(89 * 24 * 3600)).await;
    let same = connector.current(resource(ANN), Purpose::Content).await.expect("known");
    assert_eq!(same.url(), first.url());
    site.memory.clock().sleep(Duration::from_secs(2 * 24 * 3600)).await;
    let second = connector.current(resource(ANN), Purpose::Content).await.expect("made");
    assert_ne!(second.url(), first.url());
    let same = connector.current(resource(ANN), Purpose::State).await.expect("known");
    assert_eq!(same.url(), state.url());
}

#[tokio::test(start_paused = true)]
async fn a_revoked_key_is_refused_with_the_drafts_code() {
    let folder = Folder::new();
    let site = Site::start_in(&folder).await;
    let connector = site.connector();
    let old = connector.current(resource(ANN), Purpose::Content).await.expect("made");
    let custody = custody(&site, &folder).await;
    custody.revoke(&Whom::Person(ann())).await.expect("done");
    let code = |answer: KeyAnswer| (answer.status, answer.error_code, answer.key.is_none());
    for client in [site.person(ANN), site.connector()] {
        let answer = site.ask(&client, Method::Retrieve, &old.url().0).await;
        assert_eq!(code(answer), (405, Some(REVOKED), true));
        assert!(matches!(client.retrieve(old.url()).await, Err(KeyFailure::Revoked)));
    }
    // A stranger hears what strangers hear.
    let answer = site.ask(&site.person(BOB), Method::Retrieve, &old.url().0).await;
    assert_eq!(code(answer), (404, None, true));
    let uri = format!("/resources/{}/keys", resource(ANN));
    let answer = site.ask(&site.person(ANN), Method::Retrieve, &uri).await;
    assert_eq!(answer.keys.map(|keys| keys.len()), Some(0), "none until there is a new one");
    // Whoever remembered it forgets it, and gets the next one.
    site.memory.clock().sleep(HEARD).await;
    assert!(matches!(connector.retrieve(old.url()).await, Err(KeyFailure::Revoked)));
    let new = connector.current(resource(ANN), Purpose::Content).await.expect("made");
    assert_ne!(new.url(), old.url());
    assert!(site.person(ANN).retrieve(new.url()).await.is_ok());
    site.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_was_erased_is_gone_for_good_and_not_made_again() {
    let folder = Folder::new();
    let site = Site::start_in(&folder).await;
    let connector = site.connector();
    let content = connector.current(resource(ANN), Purpose::Content).await.expect("made");
    let index = connector.current(resource(ANN), Purpose::Index).await.expect("made");
    let wrapped = stored(&folder.store().await, &content).await.expect("there").wrapped;
    let custody = custody(&site, &folder).await;
    custody.erase(ann()).await.expect("done");
    site.memory.clock().sleep(HEARD).await;

    for purpose in [Purpose::Content, Purpose::Index] {
        let refused = connector.current(resource(ANN), purpose).await;
        assert!(matches!(refused, Err(KeyFailure::Gone)), "{purpose:?}");
    }
    for key in [&content, &index] {
        assert!(matches!(connector.retrieve(key.url()).await, Err(KeyFailure::Gone)));
    }
    assert!(matches!(site.person(ANN).retrieve(content.url()).await, Err(KeyFailure::Gone)));
    let refused = site.person(ANN).current(resource(ANN), Purpose::Content).await;
    assert!(matches!(refused, Err(KeyFailure::Gone)));
    // The index key was never hers to have, and nothing was ever a stranger's.
    for (who, key) in [(ANN, &index), (BOB, &content)] {
        let answer = site.ask(&site.person(who), Method::Retrieve, &key.url().0).await;
        assert_eq!(answer.status, 404);
    }
    assert!(stored(&folder.store().await, &content).await.is_none());
    let bytes = folder.bytes();
    assert!(!bytes.windows(wrapped.len()).any(|window| window == wrapped), "not even wrapped");

    custody.readmit(ann()).await.expect("done");
    let new = connector.current(resource(ANN), Purpose::Content).await.expect("made");
    assert_ne!(new.bytes(), content.bytes());
    assert!(matches!(connector.retrieve(content.url()).await, Err(KeyFailure::Gone)));
    site.stop().await;
}

async fn stored(store: &Store, key: &ContentKey) -> Option<StoredKey> {
    store.find_key(key.url().key().expect("an id")).await.expect("asked")
}

#[tokio::test(start_paused = true)]
async fn people_see_who_had_their_keys_and_nobody_elses() {
    let folder = Folder::new();
    let site = Site::start_in(&folder).await;
    let key = site.connector().current(resource(ANN), Purpose::Content).await.expect("made");
    site.person(ANN).retrieve(key.url()).await.expect("hers");
    site.person(BOB).retrieve(key.url()).await.expect_err("not his");
    site.connector().current(resource(BOB), Purpose::Content).await.expect("made");
    custody(&site, &folder).await.revoke(&Whom::Person(ann())).await.expect("done");
    let uri = format!("/resources/{}/reads", resource(ANN));
    let answer = site.ask(&site.person(ANN), Method::Retrieve, &uri).await;
    let reads = answer.reads.expect("a list");
    let told: Vec<_> =
        reads.iter().map(|r| (r.actor.as_str(), r.method.as_str(), r.status)).collect();
    let (ann, bob) = (format!("user {}", ann()), format!("user {}", UserId(resource(BOB))));
    assert_eq!(
        told,
        [
            ("administrator", "revoke", 200),
            (bob.as_str(), "retrieve", 404),
            (ann.as_str(), "retrieve", 200),
            ("connector c-1", "create", 201),
        ]
    );
    for other in [site.person(BOB), site.connector()] {
        assert_eq!(site.ask(&other, Method::Retrieve, &uri).await.status, 404);
    }
    site.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_has_changed_is_told_to_whom_it_concerns() {
    let folder = Folder::new();
    let site = Site::start_in(&folder).await;
    let store = folder.store().await;
    let ask = async |client, after: &str| {
        let answer = site.ask(client, Method::Retrieve, &format!("/changes{after}")).await;
        let changes = answer.changes.expect("an answer");
        (changes.serial, changes.resources)
    };
    let (connector, ann, bob) = (site.connector(), site.person(ANN), site.person(BOB));
    assert_eq!(ask(&connector, "").await, (0, Some(vec![])));
    let custody = custody(&site, &folder).await;
    custody.rotate(&Whom::Person(self::ann())).await.expect("done");
    assert_eq!(ask(&connector, "?after=0").await, (1, Some(vec![resource(ANN)])));
    assert_eq!(ask(&ann, "?after=0").await, (1, Some(vec![resource(ANN)])));
    assert_eq!(ask(&bob, "?after=0").await, (1, Some(vec![])));
    assert_eq!(ask(&connector, "?after=1").await, (1, Some(vec![])));
    assert_eq!(ask(&connector, "?after=9").await, (1, None), "of another database");
    custody.rotate(&Whom::Everybody).await.expect("done");
    assert_eq!(ask(&bob, "?after=1").await, (2, None));
    // More than is told one by one.
    for at_ms in 0..600 {
        let act = Act { what: What::Rotate, resource: Some(resource(ANN)), at_ms };
        let entry = crate::audit::Entry {
            time: site.memory.clock().now().to_string(),
            actor: "administrator".into(),
            op: "rotate".into(),
            object: "x".into(),
            result: 200,
        };
        store.act(act, entry).await.expect("done");
    }
    assert_eq!(ask(&connector, "?after=2").await, (602, None));
    assert_eq!(ask(&connector, "?after=601").await, (602, Some(vec![resource(ANN)])));
    site.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_administrator_and_the_server_write_one_log() {
    let folder = Folder::new();
    let site = Site::start_in(&folder).await;
    let connector = site.connector();
    let custody = custody(&site, &folder).await;
    let asked = async {
        for _ in 0..50 {
            let answer = site.ask(&connector, Method::Update, "/ping").await;
            assert_eq!(answer.status, 200);
        }
    };
    let ordered = async {
        for _ in 0..50 {
            custody.rotate(&Whom::Everybody).await.expect("done");
        }
    };
    tokio::join!(asked, ordered);
    assert_eq!(custody.verify(&[]).await.expect("whole").head.seq, 100);
    site.stop().await;
}
