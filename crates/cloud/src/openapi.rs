//! The whole API as an OpenAPI document, made from the table of routes: a route that is not
//! described here makes its test fail. A copy lies in docs/api/openapi.json.

mod operations;

use protocol::problem;
use serde_json::{Map, Value, json};

use self::operations::{Answer, Operation, Parameter, operations};
use crate::{auth::Who, routes::table};

/// Shapes of bodies and answers by name.
const SCHEMAS: &str = include_str!("openapi/schemas.json");

/// The document. Its order is that of the names.
pub(crate) fn document() -> Value {
    let schemas: Value = serde_json::from_str(SCHEMAS).unwrap_or_default();
    let operations = operations();
    let mut paths = Map::new();
    for route in table() {
        let mut methods = Map::new();
        for operation in operations.iter().filter(|operation| operation.path == route.path) {
            let name = operation.method.as_str().to_lowercase();
            methods.insert(name, described(operation, route.who, route.body_bytes_max));
        }
        paths.insert(route.path.to_owned(), Value::Object(methods));
    }
    let bearer = |description: &str| json!({ "type": "http", "scheme": "bearer", "description": description });
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Hybrid Calendar, client API",
            "version": "1",
            "description": "Sealed members are JWE in compact form; docs/api/client.md says more.",
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "person": bearer("A token of the sign-in provider, audience hc-api"),
                "administrator": bearer("The same, of an address that the configuration names"),
                "connector": bearer("A connector's own token, at most 60 s long, good once"),
                "keyServer": bearer("A key server's own token, likewise"),
            },
        },
    })
}

fn described(operation: &Operation, who: Who, body_bytes_max: usize) -> Value {
    let in_path = operation.path.split('/').filter_map(|part| {
        let name = part.strip_prefix('{')?.strip_suffix('}')?;
        Some(Parameter { name, place: "path", is_required: true })
    });
    let parameters: Vec<Value> = in_path
        .chain(operation.parameters.iter().copied())
        .map(|Parameter { name, place, is_required }| {
            json!({
                "name": name, "in": place, "required": is_required,
                "schema": { "type": "string" },
            })
        })
        .collect();
    let refused = content(problem::MEDIA_TYPE, "Problem");
    let (status, answer) = match operation.answer {
        Answer::Json(schema) => ("200", content("application/json", schema)),
        Answer::Accepted(schema) => ("202", content("application/json", schema)),
        Answer::Events => ("200", content("text/event-stream", "Envelope")),
        Answer::Empty => ("200", json!({})),
    };
    let mut said = json!({
        "summary": operation.summary,
        "parameters": parameters,
        "responses": {
            status: { "description": "Done", "content": answer },
            "default": { "description": "Refused", "content": refused },
        },
    });
    let security = match who {
        Who::Anyone => json!([]),
        Who::Person => json!([{ "person": [] }]),
        Who::Connector => json!([{ "connector": [] }]),
        Who::KeyServer => json!([{ "keyServer": [] }]),
        Who::Administrator => json!([{ "administrator": [] }]),
    };
    if let Some(said) = said.as_object_mut() {
        said.insert("security".into(), security);
        if let Some(body) = operation.body {
            let body = json!({
                "required": true,
                "description": format!("At most {body_bytes_max} bytes"),
                "content": content("application/json", body),
            });
            said.insert("requestBody".into(), body);
        }
    }
    said
}

fn content(media_type: &str, schema: &str) -> Value {
    json!({ media_type: { "schema": { "$ref": format!("#/components/schemas/{schema}") } } })
}

#[cfg(test)]
mod tests;
