//! Tokens: given, renewed, ended and taken back.

use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;
use serde_json::{Value, json};
use world::chance::Chance;

use crate::{
    config::{App, Config},
    refusal::Refusal,
};

#[derive(Default)]
pub(crate) struct Tokens {
    access: BTreeMap<String, Given>,
    refresh: BTreeMap<String, Given>,
}

struct Given {
    client_id: String,
    ends: Timestamp,
}

impl Tokens {
    pub(crate) fn new(config: &Config, now: Timestamp) -> Self {
        let mut tokens = Self::default();
        for app in &config.apps {
            let ends = later(now, config.refresh_token_life);
            let given = Given { client_id: app.client_id.clone(), ends };
            tokens.refresh.insert(app.refresh_token.clone(), given);
        }
        tokens
    }

    /// `grant_type=refresh_token`
    pub(crate) fn renew(
        &mut self,
        form: &BTreeMap<String, String>,
        config: &Config,
        chance: &Chance,
        now: Timestamp,
    ) -> Result<Value, Refusal> {
        let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
        if field("grant_type") != "refresh_token" {
            return Err(Refusal::invalid("unsupported grant_type"));
        }
        let app = config.apps.iter().find(|app| app.client_id == field("client_id"));
        let app = app.filter(|app| app.client_secret == field("client_secret"));
        let app = app.ok_or_else(|| Refusal::new(401, "unknown client or wrong secret"))?;
        let refresh = field("refresh_token");
        let given = self.refresh.get(refresh).filter(|given| given.client_id == app.client_id);
        if given.is_none_or(|given| given.ends <= now) {
            return Err(Refusal::invalid("invalid refresh token"));
        }
        if config.is_rotating {
            self.refresh.remove(refresh);
        }
        let keeps = (!config.is_rotating).then(|| refresh.to_owned());
        Ok(self.give(app, keeps, config, chance, now))
    }

    /// The first pair of an app that an administrator has authorized.
    pub(crate) fn give(
        &mut self,
        app: &App,
        keeps: Option<String>,
        config: &Config,
        chance: &Chance,
        now: Timestamp,
    ) -> Value {
        let access = format!("sim-access-{}", chance.uuid());
        let refresh = keeps.unwrap_or_else(|| format!("sim-refresh-{}", chance.uuid()));
        let given =
            |life: Duration| Given { client_id: app.client_id.clone(), ends: later(now, life) };
        self.access.insert(access.clone(), given(config.access_token_life));
        self.refresh.insert(refresh.clone(), given(config.refresh_token_life));
        json!({
            "access_token": access,
            "expires_in": config.access_token_life.as_secs(),
            "refresh_token": refresh,
            "refresh_token_expires_in": config.refresh_token_life.as_secs(),
            "token_type": "Bearer",
        })
    }

    /// The app that this token was given to.
    pub(crate) fn client(&self, access: &str, now: Timestamp) -> Option<&str> {
        let given = self.access.get(access)?;
        (given.ends > now).then_some(given.client_id.as_str())
    }

    pub(crate) fn end_access(&mut self) {
        self.access.clear();
    }

    pub(crate) fn revoke(&mut self) {
        self.access.clear();
        self.refresh.clear();
    }

    /// A pair that an administrator fetches in the portal.
    pub(crate) fn issue_refresh(&mut self, client_id: &str, token: &str, ends: Timestamp) {
        let given = Given { client_id: client_id.to_owned(), ends };
        self.refresh.insert(token.to_owned(), given);
    }
}

fn later(now: Timestamp, life: Duration) -> Timestamp {
    now.checked_add(life).unwrap_or(Timestamp::MAX)
}
