//! What can be asked about a user, and what was answered.

use crate::xml::words;

words! {
    /// The settings that somebody here asks for or answers; clients ask for many more.
    pub enum SettingName {
        UserDisplayName,
        UserDN,
        UserDeploymentId,
        AutoDiscoverSMTPAddress,
        ExternalEwsUrl,
        InternalEwsUrl,
        ExternalEwsVersion,
        EwsSupportedSchemas,
        GroupingInformation,
        InternalMailboxServer,
        CasVersion,
        AlternateMailboxes,
        MailboxVersion,
        EcpDeliveryReportUrlFragment,
        ExternalMailboxServer,
        ExternalMailboxServerRequiresSSL,
    }
}

/// The settings of one user that have a value; a later one of the same name is ignored.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Settings(pub Vec<(SettingName, String)>);

impl Settings {
    /// Never empty.
    pub fn get(&self, name: &SettingName) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known == name)?;
        Some(found.1.trim()).filter(|value| !value.is_empty())
    }
}

/// Names only: values are addresses.
impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}
