//! The record of every write: a file per day, a JSON object per line, no content. What is about to
//! be written stands there before it happens, what came of it after.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt,
    path::PathBuf,
};

use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use protocol::ids::UserId;
use serde::Serialize;

use crate::{entry::Entry, exchange::Failure, write_back::Write};

/// Older files are removed.
const KEPT: SignedDuration = SignedDuration::from_hours(90 * 24);
const PREFIX: &str = "writes-";
const SUFFIX: &str = ".jsonl";

/// One line. Ids are those of the log and of the stamp: they name nobody.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Line {
    pub time: Timestamp,
    pub mailbox: String,
    /// Hash of the meeting's identity, the same in all lines about it.
    pub meeting: String,
    pub cause: &'static str,
    /// `none` or `all`: who gets mail from it.
    pub mails: &'static str,
    /// `begun`, `written`, `refused` or `unknown`.
    pub result: &'static str,
}

impl Line {
    /// What is written into an entry of this user's calendar.
    pub fn about(
        entry: &Entry,
        write: &Write,
        user: UserId,
        time: Timestamp,
        result: &'static str,
    ) -> Self {
        Self {
            time,
            mailbox: user.to_string(),
            meeting: entry.stamp_identity().as_str().to_owned(),
            cause: write.cause.word(),
            mails: write.mails.word(),
            result,
        }
    }
}

/// What came of a write, in the record's words.
pub fn result_of<T>(written: &Result<T, Failure>) -> &'static str {
    match written {
        Ok(_) => "written",
        Err(failure) if failure.is_answered() => "refused",
        // The request may have arrived all the same.
        Err(_) => "unknown",
    }
}

pub(super) struct Log {
    folder: PathBuf,
    open: Option<(Date, File)>,
}

impl Log {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder, open: None }
    }

    /// In one call, so that no line is ever half another's.
    pub(super) fn append(&mut self, line: &Line) -> io::Result<()> {
        let day = line.time.to_zoned(TimeZone::UTC).date();
        let mut text = serde_json::to_string(line)?;
        text.push('\n');
        self.of(day, line.time)?.write_all(text.as_bytes())
    }

    fn of(&mut self, day: Date, now: Timestamp) -> io::Result<&File> {
        let is_open = self.open.as_ref().is_some_and(|(open, _)| *open == day);
        if !is_open {
            fs::create_dir_all(&self.folder)?;
            let path = self.folder.join(format!("{PREFIX}{day}{SUFFIX}"));
            let file = OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
            self.open = Some((day, file));
            self.forget_before(now)?;
        }
        let open = self.open.as_ref().map(|(_, file)| file);
        open.ok_or_else(|| io::Error::other("no file"))
    }

    fn forget_before(&self, now: Timestamp) -> io::Result<()> {
        let Ok(horizon) = now.checked_sub(KEPT) else { return Ok(()) };
        let horizon = horizon.to_zoned(TimeZone::UTC).date();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            let name = entry.file_name();
            let day = name.to_str().and_then(|name| name.strip_prefix(PREFIX));
            let day = day.and_then(|day| day.strip_suffix(SUFFIX)?.parse::<Date>().ok());
            if day.is_some_and(|day| day < horizon) {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_per_day_is_kept_for_ninety_days() {
        let name = format!("hybridcal-writes-{}", world::chance::Chance::System.uuid());
        let folder = std::env::temp_dir().join(name);
        let mut log = Log::new(folder.clone());
        let line = |time: &str| Line {
            time: time.parse().expect("a time"),
            mailbox: "m".into(),
            meeting: "h".into(),
            cause: "keyword-added",
            mails: "all",
            result: "begun",
        };
        for time in ["2026-08-01T09:00:00Z", "2026-08-01T10:00:00Z", "2026-11-24T09:00:00Z"] {
            log.append(&line(time)).expect("written");
        }
        let files = fs::read_dir(&folder).expect("a folder").filter_map(Result::ok);
        let names: Vec<_> = files.map(|file| file.file_name()).collect();
        assert_eq!(names, ["writes-2026-11-24.jsonl"]);
        let text = fs::read_to_string(folder.join("writes-2026-11-24.jsonl")).expect("a file");
        assert_eq!(text.lines().count(), 1);
        assert!(text.contains("\"cause\":\"keyword-added\",\"mails\":\"all\""), "{text}");
        fs::remove_dir_all(folder).expect("removed");
    }
}
