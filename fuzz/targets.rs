//! What is fuzzed: functions that take any bytes, must not panic, and must keep what they promise.
//! The fuzzers in this folder call them, and so does `cargo test` with a fixed set of mutations
//! (`crates/hybridcal/tests/hostile`).
//!
//! A new one is a function here, a line in
//! [`ALL`], a file in `fuzz_targets/`, a `[[bin]]` in `Cargo.toml` and a seed in `seeds/`.

use std::sync::LazyLock;

use conference::{Body, Findings, JoinLink, Rules, Sender, Site, Sources, join_link};
use connector::exchange::item;
use ews::{
    Answer, Item, Operation, Request, ResponseMessage, ServerVersionInfo,
    autodiscover::{pox, read_location, soap},
    ntlm,
    operations::GetStreamingEvents,
    read_request,
    streaming::Splitter,
    xml::{Node, read_document_within},
};
use kms::{
    channel::compact::{Encrypted, Signed, is_signed},
    content_key::ContentKey,
};
use protocol::{
    ids::{KeyUrl, MailboxAddress, MeetingId, OrganizationId, UserId},
    keys::{FRAME_BYTES_MAX, KeyRequest},
    sealed::{Sealed, SealedPlace},
};

pub(crate) type Target = fn(&[u8]);

/// Every target by the name of its fuzzer and of its seeds.
pub(crate) const ALL: [(&str, Target); 13] = [
    ("reader", reader),
    ("request", request),
    ("answer", answer),
    ("stream", stream),
    ("item", item),
    ("ntlm", ntlm),
    ("autodiscover", autodiscover),
    ("key_frame", key_frame),
    ("key_message", key_message),
    ("seal", seal),
    ("link_html", link_html),
    ("link_text", link_text),
    ("link_url", link_url),
];

/// Bytes of one input that are looked at.
pub(crate) const INPUT_BYTES_MAX: usize = 1024 * 1024;

/// The tree holds no more than the text did, and its offsets stand inside.
pub(crate) fn reader(bytes: &[u8]) {
    let Ok(root) = read_document_within(bytes, INPUT_BYTES_MAX) else { return };
    let mut open = vec![(&root, 1)];
    while let Some((node, depth)) = open.pop() {
        assert!(depth <= ews::xml::DEPTH_MAX);
        assert!(node.attributes.len() <= ews::xml::ATTRIBUTES_MAX);
        open.extend(node.children.iter().map(|child: &Node<'_>| (child, depth + 1)));
    }
}

/// A request that is understood says the same when it is written again.
pub(crate) fn request(bytes: &[u8]) {
    let Ok((header, request)) = read_request(bytes) else { return };
    if matches!(request, Request::Unknown(_)) {
        return;
    }
    let written = request.write(&header);
    read_request(written.as_bytes()).expect("what we wrote can be read");
}

/// So does an answer, but for what was unreadable in it.
pub(crate) fn answer(bytes: &[u8]) {
    let Ok(answer) = Answer::read(bytes) else { return };
    let written = answer.write(&ServerVersionInfo::default());
    Answer::read(written.as_bytes()).expect("what we wrote can be read");
}

/// However the bytes are cut, the same documents come out, and nothing is lost.
pub(crate) fn stream(bytes: &[u8]) {
    let whole = split(bytes, bytes.len().max(1));
    let size = usize::from(bytes.first().copied().unwrap_or(0)) % 97 + 1;
    assert_eq!(split(bytes, size), whole, "chunks of {size}");
    assert!(whole.iter().map(Vec::len).sum::<usize>() <= bytes.len());
    for document in &whole {
        let _unread = GetStreamingEvents::read_answer(document);
    }
}

fn split(bytes: &[u8], size: usize) -> Vec<Vec<u8>> {
    let mut splitter = Splitter::new();
    let mut documents = Vec::new();
    for chunk in bytes.chunks(size) {
        if splitter.push(chunk).is_err() {
            break;
        }
        documents.extend(std::iter::from_fn(|| splitter.next_document()));
    }
    documents
}

/// The inside of a calendar item, as a row of a window and as an entry.
pub(crate) fn item(bytes: &[u8]) {
    let owner = MailboxAddress::new("alice@example.com").expect("an address");
    let document = [HEAD.as_bytes(), bytes, TAIL.as_bytes()].concat();
    let Ok(Answer::GetItem(response)) = Answer::read(&document) else { return };
    for message in response.messages {
        let ResponseMessage::Success(found) = message else { continue };
        for found in found.items {
            let _row = item::row(&found);
            if let Some(entry) = Item::into_calendar_item(found) {
                let entry = item::entry(&entry, &owner);
                assert!(entry.is_none_or(|entry| entry.meeting.end >= entry.meeting.start));
            }
        }
    }
}

const HEAD: &str = "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/' \
    xmlns:t='http://schemas.microsoft.com/exchange/services/2006/types' \
    xmlns:m='http://schemas.microsoft.com/exchange/services/2006/messages'><s:Body>\
    <m:GetItemResponse><m:ResponseMessages><m:GetItemResponseMessage ResponseClass='Success'>\
    <m:ResponseCode>NoError</m:ResponseCode><m:Items><t:CalendarItem><t:ItemId Id='AAMk' \
    ChangeKey='DwAA'/>";
const TAIL: &str = "</t:CalendarItem></m:Items></m:GetItemResponseMessage>\
    </m:ResponseMessages></m:GetItemResponse></s:Body></s:Envelope>";

/// The messages of a sign-in, as either side reads them.
pub(crate) fn ntlm(bytes: &[u8]) {
    let challenge = ntlm::read_challenge(bytes);
    let negotiate = ntlm::read_negotiate(bytes);
    let authenticate = ntlm::read_authenticate(bytes);
    let understood = [challenge.is_ok(), negotiate.is_ok(), authenticate.is_ok()];
    assert!(understood.iter().filter(|is_one| **is_one).count() <= 1, "a message is of one kind");
}

/// What answers, or asks, when Exchange is looked for, in each of the three formats.
pub(crate) fn autodiscover(bytes: &[u8]) {
    // A refusal is as good as an answer: nothing may panic.
    let _answers = soap::read_answer(bytes);
    let _answer = pox::read_answer(bytes);
    let _location = read_location(bytes);
    let _settings_wanted = soap::GetUserSettings::read(bytes);
    let _wanted = pox::PoxRequest::read(bytes);
}

/// A frame for the key server or from it: what is read has one spelling and no surprises.
pub(crate) fn key_frame(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let dots = text.matches('.').count();
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
    let sealed = Encrypted::read(text).is_ok();
    let signed = Signed::read(text).is_ok();
    assert!(!sealed || (dots == 4 && !is_signed(text)));
    assert!(!signed || (dots == 2 && is_signed(text)));
    if sealed || signed {
        assert!(text.len() <= FRAME_BYTES_MAX && text.bytes().all(is_plain));
    }
}

/// What a frame contains: a message that is understood says the same when it is written again.
pub(crate) fn key_message(bytes: &[u8]) {
    let Ok(request) = serde_json::from_slice::<KeyRequest>(bytes) else { return };
    let written = serde_json::to_vec(&request).expect("JSON");
    let again: KeyRequest = serde_json::from_slice(&written).expect("what we wrote can be read");
    assert_eq!(serde_json::to_vec(&again).expect("JSON"), written);
}

/// A sealed text: only the one that was sealed for this place opens.
pub(crate) fn seal(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let key = ContentKey::new(KeyUrl("kms://kms.example.org/keys/1".into()), [7; 32]);
    let (organization, meeting) = (OrganizationId("o".into()), MeetingId("m".into()));
    let place = SealedPlace {
        organization: &organization,
        user: UserId(Default::default()),
        meeting: &meeting,
        field: "encryptedSubject",
        revision: 1,
        schema: 1,
    };
    let opened = kms::seal::open(&key, &place, &Sealed::from_compact(text.to_owned()));
    assert!(opened.is_err(), "nobody has sealed anything with this key");
}

/// Rules with a site's own systems. Making them costs more than using them.
static LINK_RULES: LazyLock<Rules> = LazyLock::new(|| {
    let site = r#"{"dial_domains": ["video.contoso.com"], "self_hosted": [
        {"host": "meet.contoso.com", "class": "jitsi.selfhosted", "internal": true},
        {"host": "vc.contoso.com", "class": "pexip.webapp", "dial": "{name}@video.contoso.com"}]}"#;
    let site: Site = serde_json::from_str(site).expect("settings of a site");
    Rules::new(&site).expect("rules")
});

