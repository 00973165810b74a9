//! How an object of a request fails: a code, and the sentence Exchange has for it.

use ews::{ItemError, ResponseCode};

pub(crate) type Outcome<T> = Result<T, ItemError>;

/// An error with a sentence of its own where clients or people look at it.
pub(crate) fn refuse(code: ResponseCode) -> ItemError {
    let text = match &code {
        ResponseCode::ErrorItemNotFound => "The specified object was not found in the store.",
        ResponseCode::ErrorInvalidIdMalformed => "Id is malformed.",
        ResponseCode::ErrorFolderNotFound => {
            "The specified folder could not be found in the store."
        }
        ResponseCode::ErrorIrresolvableConflict => {
            "The send or update operation could not be performed because the change key passed in \
             the request does not match the current change key for the item."
        }
        ResponseCode::ErrorChangeKeyRequiredForWriteOperations => {
            "A change key is required for this operation."
        }
        ResponseCode::ErrorCalendarEndDateIsEarlierThanStartDate => {
            "EndDate is earlier than StartDate"
        }
        ResponseCode::ErrorCalendarViewRangeTooBig => {
            "The specified view range exceeds the maximum range of two years."
        }
        ResponseCode::ErrorInvalidSyncStateData => {
            "Synchronization state data is corrupt or otherwise invalid."
        }
        ResponseCode::ErrorSubscriptionNotFound => "The specified subscription was not found.",
        ResponseCode::ErrorMailRecipientNotFound => "Unable to resolve e-mail address.",
        ResponseCode::ErrorNoFreeBusyAccess => "The caller does not have access to free/busy data.",
        ResponseCode::ErrorMailTipsDisabled => "MailTips are disabled.",
        ResponseCode::ErrorNameResolutionNoResults => "No results were found.",
        ResponseCode::ErrorFolderExists => "A folder with the specified name already exists.",
        ResponseCode::ErrorDeleteDistinguishedFolder => "Distinguished folders cannot be deleted.",
        ResponseCode::ErrorInvalidWatermark => {
            "The watermark used for this subscription is invalid."
        }
        ResponseCode::ErrorExpiredSubscription => "The specified subscription has expired.",
        ResponseCode::ErrorInvalidScheduledOofDuration => {
            "The specified duration of the automatic replies is not valid."
        }
        ResponseCode::ErrorInvalidArgument => "An argument is not valid.",
        ResponseCode::ErrorAccessDenied => "Access is denied. Check credentials and try again.",
        _ => "The operation failed.",
    };
    ItemError::new(code, text)
}
