//! Whether a calendar throws the texts of its invitations away, as a room's does until it is told
//! otherwise.

use crate::entry::Entry;

/// So many invitations without any text are no accident.
const INVITATIONS_MIN: usize = 3;

/// Bodies gone from every invitation; or the organizer's name in place of one's subject, which only
/// a room's rules put there.
pub(super) fn looks_stripped(entries: &[Entry]) -> bool {
    let invited = || entries.iter().filter(|e| !e.is_organizer && e.has_attendees);
    let is_empty = |entry: &Entry| {
        entry.meeting.agenda.0.trim().is_empty() && entry.meeting.join_link.is_none()
    };
    let renamed = |entry: &Entry| {
        let name = entry.meeting.organizer.as_ref().map_or("", |person| person.name.0.trim());
        !name.is_empty() && entry.meeting.subject.0.trim() == name
    };
    invited().any(|entry| is_empty(entry) && renamed(entry))
        || invited().count() >= INVITATIONS_MIN && invited().all(is_empty)
}
