//! The state of the simulated service, and who may do what.

use std::collections::{BTreeMap, VecDeque};

use jiff::{SignedDuration, Timestamp};
use world::{chance::Chance, clock::Clock};

use crate::{
    config::{Caller, Config, Person},
    details::View,
    faults::{Operation, Troubles},
    meeting::Meeting,
    refusal::Refusal,
    tokens::Tokens,
};

const DAY: SignedDuration = SignedDuration::from_hours(24);

pub(crate) struct Service {
    pub(crate) clock: Clock,
    pub(crate) chance: Chance,
    pub(crate) config: Config,
    pub(crate) tokens: Tokens,
    pub(crate) meetings: BTreeMap<String, Meeting>,
    /// When and for whom meetings were asked for.
    creates: VecDeque<(Timestamp, String, String)>,
    pub(crate) troubles: Troubles,
    pub(crate) requests: BTreeMap<Operation, u64>,
    /// Mails to people who have been invited by a calendar already: each is one too many.
    pub(crate) mails: u64,
    /// Meetings that were ever made.
    pub(crate) made: u64,
}

/// Who asks.
#[derive(Clone, Debug)]
pub(crate) struct Asking {
    pub(crate) client: String,
    pub(crate) caller: Caller,
}

impl Service {
    pub(crate) fn new(config: Config, clock: Clock, chance: Chance) -> Self {
        let tokens = Tokens::new(&config, clock.now());
        Self {
            clock,
            chance,
            config,
            tokens,
            meetings: BTreeMap::new(),
            creates: VecDeque::new(),
            troubles: Troubles::default(),
            requests: BTreeMap::new(),
            mails: 0,
            made: 0,
        }
    }

    pub(crate) fn asking(&self, authorization: Option<&str>) -> Result<Asking, Refusal> {
        let token = authorization.and_then(|value| value.strip_prefix("Bearer "));
        let client = token.and_then(|token| self.tokens.client(token, self.clock.now()));
        let client = client.ok_or_else(|| Refusal::new(401, "no valid access token"))?;
        let app = self.config.apps.iter().find(|app| app.client_id == client);
        let app = app.ok_or_else(|| Refusal::new(401, "unknown app"))?;
        Ok(Asking { client: client.to_owned(), caller: app.caller.clone() })
    }

    /// The person for whom something is done: the caller, or whom an administrator's app names.
    pub(crate) fn acted_for(
        &self,
        asking: &Asking,
        named: Option<&str>,
    ) -> Result<&Person, Refusal> {
        let address = match (&asking.caller, named) {
            (Caller::Organization, Some(named)) => named,
            (Caller::Organization, None) => {
                return Err(Refusal::invalid("a service app names a host"));
            }
            (Caller::Person(own), None) => own,
            (Caller::Person(own), Some(named)) if own.eq_ignore_ascii_case(named) => own,
            (Caller::Person(_), Some(_)) => {
                return Err(Refusal::new(403, "hostEmail needs admin-level scopes"));
            }
        };
        let person = self.config.person(address);
        person.ok_or_else(|| Refusal::new(404, "no such user in the sites of this organization"))
    }

    /// Counts a create, whatever becomes of it.
    pub(crate) fn count_create(&mut self, asking: &Asking, host: &str) -> Result<(), Refusal> {
        let now = self.clock.now();
        let since = now.saturating_sub(DAY).unwrap_or(now);
        while self.creates.front().is_some_and(|(at, ..)| *at < since) {
            self.creates.pop_front();
        }
        let (all, one, person) = self.config.creates_max;
        let by = self.creates.iter().filter(|(_, client, _)| *client == asking.client);
        let (mut by_client, mut for_host) = (0, 0);
        for (_, _, other) in by {
            by_client += 1;
            for_host += usize::from(other.eq_ignore_ascii_case(host));
        }
        self.creates.push_back((now, asking.client.clone(), host.to_lowercase()));
        let is_over = match asking.caller {
            Caller::Organization => by_client >= all || for_host >= one,
            Caller::Person(_) => by_client >= person,
        };
        if is_over {
            let mut refusal = Refusal::new(429, "too many meetings within 24 hours");
            refusal.retry_after = Some(3600);
            return Err(refusal);
        }
        Ok(())
    }

    pub(crate) fn view<'a>(&self, asking: &'a Asking, zone: Option<&str>) -> View<'a> {
        let zone = zone.and_then(|zone| jiff::tz::TimeZone::get(zone).ok());
        View {
            client: &asking.client,
            zone: zone.unwrap_or(jiff::tz::TimeZone::UTC),
            now: self.clock.now(),
        }
    }

    /// As answers say it; ahead of the real time if that was ordered.
    pub(crate) fn date(&self) -> String {
        let now = self.clock.now();
        let said = now.checked_add(self.config.clock_ahead).unwrap_or(now);
        said.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
    }

    pub(crate) fn hexadecimal(&self) -> String {
        self.chance.uuid().simple().to_string()
    }

    pub(crate) fn digits(&self, count: u32) -> String {
        let limit = 10_u64.saturating_pow(count - 1);
        (limit + self.chance.below(limit * 9)).to_string()
    }
}
