//! Changing a meeting: only what differs is sent, since times that are sent cost a series its
//! exceptions; and those are made again afterwards.

use jiff::{Timestamp, Zoned, civil::DateTime, tz::TimeZone};
use serde_json::{Map, Value, json};

use super::{
    Webex,
    answer::Meeting,
    calls::local,
    failure::CallFailure,
    one_time::Place,
    plan::{Plan, Unplannable, minute},
    tag,
};
use crate::meeting::{Conference, ProviderFailure, Reference, Wish};

impl Webex {
    /// The caller holds the claim.
    pub(super) async fn changed(
        &self,
        wish: &Wish,
        reference: &Reference,
    ) -> Result<Conference, ProviderFailure> {
        let place = Place::of(reference).0;
        match self.ours(&wish.organizer, &tag(&wish.key), reference).await? {
            Some(meeting) => self.brought_into_line(wish, *meeting, place).await,
            None => self.made(wish, None, place).await,
        }
    }

    /// Sends what differs, and nothing if nothing does.
    pub(super) async fn brought_into_line(
        &self,
        wish: &Wish,
        meeting: Meeting,
        place: Place,
    ) -> Result<Conference, ProviderFailure> {
        let host = self.host(place, &wish.organizer);
        let plan = match Plan::new(wish, self.client.world.clock.now()) {
            Ok(plan) => plan,
            // What is over stays as it is.
            Err(Unplannable::Over) => return self.conference(&meeting, place),
            Err(why @ (Unplannable::TooFar | Unplannable::Rule)) => {
                return Err(ProviderFailure::Meeting(why.reason()));
            }
        };
        let has_times = plan.has_times_of(&meeting);
        let changes = changes(&plan, &meeting, has_times);
        if !has_times && meeting.recurrence.is_some() && plan.series.is_some() {
            let exceptions = self.client.exceptions(&meeting.id, &host).await?;
            self.claims.keep_exceptions(&meeting.id, exceptions);
        }
        if !changes.is_empty() {
            match self.send(&meeting.id, changes, &host).await {
                Ok(()) => {}
                Err(CallFailure::Gone) => return Box::pin(self.made(wish, None, place)).await,
                Err(CallFailure::Invalid(_)) if meeting.is_in("expired") => {
                    // One that is over cannot always be moved; it has no use any more.
                    self.client.delete(&meeting.id, &host).await?;
                    return Box::pin(self.made(wish, None, place)).await;
                }
                Err(failure) => return Err(failure.into()),
            }
        }
        self.make_exceptions_again(&plan, &meeting.id, &host).await?;
        self.conference(&meeting, place)
    }

    /// The one place where tags are sent: never an empty list, which would delete them all.
    pub(super) async fn tag_again(
        &self,
        id: &str,
        tag: &str,
        host: &Option<String>,
    ) -> Result<(), CallFailure> {
        let mut changes = Map::new();
        changes.insert("integrationTags".to_owned(), json!([tag]));
        self.send(id, changes, host).await
    }

    /// In the other media type if Webex does not take this one.
    async fn send(
        &self,
        id: &str,
        mut changes: Map<String, Value>,
        host: &Option<String>,
    ) -> Result<(), CallFailure> {
        changes.insert("sendEmail".to_owned(), json!(false));
        if let Some(host) = host {
            changes.insert("hostEmail".to_owned(), json!(host));
        }
        let changes = Value::Object(changes);
        let media_type = self.media_type();
        match self.client.patch(id, &changes, media_type).await {
            Err(CallFailure::MediaType) => {
                let other = media_type.other();
                self.client.patch(id, &changes, other).await?;
                tracing::error!(
                    media_type = other.name(),
                    "Webex takes changes in the other media type only: set patch_media_type"
                );
                self.use_media_type(other);
                Ok(())
            }
            outcome => outcome,
        }
    }

    /// What was kept before the series was changed; what cannot be made again is let go.
    async fn make_exceptions_again(
        &self,
        plan: &Plan,
        series: &str,
        host: &Option<String>,
    ) -> Result<(), CallFailure> {
        let mut left = self.claims.take_exceptions(series);
        while let Some(exception) = left.pop() {
            let Some((id, changes)) = again(plan, series, &exception) else { continue };
            match self.send(&id, changes, host).await {
                Ok(()) => {}
                Err(CallFailure::Gone | CallFailure::Invalid(_) | CallFailure::Conflict) => {
                    tracing::info!("An occurrence at Webex has no place in its series any more");
                }
                Err(failure) => {
                    left.push(exception);
                    self.claims.keep_exceptions(series, left);
                    return Err(failure);
                }
            }
        }
        Ok(())
    }
}

/// What is to be sent.
fn changes(plan: &Plan, meeting: &Meeting, has_times: bool) -> Map<String, Value> {
    let mut changes = Map::new();
    if meeting.title.as_deref() != Some(&plan.title) {
        changes.insert("title".to_owned(), json!(plan.title));
    }
    if !has_times {
        changes.insert("start".to_owned(), json!(local(&plan.start)));
        changes.insert("end".to_owned(), json!(local(&plan.end)));
        changes.insert("timezone".to_owned(), json!(plan.zone));
        // The word null makes a series a single meeting.
        if plan.series.is_some() || meeting.recurrence.is_some() {
            changes.insert("recurrence".to_owned(), json!(plan.recurrence()));
        }
    }
    changes
}

/// The occurrence's id in the changed series, and what was different about it. One that had been
/// moved stays where it was moved to; the others go along with the series.
fn again(plan: &Plan, series: &str, old: &Meeting) -> Option<(String, Map<String, Value>)> {
    let suffix = old.id.strip_prefix(series)?.strip_prefix('_')?;
    let original = DateTime::strptime("%Y%m%dT%H%M%SZ", suffix).ok()?;
    let original = original.to_zoned(TimeZone::UTC).ok()?.timestamp();
    let (zone, time) = (plan.start.time_zone(), plan.start.time());
    let date = original.to_zoned(zone.clone()).date();
    let place: Zoned = date.to_datetime(time).to_zoned(zone.clone()).ok()?;
    let length = plan.end.timestamp().duration_since(plan.start.timestamp());
    let (start, end) = match (old.start, old.end) {
        (Some(start), Some(end)) if minute(start) != original => (start, end),
        _ => (place.timestamp(), place.timestamp().saturating_add(length).ok()?),
    };
    let in_zone = |time: Timestamp| local(&time.to_zoned(zone.clone()));
    let mut changes = Map::new();
    changes.insert("start".to_owned(), json!(in_zone(start)));
    changes.insert("end".to_owned(), json!(in_zone(end)));
    changes.insert("timezone".to_owned(), json!(plan.zone));
    if let Some(title) = &old.title {
        changes.insert("title".to_owned(), json!(title));
    }
    let id = place.timestamp().strftime("%Y%m%dT%H%M%SZ");
    Some((format!("{series}_{id}"), changes))
}
