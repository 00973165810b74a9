//! What a connector says to the cloud, in its own words and again until it is answered.

use std::time::Duration;

use kms::connector_key::{ConnectorKey, KeyFiles};
use protocol::{
    connector::{Commit, Committed, LeaseRequest, MailboxState},
    ids::{ConnectorId, OrganizationId, UserId},
    meeting::SealedMeeting,
    routes,
    token::AUDIENCE_API,
};
use serde_json::json;
use tokio::time::Instant;
use url::Url;
use uuid::Uuid;
use world::{World, http::Request, tls::Trust};

/// Whatever has to happen happens within this.
const PATIENCE: Duration = Duration::from_secs(60);
const AGAIN_AFTER: Duration = Duration::from_millis(20);

pub(crate) struct Asker {
    world: World,
    key: ConnectorKey,
    owner: Uuid,
    pub(crate) public_pem: String,
}

impl Asker {
    pub(crate) fn new() -> Self {
        let world = World::system(&Trust::default()).expect("a world");
        let KeyFiles { private_pem, public_pem } =
            ConnectorKey::generate(&world.chance).expect("a key");
        let id = ConnectorId("connector-1".into());
        let key = ConnectorKey::new(id, &private_pem).expect("a key");
        Self { owner: world.chance.uuid(), world, key, public_pem }
    }

    fn request(&self, cloud: &Url, path: &str, body: Option<String>) -> Request {
        let url = cloud.join(path).expect("a URL");
        let token = self.key.token(AUDIENCE_API, self.world.clock.now(), &self.world.chance);
        let request = match body {
            Some(body) => Request::post(&url, body).json(),
            None => Request::get(&url),
        };
        request.bearer(&token.expect("a token"))
    }

    /// The answer's body, or the status of another answer; 0 if there was none.
    async fn ask(&self, request: Request) -> Result<Vec<u8>, u16> {
        let answer = self.world.http.send(request).await.map_err(|_nobody| 0_u16)?;
        let status = answer.status.as_u16();
        if status == 200 { Ok(answer.body.to_vec()) } else { Err(status) }
    }

    /// Until it is granted.
    pub(crate) async fn lease(&self, cloud: &Url, users: &[UserId]) {
        let shards: Vec<_> = users.iter().map(UserId::shard).collect();
        let body = json!(LeaseRequest { owner: self.owner, shards }).to_string();
        let began = Instant::now();
        while let Err(status) =
            self.ask(self.request(cloud, routes::LEASES, Some(body.clone()))).await
        {
            assert!(matches!(status, 0 | 503), "a lease was refused: {status}");
            assert!(began.elapsed() < PATIENCE, "no lease");
            tokio::time::sleep(AGAIN_AFTER).await;
        }
    }

    /// Once; the answer may be lost.
    pub(crate) async fn commit(
        &self,
        cloud: &Url,
        user: UserId,
        commit: &Commit,
    ) -> Result<Committed, u16> {
        let path = routes::with(routes::MAILBOX_COMMITS, &user.to_string());
        let body = json!(commit).to_string();
        let answer = self.ask(self.request(cloud, &path, Some(body))).await?;
        Ok(serde_json::from_slice(&answer).expect("an answer"))
    }

    /// Until there is an answer; a refusal for good is a failure of the test.
    pub(crate) async fn commit_until_answered(
        &self,
        cloud: &Url,
        user: UserId,
        commit: &Commit,
    ) -> Committed {
        let began = Instant::now();
        loop {
            match self.commit(cloud, user, commit).await {
                Ok(answer) => return answer,
                // Its lease may have ended while there was nobody to renew it.
                Err(0 | 503) => self.lease(cloud, &[user]).await,
                Err(status) => panic!("a commit was refused: {status}"),
            }
            assert!(began.elapsed() < PATIENCE, "no answer");
            tokio::time::sleep(AGAIN_AFTER).await;
        }
    }

    /// The status of the question whether it is well; 0 if it says nothing.
    pub(crate) async fn health(&self, cloud: &Url) -> u16 {
        let asked = self.ask(self.request(cloud, routes::HEALTH, None)).await;
        asked.err().unwrap_or(200)
    }

    pub(crate) async fn state(&self, cloud: &Url, user: UserId) -> MailboxState {
        let path = routes::with(routes::MAILBOX_STATE, &user.to_string());
        let path = format!("{path}?meetings=true");
        let began = Instant::now();
        loop {
            if let Ok(answer) = self.ask(self.request(cloud, &path, None)).await {
                return serde_json::from_slice(&answer).expect("a state");
            }
            assert!(began.elapsed() < PATIENCE, "no state");
            tokio::time::sleep(AGAIN_AFTER).await;
        }
    }

    /// The next one of a list that is at this version: one meeting more.
    pub(crate) fn next(&self, version: i64) -> Commit {
        Commit {
            owner: self.owner,
            lease_epoch: 1,
            expect_version: version,
            batch_id: self.world.chance.uuid(),
            sealed_state: format!("state {}", version + 1),
            upserts: vec![meeting(&self.world, &name(version + 1))],
            deletes: Vec::new(),
        }
    }
}

/// The meeting that a version added.
pub(crate) fn name(version: i64) -> String {
    format!("meeting-{version:04}")
}

pub(crate) fn user(number: usize) -> UserId {
    let address = format!("person-{number}@example.com");
    UserId::of(&OrganizationId("example".into()), &address)
}

/// Tomorrow, so that nothing removes it.
fn meeting(world: &World, id: &str) -> SealedMeeting {
    let start = world.clock.now() + jiff::SignedDuration::from_hours(24);
    let meeting = json!({
        "id": id, "seriesId": id, "start": start, "durationMinutes": 30, "organizer": null,
        "isRecurring": false, "isAllDay": false, "isDeleted": false,
        "lastModified": start, "meetingSensitivity": "normal", "responseType": "accepted",
        "encryptionKeyUrl": "kms://kms/keys/00000000-0000-0000-0000-000000000000",
        "encryptedSubject": "a.b.c.d.e", "encryptedLocation": null, "encryptedNotes": null,
        "encryptedParticipants": [], "links": [],
        "hc": { "rev": 1, "userRev": 0, "schema": 1, "truncated": [], "notes": [] },
    });
    serde_json::from_value(meeting).expect("a meeting")
}
