//! What the simulated people do: the calendars they begin with, and the script of changes.

use ews::items::Body;
use exchange_sim::{Changes, MeetingRef, NewMeeting, Occasion, Simulator};
use jiff::{SignedDuration, Timestamp};

use crate::site::{Site, address};

/// Meetings in each calendar at the beginning.
pub(crate) const MEETINGS_EACH: usize = 5;
/// Besides the organizer; outside of the organization, so that one change concerns one mailbox.
const ATTENDEES_EACH: usize = 4;

/// Meetings by mailbox, all within the next days.
pub(crate) struct Calendars {
    meetings: Vec<Vec<MeetingRef>>,
    start: Timestamp,
}

/// One step of the script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A meeting gets another subject and time, without anybody being told.
    Plain,
    /// A new invitation with a keyword in its place.
    Keyword,
}

impl Calendars {
    pub(crate) fn fill(site: &Site) -> Self {
        let start = site.now() + SignedDuration::from_hours(24);
        let mut meetings = Vec::with_capacity(site.people);
        for person in 0..site.people {
            let create = |n: usize| {
                let meeting = new(&format!("Meeting {n}"), start + hours(n), false);
                site.exchange.create_meeting(&address(person), meeting).expect("a meeting")
            };
            meetings.push((0..MEETINGS_EACH).map(create).collect());
        }
        Self { meetings, start }
    }

    /// The `n`th change: mailboxes in turn, so that each has some rest.
    pub(crate) fn change(&self, exchange: &Simulator, n: usize, kind: Kind) {
        let person = self.mailbox(n);
        let subject = subject(n);
        let start = self.start + hours(n % 100) + SignedDuration::from_mins(15);
        match kind {
            Kind::Plain => {
                let meetings = &self.meetings[person];
                let meeting = &meetings[n / self.meetings.len() % meetings.len()];
                let changes = Changes {
                    subject: Some(subject),
                    start: Some(start),
                    end: Some(start + SignedDuration::from_mins(30)),
                    ..Changes::default()
                };
                let done = exchange.change_meeting_silently(meeting, Occasion::Whole, &changes);
                done.expect("changed");
            }
            Kind::Keyword => {
                let mut meeting = new(&subject, start, true);
                meeting.location = Some("@meet".to_owned());
                exchange.create_meeting(&address(person), meeting).expect("a meeting");
            }
        }
    }

    pub(crate) fn first_id(&self) -> &str {
        &self.meetings[0][0].item_id
    }

    pub(crate) fn mailbox(&self, n: usize) -> usize {
        n % self.meetings.len()
    }
}

/// Of the meeting after the `n`th change.
pub(crate) fn subject(n: usize) -> String {
    format!("Change {n}")
}

/// One invitation in ten.
pub(crate) fn kind(n: usize) -> Kind {
    if n % 10 == 9 { Kind::Keyword } else { Kind::Plain }
}

fn new(subject: &str, start: Timestamp, is_sent: bool) -> NewMeeting {
    let mut meeting = NewMeeting::new(subject, start, start + SignedDuration::from_mins(30));
    meeting.location = Some("Building 7, Room 12".to_owned());
    meeting.body = Some(Body::html(format!("<html><body>{}</body></html>", AGENDA.repeat(6))));
    meeting.required = (0..ATTENDEES_EACH).map(|n| format!("guest-{n}@example.org")).collect();
    meeting.is_sent = is_sent;
    meeting
}

const AGENDA: &str =
    "<p>What we have done, what we will do, and <b>who</b> says it to whom; bring figures.</p>";

fn hours(n: usize) -> SignedDuration {
    SignedDuration::from_hours(i64::try_from(n).expect("few"))
}
