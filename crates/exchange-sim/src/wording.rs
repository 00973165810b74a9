//! The same answer in other words: what EWS leaves open, and what servers that are not Exchange do
//! otherwise.

use std::{borrow::Cow, time::Duration};

use ews::{
    ResponseCode,
    xml::{Namespace, Node, read_document},
};

use crate::text;

/// How the simulated server differs from Exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Manner {
    /// Elements come in the schema's order; otherwise backwards, wherever that means the same.
    pub keeps_order: bool,
    /// Exchange's prefixes; otherwise others.
    pub keeps_prefixes: bool,
    pub has_header: bool,
    pub fault_status: u16,
    pub result_status: u16,
    /// A calendar view shows occurrences; otherwise the series' masters.
    pub expands_series: bool,
    /// An old change key is refused; otherwise the latest writer wins.
    pub detects_conflicts: bool,
}

impl Default for Manner {
    fn default() -> Self {
        Self {
            keeps_order: true,
            keeps_prefixes: true,
            has_header: true,
            fault_status: 500,
            result_status: 200,
            expands_series: true,
            detects_conflicts: true,
        }
    }
}

const SOAP: &str = "http://schemas.xmlsoap.org/soap/envelope/";
const TYPES: &str = "http://schemas.microsoft.com/exchange/services/2006/types";
const MESSAGES: &str = "http://schemas.microsoft.com/exchange/services/2006/messages";
const ERRORS: &str = "http://schemas.microsoft.com/exchange/services/2006/errors";
/// Where the order of different elements says something.
const ORDERED: [&str; 9] = [
    "Envelope",
    "Fault",
    "ResponseMessages",
    "Items",
    "Changes",
    "Notifications",
    "Notification",
    "Folders",
    "ResponseObjects",
];

impl Manner {
    /// A document as this server words it. What cannot be read stays as it is.
    pub(crate) fn word(&self, document: String) -> String {
        if self.keeps_order && self.keeps_prefixes && self.has_header {
            return document;
        }
        let Ok(mut root) = read_document(document.as_bytes()) else { return document };
        if !self.has_header {
            root.children.retain(|part| part.name != "Header");
        }
        if !self.keeps_order {
            reorder(&mut root);
        }
        write(&root, self)
    }
}

/// Kinds of elements backwards; elements of one kind keep their order.
fn reorder(node: &mut Node<'_>) {
    node.children.iter_mut().for_each(reorder);
    if ORDERED.contains(&&*node.name) {
        return;
    }
    let mut names: Vec<Cow<'_, str>> = Vec::new();
    for child in &node.children {
        if !names.contains(&child.name) {
            names.push(child.name.clone());
        }
    }
    let rank = |child: &Node<'_>| names.iter().rev().position(|name| *name == child.name);
    node.children.sort_by_key(rank);
}

/// Objects from the `from`th on are refused; `None` for an answer without a result per object.
pub(crate) fn refuse_objects(
    document: &str,
    from: usize,
    code: &ResponseCode,
    back_off: Option<Duration>,
) -> Option<String> {
    let mut root = read_document(document.as_bytes()).ok()?;
    let body = root.children.iter_mut().find(|part| part.name == "Body")?;
    let messages = body.children.first_mut()?.children.first_mut()?;
    for message in messages.children.iter_mut().skip(from) {
        *message = refused(message.name.clone(), code, back_off);
    }
    Some(write(&root, &Manner::default()))
}

/// The answer to a write of one object that is refused and not done.
pub(crate) fn refused_write(
    operation: &str,
    code: &ResponseCode,
    back_off: Option<Duration>,
) -> String {
    let message = refused(format!("{operation}ResponseMessage").into(), code, back_off);
    let messages = element(Namespace::Messages, "ResponseMessages", vec![message]);
    let answer = element(Namespace::Messages, format!("{operation}Response"), vec![messages]);
    let body = element(Namespace::Soap, "Body", vec![answer]);
    write(&element(Namespace::Soap, "Envelope", vec![body]), &Manner::default())
}

fn refused<'d>(message: Cow<'d, str>, code: &ResponseCode, back_off: Option<Duration>) -> Node<'d> {
    // What was not tried because of an earlier object is a warning.
    let class = match code {
        ResponseCode::ErrorBatchProcessingStopped => "Warning",
        _ => "Error",
    };
    let mut parts = vec![
        leaf(Namespace::Messages, "MessageText", "The simulator was told to fail."),
        leaf(Namespace::Messages, "ResponseCode", code.as_str().to_owned()),
        leaf(Namespace::Messages, "DescriptiveLinkKey", "0"),
    ];
    if let Some(back_off) = back_off {
        let mut value = leaf(Namespace::Types, "Value", back_off.as_millis().to_string());
        value.attributes.push(("Name".into(), "BackOffMilliseconds".into()));
        parts.push(element(Namespace::Messages, "MessageXml", vec![value]));
    }
    let mut node = element(Namespace::Messages, message, parts);
    node.attributes.push(("ResponseClass".into(), class.into()));
    node
}

fn leaf<'d>(namespace: Namespace, name: &'d str, text: impl Into<Cow<'d, str>>) -> Node<'d> {
    Node { text: text.into(), ..element(namespace, name, Vec::new()) }
}

