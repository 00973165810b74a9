//! GetMailTips: what a sender should know before sending; many recipients in one request.

use std::borrow::Cow;

use super::{Form, Operation, Response};
use crate::{
    Mailbox,
    out_of_office::{Duration, ReplyBody},
    xml::{element, text_value, words},
};

element! {
    pub struct GetMailTips {
        "m:SendingAs" sending_as: Mailbox,
        "m:Recipients/t:Mailbox" recipients: Vec<Mailbox>,
        "m:MailTipsRequested" mail_tips_requested: MailTipTypes,
    }

    #[derive(Default)]
    pub struct GetMailTipsReply {
        "m:MailTips" mail_tips: Option<MailTips>,
    }

    /// To be matched by address: nothing promises the order of the request.
    pub struct MailTips {
        "t:RecipientAddress" recipient_address: Mailbox,
        /// What could not be found out in time.
        "t:PendingMailTips" pending_mail_tips: MailTipTypes,
        "t:OutOfOffice" out_of_office: Option<OutOfOfficeMailTip>,
        "t:MailboxFull" mailbox_full: Option<bool>,
        "t:CustomMailTip" custom_mail_tip: Option<String> = hidden,
        "t:TotalMemberCount" total_member_count: Option<i32>,
        "t:ExternalMemberCount" external_member_count: Option<i32>,
        "t:MaxMessageSize" max_message_size: Option<i32>,
        "t:DeliveryRestricted" delivery_restricted: Option<bool>,
        "t:IsModerated" is_moderated: Option<bool>,
        "t:InvalidRecipient" invalid_recipient: Option<bool>,
    }

    /// An empty message: no automatic reply is sent now.
    pub struct OutOfOfficeMailTip {
        "t:ReplyBody" reply_body: ReplyBody,
        "t:Duration" duration: Option<Duration>,
    }
}

words! {
    pub enum MailTipType {
        All, OutOfOfficeMessage, MailboxFullStatus, CustomMailTip, ExternalMemberCount,
        TotalMemberCount, MaxMessageSize, DeliveryRestriction, ModerationStatus, InvalidRecipient,
    }
}

/// Kinds of tips, with blanks between.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MailTipTypes(pub Vec<MailTipType>);

text_value!(
    MailTipTypes,
    "tips",
    |text| Some(Self(text.split_ascii_whitespace().map(MailTipType::from).collect())),
    |value| {
        let types: Vec<&str> = value.0.iter().map(MailTipType::as_str).collect();
        Cow::Owned(types.join(" "))
    }
);

#[cfg(test)]
impl crate::xml::sample::Sample for MailTipTypes {
    fn sample(source: &mut crate::xml::sample::Source) -> Self {
        Self(crate::xml::sample::Sample::sample(source))
    }
}

pub type GetMailTipsResponse = Response<GetMailTipsReply>;

impl Operation for GetMailTips {
    const NAME: &'static str = "GetMailTips";
    const FORM: Form = Form::Nested("MailTipsResponseMessageType");
    type Reply = GetMailTipsReply;
}

impl GetMailTips {
    /// Asks who of `recipients` answers automatically just now.
    pub fn out_of_office(sending_as: Mailbox, recipients: Vec<Mailbox>) -> Self {
        let mail_tips_requested = MailTipTypes(vec![MailTipType::OutOfOfficeMessage]);
        Self { sending_as, recipients, mail_tips_requested }
    }
}

impl MailTipTypes {
    /// Whether this kind is among them.
    pub fn contains(&self, wanted: &MailTipType) -> bool {
        self.0.iter().any(|kind| kind == wanted || *kind == MailTipType::All)
    }
}
