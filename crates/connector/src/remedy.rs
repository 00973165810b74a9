//! What to do about a failure. Every failure becomes one of these; callers match nothing else.

use std::time::Duration;

/// Ordered by how far back it throws us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// Passing trouble, or the other side asked us to wait.
    RetryAfter(Duration),
    /// Passing trouble without a hint: double the wait each time.
    BackOff,
    /// The subscription is gone: make a new one, then read again.
    Resubscribe,
    /// The sync state is void: read everything anew and compare.
    SyncFromScratch,
    /// What we remember is outdated: read our state from the cloud again.
    ReadState,
    /// Another connector follows this mailbox now: wait for the lease.
    WaitForLease,
    /// The mailbox is served elsewhere, or will be soon: find out where, then subscribe there.
    Relocate,
    /// Like [`Self::GiveUp`], but known to come for no reason: believed the third time.
    Doubt(Reason),
    /// Only a person can help: raise an alarm, leave the mailbox alone for long.
    GiveUp(Reason),
}

/// Why only a person can help, in words that name what to do; the alarm's stable id beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    WrongPassword,
    /// Exchange offers no way of signing in that the settings allow.
    NoCommonMechanism,
    /// There is no Kerberos ticket for Exchange.
    NoTicket,
    /// Exchange refuses our Kerberos ticket, or does not prove itself with it.
    TicketRefused,
    ImpersonationDenied,
    NoSuchMailbox,
    NotThePrimaryAddress,
    /// Answers that are not Exchange's: a proxy, a log-in page, malformed documents.
    NotExchange,
    /// The key server refuses this connector.
    KeysRefused,
    /// The keys of the mailbox's person were destroyed at the key server.
    Erased,
    /// The key server answers for another host than the one we expect.
    KeyHost,
    /// The cloud refuses this connector.
    CloudRefused,
    /// The cloud refuses what we committed: our defect.
    CommitRefused,
    /// A text could not be sealed: our defect.
    Sealing,
    /// Notifications do not arrive; calendars are read every few minutes instead.
    NoStream,
    /// A mailbox could not be followed for a quarter of an hour, for reasons that should pass.
    LongTrouble,
    /// Exchange refuses what we sent: our defect.
    OurDefect,
    /// Autodiscover leads to a host that no administrator decided on.
    UndecidedHost,
    /// Autodiscover does not find mailboxes.
    NotFound,
    /// A conference provider refuses us.
    ConferenceRefused,
    /// More would be written into calendars within an hour than the settings permit.
    ManyWrites,
    /// The record of writes cannot be written, and nothing is written without it.
    WriteRecord,
}