fn element<'d>(
    namespace: Namespace,
    name: impl Into<Cow<'d, str>>,
    children: Vec<Node<'d>>,
) -> Node<'d> {
    let (attributes, text) = (Vec::new(), Cow::default());
    Node { namespace, name: name.into(), attributes, text, children, offset: 0 }
}

fn write(root: &Node<'_>, manner: &Manner) -> String {
    let mut out = String::new();
    let declared = [Namespace::Soap, Namespace::Types, Namespace::Messages, Namespace::Errors];
    let declared: String = declared
        .into_iter()
        .map(|namespace| {
            let prefix = prefix(namespace, manner).trim_end_matches(':');
            format!(" xmlns:{prefix}=\"{}\"", uri(namespace))
        })
        .collect();
    write_node(root, manner, &declared, &mut out);
    out
}

fn write_node(node: &Node<'_>, manner: &Manner, declared: &str, out: &mut String) {
    let name = format!("{}{}", prefix(node.namespace, manner), node.name);
    out.push_str(&format!("<{name}{declared}"));
    for (key, value) in &node.attributes {
        out.push_str(&format!(" {key}=\"{}\"", escaped(value)));
    }
    out.push('>');
    out.push_str(&escaped(&node.text));
    for child in &node.children {
        write_node(child, manner, "", out);
    }
    out.push_str(&format!("</{name}>"));
}

fn escaped(text: &str) -> String {
    text::escaped(text).replace('"', "&quot;").replace('\r', "&#xD;")
}

fn prefix(namespace: Namespace, manner: &Manner) -> &'static str {
    match (namespace, manner.keeps_prefixes) {
        (Namespace::Soap, true) => "s:",
        (Namespace::Types, true) => "t:",
        (Namespace::Messages, true) => "m:",
        (Namespace::Errors, true) => "e:",
        (Namespace::Soap, false) => "SOAP-ENV:",
        (Namespace::Types, false) => "ns1:",
        (Namespace::Messages, false) => "ns2:",
        (Namespace::Errors, false) => "ns3:",
        (Namespace::Other, _) => "",
    }
}

fn uri(namespace: Namespace) -> &'static str {
    match namespace {
        Namespace::Soap => SOAP,
        Namespace::Types => TYPES,
        Namespace::Messages => MESSAGES,
        Namespace::Errors => ERRORS,
        Namespace::Other => "",
    }
}

#[cfg(test)]
mod tests {
    use ews::{
        Answer, Operation, ResponseMessage,
        operations::{
            GetStreamingEvents, GetStreamingEventsReply, Response, Subscribe, SubscribeReply,
        },
    };

    use super::*;

    fn subscribed(id: &str) -> ResponseMessage<SubscribeReply> {
        let subscription_id = Some(id.to_owned());
        ResponseMessage::Success(SubscribeReply { subscription_id, watermark: None })
    }

    fn document() -> String {
        let messages = vec![subscribed("a & b"), subscribed("c")];
        Answer::Subscribe(Response::new(messages)).write(&crate::server::version())
    }

    #[test]
    fn other_words_mean_the_same() {
        let manner = Manner {
            keeps_order: false,
            keeps_prefixes: false,
            has_header: false,
            ..Manner::default()
        };
        let worded = manner.word(document());
        assert!(worded.contains("<ns2:SubscriptionId>a &amp; b"), "{worded}");
        assert!(!worded.contains("Header"));
        let code = worded.find("ResponseCode").expect("a code");
        assert!(worded.find("SubscriptionId").is_some_and(|id| id < code), "{worded}");
        let results = Subscribe::read_answer(worded.as_bytes()).expect("readable").into_results();
        let ids: Vec<_> =
            results.into_iter().map(|reply| reply.expect("good").subscription_id).collect();
        assert_eq!(ids, [Some("a & b".to_owned()), Some("c".to_owned())]);
        assert_eq!(Manner::default().word(document()), document());
    }

    #[test]
    fn single_objects_are_refused() {
        let back_off = Some(Duration::from_millis(1500));
        let document = refuse_objects(&document(), 1, &ResponseCode::ErrorServerBusy, back_off);
        let document = document.expect("results");
        let results = Subscribe::read_answer(document.as_bytes()).expect("readable").into_results();
        assert!(results[0].is_ok());
        let error = results[1].as_ref().expect_err("refused");
        assert_eq!(error.back_off(), back_off);
        let write = refused_write("UpdateItem", &ResponseCode::ErrorItemSave, None);
        let answer = ews::operations::UpdateItem::read_answer(write.as_bytes()).expect("readable");
        let error = answer.into_only().expect("one").expect_err("refused");
        assert_eq!(error.code, ResponseCode::ErrorItemSave);
    }

    #[test]
    fn streams_are_worded_too() {
        let reply = GetStreamingEventsReply::notification("id", Vec::new());
        let answer = Answer::GetStreamingEvents(Response::of(ResponseMessage::Success(reply)));
        let manner = Manner { keeps_order: false, ..Manner::default() };
        let worded = manner.word(answer.write(&crate::server::version()));
        let read = GetStreamingEvents::read_answer(worded.as_bytes()).expect("readable");
        assert_eq!(read.into_only().expect("one").expect("good").notifications.len(), 1);
    }
}
