//! Every route of the cloud in one table: path, who may use it, how large a body it reads.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderValue, header},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::{MethodRouter, get, patch, post},
};
use protocol::{
    command::{COMMAND_BYTES_MAX, RESULT_BYTES_MAX},
    connector::COMMIT_BYTES_MAX,
    keys::{FRAME_BYTES_MAX, FRAMES_BYTES_MAX, FRAMES_MAX},
    routes,
};

use crate::{
    api::{
        App, changes, command_queue, commands, connector, document, events, health, join_buttons,
        key_frames, meetings, presence, scheduler_data, site, trust,
    },
    auth::{Who, admit},
    error::Refusal,
    web,
};

/// Largest body of a request that is not a commit.
const BODY_BYTES_MAX: usize = 64 * 1024;
/// Answers of the key server to one call: as many frames as were asked, each of any size.
const ANSWER_BYTES_MAX: usize = FRAMES_MAX * (FRAME_BYTES_MAX + 3) + BODY_BYTES_MAX;
/// A request that is not answered by then is told to come back; streams only begin in this time.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

pub(crate) struct Route {
    pub(crate) path: &'static str,
    pub(crate) who: Who,
    pub(crate) body_bytes_max: usize,
    handler: MethodRouter<Arc<App>>,
}

pub(crate) fn table() -> Vec<Route> {
    use Who::{Administrator, Anyone, Connector, KeyServer, Person};
    let small = BODY_BYTES_MAX;
    let route = |path, who, body_bytes_max, handler| Route { path, who, body_bytes_max, handler };
    vec![
        route(routes::SITE, Anyone, small, get(site::show)),
        route(routes::HEALTH, Anyone, small, get(health::show)),
        route(routes::API, Anyone, small, get(document::show)),
        route(routes::MEETINGS, Person, small, get(meetings::list)),
        route(routes::MEETING, Person, small, get(meetings::show)),
        route(routes::MEETING_NOTES, Person, small, get(meetings::notes)),
        route(routes::MEETING_PARTICIPANTS, Person, small, get(meetings::participants)),
        route(routes::CHANGES, Person, small, get(changes::list)),
        route(routes::EVENTS, Person, small, get(events::stream)),
        route(routes::JOIN_BUTTONS, Person, small, get(join_buttons::list)),
        route(routes::COMPOSITIONS, Person, small, get(presence::show).post(presence::list)),
        route(routes::MEETINGS_SYNC, Person, COMMAND_BYTES_MAX, post(commands::create)),
        route(
            routes::MEETING_SYNC,
            Person,
            COMMAND_BYTES_MAX,
            patch(commands::change).delete(commands::cancel),
        ),
        route(routes::MEETING_RESPOND, Person, COMMAND_BYTES_MAX, post(commands::respond)),
        route(routes::FREE_BUSY, Person, COMMAND_BYTES_MAX, post(commands::free_busy)),
        route(routes::ROOMS, Person, COMMAND_BYTES_MAX, post(commands::rooms)),
        route(routes::SCHEDULER_DATA, Person, small, get(scheduler_data::show)),
        route(routes::COMMANDS, Connector, small, post(command_queue::waiting)),
        route(
            routes::COMMAND_RESULT,
            Connector,
            RESULT_BYTES_MAX + small,
            post(command_queue::finish),
        ),
        route(routes::KEY_SERVER, Person, small, get(key_frames::introduce)),
        route(routes::KEY_FRAMES, Person, FRAMES_BYTES_MAX, post(key_frames::send)),
        route(routes::KEY_CALLS, KeyServer, small, post(key_frames::fetch)),
        route(routes::KEY_ANSWERS, KeyServer, ANSWER_BYTES_MAX, post(key_frames::answer)),
        route(routes::LEASES, Connector, small, post(connector::take_leases)),
        route(routes::MAILBOX_STATE, Connector, small, get(connector::state)),
        route(routes::MAILBOX_COMMITS, Connector, COMMIT_BYTES_MAX, post(connector::commit)),
        route(routes::TRUST_REPORTS, Connector, small, post(trust::report)),
        route(routes::TRUSTED_HOSTS, Administrator, small, get(trust::list).post(trust::decide)),
        route(routes::MAILBOX_PRESENCE, Connector, small, post(presence::put)),
    ]
}

pub(crate) fn router(app: Arc<App>) -> Router {
    let mut router = Router::new();
    for Route { path, who, body_bytes_max, handler } in table() {
        let guarded = handler
            .layer(DefaultBodyLimit::max(body_bytes_max))
            .layer(from_fn_with_state((Arc::clone(&app), who), admit));
        router = router.route(path, guarded);
    }
    router
        .fallback(web::serve)
        .method_not_allowed_fallback(async || Refusal::Method)
        .layer(from_fn_with_state(Arc::clone(&app), around))
        .with_state(app)
}

/// Around every request: an id, a time limit, and the answer to what was refused. The handler is a
/// task of its own: a caller who hangs up does not cut a transaction in two.
async fn around(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let id = app.world.chance.uuid();
    let method = request.method().clone();
    let handled = tokio::spawn(next.run(request));
    let mut response = match tokio::time::timeout(REQUEST_TIMEOUT, handled).await {
        Ok(Ok(response)) => response,
        Ok(Err(_)) | Err(_) => Refusal::Maintenance.into_response(),
    };
    if let Some(refusal) = response.extensions_mut().remove::<Refusal>() {
        tracing::debug!(request.id = %id, %method, ?refusal, "Request {id} was refused");
        response = refusal.answer(id);
    }
    let headers = response.headers_mut();
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
