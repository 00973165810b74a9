//! A key server, a sign-in provider and clients in one virtual world.

use std::{fs, sync::Arc};

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use axum::{Json, Router, routing::get, routing::post};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use protocol::{
    ids::{ConnectorId, OrganizationId, UserId},
    keys::{Credential as WireCredential, KeyAnswer, KeyClient as WireClient, KeyRequest, Method},
    routes,
    token::AUDIENCE_KMS,
};
use serde_json::{Value, json};
use tokio::sync::Mutex;
use url::Url;
use uuid::Uuid;
use world::{
    World,
    chance::Chance,
    clock::Clock,
    http::{Request, Response, serve},
    memory::Memory,
    stop::{Stop, Stopper},
};

use crate::{
    client::{Credential, KeyClient},
    config::{self, Config, Connector, KeyPlace, Place, StaticIdentity},
    connector_key::ConnectorKey,
    folder::Folder,
    server::{Running, StartFailure, start},
    store::{Store, tests::scratch_place},
};

pub(super) const HOST: &str = "kms.example.org";
pub(super) const ORIGIN: &str = "https://calendar.example.org";
const URL: &str = "https://kms";

pub(super) fn organization() -> OrganizationId {
    OrganizationId("contoso".into())
}

pub(super) fn user(address: &str) -> UserId {
    UserId::of(&organization(), address)
}

pub(super) fn resource(address: &str) -> Uuid {
    user(address).0
}

pub(super) fn config() -> Config {
    let connector = Connector {
        id: ConnectorId("c-1".into()),
        public_key: connector_key().1,
        people_in_ten_minutes: None,
    };
    Config {
        listen: Some("kms:443".into()),
        tls: None,
        host: HOST.into(),
        database: Place::Memory,
        master_key: KeyPlace::Memory,
        next_master_key: None,
        organization: organization(),
        issuer: Url::parse("https://issuer").expect("a URL"),
        web_origins: vec![ORIGIN.into()],
        content_key_days: config::content_key_days(),
        people_in_ten_minutes: config::people_in_ten_minutes(),
        audit: config::Audit::default(),
        connectors: vec![connector],
        channel: Some(StaticIdentity::Memory),
        cloud: None,
        connectors_read_unbound_keys: false,
    }
}

/// The same each time.
fn connector_key() -> (ConnectorKey, String) {
    let files = ConnectorKey::generate(&Chance::seeded(5)).expect("a key");
    let key = ConnectorKey::new(ConnectorId("c-1".into()), &files.private_pem).expect("a key");
    (key, files.public_pem)
}

#[derive(Clone)]
pub(super) struct Site {
    pub(super) memory: Memory,
    signer: Arc<EcdsaKeyPair>,
    running: Arc<Mutex<Option<(Stopper, Running)>>>,
    _issuer: Arc<Stopper>,
}

impl Site {
    pub(super) async fn start() -> Self {
        Self::with(Config { database: scratch_place().await, ..config() }).await
    }

    pub(super) async fn start_in(folder: &Folder) -> Self {
        Self::with(folder.config()).await
    }

    async fn with(config: Config) -> Self {
        let memory = World::in_memory("2026-11-24T09:00:00Z".parse().expect("a time"), 1);
        let signer = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key");
        let (issuer, stop) = Stopper::new();
        provider(&memory.host("issuer"), &signer, stop).await;
        let site = Self {
            memory,
            signer: Arc::new(signer),
            running: Arc::default(),
            _issuer: Arc::new(issuer),
        };
        let running = site.start_with(config).await.expect("starts");
        *site.running.lock().await = Some(running);
        site
    }

    pub(super) async fn start_with(
        &self,
        config: Config,
    ) -> Result<(Stopper, Running), StartFailure> {
        let (stopper, stop) = Stopper::new();
        let running = start(config, self.memory.host("kms"), stop).await?;
        Ok((stopper, running))
    }

    pub(super) async fn stop(&self) {
        let (stopper, running) = self.running.lock().await.take().expect("running");
        stopper.stop();
        running.join.await.expect("a graceful end");
    }

    pub(super) fn connector(&self) -> KeyClient {
        self.client("c-1", Credential::Connector(connector_key().0))
    }

    pub(super) fn person(&self, address: &str) -> KeyClient {
        self.client("web", Credential::Person { token: self.person_token(address, AUDIENCE_KMS) })
    }

    pub(super) fn client(&self, id: &str, credential: Credential) -> KeyClient {
        let url = Url::parse(URL).expect("a URL");
        KeyClient::new(self.memory.host("client"), &url, HOST, id, credential).expect("a URL")
    }

    /// A client of a server that always says this.
    pub(super) async fn client_of_liar(&self, answer: KeyAnswer) -> KeyClient {
        let lie = move |Json(request): Json<KeyRequest>| async move {
            Json(KeyAnswer { request_id: request.request_id, ..answer })
        };
        let router = Router::new().route(routes::KMS, post(lie));
        let listener = self.memory.host("liar").network.listen("liar:0").await.expect("free");
        let url = Url::parse(&format!("http://{}", listener.address())).expect("a URL");
        let (stopper, stop) = Stopper::new();
        tokio::spawn(async move {
            serve(listener, router, stop).await;
            drop(stopper);
        });
        let credential = Credential::Connector(connector_key().0);
        KeyClient::new(self.memory.host("client"), &url, HOST, "c-1", credential).expect("a URL")
    }

