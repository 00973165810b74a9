//! Ordering something in one's own calendar: sealed for the connector, signed by this device, sent
//! again unchanged until it is known what became of it.

use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;
use kms::{
    command_seal::{open_answer, seal_command},
    content_key::ContentKey,
    device_key::DeviceSigner,
};
use protocol::{
    command::{
        AnswerItem, BusySpan, COMMAND_LIFE_MS, CommandPlace, FreeBusyAnswer, FreeBusyRequest,
        InvitedText, ItemError, Kind, MeetingDone, RESULT_BYTES_MAX, Role, RoomsAnswer,
        SignedCommand, Statement, field,
    },
    feed::{Envelope, EventData},
    ids::{KeyUrl, MeetingId},
    keys::Purpose,
    problem::name,
    routes,
    sealed::Sealed,
};
use serde::de::DeserializeOwned;
use tokio::time::{Instant, timeout_at};
use url::Url;
use uuid::Uuid;
use world::http::Request;

use super::{
    Client, Failure, at, checked,
    opener::why,
    read,
    sse::{Item, Parser},
};

/// The cloud itself waits for the connector for 20 s.
const ANSWER_DEADLINE: Duration = Duration::from_secs(30);
/// After this nobody waits for an answer about free time any more.
const FREE_BUSY_WAIT: Duration = Duration::from_secs(10);
/// Before sending again, if nobody said how long to wait.
const SEND_AGAIN: Duration = Duration::from_secs(2);

/// A person's orders, from this device. Its key lives as long as this: another start is another
/// device.
pub struct Orders {
    client: Client,
    device: DeviceSigner,
    key: ContentKey,
}

/// A meeting to be held, or what is to be otherwise: what is `None` stays as it is.
#[derive(Clone, Default)]
pub struct MeetingText {
    pub subject: Option<String>,
    pub location: Option<String>,
    pub notes: Option<String>,
    pub times: Option<(Timestamp, Timestamp)>,
    pub invited: Option<Vec<Invitee>>,
}

#[derive(Clone)]
pub struct Invitee {
    pub address: String,
    pub role: Role,
}

/// Signed, and from now on always the same.
#[derive(Clone)]
pub struct Order {
    pub idempotency_key: Uuid,
    pub command: SignedCommand,
    kind: Kind,
    meeting: Option<MeetingId>,
    gives_up_at: Timestamp,
}

/// Somebody's time; free time is left out.
pub struct PersonTime {
    pub address: String,
    pub spans: Result<Vec<BusySpan>, ItemError>,
}

/// A room to meet in.
pub struct Room {
    pub name: String,
    pub address: String,
}

impl Client {
    /// Makes a key for this device and has it registered under the person's token for keys.
    pub async fn orders(&self) -> Result<Orders, Failure> {
        let device = DeviceSigner::generate(&self.world.chance).map_err(|_why| Failure::Device)?;
        self.orders_from(device).await
    }

    /// The same with a key that this device has already.
    pub async fn orders_from(&self, device: DeviceSigner) -> Result<Orders, Failure> {
        let (keys, user) = (self.opener.keys(), self.opener.user());
        keys.register_device(device.public())
            .await
            .map_err(|why_not| Failure::Keys(why(&why_not)))?;
        let key = keys.current(user.0, Purpose::Command).await;
        let key = key.map_err(|why_not| Failure::Keys(why(&why_not)))?;
        Ok(Orders { client: self.clone(), device, key })
    }
}

impl Orders {
    /// From now on nobody believes what this device signs.
    pub async fn forget_device(self) -> Result<(), Failure> {
        let opener = &self.client.opener;
        let gone = opener.keys().remove_device(opener.user().0, self.device.id()).await;
        gone.map_err(|why_not| Failure::Keys(why(&why_not)))
    }

    /// Invites everybody; gives the meeting's id as the list will have it.
    pub async fn create(&self, meeting: &MeetingText) -> Result<Option<MeetingId>, Failure> {
        let order = self.order(Kind::Create, None, &texts(meeting)?)?;
        let done: MeetingDone = self.send(&order).await?;
        Ok(done.meeting_id)
    }

    pub async fn change(&self, id: &MeetingId, meeting: &MeetingText) -> Result<(), Failure> {
        let order = self.order(Kind::Change, Some(id), &texts(meeting)?)?;
        self.send::<MeetingDone>(&order).await.map(drop)
    }

    /// Calls it off and tells everybody invited.
    pub async fn cancel(&self, id: &MeetingId) -> Result<(), Failure> {
        let order = self.order(Kind::Cancel, Some(id), &BTreeMap::new())?;
        self.send::<serde_json::Value>(&order).await.map(drop)
    }

    /// `answer`: accept, tentative or decline.
    pub async fn respond(&self, id: &MeetingId, answer: Kind) -> Result<(), Failure> {
        let order = self.order(answer, Some(id), &BTreeMap::new())?;
        self.send::<serde_json::Value>(&order).await.map(drop)
    }

