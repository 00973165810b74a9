//! Every path of the cloud and of the key server, once.

/// [`crate::site::Site`], without authentication.
pub const SITE: &str = "/.well-known/hybridcal";
/// Alive and able to reach its database.
pub const HEALTH: &str = "/health";

/// What can be asked, as an OpenAPI document.
pub const API: &str = "/api";

// For clients: bearer token of audience `hc-api`.
pub const MEETINGS: &str = "/calendar/api/v1/calendarEvents";
pub const MEETING: &str = "/calendar/api/v1/calendarEvents/{id}";
pub const MEETING_NOTES: &str = "/calendar/api/v1/calendarEvents/{id}/notes";
pub const MEETING_PARTICIPANTS: &str = "/calendar/api/v1/calendarEvents/{id}/participants";
/// Create; the command is sealed and signed ([`crate::command`]).
pub const MEETINGS_SYNC: &str = "/calendar/api/v1/calendarEvents/sync";
/// Change or cancel.
pub const MEETING_SYNC: &str = "/calendar/api/v1/calendarEvents/{id}/sync";
/// Accept, perhaps, or decline.
pub const MEETING_RESPOND: &str = "/calendar/api/v1/calendarEvents/{id}/respond";
pub const FREE_BUSY: &str = "/calendar/api/v1/freebusy";
pub const ROOMS: &str = "/calendar/api/v1/rooms";
pub const SCHEDULER_DATA: &str = "/calendar/api/v1/schedulerData";
pub const CHANGES: &str = "/calendar/api/v1/changes";
pub const EVENTS: &str = "/calendar/api/v1/events";
/// Who is away; the contract's presence service, on our own host.
pub const COMPOSITIONS: &str = "/apheleia/api/v1/compositions";
pub const JOIN_BUTTONS: &str = "/calendar/api/v1/joinButtons";
/// How the key server introduces itself; the cloud only passes it on.
pub const KEY_SERVER: &str = "/encryption/kms/{user}";
/// Frames for the key server; the cloud cannot read them.
pub const KEY_FRAMES: &str = "/encryption/kms/messages";

// For connectors: their own signed token.
pub const LEASES: &str = "/connector/v1/leases";
pub const MAILBOX_STATE: &str = "/connector/v1/mailboxes/{user}/state";
pub const MAILBOX_COMMITS: &str = "/connector/v1/mailboxes/{user}/commits";
pub const MAILBOX_PRESENCE: &str = "/connector/v1/mailboxes/{user}/presence";
/// What people ordered and nobody has done yet.
pub const COMMANDS: &str = "/connector/v1/commands";
pub const COMMAND_RESULT: &str = "/connector/v1/mailboxes/{user}/commands/{key}/result";
/// Hosts that Autodiscover was sent to: reports them and answers with all decisions.
pub const TRUST_REPORTS: &str = "/connector/v1/trustReports";

// For the key server: its own signed token.
/// Waits until there are calls to answer.
pub const KEY_CALLS: &str = "/keyserver/v1/calls";
pub const KEY_ANSWERS: &str = "/keyserver/v1/answers";

// For administrators: a person's token, with an address that the configuration names.
pub const TRUSTED_HOSTS: &str = "/admin/v1/trustedHosts";

// The key server's own: the draft's messages say what is wanted.
pub const KMS: &str = "/kms/v1/messages";
/// The same in frames; a GET answers with how it introduces itself.
pub const KMS_FRAMES: &str = "/kms/v1/frames";

/// Puts a value into a path's only placeholder.
pub fn with(path: &str, value: &str) -> String {
    match (path.find('{'), path.find('}')) {
        (Some(from), Some(to)) => {
            let before = path.get(..from).unwrap_or_default();
            let after = path.get(to + 1..).unwrap_or_default();
            format!("{before}{value}{after}")
        }
        (None, _) | (_, None) => path.into(),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_placeholder_is_filled() {
        assert_eq!(
            super::with(super::MEETING_NOTES, "abc"),
            "/calendar/api/v1/calendarEvents/abc/notes"
        );
        assert_eq!(super::with(super::SITE, "abc"), super::SITE);
    }
}