    pub(super) fn connector_token(&self, audience: &str) -> String {
        let now = self.memory.clock().now();
        connector_key().0.token(audience, now, self.memory.chance()).expect("signs")
    }

    pub(super) fn person_token(&self, address: &str, audience: &str) -> String {
        self.sign(json!({
            "sub": "1", "email": address, "aud": audience, "email_verified": true,
        }))
    }

    pub(super) fn unverified_token(&self, address: &str) -> String {
        self.sign(json!({
            "sub": "1", "email": address, "aud": AUDIENCE_KMS, "email_verified": false,
        }))
    }

    fn sign(&self, mut claims: Value) -> String {
        claims["iss"] = json!("https://issuer");
        claims["exp"] = json!(self.memory.clock().now().as_second() + 86_400);
        let header = json!({"alg": "ES256", "kid": "k"});
        let [header, claims] =
            [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
        let signed = format!("{header}.{claims}");
        let signature = self.signer.sign(&SystemRandom::new(), signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.expect("signs")))
    }

    pub(super) fn bare_request(&self, method: Method, uri: &str) -> KeyRequest {
        let credential = WireCredential { user_id: None, bearer: String::new() };
        let client = WireClient { client_id: String::new(), credential };
        KeyRequest::new(client, self.memory.chance().uuid(), method, uri.into())
    }

    pub(super) fn request(&self, client: &KeyClient, method: Method, uri: &str) -> KeyRequest {
        let client = client.request(method, uri.into()).expect("signs").client;
        KeyRequest { client, ..self.bare_request(method, uri) }
    }

    pub(super) async fn ask(&self, client: &KeyClient, method: Method, uri: &str) -> KeyAnswer {
        self.send(&self.request(client, method, uri)).await
    }

    pub(super) async fn send(&self, request: &KeyRequest) -> KeyAnswer {
        let response = self.post(&serde_json::to_string(request).expect("JSON")).await;
        assert_eq!(response.status.as_u16(), 200);
        let answer: KeyAnswer = serde_json::from_slice(&response.body).expect("an answer");
        assert_eq!(answer.request_id, request.request_id);
        answer
    }

    pub(super) async fn post(&self, body: &str) -> Response {
        let url = Url::parse(URL).expect("a URL").join(routes::KMS).expect("a URL");
        let request = Request::post(&url, body.to_owned()).json();
        self.memory.host("client").http.send(request).await.expect("an answer")
    }

    /// The authority to trust, as the running server made it.
    pub(super) async fn root(&self) -> String {
        let running = self.running.lock().await;
        running.as_ref().and_then(|(_, running)| running.root.clone()).expect("a root")
    }

    pub(super) async fn start_again(&self, config: Config) {
        let running = self.start_with(config).await.expect("starts");
        *self.running.lock().await = Some(running);
    }

    pub(super) async fn get_frames(&self) -> Response {
        let url = Url::parse(URL).expect("a URL").join(routes::KMS_FRAMES).expect("a URL");
        self.memory.host("client").http.send(Request::get(&url)).await.expect("an answer")
    }

    pub(super) async fn post_frames(&self, body: Vec<u8>) -> Response {
        let url = Url::parse(URL).expect("a URL").join(routes::KMS_FRAMES).expect("a URL");
        let request = Request::post(&url, body).json();
        self.memory.host("client").http.send(request).await.expect("an answer")
    }

    pub(super) async fn post_from(&self, method: Method, origin: &str) -> Response {
        let url = Url::parse(URL).expect("a URL").join(routes::KMS).expect("a URL");
        let body = self.request(&self.connector(), method, "/ping");
        let body = serde_json::to_vec(&body).expect("JSON");
        let request = Request::post(&url, body).json().header("origin", origin);
        self.memory.host("client").http.send(request).await.expect("an answer")
    }
}

async fn provider(world: &World, signer: &EcdsaKeyPair, stop: Stop) {
    let point = signer.public_key().as_ref();
    let [x, y] = [&point[1..33], &point[33..]].map(|half| URL_SAFE_NO_PAD.encode(half));
    let key = json!({"kty": "EC", "crv": "P-256", "alg": "ES256", "kid": "k", "x": x, "y": y});
    let keys = json!({"keys": [key]});
    let discovery = json!({"issuer": "https://issuer", "jwks_uri": "https://issuer/keys"});
    let router = Router::new()
        .route("/.well-known/openid-configuration", get(move || async { Json(discovery) }))
        .route("/keys", get(move || async { Json(keys) }));
    let listener = world.network.listen("issuer:443").await.expect("free");
    tokio::spawn(serve(listener, router, stop));
}

impl Folder {
    pub(crate) fn config(&self) -> Config {
        Config {
            database: Place::File(self.0.join("keys #1%.db")),
            master_key: KeyPlace::File(self.0.join("master.key")),
            channel: Some(StaticIdentity::Folder(self.0.join("channel"))),
            ..config()
        }
    }

    pub(super) fn clock(&self) -> Clock {
        Clock::virtual_from("2026-11-24T09:00:00Z".parse().expect("a time"))
    }

    pub(super) async fn store(&self) -> Store {
        Store::open(&self.config().database, self.clock()).await.expect("opens")
    }

    /// Everything that lies in the folder, except the master key itself.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let files = fs::read_dir(&self.0).expect("ours").map(|file| file.expect("ours").path());
        let files = files.filter(|file| file.is_file() && !file.ends_with("master.key"));
        files.flat_map(|file| fs::read(file).expect("ours")).collect()
    }
}
