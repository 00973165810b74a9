//! What a command asks for, once its texts are opened. Plain text: no `Debug`.

use std::collections::BTreeMap;

use jiff::Timestamp;
use protocol::{
    command::{
        ATTENDEES_MAX, FREE_BUSY_PEOPLE_MAX, InvitedText, Kind, Role, Statement, Why, field,
    },
    ids::{MailboxAddress, MeetingId},
};
use uuid::Uuid;

use crate::{
    exchange::schedule::{
        Answer, NewMeeting, TIME_MAX,
        amend::{Amendment, Invited},
    },
    meeting::{LINE_CHARACTERS_MAX, Plain},
};

pub(super) enum Wish {
    Create(Box<NewMeeting>),
    Change(MeetingId, Box<Amendment>),
    Cancel(MeetingId),
    Respond(MeetingId, Answer),
    FreeBusy { people: Vec<MailboxAddress>, from: Timestamp, to: Timestamp },
    Rooms,
}

impl Wish {
    /// `texts`: the opened ones by their names. What is there and not understood is refused, so that
    /// nobody gets half of what was asked for.
    pub(super) fn of(
        statement: &Statement,
        mut texts: BTreeMap<String, String>,
    ) -> Result<Self, Why> {
        let texts = &mut texts;
        let meeting = || statement.meeting_id.clone().ok_or(Why::Invalid);
        let wish = match statement.kind {
            Kind::Create => Self::Create(Box::new(created(statement.idempotency_key, texts)?)),
            Kind::Change => Self::Change(meeting()?, Box::new(amendment(texts)?)),
            Kind::Cancel => Self::Cancel(meeting()?),
            Kind::Accept => Self::Respond(meeting()?, Answer::Accept),
            Kind::Tentative => Self::Respond(meeting()?, Answer::Tentative),
            Kind::Decline => Self::Respond(meeting()?, Answer::Decline),
            Kind::FreeBusy => {
                let (from, to) = times(texts)?.ok_or(Why::Invalid)?;
                if to.duration_since(from) > TIME_MAX {
                    return Err(Why::Invalid);
                }
                Self::FreeBusy { people: people(texts)?, from, to }
            }
            Kind::Rooms => Self::Rooms,
        };
        if texts.is_empty() { Ok(wish) } else { Err(Why::Invalid) }
    }

    /// Whether carrying it out leaves something behind.
    pub(super) fn is_write(&self) -> bool {
        match self {
            Self::Create(_) | Self::Change(..) | Self::Cancel(_) | Self::Respond(..) => true,
            Self::FreeBusy { .. } | Self::Rooms => false,
        }
    }
}

fn created(key: Uuid, texts: &mut BTreeMap<String, String>) -> Result<NewMeeting, Why> {
    let (start, end) = times(texts)?.ok_or(Why::Invalid)?;
    let nobody = || Invited { required: Vec::new(), optional: Vec::new(), rooms: Vec::new() };
    let Invited { required, optional, rooms } = invited(texts)?.unwrap_or_else(nobody);
    Ok(NewMeeting {
        key,
        subject: line(texts, field::SUBJECT)?.ok_or(Why::Invalid)?,
        location: line(texts, field::LOCATION)?.unwrap_or_default(),
        text: texts.remove(field::NOTES).map(Plain).unwrap_or_default(),
        start,
        end,
        required,
        optional,
        rooms,
    })
}

fn amendment(texts: &mut BTreeMap<String, String>) -> Result<Amendment, Why> {
    if texts.is_empty() {
        return Err(Why::Invalid);
    }
    Ok(Amendment {
        times: times(texts)?,
        subject: line(texts, field::SUBJECT)?,
        location: line(texts, field::LOCATION)?,
        text: texts.remove(field::NOTES).map(Plain),
        invited: invited(texts)?,
    })
}

/// A line as it may stand in an invitation.
fn line(texts: &mut BTreeMap<String, String>, name: &str) -> Result<Option<Plain>, Why> {
    let Some(text) = texts.remove(name) else { return Ok(None) };
    let is_line = text.chars().count() <= LINE_CHARACTERS_MAX && !text.contains(char::is_control);
    if is_line { Ok(Some(Plain(text))) } else { Err(Why::Invalid) }
}

fn times(texts: &mut BTreeMap<String, String>) -> Result<Option<(Timestamp, Timestamp)>, Why> {
    let mut time = |name| texts.remove(name).map(|text| text.parse::<Timestamp>());
    match (time(field::START), time(field::END)) {
        (None, None) => Ok(None),
        (Some(Ok(start)), Some(Ok(end))) if start < end => Ok(Some((start, end))),
        (Some(_) | None, Some(_) | None) => Err(Why::Invalid),
    }
}

