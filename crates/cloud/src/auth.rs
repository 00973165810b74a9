//! Who is asking: a person with a token of the sign-in provider, or a connector with its own.
//! Only tokens made for this service count; one for the key server is refused.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, header},
    middleware::Next,
    response::Response,
};
use jiff::Timestamp;
use protocol::{
    ids::{ConnectorId, MailboxAddress, UserId},
    token::{AUDIENCE_API, CONNECTOR_TOKEN_SECONDS, PersonClaims},
};

use crate::{
    api::App,
    error::{Refusal, Result},
};

/// Who may use a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    Anyone,
    /// People and rooms, each for their own list.
    Person,
    /// For the mailboxes whose leases it holds.
    Connector,
    /// The organization's key server, for the frames it answers.
    KeyServer,
    /// People whom the configuration names, for what concerns the installation.
    Administrator,
}

/// Somebody signed in; they see their own list only.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Person {
    pub(crate) user: UserId,
    pub(crate) expires: Timestamp,
}

/// Somebody signed in whom the configuration names.
#[derive(Clone)]
pub(crate) struct Administrator {
    pub(crate) address: MailboxAddress,
}

/// A connector that the configuration names.
#[derive(Clone, Debug)]
pub(crate) struct Connector {
    pub(crate) id: ConnectorId,
}

/// Lets through whom the route table names, and tells the handler who it is.
pub(crate) async fn admit(
    State((app, who)): State<(Arc<App>, Who)>,
    mut request: Request,
    next: Next,
) -> Result<Response> {
    match who {
        Who::Anyone => {}
        Who::Person => {
            let person = person(&app, request.headers()).await?;
            request.extensions_mut().insert(person);
        }
        Who::Connector => {
            let connector = connector(&app, request.headers())?;
            request.extensions_mut().insert(connector);
        }
        Who::KeyServer => {
            let now = app.world.clock.now();
            let token = bearer(request.headers())?;
            app.key_servers.verify(token, AUDIENCE_API, now, CONNECTOR_TOKEN_SECONDS)?;
        }
        Who::Administrator => {
            let (address, _expires) = address(&app, request.headers()).await?;
            if !app.config.is_administrator(&address) {
                return Err(Refusal::NotPermitted);
            }
            request.extensions_mut().insert(Administrator { address });
        }
    }
    Ok(next.run(request).await)
}

async fn person(app: &App, headers: &HeaderMap) -> Result<Person> {
    let (address, expires) = address(app, headers).await?;
    Ok(Person { user: UserId::of(&app.config.organization, address.as_str()), expires })
}

/// Whose token this is, and until when it is good.
async fn address(app: &App, headers: &HeaderMap) -> Result<(MailboxAddress, Timestamp)> {
    let claims: PersonClaims = app.issuer.verify(bearer(headers)?, AUDIENCE_API).await?;
    let address = MailboxAddress::new(&claims.email).filter(|_| claims.email_verified);
    let expires = Timestamp::from_second(claims.exp).unwrap_or(Timestamp::MAX);
    Ok((address.ok_or(Refusal::NotPermitted)?, expires))
}

fn connector(app: &App, headers: &HeaderMap) -> Result<Connector> {
    let now = app.world.clock.now();
    let token = bearer(headers)?;
    let id = app.signers.verify(token, AUDIENCE_API, now, CONNECTOR_TOKEN_SECONDS)?;
    Ok(Connector { id: ConnectorId(id) })
}

fn bearer(headers: &HeaderMap) -> Result<&str> {
    let text = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let (scheme, token) =
        text.and_then(|text| text.split_once(' ')).ok_or(Refusal::TokenInvalid)?;
    if scheme.eq_ignore_ascii_case("bearer") {
        Ok(token.trim())
    } else {
        Err(Refusal::TokenInvalid)
    }
}
