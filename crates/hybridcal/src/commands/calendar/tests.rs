//! What each command says to Exchange, and what it prints of the answer.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use clap::Parser;
use ews::{
    Answer, CalendarItem, Item, ItemError, ItemId, Mailbox, Request, ResponseCode,
    ServerVersionInfo,
    items::{Attendee, BodyType, NewItem, RecurrencePattern, RecurrenceRange, ResponseType},
    operations::{
        CreateItemResponse, DeleteItemResponse, FindItemReply, FindItemResponse, FoundItems,
        GetItemResponse, Items, SendMeetingInvitations, UpdateItemReply, UpdateItemResponse,
    },
    read_request,
};
use world::stop::{Stop, Stopper};

use super::*;

const URL: &str = "https://exchange/EWS/Exchange.asmx";
const START: &str = "2026-11-25T09:00:00Z";
const END: &str = "2026-11-25T09:30:00Z";

#[derive(clap::Parser)]
struct Typed {
    #[command(flatten)]
    args: Args,
}

/// Answers like an Exchange with one entry, and remembers what it was asked.
#[derive(Default)]
struct Exchange {
    asked: Mutex<Vec<Request>>,
    headers: Mutex<Vec<HeaderMap>>,
    /// Whether the one entry has attendees.
    is_meeting: bool,
    refuses: Option<ResponseCode>,
}