/// What `hybridcal explain` shows of links has a bound, and a last line that says so.
const EXPLANATION_BYTES_MAX: usize = 13 * 1024;

fn find(sources: &Sources<'_>) -> Findings {
    let findings = join_link::find(sources, &LINK_RULES);
    let explained: usize = findings.lines().iter().map(String::len).sum();
    assert!(explained < EXPLANATION_BYTES_MAX);
    for link in findings.join.iter().chain(&findings.alternatives) {
        let url = link.as_str();
        assert!(url.len() <= 2048);
        let schemes = ["https://", "sip:", "sips:", "h323:"];
        assert!(schemes.iter().any(|scheme| url.starts_with(scheme)), "nothing else is opened");
        // It is its own canonical form.
        let (stamp, body) = (Some(url), Body::Text(""));
        let alone =
            Sources { stamp, location: "", properties: &[], body, sender: Sender::Internal };
        let again = join_link::find(&alone, &LINK_RULES).join;
        assert_eq!(again.as_ref().map(JoinLink::as_str), Some(url));
    }
    let is_callable = |dial: &String| dial.matches('@').count() == 1 && !dial.contains(' ');
    assert!(findings.dial.iter().all(is_callable));
    findings
}

/// A body in HTML, from outside and from inside: outsiders are never believed more.
pub(crate) fn link_html(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    both_sides("", Body::Html(&text));
}

/// A Location and a body in plain text.
pub(crate) fn link_text(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    both_sides("", Body::Text(&text));
    both_sides(&text, Body::Text(""));
}

fn both_sides(location: &str, body: Body<'_>) {
    let from = |sender| find(&Sources { stamp: None, location, properties: &[], body, sender });
    let (ours, theirs) = (from(Sender::Internal), from(Sender::External));
    let count =
        |findings: &Findings| findings.trace.iter().filter(|it| it.class().is_some()).count();
    assert!(count(&theirs) <= count(&ours));
}

/// One link from a property.
pub(crate) fn link_url(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (properties, body) = ([&*text], Body::Text(""));
    let sender = Sender::Internal;
    find(&Sources { stamp: None, location: "", properties: &properties, body, sender });
}
