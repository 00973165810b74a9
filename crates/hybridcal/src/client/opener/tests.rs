//! What opens, what does not, and what stays usable then.

use jiff::Timestamp;
use kms::client::Credential;
use protocol::meeting::{
    Additions, ParticipantKind, ParticipantType, ResponseType, SCHEMA, SealedJoinInfo, Sensitivity,
};
use uuid::Uuid;
use world::World;

use super::*;

const KMS_HOST: &str = "kms.example.org";
const PARTICIPANT: Uuid = Uuid::from_u128(7);

struct Scene {
    world: World,
    opener: Opener,
    key: ContentKey,
}

impl Scene {
    fn new() -> Self {
        let world = World::in_memory(Timestamp::UNIX_EPOCH, 1).host("terminal");
        let url = Url::parse("https://kms.example.org").expect("a URL");
        let credential = Credential::Person { token: "t".into() };
        let keys = KeyClient::new(world.clone(), &url, KMS_HOST, "c", credential).expect("a URL");
        let organization = OrganizationId("example".into());
        let user = UserId::of(&organization, "ann@example.com");
        let opener = Opener::new(keys, KMS_HOST, organization, user);
        let key = ContentKey::new(KeyUrl::new(KMS_HOST, Uuid::from_u128(1)), [9; 32]);
        Self { world, opener, key }
    }

    fn open(&self, meeting: &SealedMeeting) -> OpenedMeeting {
        self.opener.open_one(meeting, &Ok(self.key.clone()))
    }

    fn sealed(&self, revision: i64, link: &str) -> SealedMeeting {
        let id = MeetingId("m".into());
        let seal = |field: &str, text: &str| {
            let place = SealedPlace {
                organization: &self.opener.organization,
                user: self.opener.user,
                meeting: &id,
                field,
                revision,
                schema: SCHEMA,
            };
            seal::seal(&self.key, &place, text, &self.world.chance).expect("sealed")
        };
        let person = |name: &str, address: &str| SealedPerson {
            encrypted_name: seal(name, "Ann"),
            encrypted_email_address: seal(address, "ann@example.com"),
        };
        let participant = PARTICIPANT.to_string();
        let (name, address) =
            (field::participant_name(&participant), field::participant_address(&participant));
        SealedMeeting {
            series_id: id.clone(),
            start: Timestamp::UNIX_EPOCH,
            duration_minutes: 30,
            organizer: None,
            is_recurring: false,
            is_all_day: false,
            is_deleted: false,
            last_modified: Timestamp::UNIX_EPOCH,
            meeting_sensitivity: Sensitivity::Normal,
            response_type: ResponseType::Accepted,
            encryption_key_url: self.key.url().clone(),
            encrypted_subject: seal(field::SUBJECT, "Plan"),
            encrypted_location: Some(seal(field::LOCATION, "Room 4")),
            encrypted_notes: None,
            meeting_join_info: Some(SealedJoinInfo {
                join_url: seal(field::JOIN_URL, link),
                join_uri: None,
            }),
            encrypted_organizer: Some(person(field::ORGANIZER_NAME, field::ORGANIZER_ADDRESS)),
            encrypted_participants: vec![SealedParticipant {
                id: PARTICIPANT,
                kind: ParticipantKind::Person,
                response_type: ResponseType::Accepted,
                participant_type: ParticipantType::Required,
                person: person(&name, &address),
            }],
            links: Vec::new(),
            hc: Additions { rev: revision, schema: SCHEMA, ..Additions::default() },
            id: id.clone(),
        }
    }
}

const LINK: &str = "https://meet.example.org/plan";

