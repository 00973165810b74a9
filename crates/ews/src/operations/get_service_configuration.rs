//! GetServiceConfiguration: what a server allows, of which we want the limits of mail tips.

use super::{Form, Operation, Response};
use crate::{
    Mailbox,
    xml::{element, words},
};

element! {
    pub struct GetServiceConfiguration {
        "m:ActingAs" acting_as: Option<Mailbox>,
        "m:RequestedConfiguration/m:ConfigurationName" requested: Vec<ServiceConfigurationName>,
    }

    /// Configurations other than that of mail tips are skipped.
    #[derive(Default)]
    pub struct GetServiceConfigurationReply {
        "m:MailTipsConfiguration" mail_tips: Option<MailTipsConfiguration>,
    }

    #[derive(Default)]
    pub struct MailTipsConfiguration {
        "t:MailTipsEnabled" mail_tips_enabled: Option<bool>,
        "t:MaxRecipientsPerGetMailTipsRequest" max_recipients_per_get_mail_tips_request:
            Option<i32>,
        "t:MaxMessageSize" max_message_size: Option<i32>,
        "t:LargeAudienceThreshold" large_audience_threshold: Option<i32>,
        "t:ShowExternalRecipientCount" show_external_recipient_count: Option<bool>,
        "t:InternalDomains/t:Domain" internal_domains: Vec<SmtpDomain>,
        "t:PolicyTipsEnabled" policy_tips_enabled: Option<bool>,
        "t:LargeAudienceCap" large_audience_cap: Option<i32>,
    }

    pub struct SmtpDomain {
        "@Name" name: String,
        "@IncludeSubdomains" include_subdomains: Option<bool>,
    }
}

words! {
    pub enum ServiceConfigurationName {
        MailTips, UnifiedMessagingConfiguration, ProtectionRules, PolicyNudges, SharePointURLs,
    }
}

pub type GetServiceConfigurationResponse = Response<GetServiceConfigurationReply>;

impl Operation for GetServiceConfiguration {
    const NAME: &'static str = "GetServiceConfiguration";
    const FORM: Form = Form::Nested("ServiceConfigurationResponseMessageType");
    type Reply = GetServiceConfigurationReply;
}

impl GetServiceConfiguration {
    pub fn mail_tips() -> Self {
        Self { acting_as: None, requested: vec![ServiceConfigurationName::MailTips] }
    }
}
