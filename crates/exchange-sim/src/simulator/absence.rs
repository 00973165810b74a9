//! Automatic replies of people, set and seen by tests.

use ews::out_of_office::OofSettings;

use super::{Simulator, SimulatorFailure};
use crate::absence::AutomaticReplies;

impl Simulator {
    /// As if somebody had set them in Outlook.
    pub fn set_automatic_replies(
        &self,
        address: &str,
        replies: AutomaticReplies,
    ) -> Result<(), SimulatorFailure> {
        let mut store = self.shared.store();
        store.mailbox_mut(address)?.absence = Some(replies.into_settings());
        Ok(())
    }

    /// What somebody has set, by whatever client; nothing if nobody ever did.
    pub fn automatic_replies(&self, address: &str) -> Option<OofSettings> {
        self.shared.store().mailbox(address).ok()?.absence.clone()
    }
}
