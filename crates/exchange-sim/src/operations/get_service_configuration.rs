//! GetServiceConfiguration: the limits of mail tips; other services do not exist here.

use ews::{
    ResponseCode,
    operations::{
        GetServiceConfigurationReply, MailTipsConfiguration, ServiceConfigurationName, SmtpDomain,
    },
};

use super::get_mail_tips::MESSAGE_BYTES_MAX;
use crate::{
    failure::{Outcome, refuse},
    mailbox::Store,
};

pub(super) fn answer(
    store: &Store,
    name: &ServiceConfigurationName,
) -> Outcome<GetServiceConfigurationReply> {
    match name {
        ServiceConfigurationName::MailTips => {
            Ok(GetServiceConfigurationReply { mail_tips: Some(mail_tips(store)) })
        }
        ServiceConfigurationName::UnifiedMessagingConfiguration
        | ServiceConfigurationName::ProtectionRules
        | ServiceConfigurationName::PolicyNudges
        | ServiceConfigurationName::SharePointURLs
        | ServiceConfigurationName::Other(_) => Err(refuse(ResponseCode::ErrorInvalidArgument)),
    }
}

fn mail_tips(store: &Store) -> MailTipsConfiguration {
    let domains = store
        .mailboxes()
        .filter_map(|mailbox| Some(mailbox.person.address.split_once('@')?.1.to_ascii_lowercase()));
    let domains: std::collections::BTreeSet<String> = domains.collect();
    let domain = |name| SmtpDomain { name, include_subdomains: Some(false) };
    MailTipsConfiguration {
        mail_tips_enabled: Some(store.mail_tips.enabled),
        max_recipients_per_get_mail_tips_request: i32::try_from(store.mail_tips.recipients_max)
            .ok(),
        max_message_size: Some(MESSAGE_BYTES_MAX),
        large_audience_threshold: Some(LARGE_AUDIENCE),
        show_external_recipient_count: Some(false),
        internal_domains: domains.into_iter().map(domain).collect(),
        policy_tips_enabled: Some(false),
        large_audience_cap: Some(LARGE_AUDIENCE_CAP),
    }
}

/// Recipients from which Outlook warns, and up to which groups are counted.
const LARGE_AUDIENCE: i32 = 25;
const LARGE_AUDIENCE_CAP: i32 = 1_000;
