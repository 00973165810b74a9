//! Several texts as one byte string that reads in only one way.

/// Each part preceded by its length, so that no two lists give the same bytes.
pub(crate) fn framed(parts: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(parts.iter().map(|part| part.len() + LENGTH_BYTES).sum());
    for part in parts {
        // Our parts are ids, words and field names; nothing near 4 GiB gets here.
        let length = u32::try_from(part.len()).unwrap_or(u32::MAX);
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(part);
    }
    bytes
}

const LENGTH_BYTES: usize = size_of::<u32>();

#[cfg(test)]
mod tests {
    use super::framed;

    #[test]
    fn moving_a_border_changes_the_bytes() {
        assert_eq!(framed(&[b"ab", b""]), [0, 0, 0, 2, b'a', b'b', 0, 0, 0, 0]);
        assert_ne!(framed(&[b"ab", b"c"]), framed(&[b"a", b"bc"]));
        assert_ne!(framed(&[b"ab"]), framed(&[b"ab", b""]));
    }
}