    /// Every room of every list.
    pub async fn rooms(&self) -> Result<Vec<Room>, Failure> {
        let order = self.order(Kind::Rooms, None, &BTreeMap::new())?;
        let answer: RoomsAnswer = self.send(&order).await?;
        let revision = answer.hc.rev.ok_or(Failure::Unreadable)?;
        let opener = self.answer(&order, &answer.encryption_key_url, revision).await?;
        let room = |(index, item): (usize, &AnswerItem)| {
            let name = item.encrypted_name.as_ref().ok_or(Failure::Unreadable)?;
            Ok(Room {
                name: opener.open(&field::answer_name(index), name)?,
                address: opener.open(&field::answer_email(index), &item.email)?,
            })
        };
        answer.items.iter().enumerate().map(room).collect()
    }

    /// One answer per person, in order.
    pub async fn free_busy(
        &self,
        people: &[String],
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<PersonTime>, Failure> {
        let emails = serde_json::to_string(people).map_err(|_never| Failure::Unreadable)?;
        let texts = BTreeMap::from([
            (field::START, from.to_string()),
            (field::END, to.to_string()),
            (field::EMAILS, emails),
        ]);
        let order = self.order(Kind::FreeBusy, None, &texts)?;
        let answer = self.ask_free_busy(&order).await?;
        if let Some(problem) = answer.hc.problem {
            return Err(match problem.name() {
                name::CONNECTOR_TIMEOUT | name::CONNECTOR_OFFLINE => Failure::Busy { after: None },
                _ => Failure::Refused { status: problem.status },
            });
        }
        let (Some(url), Some(revision)) = (&answer.encryption_key_url, answer.hc.rev) else {
            return Err(Failure::Unreadable);
        };
        let opener = self.answer(&order, url, revision).await?;
        let items = answer.calendar_free_busy_items;
        // One for each, in order: what is missing was taken away on the way.
        if items.len() != people.len() {
            return Err(Failure::Altered);
        }
        items.iter().enumerate().map(|(index, item)| opener.person_time(index, item)).collect()
    }

    /// Seals and signs; nothing is sent yet.
    pub fn order(
        &self,
        kind: Kind,
        meeting: Option<&MeetingId>,
        texts: &BTreeMap<&'static str, String>,
    ) -> Result<Order, Failure> {
        let Client { world, opener, .. } = &self.client;
        let (now, idempotency_key) = (world.clock.now(), world.chance.uuid());
        let sent_at_ms = now.as_millisecond();
        let sealed = texts.iter().map(|(field, text)| {
            let place = CommandPlace {
                organization: opener.organization(),
                user: opener.user(),
                idempotency_key,
                field,
                revision: sent_at_ms,
            };
            let sealed = seal_command(&self.key, &place, text, &world.chance);
            Ok(((*field).to_owned(), sealed.map_err(|_why| Failure::TooLarge)?))
        });
        let statement = Statement {
            organization: opener.organization().clone(),
            user: opener.user(),
            kind,
            meeting_id: meeting.cloned(),
            idempotency_key,
            sent_at_ms,
            encryption_key_url: self.key.url().clone(),
            sealed: sealed.collect::<Result<_, Failure>>()?,
        };
        let command = self.device.sign(&statement).map_err(|_why| Failure::Device)?;
        let life = jiff::SignedDuration::from_millis(COMMAND_LIFE_MS);
        let gives_up_at = now.checked_add(life).unwrap_or(Timestamp::MAX);
        Ok(Order { idempotency_key, command, kind, meeting: meeting.cloned(), gives_up_at })
    }

    /// The same bytes again and again, until somebody says what became of it or nobody would do it
    /// any more.
    pub async fn send<T: DeserializeOwned>(&self, order: &Order) -> Result<T, Failure> {
        let clock = &self.client.world.clock;
        loop {
            let wait = match self.send_once(order).await {
                Err(Failure::Busy { after }) => after.unwrap_or(SEND_AGAIN),
                Err(Failure::Unreachable(_)) => SEND_AGAIN,
                answer => return answer,
            };
            if clock.now() >= order.gives_up_at {
                return Err(Failure::Busy { after: None });
            }
            clock.sleep(wait).await;
        }
    }

    pub async fn send_once<T: DeserializeOwned>(&self, order: &Order) -> Result<T, Failure> {
        let body = serde_json::to_vec(&order.command).map_err(|_never| Failure::Unreadable)?;
        let url = self.url(order)?;
        let request = match order.kind {
            Kind::Create
            | Kind::Accept
            | Kind::Tentative
            | Kind::Decline
            | Kind::FreeBusy
            | Kind::Rooms => Request::post(&url, body),
            Kind::Change => Request::patch(&url, body),
            Kind::Cancel => Request::delete_with(&url, body),
        };
        let request = request
            .json()
            .bearer(&self.client.token)
            .header("idempotency-key", &order.idempotency_key.to_string())
            .deadline(ANSWER_DEADLINE)
            .answer_bytes_max(RESULT_BYTES_MAX * 2);
        read(&checked(self.client.world.http.send(request).await?)?)
    }

    fn url(&self, order: &Order) -> Result<Url, Failure> {
        let of_meeting = |path| {
            let id = order.meeting.as_ref().map(MeetingId::in_path).unwrap_or_default();
            routes::with(path, &id)
        };
        let path = match order.kind {
            Kind::Create => routes::MEETINGS_SYNC.to_owned(),
            Kind::Change | Kind::Cancel => of_meeting(routes::MEETING_SYNC),
            Kind::Accept | Kind::Tentative | Kind::Decline => of_meeting(routes::MEETING_RESPOND),
            Kind::FreeBusy => routes::FREE_BUSY.to_owned(),
            Kind::Rooms => routes::ROOMS.to_owned(),
        };
        at(&self.client.cloud, &path)
    }

    /// Listens first, asks then, and does not wait for ever.
    async fn ask_free_busy(&self, order: &Order) -> Result<FreeBusyAnswer, Failure> {
        let (_, position) = self.client.list_sealed(None).await?;
        let mut events = self.client.events(position).await?;
        let request =
            FreeBusyRequest { request_id: order.idempotency_key, command: order.command.clone() };
        let body = serde_json::to_vec(&request).map_err(|_never| Failure::Unreadable)?;
        let post = Request::post(&self.url(order)?, body)
            .json()
            .bearer(&self.client.token)
            .deadline(ANSWER_DEADLINE);
        let answer = self.client.world.http.send(post).await?;
        if answer.status.as_u16() != ACCEPTED {
            checked(answer)?;
            return Err(Failure::Unreadable);
        }
        let end = Instant::now() + FREE_BUSY_WAIT;
        let mut parser = Parser::default();
        loop {
            let piece = timeout_at(end, events.chunk()).await;
            let piece = piece.map_err(|_late| Failure::Busy { after: None })??;
            let items = parser.push(&piece.ok_or(Failure::StreamEnded)?);
            for item in items.map_err(|_size| Failure::TooLarge)? {
                let Item::Message { data } = item else { continue };
                let Ok(Envelope { data: EventData::FreeBusy { answer }, .. }) =
                    serde_json::from_str(&data)
                else {
                    continue;
                };
                if answer.request_id == order.idempotency_key {
                    return Ok(*answer);
                }
            }
        }
    }

    async fn answer<'a>(
        &'a self,
        order: &'a Order,
        url: &KeyUrl,
        revision: i64,
    ) -> Result<AnswerOpener<'a>, Failure> {
        let opener = &self.client.opener;
        // The person's own, whatever the cloud names.
        let key = opener.own_key(url).await.map_err(Failure::Keys)?;
        Ok(AnswerOpener { orders: self, order, key, revision })
    }
}

