//! The stamp: one property on the organizer's copy that says what we wrote, so that nothing is
//! ever written twice. It travels with the text it describes, in one write.

use crate::{meeting::Plain, state::Hash};

const VERSION: &str = "1";

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Whose meeting it is for: a copied entry has another identity and counts as new.
    pub meeting: Hash,
    /// The keyword that asked for it, with `@`.
    pub keyword: String,
    /// Hash of the block as we wrote it, to notice edits by hand.
    pub block: String,
    /// The place as it was typed.
    pub location: Plain,
}

impl Stamp {
    pub fn identity(uid: &[u8]) -> Hash {
        Hash::of(&[b"uid", uid])
    }

    /// `1;<meeting>;<keyword>;<block>;<location>`; only the location may hold anything.
    pub fn to_text(&self) -> String {
        let Self { meeting, keyword, block, location } = self;
        format!("{VERSION};{};{keyword};{block};{}", meeting.as_str(), location.0)
    }

    /// `None` for what we did not write, or what a later version wrote: then it is left alone.
    pub fn from_text(text: &str) -> Option<Self> {
        let mut parts = text.splitn(5, ';');
        let mut next = || parts.next();
        if next()? != VERSION {
            return None;
        }
        let meeting = Hash::from_text(next()?);
        let keyword = next()?.to_owned();
        let block = next()?.to_owned();
        Some(Self { meeting, keyword, block, location: Plain(next()?.to_owned()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn survives_its_text_whatever_was_typed() {
        let stamp = Stamp {
            meeting: Stamp::identity(b"uid"),
            keyword: "@meet".into(),
            block: "abc".into(),
            location: Plain("Room 4; @meet; ü".into()),
        };
        assert_eq!(Stamp::from_text(&stamp.to_text()), Some(stamp));
        assert_eq!(Stamp::from_text("2;a;b;c;d"), None);
        assert_eq!(Stamp::from_text(""), None);
    }
}
