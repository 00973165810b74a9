//! The simulator as a client sees it: raw EWS over the in-memory network, in virtual time.

mod absences;
mod availability;
mod folders;
mod meetings;
mod queues;
mod search;
mod series;
mod sign_in;
mod streams;
mod sync;
mod trouble;

use std::time::Duration;

use axum::http::StatusCode;
use base64::{Engine, engine::general_purpose::STANDARD};
use ews::{
    CalendarItem, ConnectingSid, Item, ItemError, ItemId, Operation, RequestHeader, ResponseCode,
    ids::DistinguishedFolderName,
    items::{Attendee, Body, NewItem},
    operations::{
        CalendarView, ConflictResolution, CreateItem, FieldChange, FindItem, GetItem,
        SendMeetingInvitations, SendMeetingInvitationsOrCancellations, UpdateItem,
    },
    shapes::{BaseShape, ItemShape},
};
use jiff::Timestamp;
use world::{
    World,
    http::{Request, Response},
    memory::Memory,
    stop::Stopper,
    tls::Certificate,
};

use crate::{Config, NewMeeting, Simulator, start};

const ALICE: &str = "alice@example.com";
const BOB: &str = "bob@example.com";
const ROOM: &str = "room-blue@example.com";

/// A simulator, and a client of it.
struct Site {
    memory: Memory,
    simulator: Simulator,
    _stopper: Stopper,
}

impl Site {
    async fn start() -> Self {
        Self::with(|_| {}).await
    }

    async fn with(change: impl FnOnce(&mut Config)) -> Self {
        Self::with_certificate(None, change).await
    }

    /// Clients see that certificate.
    async fn with_certificate(
        certificate: Option<Certificate>,
        change: impl FnOnce(&mut Config),
    ) -> Self {
        let memory = World::in_memory(at("2026-11-24T08:00:00Z"), 1);
        if let Some(certificate) = certificate {
            memory.show_certificate("exchange:443", certificate);
        }
        let mut config = Config::sample_with("exchange:443", || "secret".to_owned());
        change(&mut config);
        let (stopper, stop) = Stopper::new();
        let simulator = start(config, memory.host("exchange"), stop).await.expect("free");
        Self { memory, simulator, _stopper: stopper }
    }

    fn as_user<'s>(&'s self, user: &'s str) -> Client<'s> {
        Client { site: self, user, header: RequestHeader::ours() }
    }

    fn impersonating<'s>(&'s self, user: &'s str, address: &str) -> Client<'s> {
        let whom = ConnectingSid::SmtpAddress(address.to_owned());
        Client { header: RequestHeader::impersonating(whom), ..self.as_user(user) }
    }

    fn request(&self, user: &str, password: &str, body: String) -> Request {
        let url = "https://exchange/EWS/Exchange.asmx".parse().expect("a URL");
        let credentials = STANDARD.encode(format!("{user}:{password}"));
        Request::post(&url, body)
            .header("content-type", "text/xml; charset=utf-8")
            .header("authorization", &format!("Basic {credentials}"))
            .deadline(Duration::from_secs(30))
    }

    async fn send(&self, request: Request) -> Response {
        self.memory.host("client").http.send(request).await.expect("an answer")
    }
}

struct Client<'s> {
    site: &'s Site,
    user: &'s str,
    header: RequestHeader,
}

