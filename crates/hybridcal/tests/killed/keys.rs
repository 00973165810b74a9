//! The key server in a process of its own, killed while it makes keys: a key that somebody got is
//! there for ever and the same for everybody, and the log is one chain without a break.

use std::time::Duration;

use kms::{
    audit::verify::verify,
    client::{Credential, KeyClient, KeyFailure},
    config::{Place, PostgresAddress},
    connector_key::{ConnectorKey, KeyFiles},
    content_key::ContentKey,
    store::Store,
};
use protocol::{
    ids::{ConnectorId, KeyUrl, OrganizationId},
    keys::Purpose,
};
use tokio::time::Instant;
use uuid::Uuid;
use world::{World, clock::Clock, tls::Trust};

use crate::{
    place::{Folder, Server},
    program::Recipe,
};

const KILLS: u32 = 40;
const PATIENCE: Duration = Duration::from_secs(60);
const AGAIN_AFTER: Duration = Duration::from_millis(20);

/// A connector that remembers nothing.
struct Asker {
    world: World,
    files: KeyFiles,
    recipe: Recipe,
}

impl Asker {
    fn new(folder: &Folder, database: &str) -> Self {
        let world = World::system(&Trust::default()).expect("a world");
        let files = ConnectorKey::generate(&world.chance).expect("a key");
        let master_key = folder.0.join("master.key");
        let recipe = Recipe::new(folder, |listen| {
            format!(
                "[kms]\nlisten = \"{listen}\"\nhost = \"kms\"\ndatabase = {database}\n\
                 master_key = {{ file = \"{}\" }}\norganization = \"example\"\n\
                 issuer = \"http://127.0.0.1:9\"\n\
                 [[kms.connectors]]\nid = \"connector-1\"\npublic_key = '''\n{}'''\n",
                master_key.display(),
                files.public_pem
            )
        });
        Self { world, files, recipe }
    }

    fn client(&self) -> KeyClient {
        let id = ConnectorId("connector-1".into());
        let key = ConnectorKey::new(id, &self.files.private_pem).expect("a key");
        let credential = Credential::Connector(key);
        KeyClient::new(self.world.clone(), &self.recipe.url, "kms", "connector-1", credential)
            .expect("a client")
    }

    async fn current(&self, resource: Uuid) -> Result<ContentKey, KeyFailure> {
        self.client().current(resource, Purpose::Content).await
    }

    async fn until_there(
        &self,
        ask: impl AsyncFn(KeyClient) -> Result<ContentKey, KeyFailure>,
    ) -> ContentKey {
        let began = Instant::now();
        loop {
            match ask(self.client()).await {
                Ok(key) => return key,
                Err(failure) => assert!(began.elapsed() < PATIENCE, "no key: {failure}"),
            }
            tokio::time::sleep(AGAIN_AFTER).await;
        }
    }
}

async fn swept(asker: &Asker, place: &Place) {
    let mut program = asker.recipe.start();
    let began = Instant::now();
    asker.current(Uuid::from_u128(1000)).await.expect("a key");
    let usual = began.elapsed();
    let mut known: Vec<KeyUrl> = Vec::new();
    let mut answered = 0;
    for kill in 0..KILLS {
        let resource = Uuid::from_u128(u128::from(kill));
        let moment = tokio::time::sleep(usual.mul_f64(f64::from(kill % 20) / 14.0));
        let first = tokio::select! {
            biased;
            () = moment => None,
            key = asker.current(resource) => Some(key.expect("a key").url().clone()),
        };
        program.kill();
        program = asker.recipe.start();
        let key =
            asker.until_there(async |client| client.current(resource, Purpose::Content).await);
        let url = key.await.url().clone();
        answered += u32::from(first.is_some());
        assert!(first.is_none_or(|first| first == url), "another key than the one given out");
        known.push(url);
    }
    for url in &known {
        asker.until_there(async |client| client.retrieve(url).await).await;
    }
    program.kill();
    println!("killed {KILLS} times within {usual:?}, {answered} of them after the answer");
    assert!(answered < KILLS, "never killed before the answer");
    let store = Store::open(place, Clock::System).await.expect("opens");
    let organization = OrganizationId("example".into());
    let head = verify(&store, &organization, &[]).await.expect("a chain").head;
    // At least each key made and each one asked for by its name.
    assert!(head.seq >= i64::from(2 * KILLS), "{}", head.seq);
}

#[tokio::test]
async fn keys_that_were_given_out_stay_on_sqlite() {
    let folder = Folder::new("keys");
    let file = folder.0.join("kms.db");
    let asker = Asker::new(&folder, &format!("{{ file = \"{}\" }}", file.display()));
    swept(&asker, &Place::File(file)).await;
}

#[tokio::test]
async fn keys_that_were_given_out_stay_on_postgresql() {
    let Some(server) = Server::find().await else { return };
    let folder = Folder::new("keys-postgres");
    let asker = Asker::new(&folder, &format!("{{ postgres = \"{}\" }}", server.address));
    swept(&asker, &Place::Postgres(PostgresAddress(server.address.clone()))).await;
}
