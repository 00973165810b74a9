//! Plays operations on real components.

use std::{collections::BTreeMap, time::Duration};

use ews::ResponseCode;
use ews::items::{
    Body, DayOfWeek, DaysOfWeek, Numbered, Recurrence, RecurrencePattern, RecurrenceRange,
    ResponseType, Weekly,
};
use exchange_sim::{
    Changes, Ids, MeetingRef, NewMeeting, Notices, Occasion, Policy, StreamManner, Trouble,
};
use jiff::SignedDuration;
use world::memory::Weather;

use super::{
    invariants,
    model::{End, Kind, Operation},
};
use crate::site::{ALICE, BLUE_ROOM, BOB, CAROL, Settings, Site};

/// Servers behind Exchange's address: streams must be grouped by them.
const BACK_ENDS: usize = 2;
const PEOPLE: [&str; 3] = [ALICE, BOB, CAROL];
/// A zoom link that somebody pasted.
const LINK: &str = "Join https://zoom.us/j/91234567890 please";

/// What people did, as far as the invariants need it.
#[derive(Default)]
pub(crate) struct History {
    pub(crate) meetings: Vec<Made>,
}

pub(crate) struct Made {
    pub(crate) meeting: MeetingRef,
    pub(crate) organizer: &'static str,
    pub(crate) is_series: bool,
    /// Updates that the organizer sent.
    pub(crate) updates: usize,
    pub(crate) is_cancelled: bool,
}

pub(crate) async fn run(seed: u64, operations: &[Operation]) {
    // Half of them forget each mailbox as soon as it is idle.
    let remembered_bytes_max = (seed % 2 == 1).then_some(0);
    let is_schema_checked = seed.is_multiple_of(100);
    let settings = Settings {
        seed,
        back_ends: BACK_ENDS,
        remembered_bytes_max,
        is_schema_checked,
        ..Settings::default()
    };
    let mut site = Site::start_with(settings).await;
    let mut history = History::default();
    for operation in operations {
        people(&site, &mut history, *operation);
        world(&mut site, *operation).await;
    }
    quiet(&mut site).await;
    invariants::check(&site, &history).await;
}

/// The world becomes friendly again, and a connector runs.
async fn quiet(site: &mut Site) {
    for (to, is_away) in [("cloud", false), ("exchange", false), ("kms", false)] {
        away(site, to, is_away);
    }
    site.memory.set_weather("connector", Weather::default());
    site.exchange.end_trouble();
    // A new connector reads everything anew. One that lived through the trouble must recover by
    // itself.
    if !site.is_connector_alive() {
        site.kill_connector().await;
        site.start_connector();
    }
}

fn away(site: &Site, to: &str, is_away: bool) {
    if is_away {
        site.memory.cut("connector", to);
    } else {
        site.memory.mend("connector", to);
    }
}

async fn world(site: &mut Site, operation: Operation) {
    match operation {
        Operation::TimePasses { seconds } => site.pass(Duration::from_secs(seconds)).await,
        Operation::CutStreams => site.exchange.cut_streams(),
        Operation::LoseSubscriptions => site.exchange.lose_subscriptions(),
        Operation::InvalidateSyncStates => site.exchange.invalidate_sync_states(),
        Operation::CloudAway { is_away } => away(site, "cloud", is_away),
        Operation::ExchangeAway { is_away } => away(site, "exchange", is_away),
        Operation::KeyServerAway { is_away } => away(site, "kms", is_away),
        Operation::Weather { lost_per_mille, delay_ms } => {
            let weather = Weather { lost_per_mille, delay_max: Duration::from_millis(delay_ms) };
            site.memory.set_weather("connector", weather);
        }
        Operation::Busy { requests } => {
            let back_off = Duration::from_secs(20);
            site.exchange.trouble(None, requests, Trouble::Busy { back_off });
        }
        Operation::Garbage { requests } => site.exchange.trouble(None, requests, Trouble::Garbage),
        Operation::LoseAnswerOfWrite => {
            site.exchange.trouble(Some("UpdateItem"), 1, Trouble::LoseAnswer);
        }
        Operation::Request { kind, requests } => request(site, kind, requests),
        Operation::Notices { lost, repeated, late } => {
            let notices = Notices {
                lost_per_mille: lost,
                repeated_per_mille: repeated,
                late_per_mille: late,
            };
            site.exchange.garble_notices(lost + repeated + late, notices);
        }
        Operation::Streams { end: End::Closed } => site.exchange.close_streams(),
        Operation::Streams { end: End::Silent } => site.exchange.silence_streams(),
        Operation::Streams { end: End::Missed } => site.exchange.miss_notifications(),
        Operation::StreamsInPieces { bytes, pause_ms } => {
            let pause = Duration::from_millis(pause_ms);
            site.exchange.set_stream_manner(StreamManner { bytes_per_chunk: Some(bytes), pause });
        }
        Operation::LoseSubscriptionsOf { who } => {
            site.exchange.lose_subscriptions_of(mailbox(who));
        }
        Operation::Throttle { seconds } => {
            // A request uses up what comes back in that time.
            let cost = Duration::from_secs(1);
            let recharge = Duration::from_secs(3600 / seconds);
            let (burst, cutoff) = (3 * cost, cost);
            site.exchange.set_policy(Policy { cost, recharge, burst, cutoff, ..Policy::default() });
        }
        Operation::MoveMailbox { who, to, seconds, keeps_ids } => {
            let ids = if keeps_ids { Ids::Kept } else { Ids::New };
            let lasts = Duration::from_secs(seconds);
            let moved =
                site.exchange.move_mailbox(mailbox(who), to % site.settings.back_ends, lasts, ids);
            moved.expect("a mailbox");
        }
        Operation::FailOver { back_end, seconds } => {
            site.exchange
                .fail_over(back_end % site.settings.back_ends, Duration::from_secs(seconds));
        }
        Operation::Crash => site.kill_connector().await,
        Operation::CrashAfter { messages } => {
            let nth = site.memory.crossings("connector") + messages;
            site.memory.crash_at("connector", nth);
        }
        Operation::Start => {
            site.kill_connector().await;
            site.start_connector();
        }
        Operation::Invite { .. }
        | Operation::InviteSeries { .. }
        | Operation::Move { .. }
        | Operation::Rename { .. }
        | Operation::AddKeyword { .. }
        | Operation::Cancel { .. }
        | Operation::Accept { .. }
        | Operation::Decline { .. }
        | Operation::MoveOccurrence { .. }
        | Operation::CancelOccurrence { .. } => {}
    }
}