impl Client<'_> {
    fn request(&self, operation: &impl Operation) -> Request {
        self.site.request(self.user, "secret", operation.write_request(&self.header))
    }

    /// One result per object.
    async fn ask<O: Operation>(&self, operation: &O) -> Vec<Result<O::Reply, ItemError>> {
        let response = self.site.send(self.request(operation)).await;
        assert_eq!(response.status, StatusCode::OK);
        assert_eq!(response.headers["content-type"], "text/xml; charset=utf-8");
        assert_eq!(response.headers["x-hybridcal"], "simulator");
        let answer = O::read_answer(&response.body).expect("an answer");
        assert_eq!(answer.server_version.clone().and_then(|v| v.major_version), Some(15));
        answer.into_results()
    }

    /// The same where the simulator was told to spoil the answer.
    async fn ask_raw<O: Operation>(&self, operation: &O) -> Vec<Result<O::Reply, ItemError>> {
        let response = self.site.send(self.request(operation)).await;
        O::read_answer(&response.body).expect("an answer").into_results()
    }

    /// The only result.
    async fn one<O: Operation>(&self, operation: &O) -> Result<O::Reply, ResponseCode> {
        let mut results = self.ask(operation).await;
        assert_eq!(results.len(), 1);
        results.remove(0).map_err(|error| error.code)
    }

    async fn fault<O: Operation>(&self, operation: &O) -> ResponseCode {
        let response = self.site.send(self.request(operation)).await;
        assert_eq!(response.status, StatusCode::INTERNAL_SERVER_ERROR);
        match O::read_answer(&response.body) {
            Err(ews::ReadFailure::Fault(fault)) => fault.response_code(),
            Err(other) => panic!("no fault: {other}"),
            Ok(_) => panic!("no fault"),
        }
    }

    async fn create(&self, item: CalendarItem, tell: SendMeetingInvitations) -> ItemId {
        let create = CreateItem::in_calendar(DistinguishedFolderName::Calendar, item, tell);
        let items = self.one(&create).await.expect("created");
        items.items[0].item_id().expect("an id").clone()
    }

    async fn get(&self, id: &ItemId) -> Result<CalendarItem, ResponseCode> {
        let item_shape = ItemShape::of(BaseShape::AllProperties)
            .with(ews::ExtendedFieldUri::clean_global_object_id())
            .with(stamp());
        let get = GetItem { item_shape, item_ids: vec![id.clone().into()] };
        let items = self.one(&get).await?.items;
        Ok(items.into_iter().next().and_then(Item::into_calendar_item).expect("an entry"))
    }

    /// Everything in a window, with all that FindItem gives.
    async fn view(&self, from: &str, to: &str) -> Result<Vec<CalendarItem>, ResponseCode> {
        let view = CalendarView {
            max_entries_returned: None,
            start_date: at(from).into(),
            end_date: at(to).into(),
        };
        let shape = ItemShape::of(BaseShape::AllProperties);
        let find = FindItem::between(DistinguishedFolderName::Calendar, shape, view);
        let found = self.one(&find).await?.root_folder.expect("a root folder");
        Ok(found.items.into_iter().filter_map(Item::into_calendar_item).collect())
    }

    async fn inbox(&self) -> Vec<Item> {
        let page = ews::operations::IndexedPageView {
            max_entries_returned: Some(100),
            offset: 0,
            base_point: ews::operations::BasePoint::Beginning,
        };
        let shape = ItemShape::of(BaseShape::Default);
        let find = FindItem::matching(DistinguishedFolderName::Inbox, shape, page, None);
        self.one(&find).await.expect("an inbox").root_folder.expect("a root folder").items
    }

    async fn update(
        &self,
        id: &ItemId,
        updates: Vec<FieldChange>,
        tell: SendMeetingInvitationsOrCancellations,
    ) -> Result<ItemId, ResponseCode> {
        let never = ConflictResolution::NeverOverwrite;
        let update = UpdateItem::of_calendar_item(id.clone(), updates, never, tell);
        let reply = self.one(&update).await?;
        assert_eq!(reply.conflict_count, Some(0));
        Ok(reply.items[0].item_id().expect("an id").clone())
    }

    async fn respond(&self, response: NewItem) -> Result<(), ResponseCode> {
        self.one(&CreateItem::respond(response)).await.map(drop)
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

fn stamp() -> ews::ExtendedFieldUri {
    let set = "c11ff724-aa03-4555-9952-8fa248a11c3e";
    ews::ExtendedFieldUri::named(set, "Stamp", ews::fields::PropertyType::String)
}

/// At ten o'clock UTC on the day of the tests.
fn review(attendees: &[&str]) -> CalendarItem {
    let attendee = |address: &&str| Attendee::new(ews::Mailbox::smtp(*address));
    CalendarItem {
        subject: Some("Review".to_owned()),
        location: Some("@webex".to_owned()),
        body: Some(Body::html("<p>Agenda &amp; more</p>")),
        start: Some(at("2026-11-24T10:00:00Z").into()),
        end: Some(at("2026-11-24T11:00:00Z").into()),
        required_attendees: attendees.iter().map(attendee).collect(),
        extended_properties: vec![ews::items::ExtendedProperty::new(stamp(), "ours")],
        ..CalendarItem::default()
    }
}

fn set_location(location: &str) -> FieldChange {
    let item = CalendarItem { location: Some(location.to_owned()), ..CalendarItem::default() };
    FieldChange::set(ews::field::LOCATION, item)
}

fn meeting(subject: &str, required: &[&str]) -> NewMeeting {
    let required = required.iter().map(|address| (*address).to_owned()).collect();
    let (start, end) = (at("2026-11-24T10:00:00Z"), at("2026-11-24T11:00:00Z"));
    NewMeeting { required, ..NewMeeting::new(subject, start, end) }
}
