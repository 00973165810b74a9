//! The trust list, for connectors that meet hosts and for administrators who decide about them.

use std::sync::Arc;

use axum::{Extension, Json as Answer, extract::State};
use protocol::trust::{
    REPORT_HOSTS_MAX, TrustDecision, TrustList, TrustReport, TrustedHost, is_host,
};

use super::{App, Json};
use crate::{
    auth::{Administrator, Connector},
    error::{Refusal, Result},
};

/// Notes what a connector met, and tells it everything that was decided.
pub(crate) async fn report(
    State(app): State<Arc<App>>,
    Extension(connector): Extension<Connector>,
    Json(report): Json<TrustReport>,
) -> Result<Answer<TrustList>> {
    let are_hosts = report.seen.iter().all(|host| is_host(host));
    if report.seen.len() > REPORT_HOSTS_MAX || !are_hosts {
        return Err(Refusal::Invalid { field: "seen" });
    }
    if !report.seen.is_empty() {
        app.store.note_hosts(&connector.id, &report.seen, app.world.clock.now()).await?;
    }
    Ok(Answer(app.store.trust_list().await?))
}

pub(crate) async fn list(State(app): State<Arc<App>>) -> Result<Answer<TrustList>> {
    Ok(Answer(app.store.trust_list().await?))
}

pub(crate) async fn decide(
    State(app): State<Arc<App>>,
    Extension(administrator): Extension<Administrator>,
    Json(decision): Json<TrustDecision>,
) -> Result<Answer<TrustedHost>> {
    if !is_host(&decision.host) {
        return Err(Refusal::Invalid { field: "host" });
    }
    let now = app.world.clock.now();
    let decided = app.store.decide_host(&decision, &administrator.address, now).await?;
    tracing::info!(decision = decision.decision.as_str(), "An administrator decided about a host");
    Ok(Answer(decided))
}
