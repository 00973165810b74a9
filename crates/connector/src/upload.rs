//! Sealing: the last thing that happens to a meeting before it leaves the connector.

use std::collections::BTreeSet;

use conference::JoinLink;
use kms::{
    client::{KeyClient, KeyFailure, KeyRemedy},
    content_key::ContentKey,
    index::{IndexKey, MEETING_IDS, PEOPLE},
    seal::{SealFailure, seal},
    state_seal::{StatePlace, open_state, seal_state},
};
use protocol::{
    connector::MailboxState,
    ids::{ConnectorId, KeyUrl, MailboxAddress, MeetingId, OrganizationId, UserId},
    keys::Purpose,
    meeting::{
        Additions, SCHEMA, SealedJoinInfo, SealedMeeting, SealedParticipant, SealedPerson, field,
    },
    sealed::{Sealed, SealedPlace},
};
use uuid::Uuid;
use world::chance::Chance;

use crate::{
    failure::Failure,
    meeting::{Meeting, Person, Plain},
    state::State,
};

/// Epoch of index keys; a new one means new ids and a full sync.
const INDEX_EPOCH: u32 = 1;
/// Of an explanation; further lines are left out.
const EXPLANATION_BYTES_MAX: usize = 8 * 1024;
/// A link with a stranger's parameters may be long, a meeting's fields together must not be.
const ADDRESS_UNKNOWN: &str = "";

/// Everything needed to seal one user's meetings and what we remember about the mailbox.
pub struct Sealer {
    organization: OrganizationId,
    connector: ConnectorId,
    user: UserId,
    chance: Chance,
    content: ContentKey,
    meetings: IndexKey,
    people: IndexKey,
    state: ContentKey,
}

/// Where one meeting stands.
pub struct Identity {
    pub id: MeetingId,
    pub series_id: MeetingId,
    pub revision: i64,
}

impl Sealer {
    /// Fetches the keys; the client remembers them for a day.
    pub async fn new(
        keys: &KeyClient,
        organization: &OrganizationId,
        connector: &ConnectorId,
        user: UserId,
        chance: &Chance,
    ) -> Result<Self, Failure> {
        let whole = organization.uuid();
        // Each that is not known yet costs the key server a disk write: asked for together.
        let (organization_index, user_index, content, state) = tokio::try_join!(
            keys.current(whole, Purpose::Index),
            keys.current(user.0, Purpose::Index),
            keys.current(user.0, Purpose::Content),
            keys.current(whole, Purpose::State),
        )?;
        Ok(Self {
            organization: organization.clone(),
            connector: connector.clone(),
            user,
            chance: chance.clone(),
            content,
            meetings: IndexKey::derive(&user_index, MEETING_IDS, INDEX_EPOCH),
            people: IndexKey::derive(&organization_index, PEOPLE, INDEX_EPOCH),
            state,
        })
    }

    /// From now on with the key that new seals use; `true` if it is another than before.
    pub async fn freshen(&mut self, keys: &KeyClient) -> Result<bool, KeyFailure> {
        let content = keys.current(self.user.0, Purpose::Content).await?;
        let is_other = content.url() != self.content.url();
        self.content = content;
        Ok(is_other)
    }

    /// The id of the key that seals now.
    pub fn key(&self) -> Option<Uuid> {
        self.content.url().key()
    }

    /// Whether each of these keys still opens what it sealed.
    pub async fn all_open(
        &self,
        keys: &KeyClient,
        ids: &BTreeSet<Uuid>,
    ) -> Result<bool, KeyFailure> {
        let base = self.content.url().0.rsplit_once('/').map_or("", |(base, _)| base);
        for id in ids.iter().filter(|id| self.key() != Some(**id)) {
            if let Err(failure) = keys.retrieve(&KeyUrl(format!("{base}/{id}"))).await {
                return match failure.remedy() {
                    // Lost, or not known to a key server that was restored from a copy.
                    KeyRemedy::Gone | KeyRemedy::NotPermitted => Ok(false),
                    KeyRemedy::TryAgain { .. } | KeyRemedy::SignInAgain | KeyRemedy::GiveUp => {
                        Err(failure)
                    }
                };
            }
        }
        Ok(true)
    }

    pub fn meeting_id(&self, uid: &[u8], recurrence_id: Option<&str>) -> MeetingId {
        self.meetings.meeting_id(uid, recurrence_id)
    }

    pub fn meeting(
        &self,
        identity: Identity,
        meeting: &Meeting,
        own: impl Fn(&MailboxAddress) -> Option<UserId>,
    ) -> Result<SealedMeeting, SealFailure> {
        let place = Place { sealer: self, id: &identity.id, revision: identity.revision };
        let seconds = meeting.end.duration_since(meeting.start).as_secs();
        let minutes = u32::try_from(seconds.div_euclid(60)).unwrap_or(0);
        let organizer = meeting.organizer.as_ref();
        let organizer_address = organizer.and_then(|organizer| organizer.address.as_ref());
        Ok(SealedMeeting {
            series_id: identity.series_id,
            start: meeting.start,
            duration_minutes: minutes,
            organizer: organizer_address.and_then(own),
            is_recurring: meeting.is_recurring,
            is_all_day: meeting.is_all_day,
            is_deleted: false,
            last_modified: meeting.last_modified,
            meeting_sensitivity: meeting.sensitivity,
            response_type: meeting.response,
            encryption_key_url: self.content.url().clone(),
            encrypted_subject: place.seal(field::SUBJECT, &meeting.subject)?,
            encrypted_location: place.seal_some(field::LOCATION, &meeting.location)?,
            encrypted_notes: place.seal_some(field::NOTES, &meeting.agenda)?,
            meeting_join_info: place.join_info(meeting)?,
            encrypted_organizer: organizer
                .map(|person| place.person(person, field::ORGANIZER_NAME, field::ORGANIZER_ADDRESS))
                .transpose()?,
            encrypted_participants: self.participants(&place, meeting)?,
            links: Vec::new(),
            hc: Additions {
                rev: identity.revision,
                user_rev: 0,
                schema: SCHEMA,
                truncated: truncated(meeting),
                first_day: meeting.first_day,
                notes: meeting.notes.iter().map(|note| (*note).to_owned()).collect(),
                passcode: place.seal_option(field::PASSCODE, meeting.passcode.as_ref())?,
                alternatives: place.seal_some(field::ALTERNATIVES, &alternatives(meeting))?,
                explanation: place.seal_some(field::EXPLANATION, &explanation(meeting))?,
            },
            id: identity.id.clone(),
        })
    }

