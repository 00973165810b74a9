//! Who calls: HMAC-SHA256 over id, time and body, in the headers of Standard Webhooks, so that
//! receivers find a library that checks it.

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::STANDARD};

use crate::{provider::ProviderSettingsError, secret_file::Secret};

/// A secret that begins so is base64, as the libraries like it; any other is taken as it stands.
const ENCODED: &str = "whsec_";
const SECRET_BYTES_MIN: usize = 24;

pub(super) struct Key(hmac::Key);

impl Key {
    pub(super) fn new(secret: &Secret) -> Result<Self, ProviderSettingsError> {
        let short = || ProviderSettingsError::ShortKey { setting: "secret_files" };
        let bytes = match secret.expose().strip_prefix(ENCODED) {
            Some(encoded) => STANDARD.decode(encoded).ok().ok_or_else(short)?,
            None => secret.expose().as_bytes().to_vec(),
        };
        if bytes.len() < SECRET_BYTES_MIN {
            return Err(short());
        }
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, &bytes)))
    }
}

/// A signature with each key, so that a receiver with either is content.
pub(super) fn header(keys: &[Key], id: &str, seconds: i64, body: &[u8]) -> String {
    let signed = |Key(key): &Key| {
        let mut context = hmac::Context::with_key(key);
        context.update(format!("{id}.{seconds}.").as_bytes());
        context.update(body);
        format!("v1,{}", STANDARD.encode(context.sign()))
    };
    keys.iter().map(signed).collect::<Vec<_>>().join(" ")
}
