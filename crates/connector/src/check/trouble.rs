//! Everything that the check can find wrong, each with a stable id and with what an administrator
//! must do: commands of the Exchange Management Shell that can be copied as they stand.

/// docs/operating.md has a row for each; a test compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    Settings,
    /// Autodiscover does not say where a mailbox is.
    NotFound,
    /// Autodiscover leads to a host that nobody decided on.
    UndecidedHost,
    Certificate,
    /// Nothing listens.
    Closed,
    Unreachable,
    /// Something answers, but not Exchange.
    NotExchange,
    WrongPath,
    /// It wants a sign-in of a kind that we were not told to use.
    SignInOffer,
    Password,
    /// There is no Kerberos ticket.
    Ticket,
    /// It is refused, or answered without a proof.
    TicketRefused,
    /// Somebody between us and Exchange gives our connection to others.
    SharedConnections,
    Clock,
    Impersonation,
    NoMailbox,
    SecondaryAddress,
    Busy,
    Quota,
    /// The mailbox, or the database it lies in, is on its way to somewhere else.
    Moving,
    /// The calendar looks like that of a room that throws texts away.
    StrippedTexts,
    /// The stream is open and nothing comes out of it.
    StreamHeld,
    /// It says something once and then falls silent.
    StreamSilent,
    Passing,
    OurDefect,
    /// Cloud or key server answers badly.
    Unhealthy,
    CloudRefused,
    /// A provider of conferences would not do its work now.
    Conference,
}

/// What stands in the commands, quoted as PowerShell takes a text literally.
pub(super) struct Subject {
    pub account: String,
    pub mailbox: String,
    /// The host that was asked, and the setting that names it.
    pub host: String,
    pub setting: &'static str,
}

