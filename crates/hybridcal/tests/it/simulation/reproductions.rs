//! Each mistake that a seed has found, as the list of operations that shows it.

use super::{
    model::{Kind, Operation},
    play,
};

#[test]
fn nothing_at_all() {
    play(0, &[Operation::TimePasses { seconds: 60 }]);
}

/// What Exchange had not tried was taken for read and useless; the bookmark went on without it.
#[test]
fn a_batch_stopped_before_its_end() {
    let single = Operation::Invite { who: 0, in_minutes: 8587, has_keyword: true, has_link: false };
    play(
        2907,
        &[
            Operation::Crash,
            single,
            Operation::InviteSeries { who: 0, in_minutes: 4336, has_keyword: true },
            single,
            Operation::Request { kind: Kind::BatchStopped, requests: 1 },
            Operation::Start,
            Operation::TimePasses { seconds: 64 },
        ],
    );
}
