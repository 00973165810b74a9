//! What a room is called, and the two words that open and end it.

use std::{fmt, path::Path};

use aws_lc_rs::{constant_time, hmac};
use world::chance::Chance;

use crate::{janus::PAGE_PATH, key::base32, provider::ProviderSettingsError, secret_file::Secret};

/// Less chance than this could be guessed.
const KEY_BYTES_MIN: usize = 32;
/// 160 bits for each name and secret.
const WORD_BYTES: usize = 20;
/// Base32 digits of a word.
const NAME_DIGITS: usize = 32;
/// 50 bits beside a name that nobody can guess, and short enough to be typed.
const PIN_DIGITS: usize = 10;

/// Makes pins and secrets. Connector and join page hold the same one.
#[derive(Clone)]
pub struct RoomKey(hmac::Key);

/// Content: with the pin one is in, with the secret one may end it.
#[derive(Clone, PartialEq, Eq)]
pub struct Room {
    name: String,
    pin: String,
    secret: String,
}

impl RoomKey {
    pub fn read(path: &Path) -> Result<Self, ProviderSettingsError> {
        let key = Secret::read("room_key_file", path)?;
        if key.expose().len() < KEY_BYTES_MIN {
            return Err(ProviderSettingsError::ShortKey { setting: "room_key_file" });
        }
        Ok(Self::new(key.expose().as_bytes()))
    }

    pub fn new(key: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    /// The room of that name, which must be one of ours.
    pub fn room(&self, name: String) -> Room {
        let mut pin = self.word("pin", &name);
        pin.truncate(PIN_DIGITS);
        let secret = self.word("secret", &name);
        Room { name, pin, secret }
    }

    /// The one room of a person, for as long as the address and the key stay.
    pub(super) fn personal(&self, organizer: &str) -> Room {
        let name = self.word("personal", &organizer.to_lowercase());
        self.room(name)
    }

    /// The room of that name, if the pin is right: then the link was ours.
    pub fn admit(&self, name: &str, pin: &str) -> Option<Room> {
        let is_digit = |c: char| matches!(c, 'a'..='z' | '2'..='7');
        if name.len() != NAME_DIGITS || !name.chars().all(is_digit) {
            return None;
        }
        let room = self.room(name.to_owned());
        let is_right = constant_time::verify_slices_are_equal(room.pin.as_bytes(), pin.as_bytes());
        is_right.is_ok().then_some(room)
    }

    fn word(&self, purpose: &str, name: &str) -> String {
        // Purposes hold no line break, so that no two pairs look alike.
        let mac = hmac::sign(&self.0, format!("{purpose}\n{name}").as_bytes());
        base32(mac.as_ref().iter().copied().take(WORD_BYTES))
    }
}

impl Room {
    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn pin(&self) -> &str {
        &self.pin
    }

    pub(super) fn secret(&self) -> &str {
        &self.secret
    }

    /// One that no link leads to.
    pub(super) fn throw_away(chance: &Chance) -> Self {
        let mut key = [0; KEY_BYTES_MIN];
        chance.fill(&mut key);
        RoomKey::new(&key).personal("check")
    }

    /// The pin stands behind `#`, where no log of a server and no referrer shows it.
    pub fn link(&self) -> String {
        format!("{PAGE_PATH}{}#{}", self.name, self.pin)
    }
}

impl fmt::Debug for RoomKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RoomKey(…)")
    }
}

impl fmt::Debug for Room {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Room(…)")
    }
}
