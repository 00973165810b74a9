//! How clients sign in: which mechanisms are offered, and how strictly a sign-in is bound to the
//! TLS connection ("Extended Protection").

use axum::http::{HeaderMap, HeaderValue, header};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Deserialize;
use world::{World, http::Peer, tls::Certificate};

#[cfg(feature = "kerberos")]
use super::kerberos;
use super::{Account, Attempts, find, ntlm};
use crate::directory::Config;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// In the order in which they are offered.
    #[serde(default = "mechanisms_default")]
    pub mechanisms: Vec<Mechanism>,
    #[serde(default)]
    pub channel_binding: ChannelBinding,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mechanism {
    Basic,
    Ntlm,
    /// Kerberos, with the keytab that `KRB5_KTNAME` names.
    #[cfg(feature = "kerberos")]
    Negotiate,
}

/// What NTLM and Kerberos must say about the TLS connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChannelBinding {
    /// It is ignored.
    #[default]
    Off,
    /// None is fine, a wrong one is not.
    Accept,
    /// Only the right one is.
    Require,
}

impl Default for SignIn {
    fn default() -> Self {
        Self { mechanisms: mechanisms_default(), channel_binding: ChannelBinding::default() }
    }
}

fn mechanisms_default() -> Vec<Mechanism> {
    vec![Mechanism::Basic]
}

/// Where everybody comes in.
pub(crate) struct Door {
    pub(crate) world: World,
    /// What clients see when they connect.
    pub(crate) certificate: Option<Certificate>,
}

/// Who got in.
pub(crate) struct SignedIn {
    pub(crate) account: Account,
    /// By which the simulator shows who it is.
    pub(crate) proof: Option<HeaderValue>,
}

impl From<Account> for SignedIn {
    fn from(account: Account) -> Self {
        Self { account, proof: None }
    }
}

/// Nobody gets in by this request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// Here is how one may.
    Offers,
    /// NTLM's second message.
    Challenge(String),
}

impl Refused {
    /// One line per scheme, as Exchange says it.
    pub(crate) fn headers(&self, config: &Config) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let mut say = |text: &str| {
            if let Ok(value) = HeaderValue::from_str(text) {
                headers.append(header::WWW_AUTHENTICATE, value);
            }
        };
        match self {
            Self::Challenge(challenge) => say(challenge),
            Self::Offers => {
                for mechanism in &config.sign_in.mechanisms {
                    say(match mechanism {
                        Mechanism::Basic => "Basic realm=\"Exchange simulator\"",
                        Mechanism::Ntlm => "NTLM",
                        #[cfg(feature = "kerberos")]
                        Mechanism::Negotiate => "Negotiate",
                    });
                }
            }
        }
        headers
    }
}

pub(crate) fn sign_in(
    config: &Config,
    door: &Door,
    peer: &Peer,
    headers: &HeaderMap,
    attempts: &mut Attempts,
) -> Result<SignedIn, Refused> {
    let offers = |mechanism| config.sign_in.mechanisms.contains(&mechanism);
    let Some(value) = headers.get(header::AUTHORIZATION) else {
        // Who signed in on this connection by NTLM stays who it is.
        return ntlm::of_connection(peer).map(SignedIn::from).ok_or(Refused::Offers);
    };
    let said = value.to_str().ok().and_then(|value| value.split_once(' '));
    let (scheme, token) = said.ok_or(Refused::Offers)?;
    let token = STANDARD.decode(token.trim()).ok().ok_or(Refused::Offers)?;
    if scheme.eq_ignore_ascii_case("basic") && offers(Mechanism::Basic) {
        return basic(config, token, attempts).map(SignedIn::from).ok_or(Refused::Offers);
    }
    if scheme.eq_ignore_ascii_case("ntlm") && offers(Mechanism::Ntlm) {
        return ntlm::step(config, door, peer, &token, attempts).map(SignedIn::from);
    }
    #[cfg(feature = "kerberos")]
    if scheme.eq_ignore_ascii_case("negotiate") && offers(Mechanism::Negotiate) {
        return kerberos::accept(config, door, &token, attempts).ok_or(Refused::Offers);
    }
    Err(Refused::Offers)
}

fn basic(config: &Config, token: Vec<u8>, attempts: &mut Attempts) -> Option<Account> {
    let decoded = String::from_utf8(token).ok()?;
    let (user, password) = decoded.split_once(':')?;
    attempts.note(user);
    let (account, right) = find(config, user)?;
    (password == right).then_some(account)
}
