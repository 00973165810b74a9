//! Sealing what people asked: for them alone, under their own content key.

use kms::{command_seal::seal_answer, content_key::ContentKey, seal::SealFailure};
use protocol::{
    command::{
        AnswerItem, BusySpan, BusyStatus, CommandName, CommandPlace, FREE_BUSY_SPANS_MAX,
        ItemError, RESULT_BYTES_MAX, ROOMS_MAX, SealedAnswer, field,
    },
    ids::OrganizationId,
    sealed::Sealed,
};
use world::chance::Chance;

use crate::exchange::schedule::{Availability, Found, Occupied, Span};

/// What the rest of a result takes, and then some.
const SCHEDULES_BYTES_MAX: usize = RESULT_BYTES_MAX / 2;

pub(super) struct AnswerSealer<'a> {
    pub(super) organization: &'a OrganizationId,
    pub(super) name: CommandName,
    pub(super) key: ContentKey,
    pub(super) now_ms: i64,
    pub(super) chance: &'a Chance,
}

impl AnswerSealer<'_> {
    /// In the order in which was asked.
    pub(super) fn free_busy(&self, people: &[Availability]) -> Result<SealedAnswer, SealFailure> {
        let mut left = SCHEDULES_BYTES_MAX;
        let items = people.iter().enumerate().map(|(index, one)| {
            let email = self.seal(&field::answer_email(index), one.mailbox.as_str())?;
            let schedule = one.spans.as_ref().map_err(|_why| ItemError::NoData).and_then(|spans| {
                let json = schedule(spans);
                left = left.checked_sub(json.len()).ok_or(ItemError::TooLarge)?;
                Ok(json)
            });
            let (encrypted_schedule, error) = match schedule {
                Ok(json) => (Some(self.seal(&field::answer_schedule(index), &json)?), None),
                Err(error) => (None, Some(error)),
            };
            Ok(AnswerItem { email, encrypted_name: None, encrypted_schedule, error })
        });
        Ok(self.answer(items.collect::<Result<_, _>>()?))
    }

    pub(super) fn rooms(&self, rooms: &[Found]) -> Result<SealedAnswer, SealFailure> {
        let items = rooms.iter().take(ROOMS_MAX).enumerate().map(|(index, room)| {
            Ok(AnswerItem {
                email: self.seal(&field::answer_email(index), room.address.as_str())?,
                encrypted_name: Some(self.seal(&field::answer_name(index), &room.name.0)?),
                encrypted_schedule: None,
                error: None,
            })
        });
        Ok(self.answer(items.collect::<Result<_, _>>()?))
    }

    fn answer(&self, items: Vec<AnswerItem>) -> SealedAnswer {
        SealedAnswer { encryption_key_url: self.key.url().clone(), rev: self.now_ms, items }
    }

    fn seal(&self, field: &str, plain: &str) -> Result<Sealed, SealFailure> {
        let place = CommandPlace {
            organization: self.organization,
            user: self.name.user,
            idempotency_key: self.name.idempotency_key,
            field,
            revision: self.now_ms,
        };
        seal_answer(&self.key, &place, plain, self.chance)
    }
}

fn schedule(spans: &[Span]) -> String {
    let busy = |span: &Span| BusySpan {
        start: span.start,
        end: span.end,
        status: match span.occupied {
            Occupied::Tentative => BusyStatus::Tentative,
            Occupied::Busy => BusyStatus::Busy,
            Occupied::OutOfOffice => BusyStatus::Oof,
            Occupied::WorkingElsewhere => BusyStatus::WorkingElsewhere,
            Occupied::NoData => BusyStatus::NoData,
        },
    };
    let spans: Vec<BusySpan> = spans.iter().take(FREE_BUSY_SPANS_MAX).map(busy).collect();
    // Times and words always serialize.
    serde_json::to_string(&spans).unwrap_or_default()
}
