//! Opening: every seal is held against the place where it was found, each field by itself.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, PoisonError},
};

use jiff::Timestamp;
use kms::{
    client::{KeyClient, KeyFailure},
    content_key::ContentKey,
    seal,
};
use protocol::{
    ids::{KeyUrl, MeetingId, OrganizationId, UserId},
    join_button::{self, JoinButton},
    meeting::{SealedMeeting, SealedParticipant, SealedPerson, field},
    sealed::{Sealed, SealedPlace},
};
use url::Url;
use world::issuer::is_safe;

use super::opened::{Opened, OpenedMeeting, OpenedParticipant, OpenedPerson, Why};

/// Meetings whose newest revision is remembered; further ones go unguarded rather than unseen.
const REVISIONS_MAX: usize = 100_000;

/// Opens one person's meetings, and remembers how new each was.
pub(super) struct Opener {
    keys: KeyClient,
    kms_host: String,
    organization: OrganizationId,
    user: UserId,
    newest: Mutex<HashMap<MeetingId, i64>>,
}

impl Opener {
    pub(super) fn new(
        keys: KeyClient,
        kms_host: &str,
        organization: OrganizationId,
        user: UserId,
    ) -> Self {
        let (kms_host, newest) = (kms_host.into(), Mutex::default());
        Self { keys, kms_host, organization, user, newest }
    }

    pub(super) fn keys(&self) -> &KeyClient {
        &self.keys
    }

    pub(super) fn organization(&self) -> &OrganizationId {
        &self.organization
    }

    pub(super) fn user(&self) -> UserId {
        self.user
    }

    fn is_own(&self, url: &KeyUrl) -> bool {
        url.key().is_some_and(|key| *url == KeyUrl::new(&self.kms_host, key))
    }

    /// A key of our own key server.
    pub(super) async fn own_key(&self, url: &KeyUrl) -> Result<ContentKey, Why> {
        if !self.is_own(url) {
            return Err(Why::OtherKeyServer);
        }
        self.keys.retrieve(url).await.map_err(|failure| why(&failure))
    }

    pub(super) async fn open(&self, meetings: &[SealedMeeting]) -> Vec<OpenedMeeting> {
        let keys = self.fetch_keys(meetings).await;
        let missing = Err(Why::KeyUnusable);
        let open = |meeting: &SealedMeeting| {
            let key = keys.get(&meeting.encryption_key_url).unwrap_or(&missing);
            self.open_one(meeting, key)
        };
        meetings.iter().map(open).collect()
    }

    /// Each key is asked for once; a server that does not answer is not asked for the next one.
    async fn fetch_keys(
        &self,
        meetings: &[SealedMeeting],
    ) -> BTreeMap<KeyUrl, Result<ContentKey, Why>> {
        let mut keys = BTreeMap::new();
        let mut is_reachable = true;
        for url in meetings.iter().map(|meeting| &meeting.encryption_key_url) {
            if keys.contains_key(url) {
                continue;
            }
            let key = match (self.is_own(url), is_reachable) {
                (false, _) => Err(Why::OtherKeyServer),
                (true, false) => Err(Why::KeyServerUnreachable),
                (true, true) => self.own_key(url).await,
            };
            is_reachable &= !matches!(key, Err(Why::KeyServerUnreachable));
            keys.insert(url.clone(), key);
        }
        keys
    }

    fn open_one(&self, meeting: &SealedMeeting, key: &Result<ContentKey, Why>) -> OpenedMeeting {
        let key = if self.is_newest(meeting) { key.as_ref() } else { Err(&Why::Outdated) };
        let place = Place { opener: self, meeting, key: key.map_err(|why| *why) };
        let duration = meeting.duration_minutes;
        let (_, end) = join_button::window(meeting.start, duration);
        OpenedMeeting {
            id: meeting.id.clone(),
            series: meeting.series_id.clone(),
            start: meeting.start,
            end,
            is_all_day: meeting.is_all_day,
            first_day: meeting.hc.first_day,
            is_recurring: meeting.is_recurring,
            sensitivity: meeting.meeting_sensitivity,
            response: meeting.response_type,
            subject: place.open(field::SUBJECT, &meeting.encrypted_subject),
            location: place.open_some(field::LOCATION, meeting.encrypted_location.as_ref()),
            agenda: place.open_some(field::NOTES, meeting.encrypted_notes.as_ref()),
            join_url: place.join_url(),
            dial: place.open_some(
                field::JOIN_URI,
                meeting.meeting_join_info.as_ref().and_then(|info| info.join_uri.as_ref()),
            ),
            passcode: place.open_some(field::PASSCODE, meeting.hc.passcode.as_ref()),
            alternatives: place.open_some(field::ALTERNATIVES, meeting.hc.alternatives.as_ref()),
            explanation: place.open_some(field::EXPLANATION, meeting.hc.explanation.as_ref()),
            organizer: place.organizer(),
            participants: place.participants(),
            notes: meeting.hc.notes.clone(),
            revision: meeting.hc.rev,
            // Whether it is shown is asked for later, at the time that matters.
            button: JoinButton::of(meeting, Timestamp::MIN),
        }
    }

