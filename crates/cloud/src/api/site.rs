//! What a client must know before it can sign in.

use std::sync::Arc;

use axum::{Json, extract::State};
use protocol::site::Site;

use super::App;

pub(crate) async fn show(State(app): State<Arc<App>>) -> Json<Site> {
    let config = &app.config;
    let text = |url: &url::Url| url.as_str().trim_end_matches('/').to_owned();
    Json(Site {
        organization: config.organization.clone(),
        kms_url: text(&config.kms_url),
        kms_host: config.kms_host.clone(),
        issuer: text(&config.issuer),
        client_id: config.client_id.clone(),
        notice: config.notice.clone(),
    })
}
