//! `hybridcal calendar`: acts as a person's calendar client, for scripts and for trying out.

mod client;
mod zone;

use std::{fmt, fs, io::Write, path::PathBuf};

use connector::config::Secret;
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use serde_json::json;
use url::Url;
use world::World;

pub use self::{
    client::{CalendarClient, Change, ClientFailure, Listed, NewMeeting, Repeats, Text},
    zone::Zone,
};

/// How far ahead `list` looks.
const LIST_AHEAD: SignedDuration = SignedDuration::from_hours(14 * 24);
/// Longest series that can be made here.
const OCCURRENCES_MAX: i64 = 999;

#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    act: Box<Act>,
}

/// What is typed here is content: subjects, addresses, texts.
impl fmt::Debug for Args {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("calendar::Args(…)")
    }
}

#[derive(clap::Subcommand)]
enum Act {
    /// Put a meeting into the calendar and invite people and rooms; prints its id.
    Create(Create),
    /// The next 14 days.
    List {
        #[command(flatten)]
        server: Server,
        #[command(flatten)]
        place: Place,
    },
    /// To another time.
    Move {
        #[command(flatten)]
        server: Server,
        #[command(flatten)]
        place: Place,
        #[arg(long)]
        id: String,
        /// RFC 3339, local such as 2026-11-24T10:00, or +4m from now.
        #[arg(long)]
        start: String,
        /// The new length; unchanged if left out.
        #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
        minutes: Option<u32>,
    },
    /// Another subject, place or text.
    Change {
        #[command(flatten)]
        server: Server,
        #[arg(long)]
        id: String,
        #[arg(long)]
        subject: Option<String>,
        #[arg(long)]
        location: Option<String>,
        #[arg(long)]
        body: Option<String>,
        /// The body is HTML.
        #[arg(long)]
        html: bool,
    },
    /// Call a meeting off and tell everybody invited.
    Cancel(One),
    /// Put an entry into the deleted items; an organizer's attendees are told.
    Delete(One),
    /// Accept an invitation.
    Accept(One),
    /// Decline an invitation.
    Decline(One),
}

#[derive(clap::Args)]
struct One {
    #[command(flatten)]
    server: Server,
    #[arg(long)]
    id: String,
}

#[derive(clap::Args)]
struct Create {
    #[command(flatten)]
    server: Server,
    #[command(flatten)]
    place: Place,
    #[arg(long)]
    subject: String,
    /// RFC 3339, local such as 2026-11-24T10:00, or +4m from now.
    #[arg(long)]
    start: String,
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..))]
    minutes: u32,
    #[arg(long)]
    location: Option<String>,
    #[arg(long)]
    body: Option<String>,
    /// The body is HTML.
    #[arg(long)]
    html: bool,
    /// Somebody's address; may be repeated.
    #[arg(long)]
    invite: Vec<String>,
    /// A room's address; may be repeated.
    #[arg(long)]
    room: Vec<String>,
    /// A series of so many weeks.
    #[arg(long, value_name = "OCCURRENCES", conflicts_with = "daily",
          value_parser = clap::value_parser!(i32).range(1..=OCCURRENCES_MAX))]
    weekly: Option<i32>,
    /// A series of so many days.
    #[arg(long, value_name = "OCCURRENCES",
          value_parser = clap::value_parser!(i32).range(1..=OCCURRENCES_MAX))]
    daily: Option<i32>,
}