impl Trouble {
    pub fn id(self) -> &'static str {
        match self {
            Self::Settings => "settings",
            Self::NotFound => "not-found",
            Self::UndecidedHost => "undecided-host",
            Self::Certificate => "certificate",
            Self::Closed => "closed",
            Self::Unreachable => "unreachable",
            Self::NotExchange => "not-exchange",
            Self::WrongPath => "wrong-path",
            Self::SignInOffer => "sign-in-offer",
            Self::Password => "password",
            Self::Ticket => "ticket",
            Self::TicketRefused => "ticket-refused",
            Self::SharedConnections => "shared-connections",
            Self::Clock => "clock",
            Self::Impersonation => "impersonation",
            Self::NoMailbox => "no-mailbox",
            Self::SecondaryAddress => "secondary-address",
            Self::Busy => "busy",
            Self::Quota => "quota",
            Self::Moving => "moving",
            Self::StrippedTexts => "stripped-texts",
            Self::StreamHeld => "stream-held",
            Self::StreamSilent => "stream-silent",
            Self::Passing => "passing",
            Self::OurDefect => "our-defect",
            Self::Unhealthy => "unhealthy",
            Self::CloudRefused => "cloud-refused",
            Self::Conference => "conference",
        }
    }

    pub(super) fn what_to_do(self, subject: &Subject) -> String {
        let text = self.text();
        let text = text.replace("<account>", &subject.account);
        let text = text.replace("<address>", &subject.mailbox);
        text.replace("<host>", &subject.host).replace("<setting>", subject.setting)
    }

    /// Commands are of the Exchange Management Shell where nothing else is said.
    fn text(self) -> &'static str {
        match self {
            Self::Settings => "Correct it in the section [connector] of the configuration file.",
            Self::NotFound => {
                "Put an address of Autodiscover into exchange.autodiscover.url: https://<server>/\
                 autodiscover/autodiscover.svc. What Exchange tells its own clients: \
                 Get-ClientAccessService | fl Name,AutoDiscoverServiceInternalUri; where EWS is: \
                 Get-WebServicesVirtualDirectory | fl Server,InternalUrl,ExternalUrl"
            }
            Self::UndecidedHost => {
                "If <host> is yours, let an administrator say `hybridcal trust allow <host>`, or put \
                 its domain into exchange.autodiscover.trusted_suffixes. What Exchange names: \
                 Get-WebServicesVirtualDirectory | fl Server,InternalUrl,ExternalUrl"
            }
            Self::Certificate => {
                "The certificate of <host> is not trusted, or is not made out to that name. Put a \
                 PEM file with the authority that signed it into exchange.ca_file, or write the \
                 name that stands in the certificate into <setting>. What Exchange uses: \
                 Get-ExchangeCertificate | fl Services,CertificateDomains,NotAfter,Thumbprint"
            }
            Self::Closed => {
                "<host> is there, but nothing listens at that port. Start it, or correct <setting>."
            }
            Self::Unreachable => {
                "See whether this computer can find and reach <host> (name server, firewall, \
                 proxy), and whether <setting> is right."
            }
            Self::NotExchange => {
                "What answers there does not speak Exchange Web Services: a proxy, a log-in page, \
                 or services that are switched off. Addresses: Get-WebServicesVirtualDirectory | \
                 fl Server,InternalUrl,ExternalUrl. Whether they are on for this mailbox: \
                 Get-CASMailbox <address> | fl Ews*; to switch them on: Set-CASMailbox <address> \
                 -EwsEnabled $true"
            }
            Self::WrongPath => {
                "Put the address ending in /EWS/Exchange.asmx into exchange.url: \
                 Get-WebServicesVirtualDirectory | fl Server,InternalUrl,ExternalUrl"
            }
            Self::SignInOffer => {
                "See what each server offers: Get-WebServicesVirtualDirectory | fl \
                 Identity,*Authentication*,ExtendedProtection*. Then, for each: \
                 Set-WebServicesVirtualDirectory -Identity '<server>\\EWS (Default Web Site)' \
                 -WindowsAuthentication $true for NTLM, or -BasicAuthentication $true for Basic. \
                 A proxy in front may also hide what is offered."
            }
            Self::Password => {
                "Put the right name and password into exchange.user and exchange.password_file. No \
                 further sign-in is tried, so that the account is not locked out. If both are \
                 right, a proxy that ends TLS breaks Extended Protection: let it show Exchange's \
                 own certificate, or Set-WebServicesVirtualDirectory -Identity '<server>\\EWS \
                 (Default Web Site)' -ExtendedProtectionTokenChecking Allow"
            }
            Self::Ticket => {
                "Nothing was sent. Name a keytab of <account> in the variable KRB5_CLIENT_KTNAME \
                 of this process (klist -k shows what is in it), or a cache with its ticket in \
                 KRB5CCNAME; krb5.conf says where the realm is. Then try here: kvno HTTP/<host>; \
                 and in the domain whether somebody bears that name: setspn -Q HTTP/<host>. One \
                 account for all servers: Get-ClientAccessService \
                 -IncludeAlternateServiceAccountCredentialStatus | fl \
                 Name,AlternateServiceAccountConfiguration"
            }
            Self::TicketRefused => {
                "Exchange cannot read the ticket, or does not want it. HTTP/<host> must belong to \
                 the one account whose key Exchange has: setspn -Q HTTP/<host>; \
                 Get-ClientAccessService -IncludeAlternateServiceAccountCredentialStatus | fl \
                 Name,AlternateServiceAccountConfiguration. If its key is new, start this process \
                 again, so that old tickets go. Clocks must agree within 5 minutes. A proxy that \
                 ends TLS breaks Extended Protection: let it show Exchange's own certificate."
            }
            Self::SharedConnections => {
                "A load balancer or proxy gives one connection to several clients, which ends \
                 every sign-in but the first. Switch off the sharing of back-end connections for \
                 Exchange there (often called connection multiplexing, reuse or OneConnect). What \
                 may sign in: Get-WebServicesVirtualDirectory | fl Identity,*Authentication*"
            }
            Self::Clock => {
                "Correct the clock of this computer, or of Exchange's: chronyc tracking here; \
                 w32tm /query /status and w32tm /resync there. Tokens and sign-ins are refused \
                 once the clocks are too far apart."
            }
            Self::Impersonation => {
                "Give the account the right to act for the mailboxes that take part, and for no \
                 others: New-ManagementScope -Name hybridcal -RecipientRestrictionFilter \
                 \"MemberOfGroup -eq '<DN of the group>'\"; New-ManagementRoleAssignment -Name \
                 hybridcal -Role ApplicationImpersonation -User <account> \
                 -CustomRecipientWriteScope hybridcal. If both are there, put the mailbox into the \
                 group: Get-ManagementRoleAssignment -RoleAssignee <account> -Role \
                 ApplicationImpersonation | fl CustomRecipientWriteScope; Get-ManagementScope | fl \
                 Name,RecipientFilter. It takes effect within minutes."
            }
            Self::NoMailbox => {
                "Correct the address in `mailboxes`: Get-Mailbox <address>. If Get-RemoteMailbox \
                 <address> finds it, the mailbox is in Exchange Online, which is not served: take \
                 it out of `mailboxes`."
            }
            Self::SecondaryAddress => {
                "Put the primary address into `mailboxes`: Get-Mailbox <address> | fl \
                 PrimarySmtpAddress,EmailAddresses"
            }
            Self::Busy => {
                "Exchange slows us down. Check again later; if it stays, give the account a policy \
                 of its own: New-ThrottlingPolicy -Name hybridcal -ThrottlingPolicyScope Regular \
                 -EwsMaxConcurrency Unlimited -EwsMaxSubscriptions 5000 -EwsMaxBurst Unlimited \
                 -EwsRechargeRate Unlimited -EwsCutoffBalance Unlimited; \
                 Set-ThrottlingPolicyAssociation -Identity <account> -ThrottlingPolicy hybridcal. \
                 Which one it has: Get-ThrottlingPolicyAssociation -Identity <account>"
            }
            Self::Quota => {
                "The mailbox is full: Get-MailboxStatistics <address> | fl \
                 TotalItemSize,StorageLimitStatus; Get-Mailbox <address> | fl *Quota*"
            }
            Self::Moving => {
                "The mailbox or its database is moving; check again afterwards: Get-MoveRequest \
                 -Identity <address>; Get-MailboxDatabaseCopyStatus *"
            }
            Self::StrippedTexts => {
                "If this is a room, its copies have no link to join by. Keep the texts: \
                 Set-CalendarProcessing -Identity <address> -AutomateProcessing AutoAccept \
                 -DeleteComments $false -DeleteSubject $false -AddOrganizerToSubject $false. What \
                 it does now: Get-CalendarProcessing -Identity <address> | fl \
                 AutomateProcessing,Delete*,Add*. Invitations from now on keep their text."
            }
            Self::StreamHeld => {
                "Notifications do not arrive: something in between holds answers back until they \
                 end. Switch off buffering of answers in the proxy or load balancer for \
                 /EWS/Exchange.asmx, or connect past it."
            }
            Self::StreamSilent => {
                "Something in between closes connections that are idle, or the server does not \
                 give its sign of life. Let the proxy or load balancer keep idle connections to \
                 /EWS/Exchange.asmx for 35 minutes."
            }
            Self::Passing => {
                "This may pass: check again in some minutes. If it stays: Test-ServiceHealth; \
                 Get-ServerComponentState -Identity '<server>' -Component EwsProxy"
            }
            Self::OurDefect => {
                "Exchange finds a request of ours wrong; nothing was changed. Please report this \
                 line, best with what `hybridcal trace` records."
            }
            Self::Unhealthy => {
                "Look into that server's log; also see whether <setting> is its address."
            }
            Self::Conference => {
                "Correct <setting> for this conference, and see with the service whether its tokens, \
                 rights and licences are in order. Until then keywords that ask for it have no effect."
            }
            Self::CloudRefused => {
                "The cloud refuses this connector. Put its public key (`hybridcal new-key`) under \
                 [[cloud.connectors]] with the same id, and compare the computers' clocks."
            }
        }
    }
}
