//! Starting the simulator, and what tests and demonstrations do with it from outside.

use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use world::{World, http::serve, stop::Stop};

use crate::{
    config::Config,
    faults::{Operation, RandomTrouble, Trouble},
    meeting::{Exception, Meeting},
    server::{Shared, locked, router},
    service::Service,
};

#[derive(Debug, thiserror::Error)]
pub enum StartFailure {
    #[error("cannot listen")]
    Listen(#[from] std::io::Error),
}

/// Cheap to clone.
#[derive(Clone)]
pub struct Simulator {
    shared: Shared,
    address: String,
}

/// A meeting as tests look at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub id: String,
    pub title: String,
    pub host: String,
    pub start: Timestamp,
    pub end: Timestamp,
    pub zone: String,
    pub recurrence: Option<String>,
    pub space: Option<String>,
    pub tags: Vec<String>,
    /// Occurrences that differ: the start by the rule, the present start.
    pub exceptions: Vec<(Timestamp, Timestamp)>,
}

/// Serves until told to stop.
pub async fn start(config: Config, world: World, stop: Stop) -> Result<Simulator, StartFailure> {
    let listener = world.network.listen(&config.listen).await?;
    let address = listener.address().to_owned();
    let service = Service::new(config, world.clock.clone(), world.chance.clone());
    let shared: Shared = Arc::new(Mutex::new(service));
    let router = router(Arc::clone(&shared));
    tokio::spawn(serve(listener, router, stop));
    Ok(Simulator { shared, address })
}

impl Simulator {
    /// What stands before `/meetings`.
    pub fn api(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    pub fn meetings(&self) -> Vec<Found> {
        locked(&self.shared).meetings.values().map(Found::of).collect()
    }

    /// With how many an app has marked with this tag.
    pub fn tagged(&self, tag: &str) -> Vec<Found> {
        self.meetings().into_iter().filter(|found| found.tags.iter().any(|t| t == tag)).collect()
    }

    pub fn order(&self, operation: Operation, requests: u32, trouble: Trouble) {
        locked(&self.shared).troubles.order(operation, requests, trouble);
    }

    pub fn trouble_randomly(&self, random: RandomTrouble) {
        locked(&self.shared).troubles.randomly(random);
    }

    pub fn end_trouble(&self) {
        locked(&self.shared).troubles.clear();
    }

    /// How often this was asked for.
    pub fn requests(&self, operation: Operation) -> u64 {
        locked(&self.shared).requests.get(&operation).copied().unwrap_or_default()
    }

    /// Mails that people got from the service.
    pub fn mails(&self) -> u64 {
        locked(&self.shared).mails
    }

    /// Meetings that were made, whether they are still there or not.
    pub fn made(&self) -> u64 {
        locked(&self.shared).made
    }

    /// Access tokens end early; refresh tokens stay.
    pub fn end_access_tokens(&self) {
        locked(&self.shared).tokens.end_access();
    }

    /// As when an administrator withdraws the authorization.
    pub fn revoke(&self) {
        locked(&self.shared).tokens.revoke();
    }

    /// A new refresh token, as from the portal.
    pub fn issue_refresh_token(&self, client_id: &str, token: &str) {
        let mut service = locked(&self.shared);
        let ends = service.clock.now().checked_add(service.config.refresh_token_life);
        service.tokens.issue_refresh(client_id, token, ends.unwrap_or(Timestamp::MAX));
    }

    pub fn change_config(&self, change: impl FnOnce(&mut Config)) {
        change(&mut locked(&self.shared).config);
    }

    /// People are in it: it can be neither changed nor deleted.
    pub fn set_running(&self, id: &str, is_running: bool) {
        if let Some(meeting) = locked(&self.shared).meetings.get_mut(id) {
            meeting.is_running = is_running;
        }
    }

    /// As if another app had written its tags.
    pub fn hide_tags(&self, id: &str) {
        if let Some(meeting) = locked(&self.shared).meetings.get_mut(id) {
            for (client, _) in &mut meeting.tags {
                "another-app".clone_into(client);
            }
        }
    }

    /// Somebody else deletes it.
    pub fn remove(&self, id: &str) {
        locked(&self.shared).meetings.remove(id);
    }

    /// Somebody moves one occurrence in the service's own calendar.
    pub fn move_occurrence(&self, id: &str, original: Timestamp, to: Timestamp) {
        if let Some(meeting) = locked(&self.shared).meetings.get_mut(id) {
            let length = meeting.end.duration_since(meeting.start);
            let end = to.saturating_add(length).unwrap_or(to);
            let title = meeting.title.clone();
            let moved = Exception { start: to, end, title, is_cancelled: false };
            meeting.exceptions.insert(original, moved);
        }
    }

    /// A meeting by somebody else that happens to carry the same tag and invites a person.
    pub fn plant(&self, host: &str, client_id: &str, tag: &str, invited: &str, start: Timestamp) {
        let mut service = locked(&self.shared);
        let end = start.saturating_add(jiff::SignedDuration::from_hours(1)).unwrap_or(start);
        let id = service.hexadecimal();
        let meeting = Meeting {
            id: id.clone(),
            number: service.digits(10),
            title: "Somebody else's".to_owned(),
            password: String::new(),
            numeric_password: String::new(),
            start,
            end,
            zone: "UTC".to_owned(),
            rule: None,
            host: host.to_owned(),
            site: "example.webex.com".to_owned(),
            tags: vec![(client_id.to_owned(), tag.to_owned())],
            invited: vec![invited.to_owned()],
            space: None,
            settings: serde_json::Map::new(),
            made: service.clock.now(),
            is_running: false,
            exceptions: std::collections::BTreeMap::new(),
        };
        service.meetings.insert(id, meeting);
    }
}

impl Found {
    fn of(meeting: &Meeting) -> Self {
        let exceptions = meeting.exceptions.iter().filter(|(_, one)| !one.is_cancelled);
        Self {
            id: meeting.id.clone(),
            title: meeting.title.clone(),
            host: meeting.host.clone(),
            start: meeting.start,
            end: meeting.end,
            zone: meeting.zone.clone(),
            recurrence: meeting.rule.as_ref().map(|rule| rule.text.clone()),
            space: meeting.space.clone(),
            tags: meeting.tags.iter().map(|(_, tag)| tag.clone()).collect(),
            exceptions: exceptions.map(|(original, one)| (*original, one.start)).collect(),
        }
    }
}
