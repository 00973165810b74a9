//! Which of the record's accounts signs in, and which must not any more: after two refusals in a
//! row the other one takes over, and without another nobody signs in but for an hourly probe. So no
//! account is ever locked out by us. Pure.

use jiff::{SignedDuration, Timestamp};

/// Refusals of a password in a row after which that account is left alone.
pub const REFUSALS_MAX: u32 = 2;
/// Then one request in this time tries again.
const PROBE_EVERY: SignedDuration = SignedDuration::from_hours(1);

/// One of the two in the settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    First,
    Second,
}

/// What a refusal leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum After {
    /// It may mean "slower", so the same account may try once more.
    OnceMore,
    Switch,
    Stop,
}

#[derive(Debug)]
pub(super) struct Accounts {
    first: Standing,
    second: Option<Standing>,
    current: Which,
    /// Whether the current one was accepted since it was last refused.
    is_proven: bool,
}

#[derive(Clone, Copy, Debug, Default)]
struct Standing {
    refusals: u32,
    refused_at: Option<Timestamp>,
}

impl Which {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Second => "second",
        }
    }

    fn other(self) -> Self {
        match self {
            Self::First => Self::Second,
            Self::Second => Self::First,
        }
    }
}

impl Standing {
    fn may_try(self, now: Timestamp) -> bool {
        let rested = |at| now.duration_since(at) >= PROBE_EVERY;
        self.refusals < REFUSALS_MAX || self.refused_at.is_some_and(rested)
    }
}

impl Accounts {
    pub(super) fn new(has_second: bool) -> Self {
        Self {
            first: Standing::default(),
            second: has_second.then(Standing::default),
            current: Which::First,
            is_proven: false,
        }
    }

    /// The account that is known to be let in.
    pub(super) fn proven(&self) -> Option<Which> {
        self.is_proven.then_some(self.current)
    }

    /// Who may try now, if anybody.
    pub(super) fn choose(&mut self, now: Timestamp) -> Option<Which> {
        let others = self.current.other();
        let chosen = [self.current, others].into_iter().find(|which| self.may_try(*which, now));
        if let Some(which) = chosen {
            self.is_proven &= which == self.current;
            self.current = which;
        }
        chosen
    }

    pub(super) fn accepted(&mut self, which: Which) {
        if which == self.current {
            self.is_proven = true;
        }
        self.set(which, Standing::default());
    }

    pub(super) fn refused(&mut self, which: Which, now: Timestamp) -> After {
        let refusals = self.standing(which).refusals.saturating_add(1);
        self.set(which, Standing { refusals, refused_at: Some(now) });
        if which != self.current {
            return After::Switch; // somebody was faster
        }
        self.is_proven = false;
        if refusals < REFUSALS_MAX {
            After::OnceMore
        } else if self.may_try(which.other(), now) {
            self.current = which.other();
            After::Switch
        } else {
            After::Stop
        }
    }

    fn may_try(&self, which: Which, now: Timestamp) -> bool {
        let exists = which == Which::First || self.second.is_some();
        exists && self.standing(which).may_try(now)
    }

    fn standing(&self, which: Which) -> Standing {
        match which {
            Which::First => self.first,
            Which::Second => self.second.unwrap_or_default(),
        }
    }

    fn set(&mut self, which: Which, standing: Standing) {
        match which {
            Which::First => self.first = standing,
            Which::Second => self.second = Some(standing),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH.checked_add(SignedDuration::from_mins(minutes)).expect("a time")
    }

    #[test]
    fn one_account_is_tried_twice_and_then_once_an_hour() {
        let mut accounts = Accounts::new(false);
        assert_eq!(accounts.choose(at(0)), Some(Which::First));
        assert_eq!(accounts.refused(Which::First, at(0)), After::OnceMore);
        assert_eq!(accounts.choose(at(1)), Some(Which::First));
        assert_eq!(accounts.refused(Which::First, at(1)), After::Stop);
        assert_eq!(accounts.choose(at(60)), None);
        assert_eq!(accounts.choose(at(61)), Some(Which::First));
        assert_eq!(accounts.refused(Which::First, at(61)), After::Stop);
        assert_eq!(accounts.choose(at(120)), None);
        accounts.accepted(Which::First);
        assert_eq!(accounts.proven(), Some(Which::First));
    }

    #[test]
    fn the_second_account_takes_over_and_neither_is_locked_out() {
        let mut accounts = Accounts::new(true);
        accounts.accepted(Which::First);
        accounts.refused(Which::First, at(0));
        assert_eq!(accounts.proven(), None);
        assert_eq!(accounts.refused(Which::First, at(1)), After::Switch);
        assert_eq!(accounts.choose(at(2)), Some(Which::Second));
        assert_eq!(accounts.refused(Which::First, at(2)), After::Switch); // one that was on its way
        accounts.accepted(Which::Second);
        assert_eq!(accounts.proven(), Some(Which::Second));
    }

    #[test]
    fn with_two_wrong_passwords_each_is_tried_at_most_twice_and_hourly() {
        let mut accounts = Accounts::new(true);
        let mut tries = [0, 0];
        for minute in 0..(10 * 60) {
            let Some(which) = accounts.choose(at(minute)) else { continue };
            accounts.refused(which, at(minute));
            tries[usize::from(which == Which::Second)] += 1;
        }
        assert_eq!(tries, [2 + 9, 2 + 9]);
    }
}
