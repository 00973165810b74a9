//! An authority for trying things out, made anew each time; its key is forgotten at once, so that
//! it can never vouch for anything else.

use std::{fs, io, path::Path};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PKCS_RSA_SHA256,
};
use rustls_pki_types::PrivatePkcs8KeyDer;

use super::Identity;

/// What clients are to be told to trust.
pub const CA_FILE: &str = "ca.pem";
const CERTIFICATE_FILE: &str = "certificate.pem";
const KEY_FILE: &str = "key.pem";

/// Writes an authority, and a certificate of it for these names, into a folder.
pub fn throw_away_identity(folder: &Path, names: &[&str]) -> io::Result<Identity> {
    fs::create_dir_all(folder)?;
    let (ca, certificate, key) = make(names).map_err(io::Error::other)?;
    let identity = Identity {
        certificate_file: folder.join(CERTIFICATE_FILE),
        key_file: folder.join(KEY_FILE),
    };
    fs::write(folder.join(CA_FILE), ca)?;
    fs::write(&identity.certificate_file, certificate)?;
    write_key(&identity.key_file, &key)?;
    Ok(identity)
}

/// Of an authority made for it alone, for a key that is there already: PKCS #8, RSA. Gives the
/// authority and the certificate, in PEM.
pub fn throw_away_certificate(key: &[u8], name: &str) -> io::Result<(String, String)> {
    let key = PrivatePkcs8KeyDer::from(key);
    let key = KeyPair::from_pkcs8_der_and_sign_algo(&key, &PKCS_RSA_SHA256);
    key.and_then(|key| vouched_for(&[name], &key)).map_err(io::Error::other)
}

/// Authority, certificate and its key, in PEM.
fn make(names: &[&str]) -> Result<(String, String, String), rcgen::Error> {
    let key = KeyPair::generate()?;
    let (ca, certificate) = vouched_for(names, &key)?;
    Ok((ca, certificate, key.serialize_pem()))
}

fn vouched_for(names: &[&str], key: &KeyPair) -> Result<(String, String), rcgen::Error> {
    let mut authority = CertificateParams::new(Vec::new())?;
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    authority.distinguished_name.push(DnType::CommonName, "Hybrid Calendar, for trying out");
    let authority_key = KeyPair::generate()?;
    let ca = authority.self_signed(&authority_key)?.pem();
    let issuer = Issuer::new(authority, authority_key);

    let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    let mut server = CertificateParams::new(names)?;
    server.use_authority_key_identifier_extension = true;
    let certificate = server.signed_by(key, &issuer)?.pem();
    Ok((ca, certificate))
}

fn write_key(path: &Path, pem: &str) -> io::Result<()> {
    use std::io::Write;
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(pem.as_bytes())
}
