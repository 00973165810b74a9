//! A person's meetings: the list of a window, and one of them with its parts.

use std::sync::Arc;

use axum::{
    Extension, Json,
    extract::{Path, State},
};
use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use protocol::{
    feed::{At, MeetingList, MeetingNotes, MeetingParticipants},
    ids::MeetingId,
    meeting::SealedMeeting,
};
use serde::Deserialize;

use super::{App, Asked};
use crate::{
    auth::Person,
    error::{Refusal, Result},
};

/// Most meetings one answer carries; there are no pages in this contract.
const MEETINGS_MAX: u16 = 1000;
const DAYS_BEFORE: SignedDuration = SignedDuration::from_hours(7 * 24);
const DAYS_AFTER: SignedDuration = SignedDuration::from_hours(31 * 24);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Query {
    #[serde(default)]
    from_date: Option<String>,
    #[serde(default)]
    to_date: Option<String>,
}

pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Extension(person): Extension<Person>,
    Asked(query): Asked<Query>,
) -> Result<Json<MeetingList>> {
    let now = app.world.clock.now();
    let (from, to) = window(&query, now)?;
    let window = app.store.meetings_between(person.user, from, to, MEETINGS_MAX).await?;
    if window.is_cut {
        return Err(Refusal::WindowTooLarge);
    }
    let items = window.meetings.into_iter().map(|meeting| app.linked(meeting)).collect();
    Ok(Json(MeetingList { items, hc: At { position: window.position } }))
}

pub(crate) async fn show(
    State(app): State<Arc<App>>,
    Extension(person): Extension<Person>,
    Path(id): Path<String>,
) -> Result<Json<SealedMeeting>> {
    Ok(Json(app.linked(find(&app, person, &id).await?)))
}

pub(crate) async fn notes(
    State(app): State<Arc<App>>,
    Extension(person): Extension<Person>,
    Path(id): Path<String>,
) -> Result<Json<MeetingNotes>> {
    let meeting = find(&app, person, &id).await?;
    Ok(Json(MeetingNotes {
        links: app.links(&meeting.id),
        id: meeting.id,
        series_id: meeting.series_id,
        encrypted_notes: meeting.encrypted_notes,
        encryption_key_url: meeting.encryption_key_url,
    }))
}

pub(crate) async fn participants(
    State(app): State<Arc<App>>,
    Extension(person): Extension<Person>,
    Path(id): Path<String>,
) -> Result<Json<MeetingParticipants>> {
    let meeting = find(&app, person, &id).await?;
    Ok(Json(MeetingParticipants {
        links: app.links(&meeting.id),
        id: meeting.id,
        series_id: meeting.series_id,
        encrypted_participants: meeting.encrypted_participants,
        encryption_key_url: meeting.encryption_key_url,
    }))
}

/// In the person's own list; what is elsewhere does not exist for them.
async fn find(app: &App, person: Person, segment: &str) -> Result<SealedMeeting> {
    let id = MeetingId::from_path(segment).ok_or(Refusal::NotFound)?;
    app.store.meeting(person.user, &id).await?.ok_or(Refusal::NotFound)
}

fn window(query: &Query, now: Timestamp) -> Result<(Timestamp, Timestamp)> {
    let from = match &query.from_date {
        Some(text) => time(text).ok_or(Refusal::Invalid { field: "fromDate" })?,
        None => now.checked_sub(DAYS_BEFORE).unwrap_or(Timestamp::MIN),
    };
    let to = match &query.to_date {
        Some(text) => time(text).ok_or(Refusal::Invalid { field: "toDate" })?,
        None => now.checked_add(DAYS_AFTER).unwrap_or(Timestamp::MAX),
    };
    if from <= to { Ok((from, to)) } else { Err(Refusal::Invalid { field: "toDate" }) }
}

/// RFC 3339, or a date, which means its midnight in UTC.
fn time(text: &str) -> Option<Timestamp> {
    let midnight = |date: Date| Some(date.to_zoned(TimeZone::UTC).ok()?.timestamp());
    let is_date = !text.contains(['T', 't', ' ']);
    if is_date { text.parse().ok().and_then(midnight) } else { text.parse().ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_times_or_dates() {
        assert_eq!(time("2026-11-24"), time("2026-11-24T00:00:00Z"));
        assert_eq!(time("2026-11-24T01:00:00+01:00"), time("2026-11-24T00:00:00Z"));
        for odd in ["", "today", "2026-13-01", "2026-11-24T10:00:00"] {
            assert_eq!(time(odd), None, "{odd}");
        }
    }

    #[test]
    fn without_a_window_it_is_a_week_back_and_a_month_ahead() {
        let now = time("2026-11-24").expect("a time");
        let query = |from: Option<&str>, to: Option<&str>| Query {
            from_date: from.map(Into::into),
            to_date: to.map(Into::into),
        };
        let expected = (time("2026-11-17").expect("a time"), time("2026-12-25").expect("a time"));
        assert_eq!(window(&query(None, None), now), Ok(expected));
        let reversed = window(&query(Some("2026-11-25"), Some("2026-11-24")), now);
        assert_eq!(reversed, Err(Refusal::Invalid { field: "toDate" }));
    }
}
