//! Certificates that the administrator named: with a pin, that certificate (or one with that key)
//! is the only one accepted, and no authority need vouch for it. The host's name, and that the
//! server holds the key, are checked all the same.

use std::{str::FromStr, sync::Arc};

use rustls::{
    CertificateError, DigitallySignedStruct, Error, SignatureScheme,
    client::{
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        verify_server_name,
    },
    crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature},
    server::ParsedCertificate,
};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use serde::Deserialize;

use super::certificate::Certificate;

/// SHA-256 of a certificate, or of its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Pin([u8; 32]);

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("a pin is the SHA-256 of a certificate or of its key: 64 hexadecimal digits")]
pub struct NotAPin;

impl FromStr for Pin {
    type Err = NotAPin;

    /// 64 hexadecimal digits, among which colons and spaces do not count.
    fn from_str(text: &str) -> Result<Self, NotAPin> {
        let counted = text.chars().filter(|c| !matches!(c, ':' | ' '));
        let digits = counted.map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()));
        let digits = digits.collect::<Option<Vec<u8>>>().ok_or(NotAPin)?;
        let (pairs, odd) = digits.as_chunks::<2>();
        let bytes: Vec<u8> = pairs.iter().map(|[high, low]| (high << 4) | low).collect();
        match <[u8; 32]>::try_from(bytes) {
            Ok(bytes) if odd.is_empty() => Ok(Self(bytes)),
            Ok(_) | Err(_) => Err(NotAPin),
        }
    }
}

impl TryFrom<String> for Pin {
    type Error = NotAPin;

    fn try_from(text: String) -> Result<Self, NotAPin> {
        text.parse()
    }
}

#[derive(Debug)]
pub(super) struct PinVerifier {
    pub(super) pins: Vec<Pin>,
    pub(super) provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for PinVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let seen = Certificate::of(end_entity);
        let is_named = |pin: &Pin| pin.0 == seen.sha256 || Some(pin.0) == seen.key_sha256;
        if !self.pins.iter().any(is_named) {
            return Err(CertificateError::ApplicationVerificationFailure.into());
        }
        verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
