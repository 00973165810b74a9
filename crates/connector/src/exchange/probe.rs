//! Questions that change nothing and prove something: is this Exchange, may we sign in, may we act
//! for a mailbox?

use std::time::Duration;

use ews::{
    ServerVersionInfo,
    ids::DistinguishedFolderName,
    operations::{AlternateId, ConvertId, GetFolder, GetStreamingEvents, IdFormat},
    shapes::{BaseShape, FolderShape},
    streaming::Splitter,
};
use jiff::{SignedDuration, Timestamp, fmt::rfc2822};
use protocol::ids::MailboxAddress;
use tokio::time::timeout;
use url::Url;
use world::{
    World,
    http::{self, Incoming, Request},
};

use super::{Connection, Failure, Session, affinity::Affinity, session::Found};
use crate::{config::Mechanism, entry::Entry};

const REACH_DEADLINE: Duration = Duration::from_secs(15);
const DAY: SignedDuration = SignedDuration::from_hours(24);
/// Entries looked at to judge a calendar.
const SAMPLE_MAX: usize = 10;
const SAMPLE_BACK: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Exchange speaks as soon as a stream is open.
const FIRST_WORD_MAX: Duration = Duration::from_secs(30);
/// It gives a sign of life every 45 s.
const SIGN_OF_LIFE_MAX: Duration = Duration::from_secs(90);
const STREAM_MINUTES: i32 = 3;

/// What stands at the address, as far as it says without knowing who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reached {
    /// It lets us sign in the way we can.
    SignIn,
    /// It wants a sign-in of another kind.
    OtherSignInOnly,
    /// It sends us somewhere else: a proxy or a log-in page.
    Redirect,
    /// There is nothing at this path.
    NotFound,
}

/// What the server says to somebody who does not sign in.
pub async fn offer(world: &World, url: &Url) -> Result<http::Response, http::Failure> {
    world.http.send(Request::get(url).deadline(REACH_DEADLINE)).await
}

/// Without credentials, so it can never count as a failed sign-in.
pub async fn reach(
    world: &World,
    url: &Url,
    mechanisms: &[Mechanism],
) -> Result<Reached, http::Failure> {
    let answer = offer(world, url).await?;
    let offers = answer.headers.get_all("www-authenticate").iter();
    let is_ours = |scheme: &str| {
        mechanisms.iter().any(|mechanism| scheme.eq_ignore_ascii_case(mechanism.scheme()))
    };
    let offers_ours =
        offers.filter_map(|offer| offer.to_str().ok()?.split_whitespace().next()).any(is_ours);
    Ok(match answer.status.as_u16() {
        401 if !offers_ours => Reached::OtherSignInOnly,
        300..=399 => Reached::Redirect,
        404 => Reached::NotFound,
        _ => Reached::SignIn,
    })
}

/// By how much its clock is ahead of ours, if it tells.
pub async fn clock_ahead(
    world: &World,
    url: &Url,
) -> Result<Option<SignedDuration>, http::Failure> {
    let answer = offer(world, url).await?;
    let date = answer.headers.get("date").and_then(|value| value.to_str().ok());
    let date = date.and_then(|date| rfc2822::parse(date).ok());
    Ok(date.map(|date| date.timestamp().duration_since(world.clock.now())))
}

