//! The API's own description.

use axum::Json;
use serde_json::Value;

pub(crate) async fn show() -> Json<Value> {
    Json(crate::openapi::document())
}
