//! Where a link was found, and why there is no Join button.

/// Where a link stands; the earlier, the better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// Our own note of what we have written.
    Stamp,
    Location,
    /// What a client attached to the entry by itself.
    Property,
    Body,
}

/// Why there is no Join button, the most telling first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    SignatureOnly,
    QuotedOnly,
    InternalHost,
    OpaqueWrapper,
    OtherPage,
    Userinfo,
    IpLiteral,
    Port,
    TrailingDot,
    TooLong,
    TooDeep,
    Malformed,
    UnlistedHost,
    Scheme,
    NoLink,
}

impl Source {
    pub fn name(self) -> &'static str {
        match self {
            Self::Stamp => "stamp",
            Self::Location => "location",
            Self::Property => "property",
            Self::Body => "body",
        }
    }
}

impl Reason {
    /// As scripts read it.
    pub fn word(self) -> &'static str {
        match self {
            Self::SignatureOnly => "signature-only",
            Self::QuotedOnly => "quoted-only",
            Self::InternalHost => "internal-host",
            Self::OpaqueWrapper => "opaque-wrapper",
            Self::OtherPage => "other-page",
            Self::Userinfo => "userinfo",
            Self::IpLiteral => "ip-literal",
            Self::Port => "port",
            Self::TrailingDot => "trailing-dot",
            Self::TooLong => "too-long",
            Self::TooDeep => "too-deep",
            Self::Malformed => "malformed",
            Self::UnlistedHost => "unlisted-host",
            Self::Scheme => "scheme",
            Self::NoLink => "no-link",
        }
    }

    /// As people read it.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::SignatureOnly => "what is no single meeting counts for none in a signature",
            Self::QuotedOnly => "links of a quoted mail belong to another meeting",
            Self::InternalHost => "a host of ours is not believed when an outsider names it",
            Self::OpaqueWrapper => {
                "a mail gateway or shortener hides the link, and only it knows it"
            }
            Self::OtherPage => "the service is known, but this page is no meeting",
            Self::Userinfo => "a name stands before the host, which misleads about it",
            Self::IpLiteral => "the host is a number, not a name",
            Self::Port => "the service does not listen on this port",
            Self::TrailingDot => "the host ends with a dot",
            Self::TooLong => "it is too long",
            Self::TooDeep => "too many gateways are wrapped around each other",
            Self::Malformed => "it cannot be read",
            Self::UnlistedHost => "no rule and no administrator lists this host",
            Self::Scheme => "this kind of address is never opened",
            Self::NoLink => "there is no link",
        }
    }
}
