//! `hybridcal meetings`: a person's list, opened in the terminal.

use std::{
    fmt,
    io::{ErrorKind, Write},
};

use jiff::{Timestamp, ToSpan, tz::TimeZone};
use url::Url;
use world::World;

use crate::client::{Client, Failure, Tokens, json, text};

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    pub signed_in: SignedIn,
    /// How many days to show, today included
    #[arg(long, default_value_t = 31, value_parser = clap::value_parser!(u16).range(1..=DAYS_MAX))]
    pub days: u16,
    /// One JSON object per line and meeting
    #[arg(long)]
    pub json: bool,
}

/// Two years; a longer list is no list.
const DAYS_MAX: i64 = 732;

/// Where, and as whom.
#[derive(clap::Args)]
pub struct SignedIn {
    /// Address of the cloud
    #[arg(long, value_name = "URL")]
    pub cloud: Url,
    /// Access token for the cloud (audience hc-api)
    #[arg(long, env = "HYBRIDCAL_TOKEN", hide_env_values = true)]
    pub token: String,
    /// Access token for the key server (audience hc-kms)
    #[arg(long, env = "HYBRIDCAL_KEY_TOKEN", hide_env_values = true)]
    pub key_token: String,
}

// Without the tokens.
impl fmt::Debug for SignedIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignedIn({}, …)", self.cloud)
    }
}

impl SignedIn {
    pub(crate) async fn connect(self, world: World) -> Result<Client, Failure> {
        let tokens = Tokens { api: self.token, kms: self.key_token };
        Client::connect(world, &self.cloud, tokens).await
    }
}

pub async fn run(args: Args, world: World, out: &mut impl Write) -> Result<(), Failure> {
    let now = world.clock.now();
    let zone = TimeZone::system();
    let client = args.signed_in.connect(world).await?;
    let (from, to) = window(now, args.days, &zone);
    let (mut meetings, _position) = client.list_between(from, to).await?;
    let text = if args.json {
        meetings.sort_by_key(|meeting| meeting.start);
        let lines = meetings.iter().map(|meeting| json::line(&json::meeting(meeting, now)) + "\n");
        lines.collect()
    } else {
        let notice = client.site().notice.as_deref().map(text::clean);
        let notice = notice.map(|notice| format!("{notice}\n\n")).unwrap_or_default();
        notice + &text::agenda(&meetings, now, &zone)
    };
    until_closed(write(out, &text)).map(|_is_open| ())
}

/// From today's midnight on.
fn window(now: Timestamp, days: u16, zone: &TimeZone) -> (Timestamp, Timestamp) {
    let today = now.to_zoned(zone.clone()).start_of_day();
    let end = today.as_ref().ok().and_then(|today| today.checked_add(i64::from(days).days()).ok());
    let from = today.map_or(now, |today| today.timestamp());
    (from, end.map_or(Timestamp::MAX, |end| end.timestamp()))
}

pub(crate) fn write(out: &mut impl Write, text: &str) -> std::io::Result<()> {
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Whether somebody still reads; `… | head` leaves early, which is no failure.
pub(crate) fn until_closed(written: std::io::Result<()>) -> Result<bool, Failure> {
    match written {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_day_is_today_where_the_person_is() {
        let zone = TimeZone::fixed(jiff::tz::offset(1));
        let (from, to) = window("2026-11-24T23:30:00Z".parse().expect("a time"), 7, &zone);
        assert_eq!(from.to_string(), "2026-11-24T23:00:00Z");
        assert_eq!(to.to_string(), "2026-12-01T23:00:00Z");
    }

    #[test]
    fn a_reader_who_has_seen_enough_is_no_failure() {
        assert!(until_closed(Ok(())).is_ok_and(|is_open| is_open));
        assert!(until_closed(Err(ErrorKind::BrokenPipe.into())).is_ok_and(|is_open| !is_open));
        assert!(until_closed(Err(ErrorKind::StorageFull.into())).is_err());
    }
}