impl Reason {
    pub const fn alarm_id(self) -> &'static str {
        match self {
            Self::WrongPassword => "exchange-password",
            Self::NoCommonMechanism => "exchange-sign-in",
            Self::NoTicket => "exchange-ticket",
            Self::TicketRefused => "exchange-ticket-refused",
            Self::ImpersonationDenied => "exchange-impersonation",
            Self::NoSuchMailbox => "exchange-mailbox",
            Self::NotThePrimaryAddress => "exchange-primary-address",
            Self::NotExchange => "exchange-answers",
            Self::KeysRefused => "kms-refused",
            Self::Erased => "kms-erased",
            Self::KeyHost => "kms-host",
            Self::CloudRefused => "cloud-refused",
            Self::CommitRefused => "cloud-commit",
            Self::Sealing => "sealing",
            Self::NoStream => "exchange-stream",
            Self::LongTrouble => "mailbox-trouble",
            Self::OurDefect => "exchange-request",
            Self::UndecidedHost => "exchange-trust",
            Self::NotFound => "exchange-autodiscover",
            Self::ConferenceRefused => "conference-refused",
            Self::ManyWrites => "writes-per-hour",
            Self::WriteRecord => "write-record",
        }
    }

    /// What an administrator must do.
    pub fn what_to_do(self) -> &'static str {
        match self {
            Self::WrongPassword => {
                "Exchange refuses the account's password. No further sign-in is tried until the next hourly probe, so that the account is not locked out. Put the right password into the password_file; the next probe reads it, and a restart reads it at once."
            }
            Self::NoCommonMechanism => {
                "Exchange offers no way of signing in that exchange.sign_in names. No password was sent. For NTLM: Get-WebServicesVirtualDirectory | Set-WebServicesVirtualDirectory -WindowsAuthentication $true; Basic is used only if sign_in names it."
            }
            Self::NoTicket => {
                "There is no Kerberos ticket for Exchange, and nothing was sent; the log line before this one says why. See `klist -k` of the keytab that KRB5_CLIENT_KTNAME names, `kvno HTTP/<host of exchange.url>` with it, and in the domain: setspn -Q HTTP/<host of exchange.url>."
            }
            Self::TicketRefused => {
                "Exchange refuses the Kerberos ticket, or does not prove with it that it is Exchange. Does HTTP/<host of exchange.url> belong to the account whose key Exchange uses (setspn -Q; Get-ClientAccessService -IncludeAlternateServiceAccountCredentialStatus)? Do the clocks agree? Does something in between show a certificate of its own (Extended Protection)?"
            }
            Self::ImpersonationDenied => {
                "The account may not act for this mailbox. In the Exchange Management Shell: New-ManagementRoleAssignment -Name hybridcal -Role ApplicationImpersonation -User <account>; if a management scope limits the role, put the mailbox into it."
            }
            Self::NoSuchMailbox => {
                "Exchange knows no mailbox of this address. Correct it in `mailboxes`, or see Get-Mailbox <address>."
            }
            Self::NotThePrimaryAddress => {
                "This is a secondary address. Put the mailbox's primary address into `mailboxes`: Get-Mailbox <address> | fl PrimarySmtpAddress."
            }
            Self::NotExchange => {
                "What answers at exchange.url does not speak Exchange Web Services. Check the address, and whether a proxy or a log-in page stands in between."
            }
            Self::KeysRefused => {
                "The key server refuses this connector. Put its public key (`hybridcal new-key`) under [[kms.connectors]] with the same id, and compare the computers' clocks."
            }
            Self::Erased => {
                "The keys of this mailbox's person were destroyed at the key server, so nothing of it is uploaded. Take the mailbox out of `mailboxes`; if the person is back, `hybridcal kms readmit` on the key server's computer."
            }
            Self::KeyHost => {
                "The key server's keys are of another host than this connector expects. Put the key server's `host` into connector.kms_host."
            }
            Self::CommitRefused => {
                "The cloud refuses what this connector commits. Nothing is lost: Exchange has it. Are both of the same version? Please report the log line with its problem name."
            }
            Self::Sealing => {
                "A meeting could not be sealed, so it was not uploaded. Please report the log line."
            }
            Self::NoStream => {
                "Exchange's notifications do not arrive, so calendars are read every few minutes instead. Look for a proxy or load balancer in between that holds answers back until they end, or that closes idle connections."
            }
            Self::CloudRefused => {
                "The cloud refuses this connector. Put its public key (`hybridcal new-key`) under [[cloud.connectors]] with the same id, and compare the computers' clocks."
            }
            Self::UndecidedHost => {
                "Autodiscover leads to a host that nobody decided on, and nothing was sent there. See `hybridcal trust list`; if the host is yours, `hybridcal trust allow HOST`, or put its domain into exchange.autodiscover.trusted_suffixes."
            }
            Self::NotFound => {
                "Autodiscover does not say where some mailboxes are, so they are not followed. `hybridcal check` names them with what to do."
            }
            Self::ConferenceRefused => {
                "A conference provider refuses us, so keywords that ask for it have no effect; it is tried again every hour. The log line before this one says why; `hybridcal check` tries each provider."
            }
            Self::ManyWrites => {
                "As many calendar entries as writing.writes_per_hour_max permits were written to within an hour; the rest waits. If so many are meant, raise it; if not, set writing.dry_run = true and see the record of writes."
            }
            Self::WriteRecord => {
                "The record of writes cannot be written, so nothing is written into calendars. Make writing.log_folder writable and see that its disk is not full."
            }
            Self::LongTrouble => {
                "This mailbox could not be followed for 15 minutes, for reasons that usually pass by themselves; trying goes on. The log lines before this one name them: Exchange busy or failing over, the cloud or the key server away."
            }
            Self::OurDefect => {
                "Exchange refuses a request of ours as wrong. Nothing was changed. Please report the log line with its response code."
            }
        }
    }
}
