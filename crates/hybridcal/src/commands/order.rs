//! `hybridcal order`: what a person wants done in their calendar, through the cloud and the
//! connector; for those who have no way to Exchange itself.

use std::{fmt, io::Write};

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use protocol::{
    command::{BusyStatus, Kind, Role},
    ids::MeetingId,
};
use serde_json::{Value, json};
use world::World;

use super::{
    calendar::{self, Zone},
    meetings::{SignedIn, until_closed, write},
};
use crate::client::{self, Invitee, MeetingText, Orders, PersonTime, Room, json as lines, text};

/// How far ahead `free` looks unless told otherwise.
const FREE_HOURS: u32 = 10;
/// The longest time that can be asked about: 62 days.
const FREE_HOURS_MAX: i64 = 62 * 24;

#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    act: Box<Act>,
}

/// What is typed here is content: subjects, addresses, texts.
impl fmt::Debug for Args {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("order::Args(…)")
    }
}

#[derive(clap::Subcommand)]
enum Act {
    /// Put a meeting into your calendar and invite people and rooms; prints its id.
    Create {
        #[command(flatten)]
        common: Common,
        #[command(flatten)]
        texts: Texts,
        #[command(flatten)]
        people: People,
    },
    /// Another subject, place, agenda, time, or other people; what is not named stays.
    Change {
        #[command(flatten)]
        common: Common,
        #[arg(long)]
        id: String,
        #[command(flatten)]
        texts: Texts,
        #[command(flatten)]
        people: People,
    },
    /// Call a meeting of yours off and tell everybody invited.
    Cancel(One),
    /// Accept an invitation.
    Accept(One),
    /// Perhaps.
    Tentative(One),
    /// Decline an invitation.
    Decline(One),
    /// When people and rooms are busy.
    Free {
        #[command(flatten)]
        common: Common,
        /// Somebody's or a room's address; may be repeated.
        #[arg(long, required = true)]
        who: Vec<String>,
        /// RFC 3339, local such as 2026-11-24T10:00, or +4m from now; now if left out.
        #[arg(long)]
        from: Option<String>,
        #[arg(long, default_value_t = FREE_HOURS,
              value_parser = clap::value_parser!(u32).range(1..=FREE_HOURS_MAX))]
        hours: u32,
    },
    /// The rooms there are.
    Rooms(Common),
}

#[derive(clap::Args)]
struct Common {
    #[command(flatten)]
    signed_in: SignedIn,
    /// IANA or Windows name; the computer's if left out.
    #[arg(long)]
    time_zone: Option<String>,
    /// JSON, one object per line.
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
struct One {
    #[command(flatten)]
    common: Common,
    /// As `hybridcal meetings --json` shows it.
    #[arg(long)]
    id: String,
}

#[derive(clap::Args)]
struct Texts {
    #[arg(long)]
    subject: Option<String>,
    #[arg(long)]
    location: Option<String>,
    /// Agenda, plain text.
    #[arg(long)]
    notes: Option<String>,
    /// RFC 3339, local such as 2026-11-24T10:00, or +4m from now.
    #[arg(long)]
    start: Option<String>,
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..))]
    minutes: u32,
}