    /// Refuses what a cloud, or somebody in its place, brings back from an earlier time.
    fn is_newest(&self, meeting: &SealedMeeting) -> bool {
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        let revision = meeting.hc.rev;
        let has_room = newest.len() < REVISIONS_MAX;
        match newest.get_mut(&meeting.id) {
            Some(seen) if *seen > revision => return false,
            Some(seen) => *seen = revision,
            None if has_room => {
                newest.insert(meeting.id.clone(), revision);
            }
            None => {}
        }
        true
    }
}

/// One meeting with its key: everything a seal must agree with.
struct Place<'a> {
    opener: &'a Opener,
    meeting: &'a SealedMeeting,
    key: Result<&'a ContentKey, Why>,
}

impl Place<'_> {
    fn open(&self, field: &str, sealed: &Sealed) -> Opened {
        let place = SealedPlace {
            organization: &self.opener.organization,
            user: self.opener.user,
            meeting: &self.meeting.id,
            field,
            revision: self.meeting.hc.rev,
            schema: self.meeting.hc.schema,
        };
        match self.key.map(|key| seal::open(key, &place, sealed)) {
            Ok(Ok(text)) => Opened::Text(text),
            Ok(Err(_any_form_of_altered)) => Opened::Cannot(Why::Altered),
            Err(why) => Opened::Cannot(why),
        }
    }

    fn open_some(&self, field: &str, sealed: Option<&Sealed>) -> Option<Opened> {
        Some(self.open(field, sealed?))
    }

    fn join_url(&self) -> Option<Opened> {
        let info = self.meeting.meeting_join_info.as_ref()?;
        Some(match self.open(field::JOIN_URL, &info.join_url) {
            Opened::Text(text) => safe_link(&text),
            closed @ Opened::Cannot(_) => closed,
        })
    }

    fn person(&self, sealed: &SealedPerson, name: &str, address: &str) -> OpenedPerson {
        OpenedPerson {
            name: self.open(name, &sealed.encrypted_name),
            address: self.open(address, &sealed.encrypted_email_address),
        }
    }

    fn organizer(&self) -> Option<OpenedPerson> {
        let sealed = self.meeting.encrypted_organizer.as_ref()?;
        Some(self.person(sealed, field::ORGANIZER_NAME, field::ORGANIZER_ADDRESS))
    }

    fn participants(&self) -> Vec<OpenedParticipant> {
        let open = |sealed: &SealedParticipant| {
            let id = sealed.id.to_string();
            let (name, address) = (field::participant_name(&id), field::participant_address(&id));
            OpenedParticipant {
                person: self.person(&sealed.person, &name, &address),
                kind: sealed.kind,
                response: sealed.response_type,
                participation: sealed.participant_type,
            }
        };
        self.meeting.encrypted_participants.iter().map(open).collect()
    }
}

/// A terminal makes links clickable, so what stands there must be what opens.
fn safe_link(text: &str) -> Opened {
    let is_plain = |url: &Url| url.username().is_empty() && url.password().is_none();
    match Url::parse(text) {
        Ok(url) if is_safe(&url) && is_plain(&url) => Opened::Text(url.into()),
        Ok(_) | Err(_) => Opened::Cannot(Why::UnsafeLink),
    }
}

pub(super) fn why(failure: &KeyFailure) -> Why {
    match failure {
        KeyFailure::Unreachable(_) | KeyFailure::Busy { .. } | KeyFailure::Unreadable => {
            Why::KeyServerUnreachable
        }
        KeyFailure::NotSignedIn => Why::NotSignedIn,
        KeyFailure::NotPermitted => Why::NoAccess,
        KeyFailure::Revoked | KeyFailure::Gone => Why::KeyGone,
        KeyFailure::Refused { .. } | KeyFailure::OtherKey(_) | KeyFailure::Token(_) => {
            Why::KeyUnusable
        }
    }
}

#[cfg(test)]
mod tests;
