//! Says, line by line, why a meeting has this Join button, or none. It is sealed like the meeting's
//! text: only who may open the meeting reads it.

use conference::{
    join_link::{Findings, Sender},
    keyword::Mention,
};

use super::Pass;
use crate::{entry::Entry, meeting::Plain};

/// Lines of an explanation; the rest is cut.
const LINES_MAX: usize = 60;

impl Pass<'_> {
    pub(super) fn explain(&self, entry: &mut Entry, findings: &Findings) {
        let mut lines = vec![self.of_copy(entry)];
        lines.extend(self.of_keyword(entry));
        lines.extend(of_stamp(entry));
        lines.extend(entry.meeting.notes.iter().map(|note| format!("Told: {note}.")));
        lines.extend(findings.lines());
        lines.push(match (&findings.join, findings.reason) {
            (Some(link), _) => {
                let (provider, rule) = (link.provider(), link.class());
                let others = match findings.alternatives.len() {
                    0 => String::new(),
                    1 => "; another one is kept as an alternative".to_owned(),
                    others => format!("; {others} others are kept as alternatives"),
                };
                format!("Join opens a link of {provider} (rule {rule}){others}.")
            }
            (None, Some(reason)) => format!("There is no Join button: {}.", reason.word()),
            (None, None) => "There is no Join button.".to_owned(),
        });
        entry.meeting.explanation = lines.into_iter().take(LINES_MAX).map(Plain).collect();
    }

    fn of_copy(&self, entry: &Entry) -> String {
        let whose = match (entry.is_organizer, self.sender(entry)) {
            (true, _) => "This is the organizer's own copy.",
            (false, Sender::Internal) => {
                "This is an invitee's copy; the organizer is of this organization."
            }
            (false, Sender::External) => {
                "This is an invitee's copy; the organizer is somebody from outside."
            }
        };
        whose.to_owned()
    }

    fn of_keyword(&self, entry: &Entry) -> Option<String> {
        Some(match self.following.practice.keyword(&entry.location.0)? {
            Mention::UnknownModifier(found) => {
                format!("The place says {}, which nobody knows.", found.keyword)
            }
            Mention::Found(found) if entry.is_organizer => format!(
                "The place says {}, which asks for a conference of {:?}.",
                found.keyword, found.conference
            ),
            Mention::Found(found) => {
                format!("The place says {}; only the organizer's copy counts.", found.keyword)
            }
        })
    }
}

fn of_stamp(entry: &Entry) -> Option<String> {
    let stamp = entry.stamp()?;
    if stamp.meeting != entry.stamp_identity() {
        return Some("What was written stands for another meeting: this is a copy.".to_owned());
    }
    let mailed =
        if stamp.was_told { "everybody invited got one update" } else { "nobody got mail from it" };
    let at = stamp.at.strftime("%Y-%m-%d %H:%M UTC");
    Some(format!("Join details for {} were written at {at}; {mailed}.", stamp.keyword))
}