const ACCEPTED: u16 = 202;

struct AnswerOpener<'a> {
    orders: &'a Orders,
    order: &'a Order,
    key: ContentKey,
    revision: i64,
}

impl AnswerOpener<'_> {
    fn open(&self, field: &str, sealed: &Sealed) -> Result<String, Failure> {
        let opener = &self.orders.client.opener;
        let place = CommandPlace {
            organization: opener.organization(),
            user: opener.user(),
            idempotency_key: self.order.idempotency_key,
            field,
            revision: self.revision,
        };
        open_answer(&self.key, &place, sealed).map_err(|_any_form| Failure::Altered)
    }

    fn person_time(&self, index: usize, item: &AnswerItem) -> Result<PersonTime, Failure> {
        let address = self.open(&field::answer_email(index), &item.email)?;
        let spans = match (&item.encrypted_schedule, item.error) {
            (Some(sealed), None) => {
                let json = self.open(&field::answer_schedule(index), sealed)?;
                Ok(serde_json::from_str(&json).map_err(|_form| Failure::Unreadable)?)
            }
            (None, Some(error)) => Err(error),
            (Some(_), Some(_)) | (None, None) => return Err(Failure::Unreadable),
        };
        Ok(PersonTime { address, spans })
    }
}

/// As they stand in an order, by name.
pub fn texts(meeting: &MeetingText) -> Result<BTreeMap<&'static str, String>, Failure> {
    let MeetingText { subject, location, notes, times, invited } = meeting.clone();
    let (start, end) = times.map(|(start, end)| (start.to_string(), end.to_string())).unzip();
    let invited = invited.map(|invited| {
        let text = |one: Invitee| InvitedText { email: one.address, role: one.role };
        let list: Vec<InvitedText> = invited.into_iter().map(text).collect();
        serde_json::to_string(&list).map_err(|_never| Failure::Unreadable)
    });
    let texts = [
        (field::SUBJECT, subject),
        (field::LOCATION, location),
        (field::NOTES, notes),
        (field::START, start),
        (field::END, end),
        (field::ATTENDEES, invited.transpose()?),
    ];
    Ok(texts.into_iter().filter_map(|(name, text)| Some((name, text?))).collect())
}