    fn participants(
        &self,
        place: &Place<'_>,
        meeting: &Meeting,
    ) -> Result<Vec<SealedParticipant>, SealFailure> {
        let mut sealed: Vec<SealedParticipant> = Vec::with_capacity(meeting.participants.len());
        for participant in &meeting.participants {
            // Without an address there is nobody to recognise; each is somebody else.
            let address = participant.person.address.as_ref();
            let id =
                address.map_or_else(|| self.chance.uuid(), |address| self.people.person(address));
            if sealed.iter().any(|other| other.id == id) {
                continue;
            }
            let (name, address) = (
                field::participant_name(&id.to_string()),
                field::participant_address(&id.to_string()),
            );
            sealed.push(SealedParticipant {
                id,
                kind: participant.kind,
                response_type: participant.response,
                participant_type: participant.participation,
                person: place.person(&participant.person, &name, &address)?,
            });
        }
        Ok(sealed)
    }

    pub fn state(
        &self,
        state: &State,
        version: i64,
        lease_epoch: i64,
    ) -> Result<String, SealFailure> {
        let place = self.state_place(version, lease_epoch);
        seal_state(&self.state, &place, &state.to_bytes(), &self.chance)
    }

    /// An empty one if nothing has been committed yet; `None` if there is one that we cannot open:
    /// made by another connector, by another version, or damaged.
    pub fn open_state(&self, stored: &MailboxState) -> Option<State> {
        let Some(sealed) = &stored.sealed_state else { return Some(State::default()) };
        let place = self.state_place(stored.version, stored.lease_epoch);
        let opened = open_state(&self.state, &place, sealed);
        let state = opened.ok().and_then(|bytes| State::from_bytes(&bytes));
        if state.is_none() {
            tracing::warn!(mailbox.id = %self.user, "What was remembered cannot be opened; reading everything anew");
        }
        state
    }

    fn state_place(&self, version: i64, lease_epoch: i64) -> StatePlace<'_> {
        StatePlace {
            organization: &self.organization,
            cluster: &self.connector,
            user: self.user,
            version,
            lease_epoch,
        }
    }
}

struct Place<'a> {
    sealer: &'a Sealer,
    id: &'a MeetingId,
    revision: i64,
}

impl Place<'_> {
    fn seal(&self, field: &str, plain: &Plain) -> Result<Sealed, SealFailure> {
        let place = SealedPlace {
            organization: &self.sealer.organization,
            user: self.sealer.user,
            meeting: self.id,
            field,
            revision: self.revision,
            schema: SCHEMA,
        };
        seal(&self.sealer.content, &place, &plain.0, &self.sealer.chance)
    }

    fn seal_some(&self, field: &str, plain: &Plain) -> Result<Option<Sealed>, SealFailure> {
        if plain.0.is_empty() { Ok(None) } else { self.seal(field, plain).map(Some) }
    }

    fn seal_option(
        &self,
        field: &str,
        plain: Option<&Plain>,
    ) -> Result<Option<Sealed>, SealFailure> {
        plain.map(|plain| self.seal(field, plain)).transpose()
    }

    fn join_info(&self, meeting: &Meeting) -> Result<Option<SealedJoinInfo>, SealFailure> {
        let Some(link) = &meeting.join_link else { return Ok(None) };
        let join_url = self.seal(field::JOIN_URL, &Plain(link.as_str().to_owned()))?;
        let join_uri = self.seal_option(field::JOIN_URI, meeting.dial.as_ref())?;
        Ok(Some(SealedJoinInfo { join_url, join_uri }))
    }

    fn person(
        &self,
        person: &Person,
        name: &str,
        address: &str,
    ) -> Result<SealedPerson, SealFailure> {
        let text = person.address.as_ref().map_or(ADDRESS_UNKNOWN, MailboxAddress::as_str);
        Ok(SealedPerson {
            encrypted_name: self.seal(name, &person.name)?,
            encrypted_email_address: self.seal(address, &Plain(text.to_owned()))?,
        })
    }
}

fn alternatives(meeting: &Meeting) -> Plain {
    let links: Vec<&str> = meeting.alternatives.iter().map(JoinLink::as_str).collect();
    Plain(links.join("\n"))
}

fn explanation(meeting: &Meeting) -> Plain {
    let mut text = String::new();
    for line in &meeting.explanation {
        if text.len() + line.0.len() > EXPLANATION_BYTES_MAX {
            break;
        }
        text.push_str(&line.0);
        text.push('\n');
    }
    Plain(text)
}

fn truncated(meeting: &Meeting) -> Vec<String> {
    let mut fields = Vec::new();
    if meeting.is_agenda_cut {
        fields.push(field::NOTES.to_owned());
    }
    if meeting.is_participants_cut {
        fields.push("encryptedParticipants".to_owned());
    }
    fields
}
