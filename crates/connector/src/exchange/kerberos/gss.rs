//! The system's Kerberos library, as far as a client needs it. All of this blocks. Keys and tickets
//! are the library's: it reads the keytab, asks for tickets and renews them.

use libgssapi::{
    context::{ClientCtx, CtxFlags, SecurityContext},
    credential::{Cred, CredUsage},
    error::Error,
    name::Name,
    oid::{GSS_MECH_KRB5, GSS_MECH_SPNEGO, GSS_NT_HOSTBASED_SERVICE, Oid, OidSet},
};

use super::Lack;

/// How NTLM's messages begin, wherever they are wrapped in.
const NTLM: &[u8] = b"NTLMSSP\0";

/// A sign-in under way.
pub(super) struct Context {
    client: ClientCtx,
    binding: Option<Vec<u8>>,
}

pub(super) struct Stepped {
    pub(super) context: Context,
    /// To be sent.
    pub(super) token: Option<Vec<u8>>,
    /// Both sides know each other, by Kerberos.
    pub(super) is_proven: bool,
}

/// The first token for the web service of a host, and what goes on from there.
pub(super) fn begin(host: &str, binding: Option<Vec<u8>>) -> Result<(Context, Vec<u8>), Lack> {
    // Asked for first by Kerberos alone, whose codes say what is missing; the ticket is kept.
    let mut alone = client(host, &GSS_MECH_KRB5)?;
    alone.step(None, binding.as_deref()).map_err(|error| lack(&error))?;
    check_account().map_err(|error| lack(&error))?;
    let mut client = client(host, &GSS_MECH_SPNEGO)?;
    let token = client.step(None, binding.as_deref()).map_err(|error| lack(&error))?;
    let token = token.map(|token| token.to_vec()).filter(|token| !is_ntlm(token));
    Ok((Context { client, binding }, token.ok_or(Lack::Other)?))
}

/// `None` if the server's token is wrong, or says that ours is.
pub(super) fn step(mut context: Context, reply: &[u8]) -> Option<Stepped> {
    let token = context.client.step(Some(reply), context.binding.as_deref()).ok()?;
    let token = token.map(|token| token.to_vec());
    if token.as_deref().is_some_and(is_ntlm) {
        return None;
    }
    let is_proven = is_proven(&context.client);
    Some(Stepped { context, token, is_proven })
}

/// SPNEGO may also settle for another mechanism, or for a server that proves nothing.
fn is_proven(client: &ClientCtx) -> bool {
    let is_mutual = client.flags().is_ok_and(|flags| flags.contains(CtxFlags::GSS_C_MUTUAL_FLAG));
    let is_kerberos = client.mechanism().is_ok_and(|mechanism| mechanism == GSS_MECH_KRB5);
    client.is_complete() && is_mutual && is_kerberos
}

/// Centres and this library go on taking a ticket for some minutes after its end, and then nothing
/// can be asked about the sign-in; so the end counts.
fn check_account() -> Result<(), Error> {
    let kerberos = OidSet::singleton(GSS_MECH_KRB5)?;
    let account = Cred::acquire(None, None, CredUsage::Initiate, Some(&kerberos))?;
    account.lifetime().map(|_left| ())
}

fn client(host: &str, mechanism: &'static Oid<'static>) -> Result<ClientCtx, Lack> {
    let name = format!("HTTP@{host}");
    let name = Name::new(name.as_bytes(), Some(GSS_NT_HOSTBASED_SERVICE));
    let name = name.map_err(|error| lack(&error))?;
    Ok(ClientCtx::new(None, name, CtxFlags::GSS_C_MUTUAL_FLAG, Some(*mechanism)))
}

fn is_ntlm(token: &[u8]) -> bool {
    token.windows(NTLM.len()).any(|part| part == NTLM)
}

fn lack(error: &Error) -> Lack {
    Lack::of(error.major.bits(), error.minor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ntlm_is_known_wherever_it_is_wrapped() {
        assert!(is_ntlm(b"NTLMSSP\0\x01\0\0\0"));
        assert!(is_ntlm(b"\xa1\x20\x30\x1e\xa2\x1cNTLMSSP\0\x01\0\0\0"));
        assert!(!is_ntlm(b"NTLMSSP") && !is_ntlm(b""));
    }
}
