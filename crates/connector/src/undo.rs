//! Takes our blocks out of a calendar again, from entries that are not over: for an administrator
//! who switches somebody off. Nobody gets mail, and what was edited by hand stays.

use std::time::Duration;

use jiff::Timestamp;
use protocol::ids::{MailboxAddress, UserId};
use tokio::time::Instant;
use world::World;

use crate::{
    brakes::{Braked, Brakes, Line, result_of},
    config::{Config, Mistake},
    entry::Entry,
    exchange::{Connection, Failure, Session, session::Found},
    news::SourceId,
    practice::Practice,
};

/// Entries read before they are written to.
const READ_AT_ONCE: usize = 50;
const WRITE_DEADLINE: Duration = Duration::from_secs(30);

/// What became of one calendar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Undone {
    /// Entries with a block of ours that may be taken out.
    pub found: u32,
    pub written: u32,
    /// Refused by Exchange, or changed by somebody meanwhile: run it again.
    pub left: u32,
}

/// Undoes in calendars, one after the other.
pub struct Undo {
    connection: Connection,
    practice: Practice,
    brakes: Brakes,
    world: World,
    config: Config,
}

#[derive(Debug, thiserror::Error)]
pub enum UndoFailure {
    #[error(transparent)]
    Exchange(#[from] Failure),
    #[error("writing.writes_per_hour_max is reached: go on in an hour, or raise it")]
    TooMany,
    #[error("the record of writes cannot be written")]
    NoRecord,
}

impl Undo {
    pub fn new(config: Config, world: World) -> Result<Self, Mistake> {
        config.check()?;
        let connection = Connection::new(&world, &config.exchange)?;
        connection.discover_for(&config)?;
        let practice = Practice::new(&config, &world)?;
        let brakes = Brakes::new(&config.writing);
        Ok(Self { connection, practice, brakes, world, config })
    }

    /// `is_rehearsal` counts and changes nothing.
    pub async fn mailbox(
        &self,
        address: &MailboxAddress,
        is_rehearsal: bool,
    ) -> Result<Undone, UndoFailure> {
        let session = Session::new(self.connection.clone(), address.clone());
        let now = self.world.clock.now();
        let mut undone = Undone::default();
        let mut bookmark = None;
        loop {
            let page = session.changes_since(bookmark.as_deref()).await?;
            let ids: Vec<SourceId> =
                page.changed.into_iter().filter(|row| row.may_ask).map(|row| row.id).collect();
            for batch in ids.chunks(READ_AT_ONCE) {
                let entries = entries(&session, batch).await?;
                let exceptions = entries.iter().flat_map(|entry| &entry.exceptions);
                let exceptions: Vec<SourceId> =
                    exceptions.filter(|(_, end)| *end > now).map(|(id, _)| id.clone()).collect();
                let exceptions = self::entries(&session, &exceptions).await?;
                for entry in entries.iter().chain(&exceptions) {
                    self.entry(&session, entry, now, is_rehearsal, &mut undone).await?;
                }
            }
            if page.is_last {
                return Ok(undone);
            }
            bookmark = Some(page.sync_state);
        }
    }

    async fn entry(
        &self,
        session: &Session,
        entry: &Entry,
        now: Timestamp,
        is_rehearsal: bool,
        undone: &mut Undone,
    ) -> Result<(), UndoFailure> {
        let Some(write) = self.practice.undo(entry, now) else { return Ok(()) };
        undone.found += 1;
        if is_rehearsal {
            return Ok(());
        }
        let address = session.mailbox().as_str();
        let user = UserId::of(&self.config.organization, address);
        let line = |result| Line::about(entry, &write, user, self.world.clock.now(), result);
        self.brakes.permit(&line("begun"), now).map_err(|braked| match braked {
            Braked::TooMany { .. } => UndoFailure::TooMany,
            Braked::NoRecord => UndoFailure::NoRecord,
        })?;
        let written = session.write(&write, Instant::now() + WRITE_DEADLINE).await;
        self.brakes.record(&line(result_of(&written))).map_err(|_error| UndoFailure::NoRecord)?;
        match written {
            Ok(_version) => undone.written += 1,
            Err(failure) if failure.is_conflict() || failure.concerns_one_entry() => {
                undone.left += 1;
            }
            Err(failure) if failure.is_gone() => {}
            Err(failure) => return Err(failure.into()),
        }
        Ok(())
    }
}

async fn entries(session: &Session, ids: &[SourceId]) -> Result<Vec<Entry>, Failure> {
    let mut entries = Vec::new();
    for found in session.entries(ids).await? {
        match found {
            Found::Entry(entry) => entries.push(*entry),
            Found::Trouble(failure) => return Err(failure),
            Found::Gone | Found::Unusable(_) => {}
        }
    }
    Ok(entries)
}
