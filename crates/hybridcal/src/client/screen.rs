//! What a person sees at a moment: the list, and which Join buttons are shown. Pure.

use std::collections::BTreeMap;

use jiff::Timestamp;
use protocol::{ids::MeetingId, join_button::JoinButton};

use super::opened::OpenedMeeting;

#[derive(Default)]
pub(super) struct Screen {
    meetings: BTreeMap<MeetingId, OpenedMeeting>,
    /// As last told.
    shown: BTreeMap<MeetingId, Shown>,
}

/// A button that changes in any of this is told anew.
#[derive(Clone, PartialEq, Eq)]
struct Shown {
    appears_at: Timestamp,
    disappears_at: Timestamp,
    link: Option<String>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Edge {
    Appeared(Box<OpenedMeeting>, JoinButton),
    Gone(MeetingId),
}

impl Screen {
    /// Only these meetings exist; one already known in a newer state stays as it is.
    pub(super) fn list(&mut self, meetings: Vec<OpenedMeeting>) -> Vec<OpenedMeeting> {
        let mut known = std::mem::take(&mut self.meetings);
        let newer = |meeting: OpenedMeeting| match known.remove(&meeting.id) {
            Some(known) if known.revision > meeting.revision => known,
            Some(_) | None => meeting,
        };
        let meetings: Vec<_> = meetings.into_iter().map(newer).collect();
        let entries = meetings.iter().map(|meeting| (meeting.id.clone(), meeting.clone()));
        self.meetings = entries.collect();
        meetings
    }

    /// Whether it is news; what is older than what we have is not.
    pub(super) fn put(&mut self, meeting: OpenedMeeting) -> bool {
        let known = self.meetings.get(&meeting.id);
        if known.is_some_and(|known| known.revision > meeting.revision || *known == meeting) {
            return false;
        }
        self.meetings.insert(meeting.id.clone(), meeting);
        true
    }

    pub(super) fn remove(&mut self, id: &MeetingId) -> bool {
        self.meetings.remove(id).is_some()
    }

    /// The buttons that came or went since the last look.
    pub(super) fn look(&mut self, now: Timestamp) -> Vec<Edge> {
        let mut edges = Vec::new();
        let mut shown = BTreeMap::new();
        for meeting in self.meetings.values() {
            let Some(button) = meeting.join_button(now).filter(|button| button.shown) else {
                continue;
            };
            let now_shown = Shown {
                appears_at: button.appears_at,
                disappears_at: button.disappears_at,
                link: meeting.join_link().map(str::to_owned),
            };
            if self.shown.remove(&meeting.id).as_ref() != Some(&now_shown) {
                edges.push(Edge::Appeared(Box::new(meeting.clone()), button));
            }
            shown.insert(meeting.id.clone(), now_shown);
        }
        // What is left was shown and is not any more.
        let gone = std::mem::replace(&mut self.shown, shown);
        edges.splice(0..0, gone.into_keys().map(Edge::Gone));
        edges
    }

    /// When a button comes or goes by itself.
    pub(super) fn next_edge(&self, now: Timestamp) -> Option<Timestamp> {
        let buttons = self.meetings.values().filter_map(|meeting| meeting.join_button(now));
        let edges = buttons.flat_map(|button| [button.appears_at, button.disappears_at]);
        edges.filter(|edge| *edge > now).min()
    }
}

#[cfg(test)]
mod tests;
