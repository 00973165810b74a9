//! Whom we trust on the network: the system's authorities and, beside them, the administrator's.
//! There is no switch that turns verification off. An administrator may instead name the very
//! certificate, or its key: then no other is accepted, and no authority is asked.

mod certificate;
mod chain;
mod pin;
#[cfg(test)]
mod tests;
mod throw_away;

use std::{path::PathBuf, sync::Arc};

use rustls::{ClientConfig, RootCertStore, ServerConfig};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use serde::Deserialize;

pub use certificate::Certificate;
pub use chain::{NotTrusted, NotUsable, keyed_certificate, trusted_key};
pub use pin::{NotAPin, Pin};
pub use throw_away::{CA_FILE, throw_away_certificate, throw_away_identity};

use self::pin::PinVerifier;

/// What a client believes.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    /// PEM file with further authorities; the system's stay trusted.
    pub ca_file: Option<PathBuf>,
    /// If there are any, the server's certificate must be one of them.
    pub pins: Vec<Pin>,
}

/// What a server shows.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// PEM file, leaf first.
    pub certificate_file: PathBuf,
    /// PEM file with the private key.
    pub key_file: PathBuf,
}

#[derive(Debug, thiserror::Error)]
pub enum TrustFailure {
    #[error("cannot read {path}: expected a PEM file with certificates or a private key")]
    Unreadable { path: PathBuf, source: rustls_pki_types::pem::Error },
    #[error("{path} holds no certificate")]
    Empty { path: PathBuf },
    #[error("TLS settings are not usable")]
    Tls(#[from] rustls::Error),
}

impl Trust {
    pub(crate) fn client(&self) -> Result<Arc<ClientConfig>, TrustFailure> {
        let mut roots = RootCertStore::empty();
        let system = rustls_native_certs::load_native_certs();
        let (_added, _ignored) = roots.add_parsable_certificates(system.certs);
        if let Some(path) = &self.ca_file {
            let (added, _ignored) = roots.add_parsable_certificates(certificates(path)?);
            if added == 0 {
                return Err(TrustFailure::Empty { path: path.clone() });
            }
        }
        let builder = ClientConfig::builder_with_provider(provider());
        let config = builder.with_safe_default_protocol_versions()?;
        let mut config = if self.pins.is_empty() {
            config.with_root_certificates(roots).with_no_client_auth()
        } else {
            let verifier = PinVerifier { pins: self.pins.clone(), provider: provider() };
            let config = config.dangerous().with_custom_certificate_verifier(Arc::new(verifier));
            config.with_no_client_auth()
        };
        // A sign-in that belongs to a connection cannot live on HTTP/2.
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}

impl Identity {
    /// What clients will see.
    pub fn certificate(&self) -> Result<Certificate, TrustFailure> {
        let path = &self.certificate_file;
        let leaf = certificates(path)?.into_iter().next();
        Ok(Certificate::of(&leaf.ok_or_else(|| TrustFailure::Empty { path: path.clone() })?))
    }

    pub(crate) fn server(&self) -> Result<Arc<ServerConfig>, TrustFailure> {
        let unreadable = |source| TrustFailure::Unreadable { path: self.key_file.clone(), source };
        let key = PrivateKeyDer::from_pem_file(&self.key_file).map_err(unreadable)?;
        let chain = certificates(&self.certificate_file)?;
        let builder = ServerConfig::builder_with_provider(provider());
        let config = builder.with_safe_default_protocol_versions()?;
        Ok(Arc::new(config.with_no_client_auth().with_single_cert(chain, key)?))
    }
}

fn certificates(path: &PathBuf) -> Result<Vec<CertificateDer<'static>>, TrustFailure> {
    let unreadable = |source| TrustFailure::Unreadable { path: path.clone(), source };
    let all = CertificateDer::pem_file_iter(path).map_err(unreadable)?;
    let all: Vec<_> = all.collect::<Result<_, _>>().map_err(unreadable)?;
    if all.is_empty() { Err(TrustFailure::Empty { path: path.clone() }) } else { Ok(all) }
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}
