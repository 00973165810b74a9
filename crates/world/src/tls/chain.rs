//! Certificates that arrive outside TLS: whom they name, whose key they hold, who vouches for them.

use jiff::Timestamp;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls_pki_types::{CertificateDer, UnixTime, pem::PemObject};
use webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert};

/// Certificates in one chain; longer ones are refused.
const CHAIN_MAX: usize = 8;

#[derive(Debug, thiserror::Error)]
pub enum NotTrusted {
    #[error("it is not a certificate, or the chain is too long")]
    Form,
    #[error("the certificate does not name this host, or only by a wildcard")]
    OtherName,
    #[error("no trusted authority vouches for the certificate")]
    Unknown,
    #[error("there is no authority to trust")]
    NoRoots,
}

#[derive(Debug, thiserror::Error)]
#[error("not a PEM file with certificates, the first one for {host} itself")]
pub struct NotUsable {
    host: String,
}

/// The key (SubjectPublicKeyInfo) of a chain, leaf first, that one of these authorities (PEM)
/// vouches for now, and that names exactly this host. Without authorities nothing is trusted.
pub fn trusted_key(
    chain: &[Vec<u8>],
    roots_pem: &str,
    host: &str,
    now: Timestamp,
) -> Result<Vec<u8>, NotTrusted> {
    if chain.len() > CHAIN_MAX {
        return Err(NotTrusted::Form);
    }
    let roots = certificates(roots_pem).ok_or(NotTrusted::NoRoots)?;
    let anchors: Result<Vec<_>, _> = roots.iter().map(anchor_from_trusted_cert).collect();
    let anchors = anchors.map_err(|_reason| NotTrusted::NoRoots)?;
    let chain: Vec<CertificateDer<'_>> =
        chain.iter().map(|der| CertificateDer::from(der.as_slice())).collect();
    let (leaf, between) = chain.split_first().ok_or(NotTrusted::Form)?;
    let leaf = EndEntityCert::try_from(leaf).map_err(|_reason| NotTrusted::Form)?;
    if !names(&leaf, host) {
        return Err(NotTrusted::OtherName);
    }
    let seconds = u64::try_from(now.as_second()).unwrap_or_default();
    let now = UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds));
    let algorithms = default_provider().signature_verification_algorithms.all;
    leaf.verify_for_usage(algorithms, &anchors, between, now, KeyUsage::server_auth(), None, None)
        .map_err(|_reason| NotTrusted::Unknown)?;
    Ok(leaf.subject_public_key_info().to_vec())
}

/// Our own certificates from a PEM text, leaf first, and the key of the leaf, which must be for
/// this host.
pub fn keyed_certificate(pem: &str, host: &str) -> Result<(Vec<Vec<u8>>, Vec<u8>), NotUsable> {
    let unusable = || NotUsable { host: host.into() };
    let chain = certificates(pem).ok_or_else(unusable)?;
    let leaf = chain.first().and_then(|leaf| EndEntityCert::try_from(leaf).ok());
    let leaf = leaf.filter(|leaf| names(leaf, host)).ok_or_else(unusable)?;
    let key = leaf.subject_public_key_info().to_vec();
    Ok((chain.iter().map(|certificate| certificate.to_vec()).collect(), key))
}

/// At least one.
fn certificates(pem: &str) -> Option<Vec<CertificateDer<'static>>> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    read.ok().filter(|read| (1..=CHAIN_MAX).contains(&read.len()))
}

/// Exactly: a wildcard would let a neighbour be the key server.
fn names(leaf: &EndEntityCert<'_>, host: &str) -> bool {
    leaf.valid_dns_names().any(|name| name.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::{CA_FILE, throw_away_identity};

    struct Folder(std::path::PathBuf);

    impl Drop for Folder {
        fn drop(&mut self) {
            std::fs::remove_dir_all(&self.0).expect("ours");
        }
    }

    #[test]
    fn only_the_named_host_with_a_known_authority_is_trusted() {
        let folder = format!("chain-{}", crate::chance::Chance::System.uuid());
        let folder = Folder(std::env::temp_dir().join(folder));
        let make = |name: &str, names: &[&str]| {
            let folder = folder.0.join(name);
            let identity = throw_away_identity(&folder, names).expect("written");
            let read = |file| std::fs::read_to_string(file).expect("written");
            (read(folder.join(CA_FILE)), read(identity.certificate_file))
        };
        let now = Timestamp::from_second(1_795_510_800).expect("a time");
        let (root, certificate) = make("a", &["keys.example.org"]);
        let (other_root, wildcard) = make("b", &["*.example.org"]);
        let (chain, key) = keyed_certificate(&certificate, "keys.example.org").expect("its own");
        let trusted = trusted_key(&chain, &root, "Keys.example.org", now).expect("trusted");
        assert_eq!(trusted, key);
        let refused = |chain: &[Vec<u8>], root: &str, host| trusted_key(chain, root, host, now);
        let refused = |chain: &[Vec<u8>], root, host| refused(chain, root, host).expect_err("not");
        assert!(matches!(refused(&chain, &root, "other.example.org"), NotTrusted::OtherName));
        assert!(matches!(refused(&chain, &other_root, "keys.example.org"), NotTrusted::Unknown));
        assert!(matches!(refused(&chain, "", "keys.example.org"), NotTrusted::NoRoots));
        assert!(matches!(refused(&[], &root, "keys.example.org"), NotTrusted::Form));
        let broken = [vec![0x30; 9]];
        assert!(matches!(refused(&broken, &root, "keys.example.org"), NotTrusted::Form));
        assert!(keyed_certificate(&wildcard, "keys.example.org").is_err());
    }
}
