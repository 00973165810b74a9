//! Kerberos, the server's side: a ticket is good for one request, as with an IIS that asks each time,
//! and each answer carries the proof that this server could read it.

use axum::http::HeaderValue;
use base64::{Engine, engine::general_purpose::STANDARD};
use libgssapi::{
    context::{CtxFlags, SecurityContext, ServerCtx},
    credential::{Cred, CredUsage},
};

use super::{
    Attempts,
    door::{ChannelBinding, Door, SignedIn},
    find,
};
use crate::directory::Config;

/// The library says with it that the client named the right binding.
const CHANNEL_BOUND: CtxFlags = CtxFlags::from_bits_retain(0x800);

pub(super) fn accept(
    config: &Config,
    door: &Door,
    token: &[u8],
    attempts: &mut Attempts,
) -> Option<SignedIn> {
    let said = read(config.sign_in.channel_binding, door, token);
    let (name, reply) = said.inspect_err(|error| tracing::debug!(%error, "No ticket")).ok()??;
    attempts.note(&name);
    let (account, _) = find(config, &name)?;
    let proof = HeaderValue::from_str(&format!("Negotiate {}", STANDARD.encode(reply))).ok()?;
    Some(SignedIn { account, proof: Some(proof) })
}

/// Whose ticket it is, and the proof; nothing if it is not enough.
fn read(
    strictness: ChannelBinding,
    door: &Door,
    token: &[u8],
) -> Result<Option<(String, Vec<u8>)>, libgssapi::error::Error> {
    let right = door.certificate.as_ref();
    let right = right.map(|seen| [b"tls-server-end-point:", seen.end_point.as_slice()].concat());
    let right = match strictness {
        ChannelBinding::Off => None,
        ChannelBinding::Accept | ChannelBinding::Require => right,
    };
    // A wrong binding fails here, a missing one does not.
    let key = Cred::acquire(None, None, CredUsage::Accept, None)?;
    let mut server = ServerCtx::new(Some(key));
    let reply = server.step(token, right.as_deref())?;
    let is_bound = server.flags()?.contains(CHANNEL_BOUND);
    let is_enough = server.is_complete() && (is_bound || strictness != ChannelBinding::Require);
    let name = String::from_utf8(server.source_name()?.display_name()?.to_vec()).ok();
    let said = name.zip(reply.map(|reply| reply.to_vec()));
    Ok(said.filter(|_said| is_enough))
}
