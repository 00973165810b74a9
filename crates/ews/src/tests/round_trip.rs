//! What is written is read back the same, for every element of every operation.

use proptest::{collection::vec, prelude::any, proptest};

use crate::{
    Answer, Request, RequestHeader, ResponseMessage, ServerVersionInfo,
    operations::{GetEventsReply, SendNotification, SendNotificationResult},
    read_request,
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

    #[test]
    fn pushed_notifications(bytes in vec(any::<u8>(), 0..200)) {
        let mut source = Source::new(bytes);
        let pushed = SendNotification(Vec::<ResponseMessage<GetEventsReply>>::sample(&mut source));
        let document = pushed.write(&ServerVersionInfo::sample(&mut source));
        proptest::prop_assert_eq!(SendNotification::read(document.as_bytes()), Ok(pushed));
        let result = SendNotificationResult::sample(&mut source);
        let document = result.write();
        proptest::prop_assert_eq!(SendNotificationResult::read(document.as_bytes()), Ok(result));
    }
}
