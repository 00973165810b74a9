//! Why there is no ticket, from the codes of GSSAPI and of Kerberos. Their texts name accounts and
//! files, so they are told nowhere.

/// For whoever must do something about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lack {
    /// The program was built without the feature `kerberos`.
    NotBuiltIn,
    /// Neither a ticket nor a keytab to get one with.
    NoCredential,
    /// The account's ticket is over.
    Expired,
    /// The account is not known, is locked, or its keytab is outdated.
    Account,
    /// Nobody runs a service of this name.
    UnknownService,
    /// The service's account is over or locked.
    ExpiredService,
    /// No key distribution centre can be found or reached.
    NoCentre,
    /// It did not answer in time.
    NoAnswer,
    Clock,
    Other,
}

/// Where Kerberos begins to count.
const KERBEROS: i32 = -1_765_328_384;
/// GSSAPI's routine errors, as they stand in its status.
const ROUTINE_ERRORS: u32 = 0x00ff_0000;
const NO_CREDENTIAL: u32 = 7 << 16;
const CREDENTIALS_EXPIRED: u32 = 11 << 16;

impl Lack {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotBuiltIn => "this program was built without Kerberos",
            Self::NoCredential => "there is neither a ticket nor a usable keytab",
            Self::Expired => "the account's ticket has expired",
            Self::Account => "the account is unknown or locked, or its keytab is outdated",
            Self::UnknownService => "no service of this name is known",
            Self::ExpiredService => "the service's account has expired or is locked",
            Self::NoCentre => "no key distribution centre can be reached",
            Self::NoAnswer => "the key distribution centre did not answer in time",
            Self::Clock => "the clocks are too far apart",
            Self::Other => "the Kerberos library refuses",
        }
    }

    /// It may be otherwise in a moment, without anybody's doing.
    pub(in crate::exchange) fn may_pass(self) -> bool {
        match self {
            Self::NoCentre | Self::NoAnswer => true,
            Self::NotBuiltIn
            | Self::NoCredential
            | Self::Expired
            | Self::Account
            | Self::UnknownService
            | Self::ExpiredService
            | Self::Clock
            | Self::Other => false,
        }
    }

    /// It says something about the server that was asked, not about the account.
    pub(in crate::exchange) fn is_of_the_service(self) -> bool {
        match self {
            Self::UnknownService | Self::ExpiredService => true,
            Self::NotBuiltIn
            | Self::NoCredential
            | Self::Expired
            | Self::Account
            | Self::NoCentre
            | Self::NoAnswer
            | Self::Clock
            | Self::Other => false,
        }
    }

    /// From the two numbers with which GSSAPI fails; the second is the mechanism's own.
    #[cfg_attr(
        not(any(feature = "kerberos", test)),
        expect(dead_code, reason = "for the library only")
    )]
    pub(super) fn of(major: u32, minor: u32) -> Self {
        // numbers of /usr/include/krb5/krb5.h, counted from its first
        match minor.cast_signed().wrapping_sub(KERBEROS) {
            1 | 6 | 18 | 23 | 24 | 31 => Self::Account,
            2 | 19 => Self::ExpiredService,
            7 | 155 => Self::UnknownService,
            32 => Self::Expired,
            33 | 37 | 148 => Self::Clock,
            154 | 156 | 220 | 224 => Self::NoCentre,
            141 | 181 | 195 => Self::NoCredential,
            _ => match major & ROUTINE_ERRORS {
                NO_CREDENTIAL => Self::NoCredential,
                CREDENTIALS_EXPIRED => Self::Expired,
                _ => Self::Other,
            },
        }
    }
}

impl std::fmt::Display for Lack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_told_in_words() {
        let failure = 13 << 16;
        let cases = [
            (failure, -1_765_328_377, Lack::UnknownService),
            (failure, -1_765_328_378, Lack::Account),
            (failure, -1_765_328_360, Lack::Account),
            (failure, -1_765_328_382, Lack::ExpiredService),
            (failure, -1_765_328_228, Lack::NoCentre),
            (failure, -1_765_328_347, Lack::Clock),
            (CREDENTIALS_EXPIRED, -1_765_328_352, Lack::Expired),
            (NO_CREDENTIAL, -1_765_328_189, Lack::NoCredential),
            (NO_CREDENTIAL, 100_001, Lack::NoCredential),
            (CREDENTIALS_EXPIRED, 0, Lack::Expired),
            (failure, 0, Lack::Other),
        ];
        for (major, minor, lack) in cases {
            assert_eq!(Lack::of(major, i32::cast_unsigned(minor)), lack, "{minor}");
        }
    }
}