/// Signs in without touching any mailbox: the account often has none. Any answer of Exchange's
/// proves the sign-in, a refusal too. The version, if it is said.
pub async fn sign_in(
    connection: &Connection,
    mailbox: &MailboxAddress,
) -> Result<Option<String>, Failure> {
    let dummy = AlternateId {
        format: IdFormat::EwsId,
        id: "AAAA".to_owned(),
        mailbox: mailbox.as_str().to_owned(),
        is_archive: None,
    };
    let request = ConvertId { destination_format: IdFormat::EntryId, source_ids: vec![dummy] };
    match connection.answer(None, &request).await {
        Ok(answer) => Ok(answer.server_version.as_ref().and_then(version)),
        Err(Failure::Refused { .. }) => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// Opens the calendar in the name of its owner: proves the role and its scope.
pub async fn calendar(connection: &Connection, mailbox: &MailboxAddress) -> Result<(), Failure> {
    let request = GetFolder {
        folder_shape: FolderShape::of(BaseShape::IdOnly),
        folder_ids: vec![DistinguishedFolderName::Calendar.into()],
    };
    let found = connection.call_one(Some(mailbox), &request).await?;
    found.folders.first().map(|_calendar| ()).ok_or(Failure::Incomplete("the calendar"))
}

/// How many entries the coming day has.
pub async fn entries_of_a_day(
    connection: &Connection,
    mailbox: &MailboxAddress,
    from: Timestamp,
) -> Result<usize, Failure> {
    let to = from.checked_add(DAY).unwrap_or(Timestamp::MAX);
    let session = Session::new(connection.clone(), mailbox.clone());
    Ok(session.window(from, to).await?.len())
}

/// Some entries around now, in full.
pub async fn sample(
    connection: &Connection,
    mailbox: &MailboxAddress,
    now: Timestamp,
) -> Result<Vec<Entry>, Failure> {
    let session = Session::new(connection.clone(), mailbox.clone());
    let (from, to) = (now.checked_sub(SAMPLE_BACK), now.checked_add(SAMPLE_BACK));
    let rows = session.window(from.unwrap_or(now), to.unwrap_or(now)).await?;
    let ids: Vec<_> = rows.into_iter().take(SAMPLE_MAX).map(|row| row.id).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let entry = |found| match found {
        Found::Entry(entry) => Some(*entry),
        Found::Gone | Found::Unusable(_) | Found::Trouble(_) => None,
    };
    Ok(session.entries(&ids).await?.into_iter().filter_map(entry).collect())
}

/// What comes through a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Streamed {
    Alive,
    /// Not even the first word.
    Nothing,
    /// The first word, then neither a sign of life nor an end.
    Silence,
}

/// Opens a stream, waits for its first word and for a sign of life, and gives the subscription back.
pub async fn stream(
    connection: &Connection,
    mailbox: &MailboxAddress,
) -> Result<Streamed, Failure> {
    let session = Session::new(connection.clone(), mailbox.clone());
    let mut affinity = Affinity::to(mailbox.clone());
    let (subscription, cookie) = session.subscribe(&affinity).await?;
    affinity.cookie = cookie;
    let request = GetStreamingEvents {
        subscription_ids: vec![subscription.0.clone()],
        connection_timeout: STREAM_MINUTES,
    };
    let streamed = match connection.open(&affinity, &request).await {
        Ok(stream) => Ok(listen(connection, stream).await),
        // A proxy that waits for the end holds back the head, too.
        Err(Failure::Http(http::Failure::Deadline)) => Ok(Streamed::Nothing),
        Err(failure) => Err(failure),
    };
    // It ends by itself, too.
    let _given_back = session.unsubscribe(subscription).await;
    streamed
}

async fn listen(connection: &Connection, mut stream: Incoming) -> Streamed {
    let mut splitter = Splitter::new();
    let waits = [(FIRST_WORD_MAX, Streamed::Nothing), (SIGN_OF_LIFE_MAX, Streamed::Silence)];
    for (wait, otherwise) in waits {
        if !timeout(wait, document(connection, &mut stream, &mut splitter)).await.unwrap_or(false) {
            return otherwise;
        }
    }
    Streamed::Alive
}

/// Whether another document came.
async fn document(connection: &Connection, stream: &mut Incoming, splitter: &mut Splitter) -> bool {
    loop {
        if let Some(document) = splitter.next_document() {
            connection.recorder().document(&document);
            return true;
        }
        match stream.chunk().await {
            Ok(Some(chunk)) if splitter.push(&chunk).is_ok() => {}
            Ok(_) | Err(_) => return false,
        }
    }
}

fn version(info: &ServerVersionInfo) -> Option<String> {
    let numbers = [info.major_version?, info.minor_version?, info.major_build_number?];
    Some(numbers.map(|number| number.to_string()).join("."))
}
