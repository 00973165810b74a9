//! `hybridcal watch`: a person's list as it changes, and the Join buttons as they come and go.

use std::{collections::BTreeMap, io::Write};

use jiff::{Timestamp, tz::TimeZone};
use protocol::ids::MeetingId;
use serde_json::{Value, json};
use world::World;

use super::meetings::{SignedIn, until_closed, write};
use crate::client::{Failure, Notice, OpenedMeeting, json, text};

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    pub signed_in: SignedIn,
    /// One JSON object per line and event
    #[arg(long)]
    pub json: bool,
}

/// Runs until nobody reads any more, or only a person can help.
pub async fn run(args: Args, world: World, out: &mut impl Write) -> Result<(), Failure> {
    let clock = world.clock.clone();
    let client = args.signed_in.connect(world).await?;
    let mut lines = Lines { zone: TimeZone::system(), titles: BTreeMap::new() };
    let mut watch = client.watch();
    loop {
        let notice = watch.next().await?;
        let now = clock.now();
        let line = if args.json {
            json::line(&as_json(&notice, now)) + "\n"
        } else {
            lines.line(&notice, now)
        };
        if !until_closed(write(out, &line))? {
            return Ok(());
        }
    }
}

fn as_json(notice: &Notice, now: Timestamp) -> Value {
    match notice {
        Notice::Listed(meetings) => {
            let meetings: Vec<_> =
                meetings.iter().map(|meeting| json::meeting(meeting, now)).collect();
            json!({ "event": "listed", "meetings": meetings })
        }
        Notice::Changed(meeting) => {
            let id = &meeting.id;
            json!({ "event": "changed", "id": id, "meeting": json::meeting(meeting, now) })
        }
        Notice::Deleted(id) => json!({ "event": "deleted", "id": id }),
        Notice::ButtonAppeared(meeting, button) => json!({
            "event": "button",
            "id": button.meeting_id,
            "subject": meeting.subject.text(),
            "joinUrl": meeting.join_link(),
            "appearsAt": button.appears_at,
            "disappearsAt": button.disappears_at,
        }),
        Notice::ButtonGone(id) => json!({ "event": "button_gone", "id": id }),
        Notice::Connected => json!({ "event": "connected" }),
        Notice::Disconnected { reason } => json!({ "event": "disconnected", "reason": reason }),
    }
}

/// Text for people, who know meetings by their titles.
struct Lines {
    zone: TimeZone,
    titles: BTreeMap<MeetingId, String>,
}

impl Lines {
    fn line(&mut self, notice: &Notice, now: Timestamp) -> String {
        let time = now.to_zoned(self.zone.clone()).strftime("%H:%M").to_string();
        match notice {
            Notice::Listed(meetings) => {
                self.titles = meetings.iter().map(titled).collect();
                format!("\n{}\n", text::agenda(meetings, now, &self.zone))
            }
            Notice::Changed(meeting) => {
                self.titles.extend([titled(meeting)]);
                format!("{time}  changed  {}\n", text::news(meeting, &self.zone))
            }
            Notice::Deleted(id) => {
                let title = self.titles.remove(id).unwrap_or_default();
                format!("{time}  deleted  {title}\n")
            }
            Notice::ButtonAppeared(meeting, _) => {
                format!("{time}  {}  {}\n", text::title(meeting), text::join(meeting))
            }
            Notice::ButtonGone(id) => match self.titles.get(id) {
                Some(title) => format!("{time}  over     {title}\n"),
                None => String::new(),
            },
            Notice::Connected => format!("{time}  connected\n"),
            Notice::Disconnected { reason } => format!("{time}  disconnected: {reason}\n"),
        }
    }
}

fn titled(meeting: &OpenedMeeting) -> (MeetingId, String) {
    (meeting.id.clone(), text::title(meeting))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::tests::standup;

    fn now() -> Timestamp {
        "2026-11-24T08:55:00Z".parse().expect("a time")
    }

    #[test]
    fn people_read_titles_even_of_what_is_gone() {
        let mut lines = Lines { zone: TimeZone::UTC, titles: BTreeMap::new() };
        let mut check = |notice: &Notice, expected: &str| {
            assert_eq!(lines.line(notice, now()), expected);
        };
        let standup = standup();
        let button = standup.join_button(now()).expect("a button");
        check(
            &Notice::Changed(standup.clone()),
            "08:55  changed  Tue 24 Nov  09:00–09:15  Stand-up  Room 4\n",
        );
        check(
            &Notice::ButtonAppeared(standup.clone(), button),
            "08:55  Stand-up  [Join] https://meet.example.org/standup\n",
        );
        check(&Notice::ButtonGone(standup.id.clone()), "08:55  over     Stand-up\n");
        check(&Notice::Deleted(standup.id.clone()), "08:55  deleted  Stand-up\n");
        check(&Notice::ButtonGone(standup.id), "");
        let reason = "the cloud is silent".to_owned();
        check(&Notice::Disconnected { reason }, "08:55  disconnected: the cloud is silent\n");
    }

    #[test]
    fn programs_read_one_object_per_event() {
        let check = |notice: &Notice, expected: Value| assert_eq!(as_json(notice, now()), expected);
        let standup = standup();
        let button = standup.join_button(now()).expect("a button");
        let id = standup.id.clone();
        let whole = json::meeting(&standup, now());
        check(
            &Notice::Listed(vec![standup.clone()]),
            json!({"event": "listed", "meetings": [whole]}),
        );
        check(
            &Notice::ButtonAppeared(standup, button),
            json!({
                "event": "button", "id": id, "subject": "Stand-up",
                "joinUrl": "https://meet.example.org/standup",
                "appearsAt": "2026-11-24T08:55:00Z", "disappearsAt": "2026-11-24T09:15:00Z",
            }),
        );
        check(&Notice::ButtonGone(id.clone()), json!({"event": "button_gone", "id": id}));
        check(&Notice::Connected, json!({"event": "connected"}));
    }
}
