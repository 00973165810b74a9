//! Every way of cutting the bytes gives the same documents.

use super::{STREAM_BUFFER_BYTES_MAX, Splitter, StreamOverflow};

const FIRST: &str = "<?xml version=\"1.0\"?><Envelope xmlns=\"u\"><Body>1</Body></Envelope>";
const SECOND: &str =
    "\r\n <!-- <x --><s:Envelope\n xmlns:s='u'><s:Body>2</Envelope></s:Body></s:Envelope >";
const THIRD: &str = "<SOAP-ENV:Envelope><EnvelopeX/></SOAP-ENV:EnvelopeX></SOAP-ENV:Envelope>";

fn documents(chunks: &[&[u8]]) -> Vec<String> {
    let mut splitter = Splitter::new();
    let mut documents = Vec::new();
    for chunk in chunks {
        splitter.push(chunk).unwrap();
        while let Some(document) = splitter.next_document() {
            documents.push(String::from_utf8(document).unwrap());
        }
    }
    assert!(!splitter.is_inside_document());
    documents
}

#[test]
fn every_split_in_two_gives_the_same_documents() {
    let stream = [FIRST, SECOND, THIRD].concat();
    for at in 0..=stream.len() {
        let (head, tail) = stream.as_bytes().split_at(at);
        assert_eq!(documents(&[head, tail]), [FIRST, SECOND, THIRD], "split at {at}");
    }
}

#[test]
fn every_size_of_chunk_gives_the_same_documents() {
    let stream = [FIRST, SECOND, THIRD, "\n"].concat();
    for size in 1..=stream.len() {
        let chunks: Vec<&[u8]> = stream.as_bytes().chunks(size).collect();
        assert_eq!(documents(&chunks), [FIRST, SECOND, THIRD], "chunks of {size}");
    }
}

#[test]
fn a_cut_stream_is_noticed() {
    let mut splitter = Splitter::new();
    splitter.push(&FIRST.as_bytes()[..30]).unwrap();
    assert_eq!(splitter.next_document(), None);
    assert!(splitter.is_inside_document());
}

#[test]
fn an_endless_document_is_an_error() {
    let mut splitter = Splitter::new();
    splitter.push(b"<Envelope>").unwrap();
    let chunk = vec![b'x'; STREAM_BUFFER_BYTES_MAX / 4];
    let pushed: Vec<_> = (0..4).map(|_| splitter.push(&chunk)).collect();
    assert_eq!(pushed, [Ok(()), Ok(()), Ok(()), Err(StreamOverflow)]);
}