#[derive(clap::Args)]
struct People {
    /// Somebody's address; may be repeated.
    #[arg(long)]
    invite: Vec<String>,
    /// Somebody who need not come; may be repeated.
    #[arg(long)]
    optional: Vec<String>,
    /// A room's address; may be repeated.
    #[arg(long)]
    room: Vec<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error(transparent)]
    Client(#[from] client::Failure),
    #[error(transparent)]
    Typed(#[from] calendar::Failure),
    #[error("a new meeting needs --subject and --start")]
    Incomplete,
}

/// Does one thing and says so.
pub async fn run(args: Args, world: World, out: &mut impl Write) -> Result<(), Failure> {
    let now = world.clock.now();
    match *args.act {
        Act::Create { common, texts, people } => {
            let meeting = texts.meeting(people, &common.zone(now)?, now)?;
            if meeting.subject.is_none() || meeting.times.is_none() {
                return Err(Failure::Incomplete);
            }
            let is_json = common.json;
            let id = common.orders(world).await?.create(&meeting).await?;
            let id = id.map(|id| id.0).unwrap_or_default();
            say(out, if is_json { json!({ "id": id }).to_string() } else { id })
        }
        Act::Change { common, id, texts, people } => {
            let meeting = texts.meeting(people, &common.zone(now)?, now)?;
            let is_json = common.json;
            common.orders(world).await?.change(&MeetingId(id), &meeting).await?;
            done(out, is_json)
        }
        Act::Cancel(One { common, id }) => {
            let is_json = common.json;
            common.orders(world).await?.cancel(&MeetingId(id)).await?;
            done(out, is_json)
        }
        Act::Accept(one) => respond(one, Kind::Accept, world, out).await,
        Act::Tentative(one) => respond(one, Kind::Tentative, world, out).await,
        Act::Decline(one) => respond(one, Kind::Decline, world, out).await,
        Act::Free { common, who, from, hours } => {
            let zone = common.zone(now)?;
            let from = from.map(|from| calendar::when(&zone, &from, now)).transpose()?;
            let from = from.unwrap_or(now);
            let to = from.checked_add(SignedDuration::from_hours(i64::from(hours)));
            let to = to.map_err(|_range| calendar::Failure::NotATime)?;
            let is_json = common.json;
            let known = common.orders(world).await?.free_busy(&who, from, to).await?;
            let line = |one: &PersonTime| match is_json {
                true => lines::line(&person(one)),
                false => text::clean(&busy(one, &zone.rules)),
            };
            say(out, known.iter().map(line).collect::<Vec<_>>().join("\n"))
        }
        Act::Rooms(common) => {
            let is_json = common.json;
            let rooms = common.orders(world).await?.rooms().await?;
            let line = |room: &Room| match is_json {
                true => lines::line(&json!({ "name": room.name, "address": room.address })),
                false => text::clean(&format!("{}  {}", room.address, room.name)),
            };
            say(out, rooms.iter().map(line).collect::<Vec<_>>().join("\n"))
        }
    }
}

async fn respond(
    One { common, id }: One,
    answer: Kind,
    world: World,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let is_json = common.json;
    common.orders(world).await?.respond(&MeetingId(id), answer).await?;
    done(out, is_json)
}

impl Common {
    async fn orders(self, world: World) -> Result<Orders, Failure> {
        Ok(self.signed_in.connect(world).await?.orders().await?)
    }

    fn zone(&self, now: Timestamp) -> Result<Zone, Failure> {
        match &self.time_zone {
            Some(name) => Ok(Zone::named(name, now).ok_or(calendar::Failure::UnknownZone)?),
            None => Ok(Zone::system(now)),
        }
    }
}

impl Texts {
    fn meeting(self, people: People, zone: &Zone, now: Timestamp) -> Result<MeetingText, Failure> {
        let Self { subject, location, notes, start, minutes } = self;
        let start = start.map(|start| calendar::when(zone, &start, now)).transpose()?;
        let times = start.map(|start| {
            let end = start.checked_add(SignedDuration::from_mins(i64::from(minutes)));
            end.map(|end| (start, end)).map_err(|_range| calendar::Failure::NotATime)
        });
        let People { invite, optional, room } = people;
        let of = |addresses: Vec<String>, role| {
            addresses.into_iter().map(move |address| Invitee { address, role })
        };
        let invited: Vec<Invitee> = of(invite, Role::Required)
            .chain(of(optional, Role::Optional))
            .chain(of(room, Role::Room))
            .collect();
        let invited = Some(invited).filter(|invited| !invited.is_empty());
        Ok(MeetingText { subject, location, notes, times: times.transpose()?, invited })
    }
}

fn person(one: &PersonTime) -> Value {
    match &one.spans {
        Ok(spans) => json!({ "address": one.address, "busy": spans }),
        Err(error) => json!({ "address": one.address, "error": error }),
    }
}

fn busy(one: &PersonTime, zone: &TimeZone) -> String {
    let Ok(spans) = &one.spans else { return format!("{}  not known", one.address) };
    if spans.is_empty() {
        return format!("{}  free", one.address);
    }
    let spans = spans.iter().map(|span| {
        let [start, end] = [span.start, span.end].map(|time| time.to_zoned(zone.clone()));
        let word = match span.status {
            BusyStatus::Tentative => "tentative",
            BusyStatus::Busy => "busy",
            BusyStatus::Oof => "away",
            BusyStatus::WorkingElsewhere => "elsewhere",
            BusyStatus::NoData => "not known",
        };
        format!("{}–{} {word}", start.strftime("%a %-d %b %H:%M"), end.strftime("%H:%M"))
    });
    format!("{}  {}", one.address, spans.collect::<Vec<_>>().join(", "))
}

fn done(out: &mut impl Write, is_json: bool) -> Result<(), Failure> {
    say(out, if is_json { json!({ "done": true }).to_string() } else { "Done.".to_owned() })
}

fn say(out: &mut impl Write, line: String) -> Result<(), Failure> {
    Ok(until_closed(write(out, &(line + "\n"))).map(|_is_open| ())?)
}

#[cfg(test)]
mod tests {
    use protocol::command::{BusySpan, ItemError};

    use super::*;

    #[test]
    fn what_is_not_known_is_not_called_free() {
        let time = |text: &str| text.parse().expect("a time");
        let of = |spans| PersonTime { address: "bob@example.com".into(), spans };
        let span = BusySpan {
            start: time("2026-11-24T09:00:00Z"),
            end: time("2026-11-24T09:30:00Z"),
            status: BusyStatus::Busy,
        };
        for (one, expected) in [
            (of(Ok(Vec::new())), "bob@example.com  free"),
            (of(Err(ItemError::NoData)), "bob@example.com  not known"),
            (of(Ok(vec![span])), "bob@example.com  Tue 24 Nov 09:00–09:30 busy"),
        ] {
            assert_eq!(busy(&one, &TimeZone::UTC), expected);
        }
        assert_eq!(person(&of(Err(ItemError::NoData)))["error"], "noData");
    }

    #[test]
    fn what_is_not_typed_stays_as_it_is() {
        let now = "2026-11-24T09:00:30Z".parse().expect("a time");
        let zone = Zone { rules: TimeZone::UTC, windows_id: None };
        let texts = |start: Option<&str>| Texts {
            subject: None,
            location: Some("Blue".into()),
            notes: None,
            start: start.map(str::to_owned),
            minutes: 15,
        };
        let nobody = || People { invite: Vec::new(), optional: Vec::new(), room: Vec::new() };
        let meeting = texts(None).meeting(nobody(), &zone, now).expect("understood");
        assert!(meeting.times.is_none() && meeting.invited.is_none() && meeting.subject.is_none());
        let people = People { room: vec!["blue@example.com".into()], ..nobody() };
        let meeting = texts(Some("+5m")).meeting(people, &zone, now).expect("understood");
        let (start, end) = meeting.times.expect("times");
        assert_eq!(start.to_string(), "2026-11-24T09:05:00Z");
        assert_eq!(end.to_string(), "2026-11-24T09:20:00Z");
        assert_eq!(meeting.invited.expect("somebody")[0].role, Role::Room);
        assert!(texts(Some("later")).meeting(nobody(), &zone, now).is_err());
    }
}