fn mailbox(who: u64) -> &'static str {
    [ALICE, BOB, CAROL, BLUE_ROOM][usize::try_from(who).expect("small")]
}

fn request(site: &Site, kind: Kind, requests: u32) {
    let part = |code, from, back_off| Trouble::Objects { from, code, back_off };
    let busy = ResponseCode::ErrorServerBusy;
    let back_off = Some(Duration::from_secs(5));
    let (operation, trouble) = match kind {
        Kind::Transient => (None, Trouble::Fault(ResponseCode::ErrorInternalServerTransientError)),
        Kind::BusyWithoutTime => (None, Trouble::Busy { back_off: Duration::ZERO }),
        Kind::PartOfBatchBusy => (Some("GetItem"), part(busy, 1, back_off)),
        Kind::BatchStopped => {
            (Some("GetItem"), part(ResponseCode::ErrorBatchProcessingStopped, 1, None))
        }
        Kind::FaultWithStatusOk => {
            (None, Trouble::FaultWithStatusOk(ResponseCode::ErrorServerBusy))
        }
        Kind::ResultWithStatusError => (None, Trouble::ResultWithStatusError),
        Kind::LogInPage => (None, Trouble::LogInPage),
        Kind::Truncated => (None, Trouble::Truncated),
        Kind::WrongContentType => (None, Trouble::WrongContentType),
        Kind::Slow => (None, Trouble::Slow(Duration::from_secs(50))),
        Kind::LoseAnswer => (None, Trouble::LoseAnswer),
        Kind::Drop => (None, Trouble::Drop),
        Kind::Unavailable => (None, Trouble::Unavailable),
        Kind::SyncStateInvalid => {
            (Some("SyncFolderItems"), part(ResponseCode::ErrorInvalidSyncStateData, 0, None))
        }
        Kind::ImpersonationRefused => {
            (None, Trouble::Fault(ResponseCode::ErrorImpersonateUserDenied))
        }
        Kind::Conflict => (Some("UpdateItem"), Trouble::Conflict),
    };
    site.exchange.trouble(operation, requests, trouble);
}

