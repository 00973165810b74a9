//! A simulated Exchange to develop, demonstrate and test against; not an Exchange server.
//!
//! It speaks EWS over HTTP like one organization with people, rooms and service accounts, keeps
//! everything in memory, and says that it is a simulator wherever it shows itself. [`start`] starts
//! it; the [`Simulator`] that it returns lets tests and the demonstration act for the people in it,
//! count what clients did, and order trouble. It shares no logic with the connector.

mod absence;
mod auth;
mod autodiscover;
mod backends;
mod calendar;
mod directory;
mod failure;
mod faults;
mod folders;
mod free_busy;
mod icalendar;
mod ids;
mod invitations;
mod mailbox;
mod mails;
mod meetings;
mod oddities;
mod operations;
mod policies;
mod properties;
mod push;
mod queues;
mod recurrence;
mod schema;
mod search;
mod server;
mod shape;
mod simulator;
mod streaming;
mod subscriptions;
mod sync_state;
mod text;
mod throttling;
mod trouble_file;
mod wording;
mod zone;

pub use crate::{
    absence::AutomaticReplies,
    auth::{ChannelBinding, Mechanism, SignIn},
    autodiscover::{Redirect, Signpost},
    directory::{Config, Kind, Person, ServiceAccount},
    faults::{Notices, RandomTrouble, Trouble},
    mailbox::{Delivery, Ids},
    mails::{Mail, MailKind},
    oddities::Oddity,
    policies::{FreeBusyAccess, MailTipsPolicy, RoomList},
    schema::{Schema, SchemaFailure, Violation},
    simulator::{
        CalendarEntry, Changes, MeetingRef, NewMeeting, Occasion, Simulator, SimulatorFailure,
        StartFailure, start,
    },
    streaming::StreamManner,
    throttling::{Hint, Policy},
    trouble_file::TroubleFile,
    wording::Manner,
};

#[cfg(test)]
mod tests;