/// Which Exchange, and who signs in.
#[derive(clap::Args)]
struct Server {
    /// https://…/EWS/Exchange.asmx
    #[arg(long, value_name = "URL")]
    exchange: Url,
    /// user@domain or DOMAIN\user
    #[arg(long)]
    user: String,
    /// Better: --password-file, or this variable.
    #[arg(long, env = "HYBRIDCAL_PASSWORD", hide_env_values = true)]
    password: Option<Secret>,
    /// A file with nothing but the password; preferred.
    #[arg(long)]
    password_file: Option<PathBuf>,
    /// Somebody else's mailbox, for an account that may impersonate.
    #[arg(long, value_name = "ADDRESS")]
    mailbox: Option<String>,
    /// JSON, one object per line.
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
struct Place {
    /// IANA or Windows name; the computer's if left out.
    #[arg(long)]
    time_zone: Option<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error(transparent)]
    Client(#[from] ClientFailure),
    #[error("a password is needed: --password-file FILE, or HYBRIDCAL_PASSWORD")]
    NoPassword,
    #[error("cannot read {}", path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("--start is not a time: write 2026-11-24T10:00, or 2026-11-24T09:00:00Z")]
    NotATime,
    #[error("--time-zone is not known: write Europe/Berlin, or \"W. Europe Standard Time\"")]
    UnknownZone,
    #[error("nothing to change: give --subject, --location or --body")]
    NothingToChange,
    #[error("the output cannot be written")]
    Out(#[from] std::io::Error),
}

/// Does one thing and says so.
pub async fn run(args: Args, world: World, out: &mut impl Write) -> Result<(), Failure> {
    let now = world.clock.now();
    match *args.act {
        Act::Create(create) => {
            let client = create.server.client(world)?;
            let is_json = create.server.json;
            let id = client.create(&create.meeting(now)?).await?;
            let line = if is_json { json!({ "id": id }).to_string() } else { id };
            Ok(writeln!(out, "{line}")?)
        }
        Act::List { server, place } => {
            let zone = place.zone(now)?;
            let until = now.checked_add(LIST_AHEAD).map_err(|_overflow| ClientFailure::Range)?;
            let entries = server.client(world)?.list(now, until).await?;
            print(&entries, &zone.rules, server.json, out)
        }
        Act::Move { server, place, id, start, minutes } => {
            let start = when(&place.zone(now)?, &start, now)?;
            let duration = minutes.map(length);
            server.client(world)?.reschedule(&id, start, duration).await?;
            server.done(&id, out)
        }
        Act::Change { server, id, subject, location, body, html } => {
            let change = Change { subject, location, body: body.map(|body| text(body, html)) };
            if change.subject.is_none() && change.location.is_none() && change.body.is_none() {
                return Err(Failure::NothingToChange);
            }
            server.client(world)?.change(&id, &change).await?;
            server.done(&id, out)
        }
        Act::Cancel(One { server, id }) => {
            server.client(world)?.cancel(&id).await?;
            server.done(&id, out)
        }
        Act::Delete(One { server, id }) => {
            server.client(world)?.delete(&id).await?;
            server.done(&id, out)
        }
        Act::Accept(One { server, id }) => {
            server.client(world)?.accept(&id).await?;
            server.done(&id, out)
        }
        Act::Decline(One { server, id }) => {
            server.client(world)?.decline(&id).await?;
            server.done(&id, out)
        }
    }
}

impl Server {
    fn client(&self, world: World) -> Result<CalendarClient, Failure> {
        let password = match (&self.password_file, &self.password) {
            (Some(path), _) => {
                let unreadable = |source| Failure::Unreadable { path: path.clone(), source };
                let text = fs::read_to_string(path).map_err(unreadable)?;
                Secret::new(text.trim_end_matches(['\r', '\n']).to_owned())
            }
            (None, Some(password)) => password.clone(),
            (None, None) => return Err(Failure::NoPassword),
        };
        let client = CalendarClient::new(world, self.exchange.clone(), &self.user, &password)?;
        Ok(match &self.mailbox {
            Some(mailbox) => client.acting_for(mailbox.clone()),
            None => client,
        })
    }

    fn done(&self, id: &str, out: &mut impl Write) -> Result<(), Failure> {
        if self.json {
            writeln!(out, "{}", json!({ "id": id, "done": true }))?;
        } else {
            writeln!(out, "Done.")?;
        }
        Ok(())
    }
}

impl Place {
    fn zone(&self, now: Timestamp) -> Result<Zone, Failure> {
        match &self.time_zone {
            Some(name) => Zone::named(name, now).ok_or(Failure::UnknownZone),
            None => Ok(Zone::system(now)),
        }
    }
}

impl Create {
    fn meeting(self, now: Timestamp) -> Result<NewMeeting, Failure> {
        let zone = self.place.zone(now)?;
        let weekly = self.weekly.map(|occurrences| Repeats::Weekly { occurrences });
        let daily = self.daily.map(|occurrences| Repeats::Daily { occurrences });
        Ok(NewMeeting {
            subject: self.subject,
            start: when(&zone, &self.start, now)?,
            duration: length(self.minutes),
            zone,
            location: self.location,
            body: self.body.map(|body| text(body, self.html)),
            invited: self.invite,
            rooms: self.room,
            repeats: weekly.or(daily),
        })
    }
}

/// A time as it is typed; `+4m` is four minutes after the beginning of this minute.
pub(crate) fn when(zone: &Zone, text: &str, now: Timestamp) -> Result<Timestamp, Failure> {
    let Some(later) = text.strip_prefix('+') else {
        return zone.instant(text).ok_or(Failure::NotATime);
    };
    let later: SignedDuration = later.trim().parse().map_err(|_form| Failure::NotATime)?;
    let this_minute = now.as_second().div_euclid(60) * 60;
    let this_minute = Timestamp::from_second(this_minute).map_err(|_range| Failure::NotATime)?;
    this_minute.checked_add(later).map_err(|_range| Failure::NotATime)
}

fn length(minutes: u32) -> SignedDuration {
    SignedDuration::from_mins(i64::from(minutes))
}

fn text(body: String, is_html: bool) -> Text {
    if is_html { Text::Html(body) } else { Text::Plain(body) }
}

fn print(
    entries: &[Listed],
    zone: &TimeZone,
    is_json: bool,
    out: &mut impl Write,
) -> Result<(), Failure> {
    for entry in entries {
        if is_json {
            let line = json!({
                "id": entry.id, "subject": entry.subject, "location": entry.location,
                "start": entry.start.to_string(), "end": entry.end.to_string(),
                "isCancelled": entry.is_cancelled, "myResponse": entry.my_response,
            });
            writeln!(out, "{line}")?;
            continue;
        }
        let [start, end] = [entry.start, entry.end].map(|time| time.to_zoned(zone.clone()));
        let cancelled = if entry.is_cancelled { " (cancelled)" } else { "" };
        let day = start.strftime("%a %-d %b %H:%M");
        let subject = printable(&entry.subject);
        write!(out, "{day:>16}–{}  {subject}{cancelled}", end.strftime("%H:%M"))?;
        if !entry.location.is_empty() {
            write!(out, "  [{}]", printable(&entry.location))?;
        }
        writeln!(out, "\n      {}", entry.id)?;
    }
    if entries.is_empty() && !is_json {
        writeln!(out, "Nothing in the next 14 days.")?;
    }
    Ok(())
}

/// Others write subjects, and terminals obey control characters.
fn printable(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}

#[cfg(test)]
mod tests;