fn people(site: &Site, history: &mut History, operation: Operation) {
    match operation {
        Operation::Invite { who, in_minutes, has_keyword, has_link } => {
            invite(site, history, who, in_minutes, |meeting| {
                meeting.location = has_keyword.then(|| "@meet".to_owned());
                meeting.body = has_link.then(|| Body::text(LINK));
            });
        }
        Operation::InviteSeries { who, in_minutes, has_keyword } => {
            let start = site.in_minutes(in_minutes);
            invite(site, history, who, in_minutes, |meeting| {
                meeting.location = has_keyword.then(|| "Room; @meet".to_owned());
                meeting.recurrence = Some(weekly(start));
            });
        }
        Operation::Move { meeting, by_minutes } => {
            change(site, history, meeting, Occasion::Whole, |_| moved_by(site, by_minutes));
        }
        Operation::Rename { meeting } => change(site, history, meeting, Occasion::Whole, |made| {
            let subject = Some(format!("Meeting {meeting}, renamed {}", made.updates));
            Changes { subject, ..Changes::default() }
        }),
        Operation::AddKeyword { meeting } => {
            change(site, history, meeting, Occasion::Whole, |_| Changes {
                location: Some("Café @meet".into()),
                ..Changes::default()
            });
        }
        Operation::MoveOccurrence { meeting, index, by_minutes } => {
            let occasion = Occasion::Occurrence(index);
            change(site, history, meeting, occasion, |_| moved_by(site, by_minutes + 15_000));
        }
        Operation::Cancel { meeting } => {
            if let Some(made) = existing(history, meeting)
                && site.exchange.cancel(&made.meeting, Occasion::Whole).is_ok()
            {
                made.is_cancelled = true;
            }
        }
        Operation::CancelOccurrence { meeting, index } => {
            if let Some(made) = existing(history, meeting)
                && made.is_series
                && site.exchange.cancel(&made.meeting, Occasion::Occurrence(index)).is_ok()
            {
                made.updates += 1;
            }
        }
        Operation::Accept { meeting } => answer(site, history, meeting, &ResponseType::Accept),
        Operation::Decline { meeting } => answer(site, history, meeting, &ResponseType::Decline),
        Operation::TimePasses { .. }
        | Operation::CutStreams
        | Operation::LoseSubscriptions
        | Operation::InvalidateSyncStates
        | Operation::CloudAway { .. }
        | Operation::ExchangeAway { .. }
        | Operation::KeyServerAway { .. }
        | Operation::Weather { .. }
        | Operation::Busy { .. }
        | Operation::Garbage { .. }
        | Operation::LoseAnswerOfWrite
        | Operation::Request { .. }
        | Operation::Notices { .. }
        | Operation::Streams { .. }
        | Operation::StreamsInPieces { .. }
        | Operation::LoseSubscriptionsOf { .. }
        | Operation::Throttle { .. }
        | Operation::MoveMailbox { .. }
        | Operation::FailOver { .. }
        | Operation::Crash
        | Operation::CrashAfter { .. }
        | Operation::Start => {}
    }
}

fn invite(
    site: &Site,
    history: &mut History,
    who: u64,
    in_minutes: i64,
    fill: impl FnOnce(&mut NewMeeting),
) {
    let who = usize::try_from(who).expect("small");
    let organizer = PEOPLE[who];
    let guest = PEOPLE[(who + 1) % PEOPLE.len()];
    let subject = format!("Meeting {}", history.meetings.len());
    let (start, end) = (site.in_minutes(in_minutes), site.in_minutes(in_minutes + 30));
    let mut meeting = NewMeeting {
        required: vec![guest.into()],
        resources: vec![BLUE_ROOM.into()],
        ..NewMeeting::new(&subject, start, end)
    };
    fill(&mut meeting);
    let is_series = meeting.recurrence.is_some();
    let meeting = site.invite(organizer, meeting);
    history.meetings.push(Made { meeting, organizer, is_series, updates: 0, is_cancelled: false });
}

fn change(
    site: &Site,
    history: &mut History,
    meeting: u64,
    occasion: Occasion,
    changes: impl FnOnce(&Made) -> Changes,
) {
    let Some(made) = existing(history, meeting) else { return };
    if occasion != Occasion::Whole && !made.is_series {
        return;
    }
    let changes = changes(made);
    // Moving a whole series is another story: its start carries its rule.
    if made.is_series && occasion == Occasion::Whole && changes.start.is_some() {
        return;
    }
    if site.exchange.change_meeting(&made.meeting, occasion, &changes).is_ok() {
        made.updates += 1;
    }
}

fn answer(site: &Site, history: &mut History, meeting: u64, response: &ResponseType) {
    let Some(made) = existing(history, meeting) else { return };
    let at = PEOPLE.iter().position(|person| *person == made.organizer).expect("one of them");
    let guest = PEOPLE[(at + 1) % PEOPLE.len()];
    // Refused when the guest has declined before: the copy is gone.
    let _answered = site.exchange.respond(guest, &made.meeting.uid, response);
}

fn existing(history: &mut History, meeting: u64) -> Option<&mut Made> {
    let index = usize::try_from(meeting).expect("small");
    history.meetings.get_mut(index).filter(|made| !made.is_cancelled)
}

fn moved_by(site: &Site, by_minutes: i64) -> Changes {
    let start = site.in_minutes(60 + by_minutes.max(0));
    let end = start + SignedDuration::from_mins(45);
    Changes { start: Some(start), end: Some(end), ..Changes::default() }
}

fn weekly(start: jiff::Timestamp) -> Recurrence {
    let first = start.to_zoned(jiff::tz::TimeZone::get("Europe/Berlin").expect("a zone")).date();
    let days: BTreeMap<i8, DayOfWeek> = [
        (1, DayOfWeek::Monday),
        (2, DayOfWeek::Tuesday),
        (3, DayOfWeek::Wednesday),
        (4, DayOfWeek::Thursday),
        (5, DayOfWeek::Friday),
        (6, DayOfWeek::Saturday),
        (7, DayOfWeek::Sunday),
    ]
    .into();
    let day = days[&first.weekday().to_monday_one_offset()].clone();
    Recurrence {
        pattern: RecurrencePattern::Weekly(Weekly {
            interval: 1,
            days_of_week: DaysOfWeek(vec![day]),
            first_day_of_week: None,
        }),
        range: RecurrenceRange::Numbered(Numbered { start_date: first, number_of_occurrences: 5 }),
    }
}
