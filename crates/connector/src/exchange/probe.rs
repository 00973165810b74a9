//! Questions that change nothing and prove something: is this Exchange, may we sign in, may we act
//! for a mailbox?

use std::time::Duration;

use ews::{
    ServerVersionInfo,
    ids::DistinguishedFolderName,
    operations::{AlternateId, ConvertId, GetFolder, IdFormat},
    shapes::{BaseShape, FolderShape},
};
use jiff::{SignedDuration, Timestamp};
use protocol::ids::MailboxAddress;
use url::Url;
use world::{
    World,
    http::{self, Request},
};

use super::{Connection, Failure, Session};

const REACH_DEADLINE: Duration = Duration::from_secs(15);
const DAY: SignedDuration = SignedDuration::from_hours(24);

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
pub async fn reach(world: &World, url: &Url) -> Result<Reached, http::Failure> {
    let answer = offer(world, url).await?;
    let offers = answer.headers.get_all("www-authenticate").iter();
    let offers_basic = offers
        .filter_map(|offer| offer.to_str().ok())
        .any(|offer| offer.trim_start().to_ascii_lowercase().starts_with("basic"));
    Ok(match answer.status.as_u16() {
        401 if !offers_basic => Reached::OtherSignInOnly,
        300..=399 => Reached::Redirect,
        404 => Reached::NotFound,
        _ => Reached::SignIn,
    })
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

fn version(info: &ServerVersionInfo) -> Option<String> {
    let numbers = [info.major_version?, info.minor_version?, info.major_build_number?];
    Some(numbers.map(|number| number.to_string()).join("."))
}
