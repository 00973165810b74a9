//! NTLM, the server's side: a challenge belongs to the connection on which it was sent, and so does
//! whoever answered it.

use base64::{Engine, engine::general_purpose::STANDARD};
use ews::ntlm::{
    Authenticate, channel_binding, read_authenticate, read_negotiate, write_challenge,
};
use world::http::Peer;

use super::{
    Account, Attempts,
    door::{ChannelBinding, Door, Refused},
    find,
};
use crate::directory::Config;

const DOMAIN: &str = "EXAMPLE";
/// From 1601, where Windows starts, to 1970.
const SECONDS_TO_1970: i64 = 11_644_473_600;

/// How far a connection got.
#[derive(Default)]
enum Stage {
    #[default]
    Nobody,
    Asked {
        negotiate: Vec<u8>,
        challenge: Vec<u8>,
    },
    SignedIn(Account),
}

pub(super) fn of_connection(peer: &Peer) -> Option<Account> {
    peer.with(|stage: &mut Stage| match stage {
        Stage::SignedIn(account) => Some(account.clone()),
        Stage::Nobody | Stage::Asked { .. } => None,
    })
}

pub(super) fn step(
    config: &Config,
    door: &Door,
    peer: &Peer,
    token: &[u8],
    attempts: &mut Attempts,
) -> Result<Account, Refused> {
    if read_negotiate(token).is_ok() {
        let challenge = challenge(door).ok_or(Refused::Offers)?;
        let said = Refused::Challenge(format!("NTLM {}", STANDARD.encode(&challenge)));
        peer.with(|stage| *stage = Stage::Asked { negotiate: token.to_vec(), challenge });
        return Err(said);
    }
    // A challenge is good for one answer.
    let asked = peer.with(std::mem::take::<Stage>);
    let Stage::Asked { negotiate, challenge } = asked else { return Err(Refused::Offers) };
    let answer = read_authenticate(token).ok().ok_or(Refused::Offers)?;
    attempts.note(&answer.user.user);
    let (account, password) = find(config, &answer.user.user).ok_or(Refused::Offers)?;
    let is_right = answer.is_made_with(password, &negotiate, &challenge, token);
    if !is_right || !is_bound(config, door, &answer) {
        return Err(Refused::Offers);
    }
    peer.with(|stage| *stage = Stage::SignedIn(account.clone()));
    Ok(account)
}

fn challenge(door: &Door) -> Option<Vec<u8>> {
    let mut nonce = [0; 8];
    door.world.chance.fill(&mut nonce);
    let seconds = door.world.clock.now().as_second().saturating_add(SECONDS_TO_1970);
    let ticks = u64::try_from(seconds).unwrap_or_default().saturating_mul(10_000_000);
    write_challenge(nonce, DOMAIN, ticks).ok()
}

fn is_bound(config: &Config, door: &Door, answer: &Authenticate) -> bool {
    let right = door.certificate.as_ref().map(|seen| channel_binding(&seen.end_point));
    match (config.sign_in.channel_binding, &answer.binding) {
        (ChannelBinding::Off, _) | (ChannelBinding::Accept, None) => true,
        (ChannelBinding::Require, None) => false,
        (ChannelBinding::Accept | ChannelBinding::Require, Some(binding)) => {
            right.is_some_and(|right| *binding == right)
        }
    }
}
