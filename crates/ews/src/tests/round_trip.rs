//! What is written is read back the same, for every element of every operation.

use proptest::{collection::vec, prelude::any, proptest};

use crate::{
    Answer, Request, RequestHeader, ServerVersionInfo, read_request,
    xml::sample::{Sample, Source},
};

proptest! {
    #[test]
    fn requests(bytes in vec(any::<u8>(), 0..400)) {
        let mut source = Source::new(bytes);
        let request = Request::sample(&mut source);
        let header = RequestHeader::sample(&mut source);
        let document = request.write(&header);
        proptest::prop_assert_eq!(read_request(document.as_bytes()), Ok((header, request)), "{}", document);
    }

    #[test]
    fn answers(bytes in vec(any::<u8>(), 0..400)) {
        let mut source = Source::new(bytes);
        let mut answer = Answer::sample(&mut source);
        let version = ServerVersionInfo::sample(&mut source);
        answer.set_server_version(&version);
        let document = answer.write(&version);
        proptest::prop_assert_eq!(Answer::read(document.as_bytes()), Ok(answer), "{}", document);
    }
}
