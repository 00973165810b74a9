//! Alive, and able to reach the database.

use std::sync::Arc;

use axum::extract::State;

use super::App;
use crate::error::Result;

pub(crate) async fn show(State(app): State<Arc<App>>) -> Result<&'static str> {
    app.store.check().await?;
    Ok("ok\n")
}
