//! Small documents that want to become large ones.

use ews::xml::{DOCUMENT_BYTES_MAX, PARTS_MAX, XmlErrorKind, read_document};

use crate::{MEMORY, ONE_AT_A_TIME};

/// A megabyte.
const MIB: usize = 1024 * 1024;
/// Memory that one element or attribute may cost, all told.
const BYTES_PER_PART_MAX: usize = 400;

/// The most memory that reading took beyond what was there before.
fn cost(document: &[u8]) -> (Result<(), XmlErrorKind>, usize) {
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let read = read_document(document).map(drop).map_err(|error| error.kind);
    (read, MEMORY.peak_usage().saturating_sub(before))
}

#[test]
fn what_is_refused_costs_next_to_nothing() {
    let _alone = ONE_AT_A_TIME.lock();
    let laughs = format!(
        "<!DOCTYPE a [<!ENTITY a 'ha'>{}]><a>&j;</a>",
        ('b'..='j')
            .map(|name| format!("<!ENTITY {name} '{}'>", "&a;".repeat(10)))
            .collect::<String>()
    );
    let deep = "<a>".repeat(MIB);
    let attributes: String = (0..100_000).map(|n| format!(" a{n}=''")).collect();
    let attributes = format!("<a{attributes}/>");
    let namespaces: String = (0..100_000).map(|n| format!(" xmlns:a{n}=''")).collect();
    let namespaces = format!("<a{namespaces}/>");
    for (name, document, kind) in [
        ("entities", &laughs, XmlErrorKind::DocumentType),
        ("depth", &deep, XmlErrorKind::TooDeep),
        ("attributes", &attributes, XmlErrorKind::TooManyAttributes),
    ] {
        let (read, cost) = cost(document.as_bytes());
        assert_eq!(read, Err(kind), "{name}");
        assert!(cost < MIB, "{name}: {cost} bytes");
    }
    let (read, cost) = cost(namespaces.as_bytes());
    assert!(read.is_err() && cost < 16 * MIB, "namespaces: {read:?}, {cost} bytes");
}

#[test]
fn what_is_large_is_refused_before_it_is_read() {
    let _alone = ONE_AT_A_TIME.lock();
    let document = vec![b' '; DOCUMENT_BYTES_MAX + 1];
    let (read, cost) = cost(&document);
    assert_eq!(read, Err(XmlErrorKind::TooLarge));
    assert!(cost < MIB, "{cost} bytes");
}

/// The smallest elements and attributes there are: the worst ratio of memory to text.
#[test]
fn elements_and_attributes_have_a_bound_of_their_own() {
    let _alone = ONE_AT_A_TIME.lock();
    let elements = format!("<a>{}</a>", "<b/>".repeat(2 * PARTS_MAX));
    let element = format!("<b{}/>", " c=''".repeat(100));
    let attributes = format!("<a>{}</a>", element.repeat(2 * PARTS_MAX / 100));
    for (name, document) in [("elements", elements), ("attributes", attributes)] {
        let (read, cost) = cost(document.as_bytes());
        assert_eq!(read, Err(XmlErrorKind::TooLarge), "{name}");
        println!("{name}: {} bytes of text, {cost} bytes of memory at most", document.len());
        assert!(cost < PARTS_MAX * BYTES_PER_PART_MAX, "{name}: {cost} bytes");
    }
}

/// Texts cost a few times their length, whatever stands in them.
#[test]
fn texts_cost_a_few_times_their_length() {
    let _alone = ONE_AT_A_TIME.lock();
    for (name, piece) in [
        ("references", &b"&#x0;"[..]),
        ("unknown entities", b"&x;"),
        ("ampersands", b"&"),
        ("bytes that are no UTF-8", b"\xff"),
        ("plain", b"abcdefgh"),
    ] {
        let text = piece.repeat(2 * MIB / piece.len());
        for document in
            [[b"<a>", &text[..], b"</a>"].concat(), [b"<a b='", &text[..], b"'/>"].concat()]
        {
            let (read, cost) = cost(&document);
            assert!(read.is_ok(), "{name}: {read:?}");
            assert!(cost < 12 * document.len(), "{name}: {cost} bytes");
        }
    }
}

#[test]
fn an_endless_stream_costs_no_more_than_its_buffer() {
    let _alone = ONE_AT_A_TIME.lock();
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let mut splitter = ews::streaming::Splitter::new();
    let chunk = vec![b'x'; 64 * 1024];
    let pushed = std::iter::repeat_with(|| splitter.push(&chunk)).take(10_000);
    assert!(pushed.filter(Result::is_ok).count() <= 64);
    let cost = MEMORY.peak_usage().saturating_sub(before);
    assert!(cost <= 3 * ews::streaming::STREAM_BUFFER_BYTES_MAX, "{cost} bytes");
}
