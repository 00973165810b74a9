//! GetMailTips: who answers automatically just now, for many recipients at once.

use ews::{
    Mailbox as Recipient, Response, ResponseCode, ResponseMessage,
    operations::{
        GetMailTips, GetMailTipsReply, MailTipType, MailTipTypes, MailTips, OutOfOfficeMailTip,
    },
    out_of_office::ReplyBody,
};

use crate::{
    absence,
    failure::{Outcome, refuse},
    mailbox::{Mailbox, Store},
};

pub(super) fn answer(store: &Store, request: &GetMailTips) -> Response<GetMailTipsReply> {
    match check(store, request) {
        Err(error) => Response::of(Err(error)),
        Ok(()) => Response::new(
            request
                .recipients
                .iter()
                .map(|recipient| about(store, recipient, &request.mail_tips_requested))
                .map(|tips| ResponseMessage::Success(GetMailTipsReply { mail_tips: Some(tips) }))
                .collect(),
        ),
    }
}

/// What refuses the request as a whole.
fn check(store: &Store, request: &GetMailTips) -> Outcome<()> {
    if !store.mail_tips.enabled {
        return Err(refuse(ResponseCode::ErrorMailTipsDisabled));
    }
    let sender = request.sending_as.email_address.as_deref().unwrap_or_default().trim();
    store.mailbox(sender)?;
    if request.recipients.is_empty() || request.recipients.len() > store.mail_tips.recipients_max {
        return Err(refuse(ResponseCode::ErrorInvalidArgument));
    }
    Ok(())
}

fn about(store: &Store, recipient: &Recipient, wanted: &MailTipTypes) -> MailTips {
    let address = recipient.email_address.as_deref().unwrap_or_default().trim();
    let known = store.mailbox(address).ok();
    let recipient_address = Recipient {
        name: Some(known.map_or_else(String::new, |mailbox| mailbox.person.name.clone())),
        routing_type: Some("SMTP".to_owned()),
        ..Recipient::smtp(address)
    };
    let asked = |kind: &MailTipType| wanted.contains(kind);
    let of_known = |kind: &MailTipType| known.filter(|_| asked(kind));
    let no = |kind: &MailTipType| of_known(kind).map(|_| false);
    MailTips {
        recipient_address,
        pending_mail_tips: MailTipTypes::default(),
        out_of_office: of_known(&MailTipType::OutOfOfficeMessage)
            .map(|mailbox| out_of_office(store, mailbox)),
        mailbox_full: no(&MailTipType::MailboxFullStatus),
        custom_mail_tip: None,
        total_member_count: of_known(&MailTipType::TotalMemberCount).map(|_| 1),
        external_member_count: of_known(&MailTipType::ExternalMemberCount).map(|_| 0),
        max_message_size: of_known(&MailTipType::MaxMessageSize).map(|_| MESSAGE_BYTES_MAX),
        delivery_restricted: no(&MailTipType::DeliveryRestriction),
        is_moderated: no(&MailTipType::ModerationStatus),
        invalid_recipient: asked(&MailTipType::InvalidRecipient).then_some(known.is_none()),
    }
}

/// A scheduled absence shows only while it lasts.
fn out_of_office(store: &Store, mailbox: &Mailbox) -> OutOfOfficeMailTip {
    match absence::current(mailbox.absence.as_ref(), store.clock.now()) {
        Some((reply_body, duration)) => OutOfOfficeMailTip { reply_body, duration },
        None => OutOfOfficeMailTip { reply_body: ReplyBody::of(String::new()), duration: None },
    }
}

/// What Exchange allows by default.
pub(super) const MESSAGE_BYTES_MAX: i32 = 10 * 1024 * 1024;
