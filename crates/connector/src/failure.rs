//! Whatever can go wrong while a mailbox is followed, from any side, with its remedy.

use kms::{
    client::{KeyFailure, KeyRemedy},
    seal::SealFailure,
};

use crate::{
    cloud, exchange,
    remedy::{Reason, Remedy},
};

#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error(transparent)]
    Exchange(#[from] exchange::Failure),
    #[error(transparent)]
    Cloud(#[from] cloud::Failure),
    #[error(transparent)]
    Keys(#[from] KeyFailure),
    /// What lies in the cloud must be sealed anew.
    #[error("a key that sealed what is in the cloud does not open any more")]
    KeyWithdrawn,
    #[error("a text could not be sealed")]
    Seal(#[from] SealFailure),
    #[error("the lease has ended or is about to")]
    Lease,
    #[error("writing into calendars is held back for now")]
    HeldBack,
    #[error("somebody else has committed for this mailbox")]
    Overtaken,
}

impl Failure {
    pub fn remedy(&self) -> Remedy {
        match self {
            Self::Exchange(failure) => failure.remedy(),
            Self::Cloud(failure) => failure.remedy(),
            Self::Keys(KeyFailure::OtherKey(_)) => Remedy::GiveUp(Reason::KeyHost),
            Self::Keys(failure) => match failure.remedy() {
                KeyRemedy::TryAgain { after } => Remedy::RetryAfter(after),
                KeyRemedy::SignInAgain | KeyRemedy::NotPermitted | KeyRemedy::GiveUp => {
                    Remedy::GiveUp(Reason::KeysRefused)
                }
                KeyRemedy::Gone => Remedy::GiveUp(Reason::Erased),
            },
            Self::KeyWithdrawn => Remedy::SyncFromScratch,
            Self::Seal(_) => Remedy::GiveUp(Reason::Sealing),
            Self::HeldBack => Remedy::BackOff,
            Self::Lease => Remedy::WaitForLease,
            Self::Overtaken => Remedy::ReadState,
        }
    }
}
