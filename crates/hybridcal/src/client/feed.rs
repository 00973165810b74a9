//! Where we are in a person's list, and what an event means there. Pure: says what to do next,
//! the `follower` does it.

use protocol::{
    feed::{At, Changes, Envelope, EventData, Position},
    ids::MeetingId,
    meeting::SealedMeeting,
};
use serde::Deserialize;

/// Everything up to here is known.
pub(super) struct Feed {
    position: Position,
}

/// What an event asks for.
#[derive(Debug, PartialEq)]
pub(super) enum Step {
    Nothing,
    Change(Box<SealedMeeting>),
    Delete(MeetingId),
    /// Something in between was missed: `changes?since=` knows it.
    CatchUp,
    ListAgain,
}

/// What can be told of an event of a kind we do not know.
#[derive(Deserialize)]
struct OnlyPosition {
    #[serde(default)]
    hc: Option<At>,
}

impl Feed {
    pub(super) fn new(position: Position) -> Self {
        Self { position }
    }

    pub(super) fn position(&self) -> Position {
        self.position
    }

    pub(super) fn on_message(&mut self, data: &str) -> Step {
        if let Ok(envelope) = serde_json::from_str::<Envelope>(data) {
            return self.on_event(envelope);
        }
        let only: Option<OnlyPosition> = serde_json::from_str(data).ok();
        match only.and_then(|only| only.hc) {
            Some(At { position }) => self.reach(position).err().unwrap_or(Step::Nothing),
            None => Step::Nothing,
        }
    }

    fn on_event(&mut self, Envelope { data, hc, .. }: Envelope) -> Step {
        if matches!(data, EventData::Resync { .. }) {
            return Step::ListAgain;
        }
        let Some(At { position }) = hc else { return Step::Nothing };
        if let Err(instead) = self.reach(position) {
            return instead;
        }
        match data {
            EventData::Create { meeting } | EventData::Update { meeting } => Step::Change(meeting),
            EventData::Delete { meeting } => Step::Delete(meeting.id),
            // Buttons are computed here; a token's end is told by the next refusal; keys come
            // without frames.
            EventData::JoinButton { .. }
            | EventData::KeyFrames { .. }
            | EventData::FreeBusy { .. }
            | EventData::Reauth { .. }
            | EventData::Resync { .. } => Step::Nothing,
        }
    }

    /// Only the next in line is applied.
    fn reach(&mut self, position: Position) -> Result<(), Step> {
        if position.incarnation != self.position.incarnation {
            return Err(Step::ListAgain);
        }
        let ahead = position.rev.saturating_sub(self.position.rev);
        match ahead {
            ..=0 => Err(Step::Nothing),
            1 => {
                self.position = position;
                Ok(())
            }
            2.. => Err(Step::CatchUp),
        }
    }

    /// A page covers everything up to `to`; one that leads nowhere means the list.
    pub(super) fn on_page(&mut self, page: &Changes) -> Step {
        let Position { incarnation, rev } = page.to;
        let leads_on = if page.more { rev > self.position.rev } else { rev >= self.position.rev };
        if incarnation != self.position.incarnation || !leads_on {
            return Step::ListAgain;
        }
        self.position = page.to;
        if page.more { Step::CatchUp } else { Step::Nothing }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feed() -> Feed {
        Feed::new("3-10".parse().expect("a position"))
    }

    fn event(position: &str, kind: &str, member: &str) -> String {
        format!(
            r#"{{"id":"e","data":{{"eventType":"{kind}"{member}}},"hc":{{"position":"{position}"}}}}"#
        )
    }

    fn deletion(position: &str) -> String {
        event(position, "calendar.meeting.delete", r#","calendarMeetingExternal":{"id":"m"}"#)
    }

    fn check(message: &str, expected: &Step, position: &str) {
        let mut feed = feed();
        assert_eq!(feed.on_message(message), *expected, "{message}");
        assert_eq!(feed.position().to_string(), position, "{message}");
    }

    #[test]
    fn only_the_next_in_line_is_applied() {
        check(&deletion("3-11"), &Step::Delete(MeetingId("m".into())), "3-11");
        check(&deletion("3-10"), &Step::Nothing, "3-10");
        check(&deletion("3-9"), &Step::Nothing, "3-10");
        check(&deletion("3-12"), &Step::CatchUp, "3-10");
        check(&deletion("4-11"), &Step::ListAgain, "3-10");
    }

    #[test]
    fn what_moves_no_position_changes_nothing() {
        let resync = r#"{"id":"e","data":{"eventType":"hc.resync","position":"3-99"}}"#;
        check(resync, &Step::ListAgain, "3-10");
        check("not JSON", &Step::Nothing, "3-10");
        check(r#"{"id":"e","data":{"eventType":"apheleia.x"}}"#, &Step::Nothing, "3-10");
    }

    #[test]
    fn an_unknown_kind_moves_the_position_only() {
        check(&event("3-11", "calendar.something", ""), &Step::Nothing, "3-11");
        check(&event("3-12", "calendar.something", ""), &Step::CatchUp, "3-10");
    }

    #[test]
    fn a_page_must_lead_on() {
        let check = |to: &str, more: bool, expected: Step| {
            let (from, to) = ("3-10".parse().expect("one"), to.parse().expect("one"));
            let page = Changes { from, to, more, changes: Vec::new() };
            assert_eq!(feed().on_page(&page), expected, "{to} {more}");
        };
        check("3-14", false, Step::Nothing);
        check("3-10", false, Step::Nothing);
        check("3-14", true, Step::CatchUp);
        check("3-10", true, Step::ListAgain);
        check("3-9", false, Step::ListAgain);
        check("4-14", false, Step::ListAgain);
    }
}
