//! The stamp: one property on the organizer's copy that says what we wrote, so that nothing is
//! ever written twice. It travels with the text it describes, in one write.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;

use crate::{meeting::Plain, state::Hash};

const VERSION: &str = "2";
/// Stamps of the first version know neither link nor reference, time nor mails.
const FIRST_VERSION: &str = "1";

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Whose meeting it is for: a copied entry has another identity and counts as new.
    pub meeting: Hash,
    /// The keyword that asked for it, with `@` and modifier.
    pub keyword: String,
    /// The conference's name in the settings; empty if that is not known.
    pub conference: String,
    /// Hash of the block as we wrote it, to notice edits by hand.
    pub block: String,
    /// The link as it was written, to take it out again exactly; empty if that is not known.
    pub link: Plain,
    /// The provider's own id of the conference.
    pub reference: Option<Plain>,
    /// Attendees got mail from our write.
    pub was_told: bool,
    pub at: Timestamp,
    /// The place as it was typed.
    pub location: Plain,
}

impl Stamp {
    /// Of a meeting, or of one occurrence that has a conference of its own.
    pub fn identity(uid: &[u8], recurrence: Option<&str>) -> Hash {
        match recurrence {
            None => Hash::of(&[b"uid", uid]),
            Some(recurrence) => Hash::of(&[b"uid", uid, recurrence.as_bytes()]),
        }
    }

    /// Ten parts with `;` between; only the last, the location, may hold anything.
    pub fn to_text(&self) -> String {
        let Self { meeting, keyword, conference, block, .. } = self;
        let Self { link, reference, was_told, at, location, .. } = self;
        let reference = reference.as_ref().map(|reference| encoded(&reference.0));
        [
            VERSION,
            meeting.as_str(),
            keyword,
            &encoded(conference),
            block,
            if *was_told { "told" } else { "" },
            &at.as_second().to_string(),
            &encoded(&link.0),
            &reference.unwrap_or_default(),
            &location.0,
        ]
        .join(";")
    }

    /// `None` for what we did not write, or what a later version wrote: then it is left alone.
    pub fn from_text(text: &str) -> Option<Self> {
        let (version, _) = text.split_once(';')?;
        match version {
            FIRST_VERSION => Self::of_first_version(text),
            VERSION => {
                let mut parts = text.splitn(10, ';').skip(1);
                let mut next = || parts.next();
                Some(Self {
                    meeting: Hash::from_text(next()?),
                    keyword: next()?.to_owned(),
                    conference: decoded(next()?)?,
                    block: next()?.to_owned(),
                    was_told: next()? == "told",
                    at: Timestamp::from_second(next()?.parse().ok()?).ok()?,
                    link: Plain(decoded(next()?)?),
                    reference: Some(decoded(next()?)?).filter(|text| !text.is_empty()).map(Plain),
                    location: Plain(next()?.to_owned()),
                })
            }
            _ => None,
        }
    }

    fn of_first_version(text: &str) -> Option<Self> {
        let mut parts = text.splitn(5, ';').skip(1);
        let mut next = || parts.next();
        Some(Self {
            meeting: Hash::from_text(next()?),
            keyword: next()?.to_owned(),
            conference: String::new(),
            block: next()?.to_owned(),
            link: Plain::default(),
            reference: None,
            was_told: true,
            at: Timestamp::UNIX_EPOCH,
            location: Plain(next()?.to_owned()),
        })
    }
}

fn encoded(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(text)
}

fn decoded(text: &str) -> Option<String> {
    String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn survives_its_text_whatever_was_typed() {
        let stamp = Stamp {
            meeting: Stamp::identity(b"uid", None),
            keyword: "@meet:space".into(),
            conference: "my; jitsi".into(),
            block: "abc".into(),
            link: Plain("https://meet.example.com/a;b?c".into()),
            reference: Some(Plain("1;2".into())),
            was_told: true,
            at: "2026-11-24T09:00:00Z".parse().expect("a time"),
            location: Plain("Room 4; @meet; ü".into()),
        };
        assert_eq!(Stamp::from_text(&stamp.to_text()), Some(stamp.clone()));
        let other = Stamp { reference: None, was_told: false, ..stamp };
        assert_eq!(Stamp::from_text(&other.to_text()), Some(other));
        assert_eq!(Stamp::from_text("3;a;b;c;d;e;f;g;h;i"), None);
        assert_eq!(Stamp::from_text(""), None);
    }

    #[test]
    fn one_of_the_first_version_is_understood() {
        let stamp = Stamp::from_text("1;hash;@meet;block;Room 4; @meet").expect("understood");
        assert_eq!(stamp.location.0, "Room 4; @meet");
        assert_eq!((stamp.keyword.as_str(), stamp.block.as_str()), ("@meet", "block"));
    }

    #[test]
    fn an_occurrence_has_an_identity_of_its_own() {
        let series = Stamp::identity(b"uid", None);
        assert_ne!(series, Stamp::identity(b"uid", Some("2026-11-24T09:00:00Z")));
        assert_ne!(series, Stamp::identity(b"uid", Some("")));
    }
}
