//! With a token made of software: `make pkcs11` prepares its folder and names it to the library.

use std::{io::Write as _, os::unix::fs::OpenOptionsExt as _, path::PathBuf, process::Command};

use super::*;
use crate::folder::Folder;

const PIN: &str = "73313";
/// Where Debian puts it.
const MODULE: &str = "/usr/lib/softhsm/libsofthsm2.so";

fn settings(folder: &Folder, key: &str) -> config::Token {
    let pin_file = folder.0.join("pin");
    let mut file = fs::OpenOptions::new();
    let file = file.write(true).create(true).truncate(true).mode(0o600).open(&pin_file);
    file.expect("ours").write_all(PIN.as_bytes()).expect("written");
    let token = folder.0.file_name().expect("a name").to_string_lossy()[..30].to_owned();
    config::Token { module: PathBuf::from(MODULE), token, key: key.into(), pin_file }
}

/// The library looks for tokens once per process, so there is one test.
fn make_token(settings: &config::Token) {
    let made = Command::new("softhsm2-util")
        .args(["--init-token", "--free", "--so-pin", PIN, "--pin", PIN, "--label"])
        .arg(&settings.token)
        .output()
        .expect("softhsm2 is installed");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

#[test]
fn a_token_wraps_for_one_place_and_its_key_stays_on_it() {
    let folder = Folder::new();
    let first = settings(&folder, "master");
    make_token(&first);
    assert!(matches!(Token::open(&first, false), Err(TokenFailure::NoKey)));
    let token = Token::open(&first, true).expect("made");
    let wrapped = token.wrap(&[7; KEY_BYTES], b"here", &Chance::System).expect("wraps");
    assert_eq!(*token.unwrap(&wrapped, b"here").expect("unwraps"), [7; KEY_BYTES]);
    assert!(token.unwrap(&wrapped, b"there").is_err());
    assert!(token.unwrap(&[], b"here").is_err());

    // The same key after a restart, and another one under another label.
    let again = Token::open(&first, true).expect("found");
    assert_eq!(*again.unwrap(&wrapped, b"here").expect("unwraps"), [7; KEY_BYTES]);
    let other = Token::open(&settings(&folder, "other"), true).expect("made");
    assert!(other.unwrap(&wrapped, b"here").is_err());

    let value = token.with_session(|session| {
        let key = token.find_key(session)?;
        Ok(session.get_attributes(key, &[cryptoki::object::AttributeType::Value]))
    });
    let value = value.expect("a session").map(|values| values.len()).unwrap_or_default();
    assert_eq!(value, 0, "the key cannot be read");

    let right = first;
    let missing = config::Token { token: "none".into(), ..right.clone() };
    assert!(matches!(Token::open(&missing, true), Err(TokenFailure::NoToken)));
    fs::set_permissions(&right.pin_file, fs::Permissions::from_mode(0o640)).expect("ours");
    assert!(matches!(Token::open(&right, true), Err(TokenFailure::PinTooOpen)));
    let lost = config::Token { pin_file: folder.0.join("lost"), ..right };
    assert!(matches!(Token::open(&lost, true), Err(TokenFailure::Pin(_))));
}