#[tokio::test(start_paused = true)]
async fn everything_opens_where_it_was_sealed() {
    let scene = Scene::new();
    let opened = scene.open(&scene.sealed(1, LINK));
    assert_eq!(opened.closed_fields(), []);
    assert_eq!(opened.subject.text(), Some("Plan"));
    assert_eq!(opened.join_link(), Some(LINK));
    assert_eq!(opened.end.to_string(), "1970-01-01T00:30:00Z");
    let address = |person: &OpenedPerson| person.address.text().map(str::to_owned);
    assert_eq!(opened.organizer.as_ref().and_then(address).as_deref(), Some("ann@example.com"));
    let participant = opened.participants.first().map(|first| &first.person);
    assert_eq!(participant.and_then(address).as_deref(), Some("ann@example.com"));
}

#[tokio::test(start_paused = true)]
async fn an_altered_field_stays_closed_and_the_rest_is_usable() {
    let scene = Scene::new();
    let check = |change: &dyn Fn(&mut SealedMeeting), expected: &[(&str, Why)]| {
        let mut meeting = scene.sealed(1, LINK);
        change(&mut meeting);
        assert_eq!(scene.open(&meeting).closed_fields(), expected);
    };
    let flipped = |sealed: &Sealed| {
        let text = sealed.as_compact();
        let last = if text.ends_with('A') { "Q" } else { "A" };
        Sealed::from_compact(format!("{}{last}", &text[..text.len() - 1]))
    };
    check(&|m| m.encrypted_subject = flipped(&m.encrypted_subject), &[("subject", Why::Altered)]);
    check(
        &|m| m.encrypted_location = Some(m.encrypted_subject.clone()),
        &[("location", Why::Altered)],
    );
    check(
        &|m| m.encrypted_participants[0].person = m.encrypted_organizer.clone().expect("one"),
        &[("participants", Why::Altered)],
    );
    let all = ["subject", "location", "joinUrl", "organizer", "participants"];
    let all = all.map(|field| (field, Why::Altered));
    check(&|m| m.hc.schema = 2, &all);
    check(&|m| m.id = MeetingId("other".into()), &all);
}

#[tokio::test(start_paused = true)]
async fn only_safe_links_are_offered() {
    let scene = Scene::new();
    let check = |link: &str, expected: Option<&str>| {
        let opened = scene.open(&scene.sealed(1, link));
        assert_eq!(opened.join_link(), expected, "{link}");
        let why = opened.join_url.and_then(|link| link.why());
        assert_eq!(why, expected.is_none().then_some(Why::UnsafeLink), "{link}");
    };
    check("http://127.0.0.1:8450/plan", Some("http://127.0.0.1:8450/plan"));
    check("https://meet.example.org/\u{1b}[2J", Some("https://meet.example.org/%1B[2J"));
    check("http://meet.example.org/plan", None);
    check("https://meet.example.org@evil.example/plan", None);
    check("javascript:alert(1)", None);
    check("plan", None);
}

#[tokio::test(start_paused = true)]
async fn what_is_older_than_already_seen_is_refused() {
    let scene = Scene::new();
    let check = |revision, expected| {
        let opened = scene.open(&scene.sealed(revision, LINK));
        assert_eq!(opened.subject.why(), expected, "{revision}");
    };
    check(5, None);
    check(5, None);
    check(4, Some(Why::Outdated));
    check(6, None);
    check(5, Some(Why::Outdated));
}

#[tokio::test(start_paused = true)]
async fn a_key_that_cannot_be_had_leaves_times_and_button() {
    let scene = Scene::new();
    let mut foreign = scene.sealed(1, LINK);
    foreign.encryption_key_url = KeyUrl::new("elsewhere.example.org", Uuid::from_u128(1));
    foreign.id = MeetingId("foreign".into());
    let opened = scene.opener.open(&[scene.sealed(1, LINK), foreign]).await;
    let why: Vec<_> = opened.iter().map(|meeting| meeting.subject.why()).collect();
    assert_eq!(why, [Some(Why::KeyServerUnreachable), Some(Why::OtherKeyServer)]);
    assert_eq!(opened.iter().map(OpenedMeeting::awaits_key).collect::<Vec<_>>(), [true, false]);
    assert!(opened[0].join_button(Timestamp::UNIX_EPOCH).is_some_and(|button| button.shown));
}
