//! What must hold when it is quiet.

use std::{collections::BTreeSet, time::Duration};

use ews::items::ResponseType;
use exchange_sim::{CalendarEntry, MailKind};
use hybridcal::client::OpenedMeeting;
use jiff::SignedDuration;

use super::run::{History, Made};
use crate::{
    invitation::blocks,
    site::{ALICE, BLUE_ROOM, BOB, CAROL, Site},
};

/// Order is there within this; a sweep comes every hour.
const QUIET: Duration = Duration::from_mins(240);
/// The time between two looks doubles: most is done at once, and the rest needs sweeps.
const LOOK_AFTER: Duration = Duration::from_secs(4);
const LOOK_AFTER_MAX: Duration = Duration::from_mins(10);
/// When all is right, it must stay so.
const AFTERWARDS: Duration = Duration::from_mins(1);

/// What a person sees of a meeting: subject, start, end, whether there is something to join.
type Line = (String, String, String, bool);

pub(crate) async fn check(site: &Site, history: &History) {
    let standing = || history.meetings.iter().filter(|made| !made.is_cancelled);
    let deadline = tokio::time::Instant::now() + QUIET;
    let mut wait = LOOK_AFTER;
    while let Some(complaint) = complaint(site, history).await {
        let is_late = tokio::time::Instant::now() >= deadline;
        assert!(!is_late, "{complaint}; alarms {:?}", site.alarms());
        site.pass(wait).await;
        wait = (wait * 2).min(LOOK_AFTER_MAX);
    }
    standing().for_each(|made| written_at_most_once(site, made));
    site.pass(AFTERWARDS).await;
    let complaint = complaint(site, history).await;
    assert_eq!(complaint, None, "no longer right; alarms {:?}", site.alarms());
    standing().for_each(|made| written_at_most_once(site, made));
}

/// The first thing that is not right; Exchange's side first, where looking costs little.
async fn complaint(site: &Site, history: &History) -> Option<String> {
    let mut standing = history.meetings.iter().filter(|made| !made.is_cancelled);
    if let Some(complaint) = standing.find_map(|made| not_written(site, made)) {
        return Some(complaint);
    }
    for address in [ALICE, BOB, CAROL, BLUE_ROOM] {
        if let Some(complaint) = list_differs_from_calendar(site, address).await {
            return Some(complaint);
        }
    }
    None
}

async fn list_differs_from_calendar(site: &Site, address: &str) -> Option<String> {
    let (expected, found) = (calendar(site, address), list(site, address).await);
    let missing: Vec<_> = expected.difference(&found).collect();
    let surplus: Vec<_> = found.difference(&expected).collect();
    (expected != found).then(|| format!("{address}: missing {missing:?}, surplus {surplus:?}"))
}

fn calendar(site: &Site, address: &str) -> BTreeSet<Line> {
    // What is just entering or leaving the window may be there or not.
    let from = site.now() - SignedDuration::from_hours(7 * 24 - 12);
    let to = site.now() + SignedDuration::from_hours(31 * 24 - 12);
    let agenda = site.exchange.agenda(address, from, to);
    let is_listed =
        |entry: &CalendarEntry| !entry.is_cancelled && entry.my_response != ResponseType::Decline;
    agenda.into_iter().filter(is_listed).map(line_of).collect()
}

fn line_of(entry: CalendarEntry) -> Line {
    let place = entry.location.as_deref().unwrap_or_default();
    let is_joinable = place.contains("https://") || entry.body.content.contains("https://");
    (entry.subject, entry.start.to_string(), entry.end.to_string(), is_joinable)
}

async fn list(site: &Site, address: &str) -> BTreeSet<Line> {
    let from = site.now() - SignedDuration::from_hours(7 * 24 - 12);
    let to = site.now() + SignedDuration::from_hours(31 * 24 - 12);
    let list = site.list(address).await;
    let is_within = |meeting: &OpenedMeeting| meeting.end > from && meeting.start < to;
    let line = |meeting: OpenedMeeting| {
        let subject = meeting.subject.text().expect("opens").to_owned();
        (subject, meeting.start.to_string(), meeting.end.to_string(), meeting.join_url.is_some())
    };
    list.into_iter().filter(is_within).map(line).collect()
}

/// The organizer's copy of a meeting, if it is still there.
fn own_copy(site: &Site, made: &Made) -> Option<CalendarEntry> {
    let calendar = site.exchange.calendar(made.organizer);
    calendar.into_iter().find(|entry| entry.meeting.uid == made.meeting.uid)
}

fn not_written(site: &Site, made: &Made) -> Option<String> {
    let entry = own_copy(site, made)?;
    let has_keyword = entry.location.as_deref().is_some_and(|place| place.contains("@meet"));
    let is_asked_for = has_keyword && entry.end > site.now();
    let is_missing = is_asked_for && blocks(&entry.body.content) == 0;
    is_missing.then(|| format!("{}: a keyword and no block", entry.subject))
}

fn written_at_most_once(site: &Site, made: &Made) {
    let Some(entry) = own_copy(site, made) else { return };
    let subject = &entry.subject;
    assert!(blocks(&entry.body.content) <= 1, "{subject}: more than one block");
    for address in [ALICE, BOB, CAROL, BLUE_ROOM] {
        let mails = site.exchange.mails(address);
        let is_update = |mail: &&exchange_sim::Mail| {
            mail.uid == made.meeting.uid && mail.kind == MailKind::Update
        };
        let updates = mails.iter().filter(is_update).count();
        assert!(updates <= made.updates + 1, "{subject}: {updates} updates to {address}");
        let copies = site.exchange.calendar(address);
        let copy = copies.iter().find(|entry| entry.meeting.uid == made.meeting.uid);
        assert!(copy.is_none_or(|copy| blocks(&copy.body.content) <= 1), "{subject} at {address}");
    }
}