fn invited(texts: &mut BTreeMap<String, String>) -> Result<Option<Invited>, Why> {
    let Some(json) = texts.remove(field::ATTENDEES) else { return Ok(None) };
    let list: Vec<InvitedText> = serde_json::from_str(&json).map_err(|_form| Why::Invalid)?;
    if list.len() > ATTENDEES_MAX {
        return Err(Why::Invalid);
    }
    let mut invited = Invited { required: Vec::new(), optional: Vec::new(), rooms: Vec::new() };
    for InvitedText { email, role } in list {
        let address = MailboxAddress::new(&email).ok_or(Why::Invalid)?;
        match role {
            Role::Required => invited.required.push(address),
            Role::Optional => invited.optional.push(address),
            Role::Room => invited.rooms.push(address),
        }
    }
    Ok(Some(invited))
}

fn people(texts: &mut BTreeMap<String, String>) -> Result<Vec<MailboxAddress>, Why> {
    let json = texts.remove(field::EMAILS).ok_or(Why::Invalid)?;
    let list: Vec<String> = serde_json::from_str(&json).map_err(|_form| Why::Invalid)?;
    if list.is_empty() || list.len() > FREE_BUSY_PEOPLE_MAX {
        return Err(Why::Invalid);
    }
    list.iter().map(|email| MailboxAddress::new(email).ok_or(Why::Invalid)).collect()
}

#[cfg(test)]
mod tests {
    use protocol::ids::{KeyUrl, OrganizationId, UserId};

    use super::*;

    fn wish(kind: Kind, texts: &[(&str, &str)]) -> Result<Wish, Why> {
        let statement = Statement {
            organization: OrganizationId("o".into()),
            user: UserId(Uuid::from_u128(1)),
            kind,
            meeting_id: kind.has_meeting().then(|| MeetingId("m".into())),
            idempotency_key: Uuid::from_u128(2),
            sent_at_ms: 1,
            encryption_key_url: KeyUrl::new("kms", Uuid::from_u128(3)),
            sealed: BTreeMap::new(),
        };
        let texts = texts.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
        Wish::of(&statement, texts.collect())
    }

    const TIMES: [(&str, &str); 2] =
        [("start", "2026-11-24T09:00:00Z"), ("end", "2026-11-24T10:00:00Z")];

    #[test]
    fn a_whole_meeting_is_understood() {
        let people = r#"[{"email":"Bob@example.com","type":"REQUIRED"},
                         {"email":"blue@example.com","type":"ROOM"}]"#;
        let texts = [TIMES[0], TIMES[1], ("subject", "Budget"), ("attendees", people)];
        let Ok(Wish::Create(meeting)) = wish(Kind::Create, &texts) else { panic!("understood") };
        assert_eq!(meeting.required[0].as_str(), "bob@example.com");
        assert_eq!((meeting.optional.len(), meeting.rooms.len()), (0, 1));
        assert_eq!((meeting.key, meeting.subject.0.as_str()), (Uuid::from_u128(2), "Budget"));
    }

    #[test]
    fn what_makes_no_sense_is_refused_as_a_whole() {
        let subject = ("subject", "Budget");
        let [start, end] = TIMES;
        let many = format!(r#"["{}"]"#, vec!["a@example.com"; 101].join(r#"",""#));
        let long = "x".repeat(257);
        let cases: [(Kind, &[(&str, &str)]); 12] = [
            (Kind::Create, &[start, end]),
            (Kind::Create, &[subject, start]),
            (Kind::Create, &[subject, ("start", end.1), ("end", start.1)]),
            (Kind::Create, &[start, end, ("subject", "a\nb")]),
            (Kind::Create, &[start, end, ("subject", &long)]),
            (Kind::Create, &[start, end, subject, ("webexOptions", "{}")]),
            (Kind::Create, &[start, end, subject, ("attendees", r#"[{"email":"bob"}]"#)]),
            (Kind::Change, &[]),
            (Kind::Cancel, &[subject]),
            (Kind::FreeBusy, &[start, end, ("emails", "[]")]),
            (Kind::FreeBusy, &[start, end, ("emails", &many)]),
            (Kind::FreeBusy, &[start, ("end", "2027-11-24T10:00:00Z"), ("emails", r#"["a@b"]"#)]),
        ];
        for (number, (kind, texts)) in cases.into_iter().enumerate() {
            assert!(matches!(wish(kind, texts), Err(Why::Invalid)), "case {number}");
        }
        assert!(wish(Kind::Change, &[subject]).is_ok());
        assert!(wish(Kind::Rooms, &[]).is_ok());
    }
}
