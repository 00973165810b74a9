//! `hybridcal explain`: why a meeting has its Join button, or none.

use std::io::Write;

use jiff::tz::TimeZone;
use world::World;

use super::meetings::{SignedIn, until_closed, write};
use crate::client::{Failure, OpenedMeeting, json, text};

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    pub signed_in: SignedIn,
    /// The meeting: its id, or a part of its title
    #[arg(value_name = "MEETING")]
    pub meeting: String,
    /// One JSON object per line and meeting
    #[arg(long)]
    pub json: bool,
}

pub async fn run(args: Args, world: World, out: &mut impl Write) -> Result<(), Failure> {
    let now = world.clock.now();
    let zone = TimeZone::system();
    let client = args.signed_in.connect(world).await?;
    let (mut meetings, _position) = client.list().await?;
    meetings.retain(|meeting| is_meant(meeting, &args.meeting));
    meetings.sort_by_key(|meeting| meeting.start);
    let text = if args.json {
        meetings.iter().map(|meeting| json::line(&json::explanation(meeting)) + "\n").collect()
    } else if meetings.is_empty() {
        "No meeting of yours is called so, from a week ago to a month ahead.\n".to_owned()
    } else {
        let explained = meetings.iter().map(|meeting| text::explanation(meeting, now, &zone));
        explained.collect::<Vec<_>>().join("\n")
    };
    until_closed(write(out, &text)).map(|_is_open| ())
}

fn is_meant(meeting: &OpenedMeeting, wanted: &str) -> bool {
    let title = meeting.subject.text().unwrap_or_default().to_lowercase();
    meeting.id.0 == wanted || title.contains(&wanted.to_lowercase())
}
