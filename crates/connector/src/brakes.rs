//! Brakes on writing into calendars: a rehearsal that writes nothing, a cap per hour, and a record
//! of every write. Shared by all followers.

mod log;

use std::{
    collections::VecDeque,
    io,
    sync::{Mutex, MutexGuard, PoisonError},
};

use jiff::{SignedDuration, Timestamp};

use log::Log;
pub use log::{Line, result_of};

use crate::config::Writing;

const HOUR: SignedDuration = SignedDuration::from_hours(1);

pub struct Brakes {
    pub is_dry_run: bool,
    writes_per_hour_max: usize,
    /// When the writes of the last hour were permitted.
    permitted: Mutex<VecDeque<Timestamp>>,
    log: Option<Mutex<Log>>,
}

/// Why something may not be written now.
#[derive(Debug, PartialEq, Eq)]
pub enum Braked {
    /// As many as permitted have been written; this is when there is room again.
    TooMany { again: Timestamp },
    /// The record cannot be written, and nothing is written without it.
    NoRecord,
}

impl Brakes {
    pub fn new(writing: &Writing) -> Self {
        Self {
            is_dry_run: writing.dry_run,
            writes_per_hour_max: usize::try_from(writing.writes_per_hour_max).unwrap_or(usize::MAX),
            permitted: Mutex::default(),
            log: writing.log_folder.clone().map(|folder| Mutex::new(Log::new(folder))),
        }
    }

    /// Takes one of the writes of this hour, and records what is about to happen.
    pub fn permit(&self, line: &Line, now: Timestamp) -> Result<(), Braked> {
        let mut permitted = self.permitted();
        self.has_room(&mut permitted, now)?;
        self.record(line).map_err(|error| {
            tracing::error!(error = %error, "The record of writes cannot be written");
            Braked::NoRecord
        })?;
        permitted.push_back(now);
        Ok(())
    }

    /// Less than half of what is permitted was written within the last hour.
    pub fn is_calm(&self) -> bool {
        self.permitted().len() * 2 <= self.writes_per_hour_max
    }

    pub fn record(&self, line: &Line) -> Result<(), io::Error> {
        match &self.log {
            Some(log) => log.lock().unwrap_or_else(PoisonError::into_inner).append(line),
            None => Ok(()),
        }
    }

    fn has_room(&self, permitted: &mut VecDeque<Timestamp>, now: Timestamp) -> Result<(), Braked> {
        while permitted.front().is_some_and(|first| now.duration_since(*first) >= HOUR) {
            permitted.pop_front();
        }
        if permitted.len() >= self.writes_per_hour_max {
            let first = permitted.front().copied().unwrap_or(now);
            return Err(Braked::TooMany { again: first.checked_add(HOUR).unwrap_or(now) });
        }
        Ok(())
    }

    fn permitted(&self) -> MutexGuard<'_, VecDeque<Timestamp>> {
        self.permitted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_than_permitted_within_an_hour() {
        let brakes = Brakes::new(&Writing { writes_per_hour_max: 2, ..Writing::default() });
        let at = |minutes| {
            let start: Timestamp = "2026-11-24T09:00:00Z".parse().expect("a time");
            start + SignedDuration::from_mins(minutes)
        };
        let permit = |minutes| {
            let line = Line {
                time: at(minutes),
                mailbox: String::new(),
                meeting: String::new(),
                cause: "keyword-added",
                mails: "all",
                result: "begun",
            };
            brakes.permit(&line, at(minutes))
        };
        assert_eq!(permit(0), Ok(()));
        assert!(brakes.is_calm());
        assert_eq!(permit(10), Ok(()));
        assert_eq!(permit(30), Err(Braked::TooMany { again: at(60) }));
        assert!(!brakes.is_calm());
        assert_eq!(permit(60), Ok(()));
        assert_eq!(permit(61), Err(Braked::TooMany { again: at(70) }));
    }
}
