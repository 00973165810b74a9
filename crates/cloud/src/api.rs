//! What handlers share; a file per resource below.

use axum::{
    extract::{FromRequest, FromRequestParts, Query, Request},
    http::{StatusCode, header, request::Parts},
};
use bytes::Bytes;
use protocol::{
    ids::MeetingId,
    meeting::{Link, SealedMeeting},
    routes,
};
use serde::de::DeserializeOwned;
use world::{
    World,
    issuer::{Issuer, KnownSigners},
    stop::Stop,
};

use crate::{
    config::Config,
    desk::Desk,
    error::{Refusal, Result},
    feed::Feed,
    relay::Relay,
    store::Store,
};

pub(crate) mod changes;
pub(crate) mod command_queue;
pub(crate) mod commands;
pub(crate) mod connector;
pub(crate) mod document;
pub(crate) mod events;
pub(crate) mod health;
pub(crate) mod join_buttons;
pub(crate) mod key_frames;
pub(crate) mod meetings;
pub(crate) mod presence;
pub(crate) mod scheduler_data;
pub(crate) mod site;
pub(crate) mod trust;

/// The running cloud, as handlers see it.
pub(crate) struct App {
    pub(crate) store: Store,
    pub(crate) feed: Feed,
    pub(crate) desk: Desk,
    pub(crate) issuer: Issuer,
    pub(crate) signers: KnownSigners,
    /// The one key server, if it is known; connectors are others.
    pub(crate) key_servers: KnownSigners,
    pub(crate) relay: Relay,
    pub(crate) world: World,
    pub(crate) config: Config,
    pub(crate) stop: Stop,
}

impl App {
    /// A meeting as it is served: with addresses on our own origin.
    fn linked(&self, mut meeting: SealedMeeting) -> SealedMeeting {
        meeting.links = self.links(&meeting.id);
        meeting
    }

    fn links(&self, id: &MeetingId) -> Vec<Link> {
        let link = |rel: &str, path| {
            let href = self.config.link(&routes::with(path, &id.in_path()));
            Link { href, rel: rel.into() }
        };
        vec![
            link("self", routes::MEETING),
            link("notes", routes::MEETING_NOTES),
            link("participants", routes::MEETING_PARTICIPANTS),
        ]
    }
}

/// A JSON body within its route's bound.
pub(crate) struct Json<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self> {
        let media_type = request.headers().get(header::CONTENT_TYPE);
        let media_type = media_type.and_then(|value| value.to_str().ok()).unwrap_or_default();
        let media_type = media_type.split(';').next().unwrap_or_default().trim();
        if !media_type.eq_ignore_ascii_case("application/json") {
            return Err(Refusal::MediaType);
        }
        let body =
            Bytes::from_request(request, state).await.map_err(|rejection| {
                match rejection.status() {
                    StatusCode::PAYLOAD_TOO_LARGE => Refusal::TooLarge,
                    _ => Refusal::Invalid { field: "body" },
                }
            })?;
        let value = serde_json::from_slice(&body);
        value.map(Self).map_err(|_its_text_may_echo_input| Refusal::Invalid { field: "body" })
    }
}

/// The query, if it has the expected members.
pub(crate) struct Asked<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self> {
        let query = Query::try_from_uri(&parts.uri);
        let invalid = |_its_text_may_echo_input| Refusal::Invalid { field: "query" };
        query.map(|Query(asked)| Self(asked)).map_err(invalid)
    }
}