async fn answer(
    State(exchange): State<Arc<Exchange>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let (_, request) = read_request(&body).expect("a request that a server understands");
    if !headers.contains_key("authorization") || headers["authorization"] == "Basic YW5uOndyb25n" {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    exchange.headers.lock().expect("no panic").push(headers);
    exchange.asked.lock().expect("no panic").push(request.clone());
    let document = exchange.reply(&request).write(&ServerVersionInfo::default());
    (StatusCode::OK, [(header::CONTENT_TYPE, "text/xml; charset=utf-8")], document).into_response()
}

impl Exchange {
    fn entry(&self) -> CalendarItem {
        let time = |text: &str| Some(text.parse::<Timestamp>().expect("a time").into());
        let bob = || Attendee::new(Mailbox::smtp("bob@example.com"));
        CalendarItem {
            item_id: Some(ItemId::new("an-id", "a-version")),
            subject: Some("Plan\u{9b}2J".into()),
            location: Some("@webex".into()),
            start: time(START),
            end: time(END),
            my_response_type: Some(ResponseType::Organizer),
            required_attendees: self.is_meeting.then(bob).into_iter().collect(),
            ..CalendarItem::default()
        }
    }

    fn reply(&self, request: &Request) -> Answer {
        let item = Item::from(self.entry());
        if let Some(code) = &self.refuses {
            let error = ItemError::new(code.clone(), "no");
            return Answer::CreateItem(CreateItemResponse::of(Err(error)));
        }
        match request {
            Request::CreateItem(_) => {
                Answer::CreateItem(CreateItemResponse::of(Ok(Items::one(item))))
            }
            Request::GetItem(_) => Answer::GetItem(GetItemResponse::of(Ok(Items::one(item)))),
            Request::FindItem(_) => {
                let root = FoundItems { items: vec![item], ..FoundItems::default() };
                let reply = FindItemReply { root_folder: Some(root) };
                Answer::FindItem(FindItemResponse::of(Ok(reply)))
            }
            Request::UpdateItem(_) => {
                Answer::UpdateItem(UpdateItemResponse::of(Ok(UpdateItemReply::default())))
            }
            Request::DeleteItem(_) => {
                Answer::DeleteItem(DeleteItemResponse::of(Ok(Default::default())))
            }
            other => panic!("not expected: {}", other.name()),
        }
    }
}

async fn serve(exchange: &Arc<Exchange>, stop: Stop) -> World {
    let memory = World::in_memory("2026-11-24T09:00:00Z".parse().expect("a time"), 5);
    let router =
        Router::new().route("/EWS/Exchange.asmx", post(answer)).with_state(Arc::clone(exchange));
    let listener = memory.host("exchange").network.listen("exchange:443").await.expect("free");
    tokio::spawn(world::http::serve(listener, router, stop));
    memory.host("terminal")
}

/// What is printed for what is typed.
async fn typed(exchange: &Arc<Exchange>, words: &[&str]) -> Result<String, Failure> {
    let (_stopper, stop) = Stopper::new();
    let world = serve(exchange, stop).await;
    let (act, rest) = words.split_first().expect("an act");
    let server = ["calendar", act, "--exchange", URL, "--user", "ann", "--password", "right"];
    let args = Typed::try_parse_from(server.iter().chain(rest)).expect("understood").args;
    let mut out = Vec::new();
    run(args, world, &mut out).await?;
    Ok(String::from_utf8(out).expect("text"))
}

fn asked(exchange: &Exchange) -> Request {
    exchange.asked.lock().expect("no panic").last().expect("a request").clone()
}

fn exchange(is_meeting: bool) -> Arc<Exchange> {
    Arc::new(Exchange { is_meeting, ..Exchange::default() })
}

async fn created(words: &[&str]) -> (CalendarItem, Option<SendMeetingInvitations>) {
    let exchange = exchange(false);
    let start = ["create", "--subject", "Plan", "--time-zone", "Europe/Berlin"];
    let words: Vec<&str> = start.iter().chain(words).copied().collect();
    assert_eq!(typed(&exchange, &words).await.expect("done"), "an-id\n");
    let Request::CreateItem(mut request) = asked(&exchange) else { panic!("not a creation") };
    let Some(NewItem::CalendarItem(item)) = request.items.pop() else { panic!("no entry") };
    (*item, request.send_meeting_invitations)
}

#[tokio::test(start_paused = true)]
async fn create_invites_people_and_rooms() {
    let (item, tell) = created(&[
        "--start",
        "2026-11-25T10:00",
        "--minutes",
        "45",
        "--location",
        "@webex",
        "--body",
        "<p>Hello</p>",
        "--html",
        "--invite",
        "bob@example.com",
        "--invite",
        "cat@example.com",
        "--room",
        "room@example.com",
    ])
    .await;
    assert_eq!(tell, Some(SendMeetingInvitations::SendToAllAndSaveCopy));
    let time = |text: &str| Some(text.parse::<Timestamp>().expect("a time").into());
    assert_eq!(
        (item.start, item.end),
        (time("2026-11-25T09:00:00Z"), time("2026-11-25T09:45:00Z"))
    );
    assert_eq!((item.required_attendees.len(), item.resources.len()), (2, 1));
    assert_eq!(item.body.expect("a body").body_type, BodyType::Html);
    let zone = item.start_time_zone.expect("a zone").id;
    assert_eq!(zone.as_deref(), Some("W. Europe Standard Time"));
    assert!(item.recurrence.is_none());
}

#[tokio::test(start_paused = true)]
async fn create_makes_appointments_and_series() {
    let (item, tell) = created(&["--start", "2026-11-25T23:30:00Z", "--weekly", "3"]).await;
    assert_eq!(tell, Some(SendMeetingInvitations::SendToNone));
    let series = item.recurrence.expect("a series");
    // Half past midnight in Berlin is already Thursday.
    let RecurrencePattern::Weekly(weekly) = series.pattern else { panic!("not weekly") };
    assert_eq!(weekly.days_of_week.0, [ews::items::DayOfWeek::Thursday]);
    let RecurrenceRange::Numbered(range) = series.range else { panic!("endless") };
    assert_eq!(
        (range.number_of_occurrences, range.start_date),
        (3, jiff::civil::date(2026, 11, 26))
    );
    let (item, _) = created(&["--start", "2026-11-25T10:00", "--daily", "2"]).await;
    let pattern = item.recurrence.expect("a series").pattern;
    assert!(matches!(pattern, RecurrencePattern::Daily(_)));
}

#[tokio::test(start_paused = true)]
async fn list_shows_the_next_two_weeks_without_control_characters() {
    let exchange = exchange(true);
    let shown = typed(&exchange, &["list", "--time-zone", "Europe/Berlin"]).await.expect("done");
    assert_eq!(shown, "Wed 25 Nov 10:00–10:30  Plan 2J  [@webex]\n      an-id\n");
    let shown = typed(&exchange, &["list", "--json"]).await.expect("done");
    let shown: serde_json::Value = serde_json::from_str(&shown).expect("JSON");
    assert_eq!((&shown["start"], &shown["myResponse"]), (&json!(START), &json!("Organizer")));
}

#[tokio::test(start_paused = true)]
async fn move_keeps_the_length_and_tells_those_who_are_invited() {
    for (is_meeting, minutes, end, tell) in [
        (true, None, "2026-11-26T10:30:00Z", "SendToAllAndSaveCopy"),
        (false, Some("60"), "2026-11-26T11:00:00Z", "SendToNone"),
    ] {
        let exchange = exchange(is_meeting);
        let mut words = vec!["move", "--id", "an-id", "--start", "2026-11-26T10:00:00Z"];
        words.extend(minutes.into_iter().flat_map(|minutes| ["--minutes", minutes]));
        assert_eq!(typed(&exchange, &words).await.expect("done"), "Done.\n");
        let Request::UpdateItem(request) = asked(&exchange) else { panic!("not an update") };
        let told = request.send_meeting_invitations_or_cancellations.expect("said");
        assert_eq!(told.as_str(), tell);
        let changes = format!("{:?}", request.item_changes);
        assert!(changes.contains(end) && changes.contains("a-version"), "{changes}");
    }
}

#[tokio::test(start_paused = true)]
async fn change_sets_what_is_named_and_nothing_else() {
    let exchange = exchange(false);
    let words = ["change", "--id", "an-id", "--location", "Room 1", "--body", "Hello"];
    typed(&exchange, &words).await.expect("done");
    let Request::UpdateItem(request) = asked(&exchange) else { panic!("not an update") };
    let changes = &request.item_changes[0].updates;
    let fields: Vec<_> = changes.iter().map(|change| format!("{:?}", change.field())).collect();
    assert_eq!(fields.len(), 2);
    assert!(fields[0].contains("item:Body") && fields[1].contains("calendar:Location"));
    let nothing = typed(&exchange, &["change", "--id", "an-id"]).await;
    assert!(matches!(nothing, Err(Failure::NothingToChange)));
}

#[tokio::test(start_paused = true)]
async fn responses_name_the_newest_version() {
    for (act, element) in
        [("cancel", "CancelCalendarItem"), ("accept", "AcceptItem"), ("decline", "DeclineItem")]
    {
        let exchange = exchange(true);
        let shown = typed(&exchange, &[act, "--id", "an-id", "--json"]).await.expect("done");
        assert_eq!(shown, "{\"done\":true,\"id\":\"an-id\"}\n");
        let Request::CreateItem(request) = asked(&exchange) else { panic!("not a response") };
        let response = format!("{:?}", request.items);
        assert!(response.contains(element) && response.contains("a-version"), "{response}");
    }
}

#[tokio::test(start_paused = true)]
async fn delete_tells_the_attendees_of_an_organizer() {
    for (is_meeting, tell) in [
        (true, SendMeetingInvitations::SendToAllAndSaveCopy),
        (false, SendMeetingInvitations::SendToNone),
    ] {
        let exchange = exchange(is_meeting);
        typed(&exchange, &["delete", "--id", "an-id"]).await.expect("done");
        let Request::DeleteItem(request) = asked(&exchange) else { panic!("not a deletion") };
        assert_eq!(request.send_meeting_cancellations, Some(tell));
    }
}

#[tokio::test(start_paused = true)]
async fn another_mailbox_is_impersonated() {
    let exchange = exchange(false);
    typed(&exchange, &["list", "--mailbox", "bob@example.com"]).await.expect("done");
    let headers = exchange.headers.lock().expect("no panic")[0].clone();
    assert_eq!(headers["x-anchormailbox"], "bob@example.com");
}

#[tokio::test(start_paused = true)]
async fn refusals_are_said() {
    let exchange = Arc::new(Exchange {
        refuses: Some(ResponseCode::ErrorCalendarEndDateIsEarlierThanStartDate),
        ..Exchange::default()
    });
    let words = ["create", "--subject", "Plan", "--start", "2026-11-25T10:00:00Z"];
    let refused = typed(&exchange, &words).await.expect_err("refused").to_string();
    assert_eq!(refused, "Exchange refused: ErrorCalendarEndDateIsEarlierThanStartDate");
    let zone = ["create", "--subject", "P", "--start", "2026-11-25T10:00", "--time-zone", "Mars"];
    assert!(matches!(typed(&exchange, &zone).await, Err(Failure::UnknownZone)));
    let time = ["create", "--subject", "P", "--start", "soon"];
    assert!(matches!(typed(&exchange, &time).await, Err(Failure::NotATime)));
    let nameless = [
        "create",
        "--subject",
        "P",
        "--start",
        "2026-11-25T10:00",
        "--time-zone",
        "Pacific/Chatham",
        "--daily",
        "2",
    ];
    let refused = typed(&exchange, &nameless).await;
    assert!(matches!(refused, Err(Failure::Client(ClientFailure::Zone))));
}

#[tokio::test(start_paused = true)]
async fn a_wrong_password_and_an_unsafe_address_are_said() {
    let exchange = exchange(false);
    let (_stopper, stop) = Stopper::new();
    let world = serve(&exchange, stop).await;
    let client = |url: &str, password: &str| {
        let url = Url::parse(url).expect("a URL");
        CalendarClient::new(world.clone(), url, "ann", &Secret::new(password.into()))
    };
    let refused = client(URL, "wrong").expect("a client").accept("an-id").await;
    assert!(matches!(refused, Err(ClientFailure::PasswordRefused)));
    assert!(matches!(client("http://exchange/", "right").err(), Some(ClientFailure::NotSafe)));
    assert!(client("http://127.0.0.1:1/", "right").is_ok());
}
