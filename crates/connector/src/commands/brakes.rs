//! The brakes on writing into calendars hold for orders, too: a rehearsal writes nothing, there is a
//! cap per hour, and each write stands in the record before and after.

use protocol::command::{Kind, Outcome, Statement};

use crate::{
    brakes::{Braked, Line},
    failure::Failure,
    follower::Shared,
    remedy::Reason,
};

/// A write that was permitted.
pub(super) struct Begun<'a> {
    shared: &'a Shared,
    line: Line,
}

/// `None` in a rehearsal.
pub(super) fn begin<'a>(
    shared: &'a Shared,
    statement: &Statement,
) -> Result<Option<Begun<'a>>, Failure> {
    if shared.brakes.is_dry_run {
        return Ok(None);
    }
    let now = shared.world.clock.now();
    let line = Line {
        time: now,
        mailbox: statement.user.to_string(),
        // Before it is made or found a meeting has no identity; the order has.
        meeting: statement.idempotency_key.to_string(),
        cause: cause(statement.kind),
        mails: "all",
        result: "begun",
    };
    match shared.brakes.permit(&line, now) {
        Ok(()) => {
            if shared.brakes.is_calm() {
                shared.alarms.clear(Reason::ManyWrites);
            }
            shared.alarms.clear(Reason::WriteRecord);
            Ok(Some(Begun { shared, line }))
        }
        Err(braked) => {
            let reason = match braked {
                Braked::TooMany { .. } => Reason::ManyWrites,
                Braked::NoRecord => Reason::WriteRecord,
            };
            shared.alarms.raise(reason, None);
            Err(Failure::HeldBack)
        }
    }
}

impl Begun<'_> {
    pub(super) fn ended(self, outcome: &Result<Outcome, Failure>) {
        let result = match outcome {
            Ok(Outcome::Done { .. }) => "written",
            Ok(Outcome::Refused { .. }) => "refused",
            // The request may have arrived all the same.
            Err(_) => "unknown",
        };
        let line = Line { time: self.shared.world.clock.now(), result, ..self.line };
        if let Err(error) = self.shared.brakes.record(&line) {
            tracing::error!(error = %error, "The record of writes cannot be written");
        }
    }
}

fn cause(kind: Kind) -> &'static str {
    match kind {
        Kind::Create => "order-create",
        Kind::Change => "order-change",
        Kind::Cancel => "order-cancel",
        Kind::Accept | Kind::Tentative | Kind::Decline => "order-answer",
        Kind::FreeBusy | Kind::Rooms => "order-question",
    }
}
