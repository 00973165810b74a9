//! From a request to its answer: which call it is, and what the service says.

use std::collections::BTreeMap;

use axum::{
    http::{HeaderMap, HeaderValue, Method},
    response::Response,
};
use serde_json::{Value, json};

use crate::{
    details,
    faults::Operation,
    refusal::{Refusal, respond},
    service::Service,
};

/// A request, read whole.
pub(crate) struct Asked {
    pub(crate) method: Method,
    /// Below `/v1`, in parts, decoded.
    pub(crate) path: Vec<String>,
    pub(crate) query: BTreeMap<String, String>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    pub(crate) host: String,
}

impl Asked {
    fn parts(&self) -> Vec<&str> {
        self.path.iter().map(String::as_str).collect()
    }

    pub(crate) fn operation(&self) -> Operation {
        match (self.method.as_str(), self.parts().as_slice()) {
            ("POST", ["access_token"] | ["applications", _, "token"]) => Operation::Token,
            ("POST", ["meetings"]) => Operation::Create,
            ("GET", ["meetings"]) => Operation::List,
            ("GET", ["meetings", _]) => Operation::Get,
            ("PATCH", ["meetings", _]) => Operation::Patch,
            ("DELETE", ["meetings", _]) => Operation::Delete,
            ("GET", ["meetingPreferences", "personalMeetingRoom"]) => Operation::PersonalRoom,
            ("GET", ["meetingPreferences", "sites"]) => Operation::Sites,
            _ => Operation::Other,
        }
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    fn asks(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str)
    }

    fn media_type(&self) -> &str {
        let full = self.header("content-type").unwrap_or_default();
        full.split(';').next().unwrap_or_default().trim()
    }

    fn json(&self) -> Result<Value, Refusal> {
        let value = serde_json::from_slice::<Value>(&self.body).ok().filter(Value::is_object);
        value.ok_or_else(|| Refusal::invalid("the body is no JSON object"))
    }

    fn json_of_type(&self, allowed: &[String]) -> Result<Value, Refusal> {
        if allowed.iter().any(|allowed| allowed == self.media_type()) {
            self.json()
        } else {
            Err(Refusal::new(415, "this media type is not taken"))
        }
    }
}

impl Service {
    pub(crate) fn answer(&mut self, asked: &Asked) -> Response {
        let answered = self.carry_out(asked);
        answered.unwrap_or_else(|refusal| refusal.response(self.chance.u64()))
    }

    fn carry_out(&mut self, asked: &Asked) -> Result<Response, Refusal> {
        if let ("POST", ["access_token"]) = (asked.method.as_str(), asked.parts().as_slice()) {
            return self.renew(asked);
        }
        let asking = self.asking(asked.header("authorization"))?;
        let zone = asked.header("timezone");
        let ok = |value: Value| Ok(respond(200, value.to_string()));
        let json = ["application/json".to_owned()];
        match (asked.method.as_str(), asked.parts().as_slice()) {
            ("POST", ["applications", id, "token"]) => self.first_pair(id, &asked.json()?),
            ("POST", ["meetings"]) => {
                let body = asked.json_of_type(&json)?;
                ok(self.create(&asking, &body)?)
            }
            ("GET", ["meetings"]) => {
                let page = self.list(&asking, &asked.query, zone)?;
                let mut response = respond(200, json!({"items": page.items}).to_string());
                if let Some(link) = page.next.and_then(|next| link(asked, next)) {
                    response.headers_mut().insert("link", link);
                }
                Ok(response)
            }
            ("GET", ["meetings", id]) => {
                ok(self.get(&asking, id, asked.asks("hostEmail"), zone)?)
            }
            ("PATCH", ["meetings", id]) => {
                let body = asked.json_of_type(&self.config.patch_media_types)?;
                ok(self.patch(&asking, id, &body)?)
            }
            ("DELETE", ["meetings", id]) => {
                let wants_mail = asked.asks("sendEmail").map(|wanted| wanted != "false");
                self.delete(&asking, id, asked.asks("hostEmail"), wants_mail)?;
                Ok(respond(204, String::new()))
            }
            ("POST", ["meetings", "join"]) => {
                let body = asked.json_of_type(&json)?;
                self.join(&asking, &body).and_then(ok)
            }
            ("GET", ["meetingPreferences", "personalMeetingRoom"]) => {
                let person = self.acted_for(&asking, asked.asks("userEmail"))?;
                let room = person.room.as_deref();
                let room = room.ok_or_else(|| Refusal::new(404, "no personal room"))?;
                let as_in_example = self.config.has_links_as_in_example;
                ok(details::personal_room(person, room, as_in_example))
            }
            ("GET", ["meetingPreferences", "sites"]) => {
                let mut sites: Vec<_> = self.config.people.iter().map(|p| p.site.clone()).collect();
                sites.sort();
                sites.dedup();
                let site = |(index, site)| json!({"siteUrl": site, "default": index == 0});
                ok(json!({"sites": sites.into_iter().enumerate().map(site).collect::<Vec<_>>()}))
            }
            _ => Err(Refusal::new(404, "not simulated")),
        }
    }

    fn renew(&mut self, asked: &Asked) -> Result<Response, Refusal> {
        if asked.media_type() != "application/x-www-form-urlencoded" {
            return Err(Refusal::new(415, "a form is wanted"));
        }
        let form = url::form_urlencoded::parse(&asked.body).into_owned().collect();
        let now = self.clock.now();
        let pair = self.tokens.renew(&form, &self.config, &self.chance, now)?;
        Ok(respond(200, pair.to_string()))
    }

    /// What an integration fetches once an administrator has authorized the app.
    fn first_pair(&mut self, id: &str, body: &Value) -> Result<Response, Refusal> {
        let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
        let app = self.config.apps.iter().find(|app| app.client_id == id).cloned();
        let app = app.ok_or_else(|| Refusal::new(404, "no such app"))?;
        if text("clientId") != app.client_id || text("clientSecret") != app.client_secret {
            return Err(Refusal::new(403, "not authorized for this organization"));
        }
        let now = self.clock.now();
        let pair = self.tokens.give(&app, None, &self.config, &self.chance, now);
        Ok(respond(200, pair.to_string()))
    }

    /// `POST /meetings/join`: links for one person and a short time.
    fn join(&self, asking: &crate::service::Asking, body: &Value) -> Result<Value, Refusal> {
        let text = |name: &str| body.get(name).and_then(Value::as_str);
        let host = text("hostEmail");
        let id = text("meetingId").ok_or_else(|| Refusal::invalid("meetingId is missing"))?;
        let (meeting, _) = self.found(asking, id, host)?;
        let link = |kind: &str| {
            format!("https://{}/sim/{kind}?token={}", meeting.site, self.hexadecimal())
        };
        let ends = self.clock.now().saturating_add(jiff::SignedDuration::from_mins(15));
        Ok(json!({
            "startLink": link("start"),
            "joinLink": link("join"),
            "expiration": ends.map(|ends| ends.to_string()).unwrap_or_default(),
        }))
    }
}

/// Where the next page is (RFC 8288).
fn link(asked: &Asked, next: usize) -> Option<HeaderValue> {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in asked.query.iter().filter(|(name, _)| *name != "offset") {
        query.append_pair(name, value);
    }
    let query = query.append_pair("offset", &next.to_string()).finish();
    let link = format!("<http://{}/v1/meetings?{query}>; rel=\"next\"", asked.host);
    HeaderValue::from_str(&link).ok()
}
