//! Who is away: what is asked when, and what is told. Decides and touches nothing; the doing is in
//! `watcher`.

mod watcher;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use protocol::{ids::MailboxAddress, presence::Presence};

pub use self::watcher::watch;

/// Settings are read at least so often, in case a tip was wrong.
const SAFETY: SignedDuration = SignedDuration::from_hours(24);
/// The same where there are no tips.
const POLL: SignedDuration = SignedDuration::from_mins(10);
/// A mailbox that could not be read is left alone for so long.
const AFTER_FAILURE: SignedDuration = SignedDuration::from_mins(10);

/// A keyed hash of what senders are told; another one means that something changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tip(pub [u8; 16]);

/// How somebody has set the automatic replies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replies {
    Off,
    On,
    Scheduled { start: Timestamp, end: Timestamp },
}

impl Replies {
    /// A scheduled absence starts and ends by our clock.
    fn presence(self, now: Timestamp) -> Presence {
        match self {
            Self::On => Presence::OutOfOffice { until: None },
            Self::Scheduled { start, end } if start <= now && now < end => {
                Presence::OutOfOffice { until: Some(end) }
            }
            Self::Off | Self::Scheduled { .. } => Presence::Available,
        }
    }

    fn next_change(self, now: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Off | Self::On => None,
            Self::Scheduled { start, end } => [start, end].into_iter().find(|time| *time > now),
        }
    }
}

/// What is known about one mailbox.
#[derive(Default)]
struct Known {
    tip: Option<Tip>,
    replies: Option<Replies>,
    read_at: Option<Timestamp>,
    is_changed: bool,
    /// Not before this, after a failure.
    not_before: Option<Timestamp>,
    /// What the cloud has heard, and under which lease.
    told: Option<(Presence, i64)>,
}

/// Everybody.
pub struct People {
    known: BTreeMap<MailboxAddress, Known>,
    has_tips: bool,
}

impl People {
    pub fn new(addresses: impl IntoIterator<Item = MailboxAddress>) -> Self {
        let known = addresses.into_iter().map(|address| (address, Known::default())).collect();
        Self { known, has_tips: true }
    }

    /// Without tips everybody is asked in turn.
    pub fn set_tips(&mut self, has_tips: bool) {
        self.has_tips = has_tips;
    }

    pub fn on_tip(&mut self, mailbox: &MailboxAddress, tip: Tip) {
        if let Some(known) = self.known.get_mut(mailbox) {
            known.is_changed |= known.tip.is_some_and(|before| before != tip);
            known.tip = Some(tip);
        }
    }

    pub fn on_replies(&mut self, mailbox: &MailboxAddress, replies: Replies, now: Timestamp) {
        if let Some(known) = self.known.get_mut(mailbox) {
            known.replies = Some(replies);
            known.read_at = Some(now);
            known.is_changed = false;
            known.not_before = None;
        }
    }

    pub fn on_failure(&mut self, mailbox: &MailboxAddress, now: Timestamp) {
        if let Some(known) = self.known.get_mut(mailbox) {
            known.not_before = now.checked_add(AFTER_FAILURE).ok();
        }
    }

    pub fn on_told(&mut self, mailbox: &MailboxAddress, presence: Presence, epoch: i64) {
        if let Some(known) = self.known.get_mut(mailbox) {
            known.told = Some((presence, epoch));
        }
    }

    /// Whose settings must be read, the most urgent first: changed or never read, then ended, then
    /// old.
    pub fn due(&self, now: Timestamp, most: usize) -> Vec<MailboxAddress> {
        let age_max = if self.has_tips { SAFETY } else { POLL };
        let mut due: Vec<_> = self
            .known
            .iter()
            .filter(|(_, known)| known.not_before.is_none_or(|not_before| not_before <= now))
            .filter_map(|(address, known)| Some((known.urgency(now, age_max)?, address)))
            .collect();
        due.sort();
        due.into_iter().take(most).map(|(_, address)| address.clone()).collect()
    }

    /// What the cloud does not know yet, about those whose lease is held.
    pub fn to_tell(
        &self,
        now: Timestamp,
        epoch: impl Fn(&MailboxAddress) -> Option<i64>,
    ) -> Vec<(MailboxAddress, Presence, i64)> {
        let tell = |(address, known): (&MailboxAddress, &Known)| {
            let presence = known.replies?.presence(now);
            let epoch = epoch(address)?;
            // Under another lease somebody else may have told something else meanwhile.
            let is_told = known.told == Some((presence, epoch));
            (!is_told).then(|| (address.clone(), presence, epoch))
        };
        self.known.iter().filter_map(tell).collect()
    }

    /// When an absence begins or ends next.
    pub fn next_change(&self, now: Timestamp) -> Option<Timestamp> {
        self.known.values().filter_map(|known| known.replies?.next_change(now)).min()
    }
}

impl Known {
    fn urgency(&self, now: Timestamp, age_max: SignedDuration) -> Option<u8> {
        let (Some(read_at), Some(replies)) = (self.read_at, self.replies) else { return Some(0) };
        let has_ended = match replies {
            Replies::Scheduled { end, .. } => read_at < end && end <= now,
            Replies::Off | Replies::On => false,
        };
        if self.is_changed {
            Some(0)
        } else if has_ended {
            Some(1)
        } else {
            (now.duration_since(read_at) >= age_max).then_some(2)
        }
    }
}

#[cfg(test)]
mod tests;
