//! Everything that can happen, as one list, and random lists of it.

use world::chance::Chance;

/// Meetings are named by the order of their making; an operation on one that is not there any more
/// does nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    // What people do.
    Invite { who: u64, in_minutes: i64, has_keyword: bool, has_link: bool },
    InviteSeries { who: u64, in_minutes: i64, has_keyword: bool },
    Move { meeting: u64, by_minutes: i64 },
    Rename { meeting: u64 },
    AddKeyword { meeting: u64 },
    Cancel { meeting: u64 },
    Accept { meeting: u64 },
    Decline { meeting: u64 },
    MoveOccurrence { meeting: u64, index: i32, by_minutes: i64 },
    CancelOccurrence { meeting: u64, index: i32 },
    // What the world does.
    TimePasses { seconds: u64 },
    CutStreams,
    LoseSubscriptions,
    InvalidateSyncStates,
    CloudAway { is_away: bool },
    ExchangeAway { is_away: bool },
    KeyServerAway { is_away: bool },
    Weather { lost_per_mille: u64, delay_ms: u64 },
    Busy { requests: u32 },
    Garbage { requests: u32 },
    LoseAnswerOfWrite,
    Request { kind: Kind, requests: u32 },
    Notices { lost: u64, repeated: u64, late: u64 },
    Streams { end: End },
    StreamsInPieces { bytes: usize, pause_ms: u64 },
    LoseSubscriptionsOf { who: u64 },
    Throttle { seconds: u64 },
    MoveMailbox { who: u64, to: usize, seconds: u64, keeps_ids: bool },
    FailOver { back_end: usize, seconds: u64 },
    Crash,
    CrashAfter { messages: u64 },
    Start,
}

/// What some of the next requests meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Transient,
    BusyWithoutTime,
    PartOfBatchBusy,
    BatchStopped,
    FaultWithStatusOk,
    ResultWithStatusError,
    LogInPage,
    Truncated,
    WrongContentType,
    Slow,
    LoseAnswer,
    Drop,
    Unavailable,
    SyncStateInvalid,
    ImpersonationRefused,
    Conflict,
}

const KINDS: [Kind; 16] = [
    Kind::Transient,
    Kind::BusyWithoutTime,
    Kind::PartOfBatchBusy,
    Kind::BatchStopped,
    Kind::FaultWithStatusOk,
    Kind::ResultWithStatusError,
    Kind::LogInPage,
    Kind::Truncated,
    Kind::WrongContentType,
    Kind::Slow,
    Kind::LoseAnswer,
    Kind::Drop,
    Kind::Unavailable,
    Kind::SyncStateInvalid,
    Kind::ImpersonationRefused,
    Kind::Conflict,
];

/// How open streams end, or seem not to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Closed,
    Silent,
    Missed,
}

const OPERATIONS_MAX: u64 = 40;

pub(crate) fn arbitrary(chance: &Chance) -> Vec<Operation> {
    let length = 5 + chance.below(OPERATIONS_MAX);
    (0..length).map(|_| one(chance)).collect()
}

fn one(chance: &Chance) -> Operation {
    let meeting = chance.below(8);
    let minutes = |most: u64| i64::try_from(chance.below(most)).expect("small");
    let index = i32::try_from(1 + chance.below(5)).expect("small");
    match chance.below(43) {
        0..=4 => Operation::Invite {
            who: chance.below(3),
            in_minutes: 30 + minutes(20_000),
            has_keyword: chance.below(3) > 0,
            has_link: chance.below(4) == 0,
        },
        5..=6 => Operation::InviteSeries {
            who: chance.below(3),
            in_minutes: 30 + minutes(10_000),
            has_keyword: chance.below(3) > 0,
        },
        7..=8 => Operation::Move { meeting, by_minutes: minutes(3000) - 500 },
        9 => Operation::Rename { meeting },
        10..=11 => Operation::AddKeyword { meeting },
        12 => Operation::Cancel { meeting },
        13 => Operation::Accept { meeting },
        14 => Operation::Decline { meeting },
        15 => Operation::MoveOccurrence { meeting, index, by_minutes: minutes(600) },
        16 => Operation::CancelOccurrence { meeting, index },
        17..=22 => Operation::TimePasses { seconds: 1 << chance.below(11) },
        23 => Operation::CutStreams,
        24 => Operation::LoseSubscriptions,
        25 => Operation::InvalidateSyncStates,
        26 => Operation::CloudAway { is_away: chance.below(2) == 0 },
        27 => Operation::ExchangeAway { is_away: chance.below(2) == 0 },
        28 => Operation::KeyServerAway { is_away: chance.below(2) == 0 },
        29 => {
            Operation::Weather { lost_per_mille: chance.below(300), delay_ms: chance.below(3000) }
        }
        30 => match chance.below(3) {
            0 => Operation::Busy { requests: 4 },
            1 => Operation::Garbage { requests: 3 },
            _ => Operation::LoseAnswerOfWrite,
        },
        31..=34 => {
            let kind = KINDS[usize::try_from(chance.below(16)).expect("small")];
            Operation::Request {
                kind,
                requests: 1 + u32::try_from(chance.below(3)).expect("small"),
            }
        }
        35..=36 => Operation::Notices {
            lost: chance.below(300),
            repeated: chance.below(300),
            late: chance.below(500),
        },
        37 => Operation::Streams {
            end: [End::Closed, End::Silent, End::Missed]
                [usize::try_from(chance.below(3)).expect("small")],
        },
        38 => match chance.below(2) {
            0 => Operation::StreamsInPieces {
                bytes: 1 + usize::try_from(chance.below(700)).expect("small"),
                pause_ms: chance.below(20),
            },
            _ => Operation::LoseSubscriptionsOf { who: chance.below(4) },
        },
        39 => Operation::Throttle { seconds: 1 + chance.below(60) },
        40 => match chance.below(3) {
            0 => Operation::FailOver {
                back_end: usize::try_from(chance.below(2)).expect("small"),
                seconds: chance.below(300),
            },
            _ => Operation::MoveMailbox {
                who: chance.below(4),
                to: usize::try_from(chance.below(2)).expect("small"),
                seconds: chance.below(300),
                keeps_ids: chance.below(2) == 0,
            },
        },
        41 => Operation::Crash,
        42 => match chance.below(2) {
            0 => Operation::CrashAfter { messages: chance.below(60) },
            _ => Operation::Start,
        },
        _ => Operation::Start,
    }
}
